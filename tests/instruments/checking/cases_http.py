"""Each rule of the groups HR, HS and X in -> the calls that break it alone, and the nearest that do not, out."""

import io
import tempfile

from tests.instruments.checking.scenes import Case, Left, http
from tests.instruments.messages import GONE, asked, piece, start

OK = (1, start(), piece(b"x"))
X = b"x"
TRAILERS = {"type": "http.response.trailers"}
PUSH = {"type": "http.response.push", "path": "/a.css", "headers": [(b"accept", b"text/css")]}
HINT = {"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload"]}
DEBUG = {"type": "http.response.debug", "info": {"template": object()}}
PATH = {"type": "http.response.pathsend", "path": "/srv/film.mp4"}
FILE = tempfile.TemporaryFile()  # noqa: SIM115  # open as long as the tests are
ZERO = {"type": "http.response.zerocopysend", "file": FILE}
TYPED = start(200, (b"content-type", b"video/mp4"), (b"content-length", b"9"))
PROMISING = {**start(200, (b"trailer", b"etag")), "trailers": True}
LENGTH = (b"content-length", b"2")


def said(*messages, script=OK, **scope):
    """A request of these messages."""
    return http(*script, said=messages, **scope)


def without(message, key):
    """A message without a key."""
    return {name: value for name, value in message.items() if name != key}


def answered(*messages, **scope):
    """An app that sends this."""
    return http(1, *messages, **scope)


def headed(*pairs, status=200, body=X):
    """An app that answers with these headers."""
    return answered(start(status, *pairs), piece(body))


def debugged(*messages):
    """An app that sends this to a test client."""
    return answered(*messages, extensions={"http.response.debug": {}})


async def raises(scope, receive, send):
    """An app that fails."""
    raise ZeroDivisionError


async def goes_on(scope, receive, send):
    """An app that has no ear for its server."""
    for _ in range(5):
        try:
            await send(piece(X, True))
        except OSError:
            pass


async def gives_up(scope, receive, send):
    """An app that has."""
    await send(piece(X, True))


async def catches(scope, receive, send):
    """An app that cares for no exception at all."""
    try:
        await send(piece(X))
    except Exception:
        pass


GIVEN_LENGTH = {"headers": [(b"content-length", b"3")]}
READ_ALL = (2, start(), piece(X))

REQUESTS = [
    Case("HR1", said({"type": "http.trailers"}), said(asked())),
    Case("HR1", said(start()), said({"type": "http.request"})),
    Case("HR2", said({**asked(), "body": "a"}), said(asked(b"a"))),
    Case("HR2", said({**asked(), "body": None}), said({"type": "http.request", "more_body": False})),
    Case("HR3", said({**asked(), "more_body": 0}), said({"type": "http.request", "body": b""})),
    Case("HR4", said(asked(), asked(), script=READ_ALL), said(asked(b"", True), asked(), script=READ_ALL)),
    Case("HR6", said(asked(b"ab"), **GIVEN_LENGTH), said(asked(b"abc"), **GIVEN_LENGTH)),
    Case(
        "HR6",
        said(asked(b"ab", True), asked(b"cd"), script=READ_ALL, **GIVEN_LENGTH),
        said(asked(b"ab", True), GONE, script=READ_ALL, **GIVEN_LENGTH),
    ),
    Case("HR7", http(start(), piece(X), 1), http(start(), piece(X), 1, said=[GONE])),
    Case("HR8", said(GONE, asked(), script=(2,)), said(GONE, GONE, script=(2,))),
]

