"""`rawasgi xray` as its users run it: what it prints and writes, what it says of bad input, how it ends."""

import signal
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from rawasgi.instruments.command import WrongCommand
from rawasgi.instruments.xraying.command import save, xray_command
from tests.architecture.tree import ROOT
from tests.instruments.commands import Command

APPS = "tests.instruments.xraying.shop"
SHOP = f"{APPS}:shop"
NO_APP = "is no ASGI app: it cannot be called with scope, receive, send"


COMMAND = Command("xray", xray_command)
run, here, begun = COMMAND.run, COMMAND.here, COMMAND.begun


def test_an_app_is_x_rayed_on_the_command_line():
    """The screen on standard output; what the app prints goes to standard error; exit status 0."""
    status, lines, errors = run(SHOP, "GET", "/prints")
    assert (status, lines[0]) == (0, f"x-ray of {SHOP}, GET /prints: 200, 9 bytes")
    assert lines[2].startswith("layers, outermost first ")
    assert len(lines) <= 40
    assert set(errors) == {"printed by the app"}
    assert len(errors) <= 2  # of the runs that are looked at; those that are only timed are silent


def test_all_of_it_is_written_as_a_page(tmp_path):
    """The page holds what the screen does, and no other file is left beside it."""
    status, lines, errors = run(SHOP, "GET", "/items/7", "--runs", "3", "--html", str(tmp_path / "xray.html"))
    assert (status, errors) == (0, [])
    assert "(median of 3 runs)" in lines[2]
    html = (tmp_path / "xray.html").read_text("utf-8")
    assert ElementTree.fromstring(html.partition("\n")[2]).tag == "html"
    assert [file.name for file in tmp_path.iterdir()] == ["xray.html"]


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/nowhere", "the app has nothing at GET /nowhere: it answers 404"),
        ("/raises", "the app has raised ValueError: no\\x1b[2J way"),
        ("/exits", "the app has called sys.exit(3)"),
        (
            "/hangs",
            "the app has not ended its call in 0.2 s; the lines above are where it hangs. More time: --seconds",
        ),
        (
            "/blocks",
            "the app has not given control back for 3.6 s; the lines above are where it hangs. More time: --seconds",
        ),
    ],
)
def test_an_app_that_does_not_answer(path, says):
    """The x-ray as far as it goes, one sentence, and exit status 1; nothing hangs, and no control character is printed."""
    patience = ["--seconds", "0.2"] if path in ("/hangs", "/blocks") else []
    status, lines, errors = run(SHOP, "GET", path, *patience)
    assert (status, errors[-1]) == (1, f"rawasgi xray: {says}")
    assert lines[0].startswith(f"x-ray of {SHOP}, GET {path}: ")
    assert "\x1b" not in "".join(lines + errors)
    assert ("where it hangs" in lines) == (path in ("/hangs", "/blocks"))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nowhere:app", "GET", "/"], "nowhere cannot be imported: ModuleNotFoundError: No module named 'nowhere'"),
        ([f"{APPS}:nothing", "GET", "/"], f"{APPS} has no nothing: name the app as module:app"),
        (
            [f"{APPS}:number", "GET", "/"],
            f"{APPS}:number {NO_APP}",
        ),
        (
            [f"{APPS}:make", "GET", "/"],
            f"{APPS}:make {NO_APP}; is it a function that makes one? Then add --factory",
        ),
        ([SHOP, "GET", "items"], "'items' is no path: it starts with / and is percent-encoded"),
        ([SHOP, "GET"], "a path is missing: METHOD /path"),
        ([SHOP, SHOP], "what is asked of the apps? A method and a path are missing"),
        ([SHOP, "GET", "/", "more"], "'more' is too much: a second app is written as module:app, before the method"),
        ([SHOP, "POST", "/", "--json", "{"], "--json is no JSON: Expecting property name enclosed in double quotes"),
        ([SHOP, "GET", "/", "--runs", "-1"], "--runs is 0 or more, and a lifespan happens once"),
        (
            [SHOP, "GET", "/", "--html", "no/such/x.html"],
            "no/such/x.html cannot be written: there is no folder no/such",
        ),
        ([SHOP, "LIFESPAN", "--runs", "3"], "--runs is 0 or more, and a lifespan happens once"),
        ([SHOP, "GET", "/", "--html", "."], ". cannot be written: it is a folder"),
    ],
)
def test_a_wrong_command_is_told_what_is_wrong(words, says):
    """One sentence with cause and remedy, exit status 2, and nothing on standard output."""
    status, lines, errors = here(*words)
    assert (status, lines) == (2, [])
    assert errors[0].startswith(f"rawasgi xray: {says}")


