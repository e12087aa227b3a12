"""A contender in -> what our generator and Locust say of it, beside each other, out.

[bytes] > server > app > response > bytes

Two tools that share no code and agree are more likely to be right. Both are closed loops of as many clients.
"""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from math import ceil
from statistics import median_low

from benchmarks.load.bench import order_for
from benchmarks.load.proof import prove
from benchmarks.load.scenario import BenchmarkError, Contender, Load, Scenario
from benchmarks.load.serving import servers
from benchmarks.load.window import measure
from comparisons.servers import ROOT

FACTOR = 1.25
"""How far the answers a second of the two generators may lie apart."""
DUE = 10
"""Seconds beyond the run time for the answers that are due then: cut off, a busy machine may leave a run without any."""
GRACE = 30.0
"""Seconds beyond its run time that Locust may take to start and to end."""


@dataclass(frozen=True)
class Compared:
    """Answers a second and the median of the times, in ms, by both."""

    contender: Contender
    predicted: float
    ours: tuple[float, float]
    locust: tuple[float, float]

    @property
    def factor(self) -> float:
        """Say how far apart they are."""
        low, high = sorted([self.ours[0], self.locust[0]])
        return high / low if low else float("inf")

    @property
    def holds(self) -> bool:
        """Say whether that is near enough."""
        return self.factor <= FACTOR

    def lines(self) -> list[str]:
        """Tell it."""
        rows = [("ours", self.ours), ("Locust", self.locust)]
        return [
            f"{self.contender.title}: predicted {self.predicted:.0f} answers/s",
            *(f"  {name:8} {answered:6.0f} answers/s   median {ms:5.0f} ms" for name, (answered, ms) in rows),
            f"  factor {self.factor:.2f}, allowed {FACTOR}",
        ]


def compare(scenario: Scenario, contender: Contender, clients: int, seconds: float) -> Compared:
    """Measure by both, each on a new process. Raises what a run raises."""
    load = Load(clients, seconds, rounds=1, share=None)
    with servers() as ready:
        with ready.serving(contender) as process:
            prove(scenario, contender, process)
            window = measure(process, order_for(scenario, load, process.port, core=ready.core), load)
        with ready.serving(contender) as process:
            locust = by_locust(scenario, process.port, clients, seconds, ready.core)
    return Compared(contender, scenario.prediction(contender, clients), (window.answered, window.p50.ms), locust)


def by_locust(scenario: Scenario, port: int, clients: int, seconds: float, core: int | None) -> tuple[float, float]:
    """Run the scenario's locustfile headless; give answers a second and the median, in ms."""
    command = [
        *("-f", f"benchmarks/locust/{scenario.name}.py", "-H", f"http://127.0.0.1:{port}", "--headless"),
        *("-u", str(clients), "-r", str(clients), "-t", f"{ceil(1 + seconds)}s", "--reset-stats"),  # 1 s to get there
        *("--stop-timeout", f"{DUE}s", "--json", "--only-summary", "--loglevel", "WARNING"),
    ]
    with subprocess.Popen(
        [sys.executable, "-m", "locust", *command],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as locust:
        try:
            if core is not None:
                os.sched_setaffinity(locust.pid, {core})
            output, errors = locust.communicate(timeout=seconds + GRACE)
        except subprocess.TimeoutExpired:
            locust.kill()
            raise BenchmarkError("Locust did not end") from None
        except BaseException:
            locust.kill()
            raise
    if locust.returncode != 0:
        said = (output + errors).decode(errors="replace")
        raise BenchmarkError(f"Locust ended with status {locust.returncode}: {_words(said, scenario.name)}")
    return read_stats(output.decode())


def read_stats(text: str) -> tuple[float, float]:
    """Take answers a second, from the first to the last, and the median out of what `--json` prints."""
    begins = text.find("[")
    rows = json.loads(text[begins:]) if begins >= 0 else []
    if not rows or rows[0]["num_requests"] < 2:  # without an answer there is no row
        raise BenchmarkError("Locust saw fewer than two answers: give it more seconds")
    (stats,) = rows
    times = [float(ms) for ms, count in stats["response_times"].items() for _ in range(count)]
    return stats["num_requests"] / (stats["last_request_timestamp"] - stats["start_time"]), median_low(times)


def _words(text: str, name: str) -> str:
    """Quote the locustfile's own word, else the last line that Locust wrote."""
    said = [line.strip() for line in text.split("\n") if re.search(r"\w", line)]
    own = [line for line in said if line.startswith(f"{name}: ")]
    return (own or said or ["it said nothing"])[-1]
