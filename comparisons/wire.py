"""A port -> bytes to and from the server before a deadline, out.

[bytes] > server > app > response > bytes

Blocking sockets, because a client that waits for one thing at a time reads like the script that it runs.

Left out: TLS, names, IPv6. The server is on loopback.
"""

import socket
import time
from collections.abc import Sequence
from typing import Self

from comparisons.contract import Pause

DEADLINE = 5.0
"""Seconds that any one step may take."""


class DeadlineError(Exception):
    """The server did not do its part in time."""


class Wire:
    """One connection, all of whose waits end at one deadline."""

    def __init__(self, port: int, seconds: float = DEADLINE) -> None:
        self.renew(seconds)
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=seconds)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.cut()

    def renew(self, seconds: float = DEADLINE) -> None:
        """Give the next step its own time."""
        self._end = time.monotonic() + seconds

    def send(self, pieces: Sequence[bytes | Pause]) -> None:
        """Send the pieces in order; a server that has hung up already is found out by reading."""
        for piece in pieces:
            if isinstance(piece, Pause):
                time.sleep(piece.seconds)  # the silence is the exchange
                continue
            self._arm()
            try:
                self._socket.sendall(piece)
            except TimeoutError:
                raise DeadlineError("the server did not read in time") from None
            except OSError:
                return  # it may have answered before it hung up

    def receive(self, seconds: float | None = None) -> bytes | None:
        """Give what has arrived, b"" at the end; None if nothing came within `seconds`."""
        self._arm(seconds)
        try:
            return self._socket.recv(65536)
        except TimeoutError:
            if seconds is not None and time.monotonic() < self._end:
                return None
            raise DeadlineError("the server did not answer in time") from None
        except ConnectionError:
            return b""  # a reset: to the reader of an answer, the end

    def cut(self) -> None:
        """Close the connection."""
        self._socket.close()

    def _arm(self, seconds: float | None = None) -> None:
        left = self._end - time.monotonic()
        if left <= 0:
            raise DeadlineError("the server did not answer in time")
        self._socket.settimeout(left if seconds is None else min(left, seconds))
