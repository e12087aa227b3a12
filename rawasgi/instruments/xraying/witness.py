"""A run of an app in -> every call of a function, told to those who watch, out.

bytes > server > [app > middleware > routing > handler > response] > bytes

Python tells a profile function of each call, on the thread that makes it: `call` and `return` for Python code, also
each time that a coroutine goes on or waits, `c_call` and `c_return` for what is built in. A `Witness` hears that on the
thread of the loop and on every thread that is started meanwhile, and passes it on. It keeps count: its ticks order what
happens between two events of the trace.

Nothing is left behind: a thread that lives on takes the profile function off itself, at the first call that it hears of
too late.

Spec:         none, because it is a matter of Python: https://docs.python.org/3/library/sys.html#sys.setprofile
In FastAPI:   fastapi.telemetry:TelemetryConfig, which the framework itself tells
In Starlette: none, because it leaves this to profilers
In Flask:     werkzeug.middleware.profiler:ProfilerMiddleware
Left out:     threads that were there before; time, for who watches slows what he sees
"""

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

from rawasgi.instruments.frames import is_own


class Clock:
    """The order of things: `tick` counts what was seen, `seq` is the number of the last event of the trace."""

    def __init__(self) -> None:
        self.now = 0
        self.seq = 0
        self.loop_thread = 0

    def tick(self) -> int:
        """The next number."""
        self.now += 1
        return self.now

    def look_here(self) -> None:
        """This is the thread of the loop."""
        self.loop_thread = threading.get_ident()

    @property
    def on_loop(self) -> bool:
        """Whether this is the thread of the loop."""
        return threading.get_ident() == self.loop_thread


class Watcher:
    """Who is told. This one sees nothing: others override what they want to see."""

    def call(self, frame: FrameType) -> None:
        """Python code begins, or goes on."""

    def leave(self, frame: FrameType, value: object) -> None:
        """Python code ends, or waits."""

    def c_call(self, frame: FrameType, function: Any) -> None:
        """`frame` calls what is built in."""

    def c_leave(self, frame: FrameType, function: Any) -> None:
        """What is built in has ended, or raised."""

    def close(self) -> None:
        """The watching is over: let go of all frames."""


METHODS = {"call": "call", "return": "leave", "c_call": "c_call", "c_return": "c_leave", "c_exception": "c_leave"}


class Witness:
    """The profile function: it tells the watchers. `failure` is what one of them raised; the app never hears of it."""

    def __init__(self, clock: Clock, watchers: Sequence[Watcher]) -> None:
        self.clock = clock
        self.told = {event: [getattr(w, name) for w in watchers] for event, name in METHODS.items()}
        self.failure: Exception | None = None
        self.is_over = False

    def __call__(self, frame: FrameType, event: str, value: Any) -> None:
        """What Python calls."""
        if self.is_over:
            sys.setprofile(None)  # on a worker that has outlived the run
            return
        if is_own(frame):
            return
        self.clock.tick()
        try:
            for tell in self.told[event]:
                tell(frame, *(() if event == "call" else (value,)))
        except Exception as error:
            self.failure = self.failure or error

    @contextmanager
    def hooked(self) -> Iterator[None]:
        """Hear of the threads that are started while the block lasts; put back what was there before."""
        theirs = threading.getprofile()
        threading.setprofile(self)
        try:
            yield
        finally:
            threading.setprofile(theirs)
            self.is_over = True
