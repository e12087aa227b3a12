"""A WSGI application in -> an ASGI app that runs it on a thread out.

bytes > server > [app] > middleware > routing > handler > response > bytes

    http.request …        ->  wsgi.input, the whole body (in memory up to `spool_size`, then in a file)
    start_response(…)     ->  nothing yet: until the first byte it may be called again, with exc_info
    a piece, write(data)  ->  http.response.start, http.response.body; the thread waits until `send` has returned
    the end               ->  http.response.body, the last; then close() of the iterable, whatever has happened

A WSGI application blocks, so it has one of the 40 threads from its call until its iterable is closed: a slow client
keeps it as long as gunicorn's gthread would. It cannot be told that the client has gone; it is stopped at its next piece.
When the request is cancelled, the same happens, and the cancellation waits for the thread.

Spec:         https://peps.python.org/pep-3333/#specification-details
In FastAPI:   none, because it names another package: asgiref.wsgi:WsgiToAsgi, for example
In Starlette: none, because its own module is deprecated, and names another package
In Flask:     asgiref.wsgi:WsgiToAsgi, which holds no iterable to its close
Left out:     wsgi.file_wrapper, a body that is read while it comes
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import Any
from wsgiref.util import is_hop_by_hop

from rawasgi.bridges.environ import environ_of
from rawasgi.concurrency import as_lifespan, run_in_threadpool, run_lifespan
from rawasgi.datastructures import encoded
from rawasgi.messages.scopes import spec_version
from rawasgi.messages.types import Header, Message, Receive, Scope, Send
from rawasgi.requests import ClientDisconnect
from rawasgi.responses import BODILESS, until_disconnect
from rawasgi.websockets import refuse

WSGIApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | None


class WSGIMiddleware:
    """`Mount("/old", WSGIMiddleware(flask_app))`. Bodies above `spool_size` bytes are kept in a file meanwhile.

    A websocket is refused, and the lifespan answered: WSGI knows neither.
    """

    def __init__(self, app: WSGIApp, spool_size: int = 1 << 20) -> None:
        self.app = app
        self.spool_size = spool_size

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one scope."""
        if scope["type"] == "websocket":
            await refuse(scope, receive, send)
        elif scope["type"] == "lifespan":
            await run_lifespan(as_lifespan(None), self, scope, receive, send)  # it closes the threads at its end
        else:
            with SpooledTemporaryFile(self.spool_size) as body:
                length = await spool(receive, body, self.spool_size)
                if length is not None:  # else the client left before the application was called
                    environ = environ_of(scope, body, length) | {"rawasgi.scope": scope}  # for what WSGI cannot say
                    await Call(self.app, environ).answer(scope, receive, send)


async def spool(receive: Receive, body: Any, in_memory: int) -> int | None:
    """Write the whole body into a file, and go back to its start: the bytes, or None where the client leaves."""
    length, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        piece = message.get("body", b"")
        length += len(piece)
        if length > in_memory:
            await run_in_threadpool(body.write, piece)  # that is a disk
        else:
            body.write(piece)
        more = message.get("more_body", False)
    body.seek(0)
    return length


