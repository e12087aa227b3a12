"""A coroutine, or an app and its client, in -> what comes of it, on virtual time, out.

[bytes > server > app > middleware > routing > handler > response > bytes]

    with VirtualClock() as clock:
        clock.run(asyncio.sleep(3600))     # at once
        clock                              # <VirtualClock at 3600 s after 1 jump>

Whoever has a clock says when time may pass: while `run` waits for a coroutine, and never between two runs. The tasks
that one run has started go on in the next one, so `clock.run(asyncio.sleep(60))` means "a minute goes by".

A client fits onto it, for it does nothing but wait for one coroutine after the other: `TestClient(app, clock=clock)`.
The app then runs on the client's own thread, and only while the client waits. Without a client it is
`clock.run(Conversation(app, *request("GET", "/")).run())`.

Spec:         none, because time is the event loop's: https://docs.python.org/3/library/asyncio-runner.html
In FastAPI:   none, because it leaves time to the event loop
In Starlette: anyio.from_thread:BlockingPortal, which runs an app beside its client in real time
In Flask:     none, because a WSGI application waits in its thread
Left out:     a clock that runs beside the real one, faster; time that tests set by hand
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, Self, TypeVar

from rawasgi.instruments.virtual.loop import Jump, VirtualEventLoop

T = TypeVar("T")
DAY = 86_400.0  # seconds, virtual ones: the time that a cancelled task has to end, before it is cancelled again


class VirtualClock:
    """An event loop on virtual time, run as long as you wait for something, and closed when you leave the block.

    `threads` is "refused", or "inline": functions meant for a thread are then called on the loop. `max_jumps` bounds each
    run. `jumps` lists the silences that were skipped.
    """

    def __init__(self, threads: str = "refused", max_jumps: int = 100_000) -> None:
        self.loop = VirtualEventLoop(threads, max_jumps)

    @property
    def jumps(self) -> list[Jump]:
        """The silences that were skipped: `print(*clock.jumps, sep="\\n")`."""
        return self.loop.jumps

    def time(self) -> float:
        """Seconds since the clock was made, by its own count."""
        return self.loop.time()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end, and give its result. It sees your context variables, and changes none of them.

        Raises what the coroutine raises; `Deadlock` where it waits and nothing will ever happen; `Runaway` where time
        runs on and it does not end. The coroutine has been cancelled then, and has ended. Other tasks wait for the
        next run.
        """
        if is_on_a_loop():
            coroutine.close()
            raise RuntimeError("a clock runs an event loop of its own, and another one is running on this thread")
        task = self.loop.create_task(coroutine)
        try:
            return self.loop.run_until_complete(task)
        finally:
            if not task.done():
                self._end({task})

    call = run  # the name by which a client knows it

    def keep(self, task: asyncio.Task[Any]) -> None:
        """Hold a task while it runs: this loop does so by itself."""

    def close(self) -> None:
        """Cancel what still waits, close asynchronous generators, and the loop. Deadlines of this are virtual too."""
        if self.loop.is_closed():
            return
        try:
            self._end(asyncio.all_tasks(self.loop))
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        finally:
            self.loop.close()

    def _end(self, tasks: set[asyncio.Task[Any]]) -> None:
        """Cancel tasks until they have ended: who swallows it, or waits for ever in a `finally`, gets another, ten at most."""
        for _ in range(10):
            late = {task for task in tasks if not task.done()}
            if late:
                for task in late:
                    task.cancel()
                self.loop.run_until_complete(asyncio.wait(late, timeout=DAY))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<VirtualClock {self.loop.reading()}>"


def is_on_a_loop() -> bool:
    """Whether an event loop runs on this thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
