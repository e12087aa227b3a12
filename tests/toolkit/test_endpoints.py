"""Endpoints as classes: a method for each verb, and three for a websocket."""

import pytest

from rawasgi.app import App
from rawasgi.exceptions import HTTPException
from rawasgi.instruments.conversation import converse, handshake, request
from rawasgi.responses import PlainTextResponse
from rawasgi.routing import Route, WebSocketRoute
from rawasgi.toolkit.endpoints import HTTPEndpoint, WebSocketEndpoint
from tests.drive import broken, websocket
from tests.instruments.messages import ACCEPT, close, left, start
from tests.instruments.messages import sent as sent_text

TEXT = (b"content-type", b"text/plain; charset=utf-8")
OPENED: dict[str, object] = {**ACCEPT, "subprotocol": None, "headers": []}


class Items(HTTPEndpoint):
    """Two verbs, one on a thread."""

    async def get(self, request):
        return PlainTextResponse(f"got {request.path_params}")

    def delete(self, request):
        if request.query_params:
            raise HTTPException(409)
        return PlainTextResponse("deleted")


def text(words, status=200, *headers):
    """The messages of a text response."""
    pairs = (*headers, (b"content-length", b"%d" % len(words)), TEXT)
    return [start(status, *pairs), {"type": "http.response.body", "body": words}]


@pytest.mark.parametrize("app", [App(routes=[Route("/{id}", Items)]), Route("/{id}", Items)])
def test_each_verb_has_its_method(app):
    """GET answers HEAD too, `def` runs on a thread, and Allow names what is there; inside an App and outside."""
    assert converse(app, request("GET", "/7")) == text(b"got {'id': '7'}")
    assert converse(app, request("HEAD", "/7")) == [start(200, (b"content-length", b"15"), TEXT), {**text(b"")[1]}]
    assert converse(app, request("DELETE", "/7")) == text(b"deleted")
    for verb in ("POST", "get", "DISPATCH", "OPTIONS"):
        allow = (b"allow", b"GET, HEAD, DELETE")
        assert converse(app, request(verb, "/7")) == text(b"Method Not Allowed", 405, allow)


def test_an_exception_of_a_method_is_answered_by_the_app():
    """As that of any handler."""
    assert converse(App(routes=[Route("/", Items)]), request("DELETE", "/?x")) == text(b"Conflict", 409)


def test_an_endpoint_answers_one_type_of_scope():
    """The error says which."""
    sent, error = broken(Items, websocket("/"))
    assert (sent, str(error)) == ([], "Items answers http, not websocket")


def talking(encoding, log):
    """A websocket endpoint that notes what it hears; it fails at "boom", and answers everything else."""

    class Talk(WebSocketEndpoint):
        async def on_receive(self, websocket, data):
            log.append(data)
            if data == "boom":
                raise RuntimeError("boom")
            if data == "bye":
                await websocket.close(4000)
            else:
                await websocket.send_text(f"{data!r}")

        async def on_disconnect(self, websocket, close_code):
            log.append(close_code)

    Talk.encoding = encoding
    return App(routes=[WebSocketRoute("/", Talk)])


@pytest.mark.parametrize(
    ("encoding", "said", "heard"),
    [
        ("text", "hi", "hi"),
        ("bytes", b"hi", b"hi"),
        ("json", '{"a": 1}', {"a": 1}),
        ("json", b"[null]", [None]),
        (None, "hi", "hi"),
        (None, b"hi", b"hi"),
    ],
)
def test_a_message_of_the_encoding_is_handed_on(encoding, said, heard):
    """Accepted, received, answered, and the code of the client's close."""
    log: list[object] = []
    app = talking(encoding, log)
    assert converse(app, handshake("/", said, left(1001))) == [OPENED, sent_text(repr(heard))]
    assert log == [heard, 1001]


@pytest.mark.parametrize(
    ("encoding", "said", "why"),
    [
        ("text", b"hi", "a text message was expected"),
        ("bytes", "hi", "a binary message was expected"),
        ("json", "{", "JSON was expected"),
        ("json", b"\xff", "JSON was expected"),
        ("json", "NaN", "JSON was expected"),
        ("json", "[" * 100_000, "JSON was expected"),
    ],
)
def test_a_message_of_another_encoding_closes_the_websocket(encoding, said, why):
    """With 1003, as Starlette does, but it is no error of the application: nothing is raised."""
    log: list[object] = []
    assert converse(talking(encoding, log), handshake("/", said, "more")) == [OPENED, close(1003, why)]
    assert log == [1003]


def test_a_method_that_closes_hears_its_own_code():
    """What the server says after a close of ours."""
    log: list[object] = []
    assert converse(talking("text", log), handshake("/", "bye")) == [OPENED, close(4000)]
    assert log == ["bye", 4000]


def test_a_method_that_fails_is_1011():
    """The exception goes on to the server, which closes with that code."""
    log: list[object] = []
    connect, boom = {"type": "websocket.connect"}, {"type": "websocket.receive", "text": "boom"}
    said, error = broken(talking("text", log), websocket("/"), connect, boom)
    assert (said, repr(error), log) == ([OPENED], "RuntimeError('boom')", ["boom", 1011])


def test_a_client_that_leaves_is_no_failure():
    """The answer to nobody is dropped, and `on_disconnect` hears 1006."""
    log: list[object] = []
    assert converse(talking("text", log), handshake("/", "hi"), leaves_after=1) == [OPENED]
    assert log[-1] == 1006


def test_an_unknown_encoding_is_refused_when_the_class_is_made():
    """The error names the four."""
    with pytest.raises(ValueError) as caught:
        type("Odd", (WebSocketEndpoint,), {"encoding": "xml"})
    assert str(caught.value) == "Odd.encoding is text, bytes, json or None, not 'xml'"
