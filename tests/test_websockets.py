"""One websocket, message by message: what is said, and who is told off for speaking out of turn."""

import json
from typing import Any

import pytest

from rawasgi.exceptions import HTTPException, WebSocketException
from rawasgi.messages.errors import AppProtocolError, PeerProtocolError
from rawasgi.websockets import (
    MalformedMessage,
    WebSocket,
    WebSocketDisconnect,
    WebSocketState,
)
from tests.drive import on_a_loop, websocket

CONNECT = {"type": "websocket.connect"}
ACCEPT: dict[str, Any] = {"type": "websocket.accept", "subprotocol": None, "headers": []}
GONE = {"type": "websocket.disconnect", "code": 1001, "reason": "away"}
CAN_DENY: dict[str, Any] = {"extensions": {"websocket.http.response": {}}}


def close(code=1000, reason=""):
    return {"type": "websocket.close", "code": code, "reason": reason}


def said(**data):
    """A message of the client: `text=` or `bytes=`, or both."""
    return {"type": "websocket.receive", **data}


def socket_of(*inbox, **more):
    """A WebSocket, and the list of what it sends."""
    sent, waiting = [], list(inbox)

    async def receive():
        return waiting.pop(0)

    async def send(message):
        sent.append(message)

    return WebSocket(websocket(**more), receive, send), sent


async def opened(*inbox):
    """An accepted WebSocket, and the list of what it sends from then on."""
    socket, sent = socket_of(CONNECT, *inbox)
    await socket.accept()
    sent.clear()
    return socket, sent


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, ACCEPT),
        ({"subprotocol": "chat"}, {**ACCEPT, "subprotocol": "chat"}),
        ({"headers": [(b"x-a", b"1"), (b"x-a", b"2")]}, {**ACCEPT, "headers": [(b"x-a", b"1"), (b"x-a", b"2")]}),
        ({"headers": iter([(b"x-a", b"1")])}, {**ACCEPT, "headers": [(b"x-a", b"1")]}),
    ],
)
@on_a_loop
async def test_accept_waits_for_connect_and_says_what_it_is_given(arguments, message):
    """Subprotocol and headers go out as they are."""
    socket, sent = socket_of(CONNECT, path="/chat")
    await socket.accept(**arguments)
    assert sent == [message]


@on_a_loop
async def test_accept_does_not_ask_for_connect_twice():
    """Who has received `websocket.connect` by hand accepts at once."""
    socket, sent = socket_of(CONNECT)
    assert await socket.receive() == CONNECT
    await socket.accept()
    assert sent == [ACCEPT]


@on_a_loop
async def test_text_bytes_and_json_go_both_ways():
    """In both modes; JSON is written without spaces, in UTF-8."""
    inbox = said(text="é"), said(bytes=b"\xff"), said(text='{"a": 1}'), said(bytes=b"[2]"), said(bytes=None, text="t")
    socket, sent = await opened(*inbox)
    assert await socket.receive_text() == "é"
    assert await socket.receive_bytes() == b"\xff"
    assert await socket.receive_json() == {"a": 1}
    assert await socket.receive_json("binary") == [2]
    assert await socket.receive_text() == "t"
    await socket.send_text("é")
    await socket.send_bytes(b"\xff")
    await socket.send_json({"a": "é"})
    await socket.send_json([2], mode="binary")
    assert sent == [
        {"type": "websocket.send", "text": "é"},
        {"type": "websocket.send", "bytes": b"\xff"},
        {"type": "websocket.send", "text": '{"a":"é"}'},
        {"type": "websocket.send", "bytes": b"[2]"},
    ]


@on_a_loop
async def test_empty_messages_are_messages():
    """An empty text or binary message is no wrong kind of message."""
    socket, _ = await opened(said(text=""), said(bytes=b""), said(text="", bytes=None))
    assert (await socket.receive_text(), await socket.receive_bytes(), await socket.receive_text()) == ("", b"", "")


@on_a_loop
async def test_an_unknown_mode_is_refused_before_anything_is_read_or_sent():
    """The two words are named."""
    socket, sent = await opened()
    with pytest.raises(ValueError, match=r"""^mode is "text" or "binary", not 'bytes'$"""):
        await socket.receive_json("bytes")
    with pytest.raises(ValueError, match=r"""^mode is "text" or "binary", not 'bytes'$"""):
        await socket.send_json({}, "bytes")
    assert sent == []


