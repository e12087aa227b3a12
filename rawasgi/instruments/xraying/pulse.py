"""A running loop in -> how long something kept it from going round out.

bytes > [server > app > middleware > routing > handler > response] > bytes

Computing holds a loop as well as waiting does, and no call tells of it. So somebody beside the loop takes its pulse: a
thread asks it again and again to answer, and looks at the loop's thread while no answer comes. What counts is the time
that the thread has *computed* meanwhile, not what has passed: on a busy machine that may be much longer.

Spec:         none, because it leaves the loop to the server
In FastAPI:   none, because it leaves this to the server
In Starlette: none, because it leaves this to the server
In Flask:     none, because a thread that computes holds up one request alone
Left out:     systems that do not tell the time of another thread: there nothing is found
"""

import asyncio
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rawasgi.instruments.frames import Line
from rawasgi.instruments.xraying.sight import Held
from rawasgi.instruments.xraying.users import lines_to_user

LONG = 0.1  # seconds of computing in one piece
BEAT = 0.01


class Pulse:
    """Beside a loop: `held` are the pieces in which it computed for longer than `LONG`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, thread: int) -> None:
        self.loop = loop
        self.thread = thread
        self.held: list[Held] = []
        self._over = threading.Event()
        self._beside = threading.Thread(target=self._watch, name="the pulse of the loop", daemon=True)

    def _watch(self) -> None:
        clock = time.pthread_getcpuclockid(self.thread)
        while not self._over.wait(BEAT):
            answered = threading.Event()
            try:
                self.loop.call_soon_threadsafe(answered.set)
            except RuntimeError:
                return  # the loop is closed
            before, computed = time.clock_gettime(clock), 0.0
            lines: tuple[Line, ...] = ()
            while not answered.wait(BEAT) and not self._over.is_set():
                computed = time.clock_gettime(clock) - before
                if computed > LONG / 2:
                    lines = lines or self._look()
            if computed > LONG:
                self.held.append(Held("python", computed, lines))

    def _look(self) -> tuple[Line, ...]:
        return lines_to_user(sys._current_frames().get(self.thread))  # noqa: SLF001  # the only way, and documented

    def start(self) -> None:
        """Begin, where the system can tell the time of another thread."""
        if hasattr(time, "pthread_getcpuclockid"):
            self._beside.start()

    def stop(self) -> None:
        """End, and wait until nothing is left."""
        self._over.set()
        if self._beside.ident is not None:
            self._beside.join()


@asynccontextmanager
async def taken() -> AsyncIterator[list[Held]]:
    """Take the pulse of this loop, from its own thread, while the block lasts."""
    pulse = Pulse(asyncio.get_running_loop(), threading.get_ident())
    pulse.start()
    try:
        yield pulse.held
    finally:
        pulse.stop()
