"""`rawasgi check module:app` in -> what the app does against the specification out.

bytes > [server > app > middleware > routing > handler > response] > bytes

    rawasgi check shop:app                        the paths that its routes show, or /
    rawasgi check shop:app /items/7 --ws /chat    these, with GET, HEAD and POST
    rawasgi check shop:app --json
    rawasgi check shop:app --faults               what is left when clients leave, are slow, and calls are cancelled
    rawasgi check --server uvicorn                a server, by another module: `scoring`

Exit status 0: no rule is broken that must not be. 1: one is, or a fault has left something or was not survived, or the
app does not let itself be asked; one sentence says how. 2: the command cannot be carried out.

Spec:         none, because a command line is no part of the protocol
In FastAPI:   none, because its command runs and deploys
In Starlette: none, because it has no command
In Flask:     none, because its command shows routes, not rules
Left out:     an exit status for what should not be: whether that matters is for the reader to say
"""

import argparse
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import Any

from rawasgi.instruments.apart import Hanging
from rawasgi.instruments.checking.driver import Driver, GivenUp
from rawasgi.instruments.checking.report import plain, text
from rawasgi.instruments.checking.script import Target, ask_all
from rawasgi.instruments.command import (
    TARGET,
    WrongCommand,
    carried_out,
    columns,
    complain,
    header,
    leave,
    load,
    printable,
    show,
)
from rawasgi.instruments.conversation import LifespanFailed
from rawasgi.instruments.faults.report import faults_plain, faults_text
from rawasgi.instruments.faults.script import try_all
from rawasgi.instruments.frames import running
from rawasgi.instruments.routes import table
from rawasgi.instruments.scoring.command import is_about_a_server, server_command

MOST_PATHS = 20  # of an app's own routes; more are to be named
IMPORT = 12  # times --seconds: what is imported with an app may be large
NAMED = ("GET", "HEAD", "POST")


def check_command(words: Sequence[str]) -> int:
    """Hold any app, or any server, to the specification: check module:app, check --server uvicorn."""
    if is_about_a_server(words):
        return server_command(words)
    return carried_out("check", lambda: checked(options_of(words)))


def options_of(words: Sequence[str]) -> argparse.Namespace:
    """The options. Raises `WrongCommand`."""
    usage = "rawasgi check module:app [/path …] [options]\n       rawasgi check --server NAME [options]"
    says = "Hold an app to the ASGI specification. The handlers really run: of these paths, else of its own GET routes."
    other = "A server in place of an app: rawasgi check --server NAME; see rawasgi check --server NAME --help."
    parser = argparse.ArgumentParser("rawasgi check", usage=usage, description=says, epilog=other)
    parser.add_argument("app", help=f"{TARGET}, from the working directory")
    parser.add_argument("paths", nargs="*", metavar="/path", help=f"to be asked with {', '.join(NAMED)}")
    parser.add_argument(
        "--ws", action="append", default=[], metavar="/path", help="a websocket; may be given repeatedly"
    )
    parser.add_argument("--header", action="append", default=[], metavar="NAME:VALUE", help="may be given repeatedly")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long the app may take for an answer (5)")
    parser.add_argument(
        "--faults",
        action="store_true",
        help="try faults instead, and tell what they leave: each path is asked very often",
    )
    parser.add_argument("--json", action="store_true", help="write JSON")
    parser.add_argument("--factory", action="store_true", help="module:app is a function that makes the app")
    options = parser.parse_intermixed_args(words)
    if options.seconds <= 0:
        raise WrongCommand("--seconds is more than 0")
    for path in (*options.paths, *options.ws):
        if not path.startswith("/") or not path.isascii() or " " in path:
            raise WrongCommand(f"{path!r} is no path: it starts with / and is percent-encoded")
    return options


def checked(options: argparse.Namespace) -> int:
    """Ask the app, and show what was found."""
    headers = [(name.lower(), value) for name, value in map(header, options.header)]
    with redirect_stdout(sys.stderr):  # what an app prints is not what we print
        with watched_import(options.seconds * IMPORT):
            app = load(options.app, factory=options.factory)
        targets = targets_of(app, options)
        with Driver(app, options.seconds) as driver:
            trials = try_all(driver, targets, headers) if options.faults else None
            if trials is None:
                ask_all(driver, targets, headers)
    complaints = [printable(complaint_about(given_up)) for given_up in driver.complaints]
    if options.json:
        show(plain(options.app, driver, complaints, {} if trials is None else faults_plain(trials)))
    else:
        width = columns()
        show(text(options.app, driver, width) + ("" if trials is None else "\n" + faults_text(trials, width)))
    for complaint in complaints:
        complain("check", complaint)
    is_broken = any(finding.level == "must" for finding in driver.checker.findings)
    status = int(bool(complaints) or is_broken or (trials is not None and trials.is_bad))
    if driver.is_stuck:
        leave(status)
    return status


@contextmanager
def watched_import(seconds: float) -> Iterator[None]:
    """Give up where a module is not imported in time. It stays on this thread: some make things that belong to it."""
    watchdog = threading.Timer(seconds, give_up_import, [seconds])
    watchdog.daemon = True
    watchdog.start()
    try:
        yield
    finally:
        watchdog.cancel()


def give_up_import(seconds: float) -> None:
    """Say where the import stands, and end the process."""
    lines = [line for line in running(threading.main_thread()) if not line.file.startswith("<frozen")]
    print("where it hangs", *(f"  {printable(str(line))}" for line in lines), sep="\n", file=sys.stderr)
    complain(
        "check", f"the import has not ended in {seconds:g} s; the lines above are where it hangs. More time: --seconds"
    )
    leave(1)


def targets_of(app: Any, options: argparse.Namespace) -> list[Target]:
    """What to ask: what was named, else what the app's routes show and can be asked as it stands there."""
    if options.paths or options.ws:
        return [*(Target(path, NAMED) for path in options.paths), *(Target(path, ("WS",)) for path in options.ws)]
    found = [*dict.fromkeys(own_targets(app))] or [Target("/", ("GET", "HEAD"))]
    if len(found) > MOST_PATHS:
        complain("check", f"the first {MOST_PATHS} of {len(found)} paths are asked; name the others to have them asked")
    return found[:MOST_PATHS]


def own_targets(app: Any) -> Iterator[Target]:
    """The routes that are reached, without parameters; of methods only those that change nothing."""
    try:
        found = table(app)
    except WrongCommand:
        return
    for row in found:
        methods = tuple(method for method in row.methods if method in ("GET", "HEAD", "WS"))
        if methods and row.path.startswith("/") and "{" not in row.path and not row.shadow:
            yield Target(row.path, methods)


def complaint_about(given_up: GivenUp) -> str:
    """One sentence: why nothing more can be asked."""
    cause = given_up.cause
    if isinstance(cause, LifespanFailed):
        return f"{given_up.asked} has failed: {cause}"
    if isinstance(cause, Hanging):
        return f"{given_up.asked}: {cause}; the lines above are where it hangs. More time: --seconds"
    return f"{given_up.asked}: {type(cause).__name__ if not str(cause) else cause}"
