"""A blocking function in -> an awaitable that runs it on a thread out; and work for after the response.

bytes > server > app > middleware > routing > [handler > response] > bytes

The event loop is one thread: while a function blocks it, no other request moves. A `def` handler therefore runs on
one of 40 threads (FastAPI's number too), and the loop goes on. There is one pool for the process; it is made at first
use, and closed when a lifespan ends.

Cancellation waits for the thread. A thread cannot be stopped from outside: if the awaiting task went on at once, its
`finally` blocks would tear down what the thread still uses.

What lasts longer than a request is here too: a background task goes on when the response is out, a lifespan spans the
life of the server, and the threads end with it.

Spec:         none, because it is a matter of asyncio: https://docs.python.org/3/library/asyncio-eventloop.html
Grown from:   none, because tiny has only `async def` handlers
In FastAPI:   fastapi.concurrency:run_in_threadpool
In Starlette: starlette.concurrency:run_in_threadpool
In Flask:     none, because the server gives a whole thread to each request: gunicorn.workers.gthread:ThreadWorker
Left out:     pools of their own for different resources
"""

import asyncio
import contextvars
import functools
import inspect
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager, suppress
from typing import Any, ParamSpec, TypeVar

from rawasgi.messages.types import Receive, Scope, Send

P = ParamSpec("P")
T = TypeVar("T")

DONE = object()


class ThreadPool:
    """At most `tokens` threads, made when they are needed. `resize` before the first call, or between lifespans."""

    def __init__(self, tokens: int = 40) -> None:
        self.tokens = tokens
        self._executor: Executor | None = None

    def resize(self, tokens: int) -> None:
        """From the next call on, let at most `tokens` functions run at once."""
        if tokens < 1:
            raise ValueError(f"a thread pool needs at least one thread, not {tokens}")
        self.close()
        self.tokens = tokens

    def executor(self) -> Executor:
        """The pool itself; made here, so that an app of `async def` handlers has none."""
        if self._executor is None:
            # Imported here because it loads `queue` and `threading` helpers that a purely async app never needs.
            from concurrent.futures import ThreadPoolExecutor

            self._executor = ThreadPoolExecutor(self.tokens, thread_name_prefix="rawasgi")
        return self._executor

    def close(self) -> None:
        """Take no more work; threads that are busy end with it. The next call opens a new pool."""
        if self._executor is not None:
            self._executor.shutdown(wait=False)
            self._executor = None

    def __repr__(self) -> str:
        return f"<ThreadPool of {self.tokens}, {'closed' if self._executor is None else 'open'}>"


threads = ThreadPool()


def outcome(func: Callable[[], T]) -> T:
    """Call `func`, and let no StopIteration out: a future cannot carry one, and would wait for ever."""
    try:
        return func()
    except StopIteration as error:
        raise RuntimeError("a function on a thread raised StopIteration") from error


async def run_in_threadpool(func: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `func` on a thread and give its result, or raise what it raised. It sees the caller's context variables.

    When the awaiting task is cancelled, the cancellation is raised only after the thread has finished; a call that
    still waits for a thread is given up at once.
    """
    call = functools.partial(contextvars.copy_context().run, func, *args, **kwargs)
    job = threads.executor().submit(outcome, call)
    finished = asyncio.wrap_future(job)
    try:
        return await asyncio.shield(finished)
    except asyncio.CancelledError:
        while not (job.cancel() or finished.done()):
            with suppress(asyncio.CancelledError):  # cancelled again: the thread does not end sooner for it
                await asyncio.wait([finished])
        if finished.done() and not finished.cancelled():
            finished.exception()  # seen, so that asyncio does not report it as lost
        raise


async def iterate_in_threadpool(iterator: Iterable[T]) -> AsyncIterator[T]:
    """Iterate over a blocking iterable, one thread hop for each item; close it when the consumer stops early."""
    items = iter(iterator)
    with ExitStack() as held:  # closes once: on a thread, or here where a cancellation came before one was free
        try:
            while (item := await run_in_threadpool(next, items, DONE)) is not DONE:
                yield item  # type: ignore[misc]  # DONE has been excluded
        finally:
            if close := getattr(items, "close", None):
                held.callback(close)
                await run_in_threadpool(held.close)


def is_async_callable(func: Any) -> bool:
    """Whether calling `func` gives a coroutine: `async def`, a method, a partial of one, or an async `__call__`."""
    while isinstance(func, functools.partial):
        func = func.func
    if isinstance(func, type):
        return False  # calling a class makes an object, whatever that can do
    return inspect.iscoroutinefunction(func) or inspect.iscoroutinefunction(getattr(func, "__call__", None))  # noqa: B004


def name_of(func: Any) -> str:
    """What to call a callable: its own name, or that of its class."""
    return str(getattr(func, "__name__", type(func).__name__))


def is_function(func: Any) -> bool:
    """Whether this is a function or method, perhaps under a partial, and not an object that can be called."""
    while isinstance(func, functools.partial):
        func = func.func
    return inspect.isfunction(func) or inspect.ismethod(func)


def where_it_belongs(func: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    """`func`, to be awaited: an `async def` as it is, on the loop; a `def` on a thread."""
    return func if is_async_callable(func) else functools.partial(run_in_threadpool, func)


class BackgroundTask:
    """A call for after the response: `Response(..., background=BackgroundTask(send_mail, to))`.

    It runs in the same call of the app, behind the last body message: the client has its answer, the server counts
    the request as unfinished. `def` functions run on a thread.
    """

    def __init__(self, func: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> None:
        self.func, self.args, self.kwargs = func, args, kwargs

    async def __call__(self) -> None:
        """Do it."""
        await where_it_belongs(self.func)(*self.args, **self.kwargs)


class BackgroundTasks(BackgroundTask):
    """Several of them, one after the other; the first that raises ends the row."""

    def __init__(self, tasks: Sequence[BackgroundTask] | None = None) -> None:
        self.tasks = list(tasks or ())

    def add_task(self, func: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> None:
        """One more call, behind the others."""
        self.tasks.append(BackgroundTask(func, *args, **kwargs))

    async def __call__(self) -> None:
        """Do them."""
        for task in self.tasks:
            await task()


Lifespan = Callable[[Any], AbstractAsyncContextManager[Mapping[str, Any] | None]]


@asynccontextmanager
async def nothing_to_do(app: Any) -> AsyncIterator[None]:
    """The lifespan of an app that was given none."""
    yield


def as_lifespan(lifespan: Lifespan | None) -> Lifespan:
    """The lifespan itself, if it can be one; TypeError with the remedy for a bare generator function."""
    if inspect.isasyncgenfunction(lifespan) or inspect.isgeneratorfunction(lifespan):
        raise TypeError(f"lifespan {name_of(lifespan)} is a generator: decorate it with contextlib.asynccontextmanager")
    return nothing_to_do if lifespan is None else lifespan


async def run_lifespan(lifespan: Lifespan, app: Any, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one lifespan scope: enter `lifespan(app)` at start-up, leave it at shutdown.

    RuntimeError (reported as a failed start-up) where it yields state and the server offers no place for it.
    """
    await receive()
    phase = "startup"
    try:
        async with lifespan(app) as state:
            if state:
                if "state" not in scope:
                    raise RuntimeError("the lifespan yields state, but this server's lifespan scope has no `state`")
                scope["state"].update(state)
            await send({"type": "lifespan.startup.complete"})
            await receive()
            phase = "shutdown"
    except BaseException:
        await send({"type": f"lifespan.{phase}.failed", "message": traceback.format_exc()})
        raise
    finally:
        threads.close()
    await send({"type": "lifespan.shutdown.complete"})
