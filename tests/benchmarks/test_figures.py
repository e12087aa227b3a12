"""Medians and spreads, and the word on the prediction."""

from dataclasses import replace

import pytest

from benchmarks.load.figures import Figure, Latency, resolution, rows
from benchmarks.load.generator import Seen
from benchmarks.load.scenario import Load
from benchmarks.load.window import Quantile, quantile
from tests.benchmarks.made import ASYNC, OPEN, POOL, SLOW, WINDOW, results, two_rows
from tests.benchmarks.support import scenario


@pytest.mark.parametrize(
    ("latencies", "waited", "share", "found"),
    [
        ([0.003], [], 0.5, Quantile(3, beyond=False)),
        ([0.004, 0.001, 0.003, 0.002], [], 0.5, Quantile(2, beyond=False)),
        ([0.001] * 99 + [0.5], [], 0.99, Quantile(1, beyond=False)),
        ([0.001] * 98 + [0.5] * 2, [], 0.99, Quantile(500, beyond=False)),
        ([0.001] * 98, [4.0, 4.0], 0.99, Quantile(4000, beyond=True)),
        ([0.001, 5.0], [4.0], 0.5, Quantile(4000, beyond=True)),  # that one was answered later than this one waited
        ([0.001, 5.0], [4.0], 0.99, Quantile(5000, beyond=True)),
        ([], [4.0], 0.5, Quantile(4000, beyond=True)),
    ],
)
def test_a_quantile_counts_the_unanswered_with_what_they_waited(latencies, waited, share, found):
    """The nearest rank over all requests; from the first unanswered one on, the truth is longer."""
    seen = quantile(Seen(latencies=latencies, waited=waited), share)
    assert (round(seen.ms, 6), seen.beyond) == (found.ms, found.beyond)


def test_the_prediction_is_slots_over_wait():
    """Fewer clients than slots fill fewer; None is as many slots as clients."""
    made = scenario(ASYNC, POOL, wait=0.1)
    assert [made.prediction(who, clients) for who in (ASYNC, POOL) for clients in (1, 200)] == [10, 2000, 10, 20]


def test_a_row_is_the_median_of_the_rounds_with_its_spread():
    """Half the range; the counts are those of all rounds; the open loop has its own part."""
    first, second = rows(two_rows())
    assert (first.contender, first.rounds, first.predicted) == (ASYNC, 2, 200)
    assert first.answered == Figure(201, 5)
    assert (first.p50, first.p99) == (Latency(101, 0, beyond=False), Latency(110, 0, beyond=False))
    assert first.open is not None
    assert (first.open.offered, first.open.few, first.open.failed) == (Figure(156.8, 0), False, 0)
    assert (first.verdict, first.why_not) == ("agrees", "")
    assert (second.rounds, second.p99, second.open) == (1, Latency(4000, 0, beyond=True), None)
    assert (second.unanswered, second.failed) == (7, 1)
    assert str(second.p99) == ">4000"


def test_a_window_cannot_resolve_less_than_one_answer_of_each_slot():
    """Slots that are fewer than the clients finish in step; clients that all have a slot do not."""
    load = Load(clients=20, seconds=4)
    assert (resolution(POOL, load), resolution(ASYNC, load)) == (0.5, 0.25)
    (row,) = rows(results({POOL: [replace(WINDOW, answered=19.6)]}, load))
    assert (row.answered, row.verdict) == (Figure(19.6, 0.5), "agrees")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (
            {"answered": 160.0, "server": 0.16},
            "a slot is held for 125.0 ms, 25.0 beyond the wait; 1.00 of them are the request's own CPU",
        ),
        (
            {"answered": 160.0, "server": 0.95},
            "its core is full: 5.94 ms of CPU a request are all that one core has",
        ),
        (
            {"answered": 160.0, "machine": 0.97},
            "the machine was full (97%): others delayed server and generator",
        ),
        ({"answered": 160.0, "failed": 3}, "requests failed: 3"),
        ({"answered": 0.0}, "nothing was answered inside the window"),
        ({"answered": 230.0}, "more than its slots allow: they are not what limits it"),
        ({"answered": 199.9}, ""),
    ],
)
def test_where_prediction_and_measurement_part_the_row_says_why(changes, why):
    """The reason that was measured, and no other."""
    (row,) = rows(results({ASYNC: [replace(WINDOW, **changes)]}))
    assert row.why_not == why


def test_a_contender_without_a_window_has_no_row():
    """A partial run has rows for what is done."""
    assert [row.contender for row in rows(results({POOL: [WINDOW]}))] == [POOL]


def test_few_requests_have_no_tail_of_their_own():
    """Under a hundred, the 99 % quantile is the slowest, and the row says so."""
    (row,) = rows(results({ASYNC: [WINDOW, replace(OPEN, requests=99, p99=SLOW)]}))
    assert row.open is not None
    assert (row.open.few, row.open.p99.beyond) == (True, True)
