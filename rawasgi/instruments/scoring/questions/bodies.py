"""A body as it was sent, or torn, in -> where the app is given another one out.

[bytes > server > app] > middleware > routing > handler > response > bytes

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html#request-receive-event
In FastAPI:   none, because it leaves the connection to the server
In Starlette: none, because it leaves the connection to the server
In Flask:     none, because it leaves the connection to the server
Left out:     limits on the size of a body: they are each server's own
"""

import zlib
from collections.abc import Iterator, Sequence

from rawasgi.instruments.checking.finding import Fault
from rawasgi.instruments.scoring.stage import HELLO, START, Stage, Talk, piece
from rawasgi.instruments.scoring.verdict import Question

GROUP = "request body"
LARGE = bytes(range(256)) * 4096  # 1 MiB
CHUNKED = [("Transfer-Encoding", "chunked")]
READ = ["read", *HELLO]


def is_whole(talk: Talk, body: bytes) -> bool:
    """Whether the app has read this body, to its end."""
    read = talk.notes("read")
    return bool(read) and read[0].value == ["http.request", len(body), zlib.crc32(body)]


def outcome(talk: Talk) -> str:
    """What the app has read instead."""
    read = talk.notes("read", 0)
    return f"{read[0].value[1]} bytes, then {read[0].value[0]}" if read else "no end of a body"


def sized(stage: Stage) -> Iterator[Fault]:
    """A body of 1 MiB with its length."""
    talk = stage.ask(READ, "POST / HTTP/1.1", [("Content-Length", str(len(LARGE)))], LARGE)
    if not is_whole(talk, LARGE):
        yield Fault("HR6", f"for a body of {len(LARGE)} bytes the app reads {outcome(talk)}")


def chunked(stage: Stage) -> Iterator[Fault]:
    """Chunks, one with an extension, and a trailer."""
    body = b"5\r\nhello\r\n6;note=x\r\n world\r\n0\r\nX-Trailer: 1\r\n\r\n"
    talk = stage.ask(READ, "POST / HTTP/1.1", CHUNKED, body)
    if not is_whole(talk, b"hello world"):
        yield Fault("HR5", f"for 11 bytes in two chunks the app reads {outcome(talk)}")


def torn(stage: Stage) -> Iterator[Fault]:
    """The client leaves in the middle: the app must not take what has come for the whole."""
    yield from torn_one(stage, "HR6", [("Content-Length", "100")], b"hello", "5 of 100 bytes")


def torn_chunks(stage: Stage) -> Iterator[Fault]:
    """The same between two chunks."""
    yield from torn_one(stage, "HR7", CHUNKED, b"5\r\nhello\r\n", "chunks without the last")


def torn_one(stage: Stage, rule_id: str, fields: list[tuple[str, str]], body: bytes, what: str) -> Iterator[Fault]:
    """A body that the client breaks off once the app is called."""
    with stage.begin(["read"], "POST / HTTP/1.1", fields, body) as talk:
        talk.notes("scope")
        talk.wire.leave()
        read = talk.notes("read")
    if not talk.notes("scope", 0):
        return  # a server that waits for the whole body calls nobody
    if not read and not talk.has_ended:
        yield Fault("HR7", f"after {what} the client leaves, and the app is not told", ("http.disconnect",))
    elif read and read[0].value[0] == "http.request":
        yield Fault(rule_id, f"{what} are given to the app as a whole body", ("http.disconnect",))


def expected(stage: Stage) -> Iterator[Fault]:
    """A client that sends its body once it is asked to."""
    fields = [("Content-Length", "5"), ("Expect", "100-continue")]
    with stage.begin(READ, "POST / HTTP/1.1", fields) as talk:
        talk.notes("scope")
        if talk.wire.is_silent(stage.seconds):
            yield Fault("HR6", "Expect: 100-continue is not answered, and the client keeps its body")
            return
        talk.wire.send(b"hello")
        talk.read()
        if not is_whole(talk, b"hello"):
            yield Fault("HR6", f"for a body that was asked for by a 100 the app reads {outcome(talk)}")


def after_the_response(stage: Stage) -> Iterator[Fault]:
    """Who asks for more after the response is told that it is over; the connection is kept."""
    with stage.begin(["read", *HELLO, "receive"]) as talk:
        talk.read()
        if not talk.notes("received"):
            yield Fault(
                "HR7", "receive() after the response gives nothing while the client stays", ("http.disconnect",)
            )
        elif talk.heard != ["http.disconnect"]:
            yield Fault("HR7", f"receive() after the response gives {', '.join(talk.heard)}", ("http.disconnect",))


def unread(stage: Stage) -> Iterator[Fault]:
    """The same without reading first: an app may answer before it has asked for the request."""
    talk = stage.ask([*HELLO, "receive"])
    if talk.heard == ["http.request"]:
        yield Fault(
            "HR7",
            "receive() after the response gives http.request to an app that has not read it",
            ("http.disconnect",),
        )


def waiting(stage: Stage) -> Iterator[Fault]:
    """The client closes while the app waits in `receive`."""
    yield from told_of_leaving(stage, ["read", "receive"], "leave", "the client closes before the response")


def waiting_reset(stage: Stage) -> Iterator[Fault]:
    """The line is cut while the app waits in `receive`."""
    yield from told_of_leaving(stage, ["read", "receive"], "reset", "the line is cut before the response")


def streaming(stage: Stage) -> Iterator[Fault]:
    """The client closes while the app waits in `receive`, half of its response sent."""
    steps = ["read", START, piece(b"a"), "receive"]
    yield from told_of_leaving(stage, steps, "leave", "the client closes within the response")


def told_of_leaving(stage: Stage, steps: Sequence[object], how: str, what: str) -> Iterator[Fault]:
    """The app waits, the client goes."""
    with stage.begin(steps) as talk:
        talk.notes("read")
        if len(steps) > 2:
            talk.wire.more()
        getattr(talk.wire, how)()
        if not talk.notes("received") and not talk.has_ended:
            yield Fault("HR7", f"{what}, and the app is not told", ("http.disconnect",))
        elif wrong := [kind for kind in talk.heard if kind != "http.disconnect"]:
            yield Fault("HR7", f"{what}, and the app is given {wrong[0]}", ("http.disconnect",))


QUESTIONS = (
    Question(GROUP, "1 MiB with its length", ("HR6",), sized),
    Question(GROUP, "chunked, with a trailer", ("HR5",), chunked),
    Question(GROUP, "torn, with its length", ("HR6", "HR7"), torn),
    Question(GROUP, "torn, chunked", ("HR7",), torn_chunks),
    Question(GROUP, "Expect: 100-continue", ("HR6",), expected),
    Question("disconnect", "after the response", ("HR7",), after_the_response),
    Question("disconnect", "after the response, request unread", ("HR7",), unread),
    Question("disconnect", "client closes, app waits", ("HR7",), waiting),
    Question("disconnect", "line is cut, app waits", ("HR7",), waiting_reset),
    Question("disconnect", "client closes within the response", ("HR7",), streaming),
)
