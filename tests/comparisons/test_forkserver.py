"""The fork-server takes its children along, however the runner leaves."""

import json
import os
import select
import socket
import subprocess
import sys

import pytest

from comparisons.servers import ROOT, SERVERS

APP = "tests.comparisons.samples.p98_stubborn.answers.raw_asgi:app"


@pytest.fixture
def forkserver():
    """Start one; give it, and the runner's side of its socket."""
    control, theirs = socket.socketpair()
    with theirs:
        command = [sys.executable, "-m", "comparisons.forkserver", str(theirs.fileno())]
        process = subprocess.Popen(command, cwd=ROOT, pass_fds=[theirs.fileno()], stderr=subprocess.PIPE)
    yield process, control
    control.close()
    process.communicate(timeout=20)


def say(control, *fds, **order):
    """Send an order."""
    socket.send_fds(control, [json.dumps(order).encode()], fds)


def start(control):
    """Order a server, and wait until it was started; its number, which lies in the socket still."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        fds = listener.fileno(), nowhere, nowhere, nowhere
        say(control, *fds, start=SERVERS["uvicorn"].command(APP), fresh=False, environment={})
    os.close(nowhere)
    assert select.select([control], [], [], 20)[0]
    return int(control.recv(64, socket.MSG_PEEK))


@pytest.mark.parametrize("has_read", [True, False])
def test_a_runner_that_leaves_is_followed_by_every_server(forkserver, has_read):
    """Also with a reply that it has not read: the kernel then resets the connection, which is no ordinary end."""
    process, control = forkserver
    server = start(control)
    if has_read:
        control.recv(64)
    control.close()
    _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, b"")
    with pytest.raises(ProcessLookupError):
        os.kill(server, 0)


def test_what_cannot_become_a_server_takes_nothing_along(forkserver):
    """Its own process ends with status 1; the other servers, and the fork-server, go on."""
    process, control = forkserver
    server = start(control)
    control.recv(64)
    end, their_end = os.pipe()
    say(control, their_end, start=[], fresh=True, environment={"": "no name"})
    os.close(their_end)
    control.recv(64)
    with os.fdopen(end, "rb") as status:
        assert status.read() == b"1"
    os.kill(server, 0)
    assert process.poll() is None
    control.close()
    _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors.splitlines()[-1]) == (0, b"OSError: [Errno 22] Invalid argument")
