"""What an app sends, rightly or not, in -> where the wire says something else out.

bytes > [server > app > middleware > routing > handler > response > bytes]

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html#response-start-send-event
In FastAPI:   none, because it leaves the connection to the server
In Starlette: none, because it leaves the connection to the server
In Flask:     none, because it leaves the connection to the server
Left out:     headers that a server adds by itself
"""

from collections.abc import Iterator

from rawasgi.instruments.checking.finding import Fault
from rawasgi.instruments.scoring.stage import END, HELLO, START, Stage, Talk, begins, piece
from rawasgi.instruments.scoring.verdict import Question
from rawasgi.instruments.scoring.wire import NotHTTP, Silence

GROUP = "response"


def framing(stage: Stage) -> Iterator[Fault]:
    """Pieces without a length: chunks in HTTP/1.1, the end of the connection in 1.0."""
    for version in ("1.1", "1.0"):
        talk = stage.ask([START, piece(b"hel"), piece(b"lo", False)], f"GET / HTTP/{version}")
        answer = talk.answer
        if answer is None or not answer.is_whole or answer.body != b"hello":
            yield Fault("HS21", f"in HTTP/{version} two pieces do not arrive as one body")
        elif version == "1.0" and answer.chunks is not None:
            yield Fault("HS21", "chunks for a client of HTTP/1.0")
        elif version == "1.1" and answer.chunks is None and not answer.values(b"content-length"):
            yield Fault("HS21", "neither chunks nor a length in HTTP/1.1")


def transfer_encoding(stage: Stage) -> Iterator[Fault]:
    """A transfer-encoding from the app says nothing to the client, beside a content-length or alone."""
    length = (b"content-length", b"5")
    for more, what in (((), "a transfer-encoding"), ((length,), "a transfer-encoding beside a content-length")):
        answer = stage.ask([begins(200, (b"transfer-encoding", b"chunked"), *more), END]).answer
        encoded = [] if answer is None else answer.values(b"transfer-encoding")
        if answer is None:
            yield Fault("HS9", f"an app that sends {what} gets no response out")
        elif not answer.is_whole or answer.body != b"hello":
            yield Fault("HS9", f"with {what} from the app the body cannot be read")
        elif len(encoded) > 1 or (encoded and answer.values(b"content-length")):
            yield Fault("HS9", f"{what} from the app goes out, and the client has two framings")


def order(stage: Stage) -> Iterator[Fault]:
    """The values of a header in their order, cookies apart."""
    sent = [(b"x-b", b"1"), (b"set-cookie", b"b=2"), (b"x-a", b"2"), (b"set-cookie", b"a=1"), (b"x-b", b"3")]
    answer = stage.ask([begins(200, (b"content-length", b"5"), *sent), END]).answer
    for name in (b"x-b", b"set-cookie"):
        wanted = [value for known, value in sent if known == name]
        came = answer.values(name) if answer else []
        if came != wanted and not (name == b"x-b" and came == [b"1, 3"]):  # RFC 9110 5.3: lists may be joined
            yield Fault("HS10", f"the values of {name.decode()} arrive as {came}", (str(wanted),))


def silent(stage: Stage) -> Iterator[Fault]:
    """An app that sends a body where none belongs: no byte of it arrives."""
    for method, status in (("HEAD", 200), ("GET", 204), ("GET", 304)):
        length = () if status == 204 else ((b"content-length", b"5"),)
        what = "an answer to HEAD" if method == "HEAD" else f"a {status}"
        with stage.begin([begins(status, *length), END], f"{method} / HTTP/1.1") as talk:
            talk.read()
            talk.notes("ended")
            if not talk.wire.is_silent(0.05) and talk.wire.unread:
                yield Fault("HS18", f"{what} is followed by {talk.wire.unread[:20]!r}")


def length_of_204(stage: Stage) -> Iterator[Fault]:
    """RFC 9110 8.6: "A server MUST NOT send a Content-Length header field in any response with a status code of 204"."""
    answer = stage.ask([begins(204), piece(b"", False)]).answer
    if answer and (answer.values(b"content-length") or answer.values(b"transfer-encoding")):
        yield Fault("HS18", "a 204 with framing for a body")


def after_the_end(stage: Stage) -> Iterator[Fault]:
    """A message after the last one is ignored: it is not sent, and is no error."""
    with stage.begin([*HELLO, piece(b"more", False)]) as talk:
        talk.read()
        if talk.wire.unread:
            yield Fault("HS15", f"a body after the last one arrives as {talk.wire.unread[:20]!r}")
        sent = talk.notes("sent", 3)
        if len(sent) > 2 and sent[2].error:
            yield Fault("HS15", f"a body after the last one: send() raises {sent[2].error[0]}")


NONSENSE = (
    ("an unknown type", {"type": "http.response.nonsense"}, ()),
    ("a start without a status", {"type": "http.response.start"}, ()),
    ("a status that is a str", {"type": "http.response.start", "status": "fine"}, ()),
    ("a body that is a str", {"type": "http.response.body", "body": "text"}, (START,)),
)


