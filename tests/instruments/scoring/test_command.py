"""`rawasgi check --server` and `rawasgi scoreboard` as their users run them, on the servers that there are."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from rawasgi.instruments.checking.command import check_command
from rawasgi.instruments.scoring import servers
from rawasgi.instruments.scoring.board import Board, markdown
from rawasgi.instruments.scoring.command import BLOCK, KNOWN, scoreboard_command
from rawasgi.instruments.scoring.judging import MAIN, NOT_ASKED, WATCHED
from rawasgi.instruments.scoring.questions import lifespans, scopes
from rawasgi.instruments.scoring.servers import SERVERS
from rawasgi.messages.rules import all_rules
from tests.architecture.tree import ROOT
from tests.instruments.commands import Command

CHECK, SCOREBOARD = Command("check", check_command), Command("scoreboard", scoreboard_command)
PUBLISHED = Board.of((ROOT / "comparisons/scoreboard.json").read_text("utf-8"))
CARELESS = f"{sys.executable} -m tests.instruments.scoring.careless"
MINE = f"{CARELESS} says_nothing {{app}} {{port}}"


@pytest.fixture(autouse=True)
def _nothing_is_left(tmp_path, monkeypatch):
    """Neither a process of ours, nor a thread, nor a folder."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    before = {*threading.enumerate()}
    yield
    assert ([*folder.iterdir()], {*threading.enumerate()} - before) == ([], set())
    assert served_from(folder) == []


def served_from(folder):
    """The processes that were told to write their notes into this folder."""
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"RAWASGI_PROBE_NOTES={folder}".encode() in environment.read_bytes():
                found.append(environment.parent.name)
        except OSError:
            pass  # it has ended, or is another's
    return found


def broken(score):
    """What a server breaks: question, rule, and what was seen."""
    return [(verdict.title, finding.rule, finding.seen) for verdict in score.verdicts for finding in verdict.findings]


@pytest.mark.parametrize("name", SERVERS)
def test_a_known_server_does_what_was_published(name, tmp_path):
    """The same verdicts as in the README: each server is asked anew in each run of the tests."""
    status, _, errors = SCOREBOARD.here(name, "--json", str(tmp_path / "board.json"), "--seconds", "2")
    assert (status, errors) == (0, [])
    (score,) = Board.of((tmp_path / "board.json").read_text("utf-8")).scores
    (published,) = (score for score in PUBLISHED.scores if score.name == name)
    assert broken(score) == broken(published)
    assert [(each.title, each.word) for each in score.verdicts] == [
        (each.title, each.word) for each in published.verdicts
    ]


def test_the_readme_shows_what_was_published():
    """The table is made of the file, and nobody has touched it."""
    shown = BLOCK.search((ROOT / "README.md").read_text("utf-8"))
    assert shown is not None
    assert shown[0] == f"{shown[1]}{markdown(PUBLISHED)}{shown[2]}"
    assert [score.name for score in PUBLISHED.scores] == [*SERVERS]


def test_every_rule_that_takes_a_server_test_is_asked_or_told_why_not():
    """Those that `rules.md` marks with an s, and all that a wrapper can see a server break."""
    questions = (
        *MAIN,
        *scopes.AT_ROOT,
        *(each for each in vars(lifespans).values() if isinstance(each, type(MAIN[0]))),
    )
    asked = {rule_id for question in questions for rule_id in question.rules}
    assert {rule.id for rule in all_rules() if "server test" in rule.seen} - asked == NOT_ASKED.keys()
    watched = {rule_id for question in WATCHED for rule_id in question.rules}
    seen = {rule.id for rule in all_rules() if "wrapper" in rule.seen and "server" in rule.blame}
    assert seen - watched - asked == set()


def test_a_server_of_the_reader():
    """It is asked like the others; what it breaks is told with the rule, what it does not offer with the reason."""
    status, lines, errors = CHECK.here("--server-command", MINE, "--seconds", "1")
    assert (status, errors) == (1, [])
    assert lines[0] == f"{sys.executable}: breaks 1 must, 1 should, 1 derived; {lines[0].split()[-2]} questions"
    assert [line for line in lines if line.startswith(("MUST", "SHOULD", "DERIVED"))] == [
        "MUST L12 server waits for shutdown: the server",
        "SHOULD L8 failed startup, no service: the server",
        "DERIVED H6 path without query: the server",
    ]
    assert "  - lifespan, start-up failed: not served: the message of a failed start-up is not logged" in lines
    assert "  - extensions, http.response.trailers: the extension is not announced" in lines
    assert lines[-len(NOT_ASKED) - 1 :][0] == "not asked"


