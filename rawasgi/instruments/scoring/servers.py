"""The name of a server in -> a process that serves the probe app out.

[bytes > server > app] > middleware > routing > handler > response > bytes

Each server is started as its users start it, by its own command line, on a port of loopback that is reserved until the
server has ended. It is alone in a process group, which is ended by its number, and what it prints is kept.

Spec:         none, because a command line is no part of the protocol
In FastAPI:   fastapi.cli:main
In Starlette: none, because it leaves serving to uvicorn.main:main
In Flask:     flask.cli:run_command
Left out:     TLS, Unix sockets, more than one worker
"""

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rawasgi.instruments.scoring.probe import LIFESPAN, NOTES, TARGET
from rawasgi.instruments.scoring.wire import HOST

START = 20.0  # seconds that a server may take until it listens, also on a busy machine
STOP = 5.0  # seconds between SIGTERM and SIGKILL
PACKAGE = str(Path(__file__).parents[3])  # where the library lies, for a server that is started elsewhere
TICK = 0.02  # seconds between two looks at a process


class ServerError(Exception):
    """A server cannot be asked (any more); `str` says why, in one sentence, with its last words."""


@dataclass(frozen=True)
class Server:
    """A way to serve. In `command` stand `{app}` and `{port}`; in `root`, if it has such an option, `{root}`."""

    name: str
    label: str
    command: tuple[str, ...]
    root: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()  # whose versions tell what was asked; the first is that of the server
    is_own: bool = False  # a reader's: it runs where the reader is. The others must find no configuration file

    @property
    def missing(self) -> list[str]:
        """The packages that are not installed."""
        return [package for package in self.packages if version_of(package) is None]

    @property
    def title(self) -> str:
        """`uvicorn 0.54.0 (httptools 0.9.0)`; a reader's own by its command."""
        if not self.packages:
            return self.label
        others = [f"{package} {version_of(package)}" for package in self.packages[1:]]
        return f"{self.label} {version_of(self.packages[0])}" + (f" ({', '.join(others)})" if others else "")

    def words(self, port: int, root: str = "") -> list[str]:
        """The command line."""
        more = self.root if root else ()
        return [word.format(app=TARGET, port=port, root=root) for word in (*self.command, *more)]


def version_of(package: str) -> str | None:
    """The version that is installed, if it is."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def module(name: str, words: str) -> tuple[str, ...]:
    """`python -m name words`."""
    return (sys.executable, "-m", name, *words.split())


UVICORN = f"{{app}} --host {HOST} --port {{port}} --no-access-log --no-use-colors --http"
ROOT = ("--root-path", "{root}")
HYPERCORN = f"{{app}} -b {HOST}:{{port}}"
GRANIAN = f"{{app}} --interface asgi --host {HOST} --port {{port}}"
GUNICORN = f"{{app}} -k asgi -b {HOST}:{{port}} --no-control-socket"
TINY = f"{{app}} --host {HOST} --port {{port}}"
SERVERS = {
    server.name: server
    for server in (
        Server("uvicorn-h11", "uvicorn", module("uvicorn", f"{UVICORN} h11"), ROOT, ("uvicorn", "h11", "websockets")),
        Server(
            "uvicorn-httptools",
            "uvicorn",
            module("uvicorn", f"{UVICORN} httptools"),
            ROOT,
            ("uvicorn", "httptools", "websockets"),
        ),
        Server("hypercorn", "Hypercorn", module("hypercorn", HYPERCORN), ROOT, ("hypercorn",)),
        Server("granian", "granian", module("granian", GRANIAN), ("--url-path-prefix", "{root}"), ("granian",)),
        Server("gunicorn", "gunicorn", module("gunicorn", GUNICORN), ROOT, ("gunicorn",)),
        Server("tiny", "tiny", module("rawasgi.tiny", TINY), (), ("rawasgi", "h11", "wsproto")),
    )
}
ALIASES = {"uvicorn": "uvicorn-h11"}


def own(command: str) -> Server:
    """A reader's own server. Raises `ValueError` where the command cannot be read, or names no app and no port."""
    words = tuple(shlex.split(command))
    for needed in ("{app}", "{port}"):
        if not any(needed in word for word in words):
            raise ValueError(f"{needed} is not in it")
    try:
        made = Server(words[0], words[0], words, is_own=True)
        made.words(0)
    except (KeyError, IndexError, ValueError) as error:
        raise ValueError(f"a brace in it is neither {{app}} nor {{port}}: {error}") from None
    return made