def nonsense(stage: Stage) -> Iterator[Fault]:
    """`send` raises on what it cannot understand."""
    for what, message, before in NONSENSE:
        with stage.begin(["strictly", *before, message]) as talk:
            try:
                talk.read()
            except (Silence, NotHTTP):
                pass  # what the client gets is another question
            ended = talk.notes("ended")
            if ended and not ended[0].error:
                yield Fault("G12", f"send() takes {what}")


def extra_keys(stage: Stage) -> Iterator[Fault]:
    """Keys that nobody knows."""
    talk = stage.ask([{**START, "rawasgi.unknown": 1}, {**END, "rawasgi.unknown": [2]}])
    if talk.answer is None or talk.answer.body != b"hello":
        yield Fault("G11", "a message with an unknown key is not taken")


def absent_keys(stage: Stage) -> Iterator[Fault]:
    """Keys that may be absent: no headers in the start, a message of a body without one."""
    for what, rule_id, steps in (
        ("a start without headers", "HS5", ["strictly", {"type": "http.response.start", "status": 200}, END]),
        ("a body message without a body", "HS13", ["strictly", START, {"type": "http.response.body"}]),
    ):
        talk = stage.ask(steps)
        ended = talk.notes("ended")
        if talk.answer is None or talk.answer.status != 200 or not talk.answer.is_whole:
            raised = f": send() raises {ended[0].error[0]}" if ended and ended[0].error else ""
            yield Fault(rule_id, f"{what} is not taken{raised}")


def pressure(stage: Stage) -> Iterator[Fault]:
    """Nobody reads: `send` has to wait, or the server keeps all of it."""
    count, size = 512, 65536
    with stage.begin(["strictly", START, ("flood", piece(b"x" * size), count)]) as talk:
        if len(talk.notes("sent", 2, min(1.0, stage.seconds))) > 1:
            yield Fault("HS19", f"send() takes {count * size >> 20} MiB while the client reads nothing")
        talk.wire.reset()
        talk.notes("ended")


def raises_before(stage: Stage) -> Iterator[Fault]:
    """An app that raises before its start: the client is not left waiting, and is not told that all is well."""
    yield from no_success(stage, ["raise"], "G17", "an app that raises before its start")


def raises_within(stage: Stage) -> Iterator[Fault]:
    """An app that raises within its body: the client sees that something is missing."""
    yield from no_success(stage, [START, piece(b"hel"), 0.1, "raise"], "G17", "an app that raises within its body")


def returns_before(stage: Stage) -> Iterator[Fault]:
    """An app that returns without an answer."""
    yield from no_success(stage, [], "HS16", "an app that returns without an answer")


def returns_within(stage: Stage) -> Iterator[Fault]:
    """An app that returns with half of its body sent."""
    yield from no_success(stage, [START, piece(b"hel"), 0.1], "HS16", "an app that returns within its body")


def no_success(stage: Stage, steps: list[object], rule_id: str, what: str) -> Iterator[Fault]:
    """The connection ends, or an error is answered; and the server lives on."""
    talk = stage.begin(steps)
    try:
        with talk:
            answer = talk.read()
    except Silence:
        yield Fault(rule_id, f"{what} leaves the client waiting")
        return
    if answer is not None and answer.is_whole and answer.status < 400:
        yield Fault(rule_id, f"{what} gives the client a whole {answer.status}")
    if not is_alive(stage):
        yield Fault("G17", f"{what} is the last that the server answers")


def is_alive(stage: Stage) -> bool:
    """Whether the next request is answered."""
    talk: Talk = stage.ask(HELLO)
    return talk.answer is not None and talk.answer.status == 200


QUESTIONS = (
    Question(GROUP, "framing without a length", ("HS21",), framing),
    Question(GROUP, "transfer-encoding from the app ignored", ("HS9",), transfer_encoding),
    Question(GROUP, "header order, set-cookie apart", ("HS10",), order),
    Question(GROUP, "no body to HEAD, 204, 304", ("HS18",), silent),
    Question(GROUP, "204 without framing", ("HS18",), length_of_204),
    Question(GROUP, "send after the last body ignored", ("HS15",), after_the_end),
    Question(GROUP, "send raises on nonsense", ("G12",), nonsense),
    Question(GROUP, "unknown keys taken", ("G11",), extra_keys),
    Question(GROUP, "absent keys have their defaults", ("HS5", "HS13"), absent_keys),
    Question(GROUP, "send waits for a slow reader", ("HS19",), pressure),
    Question("failing app", "raises before the start", ("G17",), raises_before),
    Question("failing app", "raises within the body", ("G17",), raises_within),
    Question("failing app", "returns without an answer", ("G17", "HS16"), returns_before),
    Question("failing app", "returns within the body", ("G17", "HS16"), returns_within),
)
