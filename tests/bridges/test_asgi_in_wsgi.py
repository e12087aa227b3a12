"""ASGI apps inside WSGI: turns between two threads, one loop for all calls, and an end for everything."""

import asyncio
import io
import logging
import threading

import pytest

from rawasgi.app import App
from rawasgi.bridges.asgi_in_wsgi import PIECE, ASGIMiddleware
from rawasgi.concurrency import BackgroundTask
from rawasgi.messages.errors import AppProtocolError
from rawasgi.responses import StreamingResponse
from rawasgi.routing import Route
from tests.bridges.wsgi_server import Server, no_thread_is_left  # noqa: F401
from tests.instruments.messages import asked, piece, says, start

TEXT = (b"content-type", b"text/plain")


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
