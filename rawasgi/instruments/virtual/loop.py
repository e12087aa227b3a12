"""A timer that rings in an hour in -> the hour skipped out: an event loop whose time is a number.

[bytes > server > app > middleware > routing > handler > response > bytes]

An event loop does one thing again and again: call what is ready, then ask its selector to wait, for news from outside or
until the next timer is due. Here nothing comes from outside, so there is nothing to wait for:

    the loop asks                        the selector answers
    select(0)     something is ready     go on
    select(3600)  a timer is next        it is an hour later: `now` becomes the timer's own number
    select(None)  nothing will happen    Deadlock, with every task and the line on which it waits

Time therefore stands still while code runs, however slow the machine is, and a run can be repeated to the last digit.
It begins at 0.0. Timers of one instant ring in the order in which they were made; asyncio's own heap compares their
time alone, and lets four of them ring as first, third, second, fourth.

What waits for the world outside is refused by name, for it would be waited for in real time: sockets, pipes, child
processes, signals, and threads (see `doors`). What asks the machine's own clock is not seen here.

Spec:         none, because time is the event loop's: https://docs.python.org/3/library/asyncio-eventloop.html
In FastAPI:   none, because it leaves time to the event loop
In Starlette: none, because it leaves time to the event loop
In Flask:     none, because a WSGI application waits in its thread
Left out:     `time.time`, `time.monotonic` and `time.sleep`, which are real; time that passes while others work
"""

import asyncio
import heapq
import itertools
import math
import sys
import threading
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextvars import Context
from types import CodeType
from typing import Any, NamedTuple, NoReturn, TypeVar, TypeVarTuple

from rawasgi.instruments.frames import ASYNCIO, Lane, Line, chain, line_at, line_of, task_lanes
from rawasgi.instruments.virtual.doors import RefusedOnVirtualTime, as_way, doors, work

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
TURNS = 1_000_000  # of the loop at one instant: more work than any test has, and some seconds on a real clock
FOR_A_RESULT = "run_coroutine_threadsafe.<locals>.callback"  # what that function hands to the loop

# Everything by which a loop reaches the world.
OUTSIDE = """
    getaddrinfo getnameinfo create_connection create_server create_unix_connection create_unix_server
    create_datagram_endpoint connect_accepted_socket start_tls sendfile connect_read_pipe connect_write_pipe
    subprocess_exec subprocess_shell add_reader add_writer add_signal_handler sock_recv sock_recv_into sock_recvfrom
    sock_recvfrom_into sock_sendall sock_sendto sock_connect sock_accept sock_sendfile
"""


class Standstill(RuntimeError):
    """Virtual time does not get anywhere. `lanes` are the tasks, each with the lines on which it waits."""

    def __init__(self, says: str, lanes: tuple[Lane, ...]) -> None:
        super().__init__("\n".join((says, *("  ".join(("", lane.name, *map(str, lane.lines[-1:]))) for lane in lanes))))
        self.lanes = lanes


class Deadlock(Standstill):
    """Nothing is ready and nothing is scheduled: whoever still waits would wait for ever."""


class Runaway(Standstill):
    """Time runs on and on, or work goes on at one instant without end, and what is waited for does not come."""


class Jump(NamedTuple):
    """One silence that was skipped: from, to, and for whom, the task that had asked to be woken then."""

    start: float
    end: float
    task: str
    code: CodeType
    number: int

    @property
    def line(self) -> Line:
        """Where it asked: the line with the sleep, or the one that set the deadline."""
        return line_at(self.code, self.number)

    def __str__(self) -> str:
        return f"{self.start:.12g} s → {self.end:.12g} s  {self.task}  {self.line}"


