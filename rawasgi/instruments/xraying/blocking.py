"""Calls on the loop's thread in -> those that made the loop stand still out.

bytes > server > [app > middleware > routing > handler > response] > bytes

A call that waits in the kernel holds the thread that makes it, and on the loop's thread every request with it. Some
calls always may: a socket that blocks, a database file, the end of a process. Others are looked at more closely: a lock
waits only while somebody has it, a `sleep(0)` does not sleep, and asyncio itself asks its selector.

Spec:         none, because it leaves the loop to the server
In FastAPI:   fastapi.routing:run_endpoint_function, which takes plain functions to a thread for this reason
In Starlette: starlette.concurrency:run_in_threadpool
In Flask:     none, because a thread that waits holds up one request alone
Left out:     files, which asyncio cannot read otherwise either; drivers in C, which show only in the time they take
"""

import inspect
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

from rawasgi.instruments.xraying.sight import Held
from rawasgi.instruments.xraying.users import lines_to_user, outwards
from rawasgi.instruments.xraying.witness import Clock, Watcher

BRIEF = 0.001  # seconds: who is back sooner has not waited
ON_SOCKETS = ("accept", "connect", "recv", "recv_into", "recvfrom", "send", "sendall", "sendto")
ON_DATABASES = ("execute", "executemany", "executescript", "commit", "fetchall")
ALWAYS = {
    ("_socket", "getaddrinfo"): "socket.getaddrinfo",
    ("_socket", "gethostbyname"): "socket.gethostbyname",
    ("posix", "system"): "os.system",
    ("builtins", "input"): "input",
}
PERHAPS = {
    ("time", "sleep"): "time.sleep",
    ("select", "select"): "select.select",
    ("select", "poll"): "select.poll",
    ("select", "epoll"): "select.epoll",
    ("posix", "waitpid"): "os.waitpid",
}
WAITS: dict[CodeType, str] = {
    subprocess.Popen.wait.__code__: "subprocess.Popen.wait",
    subprocess.Popen.communicate.__code__: "subprocess.Popen.communicate",
}
NOT_SEEN = (threading.Thread.start.__code__,)  # it waits until the thread runs: whoever hands work to a pool does that


class Blocking(Watcher):
    """The watcher: `held` is what held the loop, in order."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.held: list[Held] = []
        self.is_on = False  # while a client waits: a start-up may block, for nobody is served yet
        self._outermost: FrameType | None = None  # what it calls in turn is part of it
        self._since: dict[FrameType, tuple[str, float]] = {}

    def call(self, frame: FrameType) -> None:
        """Python code of which it is known that it waits."""
        if frame.f_code in WAITS and self._may_count():
            self._outermost = frame
            self._since[frame] = WAITS[frame.f_code], time.perf_counter()

    def leave(self, frame: FrameType, value: object) -> None:
        """It has waited."""
        if frame is self._outermost:
            self._outermost = None
            self._note(frame, *self._since.pop(frame))

    def c_call(self, frame: FrameType, function: Any) -> None:
        """Something built in is about to be called."""
        if self._may_count() and (by := blocks(function)) and not is_ours(frame):
            self._since[frame] = by, time.perf_counter()

    def c_leave(self, frame: FrameType, function: Any) -> None:
        """It has ended."""
        if frame is not self._outermost and self._since and (begun := self._since.pop(frame, None)) is not None:
            self._note(frame, *begun)

    def _may_count(self) -> bool:
        return self.is_on and self._outermost is None and self.clock.on_loop

    def close(self) -> None:
        """What holds the loop still is what has held it."""
        for frame, begun in self._since.items():
            self._note(frame, *begun)
        self._since.clear()
        self._outermost = None

    def _note(self, frame: FrameType, by: str, since: float) -> None:
        seconds = time.perf_counter() - since
        if seconds > BRIEF or by not in (*PERHAPS.values(), "lock.acquire"):
            self.held.append(Held(by, seconds, lines_to_user(frame)))


def blocks(function: Any) -> str:
    """The name of a built-in function that may hold the thread; "" for all others."""
    owner, name = getattr(function, "__self__", None), getattr(function, "__name__", "")
    if inspect.ismodule(owner) or owner is None:
        key = (str(getattr(function, "__module__", "")), name)
        return ALWAYS.get(key) or PERHAPS.get(key) or ""
    for kind, named in KINDS:
        if by := named(owner, name) if isinstance(owner, kind) else "":
            return by
    module = type(owner).__module__
    if module == "select":
        return PERHAPS.get(("select", name)) or ""
    if name in ON_DATABASES and any(cls.__module__ == "sqlite3" for cls in type(owner).__mro__):
        return f"sqlite3.{type(owner).__name__}.{name}"
    return ""


def of_socket(owner: Any, name: str) -> str:
    """A socket waits unless it was told not to."""
    return f"socket.{name}" if name in ON_SOCKETS and owner.gettimeout() != 0 else ""


def of_lock(owner: Any, name: str) -> str:
    """A lock waits while somebody has it."""
    return "lock.acquire" if name == "acquire" and owner.locked() else ""


BASE_SOCKET: type = socket.socket.__mro__[1]
KINDS: tuple[tuple[type, Callable[[Any, str], str]], ...] = (
    (BASE_SOCKET, of_socket),
    (type(threading.Lock()), of_lock),
)


def is_ours(frame: FrameType) -> bool:
    """Whether the loop itself waits, as it should, or a thread is being started."""
    for count, outer in enumerate(outwards(frame)):
        if outer.f_code in NOT_SEEN:
            return True
        if count < 2 and outer.f_globals.get("__name__", "").startswith("asyncio."):
            return True
    return False
