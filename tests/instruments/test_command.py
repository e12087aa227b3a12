"""The words of a command line: what they ask for, what is said of those that ask for nothing, and how commands end."""

import argparse
import os
import subprocess
import sys

import pytest

from rawasgi.instruments.command import WrongCommand, add_exchange, exchange_of, load
from rawasgi.instruments.conversation import handshake, life, request
from tests.architecture.tree import ROOT


def exchange(*words):
    """What the words ask for."""
    parser = argparse.ArgumentParser()
    add_exchange(parser)
    return exchange_of(parser.parse_args(words))


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("get /a?b=1", request("GET", "/a?b=1")),
        ("GET / --header X-Id:7 --spec-version 2.3", request("GET", "/", [(b"x-id", b"7")], spec_version="2.3")),
        ("POST / --body hi", request("POST", "/", [(b"content-length", b"2")], b"hi")),
        (
            "PUT / --json [1]",
            request("PUT", "/", [(b"content-type", b"application/json"), (b"content-length", b"3")], b"[1]"),
        ),
        ("POST / --body hi --header Content-Length:9", request("POST", "/", [(b"content-length", b"9")], b"hi")),
        ("ws /chat --say hi --say you --header a:b", handshake("/chat", "hi", "you", headers=[(b"a", b"b")])),
        ("LIFESPAN", life()),
    ],
)
def test_words_become_an_exchange(words, asked):
    """The same as the function of that name makes."""
    assert exchange(*words.split()) == asked


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["GET"], "a path is missing: METHOD /path"),
        (["GET", "items"], "'items' is no path: it starts with / and is percent-encoded"),
        (["GET", "/ü"], "'/ü' is no path: it starts with / and is percent-encoded"),
        (["GET", "/a b"], "'/a b' is no path: it starts with / and is percent-encoded"),
        (["LIFESPAN", "/"], "LIFESPAN has no path"),
        (["WS", "/", "--body", "x"], "a websocket has no body: --say is what the client says"),
        (["GET", "/", "--say", "x"], "--say is for a websocket: WS /path"),
        (["GET", "/", "--header", "x"], "'x' is no header: write it as name:value, in Latin-1"),
        (["GET", "/", "--header", "x:€"], "'x:€' is no header: write it as name:value, in Latin-1"),
        (["POST", "/", "--json", "{"], "--json is no JSON: Expecting property name"),
        (["POST", "/", "--json", "1", "--body", "1"], "--json and --body are two bodies: give one"),
        (["GET", "/", "--seconds", "0"], "--seconds is more than 0"),
    ],
)
def test_what_asks_for_nothing_is_told(words, says):
    """The cause, and what would help."""
    with pytest.raises(WrongCommand) as wrong:
        exchange(*words)
    assert str(wrong.value).startswith(says)


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A working directory with modules of several kinds."""
    (tmp_path / "shop_of_command.py").write_text(
        "class Box:\n    async def app(scope, receive, send): ...\n"
        "async def app(scope, receive, send): ...\n"
        "def make(): return app\n"
        "def fails(): raise ValueError('no settings')\n"
        "number = 7\n"
    )
    (tmp_path / "leaves_of_command.py").write_text("raise SystemExit(3)\n")
    (tmp_path / "broken_of_command.py").write_text("def app(:\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("target", "factory"),
    [
        ("shop_of_command:app", False),
        ("shop_of_command", False),
        ("shop_of_command:Box.app", False),
        ("shop_of_command:make", True),
    ],
)
def test_an_app_is_found_in_the_working_directory(shop, target, factory):
    """By module and name; `app` is the name when none is given; a factory is called."""
    assert load(target, factory=factory).__name__ == "app"


@pytest.mark.parametrize(
    ("target", "factory", "says"),
    [
        ("nowhere_of_command:app", False, "nowhere_of_command cannot be imported: ModuleNotFoundError: No module"),
        ("leaves_of_command:app", False, "leaves_of_command cannot be imported: SystemExit: 3"),
        ("broken_of_command:app", False, "broken_of_command cannot be imported: SyntaxError: "),
        ("shop_of_command:nothing", False, "shop_of_command has no nothing: name the app as module:app"),
        ("shop_of_command.py", False, "shop_of_command.py cannot be imported: ModuleNotFoundError: "),
        ("./shop_of_command.py:app", False, "'./shop_of_command.py:app' names no module: write module:app"),
        (":app", False, "':app' names no module: write module:app"),
        ("shop_of_command:number", False, "shop_of_command:number is no ASGI app: it cannot be called with scope"),
        ("shop_of_command:Box", False, "shop_of_command:Box is no ASGI app: it cannot be called with scope"),
        ("shop_of_command:make", False, "shop_of_command:make is no ASGI app: it cannot be called with scope, "),
        ("shop_of_command:fails", True, "shop_of_command:fails made no app: ValueError: no settings"),
        ("shop_of_command:app", True, "shop_of_command:app made no app: TypeError: "),
    ],
)
def test_what_is_no_app_is_told(shop, target, factory, says):
    """Whatever the module does while it is imported."""
    with pytest.raises(WrongCommand) as wrong:
        load(target, factory=factory)
    assert str(wrong.value).startswith(says)


def test_a_function_that_makes_an_app_is_recognised(shop):
    """The remedy stands in the message."""
    with pytest.raises(WrongCommand, match="Then add --factory"):
        load("shop_of_command:make")


COMMANDS = {
    "check": ["/items/7"],
    "explain": ["/items/7"],
    "routes": [],
    "step": ["GET", "/items/7"],
    "trace": ["GET", "/items/7"],
    "xray": ["GET", "/items/7", "--runs", "0"],
}
MODULES = {
    "answers": "import rawasgi\nprint('imported')\napp = rawasgi.App()\n@app.get('/items/{id}')\nasync def item(id: int): ...\n",
    "interrupted": "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n",
    "leaves": "import sys\nsys.exit('\\33[31mno settings')\n",
}


@pytest.fixture
def process(tmp_path):
    """A command on one of the modules, as a process: its exit status and what it says on standard error."""
    for name, source in MODULES.items():
        (tmp_path / f"{name}_of_command.py").write_text(source)

    def run(command, module, stdout=subprocess.DEVNULL):
        words = [command, f"{module}_of_command:app", *COMMANDS[command]]
        made = subprocess.run(
            [sys.executable, "-m", "rawasgi", *words],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
        )
        return made.returncode, made.stderr

    return run


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_ends_alike(process, command):
    """An interrupt is 130; an import that fails is 2, and one printable line; neither is a traceback."""
    assert process(command, "interrupted") == (130, "\n")
    said = r"leaves_of_command cannot be imported: SystemExit: \x1b[31mno settings"
    assert process(command, "leaves") == (2, f"rawasgi {command}: {said}\n")


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_minds_that_nobody_reads(process, command):
    """A closed pipe is 0 and no traceback; what an import prints was not for it."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        assert process(command, "answers", stdout=writing) == (0, "imported\n")
    finally:
        os.close(writing)
