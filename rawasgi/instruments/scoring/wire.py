"""A port in -> bytes to and from a server, and the HTTP responses among them, out.

[bytes] > server > app > middleware > routing > handler > response > bytes

A client that can be rude: it tears bodies, resets connections, and sends what no library would. Responses are read here,
by RFC 9112, and not by a library that the server may use too: both would make the same mistake.

Spec:         https://www.rfc-editor.org/rfc/rfc9112#section-6.3
In FastAPI:   none, because it leaves the connection to the server
In Starlette: none, because it leaves the connection to the server
In Flask:     none, because it leaves the connection to the server
Left out:     TLS, names, IPv6, HTTP/2: the server is on loopback
"""

import socket
import struct
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

HOST = "127.0.0.1"
Pairs = list[tuple[bytes, bytes]]


class Silence(TimeoutError):
    """The server does not answer in time."""


class NotHTTP(ValueError):
    """What came is no response; `str` is a piece of it."""


@dataclass
class Answer:
    """A response as it came. `is_whole`: its framing says that nothing is missing."""

    status: int
    headers: Pairs  # names in lower case, in their order
    body: bytes = b""
    is_whole: bool = False
    chunks: int | None = None  # None: the body was not chunked
    trailers: Pairs = field(default_factory=list)
    before: list[tuple[int, Pairs]] = field(default_factory=list)  # 1xx responses

    def values(self, name: bytes) -> list[bytes]:
        """The values of a header."""
        return [value for known, value in self.headers if known == name]


class Wire:
    """One connection. Every wait ends after `seconds`, with `Silence`."""

    def __init__(self, port: int, seconds: float) -> None:
        self.seconds = seconds
        self.socket = socket.create_connection((HOST, port), timeout=seconds)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.address = self.socket.getsockname()[:2]
        self.unread = b""
        self.has_ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Send; a server that has hung up already is found out by reading."""
        try:
            self.socket.sendall(data)
        except TimeoutError:
            raise Silence("the server does not read") from None
        except OSError:
            pass

    def leave(self) -> None:
        """Close, as a client does that has had enough."""
        self.socket.close()

    def reset(self) -> None:
        """Cut the line: nothing of what is under way arrives, and the server's writes fail."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def more(self, seconds: float | None = None) -> bool:
        """Wait for bytes; False at the end of the connection. Raises `Silence`."""
        if self.has_ended:
            return False
        self.socket.settimeout(self.seconds if seconds is None else seconds)
        try:
            data = self.socket.recv(65536)
        except TimeoutError:
            raise Silence("the server does not answer") from None
        except OSError:
            data = b""  # a reset: to a reader, the end
        self.unread += data
        self.has_ended = not data
        return not self.has_ended

    def is_silent(self, seconds: float) -> bool:
        """Whether neither a byte nor the end comes for so long."""
        if self.unread or self.has_ended:
            return False
        try:
            self.more(seconds)
        except Silence:
            return True
        return False

    def ends(self, seconds: float | None = None) -> bool:
        """Whether the server closes the connection in time; what comes until then is kept."""
        end = time.monotonic() + (self.seconds if seconds is None else seconds)
        try:
            while self.more(max(0.001, end - time.monotonic())):
                pass
        except Silence:
            return False
        return True

    def take(self, count: int) -> bytes | None:
        """So many bytes; None where the connection ends before."""
        while len(self.unread) < count:
            if not self.more():
                return None
        taken, self.unread = self.unread[:count], self.unread[count:]
        return taken

    def line(self) -> bytes | None:
        """A line without its end; None where the connection ends within it."""
        while b"\r\n" not in self.unread:
            if not self.more():
                return None
        line, _, self.unread = self.unread.partition(b"\r\n")
        return line

    def fields(self) -> Pairs | None:
        """Header lines, to the empty one."""
        pairs: Pairs = []
        while line := self.line():
            name, colon, value = line.partition(b":")
            if not colon:
                raise NotHTTP(f"a header line without a colon: {line[:60]!r}")
            pairs.append((name.lower(), value.strip(b" \t")))
        return None if line is None else pairs

    def head(self) -> Answer | None:
        """The head of the next response, whatever its status; None where there is none. Raises `NotHTTP`."""
        line = self.line()
        if line is None:
            return None
        version, _, rest = line.partition(b" ")
        if not version.startswith(b"HTTP/1.") or not rest[:3].isdigit():
            raise NotHTTP(f"a status line that is {line[:60]!r}")
        pairs = self.fields()
        return None if pairs is None else Answer(int(rest[:3]), pairs)

    def answer(self, method: str = "GET") -> Answer | None:
        """The next response, with its body; None where the connection ends before its head is whole."""
        before: list[tuple[int, Pairs]] = []
        while (head := self.head()) is not None and 100 <= head.status < 200 and head.status != 101:
            before.append((head.status, head.headers))
        if head is not None:
            head.before = before
            self.read_body(head, method)
        return head

    def read_body(self, answer: Answer, method: str) -> None:
        """The body as RFC 9112 6.3 frames it."""
        if method == "HEAD" or answer.status in (101, 204, 304):
            answer.is_whole = True
        elif any(b"chunked" in value.lower() for value in answer.values(b"transfer-encoding")):
            self.read_chunks(answer)
        elif length := answer.values(b"content-length"):
            if not length[0].isdigit():
                raise NotHTTP(f"a content-length that is {length[0][:60]!r}")
            self.read_length(answer, int(length[0]))
        else:
            answer.is_whole = self.ends()  # "the response body length is determined by the number of octets received"
            answer.body, self.unread = self.unread, b""

    def read_length(self, answer: Answer, length: int) -> None:
        """A body of so many bytes."""
        while len(self.unread) < length and self.more():
            pass
        answer.body, self.unread = self.unread[:length], self.unread[length:]
        answer.is_whole = len(answer.body) == length

    def read_chunks(self, answer: Answer) -> None:
        """A chunked body, with its trailers."""
        answer.chunks = 0
        while (line := self.line()) is not None:
            try:
                size = int(line.partition(b";")[0], 16)
            except ValueError:
                raise NotHTTP(f"a chunk whose size is {line[:60]!r}") from None
            if size == 0:
                trailers = self.fields()
                answer.is_whole = trailers is not None
                answer.trailers = trailers or []
                return
            data = self.take(size + 2)
            if data is None:
                return
            answer.body += data[:-2]
            answer.chunks += 1
