"""A run to its end: what comes out of it, what is raised, and what is left behind, which is nothing."""

import asyncio
import contextlib
import gc
from contextvars import ContextVar

import pytest

from rawasgi import Deadlock, VirtualClock
from rawasgi.instruments.conversation import Conversation, handshake, request
from tests.instruments.messages import piece, start

HERE = __name__.replace(".", "/") + ".py"
NAME = ContextVar("NAME", default="nobody")


@pytest.fixture(autouse=True)
def _nothing_to_complain(caplog):
    """After each test: asyncio has reported no lost exception, and no task that was destroyed."""
    yield
    gc.collect()
    assert [record.getMessage() for record in caplog.records] == []


async def lock_twice():
    """A lock is not re-entrant."""
    lock = asyncio.Lock()
    async with lock:
        await lock.acquire()


async def wait_for_nobody():
    """An event that nobody sets."""
    await asyncio.Event().wait()


async def sleep_to_the_end_of_time():
    """How some libraries write "for ever"."""
    await asyncio.sleep(float("inf"))


async def wait_for_each_other():
    """Each holds what the other one wants."""
    first, second = asyncio.Lock(), asyncio.Lock()

    async def both(mine, others):
        async with mine:
            await asyncio.sleep(1)
            await others.acquire()

    async with asyncio.TaskGroup() as group:
        group.create_task(both(first, second), name="left")
        group.create_task(both(second, first), name="right")


def line(function, after: int, source: str, name: str = "") -> str:
    """A line of this file as the list shows it."""
    where = f"{HERE}:{function.__code__.co_firstlineno + after}"
    return f"{name or function.__qualname__}  {where} {name or function.__qualname__}: {source}"


DEADLOCKS = {
    lock_twice: ("nothing is scheduled: at 0 s one task waits:", line(lock_twice, 4, "await lock.acquire()")),
    wait_for_nobody: (
        "nothing is scheduled: at 0 s one task waits:",
        line(wait_for_nobody, 2, "await asyncio.Event().wait()"),
    ),
    sleep_to_the_end_of_time: (
        "the next timer is due at the end of time: at 0 s one task waits:",
        line(sleep_to_the_end_of_time, 2, 'await asyncio.sleep(float("inf"))'),
    ),
}


@pytest.mark.parametrize("main", DEADLOCKS, ids=lambda main: main.__name__)
def test_a_task_that_would_wait_for_ever_is_a_deadlock(main):
    """Raised at once, with the line on which it waits."""
    why, where = DEADLOCKS[main]
    with VirtualClock() as clock, pytest.raises(Deadlock) as raised:
        clock.run(main())
    assert str(raised.value) == f"nothing is ready, and {why}\n  Task-1 {where}".replace(
        "ready, and nothing", "ready and nothing"
    )


def test_a_deadlock_lists_every_task():
    """By the name that it was given, and the lines as values too."""
    with VirtualClock() as clock:
        with pytest.raises(Deadlock) as raised:
            clock.run(wait_for_each_other())
        assert asyncio.all_tasks(clock.loop) == set()
    both = "wait_for_each_other.<locals>.both"
    inner = line(wait_for_each_other, 7, "await others.acquire()", both)
    assert str(raised.value).splitlines() == [
        "nothing is ready and nothing is scheduled: at 1 s 3 tasks wait:",
        f"  left {inner}",
        f"  right {inner}",
        f"  Task-1 {line(wait_for_each_other, 9, 'async with asyncio.TaskGroup() as group:')}",
    ]
    assert [lane.lines[-1].source for lane in raised.value.lanes][:2] == ["await others.acquire()"] * 2


async def hears_on(scope, receive, send):
    """Answer, and then wait for more than a client has to say."""
    while True:
        await receive()


def test_an_app_that_listens_for_ever_is_shown_where_it_listens():
    """The client stays and says no more; what is ours is not shown as the app's."""
    conversation = Conversation(hears_on, *handshake())
    with VirtualClock() as clock, pytest.raises(Deadlock) as raised:
        clock.run(conversation.run())
    assert str(raised.value) == (
        "nothing is ready and nothing is scheduled: at 0 s one task waits:\n"
        f"  Task-1 Conversation.run  {line(hears_on, 3, 'await receive()').partition('  ')[2]}"
    )
    assert conversation.heard == [{"type": "websocket.connect"}]


def test_who_is_stuck_is_cancelled_and_may_tidy_up():
    """It takes the time that it needs, and is over when `Deadlock` comes out; other tasks go on in the next run."""
    seen = []

    async def other():
        await asyncio.sleep(100)
        seen.append("the other one has ended")

    async def main():
        asyncio.create_task(other())  # noqa: RUF006  # held by this loop
        try:
            await asyncio.sleep(500)
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(60)
            seen.append(f"tidied up at {asyncio.get_running_loop().time():g} s")

    with VirtualClock() as clock:
        with pytest.raises(Deadlock):
            clock.run(main())
        assert seen == ["the other one has ended", "tidied up at 560 s"]


