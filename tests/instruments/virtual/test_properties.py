"""Random programs of tasks that sleep: what happens when, as computed on paper and as a real loop has it."""

import asyncio
import heapq
from itertools import accumulate, count

from hypothesis import given, settings
from hypothesis import strategies as st

from rawasgi import VirtualClock

# A program is a list of tasks, each with the seconds of its sleeps, one after the other.
sleeps = st.lists(st.sampled_from([0.25, 0.5, 1.0, 3.0, 3600.0]), max_size=6)
programs = st.lists(sleeps, max_size=8)

Log = list[tuple[float, int]]


async def played(program: list[list[float]], scale: float = 1.0) -> Log:
    """Each awakening: when, in seconds since the start, and of which task."""
    loop, log = asyncio.get_running_loop(), Log()
    start = loop.time()

    async def sleeper(number: int) -> None:
        for seconds in program[number]:
            await asyncio.sleep(seconds * scale)
            log.append(((loop.time() - start) / scale, number))

    async with asyncio.TaskGroup() as group:
        for number in range(len(program)):
            group.create_task(sleeper(number))
    return log


def on_paper(program: list[list[float]]) -> Log:
    """The same by hand: take the earliest alarm, of several the one that was set first, and set the task's next."""
    order, log = count(), Log()
    left = [iter(sleeps) for sleeps in program]
    alarms: list[tuple[float, int, int]] = []

    def set_alarm(now: float, number: int) -> None:
        if seconds := next(left[number], None):
            heapq.heappush(alarms, (now + seconds, next(order), number))

    for number in range(len(program)):
        set_alarm(0.0, number)
    while alarms:
        now, _, number = heapq.heappop(alarms)
        log.append((now, number))
        set_alarm(now, number)
    return log


@given(programs)
def test_a_program_of_sleeps_goes_as_on_paper(program):
    """To the last digit, in the order in which the alarms were set, and the same when it is played again."""
    with VirtualClock() as clock:
        log = clock.run(played(program))
        end = clock.time()
        instants = {when for when, _ in log}
        assert log == on_paper(program)
        assert end == max([0.0, *(sum(sleeps) for sleeps in program)])
        assert [jump.end for jump in clock.jumps] == sorted(instants)


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 20)), min_size=1, max_size=10))
def test_a_deadline_passes_where_it_is_shorter_than_the_work(pairs):
    """Each task has some seconds, and needs some: who needs more ends at its deadline, who needs less at its work."""

    async def one(allowed: int, needed: int) -> tuple[float, bool]:
        try:
            await asyncio.wait_for(asyncio.sleep(needed), allowed + 0.5)
        except TimeoutError:
            return asyncio.get_running_loop().time(), False
        return asyncio.get_running_loop().time(), True

    async def main() -> list[tuple[float, bool]]:
        return await asyncio.gather(*(one(*pair) for pair in pairs))

    with VirtualClock() as clock:
        assert clock.run(main()) == [
            (needed, True) if needed <= allowed else (allowed + 0.5, False) for allowed, needed in pairs
        ]


# Sleeps in hundredths of a second, whose ends lie a step apart: what a real loop does with ends at once, nobody knows.
distinct = st.permutations(range(1, 9)).map(lambda ends: [ends[:3], ends[3:5], ends[5:]])


@settings(max_examples=3)
@given(distinct)
def test_a_real_loop_has_the_same_order(ends):
    """Slower, and with times that are about the same."""
    program = [[b - a for a, b in zip([0, *sorted(row)], sorted(row), strict=False)] for row in ends]
    with VirtualClock() as clock:
        virtual = clock.run(played(program))
    real = asyncio.run(played(program, scale=0.01))
    assert [number for _, number in virtual] == [number for _, number in real]
    assert [when for when, _ in virtual] == [*accumulate([1.0] * 8)]
