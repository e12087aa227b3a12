"""Handshakes that are refused, states in words, and functions as apps."""

from typing import Any

import pytest

from rawasgi.messages.errors import AppProtocolError
from rawasgi.messages.scopes import can_deny
from rawasgi.responses import PlainTextResponse, StreamingResponse
from rawasgi.websockets import WebSocket, WebSocketApp, WebSocketDisconnect, WebSocketState, refuse
from tests.drive import converse, on_a_loop, websocket
from tests.test_websockets import ACCEPT, CAN_DENY, CONNECT, GONE, close, opened, said, socket_of

DENIAL = {"type": "websocket.http.response.start", "status": 401}
DENIAL_BODY = {"type": "websocket.http.response.body"}


@pytest.mark.parametrize("stream", [False, True])
@on_a_loop
async def test_a_handshake_can_be_denied_with_a_response(stream):
    """Status, headers and body reach the client where the server has the extension."""
    socket, sent = socket_of(CONNECT, **CAN_DENY)
    headers = {"x-a": "1"}
    await socket.send_denial_response(
        StreamingResponse([b"no"], 401, headers) if stream else PlainTextResponse("no", 401, headers)
    )
    ends = [(b"content-length", b"2"), (b"content-type", b"text/plain; charset=utf-8")]
    if stream:
        assert sent == [
            {**DENIAL, "headers": [(b"x-a", b"1")]},
            {**DENIAL_BODY, "body": b"no", "more_body": True},
            {**DENIAL_BODY, "body": b"", "more_body": False},
        ]
    else:
        assert sent == [{**DENIAL, "headers": [(b"x-a", b"1"), *ends]}, {**DENIAL_BODY, "body": b"no"}]
    assert socket.application_state is WebSocketState.DISCONNECTED


@pytest.mark.parametrize("extensions", [{}, None, {"tls": {}}])
@on_a_loop
async def test_a_server_without_the_extension_cannot_deny(extensions):
    """RuntimeError names the remedy, nothing is sent, and `close` is still possible."""
    socket, sent = socket_of(CONNECT, extensions=extensions)
    assert not can_deny(socket.scope)
    with pytest.raises(RuntimeError, match=r"has no `websocket.http.response` extension: close\(\) instead$"):
        await socket.send_denial_response(PlainTextResponse("no"))
    assert sent == []
    await socket.close()
    assert sent == [close()]


@on_a_loop
async def test_an_open_websocket_cannot_be_denied():
    """Rule WS17: the denial is an answer to the handshake."""
    socket, sent = socket_of(CONNECT, **CAN_DENY)
    await socket.accept()
    with pytest.raises(AppProtocolError) as caught:
        await socket.send_denial_response(PlainTextResponse("no"))
    assert (caught.value.rule_id, caught.value.state) == ("WS17", "open")
    assert sent == [ACCEPT]


@on_a_loop
async def test_states_are_told_in_starlettes_words():
    """Both sides, from the handshake to the end."""
    socket, _ = socket_of(CONNECT, said(text="a"), GONE)
    told: list[Any] = []

    async def after(step):
        await step
        told.append((socket.application_state.name, socket.client_state.name, repr(socket)))

    told.append((socket.application_state.name, socket.client_state.name, repr(socket)))
    for step in (socket.receive(), socket.accept(), socket.receive_text(), socket.close(), socket.receive()):
        await after(step)
    assert told == [
        ("CONNECTING", "CONNECTING", "<WebSocket /: awaiting_connect>"),
        ("CONNECTING", "CONNECTED", "<WebSocket /: awaiting_answer>"),
        ("CONNECTED", "CONNECTED", "<WebSocket /: open>"),
        ("CONNECTED", "CONNECTED", "<WebSocket /: open>"),
        ("DISCONNECTED", "CONNECTED", "<WebSocket /: closed>"),
        ("DISCONNECTED", "DISCONNECTED", "<WebSocket /: closed>"),
    ]


@on_a_loop
async def test_a_denial_has_a_state_of_its_own():
    """RESPONSE from its start to its last body message."""
    socket, _ = socket_of(CONNECT, **CAN_DENY)
    await socket.receive()
    await socket.send(DENIAL)
    assert (socket.application_state, repr(socket)) == (WebSocketState.RESPONSE, "<WebSocket /: denial_awaiting_body>")
    await socket.send({**DENIAL_BODY, "more_body": True})
    streaming = socket.application_state
    await socket.send(DENIAL_BODY)
    assert [streaming, socket.application_state] == [WebSocketState.RESPONSE, WebSocketState.DISCONNECTED]


@on_a_loop
async def test_a_client_that_left_is_a_state_too():
    """The application's side follows what it hears."""
    socket, _ = await opened(GONE)
    with pytest.raises(WebSocketDisconnect):
        await socket.receive_text()
    assert (socket.application_state, socket.client_state) == (WebSocketState.DISCONNECTED,) * 2
    assert repr(socket) == "<WebSocket /: peer_gone>"


def test_a_websocket_is_a_connection():
    """Path, headers, query and URL are read from the scope as for a request."""
    socket, _ = socket_of(path="/a", headers=[("host", "example.org"), ("X-A", "1")], query_string=b"b=c")
    assert (str(socket.url), dict(socket.query_params)) == ("ws://example.org/a?b=c", {"b": "c"})
    assert socket["path"] == "/a"


def test_a_function_is_an_app():
    """Its websocket is the one of this scope."""

    async def echo(socket):
        assert isinstance(socket, WebSocket)
        await socket.accept()
        async for text in socket.iter_text():
            await socket.send_text(text.upper())

    sent = converse(WebSocketApp(echo), websocket(), CONNECT, said(text="a"), GONE)
    assert sent == [ACCEPT, {"type": "websocket.send", "text": "A"}]


def test_a_blocking_function_is_refused():
    """When it is registered, with the reason."""

    def blocking(websocket):
        """It would need a thread of its own."""

    with pytest.raises(TypeError, match=r"^blocking must be `async def`: a websocket lives on the event loop$"):
        WebSocketApp(blocking)


def test_refuse_is_an_app():
    """It waits for `websocket.connect`, and closes."""
    assert converse(refuse, websocket(), CONNECT) == [close()]


def test_a_disconnect_prints_its_code_and_reason():
    """Its arguments are the two, by default 1000 and nothing."""
    assert repr(WebSocketDisconnect(1001, "away")) == "WebSocketDisconnect(1001, 'away')"
    assert (WebSocketDisconnect().code, WebSocketDisconnect().reason) == (1000, "")
