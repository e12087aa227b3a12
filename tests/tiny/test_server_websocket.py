"""tiny's server and the frames of a websocket, over real sockets."""

import asyncio
import logging
from typing import Any

import pytest
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, Pong, TextMessage
from wsproto.frame_protocol import CloseReason

from rawasgi.messages.errors import AppProtocolError
from tests.tiny.served import ACCEPTED, CONNECT, DELIVERIES, disconnect, for_http, on_loop, served, talk, turns

# What the client says -> what the app receives, and what the client hears: it is an echo.
CONVERSATIONS: dict[str, tuple[list[Event], list[dict[str, Any]], list[Event]]] = {
    "text": ([TextMessage("héllo")], [{"text": "héllo"}], [TextMessage("héllo")]),
    "bytes": ([BytesMessage(b"\x00\xff")], [{"bytes": b"\x00\xff"}], [BytesMessage(b"\x00\xff")]),
    "empty": (
        [TextMessage(""), BytesMessage(b"")],
        [{"text": ""}, {"bytes": b""}],
        [TextMessage(""), BytesMessage(b"")],
    ),
    "long": ([BytesMessage(b"z" * 300)], [{"bytes": b"z" * 300}], [BytesMessage(b"z" * 300)]),
    "many": (
        [TextMessage(str(n)) for n in range(9)],
        [{"text": str(n)} for n in range(9)],
        [TextMessage(str(n)) for n in range(9)],
    ),
    "fragments": (
        [TextMessage("a", message_finished=False), TextMessage("", message_finished=False), TextMessage("é")],
        [{"text": "aé"}],
        [TextMessage("aé")],
    ),
    "fragments of bytes": (
        [BytesMessage(b"a", message_finished=False), BytesMessage(b"b")],
        [{"bytes": b"ab"}],
        [BytesMessage(b"ab")],
    ),
    "ping": ([Ping(b"are you there?")], [], [Pong(b"are you there?")]),
    "ping amid fragments": (
        [TextMessage("a", message_finished=False), Ping(b"p"), Pong(b"unasked"), TextMessage("b")],
        [{"text": "ab"}],
        [Pong(b"p"), TextMessage("ab")],
    ),
    "close": ([CloseConnection(4000, "bye")], [disconnect(4000, "bye")], [CloseConnection(4000, "bye")]),
    "close without a code": (
        [CloseConnection(CloseReason.NO_STATUS_RCVD)],
        [disconnect(1005)],
        [CloseConnection(CloseReason.NO_STATUS_RCVD, "")],
    ),
    "text and close": (
        [TextMessage("a"), CloseConnection(1001)],
        [{"text": "a"}, disconnect(1001)],
        [TextMessage("a"), CloseConnection(1001, "")],
    ),
}


def received(messages):
    return [{"type": "websocket.receive", **message} for message in messages]


@pytest.mark.parametrize("delivery", [*DELIVERIES, "with a tail"])
@pytest.mark.parametrize("name", CONVERSATIONS)
@on_loop
async def test_frames_become_messages_however_they_arrive(name, delivery):
    """Whole messages only (WR6), control frames stay below (WR7), the close has its code and reason (WR8)."""
    frames, messages, echoes = CONVERSATIONS[name]
    app = talk(ACCEPTED)
    async with served(app) as server:
        client = await server.connect()
        await client.open_socket()
        if delivery == "with a tail" and "close" not in name:
            frames, echoes = [*frames, TextMessage("tail")], [*echoes, TextMessage("tail")]
            messages = [*messages, {"text": "tail"}]
        await client.say(*frames, delivery=delivery if delivery in DELIVERIES else "whole")
        assert [await client.event() for _ in echoes] == echoes
        if "close" in name:
            assert await client.event() is None
    assert app.received[: len(messages) + 1] == [CONNECT, *received(messages)]


BROKEN = {
    "not masked": (b"\x81\x01a", 1002),
    "unknown opcode": (b"\x83\x80\x00\x00\x00\x00", 1002),
    "reserved bit": (b"\xc1\x80\x00\x00\x00\x00", 1002),
    "a text that is no UTF-8": (b"\x81\x82\x00\x00\x00\x00\xc3\x28", 1007),
    "a text that ends amid a character": (b"\x81\x81\x00\x00\x00\x00\xc3", 1007),
    "a ping of 126 bytes": (b"\x89\xfe\x00\x7e\x00\x00\x00\x00" + b"p" * 126, 1002),
    "a fragment of nothing": (b"\x80\x80\x00\x00\x00\x00", 1002),
}


