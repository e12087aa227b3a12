"""Nothing in -> the short form of `wait_io`: a small table and the path of its plot, out.

Few contenders, one window of a second each: enough to see what a slot is, too little to tell good servers apart.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load.bench import run
from benchmarks.load.scenario import Load
from benchmarks.plot import plot
from benchmarks.report import FOLDER, report, write
from benchmarks.wait_io.contenders import WAIT_IO

NAMES = ("rawasgi", "fastapi", "fastapi-def", "flask-8")
LOAD = Load(seconds=1.0, rounds=1, share=None)
STEPS = 2 * len(NAMES)
"""How often `notice` is called."""
NAME = f"{WAIT_IO.name}_demo"


@dataclass(frozen=True)
class Told:
    """What came of it."""

    lines: tuple[str, ...]
    plot: Path | None  # None: nothing was measured
    stopped: str  # why it did not come to its end; "" if it did
    status: int


def tell(notice: Callable[[str], None] = lambda step: None, folder: Path = FOLDER, load: Load = LOAD) -> Told:
    """Prove and measure, write everything into the folder, and tell it in a few lines. Signals end it as a run."""
    results = run(WAIT_IO, load, NAMES, notice)
    if not results.windows:
        return Told((), None, results.stopped, results.status)
    found = report(results)
    write(found, folder, NAME)
    picture = folder / f"{NAME}.svg"
    plot(found, picture)
    lines = [f"{load.clients} clients at once, an answer that takes {WAIT_IO.wait * 1000:.0f} ms of waiting:"]
    lines.append(f"  {'':28} {'slots':>5}  {'predicted':>9}  {'answers/s':>9}  {'median ms':>9}")
    for row in found["rows"]:
        slots = row["contender"]["slots"] or "∞"
        median = f"{'>' if row['p50']['beyond'] else ''}{row['p50']['median']:.0f}"
        lines.append(
            f"  {row['contender']['title']:28} {slots:>5}  {row['predicted']:>9.0f}  "
            f"{row['answered']['median']:>9.0f}  {median:>9}"
        )
    return Told(tuple(lines), picture, results.stopped, results.status)
