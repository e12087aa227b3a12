"""A command in -> what it prints out.

[bytes > server > app > middleware > routing > handler > response > bytes]

Spec:         none, because a command line is no part of the protocol
In FastAPI:   fastapi.cli:main, which runs an app
In Starlette: none, because it has no command
In Flask:     flask.cli:main, which runs an app
Left out:     a parser for all commands: each reads its own words
"""

import ast
import io
import sys
import tokenize
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

PACKAGE = Path(__file__).parent
LINES_A_MINUTE = 15  # of code with its comments and docstrings, read with understanding


class Floor(NamedTuple):
    """A storey of the library: its files in reading order, and the floors below that they may import."""

    name: str
    says: str
    files: tuple[str, ...]
    stands_on: tuple[str, ...] = ()
    budget: int | None = None  # code lines of the whole floor


# The order to read in is the order of imports: a file imports only files above it in this table.
FLOORS = (
    Floor(
        "messages",
        "what the two sides may say to each other, and when",
        (
            "messages/scopes.py",
            "messages/types.py",
            "messages/rules.py",
            "messages/errors.py",
            "messages/states.py",
            "messages/status.py",
        ),
    ),
    Floor(
        "tiny",
        "one sitting: both sides of the protocol, complete and plain",
        ("tiny/server.py", "tiny/app.py", "tiny/__main__.py"),
        stands_on=("messages",),
    ),
    Floor(
        "core",
        "one evening: the application side as one would use it",
        (
            "datastructures.py",
            "urls.py",
            "exceptions.py",
            "concurrency.py",
            "paths.py",
            "requests.py",
            "responses.py",
            "websockets.py",
            "middleware.py",
            "routing.py",
            "call_next.py",
            "app.py",
        ),
        stands_on=("messages",),
        budget=2000,
    ),
    Floor(
        "annexes",
        "when you need them",
        (
            "middlewares/timing.py",
            "middlewares/access_log.py",
            "middlewares/answers.py",
            "middlewares/request_ids.py",
            "middlewares/timeout.py",
            "middlewares/body_limit.py",
            "middlewares/proxy_headers.py",
            "middlewares/refusals.py",
            "middlewares/https_redirect.py",
            "middlewares/trusted_host.py",
            "middlewares/cors.py",
            "middlewares/authentication.py",
            "middlewares/sessions.py",
            "middlewares/gzip.py",
            "toolkit/conditional.py",
            "toolkit/ranges.py",
            "toolkit/files.py",
            "toolkit/static.py",
            "toolkit/events.py",
            "toolkit/jsonlines.py",
            "toolkit/templates.py",
            "toolkit/hints.py",
            "toolkit/config.py",
            "toolkit/cookies.py",
            "toolkit/multidict.py",
            "toolkit/formdata.py",
            "toolkit/forms.py",
            "toolkit/broadcast.py",
            "toolkit/broadcast_valkey.py",
            "toolkit/hosts.py",
            "toolkit/routers.py",
            "toolkit/endpoints.py",
            "toolkit/lifespans.py",
            "bridges/crossings.py",
            "bridges/environ.py",
            "bridges/wsgi_in_asgi.py",
            "bridges/asgi_in_wsgi.py",
            "typed/params.py",
            "typed/annotations.py",
            "typed/signature.py",
            "typed/sources.py",
            "typed/fields.py",
            "typed/making.py",
            "typed/plan.py",
            "typed/yields.py",
            "typed/planner.py",
            "typed/encoders.py",
            "typed/errors.py",
            "typed/bodies.py",
            "typed/lanes.py",
            "typed/runner.py",
            "typed/answers.py",
            "typed/options.py",
            "typed/routing.py",
            "typed/registration.py",
            "typed/table.py",
            "typed/reached.py",
            "typed/explain.py",
            "typed/security/schemes.py",
            "typed/security/http.py",
            "typed/security/api_key.py",
            "typed/security/oauth2.py",
            "typed/security/openid.py",
            "typed/security/comparison.py",
            "typed/security/passwords.py",
            "typed/security/tokens.py",
            "typed/openapi/schemas.py",
            "typed/openapi/described.py",
            "typed/openapi/operations.py",
            "typed/openapi/document.py",
            "typed/openapi/assets.py",
            "typed/openapi/pages.py",
            "typed/openapi/docs.py",
        ),
        stands_on=("messages", "core"),
    ),
    Floor(
        "instruments",
        "what any app does, made visible; nothing imports them",
        (
            "instruments/conversation.py",
            "instruments/checking/finding.py",
            "instruments/checking/values.py",
            "instruments/checking/headers.py",
            "instruments/checking/shapes.py",
            "instruments/checking/tls.py",
            "instruments/checking/scopes.py",
            "instruments/checking/serving.py",
            "instruments/checking/lent.py",
            "instruments/checking/watch.py",
            "instruments/checking/answer.py",
            "instruments/checking/http.py",
            "instruments/checking/websocket.py",
            "instruments/checking/lifespan.py",
            "instruments/checking/checker.py",
            "instruments/portal.py",
            "instruments/frames.py",
            "instruments/virtual/doors.py",
            "instruments/virtual/loop.py",
            "instruments/virtual/clock.py",
            "instruments/testclient.py",
            "instruments/xraying/users.py",
            "instruments/apart.py",
            "instruments/command.py",
            "instruments/routes.py",
            "instruments/explaining.py",
            "instruments/checking/driver.py",
            "instruments/checking/driven.py",
            "instruments/checking/script.py",
            "instruments/checking/report.py",
            "instruments/faults/places.py",
            "instruments/faults/leaving.py",
            "instruments/faults/slow.py",
            "instruments/faults/cancelling.py",
            "instruments/faults/workers.py",
            "instruments/faults/leftovers.py",
            "instruments/faults/trial.py",
            "instruments/faults/script.py",
            "instruments/faults/report.py",
            "instruments/scoring/notes.py",
            "instruments/scoring/probe.py",
            "instruments/scoring/wire.py",
            "instruments/scoring/websocket.py",
            "instruments/scoring/servers.py",
            "instruments/scoring/stage.py",
            "instruments/scoring/verdict.py",
            "instruments/scoring/questions/scopes.py",
            "instruments/scoring/questions/bodies.py",
            "instruments/scoring/questions/responses.py",
            "instruments/scoring/questions/leaving.py",
            "instruments/scoring/questions/websockets.py",
            "instruments/scoring/questions/extensions.py",
            "instruments/scoring/questions/lifespans.py",
            "instruments/scoring/judging.py",
            "instruments/scoring/board.py",
            "instruments/scoring/command.py",
            "instruments/checking/command.py",
            "instruments/stepping/steps.py",
            "instruments/stepping/loop_free.py",
            "instruments/stepping/gated.py",
            "instruments/stepping/display.py",
            "instruments/stepping/story.py",
            "instruments/stepping/command.py",
            "instruments/layers.py",
            "instruments/tracing/events.py",
            "instruments/tracing/elision.py",
            "instruments/tracing/lines.py",
            "instruments/tracing/columns.py",
            "instruments/tracing/text.py",
            "instruments/tracing/page.py",
            "instruments/tracing/mermaid.py",
            "instruments/tracing/trace.py",
            "instruments/tracing/recorder.py",
            "instruments/tracing/wsgi.py",
            "instruments/tracing/live.py",
            "instruments/tracing/command.py",
            "instruments/xraying/sight.py",
            "instruments/xraying/cost.py",
            "instruments/xraying/witness.py",
            "instruments/xraying/stretches.py",
            "instruments/xraying/blocking.py",
            "instruments/xraying/variables.py",
            "instruments/xraying/solving.py",
            "instruments/xraying/remarks.py",
            "instruments/xraying/pulse.py",
            "instruments/xraying/look.py",
            "instruments/xraying/findings/words.py",
            "instruments/xraying/findings/loop.py",
            "instruments/xraying/findings/layers.py",
            "instruments/xraying/findings/handlers.py",
            "instruments/xraying/findings/routes.py",
            "instruments/xraying/findings/dependencies.py",
            "instruments/xraying/findings/responses.py",
            "instruments/xraying/findings/table.py",
            "instruments/xraying/photo.py",
            "instruments/xraying/text.py",
            "instruments/xraying/shapes.py",
            "instruments/xraying/passage.py",
            "instruments/xraying/tree.py",
            "instruments/xraying/style.py",
            "instruments/xraying/page.py",
            "instruments/xraying/exposure.py",
            "instruments/xraying/pair.py",
            "instruments/xraying/command.py",
        ),
        stands_on=("messages", "tiny", "core", "annexes"),
    ),
    Floor(
        "door",
        "how names and commands are found",
        ("__init__.py", "__main__.py"),
        stands_on=("messages", "tiny", "core", "annexes", "instruments"),
    ),
)

