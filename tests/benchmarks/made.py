"""Results that no run has made, for what is computed from results."""

from dataclasses import replace

from benchmarks.load.bench import Measured, Results
from benchmarks.load.proof import Proof
from benchmarks.load.scenario import Load
from benchmarks.load.window import Quantile, Window
from tests.benchmarks.support import contender, scenario

WINDOW = Window(
    offered=None,
    answered=196.0,
    requests=800,
    p50=Quantile(101.0, beyond=False),
    p99=Quantile(110.0, beyond=False),
    unanswered=0,
    failed=0,
    again=0,
    generator=0.125,
    late=None,
    server=0.25,
    machine=0.5,
    memory=30.25,
)
OPEN = replace(WINDOW, offered=156.8, answered=157.0, requests=628, late=2.0)
ASYNC, POOL = contender("async"), contender("pool", slots=2)
SLOW = Quantile(4000.0, beyond=True)
PROOF = Proof(200, (("content-length", "6"),), 6, "0123456789abcdef" * 4, 101.0)


def results(windows, load=None, stopped=""):
    """The windows of contenders, in rounds, of a scenario whose requests wait 100 ms."""
    made = Results(scenario(ASYNC, POOL, wait=0.1), load or Load(clients=20, rounds=2), [ASYNC, POOL], stopped=stopped)
    made.proofs = {"async": PROOF, "pool": PROOF}
    for who, own in windows.items():
        made.windows += [Measured(who, number // 2, window) for number, window in enumerate(own)]
    return made


def two_rows():
    """One contender that agrees with its prediction and was measured by both loops, and one that was not answered."""
    return results(
        {
            ASYNC: [WINDOW, OPEN, replace(WINDOW, answered=206.0), OPEN],
            POOL: [replace(WINDOW, answered=10.0, p99=SLOW, unanswered=7, failed=1, server=0.01)],
        }
    )
