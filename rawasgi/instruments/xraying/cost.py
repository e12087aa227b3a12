"""An app and an exchange, asked again and again, in -> what each layer costs out.

bytes > server > [app > middleware > routing > handler > response] > bytes

Own time is the time in which control lies with a layer: from when it is called, or comes back to it, until it calls the
next layer in, or the `receive` or `send` of the layer outside, whose work that is then. What a layer waits for without
calling either (a thread, a lock, a database, another task) is its own. So at every moment exactly one layer pays, or
the server, and the sum is the whole.

The probes do no more than read the clock and hand over; still, crossing one costs about a microsecond. An app that has
a `receive` open beside its work, to hear of a client that leaves, does that work on the server's account.

Spec:         none, because the specification says nothing of time
In FastAPI:   none, because it leaves this to profilers
In Starlette: none, because it leaves this to profilers
In Flask:     werkzeug.middleware.profiler:ProfilerMiddleware
Left out:     concurrency: one request at a time, on a loop that does nothing else
"""

import gc
import os
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, perf_counter_ns
from typing import Any, NamedTuple, TypeVar

from rawasgi.instruments.apart import GRACE, limited, looped, started
from rawasgi.instruments.conversation import Conversation, Exchange
from rawasgi.instruments.layers import Layer, probed
from rawasgi.instruments.xraying.sight import Cost
from rawasgi.messages.types import ASGIApp, Message, Receive, Scope, Send
from rawasgi.responses import TrackedSend

T = TypeVar("T")

RUNS, BUDGET = 200, 2.0  # so many runs, or so many seconds of them, whichever comes first
WARM_UP = 3  # runs before it counts: caches fill, threads start
REPEATABLE = ("GET", "HEAD", "OPTIONS")
SAYS = "the app has not ended its runs"


class Meter:
    """Whose time it is, and what each has used: `spent` in nanoseconds, layers in the order of their first call."""

    def __init__(self, clock: Callable[[], int] = perf_counter_ns) -> None:
        self.clock = clock
        self.payer: Layer | None = None  # None is the server
        self.spent: Counter[Layer | None] = Counter()
        self.since = clock()

    def hand_to(self, layer: Layer | None) -> None:
        """From now on this layer pays."""
        now = self.clock()
        self.spent[self.payer] += now - self.since
        self.payer, self.since = layer, now

    def probe(self, layer: Layer) -> ASGIApp:
        """The layer, with its boundary watched."""

        async def timed(scope: Scope, receive: Receive, send: Send) -> None:
            outer = self.payer

            async def receive_from_outside() -> Message:
                return await self.paid_by(outer, layer, receive())

            async def send_outside(message: Message) -> None:
                await self.paid_by(outer, layer, send(message))

            timing = TimedSend(send, self, outer, layer) if isinstance(send, TrackedSend) else send_outside
            await self.paid_by(layer, outer, layer.app(scope, receive_from_outside, timing))

        return timed

    async def paid_by(self, during: Layer | None, afterwards: Layer | None, work: Awaitable[T]) -> T:
        """Await something on one account, then go on with another."""
        self.hand_to(during)
        try:
            return await work
        finally:
            self.hand_to(afterwards)


class TimedSend(TrackedSend):
    """The `send` of a layer of rawasgi, which asks more of it than to be called (`SeenSend` does the same)."""

    def __init__(self, behind: TrackedSend, meter: Meter, outer: Layer | None, layer: Layer) -> None:
        self.behind = behind
        self.meter = meter
        self.accounts = outer, layer

    @property
    def started(self) -> bool:  # type: ignore[override]
        """Whether the response has started, as the `send` behind this one sees it."""
        return self.behind.started

    def __call__(self, message: Message) -> Awaitable[None]:
        """Hand a message on."""
        return self.meter.paid_by(*self.accounts, self.behind(message))

    async def respond(self, response: Any, scope: Scope, receive: Receive) -> None:
        """Hand a response over unsent where somebody waits for it; else send it through here."""
        first = self.behind
        while isinstance(first, TimedSend):
            first = first.behind
        if type(first).respond is TrackedSend.respond:
            await super().respond(response, scope, receive)
        else:
            await self.meter.paid_by(*self.accounts, self.behind.respond(response, scope, receive))


def runs_of(exchange: Exchange, runs: int | None) -> int:
    """How often to ask: as often as is wished, else 200 times what changes nothing, and not at all what may."""
    if exchange.scope["type"] == "lifespan":
        return 0  # it happens once, around all else
    return (RUNS if is_repeatable(exchange) else 0) if runs is None else runs


