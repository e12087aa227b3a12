"""A contract and what was seen -> held or not, and with which verdict, out.

The declared differences are laid over the exchange, the general ones first: stack, server, stack on server. Then
everything must be exactly so. A declared difference must be needed: what holds without it holds no longer with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from comparisons.contract import Contract, Difference, Step, Verdict, Whole
from comparisons.outcome import FIELDS, Outcome, differing_fields, differing_headers, header_values

VERDICTS: tuple[Verdict, ...] = ("same", "different because", "outside the protocol", "not expressible", "n/a")
"""From the mildest to the strongest; a stack's verdict is the strongest of its exchanges."""

QUOTED = 300
"""Characters of a value that a failure shows; the JSON file holds all of it."""


@dataclass(frozen=True)
class StepResult:
    """One exchange of one stack on one server."""

    step: Step
    stack: str
    seen: Outcome | None  # None: it was not run
    differences: tuple[Difference, ...]
    failures: tuple[str, ...]

    @property
    def verdict(self) -> Verdict:
        """The strongest verdict declared for it, a server's own ways left aside."""
        return max((difference.verdict for difference in self.of_stack), key=VERDICTS.index, default="same")

    @property
    def of_stack(self) -> tuple[Difference, ...]:
        """The differences that are declared for the stack, on whichever server."""
        return tuple(difference for difference in self.differences if is_of(self.stack, difference))

    @property
    def of_server(self) -> tuple[Difference, ...]:
        """The differences that are the server's, whatever it serves."""
        return tuple(difference for difference in self.differences if not is_of(self.stack, difference))


def is_of(stack: str, difference: Difference) -> bool:
    """Tell whether a difference names the stack, alone or on a server."""
    return any(where.partition("@")[0] == stack for where in difference.where)


def differences_at(contract: Contract, step: Step, stack: str, server: str) -> tuple[Difference, ...]:
    """Select what is declared for this exchange, the general before the special."""
    order = (stack, f"@{server}", f"{stack}@{server}")
    matching = [
        (min(places), difference)
        for difference in contract.differences
        if step.title in difference.changes
        if (places := [order.index(where) for where in difference.where if where in order])
    ]
    return tuple(difference for _, difference in sorted(matching, key=lambda pair: pair[0]))


def expected(step: Step, differences: Sequence[Difference]) -> Outcome:
    """Lay the differences over the exchange."""
    outcome = step.expected
    for difference in differences:
        changes = dict(difference.changes[step.title])
        if "headers" in changes:
            changes["headers"] = _patched(outcome.headers, changes["headers"])
        if isinstance(changes.get("log"), str):
            changes["log"] = (changes["log"],)
        if changes.get("body") is not None and "chunks" not in changes:
            changes["chunks"] = Outcome().chunks
        outcome = replace(outcome, **changes)
    return outcome


def _patched(headers: object, patch: object) -> object:
    if isinstance(patch, Whole) or not isinstance(patch, Mapping):
        return patch
    base = dict(headers) if isinstance(headers, Mapping) else {}
    return {name: value for name, value in {**base, **patch}.items() if value is not None}


def judge(contract: Contract, step: Step, stack: str, server: str, seen: Outcome) -> StepResult:
    """Compare."""
    declared = differences_at(contract, step, stack, server)
    wanted = expected(step, declared)
    failures = [_sentence(name, wanted, seen) for name in differing_fields(wanted, seen)]
    for difference in declared:
        others = [other for other in declared if other is not difference]
        if difference.changes[step.title] and not differing_fields(expected(step, others), seen):
            failures.append(f"a declared difference is no longer there: {difference.because}")
    return StepResult(step, stack, seen, declared, tuple(failures))


def _sentence(name: str, wanted: Outcome, seen: Outcome) -> str:
    want, got = getattr(wanted, name), getattr(seen, name)
    if name == "headers" and isinstance(want, Mapping):
        found = header_values(got)
        differing = differing_headers(want, got)
        want = {header: want.get(header) for header in differing}
        got = {header: found.get(header) for header in differing}
    return f"{name}: expected {_quoted(want)}, seen {_quoted(got)}"


def _quoted(value: object) -> str:
    text = repr(value)
    return text if len(text) <= QUOTED else f"{text[:QUOTED]}… ({len(text)} characters)"


def plain(outcome: Outcome | None) -> dict[str, Any]:
    """Turn what was seen into JSON's types."""
    if outcome is None:
        return {}
    return {name: _plain(value) for name in FIELDS if (value := getattr(outcome, name)) is not Outcome().status}


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value
