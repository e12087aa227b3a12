"""Frames and closes in -> where the app, or the client, is told something else out.

bytes > [server > app] > middleware > routing > handler > response > bytes

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html#websocket
In FastAPI:   none, because it leaves the connection to the server
In Starlette: none, because it leaves the connection to the server
In Flask:     none, because WSGI has no websockets
Left out:     compression, and limits on the size of a message: they are each server's own
"""

import time
from collections.abc import Iterator, Sequence

from rawasgi.instruments.checking.finding import Fault
from rawasgi.instruments.scoring import websocket as ws
from rawasgi.instruments.scoring.questions.leaving import open_socket
from rawasgi.instruments.scoring.stage import ACCEPT, Stage, Talk, begins
from rawasgi.instruments.scoring.verdict import NotOffered, Question
from rawasgi.instruments.scoring.wire import Silence

GROUP = "websocket"
CLOSE = {"type": "websocket.close"}
THINKS = 0.15  # seconds that the app takes for its answer
DENIAL = "websocket.http.response"


def handshake(stage: Stage) -> Iterator[Fault]:
    """What the client offers is in the scope, what the app answers is on the wire, and not before it answers."""
    accept = {**ACCEPT, "subprotocol": "chat.v1", "headers": [(b"x-own", b"1")]}
    with stage.socket([THINKS, accept, CLOSE], fields=[("Sec-WebSocket-Protocol", "chat.v2, chat.v1")]) as talk:
        talk.wire.more()
        came, asked = time.monotonic(), talk.notes("received")
        if not asked or came < asked[0].at + THINKS:
            yield Fault("WR3", "the handshake is answered before the app has answered")
        answer = talk.read()
        if answer is None or answer.status != 101 or answer.values(b"sec-websocket-accept") != [ws.ACCEPT]:
            yield Fault("WS1", f"websocket.accept leads to {'no answer' if answer is None else answer.status}")
            return
        if list(talk.scope.get("subprotocols", ())) != ["chat.v2", "chat.v1"]:
            yield Fault("W6", f"subprotocols are {talk.scope.get('subprotocols')} for chat.v2, chat.v1")
        if answer.values(b"sec-websocket-protocol") != [b"chat.v1"]:
            yield Fault("WS3", f"the subprotocol chat.v1 arrives as {answer.values(b'sec-websocket-protocol')}")
        if answer.values(b"x-own") != [b"1"]:
            yield Fault("WS5", f"a header of accept arrives as {answer.values(b'x-own')}")


def refused(stage: Stage) -> Iterator[Fault]:
    """A close in place of accept."""
    with stage.socket([CLOSE]) as talk:
        answer = talk.read()
    if answer is None or answer.status != 403:
        yield Fault(
            "WS12", f"close before accept leads to {'no answer' if answer is None else answer.status}", ("403",)
        )


def denied(stage: Stage) -> Iterator[Fault]:
    """A response in place of accept, where the server says that it can: in one piece, and in two."""
    start = {**begins(418, (b"x-own", b"1")), "type": f"{DENIAL}.start"}
    for pieces in ((b"teapot",), (b"tea", b"pot")):
        body = [{"type": f"{DENIAL}.body", "body": each, "more_body": each is not pieces[-1]} for each in pieces]
        with stage.socket([start, *body]) as talk:
            if DENIAL not in (talk.scope.get("extensions") or {}):
                raise NotOffered("the extension is not announced")
            answer = talk.read()
        if answer is None or (answer.status, answer.body, answer.values(b"x-own")) != (418, b"teapot", [b"1"]):
            yield Fault(
                "WS18",
                f"a denial with a body in {len(pieces)} {'piece' if len(pieces) == 1 else 'pieces'} arrives as another one",
            )


def messages(stage: Stage) -> Iterator[Fault]:
    """Text and bytes, both ways; a message in fragments is whole; pings are answered, and not heard of."""
    say = [{"type": "websocket.send", "text": "né"}, {"type": "websocket.send", "bytes": b"\0\1"}]
    sent = (
        ws.frame(ws.TEXT, b"caf", is_last=False)
        + ws.frame(ws.PING, b"there?")
        + ws.frame(ws.CONTINUATION, "é".encode())
        + ws.frame(ws.BYTES, b"\0\1")
    )
    with stage.socket([ACCEPT, *say, "receive", "receive"]) as talk:
        open_socket(talk)
        talk.wire.send(sent)
        frames = [ws.next_frame(talk.wire) for _ in range(3)]
        heard = [note.value for note in talk.notes("received", 3)[1:]]
    came = [(frame.kind, frame.payload) for frame in frames if frame]
    if (ws.PONG, b"there?") not in came:
        yield Fault("WR7", "a ping is not answered")
    if [each for each in came if each[0] in (ws.TEXT, ws.BYTES)] != [(ws.TEXT, "né".encode()), (ws.BYTES, b"\0\1")]:
        yield Fault("WS8", f"a text and a bytes message arrive as {came}")
    values = [message.get("text") if message.get("bytes") is None else message["bytes"] for message in heard]
    if values != ["café", b"\0\1"]:
        yield Fault("WR6", f"a text in two fragments and bytes come as {values}")


def not_text(stage: Stage) -> Iterator[Fault]:
    """RFC 6455 8.1: "the endpoint MUST _Fail the WebSocket Connection_" for text that is no UTF-8."""
    with stage.socket([ACCEPT, "listen"]) as talk:
        open_socket(talk)
        talk.wire.send(ws.frame(ws.TEXT, b"\xff\xfe"))
        try:
            ws.until_close(talk.wire)
        except Silence:
            yield Fault("WR6", "a text that is no UTF-8 does not end the connection")
        if "websocket.receive" in talk.heard:
            yield Fault("WR6", "a text that is no UTF-8 is given to the app")


