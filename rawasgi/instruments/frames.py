"""A suspended coroutine, or a thread, in -> the line on which every layer of it stands out.

[bytes > server > app > middleware > routing > handler > response > bytes]

A coroutine knows what it awaits (`cr_await`), a generator what it delegates to (`gi_yieldfrom`): from call to call the
chain leads to the innermost line. What stands between, such as the step of an async generator, does not say what it
wraps, yet the garbage collector knows: `gc.get_referents`. Our own `call_next` drives the app below by hand, and says
where it is.

Spec:         none, because it is a matter of Python: https://docs.python.org/3/library/inspect.html
In FastAPI:   none, because it leaves this to debuggers
In Starlette: none, because it leaves this to debuggers
In Flask:     werkzeug.debug:DebuggedApplication, after an error
Left out:     values of local variables; a handler of our own that waits until its response was sent by a layer
"""

import asyncio
import gc
import linecache
import sys
import threading
from collections.abc import Iterable, Iterator
from itertools import dropwhile
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

from rawasgi.call_next import InnerCall

Task = asyncio.Task[Any]
OWN_FOLDER = str(Path(__file__).parent)
ASYNCIO = str(Path(asyncio.__file__).parent)
BY_HAND = InnerCall.advance.__code__
CHAINS = (("cr_frame", "cr_await"), ("gi_frame", "gi_yieldfrom"), ("ag_frame", "ag_await"))


class Line(NamedTuple):
    """One layer: `file` from the package or the working directory on, `function` by its qualified name."""

    file: str
    line: int
    function: str
    source: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.function}: {self.source}"


class Lane(NamedTuple):
    """One task or thread, its lines outermost first; `waits_for` is `receive` or `send` where it is parked there."""

    name: str
    lines: tuple[Line, ...]
    waits_for: str = ""


def suspended(awaited: object) -> tuple[Line, ...]:
    """The lines of a suspended coroutine, outermost first, down to the call of our `receive` or `send`.

    Our probes lie between the layers of an app, and are no lines of it. Below our `receive` there is only asyncio.
    """
    frames = [*dropwhile(is_own, chain(awaited))]
    own = [number for number, frame in enumerate(frames) if is_own(frame)]
    if own and all(frame.f_code.co_filename.startswith(ASYNCIO) for frame in frames[own[-1] + 1 :]):
        del frames[own[-1] :]
    return tuple(lines_of(frames))


def chain(awaited: object) -> Iterator[FrameType]:
    """Follow what awaits what, down to a future or a bare `yield`."""
    while awaited is not None and not isinstance(awaited, asyncio.Future):
        for frame_name, next_name in CHAINS:
            if hasattr(awaited, frame_name):
                frame = getattr(awaited, frame_name)
                awaited = getattr(awaited, next_name)
                if frame is not None:
                    yield frame
                    if frame.f_code is BY_HAND:
                        awaited = frame.f_locals["self"].coroutine
                break
        else:
            awaited = wrapped(awaited)


def wrapped(awaited: object) -> object:
    """What `asend`, `athrow` and `coroutine.__await__()` wrap: they do not say it themselves."""
    for referent in gc.get_referents(awaited):
        if any(hasattr(referent, frame_name) for frame_name, _ in CHAINS):
            return referent
    return None


def called(frame: FrameType | None, end: object = None) -> tuple[Line, ...]:
    """The lines of running code, outermost first, from the call below the frame of code `end` on."""
    frames: list[FrameType] = []
    while frame is not None and frame.f_code is not end:
        frames.append(frame)
        frame = frame.f_back
    return tuple(lines_of(reversed(frames)))


def lines_of(frames: Iterable[FrameType]) -> Iterator[Line]:
    """Name the frames, all but our own."""
    return (line_of(frame) for frame in frames if not is_own(frame))


def line_of(frame: FrameType) -> Line:
    """Where a frame stands."""
    return line_at(frame.f_code, frame.f_lineno, frame.f_globals)


def line_at(code: CodeType, number: int, names: dict[str, Any] | None = None) -> Line:
    """A line of some code; `names`, the globals of its module, tell where the source of a zipped one is."""
    source = linecache.getline(code.co_filename, number, names).strip()
    return Line(short(code.co_filename), number, code.co_qualname, source)


def is_own(frame: FrameType) -> bool:
    """Whether a frame is the instruments' own."""
    return frame.f_code.co_filename.startswith(OWN_FOLDER)


def short(file: str) -> str:
    """`/…/site-packages/starlette/routing.py` -> `starlette/routing.py`: as from where it was imported."""
    folders = (str(Path(folder).absolute()) + "/" for folder in ("", *sys.path))
    return file.removeprefix(max((folder for folder in folders if file.startswith(folder)), key=len, default=""))


def task_lanes(loop: asyncio.AbstractEventLoop, own: Iterable[Task]) -> Iterator[tuple[Task, Lane]]:
    """A lane for each task of the loop that is not our `own`, named after its coroutine."""
    made = asyncio.all_tasks(loop) - {*own}
    for task in sorted(made, key=lambda task: (len(task.get_name()), task.get_name())):  # Task-9 before Task-10
        coroutine = task.get_coro()
        yield task, Lane(f"task {getattr(coroutine, '__qualname__', '')}", suspended(coroutine))


def thread_lanes(known: Iterable[threading.Thread]) -> Iterator[Lane]:
    """A lane for each thread that has come since those we `known`; an idle worker waits for work in its last line."""
    for thread in sorted(set(threading.enumerate()) - set(known), key=lambda thread: thread.name):
        yield Lane(f"thread {thread.name}", running(thread))


def running(thread: threading.Thread) -> tuple[Line, ...]:
    """The lines of a thread, seen from another one; none where it has ended."""
    frames = sys._current_frames()  # noqa: SLF001  # the only way, and documented
    lines = called(frames.get(thread.ident or 0))
    return tuple(dropwhile(lambda line: line.file == "threading.py", lines))  # how every thread begins