@pytest.mark.parametrize(
    ("method", "message", "reason"),
    [
        ("receive_text", said(bytes=b"a"), "a text message was expected"),
        ("receive_bytes", said(text="a"), "a binary message was expected"),
        ("receive_json", said(bytes=b"{}"), "a text message was expected"),
        ("receive_text", said(bytes=b"a", text=None), "a text message was expected"),
    ],
)
@on_a_loop
async def test_the_wrong_kind_of_message_is_1003(method, message, reason):
    """RFC 6455, 7.4.1: "an endpoint has received a type of data it cannot accept"."""
    socket, _ = await opened(message)
    with pytest.raises(WebSocketException) as caught:
        await getattr(socket, method)()
    assert (caught.value.code, caught.value.reason) == (1003, reason)


@pytest.mark.parametrize("text", ["{", "", "NaN", "'a'", "[" * 100_000, "9" * 5_000])
@pytest.mark.parametrize("mode", ["text", "binary"])
@on_a_loop
async def test_malformed_json_is_1007(text, mode):
    """It is a WebSocketException and a JSONDecodeError, and no HTTPException; the reason fits into a close frame."""
    socket, _ = await opened(said(text=text) if mode == "text" else said(bytes=text.encode()))
    with pytest.raises(MalformedMessage, match="Malformed JSON") as caught:
        await socket.receive_json(mode)
    assert caught.value.code == 1007
    assert caught.value.reason.startswith("Malformed JSON: ")
    assert len(caught.value.reason.encode()) <= 123
    assert isinstance(caught.value, json.JSONDecodeError)
    assert not isinstance(caught.value, HTTPException)


@on_a_loop
async def test_json_that_is_no_utf_8_is_1007():
    """In binary mode the bytes may be anything."""
    socket, _ = await opened(said(bytes=b"\xff\xff{"))
    with pytest.raises(MalformedMessage):
        await socket.receive_json("binary")


@pytest.mark.parametrize(
    ("method", "messages", "items"),
    [
        ("iter_text", [said(text="a"), said(text="b")], ["a", "b"]),
        ("iter_bytes", [said(bytes=b"a"), said(bytes=b"b")], [b"a", b"b"]),
        ("iter_json", [said(text="1"), said(text="[]")], [1, []]),
    ],
)
@on_a_loop
async def test_iteration_ends_when_the_client_leaves(method, messages, items):
    """The disconnect is the end and no error."""
    socket, _ = await opened(*messages, GONE)
    assert [item async for item in getattr(socket, method)()] == items


@pytest.mark.parametrize(
    ("message", "code", "reason"),
    [
        (GONE, 1001, "away"),
        ({"type": "websocket.disconnect"}, 1005, ""),
        ({"type": "websocket.disconnect", "code": 1006, "reason": None}, 1006, ""),
    ],
)
@on_a_loop
async def test_a_client_that_leaves_is_an_exception_with_code_and_reason(message, code, reason):
    """Every `receive_…` raises it; a missing code is 1005 (rule WR12)."""
    socket, _ = await opened(message)
    with pytest.raises(WebSocketDisconnect) as caught:
        await socket.receive_text()
    assert (caught.value.code, caught.value.reason) == (code, reason)


@on_a_loop
async def test_nothing_is_sent_to_a_client_that_has_gone():
    """Sends raise WebSocketDisconnect with the client's code; the server sees none of them."""
    socket, sent = await opened(GONE)
    assert await socket.receive() == GONE
    for attempt in (socket.send_text("a"), socket.send_json(1), socket.close(1000)):
        with pytest.raises(WebSocketDisconnect) as caught:
            await attempt
        assert caught.value.code == 1001
    assert sent == []


@on_a_loop
async def test_a_send_that_fails_is_a_disconnect():
    """Servers say by OSError that the client is gone: 1006, with the OSError as its cause; then nothing is tried."""
    attempts: list[Any] = []

    async def receive():
        return CONNECT

    async def send(message):
        attempts.append(message["type"])
        if message["type"] == "websocket.send":
            raise OSError("gone")

    socket = WebSocket(websocket(), receive, send)
    await socket.accept()
    with pytest.raises(WebSocketDisconnect) as caught:
        await socket.send_text("a")
    assert caught.value.code == 1006
    assert repr(caught.value.__cause__) == "OSError('gone')"
    with pytest.raises(WebSocketDisconnect):
        await socket.send_text("b")
    assert attempts == ["websocket.accept", "websocket.send"]
    assert socket.application_state is WebSocketState.DISCONNECTED


@on_a_loop
async def test_receive_after_the_end_would_wait_for_ever_and_raises():
    """Nothing follows `websocket.disconnect` (rule WR10); asking again is the application's fault."""
    socket, _ = await opened(GONE)
    await socket.receive()
    with pytest.raises(RuntimeError, match=r"^receive\(\) after websocket.disconnect \(1001\): nothing can follow"):
        await socket.receive()
    with pytest.raises(RuntimeError):
        await socket.receive_text()


