"""An app in -> the same app, cancelled at one of its suspensions, and a look at what it left behind, out."""

import asyncio
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any
from unittest.mock import patch

from rawasgi import concurrency


class Suspensions:
    """The factory of tasks that counts where they suspend, and cancels the first of them at the places asked for."""

    def __init__(self, *cancel_at):
        self.cancel_at = cancel_at
        self.count = 0
        self.first: Any = None
        self.has_cancelled = False

    def __call__(self, loop, coroutine, **options):
        """Make a task, as the loop would."""
        task: asyncio.Task[Any] = asyncio.Task(Counted(coroutine, self), loop=loop, **options)
        self.first = self.first or task
        return task

    def note(self):
        """One of the tasks has come to where it suspends."""
        if self.count in self.cancel_at:
            self.has_cancelled |= self.first.cancel()
        self.count += 1


class Counted(Coroutine[Any, Any, Any]):
    """A coroutine whose suspensions are noted."""

    def __init__(self, coroutine, suspensions):
        self.coroutine, self.suspensions = coroutine, suspensions

    def send(self, value):
        """Go on, to the next suspension; StopIteration at the end."""
        awaited = self.coroutine.send(value)
        self.suspensions.note()
        return awaited

    def throw(self, *error):
        """The same, with what is raised where it waits."""
        awaited = self.coroutine.throw(*error)
        self.suspensions.note()
        return awaited

    def close(self):
        """It will not be gone on with."""
        self.coroutine.close()

    def __await__(self):
        raise NotImplementedError("a task does not await it")


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


async def cancelled_at_each_suspension(call, folder, *, again=0):
    """Make the call again and again, cancelled one suspension later each time, until one runs to its end.

    Those of the tasks that it makes count too. `again` is after how many more it is cancelled a second time, 0 for never.
    After each the call has ended as a cancelled one: no task, no open file below the folder, no function on a thread.
    Gives how many suspensions there were.
    """
    place, busy, loop = 0, Busy(), asyncio.get_running_loop()
    with patch.object(concurrency, "outcome", busy):
        while True:
            suspensions = Suspensions(place, place + again)
            loop.set_task_factory(suspensions)
            task = asyncio.create_task(call())
            await asyncio.wait([task])
            if not task.cancelled():
                task.result()
                assert not suspensions.has_cancelled, f"the cancellation at suspension {place} was swallowed"
            assert asyncio.all_tasks() == {asyncio.current_task()}, f"a task is left after suspension {place}"
            assert open_files(folder) == [], f"a file is open after suspension {place}"
            assert busy.count == 0, f"a thread is busy after suspension {place}"
            if not suspensions.has_cancelled:
                return place
            place += 1
