"""`rawasgi trace`: what it prints, what it complains about, and with which exit status."""

import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from typing import NamedTuple

import pytest

from rawasgi.instruments.tracing.command import trace_command
from rawasgi.instruments.tracing.trace import Trace

APPS = """
import asyncio, sys, time
from fastapi import FastAPI, WebSocket
from flask import Flask

app = FastAPI(openapi_url=None)
flask_app = Flask("apps")
number = 7

@flask_app.get("/")
def home():
    return "home"

@app.get("/items/{id}")
async def item(id: int):
    print("the app prints")
    return id

@app.get("/raises")
async def raises():
    raise LookupError("mine\\nand more")

@app.get("/exits")
async def exits():
    sys.exit(3)

@app.get("/hangs")
async def hangs():
    await asyncio.Event().wait()

@app.get("/blocks")
async def blocks():
    time.sleep(60)

@app.websocket("/ws")
async def ws(websocket: WebSocket):
    await websocket.accept()
    await websocket.send_text((await websocket.receive_text()).upper())
    await websocket.close()

@app.websocket("/rude")
async def rude(websocket: WebSocket):
    await websocket.accept()

def factory():
    return app
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with apps in it, and one that cannot be imported."""
    made = tmp_path_factory.mktemp("apps")
    (made / "trace_shop.py").write_text(APPS)
    (made / "trace_broken.py").write_text("import nothing_of_that_name\n")
    (made / "trace_leaves.py").write_text("raise SystemExit(5)\n")
    return made


NO_APP = (
    "is no ASGI app and no WSGI app: it cannot be called with scope, receive, send, nor with environ, start_response"
)
REMEDY = "the trace ends with the lines it stands on. More time: --seconds"
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "PYTHONWARNINGS": ""}


def trace(folder, *words):
    """The command, in a process of its own."""
    command = [sys.executable, "-m", "rawasgi", "trace", *words]
    return subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=30)


class Ran(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def here(folder, monkeypatch, capsys):
    """The command in this process, from the folder of the apps."""
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)

    def run(*words):
        status = trace_command(words)
        return Ran(status, *capsys.readouterr())

    return run


def test_a_request_is_printed_as_lanes_and_the_app_prints_elsewhere(folder):
    """Exit status 0; standard output is the trace alone."""
    ran = trace(folder, "trace_shop:app", "GET", "/items/7?token=abc")
    assert (ran.returncode, ran.stderr) == (0, "the app prints\n")
    assert ran.stdout.startswith("trace_shop:app · GET /items/7?token=… · 200, 1 byte\n\n   0  FastAPI\n")


def test_every_form_can_be_written_into_a_file(here, tmp_path):
    """The name of the file says which, unless `--format` does."""
    for name, begins in (
        ("a.html", "<!DOCTYPE html>"),
        ("a.mmd", "sequenceDiagram"),
        ("a.txt", "trace_shop:flask_app · "),
    ):
        ran = here("trace_shop:flask_app", "GET", "/", "--out", str(tmp_path / name))
        assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
        assert (tmp_path / name).read_text(encoding="utf-8").startswith(begins)
    shown = here("trace_shop:flask_app", "GET", "/", "--format", "jsonl", "--bodies").stdout
    assert '"body": "home"' in shown
    assert Trace.from_lines(shown).ending == "200 OK, 4 bytes"


def test_a_websocket_and_the_lifespan(here):
    """`--say` is what the client says; LIFESPAN has no path."""
    ran = here("trace_shop:app", "WS", "/ws", "--say", "a")
    assert (ran.returncode, ran.stdout.splitlines()[0]) == (
        0,
        "trace_shop:app · WS /ws · accepted, 1 message, closed with 1000",
    )
    ran = here("trace_shop:factory", "--factory", "LIFESPAN")
    assert (ran.returncode, ran.stdout.splitlines()[0].partition(" · ")[2]) == (
        0,
        "LIFESPAN · startup.complete, shutdown.complete",
    )


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("GET", "/nothing"), "the app has nothing at GET /nothing: it answers 404"),
        (("GET", "/raises"), "the app has raised LookupError: mine"),
        (("GET", "/exits"), "the app has called sys.exit(3)"),
        (("WS", "/nothing"), "the app refuses WS /nothing"),
        (("WS", "/rude"), "the app breaks a rule: WS15: the application sent return while the conversation was open."),
    ],
)
def test_an_app_that_does_not_answer_is_traced_as_far_as_it_came(here, words, complaint):
    """The trace, one sentence, exit status 1."""
    ran = here("trace_shop:app", *words)
    assert (ran.returncode, ran.stderr.splitlines()[-1]) == (1, f"rawasgi trace: {complaint}")
    assert "APIRouter" in ran.stdout


