"""Two generators on one contender."""

import json

import pytest

from benchmarks import crosscheck
from benchmarks.crosscheck import FACTOR, Compared, by_locust, compare, read_stats
from benchmarks.load.scenario import BenchmarkError
from benchmarks.load.serving import servers
from benchmarks.wait_io.contenders import WAIT_IO
from tests.benchmarks.support import contender


def test_both_generators_say_the_same_of_one_contender():
    """10 clients and 100 ms: both come near the 100 answers a second that the model allows, and near each other."""
    compared = compare(WAIT_IO, WAIT_IO.contenders["raw"], clients=10, seconds=1.0)
    assert compared.holds
    assert compared.predicted == 100
    for answered, median in (compared.ours, compared.locust):
        assert 60 <= answered <= 115
        assert 95 <= median < 300


def test_locust_fails_when_the_answer_is_another_one():
    """Its own proof: a user who gets other bytes is a failure, and so is the run; also where he gets them after its end,
    for a busy machine may not come to a single answer before.
    """
    said = r"^Locust ended with status 1: wait_io: 2 requests failed; Locust used \d+% of its core$"
    with (
        servers() as ready,
        ready.serving(contender("late")) as process,
        pytest.raises(BenchmarkError, match=said),
    ):
        by_locust(WAIT_IO, process.port, clients=2, seconds=0.5, core=ready.core)


def test_what_locust_says_is_read_from_its_json():
    """Answers over the time from the first to the last, and the median of its histogram."""
    stats = {
        "num_requests": 30,
        "start_time": 100.0,
        "last_request_timestamp": 103.0,
        "response_times": {"110": 10, "98": 5, "100": 15},
    }
    assert read_stats("a line before\n" + json.dumps([stats])) == (10.0, 100.0)


@pytest.mark.parametrize("text", ["", "[]", json.dumps([{"num_requests": 1}])])
def test_few_answers_are_no_figure(text):
    """Locust says nothing, an empty list, or that there was one: that is no time between the first and the last."""
    with pytest.raises(BenchmarkError, match=r"^Locust saw fewer than two answers: give it more seconds$"):
        read_stats(text)


@pytest.mark.parametrize(
    ("locust", "holds"), [(100.0, True), (80.0, True), (79.0, False), (126.0, False), (0.0, False)]
)
def test_the_factor_says_how_far_they_may_lie_apart(locust, holds):
    """Either may be the higher one."""
    compared = Compared(contender("plain"), 100.0, (100.0, 101.0), (locust, 102.0))
    assert compared.holds is holds
    assert f"allowed {FACTOR}" in compared.lines()[-1]


def test_locust_that_hangs_is_ended(monkeypatch):
    """It has its time and some grace."""
    monkeypatch.setattr(crosscheck, "GRACE", -0.9)
    with (
        servers() as ready,
        ready.serving(contender("plain")) as process,
        pytest.raises(BenchmarkError, match=r"^Locust did not end$"),
    ):
        by_locust(WAIT_IO, process.port, clients=1, seconds=1.0, core=ready.core)