class Call:
    """One call of the application: a thread that speaks, and the task of the request, which sends what it says."""

    def __init__(self, app: WSGIApp, environ: dict[str, Any]) -> None:
        self.app = app
        self.environ = environ
        self.loop = asyncio.get_running_loop()
        self.said: asyncio.Queue[tuple[Message, Future[None]] | None] = asyncio.Queue()
        self.over: ClientDisconnect | None = None
        self.head: Message | None = None  # what start_response has said, and nobody has heard
        self.is_open = False  # whether the head is out: then it cannot be changed
        self.is_complete = False
        self.room: int | None = None  # bytes that Content-Length still leaves
        self.is_silent = False  # no byte of a body may follow

    # --- in the task of the request

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application to its end, and send what it says; raises what it raises."""
        running = asyncio.create_task(run_in_threadpool(self.run))
        running.add_done_callback(lambda _: self.said.put_nowait(None))
        tasks: list[asyncio.Task[None]] = [running]
        if spec_version(scope) < (2, 4):  # until then `send` says nothing of a client that has gone
            tasks.append(asyncio.create_task(until_disconnect(receive)))
            tasks[1].add_done_callback(lambda listening: listening.cancelled() or self.stop())
        try:
            while (spoken := await self.said.get()) is not None:
                message, heard = spoken
                try:
                    await send(message)
                except BaseException:
                    heard.set_exception(self.stop())
                    raise
                self.is_complete = message.get("more_body") is False
                heard.set_result(None)
        finally:
            if not (running.done() or self.is_complete):
                self.stop()
                running.cancel()  # it waits for its thread; one that has not begun is given up
            await ended(tasks)
        if self.over is None:
            running.result()

    def stop(self) -> ClientDisconnect:
        """Nobody listens any more: the next word of the application raises, unless it was the last."""
        error = ClientDisconnect("the client left before the response was complete")
        if not self.is_complete:
            self.over = error
            while not self.said.empty():
                if (spoken := self.said.get_nowait()) is not None:
                    spoken[1].set_exception(error)
            self.said.put_nowait(None)
        return error

    def hand_over(self, message: Message, heard: "Future[None]") -> None:
        """Take a message from the thread; on the loop, so that it cannot miss the end."""
        if self.over is not None:
            heard.set_exception(self.over)
        else:
            self.said.put_nowait((message, heard))

    # --- on the thread

    def run(self) -> None:
        """Call the application, say its pieces, and close its iterable, whatever happens."""
        pieces = self.app(self.environ, self.start_response)
        try:
            for piece in pieces:
                if piece:  # "delay … until the iterable yields a non-empty string"
                    self.write(piece)
                if self.room == 0:
                    break  # "should stop iterating over the response when enough data has been sent"
            self.begin()
            self.say({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            if close := getattr(pieces, "close", None):
                close()

    def start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo = None
    ) -> Callable[[bytes], None]:
        """Note status and headers, to be sent with the first byte; the result is `write`.

        A second call needs `exc_info`, which is raised again where the head is out. ValueError for what HTTP cannot say.
        """
        if exc_info and self.is_open:
            raise exc_info[1].with_traceback(exc_info[2])
        if self.head is not None and not exc_info:
            raise RuntimeError("start_response was called twice, and the second time without exc_info")
        code = status[:3]
        if not (code.isascii() and code.isdecimal() and status[3:4] in ("", " ") and int(code) >= 200):
            raise ValueError(f"a status is a final code, a space and a reason, not {status!r}")
        fields = [field(name, value) for name, value in headers]
        lengths = [value for name, value in fields if name == b"content-length"]
        if any(not value.isdigit() for value in lengths):
            raise ValueError(f"a Content-Length is a number, not {lengths[0]!r}")
        self.room = int(lengths[0]) if lengths else None
        self.head = {"type": "http.response.start", "status": int(code), "headers": fields}
        self.is_silent = int(code) in BODILESS or self.environ["REQUEST_METHOD"] == "HEAD"
        return self.write

    def write(self, data: bytes) -> None:
        """Send the head, if it is not out yet, and these bytes; returns when the server has taken them."""
        self.begin()
        if self.room is not None:
            data = data[: self.room]  # "should not transmit more bytes to the client than the header allows"
            self.room -= len(data)
        if not self.is_silent:
            self.say({"type": "http.response.body", "body": bytes(data), "more_body": True})

    def begin(self) -> None:
        """Send the head."""
        if self.head is None:
            raise RuntimeError("the WSGI application gave a body, or none, before it called start_response")
        if not self.is_open:
            self.is_open = True
            self.say(self.head)

    def say(self, message: Message) -> None:
        """Let the request's task send this, and wait until it has. Raises `ClientDisconnect` once nobody listens."""
        heard: Future[None] = Future()
        self.loop.call_soon_threadsafe(self.hand_over, message, heard)
        heard.result()


async def ended(tasks: "Sequence[asyncio.Task[None]]") -> None:
    """Wait for the thread of the first task, however often this is cancelled; the others end with it."""
    cancelled = False
    while not all(task.done() for task in tasks):
        for listening in tasks[1:]:
            listening.cancel()
        try:
            await asyncio.wait(tasks)
        except asyncio.CancelledError:
            cancelled = True
    for task in tasks:
        if not task.cancelled():
            task.exception()  # seen
    if cancelled:
        raise asyncio.CancelledError


def field(name: str, value: str) -> Header:
    """One header field, as ASGI wants it; ValueError for one that is the server's to set."""
    if is_hop_by_hop(name):
        raise ValueError(f"{name!r} concerns one connection, and is the server's to set (PEP 3333)")
    return encoded(name, value)
