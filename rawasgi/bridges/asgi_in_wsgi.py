"""An ASGI app in -> a WSGI application that asks it on an event loop of its own out.

bytes > server > [app] > middleware > routing > handler > response > bytes

One event loop on one thread, for all calls, from the first one (or from `with`) to the last. A loop for each call would
be simpler, and wrong: what the lifespan opens belongs to the loop that it was opened on. It is made at first use and
not before, since servers such as gunicorn fork, and a thread does not live through a fork.

The two sides take turns. The server's thread calls, and then waits for what the app says:

    receive()            the server's thread reads wsgi.input, up to 64 KiB, and hands it over
    http.response.start  start_response
    http.response.body   an item of the iterable; `send` returns when the server comes back for the next one
    close() too early    receive() gives http.disconnect, send() raises OSError

Only a server that comes back tells that its client is there: nobody says `http.disconnect` while the app computes. What
WSGI has no word for is not offered (extensions), or never seen (websockets).

Spec:         https://peps.python.org/pep-3333/#the-server-gateway-side
In FastAPI:   none, because it is the application: another package has to be the bridge
In Starlette: none, because it is the application: another package has to be the bridge
In Flask:     none, because it is on the other side: asgiref.wsgi:WsgiToAsgi
Left out:     early hints, trailers, push, which WSGI cannot say
"""

import asyncio
import atexit
import logging
import os
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import partial
from http import HTTPStatus
from typing import Any, Self
from wsgiref.util import is_hop_by_hop

from rawasgi.bridges.environ import body_length, scope_of
from rawasgi.messages.states import HTTP_APP, Side
from rawasgi.messages.types import ASGIApp, Message
from rawasgi.responses import BODILESS
from rawasgi.toolkit.lifespans import alive

PIECE = 1 << 16  # bytes of a request body that are read at once
GRACE = 5.0  # seconds that background tasks have to end, when the bridge is closed
logger = logging.getLogger("rawasgi.bridges")


class ASGIMiddleware:
    """`application = ASGIMiddleware(app)`: for any WSGI server. Use it with `with`, or let the first call start it.

    Raises what the app's start-up reports, as `LifespanError`, from `with` or from each call until it succeeds; its
    shutdown runs at the end of `with`, at `close()`, or when the interpreter ends.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.opening = threading.Lock()
        self.home: Home | None = None

    def open(self) -> "Home":
        """The loop of this process; started, with the app's lifespan, where there is none yet."""
        with self.opening:
            if self.home is None or self.home.process != os.getpid():
                home = Home(self.app)
                home.start()
                self.home = home
                atexit.register(self.close)
            return self.home

    def close(self) -> None:
        """End what still runs, run the app's shutdown, and end loop and thread. Raises what the shutdown reports."""
        with self.opening:
            home, self.home = self.home, None
        atexit.unregister(self.close)
        if home is not None and home.process == os.getpid():
            home.close()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        """Answer one request; raises what the app raises before it has answered."""
        home = self.open()
        try:
            rest = body_length(environ)
            scope = scope_of(environ, home.state)
        except ValueError as error:
            start_response("400 Bad Request", [("Content-Type", "text/plain; charset=utf-8")])
            return iter([str(error).encode()])
        exchange = Exchange(home.loop, environ, rest)
        home.ask(exchange.run(self.app, scope))
        answer = Answer(exchange)
        try:
            status, fields = answer.head()
            start_response(status, fields)
        except BaseException:
            answer.close()
            raise
        return answer


class Home:
    """An event loop on a thread, inside the app's lifespan."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.process = os.getpid()
        self.state: dict[str, Any] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        self.ready: Future[asyncio.AbstractEventLoop] = Future()
        self.leaving = asyncio.Event()
        self.failure: BaseException | None = None
        self.thread = threading.Thread(target=self.run, name="ASGI in WSGI", daemon=True)

    def start(self) -> None:
        """Start the thread, and wait until the app's start-up is complete."""
        self.thread.start()
        self.loop = self.ready.result()

    def run(self) -> None:
        """The thread: a loop from start-up to shutdown."""
        try:
            asyncio.run(self.live())
        except BaseException as error:
            if self.ready.done():
                self.failure = error
            else:
                self.ready.set_exception(error)

    async def live(self) -> None:
        """Be inside the lifespan until somebody leaves; then give the last tasks a chance."""
        async with alive(self.app, "the ASGI side") as self.state:
            self.ready.set_result(asyncio.get_running_loop())
            await self.leaving.wait()
            if self.tasks:
                _, late = await asyncio.wait(self.tasks, timeout=GRACE)
                for task in late:
                    task.cancel()

    def ask(self, coroutine: Any) -> None:
        """Run a call of the app as a task."""

        def begin() -> None:
            task = self.loop.create_task(coroutine)
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

        self.loop.call_soon_threadsafe(begin)

    def close(self) -> None:
        """Leave the lifespan and wait for the thread."""
        if self.thread.is_alive():
            self.loop.call_soon_threadsafe(self.leaving.set)
        self.thread.join()
        if self.failure is not None:
            raise self.failure


