"""Lines of Python in -> what a fresh process pays for them, out.

A process says for itself how long its imports took, by how much the memory has grown that is its own (no file stands
behind it), and how many modules have come: what the interpreter has and does before and after is nobody's. Files are in
the page cache after the first round, which counts for nothing.

Left out: a cold disk.
"""

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from benchmarks.micro.workload import ratio

FLOOR = "asyncio and json"  # what every app on this loop pays; the amounts are told as what comes on top of it
IMPORTS = {
    FLOOR: "import asyncio, json",
    "rawasgi": "from rawasgi import App, JSONResponse, Request, Route; App(routes=[])",
    "Starlette": "from starlette.applications import Starlette; from starlette.responses import JSONResponse;"
    "from starlette.routing import Route; Starlette(routes=[])",
    "FastAPI": "from fastapi import FastAPI, Request; FastAPI()",
}
SAID = """
import sys, time
own = lambda: sum(int(line.split()[1]) for line in open("/proc/self/smaps_rollup") if line.startswith("Anonymous:"))
memory, modules, before = own(), len(sys.modules), time.perf_counter()
{line}
took = time.perf_counter() - before
print([took, (own() - memory) / 1024, len(sys.modules) - modules])
"""
GOALS = {"milliseconds": 20.0, "MiB": 2.2, "modules": 51.0}


class Cost(NamedTuple):
    """Seconds, and the MiB and modules above those of the interpreter."""

    seconds: float
    mib: float
    modules: int


class Processes:
    """The rounds: each line in a process of its own."""

    def __init__(self, imports: Mapping[str, str]) -> None:
        self.imports = imports
        self.costs: dict[str, list[Cost]] = {name: [] for name in imports}

    def ask(self, name: str) -> None:
        """Start one process, and keep what it says."""
        code = SAID.format(line=self.imports[name])
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
        self.costs[name].append(Cost(*json.loads(done.stdout)))

    def others(self) -> None:
        """Everybody but the subject."""
        for name in self.imports:
            if name != "rawasgi":
                self.ask(name)

    def subject(self) -> None:
        """The subject."""
        self.ask("rawasgi")

    def noted(self) -> dict[str, Any]:
        """Ratios of the time, as for every workload; memory and modules beside them."""
        times = {name: [cost.seconds for cost in costs] for name, costs in self.costs.items()}
        pairs = [*zip(self.costs["rawasgi"], self.costs[FLOOR], strict=True)]
        found = {
            "milliseconds": statistics.median(own.seconds - floor.seconds for own, floor in pairs) * 1000,
            "MiB": statistics.median(own.mib - floor.mib for own, floor in pairs),
            "modules": pairs[0][0].modules - pairs[0][1].modules,
        }
        return {
            "workload": "import",
            "subject": "rawasgi",
            "ratios": {
                name: ratio(times["rawasgi"], each)._asdict() for name, each in times.items() if name != "rawasgi"
            },
            "goals": {},
            "amounts": {f"{name} above {FLOOR}": {"found": found[name], "goal": goal} for name, goal in GOALS.items()},
        }


@contextmanager
def measured(imports: Mapping[str, str]) -> Iterator[Processes]:
    """The processes, after a first round that warms the page cache."""
    rounds = Processes(imports)
    rounds.others()
    rounds.subject()
    for costs in rounds.costs.values():
        costs.clear()
    yield rounds
