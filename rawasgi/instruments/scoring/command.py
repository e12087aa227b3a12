"""`rawasgi check --server uvicorn`, `rawasgi scoreboard` in -> what servers do against the specification out.

[bytes > server > app] > middleware > routing > handler > response > bytes

    rawasgi check --server uvicorn                                       one server, each broken rule with its sentence
    rawasgi check --server-command 'myserver --port {port} {app}'        a server of your own
    rawasgi scoreboard --to README.md --json scoreboard.json             all that are known, as a table

Exit status 0: no rule is broken that must not be (the scoreboard: all could be asked). 1: one is, or the server cannot be
asked; one sentence says how. 2: the command cannot be carried out.

Spec:         none, because a command line is no part of the protocol
In FastAPI:   none, because it leaves the connection to the server
In Starlette: none, because it has no command
In Flask:     none, because it leaves the connection to the server
Left out:     servers on other machines: the probe app lies here
"""

import argparse
import json
import platform
import re
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import groupby
from pathlib import Path

from rawasgi.instruments.checking.report import LEVELS, key, ordered, shown, wrapped
from rawasgi.instruments.command import WrongCommand, carried_out, columns, complain, printable, show
from rawasgi.instruments.scoring.board import Board, markdown, text
from rawasgi.instruments.scoring.judging import NOT_ASKED, Judging
from rawasgi.instruments.scoring.servers import ALIASES, SERVERS, Server, ServerError, own
from rawasgi.instruments.scoring.verdict import Score
from rawasgi.messages.rules import rule

SECONDS = 3.0
BLOCK = re.compile(r"(<!-- scoreboard -->\n).*?(<!-- /scoreboard -->)", re.DOTALL)
OPTIONS = ("--server", "--server-command")  # by these `rawasgi check` knows that a server is meant
KNOWN = ", ".join((*ALIASES, *SERVERS))


def is_about_a_server(words: Sequence[str]) -> bool:
    """Whether the words behind `rawasgi check` name a server."""
    return any(word.partition("=")[0] in OPTIONS for word in words)


def server_command(words: Sequence[str]) -> int:
    """`rawasgi check --server NAME`."""
    return carried_out("check", lambda: checked(server_options(words)))


def scoreboard_command(words: Sequence[str]) -> int:
    """Hold the servers of this machine to the specification, side by side: scoreboard."""
    return carried_out("scoreboard", lambda: scored(board_options(words)))


def server_options(words: Sequence[str]) -> argparse.Namespace:
    """The options of a check. Raises `WrongCommand`."""
    parser = argparse.ArgumentParser("rawasgi check", description="Hold a server to the ASGI specification.")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--server", metavar="NAME", help=KNOWN)
    which.add_argument(
        "--server-command", metavar="COMMAND", help="a server of your own; {app} and {port} are filled in"
    )
    add_seconds(parser)
    parser.add_argument("--json", action="store_true", help="write JSON")
    return with_seconds(parser.parse_args(words))


def board_options(words: Sequence[str]) -> argparse.Namespace:
    """The options of the scoreboard. Raises `WrongCommand`."""
    parser = argparse.ArgumentParser("rawasgi scoreboard", description="Hold servers to the ASGI specification.")
    parser.add_argument("servers", nargs="*", metavar="NAME", help=f"of {KNOWN}; without one, all")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write JSON there")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table there, as Markdown")
    parser.add_argument("--to", type=Path, metavar="PAGE", help="write it between the markers of a page: README.md")
    add_seconds(parser)
    return with_seconds(parser.parse_args(words))


def add_seconds(parser: argparse.ArgumentParser) -> None:
    """The option that both have."""
    parser.add_argument("--seconds", type=float, default=SECONDS, help=f"what comes later does not come ({SECONDS:g})")


def with_seconds(options: argparse.Namespace) -> argparse.Namespace:
    """The options, if that is a time to wait. Raises `WrongCommand`."""
    if not 0 < options.seconds <= 60:
        raise WrongCommand("--seconds is more than 0, and 60 at most")
    return options


def named(name: str) -> Server:
    """A known server that is installed. Raises `WrongCommand`."""
    server = SERVERS.get(ALIASES.get(name, name))
    if server is None:
        raise WrongCommand(f"{name!r} is no server that is known here ({KNOWN}); any other: check --server-command")
    if server.missing:
        what = "'rawasgi[tiny]'" if name == "tiny" else " ".join(server.missing)
        raise WrongCommand(f"{' and '.join(server.missing)} is not installed: pip install {what}")
    return server


