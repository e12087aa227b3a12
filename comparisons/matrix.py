"""The results of a comparison -> its matrix: rows exchanges, columns stacks, out.

`=` where a stack does what the contract says of the reference, else only what differs, then the verdict. A number in
brackets points to the declared difference below. A server's own way stands in every column it serves, and in its note.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import metadata

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from comparisons.contract import Difference, Step
from comparisons.discovery import Comparison
from comparisons.judge import VERDICTS, StepResult, expected
from comparisons.outcome import ANY, Outcome, differing_fields, differing_headers, header_values
from comparisons.runner import RunResult
from comparisons.stacks import STACKS

WIDTH = 120
"""Columns of text where there is no terminal to ask."""
SHORT = 28
LONG = 40
"""Characters of a value, and of a log, whose order says most, that a cell shows."""
FAILS = "FAILS"


@dataclass(frozen=True)
class Row:
    """One exchange, or the verdicts."""

    title: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Matrix:
    """A table that any medium can show."""

    title: str
    versions: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    failures: tuple[str, ...]


def matrix(comparison: Comparison, results: Sequence[RunResult]) -> Matrix:
    """Lay out the results of one comparison, from any selection of stacks and servers."""
    contract = comparison.contract
    stacks = [stack.name for stack in comparison.stacks if any(result.run.stack is stack for result in results)]
    reference = stacks[0] == "raw_asgi"
    rows = []
    for step in contract.steps:
        cells = [_cell(comparison, step, [each for each in results if each.run.stack.name == name]) for name in stacks]
        if reference:
            cells[0] = brief(step.expected) + cells[0].removeprefix("=")
        rows.append(Row(step.title, (*(() if reference else (brief(step.expected),)), *cells)))
    verdicts = [verdict([result for result in results if result.run.stack.name == stack]) for stack in stacks]
    rows.append(Row("verdict", (*(() if reference else ("",)), *verdicts)))
    titles = [STACKS[stack].title for stack in stacks]
    used = [difference for difference in contract.differences if _is_used(difference, results)]
    return Matrix(
        title=f"{comparison.title}: {contract.question}",
        versions=" · ".join(versions(results)),
        columns=(*(() if reference else ("contract",)), *titles),
        rows=tuple(rows),
        notes=tuple(_note(contract.differences.index(difference) + 1, difference) for difference in used),
        failures=tuple(failures(results)),
    )


def failures(results: Iterable[RunResult]) -> list[str]:
    """List what did not hold, once for all the servers where it did not."""
    said: dict[tuple[str, str, str], list[str]] = {}
    for result in results:
        for failure in result.failures:
            said.setdefault((result.run.comparison.name, result.run.stack.name, failure), []).append(result.run.server)
    return [f"{name} · {stack} on {', '.join(on)}: {text}" for (name, stack, text), on in said.items()]


def verdict(results: Iterable[RunResult]) -> str:
    """The strongest verdict among a stack's exchanges."""
    results = list(results)
    if any(result.failures for result in results):
        return FAILS
    found = [step.verdict for result in results for step in result.steps]
    return max(found, key=VERDICTS.index, default="same")


def versions(results: Iterable[RunResult]) -> list[str]:
    """Name the frameworks and servers that took part, with their versions."""
    results = list(results)
    names = [result.run.stack.requires for result in results] + [result.run.server.split("-")[0] for result in results]
    return [f"{name} {metadata.version(name)}" for name in dict.fromkeys(names) if name not in {"", "tiny"}]


def _cell(comparison: Comparison, step: Step, results: Sequence[RunResult]) -> str:
    """Say what one stack does, once if all servers agree, with the numbers of the differences that explain it."""
    said: dict[str, list[str]] = {}
    numbers: set[int] = set()
    for result in results:
        found = next((played for played in result.steps if played.step is step), None)
        said.setdefault(_said(found), []).append(result.run.server)
        declared = comparison.contract.differences
        numbers |= {declared.index(difference) + 1 for difference in (found.differences if found else ())}
    if len(said) == 1:
        text = next(iter(said))
    else:
        text = " / ".join(f"{text} ({', '.join(servers)})" for text, servers in said.items())
    return " ".join([text, *(f"[{number}]" for number in sorted(numbers))])


def _said(result: StepResult | None) -> str:
    if result is None or result.failures:
        return FAILS
    if result.seen is None:
        return "n/a"
    return what_differs(expected(result.step, result.of_server), result.seen) or "="


def _is_used(difference: Difference, results: Iterable[RunResult]) -> bool:
    return any(difference in step.differences for result in results for step in result.steps)


def _note(number: int, difference: Difference) -> str:
    names = []
    for place in difference.where:
        stack, _, server = place.partition("@")
        names.append(" on ".join(name for name in (STACKS[stack].title if stack else "", server) if name))
    judged = difference.verdict if difference.verdict == "different because" else f"{difference.verdict}, because"
    return f"[{number}] {', '.join(names)}: {judged.removeprefix('different ')} {difference.because}"


