"""Apps that answer the same bytes in -> how long each takes, as a ratio to its neighbours of the same round, out.

A round asks every contender in a new order, a few milliseconds each. The machine may be slow in one round and fast in
the next: within a round it is the same for all, so ratios are taken there, and their median and quartiles are told.

A call gets what a server makes for it: a scope whose headers h11 has read from bytes, as uvicorn does, a `receive` that
has the body, and a `send` that keeps what it gets. The clock starts after that, so the time is that of
`app(scope, receive, send)` alone; but what a server does lies between any two calls, and no app has the caches for
itself, as none has behind a server.

Left out: the time of the garbage collector, which runs between the rounds.
"""

import asyncio
import gc
import random
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import perf_counter
from types import TracebackType
from typing import Any, NamedTuple, Self

import h11

from rawasgi.instruments.conversation import Exchange, converse
from rawasgi.messages.types import ASGIApp, Message, Receive, Scope

SLICE = 0.004  # seconds that a contender may take in a round
SUBJECT = "rawasgi"


class NotTheSame(Exception):
    """A contender answers otherwise than the first one, so its time means nothing."""


class Ratio(NamedTuple):
    """How often the subject takes the time of a neighbour: the median of the rounds, and the quartiles around it."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f}-{self.high:.2f})"


@dataclass(frozen=True)
class Workload:
    """One exchange, asked of several apps. `goals` are the ratios that the subject should not exceed."""

    name: str
    apps: Mapping[str, ASGIApp]
    exchange: Exchange
    goals: Mapping[str, float] = field(default_factory=dict)
    subject: str = SUBJECT

    def prove(self) -> None:
        """Ask everybody once. Raises `NotTheSame` with the first difference."""
        answers = {name: answer(converse(app, self.exchange)) for name, app in self.apps.items()}
        first, *others = answers
        for other in others:
            if answers[other] != answers[first]:
                raise NotTheSame(f"{self.name}: {first} sends {answers[first]}, {other} sends {answers[other]}")


def answer(messages: list[Message]) -> list[Any]:
    """What a client would see: the order of headers and the cut of the body are the app's own affair."""
    seen: list[Any] = []
    body = b""
    for message in messages:
        if message["type"] == "http.response.start":
            seen.append((message["status"], sorted(message["headers"])))
        elif message["type"] == "http.response.body":
            body += message.get("body", b"")
        else:
            seen.append({key: value for key, value in message.items() if value})
    return [*seen, body]


def wire(scope: Scope) -> bytes:
    """The head of a request, as it comes over the socket."""
    lines = [f"{scope.get('method', 'GET')} {scope['path']} HTTP/1.1".encode()]
    return b"\r\n".join([*lines, *(b"%s: %s" % header for header in scope["headers"]), b"", b""])


def scope_of(scope: Scope, head: bytes) -> Scope:
    """A scope as a server makes one for each request: the headers are read from the bytes."""
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(head)
    asked: Any = connection.next_event()
    made = {**scope, "headers": [(name.lower(), value) for name, value in asked.headers], "state": {}}
    if "extensions" in made:
        made["extensions"] = {**made["extensions"]}
    return made


def receiver(messages: tuple[Message, ...]) -> Receive:
    """A `receive` that gives these messages, and then waits: the client stays."""
    left = iter(messages)

    async def receive() -> Message:
        for message in left:
            return message
        await asyncio.Event().wait()
        raise AssertionError

    return receive


async def asked(app: ASGIApp, exchange: Exchange, times: int) -> float:
    """Ask an app so many times; the seconds that took, without those of the server."""
    scope, messages = exchange
    head = wire(scope)
    took = 0.0
    for _ in range(times):
        fresh, receive, kept = scope_of(scope, head), receiver(messages), Kept()
        begun = perf_counter()
        await app(fresh, receive, kept.send)
        took += perf_counter() - begun
    return took


class Kept(list[Message]):
    """What an app has sent."""

    async def send(self, message: Message) -> None:
        """Keep it, as a server does until the socket takes it."""
        self.append(message)


class Rounds:
    """The rounds of one workload on one event loop. `others` runs a round of the neighbours, `subject` the subject's."""

    def __init__(self, workload: Workload, seed: int = 1) -> None:
        self.workload = workload
        self.random = random.Random(seed)  # the order of a round, not a secret
        self.times: dict[str, list[float]] = {name: [] for name in workload.apps}
        self.runner = asyncio.Runner()
        self.counts = {name: self.calibrated(app) for name, app in workload.apps.items()}

    def calibrated(self, app: ASGIApp) -> int:
        """How many calls fill a slice; the first few warm it up."""
        self.runner.run(asked(app, self.workload.exchange, 3))
        took = self.runner.run(asked(app, self.workload.exchange, 5)) / 5
        return max(1, round(SLICE / took))

    def ask(self, name: str) -> float:
        """Seconds that a call of this contender takes."""
        times = self.counts[name]
        took = self.runner.run(asked(self.workload.apps[name], self.workload.exchange, times)) / times
        self.times[name].append(took)
        return took

    def others(self) -> None:
        """Ask the neighbours, in another order each time."""
        gc.collect()
        names = [name for name in self.workload.apps if name != self.workload.subject]
        self.random.shuffle(names)
        for name in names:
            self.ask(name)

    def subject(self) -> None:
        """Ask the subject."""
        self.ask(self.workload.subject)

    def ratios(self) -> dict[str, Ratio]:
        """The subject's time as a multiple of each neighbour's."""
        own = self.times[self.workload.subject]
        return {name: ratio(own, times) for name, times in self.times.items() if name != self.workload.subject}

    def __enter__(self) -> Self:
        gc.disable()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        gc.enable()
        self.runner.close()


def ratio(own: list[float], other: list[float]) -> Ratio:
    """The ratios of the rounds, in three numbers."""
    each = [mine / theirs for mine, theirs in zip(own, other, strict=True)]
    low, median, high = statistics.quantiles(each, n=4)
    return Ratio(median, low, high)
