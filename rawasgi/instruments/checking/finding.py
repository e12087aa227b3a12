"""What a check has seen in -> a finding out: which rule, how binding, whose fault, and what would have been right.

bytes > [server > app > middleware > routing > handler > response] > bytes

A check yields a `Fault`: the number of a rule and what it saw. Who holds the conversation makes a `Finding` of it, since
it knows the side and the state. What the rule says, and where, is looked up in `messages.rules` only then: an exchange
without fault never reads that page.

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html
In FastAPI:   none, because it leaves the protocol to Starlette and to the server
In Starlette: none, because it asserts, or raises a bare RuntimeError
In Flask:     wsgiref.validate:WSGIWarning
Left out:     the exchange itself: `rawasgi trace` shows it
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from rawasgi.messages.errors import AppProtocolError, PeerProtocolError, ProtocolError
from rawasgi.messages.rules import Level, Party, rule


class Fault(NamedTuple):
    """What a check has seen. `allowed` is what would have been right, where that can be listed.

    `level` stands where it is not the rule's own: for the tail of a rule, and for a rule that only points at others.
    """

    rule: str
    seen: str
    allowed: tuple[str, ...] = ()
    level: Level | None = None


def tail(rule_id: str, seen: str, allowed: Iterable[str] = ()) -> Fault:
    """A fault against the last thing that a rule asks, which is less binding: the D of a MUST/D."""
    return Fault(rule_id, seen, tuple(allowed), rule(rule_id).tail)


def within(rule_id: str, faults: Iterable[Fault]) -> Iterator[Fault]:
    """Faults against a rule that says "as H5 to H8 say": each as binding as the rule that is meant, which is named."""
    for fault in faults:
        level = fault.level or rule(fault.rule).level
        yield Fault(rule_id, f"{fault.seen} ({fault.rule})", fault.allowed, level)


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule of `rules.md` was broken. `state` is where the conversation stood, in the words of `messages.states`.

    Finding(rule="HS1", level="must", blame="application", state="awaiting_start", seen="http.response.body",
            allowed=("http.response.debug", "http.response.early_hint", ...), link="https://asgi.readthedocs.io/...")
    """

    rule: str
    level: Level
    blame: Party
    state: str
    seen: str
    allowed: tuple[str, ...]
    link: str

    def error(self) -> ProtocolError:
        """The same as an exception: `AppProtocolError`, or `PeerProtocolError` where the server is to blame."""
        kind = PeerProtocolError if self.blame == "server" else AppProtocolError
        return kind(self.rule, self.state, self.seen, self.allowed or [rule(self.rule).sentence])

    def plain(self) -> dict[str, Any]:
        """As plain values, for JSON; with the name and the sentence of the rule."""
        broken = rule(self.rule)
        return {**asdict(self), "name": broken.name, "sentence": broken.sentence}

    def __str__(self) -> str:
        return f"{self.rule} {self.level}, {self.blame}: {self.seen}, {self.state} ({rule(self.rule).name})"


def found(fault: Fault, side: Party, state: str) -> Finding:
    """The finding of a fault. `side` is who said what was seen: it decides where a rule binds more than one party."""
    broken = rule(fault.rule)
    (blame,) = broken.blame if len(broken.blame) == 1 else (side,)
    return Finding(broken.id, fault.level or broken.level, blame, state, fault.seen, fault.allowed, broken.link)
