"""A client that has left in -> what `send` does from then on out.

bytes > [server > app > middleware > routing > handler > response] > bytes

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html#disconnected-client-send-exception
In FastAPI:   none, because it leaves the connection to the server
In Starlette: none, because it leaves the connection to the server
In Flask:     none, because it leaves the connection to the server
Left out:     how much is written until the system reports the loss
"""

from collections.abc import Iterator

from rawasgi.instruments.checking.finding import Fault
from rawasgi.instruments.scoring.notes import Note
from rawasgi.instruments.scoring.stage import ACCEPT, START, Stage, Talk, piece
from rawasgi.instruments.scoring.verdict import NotOffered, Question
from rawasgi.instruments.scoring.websocket import close, next_frame

GROUP = "disconnect"
DRIPS, PAUSE = 12, 0.05  # pieces to nobody, and the seconds between them
LOGGED = "in play_drip"  # a line of a traceback through the probe app


def late(note: Note, rule_id: str) -> Iterator[Fault]:
    """What is wrong with what a late `send` did."""
    if note.error and "OSError" not in note.error:
        yield Fault(rule_id, f"send() raises {note.error[0]}", ("a subclass of OSError", "nothing"))
    elif note.error and note.error[0] == "OSError":
        yield Fault(rule_id, "send() raises OSError itself", ("a subclass of OSError",))


def send_http(stage: Stage) -> Iterator[Fault]:
    """The app streams on while nobody listens."""
    with stage.begin(["read", START, piece(b"a"), ("drip", piece(b"b"), DRIPS, PAUSE)]) as talk:
        talk.wire.more()
        talk.wire.reset()
        sent = talk.notes("sent", 3, stage.seconds + DRIPS * PAUSE)
    if len(sent) == 3:
        yield from late(sent[2], "HS22")
    elif not talk.has_ended:
        yield Fault("HS22", "send() to a client that has left does not come back")


def after_disconnect(stage: Stage) -> Iterator[Fault]:
    """The app was told, and sends all the same."""
    with stage.begin(["read", "listen", START, piece(b"late", False)]) as talk:
        talk.notes("read")
        talk.wire.leave()
        sent = talk.notes("sent", 2)
    if not talk.notes("received", 0):
        raise NotOffered("the app is not told that the client has left")
    for note in sent:
        yield from late(note, "G19")


def not_logged(stage: Stage) -> Iterator[Fault]:
    """What the server itself raised out of `send` is no error of the app when it comes back."""
    drip = ("drip", piece(b"b"), DRIPS, PAUSE)
    say = ("drip", {"type": "websocket.send", "text": "late"}, DRIPS, PAUSE)
    raised = []
    with stage.begin(["read", START, piece(b"a"), "strictly", drip]) as talk:
        talk.wire.more()
        talk.wire.reset()
        raised += talk.notes("ended", 1, stage.seconds + DRIPS * PAUSE)
    with stage.socket([ACCEPT, "listen", "strictly", say]) as talk:
        if (answer := talk.read()) is not None and answer.status == 101:
            talk.wire.reset()
            raised += talk.notes("ended", 1, stage.seconds + DRIPS * PAUSE)
    names = [note.error[0] for note in raised if "OSError" in note.error]
    if not names:
        raise NotOffered("send() to a client that has left raises nothing")
    stage.check()  # by then whatever it logs is logged
    if LOGGED in stage.process.printed():
        yield Fault(
            "G18", f"{' or '.join(sorted({*names}))}, which the server itself has raised, is logged as the app's error"
        )


def send_socket(stage: Stage) -> Iterator[Fault]:
    """A message after the client's close."""
    with stage.socket([ACCEPT, "listen", {"type": "websocket.send", "text": "late"}]) as talk:
        open_socket(talk)
        talk.wire.send(close(1000))
        next_frame(talk.wire)
        sent = talk.notes("sent", 2)
    if len(sent) == 2:
        yield from late(sent[1], "WS16")
    elif not talk.has_ended:
        yield Fault("WS16", "send() on a closed websocket does not come back")


def open_socket(talk: Talk) -> None:
    """Shake hands. Raises `NotOffered` where that fails: what is wrong there, other questions tell."""
    answer = talk.read()
    if answer is None or answer.status != 101:
        raise NotOffered("the handshake is refused")


QUESTIONS = (
    Question(GROUP, "send while the client has left", ("HS22",), send_http),
    Question(GROUP, "send after the app was told", ("G19",), after_disconnect),
    Question(GROUP, "its own exception is not logged", ("G18",), not_logged),
    Question(GROUP, "websocket: send after the end", ("WS16",), send_socket),
)
