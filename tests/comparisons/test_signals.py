"""However the runner ends, it leaves no process, no socket and no temporary folder."""

import signal
import time
import uuid
from pathlib import Path

import pytest

from tests.comparisons.support import command

PROC = Path("/proc")
needs_proc = pytest.mark.skipif(not PROC.exists(), reason="processes are found through /proc")

# a word on standard error, the moment that it announces
DURING_START = ("starts", "exchange")  # the app never says that its start-up is complete
IN_MID_EXCHANGE = ("answers", "exchange answers raw_asgi uvicorn GET /slow")  # the app never answers
IN_MID_EXCHANGE_OF_TWO = ("answers", "exchange answers raw_wsgi gunicorn GET /slow")
DURING_SHUTDOWN = ("stops", "stop")  # the app never says that its shutdown is complete
MOMENTS = [DURING_START, IN_MID_EXCHANGE, IN_MID_EXCHANGE_OF_TWO, DURING_SHUTDOWN]


@pytest.fixture
def runner(tmp_path):
    """Start the command line, marked so that whatever it starts can be found again."""
    mark = f"COMPARISONS_TEST={uuid.uuid4().hex}"
    name, _, value = mark.partition("=")
    started = []

    def start(*arguments):
        started.append(command("run", "-v", *arguments, environment={name: value, "TMPDIR": str(tmp_path)}))
        return started[-1]

    yield start, lambda: marked(mark)
    for process in started:
        process.kill()
        process.communicate()


def marked(mark):
    """List the processes whose environment holds the mark."""
    found = []
    for path in PROC.glob("[0-9]*"):
        try:
            if mark.encode() in (path / "environ").read_bytes() and b") Z " not in (path / "stat").read_bytes():
                found.append(int(path.name))
        except OSError:  # it has ended meanwhile
            continue
    return found


def read_until(stream, word):
    """Read the runner's own words up to the one that starts with `word`."""
    for line in stream:
        if line.startswith(word):
            return
    pytest.fail(f"the runner never said {word!r}")


def none_left(processes, seconds=10.0):
    """The kernel takes a moment to end what was killed; look until it has."""
    end = time.monotonic() + seconds
    while processes() and time.monotonic() < end:
        time.sleep(0.01)
    for left in processes():
        print(left, (PROC / str(left) / "cmdline").read_bytes().replace(b"\0", b" "))  # shown where the test fails
    return processes() == []


@needs_proc
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(("name", "word"), MOMENTS)
def test_a_signal_ends_everything(runner, tmp_path, name, word, number):
    """During the start, in mid-exchange and during the shutdown: one line, and nothing is left."""
    start, processes = runner
    process = start(name, "--server", "gunicorn" if "gunicorn" in word else "uvicorn")
    read_until(process.stderr, word)
    assert len(processes()) >= 2
    process.send_signal(number)
    output, errors = process.communicate(timeout=20)
    said = f"comparisons: ended by {number.name}; every process and temporary file is gone\n"
    assert (process.returncode, output, errors.splitlines(keepends=True)[-1]) == (128 + number, "", said)
    assert none_left(processes)
    assert list(tmp_path.iterdir()) == []


@needs_proc
def test_a_second_signal_changes_nothing(runner, tmp_path):
    """Impatience must not cut the putting away short."""
    start, processes = runner
    process = start("stops", "--server", "hypercorn")
    read_until(process.stderr, "stop")
    for _ in range(3):
        process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert (process.returncode, none_left(processes), list(tmp_path.iterdir())) == (130, True, [])


@needs_proc
def test_even_sigkill_leaves_no_process(runner):
    """The fork-server notices that its socket has ended, and takes its children along."""
    start, processes = runner
    process = start("answers", "--stack", "raw_wsgi")
    read_until(process.stderr, "exchange answers raw_wsgi gunicorn GET /slow")
    assert len(processes()) >= 4  # runner, fork-server, gunicorn and its worker
    process.kill()
    process.wait(timeout=20)
    assert none_left(processes)
