"""The contenders of `wait_io` and the short form that is told to a newcomer."""

from dataclasses import replace
from typing import Any

import anyio.to_thread

from benchmarks import demo
from benchmarks.load.bench import Results, prove_all
from benchmarks.load.scenario import Load
from benchmarks.load.serving import servers
from benchmarks.wait_io import fastapi_def_app
from benchmarks.wait_io.contenders import WAIT_IO
from comparisons.servers import ROOT
from rawasgi.instruments.conversation import converse, request

APP_LINES = 30


def test_every_stack_does_the_same_work():
    """Each app on each kind of server gives the same answer, after the same wait."""
    alike = ("flask-40", "flask-200")  # flask-8 with another number
    contenders = [each for name, each in WAIT_IO.contenders.items() if name not in alike]
    results = Results(WAIT_IO, Load(), contenders)
    with servers() as ready:
        prove_all(results, ready, lambda step: None)
    assert {replace(proof, ms=0.0) for proof in results.proofs.values()} == {replace(results.proofs["raw"], ms=0.0)}
    assert min(proof.ms for proof in results.proofs.values()) >= 100


def test_a_request_takes_a_thread_once(monkeypatch):
    """As the model has it. The answer must not want a second one, as a validated `str` of a `def` in FastAPI does.

    It would queue for it behind all that wait for their first: the answers of all clients came at once, twice or three
    times in a second, and how many of such waves fall into a short window is chance.
    """
    calls: list[Any] = []
    run_sync = anyio.to_thread.run_sync

    def counted(func, *args, **options):
        calls.append(func)
        return run_sync(func, *args, **options)

    monkeypatch.setattr(anyio.to_thread, "run_sync", counted)
    assert converse(fastapi_def_app.app, request())[-1]["body"] == b"waited"
    assert len(calls) == 1


def test_an_app_is_its_feature_and_little_else():
    """At most 30 lines."""
    files = {each.app.partition(":")[0].replace(".", "/") for each in WAIT_IO.contenders.values()}
    lines = {file: len((ROOT / f"{file}.py").read_text("utf-8").splitlines()) for file in files}
    assert {file: count for file, count in lines.items() if count > APP_LINES} == {}


def test_the_demo_tells_a_small_table(tmp_path, monkeypatch):
    """One row a contender beside its prediction, and a plot."""
    monkeypatch.setattr(demo, "NAMES", ("rawasgi", "flask-8"))
    steps: list[str] = []
    told = demo.tell(steps.append, tmp_path, Load(clients=4, seconds=0.2, rounds=1, share=None, warm_up=0.1))
    assert (told.stopped, told.status, told.plot) == ("", 0, tmp_path / "wait_io_demo.svg")
    assert (tmp_path / "wait_io_demo.svg").exists()
    assert steps == ["proof rawasgi", "proof flask-8", "closed rawasgi 1", "closed flask-8 1"]
    assert told.lines[:2] == (
        "4 clients at once, an answer that takes 100 ms of waiting:",
        "                               slots  predicted  answers/s  median ms",
    )
    assert [line.split()[:2] for line in told.lines[2:]] == [
        ["rawasgi,", "uvicorn"],
        ["Flask,", "gunicorn"],
    ]


def test_a_demo_that_cannot_be_told_says_why(tmp_path, monkeypatch):
    """No plot and no lines, but the reason and the status of the run."""
    monkeypatch.setattr(demo, "WAIT_IO", replace(WAIT_IO, wait=0.5))
    told = demo.tell(lambda step: None, tmp_path)
    assert (told.lines, told.plot, told.status) == ((), None, 1)
    assert told.stopped.startswith("rawasgi, uvicorn does not do the same work: it answered after ")
    assert list(tmp_path.iterdir()) == []
