"""A serving process and an order in -> one window: what the generator saw, and what the server used meanwhile, out.

bytes > [server > app] > response > bytes

Left out: machines other than this one.
"""

import json
import os
import select
import socket
import subprocess
import sys
import time
from dataclasses import asdict, dataclass

import psutil

from benchmarks.load.generator import Order, Seen
from benchmarks.load.scenario import BenchmarkError, Load
from comparisons.servers import ROOT, STOP_SECONDS, ServerError, ServerProcess

MIB = 2**20
GRACE = 15.0
"""Seconds beyond the deadline of its order that a generator may take to start and to end."""


@dataclass(frozen=True)
class Quantile:
    """A latency that a given share of the requests did not exceed."""

    ms: float
    beyond: bool  # it falls on requests that were never answered: the truth is longer


@dataclass(frozen=True)
class Window:
    """What one window showed."""

    offered: float | None  # arrivals a second; None: a closed loop
    answered: float  # a second
    requests: int  # that the quantiles are made of
    p50: Quantile
    p99: Quantile
    unanswered: int  # at the deadline
    failed: int
    again: int  # asked on a second connection, for the server had hung up on the kept one
    generator: float  # the share of its core that it used
    late: float | None  # ms, 99 % of the arrivals were at most so late
    server: float  # the share of one core that the whole process group used
    machine: float  # the share of all cores that anybody used
    memory: float  # MiB


@dataclass(frozen=True)
class Usage:
    """What a process group has used, and what everybody has."""

    cpu: float  # seconds
    memory: int  # bytes
    busy: float  # seconds, of all cores together
    idle: float

    @classmethod
    def of(cls, group: int) -> "Usage":
        """Sum up the processes of a group; memory that they share counts in each."""
        cpu, memory = 0.0, 0
        for process in psutil.process_iter():
            try:
                if os.getpgid(process.pid) == group:
                    times = process.cpu_times()
                    cpu += times.user + times.system
                    memory += process.memory_info().rss
            except (psutil.Error, ProcessLookupError):
                continue  # it has ended meanwhile
        machine = psutil.cpu_times()
        idle = machine.idle + getattr(machine, "iowait", 0.0)
        return cls(cpu, memory, sum(machine[:8]) - idle, idle)


def measure(process: ServerProcess, order: Order, load: Load) -> Window:
    """Load the server once. Raises `ServerError` if it dies meanwhile, `BenchmarkError` if the figures would be false."""
    before = Usage.of(process.pid)
    seen = generate(order, process)
    after = Usage.of(process.pid)
    if seen.wrong:
        others = f", and so did {len(seen.wrong) - 1} others" if len(seen.wrong) > 1 else ""
        raise BenchmarkError(f"it stopped doing the same work: one answer was {seen.wrong[0]}{others}")
    if seen.cpu > load.busiest:
        raise BenchmarkError(
            f"the generator used {seen.cpu:.0%} of its core, over {load.busiest:.0%}: its own speed would be measured. "
            "Take fewer --clients, or a machine with less to do"
        )
    if not seen.latencies and not seen.waited:
        raise BenchmarkError(f"nothing came of the window: {seen.failed} requests failed{process.last_words()}")
    answered = seen.answered / seen.seconds
    cpu = (after.cpu - before.cpu) / max(1, seen.total)  # a request
    busy = after.busy - before.busy
    return Window(
        offered=order.rate,
        answered=answered,
        requests=len(seen.latencies) + len(seen.waited),
        p50=quantile(seen, 0.50),
        p99=quantile(seen, 0.99),
        unanswered=len(seen.waited),
        failed=seen.failed,
        again=seen.again,
        generator=seen.cpu,
        late=quantile(Seen(latencies=seen.late), 0.99).ms if seen.late else None,
        server=answered * cpu,
        machine=busy / (busy + after.idle - before.idle),
        memory=after.memory / MIB,
    )


def generate(order: Order, process: ServerProcess) -> Seen:
    """Run the generator; end it if the server ends."""
    theirs, ours = socket.socketpair()
    with (
        ours,
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.load.generator"],
            cwd=ROOT,
            stdin=theirs.fileno(),  # order and result go over one socket; it ends with this process, whatever ends that
            stdout=theirs.fileno(),
            start_new_session=True,  # Ctrl-C is for the process that gives the orders
        ) as generator,
    ):
        theirs.close()
        try:
            ours.sendall(json.dumps(asdict(order)).encode() + b"\n")
            said = _read(ours, process, order.warm_up + 2 * order.seconds + GRACE)
        except BaseException:
            generator.kill()
            raise
    try:
        return Seen(**json.loads(said))
    except ValueError:
        raise BenchmarkError(f"the generator ended with status {generator.returncode} and no result") from None


def _read(said: socket.socket, process: ServerProcess, seconds: float) -> bytes:
    """Read to the end, unless the server or the patience ends before."""
    end = time.monotonic() + seconds
    result = b""
    while True:
        ready, _, _ = select.select([said.fileno(), process.fileno()], [], [], max(0.0, end - time.monotonic()))
        if process.fileno() in ready:
            status = process.wait(STOP_SECONDS)
            raise ServerError(f"its server ended with status {status} in mid-run{process.last_words()}")
        if not ready:
            raise BenchmarkError("the generator did not end")
        piece = said.recv(65536)
        if not piece:
            return result
        result += piece


def quantile(seen: Seen, share: float) -> Quantile:
    """Give the smallest latency that at least `share` of all requests did not exceed.

    >>> quantile(Seen(latencies=[0.1, 0.3, 0.2], waited=[4.0]), 0.5)
    Quantile(ms=200.0, beyond=False)
    >>> quantile(Seen(latencies=[0.1, 0.3, 0.2], waited=[4.0]), 0.99)
    Quantile(ms=4000.0, beyond=True)
    """
    everything = sorted([*seen.latencies, *seen.waited])
    rank = max(0, -int(-share * len(everything) // 1) - 1)  # the ceiling: the nearest rank
    least = min(seen.waited, default=float("inf"))
    return Quantile(everything[rank] * 1000, beyond=everything[rank] >= least)
