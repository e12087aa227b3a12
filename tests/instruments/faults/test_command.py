"""`rawasgi check --faults` as its users run it: what it tells of apps that leave something, and of those that do not."""

import json
import threading

import pytest

from rawasgi.instruments.checking.command import check_command
from tests.instruments.commands import Command
from tests.instruments.faults import apps

APPS = "tests.instruments.faults.apps"
COMMAND = Command("check", check_command)
run, here = COMMAND.run, COMMAND.here


@pytest.fixture(autouse=True)
def tidy():
    """Nothing of one test is still there in the next."""
    yield
    apps.STOP.set()
    apps.KEPT.clear()


def told(name, *words):
    """The exit status, what was left after which fault, what was not survived, and all of the JSON."""
    status, lines, errors = here(f"{APPS}:{name}", *(words or ("/",)), "--faults", "--json", "--seconds", "0.4")
    assert errors == []
    page = json.loads("\n".join(lines))
    return status, page["left"], page["not_survived"], page


def test_a_correct_app():
    """One line, exit status 0, and some faults were tried."""
    status, lines, errors = run("tests.instruments.checking.apps:correct", "/", "--ws", "/chat", "--faults")
    assert (status, errors) == (0, [])
    assert lines[-1] == f"after {lines[-1].split()[1]} faults: nothing left behind"
    assert int(lines[-1].split()[1]) > 100


def test_what_is_left_is_told_with_its_fault():
    """Exit status 1: what, on which line, after what, and how often."""
    status, lines, errors = here(f"{APPS}:leaves_a_task", "/", "--faults")
    assert (status, errors) == (1, [])
    where = next(number for number, line in enumerate(lines) if line == "left behind")
    assert lines[where - 2].endswith(" faults: 1 thing left behind")
    assert lines[where + 1].startswith(f"  task worker at {APPS.replace('.', '/')}.py:")
    assert lines[where + 1].endswith(" worker: await asyncio.sleep(60)")
    assert lines[where + 2].startswith(
        "    GET /, after a client that leaves after 0 messages of the app, spec 2.5, and after "
    )
    assert len(lines) == where + 3


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("leaves_a_task", {("task", "worker")}),
        (
            "leaves_a_stack",
            {("exit stack", "AsyncExitStack with connection"), ("exit stack", "AsyncExitStack with Event.is_set")},
        ),
        ("leaves_a_generator", {("asynchronous generator", "numbers")}),
        ("leaves_a_thread", {("thread", "pump")}),
        ("leaves_a_pool_busy", {("task", "to_thread"), ("thread", "asyncio")}),
        ("lives_on", {("task", "worker")}),
    ],
)
def test_each_mutant(name, keys):
    """Each leaves its own thing, because of a fault; JSON has every one of them."""
    status, left, not_survived, page = told(name)
    assert (status, not_survived, page["left_without_a_fault"]) == (1, [], [])
    assert {(one["kind"], one["name"]) for one in left} == keys
    assert all(one["after"] and one["asked"] for one in left)
    if name == "lives_on":
        assert {one["asked"] for one in left} == {"LIFESPAN"}
        assert left[0]["after"].startswith("a cancellation at await 2 of 4 (tests/instruments/faults/apps.py:")


@pytest.mark.parametrize(
    "name",
    [
        "ends_its_task",
        "closes_its_stack",
        "closes_its_generator",
        "ends_its_thread",
        "frees_its_pool",
        "tidies_up",
        "breaks_down",
        "never_the_same",
    ],
)
def test_each_neighbour(name):
    """Each leaves nothing, and a 500 is nothing to be told here. Exit status 0."""
    status, left, not_survived, page = told(name)
    assert (status, left, not_survived, page["left_without_a_fault"]) == (0, [], [], [])


def test_each_lifespan_has_a_state_of_its_own():
    """The client is the server here: a state that one start-up has filled is none to begin another with."""
    status, left, not_survived, page = told("has_a_state")
    assert (status, left, not_survived, page["findings"]) == (0, [], [], [])


def test_what_is_left_without_a_fault_is_no_fault():
    """It is told once for each method, as what it is, and exit status 0."""
    status, left, not_survived, page = told("means_to_leave")
    assert (status, left, not_survived) == (0, [], [])
    assert {(one["name"], one["after"]) for one in page["left_without_a_fault"]} == {("worker", "")}
    status, lines, _ = here(f"{APPS}:means_to_leave", "/", "--faults")
    where = lines.index("left without a fault")
    assert lines[where + 2] == "    GET /, without a fault"
    assert "left behind" not in lines


