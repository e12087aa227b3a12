"""An exchange of a contract -> its result, on a server that is started when the first exchange needs it, out.

bytes > server > app > response > bytes
"""

import signal
import time
from collections.abc import Mapping
from dataclasses import replace

from comparisons.contract import Contract, Dialogue, Process, Request, Step
from comparisons.http_client import TICK, Browser
from comparisons.judge import StepResult, differences_at, expected, judge
from comparisons.outcome import ANY, Outcome
from comparisons.servers import START_SECONDS, Launcher, ServerProcess
from comparisons.websocket_client import converse
from comparisons.wire import DEADLINE, DeadlineError

QUIET = 0.3
"""Seconds after which a log that must stay empty counts as empty."""


class Stage:
    """One app on one server, exchange after exchange."""

    def __init__(self, contract: Contract, stack: str, app: str, launcher: Launcher) -> None:
        self._contract = contract
        self._stack = stack
        self._app = app
        self._launcher = launcher
        # What a process says and how it ends is only its own if nothing of it was imported beforehand.
        self._fresh = any(isinstance(step, Process) for step in contract.steps)
        self._process: ServerProcess | None = None
        self._environment: Mapping[str, str] = {}
        self._browser: Browser | None = None

    def play(self, step: Step) -> StepResult:
        """Perform and judge one exchange."""
        server = self._launcher.server.name
        declared = differences_at(self._contract, step, self._stack, server)
        if any(difference.verdict == "n/a" for difference in declared):
            return StepResult(step, self._stack, None, declared, ())
        try:
            seen = self._perform(step, expected(step, declared))
        except DeadlineError as error:
            return StepResult(step, self._stack, None, declared, (str(error),))
        return judge(self._contract, step, self._stack, server, seen)

    def clear(self) -> None:
        """End what still runs."""
        if self._browser is not None:
            self._browser.close()
        if self._process is not None:
            self._launcher.stop(self._process)
        self._browser = self._process = None

    def _perform(self, step: Step, wanted: Outcome) -> Outcome:
        if isinstance(step, Process):
            return self._watch(step)
        process, browser = self._serving(step.environment)
        start = len(process.printed())
        if isinstance(step, Request):
            seen = browser.exchange(step, lambda: process.printed()[start:])
        elif isinstance(step, Dialogue):
            seen = converse(process.port, step)
        else:
            raise TypeError(f"{step.title} is no exchange")
        return replace(seen, log=_lines(process, start, wanted))

    def _watch(self, step: Process) -> Outcome:
        """Signal the process and see it end; it starts first if it does not run."""
        if step.signal is None:
            self.clear()
            process = self._start(step.environment)
        else:
            process, browser = self._serving(step.environment)
            browser.close()
            self._launcher.signal(process, step.signal)
        status = process.wait(START_SECONDS if step.signal is None else DEADLINE)
        log = _whole_lines(process)
        self.clear()
        return Outcome(exit=_clean(status, step.signal), log=log)

    def _serving(self, environment: Mapping[str, str]) -> tuple[ServerProcess, Browser]:
        if environment != self._environment:
            self.clear()
        if self._process is None or self._browser is None:
            process = self._start(environment)
            process.wait_until_it_answers()
            self._browser = Browser(process.port)
            return process, self._browser
        return self._process, self._browser

    def _start(self, environment: Mapping[str, str]) -> ServerProcess:
        self._environment = environment
        self._process = self._launcher.start(self._app, fresh=self._fresh, environment=environment)
        return self._process


def _lines(process: ServerProcess, start: int, wanted: Outcome) -> tuple[str, ...]:
    """Wait for as many lines as are expected; the silence of a log is believed after a while."""
    if wanted.log is ANY:
        return _whole_lines(process, start)
    number = len(wanted.log)
    end = time.monotonic() + (DEADLINE if number else QUIET)
    while True:
        lines = _whole_lines(process, start)
        if (number and len(lines) >= number) or time.monotonic() > end:
            return lines
        time.sleep(TICK)


def _whole_lines(process: ServerProcess, start: int = 0) -> tuple[str, ...]:
    return tuple(process.printed()[start:].split("\n")[:-1])  # behind the last newline a line may still be growing


def _clean(status: int | None, sent: str | None) -> int | None:
    """Count dying by the signal that was sent as status 0: uvicorn ends its clean shutdown so."""
    return 0 if sent is not None and status == -signal.Signals[sent] else status
