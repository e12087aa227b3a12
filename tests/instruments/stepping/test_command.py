"""`rawasgi step` as its users run it: in a pipe, and on a terminal."""

import os
import pty
import select
import signal
import subprocess
import sys
import termios

import pytest

SHOP = """
import asyncio, sys

async def app(scope, receive, send):
    assert scope["type"] == "http"
    if scope["path"] == "/hangs":
        await asyncio.sleep(1000)
    if scope["path"] == "/exits":
        sys.exit(3)
    if scope["path"] == "/raises":
        raise ValueError("no")
    await receive()
    await send({"type": "http.response.start", "status": 404 if scope["path"] == "/none" else 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})
"""


@pytest.fixture
def shop(tmp_path):
    """A folder with an app in it."""
    (tmp_path / "shop.py").write_text(SHOP)
    return tmp_path


def command(*words):
    return [sys.executable, "-m", "rawasgi", "step", *words]


def run(folder, *words):
    """The command in a pipe: status, output, errors."""
    made = subprocess.run(command(*words), cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return made.returncode, made.stdout.splitlines(), made.stderr.splitlines()


def test_without_a_terminal_it_runs_to_the_end(shop):
    """Every step is printed, nobody is asked."""
    status, lines, errors = run(shop, "shop:app", "GET", "/")
    assert (status, errors) == (0, [])
    assert [line for line in lines if not line.startswith("  ")] == [
        "driver: loop-free",
        "step 1: the app awaits receive()",
        "received: http.request body=b'' more_body=False",
        "step 2: the app sends http.response.start status=200 headers=[]",
        "step 3: the app sends http.response.body body=b'hello'",
        "the app has returned",
    ]
    assert "    shop.py:12  app  await receive()" in lines


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (["shop:app", "GET", "/none"], 1, "the app has nothing at GET /none: it answers 404"),
        (["shop:app", "GET", "/raises"], 1, "raised: the app has raised ValueError: no"),
        (["shop:app", "GET", "/exits"], 1, "exited: the app has called sys.exit(3)"),
        (
            ["shop:app", "GET", "/hangs", "--seconds", "0.2"],
            1,
            "stuck: the app does not go on, and no message is on its way",
        ),
        (
            ["shop:app", "GET", "/hangs", "--driver", "loop-free"],
            1,
            "stuck: without a loop this app cannot go on",
        ),
        (["nowhere:app", "GET", "/"], 2, "nowhere cannot be imported: ModuleNotFoundError: No module named 'nowhere'"),
        (["shop:app", "GET", "x"], 2, "'x' is no path: it starts with / and is percent-encoded"),
    ],
)
def test_what_goes_wrong_is_one_sentence_and_a_status(shop, words, status, says):
    """1 is the app's fault, 2 the command's; nothing hangs."""
    found, _, errors = run(shop, *words)
    assert (found, errors) == (status, [f"rawasgi step: {says}"])


def test_an_app_that_hangs_is_shown_with_its_lines(shop):
    """The last lines say where it stands."""
    _, lines, _ = run(shop, "shop:app", "GET", "/hangs", "--seconds", "0.2")
    assert "    shop.py:7             app    await asyncio.sleep(1000)" in lines


def test_a_reader_of_our_output_may_leave(shop):
    """A closed pipe is no traceback."""
    made = subprocess.run(
        ["sh", "-c", f"'{sys.executable}' -m rawasgi step shop:app GET / | head -n 1"],
        cwd=shop,
        capture_output=True,
        text=True,
    )
    assert (made.stdout, made.stderr) == ("driver: loop-free\n", "")


class Terminal:
    """The command on a terminal of its own."""

    def __init__(self, folder, *words):
        self.ours, theirs = pty.openpty()
        self.before = termios.tcgetattr(self.ours)
        self.process = subprocess.Popen(
            command(*words), cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)

    def reads(self):
        """What is printed until the prompt, or to the end."""
        text = ""
        while not text.endswith("[q] quit > "):
            try:
                text += os.read(self.ours, 4096).decode()
            except OSError:  # Linux says so when the other side has closed
                break
        return text.replace("\r", "")

    def types(self, keys):
        """Press keys, and read on."""
        os.write(self.ours, keys)
        return self.reads()

    def ends(self):
        """The exit status; the terminal is as it was."""
        status = self.process.wait(10)
        assert termios.tcgetattr(self.ours) == self.before
        return status

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self.ours)


@pytest.mark.parametrize("driver", ["loop-free", "gated"])
def test_on_a_terminal_every_step_waits_for_a_key(shop, driver):
    """enter goes on, p prints the scope, d lets the client leave, and the app hears of it."""
    with Terminal(shop, "shop:app", "GET", "/", "--driver", driver, "--spec-version", "2.3") as terminal:
        assert "step 1: the app awaits receive()" in terminal.reads()
        assert "'path': '/'" in terminal.types(b"p\n")
        assert "step 2: the app sends http.response.start" in terminal.types(b"\n")
        told = terminal.types(b"d\n")
        assert ("The app is asked again" in told) == (driver == "loop-free")
        assert "state: peer_gone" in told
        assert terminal.types(b"\n").endswith("the app has returned\n")
        assert terminal.ends() == 0


@pytest.mark.parametrize("keys", [b"q\n", b"\x04"], ids=["q", "eof"])
def test_a_reader_can_quit_at_any_step(shop, keys):
    """q and the end of input are wished."""
    with Terminal(shop, "shop:app", "GET", "/", "--driver", "gated") as terminal:
        terminal.reads()
        assert terminal.types(keys).endswith("quit\n")
        assert terminal.ends() == 0


def test_an_interrupt_at_the_prompt_ends_as_interrupts_do(shop):
    """Status 130, no traceback."""
    with Terminal(shop, "shop:app", "GET", "/", "--driver", "gated") as terminal:
        terminal.reads()
        while not select.select([terminal.ours], [], [], 0.2)[0]:  # one that comes before the prompt is read is lost
            os.killpg(terminal.process.pid, signal.SIGINT)
        assert terminal.reads() == "\n"
        assert terminal.ends() == 130