def test_who_swallows_a_cancellation_gets_another():
    """Also who waits in a `finally` for what does not come: a day is given to each."""
    swallowed = []

    async def stubborn():
        for number in range(3):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                swallowed.append(number)

    with VirtualClock() as clock:
        task = clock.loop.create_task(stubborn())
        clock.run(asyncio.sleep(1))
    assert (swallowed, task.done(), clock.time()) == ([0, 1, 2], True, 1 + 2 * 86_400)


def test_a_run_raises_what_the_coroutine_raises():
    """And the clock can be used again."""

    async def fail():
        await asyncio.sleep(1)
        raise LookupError("not there")

    with VirtualClock() as clock:
        for number in (1, 2):
            with pytest.raises(LookupError, match="not there"):
                clock.run(fail())
            assert clock.time() == number


@pytest.mark.parametrize("leaving", [SystemExit(3), KeyboardInterrupt()])
@pytest.mark.parametrize("in_a_task", [False, True])
def test_who_leaves_python_leaves_the_run(leaving, in_a_task):
    """`sys.exit` and Ctrl-C come out, from whichever task; all others are cancelled."""
    cancelled = []

    async def leave():
        await asyncio.sleep(5)
        raise leaving

    async def main():
        if not in_a_task:
            await leave()
        try:
            await asyncio.create_task(leave())
        except asyncio.CancelledError:
            cancelled.append("main")
            raise

    clock = VirtualClock()
    with pytest.raises(type(leaving)), clock:
        clock.run(main())
    assert (cancelled, clock.loop.is_closed(), clock.time()) == (["main"] if in_a_task else [], True, 5)


def test_a_run_sees_the_callers_context_variables():
    """And leaves them as they are: neither the caller nor the next run sees what it has set."""

    async def main():
        seen = NAME.get()
        NAME.set("the run's")
        await asyncio.sleep(1)
        return seen, NAME.get()

    token = NAME.set("the caller's")
    try:
        with VirtualClock() as clock:
            assert [clock.run(main()) for _ in range(2)] == [("the caller's", "the run's")] * 2
        assert NAME.get() == "the caller's"
    finally:
        NAME.reset(token)


def test_asynchronous_generators_are_closed_with_the_clock():
    """Whoever stopped in the middle of one."""
    closed = []

    async def numbers():
        try:
            yield 1
        finally:
            await asyncio.sleep(10)
            closed.append(asyncio.get_running_loop().time())

    generators = []

    async def first():
        generators.append(numbers())
        return await anext(generators[0])

    with VirtualClock() as clock:
        assert clock.run(first()) == 1
    assert (closed, clock.loop.is_closed()) == ([10], True)


def test_time_does_not_pass_between_two_runs():
    """A task that one has started waits for the next, as long as that lets it."""
    ticks = []

    async def ticking():
        while True:
            await asyncio.sleep(10)
            ticks.append(asyncio.get_running_loop().time())

    async def begin():
        asyncio.create_task(ticking())  # noqa: RUF006  # held by this loop

    with VirtualClock() as clock:
        clock.run(begin())
        assert ticks == []
        clock.run(asyncio.sleep(25))
        assert ticks == [10, 20]
        clock.run(asyncio.sleep(0))
        assert (ticks, clock.time()) == ([10, 20], 25)


def test_a_clock_does_not_run_on_a_loop_that_runs():
    """Neither its own nor another one; and no coroutine is left that nobody awaits."""
    with VirtualClock() as clock:

        async def main():
            clock.run(asyncio.sleep(1))

        for run in (clock.run, asyncio.run):
            with pytest.raises(RuntimeError, match="a clock runs an event loop of its own, and another one is running"):
                run(main())


def test_a_clock_that_was_closed_says_so():
    """As any loop; twice closed is closed."""
    with VirtualClock() as clock:
        pass
    clock.close()
    coroutine = asyncio.sleep(1)
    with contextlib.closing(coroutine), pytest.raises(RuntimeError, match="Event loop is closed"):
        clock.run(coroutine)


def test_a_conversation_is_a_coroutine_like_another():
    """An app that thinks for an hour, asked without a client."""

    async def thinking(scope, receive, send):
        await asyncio.sleep(3600)
        await send(start())
        await send(piece(b"42"))

    with VirtualClock() as clock:
        assert clock.run(Conversation(thinking, *request()).run()) == [start(), piece(b"42")]
        assert clock.time() == 3600