def test_a_websocket():
    """The task that only a polite client ends is left by one whose line is lost."""
    status, left, _, _ = told("sockets", "--ws", "/")
    assert status == 1
    assert {one["name"] for one in left} == {"worker"}
    assert "a line that is lost after 2 messages of the client" in {one["after"] for one in left}


def test_a_cancellation_that_is_swallowed():
    """Which await, on which line; exit status 1."""
    status, lines, errors = here(f"{APPS}:swallows", "/", "--faults")
    assert (status, errors) == (1, [])
    where = lines.index("not survived")
    assert lines[where + 1] == "  the app swallows its cancellation: the call returns as if nothing had been"
    assert lines[where + 2].startswith(
        "    GET /, after a cancellation at await 1 of 5 (tests/instruments/faults/apps.py:"
    )


def test_an_app_that_hangs_because_of_a_fault():
    """The lines on which it does; what else can be tried is, and no thread is left of all that."""
    before = {*threading.enumerate()}
    status, left, not_survived, _ = told("hangs_when_cancelled")
    assert (status, left) == (1, [])
    assert not_survived[0]["says"] == "the app has not ended its call in 0.4 s"
    assert not_survived[0]["fault"].startswith("a cancellation at await 1 of 5 (tests/instruments/faults/apps.py:")
    assert not_survived[0]["lines"][0]["lines"][-2]["function"] == "worker"
    assert [one["asked"] for one in not_survived] == ["GET /", "HEAD /", "POST /"]
    assert {*threading.enumerate()} - before == set()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (
            "exits_when_left",
            "GET /, a client that leaves after 0 messages of the app, spec 2.5: the app has called sys.exit(3)",
        ),
        (
            "hangs",
            "GET /: the app has not ended its call in 0.4 s; the lines above are where it hangs. More time: --seconds",
        ),
        ("leaves", "GET /: the app has called sys.exit(3)"),
        ("starts_not", "the start-up has failed: no database"),
        (
            "stops_for_ever",
            "the shutdown: the shutdown has not ended in 0.4 s; the lines above are where it hangs. More time: --seconds",
        ),
    ],
)
def test_an_app_that_does_not_let_itself_be_asked(name, says):
    """One sentence a method, and exit status 1."""
    module = APPS if hasattr(apps, name) else "tests.instruments.checking.apps"
    status, lines, errors = here(f"{module}:{name}", "/", "--faults", "--seconds", "0.4")
    assert (status, errors[0]) == (1, f"rawasgi check: {says}")
    assert lines[0].startswith(f"{module}:{name}: ")


def test_an_app_that_cannot_be_ended_ends_with_the_process():
    """A call that swallows every cancellation: the lines, and exit status 1."""
    status, lines, errors = run("tests.instruments.checking.apps:keeps", "/", "--faults", "--seconds", "0.1")
    assert status == 1
    assert errors[-1].startswith(
        "rawasgi check: GET /: the app has not ended its call in 0.1 s, and it swallows its cancellation"
    )
    assert any("await asyncio.Event().wait()" in line for line in lines)


def test_a_stream_without_an_end():
    """Its client leaves in the end, and that is no fault."""
    status, left, not_survived, page = told("streams_for_ever")
    assert (status, left, not_survived, page["complaints"]) == (0, [], [], [])


def test_a_torn_body_has_the_answer_of_the_whole_one():
    """HR10, for who takes the first piece for all of it; exit status 0, for it is no MUST."""
    status, lines, _ = here("tests.instruments.checking.apps:hasty", "/", "--faults")
    assert status == 0
    assert (
        "  - GET / with a body of application/json: answered 200 with 1 bytes byte by byte, 200 with 13 bytes in one"
        in lines
    )


def test_an_app_with_many_awaits():
    """Some of them are cancelled, from the first to the last, and a sentence says how many."""
    status, lines, errors = here(f"{APPS}:many_awaits", "/", "--faults")
    assert (status, errors) == (0, [])
    assert "GET /: 40 of 52 awaits were cancelled" in [line.strip() for line in lines]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nowhere:app"], "nowhere cannot be imported: ModuleNotFoundError: No module named 'nowhere'"),
        ([f"{APPS}:swallows", "items"], "'items' is no path: it starts with / and is percent-encoded"),
        ([f"{APPS}:swallows", "--seconds", "0"], "--seconds is more than 0"),
    ],
)
def test_a_wrong_command(words, says):
    """One sentence with cause and remedy, exit status 2, and nothing on standard output."""
    assert here(*words, "--faults") == (2, [], [f"rawasgi check: {says}"])