def test_an_app_that_hangs_shows_the_line_it_hangs_on(folder):
    """In a coroutine that waits, and in one that blocks its thread, which is left behind."""
    waits = trace(folder, "trace_shop:app", "GET", "/hangs", "--seconds", "0.2")
    assert (waits.returncode, waits.stderr) == (
        1,
        f"rawasgi trace: the app has not ended its call in 0.2 s; {REMEDY}\n",
    )
    assert "\n  trace_shop.py:29 hangs: await asyncio.Event().wait()\n" in waits.stdout
    blocks = trace(folder, "trace_shop:app", "GET", "/blocks", "--seconds", "0.2")
    assert (blocks.returncode, blocks.stdout.endswith("\n  trace_shop.py:33 blocks: time.sleep(60)\n")) == (1, True)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (
            ("trace_broken:app", "GET", "/"),
            "trace_broken cannot be imported: ModuleNotFoundError: No module named 'nothing_of_that_name'",
        ),
        (("trace_leaves:app", "GET", "/"), "trace_leaves cannot be imported: SystemExit: 5"),
        (("trace_shop:zip", "GET", "/"), "trace_shop has no zip: name the app as module:app"),
        (
            ("trace_shop:number", "GET", "/"),
            f"trace_shop:number {NO_APP}",
        ),
        (
            ("trace_shop:factory", "GET", "/"),
            f"trace_shop:factory {NO_APP}; is it a function that makes one? Then add --factory",
        ),
        (("trace_shop:app", "GET", "items"), "'items' is no path: it starts with / and is percent-encoded"),
        (
            ("trace_shop:flask_app", "WS", "/"),
            "trace_shop:flask_app is a WSGI app: it knows neither websockets nor a lifespan",
        ),
        (
            ("trace_shop:app", "GET", "/", "--out", "no/a.html"),
            "no/a.html cannot be written: No such file or directory",
        ),
        (
            ("--serve", "trace_shop:flask_app"),
            "trace_shop:flask_app is no ASGI app: it cannot be called with scope, receive, send",
        ),
        (
            ("--serve", "trace_shop:app", "--port", "99999"),
            "--port is a number from 0 to 65535, not 99999",
        ),
    ],
)
def test_a_command_that_cannot_be_carried_out_says_why(here, words, complaint):
    """One sentence, exit status 2, nothing on standard output."""
    ran = here(*words)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.splitlines()[-1].startswith(f"rawasgi trace: {complaint}")
    assert "Traceback" not in ran.stderr


def test_a_reader_that_leaves_early_is_no_error(folder):
    """`| head` gets what it wants, and no traceback follows."""
    program = f"{sys.executable} -m rawasgi trace trace_shop:app GET /items/7 | true; exit ${{PIPESTATUS[0]}}"
    ran = subprocess.run(["bash", "-c", program], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "the app prints\n")


def test_a_screen_that_knows_only_ascii_is_no_error(folder):
    """What it cannot show is a question mark."""
    ran = subprocess.run(
        [sys.executable, "-m", "rawasgi", "trace", "trace_shop:flask_app", "GET", "/"],
        cwd=folder,
        env={**ENVIRONMENT, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
    )
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert b"   1     0.00  ??        GET /" in ran.stdout


@contextmanager
def serving(folder, *words):
    """`rawasgi trace --serve` on a free port: the process and its address."""
    command = [sys.executable, "-m", "rawasgi", "trace", "--serve", *words, "--port", "0"]
    process = subprocess.Popen(command, cwd=folder, env=ENVIRONMENT, stdout=-1, stderr=-1, text=True)
    try:
        assert process.stderr is not None
        said = process.stderr.readline()
        yield process, ("127.0.0.1", int(re.findall(r"http://127\.0\.0\.1:(\d+), Ctrl-C ends it", said)[0]))
    finally:
        process.kill()
        process.communicate()


def ask(address, *targets):
    """Requests on a connection each, all open before the first is answered; the status lines."""
    lines = [socket.create_connection(address, timeout=10) for _ in targets]
    for line, target in zip(lines, targets, strict=True):
        line.sendall(f"GET {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n".encode())
    answers = []
    for line in lines:
        with line, line.makefile("rb") as file:
            answers.append(file.read().partition(b"\r\n")[0])
    return answers


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_live_server_tells_each_request_and_ends_cleanly(folder, number):
    """Each has a trace of its own, also where several are open at once; a signal ends it with exit status 0."""
    with serving(folder, "trace_shop:app") as (process, address):
        assert ask(address, "/items/1", "/items/2", "/nothing") == [
            b"HTTP/1.1 200 ",
            b"HTTP/1.1 200 ",
            b"HTTP/1.1 404 ",
        ]
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, "")
    heads = sorted(re.findall(r"(?m)^trace_shop:app · .*$", out))
    assert heads == [
        "trace_shop:app · GET /items/1 · 200, 1 byte",
        "trace_shop:app · GET /items/2 · 200, 1 byte",
        "trace_shop:app · GET /nothing · 404, 22 bytes",
    ]
    assert len(re.findall(r"(?m)^   1     0\.00  ─▶", out)) == 3


def test_a_port_in_use_is_said(folder):
    """With the way out: another port."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = trace(folder, "--serve", "trace_shop:app", "--port", str(port))
    assert ran.returncode == 2
    assert ran.stderr.startswith(f"rawasgi trace: cannot listen on port {port}: ")
    assert ran.stderr.endswith("Take another --port, or 0\n")


def test_an_app_that_cannot_start_is_served_to_nobody(folder):
    """Exit status 1, with the reason."""
    (folder / "bad.py").write_text(
        "async def app(scope, receive, send):\n"
        "    await receive()\n"
        "    await send({'type': 'lifespan.startup.failed', 'message': 'no database'})\n"
    )
    ran = trace(folder, "--serve", "bad:app", "--port", "0")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.endswith("no database\nrawasgi trace: the app's start-up has failed; the lines above say why\n")
