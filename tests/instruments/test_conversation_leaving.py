"""Clients that come in pieces, leave, or fail: what the app hears of it."""

import asyncio
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from rawasgi.instruments.conversation import ClientLeft, Conversation, Exchange, converse, handshake, request
from tests.drive import on_a_loop
from tests.instruments.messages import ACCEPT, CONNECT, GONE, asked, close, left, notes, piece, said, says, sent, start

SCRIPT = [start(), piece(b"a", more=True), piece(b"b", more=True), piece(b"c")]


async def persistent(scope, receive, send):
    """An app that sends its four messages whatever happens, and tells in the scope's log what did."""
    for message in SCRIPT:
        try:
            await send(message)
        except ClientLeft as error:
            scope["log"].append(str(error))
    scope["log"].append(await receive())
    scope["log"].append(await receive())


@pytest.mark.parametrize("count", [0, 1, 2, 3])
@pytest.mark.parametrize("spec_version", ["2.3", "2.4", "2.5"])
def test_after_so_many_messages_the_client_is_gone(count, spec_version):
    """No later message reaches it: from spec 2.4 on `send` raises, before it does nothing; `receive` tells at once."""
    log: list[Any] = []
    exchange = request(spec_version=spec_version, log=log)
    assert converse(persistent, exchange, leaves_after=count) == SCRIPT[:count]
    lost = [f"{message['type']} to a client that has left" for message in SCRIPT[count:]]
    assert log == [*(lost if spec_version != "2.3" else []), asked(), GONE]


@pytest.mark.parametrize("count", [4, 5, None])
def test_who_stays_for_the_last_message_has_it_all(count):
    """A client that leaves after the whole response is like one that stays."""
    log: list[Any] = []
    assert converse(persistent, request(log=log), leaves_after=count) == SCRIPT
    assert log == [GONE, GONE]


@pytest.mark.parametrize("spec_version", ["2.3", "2.5"])
@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_websocket_ends_after_so_many_messages(count, spec_version):
    """What the client had said before is still heard, where there was a handshake; then 1006, for no frame came."""
    heard: list[Any] = []
    raised = []

    async def app(scope, receive, send):
        heard.append(await receive())
        try:
            for message in (ACCEPT, sent("a"), sent("b")):
                await send(message)
        except ClientLeft:
            raised.append(True)
        heard.extend([await receive() for _ in range(2 if count else 1)])

    exchange = handshake("/", "x", spec_version=spec_version)
    assert converse(app, exchange, leaves_after=count) == [ACCEPT, sent("a"), sent("b")][:count]
    assert heard == ([CONNECT, said("x"), left()] if count else [CONNECT, left()])
    assert raised == ([True] if spec_version == "2.5" else [])


def test_who_leaves_before_the_handshake_is_answered_has_said_nothing():
    """A message that was to come after it is dropped: the app that listens hears the disconnect."""
    heard: list[Any] = []
    assert converse(notes(heard, 2), handshake("/", "a", "b"), leaves_after=0) == []
    assert heard == [CONNECT, left()]


@pytest.mark.parametrize("spec_version", ["2.3", "2.5"])
def test_a_disconnect_among_the_messages_is_a_client_that_has_left(spec_version):
    """Once the app has heard it, `send` is as after any other leaving, and `receive` says it again."""
    exchange = Exchange(request(spec_version=spec_version).scope, (asked(b"a", more=True), GONE))
    heard: list[Any] = []
    assert converse(notes(heard, 3), exchange) == []
    assert heard == [asked(b"a", more=True), GONE, GONE]
    if spec_version == "2.3":
        assert converse(notes([], 2, *SCRIPT), exchange) == []
    else:
        with pytest.raises(ClientLeft, match=r"http\.response\.start to a client that has left"):
            converse(notes([], 2, *SCRIPT), exchange)


