"""However a run ends, it leaves no process and no temporary folder; what was done is kept."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid

import pytest

from benchmarks.load.serving import signals_raise
from comparisons.runner import Interrupted
from comparisons.servers import ROOT
from tests.comparisons.test_signals import marked, needs_proc, none_left, read_until

ON_SAMPLES = """
import pathlib, sys
from benchmarks.cli import main
from tests.benchmarks.support import scenario
sys.exit(main(sys.argv[2:], {"sample": scenario("plain", "patient")}, pathlib.Path(sys.argv[1])))
"""
ARGUMENTS = "run sample -v --clients 2 --rounds 9 --seconds".split()


@pytest.fixture
def started(request, tmp_path):
    """Start a run with windows of `request.param` seconds; give it, and what finds the processes it has started."""
    mark = f"BENCHMARKS_TEST={uuid.uuid4().hex}"
    name, _, value = mark.partition("=")
    (tmp_path / "temporary").mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", ON_SAMPLES, str(tmp_path / "results"), *ARGUMENTS, request.param],
        cwd=ROOT,
        env={**os.environ, name: value, "TMPDIR": str(tmp_path / "temporary")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process, lambda: marked(mark)
    process.kill()
    process.communicate()


def found_within(processes, number, seconds=10.0):
    """Look until so many have been started."""
    end = time.monotonic() + seconds
    while len(processes()) < number and time.monotonic() < end:
        time.sleep(0.01)
    assert len(processes()) >= number


@pytest.fixture
def handlers():
    """Give the handlers of the signals back as they were."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield before
    for number, handler in before.items():
        signal.signal(number, handler)


def test_only_the_first_signal_raises(handlers):
    """What is put away after it is not cut short by impatience."""
    put_away = []

    def interrupted():
        with signals_raise():
            try:
                os.kill(os.getpid(), signal.SIGTERM)
            finally:
                os.kill(os.getpid(), signal.SIGINT)
                os.kill(os.getpid(), signal.SIGTERM)
                put_away.append(True)

    with pytest.raises(Interrupted, match=r"^ended by SIGTERM; "):
        interrupted()
    assert put_away == [True]


def test_without_a_signal_the_handlers_are_as_before(handlers):
    """Also after an error that has nothing to do with signals."""
    with pytest.raises(ValueError, match=r"^other$"), signals_raise():
        raise ValueError("other")
    assert {number: signal.getsignal(number) for number in handlers} == handlers


@needs_proc
@pytest.mark.parametrize("started", ["0.3"], indirect=True)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_mid_run_keeps_what_is_done(started, tmp_path, number):
    """Table, data and picture are marked as partial; the exit status tells the signal."""
    process, processes = started
    read_until(process.stderr, "closed patient 1")
    assert len(processes()) >= 3  # the run, its fork-server, the server
    process.send_signal(number)
    output, errors = process.communicate(timeout=20)
    said = f"ended by {number.name}; every process and temporary file is gone"
    assert process.returncode == 128 + number
    assert errors == f"benchmarks: {said}. What was done until then is kept\n"
    assert output.splitlines()[3] == f"PARTIAL: {said}"
    found = json.loads((tmp_path / "results" / "sample.json").read_text("utf-8"))
    assert (found["partial"], [each["contender"] for each in found["windows"]]) == (said, ["plain", "plain"])
    assert sorted(path.name for path in (tmp_path / "results").iterdir()) == ["sample.json", "sample.svg", "sample.txt"]
    assert none_left(processes)
    assert list((tmp_path / "temporary").iterdir()) == []


@needs_proc
@pytest.mark.parametrize("started", ["0.3"], indirect=True)
def test_a_signal_before_the_first_window_leaves_nothing(started, tmp_path):
    """During the proofs there is nothing to keep."""
    process, processes = started
    read_until(process.stderr, "proof patient")
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=20)
    said = "benchmarks: ended by SIGINT; every process and temporary file is gone. Nothing was measured\n"
    assert (process.returncode, output, errors) == (130, "", said)
    assert not (tmp_path / "results").exists()
    assert none_left(processes)
    assert list((tmp_path / "temporary").iterdir()) == []


@needs_proc
@pytest.mark.parametrize("started", ["30"], indirect=True)
def test_even_sigkill_leaves_no_process(started):
    """Fork-server and generator notice that nobody is there any more."""
    process, processes = started
    read_until(process.stderr, "closed plain 1")
    found_within(processes, 4)  # the run, its fork-server, the server, the generator
    process.kill()
    process.wait(timeout=20)
    assert none_left(processes)
