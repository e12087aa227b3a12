"""WSGI applications inside ASGI: what they are given, what becomes of what they say, and that all is closed at the end."""

import asyncio
import contextvars
import sys
import threading
from wsgiref.validate import validator

import pytest

from rawasgi.bridges.wsgi_in_asgi import WSGIMiddleware
from rawasgi.concurrency import threads
from rawasgi.instruments.conversation import Conversation, converse, handshake, life, request
from tests.bridges.wsgi_apps import PLAIN, TEXT, Pieces, saying
from tests.drive import broken, on_a_loop
from tests.drive import http as drive_http
from tests.instruments.messages import close, piece, start


def raising(error):
    """Something to do at a piece."""

    def fail():
        raise error

    return fail


def test_the_messages_of_a_wsgi_application():
    """The head with the first piece, each piece as it comes, the end after the last, and then it is closed."""
    log: list[object] = []
    app = WSGIMiddleware(
        validator(saying(b"one", b"", b"two", log=log, headers=[("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]))
    )
    cookies = ((b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"))
    assert converse(app, request("GET", "/")) == [
        start(200, PLAIN, *cookies),
        piece(b"one", True),
        piece(b"two", True),
        piece(),
    ]
    assert log == [b"one", b"", b"two", "closed"]


def test_what_is_written_comes_before_what_is_iterated():
    """`write`, the older way to answer."""
    app = WSGIMiddleware(validator(saying(b"two", before=[b"one"])))
    assert converse(app, request("GET", "/")) == [start(200, PLAIN), piece(b"one", True), piece(b"two", True), piece()]


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified", "200 OK"])
def test_what_may_have_no_body_has_none(status):
    """204, 304, and every answer to HEAD: the application's bytes are not sent, its headers are."""

    def app(environ, start_response):
        start_response(status, [("Content-Length", "3")])
        return [b"abc"]

    method = "HEAD" if status == "200 OK" else "GET"
    assert converse(WSGIMiddleware(app), request(method, "/")) == [
        start(int(status[:3]), (b"content-length", b"3")),
        piece(),
    ]


def test_no_byte_goes_beyond_the_content_length():
    """The iterable is left, and closed, when enough was sent."""
    log: list[object] = []
    length = [("Content-Length", "4")]
    app = WSGIMiddleware(saying(b"abc", b"def", b"ghi", log=log, headers=length))
    assert converse(app, request("GET", "/")) == [
        start(200, PLAIN, (b"content-length", b"4")),
        piece(b"abc", True),
        piece(b"d", True),
        piece(),
    ]
    assert log == [b"abc", b"def", "closed"]


def test_a_head_that_is_not_out_can_be_changed_with_exc_info():
    """Until the first byte; the second status is the one that is sent."""

    def app(environ, start_response):
        start_response("200 OK", TEXT)
        try:
            raise KeyError("x")
        except KeyError:
            start_response("500 Oops", TEXT, sys.exc_info())
        return [b"sorry"]

    assert converse(WSGIMiddleware(validator(app)), request("GET", "/")) == [
        start(500, PLAIN),
        piece(b"sorry", True),
        piece(),
    ]


def wrong(kind):
    """A WSGI application that breaks a rule of its protocol."""

    def app(environ, start_response):
        if kind == "no start":
            return [b"body"]
        if kind == "nothing":
            return []
        if kind == "late":
            start_response("200 OK", TEXT)(b"out")
            try:
                raise KeyError("late")
            except KeyError:
                start_response("500 Oops", TEXT, sys.exc_info())
        if kind == "twice":
            start_response("200 OK", TEXT)
        statuses = {"status": "OK", "informational": "100 Continue"}
        headers = {
            "hop": [("Connection", "close")],
            "break": [("X-A", "a\r\nX-B: b")],
            "length": [("Content-Length", "many")],
            "wide": [("X-A", "€")],
        }
        start_response(statuses.get(kind, "200 OK"), headers.get(kind, TEXT))
        return [b"body"]

    return WSGIMiddleware(app)


@pytest.mark.parametrize(
    ("kind", "said", "error"),
    [
        ("no start", [], "the WSGI application gave a body, or none, before it called start_response"),
        ("nothing", [], "the WSGI application gave a body, or none, before it called start_response"),
        ("late", [start(200, PLAIN), piece(b"out", True)], "'late'"),
        ("twice", [], "start_response was called twice, and the second time without exc_info"),
        ("status", [], "a status is a final code, a space and a reason, not 'OK'"),
        ("informational", [], "a status is a final code, a space and a reason, not '100 Continue'"),
        ("hop", [], "'Connection' concerns one connection, and is the server's to set (PEP 3333)"),
        ("break", [], "the header 'X-A' must not hold a line break or NUL: 'a\\r\\nX-B: b'"),
        ("length", [], "a Content-Length is a number, not b'many'"),
        ("wide", [], "'latin-1' codec can't encode character '\\u20ac' in position 0: ordinal not in range(256)"),
    ],
)
def test_a_mistake_of_the_application_is_raised(kind, said, error):
    """To the ASGI side, which answers 500 where nothing is out yet, and tears the body where something is."""
    sent, raised = broken(wrong(kind), drive_http(), {"type": "http.request"})
    assert (sent, str(raised)) == (said, error)


@pytest.mark.parametrize("at", [0, 1])
def test_an_exception_in_the_iterable_closes_it(at):
    """Before the first byte, and after it."""
    log: list[object] = []
    pieces = [b"one", b"two"]
    pieces[at] = raising(ZeroDivisionError("no"))
    sent, raised = broken(WSGIMiddleware(saying(*pieces, log=log)), drive_http(), {"type": "http.request"})
    assert (sent, repr(raised)) == ([[], [start(200, PLAIN), piece(b"one", True)]][at], "ZeroDivisionError('no')")
    assert log == [[], [b"one"]][at] + ["closed"]


def test_the_body_is_there_before_the_application_is_called():
    """Whatever its pieces, in memory or in a file; its length is what has come, and it ends by itself."""

    def app(environ, start_response):
        start_response("200 OK", TEXT)
        body = environ["wsgi.input"]
        read = [body.read(2), body.readline(), body.read(1000), body.read(1)]
        return [repr((environ["CONTENT_LENGTH"], environ["wsgi.input_terminated"], *read)).encode()]

    for size in (1 << 20, 3, 1):
        sent = converse(
            WSGIMiddleware(validator(app), spool_size=size), request("POST", "/", body=[b"abc\nd", b"", b"ef"])
        )
        assert sent[1:] == [piece(b"('7', True, b'ab', b'c\\n', b'def', b'')", True), piece()]


def test_what_wsgi_cannot_say_is_in_the_scope_itself():
    """The state of the lifespan, for example."""

    def app(environ, start_response):
        start_response("200 OK", TEXT)
        return [environ["rawasgi.scope"]["state"]["pool"]]

    assert converse(WSGIMiddleware(app), request("GET", "/", state={"pool": b"ours"}))[1] == piece(b"ours", True)


def test_a_client_that_leaves_in_its_body_calls_nobody():
    """There is no application to be told, and nothing is sent."""
    log: list[object] = []
    messages = ({"type": "http.request", "body": b"a", "more_body": True}, {"type": "http.disconnect"})
    asked = request("POST", "/")._replace(messages=messages)
    assert converse(WSGIMiddleware(lambda *_: log.append("called")), asked) == []  # type: ignore[arg-type]
    assert log == []


def test_other_scopes_are_answered_for_the_application():
    """A websocket is refused with 403; the lifespan closes the threads."""
    app = WSGIMiddleware(saying())
    assert converse(app, handshake("/")) == [close()]
    assert converse(app, life()) == [{"type": "lifespan.startup.complete"}, {"type": "lifespan.shutdown.complete"}]
    assert repr(threads) == "<ThreadPool of 40, closed>"


PLACE = contextvars.ContextVar("PLACE", default="nowhere")


@on_a_loop
async def test_one_call_has_one_thread_and_the_callers_context():
    """From the call to close: not the loop's own, and it sees what was set around it."""
    seen: list[object] = []

    class Noting(Pieces):
        def close(self):
            seen.append((threading.get_ident(), PLACE.get()))

    def here():
        seen.append((threading.get_ident(), PLACE.get()))
        return b"x"

    def app(environ, start_response):
        here()
        start_response("200 OK", TEXT)
        return Noting(here, here, log=[])

    PLACE.set("here")
    asked = request("GET", "/")
    await Conversation(WSGIMiddleware(app), asked.scope, asked.messages).run()
    assert len(seen) == 4
    assert len({*seen}) == 1
    assert seen[0] != (threading.get_ident(), "here")
    assert seen[0][1] == "here"  # type: ignore[index]
    threads.close()


@on_a_loop
async def test_the_application_waits_for_a_slow_client():
    """No piece is made before the server has taken the one before."""
    log: list[object] = []
    gate, arrived = asyncio.Event(), asyncio.Event()

    async def receive():
        return {"type": "http.request"}

    async def send(message):
        if message["type"] == "http.response.body":
            arrived.set()
            await gate.wait()

    task = asyncio.create_task(
        WSGIMiddleware(saying(b"one", b"two", log=log))(request("GET", "/").scope, receive, send)
    )
    await arrived.wait()
    for _ in range(100):
        await asyncio.sleep(0)
    assert log == [b"one"]
    gate.set()
    await task
    assert log == [b"one", b"two", "closed"]
    threads.close()
