"""tiny's app and a websocket, driven message by message."""

import contextlib

import pytest

from rawasgi.tiny.app import App, HTTPException, Response, WebSocketDisconnect
from tests.tiny.driver import CONNECT, broken, converse, websocket


@pytest.fixture
def app():
    """An app with two websockets and a page."""
    app = App()

    @app.get("/hello")
    async def hello(request):
        return Response("hello")

    @app.websocket("/echo")
    async def echo(socket):
        await socket.accept()
        with contextlib.suppress(WebSocketDisconnect):
            while True:
                await socket.send(await socket.receive())

    @app.websocket("/bye")
    async def bye(socket):
        await socket.accept("chat")
        await socket.close(4000, "bye")

    return app


def test_a_websocket_is_accepted_and_echoes(app):
    """Text stays text and bytes stay bytes, whichever of the two keys a server leaves out or sets to None."""
    incoming = [
        CONNECT,
        {"type": "websocket.receive", "text": "a"},
        {"type": "websocket.receive", "bytes": b"b", "text": None},
        {"type": "websocket.receive", "bytes": None, "text": ""},
        {"type": "websocket.disconnect", "code": 1001},
    ]
    assert converse(app, websocket("/echo"), *incoming) == [
        {"type": "websocket.accept", "subprotocol": None},
        {"type": "websocket.send", "text": "a"},
        {"type": "websocket.send", "bytes": b"b"},
        {"type": "websocket.send", "text": ""},
    ]


def test_a_websocket_is_closed_with_code_and_reason(app):
    """Accept names the subprotocol, close the code and the reason."""
    assert converse(app, websocket("/bye"), CONNECT) == [
        {"type": "websocket.accept", "subprotocol": "chat"},
        {"type": "websocket.close", "code": 4000, "reason": "bye"},
    ]


@pytest.mark.parametrize("query", [{}, {"query_string": None}, {"query_string": b"a=1"}])
def test_a_websocket_scope_may_lack_a_query(query):
    """In a websocket scope `query_string` may be absent or None (W5)."""
    app, seen = App(), []

    @app.websocket("/")
    async def handler(socket):
        seen.append(socket.query)

    scope = websocket("/")
    del scope["query_string"]
    converse(app, scope | query, CONNECT)
    assert seen == [{"a": "1"} if query.get("query_string") else {}]


def test_the_code_of_a_disconnect_reaches_the_handler():
    """WebSocketDisconnect carries the code; 1005 where the message has none."""
    app, codes = App(), []

    @app.websocket("/")
    async def handler(socket):
        await socket.accept()
        try:
            await socket.receive()
        except WebSocketDisconnect as left:
            codes.append((left.code, str(left)))

    converse(app, websocket("/"), CONNECT, {"type": "websocket.disconnect", "code": 4001})
    converse(app, websocket("/"), CONNECT, {"type": "websocket.disconnect"})
    assert codes == [(4001, "closed with 4001"), (1005, "closed with 1005")]


@pytest.mark.parametrize("path", ["/nowhere", "/hello"])
def test_an_unknown_websocket_is_refused(app, path):
    """The connect is received first (WS1), then closed, which the server turns into a 403."""
    assert converse(app, websocket(path), CONNECT) == [{"type": "websocket.close"}]


def test_an_exception_in_a_websocket_goes_on_to_the_server():
    """There is no 500 to send on a websocket: the server closes it."""
    app = App()

    @app.websocket("/")
    async def handler(socket):
        await socket.accept()
        raise LookupError("lost")

    sent = [{"type": "websocket.accept", "subprotocol": None}]
    assert broken(app, websocket("/"), CONNECT) == (sent, "LookupError('lost')")


def test_an_http_exception_refuses_the_socket():
    """Raised before accept, it receives the connect and closes: there is no other answer to a handshake here."""
    app = App()

    @app.websocket("/")
    async def handler(socket):
        raise HTTPException(401, "who are you?")

    assert converse(app, websocket("/"), CONNECT) == [{"type": "websocket.close"}]