def app_closes(stage: Stage) -> Iterator[Fault]:
    """The app's code and reason are in the close frame; 1000 where it names none."""
    for message, wanted in (({**CLOSE, "code": 4001, "reason": "bye"}, (4001, "bye")), (CLOSE, (1000, ""))):
        frame = closed_by_server(stage, [ACCEPT, message])
        if frame is None or (frame.code, frame.reason) != wanted:
            yield Fault("WS13", f"close with {wanted[0]} {wanted[1]!r} arrives as {close_told(frame)}")


def closed_by_server(stage: Stage, steps: Sequence[object]) -> ws.Frame | None:
    """The close frame that comes of an app; it is answered, as is polite."""
    with stage.socket(steps) as talk:
        open_socket(talk)
        frame = ws.until_close(talk.wire)
        if frame is not None:
            talk.wire.send(ws.frame(ws.CLOSE, frame.payload))
        talk.notes("ended")
    return frame


def close_told(frame: ws.Frame | None) -> str:
    """A close frame in few words."""
    return "the end of the line" if frame is None else f"{frame.code} {frame.reason!r}"


def told_after_close(stage: Stage) -> Iterator[Fault]:
    """Who has closed is told when the socket has ended."""
    with stage.socket([ACCEPT, CLOSE, "receive"]) as talk:
        open_socket(talk)
        frame = ws.until_close(talk.wire)
        talk.wire.send(ws.close(1000 if frame is None else frame.code))
        if len(talk.notes("received", 2)) < 2:
            yield Fault("WR10", "receive() after the app's own close gives nothing", ("websocket.disconnect",))
        elif talk.heard[1] != "websocket.disconnect":
            yield Fault("WR10", f"receive() after the app's own close gives {talk.heard[1]}", ("websocket.disconnect",))


def client_closes(stage: Stage) -> Iterator[Fault]:
    """The client's code and reason."""
    yield from closed_with(stage, ws.close(3333, "späte"), 3333, "späte", "a close with 3333 and a reason")


def client_closes_without(stage: Stage) -> Iterator[Fault]:
    """A close frame without a code."""
    yield from closed_with(stage, ws.close(), 1005, "", "a close without a code")


def line_lost(stage: Stage) -> Iterator[Fault]:
    """No close frame at all."""
    yield from closed_with(stage, None, 1006, "", "a line that is cut")


def closed_with(stage: Stage, frame: bytes | None, code: int, reason: str, what: str) -> Iterator[Fault]:
    """Whether the app is told this code, and this reason if it is told one."""
    with stage.socket([ACCEPT, "receive"]) as talk:
        open_socket(talk)
        if frame is None:
            talk.wire.reset()
        else:
            talk.wire.send(frame)
        came = talk.notes("received", 2)[1:]
    if not came or came[0].error or came[0].value.get("type") != "websocket.disconnect":
        yield Fault("WR10", f"{what} is not told to the app", ("websocket.disconnect",))
        return
    message = came[0].value
    if message.get("code") != code:
        yield Fault("WR8", f"{what} comes with the code {message.get('code')}", (str(code),))
    if message.get("reason") not in (None, reason):
        yield Fault("WR9", f"{what} comes with the reason {message['reason']!r}", (repr(reason),))


def app_ends(stage: Stage) -> Iterator[Fault]:
    """An app that returns, and one that raises: the socket is closed."""
    for step, what in (((), "returns"), (("raise",), "raises")):
        with stage.socket([ACCEPT, *step]) as talk:
            open_socket(talk)
            if not is_closed(talk):
                yield Fault("WS14", f"the app {what} after accept, and the socket stays open")


def is_closed(talk: Talk) -> bool:
    """Whether the server closes, with a frame or without."""
    try:
        ws.until_close(talk.wire)
    except Silence:
        return False
    return True


def unanswered(stage: Stage) -> Iterator[Fault]:
    """An app that returns, and one that raises, without an answer to the connect."""
    for step, what in (((), "returns"), (("raise",), "raises")):
        with stage.socket(step) as talk:
            try:
                answer = talk.read()
            except Silence:
                yield Fault("WS14", f"the app {what} before it accepts, and the client waits")
                continue
        if answer is not None and answer.status < 400:
            yield Fault("WS14", f"the app {what} before it accepts, and the handshake is answered {answer.status}")


QUESTIONS = (
    Question(GROUP, "handshake: subprotocol, headers, when", ("W6", "WR3", "WS1", "WS3", "WS5"), handshake),
    Question(GROUP, "close before accept: 403", ("WS12",), refused),
    Question(GROUP, "denial response", ("WS18",), denied),
    Question(GROUP, "messages, fragments, pings", ("WR6", "WR7", "WS8"), messages),
    Question(GROUP, "text that is no UTF-8", ("WR6",), not_text),
    Question(GROUP, "the app's code and reason", ("WS13",), app_closes),
    Question(GROUP, "disconnect after the app's close", ("WR10",), told_after_close),
    Question(GROUP, "the client's code and reason", ("WR8", "WR9", "WR10"), client_closes),
    Question(GROUP, "close without a code: 1005", ("WR8", "WR9", "WR10"), client_closes_without),
    Question(GROUP, "line lost: 1006", ("WR8", "WR9", "WR10"), line_lost),
    Question(GROUP, "app returns or raises when open", ("WS14",), app_ends),
    Question(GROUP, "app returns or raises before accept", ("WS14",), unanswered),
)
