"""An app in -> the same app with a client that leaves: within the answer, or within what it says itself, out.

bytes > [server] > app > middleware > routing > handler > response > bytes

    TestClient(LeavesAfter(app, 2)).get("/stream")      # the third message of the app finds nobody
    TestClient(TornBody(app)).post("/", json=[1])       # the body comes byte by byte
    TestClient(TornBody(app, cut=2)).post("/", json=[1])    # and after two of them the line is lost

Each is an ASGI app around an ASGI app: it can be served, tested, or put around one layer. From the moment on at which
the client is gone, `receive` gives the disconnect, also to who waits in it already, and `send` raises `ClientLeft`;
where the scope speaks a version before 2.4, `send` does nothing. A call that has not answered whole by then ends in
`ClientLeft` for the server outside, which has a client still, and can only hang up on it.

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html#disconnect-receive-event
In FastAPI:   none, because it leaves the connection to the server
In Starlette: none, because its test client stays, and waits
In Flask:     none, because werkzeug.test:run_wsgi_app reads to the end
Left out:     bytes that are changed or lost on the way: TCP does not do that
"""

import asyncio
from contextlib import suppress
from typing import Any

from rawasgi.instruments.conversation import OVER, ClientLeft, end
from rawasgi.messages.errors import ProtocolError
from rawasgi.messages.scopes import spec_version
from rawasgi.messages.states import TABLES, Side
from rawasgi.messages.types import ASGIApp, Message, Receive, Scope, Send

GONE: dict[str, Message] = {
    "http": {"type": "http.disconnect"},
    "websocket": {"type": "websocket.disconnect", "code": 1006, "reason": ""},  # WR8: the line was lost
}


def whole_number(name: str, value: Any, least: int) -> int:
    """The value. Raises `ValueError` where it is no whole number of at least `least`."""
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name} is a whole number, {least} or more, and not {value!r}")
    return value


class Line:
    """One call of the app, and the line to its client; `cut` loses it."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.server_receive = receive
        self.server_send = send
        self.app = Side(TABLES[scope["type"], "app"])
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.asked: asyncio.Task[Message] | None = None
        self.heard = self.sent = 0
        self.has_said_goodbye = False

    @property
    def is_lost(self) -> bool:
        """Whether the client is gone."""
        return self.lost.done()

    def cut(self) -> None:
        """The client is gone, from now on."""
        if not self.lost.done():
            self.lost.set_result(None)

    async def receive(self) -> Message:
        """The server's next message, or the disconnect; first of all a websocket hears that it is one (WR1)."""
        kind = self.scope["type"]
        if not self.is_lost or (kind == "websocket" and not self.heard):
            message = await self.next_of_server()
            if message is not None:
                self.heard += 1
                with suppress(ProtocolError):  # whoever is out of turn: this is no checker
                    self.app.hears(message)
                return message
        if kind == "websocket" and self.has_said_goodbye:
            await asyncio.Event().wait()  # WR10: nothing comes after it
        self.has_said_goodbye = True
        return {**GONE[kind]}

    async def next_of_server(self) -> Message | None:
        """What the server delivers; None where the line is lost before. A `receive` that is cancelled loses nothing."""
        if self.asked is None:
            self.asked = asyncio.ensure_future(self.server_receive())
        awaited: set[asyncio.Future[Any]] = {self.asked} if self.is_lost else {self.asked, self.lost}
        await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
        if not self.asked.done():
            return None
        asked, self.asked = self.asked, None
        return asked.result()

    async def send(self, message: Message) -> None:
        """Hand a message of the app to the server, while there is a line."""
        if not self.is_lost:
            await self.server_send(message)
            self.sent += 1
            with suppress(ProtocolError):
                self.app.says(message)
        elif spec_version(self.scope) >= (2, 4):
            raise ClientLeft(f"{message['type']} to a client that has left")

    async def call(self, app: ASGIApp) -> None:
        """Call the app. Raises `ClientLeft` where the client has left before the answer was whole."""
        try:
            await app(self.scope, self.receive, self.send)
        finally:
            if self.asked is not None:
                await end(self.asked)
                if not self.asked.cancelled():
                    self.asked.exception()  # nobody is left to be told, and asyncio need not complain
        if self.is_lost and self.app.state not in OVER:
            raise ClientLeft("the client has left before the answer was whole")


class LeavesAfter:
    """The client is gone when the app has sent so many messages, or when it has heard so many.

    A lost line, for a websocket: the disconnect has the code 1006. Raises `ValueError` for a count that is none.
    """

    def __init__(self, app: ASGIApp, sent: int | None = None, *, heard: int | None = None) -> None:
        if sent is None and heard is None:
            raise ValueError("after how many messages does the client leave? sent= counts the app's, heard= its own")
        self.app = app
        self.sent = None if sent is None else whole_number("sent", sent, 0)
        self.heard = None if heard is None else whole_number("heard", heard, 0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One call of the app; a lifespan has no client, and is left alone."""
        if scope["type"] in GONE:
            await Counted(self, scope, receive, send).call(self.app)
        else:
            await self.app(scope, receive, send)


class Counted(Line):
    """A line that is lost after so many messages."""

    def __init__(self, after: LeavesAfter, scope: Scope, receive: Receive, send: Send) -> None:
        super().__init__(scope, receive, send)
        self.after = after
        self.count()

    def count(self) -> None:
        """Cut the line, if it is time."""
        if self.sent == self.after.sent or self.heard == self.after.heard:
            self.cut()

    async def receive(self) -> Message:
        """The next message."""
        message = await super().receive()
        self.count()
        return message

    async def send(self, message: Message) -> None:
        """A message of the app."""
        await super().send(message)
        self.count()


class TornBody:
    """The body of a request comes in pieces of `size` bytes; with `cut`, the line is lost after so many bytes of it.

    A body of no more than `cut` bytes comes whole. Raises `ValueError` for a size below 1 and a cut below 0.
    """

    def __init__(self, app: ASGIApp, size: int = 1, *, cut: int | None = None) -> None:
        self.app = app
        self.size = whole_number("size", size, 1)
        self.end = None if cut is None else whole_number("cut", cut, 0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One call of the app; only a request has a body."""
        if scope["type"] == "http":
            await Torn(self, scope, receive, send).call(self.app)
        else:
            await self.app(scope, receive, send)


class Torn(Line):
    """A line on which bodies come in pieces."""

    def __init__(self, torn: TornBody, scope: Scope, receive: Receive, send: Send) -> None:
        super().__init__(scope, receive, send)
        self.size, self.end = torn.size, torn.end
        self.rest = b""  # has come from the server, and was not given to the app
        self.is_more = False  # what the server has said of the rest
        self.given = 0

    async def receive(self) -> Message:
        """The next piece."""
        if not self.rest or self.is_lost:
            message = await super().receive()
            if message["type"] != "http.request" or not message.get("body"):
                return message
            self.rest, self.is_more = bytes(message["body"]), message.get("more_body", False)
        piece = self.rest[: self.size] if self.end is None else self.rest[: min(self.size, self.end - self.given)]
        if not piece:
            self.cut()
            return await super().receive()
        self.rest = self.rest[len(piece) :]
        self.given += len(piece)
        return {"type": "http.request", "body": piece, "more_body": bool(self.rest) or self.is_more}
