"""Contracts, end to end, on real servers."""

import signal
from pathlib import Path

import pytest

from comparisons.contract import Contract, Differs, http, process
from comparisons.discovery import Comparison, find
from comparisons.matrix import failures
from comparisons.runner import Moment, plan, run_all
from comparisons.servers import SERVERS, Launcher, ServerError
from comparisons.wire import DeadlineError
from tests.comparisons.support import SAMPLES

EVERYTHING = find(SAMPLES)["everything"]
APPS = "tests.comparisons.samples.p98_stubborn"


def test_every_word_of_the_language_holds_on_every_server():
    """The sample contract says everything that can be said, on all six servers."""
    moments: list[Moment] = []
    results = run_all(plan([EVERYTHING]), moments.append)
    assert failures(results) == []
    assert [str(result.run) for result in results] == [
        "everything raw_asgi uvicorn",
        "everything raw_asgi hypercorn",
        "everything raw_asgi tiny",
        "everything raw_wsgi gunicorn",
        "everything raw_asgi uvicorn-wsproto",
        "everything raw_wsgi gunicorn-sync",
    ]
    assert {len(result.steps) for result in results} == {len(EVERYTHING.contract.steps)}
    ended = [moment for moment in moments if moment.what == "end"]
    assert len(ended) == 6


def test_what_is_not_so_is_said():
    """An undeclared difference and one that has gone fail their exchange alone; what is n/a is not run."""
    contract = Contract(
        question="?",
        leaves=[],
        beats={},
        stacks=["raw_asgi"],
        steps=[
            http("GET", "/").answers(204),
            http("GET", "/chunks").answers(200),
            http("GET", "/again").answers(200),
            http("GET", "/never").answers(200),
        ],
        differences=[
            Differs("raw_asgi", "GET /chunks", answers={"reason": "No"}, because="it was so"),
            Differs("raw_asgi", "GET /never", verdict="n/a", because="nobody can ask"),
        ],
    )
    comparison = Comparison("false", EVERYTHING.folder, EVERYTHING.package, contract)
    (result,) = run_all(plan([comparison], servers=["tiny"]), lambda moment: None)
    assert [step.verdict for step in result.steps] == ["same", "different because", "same", "n/a"]
    assert result.steps[-1].seen is None
    assert result.failures == (
        "GET /: status: expected 204, seen 200",
        "GET /chunks: reason: expected 'No', seen ''",
        "GET /chunks: a declared difference is no longer there: it was so",
    )


def test_a_server_that_does_not_come_up_says_why():
    """One line: what happened, the last words of its log, and how to look at it alone."""
    comparison = Comparison("gone", Path(), "tests.comparisons.samples.nowhere", EVERYTHING.contract)
    results = run_all(plan([comparison], servers=["uvicorn", "gunicorn"]), lambda moment: None)
    assert [result.failures for result in results] == [
        (
            (
                "it ended with status 1 before it answered; its log says: "
                "ModuleNotFoundError: No module named 'tests.comparisons.samples.nowhere'. "
                "To see it alone: python -m uvicorn tests.comparisons.samples.nowhere.raw_asgi:app"
            ),
        ),
        (
            (
                "it ended with status 3 before it answered; its log says: "
                "ModuleNotFoundError: No module named 'tests.comparisons.samples.nowhere'. "
                "To see it alone: python -m gunicorn tests.comparisons.samples.nowhere.raw_wsgi:app"
            ),
        ),
    ]


def test_a_process_may_end_by_itself():
    """Without a signal the start is the exchange: its exit status and all that it printed."""
    contract = Contract(
        question="?",
        leaves=[],
        beats={},
        stacks=["raw_asgi"],
        steps=[process(signal=None, exits=1, logs=()), process(signal=None, exits=0, logs=())],
    )
    comparison = Comparison("gone", Path(), "tests.comparisons.samples.nowhere", contract)
    (result,) = run_all(plan([comparison], servers=["tiny"]), lambda moment: None)
    assert result.failures == ("process ends by itself: exit: expected 0, seen 1",)


@pytest.fixture
def launcher(tmp_path):
    """A fork-server for tiny's server."""
    made = Launcher(SERVERS["tiny"], tmp_path)
    yield made
    made.close()


def test_a_server_that_stays_silent_meets_its_deadline(launcher, monkeypatch):
    """Waiting for a start-up that never completes ends with one line."""
    monkeypatch.setattr("comparisons.servers.STOP_SECONDS", 0.2)
    started = launcher.start(f"{APPS}.starts.raw_asgi:app")
    with pytest.raises(ServerError, match=r"^it did not answer within 0.2 s; "):
        started.wait_until_it_answers(0.2)
    launcher.stop(started)


def test_the_exit_status_of_a_child_is_reported(launcher):
    """A signal is a negative status, as in subprocess; a process that lives has none."""
    started = launcher.start(f"{APPS}.answers.raw_asgi:app")
    started.wait_until_it_answers()
    assert started.wait(0) is None
    launcher.signal(started, "SIGKILL")
    assert started.wait(5) == -signal.SIGKILL
    assert started.wait(5) == -signal.SIGKILL
    launcher.stop(started)


def test_a_server_that_does_not_stop_is_killed(launcher, monkeypatch):
    """SIGTERM first, the whole group by SIGKILL when the time is over."""
    monkeypatch.setattr("comparisons.servers.STOP_SECONDS", 0.2)
    started = launcher.start(f"{APPS}.stops.raw_asgi:app")
    started.wait_until_it_answers()
    launcher.stop(started)
    assert started.wait(0) == -signal.SIGKILL


def test_nothing_is_ordered_of_a_fork_server_that_has_ended(launcher):
    """The error names it."""
    launcher.close()
    with pytest.raises(ServerError, match=r"^the fork-server of tiny has ended"):
        launcher.start(f"{APPS}.answers.raw_asgi:app")


def test_a_port_of_a_dead_server_refuses(launcher):
    """The runner keeps no copy of the listening socket."""
    started = launcher.start(f"{APPS}.answers.raw_asgi:app")
    started.wait_until_it_answers()
    launcher.stop(started)
    with pytest.raises((ServerError, DeadlineError), match="before it answered"):
        started.wait_until_it_answers(1)