def brief(outcome: Outcome) -> str:
    """Say in a few words what the contract demands."""
    words = []
    if outcome.status is not ANY:
        words.append("no answer" if outcome.status is None else str(outcome.status))
    if isinstance(outcome.messages, tuple):
        words.append(_listed(outcome.messages))
    if outcome.close is not ANY and outcome.close is not None:
        words.append(f"close {outcome.close.code}")
    if outcome.complete is False:
        words.append("torn")
    if isinstance(outcome.log, tuple) and outcome.log:
        words.append(f"logs {_listed(outcome.log, LONG)}")
    if outcome.exit is not ANY:
        words.append(f"exit {outcome.exit}")
    return " ".join(words) or "anything"


def what_differs(wanted: Outcome, seen: Outcome) -> str:
    """Say in a few words what was seen otherwise; nothing if nothing was.

    >>> what_differs(Outcome(status=200, headers={}), Outcome(status=405, headers=(("allow", "GET"),)))
    '405, allow: GET'
    """
    fields = differing_fields(wanted, seen)
    words = []
    for name in fields:
        if name == "headers":
            words += _headers(wanted, seen, body_differs="body" in fields or "status" in fields)
        elif not (name == "chunks" and "body" in fields):
            words.append(_word(name, getattr(seen, name)))
    return ", ".join(words)


def _headers(wanted: Outcome, seen: Outcome, *, body_differs: bool) -> list[str]:
    pairs = seen.headers if isinstance(seen.headers, tuple) else ()
    if not isinstance(wanted.headers, dict):
        return ["headers " + _listed(tuple(name for name, _ in pairs))]
    found = header_values(pairs)
    differing = differing_headers(wanted.headers, pairs)
    names = [name for name in differing if not (name == "content-length" and body_differs)]
    return [_header(name, found[name]) if name in found else f"no {name}" for name in names]


def _header(name: str, values: tuple[str, ...]) -> str:
    if name == "content-type":
        return values[0].partition(";")[0].partition("/")[2]
    return f"{name}: {_short(' | '.join(steady(name, value) for value in values))}"


def steady(name: str, value: str) -> str:
    """Sort what has no order: frameworks keep the methods of `Allow` in a set, and write them as they come."""
    return ", ".join(sorted(value.split(", "))) if name == "allow" else value


def _word(name: str, value: object) -> str:
    match name, value:
        case "status", None:
            return "no answer"
        case "status", _:
            return str(value)
        case "body", bytes():
            return "no body" if value == b"" else f"{len(value)} bytes"
        case "complete", _:
            return "whole" if value else "torn"
        case "kept", _:
            return "keeps the connection" if value else "closes the connection"
        case "close", tuple():
            return f"close {value[0]} {value[1]}".strip()
        case "log", tuple():
            return f"logs {_listed(value, LONG)}"
        case _, tuple():
            return f"{name} {_listed(value)}"
    return f"{name} {value!r}"


def _listed(values: Sequence[object], limit: int = SHORT) -> str:
    return _short(", ".join(value if isinstance(value, str) else repr(value) for value in values), limit) or "nothing"


def _short(text: str, limit: int = SHORT) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def rendered(found: Matrix) -> RenderableType:
    """Show it on a terminal, or in a file of text."""
    table = Table(box=None, pad_edge=False, expand=False, show_edge=False, padding=(0, 2, 0, 0))
    table.add_column("")
    for column in found.columns:
        table.add_column(column, overflow="fold")
    for row in found.rows:
        style = "bold" if row.title == "verdict" else ""
        table.add_row(Text(row.title), *map(_styled, row.cells), style=style)
    lines: list[RenderableType] = [Text(found.title, style="bold"), Text(found.versions, style="dim"), table]
    lines += [Text(note, style="dim") for note in found.notes]
    lines += [Text(failure, style="red") for failure in found.failures]
    return Group(*lines)


def _styled(cell: str) -> Text:
    return Text(cell, style="red" if cell == FAILS else "dim" if cell == "=" else "")


def markdown(found: Matrix) -> str:
    """Write it for a lesson: without versions, so that a new version alone changes nothing."""
    lines = ["|  | " + " | ".join(found.columns) + " |", "|---" * (len(found.columns) + 1) + "|"]
    lines += [
        f"| {row.title} | " + " | ".join(cell.replace("|", "\\|") for cell in row.cells) + " |" for row in found.rows
    ]
    notes = [f"- {note}" for note in found.notes]
    return "\n".join([*lines, *([""] if notes else []), *notes])


def console(*, stderr: bool = False) -> Console:
    """A console that is as wide as the terminal, or `WIDTH` where there is none."""
    made = Console(stderr=stderr, highlight=False)
    return made if made.is_terminal else Console(stderr=stderr, highlight=False, width=WIDTH)
