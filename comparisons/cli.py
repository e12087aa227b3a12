"""A command in -> the comparison of stacks, as a matrix, a pair, a file or a story, out.

Left out: options in files and in the environment.
"""

import argparse
import errno
import importlib.util
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from comparisons import lessons, report
from comparisons.discovery import BrokenContractError, Comparison, find
from comparisons.matrix import console, failures, matrix, rendered
from comparisons.runner import Interrupted, Moment, Run, RunResult, plan, run_all
from comparisons.servers import ROOT, SERVERS, ServerError
from comparisons.show import pair, picture
from comparisons.stacks import STACKS
from comparisons.tracing import NoExchangeError, told

Found = dict[str, Comparison]

OWN = Path(sys.executable)
PYTHON = OWN.relative_to(ROOT) if OWN.is_relative_to(ROOT) else Path("python")
"""How a reader calls the Python that runs this, from the root of the repository."""

UNWRITABLE = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EISDIR,
}

TRY_NEXT = (
    ("comparisons run hello_world", "every answer of every stack, in one table"),
    ("comparisons show hello_world", "FastAPI and rawasgi side by side, beat by beat"),
    ("rawasgi xray main:app GET /", "the same of your own app"),
    ("rawasgi read", "the order in which to read the library"),
)


class MissingError(Exception):
    """Something that a run needs is not installed."""


def main(arguments: Sequence[str] | None = None, root: Path = ROOT / "comparisons") -> int:
    """Run one command on the comparisons below `root`; its exit status is 0 only when everything held."""
    try:
        found = find(root)
    except BrokenContractError as error:
        return fail(f"{error}. Mend it, or take its folder away.")
    parser = command_line()
    options = parser.parse_args(arguments)
    if complaint := unknown(options, found):
        parser.error(complaint)  # exit status 2
    try:
        status: int = options.command(options, found)
    except Interrupted as error:
        return fail(str(error), 128 + error.number)
    except (ServerError, MissingError) as error:
        return fail(str(error))
    except OSError as error:
        if error.errno not in UNWRITABLE:
            raise
        return fail(f"cannot write {error.filename or ''}: {error.strerror}. Make room or choose another place.")
    return status


def fail(sentence: str, status: int = 1) -> int:
    """Say in one line why nothing came of it."""
    print(f"comparisons: {sentence}", file=sys.stderr)
    return status


def command_line() -> argparse.ArgumentParser:
    """Describe the commands."""
    parser = argparse.ArgumentParser("python -m comparisons", description="One contract, every stack, real servers.")
    commands = parser.add_subparsers(metavar="command", required=True)

    listing = commands.add_parser("list", help="the comparisons, their questions and stacks")
    listing.set_defaults(command=list_all)

    running = commands.add_parser("run", help="run contracts and print their matrices")
    running.add_argument("names", nargs="*", metavar="NAME", help="a comparison (all of them if none is named)")
    running.add_argument("--stack", action="append", default=[], help="only this stack; may be repeated")
    running.add_argument("--server", action="append", default=[], help="only this server; may be repeated")
    running.add_argument("--json", type=Path, metavar="PATH", help="write everything that was seen")
    running.add_argument("-v", "--verbose", action="store_true", help="say every moment on standard error")
    running.set_defaults(command=run)

    showing = commands.add_parser("show", help="two stacks side by side, beat by beat")
    showing.add_argument("names", nargs=1, metavar="NAME")
    showing.add_argument("--pair", default="fastapi,rawasgi", metavar="LEFT,RIGHT")
    showing.add_argument("--svg", type=Path, metavar="PATH", help="write it as a picture instead")
    showing.set_defaults(command=show)

    tracing = commands.add_parser("trace", help="the same request to every stack, as lanes of one run")
    tracing.add_argument("names", nargs=1, metavar="NAME")
    tracing.add_argument("--exchange", default="", metavar="TITLE", help="which one (the first that needs no server)")
    tracing.add_argument("--layers", action="store_true", help="every boundary of each stack, not only the outermost")
    tracing.set_defaults(command=trace)

    telling = commands.add_parser("demo", help="run everything and tell what came out")
    telling.add_argument("-v", "--verbose", action="store_true", help="say every moment on standard error")
    telling.set_defaults(command=demo)

    writing = commands.add_parser("lessons", help="write the tables of the lessons from a run")
    writing.add_argument("names", nargs="*", metavar="NAME")
    writing.add_argument("--check", action="store_true", help="only say which ones are stale")
    writing.set_defaults(command=write_lessons)

    looking = commands.add_parser("inside", help="x-ray a route of FastAPI")
    looking.add_argument("--to", type=Path, metavar="PAGE", help="write it between the markers of this page instead")
    looking.set_defaults(command=look_inside)
    return parser


