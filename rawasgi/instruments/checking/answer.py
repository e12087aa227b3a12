"""The start of a response, and its body piece by piece, in -> what does not add up out.

bytes > server > app > middleware > routing > handler > [response] > bytes

A response over HTTP and the denial of a websocket are counted alike.

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html#response-body-send-event
In FastAPI:   none, because it leaves the response to Starlette
In Starlette: none, because it leaves counting to the server
In Flask:     none, because it leaves counting to the server
Left out:     the size of a file that the server reads by itself
"""

from collections.abc import Iterator

from rawasgi.instruments.checking.finding import Fault, tail
from rawasgi.instruments.checking.headers import length_of, listed, names_listed, pairs_of, values_of
from rawasgi.instruments.checking.values import FITS
from rawasgi.messages.types import Message
from rawasgi.responses import BODILESS


class Answer:
    """What a response promised, and how much of it was sent."""

    def __init__(self, method: object) -> None:
        self.is_head = method == "HEAD"
        self.promised: int | None = None
        self.written = 0
        self.status: object = None
        self.headers: object = ()

    def start(self, message: Message) -> None:
        """`http.response.start`, or that of a denial."""
        self.status, self.headers = message.get("status"), message.get("headers", ())
        if not self.is_silent:
            self.promised = length_of(self.headers)

    @property
    def is_silent(self) -> bool:
        """Whether no byte of a body belongs to it, whatever its content-length says."""
        return self.is_head or (FITS[int](self.status) and self.status in BODILESS)

    def body(self, message: Message) -> Iterator[Fault]:
        """`http.response.body`, or that of a denial."""
        piece = message.get("body", b"")
        size = len(piece) if isinstance(piece, bytes) else 0
        self.written += size
        if size and self.is_silent:
            why = "an answer to HEAD" if self.is_head else f"status {self.status}"
            yield Fault("HS18", f"body of {size} bytes with {why}")
        if self.promised is None:
            return
        if self.written > self.promised or (not message.get("more_body") and self.written < self.promised):
            yield Fault("HS17", f"{self.written} bytes of body, content-length {self.promised}")
            self.promised = None  # once said is enough

    def file(self) -> None:
        """A file in place of a body: the server alone knows how much that is."""
        self.promised = None

    def file_faults(self) -> Iterator[Fault]:
        """The headers that a server which reads a file by itself does not add."""
        for name in (b"content-type", b"content-length"):
            if not values_of(self.headers, name):
                yield Fault("X11", f"http.response.pathsend, and no {name.decode()} in the start")

    def trailer_faults(self, message: Message) -> Iterator[Fault]:
        """`http.response.trailers`, which the start has to name."""
        sent = {name.lower() for name, _ in pairs_of(message.get("headers", ()))}
        unnamed = sent - names_listed(self.headers, b"trailer")
        if unnamed:
            yield tail("X3", f"trailer {listed(sorted(unnamed))}, which the header trailer does not name")
