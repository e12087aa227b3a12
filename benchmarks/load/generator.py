"""An order on standard input -> the load, and on standard output what came of every request.

[bytes] > server > app > response > bytes

A process of its own, so that its work is nobody else's, and known: it says which share of its core it used. Two loops:

closed   N clients, each of which asks again as soon as it is answered. It finds the capacity *for N clients*. Its times
         are those of N polite clients: who waits sends nothing, so a slow server is asked less.
open     requests arrive on a schedule (Poisson, from a seed), whatever became of the others. A latency counts from the
         moment at which the schedule wanted the request, not from the one at which it could be sent.

The window opens after a warm-up and closes after a fixed time. What is then in flight has as long again to be answered;
what is still open at that deadline counts with the time that it has waited so far, as the least that it would take.
Where others keep the generator from its core, answers lie waiting for it. Those that came before the window belong to no
window: it opens when they are counted, late, and lasts as long as it was to; where it closes late, it says so.

In Locust:   locust.runners:LocalRunner, a closed loop
Left out:    TLS, pipelining, bodies in chunks: the proof that precedes every window has seen that there are none
"""

import asyncio
import gc
import json
import os
import random
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

BACKOFF = 0.1
"""Seconds for which a client that got no answer keeps still."""


@dataclass(frozen=True)
class Order:
    """What to do."""

    port: int
    request: str  # the bytes of one request and the body of its answer, as latin-1
    body: str
    clients: int  # at most so many connections
    seconds: float  # of the window
    warm_up: float
    spread: float  # seconds over which the clients of a closed loop begin, lest all are answered at once
    rate: float | None = None  # arrivals a second; None: a closed loop
    seed: int = 0
    core: int | None = None


@dataclass
class Seen:
    """What came of it; times in seconds."""

    answered: int = 0  # inside the window
    seconds: float = 0.0  # for which the window was open
    total: int = 0  # from the first to the last
    latencies: list[float] = field(default_factory=list)  # of all requests that were open in the window
    waited: list[float] = field(default_factory=list)  # of those that were still unanswered at the deadline
    failed: int = 0  # the connection was refused, reset, or ended inside the answer
    again: int = 0  # asked a second time, since the connection that had been kept was gone
    wrong: list[str] = field(default_factory=list)  # answers that were not the one of the proof
    late: list[float] = field(default_factory=list)  # how long after its moment a request of the open loop was begun
    cpu: float = 0.0  # share of a core, inside the window


