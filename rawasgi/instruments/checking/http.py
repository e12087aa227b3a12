"""One request in -> what either side does wrong with it, beyond order and form, out.

bytes > [server > app > middleware > routing > handler > response] > bytes

Here stands what takes more than one message to see: lengths, extensions that were announced, trailers that were named,
and who goes on talking when nobody listens.

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html#http
In FastAPI:   none, because it leaves the protocol to Starlette and to the server
In Starlette: none, because it leaves counting to the server
In Flask:     wsgiref.validate:IteratorWrapper
Left out:     an app that waits for ever with half a response: it may still go on
"""

from typing import Any

from rawasgi.instruments.checking.answer import Answer
from rawasgi.instruments.checking.finding import Fault
from rawasgi.instruments.checking.headers import length_of, values_of
from rawasgi.instruments.checking.watch import Faults, Watch
from rawasgi.messages.types import MESSAGES, SENT_BY_SERVER, Message

# Messages of a response that only an extension allows, which has their name.
EXTENSIONS = frozenset(
    kind
    for kind in MESSAGES.keys() - SENT_BY_SERVER
    if kind.startswith("http.") and kind not in ("http.response.start", "http.response.body")
)
TIDY = 2  # messages to nobody that may still come from an app that finishes what it was at, an error response perhaps


class HTTPWatch(Watch):
    """The call for one request."""

    protocol = "http"
    over = ("complete", "peer_gone", "returned")
    late = "HS22"

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.answer = Answer(self.scope.get("method"))
        headers = self.scope.get("headers", ())
        self.expected = None if values_of(headers, b"transfer-encoding") else length_of(headers)
        self.arrived = 0
        self.unheard = 0

    def sent_faults(self, message: Message) -> Faults:
        """What is wrong with a message of the app."""
        was_gone = self.app.state == "peer_gone"
        is_in_turn = yield from super().sent_faults(message)
        kind = message["type"] if is_in_turn else ""
        if kind in EXTENSIONS and kind not in self.extensions:
            yield Fault("G23", kind, tuple(sorted(EXTENSIONS & self.extensions.keys())))
        if was_gone:
            self.unheard += 1
            if self.unheard == TIDY + 1:
                yield Fault("HS24", f"{self.unheard} messages to a client that has left, and more")
        elif kind == "http.response.start":
            self.answer.start(message)
        elif kind == "http.response.body":
            yield from self.answer.body(message)
        elif kind == "http.response.trailers":
            yield from self.answer.trailer_faults(message)
        elif kind == "http.response.zerocopysend":
            self.answer.file()
        elif kind == "http.response.pathsend":
            self.answer.file()
            yield from self.answer.file_faults()
        return is_in_turn

    def heard_faults(self, message: Message, stood: str) -> Faults:
        """What is wrong with a message of the server."""
        is_in_turn = yield from super().heard_faults(message, stood)
        if is_in_turn and message["type"] == "http.request":
            if stood == "complete":
                yield Fault("HR7", "http.request after the response was sent", ("http.disconnect",))
            body = message.get("body", b"")
            self.arrived += len(body) if isinstance(body, bytes) else 0
            is_short = not message.get("more_body") and self.expected is not None and self.arrived < self.expected
            if self.expected is not None and (self.arrived > self.expected or is_short):
                yield Fault("HR6", f"{self.arrived} bytes of body, content-length {self.expected}")
                self.expected = None  # once said is enough
        return is_in_turn