def of_command(command: str) -> Server:
    """A server of the reader's own. Raises `WrongCommand`."""
    try:
        return own(command)
    except ValueError as error:
        raise WrongCommand(
            f"--server-command {command!r}: {error}. Write it as 'myserver --port {{port}} {{app}}'"
        ) from None


@contextmanager
def ended_in_order() -> Iterator[None]:
    """A SIGTERM ends this process as Ctrl-C does: with its servers."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, interrupt)
    except ValueError:  # not the main thread: whoever has started us there ends us there
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def checked(options: argparse.Namespace) -> int:
    """Ask one server, and show what was found."""
    server = named(options.server) if options.server is not None else of_command(options.server_command)
    try:
        with ended_in_order():
            score = Judging(server, options.seconds).score()
    except ServerError as error:
        return complain("check", f"{server.name}: {printable(str(error))}")
    if options.json:
        show(json.dumps({**score.plain(), "not_asked": NOT_ASKED}, indent=2, ensure_ascii=False) + "\n")
    else:
        show("\n".join(page(score, columns())) + "\n")
    return int(score.breaks_a_must)


def page(score: Score, width: int) -> Iterator[str]:
    """What is told of one server: the broken rules, the most binding first; then what there was nothing to judge in."""
    findings = ordered([*dict.fromkeys(score.findings)])
    count = {level: len({finding.rule for finding in findings if finding.level == level}) for level in LEVELS}
    broken = ", ".join(f"{count[level]} {level}" for level in LEVELS if count[level]) or "no rule"
    yield f"{score.title}: breaks {broken}; {len(score.verdicts)} questions"
    asked = {finding: f"{verdict.group}, {verdict.title}" for verdict in score.verdicts for finding in verdict.findings}
    for _, group in groupby(findings, key):
        yield ""
        yield from shown([*group], asked, width)
    silent = [verdict for verdict in score.verdicts if verdict.said]
    if silent:
        yield from ("", "nothing to judge")
    for verdict in silent:
        yield from wrapped(f"- {verdict.group}, {verdict.title}: {verdict.said}", width)
    yield from ("", "not asked")
    for rule_id, why in NOT_ASKED.items():
        yield from wrapped(f"- {rule_id} {rule(rule_id).name}: {why}", width)


def scored(options: argparse.Namespace) -> int:
    """Ask the servers, one after the other, and write the table."""
    servers = [named(name) for name in options.servers or SERVERS]
    before = page_before(options.to)
    for path in filter(None, (options.json, options.markdown)):
        if not path.parent.is_dir():
            raise WrongCommand(f"{path} cannot be written: there is no folder {path.parent}")
    scores, failed = [], False
    with ended_in_order():
        for server in servers:
            try:
                scores.append(Judging(server, options.seconds).score())
            except ServerError as error:
                failed = True
                complain("scoreboard", f"{server.name}: {printable(str(error))}")
    board = Board(date.today(), machine(), options.seconds, tuple(scores))
    if scores:
        show(text(board))
    if failed:
        return complain("scoreboard", "nothing is written, since a column is missing") if wanted(options) else 1
    files = {options.json: board.json(), options.markdown: markdown(board), options.to: placed(before or "", board)}
    for path, content in files.items():
        try:
            if path is not None:
                path.write_text(content, "utf-8")
        except OSError as error:
            raise WrongCommand(f"{path} cannot be written: {error.strerror}") from None
    return 0


def wanted(options: argparse.Namespace) -> bool:
    """Whether a file is to be written."""
    return any((options.json, options.markdown, options.to))


def page_before(path: Path | None) -> str | None:
    """The page that is to hold the table. Raises `WrongCommand` before anything was asked."""
    if path is None:
        return None
    try:
        page = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongCommand(f"--to {path} cannot be read: {error}") from None
    if not BLOCK.search(page):
        raise WrongCommand(
            f"--to {path} has no place for the table: <!-- scoreboard -->, and <!-- /scoreboard --> below it"
        )
    return page


def placed(page: str, board: Board) -> str:
    """The page with this table between its markers."""
    return BLOCK.sub(lambda found: f"{found[1]}{markdown(board)}{found[2]}", page)


def machine() -> str:
    """Where the servers run."""
    return f"Python {platform.python_version()}, {platform.system()}"