def test_a_websocket_that_the_client_closes_in_its_messages_takes_no_more():
    """The close is heard after what was said before, with its code; then `send` raises."""
    heard: list[Any] = []
    exchange = handshake("/", "a", left(4000, "enough"))
    with pytest.raises(ClientLeft, match=r"websocket\.send to a client that has left"):
        converse(notes(heard, 1, ACCEPT, sent("hi"), 2, sent("too late")), exchange)
    assert heard == [CONNECT, said("a"), left(4000, "enough")]


@on_a_loop
async def test_a_client_can_be_sent_away_from_outside():
    """The app that waits in `receive` hears it there, once for each time it asks."""
    heard: list[Any] = []
    async with Conversation(notes(heard, start(), 3), *request("POST", body=[b"a"])) as conversation:
        assert await conversation.next_sent() == start()
        conversation.disconnect()
        conversation.disconnect()
        assert await conversation.next_sent() is None
        await conversation.ended(5)
    assert heard == [asked(b"a"), GONE, GONE]


@on_a_loop
async def test_a_websocket_can_be_closed_from_outside():
    """With code and reason, which the app hears once: to close twice is to close."""
    heard: list[Any] = []
    async with Conversation(notes(heard, 1, ACCEPT, 1), *handshake()) as conversation:
        assert await conversation.next_sent() == ACCEPT
        conversation.disconnect(1001, "away")
        conversation.disconnect(1000)
        await conversation.ended(5)
    assert heard == [CONNECT, left(1001, "away")]


@on_a_loop
async def test_nobody_waits_for_an_app_whose_client_has_left():
    """`next_sent` is None at once, though the app hears nothing and goes on."""
    app_may_end = asyncio.Event()

    async def app(scope, receive, send):
        await app_may_end.wait()
        with pytest.raises(ClientLeft):
            await send(start())

    async with Conversation(app, *request(), leaves_after=0) as conversation:
        assert await conversation.next_sent() is None
        assert not conversation.is_over
        app_may_end.set()
        await conversation.ended(5)
    assert conversation.sent == []


async def in_turns(log, *messages):
    """A client that notes when it is asked."""
    for message in messages:
        log.append("asked")
        yield message


@on_a_loop
async def test_a_client_says_a_message_when_the_app_asks_for_it():
    """An async iterable is asked once for each `receive`, and never ahead."""
    log: list[Any] = []
    client = in_turns(log, asked(b"a", more=True), asked(b"b", more=True), asked(b"c"))
    async with Conversation(notes(log, 1, start(), 1, piece()), request().scope, client) as conversation:
        await conversation.ended(5)
    assert log == ["asked", asked(b"a", more=True), "asked", asked(b"b", more=True)]


@on_a_loop
async def test_a_client_is_not_asked_by_an_app_that_does_not_listen():
    """Nor after the whole response: then there is only the disconnect."""
    log: list[Any] = []
    async with Conversation(notes(log, *SCRIPT, 1), request().scope, in_turns([], asked())) as conversation:
        await conversation.ended(5)
    assert log == [GONE]


@on_a_loop
async def test_a_client_that_has_left_is_not_asked_again():
    """A websocket says nothing after its disconnect: who listens on waits for ever."""
    log: list[Any] = []
    client = in_turns(log, CONNECT, left(1001), said("a ghost"))
    async with Conversation(notes(log, 3), handshake().scope, client) as conversation:
        with pytest.raises(TimeoutError, match="has not ended"):
            await conversation.ended(0.05)
    assert log == ["asked", CONNECT, "asked", left(1001)]


@on_a_loop
async def test_a_receive_that_is_cancelled_loses_nothing():
    """What the client was about to say is there for the next `receive`."""
    go = asyncio.Event()

    async def client():
        await go.wait()
        yield asked(b"a", more=True)
        yield asked(b"b")

    heard = []

    async def app(scope, receive, send):
        waiting = asyncio.create_task(receive())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        go.set()
        heard.append(await receive())
        heard.append(await receive())
        for message in SCRIPT:
            await send(message)

    async with Conversation(app, request().scope, client()) as conversation:
        await conversation.ended(5)
    assert heard == [asked(b"a", more=True), asked(b"b")]


