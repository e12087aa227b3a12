"""The access log: one line for each request and websocket."""

import logging

import pytest

from rawasgi.app import App
from rawasgi.middlewares.access_log import AccessLogMiddleware
from rawasgi.responses import PlainTextResponse, StreamingResponse
from tests.drive import broken, converse, http, websocket

CONNECT = {"type": "websocket.connect"}


@pytest.fixture
def lines(caplog, monkeypatch):
    """The log, and a clock on which every call takes 1.7 milliseconds."""
    clock = iter(range(1000))
    monkeypatch.setattr("rawasgi.middlewares.access_log.time.perf_counter", lambda: next(clock) * 0.0017)
    caplog.set_level(logging.INFO, "rawasgi.access")
    return caplog


def app():
    """An app with a route for each kind of answer."""
    made = App()

    @made.get("/items/{id}")
    async def item(request):
        return PlainTextResponse("twelve bytes")

    @made.get("/stream")
    async def stream(request):
        return StreamingResponse([b"one", "é"])

    @made.get("/fails")
    async def fails(request):
        raise LookupError("lost")

    @made.websocket("/chat")
    async def chat(websocket):
        await websocket.accept()
        await websocket.send_text("é")
        await websocket.send_bytes(b"abc")
        await websocket.close()

    @made.websocket("/no")
    async def no(websocket):
        await websocket.close()

    @made.websocket("/denied")
    async def denied(websocket):
        await websocket.send_denial_response(PlainTextResponse("who?", 401))

    made.add_middleware(AccessLogMiddleware)
    return made


@pytest.mark.parametrize(
    ("scope", "line"),
    [
        (http(path="/items/7"), '127.0.0.1:41522 "GET /items/7 HTTP/1.1" 200 12 bytes 1.7 ms /items/{id}'),
        (http("HEAD", "/items/7"), '127.0.0.1:41522 "HEAD /items/7 HTTP/1.1" 200 0 bytes 1.7 ms /items/{id}'),
        (http(path="/stream"), '127.0.0.1:41522 "GET /stream HTTP/1.1" 200 5 bytes 1.7 ms /stream'),
        (http(path="/none"), '127.0.0.1:41522 "GET /none HTTP/1.1" 404 9 bytes 1.7 ms -'),
        (http("POST", "/stream"), '127.0.0.1:41522 "POST /stream HTTP/1.1" 405 18 bytes 1.7 ms /stream'),
        (http(path="/none", client=None), '- "GET /none HTTP/1.1" 404 9 bytes 1.7 ms -'),
        (http(path="/none", http_version="2"), '127.0.0.1:41522 "GET /none HTTP/2" 404 9 bytes 1.7 ms -'),
        (http(path="/a\r\nb\x1b"), '127.0.0.1:41522 "GET /a\\r\\nb\\x1b HTTP/1.1" 404 9 bytes 1.7 ms -'),
        (websocket("/no"), '127.0.0.1:41522 "WEBSOCKET /no HTTP/1.1" 403 0 bytes 1.7 ms /no'),
        (websocket("/none"), '127.0.0.1:41522 "WEBSOCKET /none HTTP/1.1" 403 0 bytes 1.7 ms -'),
        (
            websocket("/denied", extensions={"websocket.http.response": {}}),
            '127.0.0.1:41522 "WEBSOCKET /denied HTTP/1.1" 401 4 bytes 1.7 ms /denied',
        ),
    ],
)
def test_each_answer_is_a_line(lines, scope, line):
    """Client, request, status, bytes, time and route; a path can forge no second line."""
    converse(app(), scope, CONNECT)
    assert lines.messages == [line]


def test_bytes_of_a_websocket_are_those_that_were_sent(lines):
    """Text counts in UTF-8, as binary does in bytes."""
    converse(app(), websocket("/chat"), CONNECT)
    assert lines.messages == ['127.0.0.1:41522 "WEBSOCKET /chat HTTP/1.1" 101 5 bytes 1.7 ms /chat']


def test_what_ends_by_an_exception_is_logged_too(lines):
    """`-`, since the layer saw no answer: the boundary outside of it says 500."""
    _, error = broken(app(), http(path="/fails"))
    assert repr(error) == "LookupError('lost')"
    assert lines.messages == ['127.0.0.1:41522 "GET /fails HTTP/1.1" - 0 bytes 1.7 ms /fails']


def test_nothing_that_passes_is_changed(lines):
    """The messages are the same objects, and the lifespan is no request."""
    said = [{"type": "http.response.start", "status": 200}, {"type": "http.response.body"}]

    async def inner(scope, receive, send):
        for message in said:
            await send(message)

    sent = converse(AccessLogMiddleware(inner), http())
    assert all(one is other for one, other in zip(sent, said, strict=True))
    converse(App(middleware=None), {"type": "lifespan"}, {"type": "lifespan.startup"}, {"type": "lifespan.shutdown"})
    converse(app(), {"type": "lifespan"}, {"type": "lifespan.startup"}, {"type": "lifespan.shutdown"})
    assert len(lines.messages) == 1


def test_another_logger_may_be_given(caplog):
    """By default it is `rawasgi.access`, at INFO."""
    caplog.set_level(logging.INFO, "mine")
    converse(AccessLogMiddleware(PlainTextResponse("a"), logging.getLogger("mine")), http())
    assert [(record.name, record.levelname) for record in caplog.records] == [("mine", "INFO")]
    assert AccessLogMiddleware(PlainTextResponse("a")).logger.name == "rawasgi.access"
