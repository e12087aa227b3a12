"""A scenario and a load in -> every window of every contender, round by round, out.

bytes > [server > app] > response > bytes

All proofs come before the first window. Then, in each round, every contender has a window of the closed loop and one of
the open loop, at a share of the capacity that the first has just shown. Each window is served by a new process, so none
has to answer what the one before left behind. Every other round goes backwards: who comes late is not always the same.

Whatever ends the run, what is done is kept.

Left out: a second machine for the generator; where there are two cores, it has one and the servers have the rest.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from benchmarks.load.generator import Order
from benchmarks.load.proof import Proof, prove
from benchmarks.load.scenario import BenchmarkError, Contender, Load, Scenario
from benchmarks.load.serving import Servers, servers
from benchmarks.load.window import Window, measure
from comparisons.runner import Interrupted
from comparisons.servers import ServerError

Notice = Callable[[str], None]


@dataclass(frozen=True)
class Measured:
    """One window of one contender."""

    contender: Contender
    round: int  # from 0
    window: Window


@dataclass
class Results:
    """All that was seen."""

    scenario: Scenario
    load: Load
    contenders: Sequence[Contender]
    proofs: dict[str, Proof] = field(default_factory=dict)
    windows: list[Measured] = field(default_factory=list)
    stopped: str = ""  # why the run ended before its end
    status: int = 0

    def of(self, contender: Contender, *, closed: bool) -> list[Window]:
        """List the windows of one contender and one loop."""
        own = [measured.window for measured in self.windows if measured.contender == contender]
        return [window for window in own if (window.offered is None) is closed]


def run(scenario: Scenario, load: Load, names: Sequence[str] = (), notice: Notice = lambda step: None) -> Results:
    """Prove, then measure; `notice` hears of every step. A run that fails or is interrupted gives what it has."""
    contenders = [contender for contender in scenario.contenders.values() if not names or contender.name in names]
    results = Results(scenario, load, contenders)
    try:
        with servers() as ready:
            prove_all(results, ready, notice)
            measure_all(results, ready, notice)
    except Interrupted as error:
        results.stopped, results.status = str(error), 128 + error.number
    except (BenchmarkError, ServerError) as error:
        results.stopped, results.status = str(error), 1
    return results


def prove_all(results: Results, ready: Servers, notice: Notice) -> None:
    """Have every contender show that it does the same work."""
    for contender in results.contenders:
        notice(f"proof {contender.name}")
        with ready.serving(contender) as process:
            results.proofs[contender.name] = prove(results.scenario, contender, process)


def measure_all(results: Results, ready: Servers, notice: Notice) -> None:
    """Go through the rounds."""
    share = results.load.share
    for number in range(results.load.rounds):
        for contender in results.contenders[:: -1 if number % 2 else 1]:
            capacity = measure_one(results, ready, notice, contender, number)
            if share is not None and capacity:
                measure_one(results, ready, notice, contender, number, rate=capacity * share)


def measure_one(
    results: Results, ready: Servers, notice: Notice, contender: Contender, number: int, rate: float | None = None
) -> float:
    """Add one window; give its answers a second."""
    with ready.serving(contender) as process:
        notice(f"{'closed' if rate is None else 'open'} {contender.name} {number + 1}")
        order = order_for(results.scenario, results.load, process.port, rate=rate, seed=number, core=ready.core)
        try:
            window = measure(process, order, results.load)
        except (BenchmarkError, ServerError) as error:
            raise type(error)(f"{contender.title}, round {number + 1}: {error}") from None
        results.windows.append(Measured(contender, number, window))
        return window.answered


def order_for(
    scenario: Scenario, load: Load, port: int, *, rate: float | None = None, seed: int = 0, core: int | None = None
) -> Order:
    """Write the order for one window."""
    body = scenario.request.expected.body
    pieces = [piece for piece in scenario.request.pieces if isinstance(piece, bytes)]
    return Order(
        port=port,
        request=b"".join(pieces).decode("latin-1"),
        body=body.decode("latin-1") if isinstance(body, bytes) else "",
        clients=load.clients,
        seconds=load.seconds,
        warm_up=load.warm_up,
        spread=scenario.wait,
        rate=rate,
        seed=seed,
        core=core,
    )