@on_a_loop
async def test_two_who_wait_in_receive_get_one_message_each():
    """A client that speaks in turns is asked again for the second of them."""
    heard: list[Any] = []

    async def app(scope, receive, send):
        heard.extend(await asyncio.gather(receive(), receive()))
        for message in SCRIPT:
            await send(message)

    client = in_turns([], asked(b"a", more=True), asked(b"b"))
    async with Conversation(app, request().scope, client) as conversation:
        await conversation.ended(5)
    assert sorted(message["body"] for message in heard) == [b"a", b"b"]


@on_a_loop
async def test_a_client_in_the_middle_of_a_word_can_leave():
    """The app that waits for it hears the disconnect, though the iterable never gives another message."""
    heard: list[Any] = []

    async def client():
        yield asked(b"a", more=True)
        await asyncio.Event().wait()

    async with Conversation(notes(heard, 1, start(), 1), request().scope, client()) as conversation:
        assert await conversation.next_sent() == start()
        conversation.disconnect()
        await conversation.ended(5)
    assert heard == [asked(b"a", more=True), GONE]
    assert len(asyncio.all_tasks()) == 1


@on_a_loop
async def test_a_client_that_fails_has_left():
    """The app hears a disconnect and no stranger's exception; `failure` keeps that."""
    heard: list[Any] = []
    error = LookupError("of the client")

    async def client():
        yield asked(b"a", more=True)
        raise error

    async with Conversation(notes(heard, 2), request().scope, client()) as conversation:
        await conversation.ended(5)
    assert heard == [asked(b"a", more=True), GONE]
    assert conversation.failure is error


@on_a_loop
async def test_an_iterable_that_ends_leaves_the_client_there():
    """Who has nothing more to say still listens: it is no disconnect."""
    async with Conversation(notes([], 2), request().scope, in_turns([], asked())) as conversation:
        with pytest.raises(TimeoutError, match="has not ended"):
            await conversation.ended(0.05)
        conversation.disconnect()
        await conversation.ended(5)


@pytest.mark.parametrize("spec_version", ["2.3", "2.5"])
@on_a_loop
async def test_starlette_hears_of_it_in_both_ways(spec_version):
    """Its endless stream ends with the client: by a second task that listens, or by the error out of `send`."""

    async def pieces():
        while True:
            yield b"x"
            await asyncio.sleep(0)

    async def endpoint(request):
        return StreamingResponse(pieces())

    app = Starlette(routes=[Route("/", endpoint)])
    conversation = Conversation(app, *request(spec_version=spec_version), leaves_after=3)
    task = conversation.start()
    await conversation.ended(5)
    assert [message["type"] for message in conversation.sent] == ["http.response.start", *["http.response.body"] * 2]
    assert type(task.exception()) is (ClientDisconnect if spec_version == "2.5" else type(None))


@pytest.mark.parametrize(("count", "is_gone"), [(None, False), (0, True)])
def test_starlette_may_look_for_the_client_without_losing_it(count, is_gone):
    """`is_disconnected` cancels its own `receive`: it sees who has left, and keeps who has not."""
    seen = []

    async def endpoint(request):
        assert await request.body() == b"ab"
        seen.append([await request.is_disconnected() for _ in range(2)])
        return PlainTextResponse("")

    app = Starlette(routes=[Route("/", endpoint, methods=["POST"])])
    exchange = request("POST", body=[b"a", b"b"], spec_version="2.3")
    assert len(converse(app, exchange, leaves_after=count)) == (0 if is_gone else 2)
    assert seen == [[is_gone, is_gone]]


def test_messages_that_come_late_are_refused_to_nobody():
    """An app that closes and then listens has what was on its way, and then its own code."""
    heard: list[Any] = []
    assert converse(notes(heard, 1, ACCEPT, close(4001, "bye"), 2), handshake("/", "a")) == [ACCEPT, close(4001, "bye")]
    assert heard == [CONNECT, said("a"), left(4001, "bye")]


def test_says_is_an_app():
    """The helper of these tests sends what it is given."""
    assert converse(says(*SCRIPT), request()) == SCRIPT
