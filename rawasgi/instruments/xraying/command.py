"""`rawasgi xray module:app GET /path` in -> the x-ray on the screen, and as a page where one is asked for, out.

bytes > server > [app > middleware > routing > handler > response] > bytes

    rawasgi xray shop:app GET /items/7 --html xray.html
    rawasgi xray shop:app WS /chat --say hello
    rawasgi xray shop:app slim:app GET /items/7          two apps, side by side

Exit status 0: the app has answered, whatever was found in it. 1: it has, in one of many ways, not: the x-ray as far as
it goes, and one sentence says how. 2: the command cannot be carried out.

Spec:         none, because a command line is no part of the protocol
In FastAPI:   none, because its command runs and deploys
In Starlette: none, because it has no command
In Flask:     none, because its command shows routes, not runs
Left out:     an exit status for findings: whether one matters is for the reader to say
"""

import argparse
import os
import sys
import threading
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path

from rawasgi.instruments import apart
from rawasgi.instruments.command import (
    TARGET,
    WrongCommand,
    add_exchange,
    carried_out,
    columns,
    complain,
    complaint_about,
    exchange_of,
    leave,
    load,
    show,
)
from rawasgi.instruments.tracing.elision import Elision
from rawasgi.instruments.tracing.recorder import asked_of, status_of
from rawasgi.instruments.xraying.exposure import Picture, exposed
from rawasgi.instruments.xraying.pair import Pair, compared
from rawasgi.instruments.xraying.sight import Look

USAGE = """rawasgi xray module:app GET /path [options]
       rawasgi xray module:app another:app GET /path [options]"""


def xray_command(words: Sequence[str]) -> int:
    """See into any app while it answers: xray module:app GET /path."""
    return carried_out("xray", lambda: asked(options_of(words)))


def fail(sentence: str, status: int = 1) -> int:
    """Say in one line what is wrong."""
    return complain("xray", sentence, status)


def options_of(words: Sequence[str]) -> argparse.Namespace:
    """The options; `apps` is one app or two. Raises `WrongCommand`."""
    parser = argparse.ArgumentParser("rawasgi xray", usage=USAGE, description="See into any app while it answers.")
    parser.add_argument("app", help=f"{TARGET}, from the working directory; a second one is set beside it")
    add_exchange(parser)
    parser.add_argument("last", nargs="?", help=argparse.SUPPRESS)
    parser.add_argument("--html", type=Path, metavar="FILE", help="write all of it as a page, too")
    parser.add_argument("--runs", type=int, metavar="N", help="ask N times for the costs (200 for GET, HEAD, OPTIONS)")
    options = parser.parse_intermixed_args(words)
    options.apps = [options.app]
    if ":" in options.method:  # no method has a colon: it is another app
        options.apps.append(options.method)
        if options.target is None:
            raise WrongCommand("what is asked of the apps? A method and a path are missing")
        options.method, options.target, options.last = options.target, options.last, None
    if options.last is not None:
        raise WrongCommand(f"{options.last!r} is too much: a second app is written as {TARGET}, before the method")
    if options.runs is not None and (options.runs < 0 or options.method.upper() == "LIFESPAN"):
        raise WrongCommand("--runs is 0 or more, and a lifespan happens once")
    if options.html is not None and options.html.is_dir():
        raise WrongCommand(f"{options.html} cannot be written: it is a folder")
    if options.html is not None and not options.html.parent.is_dir():
        raise WrongCommand(f"{options.html} cannot be written: there is no folder {options.html.parent}")
    return options


def asked(options: argparse.Namespace) -> int:
    """Ask the app, or both, and show what was seen."""
    exchange = exchange_of(options)
    with redirect_stdout(sys.stderr):  # what an app prints is not what we print
        apps = [load(name, factory=options.factory) for name in options.apps]
        exposures = [exposed(app, exchange, options.seconds) for app in apps]
        shown: Picture | Pair
        if len(exposures) == 1:
            shown = exposures[0].developed(options.app, options.runs)
        else:
            shown = compared(exposures, options.apps, options.runs)
    show(shown.text(columns()) + "\n")
    complaints = {name: complaint_of(each.look) for name, each in zip(options.apps, exposures, strict=True)}
    for name, complaint in complaints.items():
        if complaint:
            fail(complaint if len(complaints) == 1 else f"{name}: {complaint}")
    status = int(any(complaints.values()))
    try:
        if options.html is not None:
            save(shown.page(), options.html)
    except WrongCommand as wrong:
        status = fail(str(wrong), 2)
    if any(thread.name == apart.NAME for thread in threading.enumerate()):
        leave(status)  # the app has left it hanging: it may never end
    return status


def complaint_of(look: Look) -> str:
    """One sentence, where the app has not answered."""
    is_accepted = any(message["type"] == "websocket.accept" for message in look.sent)
    return complaint_about(
        look.error,
        status_of(look.sent),
        Elision().text(asked_of(look.exchange.scope)),
        see="the lines above are where it hangs",
        is_refused=look.exchange.scope["type"] == "websocket" and not is_accepted,
    )


def save(page: str, file: Path) -> None:
    """Write a file whole or not at all. Raises `WrongCommand`."""
    beside = file.with_name(f".xray-{os.getpid()}")
    try:
        beside.write_text(page, encoding="utf-8")
        beside.replace(file)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise WrongCommand(f"{file} cannot be written: {error.strerror}") from None
