"""Blocking functions on threads, and work for after the response."""

import asyncio
import contextvars
import functools
import gc
import threading
from typing import Any

import pytest

from rawasgi.concurrency import (
    BackgroundTask,
    BackgroundTasks,
    ThreadPool,
    is_async_callable,
    is_function,
    iterate_in_threadpool,
    name_of,
    run_in_threadpool,
    threads,
    where_it_belongs,
)
from tests.drive import on_a_loop

COLOUR = contextvars.ContextVar("COLOUR", default="none")


@pytest.fixture
def pool():
    """The pool of the process, as a new process has it; afterwards too."""
    threads.resize(40)
    yield threads
    threads.resize(40)


async def turns(count=5):
    """Let the loop run: whatever is ready, happens."""
    for _ in range(count):
        await asyncio.sleep(0)


@on_a_loop
async def test_a_call_gives_its_result_and_sees_its_arguments(pool):
    """Positional and keyword arguments arrive, the result comes back, and it ran on a thread of the pool."""

    def where(*args, **kwargs):
        return args, kwargs, threading.current_thread().name

    args, kwargs, name = await run_in_threadpool(where, 1, "b", c=3)
    assert (args, kwargs) == ((1, "b"), {"c": 3})
    assert name.startswith("rawasgi")


@on_a_loop
async def test_a_call_raises_what_the_function_raises(pool):
    """The exception is the very object."""
    lost = LookupError("lost")

    def fail():
        raise lost

    with pytest.raises(LookupError) as caught:
        await run_in_threadpool(fail)
    assert caught.value is lost


def test_the_pool_is_made_at_first_use_and_made_again_after_close(pool):
    """Nothing before the first call; the same executor until it is closed; then another one."""
    assert repr(pool) == "<ThreadPool of 40, closed>"
    first = pool.executor()
    assert pool.executor() is first
    assert repr(pool) == "<ThreadPool of 40, open>"
    pool.close()
    pool.close()
    assert repr(pool) == "<ThreadPool of 40, closed>"
    assert pool.executor() is not first


@pytest.mark.parametrize("tokens", [40, 3])
@on_a_loop
async def test_as_many_functions_run_at_once_as_there_are_tokens(pool, tokens):
    """Each group passes the barrier only together, and no thread is made beyond the tokens."""
    if tokens != 40:
        pool.resize(tokens)
    barrier = threading.Barrier(tokens, timeout=10)

    def meet():
        barrier.wait()
        return threading.get_ident()

    met = await asyncio.gather(*(run_in_threadpool(meet) for _ in range(2 * tokens)))
    assert len(set(met)) == tokens


def test_a_pool_without_threads_is_refused():
    """`resize` names the number; the pool stays as it was."""
    pool = ThreadPool(2)
    with pytest.raises(ValueError, match=r"^a thread pool needs at least one thread, not 0$"):
        pool.resize(0)
    assert pool.tokens == 2


@on_a_loop
async def test_closing_lets_a_busy_thread_end_and_the_next_call_opens_another_pool(pool):
    """A function that is running when the pool is closed gives its result all the same."""
    goes_on = threading.Event()
    busy = asyncio.create_task(run_in_threadpool(goes_on.wait, 10))
    await turns()
    pool.close()
    assert await run_in_threadpool(int, "7") == 7
    goes_on.set()
    assert await busy is True


@on_a_loop
async def test_the_function_sees_the_context_variables_of_its_caller(pool):
    """It works on a copy: what it sets stays on its thread."""

    def repaint():
        seen = COLOUR.get()
        COLOUR.set("blue")
        return seen, COLOUR.get()

    COLOUR.set("red")
    assert await run_in_threadpool(repaint) == ("red", "blue")
    assert COLOUR.get() == "red"


