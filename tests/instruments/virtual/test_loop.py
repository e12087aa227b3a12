"""A loop whose time is a number: what comes when, and in which order, to the last digit."""

import asyncio
import gc
import heapq
import math
import sys
from contextlib import suppress

import pytest

from rawasgi import VirtualClock, VirtualEventLoop
from rawasgi.instruments.virtual import loop as loops
from rawasgi.instruments.virtual.loop import Runaway


def now() -> float:
    """What the loop takes for the time."""
    return asyncio.get_running_loop().time()


def test_time_begins_at_zero_and_goes_where_the_next_timer_is():
    """An hour, and a second that a shorter sleep has run beside."""

    async def main():
        beside = asyncio.create_task(asyncio.sleep(1, "beside"))
        before = now()
        await asyncio.sleep(3600)
        return before, now(), await beside

    with VirtualClock() as clock:
        assert clock.run(main()) == (0.0, 3600.0, "beside")
        assert [(jump.start, jump.end) for jump in clock.jumps] == [(0.0, 1.0), (1.0, 3600.0)]


def test_timers_of_one_instant_ring_in_the_order_in_which_they_were_made():
    """However many there are, and though some were cancelled."""
    order: list[int] = []
    with VirtualClock() as clock:
        timers = [clock.loop.call_at(60, order.append, number) for number in range(50)]
        for timer in timers[::7]:
            timer.cancel()
        clock.run(asyncio.sleep(61))
    assert order == [number for number in range(50) if number % 7]


def test_the_heap_of_asyncio_does_not_keep_that_order():
    """It compares times alone: of four timers of one instant the third comes second."""
    loop = asyncio.new_event_loop()
    heap: list[asyncio.TimerHandle] = []
    for number in range(4):
        heapq.heappush(heap, asyncio.TimerHandle(60, print, (number,), loop))
    loop.close()
    assert [heapq.heappop(heap)._args for _ in range(4)] == [(0,), (2,), (1,), (3,)]


def test_no_timer_is_early_and_none_is_lost_however_late_it_is():
    """The smallest step that a float can make is kept apart, at 1 s and after thirty years."""

    seen = []

    def ring(instant):
        seen.append(now() == instant)

    async def main():
        for instant in (1.0, math.nextafter(1.0, 2), 1e9, math.nextafter(1e9, 2e9), 1e9 + 0.25):
            asyncio.get_running_loop().call_at(instant, ring, instant)
        await asyncio.sleep(2e9)
        return seen

    with VirtualClock() as clock:
        assert clock.run(main()) == [True] * 5
        assert len(clock.jumps) == 6


def test_deadlines_pass_on_the_same_clock():
    """`asyncio.timeout`, `wait_for` and `wait`, inside one another."""

    async def main():
        passed = []
        try:
            async with asyncio.timeout(30):
                with suppress(TimeoutError):
                    await asyncio.wait_for(asyncio.Event().wait(), 10)
                passed.append(now())
                await asyncio.wait([asyncio.create_task(asyncio.sleep(3600))], timeout=5)
                passed.append(now())
                await asyncio.Event().wait()
        except TimeoutError:
            passed.append(now())
        return passed

    with VirtualClock() as clock:
        assert clock.run(main()) == [10, 15, 30]


async def sleeper():
    """Sleep, and once more under a deadline."""
    await asyncio.sleep(90)
    async with asyncio.timeout(10):
        await asyncio.sleep(0.5)


def test_each_jump_says_for_whom_time_was_skipped():
    """From, to, the task and the line that had asked to be woken; a callback has no task."""
    with VirtualClock() as clock:
        clock.loop.call_later(1, list)
        clock.run(sleeper())
        first = sleeper.__code__.co_firstlineno
        _, *jumps = map(str, clock.jumps)
        assert clock.jumps[0].task == "a callback"
        assert jumps == [
            f"1 s → 90 s  Task-1  {__name__.replace('.', '/')}.py:{first + 2} sleeper: await asyncio.sleep(90)",
            f"90 s → 90.5 s  Task-1  {__name__.replace('.', '/')}.py:{first + 4} sleeper: await asyncio.sleep(0.5)",
        ]


