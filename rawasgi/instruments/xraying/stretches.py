"""Calls of functions in -> the stretches in which the user's functions ran, out.

bytes > server > [app > middleware > routing > handler > response] > bytes

A stretch lasts from the first line of a function to its last, however often a coroutine waits in between. A generator
that somebody leaves open, such as a dependency with `yield`, has two: from its start to its first value, and from
there to its end.

Only what a library calls has a stretch: handlers, dependencies, middleware, background tasks. What those call is theirs.

Spec:         none, because the specification says what an app sends, not which functions it has
In FastAPI:   none, because it leaves this to profilers
In Starlette: none, because it leaves this to profilers
In Flask:     none, because it leaves this to profilers
Left out:     the values that a generator gives after its first
"""

import asyncio
import dis
import functools
import inspect
import sys
import threading
import time
from collections.abc import Iterable
from types import CodeType, FrameType
from typing import Any

from rawasgi.instruments.xraying.sight import Part, Ran, Stretch
from rawasgi.instruments.xraying.users import NO_FUNCTION, head, is_from, is_users
from rawasgi.instruments.xraying.witness import Clock, Watcher

PAUSES = ("YIELD_VALUE", "RESUME")  # where the frame of a coroutine stands while it waits; RESUME since Python 3.13
KNOWN = ("fastapi", "starlette", "pydantic", "pydantic_core", "rawasgi", "typing_extensions", "annotated_types")
WAITING = (
    "_io",
    "io",
    "posix",
    "nt",
    "_socket",
    "socket",
    "_ssl",
    "select",
    "sqlite3",
    "_sqlite3",
    "_thread",
    "_queue",
)


class Stretches(Watcher):
    """The watcher: `ran` is what ran, in the order of its beginning. `chosen` code counts whoever calls it."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.ran: list[Ran] = []
        self.chosen: set[CodeType] = set()
        self._open: dict[FrameType, Ran] = {}
        self._in_thread: dict[int, Ran] = {}  # what a worker runs

    def call(self, frame: FrameType) -> None:
        """A function begins or goes on."""
        code = frame.f_code
        if (ran := self._open.get(frame)) is not None:
            self._go_on(ran)
        elif self._counts(frame):
            part = Part(self.clock.now, self.clock.seq)
            ran = Ran(code, threading.current_thread().name, self.clock.on_loop, task_name(), [part])
            self.ran.append(ran)
            self._open[frame] = ran
        elif (inside := self._in_thread.get(threading.get_ident())) is not None:
            self._look_at(inside, code)
            return
        else:
            return
        if not ran.on_loop:
            self._in_thread.setdefault(threading.get_ident(), ran)
            ran.cpu -= time.thread_time()

    def _counts(self, frame: FrameType) -> bool:
        code = frame.f_code
        if code in self.chosen:
            return True
        if not is_users(code) or code.co_name in NO_FUNCTION:
            return False
        return frame.f_back is None or not is_users(frame.f_back.f_code)

    def _go_on(self, ran: Ran) -> None:
        ran.resumed += 1
        if ran.parts[-1].ended and len(ran.parts) == 1:
            ran.parts.append(Part(self.clock.now, self.clock.seq))

    def leave(self, frame: FrameType, value: object) -> None:
        """A function ends or waits: it may be its last line."""
        ran = self._open.get(frame)
        if ran is None:
            return
        waits = is_paused(frame)
        if not waits:
            del self._open[frame]
        if not waits or gives_value(frame.f_code, value) or len(ran.parts) == 2:
            ran.parts[-1].ended, ran.parts[-1].until = self.clock.now, self.clock.seq
        if not ran.on_loop:
            ran.cpu += time.thread_time()
            if self._in_thread.get(threading.get_ident()) is ran:
                del self._in_thread[threading.get_ident()]

    def c_call(self, frame: FrameType, function: Any) -> None:
        """What a worker calls may wait."""
        inside = self._in_thread.get(threading.get_ident())
        if inside is not None and may_wait(function):
            inside.may_wait = True

    def _look_at(self, inside: Ran, code: CodeType) -> None:
        if not is_users(code) and is_foreign(code.co_filename):
            inside.may_wait = True
        for file, name in (("queue.py", "get"), ("threading.py", "acquire"), ("psycopg_pool/pool.py", "getconn")):
            if is_from(code, file, name):
                inside.pools.append(code.co_qualname)

    def close(self) -> None:
        """What has not ended has been seen until now; let go of all frames."""
        for ran in self._open.values():
            if not ran.parts[-1].ended:
                ran.parts[-1].ended, ran.parts[-1].until = self.clock.tick(), self.clock.seq
        self._open.clear()
        self._in_thread.clear()


def stretches_of(runs: Iterable[Ran]) -> tuple[Stretch, ...]:
    """What ran, in the form that is shown, in the order of the beginnings."""
    parts = sorted(((part.began, part, ran) for ran in runs for part in ran.parts), key=lambda each: each[0])
    return tuple(
        Stretch(ran.code.co_qualname, head(ran.code), part.since, part.until, ran.thread, ran.on_loop)
        for _, part, ran in parts
    )


def task_name() -> str:
    """The task that runs here, if one does."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return ""
    return task.get_name() if task is not None else ""


def is_paused(frame: FrameType) -> bool:
    """Whether the code that is being left will go on: it stands at a `yield` or an `await`."""
    if not frame.f_code.co_flags & (inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR):
        return False
    return operations(frame.f_code).get(frame.f_lasti) in PAUSES


@functools.cache
def operations(code: CodeType) -> dict[int, str]:
    """The instructions of a function by their offset."""
    raw = code.co_code
    return {offset: dis.opname[raw[offset]] for offset in range(0, len(raw), 2)}


def gives_value(code: CodeType, value: object) -> bool:
    """Whether a generator gives a value of its own; an async one also pauses where it awaits."""
    if code.co_flags & inspect.CO_ASYNC_GENERATOR:
        return type(value).__name__ == "async_generator_wrapped_value"
    return bool(code.co_flags & inspect.CO_GENERATOR)


@functools.cache
def is_foreign(file: str) -> bool:
    """Whether a file belongs to a package that we do not know: what it does, it may wait for."""
    parts = file.replace("\\", "/").split("-packages/")
    return len(parts) > 1 and parts[-1].split("/")[0].removesuffix(".py") not in KNOWN


def may_wait(function: Any) -> bool:
    """Whether a built-in function may wait: input and output, locks, sleep, and all that is not of Python itself."""
    owner = getattr(function, "__self__", None)
    module = (
        getattr(function, "__module__", None) or type(owner).__module__
        if inspect.ismodule(owner) or owner is None
        else type(owner).__module__
    )
    if module == "time":
        return bool(function.__name__ == "sleep")
    top = str(module).split(".")[0]
    return top in WAITING or (top not in sys.stdlib_module_names and top not in (*KNOWN, "builtins", "__main__"))
