"""`rawasgi check` as its users run it: what it prints, what it says of bad input, how it ends."""

import json
import signal
import threading

import pytest

from rawasgi.instruments.checking.command import check_command
from tests.instruments.commands import Command

APPS = "tests.instruments.checking.apps"
NO_APP = "is no ASGI app: it cannot be called with scope, receive, send"
NOT_SEEN = "not to be seen from outside: HR9 (wait for the request), X9 (the app closes it), HS20 (start may be held)"


COMMAND = Command("check", check_command)
run, here, begun = COMMAND.run, COMMAND.here, COMMAND.begun


def rules(lines):
    """The rules of a printed page, each with its level."""
    return [line.split()[1] for line in lines if line.split()[:1] in (["MUST"], ["SHOULD"], ["DERIVED"])]


def test_a_correct_app():
    """Nothing is found, in all the conversations; what the app prints goes to standard error."""
    status, lines, errors = run(f"{APPS}:prints", "/")
    assert (status, lines) == (0, [f"{APPS}:prints: nothing in {lines[0].split()[-2]} conversations", "", NOT_SEEN])
    assert int(lines[0].split()[-2]) > 30
    assert set(errors) == {"printed by the app"}


def test_a_finding_is_told_with_its_rule_and_where_it_was_made():
    """Exit status 1 for what must not be; no control character of the app is printed."""
    status, lines, errors = here(f"{APPS}:upper_case", "/a")
    assert (status, errors) == (1, [])
    assert lines[0] == f"{APPS}:upper_case: 1 must, 1 derived in {lines[0].split()[-2]} conversations"
    assert lines[2:6] == [
        "MUST HS6 header names lower-case: the application",
        "  header names are in lower case",
        "  - GET /a: http.response.start: header b'X-Id\\x1b' (awaiting_start)",
        "  https://asgi.readthedocs.io/en/latest/specs/www.html#response-start-send-event",
    ]
    assert rules(lines) == ["HS6", "HS8"]


@pytest.mark.parametrize(
    ("name", "status", "found"),
    [
        ("correct", 0, []),
        ("deaf", 1, ["WS14", "HS24", "HS18"]),
        ("hasty", 0, ["HR10"]),
        ("picky", 1, ["G11"]),
        ("polyglot", 0, ["G14"]),
        ("tolerant", 0, ["G13"]),
    ],
)
def test_what_only_a_client_sees(name, status, found):
    """Who streams on, takes a piece for the whole, refuses what it need not know, or takes what it cannot know."""
    words = ["/", "--ws", "/chat", "--seconds", "0.1"] if name == "deaf" else ["/"]
    ended, lines, errors = here(f"{APPS}:{name}", *words)
    assert (ended, rules(lines), errors) == (status, found, [])


def test_json():
    """The findings with all their fields, the conversations with their endings."""
    status, lines, errors = here(f"{APPS}:upper_case", "/a", "--json")
    told = json.loads("\n".join(lines))
    assert (status, errors) == (1, [])
    assert told["findings"][0] == {
        "rule": "HS6",
        "level": "must",
        "blame": "application",
        "state": "awaiting_start",
        "seen": "http.response.start: header b'X-Id\\x1b'",
        "allowed": [],
        "link": "https://asgi.readthedocs.io/en/latest/specs/www.html#response-start-send-event",
        "name": "header names lower-case",
        "sentence": "header names are in lower case",
        "asked": "GET /a",
    }
    assert told["conversations"][0] == {"asked": "GET /a", "ending": "200, http.response.body"}
    assert sorted(told["not_checkable"]) == ["HR9", "HS20", "X9"]
    assert (told["app"], told["complaints"]) == (f"{APPS}:upper_case", [])


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("hangs", "GET /: the app has not ended its call in 0.2 s; "),
        ("swallows", "GET /: the app has not ended its call in 0.2 s, and it swallows its cancellation; "),
        ("answers_and_keeps", "GET /, given up by the server: the app swallows its cancellation; "),
        ("leaves", "GET /: the app has called sys.exit(3)"),
        ("starts_not", "the start-up has failed: no database"),
        ("starts_for_ever", "the start-up: the start-up has not ended in 0.2 s; "),
        ("stops_for_ever", "the shutdown: the shutdown has not ended in 0.2 s; "),
    ],
)
def test_an_app_that_does_not_let_itself_be_asked(name, says):
    """What was found until then, one sentence, and exit status 1; no thread is left."""
    before = {*threading.enumerate()}
    status, lines, errors = here(f"{APPS}:{name}", "/", "--seconds", "0.2")
    hint = "the lines above are where it hangs. More time: --seconds" if says.endswith("; ") else ""
    assert (status, errors) == (1, [f"rawasgi check: {says}{hint}"])
    assert any(line.startswith("where it hangs: ") for line in lines) == bool(hint)
    assert lines[0].startswith(f"{APPS}:{name}: ")
    assert {*threading.enumerate()} - before == set()


