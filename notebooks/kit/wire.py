"""An app -> the app on tiny's server, on a real socket of loopback, and clients that speak to it, out.

bytes > [server] > app > middleware > routing > handler > response > bytes

h11 and wsproto write and read the client's bytes, as they do the server's.

Left out: everything that a browser would add.
"""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import h11
import wsproto
from wsproto import events as ws

from notebooks.kit import spans
from notebooks.kit.predictions import gate
from rawasgi.messages.types import ASGIApp, Receive, Scope, Send
from rawasgi.tiny.server import serve

DEADLINE = 10.0  # seconds that a visit may take
READ = 65_536  # bytes


class Watch:
    """An app around an app, which notes every call: its scope, its beginning and its end."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.scopes: list[Scope] = []
        self._steps = 0
        self._begun: list[int] = []
        self._ended: dict[int, int] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Note, call, note."""
        number = len(self.scopes)
        self.scopes.append(scope)
        self._begun.append(self._step())
        try:
            await self.app(scope, receive, send)
        finally:
            self._ended[number] = self._step()

    def _step(self) -> int:
        self._steps += 1
        return self._steps

    @property
    def kinds(self) -> list[str]:
        """The type of every scope, in the order of the calls."""
        return [scope["type"] for scope in self.scopes]

    @property
    def spans(self) -> list[spans.Span]:
        """Every call from its beginning to its end."""
        return [
            spans.Span(scope["type"], scope.get("path", ""), begun, self._ended.get(number, 0))
            for number, (scope, begun) in enumerate(zip(self.scopes, self._begun, strict=True))
        ]

    def __repr__(self) -> str:
        return spans.text(self.spans)

    def _repr_svg_(self) -> str:
        return spans.svg(self.spans)


class Line:
    """One connection to a served app."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.http = h11.Connection(h11.CLIENT)
        self.frames = wsproto.WSConnection(wsproto.ConnectionType.CLIENT)

    async def get(self, target: str) -> int:
        """GET a page, read its body to the end, and give the status."""
        request = h11.Request(method="GET", target=target, headers=[("host", "localhost")])
        self.writer.write((self.http.send(request) or b"") + (self.http.send(h11.EndOfMessage()) or b""))
        status = 0
        while not isinstance(event := self.http.next_event(), h11.EndOfMessage):
            if event is h11.NEED_DATA:
                self.http.receive_data(await self.reader.read(READ))
            elif isinstance(event, h11.Response):
                status = event.status_code
        if self.http.our_state is self.http.their_state is h11.DONE:
            self.http.start_next_cycle()
        return status

    async def open_websocket(self, target: str) -> ws.Event:
        """Shake hands: `AcceptConnection`, or `RejectConnection` with its status."""
        self.writer.write(self.frames.send(ws.Request(host="localhost", target=target)))
        return await self._next_frame()

    async def say(self, text: str) -> str:
        """Send a text, and give the next one that comes."""
        self.writer.write(self.frames.send(ws.TextMessage(text)))
        event = await self._next_frame()
        return event.data if isinstance(event, ws.TextMessage) else repr(event)

    async def close_websocket(self) -> None:
        """Close as a browser does: say so, and wait for the answer."""
        self.writer.write(self.frames.send(ws.CloseConnection(1000)))
        while not isinstance(await self._next_frame(), ws.CloseConnection):
            pass

    async def _next_frame(self) -> ws.Event:
        while True:
            for event in self.frames.events():
                return event
            self.frames.receive_data(await self.reader.read(READ) or None)


class Door:
    """Where a served app lets clients in. `log` holds what the server said about it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.log: list[str] = []
        self._lines: list[Line] = []

    async def connect(self) -> Line:
        """Open one TCP connection."""
        line = Line(*await asyncio.open_connection("127.0.0.1", self.port))
        self._lines.append(line)
        return line

    async def leave(self) -> None:
        """Close every connection."""
        for line in self._lines:
            line.writer.close()
            try:
                await line.writer.wait_closed()
            except OSError:
                pass  # the server hung up first


class Notes(logging.Handler):
    """Keeps what tiny logs, without its traceback: a page is no place for one."""

    def __init__(self, log: list[str]) -> None:
        super().__init__()
        self.log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Take one line down."""
        cause = record.exc_info[1] if record.exc_info else None
        self.log.append(record.getMessage() + (f": {cause!r}" if cause else ""))


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[Door]:
    """Serve `app` with `rawasgi.tiny.server:serve` while the block runs; the system chooses the port."""
    gate()
    stop, logger = asyncio.Event(), logging.getLogger("rawasgi.tiny")
    with socket.create_server(("127.0.0.1", 0)) as bound:
        door = Door(bound.getsockname()[1])
        notes = Notes(door.log)
        logger.addHandler(notes)
        logger.propagate = False
        server = asyncio.create_task(serve(app, bound, stop))
        try:
            async with asyncio.timeout(DEADLINE):
                yield door
        finally:
            await door.leave()
            stop.set()
            await server
            logger.removeHandler(notes)
            logger.propagate = True