@pytest.mark.parametrize("method", ["receive_text", "receive_bytes", "receive_json"])
@on_a_loop
async def test_nothing_can_be_received_before_accept(method):
    """The state is named, and the remedy."""
    socket, _ = socket_of(CONNECT)
    with pytest.raises(RuntimeError, match="nothing can be received while the websocket is awaiting_connect: accept"):
        await getattr(socket, method)()
    await socket.receive()
    with pytest.raises(RuntimeError, match="while the websocket is awaiting_answer"):
        await getattr(socket, method)()


def text(data="a"):
    return {"type": "websocket.send", "text": data}


@pytest.mark.parametrize(
    ("path", "wrong", "rule_id", "state"),
    [
        ([], ACCEPT, "WS1", "awaiting_connect"),
        ([], text(), "WS1", "awaiting_connect"),
        (["connect"], text(), "WS7", "awaiting_answer"),
        (["connect"], {"type": "websocket.http.response.body"}, "WS1", "awaiting_answer"),
        (["connect", "accept"], ACCEPT, "WS2", "open"),
        (["connect", "accept"], {"type": "websocket.http.response.start"}, "WS17", "open"),
        (["connect", "accept", "close"], text(), "WS11", "closed"),
        (["connect", "accept", "close"], close(), "WS11", "closed"),
        (["connect", "close"], ACCEPT, "WS11", "closed"),
        (["connect", "close"], close(), "WS11", "closed"),
        (["connect", "deny"], ACCEPT, "WS18", "denial_awaiting_body"),
        (["connect", "deny"], close(), "WS18", "denial_awaiting_body"),
    ],
)
@on_a_loop
async def test_an_application_that_speaks_out_of_turn_is_told_the_rule(path, wrong, rule_id, state):
    """AppProtocolError with rule, state and message; the server sees nothing of it."""
    socket, sent = socket_of(CONNECT)
    steps = {"accept": ACCEPT, "close": close(), "deny": {"type": "websocket.http.response.start", "status": 403}}
    for step in path:
        await (socket.receive() if step == "connect" else socket.send(steps[step]))
    before = list(sent)
    with pytest.raises(AppProtocolError) as caught:
        await socket.send(wrong)
    assert (caught.value.rule_id, caught.value.state, caught.value.seen) == (rule_id, state, wrong["type"])
    assert sent == before


@pytest.mark.parametrize(
    ("inbox", "rule_id", "state"),
    [
        ([said(text="a")], "WR1", "awaiting_connect"),
        ([GONE], "WR1", "awaiting_connect"),
        ([CONNECT, said(text="a")], "WR2", "awaiting_answer"),
        ([CONNECT, CONNECT], "WR1", "awaiting_answer"),
        ([CONNECT, {"type": "http.request"}], "WR1", "awaiting_answer"),
    ],
)
@on_a_loop
async def test_a_server_that_speaks_out_of_turn_is_not_blamed_on_the_application(inbox, rule_id, state):
    """PeerProtocolError names the server's state and the rule."""
    socket, _ = socket_of(*inbox)
    for _ in inbox[:-1]:
        await socket.receive()
    with pytest.raises(PeerProtocolError) as caught:
        await socket.receive()
    assert (caught.value.rule_id, caught.value.state, caught.value.seen) == (rule_id, state, inbox[-1]["type"])


@on_a_loop
async def test_messages_that_cross_a_close_can_still_be_read():
    """The client may have spoken before it heard the close; its disconnect comes at the end."""
    socket, sent = await opened(said(text="late"), GONE)
    await socket.close(4000, "bye")
    assert sent == [close(4000, "bye")]
    assert await socket.receive() == said(text="late")
    assert await socket.receive() == GONE


@pytest.mark.parametrize("reason", ["é" * 62, "a" * 124])
@on_a_loop
async def test_a_close_reason_is_at_most_123_bytes(reason):
    """Counted in UTF-8; ValueError, and the websocket stays open (RFC 6455, 5.5)."""
    socket, sent = await opened()
    with pytest.raises(ValueError, match=r"^a close reason has at most 123 bytes, this one has 124$"):
        await socket.close(1000, reason)
    assert sent == []
    await socket.close(1000, reason[:61])
    assert sent == [close(1000, reason[:61])]


@on_a_loop
async def test_close_before_accept_waits_for_connect():
    """It is the refusal of the handshake: HTTP 403 (rule WS12)."""
    socket, sent = socket_of(CONNECT)
    await socket.close()
    assert sent == [close()]


@on_a_loop
async def test_a_client_that_leaves_during_the_handshake_is_an_exception():
    """It left between `websocket.connect` and the answer."""
    socket, sent = socket_of(CONNECT, GONE)
    await socket.receive()
    await socket.receive()
    with pytest.raises(WebSocketDisconnect):
        await socket.accept()
    assert sent == []