class Timer(asyncio.TimerHandle):
    """A timer that knows its place among those of the same instant, and who made it."""

    __slots__ = ("code", "line", "number", "task")

    def __init__(self, when: float, callback: Callable[..., Any], args: Any, loop: Any, context: Any) -> None:
        super().__init__(when, callback, args, loop, context)
        self._scheduled = True  # it goes right into the heap
        self.number: int = next(loop.numbers)
        made_by = asyncio.current_task(loop)
        self.task = made_by.get_name() if made_by else "a callback"
        frame = sys._getframe(2)  # noqa: SLF001  # documented; the caller of `call_at`
        while frame.f_back is not None and frame.f_code.co_filename.startswith(ASYNCIO):
            frame = frame.f_back
        self.code, self.line = frame.f_code, frame.f_lineno

    def __lt__(self, other: "Timer") -> bool:  # type: ignore[override]  # in this heap there are no others
        return (self.when(), self.number) < (other.when(), other.number)


class Selector:
    """What a loop waits with. This one does not wait."""

    def __init__(self, loop: "VirtualEventLoop") -> None:
        self.loop = loop

    def select(self, timeout: float | None) -> tuple[()]:
        """No news from outside, ever; where none has to be waited for, time goes on."""
        if timeout is None:
            raise Deadlock(*self.loop.standing("nothing is ready and nothing is scheduled"))
        if timeout > 0:
            self.loop.jump()
        else:
            self.loop.turn()
        return ()