def test_json():
    """The verdicts with their findings, and what was not asked."""
    status, lines, errors = CHECK.here("--server", "tiny", "--json", "--seconds", "1")
    told = json.loads("\n".join(lines))
    assert (status, errors) == (0, [])
    assert [*told] == ["name", "title", "verdicts", "not_asked"]
    (absolute,) = (each for each in told["verdicts"] if each["verdict"] == "breaks")
    assert (absolute["question"], absolute["rules"], absolute["said"]) == ("absolute-form target", ["H6"], "")
    (finding,) = absolute["findings"]
    assert (finding["rule"], finding["level"], finding["blame"], finding["allowed"]) == (
        "H6",
        "derived",
        "server",
        ["/abs"],
    )


@pytest.mark.parametrize(
    ("mistake", "says"),
    [
        ("starts_not", r"it has ended with status 1 before it listened; its last words: no port for you"),
        ("never_listens", r"it does not listen; it has printed nothing"),
        ("never_answers", r"it does not answer within 0.3 s; it has printed nothing"),
        ("never_ends", r"it does not listen; it has printed nothing"),
        ("dies", r"it has ended with status 7; its last words: .*out of memory, said the probe"),
    ],
)
def test_a_server_that_cannot_be_asked(mistake, says, monkeypatch):
    """One sentence with its last words, exit status 1, and nothing on standard output."""
    monkeypatch.setattr(servers.Process.listens, "__defaults__", (0.8,))
    status, lines, errors = CHECK.here("--server-command", f"{CARELESS} {mistake} {{app}} {{port}}", "--seconds", "0.3")
    assert (status, lines, len(errors)) == (1, [], 1)
    assert re.fullmatch(f"rawasgi check: {re.escape(sys.executable)}: {says}", errors[0])


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            ["--server", "nginx"],
            f"'nginx' is no server that is known here ({KNOWN}); any other: check --server-command",
        ),
        (["--server", "tiny", "--seconds", "0"], "--seconds is more than 0, and 60 at most"),
        (
            ["--server-command", "mine {port}"],
            "--server-command 'mine {port}': {app} is not in it. Write it as 'myserver --port {port} {app}'",
        ),
        (
            ["--server-command", "mine {port} {app} {host}"],
            "--server-command 'mine {port} {app} {host}': a brace in it is neither {app} nor {port}: 'host'. Write it as 'myserver --port {port} {app}'",
        ),
        (
            ["--server-command", "mine '{port} {app}"],
            "--server-command \"mine '{port} {app}\": No closing quotation. Write it as 'myserver --port {port} {app}'",
        ),
    ],
)
def test_a_wrong_command_is_told_what_is_wrong(words, says):
    """One sentence with cause and remedy, exit status 2, and nothing on standard output."""
    assert CHECK.here(*words) == (2, [], [f"rawasgi check: {says}"])


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nginx"], f"'nginx' is no server that is known here ({KNOWN}); any other: check --server-command"),
        (
            ["--to", "Makefile"],
            "--to Makefile has no place for the table: <!-- scoreboard -->, and <!-- /scoreboard --> below it",
        ),
        (["--to", "nowhere.md"], "--to nowhere.md cannot be read: [Errno 2] No such file or directory: 'nowhere.md'"),
        (["--json", "nowhere/x.json"], "nowhere/x.json cannot be written: there is no folder nowhere"),
    ],
)
def test_a_wrong_scoreboard_is_told_before_anybody_is_asked(words, says):
    """Half a minute of asking, and then no place for the table: no."""
    assert SCOREBOARD.here(*words) == (2, [], [f"rawasgi scoreboard: {says}"])


def test_a_server_that_is_not_installed(monkeypatch):
    """What to install."""
    monkeypatch.setattr(servers, "version_of", lambda package: None if package in ("granian", "wsproto") else "1")
    granian = "rawasgi check: granian is not installed: pip install granian"
    tiny = "rawasgi check: wsproto is not installed: pip install 'rawasgi[tiny]'"
    assert CHECK.here("--server", "granian") == (2, [], [granian])
    assert CHECK.here("--server", "tiny") == (2, [], [tiny])


def test_a_command_that_there_is_not():
    """The system says so, and it is told."""
    status, lines, errors = CHECK.here("--server-command", "no-such-server {app} {port}")
    assert (status, lines) == (1, [])
    assert errors == ["rawasgi check: no-such-server: it cannot be run: No such file or directory"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_takes_the_servers_along(number, tmp_path):
    """Ctrl-C, or an orchestrator: exit status 130, no traceback."""
    process = CHECK.begun("--server-command", f"{CARELESS} never_ends {{app}} {{port}}")
    folder = Path(os.environ["TMPDIR"])
    while len(served_from(folder)) < 8:  # four, and the child of each
        assert process.poll() is None
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors.strip()) == (130, "")


def test_a_reader_who_has_seen_enough():
    """`rawasgi check --server tiny | head -0`: no traceback."""
    reading, writing = os.pipe()
    os.close(reading)
    words = [sys.executable, "-m", "rawasgi", "check", "--server", "tiny", "--seconds", "1"]
    with os.fdopen(writing, "wb") as pipe:
        ended = subprocess.run(words, cwd=ROOT, stdout=pipe, stderr=subprocess.PIPE, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")
