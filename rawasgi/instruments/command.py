"""The words of a command line in -> an app and what is asked of it out.

bytes > [server > app] > middleware > routing > handler > response > bytes

What `step`, `trace` and `xray` share: `module:app GET /path`, and the options that make a request of it. In place of a
method may stand WS (a websocket; `--say` is what the client says) or LIFESPAN (then there is no path).

Spec:         none, because a command line is no part of the protocol
In FastAPI:   fastapi.cli:main, which finds an app by itself
In Starlette: none, because it has no command
In Flask:     flask.cli:locate_app
Left out:     cookies, files and forms: write the header and the body yourself
"""

import argparse
import importlib
import inspect
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from rawasgi.instruments.apart import Exited, Hanging
from rawasgi.instruments.conversation import Exchange, handshake, life, request
from rawasgi.messages.types import ASGIApp

TARGET = "module:app"
NARROWEST, WIDEST = 40, 110  # columns of a page


class WrongCommand(Exception):
    """The command cannot be carried out; `str` says why, and what would help."""


def add_exchange(parser: argparse.ArgumentParser) -> None:
    """Give a parser the words that describe an exchange."""
    parser.add_argument("method", help="GET, POST …, WS for a websocket, LIFESPAN for start-up and shutdown")
    parser.add_argument("target", nargs="?", help="/path?query, percent-encoded")
    parser.add_argument("--json", help="a body, with its content type")
    parser.add_argument("--body", help="a body as it is")
    parser.add_argument("--header", action="append", default=[], metavar="NAME:VALUE", help="may be given repeatedly")
    parser.add_argument("--say", action="append", default=[], metavar="TEXT", help="a message on the websocket")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long the app may take (5)")
    parser.add_argument("--spec-version", default="2.5", help="what the scope says; uvicorn says 2.3 for http")
    parser.add_argument("--factory", action="store_true", help="module:app is a function that makes the app")


def exchange_of(options: argparse.Namespace) -> Exchange:
    """What the options ask for. Raises `WrongCommand`."""
    if options.seconds <= 0:
        raise WrongCommand("--seconds is more than 0")
    method = options.method.upper()
    if method == "LIFESPAN":
        if options.target:
            raise WrongCommand("LIFESPAN has no path")
        return life()
    if not options.target:
        raise WrongCommand("a path is missing: METHOD /path")
    if not options.target.startswith("/") or not options.target.isascii() or " " in options.target:
        raise WrongCommand(f"{options.target!r} is no path: it starts with / and is percent-encoded")
    headers = [header(given) for given in options.header]
    if method in ("WS", "WEBSOCKET"):
        if options.json is not None or options.body is not None:
            raise WrongCommand("a websocket has no body: --say is what the client says")
        return handshake(options.target, *options.say, headers=headers, spec_version=options.spec_version)
    if options.say:
        raise WrongCommand("--say is for a websocket: WS /path")
    body, types = body_of(options)
    headers += types
    if body and all(name.lower() != b"content-length" for name, _ in headers):
        headers.append((b"content-length", b"%d" % len(body)))
    return request(method, options.target, headers, body, spec_version=options.spec_version)


def header(given: str) -> tuple[bytes, bytes]:
    """`"x-id: 7"` -> `(b"x-id", b"7")`."""
    name, colon, value = given.partition(":")
    try:
        if colon and name.strip():
            return name.strip().encode("ascii"), value.strip().encode("latin-1")
    except UnicodeEncodeError:
        pass
    raise WrongCommand(f"{given!r} is no header: write it as name:value, in Latin-1")


def body_of(options: argparse.Namespace) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """The body, and the header that says what it is."""
    if options.json is None:
        return (options.body or "").encode(), []
    if options.body is not None:
        raise WrongCommand("--json and --body are two bodies: give one")
    try:
        json.loads(options.json)
    except ValueError as error:
        raise WrongCommand(f"--json is no JSON: {error}") from None
    return options.json.encode(), [(b"content-type", b"application/json")]