def test_a_run_is_the_same_each_time():
    """Times, order, and the names of tasks, of which the process has made others meanwhile."""

    async def main():
        async with asyncio.TaskGroup() as group:
            for number in range(5):
                group.create_task(asyncio.sleep(number % 2 + 0.1))
            group.create_task(asyncio.sleep(3), name="named")

    def jumps() -> list[str]:
        with VirtualClock() as clock:
            clock.run(main())
            return [*map(str, clock.jumps)]

    first = jumps()
    assert [line.split("  ")[1] for line in first] == ["Task-2", "Task-3", "named"]
    assert jumps() == first


def test_a_task_that_nobody_holds_is_not_lost():
    """asyncio holds tasks weakly: one that waits for what only it knows would go when the collector comes."""

    async def main():
        ended = []

        async def wait():
            try:
                await asyncio.Event().wait()
            finally:
                ended.append("ended")

        asyncio.create_task(wait())  # noqa: RUF006  # that is the point
        await asyncio.sleep(1)
        gc.collect()
        return ended

    with VirtualClock() as clock:
        ended = clock.run(main())
        assert ended == []
    assert ended == ["ended"]


def test_a_runner_of_asyncio_takes_the_loop():
    """`asyncio.Runner(loop_factory=VirtualEventLoop)`, in debug mode too; it cancels what is left, and closes all."""
    ended = []

    async def leftover():
        try:
            yield 1
            await asyncio.sleep(10)
        finally:
            ended.append(now())

    async def main():
        generator = leftover()
        await anext(generator)
        task = asyncio.create_task(anext(generator))
        await asyncio.sleep(5)
        return task

    with asyncio.Runner(loop_factory=VirtualEventLoop, debug=True) as runner:
        loop = runner.get_loop()
        task = runner.run(main())
        assert repr(loop) == "<VirtualEventLoop at rest at 5 s after 1 jump>"
    assert (ended, task.cancelled(), repr(loop)) == ([5], True, "<VirtualEventLoop closed at 5 s after 1 jump>")


def test_the_loop_tells_when_it_is():
    """Running, at rest, closed; and the clock the same."""
    with VirtualClock() as clock:

        async def main():
            await asyncio.sleep(0.1)
            return repr(asyncio.get_running_loop())

        assert repr(clock) == "<VirtualClock at 0 s after 0 jumps>"
        assert clock.run(main()) == "<VirtualEventLoop running at 0.1 s after 1 jump>"
        clock.run(asyncio.sleep(86_400))
    assert repr(clock) == "<VirtualClock at 86400.1 s after 2 jumps>"
    assert repr(clock.loop) == "<VirtualEventLoop closed at 86400.1 s after 2 jumps>"


async def ticking():
    """Never end."""
    while True:  # noqa: ASYNC110  # that is the point
        await asyncio.sleep(1)


def test_time_that_runs_on_without_an_end_is_stopped():
    """After so many jumps in one run, with the line that waits; the next run may make as many again."""
    with VirtualClock(max_jumps=1000) as clock:
        with pytest.raises(Runaway) as raised:
            clock.run(ticking())
        clock.run(asyncio.sleep(1))
        assert clock.time() == 1001
    line = ticking.__code__.co_firstlineno + 3
    assert str(raised.value) == (
        "after 1,000 jumps: at 1000 s one task waits:\n"
        f"  Task-1 ticking  {__name__.replace('.', '/')}.py:{line} ticking: await asyncio.sleep(1)"
    )


def test_an_instant_that_does_not_end_is_ended(monkeypatch):
    """Who asks again and again without waiting would keep time from going on."""
    monkeypatch.setattr(loops, "TURNS", 1000)

    async def polling():
        later = asyncio.create_task(asyncio.sleep(1))
        while not later.done():  # noqa: ASYNC110  # that is the point
            await asyncio.sleep(0)

    with VirtualClock() as clock, pytest.raises(Runaway) as raised:
        clock.run(polling())
    assert str(raised.value).splitlines()[0] == (
        "after 1,000 turns at one instant, as by sleep(0) in a loop: at 0 s 2 tasks wait:"
    )


def test_python_is_one_that_we_know():
    """The loop stands on private names of its base class: each of them is there."""
    private = {"_scheduled", "_ready", "_clock_resolution", "_thread_id", "_check_closed", "_run_once"}
    loop = VirtualEventLoop()
    loop.close()
    assert sys.version_info >= (3, 11)
    assert [name for name in sorted(private) if not hasattr(loop, name)] == []
