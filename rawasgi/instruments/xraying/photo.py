"""The events of a run, as they happen, in -> who stood where when the response started, out.

bytes > server > [app > middleware > routing > handler > response] > bytes

The picture is taken at the edge, when the start of the response is handed to the server. The task that sends it is
running: its lines are those that are being called. All other tasks of the request are suspended, and show theirs.

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html#response-start-send-event
In FastAPI:   none, because it leaves this to debuggers
In Starlette: none, because it leaves this to debuggers
In Flask:     none, because it leaves this to debuggers
Left out:     threads that wait for work
"""

import asyncio
import sys
import threading
from collections.abc import Iterator
from typing import Any

from rawasgi.instruments.frames import Lane, Line, called, task_lanes, thread_lanes
from rawasgi.instruments.tracing.events import Event

STARTS = ("http.response.start", "websocket.accept", "lifespan.startup.complete")
STEP = asyncio.Handle._run.__code__  # noqa: SLF001  # the loop's own frame: below it, a task goes on
# Where the lines of a thread lie that waits for work, or has done it and says so.
WAITING_ROOM = ("anyio/", "asgiref/", "asyncio/", "concurrent/", "queue.py", "threading.py")


class Photo:
    """Hears of each event, and takes one picture: `lanes`."""

    def __init__(self) -> None:
        self.lanes: tuple[Lane, ...] = ()
        self.before: set[asyncio.Task[Any]] = set()
        self.threads: set[threading.Thread] = set()
        self.request: asyncio.Task[Any] | None = None

    def note(self, event: Event) -> None:
        """Remember who was there before the request, and look around when the response starts."""
        if event.layer > 0:
            return
        if event.kind == "enter" and self.request is None:
            self.request = asyncio.current_task()
            self.before = asyncio.all_tasks()
            self.threads = {*threading.enumerate()}
        elif event.kind == "send" and not self.lanes and (event.message or {}).get("type") in STARTS:
            self.lanes = tuple(self.seen())

    def seen(self) -> Iterator[Lane]:
        """A lane for each task of the request, that of the call first, and for each thread that works for it."""
        running, own = asyncio.current_task(), self.before - {self.request}
        lanes = task_lanes(asyncio.get_running_loop(), own)
        for task, lane in sorted(lanes, key=lambda pair: pair[0] is not self.request):
            lines = called(sys._getframe(), STEP) if task is running else lane.lines  # noqa: SLF001  # documented
            yield Lane("the request" if task is self.request else named(lane), lines)
        yield from (lane for lane in thread_lanes(self.threads) if any(map(is_at_work, lane.lines)))


def named(lane: Lane) -> str:
    """The name of a task: its first line that is not of the machinery which runs tasks."""
    own = next((line.function for line in lane.lines if is_at_work(line)), None)
    return lane.name if own is None else f"task {own.replace('.<locals>', '')}"


def is_at_work(line: Line) -> bool:
    """Whether a thread with this line does something for somebody."""
    return not line.file.startswith(WAITING_ROOM)
