"""An app and what a client would say in -> what the app says out; in this process, without a socket.

[bytes > server] > app > middleware > routing > handler > response > bytes

You play the server. A `Conversation` is one call of the app: it holds the scope, the inbox that `receive` empties, and
all that the app has heard and sent. Both sides are followed on the tables of `messages.states`: an app that speaks out
of turn gets `AppProtocolError` out of `send`, and what no server could deliver now comes as `PeerProtocolError` out of
`receive`. What must follow follows by itself: the disconnect after a whole response, and after a close.

    converse(app, request("GET", "/"))
    ->  [{"type": "http.response.start", "status": 200, "headers": [...]}, {"type": "http.response.body", "body": b"hi"}]

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#applications
In FastAPI:   starlette.testclient:TestClient
In Starlette: starlette.testclient:TestClient
In Flask:     werkzeug.test:EnvironBuilder
Left out:     frames, chunks, kept connections: what is below the messages
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import unquote

from rawasgi.messages.scopes import spec_version
from rawasgi.messages.states import RETURN, TABLES, Side
from rawasgi.messages.types import ASGIApp, Header, Message, Scope

REFUSALS = ("websocket.close", "websocket.http.response.start")
OVER = ("complete", "closed", "peer_gone", "returned")  # states of the app in which its answer is whole, or unwanted


class ClientLeft(OSError):
    """What `send` raises once the client is gone, where the scope speaks spec 2.4 or later."""


class Stuck(TimeoutError):
    """The app has not ended in time; `str` says what was sent until then."""


class LifespanFailed(Exception):
    """The app reported that its start-up or its shutdown failed; `str` is its message."""


class Exchange(NamedTuple):
    """A scope, and the messages that `receive` will give: what a client would ask, ready to be asked of any app."""

    scope: Scope
    messages: tuple[Message, ...] = ()


def base_scope(kind: str, target: str, headers: Mapping[str, str] | Iterable[Header], spec_version: str) -> Scope:
    """What the scopes of HTTP and of websockets have in common; `target` as it would stand on the request line."""
    given = headers.items() if isinstance(headers, Mapping) else headers
    pairs = [(_bytes(name).lower(), _bytes(value)) for name, value in given]
    if all(name != b"host" for name, _ in pairs):
        pairs.insert(0, (b"host", b"testserver"))
    path, _, query = target.partition("?")
    return {
        "type": kind,
        "asgi": {"version": "3.0", "spec_version": spec_version},
        "http_version": "1.1",
        "path": unquote(path),
        "raw_path": path.encode("ascii"),
        "query_string": query.encode("ascii"),
        "root_path": "",
        "headers": pairs,
        "client": ("testclient", 50_000),
        "server": ("testserver", 80),
    }


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1")


def request(
    method: str = "GET",
    target: str = "/",
    headers: Mapping[str, str] | Iterable[Header] = (),
    body: bytes | Sequence[bytes] = b"",
    *,
    spec_version: str = "2.5",
    **scope: Any,
) -> Exchange:
    """An HTTP request; a body in pieces comes in as many messages. Keywords go into the scope: `state={}`."""
    pieces = [body] if isinstance(body, bytes) else [*body] or [b""]
    more = [True] * (len(pieces) - 1) + [False]
    messages = [
        {"type": "http.request", "body": piece, "more_body": rest} for piece, rest in zip(pieces, more, strict=True)
    ]
    made = base_scope("http", target, headers, spec_version)
    return Exchange({**made, "method": method, "scheme": "http", **scope}, tuple(messages))


def life(**scope: Any) -> Exchange:
    """The lifespan from start to end: a start-up, and a shutdown once that is complete."""
    made = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}, **scope}
    return Exchange(made, ({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}))


def handshake(
    target: str = "/",
    *messages: Message | str | bytes,
    subprotocols: Sequence[str] = (),
    headers: Mapping[str, str] | Iterable[Header] = (),
    spec_version: str = "2.5",
    **scope: Any,
) -> Exchange:
    """A websocket: the connect, then these messages; str and bytes are messages from the client."""
    made = base_scope("websocket", target, headers, spec_version)
    said = [{"type": "websocket.connect"}, *map(from_client, messages)]
    return Exchange({**made, "scheme": "ws", "subprotocols": [*subprotocols], **scope}, tuple(said))


def parting(exchange: Exchange) -> Exchange:
    """The same, with a client that leaves its websocket when it has said all: an app that listens on would wait."""
    scope, messages = exchange
    if scope["type"] != "websocket" or any(message["type"] == "websocket.disconnect" for message in messages):
        return exchange
    return Exchange(scope, (*messages, {"type": "websocket.disconnect", "code": 1000, "reason": ""}))


def from_client(message: Message | str | bytes) -> Message:
    """`"hi"` -> `{"type": "websocket.receive", "text": "hi"}`; bytes likewise; a message is left as it is."""
    if isinstance(message, str):
        return {"type": "websocket.receive", "text": message}
    return {"type": "websocket.receive", "bytes": message} if isinstance(message, bytes) else message


class Conversation:
    """One call of an app. `incoming` is what the client says, in messages, perhaps as they come (an async iterable).

    `leaves_after` is the number of messages from the app after which the client is gone: from then on `receive` gives
    the disconnect, and `send` raises `ClientLeft` (before spec 2.4 it does nothing). A client whose `incoming` raises
    has left too, and `failure` says why. As an async context manager it runs the app beside you, and ends it when you
    leave.
    """

    def __init__(
        self,
        app: ASGIApp,
        scope: Scope,
        incoming: Iterable[Message] | AsyncIterable[Message] = (),
        *,
        leaves_after: int | None = None,
    ) -> None:
        self.app = app
        self.scope = {**scope}  # the app may write into its own: an `Exchange` can be asked of the next one
        self.sent: list[Message] = []
        self.heard: list[Message] = []
        self.app_side = Side(TABLES[scope["type"], "app"])
        self.server_side = Side(TABLES[scope["type"], "server"])
        self.leaves_after = leaves_after
        self.gone = False
        self.failure: Exception | None = None
        self.task: asyncio.Task[list[Message]] | None = None
        self._inbox: deque[Message] = deque()
        self._later = aiter(incoming) if isinstance(incoming, AsyncIterable) else None
        self._fetching: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._taken = 0
        for message in () if isinstance(incoming, AsyncIterable) else incoming:
            self.deliver(message)
        if leaves_after == 0:
            self.disconnect()

    def deliver(self, message: Message) -> None:
        """Put a message where `receive` will find it, when its time has come."""
        self._inbox.append(message)
        self._news.set()

    def disconnect(self, code: int = 1006, reason: str = "") -> None:
        """The client is gone, at once: what it has said before is still heard."""
        if self.gone:
            return
        self.gone = True
        kind = self.scope["type"]
        if kind == "websocket":
            self.deliver({"type": "websocket.disconnect", "code": code, "reason": reason})
        elif kind == "http":
            self.deliver({"type": "http.disconnect"})

    async def receive(self) -> Message:
        """What the app awaits: the next message of the inbox; after the whole response `http.disconnect`."""
        if self.scope["type"] == "http" and self.app_side.state == "complete":
            self._inbox.clear()  # HR7: what is left of the request body goes to nobody
        while not self._inbox or self._is_early(self._inbox[0]):
            if self.app_side.state == "closed" and self.server_side.state == "closing":
                self._inbox.appendleft({"type": "websocket.disconnect", **self._goodbye()})  # WR10
            elif self._inbox and self.gone:
                self._inbox.popleft()  # said to a handshake that nobody answers any more
            elif self.scope["type"] == "http" and (self.gone or self.app_side.state == "complete"):
                self.deliver({"type": "http.disconnect"})  # HR7, HR8
            else:
                self._ask()
                await self.something_new()
        return self._hear(self._inbox.popleft())

    def _hear(self, message: Message) -> Message:
        self.server_side.says(message)
        self.app_side.hears(message)
        self.heard.append(message)
        if message["type"].endswith(".disconnect"):
            self.gone = True
            self._news.set()
        return message

    @property
    def _is_accepted(self) -> bool:
        return any(message["type"] == "websocket.accept" for message in self.sent)

    def _is_early(self, message: Message) -> bool:
        """Whether a message has to wait: for the handshake (WR2; refused, it is never heard), or the start-up (L10)."""
        answerable = self.server_side.state != "awaiting_connect"
        if message["type"] == "lifespan.shutdown":
            return self.server_side.state == "starting"
        return message["type"] == "websocket.receive" and answerable and not self._is_accepted

    def _goodbye(self) -> dict[str, Any]:
        """How a websocket ends that the app has ended: with its own code, or, refused, without a close frame."""
        last = self.sent[-1] if self._is_accepted else {"code": 1006}
        return {"code": last.get("code", 1000), "reason": last.get("reason") or ""}

    def _ask(self) -> None:
        """Let the client say more, in a task of its own: a `receive` that is cancelled meanwhile loses nothing."""
        if self._later is not None and self._fetching is None and not self.gone:
            self._fetching = asyncio.create_task(self._fetch(self._later))

    async def _fetch(self, later: AsyncIterator[Message]) -> None:
        try:
            self.deliver(await anext(later))
        except StopAsyncIteration:
            self._later = None
        except Exception as error:
            self.failure = error
            self.disconnect()
        finally:
            self._fetching = None
            self._news.set()

    async def send(self, message: Message) -> None:
        """What the app calls: hold the message to the table, and keep it."""
        if self.app_side.state == "awaiting_connect" and message["type"] in REFUSALS and self._inbox:
            self._hear(self._inbox.popleft())  # WS1 forbids it, yet Starlette refuses so: who refuses was asked
        if self.gone and self.app_side.state not in OVER:
            self.app_side.hears({"type": f"{self.scope['type']}.disconnect"})
        self.app_side.says(message)
        self.server_side.hears(message)
        if self.gone:
            if spec_version(self.scope) >= (2, 4):
                raise ClientLeft(f"{message['type']} to a client that has left")
            return
        self.sent.append({**message})  # as it is now: an app may use its dict again
        self._news.set()
        if len(self.sent) == self.leaves_after:
            self.disconnect()

    @property
    def is_over(self) -> bool:
        """Whether the app has answered whole, or nobody wants its answer, or it has ended."""
        return self.app_side.state in OVER or (self.task is not None and self.task.done())

    async def something_new(self) -> None:
        """Wait until a message was delivered or sent, or the app has ended."""
        self._news.clear()
        await self._news.wait()

    async def next_sent(self) -> Message | None:
        """The next message of the app, in order; None where none will come. Needs a running app."""
        while self._taken == len(self.sent) and not (self.gone or self.is_over):
            await self.something_new()
        if self._taken == len(self.sent):
            return None
        self._taken += 1
        return self.sent[self._taken - 1]

    async def run(self) -> list[Message]:
        """Call the app to its end, and give all that it has sent. What it raises, it raises here."""
        try:
            await self.app(self.scope, self.receive, self.send)
        finally:
            if self._fetching is not None:
                self._fetching.cancel()
        self.app_side.says(RETURN)
        return self.sent

    def start(self) -> asyncio.Task[list[Message]]:
        """Call the app in a task of its own."""
        self.task = asyncio.create_task(self.run())
        self.task.add_done_callback(self._note_end)
        return self.task

    def _note_end(self, task: asyncio.Task[Any]) -> None:
        self._news.set()
        if not task.cancelled():
            task.exception()  # it is kept for who asks, and asyncio need not complain that nobody did

    async def ended(self, seconds: float) -> None:
        """Wait until the app has ended, whatever way; raises `Stuck` where that takes too long."""
        if self.task is not None and not self.task.done():
            _, late = await asyncio.wait([self.task], timeout=seconds)
            if late:
                said = [message["type"] for message in self.sent]
                raise Stuck(f"the app has not ended in {seconds} s; it has sent {said}: {self!r}")

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self.task is not None and not self.task.done():
            await end(self.task)
        elif self.task is not None and error is None:
            await self.task

    def __repr__(self) -> str:
        return f"<Conversation {self.scope['type']}: app {self.app_side.state}, server {self.server_side.state}>"


async def end(task: asyncio.Task[Any]) -> None:
    """Cancel a task, and wait until it has ended: who swallows a cancellation gets another, ten at most."""
    for _ in range(10):
        if not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=0.5)


def converse(
    app: ASGIApp, exchange: Exchange, *, leaves_after: int | None = None, seconds: float = 5.0
) -> list[Message]:
    """Ask an app once, on a loop of its own: all messages that it sent. Raises what the app raises, and `Stuck`."""
    conversation = Conversation(app, exchange.scope, exchange.messages, leaves_after=leaves_after)

    async def limited() -> list[Message]:
        async with conversation:
            await conversation.ended(seconds)
        return conversation.sent

    return asyncio.run(limited())


@asynccontextmanager
async def lifespan(app: ASGIApp, state: dict[str, Any] | None = None) -> AsyncIterator[dict[str, Any]]:
    """Start an app, yield the state it has made, and shut it down. An app without lifespan is left alone.

    Raises `LifespanFailed` where the app reports a failure, and where it has started and then ends without a word.
    """
    state = {} if state is None else state
    exchange = life(state=state)
    conversation = Conversation(app, exchange.scope, exchange.messages[:1])
    task = conversation.start()
    try:
        judge(await conversation.next_sent())  # None: "the server must continue" without it
        try:
            yield state
        finally:
            if conversation.app_side.state == "running":
                conversation.deliver({"type": "lifespan.shutdown"})
                if (answer := await conversation.next_sent()) is None:
                    why = None if task.cancelled() else task.exception()
                    raise LifespanFailed("the app has ended before its shutdown was complete") from why
                judge(answer)
    finally:
        await end(task)


def judge(answer: Message | None) -> None:
    """Raise the failure that a lifespan message reports."""
    if answer is not None and answer["type"].endswith(".failed"):
        raise LifespanFailed(answer.get("message", "") or answer["type"])