@pytest.mark.parametrize("delivery", DELIVERIES)
@pytest.mark.parametrize("name", BROKEN)
@on_loop
async def test_a_broken_frame_closes_the_socket(name, delivery):
    """The client is told with the code of its fault, the app with a disconnect of the same code."""
    data, code = BROKEN[name]
    app = talk(ACCEPTED)
    async with served(app) as server:
        client = await server.connect()
        await client.open_socket()
        await client.send(data, delivery)
        event = await client.event()
        assert (type(event), event.code) == (CloseConnection, code)
        assert await client.event() is None
    assert [message["type"] for message in app.received] == ["websocket.connect", "websocket.disconnect"]
    assert app.received[-1]["code"] == code


@on_loop
async def test_the_app_closes_and_the_client_agrees():
    """The code is on the wire (WS13); the app is told when the client's close frame has come (WR10)."""
    app = talk(ACCEPTED, {"type": "websocket.close", "code": 4001, "reason": "enough"})
    async with served(app) as server:
        client = await server.connect()
        await client.open_socket()
        event = await client.event()
        assert event == CloseConnection(4001, "enough")
        await client.say(event.response())
        assert await client.event() is None
    assert app.received == [CONNECT, disconnect(4001, "enough")]


@on_loop
async def test_what_the_client_said_before_it_agreed_still_arrives():
    """Between the app's close and the client's, messages come in as before."""
    seen = []

    @for_http
    async def app(scope, receive, send):
        await receive()
        await send(ACCEPTED)
        await send({"type": "websocket.close"})
        seen.extend([await receive(), await receive()])

    async with served(app) as server:
        client = await server.connect()
        await client.open_socket()
        await client.say(TextMessage("late"))
        event = await client.event()
        assert event == CloseConnection(1000, "")
        await client.say(event.response())
        assert await client.event() is None
    assert seen == [{"type": "websocket.receive", "text": "late"}, disconnect(1000)]


@on_loop
async def test_a_client_that_is_lost_is_1006(caplog):
    """Without a close frame the code is 1006 (WR8), and no error is logged."""
    app = talk(ACCEPTED)
    async with served(app) as server:
        client = await server.connect()
        await client.open_socket()
        await client.leave()
        await app.over.wait()
    assert app.received == [CONNECT, disconnect(1006)]
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@on_loop
async def test_an_app_that_only_sends_learns_by_an_oserror(caplog):
    """It never receives, so `send` tells it (WS16)."""
    outcome = asyncio.get_running_loop().create_future()

    @for_http
    async def app(scope, receive, send):
        await receive()
        await send(ACCEPTED)
        try:
            while True:
                await send({"type": "websocket.send", "text": "tick"})
                await asyncio.sleep(0)
        except OSError as error:
            outcome.set_result(str(error))
            raise

    async with served(app) as server:
        client = await server.connect()
        await client.open_socket()
        assert await client.event() == TextMessage("tick")
        await client.leave()
        assert await outcome == "websocket.send to a client that has left"
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@on_loop
async def test_an_app_that_returns_has_nothing_more_to_say():
    """After accept, the socket is closed with 1000 (WS14), and the client may agree before the line is cut."""

    @for_http
    async def app(scope, receive, send):
        await receive()
        await send(ACCEPTED)

    async with served(app) as server:
        client = await server.connect()
        await client.open_socket()
        assert await client.event() == CloseConnection(1000, "")
        await turns()
        assert not client.hung_up  # who hangs up first may lose what is on its way
        await client.say(CloseConnection(1000))
        assert await client.event() is None


@on_loop
async def test_after_the_end_both_ways_say_so():
    """send after close breaks WS11; receive after the disconnect can bring nothing and raises too."""
    seen = []

    @for_http
    async def app(scope, receive, send):
        await receive()
        await send(ACCEPTED)
        await send({"type": "websocket.close"})
        with pytest.raises(AppProtocolError) as late:
            await send({"type": "websocket.send", "text": "late"})
        await receive()
        with pytest.raises(RuntimeError, match="nothing can follow it"):
            await receive()
        seen.append((late.value.rule_id, late.value.state))

    async with served(app) as server:
        client = await server.connect()
        await client.open_socket()
        await client.say((await client.event()).response())
        assert await client.event() is None
    assert seen == [("WS11", "closed")]


@on_loop
async def test_a_pong_that_waits_for_a_slow_reader_loses_no_message():
    """While the pong waits for room, more comes in: the next receive must find it."""
    messages = []

    @for_http
    async def app(scope, receive, send):
        await receive()
        await send(ACCEPTED)
        flood = asyncio.create_task(send({"type": "websocket.send", "bytes": b"z" * (1 << 21)}))
        messages.append(await receive())
        await flood

    async with served(app, buffer=32_768) as server:
        client = await server.connect(buffer=32_768)
        await client.open_socket()
        await turns()  # the flood has filled the pipe
        await client.say(Ping(b"p"))
        await turns()  # the pong waits
        await client.say(TextMessage("hello"))
        await turns()
        while not isinstance(await client.event(), CloseConnection):
            pass
    assert messages == received([{"text": "hello"}])
