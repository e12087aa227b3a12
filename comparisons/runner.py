"""Contracts, stacks and servers -> the results of every exchange, out.

bytes > server > app > response > bytes

Two kinds of server run at a time, each in a thread with its own fork-server. Signals raise nothing: they are one more
message in the queue that the main thread reads, so that there is one way out, and it ends every process and removes
the one temporary folder.

Left out: machines other than this one.
"""

import queue
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Literal

from comparisons.discovery import Comparison
from comparisons.judge import StepResult
from comparisons.servers import SERVERS, Launcher, ServerError
from comparisons.stacks import Stack
from comparisons.stage import Stage

AT_ONCE = 2


@dataclass(frozen=True)
class Run:
    """One contract, one stack, one server."""

    comparison: Comparison
    stack: Stack
    server: str

    def __str__(self) -> str:
        return f"{self.comparison.name} {self.stack.name} {self.server}"


@dataclass(frozen=True)
class RunResult:
    """What came of it."""

    run: Run
    steps: tuple[StepResult, ...] = ()
    error: str = ""  # the server did not come up, or did not obey

    @property
    def failures(self) -> tuple[str, ...]:
        """Everything that the contract did not allow."""
        said = [f"{result.step.title}: {failure}" for result in self.steps for failure in result.failures]
        return (*([self.error] if self.error else []), *said)


@dataclass(frozen=True)
class Moment:
    """Word from a worker or a signal handler to the main thread."""

    what: Literal["start", "exchange", "stop", "end", "gone", "signal"]
    run: Run | None = None
    title: str = ""
    result: RunResult | None = None
    number: int = 0
    error: Exception | None = None

    def __str__(self) -> str:
        return " ".join(str(part) for part in (self.what, self.run, self.title) if part)


class Interrupted(Exception):
    """SIGINT or SIGTERM came; everything has been put away."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(f"ended by {signal.Signals(number).name}; every process and temporary file is gone")


def plan(comparisons: Sequence[Comparison], stacks: Sequence[str] = (), servers: Sequence[str] = ()) -> list[Run]:
    """List the runs, all of one kind of server together."""
    return [
        Run(comparison, stack, server)
        for server in SERVERS
        for comparison in comparisons
        for stack in comparison.stacks
        if server in comparison.servers(stack)
        if (not stacks or stack.name in stacks) and (not servers or server in servers)
    ]


def run_all(runs: Sequence[Run], notice: Callable[[Moment], None]) -> list[RunResult]:
    """Perform the runs; `notice` hears of every moment in the main thread. Raises `Interrupted`."""
    moments: queue.SimpleQueue[Moment] = queue.SimpleQueue()  # its put may interrupt its own get: fit for a handler
    with _signals_to(moments), tempfile.TemporaryDirectory(prefix="comparisons-") as folder:
        crew = Crew(runs, Path(folder), moments)
        try:
            results = _listen(crew, moments, notice)
        finally:
            crew.dismiss()
    return sorted(results, key=lambda result: runs.index(result.run))


@contextmanager
def _signals_to(moments: queue.SimpleQueue[Moment]) -> Iterator[None]:
    def handle(number: int, frame: FrameType | None) -> None:
        moments.put(Moment("signal", number=number))

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except Interrupted:
        for number in before:
            signal.signal(number, signal.SIG_IGN)  # the process is ending already: impatience must not cut that short
        raise
    except BaseException:
        _restore(before)
        raise
    _restore(before)


def _restore(handlers: dict[signal.Signals, Any]) -> None:
    for number, handler in handlers.items():
        signal.signal(number, handler)


def _listen(crew: "Crew", moments: queue.SimpleQueue[Moment], notice: Callable[[Moment], None]) -> list[RunResult]:
    results = []
    working = crew.begin()
    while working:
        moment = moments.get()
        if moment.what == "signal":
            raise Interrupted(moment.number)
        if moment.what == "gone":
            working -= 1
        if moment.error is not None:
            raise moment.error
        if moment.result is not None:
            results.append(moment.result)
        notice(moment)
    return results


class Crew:
    """The threads and their fork-servers."""

    def __init__(self, runs: Sequence[Run], folder: Path, moments: queue.SimpleQueue[Moment]) -> None:
        self._folder = folder
        self._moments = moments
        self._lock = threading.Lock()
        self._launchers: list[Launcher] = []
        self._threads: list[threading.Thread] = []
        self._dismissed = False
        kinds = dict.fromkeys(run.server for run in runs)
        self._waiting = [[run for run in runs if run.server == kind] for kind in kinds]

    def begin(self) -> int:
        """Start the threads; say how many."""
        self._threads = [threading.Thread(target=self._work) for _ in self._waiting[:AT_ONCE]]
        for thread in self._threads:
            thread.start()
        return len(self._threads)

    def dismiss(self) -> None:
        """End every server, which ends every wait of the threads, and then the threads."""
        with self._lock:
            self._dismissed = True
        for launcher in self._launchers:
            launcher.close()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        try:
            while launcher_and_runs := self._next_kind():
                launcher, runs = launcher_and_runs
                for run in runs:
                    if self._dismissed:
                        break
                    self._moments.put(Moment("end", run, result=self._perform(run, launcher)))
                launcher.close()
            self._moments.put(Moment("gone"))
        except Exception as error:  # the main thread raises it
            self._moments.put(Moment("gone", error=error))

    def _next_kind(self) -> tuple[Launcher, list[Run]] | None:
        with self._lock:
            if self._dismissed or not self._waiting:
                return None
            runs = self._waiting.pop(0)
            preload = dict.fromkeys(run.stack.requires for run in runs if run.stack.requires)
            launcher = Launcher(SERVERS[runs[0].server], self._folder, list(preload))
            self._launchers.append(launcher)
            return launcher, runs

    def _perform(self, run: Run, launcher: Launcher) -> RunResult:
        comparison = run.comparison
        stage = Stage(comparison.contract, run.stack.name, comparison.app(run.stack), launcher)
        results: list[StepResult] = []
        try:
            self._moments.put(Moment("start", run))
            for step in comparison.contract.steps:
                if self._dismissed:
                    break
                self._moments.put(Moment("exchange", run, step.title))
                results.append(stage.play(step))
            return RunResult(run, tuple(results))
        except ServerError as error:
            alone = f"python -m {launcher.server.module} {comparison.app(run.stack)}"
            return RunResult(run, tuple(results), f"{str(error).rstrip('.')}. To see it alone: {alone}")
        finally:
            self._moments.put(Moment("stop", run))
            stage.clear()
