"""Broadcast within a process: everybody hears everything, nobody waits for anybody, and a full queue has a policy."""

import asyncio
import json
from typing import Any

import pytest

from rawasgi.app import App
from rawasgi.toolkit.broadcast import Broadcast, SlowClient
from tests.drive import exchange, on_a_loop, websocket
from tests.instruments.messages import CONNECT, close, left, said, sent

ACCEPT: dict[str, Any] = {"type": "websocket.accept", "subprotocol": None, "headers": []}
GONE = left(1001)


async def settled():
    """Let whatever is ready run."""
    for _ in range(10):
        await asyncio.sleep(0)


@on_a_loop
async def test_everybody_on_a_channel_hears_what_is_published_while_they_listen():
    """In order, each all of it; nothing of other channels, nothing from before or after."""
    broadcast = Broadcast()
    await broadcast.publish("a", "too early")
    with broadcast.subscribe("a") as one, broadcast.subscribe("a") as two, broadcast.subscribe("b") as other:
        for message in "xyz":
            await broadcast.publish("a", message)
        await broadcast.publish("b", "é")
        assert [await anext(one) for _ in range(3)] == [await anext(two) for _ in range(3)] == ["x", "y", "z"]
        assert await anext(other) == "é"
        assert repr(broadcast) == "<Broadcast, 3 listeners to 2 channels, close>"
        assert repr(one) == "<Subscriber, 0 of 100 waiting, 0 dropped>"
    assert broadcast.subscribers == {}
    await broadcast.publish("a", "too late")
    assert list(one.waiting) == []


@on_a_loop
async def test_a_waiting_listener_is_woken_and_a_cancelled_one_loses_nothing():
    """A time limit around the next message ends the waiting, not the subscription."""
    async with Broadcast() as broadcast:
        with broadcast.subscribe("a") as messages:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0):
                    await anext(messages)
            waiting = asyncio.create_task(anext(messages))
            await settled()
            await broadcast.publish("a", "x")
            assert await waiting == "x"


@pytest.mark.parametrize(
    ("policy", "kept", "state"),
    [
        ("drop_oldest", ["3", "4"], "2 of 2 waiting, 3 dropped"),
        ("drop_newest", ["0", "1"], "2 of 2 waiting, 3 dropped"),
    ],
)
@on_a_loop
async def test_a_full_queue_drops_by_its_policy(policy, kept, state):
    """The oldest or the newest; the gaps are counted, and the listener goes on."""
    broadcast = Broadcast(2, policy)
    with broadcast.subscribe("a") as messages:
        for number in range(5):
            await broadcast.publish("a", str(number))
        assert repr(messages) == f"<Subscriber, {state}>"
        assert [await anext(messages), await anext(messages)] == kept
        await broadcast.publish("a", "on")
        assert await anext(messages) == "on"


@on_a_loop
async def test_a_full_queue_that_closes_ends_its_listener_alone():
    """SlowClient instead of the next message, then again; the other listener has all."""
    broadcast = Broadcast(2)
    with broadcast.subscribe("a") as slow, broadcast.subscribe("a") as quick:
        for number in range(5):
            await broadcast.publish("a", str(number))
            assert await anext(quick) == str(number)
        for _ in range(2):
            with pytest.raises(SlowClient, match=r"^1013: you read too slowly$"):
                await anext(slow)
        assert repr(slow) == "<Subscriber, overflowed, 1 dropped>"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"max_queue": 0}, "max_queue is a number of messages from 1 on, not 0"),
        ({"policy": "block"}, "policy is one of close, drop_oldest, drop_newest, not 'block'"),
    ],
)
def test_what_a_broadcast_cannot_be_is_said_when_it_is_made(arguments, why):
    """A queue without room, a policy that nobody knows."""
    with pytest.raises(ValueError, match=f"^{why}$"):
        Broadcast(**arguments)


@on_a_loop
async def test_text_without_utf_8_is_refused_where_it_is_published():
    """JSON can carry half a surrogate pair: it would break every client it was sent to."""
    broadcast = Broadcast()
    with broadcast.subscribe("a") as messages, pytest.raises(UnicodeEncodeError):
        await broadcast.publish("a", json.loads('"\\ud800"'))
    assert list(messages.waiting) == []


def room(broadcast, **options):
    """An app with one room, in which everybody hears everybody."""
    app = App()

    @app.websocket("/")
    async def talk(websocket):
        await websocket.accept()
        await broadcast.relay(websocket, "room", lambda text: broadcast.publish("room", text), **options)

    return app


@on_a_loop
async def test_a_burst_is_no_reason_to_call_others_slow():
    """Many messages that came at once are published one turn after the other: a queue of one has room for all."""
    burst = [str(number) for number in range(200)]
    app, sent_to = room(Broadcast(1)), [Stuck(1000), Stuck(1000)]
    inboxes: list[asyncio.Queue[Any]] = [asyncio.Queue(), asyncio.Queue()]
    talks = [
        asyncio.create_task(app(websocket("/"), inbox.get, send)) for inbox, send in zip(inboxes, sent_to, strict=True)
    ]
    inboxes[1].put_nowait(CONNECT)
    await settled()
    for message in (CONNECT, *map(said, burst), GONE):
        inboxes[0].put_nowait(message)
    await talks[0]
    inboxes[1].put_nowait(GONE)
    await talks[1]
    assert sent_to[1].sent == [ACCEPT, *map(sent, burst)]
    assert sent_to[0].sent[:100] == sent_to[1].sent[:100]


