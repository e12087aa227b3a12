"""A command in -> a benchmark as a table, a file and a picture, out.

Left out: options in files and in the environment.
"""

import argparse
import errno
import importlib.util
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks import crosscheck
from benchmarks.load.bench import Results, run
from benchmarks.load.scenario import BenchmarkError, Load, Scenario
from benchmarks.plot import plot
from benchmarks.report import FOLDER, report, table, write
from benchmarks.wait_io.contenders import WAIT_IO
from comparisons.cli import UNWRITABLE
from comparisons.matrix import console
from comparisons.runner import Interrupted
from comparisons.servers import ROOT, ServerError

SCENARIOS = {WAIT_IO.name: WAIT_IO}
MOST = {"clients": 1000.0, "seconds": 60.0, "rounds": 20.0}
"""A load on one machine has its bounds."""


def main(
    arguments: Sequence[str] | None = None, scenarios: Mapping[str, Scenario] = SCENARIOS, folder: Path = FOLDER
) -> int:
    """Run one command; its exit status is 0 only when a run was proved, complete and believable."""
    parser = command_line()
    options = parser.parse_args(arguments)
    if complaint := unknown(options, scenarios):
        parser.error(complaint)  # exit status 2
    scenario = scenarios[options.scenario]
    try:
        if missing := missing_for(scenario, options.only):
            return fail(f"not installed: {', '.join(missing)}. `make bench` installs all that the benchmarks need.")
        status: int = options.command(options, scenario, folder)
    except Interrupted as error:
        return fail(str(error), 128 + error.number)
    except (BenchmarkError, ServerError) as error:
        return fail(str(error))
    except OSError as error:
        if error.errno not in {*UNWRITABLE, errno.EEXIST}:
            raise
        return fail(f"cannot write {error.filename or ''}: {error.strerror}. Make room or choose another place.")
    return status


def fail(sentence: str, status: int = 1) -> int:
    """Say in one line why nothing came of it."""
    print(f"benchmarks: {sentence}", file=sys.stderr)
    return status


def command_line() -> argparse.ArgumentParser:
    """Describe the commands."""
    parser = argparse.ArgumentParser("python -m benchmarks", description="The same work, proved, predicted, measured.")
    commands = parser.add_subparsers(metavar="command", required=True)
    standard = Load()

    running = commands.add_parser("run", help="prove and measure every contender; print and write the table")
    running.add_argument("scenario", metavar="SCENARIO")
    running.add_argument("--clients", type=int, default=standard.clients)
    running.add_argument("--seconds", type=float, default=standard.seconds, help="of a window")
    running.add_argument("--rounds", type=int, default=standard.rounds)
    running.add_argument("--only", action="append", default=[], metavar="NAME", help="this contender; may be repeated")
    running.add_argument("--closed", action="store_true", help="leave the open loop out")
    running.add_argument("-v", "--verbose", action="store_true", help="say every step on standard error")
    running.set_defaults(command=run_one)

    drawing = commands.add_parser("plot", help="draw the last run again")
    drawing.add_argument("scenario", nargs="?", default=WAIT_IO.name, metavar="SCENARIO")
    drawing.add_argument("--to", type=Path, metavar="PATH", help="an .svg or a .png")
    drawing.set_defaults(command=draw, only=[])

    checking = commands.add_parser("locust", help="measure one contender with Locust too, and compare")
    checking.add_argument("scenario", metavar="SCENARIO")
    checking.add_argument("--clients", type=int, default=standard.clients)
    checking.add_argument("--seconds", type=float, default=standard.seconds)
    checking.add_argument("--only", action="append", default=[], metavar="NAME", help="another contender")
    checking.set_defaults(command=check)
    return parser


def unknown(options: argparse.Namespace, scenarios: Mapping[str, Scenario]) -> str:
    """Name what does not exist or is out of bounds, and what does and is not."""
    if options.scenario not in scenarios:
        return f"there is no scenario {options.scenario!r}. There are: {', '.join(scenarios)}"
    contenders = scenarios[options.scenario].contenders
    for name in options.only:
        if name not in contenders:
            return f"there is no contender {name!r}. There are: {', '.join(contenders)}"
    for name, most in MOST.items():
        value = getattr(options, name, most)
        if not 0 < value <= most:
            return f"--{name} {value:g} is out of bounds: more than 0, at most {most:g}"
    if getattr(options, "to", None) is not None and options.to.suffix not in {".svg", ".png"}:
        return f"--to {options.to}: a picture is an .svg or a .png"
    return ""


def missing_for(scenario: Scenario, names: Sequence[str]) -> list[str]:
    """Name what the contenders import and what is not there."""
    contenders = [each for each in scenario.contenders.values() if not names or each.name in names]
    needed = {name for contender in contenders for name in contender.requires}
    return sorted(name for name in needed if importlib.util.find_spec(name) is None)


def run_one(options: argparse.Namespace, scenario: Scenario, folder: Path) -> int:
    """Run a scenario; write and print what came of it, also when it did not come to its end."""
    share = None if options.closed else Load().share
    load = Load(options.clients, options.seconds, options.rounds, share)
    results = perform(scenario, load, options.only, verbose=options.verbose)
    if not results.windows:
        return fail(f"{results.stopped}. Nothing was measured", results.status)
    found = report(results)
    print(*table(found), "", sep="\n")  # first: a disk that is full does not take it away
    picture = folder / f"{scenario.name}.svg"
    paths = write(found, folder, scenario.name)
    plot(found, picture)
    print(*map(shown, [*paths, picture]), sep="\n")
    if results.stopped:
        return fail(f"{results.stopped}. What was done until then is kept", results.status)
    return 0


def perform(scenario: Scenario, load: Load, names: Sequence[str], *, verbose: bool) -> Results:
    """Run with a progress bar, or with a line for each step."""
    if verbose:
        return run(scenario, load, names, lambda step: print(step, file=sys.stderr, flush=True))
    on_stderr = console(stderr=True)
    columns = (TextColumn("{task.description:30}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=on_stderr, transient=True, disable=not on_stderr.is_terminal) as progress:
        windows = load.rounds * (1 if load.share is None else 2)
        task = progress.add_task("", total=len(names or scenario.contenders) * (1 + windows))
        return run(scenario, load, names, lambda step: progress.update(task, description=step, advance=1))


def draw(options: argparse.Namespace, scenario: Scenario, folder: Path) -> int:
    """Draw the written results."""
    source = folder / f"{scenario.name}.json"
    try:
        found = json.loads(source.read_text("utf-8"))
        found["rows"]
    except (OSError, ValueError, LookupError, TypeError):
        return fail(f"there is no run in {shown(source)}. To make one: python -m benchmarks run {scenario.name}")
    target = options.to or folder / f"{scenario.name}.svg"
    plot(found, target)
    print(shown(target))
    return 0


def check(options: argparse.Namespace, scenario: Scenario, folder: Path) -> int:
    """Compare two generators on one contender."""
    name = options.only[-1] if options.only else "fastapi-def"
    compared = crosscheck.compare(scenario, scenario.contenders[name], options.clients, options.seconds)
    print(*compared.lines(), sep="\n")
    return 0 if compared.holds else fail(f"the two generators disagree by more than a factor of {crosscheck.FACTOR}")


def shown(path: Path) -> str:
    """Name a path as a reader in the root of the repository would."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
