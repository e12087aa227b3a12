"""An app in -> the app on tiny's server on loopback, and a client on a raw socket, out.

h11 and wsproto only read what the server says; what the client sends is written by hand, or framed by wsproto.
"""

import asyncio
import contextlib
import functools
import socket
from dataclasses import dataclass, field

import h11
from wsproto.connection import Connection, ConnectionType

from rawasgi.tiny.server import serve

DEADLINE = 10.0  # seconds: a test that takes longer hangs
TURNS = 500  # of the event loop: time enough for whatever is ready, without a look at the clock

# RFC 6455 1.3: the key of its own example, and the answer to it.
KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = (b"sec-websocket-accept", b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
UPGRADED = [(b"upgrade", b"websocket"), (b"connection", b"Upgrade"), ACCEPT]

DELIVERIES = ["whole", "byte by byte"]


def on_loop(test):
    """Run an async test on a loop of its own; what the loop would only have logged fails the test."""

    @functools.wraps(test)
    def run(*args, **kwargs):
        async def guarded():
            unhandled = []
            asyncio.get_running_loop().set_exception_handler(lambda loop, context: unhandled.append(context))
            async with asyncio.timeout(DEADLINE):
                await test(*args, **kwargs)
            assert unhandled == []

        asyncio.run(guarded())

    return run


async def turns(count=TURNS):
    """Let everything run that can: no waiting, the loop goes round `count` times."""
    for _ in range(count):
        await asyncio.sleep(0)


@dataclass
class Answer:
    """A whole response. `date` and `server` are left out of the headers, and counted."""

    status: int
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    complete: bool = True  # False: the connection ended before the response did
    informational: list[int] = field(default_factory=list, compare=False)


class Client:
    """One connection to the server, byte for byte."""

    def __init__(self, reader, writer):
        self.reader, self.writer, self.unread = reader, writer, b""
        self.frames = Connection(ConnectionType.CLIENT)

    @property
    def address(self):
        return self.writer.get_extra_info("sockname")

    @property
    def hung_up(self):
        """Whether the server's end of the connection has come."""
        return self.reader._eof

    async def send(self, data, delivery="whole"):
        """Bytes to the server: in one segment, or so that it reads them one by one."""
        if delivery == "whole":
            self.writer.write(data)
            return
        for byte in data:
            if self.hung_up:  # the server has heard enough; one more byte would reset the line and its answer
                return
            self.writer.write(bytes([byte]))
            await turns(8)  # through both ends of the socket, and to whoever waits there

    async def read(self):
        """What has come, at least a byte; b"" at the end."""
        data, self.unread = self.unread, b""
        return data or await self.reader.read(65_536)

    async def rest(self):
        """Every byte until the server hangs up."""
        data = b""
        while piece := await self.read():
            data += piece
        return data

    async def answer(self, method="GET", upgrade=False):
        """The next response."""
        parser = h11.Connection(h11.CLIENT)
        wish = [("connection", "upgrade"), ("upgrade", "websocket")] if upgrade else []
        parser.send(h11.Request(method=method, target="/", headers=[("host", "x"), *wish]))
        parser.send(h11.EndOfMessage())
        answer = Answer(0)
        while True:
            try:
                event = parser.next_event()
            except h11.RemoteProtocolError:  # the end came too early
                answer.complete = False
                return answer
            if event is h11.NEED_DATA:
                parser.receive_data(await self.read())
            elif isinstance(event, h11.Data):
                answer.body += bytes(event.data)
            elif isinstance(event, h11.InformationalResponse) and event.status_code != 101:
                answer.informational.append(event.status_code)
            elif isinstance(event, h11.Response | h11.InformationalResponse):
                answer.status = event.status_code
                answer.headers = [pair for pair in event.headers if pair[0] not in (b"date", b"server")]
            elif event is h11.PAUSED or isinstance(event, h11.EndOfMessage):
                self.unread = parser.trailing_data[0]
                return answer
            else:
                raise ConnectionError(f"{event!r} where a response should be")

    async def ask(self, *head, body=b"", delivery="whole"):
        """Send a request of these lines and give its answer."""
        await self.send(written(*head, body=body), delivery)
        return await self.answer(head[0].split()[0])

    async def open_socket(self, *headers, path="/", tail=b""):
        """Shake hands as a websocket; the answer, 101 or not."""
        await self.send(handshake(*headers, path=path) + tail)
        return await self.answer(upgrade=True)

    async def event(self):
        """The next event of the websocket; None where the server hung up."""
        while True:
            for event in self.frames.events():
                return event
            if not (data := await self.read()):
                return None
            self.frames.receive_data(data)

    async def say(self, *events, delivery="whole"):
        """Frames to the server, masked as a client's must be."""
        await self.send(b"".join(self.frames.send(event) for event in events), delivery)

    async def leave(self):
        """Hang up without a word."""
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()


class Served:
    """A running server: `stop` ends it, `outcome` is what `serve` gave."""

    def __init__(self, app, listener):
        self.port = listener.getsockname()[1]
        self.stop, self.clients = asyncio.Event(), []
        self.outcome = asyncio.create_task(serve(app, listener, self.stop))

    async def connect(self, buffer=None):
        """A new client; with kernel buffers of that many bytes where a test wants a narrow pipe."""
        pipe = socket.socket()
        pipe.setblocking(False)
        if buffer:
            narrow(pipe, buffer)
        try:
            await asyncio.get_running_loop().sock_connect(pipe, ("127.0.0.1", self.port))
        except OSError:
            pipe.close()
            raise
        client = Client(*await asyncio.open_connection(sock=pipe, limit=4096))
        self.clients.append(client)
        return client


def narrow(pipe, buffer):
    """Make the kernel's two buffers of a socket small."""
    for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
        pipe.setsockopt(socket.SOL_SOCKET, option, buffer)


@contextlib.asynccontextmanager
async def served(app, buffer=None):
    """Serve `app`; at the end every client leaves, the server stops and its listener is closed."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        if buffer:  # accepted sockets inherit them
            narrow(listener, buffer)
        server = Served(app, listener)
        try:
            yield server
        finally:
            for client in server.clients:
                await client.leave()
            server.stop.set()
            await asyncio.wait_for(server.outcome, DEADLINE)


def written(*head, body=b""):
    """A request as bytes: its first line and headers, then its body."""
    lines = head if any(line.lower().startswith("host:") for line in head) else (head[0], "host: x", *head[1:])
    return "\r\n".join([*lines, "", ""]).encode() + body


def handshake(*headers, path="/"):
    """The opening request of a websocket."""
    wish = (
        "connection: Upgrade",
        "upgrade: websocket",
        "sec-websocket-version: 13",
        f"sec-websocket-key: {KEY.decode()}",
    )
    return written(f"GET {path} HTTP/1.1", *wish, *headers)


async def whole_body(receive):
    """The request body as an app reads it, and the messages it came in."""
    messages, more = [], True
    while more:
        messages.append(await receive())
        more = messages[-1].get("more_body", False)
    return b"".join(message.get("body", b"") for message in messages), messages


async def reply(send, body=b"", status=200, headers=None):
    """A whole response in two messages, with its length unless other headers are given."""
    if headers is None:
        headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def for_http(call):
    """An app without a lifespan whose requests are answered by `call`."""

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            raise RuntimeError("no lifespan here")
        await call(scope, receive, send)

    return app


CONNECT = {"type": "websocket.connect"}
ACCEPTED = {"type": "websocket.accept"}


def disconnect(code, reason=""):
    """How a websocket ends, as its app hears it."""
    return {"type": "websocket.disconnect", "code": code, "reason": reason}


def talk(*answers):
    """An app that answers the connect with these messages, then echoes; it keeps all it received in `.received`."""

    async def call(scope, receive, send):
        app.scopes.append(scope)
        app.received.append(await receive())
        for answer in answers:
            await send(answer)
        while app.received[-1]["type"] != "websocket.disconnect":
            app.received.append(await receive())
            if app.received[-1]["type"] == "websocket.receive":
                await send({**app.received[-1], "type": "websocket.send"})
        app.over.set()

    app = for_http(call)
    app.received, app.scopes, app.over = [], [], asyncio.Event()
    return app