@pytest.mark.parametrize("goodbye", [GONE, left(1006)])
@on_a_loop
async def test_a_relay_sends_what_is_published_until_the_client_leaves(goodbye):
    """Its own words come back to it as to everybody; no task and no listener stays."""
    broadcast = Broadcast()
    inbox: asyncio.Queue[Any] = asyncio.Queue()
    outbox: asyncio.Queue[Any] = asyncio.Queue()
    talking = asyncio.create_task(room(broadcast)(websocket("/"), inbox.get, outbox.put))
    for message in (CONNECT, said("hello")):
        inbox.put_nowait(message)
    assert [await outbox.get(), await outbox.get()] == [ACCEPT, sent("hello")]
    await broadcast.publish("room", "from elsewhere")
    assert await outbox.get() == sent("from elsewhere")
    inbox.put_nowait(goodbye)
    await talking
    assert (outbox.empty(), broadcast.subscribers) == (True, {})
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize(
    ("message", "code", "reason"),
    [({"type": "websocket.receive", "bytes": b"x"}, 1003, "a text message was expected"), (said("\ud800"), None, None)],
)
@on_a_loop
async def test_what_a_client_says_wrongly_ends_its_own_relay(message, code, reason):
    """Bytes close it with 1003; what `hear` raises comes out of the relay."""
    broadcast = Broadcast()
    talking = exchange(room(broadcast), websocket("/"), [CONNECT, message])
    if code is None:
        with pytest.raises(UnicodeEncodeError):
            await talking
    else:
        assert await talking == [ACCEPT, close(code, reason)]
    assert broadcast.subscribers == {}


class Stuck:
    """A `send` that stops after so many messages, as that of a client that does not read; `flows` lets it go on."""

    def __init__(self, after):
        self.after, self.sent, self.flows = after, [], asyncio.Event()
        self.is_stuck = asyncio.Event()

    async def __call__(self, message):
        if len(self.sent) >= self.after and not self.flows.is_set():
            self.is_stuck.set()
            await self.flows.wait()
        self.sent.append(message)


async def flood(broadcast, count):
    """Publish so many messages, and let each be taken."""
    for number in range(count):
        await broadcast.publish("room", str(number))
        await settled()


@pytest.mark.parametrize("reads_its_close", [True, False])
@on_a_loop
async def test_a_client_that_does_not_read_is_closed_and_holds_up_nobody(reads_its_close):
    """Its handler is stuck in `send`; the relay ends all the same, and a client that reads has every message."""
    broadcast = Broadcast(3)
    stuck, quick = Stuck(2), Stuck(100)
    app = App()
    inboxes: list[asyncio.Queue[Any]] = [asyncio.Queue(), asyncio.Queue()]

    @app.websocket("/")
    async def talk(websocket):
        await websocket.accept()
        await broadcast.relay(websocket, "room", patience=10 if reads_its_close else 0)

    talks = [
        asyncio.create_task(app(websocket("/"), inbox.get, send))
        for inbox, send in zip(inboxes, (stuck, quick), strict=True)
    ]
    for inbox in inboxes:
        inbox.put_nowait(CONNECT)
    await settled()
    await flood(broadcast, 10)
    if reads_its_close:
        stuck.flows.set()
    await talks[0]
    goodbye = [close(1013, "you read too slowly")] if reads_its_close else []
    assert stuck.sent == [ACCEPT, sent("0"), *goodbye]
    inboxes[1].put_nowait(GONE)
    await talks[1]
    assert quick.sent == [ACCEPT, *(sent(str(number)) for number in range(10))]
    assert asyncio.all_tasks() == {asyncio.current_task()}


@on_a_loop
async def test_a_client_that_vanishes_in_a_send_ends_its_relay():
    """As when the server raises OSError there: nothing is left, nothing is raised."""
    broadcast = Broadcast()

    async def send(message):
        if message["type"] == "websocket.send":
            raise OSError("gone")

    inbox: asyncio.Queue[Any] = asyncio.Queue()
    inbox.put_nowait(CONNECT)
    talking = asyncio.create_task(room(broadcast)(websocket("/"), inbox.get, send))
    await settled()
    await broadcast.publish("room", "x")
    await talking
    assert asyncio.all_tasks() == {asyncio.current_task()}


@on_a_loop
async def test_a_handler_that_iterates_itself_is_closed_by_the_layer_around_it():
    """SlowClient is a WebSocketException: 1013 goes out without a line of the handler's."""
    broadcast = Broadcast(1)
    app = App()

    @app.websocket("/")
    async def talk(websocket):
        await websocket.accept()
        with broadcast.subscribe("room") as messages:
            for number in range(3):
                await broadcast.publish("room", str(number))
            async for message in messages:
                await websocket.send_text(message)

    assert await exchange(app, websocket("/"), [CONNECT]) == [ACCEPT, close(1013, "you read too slowly")]
    assert broadcast.subscribers == {}