def reserved() -> socket.socket:
    """A port of our own: bound, and not listened on. A server that takes addresses again, as they do, may listen on it."""
    port = socket.socket()
    for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
        port.setsockopt(socket.SOL_SOCKET, option, 1)
    port.bind((HOST, 0))
    return port


class Process:
    """A server that runs. As a context manager it is ended when you leave, and nothing of it stays."""

    def __init__(self, server: Server, folder: Path, lifespan: Sequence[Any], root: str = "") -> None:
        self.server = server
        self.reservation = reserved()
        self.port: int = self.reservation.getsockname()[1]
        self.log = folder / "log"
        self.notes = folder / "notes"
        if sys.platform != "linux":
            self.reservation.close()  # elsewhere two sockets of one address have to agree on more
        try:
            with self.log.open("wb") as log:
                self.popen = subprocess.Popen(
                    server.words(self.port, root),
                    cwd=None if server.is_own else folder,
                    env=self.environment(lifespan),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,  # Ctrl-C is for us; the group has the number of its first process
                )
        except OSError as error:
            self.reservation.close()
            raise ServerError(f"it cannot be run: {error.strerror}") from None

    def environment(self, lifespan: Sequence[Any]) -> Mapping[str, str]:
        """What the probe app is told, and where this library lies."""
        path = os.pathsep.join([PACKAGE, *filter(None, [os.environ.get("PYTHONPATH")])])
        told = {NOTES: str(self.notes), LIFESPAN: ascii([*lifespan])}
        return {**os.environ, **told, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.end()

    @property
    def status(self) -> int | None:
        """Its exit status, a signal as its negative; None while it runs. Its number stays taken until `end`."""
        if self.popen.returncode is not None:
            return self.popen.returncode
        seen = os.waitid(os.P_PID, self.popen.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if seen is None:
            return None
        return seen.si_status if seen.si_code == os.CLD_EXITED else -seen.si_status

    def wait(self, seconds: float) -> int | None:
        """Its exit status, if it ends in time."""
        end = time.monotonic() + seconds
        while (status := self.status) is None and time.monotonic() < end:
            time.sleep(TICK)
        return status

    def listens(self, seconds: float = START) -> bool:
        """Wait until it listens; False where it has ended before, or the time is over."""
        end = time.monotonic() + seconds
        while self.status is None and time.monotonic() < end:
            with suppress(OSError), socket.create_connection((HOST, self.port), timeout=seconds):
                return True
            time.sleep(TICK)
        return False

    def terminate(self) -> None:
        """Ask it to end, as an orchestrator does."""
        if self.status is None:
            os.kill(self.popen.pid, signal.SIGTERM)

    def end(self, seconds: float = STOP) -> None:
        """End it: SIGTERM, then SIGKILL, and SIGKILL for whatever it has started and left."""
        if self.popen.returncode is not None:
            return  # it was ended before, and its number may be another's by now
        if self.status is None:
            self.terminate()
            self.wait(seconds)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.popen.pid, signal.SIGKILL)  # a dead first process keeps the number until it is waited for
        self.popen.wait()
        self.reservation.close()

    def fate(self, otherwise: str, seconds: float = 0.0) -> str:
        """With which status it has ended, if it does in time; `otherwise`, where it still runs."""
        status = self.wait(seconds)
        return otherwise if status is None else f"it has ended with status {status}"

    def printed(self) -> str:
        """All that it has printed."""
        return self.log.read_text("utf-8", "replace")

    def last_words(self) -> str:
        """The end of what it printed, on one line."""
        lines = [line.strip() for line in self.printed().splitlines() if line.strip()]
        return "; its last words: " + " | ".join(lines[-2:]) if lines else "; it has printed nothing"
