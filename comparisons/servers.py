"""A stack and the name of a server -> a running process that listens on a port of ours, out.

bytes > [server] > app > response > bytes

Every server is started as its own command line says, `python -m MODULE ARGUMENTS`, on a socket that was bound here.

Left out: ports that a server binds itself, several workers, TLS.
"""

import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any, Literal, TypeAlias

from comparisons.wire import DeadlineError, Wire

Protocol: TypeAlias = Literal["asgi", "wsgi"]

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 15.0
"""Seconds until a started server must have answered."""
STOP_SECONDS = 5.0
"""Seconds between SIGTERM and SIGKILL."""
BACKLOG = 2048
"""Connections that may wait to be accepted: what uvicorn and gunicorn ask for where they bind the socket themselves."""


class ServerError(Exception):
    """A server did not do as it was told; the text is one line with cause and remedy."""


@dataclass(frozen=True)
class Server:
    """A way to serve: the module that `python -m` runs and its arguments."""

    name: str
    protocol: Protocol
    module: str
    arguments: str
    preload: Sequence[str]  # what its fork-server imports once
    requires: Sequence[str]  # the importable names it needs
    usual: bool = True  # False: only for the contracts that ask for it

    def command(self, app: str) -> list[str]:
        """Name the app; `{fd}` is filled in by whoever holds the socket."""
        return [self.module, app, *self.arguments.split()]


UVICORN = "--fd {fd} --loop asyncio --http h11 --no-access-log --no-use-colors"
GUNICORN = "-b fd://{fd} --no-control-socket"
UVICORN_PARTS = ("uvicorn.main", "uvicorn.protocols.http.h11_impl", "uvicorn.lifespan.on")

SERVERS = {
    server.name: server
    for server in (
        Server(
            "uvicorn",
            "asgi",
            "uvicorn",
            f"{UVICORN} --ws websockets-sansio",
            (*UVICORN_PARTS, "uvicorn.protocols.websockets.websockets_sansio_impl"),
            ("uvicorn", "h11", "websockets"),
        ),
        Server(
            "hypercorn",
            "asgi",
            "hypercorn",
            "-b fd://{fd} -w 0",
            ("hypercorn.asyncio.run", "hypercorn.run"),
            ("hypercorn",),
        ),
        Server(
            "tiny", "asgi", "rawasgi.tiny", "--fd {fd}", ("rawasgi.tiny.server",), ("rawasgi.tiny", "h11", "wsproto")
        ),
        Server(
            "gunicorn",
            "wsgi",
            "gunicorn",
            f"{GUNICORN} -k gthread --threads 4",
            ("gunicorn.workers.gthread",),
            ("gunicorn",),
        ),
        Server(
            "uvicorn-wsproto",
            "asgi",
            "uvicorn",
            f"{UVICORN} --ws wsproto",
            (*UVICORN_PARTS, "uvicorn.protocols.websockets.wsproto_impl"),
            ("uvicorn", "h11", "wsproto"),
            usual=False,
        ),
        Server(
            "gunicorn-sync",
            "wsgi",
            "gunicorn",
            f"{GUNICORN} -k sync",
            ("gunicorn.workers.sync",),
            ("gunicorn",),
            usual=False,
        ),
    )
}
"""Every server, by the name that contracts and the command line use."""


class ServerProcess:
    """One server with one app, in a process group of its own."""

    def __init__(self, port: int, pid: int, stdout: Path, stderr: Path, status: FileIO) -> None:
        self.port = port
        self.pid = pid
        self._stdout = stdout
        self._stderr = stderr
        self._status = status  # the fork-server writes the exit status here
        self._exit: int | None = None

    def fileno(self) -> int:
        """Give what becomes readable when the process ends, so that `select` can wait for that and for more."""
        return self._status.fileno()

    def printed(self) -> str:
        """Give all that the app has printed so far."""
        return self._stdout.read_text("utf-8", "replace")

    def wait(self, seconds: float) -> int | None:
        """Wait for the end of the process; give its exit status (a signal as its negative), None if it lives on."""
        if self._exit is None and select.select([self._status], [], [], max(0.0, seconds))[0]:
            said = self._status.read(16)
            self._exit = int(said) if said else -signal.SIGKILL  # no word: the fork-server itself was killed
        return self._exit

    def wait_until_it_answers(self, seconds: float = START_SECONDS) -> None:
        """Wait for an answer to a request that no server can give to its app, so that the app is left alone."""
        try:
            with Wire(self.port, seconds) as wire:
                wire.send([b"ARE-YOU-THERE\r\n\r\n"])
                answered = wire.receive()  # or the end: a process that dies takes the connection along
        except DeadlineError:
            raise ServerError(f"it did not answer within {seconds:.1f} s{self.last_words()}") from None
        except ConnectionRefusedError:
            answered = b""
        if not answered:
            status = self.wait(STOP_SECONDS)
            raise ServerError(f"it ended with status {status} before it answered{self.last_words()}")

    def forget(self) -> None:
        """Close what the runner holds of it."""
        self._status.close()

    def last_words(self) -> str:
        """Quote the end of its log, on one line."""
        return quoted(self._stderr.read_text("utf-8", "replace").split("\n") + self.printed().split("\n"))