def load(target: str, *, factory: bool = False, wsgi: bool = False) -> ASGIApp:
    """`package.module:name` -> the app of that name, from the working directory. Raises `WrongCommand`.

    With `wsgi` an app that is called with environ and start_response will do too; `takes(app, 3)` tells which it is.
    """
    app = named(target)
    if factory:
        try:
            app = app()
        except (Exception, SystemExit) as error:
            raise WrongCommand(f"{target} made no app: {type(error).__name__}: {error}") from None
    if not takes(app, 3) and not (wsgi and takes(app, 2) and not takes(app, 1)):
        remedy = "; is it a function that makes one? Then add --factory" if not factory and takes(app, 0) else ""
        kinds = "no ASGI app and no WSGI app" if wsgi else "no ASGI app"
        arguments = "scope, receive, send" + (", nor with environ, start_response" if wsgi else "")
        raise WrongCommand(f"{target} is {kinds}: it cannot be called with {arguments}{remedy}")
    return app  # type: ignore[no-any-return]


def named(target: str) -> Any:
    """The object of that name. Raises `WrongCommand`, whatever the module does while it is imported."""
    module, _, name = target.partition(":")
    if not module or module.startswith(".") or "/" in module:
        raise WrongCommand(f"{target!r} names no module: write {TARGET}, dots between packages")
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        found: Any = importlib.import_module(module)
    except (Exception, SystemExit) as error:
        raise WrongCommand(f"{module} cannot be imported: {type(error).__name__}: {error}") from None
    for part in (name or "app").split("."):
        if not hasattr(found, part):
            raise WrongCommand(f"{module} has no {name or 'app'}: name the app as {TARGET}")
        found = getattr(found, part)
    return found


def takes(found: object, count: int) -> bool:
    """Whether an object can be called with so many arguments; a class makes apps, and is none."""
    if not callable(found) or (count == 3 and inspect.isclass(found)):
        return False
    try:
        inspect.signature(found).bind(*range(count))
    except (TypeError, ValueError):
        return False
    return True


def complaint_about(error: BaseException | None, status: Any, asked: str, *, see: str, is_refused: bool) -> str:
    """One sentence, where an app has not answered what was `asked`; `see` says where its lines are if it hangs."""
    if isinstance(error, Hanging):
        return f"{error}; {see}. More time: --seconds"
    if isinstance(error, Exited):
        return str(error)
    if error is not None:
        return f"the app has raised {type(error).__name__}: {str(error).partition(chr(10))[0]}"
    if status == 404:
        return f"the app has nothing at {asked}: it answers 404"
    return f"the app refuses {asked}" if is_refused else ""


def complain(command: str, sentence: str, status: int = 1) -> int:
    """Say in one printable line what is wrong, after all that was printed before; gives the exit status."""
    sys.stdout.flush()
    print(f"rawasgi {command}: {printable(sentence)}", file=sys.stderr)
    return status


def carried_out(command: str, work: Callable[[], int]) -> int:
    """The exit status of a command; what it says where it is wrong, interrupted, or no longer read."""
    try:
        return work()
    except WrongCommand as wrong:
        return complain(command, str(wrong), 2)
    except KeyboardInterrupt:
        print(file=sys.stderr)
        leave(130)  # as shells count an interrupt
    except BrokenPipeError:
        close_the_screen()
        leave(0)


def printable(words: str) -> str:
    """The words, with control characters by their names: no app writes to the reader's terminal."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in words)


def show(text: str) -> None:
    """Print on the screen, whatever that can show."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding), end="", flush=True)


def columns() -> int:
    """How wide a page for the screen is: a narrower one would only be broken by the terminal, a wider one is hard to read."""
    return min(max(shutil.get_terminal_size((WIDEST, 40)).columns, NARROWEST), WIDEST)


def close_the_screen() -> None:
    """The reader, `head` perhaps, has seen enough: what is still to be written goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def leave(status: int) -> NoReturn:
    """End the process without waiting for a thread of the app that may never end."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
