"""A process with the probe app in it in -> single talks with it, seen from both ends, out.

[bytes > server > app > middleware > routing > handler > response > bytes]

A question asks by scripts: what the app is to do stands in the request, so both sides of an exchange stand in one place.

    talk = stage.ask([START, {"type": "http.response.body", "body": b"hi"}])
    talk.scope["path"]  ->  "/"            talk.answer.body  ->  b"hi"

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html
In FastAPI:   none, because it leaves the connection to the server
In Starlette: none, because it leaves the connection to the server
In Flask:     none, because it leaves the connection to the server
Left out:     proxies in front of the server
"""

import itertools
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Any, Self

from rawasgi.instruments.scoring.notes import Note, Notes, header
from rawasgi.instruments.scoring.servers import Process, ServerError
from rawasgi.instruments.scoring.websocket import HANDSHAKE
from rawasgi.instruments.scoring.wire import Answer, NotHTTP, Silence, Wire

Steps = Sequence[Any]
Fields = Iterable[tuple[str, str]]

START = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]}
END = {"type": "http.response.body", "body": b"hello"}
SIZED = {**START, "headers": [(b"content-length", b"5")]}
HELLO = [SIZED, END]
ACCEPT = {"type": "websocket.accept"}


def begins(status: int = 200, *headers: tuple[bytes, bytes], **more: Any) -> dict[str, Any]:
    """A start."""
    return {"type": "http.response.start", "status": status, "headers": [*headers], **more}


def piece(body: bytes, more: bool = True) -> dict[str, Any]:
    """A piece of a body."""
    return {"type": "http.response.body", "body": body, "more_body": more}


class Talk:
    """One request, from its first byte to what the app has seen of it."""

    def __init__(self, stage: "Stage", call: str, head: bytes, method: str) -> None:
        self.stage = stage
        self.call = call
        self.method = method
        self.head = head
        self.wire = Wire(stage.process.port, stage.seconds)
        self.answer: Answer | None = None

    def __enter__(self) -> Self:
        self.wire.send(self.head)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.wire.leave()

    def read(self) -> Answer | None:
        """The response; None where the connection is closed without one. Raises `Silence`, `NotHTTP`."""
        self.answer = self.wire.answer(self.method)
        return self.answer

    def notes(self, kind: str, count: int = 1, seconds: float | None = None) -> list[Note]:
        """What the app has noted: so many of a kind, or as many as there are when the time is over."""
        return self.stage.notes.wait(self.call, kind, count, self.stage.seconds if seconds is None else seconds)

    @property
    def scope(self) -> dict[str, Any]:
        """The scope. Raises `Silence` where the app was not called."""
        found = self.notes("scope")
        if not found:
            raise Silence("the app is not called")
        return found[0].value  # type: ignore[no-any-return]

    @property
    def has_ended(self) -> bool:
        """Whether the app's call ends in time."""
        return bool(self.notes("ended"))

    @property
    def heard(self) -> list[str]:
        """The types of the messages that the app has taken, once its call is over."""
        self.notes("ended")
        return [note.value["type"] for note in self.notes("received", 0) if not note.error]


class Stage:
    """A server that can be asked. `seconds` is how long it may be silent."""

    def __init__(self, process: Process, seconds: float) -> None:
        self.process = process
        self.seconds = seconds
        self.notes = Notes(process.notes)
        self.count = itertools.count(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:
            self.process.end(0)  # what it has still to say, nobody wants to hear
        self.process.end()
        self.notes.close()

    def begin(self, steps: Steps, line: str = "GET / HTTP/1.1", fields: Fields = (), body: bytes = b"") -> Talk:
        """A request that is about to be sent: enter it, and it is. `body` goes out with the head, as it is."""
        call = str(next(self.count))
        return Talk(self, call, self.head(call, steps, line, fields) + body, line.split(" ")[0])

    def head(self, call: str, steps: Steps, line: str, fields: Fields) -> bytes:
        """The bytes of a request's head."""
        pairs = [("Host", "localhost"), header(call, [*steps]), *fields]
        lines = [line, *(f"{name}: {value}" for name, value in pairs), "", ""]
        return "\r\n".join(lines).encode("latin-1")

    def ask(self, steps: Steps, line: str = "GET / HTTP/1.1", fields: Fields = (), body: bytes = b"") -> Talk:
        """A request, its whole response, and the end of its call."""
        with self.begin(steps, line, fields, body) as talk:
            talk.read()
            talk.notes("ended")
        return talk

    def socket(self, steps: Steps, target: str = "/", fields: Fields = ()) -> Talk:
        """A handshake that is about to be sent. The script begins by itself with taking the connect."""
        return self.begin(["receive", *steps], f"GET {target} HTTP/1.1", [*HANDSHAKE, *fields])

    def check(self) -> None:
        """Ask for the simplest there is. Raises `ServerError` where that is too much."""
        words = self.process.last_words
        try:
            answer = self.ask(HELLO).answer
        except Silence:
            raise ServerError(f"it does not answer within {self.seconds:g} s{words()}") from None
        except NotHTTP as error:
            raise ServerError(f"it answers with {error}") from None
        except OSError as error:
            how = self.process.fate("it refuses connections", 1.0)
            raise ServerError(f"{how}{words()}" if str(error) else how) from None
        if answer is None:
            raise ServerError(f"{self.process.fate('it hangs up without an answer', 1.0)}{words()}")
        if (answer.status, answer.body) != (200, b"hello"):
            raise ServerError(f"it answers {answer.status}, and the app has answered 200{words()}")
