"""Orders on a socket -> servers as forked children, and word of their end, out.

bytes > [server] > app > response > bytes

What is slow about starting a server is importing it. This process imports once and forks, so that each child starts
warm and clean. It lives as long as its socket: when the runner ends, even by SIGKILL, the kernel closes the other
side, and this process kills its children and ends.

    {"start": [module, app, argument, ...], "fresh": false, "environment": {}} + listener, stdout, stderr, status  ->  pid
    {"signal": 15, "pid": 4711}   the child itself              {"kill": 4711}   its whole group

Left out: Windows, which has no fork.
"""

import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from typing import Any


class ForkServer:
    """Forks servers on request and reaps them."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._statuses: dict[int, int] = {}  # child -> the pipe that hears of its end
        self._woken, self._wake = socket.socketpair()
        for end in (self._woken, self._wake):
            end.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)  # only to be woken
        signal.set_wakeup_fd(self._wake.fileno())

    def run(self) -> None:
        """Obey until the other side is gone, and end the children, whatever ends this process."""
        try:
            with suppress(ConnectionError):  # it has gone before it read a reply, or while it was told one
                self._obey_all()
        finally:
            for child in self._statuses:
                _kill_group(child)
                os.waitpid(child, 0)

    def _obey_all(self) -> None:
        while True:
            ready, _, _ = select.select([self._control, self._woken], [], [])
            if self._woken in ready:
                self._woken.recv(4096)
                self._reap()
            if self._control in ready:
                data, fds, _, _ = socket.recv_fds(self._control, 65536, 8)
                if not data:
                    return
                self._control.sendall(str(self._obey(json.loads(data), fds)).encode())

    def _obey(self, order: dict[str, Any], fds: Sequence[int]) -> int:
        if "start" in order:
            return self._start(order["start"], order["fresh"], order["environment"], fds)
        child: int = order["pid"] if "signal" in order else order["kill"]
        if child in self._statuses:  # not reaped yet: its number is still its own
            if "signal" in order:
                os.kill(child, order["signal"])
            else:
                _kill_group(child)
        return child

    def _reap(self) -> None:
        """Pass on the exit status of every child that has ended, and end what it left of its group."""
        while self._statuses:
            child, status = os.waitpid(-1, os.WNOHANG)
            if child == 0:
                return
            _kill_group(child)
            pipe = self._statuses.pop(child)
            with suppress(BrokenPipeError):
                os.write(pipe, str(os.waitstatus_to_exitcode(status)).encode())
            os.close(pipe)

    def _start(self, command: Sequence[str], fresh: bool, environment: dict[str, str], fds: Sequence[int]) -> int:
        child = os.fork()
        if child == 0:
            try:
                os.environ.update(environment)
                self._become_server(command, fresh, fds)
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(1)  # whatever stands further up the stack is the parent's to do
        with suppress(PermissionError):  # it has done so itself already
            os.setpgid(child, child)
        for fd in fds[:-1]:
            os.close(fd)
        self._statuses[child] = fds[-1]
        return child

    def _become_server(self, command: Sequence[str], fresh: bool, fds: Sequence[int]) -> None:
        """Run the command as if it had been typed; never returns."""
        os.setpgid(0, 0)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        listener, stdout, stderr, status = fds
        os.dup2(stdout, 1)
        os.dup2(stderr, 2)
        for fd in (stdout, stderr, status, *self._statuses.values()):
            os.close(fd)
        for held in (self._control, self._woken, self._wake):
            held.close()
        filled = [part.format(fd=listener) for part in command]
        if fresh:
            os.set_inheritable(listener, True)
            os.execve(sys.executable, [sys.executable, "-m", *filled], {**os.environ, "PYTHONUNBUFFERED": "1"})
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
        os._exit(_run(filled))


def _run(command: Sequence[str]) -> int:
    sys.argv = [*command]
    try:
        runpy.run_module(command[0], run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def _kill_group(leader: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def main() -> None:
    """Import what is to be warm, then serve."""
    control = socket.socket(fileno=int(sys.argv[1]))
    for name in sys.argv[2:]:
        with suppress(ImportError):  # whoever needs it says so when it starts
            importlib.import_module(name)
    ForkServer(control).run()


if __name__ == "__main__":
    main()
