"""Lines of Python in -> what a fresh process pays for them, out.

A process says for itself how long its imports took, how far its memory has grown, and how many modules it holds: what
the interpreter does before and after is nobody's. Files are in the page cache after the first round, which counts for
nothing.

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

IMPORTS = {
    "asyncio and json": "import asyncio, json",
    "rawasgi": "from rawasgi import App, JSONResponse, Request, Route; App(routes=[])",
    "Starlette": "from starlette.applications import Starlette; from starlette.responses import JSONResponse;"
    "from starlette.routing import Route; Starlette(routes=[])",
    "FastAPI": "from fastapi import FastAPI, Request; FastAPI()",
}
SAID = """
import os, sys, time
pages = lambda: int(open("/proc/self/statm").read().split()[1])
before, memory = time.perf_counter(), pages()
{line}
took = time.perf_counter() - before
print([took, (pages() - memory) * os.sysconf("SC_PAGE_SIZE") / 1024 / 1024, len(sys.modules)])
"""
GOALS = {"milliseconds above asyncio and json": 20.0, "MiB": 8.0, "modules": 160.0}


class Cost(NamedTuple):
    """Seconds, MiB above the interpreter, and modules."""

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
        own, floor = times["rawasgi"], times["asyncio and json"]
        above = statistics.median(mine - theirs for mine, theirs in zip(own, floor, strict=True)) * 1000
        found = {
            "milliseconds above asyncio and json": above,
            "MiB": statistics.median(cost.mib for cost in self.costs["rawasgi"]),
            "modules": self.costs["rawasgi"][0].modules,
        }
        return {
            "workload": "import",
            "subject": "rawasgi",
            "ratios": {name: ratio(own, each)._asdict() for name, each in times.items() if name != "rawasgi"},
            "goals": {},
            "amounts": {name: {"found": found[name], "goal": goal} for name, goal in GOALS.items()},
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