def unknown(options: argparse.Namespace, found: Found) -> str:
    """Name what does not exist, and what does."""
    asked = (
        ("comparison", getattr(options, "names", []), list(found)),
        ("stack", getattr(options, "stack", []), list(STACKS)),
        ("server", getattr(options, "server", []), list(SERVERS)),
        ("stack", options.pair.split(",") if "pair" in options else [], list(STACKS)),
    )
    for kind, names, known in asked:
        for name in names:
            if name not in known:
                return f"there is no {kind} {name!r}. There are: {', '.join(known)}"
    if "pair" in options and options.pair.count(",") != 1:
        return "a pair is two stacks: --pair flask,raw_wsgi"
    if "pair" in options:
        stacks = found[options.names[0]].contract.stacks
        for name in options.pair.split(","):
            if name not in stacks:
                return f"{options.names[0]} has no stack {name!r}. It has: {', '.join(stacks)}"
    if "server" in options and not planned(options, found):
        pairs = {f"{run.stack.name} on {run.server}" for run in plan([found[name] for name in options.names or found])}
        return f"nothing to run. There are: {', '.join(sorted(pairs))}"
    return ""


def planned(options: argparse.Namespace, found: Found) -> list[Run]:
    """List the runs that were asked for."""
    names = options.names or list(found)
    return plan([found[name] for name in names], getattr(options, "stack", []), getattr(options, "server", []))


def perform(runs: Sequence[Run], *, verbose: bool = False) -> list[RunResult]:
    """Run with a progress bar, or with a line for each moment."""
    missing = sorted({name for run in runs for name in needed(run) if importlib.util.find_spec(name) is None})
    if missing:
        raise MissingError(f"not installed: {', '.join(missing)}. `make demo` installs all that the comparisons need.")
    if verbose:
        return run_all(runs, lambda moment: print(moment, file=sys.stderr, flush=True))
    with progress_bar(len(runs)) as advance:

        def notice(moment: Moment) -> None:
            if moment.run is not None:
                advance(str(moment.run), moment.what == "end")

        return run_all(runs, notice)


