"""The micro suite: nothing is timed that answers otherwise, ratios are taken within a round, and goals are judged."""

from typing import Any

import pytest

from benchmarks.micro import answering, checking, passing, typed
from benchmarks.micro.imports import IMPORTS, measured
from benchmarks.micro.table import lines, noted
from benchmarks.micro.workload import NotTheSame, Ratio, Rounds, Workload, ratio
from rawasgi.instruments.conversation import request
from tests.instruments.messages import piece, says, start


@pytest.mark.parametrize(
    "workload",
    [*answering.WORKLOADS, *checking.WORKLOADS, *passing.WORKLOADS, *typed.WORKLOADS],
    ids=lambda workload: workload.name,
)
def test_all_contenders_of_a_workload_answer_the_same(workload):
    """Status, headers and body, or the messages of a websocket."""
    workload.prove()


def test_who_answers_otherwise_is_not_timed():
    """The first difference is named, with both answers."""
    apps = {"bare": says(start(), piece(b"a")), "rawasgi": says(start(), piece(b"b"))}
    with pytest.raises(NotTheSame, match=r"greeting: bare sends .*b'a'.*, rawasgi sends .*b'b'"):
        Workload("greeting", apps, request()).prove()


def test_a_round_asks_everybody_once():
    """The neighbours first, then the subject, so that the ratios are of one round."""
    app = says(start(), piece(b"a", True), piece())
    with Rounds(Workload("greeting", {"bare": app, "rawasgi": app, "other": app}, request())) as rounds:
        for _ in range(3):
            rounds.others()
            rounds.subject()
        assert {name: len(times) for name, times in rounds.times.items()} == {"bare": 3, "rawasgi": 3, "other": 3}
        assert rounds.ratios().keys() == {"bare", "other"}


def test_a_ratio_is_taken_within_each_round():
    """A machine that is ten times slower in one round changes nothing."""
    assert ratio([2.0, 20.0, 2.0], [1.0, 10.0, 1.0]) == Ratio(2.0, 2.0, 2.0)


def test_a_row_says_whether_its_goal_is_met():
    """The median decides; a neighbour without a goal is only told."""
    workload = Workload("greeting", {}, request(), {"bare": 3.0, "Starlette": 0.5})
    ratios = {"bare": Ratio(2.5, 2.0, 3.5), "Starlette": Ratio(0.6, 0.5, 0.7), "FastAPI": Ratio(0.1, 0.1, 0.1)}
    assert [line.strip() for line in lines({"a": noted(workload, ratios)})][2:] == [
        "greeting, rawasgi",
        "× bare             2.50 (2.00-3.50)          goal <= 3: met",
        "× Starlette        0.60 (0.50-0.70)          goal <= 0.5: missed",
        "× FastAPI          0.10 (0.10-0.10)",
    ]


def test_an_import_is_paid_by_a_process_of_its_own():
    """Each says for itself what its imports took: time, memory, modules."""
    chosen = {name: IMPORTS[name] for name in ("asyncio and json", "rawasgi")}
    with measured(chosen) as processes:
        for _ in range(2):
            processes.others()
            processes.subject()
    floor, own = processes.costs["asyncio and json"][0], processes.costs["rawasgi"][0]
    assert own.modules > floor.modules > 50
    above = [f"{what} above asyncio and json" for what in ("milliseconds", "MiB", "modules")]
    assert [*processes.noted()["amounts"]] == above


def test_the_checker_is_priced_by_what_it_looks_at():
    """In the exchanges that are timed nothing is found; each kind of message has its price, and a goal."""
    with checking.priced() as prices:
        for _ in range(2):
            prices.others()
            prices.subject()
        noted = prices.noted()
    checkers: list[Any] = [workload.apps["checked"] for workload in checking.WORKLOADS]
    assert [checker.findings for checker in checkers] == [[], [], [], []]
    assert [*noted["ratios"]] == [f"bare, {name}" for name in ("hears", "answers", "streams", "reads")]
    assert [*noted["amounts"]] == [f"µs for {what}" for what in checking.GOALS]