RESPONSES = [
    Case("HS1", answered(piece(X), *OK[1:]), answered(HINT, *OK[1:])),
    Case("HS1", answered(TRAILERS, *OK[1:]), debugged(DEBUG, *OK[1:])),
    Case(
        "HS1",
        answered({"type": "http.response.nonsense"}, *OK[1:]),
        answered({"type": "http.response.acme"}, *OK[1:], extensions={"http.response.acme": {}}),
    ),
    Case("HS2", answered(start(), start(), piece(X)), answered(start(), piece(X))),
    Case("HS3", answered(without(start(), "status"), piece(X)), answered(start(), piece(X))),
    Case("HS3", answered(start("200"), piece(X)), answered(start(299), piece(X))),
    Case("HS3", answered(start(True), piece(X)), answered(start(200), piece(X))),
    Case("HS4", answered(start(100), piece()), answered(start(200), piece())),
    Case("HS4", answered(start(600), piece(X)), answered(start(599), piece(X))),
    Case("HS5", answered({**start(), "headers": None}, piece(X)), answered(without(start(), "headers"), piece(X))),
    Case("HS5", headed(("a", "b")), headed([b"a", b"b"])),
    Case(
        "HS5",
        answered({**start(), "headers": {b"a": b"b"}}, piece(X)),
        answered({**start(), "headers": {b"a": b"b"}.items()}, piece(X)),
    ),
    Case("HS5", headed((b"a", None)), answered({**start(), "headers": iter([(b"a", b"b")])}, piece(X))),
    Case("HS6", headed((b"X-Id", b"7")), headed((b"x-id", b"A"))),
    Case("HS7", headed((b":status", b"200")), headed((b"status", b":200"))),
    Case("HS8", headed((b"x id", b"7")), headed((b"x!#$%&'*+-.^_`|~9", b"7"))),
    Case("HS8", headed((b"x", b"a\r\nset-cookie: b")), headed((b"x", b"a\tb \xff"))),
    Case("HS8", headed((b"x", b"a\nb")), headed((b"x", b""))),
    Case("HS8", headed((b"x", b"a\x00")), headed((b"x", b"a\x7f"))),
    Case("HS8", headed((b"x", b" a")), headed((b"x", b"a b"))),
    Case(
        "HS9",
        headed((b"transfer-encoding", b"chunked")),
        headed((b"content-encoding", b"br")),
        level="derived",
        blame="application",
    ),
    Case("HS11", answered({**start(), "trailers": 0}, piece(X)), answered({**start(), "trailers": False}, piece(X))),
    Case("HS12", answered(start(), {"type": "http.response.nonsense"}), answered(start(), piece())),
    Case("HS13", answered(start(), piece("x")), answered(start(), {"type": "http.response.body"})),
    Case("HS13", answered(start(), piece(bytearray(X))), answered(start(), piece(X))),
    Case("HS14", answered(start(), piece(X, None)), answered(start(), without(piece(X), "more_body"))),
    Case("HS14", answered(start(), piece(X, 1), piece()), answered(start(), piece(X, True), piece())),
    Case("HS15", answered(start(), piece(X), piece(X)), answered(start(), piece(X, True), piece(X))),
    Case("HS15", answered(start(), piece(X), start()), answered(start(), piece(X))),
    Case("HS16", answered(), answered(raises)),
    Case("HS12", answered(start()), answered(start(), raises)),
    Case("HS16", answered(start(), piece(X, True)), http(2, start(), piece(X, True), said=[asked(), GONE])),
    Case("HS17", headed(LENGTH), headed(LENGTH, body=b"xy")),
    Case(
        "HS17",
        answered(start(200, LENGTH), piece(b"xyz", True), piece()),
        answered(start(200, LENGTH), piece(b"xy", True), piece()),
    ),
    Case("HS17", headed(LENGTH, LENGTH, body=b"xy"), answered(start(304, LENGTH), piece())),
    Case("HS17", headed((b"content-length", b"-1")), answered(start(200, LENGTH), piece(), method="HEAD")),
    Case("HS18", headed(status=204), headed(status=204, body=b"")),
    Case("HS18", headed(status=304), headed(LENGTH, status=304, body=b"")),
    Case("HS18", answered(start(), piece(X), method="HEAD"), answered(start(), piece(), method="HEAD")),
    Case("HS18", headed(LENGTH, status=204, body=b""), headed(LENGTH, body=b"xy")),
    Case(
        "HS22",
        http(2, start(), catches, said=[asked(), GONE, ZeroDivisionError()]),
        http(2, start(), catches, said=[asked(), GONE, Left()]),
    ),
    Case("HS22", http(1, start(), catches, said=[asked(), OSError()]), http(1, start(), catches, said=[asked()])),
    Case("HS23", answered(PROMISING, piece(X)), answered(PROMISING, piece(X), TRAILERS), blame="application"),
    Case("HS24", http(2, start(), goes_on, said=[asked(), GONE]), http(2, start(), piece(X), said=[asked(), GONE])),
    Case("HS24", http(1, start(), goes_on, said=[asked(), Left()]), http(1, start(), gives_up, said=[asked(), Left()])),
]

