"""The folders pNN_PHASE/NAME -> the comparisons, by name, out.

A folder with a `contract.py` is a comparison; nothing else registers it.
"""

import importlib
import re
from dataclasses import dataclass
from pathlib import Path

from comparisons.contract import Contract, Process, Request
from comparisons.outcome import Anything
from comparisons.servers import ROOT, SERVERS
from comparisons.stacks import STACKS, Stack

BEAT = re.compile(r"#.*?\[(\d+)\]")
"""The marker of a beat in an app file: a comment that holds its number, `# [2] answer`."""


@dataclass(frozen=True)
class Comparison:
    """A contract and the folder of its apps."""

    name: str
    folder: Path
    package: str
    contract: Contract

    @property
    def title(self) -> str:
        """The name as words."""
        return self.name.replace("_", " ")

    @property
    def stacks(self) -> list[Stack]:
        """Its columns, in their usual order."""
        return [stack for name, stack in STACKS.items() if name in self.contract.stacks]

    def app(self, stack: Stack) -> str:
        """Name the stack's app as servers want it."""
        return f"{self.package}.{stack.module}:{stack.attribute}"

    def source(self, stack: Stack) -> Path:
        """Find the stack's file."""
        return self.folder / f"{stack.module}.py"

    def servers(self, stack: Stack) -> list[str]:
        """Name the servers that this contract runs the stack on."""
        return [
            server.name
            for server in SERVERS.values()
            if server.protocol == stack.protocol and (server.usual or server.name in self.contract.also_on)
        ]


class BrokenContractError(Exception):
    """A contract.py that cannot be imported, or holds no contract."""


def find(root: Path = ROOT / "comparisons") -> dict[str, Comparison]:
    """Import every contract below `root`, which lies in the repository. Raises `BrokenContractError`."""
    found = {}
    for path in sorted(root.glob("p[0-9][0-9]_*/*/contract.py")):
        package = ".".join(path.parent.relative_to(ROOT).parts)
        try:
            contract = importlib.import_module(f"{package}.contract").CONTRACT
        except Exception as error:
            problem = f"{path.relative_to(ROOT)} cannot be read: {type(error).__name__}: {error}"
            raise BrokenContractError(problem) from error
        found[path.parent.name] = Comparison(path.parent.name, path.parent, package, contract)
    return found


def complaints(comparison: Comparison) -> list[str]:
    """List what every comparison must have and this one lacks."""
    contract = comparison.contract
    titles = [step.title for step in contract.steps]
    tagged = {step.leaf for step in contract.steps if step.leaf}
    said = [f"two exchanges are called {title!r}" for title in sorted({t for t in titles if titles.count(t) > 1})]
    if len(titles) < 6:
        said.append(f"{len(titles)} exchanges are fewer than six")
    if not any(step.malformed for step in contract.steps):
        said.append("no exchange is malformed")
    if not any(_is_error(step.expected.status) for step in contract.steps):
        said.append("no exchange is an error")
    if not any(_is_edge(step) for step in contract.steps):
        said.append("no exchange is a HEAD, an OPTIONS or a close")
    said += [f"no exchange is tagged with the leaf {leaf}" for leaf in contract.leaves if leaf not in tagged]
    said += [f"the leaf {leaf} of an exchange is not the contract's" for leaf in tagged - set(contract.leaves)]
    for difference in contract.differences:
        said += [
            f"a difference names an unknown exchange {step!r}" for step in difference.changes if step not in titles
        ]
        said += [f"a difference names an unknown place {where!r}" for where in difference.where if not _known(where)]
    return said + _missing_files(comparison) + _missing_beats(comparison)


def _is_error(status: int | Anything | None) -> bool:
    return isinstance(status, int) and status >= 400


def _is_edge(step: object) -> bool:
    if isinstance(step, Request):
        return step.method in {"HEAD", "OPTIONS"} or step.leave is not None
    return isinstance(step, Process) or any(
        move.act in {"closes", "waits_for_close"} for move in getattr(step, "moves", ())
    )


def _known(where: str) -> bool:
    stack, _, server = where.partition("@")
    return (not stack or stack in STACKS) and (not server or server in SERVERS) and where not in {"", "@"}


def _missing_files(comparison: Comparison) -> list[str]:
    wanted = [comparison.source(stack) for stack in comparison.stacks] + [comparison.folder / "lesson.md"]
    return [f"{path.name} is missing" for path in wanted if not path.exists()]


def beats_in(source: str) -> set[int]:
    """Read the markers of a file."""
    return {int(number) for number in BEAT.findall(source)}


def _missing_beats(comparison: Comparison) -> list[str]:
    said = []
    for stack in comparison.stacks:
        path = comparison.source(stack)
        marked = beats_in(path.read_text("utf-8")) if path.exists() else set()
        provided = {beat for name, beat in comparison.contract.provided if name == stack.name}
        for beat in comparison.contract.beats:
            if beat not in marked | provided:
                said.append(f"{path.name} has no beat [{beat}], and nothing is declared to provide it")
        said += [
            f"{path.name} marks [{beat}], which the contract does not name"
            for beat in marked - set(comparison.contract.beats)
        ]
        said += [f"{path.name} marks [{beat}] and it is declared as provided" for beat in marked & provided]
    return said
