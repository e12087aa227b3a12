"""An app in -> the rules out that only a client sees it break: the client says what it should not, or says it otherwise.

[bytes > server] > app > middleware > routing > handler > response > bytes

What is said here no server may say, so no `Conversation` and no checker stands between: messages go in, messages come
out, and the app is judged by whether it refuses.

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#error-handling
In FastAPI:   none, because it leaves the protocol to Starlette and to the server
In Starlette: none, because it takes what comes for what was due
In Flask:     none, because WSGI has no messages
Left out:     an answer that is another one each time: of that nothing is concluded
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from rawasgi.instruments.apart import Exited, Hanging
from rawasgi.instruments.checking.driver import Driver
from rawasgi.instruments.checking.finding import Fault
from rawasgi.instruments.conversation import Exchange, life, request
from rawasgi.messages.types import Message, Scope

LAST: dict[str, Message] = {
    "http": {"type": "http.disconnect"},
    "websocket": {"type": "websocket.disconnect", "code": 1000, "reason": ""},
}
REFUSALS = ("websocket.close", "websocket.http.response.start", "lifespan.startup.failed")
UNKNOWN = "rawasgi.unknown"


class Answered(NamedTuple):
    """What came of a call: how many messages the app took, what it sent, and what it raised."""

    heard: int
    sent: tuple[Message, ...]
    error: Exception | None

    @property
    def is_refusal(self) -> bool:
        """Whether the app said no, in one of the ways that there are."""
        refused = any(message.get("type") in REFUSALS or message.get("status", 0) >= 400 for message in self.sent)
        return refused or self.error is not None

    @property
    def answer(self) -> tuple[Any, bytes]:
        """Status and body."""
        body = b"".join(bytes(message.get("body", b"")) for message in self.sent)
        return [message.get("status") for message in self.sent][:1], body


class NothingMore(Exception):
    """The app asks for a message where no more can come."""


def played(driver: Driver, scope: Scope, messages: Sequence[Message]) -> Answered:
    """Call the app itself, with these messages, whatever they are."""
    said, sent = [*messages], []
    heard = 0

    async def receive() -> Message:
        nonlocal heard
        if not said and scope["type"] not in LAST:
            raise NothingMore
        heard += 1
        return {**(said.pop(0) if said else LAST[scope["type"]])}

    async def send(message: Message) -> None:
        sent.append({**message})

    async def call() -> None:
        await driver.app(driver.scope_of(scope), receive, send)

    error: Exception | None = None
    try:
        driver.run(call())
    except Exception as raised:
        error = raised
    return Answered(heard, tuple(sent), error)


def unknown_scope(driver: Driver) -> Iterator[Fault]:
    """G14: a scope of a type that nobody knows."""
    answered = played(driver, {"type": UNKNOWN, "asgi": {"version": "3.0"}}, ())
    if answered.error is None or isinstance(answered.error, (NothingMore, Hanging)):
        yield Fault("G14", f"a scope of type {UNKNOWN!r} is taken", ("an exception",))


def nonsense(driver: Driver, exchange: Exchange) -> Iterator[Fault]:
    """G13: a message that cannot come, before those that do."""
    kind = f"{exchange.scope['type']}.{UNKNOWN}"
    answered = played(driver, exchange.scope, ({"type": kind}, *exchange.messages))
    if answered.heard and not answered.is_refusal:
        yield Fault("G13", f"{kind} is taken", ("an exception",))


def extra_keys(driver: Driver, exchange: Exchange) -> Iterator[Fault]:
    """G11: a key in every message that nobody knows."""
    plain = played(driver, exchange.scope, exchange.messages)
    more = [{**message, UNKNOWN: 1} for message in exchange.messages]
    answered = played(driver, exchange.scope, more)
    if not plain.is_refusal and answered.is_refusal:
        what = type(answered.error).__name__ if answered.error else "a refusal"
        yield Fault("G11", f"an unknown key in a message leads to {what}")


def torn_body(driver: Driver, exchange: Exchange) -> Iterator[Fault]:
    """HR10: the same body, whole and in pieces. An app that answers otherwise has taken the first piece for all of it."""
    body = b"".join(message.get("body", b"") for message in exchange.messages)
    pieces = [body[:1], body[1:-1], body[-1:]]
    torn = request("POST", "/", body=pieces).messages
    whole = request("POST", "/", body=body).messages
    answers = [played(driver, exchange.scope, messages) for messages in (whole, whole, torn)]
    if any(isinstance(answer.error, (Hanging, Exited)) for answer in answers):
        return
    first, again, pieced = answers
    if first.heard and first.answer == again.answer != pieced.answer:
        yield Fault("HR10", f"a body in {len(pieces)} pieces is answered otherwise than the same body whole")


def lifespans(driver: Driver) -> Iterator[Fault]:
    """The same for a lifespan; an app that has none breaks nothing."""
    exchange = life()
    if played(driver, exchange.scope, exchange.messages).error is None:
        yield from nonsense(driver, life())
        yield from extra_keys(driver, life())
