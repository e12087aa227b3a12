"""Bytes in -> calls of an ASGI app, and bytes out.

[bytes > server] > app > middleware > routing > handler > response > bytes

A server is three things. `Line` is one TCP connection: bytes come in, bytes go out, and either direction has a brake.
A call (`HTTPCall`, `WebSocketCall`, `Lifespan`) is one run of `await app(scope, receive, send)`: it makes the scope,
and its `receive` and `send` translate between messages and the line. `serve` opens the door, and closes it in the
right order. h11 and wsproto know the bytes; the tables of `messages.states` know which message may follow which.

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html
In FastAPI:   none, because it runs on a server of your choice: uvicorn.protocols.http.h11_impl:H11Protocol
In Starlette: none, because it runs on a server of your choice: uvicorn.protocols.websockets.wsproto_impl:WSProtocol
In Flask:     none, because it runs on a server of your choice: gunicorn.workers.gthread:ThreadWorker
Left out:     TLS, HTTP/2, workers, access log, compression, a limit on message sizes, every extension but denial,
              absolute request targets
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Iterable
from email.utils import formatdate
from typing import Any
from urllib.parse import unquote

import h11
import wsproto
from wsproto import events as ws
from wsproto.connection import ConnectionState as Wire

from rawasgi.messages.states import HTTP_APP, LIFESPAN_APP, RETURN, WEBSOCKET_APP, Side
from rawasgi.messages.types import ASGIApp, Message

PATIENCE = 5.0  # seconds that we wait: for a next request, for a close frame, for open calls when the server stops
# RFC 9110 7.8: `upgrade` is to be ignored in HTTP/1.0, and where `connection` does not name it.
HANDSHAKE = {b"GET", b"1.1", (b"connection", b"upgrade"), (b"upgrade", b"websocket")}
log = logging.getLogger("rawasgi.tiny")


class ClientGone(OSError):
    """Raised by `send` when nobody is there any more: a "server-specific subclass of OSError"."""


class Line(asyncio.Protocol):
    """One TCP connection, from accept to close. asyncio calls the first five methods, the calls use the others."""

    def __init__(self, life: "Lifespan", lines: "set[Line]") -> None:
        self.app, self.state, self.lines = life.app, life.state, lines
        self.http, self.unread = h11.Connection(h11.SERVER), bytearray()
        self.news, self.writable = asyncio.Event(), asyncio.Event()
        self.gone = self.stopping = False

    def connection_made(self, transport: Any) -> None:
        self.transport: asyncio.Transport = transport
        self.writable.set()
        self.lines.add(self)
        self.task = asyncio.create_task(self.converse())

    def data_received(self, data: bytes) -> None:
        self.unread += data
        if len(self.unread) > 65_536:  # bytes that nobody has asked for yet
            self.transport.pause_reading()  # the brake: the kernel's buffer fills, and TCP makes the client wait
        self.news.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone = True
        self.news.set()
        self.writable.set()

    def pause_writing(self) -> None:
        self.writable.clear()

    def resume_writing(self) -> None:
        self.writable.set()

    def feed(self, parser: Any) -> None:
        """Give h11 or wsproto what has come in so far."""
        if self.unread:
            parser.receive_data(bytes(self.unread))
            self.unread.clear()
            self.transport.resume_reading()  # and not before: an app may wait without reading, for hours

    async def say(self, parser: Any, event: Any) -> None:
        """Send an event, and wait while the socket's buffer is full: that is all of back-pressure."""
        if (data := parser.send(event)) and not self.gone:
            self.transport.write(data)
            await self.writable.wait()

    async def something_new(self) -> None:
        """Wait until bytes came, the client left, the response ended or the server stops."""
        if not self.gone:
            await self.news.wait()
        self.news.clear()  # after the wait: what came while we were busy elsewhere is news too

    async def converse(self) -> None:
        """The requests of this connection, one after the other, until either side has had enough."""
        try:
            while request := await self.next_request():
                wishes = {(k, wish.strip()) for k, v in request.headers for wish in v.lower().split(b",")}
                is_handshake = {request.method, request.http_version, *wishes} >= HANDSHAKE
                call = WebSocketCall(self, request) if is_handshake else HTTPCall(self, request)
                await asyncio.create_task(call.run())  # a task each: no context variable leaks into the next request
        except (h11.RemoteProtocolError, wsproto.utilities.RemoteProtocolError, UnicodeError) as error:
            hint = getattr(error, "event_hint", None) or ws.RejectConnection(getattr(error, "error_status_hint", 400))
            await self.refuse(hint.status_code, hint.headers)  # no HTTP, or no handshake: no app is called
        finally:
            self.transport.close()
            self.lines.discard(self)

    async def next_request(self) -> h11.Request | None:
        """The head of the next request. What the app left unread of the last one lies before it: throw it away."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while self.http.our_state in (h11.IDLE, h11.DONE) and not (self.gone or self.stopping):
                    if self.http.our_state is self.http.their_state is h11.DONE:
                        self.http.start_next_cycle()
                    self.feed(self.http)
                    event = self.http.next_event()
                    if isinstance(event, h11.Request):
                        return event
                    if event is h11.NEED_DATA:
                        await self.something_new()
        return None

    async def refuse(self, status: int, more: Any = ()) -> None:
        """Answer in the app's place, where that is still possible. The connection ends with it."""
        if self.http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            headers = outgoing([(b"content-length", b"0"), (b"connection", b"close"), *more])
            await self.say(self.http, h11.Response(status_code=status, headers=headers))
        self.transport.close()

    def stop(self) -> None:
        """The server ends: who only waits is sent away at once, who is being served after this response."""
        self.stopping = True
        self.news.set()


