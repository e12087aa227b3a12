"""ASGI apps inside WSGI: turns between two threads, one loop for all calls, and an end for everything."""

import asyncio
import io
import logging
import threading
from contextlib import asynccontextmanager
from typing import Any
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import fastapi
import pytest
import starlette.applications
import starlette.responses
import starlette.routing

from rawasgi.app import App
from rawasgi.bridges.asgi_in_wsgi import PIECE, ASGIMiddleware
from rawasgi.bridges.wsgi_in_asgi import WSGIMiddleware
from rawasgi.concurrency import BackgroundTask
from rawasgi.messages.errors import AppProtocolError
from rawasgi.responses import PlainTextResponse, StreamingResponse
from rawasgi.routing import Route
from rawasgi.toolkit.lifespans import LifespanError
from tests.instruments.messages import asked, piece, says, start

TEXT = (b"content-type", b"text/plain")


class Server:
    """A WSGI server for one call: what `start_response` was told, and the iterable."""

    def __init__(self, app, method="GET", path="/", body=b"", *, check=True, **environ):
        self.environ = {"REQUEST_METHOD": method, "SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": ""}
        self.environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body)) if body else ""}
        self.environ |= environ
        setup_testing_defaults(self.environ)
        if self.environ["CONTENT_LENGTH"] == "":
            del self.environ["CONTENT_LENGTH"]
        self.status = self.headers = None
        self.body: Any = (validator(app) if check else app)(self.environ, self.start_response)

    def start_response(self, status, headers, exc_info=None):
        self.status, self.headers = status, headers
        return lambda data: None

    def rest(self):
        """All that is still to come, piece by piece; then the iterable is closed, as a server has to."""
        try:
            return list(self.body)
        finally:
            getattr(self.body, "close", bool)()

    @classmethod
    def answers(cls, app, *args, **more):
        """Status, headers and pieces."""
        call = cls(app, *args, **more)
        pieces = call.rest()
        return call.status, call.headers, pieces


@pytest.fixture(autouse=True)
def _no_thread_is_left():
    before = {*threading.enumerate()}
    yield
    for thread in {*threading.enumerate()} - before:
        thread.join(5)  # those of the pool end by themselves, when a lifespan has ended
    assert {*threading.enumerate()} <= before


def reading(heard, *answer):
    """An app that hears the whole body, and then says this."""

    async def app(scope, receive, send):
        if scope["type"] == "http":
            while not heard or heard[-1].get("more_body"):
                heard.append(await receive())
            await says(*answer)(scope, receive, send)
            heard.append(await receive())

    return app