@contextmanager
def progress_bar(total: int) -> Iterator[Callable[[str, bool], None]]:
    """Show a bar on standard error, where that is a terminal; the function takes what is done and whether it is over."""
    columns = (TextColumn("{task.description:40}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    on_stderr = console(stderr=True)
    with Progress(*columns, console=on_stderr, transient=True, disable=not on_stderr.is_terminal) as progress:
        task = progress.add_task("", total=total)
        yield lambda what, is_over: progress.update(task, description=what, advance=is_over)


def needed(run: Run) -> list[str]:
    """Name the modules that a run imports beyond the repository's own."""
    return [name for name in (run.stack.requires, *SERVERS[run.server].requires) if name]


def list_all(options: argparse.Namespace, found: Found) -> int:
    """Print the comparisons."""
    for comparison in found.values():
        contract = comparison.contract
        print(f"{comparison.name}: {contract.question}")
        print(f"    {len(contract.steps)} exchanges · {', '.join(stack.name for stack in comparison.stacks)}")
    return 0


def run(options: argparse.Namespace, found: Found) -> int:
    """Run contracts and print their matrices."""
    results = perform(planned(options, found), verbose=options.verbose)
    screen = console()
    for comparison, own in report.by_comparison(results):
        screen.print(rendered(matrix(comparison, own)), "")
    if options.json is not None:
        report.write_json(results, options.json)
    return int(any(result.failures for result in results))


def show(options: argparse.Namespace, found: Found) -> int:
    """Print two stacks side by side."""
    left, right = (STACKS[name] for name in options.pair.split(","))
    if options.svg is not None:
        options.svg.write_text(picture(found[options.names[0]], left, right), "utf-8")
    else:
        console().print(pair(found[options.names[0]], left, right))
    return 0


def trace(options: argparse.Namespace, found: Found) -> int:
    """Print what passes the boundaries of every stack."""
    try:
        for line in told(found[options.names[0]], options.exchange, layers=options.layers):
            print(line, flush=True)
    except NoExchangeError as error:
        return fail(f"{error}.", 2)
    return 0


def measure(*, verbose: bool) -> Any:
    """Run the short form of the waiting benchmark, and give what it has to tell (`benchmarks.demo:Told`)."""
    try:
        from benchmarks import demo as waiting  # here: it brings matplotlib, which no other command needs
    except ModuleNotFoundError as missing:
        raise MissingError(f"not installed: {missing.name}. `make demo` installs it.") from None
    if verbose:
        return waiting.tell(lambda step: print(step, file=sys.stderr, flush=True))
    with progress_bar(waiting.STEPS) as advance:
        return waiting.tell(lambda step: advance(step, True))


def inside() -> Any:
    """The module that x-rays a route of FastAPI (`comparisons.inside`)."""
    try:
        from comparisons import inside as module  # here: it brings FastAPI, which no other command needs
    except ModuleNotFoundError as missing:
        raise MissingError(f"not installed: {missing.name}. `make demo` installs it.") from None
    return module


def demo(options: argparse.Namespace, found: Found) -> int:
    """Run everything, one line for each contract, measure what waiting costs, and tell the story."""
    report.FOLDER.mkdir(exist_ok=True)
    results = perform(plan(list(found.values())), verbose=options.verbose)
    files = (report.FOLDER / "results.json", report.FOLDER / "tables.txt")
    report.write_json(results, files[0])
    report.write_tables(results, files[1])
    screen = console()
    for comparison, own in report.by_comparison(results):
        screen.print(Text(report.summary(comparison, own)))
    for failure in failures(results):
        screen.print(Text(f"  {failure}", style="red"))
    told = measure(verbose=options.verbose)
    where = [str(path.relative_to(ROOT)) for path in (*files, told.plot) if path]
    tries = [f"{PYTHON} -m {command:30} {what}" for command, what in TRY_NEXT]
    waiting = told.lines or (f"The waiting benchmark measured nothing: {told.stopped}.",)
    seen = [f"Inside FastAPI: {inside().COMMAND}", *str(inside().picture()).splitlines()]
    for line in [
        "",
        *report.story(results),
        "",
        *waiting,
        "",
        *seen,
        "",
        f"All of it: {' · '.join(where)}",
        "",
        *tries,
    ]:
        screen.print(Text(line), soft_wrap=True)
    return int(any(result.failures for result in results)) or told.status


def write_lessons(options: argparse.Namespace, found: Found) -> int:
    """Write the tables, or only compare them with a run."""
    results = perform(planned(options, found))
    stale = []
    for comparison, own in report.by_comparison(results):
        if any(result.failures for result in own):
            return fail(f"{comparison.name} does not hold, so its lesson cannot be written. See: run {comparison.name}")
        for page, should in lessons.stale(comparison, own):
            stale.append(f"{comparison.name} in {page.name}")
            if not options.check:
                page.write_text(should, "utf-8")
    print(f"{'stale' if options.check else 'written'}: {', '.join(stale) or 'none'}")
    return int(options.check and bool(stale))


def look_inside(options: argparse.Namespace, found: Found) -> int:
    """X-ray a route of FastAPI, on the screen or into a page."""
    if options.to is None:
        print(inside().picture())
    elif (should := inside().stale(options.to)) is not None:
        options.to.write_text(should, "utf-8")
    return 0
