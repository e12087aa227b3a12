"""An app in -> the same app, cancelled at one of its suspensions, and a look at what it left behind, out."""

import asyncio
import gc
import threading
import types
from pathlib import Path
from typing import Any
from unittest.mock import patch

from rawasgi import concurrency


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


class Busy:
    """How many functions run on threads now; in place of the function that each thread calls."""

    def __init__(self):
        self.count, self.lock, self.outcome = 0, threading.Lock(), concurrency.outcome

    def __call__(self, func):
        with self.lock:
            self.count += 1
        try:
            return self.outcome(func)
        finally:
            with self.lock:
                self.count -= 1


async def driven(suspensions, call):
    """The call, driven by hand, as a coroutine: since Python 3.12 a task takes nothing else."""
    return await suspensions.drive(call())


async def cancelled_at_each_suspension(call, folder, *, twice=False):
    """Make the call again and again, cancelled one suspension later each time, until one runs to its end.

    After each: no task, no open file below the folder, no function on a thread. Gives how many there were.
    """
    place, busy = 0, Busy()
    with patch.object(concurrency, "outcome", busy):
        while True:
            suspensions = Suspensions(place, *([place + 1] if twice else []))
            task = asyncio.create_task(driven(suspensions, call))
            try:
                await task
            except asyncio.CancelledError:
                pass
            assert asyncio.all_tasks() == {asyncio.current_task()}, f"a task is left after suspension {place}"
            assert open_files(folder) == [], f"a file is open after suspension {place}"
            assert busy.count == 0, f"a thread is busy after suspension {place}"
            if suspensions.count <= place:
                gc.collect()  # what was never awaited or closed warns when it is collected, and warnings are errors
                return place
            place += 1
