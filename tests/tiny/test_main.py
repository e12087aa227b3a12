"""`python -m rawasgi.tiny` as a process: how it ends, and what it says."""

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

APP = """
import contextlib
from rawasgi.tiny.app import App, Response

@contextlib.asynccontextmanager
async def lifespan(app):
    yield
    print("shut down", flush=True)

app = App(lifespan)
other = App(lifespan)

@app.get("/")
async def home(request):
    return Response("hello")

@contextlib.asynccontextmanager
async def no_database(app):
    raise RuntimeError("no database")
    yield

failing = App(no_database)
"""


@pytest.fixture
def folder(tmp_path):
    """A folder with `shop.py` in it, whose `app` says hello."""
    (tmp_path / "shop.py").write_text(APP, encoding="utf-8")
    return tmp_path


@contextlib.contextmanager
def tiny(folder, *words, **options):
    """The process, in a group of its own that is ended with the block."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "rawasgi.tiny", *words]
    options |= {"cwd": folder, "env": environment, "start_new_session": True, "text": True}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options) as process:
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def run(folder, *words, **options):
    """Exit status, output and complaint of a process that ends by itself."""
    with tiny(folder, *words, **options) as process:
        output, complaint = process.communicate(timeout=30)
    return process.returncode, output, complaint


def port_of(process):
    """The port that the process names once it listens."""
    line = process.stderr.readline()
    found = re.fullmatch(r"INFO rawasgi\.tiny: listening on http://127\.0\.0\.1:(\d+)\n", line)
    assert found, line
    return int(found[1])


def fetched(port):
    """Status and body of `GET /`."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", "/")
        answer = connection.getresponse()
        return answer.status, answer.read()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("target", ["shop:app", "shop"])
def test_a_signal_ends_it_in_order(folder, target, number):
    """It serves, shuts the lifespan down and ends with 0; `app` is the name where none is given."""
    with tiny(folder, target, "--port", "0") as process:
        assert fetched(port_of(process)) == (200, b"hello")
        process.send_signal(number)
        output, complaint = process.communicate(timeout=30)
    assert (process.returncode, output, complaint) == (0, "shut down\n", "")


def test_it_serves_on_a_socket_it_inherits(folder):
    """`--fd` takes a bound socket of the parent, instead of host and port."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        number = listener.fileno()
        process = stack.enter_context(tiny(folder, "shop:app", "--fd", str(number), pass_fds=[number]))
        port = listener.getsockname()[1]
        assert fetched(port) == (200, b"hello")
        assert port_of(process) == port
        process.terminate()
        assert process.wait(timeout=30) == 0


def test_a_failed_startup_is_3(folder):
    """Nothing was served, and the log says why."""
    status, output, complaint = run(folder, "shop:failing", "--port", "0")
    assert (status, output) == (3, "")
    assert complaint.startswith("ERROR rawasgi.tiny: lifespan.startup.failed: Traceback (most recent call last):\n")
    assert "RuntimeError: no database\n" in complaint
    assert "listening" not in complaint


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("nowhere:app", "No module named 'nowhere'"),
        ("shop:nothing", "module 'shop' has no attribute 'nothing'"),
        (":app", "Empty module name"),
        (".shop:app", "the 'package' argument is required to perform a relative import for '.shop'"),
    ],
)
def test_an_app_that_is_not_there_is_1(folder, target, reason):
    """One sentence with the cause and the remedy."""
    complaint = f"rawasgi.tiny: cannot load {target!r}: {reason}. Name it as module:app.\n"
    assert run(folder, target) == (1, "", complaint)


def test_a_port_in_use_is_1(folder):
    """One sentence with the cause and the remedy."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        status, output, complaint = run(folder, "shop:app", "--port", str(taken.getsockname()[1]))
    assert (status, output) == (1, "")
    assert re.fullmatch(
        r"rawasgi\.tiny: cannot listen there: .*[Aa]ddress already in use.*\. Try another --port, or 0\.\n", complaint
    )


@pytest.mark.parametrize("words", [("--port", "70000"), ("--fd", "99"), ("--host", "256.0.0.1")])
def test_an_address_that_cannot_be_had_is_1(folder, words):
    """A port out of range, a descriptor that is no socket, a host that is none: one sentence each."""
    status, output, complaint = run(folder, "shop:app", *words)
    assert (status, output) == (1, "")
    assert re.fullmatch(r"rawasgi\.tiny: cannot listen there: .+\. Try another --port, or 0\.\n", complaint)


@pytest.mark.parametrize("words", [(), ("shop:app", "--port", "many"), ("shop:app", "--reload")])
def test_a_wrong_command_line_is_2(folder, words):
    """The usage, then what is wrong."""
    status, output, complaint = run(folder, *words)
    assert (status, output) == (2, "")
    assert complaint.startswith("usage: python -m rawasgi.tiny ")


@pytest.mark.parametrize("name", ["h11", "wsproto"])
def test_a_missing_extra_is_one_line(name):
    """Without h11 or wsproto there is no server, and one line that says how to get one."""
    code = f"import sys, runpy; sys.modules['{name}'] = None; runpy.run_module('rawasgi.tiny', run_name='__main__')"
    ran = subprocess.run(
        [sys.executable, "-c", code, "shop:app"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    said = f"rawasgi.tiny: {name} is not installed: pip install 'rawasgi[tiny]'\n"
    assert (ran.returncode, ran.stdout, ran.stderr) == (1, "", said)
