"""A blocking function and what its request holds in -> a thread for it, so that nobody waits for those behind him, out.

bytes > server > app > middleware > routing > [handler > response] > bytes

Forty threads, and a pool of ten connections. Forty requests ask for a connection, each on a thread: ten get one, thirty
block. The ten want a thread for their handler, or to give their connection back, and there is none left: nobody moves
any more. So there are three lanes, each with as many threads as `rawasgi.concurrency.threads` has:

    entering   nothing is held yet: the call may block until somebody gives something back
    holding    something is held: the call does not stand behind those who want it
    leaving    something is given back: the call stands behind nobody who holds or wants

The threads of a lane are made when they are needed. `Depends(connect, max_concurrency=10)` goes further: who has to wait
does not even take a thread.

Spec:         none, because it is a matter of asyncio: https://docs.python.org/3/library/asyncio-eventloop.html
In FastAPI:   fastapi.concurrency:contextmanager_in_threadpool, which leaves without a limit
In Starlette: none, because it has no dependencies
In Flask:     none, because a request has its thread before it has anything else
Left out:     lanes of different sizes
"""

import asyncio
import contextvars
import functools
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from rawasgi.concurrency import outcome, run_in_threadpool, threads
from rawasgi.typed.params import Depends

T = TypeVar("T")

# The lanes beside a pool, and no longer than it: when a lifespan ends the pool is closed and forgotten, and so are they.
beside: WeakKeyDictionary[Executor, dict[str, Executor]] = WeakKeyDictionary()


def lane(name: str) -> Executor:
    """The executor of a lane."""
    lanes = beside.setdefault(threads.executor(), {})
    if name not in lanes:
        lanes[name] = ThreadPoolExecutor(threads.tokens, thread_name_prefix=f"rawasgi-{name}")
    return lanes[name]


async def enter(func: Callable[..., T], *args: Any) -> T:
    """Run `func` where it may block for what others hold."""
    return await run_in_threadpool(func, *args)


async def hold(func: Callable[..., T], *args: Any) -> T:
    """Run `func` for a request that holds something. Like all calls on threads it is waited for, cancelled or not."""
    return await in_lane("holding", func, *args)


async def leave(func: Callable[..., T], *args: Any) -> T:
    """Run `func`, which gives something back. It is run whatever happens to the request meanwhile."""
    return await in_lane("leaving", func, *args)


async def in_lane(name: str, func: Callable[..., T], *args: Any) -> T:
    """The result of `func`; a cancellation is raised when it has ended."""
    call = functools.partial(contextvars.copy_context().run, func, *args)
    job = asyncio.wrap_future(lane(name).submit(outcome, call))
    cancelled: asyncio.CancelledError | None = None
    while not job.done():
        try:
            await asyncio.wait([job])
        except asyncio.CancelledError as error:
            cancelled = error  # a thread cannot be stopped, and what it does must not be left half done
    if cancelled is not None:
        job.exception()  # seen, so that asyncio does not report it as lost
        raise cancelled
    return job.result()


# A limit belongs to a Depends object, and a semaphore to a loop.
semaphores: WeakKeyDictionary[Depends, WeakKeyDictionary[Any, asyncio.Semaphore]] = WeakKeyDictionary()


def semaphore_of(depends: Any) -> asyncio.Semaphore:
    """The semaphore that counts who has the value of a limited dependency."""
    per_loop = semaphores.setdefault(depends, WeakKeyDictionary())
    return per_loop.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(depends.max_concurrency))