def outgoing(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """An app's headers as they go out. Framing is the server's, so "transfer-encoding" from the app is ignored."""
    own = [(b"date", formatdate(usegmt=True).encode()), (b"server", b"rawasgi.tiny")]
    return own + [(bytes(name), bytes(value)) for name, value in headers if name != b"transfer-encoding"]


def common_scope(kind: str, line: Line, request: h11.Request) -> dict[str, Any]:
    """What the scopes of HTTP and of websockets have in common."""
    path, _, query = request.target.partition(b"?")
    about = {"type": kind, "asgi": {"version": "3.0", "spec_version": "2.5"}, "headers": list(request.headers)}
    where = {"path": unquote(path.decode("ascii")), "raw_path": path, "query_string": query, "root_path": ""}
    info = line.transport.get_extra_info
    ends = {"client": info("peername")[:2], "server": info("sockname")[:2]}
    # "a shallow copy of the namespace passed into the lifespan"
    return about | where | ends | {"http_version": request.http_version.decode(), "state": line.state.copy()}


class HTTPCall:
    """One request and its response: `http.request` and `http.disconnect` in, `http.response.*` out."""

    def __init__(self, line: Line, request: h11.Request) -> None:
        self.line, self.http, self.response = line, line.http, Side(HTTP_APP)
        self.scope = common_scope("http", line, request) | {"scheme": "http", "method": request.method.decode().upper()}

    async def run(self) -> None:
        try:
            await self.line.app(self.scope, self.receive, self.send)
            self.response.says(RETURN)
        except Exception:  # an app that stops because the client left has done right
            log.log(logging.DEBUG if self.line.gone else logging.ERROR, "the app failed", exc_info=True)
            await self.line.refuse(500)  # after the start it only hangs up: a torn body is the one honest sign left

    async def receive(self) -> Message:
        while not (self.line.gone or self.response.state == "complete"):
            if self.http.their_state is h11.SEND_BODY:
                if self.http.they_are_waiting_for_100_continue:
                    await self.line.say(self.http, h11.InformationalResponse(status_code=100, headers=[]))
                try:
                    self.line.feed(self.http)
                    event = self.http.next_event()
                except h11.RemoteProtocolError:
                    await self.line.refuse(400)  # which hangs up: the loop ends with a disconnect
                    continue
                if isinstance(event, h11.Data | h11.EndOfMessage):
                    body = bytes(event.data) if isinstance(event, h11.Data) else b""
                    return {"type": "http.request", "body": body, "more_body": isinstance(event, h11.Data)}
            await self.line.something_new()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if self.response.state == "complete":
            return  # "any further messages on the channel will be ignored"
        state = self.response.says(message)
        if self.line.gone:
            raise ClientGone(f"{message['type']} to a client that has left")
        if message["type"] == "http.response.start":
            headers = outgoing(message.get("headers", ()))
            await self.line.say(self.http, h11.Response(status_code=message["status"], headers=headers))
        elif self.scope["method"] != "HEAD":
            await self.line.say(self.http, h11.Data(data=message.get("body", b"")))
        if state == "complete":
            await self.line.say(self.http, h11.EndOfMessage())
            self.line.news.set()  # wakes a `receive` that waits for the end


class WebSocketCall:
    """One websocket: `websocket.connect`, `.receive`, `.disconnect` in; accept, send, close or a denial out."""

    def __init__(self, line: Line, request: h11.Request) -> None:
        self.line, self.request = line, request
        self.wire = wsproto.WSConnection(wsproto.ConnectionType.SERVER)
        self.socket, self.parts, self.ended = Side(WEBSOCKET_APP), list[Any](), False

    async def run(self) -> None:
        self.wire.initiate_upgrade_connection(list(self.request.headers), self.request.target.decode("ascii"))
        offer: Any = next(self.wire.events())
        self.line.unread[:0] = self.line.http.trailing_data[0]  # frames of a client that did not wait
        scope = common_scope("websocket", self.line, self.request)
        scope |= {"scheme": "ws", "subprotocols": offer.subprotocols, "extensions": {"websocket.http.response": {}}}
        try:
            await self.line.app(scope, self.receive, self.send)
            if self.wire.state is Wire.OPEN:  # an app that returns has nothing more to say
                await self.line.say(self.wire, ws.CloseConnection(code=1012 if self.line.stopping else 1000))
            else:
                self.socket.says(RETURN)
            asyncio.get_running_loop().call_later(PATIENCE, self.line.transport.close)
            while self.wire.state is Wire.LOCAL_CLOSING and not self.ended:
                await self.receive()  # the client's own close frame: then it has read ours
        except Exception:
            log.log(logging.DEBUG if self.line.gone or self.ended else logging.ERROR, "the app failed", exc_info=True)
            refusal = ws.RejectConnection(status_code=500, headers=outgoing(()))
            if last_word := {Wire.CONNECTING: refusal, Wire.OPEN: ws.CloseConnection(1011)}.get(self.wire.state):
                await self.line.say(self.wire, last_word)

    async def receive(self) -> Message:
        if self.socket.state == "awaiting_connect":
            return self.hear("websocket.connect")
        while not self.ended:
            if self.wire.state in (Wire.OPEN, Wire.LOCAL_CLOSING):
                self.line.feed(self.wire)
            for event in self.wire.events():
                if message := await self.translate(event):
                    return message
            if self.line.gone or self.line.stopping or self.wire.state is Wire.CLOSED:
                # 1006 "abnormal closure": no close frame came
                return self.hear("websocket.disconnect", code=1012 if self.line.stopping else 1006, reason="")
            await self.line.something_new()
        raise RuntimeError("receive() after websocket.disconnect: nothing can follow it")

    async def translate(self, event: ws.Event) -> Message | None:
        """A wsproto event as a message; None for what is the server's alone: pings, and parts of a message."""
        if isinstance(event, ws.Ping):
            await self.line.say(self.wire, event.response())
        elif isinstance(event, ws.CloseConnection):
            if self.wire.state is not Wire.CLOSED:
                await self.line.say(self.wire, event.response())
            return self.hear("websocket.disconnect", code=int(event.code), reason=event.reason or "")
        elif isinstance(event, ws.TextMessage | ws.BytesMessage):
            self.parts.append(event.data)
            if event.message_finished:
                key, empty = ("text", "") if isinstance(event, ws.TextMessage) else ("bytes", b"")
                whole, self.parts = empty.join(self.parts), []
                return self.hear("websocket.receive", **{key: whole})
        return None

    def hear(self, kind: str, **fields: Any) -> Message:
        message = {"type": kind, **fields}
        self.socket.hears(message)
        self.ended = kind == "websocket.disconnect"
        return message

    async def send(self, message: Message) -> None:
        if self.socket.state == "awaiting_connect":
            self.hear("websocket.connect")  # WS1 forbids it, yet Starlette refuses so: who answers was asked
        self.socket.says(message)
        if self.line.gone or self.ended:
            raise ClientGone(f"{message['type']} to a client that has left")
        event = WIRE_EVENTS[message["type"]](message)
        if isinstance(event, ws.CloseConnection) and self.wire.state is Wire.CONNECTING:
            event = ws.RejectConnection(status_code=403, headers=outgoing(()))  # no websocket yet: no close frame
        await self.line.say(self.wire, event)


WIRE_EVENTS: dict[str, Callable[[Message], ws.Event]] = {
    "websocket.accept": lambda m: ws.AcceptConnection(m.get("subprotocol"), [], list(m.get("headers", ()))),
    "websocket.send": lambda m: ws.TextMessage(m["text"]) if m.get("bytes") is None else ws.BytesMessage(m["bytes"]),
    "websocket.close": lambda m: ws.CloseConnection(m.get("code", 1000), m.get("reason")),
    "websocket.http.response.start": lambda m: ws.RejectConnection(m["status"], outgoing(m.get("headers", ())), True),
    "websocket.http.response.body": lambda m: ws.RejectData(m.get("body", b""), not m.get("more_body")),
}


class Lifespan:
    """The one call that spans the life of the server: `lifespan.startup`, `lifespan.shutdown`, and their answers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.state, self.side = app, dict[str, Any](), Side(LIFESPAN_APP)
        self.inbox, self.answers = asyncio.Queue[Message](), asyncio.Queue[str]()
        self.task = asyncio.create_task(self.run())
        self.task.add_done_callback(lambda task: self.answers.put_nowait("returned"))  # however it ended

    async def run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        try:
            await self.app(scope, self.inbox.get, self.send)
        except Exception as error:  # "the server must continue but not send any lifespan events"
            log.info("no lifespan events (any more): %r", error)

    async def ask(self, kind: str) -> str:
        """Deliver an event and wait for the answer, which may be that the app returned without one."""
        self.side.hears({"type": kind})
        self.inbox.put_nowait({"type": kind})
        return await self.answers.get()

    async def send(self, message: Message) -> None:
        self.side.says(message)
        if message["type"].endswith(".failed"):
            log.error("%s: %s", message["type"], message.get("message", ""))
        self.answers.put_nowait(message["type"])


async def serve(app: ASGIApp, bound: socket.socket, stop: asyncio.Event) -> bool:
    """Serve `app` on a bound socket until `stop` is set. False where its start-up failed: then nothing was served."""
    life, lines = Lifespan(app), set[Line]()
    if await life.ask("lifespan.startup") == "lifespan.startup.failed":
        return False
    door = await asyncio.get_running_loop().create_server(lambda: Line(life, lines), sock=bound, backlog=2048)
    log.info("listening on http://%s:%d", *bound.getsockname()[:2])
    await stop.wait()
    door.close()  # 1. nobody new comes in
    for line in lines:
        line.stop()  # 2. who only waits is sent away, who is being served may finish
    with contextlib.suppress(TimeoutError):  # 3. but not for ever: who is late is cancelled
        await asyncio.wait_for(asyncio.gather(*(line.task for line in lines), return_exceptions=True), PATIENCE)
    if life.side.state == "running":
        await life.ask("lifespan.shutdown")  # 4. only now: the server has "closed all active connections"
    return True
