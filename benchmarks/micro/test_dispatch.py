"""Every workload, by pytest-benchmark: it times the subject, and before each of its rounds the neighbours have theirs."""

from typing import Any

import pytest

from benchmarks.micro import answering, passing, typed
from benchmarks.micro.checking import priced
from benchmarks.micro.imports import IMPORTS, measured
from benchmarks.micro.table import noted
from benchmarks.micro.workload import Rounds, Workload

WORKLOADS = (*answering.WORKLOADS, *passing.WORKLOADS, *typed.WORKLOADS)
ROUNDS = 40


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload.name)
def test_dispatch(benchmark: Any, workload: Workload) -> None:
    """The same bytes, then the time of a call."""
    workload.prove()
    with Rounds(workload) as rounds:
        benchmark.pedantic(rounds.subject, setup=rounds.others, rounds=ROUNDS)
        benchmark.extra_info.update(noted(workload, rounds.ratios()))


def test_import(benchmark: Any) -> None:
    """A fresh process each: the time of the imports, the memory and the modules that they bring."""
    with measured(IMPORTS) as rounds:
        benchmark.pedantic(rounds.subject, setup=rounds.others, rounds=9)
        benchmark.extra_info.update(rounds.noted())


def test_checker(benchmark: Any) -> None:
    """With the checker around it, and without."""
    with priced() as prices:
        benchmark.pedantic(prices.subject, setup=prices.others, rounds=ROUNDS)
        benchmark.extra_info.update(prices.noted())