ONE = (
    start(200, TEXT, (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")),
    piece(b"one", True),
    piece(b"", True),
    piece(b"two"),
)


@pytest.mark.parametrize(
    ("body", "environ", "messages"),
    [
        (b"", {}, [asked()]),
        (b"abc", {}, [asked(b"abc")]),
        (b"x" * (PIECE + 3), {}, [asked(b"x" * PIECE, True), asked(b"xxx")]),
        (b"abc", {"CONTENT_LENGTH": "2"}, [asked(b"ab")]),
        (b"abc", {"CONTENT_LENGTH": "", "wsgi.input_terminated": True}, [asked(b"abc", True), asked()]),
        (b"abc", {"CONTENT_LENGTH": ""}, [asked()]),
    ],
    ids=["none", "some", "pieces", "no more than announced", "as much as comes", "none announced"],
)
def test_the_messages_of_both_sides(body, environ, messages):
    """The body in pieces as the app asks; the response as it is; after its end a disconnect."""
    heard: list[dict[str, object]] = []
    with ASGIMiddleware(reading(heard, *ONE)) as app:
        assert Server.answers(app, "POST", body=body, **environ) == (
            "200 OK",
            [("content-type", "text/plain"), ("set-cookie", "a=1"), ("set-cookie", "b=2")],
            [b"one", b"two"],
        )
    assert heard == [*messages, {"type": "http.disconnect"}]


@pytest.mark.parametrize("length", ["x", "-1", "1.5", "٣", "9" * 30])
def test_a_content_length_that_is_no_number_is_400(length):
    """The app is not asked."""
    with ASGIMiddleware(says()) as app:
        answer = Server.answers(app, "POST", check=False, CONTENT_LENGTH=length)
    words = f"CONTENT_LENGTH is no number: {length!r}".encode()
    assert answer == ("400 Bad Request", [("Content-Type", "text/plain; charset=utf-8")], [words])


class Torn(io.BytesIO):
    """An input whose client breaks off, as a server may say it."""

    def read(self, size=-1):
        raise ConnectionResetError("gone")


@pytest.mark.parametrize("body", [io.BytesIO(b"ab"), Torn()])
def test_a_body_that_breaks_off_is_a_disconnect(body):
    """Fewer bytes than were announced, or an error while reading."""
    heard: list[dict[str, object]] = []

    async def app(scope, receive, send):
        if scope["type"] == "http":
            while not heard or heard[-1]["type"] != "http.disconnect":
                heard.append(await receive())

    with ASGIMiddleware(app) as wsgi, pytest.raises(RuntimeError, match="the ASGI app has ended without a response"):
        Server(wsgi, "POST", check=False, CONTENT_LENGTH="5", **{"wsgi.input": body})
    assert heard[-1] == {"type": "http.disconnect"}


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
def test_what_may_have_no_body_has_none(method, status):
    """A server of ASGI drops such bytes; WSGI servers differ."""
    with ASGIMiddleware(says(start(status, TEXT), piece(b"abc", True), piece(b"d"))) as app:
        assert Server.answers(app, method, check=False)[::2] == (
            {200: "200 OK", 204: "204 No Content", 304: "304 Not Modified"}[status],
            [],
        )


def test_what_concerns_one_connection_is_the_servers():
    """Hop-by-hop headers are left out, an unknown status gets a reason, bytes are Latin-1."""
    headers = [(b"connection", b"close"), (b"transfer-encoding", b"chunked"), (b"x-a", b"caf\xe9"), TEXT]
    with ASGIMiddleware(says(start(299, *headers), piece(b"x"))) as app:
        assert Server.answers(app) == ("299 Unknown", [("x-a", "caf\xe9"), ("content-type", "text/plain")], [b"x"])


@pytest.mark.parametrize(
    ("messages", "error", "words"),
    [
        ([piece(b"x")], AppProtocolError, "HS1"),
        ([], RuntimeError, "the ASGI app has ended, and its response was awaiting_start"),
        (
            [{"type": "http.response.early_hint", "links": []}],
            RuntimeError,
            "WSGI cannot carry http.response.early_hint",
        ),
        ([{**start(200), "trailers": True}], RuntimeError, "WSGI cannot carry http.response.start with"),
        ([{"type": "http.response.debug", "info": {}}], RuntimeError, "WSGI cannot carry http.response.debug"),
    ],
)
def test_what_wsgi_cannot_carry_is_an_error(messages, error, words):
    """Raised to the application where it sends, and to the server where nothing was answered."""
    with ASGIMiddleware(says(*messages)) as app, pytest.raises(error, match=words):
        Server(app)


def test_an_exception_reaches_the_server():
    """Before the response from the call, after its first byte from the iterable, which tears the body."""

    async def app(scope, receive, send):
        if scope["path"] == "/late":
            await says(start(200, TEXT), piece(b"a", True))(scope, receive, send)
        if scope["type"] == "http":
            raise ZeroDivisionError(scope["path"])

    with ASGIMiddleware(app) as wsgi:
        with pytest.raises(ZeroDivisionError, match="/early"):
            Server(wsgi, path="/early")
        call = Server(wsgi, path="/late")
        assert next(call.body) == b"a"
        with pytest.raises(ZeroDivisionError, match="/late"):
            next(call.body)
        call.body.close()


def test_an_exception_after_the_response_goes_to_the_log(caplog):
    """The server has its response, whole; an unexpected error of an App is answered with 500 and then raised."""

    async def boom(request):
        raise ZeroDivisionError("boom")

    with ASGIMiddleware(App(routes=[Route("/", boom)])) as app:
        status, _, body = Server.answers(app)
    assert (status, body) == ("500 Internal Server Error", [b"Internal Server Error"])
    assert [(record.name, record.levelno, record.message) for record in caplog.records] == [
        ("rawasgi.bridges", logging.ERROR, "an ASGI app failed when its response was out")
    ]


def streaming(log):
    """An app that streams without end, and notes what it has done."""

    async def pieces():
        try:
            for number in range(1_000_000):
                log.append(number)
                yield b"%d" % number
        finally:
            log.append("closed")

    async def stream(request):
        return StreamingResponse(pieces(), media_type="text/plain", background=BackgroundTask(log.append, "background"))

    return App(routes=[Route("/", stream)])


def test_a_stream_goes_as_fast_as_the_server_asks():
    """`send` returns when the server has come back: the app is never more than one piece ahead."""
    log: list[object] = []
    with ASGIMiddleware(streaming(log)) as app:
        call = Server(app)
        for number in range(5):
            assert next(call.body) == b"%d" % number
            assert log == [*range(number + 1)]
        call.body.close()
    assert log == [0, 1, 2, 3, 4, "closed", "background"]


def test_a_server_that_closes_early_is_a_client_that_left():
    """`send` raises OSError and `receive` gives the disconnect, which is not logged as an error."""
    heard: list[object] = []
    left = threading.Event()

    async def app(scope, receive, send):
        if scope["type"] != "http":
            return
        await send(start(200, TEXT))
        try:
            while True:
                await send(piece(b"x", True))
        except OSError as error:
            heard.append(str(error))
        heard.append(await receive())
        left.set()

    with ASGIMiddleware(app) as wsgi:
        call = Server(wsgi)
        next(call.body)
        call.body.close()
        assert left.wait(5)
    assert heard == ["the WSGI server has closed the response", {"type": "http.disconnect"}]


def test_a_receive_that_was_cancelled_loses_nothing():
    """An app may look for news under a deadline: the piece that was read meanwhile is there for the next one."""
    heard: list[object] = []
    gate = threading.Event()

    class Slow(io.BytesIO):
        def read(self, size=-1):
            gate.wait(5)
            return super().read(size)

    async def app(scope, receive, send):
        if scope["type"] != "http":
            return
        question = asyncio.ensure_future(receive())
        await asyncio.sleep(0)
        question.cancel()
        await asyncio.wait([question])
        gate.set()
        heard.append(await receive())
        await says(start(200, TEXT), piece(b"x"))(scope, receive, send)

    with ASGIMiddleware(app) as wsgi:
        Server.answers(wsgi, "POST", check=False, CONTENT_LENGTH="3", **{"wsgi.input": Slow(b"abc")})
    assert heard == [asked(b"abc")]


def living(log, fails=""):
    """A lifespan that notes what happens on which loop."""

    @asynccontextmanager
    async def lifespan(app):
        log.append("starts")
        if fails == "start":
            raise RuntimeError("no database")
        yield {"loop": asyncio.get_running_loop()}
        log.append("stops")
        if fails == "stop":
            raise RuntimeError("cannot let go")

    return lifespan


async def same_loop(request):
    """Answer whether this request is on the loop that the lifespan was on."""
    await request.body()
    return PlainTextResponse(str(request.state.loop is asyncio.get_running_loop()))


def test_the_lifespan_is_run_at_the_first_call_and_ended_by_close():
    """All calls, from whatever thread, are on its loop and see its state; `with` does both."""
    log: list[str] = []
    app = ASGIMiddleware(App(routes=[Route("/", same_loop)], lifespan=living(log)))
    assert log == []
    bodies: list[object] = []
    calls = [threading.Thread(target=lambda: bodies.append(Server.answers(app)[2])) for _ in range(8)]
    for call in calls:
        call.start()
    for call in calls:
        call.join()
    assert bodies == [[b"True"]] * 8
    assert log == ["starts"]
    app.close()
    app.close()
    assert log == ["starts", "stops"]
    with app:
        assert log == ["starts", "stops", "starts"]
    assert log == ["starts", "stops"] * 2


def test_a_start_up_that_fails_is_raised_until_it_succeeds():
    """From the call, or from `with`; the next call tries again."""
    log: list[str] = []
    app = ASGIMiddleware(App(lifespan=living(log, "start")))
    for attempt in (lambda: Server(app), app.__enter__):
        with pytest.raises(LifespanError, match="the app at the ASGI side failed to start"):
            attempt()
    assert log == ["starts", "starts"]


def test_a_shutdown_that_fails_is_raised_by_close():
    """When everything has been ended."""
    app = ASGIMiddleware(App(lifespan=living([], "stop")))
    app.open()
    with pytest.raises(LifespanError, match="failed to stop"):
        app.close()


def test_a_process_that_was_forked_gets_a_loop_of_its_own():
    """A thread does not live through a fork: the child starts its own, and leaves the parent's alone."""
    log: list[str] = []
    app = ASGIMiddleware(App(routes=[Route("/", same_loop)], lifespan=living(log)))
    parent = app.open()
    parent.process = -1  # as the child of a fork sees it
    assert Server.answers(app)[2] == [b"True"]
    assert app.home is not parent
    app.close()
    assert log == ["starts", "starts", "stops"]
    parent.close()


def test_background_work_keeps_no_server_waiting_and_is_awaited_at_the_end():
    """The iterable ends with the last byte; `close` waits for what still runs."""
    log: list[str] = []
    gate = threading.Event()

    def work():
        gate.wait(5)
        log.append("worked")

    async def answer(request):
        return PlainTextResponse("sent", background=BackgroundTask(work))

    app = ASGIMiddleware(App(routes=[Route("/", answer)]))
    assert Server.answers(app)[2] == [b"sent"]
    assert log == []
    gate.set()
    app.close()
    assert log == ["worked"]


async def told(request):
    """What an app of any family sees of a request."""
    body = (await request.body()).decode()
    return {"path": request.url.path, "root": request.scope["root_path"], "q": dict(request.query_params), "body": body}


def families():
    """The same app three times."""
    ours = App()

    @ours.post("/{rest:path}")
    async def our(request):
        return starlette.responses.JSONResponse(await told(request))

    async def their(request):
        return starlette.responses.JSONResponse(await told(request))

    theirs = starlette.applications.Starlette(routes=[starlette.routing.Route("/{rest:path}", their, methods=["POST"])])
    fast = fastapi.FastAPI()

    @fast.post("/{rest:path}")
    async def fasts(request: fastapi.Request):
        return await told(request)

    return [ours, theirs, fast]


@pytest.mark.parametrize("app", families(), ids=["rawasgi", "starlette", "fastapi"])
def test_apps_of_three_families_answer(app):
    """Paths cross by way of their bytes, with the mount that the WSGI side knows."""
    place = {"SCRIPT_NAME": "/caf\xc3\xa9", "QUERY_STRING": "a=%20b"}
    with ASGIMiddleware(app) as wsgi:
        status, headers, body = Server.answers(wsgi, "POST", "/\xc3\xbc", b"body", **place)
    said = '{"path":"/café/ü","root":"/café","q":{"a":" b"},"body":"body"}'.encode()
    assert (status, b"".join(body)) == ("200 OK", said)
    assert sorted(headers) == [("content-length", str(len(said))), ("content-type", "application/json")]


def test_a_bridge_in_a_bridge_changes_nothing():
    """WSGI in ASGI in WSGI: the pieces come through as they are."""

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"one", environ["wsgi.input"].read(10), b"two"]

    with ASGIMiddleware(WSGIMiddleware(app)) as wsgi:
        assert Server.answers(wsgi, "POST", body=b"body") == (
            "200 OK",
            [("content-type", "text/plain")],
            [b"one", b"body", b"two"],
        )
