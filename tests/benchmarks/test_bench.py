"""Runs, end to end, on real servers: what is proved, what is measured, what ends a run."""

from hashlib import sha256

import pytest

from benchmarks.load.bench import run
from benchmarks.load.scenario import Load
from comparisons.outcome import UNCOMPARED
from comparisons.servers import GUNICORN, Server
from tests.benchmarks.support import SMALL, contender, scenario

POOL = Server("gthread-2", "wsgi", "gunicorn", f"{GUNICORN} -k gthread --threads 2", preload=(), requires=("gunicorn",))


def test_every_contender_is_proved_and_then_measured_in_interleaved_rounds():
    """All proofs come first; each round has a closed and an open window of each; the second goes backwards."""
    steps: list[str] = []
    load = Load(clients=4, seconds=0.2, rounds=2, share=0.5, warm_up=0.1)
    one, two = contender("plain"), contender("second", app="tests.benchmarks.apps:plain")
    results = run(scenario(one, two), load, notice=steps.append)
    assert (results.stopped, results.status) == ("", 0)
    assert steps == [
        *("proof plain", "proof second"),
        *("closed plain 1", "open plain 1", "closed second 1", "open second 1"),
        *("closed second 2", "open second 2", "closed plain 2", "open plain 2"),
    ]
    assert [(w.contender.name, w.round, w.window.offered is None) for w in results.windows] == [
        (name, int(number) - 1, loop == "closed") for loop, name, number in map(str.split, steps[2:])
    ]
    closed, opened = results.of(one, closed=True), results.of(one, closed=False)
    for first, then in zip(closed, opened, strict=True):
        assert 0 < first.answered <= 200 + 4 / 0.2  # 4 clients, 20 ms
        assert then.offered == first.answered * 0.5
        assert (first.failed, first.unanswered, then.failed, then.unanswered) == (0, 0, 0, 0)
        assert 20 <= first.p50.ms <= first.p99.ms < 600
        assert 5 < first.memory < 500
        assert 0 < first.server
        assert 0 < first.machine <= 1
    assert {proof.sha256 for proof in results.proofs.values()} == {sha256(b"waited").hexdigest()}


def test_slots_are_what_limits_a_pool_of_threads():
    """Two threads and 50 ms allow 40 answers a second, however many clients ask."""
    pool = contender("pool", server=POOL, slots=2, app="tests.benchmarks.pool:app")
    results = run(scenario(pool, wait=0.05), Load(clients=6, seconds=0.8, rounds=1, share=None, warm_up=0.2))
    assert results.stopped == ""
    (window,) = results.of(pool, closed=True)
    assert 20 <= window.answered <= 40 + 2 * 2 / 0.8
    assert window.p50.ms > 2 * 50  # three times as many clients as slots: they wait for two others
    assert results.of(pool, closed=False) == []


@pytest.mark.parametrize(
    ("name", "wait", "fault"),
    [
        ("other", 0.02, "body: expected b'waited', seen b'wanted'"),
        ("hasty", 0.02, "it answered after "),
    ],
)
def test_a_contender_that_does_other_work_ends_the_run_before_any_window(name, wait, fault):
    """Another byte, or no wait: one line says what differs, and nothing was measured, not even of those who passed."""
    results = run(scenario("plain", name, wait=wait), SMALL)
    assert results.stopped.startswith(f"the {name} one does not do the same work: {fault}")
    assert (results.status, results.windows, list(results.proofs)) == (1, [], ["plain"])


def test_a_contender_that_stops_doing_the_work_ends_the_run():
    """Each answer of each window is compared with the proved one."""
    results = run(scenario("fickle"), SMALL)
    assert results.stopped.startswith(
        "the fickle one, round 1: it stopped doing the same work: one answer was 500 with 5 bytes, and so did "
    )
    assert (results.status, results.windows) == (1, [])


def test_a_generator_that_has_no_time_left_ends_the_run():
    """The share of its core is measured; over the limit, the figures would be its own."""
    results = run(scenario("plain"), Load(clients=2, seconds=0.2, rounds=1, warm_up=0.1, busiest=1e-9))
    assert results.stopped.startswith("the plain one, round 1: the generator used ")
    assert results.stopped.endswith(
        " of its core, over 0%: its own speed would be measured. Take fewer --clients, or a machine with less to do"
    )
    assert (results.status, results.windows) == (1, [])


def test_a_server_that_does_not_come_up_ends_the_run():
    """The line says how to look at it alone."""
    results = run(scenario(contender("gone", app="tests.benchmarks.nowhere:app")), SMALL)
    assert (results.status, results.windows, results.proofs) == (1, [], {})
    assert results.stopped.startswith("the gone one: it ended with status 1 before it answered; ")
    assert results.stopped.endswith(" To see it alone: python -m rawasgi.tiny tests.benchmarks.nowhere:app")


def test_the_proof_is_the_answer_without_what_no_contract_compares():
    """Its text names status, headers, size and hash."""
    results = run(scenario("plain"), Load(clients=1, seconds=0.1, rounds=1, share=None, warm_up=0.0))
    proof = results.proofs["plain"]
    assert proof.headers == (("content-length", "6"), ("content-type", "text/plain; charset=utf-8"))
    assert not UNCOMPARED & {name for name, _ in proof.headers}
    assert str(proof) == (
        f"200, content-length: 6, content-type: text/plain; charset=utf-8, body of 6 bytes, sha256 {proof.sha256[:16]}…"
    )
