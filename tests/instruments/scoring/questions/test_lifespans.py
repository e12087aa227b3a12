"""Every question about start-ups and shutdowns tells a careless server from a careful one."""

import sys

import pytest

from rawasgi.instruments.scoring.judging import PROCESSES, ready
from rawasgi.instruments.scoring.questions import lifespans
from rawasgi.instruments.scoring.questions.lifespans import START_FAILS, START_RAISES, STOP_FAILS, STOPS
from rawasgi.instruments.scoring.servers import Process, Server
from rawasgi.instruments.scoring.stage import Stage
from rawasgi.instruments.scoring.verdict import judged

LIFESPANS = {name: lifespan for name, lifespan, _ in PROCESSES}


def careless(mistake):
    """The server with this mistake."""
    words = (sys.executable, "-m", "tests.instruments.scoring.careless", mistake, "{app}", "{port}")
    return Server(mistake, mistake, words, is_own=True)


@pytest.mark.parametrize(
    ("mistake", "process", "question", "seen"),
    [
        (
            "serves_anyway",
            "not started",
            START_FAILS,
            [
                ("L8", "after a failed start-up a request is answered 200"),
                ("L8", "after a failed start-up the server does not end"),
            ],
        ),
        ("says_nothing", "not started", START_FAILS, [("L8", "the message of a failed start-up is not logged")]),
        ("insists", "unknown", START_RAISES, [("L9", "an app that raises on the lifespan scope is not served")]),
        ("tells_nobody", "main", STOPS, [("L10", "SIGTERM leads to no lifespan.shutdown")]),
        ("hurries", "main", STOPS, [("L12", "the server does not wait 0.3 s for lifespan.shutdown.complete")]),
        ("stays", "main", STOPS, [("L12", "the server does not end after lifespan.shutdown.complete")]),
        (
            "says_nothing",
            "not stopped",
            STOP_FAILS,
            [("L12", "the message of lifespan.shutdown.failed is not logged")],
        ),
    ],
)
def test_a_careless_server_is_found_out(mistake, process, question, seen, tmp_path, monkeypatch):
    """What was seen, word for word."""
    monkeypatch.setattr(lifespans, "STOP", 0.3)
    with Stage(Process(careless(mistake), tmp_path, LIFESPANS[process]), 1.0) as stage:
        if question in (STOPS, STOP_FAILS):
            ready(stage)
        verdict = judged(question, stage)
        stage.process.end(0)
    assert [(finding.rule, finding.seen) for finding in verdict.findings] == seen


def test_every_question_has_a_careless_server():
    """The lists of this file and of the instrument are the same."""
    there = {value for value in vars(lifespans).values() if type(value) is type(STOPS)}
    assert there == {START_FAILS, START_RAISES, STOPS, STOP_FAILS}
