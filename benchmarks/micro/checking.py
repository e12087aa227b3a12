"""A call with the checker around it in -> what the checker costs, beside the same call without it, and by message, out.

Four exchanges are asked of a bare callable, and of the same with `Checker` around it: one that hears the client leave,
one that answers, one that answers in many pieces, one that reads many pieces. What they differ in is the price of a
scope, of a start, of a piece either way. Who does not attach the checker pays nothing: there is nothing of it in the app.

Left out: findings; whoever has some reads them.
"""

import statistics
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from benchmarks.micro.answering import HEADERS
from benchmarks.micro.workload import Rounds, Workload, ratio
from rawasgi.instruments.checking.checker import Checker
from rawasgi.instruments.conversation import Exchange, request
from rawasgi.messages.types import ASGIApp, Receive, Scope, Send

MANY = 100  # pieces
BODY = b"x" * 1000
START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"vary", b"accept-encoding"),
        (b"x-request-id", b"f81d4fae-7dec-11d0-a765-00a0c91e6bf6"),
        (b"set-cookie", b"seen=1; path=/; httponly"),
    ],
}
GOALS = {"a scope": 60.0, "a start of five headers": 20.0, "a piece sent": 10.0, "a piece received": 10.0}


async def hears(scope: Scope, receive: Receive, send: Send) -> None:
    """The client leaves."""
    await receive()


async def answers(scope: Scope, receive: Receive, send: Send) -> None:
    """An answer of one piece."""
    await send(START)
    await send({"type": "http.response.body", "body": BODY})


async def streams(scope: Scope, receive: Receive, send: Send) -> None:
    """One of many more."""
    await send(START)
    for _ in range(MANY):
        await send({"type": "http.response.body", "body": BODY, "more_body": True})
    await send({"type": "http.response.body"})


async def reads(scope: Scope, receive: Receive, send: Send) -> None:
    """Many pieces, and then the client leaves."""
    for _ in range(MANY + 1):
        await receive()


def checked(name: str, app: ASGIApp, exchange: Exchange) -> Workload:
    """An app beside itself with a checker."""
    return Workload(name, {"bare": app, "checked": Checker(app)}, exchange, subject="checked")


GET = request("GET", "/items/7?page=2", HEADERS)
GONE = {"type": "http.disconnect"}
PIECE = {"type": "http.request", "body": BODY, "more_body": True}
WORKLOADS = (
    checked("hears", hears, Exchange(GET.scope, (GONE,))),
    checked("answers", answers, GET),
    checked("streams", streams, GET),
    checked("reads", reads, Exchange(GET.scope, (*[PIECE] * MANY, GONE))),
)


class Prices:
    """The rounds of all four."""

    def __init__(self, rounds: dict[str, Rounds]) -> None:
        self.rounds = rounds

    def others(self) -> None:
        """Those without a checker."""
        for each in self.rounds.values():
            each.others()

    def subject(self) -> None:
        """Those with one."""
        for each in self.rounds.values():
            each.subject()

    def extra(self, name: str) -> float:
        """The microseconds that the checker adds to a call: the median of the rounds."""
        times = self.rounds[name].times
        return 1e6 * statistics.median(
            with_it - without for with_it, without in zip(times["checked"], times["bare"], strict=True)
        )

    def noted(self) -> dict[str, Any]:
        """Ratios of the calls, and microseconds for each kind of message."""
        sent = (self.extra("streams") - self.extra("answers")) / MANY
        received = (self.extra("reads") - self.extra("hears")) / MANY
        scope = self.extra("hears") - received
        found = {
            "a scope": scope,
            "a start of five headers": self.extra("answers") - scope - sent,
            "a piece sent": sent,
            "a piece received": received,
        }
        return {
            "workload": "a call with the checker",
            "subject": "checked",
            "ratios": {
                f"bare, {name}": ratio(each.times["checked"], each.times["bare"])._asdict()
                for name, each in self.rounds.items()
            },
            "goals": {},
            "amounts": {f"µs for {what}": {"found": found[what], "goal": goal} for what, goal in GOALS.items()},
        }


@contextmanager
def priced() -> Iterator[Prices]:
    """The rounds, open."""
    with ExitStack() as stack:
        yield Prices({workload.name: stack.enter_context(Rounds(workload)) for workload in WORKLOADS})