@pytest.mark.parametrize("times", [1, 3])
@on_a_loop
async def test_cancellation_waits_for_the_thread(pool, times):
    """However often it is cancelled, the awaiting task ends only after the function has."""
    started, goes_on, log = threading.Event(), threading.Event(), []

    def work():
        started.set()
        goes_on.wait(10)
        log.append("the function ended")

    async def caller():
        try:
            await run_in_threadpool(work)
        finally:
            log.append("the caller tidied up")

    task = asyncio.create_task(caller())
    await turns()
    assert started.wait(10)
    for _ in range(times):
        task.cancel()
        await turns()
        assert log == []
    goes_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert log == ["the function ended", "the caller tidied up"]


@on_a_loop
async def test_a_call_that_waits_for_a_thread_is_given_up_at_once(pool):
    """It is cancelled while the only thread is busy, and its function never runs."""
    pool.resize(1)
    goes_on = threading.Event()
    ran: list[Any] = []
    busy = asyncio.create_task(run_in_threadpool(goes_on.wait, 10))
    queued = asyncio.create_task(run_in_threadpool(ran.append, 1))
    await turns()
    queued.cancel()
    await turns()
    assert queued.cancelled()
    assert not busy.done()
    goes_on.set()
    assert await busy is True
    await run_in_threadpool(int)
    assert ran == []


@on_a_loop
async def test_what_a_cancelled_call_raises_is_not_reported_as_lost(pool):
    """Nobody is left to get the exception, and asyncio does not complain about it either."""
    complaints: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, about: complaints.append(about))
    started, goes_on = threading.Event(), threading.Event()

    def fail():
        started.set()
        goes_on.wait(10)
        raise LookupError("lost")

    task = asyncio.create_task(run_in_threadpool(fail))
    await turns()
    assert started.wait(10)
    task.cancel()
    await turns()
    goes_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    del task
    gc.collect()
    await turns()
    assert complaints == []


@on_a_loop
async def test_stop_iteration_is_an_error_and_no_hang(pool):
    """A future cannot carry StopIteration: it arrives as the cause of a RuntimeError."""
    with pytest.raises(RuntimeError, match=r"^a function on a thread raised StopIteration$") as caught:
        await run_in_threadpool(next, iter(()))
    assert isinstance(caught.value.__cause__, StopIteration)


def numbers(log, count=3):
    """A blocking generator that says when it ends, and where."""
    try:
        yield from range(count)
    finally:
        log.append(threading.current_thread().name.partition("_")[0])


@pytest.mark.parametrize("iterable", [[0, 1, 2], range(3), {0: "a", 1: "b", 2: "c"}], ids=["list", "range", "dict"])
@on_a_loop
async def test_any_iterable_can_be_iterated_on_threads(pool, iterable):
    """It needs no `close`, and its items come in order."""
    assert [item async for item in iterate_in_threadpool(iterable)] == [0, 1, 2]


@on_a_loop
async def test_a_generator_is_closed_on_a_thread_when_its_consumer_stops_early(pool):
    """`aclose` reaches the `finally` of the blocking generator, off the loop; one that ended is not run again."""
    log: list[Any] = []
    pieces: Any = iterate_in_threadpool(numbers(log))
    assert await anext(pieces) == 0
    assert log == []
    await pieces.aclose()
    assert log == ["rawasgi"]
    assert [item async for item in iterate_in_threadpool(numbers(log))] == [0, 1, 2]
    assert log == ["rawasgi", "rawasgi"]


@on_a_loop
async def test_a_generator_is_closed_where_no_thread_is_free_for_it(pool):
    """Cancelled while it waits for one, the clean-up is not given up: it runs here, once."""
    pool.resize(1)
    log: list[Any] = []
    goes_on, generator = threading.Event(), numbers(log)
    pieces: Any = iterate_in_threadpool(generator)
    assert await anext(pieces) == 0
    busy = asyncio.create_task(run_in_threadpool(goes_on.wait, 10))
    await turns()
    closing = asyncio.create_task(pieces.aclose())
    await turns()
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert log == ["MainThread"]
    goes_on.set()
    assert await busy is True


