"""The windows of a contender -> its row: medians with their spread, and whether the model holds, out.

A figure is the median of the rounds; its spread is half of what lies between the smallest and the largest, and never
less than a window can resolve: whether one more answer of each slot falls inside it is chance.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.load.bench import Results
from benchmarks.load.scenario import Contender, Load
from benchmarks.load.window import Quantile, Window

FULL_CORE = 0.9
FULL_MACHINE = 0.95
FEW = 100
"""Fewer requests than that have no 99 % quantile of their own: it is the slowest."""


@dataclass(frozen=True)
class Figure:
    """The median of the rounds, and half the distance between the extremes."""

    median: float
    spread: float


@dataclass(frozen=True)
class Latency:
    """The same of a quantile, in ms."""

    median: float
    spread: float
    beyond: bool  # in a round it fell on unanswered requests

    def __str__(self) -> str:
        return f"{'>' if self.beyond else ''}{self.median:.0f}"


@dataclass(frozen=True)
class OpenRow:
    """What the windows of the open loop showed."""

    offered: Figure  # arrivals a second
    p50: Latency
    p99: Latency
    few: bool
    unanswered: int
    failed: int


@dataclass(frozen=True)
class Row:
    """One contender."""

    contender: Contender
    rounds: int
    predicted: float  # answers a second
    answered: Figure  # a second
    p50: Latency
    p99: Latency
    unanswered: int  # of all rounds
    failed: int
    server: Figure  # share of a core
    memory: Figure  # MiB
    open: OpenRow | None
    why_not: str  # "" where the measurement agrees with the prediction

    @property
    def verdict(self) -> str:
        """Say whether the model holds, and if not, why."""
        return self.why_not or "agrees"


def rows(results: Results) -> list[Row]:
    """Make a row for each contender of which a window is done, in the order of the scenario."""
    return [
        _row(results, contender, closed)
        for contender in results.contenders
        if (closed := results.of(contender, closed=True))
    ]


def _row(results: Results, contender: Contender, closed: Sequence[Window]) -> Row:
    load = results.load
    predicted = results.scenario.prediction(contender, load.clients)
    answered = figure((window.answered for window in closed), least=resolution(contender, load))
    server = figure(window.server for window in closed)
    failed = sum(window.failed for window in closed)
    opened = results.of(contender, closed=False)
    return Row(
        contender=contender,
        rounds=len(closed),
        predicted=predicted,
        answered=answered,
        p50=latency([window.p50 for window in closed]),
        p99=latency([window.p99 for window in closed]),
        unanswered=sum(window.unanswered for window in closed),
        failed=failed,
        server=server,
        memory=figure(window.memory for window in closed),
        open=_open_row(opened) if opened else None,
        why_not=why_not(results, contender, answered, closed),
    )


def _open_row(opened: Sequence[Window]) -> OpenRow:
    return OpenRow(
        offered=figure(window.offered or 0.0 for window in opened),
        p50=latency([window.p50 for window in opened]),
        p99=latency([window.p99 for window in opened]),
        few=min(window.requests for window in opened) < FEW,
        unanswered=sum(window.unanswered for window in opened),
        failed=sum(window.failed for window in opened),
    )


def resolution(contender: Contender, load: Load) -> float:
    """Give the answers a second that are chance: slots that are fewer than the clients finish in step."""
    in_step = contender.slots if contender.slots is not None and contender.slots < load.clients else 1
    return in_step / load.seconds


def figure(values: Iterable[float], least: float = 0.0) -> Figure:
    """Sum the rounds up.

    >>> figure([9.0, 10.0, 12.0])
    Figure(median=10.0, spread=1.5)
    """
    known = list(values)
    return Figure(median(known), max(least, (max(known) - min(known)) / 2))


def latency(quantiles: Sequence[Quantile]) -> Latency:
    """Sum the rounds up."""
    own = figure(quantile.ms for quantile in quantiles)
    return Latency(own.median, own.spread, any(quantile.beyond for quantile in quantiles))


def why_not(results: Results, contender: Contender, answered: Figure, closed: Sequence[Window]) -> str:
    """Say in what way the measurement leaves the model; "" if they agree within the spread."""
    predicted = results.scenario.prediction(contender, results.load.clients)
    if abs(answered.median - predicted) <= answered.spread:
        return ""
    failed = sum(window.failed for window in closed)
    core = median(window.server for window in closed)
    machine = median(window.machine for window in closed)
    if failed:
        return f"requests failed: {failed}"
    if not answered.median:
        return "nothing was answered inside the window"
    cpu = core / answered.median * 1000
    if core >= FULL_CORE:
        return f"its core is full: {cpu:.2f} ms of CPU a request are all that one core has"
    if machine >= FULL_MACHINE:
        return f"the machine was full ({machine:.0%}): others delayed server and generator"
    if answered.median > predicted:
        return "more than its slots allow: they are not what limits it"
    held = contender.held(results.load.clients) / answered.median * 1000
    beyond = held - results.scenario.wait * 1000
    return (
        f"a slot is held for {held:.1f} ms, {beyond:.1f} beyond the wait; {cpu:.2f} of them are the request's own CPU"
    )