EXTENSIONS = [
    Case("X1", answered(start(), TRAILERS, piece(X)), answered(PROMISING, piece(X), TRAILERS)),
    Case(
        "X1", answered(PROMISING, piece(X), piece(X), TRAILERS), answered(PROMISING, piece(X, True), piece(X), TRAILERS)
    ),
    Case(
        "X2",
        answered(PROMISING, piece(X), {**TRAILERS, "headers": 1}),
        answered(PROMISING, piece(X), {**TRAILERS, "headers": [(b"etag", b"7")]}),
    ),
    Case(
        "X2",
        answered(PROMISING, piece(X), {**TRAILERS, "headers": [(b"ETag", b"7")]}),
        answered(PROMISING, piece(X), {**TRAILERS, "headers": [[b"etag", b"A"]]}),
    ),
    Case(
        "X2",
        answered(PROMISING, piece(X), {**TRAILERS, "headers": [(b"etag", b"a\n")]}),
        answered(PROMISING, piece(X), {**TRAILERS, "headers": ()}),
        level="derived",
    ),
    Case(
        "X2",
        answered(PROMISING, piece(X), {**TRAILERS, "more_trailers": 1}, TRAILERS),
        answered(PROMISING, piece(X), {**TRAILERS, "more_trailers": True}, TRAILERS),
    ),
    Case(
        "X3",
        answered(PROMISING, piece(X), {**TRAILERS, "headers": [(b"date", b"7")]}),
        answered(
            {**start(200, (b"trailer", b"Date, etag")), "trailers": True},
            piece(X),
            {**TRAILERS, "headers": [(b"date", b"7")]},
        ),
        level="should",
        blame="application",
    ),
    Case("X4", answered(PUSH, *OK[1:]), answered(start(), PUSH, piece(X))),
    Case("X4", answered(*OK[1:], PUSH), answered(start(), piece(X, True), PUSH, piece(X))),
    Case("X5", answered(start(), without(PUSH, "headers"), piece(X)), answered(start(), PUSH, piece(X))),
    Case(
        "X5", answered(start(), without(PUSH, "path"), piece(X)), answered(start(), {**PUSH, "headers": []}, piece(X))
    ),
    Case(
        "X5", answered(start(), {**PUSH, "path": b"/a"}, piece(X)), answered(start(), {**PUSH, "path": "/é"}, piece(X))
    ),
    Case(
        "X5",
        answered(start(), {**PUSH, "headers": [(b":path", b"/")]}, piece(X)),
        answered(start(), PUSH, PUSH, piece(X)),
    ),
    Case(
        "X5",
        answered(start(), {**PUSH, "headers": [(b"Accept", b"*")]}, piece(X)),
        answered(start(), piece(X, True), PUSH, piece(X)),
    ),
    Case("X7", answered(ZERO, *OK[1:]), answered(start(), ZERO)),
    Case("X7", answered(*OK[1:], ZERO), answered(start(), piece(X, True), ZERO)),
    Case("X8", answered(start(), {**ZERO, "file": io.BytesIO()}), answered(start(), ZERO)),
    Case("X8", answered(start(), without(ZERO, "file")), answered(start(), {**ZERO, "more_body": True}, ZERO)),
    Case("X8", answered(start(), {**ZERO, "offset": -1}), answered(start(), {**ZERO, "offset": 0})),
    Case("X8", answered(start(), {**ZERO, "count": 1.0}), answered(start(), {**ZERO, "count": 1})),
    Case(
        "X8", answered(start(), {**ZERO, "more_body": None}), answered(start(), {**ZERO, "more_body": True}, piece(X))
    ),
    Case("X10", answered(TYPED, piece(b"123456789", True), PATH, piece()), answered(TYPED, PATH)),
    Case(
        "X10",
        answered(PATH, *OK[1:]),
        answered({**PROMISING, "headers": [*PROMISING["headers"], *TYPED["headers"]]}, PATH, TRAILERS),
    ),
    Case("X11", answered(TYPED, {**PATH, "path": "film.mp4"}), answered(TYPED, PATH)),
    Case("X11", answered(TYPED, {**PATH, "path": b"/film.mp4"}), answered(TYPED, PATH)),
    Case("X11", answered(start(200, LENGTH), PATH), answered(TYPED, PATH)),
    Case("X12", answered(start(), HINT, piece(X)), answered(HINT, HINT, start(), piece(X))),
    Case(
        "X13", answered({**HINT, "links": ["</a.css>"]}, *OK[1:]), answered({**HINT, "links": (b"</a.css>",)}, *OK[1:])
    ),
    Case(
        "X13",
        answered({**HINT, "links": b"</a.css>"}, *OK[1:]),
        answered({**HINT, "links": iter([b"</a.css>"])}, *OK[1:]),
    ),
    Case("X13", answered(without(HINT, "links"), *OK[1:]), answered({**HINT, "links": []}, *OK[1:])),
    Case("X14", debugged(DEBUG, DEBUG, *OK[1:]), debugged(DEBUG, *OK[1:])),
    Case("X14", debugged(start(), DEBUG, piece(X)), debugged(DEBUG, *OK[1:])),
    Case("X14", debugged({**DEBUG, "info": {1: 2}}, *OK[1:]), debugged({**DEBUG, "info": {}}, *OK[1:])),
]

CASES = [*REQUESTS, *RESPONSES, *EXTENSIONS]
