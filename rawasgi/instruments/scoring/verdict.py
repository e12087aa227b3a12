"""A question to a server in -> the verdict out: it obeys, it breaks a rule, or it does not offer what was asked for.

[bytes > server > app] > middleware > routing > handler > response > bytes

A question yields a `Fault` for each thing that it saw and that must not be. It raises `NotOffered` where the server has
never claimed that it can.

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html
In FastAPI:   none, because it leaves the connection to the server
In Starlette: none, because it leaves the connection to the server
In Flask:     none, because it leaves the connection to the server
Left out:     grades: a rule is kept or not
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, Self

from rawasgi.instruments.checking.finding import Fault, Finding, found
from rawasgi.instruments.scoring.wire import NotHTTP, Silence

Word = Literal["obeys", "breaks", "not offered", "no answer"]
Ask = Callable[..., Iterator[Fault]]


class NotOffered(Exception):
    """The server does not claim to have it; `str` says what."""


@dataclass(frozen=True)
class Question:
    """One row of the table. `rules` are those that the answer may be found to break."""

    group: str
    title: str
    rules: tuple[str, ...]
    ask: Ask


@dataclass(frozen=True)
class Verdict:
    """What became of one question. `said` is why there is nothing to judge."""

    group: str
    title: str
    rules: tuple[str, ...]
    word: Word
    findings: tuple[Finding, ...] = ()
    said: str = ""

    def plain(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        findings = [finding.plain() for finding in self.findings]
        about = {"group": self.group, "question": self.title, "rules": [*self.rules]}
        return {**about, "verdict": self.word, "said": self.said, "findings": findings}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """The verdict that `plain` has told."""
        keys = [field.name for field in fields(Finding)]
        made = [
            Finding(**{key: each[key] for key in keys} | {"allowed": (*each["allowed"],)}) for each in told["findings"]
        ]
        return cls(told["group"], told["question"], (*told["rules"],), told["verdict"], (*made,), told["said"])


@dataclass(frozen=True)
class Score:
    """All verdicts on one server."""

    name: str
    title: str
    verdicts: tuple[Verdict, ...]

    @property
    def findings(self) -> list[Finding]:
        """What it breaks, in the order of the questions."""
        return [finding for verdict in self.verdicts for finding in verdict.findings]

    @property
    def breaks_a_must(self) -> bool:
        """Whether it does what must not be."""
        return any(finding.level == "must" for finding in self.findings)

    def plain(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {"name": self.name, "title": self.title, "verdicts": [each.plain() for each in self.verdicts]}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """The score that `plain` has told."""
        return cls(told["name"], told["title"], tuple(map(Verdict.of, told["verdicts"])))


def judged(question: Question, *given: Any) -> Verdict:
    """Ask, and say what came of it."""
    about = (question.group, question.title, question.rules)
    try:
        findings = blamed(question.ask(*given))
    except NotOffered as why:
        return Verdict(*about, "not offered", said=str(why))
    except Silence as why:
        return Verdict(*about, "no answer", said=str(why))
    except NotHTTP as why:
        return Verdict(*about, "no answer", said=f"the server answers with {why}")
    return Verdict(*about, "breaks" if findings else "obeys", findings)


def blamed(faults: Iterator[Fault]) -> tuple[Finding, ...]:
    """Findings of faults. The server is to blame, also for what a rule asks of the app: this app was told to do so."""
    made = [replace(found(fault, "server", ""), blame="server") for fault in faults]
    return tuple(dict.fromkeys(made))