class Launcher:
    """Starts servers of one kind through its preloaded fork-server, and ends them."""

    def __init__(self, server: Server, folder: Path, preload: Sequence[str] = ()) -> None:
        self.server = server
        self._folder = folder
        self._count = 0
        self._control, theirs = socket.socketpair()
        modules = [*server.preload, *preload]
        command = [sys.executable, "-m", "comparisons.forkserver", str(theirs.fileno()), *modules]
        with theirs, (folder / f"{server.name}.log").open("wb") as log:
            self._forkserver = subprocess.Popen(
                command,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C is for the runner, which ends its servers in order
            )

    def start(self, app: str, *, fresh: bool = False, environment: Mapping[str, str] | None = None) -> ServerProcess:
        """Serve `module:attribute` on a new socket; `fresh` runs the command line anew instead of forking.

        `environment` is added to the variables that the process inherits.
        """
        self._count += 1
        stdout, stderr = (self._folder / f"{self.server.name}.{self._count}.{name}" for name in ("out", "err"))
        status, their_status = os.pipe()
        with ExitStack() as held:  # the fork-server gets copies; ours are closed, so that a dead server refuses
            listener = held.enter_context(socket.create_server(("127.0.0.1", 0), backlog=BACKLOG))
            # Connections inherit it. asyncio sets it on TCP sockets, and takes what `uvicorn --fd` hands over for a Unix
            # socket: the second piece of an answer would wait for the client's delayed acknowledgement, 40 ms.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            files: list[socket.socket | FileIO] = [
                listener,
                held.enter_context(stdout.open("ab", buffering=0)),
                held.enter_context(stderr.open("ab", buffering=0)),
                held.enter_context(FileIO(their_status, "wb")),
            ]
            order = {"start": self.server.command(app), "fresh": fresh, "environment": {**(environment or {})}}
            try:
                pid = self._ask(order, [file.fileno() for file in files])
            except ServerError:
                os.close(status)
                raise
            port = listener.getsockname()[1]
        return ServerProcess(port, pid, stdout, stderr, FileIO(status, "rb"))

    def signal(self, process: ServerProcess, name: str) -> None:
        """Signal the server's first process, as a user or an orchestrator would."""
        self._ask({"signal": signal.Signals[name], "pid": process.pid})

    def stop(self, process: ServerProcess) -> None:
        """End the process by SIGTERM, its whole group by SIGKILL if that is not enough."""
        if process.wait(0) is None:
            self.signal(process, "SIGTERM")
        if process.wait(STOP_SECONDS) is None:
            self._ask({"kill": process.pid})
            process.wait(STOP_SECONDS)
        process.forget()

    def close(self) -> None:
        """End the fork-server; it takes all of its children along."""
        with suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)  # unlike close, this also wakes a thread that waits for a reply
        self._control.close()
        try:
            self._forkserver.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._forkserver.kill()
            self._forkserver.wait()

    def _ask(self, order: dict[str, Any], fds: Sequence[int] = ()) -> int:
        reply = b""
        with suppress(OSError):
            self._control.settimeout(START_SECONDS)
            socket.send_fds(self._control, [json.dumps(order).encode()], fds)
            reply = self._control.recv(64)
        if not reply:
            words = (self._folder / f"{self.server.name}.log").read_text("utf-8", "replace").split("\n")
            raise ServerError(f"the fork-server of {self.server.name} has ended{quoted(words)}")
        return int(reply)


def quoted(lines: Sequence[str]) -> str:
    """Quote from a log what says most on one line: its last exception, else its end."""
    said = [line.strip() for line in lines if line.strip()]
    exceptions = [line for line in said if re.match(r"[\w.]*(Error|Exception|Exit)\b", line)]
    last = exceptions[-1:] or said[-2:]
    return "; its log says: " + " | ".join(last) if last else "; it logged nothing"