@pytest.mark.parametrize("words", [[], [SHOP], [SHOP, "GET", "/", "--runs", "many"], [SHOP, "GET", "/", "--loud"]])
def test_words_that_are_missing_or_unknown(words):
    """What argparse says, with the usage: exit status 2."""
    with pytest.raises(SystemExit) as leaving:
        here(*words)
    assert leaving.value.code == 2


def test_a_factory_is_called():
    """As it is for the other commands."""
    status, lines, _ = here(f"{APPS}:make", "GET", "/items/7", "--factory", "--runs", "0")
    assert (status, lines[0]) == (0, f"x-ray of {APPS}:make, GET /items/7: 200, 8 bytes")


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (["WS", "/chat", "--say", "hi"], "WS /chat: accepted, 1 message"),
        (["LIFESPAN"], "LIFESPAN: startup.complete, shutdown.complete"),
        (["POST", "/items/", "--json", '{"a": 1}'], "POST /items/: 200, 7 bytes"),
    ],
)
def test_websockets_lifespans_and_bodies(words, asked):
    """Whatever can be asked of an app can be x-rayed; what may change something is asked once."""
    status, lines, errors = here(SHOP, *words)
    assert (status, lines[0], errors) == (0, f"x-ray of {SHOP}, {asked}", [])
    why = "it happens once" if words == ["LIFESPAN"] else "--runs N asks N times more"
    assert lines[2].endswith(f"(not measured: {why})")


def test_a_websocket_that_is_refused():
    """There is nobody to talk to: exit status 1."""
    status, _, errors = here(SHOP, "WS", "/nowhere")
    assert (status, errors[-1]) == (1, "rawasgi xray: the app refuses WS /nowhere")


def test_two_apps_side_by_side(tmp_path):
    """First whether they say the same, then two columns; the page holds both."""
    page = tmp_path / "pair.html"
    status, lines, errors = here(SHOP, f"{APPS}:slim", "GET", "/items/7", "--runs", "5", "--html", str(page))
    assert (status, errors) == (0, [])
    assert lines[0].split() == ["x-ray:", "GET", "/items/7", SHOP, f"{APPS}:slim"]
    assert lines[2] in ("the same answer: 200, 8 bytes", "the answers differ")
    row = next(line for line in lines if line.startswith("  layers "))
    assert row.split() == ["layers", "10", "4"]
    assert "(5 pairs of runs)" in next(line for line in lines if line.startswith("  time of a request"))
    assert len(lines) <= 40
    tree = ElementTree.fromstring(page.read_text("utf-8").partition("\n")[2])
    assert len([*tree.iter("article")]) == 3


def test_of_two_apps_it_is_said_which_does_not_answer():
    """By its name; exit status 1 where either has not."""
    status, _, errors = here(SHOP, f"{APPS}:slim", "GET", "/prints", "--runs", "0")
    said = f"rawasgi xray: {APPS}:slim: the app has nothing at GET /prints: it answers 404"
    assert (status, errors[-1]) == (1, said)


def test_a_narrow_terminal():
    """Nothing is wider than the terminal, and nothing is taller than 40 lines."""
    _, lines, _ = run(SHOP, "GET", "/items/7", "--runs", "2", COLUMNS="50")
    assert max(map(len, lines)) <= 50
    assert len(lines) <= 40


def test_an_interrupt_leaves_nothing_behind():
    """Ctrl-C while the app hangs: no traceback, and the exit status that shells expect."""
    process = begun(f"{APPS}:shop", "GET", "/waits", "--seconds", "30")
    assert process.stderr is not None
    assert process.stderr.readline() == "waiting\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (130, "", "\n")


def test_a_reader_who_has_seen_enough():
    """A closed pipe is no error, and no traceback."""
    made = subprocess.run(
        f"{sys.executable} -m rawasgi xray {SHOP} GET /items/7 --runs 0 | head -n 1",
        shell=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert (made.stdout, made.stderr) == (f"x-ray of {SHOP}, GET /items/7: 200, 8 bytes\n", "")


def test_a_page_is_written_whole_or_not_at_all(tmp_path):
    """Where it cannot take its place, what is there stays, and no half of a page lies beside it."""
    page = tmp_path / "xray.html"
    page.mkdir()
    with pytest.raises(WrongCommand, match=r"xray\.html cannot be written: Is a directory"):
        save("a page", page)
    assert [*tmp_path.iterdir()] == [page]
