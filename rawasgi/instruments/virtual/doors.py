"""Work for a thread in -> a refusal, or the work done on the spot, out; for code on virtual time.

bytes > server > app > middleware > routing > [handler] > response > bytes

Threads are no matter of the event loop. It does not see them start, and cannot tell whether one of them will still come
back: time would pass by a handler that is at work, or a deadlock be reported that is none. So nothing may go to a
thread from here. There are two doors to them in the standard library, and while a virtual loop runs both ask which
thread is calling: `Thread.start` and `ThreadPoolExecutor.submit`. The third, `run_in_executor`, is the loop's own.

    "refused"  ->  RefusedOnVirtualTime, on the line that asked, before anything ran
    "inline"   ->  the function is called here and now; it takes no time, and blocks the loop while it runs

Inline is for functions. A thread of the app's own may go on for ever, and is refused either way. The one exception is
the worker of anyio, which calls the `def` handlers of FastAPI and Starlette: it is a thread that takes functions out of
a queue, and gets a queue that calls them.

Spec:         none, because it is a matter of Python: https://docs.python.org/3/library/threading.html
In FastAPI:   none, because it is anyio that starts threads: anyio._backends._asyncio:WorkerThread
In Starlette: none, because it is anyio that starts threads: anyio._backends._asyncio:WorkerThread
In Flask:     none, because a thread calls the app, and not the app a thread
Left out:     threads that run already and are given work by other means than a pool
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import Context
from functools import partial
from typing import Any, Literal, get_args

from rawasgi.concurrency import name_of, outcome

Way = Literal["refused", "inline"]
REASON = "virtual time stands still while code runs, and cannot wait for a thread."


class RefusedOnVirtualTime(RuntimeError):
    """What happens in real time, and on virtual time would never be waited for; `str` names it, and the remedy."""


def as_way(threads: str) -> Way:
    """The word itself, if it is one of the two; ValueError otherwise."""
    for way in get_args(Way):
        if threads == way:
            return way  # type: ignore[no-any-return]  # it is one of the Literal's words
    raise ValueError(f'threads are "refused" or run "inline", not {threads!r}')


def work(way: Way, asked: str, func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
    """What `submit` gives for a function: a future that is done, for it has been called. Refuses it unless inline."""
    if way == "refused":
        raise RefusedOnVirtualTime(
            f"{asked} of {name_of(meant(func, args))}: {REASON} "
            'Make it async, or have it called on the loop: threads="inline".'
        )
    done: Future[Any] = Future()
    with doors.calling():
        try:
            done.set_result(outcome(partial(Context().run, func, *args, **kwargs)))  # a thread has a context of its own
        except BaseException as error:
            done.set_exception(error)
    return done


def meant(func: Any, args: tuple[Any, ...]) -> Any:
    """The function that somebody wanted to be called, out of the wrapping in which it was handed on."""
    while isinstance(func, partial) or (
        args and (func is outcome or isinstance(getattr(func, "__self__", None), Context))
    ):
        func, args = (func.func, func.args) if isinstance(func, partial) else (args[0], args[1:])
    return func


class Desk:
    """In place of the queue from which anyio's worker takes its work: what is put on it is done at once."""

    def __init__(self, worker: Any) -> None:
        self.worker = worker

    def put_nowait(self, item: tuple[Any, ...] | None) -> None:
        """Call the function, and report as the worker does; None tells the worker to go home."""
        if item is not None:
            context, func, args, future, *_ = item
            done = work("inline", "", context.run, func, *args)
            error = done.exception()
            result = None if error else done.result()
            self.worker.loop.call_soon(self.worker._report_result, future, result, error)  # noqa: SLF001  # as it does


class Doors:
    """The two ways to a thread, watched as long as a virtual loop runs on any thread of this process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.ways: dict[int, Way] = {}  # of the threads on which a virtual loop runs now
        self.calls: Counter[int] = Counter()  # by thread: functions that run inline now, one within the other
        self.start = threading.Thread.start
        self.submit = ThreadPoolExecutor.submit

    @contextmanager
    def watched(self, way: Way) -> Iterator[None]:
        """Send what this thread asks for this `way`; other threads notice nothing."""
        here = threading.get_ident()
        with self.lock:
            if not self.ways:
                self.start, self.submit = threading.Thread.start, ThreadPoolExecutor.submit
                threading.Thread.start = start  # type: ignore[assignment, method-assign]
                ThreadPoolExecutor.submit = submit  # type: ignore[assignment, method-assign]
            self.ways[here] = way
        try:
            yield
        finally:
            with self.lock:
                del self.ways[here]
                if not self.ways:
                    threading.Thread.start = self.start  # type: ignore[method-assign]
                    ThreadPoolExecutor.submit = self.submit  # type: ignore[method-assign]

    @contextmanager
    def calling(self) -> Iterator[None]:
        """A function runs inline."""
        here = threading.get_ident()
        self.calls[here] += 1
        try:
            yield
        finally:
            self.calls[here] -= 1

    def calls_inline(self) -> bool:
        """Whether this thread is within a function that runs inline."""
        return self.calls[threading.get_ident()] > 0


doors = Doors()


def start(thread: threading.Thread) -> None:
    """`Thread.start` while a virtual loop runs."""
    way = doors.ways.get(threading.get_ident())
    if way is None:
        doors.start(thread)
    elif way == "inline" and hasattr(thread, "_report_result") and isinstance(thread.loop, asyncio.AbstractEventLoop):  # type: ignore[attr-defined]
        thread.queue = Desk(thread)  # type: ignore[attr-defined]  # nobody has put anything into the one it had
    else:
        remedy = (
            'Make what needs it async, or have the functions of a pool called on the loop: threads="inline".'
            if way == "refused"
            else "Only functions run inline: start the thread before the clock runs, or use a real event loop."
        )
        raise RefusedOnVirtualTime(f"the start of the thread {thread.name!r}: {REASON} {remedy}")


def submit(pool: ThreadPoolExecutor, func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
    """`ThreadPoolExecutor.submit` while a virtual loop runs."""
    way = doors.ways.get(threading.get_ident())
    if way is None:
        return doors.submit(pool, func, *args, **kwargs)
    return work(way, "submit", func, *args, **kwargs)
