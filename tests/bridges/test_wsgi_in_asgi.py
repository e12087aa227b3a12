"""WSGI applications inside ASGI: what they are given, what becomes of what they say, and that all is closed at the end."""

import asyncio
import contextvars
import subprocess
import sys
import threading
from wsgiref.validate import validator

import flask
import pytest

from rawasgi.app import App
from rawasgi.bridges.wsgi_in_asgi import WSGIMiddleware
from rawasgi.concurrency import threads
from rawasgi.instruments.conversation import Conversation, converse, end, handshake, life, request
from rawasgi.routing import Mount
from tests.drive import broken, on_a_loop
from tests.drive import http as drive_http
from tests.instruments.messages import close, piece, start

PLAIN = (b"content-type", b"text/plain")
TEXT = [("Content-Type", "text/plain")]


class Pieces:
    """An iterable that notes where it was left, and may do something at each piece."""

    def __init__(self, *pieces, log):
        self.pieces, self.log = iter(pieces), log

    def __iter__(self):
        return self

    def __next__(self):
        item = next(self.pieces)
        if callable(item):
            item = item()
        self.log.append(item)
        return item

    def close(self):
        self.log.append("closed")


def saying(*pieces, log=None, status="200 OK", headers=(), before=()):
    """A WSGI application that answers with these pieces."""
    log = [] if log is None else log

    def app(environ, start_response):
        write = start_response(status, [*TEXT, *headers])
        for data in before:
            write(data)
        return Pieces(*pieces, log=log)

    return app


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


@pytest.mark.parametrize("spec_version", ["2.3", "2.5"])
@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_client_that_leaves_stops_the_iterable(spec_version, after):
    """At its next piece, whether the server says so by `send` or only by `receive`; it is closed, and no thread is kept."""
    log: list[object] = []
    asked = request("GET", "/", spec_version=spec_version)
    endless = (b"%d" % number for number in range(1_000_000))
    app = WSGIMiddleware(lambda environ, begin: begin("200 OK", TEXT) and Endless(endless, log))

    def ask():
        return converse(app, asked, leaves_after=after)

    if spec_version == "2.5":
        with pytest.raises(OSError):
            ask()
    else:
        sent = ask()
        assert sent == [start(200, PLAIN), piece(b"0", True), piece(b"1", True)][:after]
    assert log[-1] == "closed"
    assert len(log) < 100_000
    threads.close()


class Endless(Pieces):
    """The same from one iterator."""

    def __init__(self, pieces, log):
        self.pieces, self.log = pieces, log


@pytest.mark.parametrize("spec_version", ["2.3", "2.5"])
@pytest.mark.parametrize("turns", [0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64])
@on_a_loop
async def test_a_cancellation_waits_for_the_thread(turns, spec_version):
    """Cancelled after any number of turns of the loop: the iterable is closed when the task ends, and no task stays."""
    log: list[object] = []
    before = asyncio.all_tasks()
    asked = request("POST", "/", body=[b"a", b"b"], spec_version=spec_version)
    app = WSGIMiddleware(lambda environ, begin: begin("200 OK", TEXT) and Endless(iter(lambda: b"x", b""), log))
    conversation = Conversation(app, asked.scope, asked.messages)
    task = conversation.start()
    for _ in range(turns):
        await asyncio.sleep(0)
    await end(task)
    assert task.cancelled()
    assert log[-1:] in ([], ["closed"])
    assert log.count("closed") == min(1, len(log))
    assert asyncio.all_tasks() == before
    threads.close()


@on_a_loop
async def test_a_request_that_waits_for_a_thread_is_given_up_at_once():
    """With all threads busy the application was never called."""
    log: list[object] = []
    gate = threading.Event()
    threads.resize(1)
    try:
        busy = asyncio.get_running_loop().run_in_executor(threads.executor(), gate.wait)
        asked = request("GET", "/")
        conversation = Conversation(WSGIMiddleware(saying(b"x", log=log)), asked.scope, asked.messages)
        task = conversation.start()
        for _ in range(10):
            await asyncio.sleep(0)
        await end(task)
        assert (task.cancelled(), log, conversation.sent) == (True, [], [])
    finally:
        gate.set()
        await busy
        threads.resize(40)


