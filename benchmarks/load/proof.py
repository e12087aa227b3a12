"""A serving contender in -> the proof that it does the same work as all others, out.

bytes > [server > app > response] > bytes

The same request, the same answer: status, all headers but the fixed list of the contracts, body; and it waited. What is
proved before the first window is checked on in every window: the generator compares each answer with the proved one.
"""

import hashlib
import time
from dataclasses import dataclass

from benchmarks.load.scenario import BenchmarkError, Contender, Scenario
from comparisons.http_client import Browser
from comparisons.outcome import ANY, Pairs, differing_fields
from comparisons.servers import ServerProcess
from comparisons.wire import DeadlineError


@dataclass(frozen=True)
class Proof:
    """What a contender answered, and how fast when nothing else was asked of it."""

    status: int
    headers: Pairs
    size: int  # bytes of the body
    sha256: str
    ms: float

    def __str__(self) -> str:
        headers = ", ".join(f"{name}: {value}" for name, value in self.headers)
        return f"{self.status}, {headers}, body of {self.size} bytes, sha256 {self.sha256[:16]}…"


def prove(scenario: Scenario, contender: Contender, process: ServerProcess) -> Proof:
    """Ask once. Raises `BenchmarkError` with what differs from the answer that the scenario demands."""
    browser = Browser(process.port)
    start = time.monotonic()
    try:
        seen = browser.exchange(scenario.request, process.printed)
    except DeadlineError as error:
        raise BenchmarkError(f"{contender.title} does not do the same work: {error}") from None
    finally:
        browser.close()
    took = time.monotonic() - start
    wanted = scenario.request.expected
    faults = [
        f"{name}: expected {getattr(wanted, name)!r}, seen {getattr(seen, name)!r}"
        for name in differing_fields(wanted, seen)
    ]
    if took < scenario.wait:
        faults.append(f"it answered after {took * 1000:.1f} ms and cannot have waited {scenario.wait * 1000:.0f}")
    if faults or seen.status is ANY or seen.status is None or seen.body is ANY or not isinstance(seen.headers, tuple):
        raise BenchmarkError(f"{contender.title} does not do the same work: {'; '.join(faults)}")
    digest = hashlib.sha256(seen.body).hexdigest()
    return Proof(seen.status, tuple(sorted(seen.headers)), len(seen.body), digest, took * 1000)
