"""A broken rule in -> an error that says whose fault it is out.

Two names, as in h11: `AppProtocolError` is raised at an application that sent what it may not send,
`PeerProtocolError` where the other side delivered what cannot come. Both carry the rule, the state, the message
that was seen and those that were allowed; the sentence and the link are looked up only when somebody reads them.

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#error-handling
In FastAPI:   none, because it leaves the protocol to Starlette and to the server
In Starlette: none, because it asserts, or raises a bare RuntimeError
In Flask:     none, because PEP 3333 is checked by wsgiref.validate:validator
Left out:     nothing
"""

from collections.abc import Iterable
from typing import ClassVar

from rawasgi.messages.rules import rule


class ProtocolError(RuntimeError):
    """A rule of the specification was broken; the two subclasses say by whom.

    `rule_id` is a number of `rules.md` ("HS1"), `state` where the conversation stood, `seen` the message as the
    tables name it ("http.response.body+"), `allowed` what would have been right, in alphabetical order.
    """

    culprit: ClassVar[str] = "somebody"

    def __init__(self, rule_id: str, state: str, seen: str, allowed: Iterable[str] = ()) -> None:
        super().__init__(rule_id, state, seen)
        self.rule_id = rule_id
        self.state = state
        self.seen = seen
        self.allowed = tuple(sorted(allowed))

    @property
    def link(self) -> str:
        """Where the specification says so."""
        return rule(self.rule_id).link

    def __str__(self) -> str:
        broken = rule(self.rule_id)
        return (
            f"{self.rule_id}: {self.culprit} sent {self.seen} while the conversation was {self.state}.\n"
            f"  allowed now: {', '.join(self.allowed) or 'nothing'}\n"
            f'  the rule:    "{broken.name}" {broken.link}'
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.rule_id}: {self.seen} in {self.state}>"


class AppProtocolError(ProtocolError):
    """The application broke the rule: mend the application."""

    culprit = "the application"


class PeerProtocolError(ProtocolError):
    """The server, or the client behind it, broke the rule: the application is innocent."""

    culprit = "the server"