class Connection(asyncio.Protocol):
    """A connection that carries one request at a time."""

    def __init__(self) -> None:
        self.reusable = False
        self.asked = False  # and the answer has not come
        self._buffer = b""
        self._answer: asyncio.Future[tuple[int, bytes] | None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        self._transport: asyncio.WriteTransport = transport  # type: ignore[assignment]
        self.reusable = True

    def ask(self, request: bytes) -> asyncio.Future[tuple[int, bytes] | None]:
        """Send the request; status and body come, or None if the connection ends before."""
        self.asked = True
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    def data_received(self, data: bytes) -> None:
        """Wait until the answer is whole."""
        self._buffer += data
        head, _, body = self._buffer.partition(b"\r\n\r\n")
        length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
        if length is None or len(body) < int(length[1]) or self._answer is None:
            return
        self._buffer = b""
        if b"\r\nconnection: close" in head.lower():
            self.close()
        self.asked = False
        answer, self._answer = self._answer, None
        if not answer.done():  # nobody waits for it any more: the deadline has passed
            answer.set_result((int(head[9:12]), body))

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell who waits."""
        self.reusable = False
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(None)

    def close(self) -> None:
        """Hang up."""
        self.reusable = False
        self._transport.close()


class Generator:
    """One window."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._request = order.request.encode("latin-1")
        self._wanted = (200, order.body.encode("latin-1"))
        self._loop = asyncio.get_running_loop()
        self._begins = self._loop.time()
        self._opens = self._begins + order.warm_up
        self._closes = self._opens + order.seconds
        self._window = "awaited"  # then "open", then "closed"
        self._open: dict[object, float] = {}  # requests in flight -> when they were wanted
        self._idle: list[Connection] = []
        self.seen = Seen()

    async def run(self) -> Seen:
        """Load the server until the window closes; wait for what is in flight until the deadline."""
        work = asyncio.ensure_future(self._clients() if self._order.rate is None else self._arrivals(self._order.rate))
        # Who wakes late wakes behind the clients whose answers the loop has found: it looks for these first.
        await asyncio.sleep(self._opens - self._loop.time())
        self._window, opened, used = "open", self._loop.time(), time.process_time()
        self._closes = opened + self._order.seconds
        await asyncio.sleep(self._order.seconds)
        self._window, self.seen.seconds = "closed", self._loop.time() - opened
        self.seen.cpu = (time.process_time() - used) / self.seen.seconds
        deadline = self._closes + self._order.seconds
        await asyncio.wait({work}, timeout=deadline - self._loop.time())
        if work.done():
            work.result()  # raises what was raised
        self.seen.waited = [deadline - start for start in self._open.values()]
        return self.seen

    async def _clients(self) -> None:
        pause = self._order.spread / self._order.clients
        starts = (self._begins + number * pause for number in range(self._order.clients))
        await asyncio.gather(*map(self._client, starts))

    async def _client(self, start: float) -> None:
        await asyncio.sleep(start - self._loop.time())
        connection = None
        while (now := self._loop.time()) < self._closes:
            connection = await self._ask(now, connection)
        if connection is not None:
            connection.close()

    async def _arrivals(self, rate: float) -> None:
        """Begin a visit at each moment of the schedule, on one of `clients` connections."""
        free = asyncio.Semaphore(self._order.clients)
        async with asyncio.TaskGroup() as visits:
            for start in schedule(rate, self._begins, self._closes, self._order.seed):
                if (left := start - self._loop.time()) > 0:
                    await asyncio.sleep(left)
                visits.create_task(self._visit(start, free))
                if start >= self._opens:
                    self.seen.late.append(self._loop.time() - start)
        for connection in self._idle:
            connection.close()

    async def _visit(self, start: float, free: asyncio.Semaphore) -> None:
        visit = object()
        self._open[visit] = start  # also while it waits for a connection: it is wanted, and not answered
        async with free:
            del self._open[visit]
            connection = await self._ask(start, self._idle.pop() if self._idle else None)
            if connection is not None:
                self._idle.append(connection)

    async def _ask(self, start: float, connection: Connection | None) -> Connection | None:
        """See one request through, and count it; give the connection if it can carry another."""
        request = object()
        self._open[request] = start
        try:
            answer = None
            if connection is not None and connection.reusable:
                answer = await connection.ask(self._request)
            # "A client ... MAY automatically retry" what is idempotent (RFC 9110 9.2.2): a server may hang up on a
            # connection that was idle while the request is on its way.
            if connection is None or answer is None:
                self.seen.again += connection is not None and connection.asked
                _, connection = await self._loop.create_connection(Connection, "127.0.0.1", self._order.port)
                answer = await connection.ask(self._request)
        except OSError:
            connection = answer = None
        del self._open[request]
        self._count(start, self._loop.time(), answer)
        if answer is None:
            await asyncio.sleep(BACKOFF)
        return connection if connection is not None and connection.reusable else None

    def _count(self, start: float, end: float, answer: tuple[int, bytes] | None) -> None:
        seen = self.seen
        if answer is None:
            seen.failed += 1
        elif answer != self._wanted:
            seen.wrong.append(f"{answer[0]} with {len(answer[1])} bytes")
        else:
            seen.total += 1
            if self._window != "awaited":
                seen.latencies.append(end - start)
                seen.answered += self._window == "open"


def schedule(rate: float, begins: float, ends: float, seed: int) -> Iterator[float]:
    """Give the moments of a Poisson process: independent visitors, `rate` of them a second on average."""
    gaps = random.Random(seed)
    moment = begins + gaps.expovariate(rate)
    while moment < ends:
        yield moment
        moment += gaps.expovariate(rate)


async def perform(order: Order) -> Seen:
    """Do as ordered."""
    # The order's pipe ends with the process that gave it, and nobody wants the result then.
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), lambda: os._exit(1))
    return await Generator(order).run()


def main() -> None:
    """Read the order, perform it, write what was seen. Who gave none has been ended meanwhile."""
    if not (ordered := sys.stdin.readline()):
        return
    order = Order(**json.loads(ordered))
    if order.core is not None:
        os.sched_setaffinity(0, {order.core})
    gc.disable()  # a pause of this process would be taken for one of the server's
    seen: dict[str, Any] = asdict(asyncio.run(perform(order)))
    json.dump(seen, sys.stdout)


if __name__ == "__main__":
    main()