def is_repeatable(exchange: Exchange) -> bool:
    """Whether it may be asked again unasked: what changes nothing on the server."""
    return exchange.scope.get("method") in REPEATABLE


def measure(app: ASGIApp, exchange: Exchange, runs: int = RUNS, seconds: float = 5.0) -> tuple[tuple[Cost, ...], int]:
    """The cost of each layer that the exchange goes through, outermost first, and how many runs it is the median of.

    All runs share one loop and one lifespan. Raises what the app raises, `Hanging` and `Exited`.
    """
    samples: list[Counter[Layer | None]] = []

    async def measured() -> None:
        async with started(app, seconds) as state:
            await limited(repeated(app, exchange, state), seconds + BUDGET, SAYS)

    async def repeated(app: ASGIApp, exchange: Exchange, state: dict[str, Any]) -> None:
        meter = Meter()
        with probed(app, meter.probe) as watched:
            for _ in until(runs, WARM_UP):
                meter.spent, meter.payer = Counter(), None
                await once(watched, exchange, state)
                samples.append(meter.spent)

    with silenced():
        looped(measured, 3 * seconds + BUDGET + 3 * GRACE)
    return costs(samples[WARM_UP:]), len(samples) - WARM_UP


def until(runs: int, warm_up: int) -> Iterator[int]:
    """Count the runs: first those that warm up, then as many as are wished and as there is time for."""
    yield from range(warm_up)
    gc.collect()
    began = perf_counter()
    for number in range(runs):
        if number and perf_counter() - began > BUDGET:
            return
        yield number


async def once(app: ASGIApp, exchange: Exchange, state: dict[str, Any]) -> Conversation:
    """Ask once, in this task."""
    conversation = Conversation(app, {**exchange.scope, "state": {**state}}, exchange.messages)
    await conversation.run()
    return conversation


def costs(samples: Sequence[Counter[Layer | None]]) -> tuple[Cost, ...]:
    """The median and the spread of each layer that every run went through."""
    layers = [layer for layer in samples[0] if layer is not None and all(layer in each for each in samples)]
    figures = [spread_of([each[layer] / 1e9 for each in samples]) for layer in layers]
    whole = sum(middle for middle, _ in figures) or 1.0
    return tuple(Cost(middle, spread, middle / whole) for middle, spread in figures)


def spread_of(values: Sequence[float]) -> tuple[float, float]:
    """The median, and half the interquartile range; a single value has no spread, and says so by an infinite one."""
    if len(values) < 2:
        return median(values), float("inf")
    lower, _, upper = quantiles(values, n=4)
    return median(values), (upper - lower) / 2


class Ratio(NamedTuple):
    """How many times as long one app takes as another, with half the interquartile range, from so many pairs of runs."""

    median: float
    spread: float
    runs: int


def ratio(apps: Sequence[ASGIApp], exchange: Exchange, runs: int = RUNS, seconds: float = 5.0) -> Ratio:
    """How many times as long the first app takes as the second: asked in turns, on one loop, without probes."""
    pairs: list[float] = []

    async def measured() -> None:
        async with started(apps[0], seconds) as one, started(apps[1], seconds) as other:
            await limited(repeated((one, other)), seconds + BUDGET, SAYS)

    async def repeated(states: Sequence[dict[str, Any]]) -> None:
        for _ in until(runs, WARM_UP):
            took = []
            for app, state in zip(apps, states, strict=True):
                began = perf_counter_ns()
                await once(app, exchange, state)
                took.append(perf_counter_ns() - began)
            pairs.append(took[0] / took[1])

    with silenced():
        looped(measured, 5 * seconds + BUDGET + 5 * GRACE)
    return Ratio(*spread_of(pairs[WARM_UP:]), len(pairs) - WARM_UP)


@contextmanager
def silenced() -> Iterator[None]:
    """What an app prints 200 times is printed nowhere; a logger keeps its stream, so the descriptors go there too."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, ExitStack() as undo:
        for stream, number in ((sys.stdout, 1), (sys.stderr, 2)):
            stream.flush()
            kept = os.dup(number)
            undo.callback(os.close, kept)
            undo.callback(os.dup2, kept, number)
            os.dup2(nowhere.fileno(), number)
        undo.enter_context(redirect_stdout(nowhere))
        undo.enter_context(redirect_stderr(nowhere))
        yield
