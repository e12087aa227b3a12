"""`rawasgi trace module:app GET /path` in -> every message at every boundary out.

bytes > server > [app > middleware > routing > handler > response] > bytes

Exit status 0: the app has answered. 1: it has, in one of many ways, not: the trace and one sentence say how. 2: the
command cannot be carried out.

Spec:         none, because a command line is no part of the protocol
In FastAPI:   none, because it traces requests as a whole: fastapi.telemetry
In Starlette: none, because it leaves this to debuggers
In Flask:     none, because it leaves this to debuggers
Left out:     a trace of a server that runs elsewhere
"""

import argparse
import functools
import shutil
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from rawasgi.instruments.apart import Hanging
from rawasgi.instruments.command import (
    TARGET,
    WrongCommand,
    add_exchange,
    carried_out,
    close_the_screen,
    complain,
    complaint_about,
    exchange_of,
    leave,
    load,
    show,
    takes,
)
from rawasgi.instruments.tracing.live import MISSING, serve_and_tell
from rawasgi.instruments.tracing.recorder import record
from rawasgi.instruments.tracing.text import WIDTH
from rawasgi.instruments.tracing.trace import Trace
from rawasgi.instruments.tracing.wsgi import trace_wsgi
from rawasgi.messages.errors import AppProtocolError

FORMATS: dict[str, Callable[..., str]] = {
    "text": Trace.text,
    "html": Trace.html,
    "mermaid": Trace.mermaid,
    "jsonl": Trace.lines,
}
SUFFIXES = {".html": "html", ".mmd": "mermaid", ".jsonl": "jsonl"}


def trace_command(words: Sequence[str]) -> int:
    """Print every message at every layer boundary of an app: trace module:app GET /path."""
    return carried_out("trace", lambda: serve_live(words) if "--serve" in words else ask_once(words))


def fail(sentence: str, status: int = 1) -> int:
    """Say in one line what is wrong."""
    return complain("trace", sentence, status)


def parser_for(usage: str) -> argparse.ArgumentParser:
    """What both forms of the command take."""
    parser = argparse.ArgumentParser("rawasgi trace", usage=usage, description=__doc__.partition("\n")[0])
    parser.add_argument("app", help=f"{TARGET}, from the working directory; an ASGI app, or a WSGI app")
    parser.add_argument("--format", choices=FORMATS, help="what to write (text, or what the name of --out says)")
    parser.add_argument("--bodies", action="store_true", help="show bodies, which are told by their size otherwise")
    parser.add_argument("--secrets", action="store_true", help="show cookies, tokens and the like")
    return parser


def ask_once(words: Sequence[str]) -> int:
    """One request, one trace."""
    parser = parser_for(
        "rawasgi trace module:app GET /path [options]\n       rawasgi trace --serve module:app [--port N]"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="where to write it")
    add_exchange(parser)
    options = parser.parse_args(words)
    exchange = exchange_of(options)
    with redirect_stdout(sys.stderr):  # what the app prints is not what we print
        app: Any = load(options.app, factory=options.factory, wsgi=True)
        if takes(app, 3):
            trace = record(app, exchange, seconds=options.seconds, target=options.app)
        elif exchange.scope["type"] == "http":
            trace = trace_wsgi(app, exchange, seconds=options.seconds, target=options.app)
        else:
            raise WrongCommand(f"{options.app} is a WSGI app: it knows neither websockets nor a lifespan")
    write(shown(trace, options), options.out)
    complaint = complaint_of(trace)
    if isinstance(trace.error, Hanging):
        fail(complaint)
        leave(1)  # its thread may never end
    return fail(complaint) if complaint else 0


def complaint_of(trace: Trace) -> str:
    """One sentence, where the app has not answered."""
    if isinstance(trace.error, AppProtocolError):
        return f"the app breaks a rule: {str(trace.error).partition(chr(10))[0]}"
    is_refused = trace.asked.startswith("WS ") and not trace.ending.startswith("accepted")
    see = "the trace ends with the lines it stands on"
    return complaint_about(trace.error, trace.status, trace.asked, see=see, is_refused=is_refused)


def shown(trace: Trace, options: argparse.Namespace) -> str:
    """The trace in the form that was asked for."""
    out = getattr(options, "out", None)
    form = options.format or SUFFIXES.get(out.suffix if out else "", "text")
    more = {}
    if form == "text":
        more["width"] = max(WIDTH, shutil.get_terminal_size((WIDTH, 24)).columns)
    return FORMATS[form](trace, bodies=options.bodies, secrets=options.secrets, **more)


def write(text: str, out: Path | None) -> None:
    """Into a file, or on the screen, whatever that can show."""
    if out is not None:
        try:
            out.write_text(text, encoding="utf-8")
        except OSError as error:
            raise WrongCommand(f"{out} cannot be written: {error.strerror}") from None
        return
    show(text)


def tell(trace: Trace, options: argparse.Namespace) -> None:
    """Print one of many; where nobody reads any more, end."""
    try:
        write(shown(trace, options) + "\n", None)
    except BrokenPipeError:
        close_the_screen()
        signal.raise_signal(signal.SIGINT)


def serve_live(words: Sequence[str]) -> int:
    """Serve, and print each request's trace when it has ended."""
    parser = parser_for("rawasgi trace --serve module:app [--port N] [options]")
    parser.add_argument("--serve", action="store_true", required=True, help="serve the app, and trace what comes in")
    parser.add_argument("--port", type=int, default=8000, help="0 takes a free one (8000)")
    parser.add_argument("--factory", action="store_true", help="module:app is a function that makes the app")
    options = parser.parse_args(words)
    if MISSING:
        raise WrongCommand(f"--serve needs {MISSING}: pip install 'rawasgi[tiny]'")
    if not 0 <= options.port <= 65_535:
        raise WrongCommand(f"--port is a number from 0 to 65535, not {options.port}")
    app = load(options.app, factory=options.factory)
    try:
        bound = socket.create_server(("127.0.0.1", options.port), backlog=2048)
    except OSError as error:
        raise WrongCommand(f"cannot listen on port {options.port}: {error}. Take another --port, or 0") from None
    with bound:
        port = bound.getsockname()[1]
        print(f"rawasgi trace: {options.app} on http://127.0.0.1:{port}, Ctrl-C ends it", file=sys.stderr, flush=True)
        server = serve_and_tell(app, bound, functools.partial(tell, options=options), options.app)
    if not server.over.is_set():
        fail("the app does not let go of its requests; left it")
        leave(1)
    if server.started is False:
        return fail("the app's start-up has failed; the lines above say why")
    if server.error is not None:
        return fail(f"the server has ended: {type(server.error).__name__}: {server.error}")
    return 0
