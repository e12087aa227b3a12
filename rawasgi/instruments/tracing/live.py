"""An app in -> a server that serves it and tells every request that it has answered out.

bytes > [server > app > middleware > routing > handler > response] > bytes

Each request has a recorder of its own, which a context variable leads to: requests that run at the same time do not
mix. The server is tiny's, on a thread; the main thread waits for Ctrl-C, so that an app that blocks can be left.

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#overview
In FastAPI:   none, because it leaves serving to uvicorn.main:main
In Starlette: none, because it leaves serving to uvicorn.main:main
In Flask:     flask.cli:run_command
Left out:     WSGI apps: ask them one request at a time
"""

import asyncio
import signal
import socket
import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from rawasgi.instruments.apart import NAME
from rawasgi.instruments.layers import Layer, probed
from rawasgi.instruments.tracing.recorder import Recorder, trace_of
from rawasgi.instruments.tracing.trace import Trace
from rawasgi.messages.types import ASGIApp, Receive, Scope, Send

try:
    from rawasgi.tiny.server import PATIENCE, serve

    MISSING = ""
except ModuleNotFoundError as missing:  # all else that traces does without a server
    MISSING = missing.name or "a package"

RECORDING: ContextVar[Recorder | None] = ContextVar("the recorder of a live request", default=None)
LOOK = 0.2  # seconds that one wait for the end may last
GRACE = 1.0  # seconds more than the server's own patience


def live_probe(layer: Layer) -> ASGIApp:
    """What stands before a layer: it hands the call to the recorder of the request."""

    async def probe(scope: Scope, receive: Receive, send: Send) -> None:
        recorder = RECORDING.get()
        if recorder is None:
            await layer.app(scope, receive, send)
        else:
            await recorder.see(layer, scope, receive, send)

    return probe


def telling(app: ASGIApp, tell: Callable[[Trace], object], target: str) -> ASGIApp:
    """The app with a recorder for each request; `tell` hears of its trace when it has ended."""

    async def tell_each(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await app(scope, receive, send)
            return
        recorder = Recorder()
        RECORDING.set(recorder)
        asked = {**scope}
        error: BaseException | None = None
        try:
            await app(scope, receive, send)
        except BaseException as raised:
            error = raised
            raise
        finally:
            tell(trace_of(recorder, asked, error, target))

    return tell_each


class LiveServer:
    """The server on its thread. `end` closes it; False where the app did not let go in time.

    `over` says when it has ended. `Thread.join` cannot: before Python 3.13 a Ctrl-C in the middle of it counts as the end.
    """

    def __init__(self, app: ASGIApp, bound: socket.socket) -> None:
        self.app = app
        self.bound = bound
        self.started: bool | None = None  # False where the app's start-up has failed
        self.error: BaseException | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        self.stop: asyncio.Event | None = None
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run, name=NAME, daemon=True)

    def run(self) -> None:
        """What the thread does."""
        try:
            asyncio.run(self.served())
        except BaseException as error:
            self.error = error
        finally:
            self.over.set()

    async def served(self) -> None:
        """Serve until `end`."""
        self.loop, self.stop = asyncio.get_running_loop(), asyncio.Event()
        self.started = await serve(self.app, self.bound, self.stop)

    def end(self) -> bool:
        """Close the door, and wait until the app has let go."""
        if self.loop is not None and self.stop is not None and not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.stop.set)
        return self.over.wait(PATIENCE + GRACE)


def serve_and_tell(app: ASGIApp, bound: socket.socket, tell: Callable[[Trace], object], target: str) -> LiveServer:
    """Serve until Ctrl-C, SIGTERM, or the app's own end. Gives back the server, to be asked how it ended."""

    def interrupt(number: int, frame: Any) -> None:
        raise KeyboardInterrupt

    before = [(number, signal.signal(number, interrupt)) for number in (signal.SIGINT, signal.SIGTERM)]
    try:
        with probed(app, live_probe) as watched:
            server = LiveServer(telling(watched, tell, target), bound)
            try:
                server.thread.start()
                while not server.over.wait(LOOK):
                    pass  # a signal that comes while a wait is about to begin does not end it, and is heard after it
            except KeyboardInterrupt:
                server.end()
    finally:
        for number, handler in before:
            signal.signal(number, handler)
    return server