class Exchange:
    """One call of the app. What it wants of the server's thread goes into `wishes`: a read, a message, or its end."""

    def __init__(self, loop: asyncio.AbstractEventLoop, environ: dict[str, Any], rest: int | None) -> None:
        self.loop = loop
        self.environ = environ
        self.rest = rest  # bytes of the body that nobody has read; None: nobody knows
        self.side = Side(HTTP_APP)
        self.wishes: queue.SimpleQueue[Message | asyncio.Future[bytes] | BaseException | None] = queue.SimpleQueue()
        self.reading: asyncio.Future[bytes] | None = None
        self.taken: asyncio.Future[None] | None = None
        self.is_read = False
        self.has_left = False
        self.ending = asyncio.Event()  # the response is complete, or nobody wants it

    # --- on the loop

    async def run(self, app: ASGIApp, scope: dict[str, Any]) -> None:
        """Call the app; what it raises goes to the server's thread, or to the log where that has its response."""
        error: BaseException | None = None
        try:
            await app(scope, self.receive, self.send)
        except asyncio.CancelledError:
            error = RuntimeError("the bridge was closed before the app had answered")
        except BaseException as raised:
            error = raised
        if self.ending.is_set():
            if isinstance(error, Exception) and not (self.has_left and isinstance(error, OSError)):
                logger.error("an ASGI app failed when its response was out", exc_info=error)
        elif error is None:
            error = RuntimeError(f"the ASGI app has ended, and its response was {self.side.state}")
        self.end()
        self.wishes.put(error)

    async def receive(self) -> Message:
        """A piece of the body, then nothing until the response is complete, then `http.disconnect`."""
        if not (self.is_read or self.ending.is_set()):
            piece = b"" if self.rest == 0 else await self.read()
            if not self.ending.is_set():
                self.rest = None if self.rest is None else self.rest - len(piece)
                self.is_read = not piece or self.rest == 0
                if piece or not self.rest:
                    return {"type": "http.request", "body": piece, "more_body": not self.is_read}
                self.leave()  # fewer bytes than were announced: the client is gone
        await self.ending.wait()
        return {"type": "http.disconnect"}

    async def read(self) -> bytes:
        """Let the server's thread read; a `receive` that is cancelled meanwhile loses nothing."""
        if self.reading is None:
            self.reading = self.loop.create_future()
            self.wishes.put(self.reading)
        piece = await asyncio.shield(self.reading)
        self.reading = None
        return piece

    async def send(self, message: Message) -> None:
        """Hand a message over, and wait until the server's thread has come back for more."""
        self.side.says(message)
        kind = message["type"]
        if kind not in ("http.response.start", "http.response.body") or message.get("trailers"):
            raise RuntimeError(f"WSGI cannot carry {kind} with {sorted(message)}: this bridge offers no extension")
        if self.has_left:
            raise OSError("the WSGI server has closed the response")
        self.wishes.put(message)
        if self.side.state == "complete":
            self.end()
        elif kind == "http.response.body":
            self.taken = self.loop.create_future()
            await self.taken

    def leave(self) -> None:
        """The client is gone, or nobody reads on."""
        self.has_left = True
        self.end()
        self.go_on()

    def end(self) -> None:
        """Nothing of the body will be read any more, and nothing of the response."""
        self.ending.set()
        if self.reading is not None and not self.reading.done():
            self.reading.set_result(b"")

    def go_on(self) -> None:
        """The server's thread has come back: `send` returns, or raises that nobody is there."""
        taken, self.taken = self.taken, None
        if taken is not None and not taken.done():
            if self.has_left:
                taken.set_exception(OSError("the WSGI server has closed the response"))
            else:
                taken.set_result(None)

    # --- on the server's thread

    def next_wish(self) -> Message | BaseException | None:
        """The next message of the app, or its end; reads the body as often as it is asked to."""
        while isinstance(wish := self.wishes.get(), asyncio.Future):
            size = PIECE if self.rest is None else min(PIECE, self.rest)
            try:
                self.tell(partial(settle, wish, self.environ["wsgi.input"].read(size)))
            except Exception:  # each server has its own word for a client that broke off
                self.tell(self.leave)
        return wish

    def tell(self, what: Callable[[], object]) -> None:
        """Do something on the loop; nothing where that has ended already."""
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(what)


def settle(wish: "asyncio.Future[bytes]", piece: bytes) -> None:
    """Fulfil a wish, if somebody still has it."""
    if not wish.done():
        wish.set_result(piece)


class Answer:
    """The iterable of a response. `close` ends it, whoever calls it, and however often."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.is_over = False
        self.has_taken = False  # something, so that `send` waits for us
        self.is_silent = exchange.environ["REQUEST_METHOD"] == "HEAD"  # no byte of a body may follow

    def head(self) -> tuple[str, list[tuple[str, str]]]:
        """Wait for `http.response.start`: the status with a reason, and the headers."""
        start = self.exchange.next_wish()
        if start is None or isinstance(start, BaseException):
            self.is_over = True
            raise start or RuntimeError("the ASGI app has ended without a response")
        code = int(start["status"])
        self.is_silent |= code in BODILESS
        phrase = HTTPStatus(code).phrase if code in HTTPStatus._value2member_map_ else "Unknown"
        fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start.get("headers", ())]
        return f"{code} {phrase}", [(name, value) for name, value in fields if not is_hop_by_hop(name)]

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        while not self.is_over:
            if self.has_taken:
                self.exchange.tell(self.exchange.go_on)
            message = self.exchange.next_wish()
            if message is None or isinstance(message, BaseException):
                self.is_over = True
                raise message or RuntimeError("the ASGI app has ended in its response")
            self.has_taken, self.is_over = True, not message.get("more_body", False)
            body = message.get("body", b"")
            if body and not self.is_silent:
                return bytes(body)
        raise StopIteration

    def close(self) -> None:
        """Nobody wants the rest: the app hears of it, and goes on to its own end."""
        if not self.is_over:
            self.is_over = True
            self.exchange.tell(self.exchange.leave)
