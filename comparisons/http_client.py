"""A `Request` of a contract in -> the `Outcome` on the wire, out.

[bytes] > server > app > response > bytes

The request goes out as it is written. h11 reads the answer only, so that the client adds nothing and hides nothing.

Spec:        https://www.rfc-editor.org/rfc/rfc9112
Left out:    redirects, cookies, decompression, retries: whatever a client would do for you
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import h11

from comparisons.contract import Leave, Request
from comparisons.outcome import Outcome, compared_headers
from comparisons.wire import DEADLINE, DeadlineError, Wire

TICK = 0.01
"""Seconds between two looks at the log."""


@dataclass
class Answer:
    """What has arrived of a response so far."""

    status: int | None = None
    reason: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    chunks: list[bytes] = field(default_factory=list)
    informational: tuple[int, ...] = ()
    complete: bool = False
    kept: bool = False

    def outcome(self) -> Outcome:
        """Freeze it."""
        return Outcome(
            status=self.status,
            headers=compared_headers(self.headers),
            body=b"".join(self.chunks),
            chunks=tuple(self.chunks),
            complete=self.complete,
            reason=self.reason,
            kept=self.kept,
            informational=self.informational,
        )


class AnswerReader:
    """Reads one response from a wire, event by event."""

    def __init__(self, wire: Wire, method: str, *, upgrade: bool = False) -> None:
        self.answer = Answer()
        self._wire = wire
        self._h11 = h11.Connection(h11.CLIENT)
        # h11 must have sent a request to know how its answer ends; ours has gone out without it.
        known = method if re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", method) else "GET"
        headers = [("host", "localhost"), *([("connection", "upgrade"), ("upgrade", "websocket")] if upgrade else [])]
        self._h11.send(h11.Request(method=known, target="/", headers=headers))
        self._h11.send(h11.EndOfMessage())
        self._chunk = b""

    def read(self, seconds: float | None = None) -> bool:
        """Take one event; False when the response (or the connection) has ended or nothing came in `seconds`."""
        while True:
            try:
                event = self._h11.next_event()
            except h11.RemoteProtocolError:
                return False  # torn, or not HTTP: `complete` stays False
            if event is not h11.NEED_DATA:
                return self._take(event)
            data = self._wire.receive(seconds)
            if data is None:
                return False
            self._h11.receive_data(data)

    def read_all(self) -> Answer:
        """Read until the response has ended."""
        while self.read():
            pass
        return self.answer

    def leftover(self) -> bytes:
        """Give the bytes behind the head: after a 101 they belong to another protocol."""
        return self._h11.trailing_data[0]

    def _take(self, event: object) -> bool:
        answer = self.answer
        if isinstance(event, h11.Response | h11.InformationalResponse):
            if isinstance(event, h11.InformationalResponse) and event.status_code != 101:
                answer.informational += (event.status_code,)
                return True
            answer.status = event.status_code
            answer.reason = event.reason.decode("latin-1")
            raw = event.headers.raw_items()
            answer.headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in raw)
            return True
        if isinstance(event, h11.Data):
            self._gather(event)
            return True
        if isinstance(event, h11.EndOfMessage):
            answer.complete = True
            ended = self._h11.trailing_data[1]  # the end of the connection was the end of the body
            answer.kept = self._h11.their_state is h11.DONE and not ended
        return False

    def _gather(self, data: h11.Data) -> None:
        """Join what TCP split: a chunk is whole when its end was seen; an unchunked body is one piece."""
        chunks = self.answer.chunks
        if chunks and not data.chunk_start:
            chunks[-1] += bytes(data.data)
        else:
            chunks.append(bytes(data.data))


class Browser:
    """Sends the requests of one contract run; keeps the last connection for a step that reuses it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._wire: Wire | None = None

    def exchange(self, request: Request, printed: Callable[[], str]) -> Outcome:
        """Send the request and see it through; `printed` gives what the app printed since the step began."""
        wire = self._connection(request.reuse)
        if wire is None:
            return Outcome(status=None, headers=(), body=b"", chunks=(), complete=False, reason="", kept=False)
        reader = AnswerReader(wire, request.method)
        if _awaits_continue(request):
            wire.send(request.pieces[:1])
            reader.read()
            wire.send(request.pieces[1:])
        else:
            wire.send(request.pieces)
        if request.leave is None:
            reader.read_all()
        else:
            _read_until_leaving(reader, request.leave, printed)
        if not reader.answer.kept:
            self.close()
        return reader.answer.outcome()

    def close(self) -> None:
        """Cut the connection, if one is open."""
        if self._wire is not None:
            self._wire.cut()
            self._wire = None

    def _connection(self, reuse: bool) -> Wire | None:
        if not reuse:
            self.close()
            self._wire = Wire(self._port)
        elif self._wire is not None:
            self._wire.renew()
        return self._wire


def _awaits_continue(request: Request) -> bool:
    head = request.pieces[0]
    return isinstance(head, bytes) and b"\r\nexpect: 100-continue\r\n" in head.lower() and len(request.pieces) > 1


def _read_until_leaving(reader: AnswerReader, leave: Leave, printed: Callable[[], str]) -> None:
    """Read on until every condition holds, then return: the caller cuts the connection."""
    deadline = time.monotonic() + DEADLINE
    while len(reader.answer.chunks) < leave.chunks or leave.log not in printed():
        if time.monotonic() > deadline:
            raise DeadlineError("the moment to leave did not come")
        _read_for(TICK, reader)
    _read_for(leave.seconds, reader)
    reader.answer.kept = False


def _read_for(seconds: float, reader: AnswerReader) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if not reader.read(left):
            time.sleep(max(0.0, end - time.monotonic()))  # nothing more will come: the client just stays