def site():
    """A Flask application with a redirect, an upload, cookies and an error of its own."""
    app = flask.Flask("site")

    @app.get("/hello/<name>")
    def hello(name):
        return {
            "name": name,
            "root": flask.request.root_path,
            "url": flask.request.url,
            "a": flask.request.args.getlist("a"),
        }

    @app.post("/up")
    def up():
        return {"form": flask.request.form, "file": flask.request.files["file"].read().decode()}

    @app.get("/cookies")
    def cookies():
        response = flask.jsonify(flask.request.cookies)
        response.set_cookie("x", "1")
        response.set_cookie("y", "2")
        return response

    @app.get("/there")
    def there():
        return flask.redirect(flask.url_for("hello", name="é"))

    return app


FORM = (
    b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nhello\r\n--b--\r\n'
)


@pytest.mark.parametrize(
    "asked",
    [
        request("GET", "/old/hello/caf%C3%A9%2Fx?a=1&a=%20"),
        request("GET", "/old/hello/%FF"),
        request("POST", "/old/up", {"content-type": "multipart/form-data; boundary=b"}, [FORM[:50], FORM[50:]]),
        request("GET", "/old/cookies", [(b"cookie", b"a=1"), (b"cookie", b"b=2")]),
        request("GET", "/old/there"),
        request("DELETE", "/old/there"),
        request("HEAD", "/old/cookies"),
    ],
    ids=lambda asked: f"{asked.scope['method']} {asked.scope['path']}",
)
def test_a_flask_application_answers_below_a_mount_as_it_does_by_itself(asked):
    """Status, headers and body are those of Flask's own client, which calls the application without a bridge."""
    flask_app = site()
    sent = converse(App(routes=[Mount("/old", WSGIMiddleware(flask_app))]), asked)
    target = asked.scope["raw_path"].decode()[len("/old") :]
    if query := asked.scope["query_string"]:
        target += f"?{query.decode()}"
    headers = [(name.decode(), value.decode()) for name, value in asked.scope["headers"] if name != b"cookie"]
    cookies = "; ".join(value.decode() for name, value in asked.scope["headers"] if name == b"cookie")
    native = flask_app.test_client(use_cookies=False).open(
        target,
        base_url="http://testserver/old",
        method=asked.scope["method"],
        headers=[*headers, *([("cookie", cookies)] if cookies else [])],
        data=b"".join(message["body"] for message in asked.messages),
    )
    assert sent[0] == start(native.status_code, *((n.lower().encode(), v.encode()) for n, v in native.headers))
    assert b"".join(message["body"] for message in sent[1:]) == native.data


DJANGO = """
from comparisons.p01_introduction.hello_world.django_app import wsgi
from rawasgi import App, Mount, WSGIMiddleware
from rawasgi.instruments.conversation import converse, request
app = App(routes=[Mount("/old", WSGIMiddleware(wsgi))])
for path in ("/old/", "/old/double/21", "/old/nowhere"):
    sent = converse(app, request("GET", path, {"host": "localhost"}))
    print(sent[0]["status"], dict(sent[0]["headers"])[b"content-type"], sent[1]["body"][:40])
"""


def test_a_django_application_answers_below_a_mount():
    """In a process of its own, since Django has one set of settings for all."""
    ran = subprocess.run([sys.executable, "-c", DJANGO], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == [
        "200 b'application/json' b'{\"message\": \"Hello, world\"}'",
        "200 b'application/json' b'{\"double\": 42}'",
        "404 b'text/html; charset=utf-8' b'\\n<!doctype html>\\n<html lang=\"en\">\\n<head>'",
    ]