FILE_BUDGETS = {"tiny/server.py": 250, "tiny/app.py": 150}  # code lines


def main() -> None:
    """Run the command that the command line names; without one, or with another, list them and exit with 2."""
    words = sys.argv[1:]
    if words in (["-h"], ["--help"]):
        print(usage())
        return
    if words and words[0] in WITH_WORDS:
        sys.exit(found(WITH_WORDS[words[0]])(words[1:]))
    if len(words) != 1 or words[0] not in COMMANDS:
        wrong = f"rawasgi: there is no command {' '.join(words)!r}" if words else "rawasgi: a command is missing"
        print(f"{wrong}\n{usage()}", file=sys.stderr)
        sys.exit(2)
    print("\n".join(COMMANDS[words[0]]()))


def usage() -> str:
    """The commands, one a line, each with the first line of its docstring."""
    every = COMMANDS | {name: found(place) for name, place in WITH_WORDS.items()}
    rows = (f"  python -m rawasgi {name:12}{first_line(run.__doc__)}" for name, run in every.items())
    return "\n".join(("commands:", *rows))


def read() -> Iterator[str]:
    """Print the reading path: each file, its size, and what comes in and goes out."""
    wide = max(len(name) for floor in FLOORS for name in floor.files)
    yield f"{'':{wide + 10}}code lines      minutes"
    for floor in FLOORS:
        yield f"\n{floor.name}: {floor.says}"
        code = minutes = 0
        for name in floor.files:
            source = (PACKAGE / name).read_text(encoding="utf-8")
            lines, needed = code_lines(source), reading_minutes(source)
            code, minutes = code + lines, minutes + needed
            budget = FILE_BUDGETS.get(name)
            yield f"  rawasgi/{name:{wide}}{against(lines, budget)}  {needed:7}  {first_line(ast.get_docstring(ast.parse(source)))}"
        yield f"  {'together':{wide + 8}}{against(code, floor.budget)}  {minutes:7}"


