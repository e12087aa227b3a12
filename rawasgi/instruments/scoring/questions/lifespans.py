"""Start-ups and shutdowns, good and bad, in -> what the server makes of them out.

[bytes > server > app] > middleware > routing > handler > response > bytes

Each needs a process of its own, which the question ends as an orchestrator does: by SIGTERM.

Spec:         https://asgi.readthedocs.io/en/latest/specs/lifespan.html
In FastAPI:   none, because it leaves the connection to the server
In Starlette: none, because it leaves the connection to the server
In Flask:     none, because WSGI has no lifespan
Left out:     servers that are told to do without a lifespan, or to insist on one
"""

from collections.abc import Iterator

from rawasgi.instruments.checking.finding import Fault
from rawasgi.instruments.scoring.questions.scopes import SHARED
from rawasgi.instruments.scoring.servers import STOP
from rawasgi.instruments.scoring.stage import HELLO, SIZED, Stage, piece
from rawasgi.instruments.scoring.verdict import Question
from rawasgi.instruments.scoring.wire import Answer, NotHTTP, Silence

GROUP = "lifespan"
STARTED, STOPPED = {"type": "lifespan.startup.complete"}, {"type": "lifespan.shutdown.complete"}
MESSAGE = "the database of the probe is away"
UNHURRIED = 0.3  # seconds that the app takes for its shutdown

GOOD = ["strictly", "receive", ("share", SHARED), STARTED, "receive", UNHURRIED, STOPPED]
NOT_STARTED = ["strictly", "receive", {"type": "lifespan.startup.failed", "message": MESSAGE}]
UNKNOWN = ["raise"]
NOT_STOPPED = ["strictly", "receive", STARTED, "receive", {"type": "lifespan.shutdown.failed", "message": MESSAGE}]


def start_fails(stage: Stage) -> Iterator[Fault]:
    """The app says that it cannot start: nobody is served, the message is logged, the server ends."""
    answer = answer_of(stage)
    if answer is not None:
        yield Fault("L8", f"after a failed start-up a request is answered {answer.status}")
    if stage.process.wait(STOP) is None:
        yield Fault("L8", "after a failed start-up the server does not end")
    if MESSAGE not in stage.process.printed():
        yield Fault("L8", "the message of a failed start-up is not logged")


def start_raises(stage: Stage) -> Iterator[Fault]:
    """The app knows no lifespan, and is served all the same."""
    answer = answer_of(stage)
    if answer is None or answer.status != 200:
        yield Fault("L9", "an app that raises on the lifespan scope is not served")


def answer_of(stage: Stage) -> Answer | None:
    """What the simplest request gets, if anything: the server may have ended, or end with it."""
    if not stage.process.listens():
        return None
    try:
        return stage.ask(HELLO).answer
    except (OSError, Silence, NotHTTP):
        return None


def stops(stage: Stage) -> Iterator[Fault]:
    """SIGTERM, while a request is under way: that ends, the app is told, the server waits for its answer, and ends too.

    Whether the app is told too early, while the request is open, the checker around the probe app sees.
    """
    with stage.begin([SIZED, piece(b"he"), UNHURRIED, piece(b"llo", False)]) as talk:
        talk.wire.more()
        stage.process.terminate()
        talk.has_ended  # noqa: B018  # it waits
    status = stage.process.wait(stage.seconds + STOP)
    heard = [note.value["type"] for note in stage.notes.of("lifespan", "received") if not note.error]
    if heard != ["lifespan.startup", "lifespan.shutdown"]:
        yield Fault("L10", "SIGTERM leads to no lifespan.shutdown")
    elif status is None:
        yield Fault("L12", "the server does not end after lifespan.shutdown.complete")
    elif len(stage.notes.of("lifespan", "sent")) < 2:
        yield Fault("L12", f"the server does not wait {UNHURRIED} s for lifespan.shutdown.complete")


def stop_fails(stage: Stage) -> Iterator[Fault]:
    """The app says that its shutdown has failed: that is logged."""
    stage.process.terminate()
    if stage.process.wait(stage.seconds + STOP) is None:
        yield Fault("L12", "the server does not end after lifespan.shutdown.failed")
    if MESSAGE not in stage.process.printed():
        yield Fault("L12", "the message of lifespan.shutdown.failed is not logged")


START_FAILS = Question(GROUP, "start-up failed: not served", ("L8",), start_fails)
START_RAISES = Question(GROUP, "start-up raises: served", ("L9",), start_raises)
STOPS = Question(GROUP, "SIGTERM: shutdown, awaited", ("L10", "L12"), stops)
STOP_FAILS = Question(GROUP, "shutdown failed: logged", ("L12",), stop_fails)
