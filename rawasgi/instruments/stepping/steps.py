"""A message at the boundary in -> what it does to the conversation, and where every layer stands, out.

bytes > [server > app] > middleware > routing > handler > response > bytes

The words that both drivers share. A step is the moment at which the app has called `receive` or `send` and waits there:
the message has not gone through yet.

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html#http
In FastAPI:   none, because it leaves the protocol to Starlette and to the server
In Starlette: none, because it keeps no record of its messages
In Flask:     none, because a WSGI app makes one call for the whole response
Left out:     time: the reader stops the clock
"""

from typing import Any, Literal, NamedTuple

from rawasgi.instruments.apart import Exited, Hanging
from rawasgi.instruments.conversation import Conversation
from rawasgi.instruments.frames import Lane, Line
from rawasgi.messages.errors import ProtocolError
from rawasgi.messages.states import Side
from rawasgi.messages.types import Message

# silent: the app awaits a message, and the client has said all; waiting: the app awaits something else
Kind = Literal["receive", "send", "silent", "waiting"]
Driver = Literal["loop-free", "gated"]
Answer = Literal["next", "disconnect", "quit"]
MOST_STEPS = 1000  # an app that streams for ever ends somewhere, where nobody sits and presses a key


class Step(NamedTuple):
    """Where the app stands: what it wants to receive or to send, before that has happened.

    `heard` is what it has received since the step before. `state` is the app's side now, `next_state` the state the
    message leads to, `allowed` what the app may send then. A message out of turn has no `next_state`, and `refusal` says
    why.
    """

    kind: Kind
    message: Message | None
    state: str
    next_state: str | None
    allowed: tuple[str, ...]
    lanes: tuple[Lane, ...]
    scope: dict[str, Any]
    heard: tuple[Message, ...] = ()
    refusal: str = ""


class Forced(NamedTuple):
    """What a loop is needed for, and where the app has asked for it, outermost line first."""

    by: str
    lines: tuple[Line, ...] = ()

    def __str__(self) -> str:
        return f"{self.by}, in {self.lines[-1]}" if self.lines else self.by


class Ending(NamedTuple):
    """How the call ended. `returned` is well, `quit` was wished; `raised`, `exited` and `stuck` are the app's fault.

    `heard` is what the app has received since the last step, `lanes` is where it hangs.
    """

    how: Literal["returned", "raised", "exited", "stuck", "quit"]
    says: str = ""
    lanes: tuple[Lane, ...] = ()
    heard: tuple[Message, ...] = ()

    @property
    def is_well(self) -> bool:
        """Whether nothing went wrong."""
        return self.how in ("returned", "quit")


class Reader:
    """Who steps. This one reads on to the end, and gives up where the app does not go on."""

    def __init__(self) -> None:
        self.count = 0

    def begins(self, driver: Driver, forced: Forced | None) -> None:
        """Told before the first step."""

    def reads(self, step: Step) -> Answer:
        """Say what is next. At a `silent` step, next means that the client leaves."""
        self.count += 1
        if step.kind == "waiting" or self.count > 2 * MOST_STEPS:
            return "quit"
        return "disconnect" if self.count == MOST_STEPS else "next"


def step_of(conversation: Conversation, kind: Kind, message: Message | None, lanes: tuple[Lane, ...]) -> Step:
    """Judge a message by the table, without moving the conversation."""
    probe = Side(conversation.app_side.table)
    state = probe.state = conversation.app_side.state
    next_state, refusal = None, ""
    if message is not None:
        try:
            next_state = probe.says(message)
        except ProtocolError as error:
            refusal = str(error)
    allowed = tuple(sorted(probe.table.allowed(probe.state)))
    kept = None if message is None else {**message}
    heard = heard_by(conversation)
    return Step(kind, kept, state, next_state, allowed, lanes, {**conversation.scope}, heard, refusal)


def heard_by(conversation: Conversation) -> tuple[Message, ...]:
    """What the app has received since this was asked last."""
    heard = tuple({**message} for message in conversation.heard)
    conversation.heard.clear()
    return heard


def is_stuck(conversation: Conversation) -> bool:
    """Whether a silent client is the end: it has left, or it waits for a response that has not begun.

    Otherwise it leaves, as clients do that have heard enough.
    """
    return conversation.gone or conversation.app_side.state == "awaiting_start"


def ending_of(error: BaseException) -> Ending:
    """The ending that an exception stands for."""
    if isinstance(error, Hanging):
        return Ending("stuck", str(error), error.lanes)
    if isinstance(error, Exited):
        return Ending("exited", str(error))
    return Ending("raised", f"the app has raised {type(error).__name__}: {error}")