COMMANDS: dict[str, Callable[[], Iterator[str]]] = {"read": read}

# Commands that are given the words behind them, and give the exit status. Who reads needs no instrument: each is loaded
# when it is asked for.
WITH_WORDS = {
    "check": "rawasgi.instruments.checking.command:check_command",
    "explain": "rawasgi.instruments.explaining:explain_command",
    "routes": "rawasgi.instruments.routes:routes_command",
    "scoreboard": "rawasgi.instruments.scoring.command:scoreboard_command",
    "step": "rawasgi.instruments.stepping.command:step_command",
    "trace": "rawasgi.instruments.tracing.command:trace_command",
    "xray": "rawasgi.instruments.xraying.command:xray_command",
}


def found(place: str) -> Callable[..., Any]:
    """`"package.module:name"` -> the function of that name."""
    module, _, name = place.partition(":")
    function: Callable[..., Any] = getattr(import_module(module), name)
    return function


def code_lines(source: str) -> int:
    """Count the lines of `source` that hold code: no docstring, no comment, no blank line.

    >>> code_lines('"docstring"\\n\\nx = 1  # one\\n# two\\n')
    1
    """
    silent = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in silent:
            lines.update(range(token.start[0], token.end[0] + 1))
    for docstring in docstrings(ast.parse(source)):
        lines.difference_update(range(docstring.lineno, (docstring.end_lineno or docstring.lineno) + 1))
    return len(lines)


def docstrings(tree: ast.Module) -> Iterator[ast.Expr]:
    """Yield the docstring statements of a module, its classes and its functions."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and node.body:
            match node.body[0]:
                case ast.Expr(value=ast.Constant(value=str())) as statement:
                    yield statement


def reading_minutes(source: str) -> int:
    """Whole minutes for a file: what is read is code, comments and docstrings, all but the blank lines."""
    written = sum(1 for line in source.splitlines() if line.strip())
    return -(-written // LINES_A_MINUTE)


def against(lines: int, budget: int | None) -> str:
    """`184 / 250`: lines used of a budget, or the lines alone."""
    return f"{lines:4} / {budget:<4}" if budget else f"{lines:4}       "


def first_line(docstring: str | None) -> str:
    """The sentence a docstring opens with, without its full stop."""
    return (docstring or "").partition("\n")[0].rstrip(".")


if __name__ == "__main__":
    main()
