"""An app in -> the same app, cancelled at one of its suspensions, and a look at what it left behind, out."""

import asyncio
import gc
import types
from pathlib import Path
from typing import Any

from rawasgi.concurrency import threads


class Suspensions:
    """Drives a coroutine by hand, counts where it suspends, and cancels the task at the ones that are asked for."""

    def __init__(self, *cancel_at):
        self.cancel_at = cancel_at
        self.count = 0

    @types.coroutine
    def drive(self, coroutine):
        """Await the coroutine, in this task; the cancellation arrives at what it waits for, as one from outside does."""
        error = None
        while True:
            try:
                step = coroutine.send(None) if error is None else coroutine.throw(error)
            except StopIteration as end:
                return end.value
            if self.count in self.cancel_at:
                task: Any = asyncio.current_task()
                task.cancel()
            self.count += 1
            error = None
            try:
                yield step
            except BaseException as thrown:
                error = thrown


async def never() -> Any:
    """The `receive` of a client that stays and says nothing."""
    await asyncio.Event().wait()


def open_files(folder):
    """Which files below the folder this process has open."""
    descriptors = Path("/proc/self/fd")
    targets = []
    for descriptor in descriptors.iterdir():
        try:
            targets.append(descriptor.readlink())
        except FileNotFoundError:  # the one that the listing itself needed
            continue
    return [target for target in targets if target.is_relative_to(folder)]


async def cancelled_at_each_suspension(call, folder, *, twice=False):
    """Make the call again and again, cancelled one suspension later each time, until one runs to its end.

    After each: no task, no open file below the folder, no work on or before the threads. Gives how many there were.
    """
    place = 0
    while True:
        suspensions = Suspensions(place, *([place + 1] if twice else []))
        task = asyncio.create_task(suspensions.drive(call()))
        try:
            await task
        except asyncio.CancelledError:
            pass
        assert asyncio.all_tasks() == {asyncio.current_task()}, f"a task is left after suspension {place}"
        assert open_files(folder) == [], f"a file is open after suspension {place}"
        pool: Any = threads._executor
        assert pool is None or pool._work_queue.empty(), f"a thread has work after suspension {place}"
        if suspensions.count <= place:
            gc.collect()  # what was never awaited or closed warns when it is collected, and warnings are errors
            return place
        place += 1