@pytest.mark.parametrize(("name", "line"), [("blocks", "time.sleep(8)"), ("keeps", "await asyncio.Event().wait()")])
def test_an_app_that_cannot_be_ended_ends_with_the_process(name, line):
    """A loop that is blocked, a call that swallows every cancellation: the lines, and exit status 1."""
    status, lines, errors = run(f"{APPS}:{name}", "/", "--seconds", "0.1")
    assert status == 1
    assert errors[-1].startswith("rawasgi check: GET /: the app has not ")
    assert any(line in shown for shown in lines)


def test_an_import_that_does_not_end():
    """The line it stands on, one sentence, exit status 1."""
    status, lines, errors = run("tests.instruments.checking.never_imported:app", "--seconds", "0.1")
    assert (status, lines) == (1, [])
    assert errors[-2].endswith("never_imported.py:5 <module>: time.sleep(30)")
    assert errors[-1] == (
        "rawasgi check: the import has not ended in 1.2 s; the lines above are where it hangs. More time: --seconds"
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nowhere:app"], "nowhere cannot be imported: ModuleNotFoundError: No module named 'nowhere'"),
        ([f"{APPS}:nothing"], f"{APPS} has no nothing: name the app as module:app"),
        ([f"{APPS}:number"], f"{APPS}:number {NO_APP}"),
        ([f"{APPS}:make"], f"{APPS}:make {NO_APP}; is it a function that makes one? Then add --factory"),
        ([f"{APPS}:correct", "items"], "'items' is no path: it starts with / and is percent-encoded"),
        ([f"{APPS}:correct", "--ws", "chat"], "'chat' is no path: it starts with / and is percent-encoded"),
        ([f"{APPS}:correct", "--seconds", "0"], "--seconds is more than 0"),
        ([f"{APPS}:correct", "--header", "x"], "'x' is no header: write it as name:value, in Latin-1"),
    ],
)
def test_a_wrong_command_is_told_what_is_wrong(words, says):
    """One sentence with cause and remedy, exit status 2, and nothing on standard output."""
    assert here(*words) == (2, [], [f"rawasgi check: {says}"])


@pytest.mark.parametrize("words", [[], [f"{APPS}:correct", "--loud"], [f"{APPS}:correct", "--seconds", "many"]])
def test_words_that_are_missing_or_unknown(words):
    """What argparse says, with the usage: exit status 2."""
    with pytest.raises(SystemExit) as leaving:
        here(*words)
    assert leaving.value.code == 2


def test_the_help_says_that_handlers_run():
    """Whoever lets an app of their own be found by its routes should know that before."""
    status, lines, _ = run("--help")
    assert status == 0
    assert "The handlers really run: of these paths, else of its own GET routes." in " ".join(lines)


def test_a_factory_is_called():
    """As it is for the other commands."""
    status, lines, _ = here(f"{APPS}:make", "--factory", "/")
    assert (status, lines[0].split(":")[2]) == (0, f" nothing in {lines[0].split()[-2]} conversations")


def test_an_interrupt_leaves_nothing_behind():
    """Ctrl-C while the app hangs: no traceback, and the exit status that shells expect."""
    process = begun(f"{APPS}:tells", "/", "--seconds", "30")
    assert process.stderr is not None
    assert process.stderr.readline() == "here\n"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors.strip()) == (130, "")