@on_a_loop
async def test_an_exception_in_a_blocking_iterator_goes_on(pool):
    """The items before it arrive."""

    def pieces():
        yield 1
        raise LookupError("lost")

    got = iterate_in_threadpool(pieces())
    assert await anext(got) == 1
    with pytest.raises(LookupError, match="lost"):
        await anext(got)


class Callables:
    """One of each kind."""

    async def a_coroutine_method(self):
        """Async."""

    def a_method(self):
        """Not."""

    async def __call__(self):
        """Async."""


class CalledPlainly:
    """Its instances are called, and give no coroutine."""

    def __call__(self):
        """Not async."""


async def a_coroutine_function():
    """Async."""


async def an_async_generator():
    """No coroutine comes out of it."""
    yield


def a_function():
    """Not."""


@pytest.mark.parametrize(
    ("func", "is_async", "function", "name"),
    [
        (a_coroutine_function, True, True, "a_coroutine_function"),
        (functools.partial(a_coroutine_function), True, True, "partial"),
        (functools.partial(functools.partial(a_coroutine_function)), True, True, "partial"),
        (Callables().a_coroutine_method, True, True, "a_coroutine_method"),
        (Callables(), True, False, "Callables"),
        (functools.partial(Callables()), True, False, "partial"),
        (a_function, False, True, "a_function"),
        (functools.partial(a_function), False, True, "partial"),
        (Callables().a_method, False, True, "a_method"),
        (CalledPlainly(), False, False, "CalledPlainly"),
        (lambda: None, False, True, "<lambda>"),
        (an_async_generator, False, True, "an_async_generator"),
        (CalledPlainly, False, False, "CalledPlainly"),
        (Callables, False, False, "Callables"),
        (len, False, False, "len"),
    ],
)
def test_kinds_of_callables_are_told_apart(func, is_async, function, name):
    """Whether a call gives a coroutine, whether it is a function, and what to call it in an error."""
    assert (is_async_callable(func), is_function(func), name_of(func)) == (is_async, function, name)


@on_a_loop
async def test_a_function_is_put_where_it_belongs(pool):
    """`async def` on the loop's thread, `def` on one of the pool."""

    async def on_the_loop(value):
        return value, threading.current_thread() is threading.main_thread()

    def on_a_thread(value):
        return value, threading.current_thread() is threading.main_thread()

    assert await where_it_belongs(on_the_loop)(1) == (1, True)
    assert await where_it_belongs(on_a_thread)(2) == (2, False)


@on_a_loop
async def test_background_tasks_run_in_order_on_the_loop_or_on_a_thread(pool):
    """Positional and keyword arguments arrive; `def` goes to a thread; the list that was given is not changed."""
    log: list[Any] = []

    async def note(what, *, how):
        log.append((what, how, threading.current_thread() is threading.main_thread()))

    def note_blocking(what, *, how):
        log.append((what, how, threading.current_thread() is threading.main_thread()))

    given = [BackgroundTask(note, "first", how="async"), BackgroundTask(note_blocking, "second", how="def")]
    tasks = BackgroundTasks(given)
    tasks.add_task(note_blocking, "third", how="def")
    tasks.add_task(note, "fourth", how="async")
    assert len(given) == 2
    assert log == []
    await tasks()
    assert log == [
        ("first", "async", True),
        ("second", "def", False),
        ("third", "def", False),
        ("fourth", "async", True),
    ]


@on_a_loop
async def test_the_first_background_task_that_raises_ends_the_row(pool):
    """Those before it ran, those behind it do not, and the exception goes on."""
    log: list[Any] = []

    async def fail():
        raise LookupError("lost")

    tasks = BackgroundTasks()
    tasks.add_task(log.append, 1)
    tasks.add_task(fail)
    tasks.add_task(log.append, 2)
    with pytest.raises(LookupError, match="lost"):
        await tasks()
    assert log == [1]