class VirtualEventLoop(asyncio.BaseEventLoop):
    """An event loop on virtual time; `VirtualClock` runs one, and so does `asyncio.Runner(loop_factory=…)`.

    `threads` is "refused" or "inline". After `max_jumps` in one run `Runaway` is raised: a day of seconds fits into the
    default. `jumps` lists the silences that were skipped.
    """

    _closed = True  # as long as it is not made: one that is given a wrong word has nothing to close

    def __init__(self, threads: str = "refused", max_jumps: int = 100_000) -> None:
        self.threads = as_way(threads)
        self.max_jumps = max_jumps
        self.now = 0.0
        self.jumps: list[Jump] = []
        self.numbers = itertools.count()
        self.task_numbers = itertools.count(1)
        self.tasks: set[asyncio.Task[Any]] = set()
        super().__init__()
        self._selector = Selector(self)
        self._clock_resolution = math.ulp(self.now)

    def time(self) -> float:
        """Seconds since this loop was made, as it sees it."""
        return self.now

    def run_forever(self) -> None:
        """Run until `stop`. Raises `Deadlock` and `Runaway`, and can be run again afterwards."""
        self.jumps_left, self.turns_left = self.max_jumps, TURNS
        with doors.watched(self.threads):
            super().run_forever()

    def jump(self) -> None:
        """Let the next timer be due."""
        timer = self._scheduled[0]  # type: ignore[attr-defined]  # the base class's heap
        if timer.when() == math.inf:
            raise Deadlock(*self.standing("nothing is ready, and the next timer is due at the end of time"))
        if self.jumps_left <= 0:
            raise Runaway(*self.standing(f"after {self.max_jumps:,} jumps"))
        self.jumps_left, self.turns_left = self.jumps_left - 1, TURNS
        self.jumps.append(Jump(self.now, timer.when(), timer.task, timer.code, timer.line))
        self.now = timer.when()
        self._clock_resolution = math.ulp(self.now)  # a timer is due when `when <= now`, and none is early

    def turn(self) -> None:
        """Stay where we are, for there is something to do; yet not for ever."""
        self.turns_left -= 1
        if self.turns_left <= 0:
            raise Runaway(*self.standing(f"after {TURNS:,} turns at one instant, as by sleep(0) in a loop"))

    def standing(self, why: str) -> tuple[str, tuple[Lane, ...]]:
        """What `Standstill` says: why, when, and where every task is."""
        lanes = tuple(waiting(self))
        tasks = "one task waits" if len(lanes) == 1 else f"{len(lanes)} tasks wait"
        return f"{why}: at {self.now:.12g} s {tasks}{':' if lanes else ''}", lanes

    def call_at(
        self, when: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> Timer:
        """As in asyncio, with a timer that knows its place."""
        self._check_closed()  # type: ignore[attr-defined]
        timer = Timer(when, callback, args, self, context)
        heapq.heappush(self._scheduled, timer)  # type: ignore[attr-defined]
        return timer

    def create_task(
        self, coro: Generator[Any, None, T] | Coroutine[Any, Any, T], *, name: Any = None, **options: Any
    ) -> asyncio.Task[T]:
        """As in asyncio, but the same in every run: numbered by this loop, and never lost because nobody holds it."""
        task = super().create_task(coro, name=name or f"Task-{next(self.task_numbers)}", **options)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    def call_soon_threadsafe(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """As in asyncio, from this thread, and from any while the loop is at rest.

        From another one it would come at a moment that nobody can repeat; a function that runs inline and waits for a
        coroutine would wait for itself.
        """
        if self.is_running() and self._thread_id != threading.get_ident():  # type: ignore[attr-defined]
            raise RefusedOnVirtualTime(
                f"call_soon_threadsafe from the thread {threading.current_thread().name!r}: virtual time cannot wait "
                "for other threads. Call the function on the loop, or use a real event loop."
            )
        if doors.calls_inline() and getattr(callback, "__qualname__", "") == FOR_A_RESULT:
            raise RefusedOnVirtualTime(
                "run_coroutine_threadsafe from a function that runs inline: the loop goes on when the function has "
                "returned. Make it async, or use a real event loop."
            )
        return self.call_soon(callback, *args, context=context)

    def run_in_executor(self, executor: Any, func: Callable[..., T], *args: Any) -> "asyncio.Future[T]":  # type: ignore[override]
        """Call the function on the spot, or refuse it."""
        self._check_closed()  # type: ignore[attr-defined]
        return asyncio.wrap_future(work(self.threads, "run_in_executor", func, *args), loop=self)

    def set_default_executor(self, executor: Any) -> None:
        """No function of this loop gets to an executor."""

    def _process_events(self, events: tuple[()]) -> None:
        """There are none."""

    def __repr__(self) -> str:
        state = "running" if self.is_running() else "closed" if self.is_closed() else "at rest"
        return f"<VirtualEventLoop {state} {self.reading()}>"

    def reading(self) -> str:
        """What the clock shows: `at 3600 s after 1 jump`."""
        count = len(self.jumps)
        return f"at {self.now:.12g} s after {count:,} {'jump' if count == 1 else 'jumps'}"


def refusing(name: str) -> Callable[..., NoReturn]:
    """A method of the loop that says what it will not do."""

    def refuse(self: VirtualEventLoop, *args: Any, **kwargs: Any) -> NoReturn:
        raise RefusedOnVirtualTime(
            f"{name} asks the world outside, which answers in real time: virtual time cannot wait for it. "
            "Put a stand-in in its place, or start a real server, on a real event loop."
        )

    refuse.__name__, refuse.__doc__ = name, f"Refuse `{name}`."
    return refuse


def nothing_to_remove(self: VirtualEventLoop, *args: Any) -> bool:
    """Say that there was none: what could not be added need not be removed."""
    return False


for name in OUTSIDE.split():
    setattr(VirtualEventLoop, name, refusing(name))
for name in ("remove_reader", "remove_writer", "remove_signal_handler"):
    setattr(VirtualEventLoop, name, nothing_to_remove)


def waiting(loop: asyncio.AbstractEventLoop) -> Iterator[Lane]:
    """A lane for each task of the loop, down to the last line that is not asyncio's; of a client, our own lines."""
    for task, lane in task_lanes(loop, ()):
        every = tuple(line_of(frame) for frame in chain(task.get_coro()))
        lines = above_asyncio(lane.lines) or above_asyncio(every) or every
        yield Lane(f"{task.get_name()} {lane.name.removeprefix('task ')}", lines)


def above_asyncio(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """The lines without those at their end in which asyncio waits."""
    while lines and lines[-1].file.startswith("asyncio/"):
        lines = lines[:-1]
    return lines
