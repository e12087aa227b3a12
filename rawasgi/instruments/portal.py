"""A coroutine of the thread that asks in -> its result, from an event loop on another thread, out.

[bytes > server] > app > middleware > routing > handler > response > bytes

A client that waits as ordinary functions do, and an app that runs on meanwhile, need two threads. The app's one has an
event loop that lives from the first question to `close`, so that what was made in one request is good in the next.

Spec:         none, because how a server calls an application is its own affair
In FastAPI:   starlette.testclient:TestClient
In Starlette: anyio.from_thread:BlockingPortal
In Flask:     none, because a WSGI application is called on the thread that asks
Left out:     other event loops, asking from the loop's own thread
"""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from rawasgi.instruments.conversation import end

T = TypeVar("T")


class Portal:
    """An event loop on a thread of its own, and a door into it. Started at first use, ended by `close`."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self.thread: threading.Thread | None = None
        self.opening = threading.Lock()
        self.tasks: set[asyncio.Task[Any]] = set()

    def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the loop, and wait for its result."""
        return self.submit(coroutine).result()

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> "Future[T]":
        """Run a coroutine on the loop; the result comes when it does."""
        with self.opening:
            if self.loop is None:
                self.loop = asyncio.new_event_loop()
                self.thread = threading.Thread(target=run, args=[self.loop], name="TestClient", daemon=True)
                self.thread.start()
        if threading.current_thread() is self.thread:
            coroutine.close()
            raise RuntimeError("the app cannot wait for its own TestClient: both are on one event loop")
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    def keep(self, task: asyncio.Task[Any]) -> None:
        """Hold a task while it runs: the loop does not, and one that only waits would be lost with its client."""
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def close(self) -> None:
        """Cancel what still runs, and end loop and thread."""
        loop, self.loop = self.loop, None
        if loop is not None and self.thread is not None:
            loop.call_soon_threadsafe(lambda: loop.create_task(finish(loop)))
            if threading.current_thread() is not self.thread:  # a lost client may be collected anywhere, even there
                self.thread.join()


def run(loop: asyncio.AbstractEventLoop) -> None:
    """Run a loop until it is stopped, and close it. `sys.exit` in an app ends its call; the task has the error."""
    stopped = False
    while not stopped:
        try:
            loop.run_forever()
            stopped = True
        except (SystemExit, KeyboardInterrupt):
            pass
    loop.close()


async def finish(loop: asyncio.AbstractEventLoop) -> None:
    """End every other task of the loop, its asynchronous generators, its default threads, and the loop."""
    try:
        await asyncio.gather(*map(end, asyncio.all_tasks() - {asyncio.current_task()}))
        await loop.shutdown_asyncgens()
        await loop.shutdown_default_executor()
    finally:
        loop.stop()


async def on_loop(something: Any) -> None:
    """Call a plain function on the loop's thread."""
    something()
