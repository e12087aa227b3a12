"""A question, its request and its contenders in -> what a one-line model predicts of each, out.

bytes > [server > app] > response > bytes

The model: a contender has so many *slots*, requests that it can hold at once, and a held request takes `wait` seconds.
So it answers `min(clients, slots) / wait` requests a second, and nothing that the model leaves out can make it more.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from comparisons.contract import Request
from comparisons.servers import Server


@dataclass(frozen=True)
class Contender:
    """One app on one server."""

    name: str
    title: str
    app: str  # module:attribute
    server: Server
    slots: int | None  # None: as many as there are clients, for a waiting request costs no thread
    framework: str = ""  # its importable name, and that of its distribution

    @property
    def requires(self) -> tuple[str, ...]:
        """Name all that must be installed."""
        return (*self.server.requires, *([self.framework] if self.framework else []))

    def held(self, clients: int) -> int:
        """Say how many requests of so many clients it holds at once."""
        return clients if self.slots is None else min(clients, self.slots)


@dataclass(frozen=True)
class Scenario:
    """The same work for every contender."""

    name: str
    question: str
    wait: float  # seconds
    request: Request  # and the answer that it demands
    contenders: Mapping[str, Contender]

    def prediction(self, contender: Contender, clients: int) -> float:
        """Give the answers a second that the model allows."""
        return contender.held(clients) / self.wait


@dataclass(frozen=True)
class Load:
    """How hard, how long, how often."""

    clients: int = 200
    seconds: float = 4.0  # of a window; a request that is still open when it closes gets as long again
    rounds: int = 3
    share: float | None = 0.8  # of the capacity just seen: the rate of the open loop; None leaves that loop out
    warm_up: float = 0.5  # seconds before the window opens
    busiest: float = 0.7  # the share of its core that the generator may use


class BenchmarkError(Exception):
    """The run cannot be believed; the text is one line with cause and remedy."""
