"""The body of a request, and the news that its client has left: no message is lost, none is asked for twice."""

import asyncio
from typing import Any

import pytest

from rawasgi.app import App
from rawasgi.requests import ClientDisconnect, Request
from rawasgi.responses import PlainTextResponse
from rawasgi.routing import Route
from tests.drive import broken, converse, http, on_a_loop

LEFT = {"type": "http.disconnect"}
WHOLE = [{"type": "http.request", "body": b"whole", "more_body": False}]
PIECES = [
    {"type": "http.request", "body": b"a", "more_body": True},
    {"type": "http.request", "more_body": True},
    {"type": "http.request", "body": b"bc"},
]


class Inbox:
    """A `receive` that counts its calls, waits when it is empty, and can be filled later."""

    def __init__(self, *messages):
        self.calls = 0
        self.waiting: asyncio.Queue[Any] = asyncio.Queue()
        for message in messages:
            self.waiting.put_nowait(message)

    async def __call__(self):
        self.calls += 1
        return await self.waiting.get()


def asked(*messages):
    """A request, and the inbox it is fed from."""
    inbox = Inbox(*messages)
    return Request(http("POST"), inbox), inbox


async def settled():
    """Let whatever is ready run."""
    for _ in range(5):
        await asyncio.sleep(0)


async def ended(request):
    """Close a request and see its task end."""
    await request.close()
    await settled()
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize(("messages", "body"), [(WHOLE, b"whole"), (PIECES, b"abc"), ([{"type": "http.request"}], b"")])
@on_a_loop
async def test_a_body_is_read_once_and_kept(messages, body):
    """However often it is asked for, and as a stream afterwards too; keys that are missing have their default."""
    request, inbox = asked(*messages)
    assert [await request.body(), await request.body()] == [body, body]
    assert [piece async for piece in request.stream()] == [body, b""]
    assert inbox.calls == len(messages)


@on_a_loop
async def test_a_stream_gives_the_pieces_and_an_empty_one_at_the_end():
    """It reads a message when the next piece is asked for, and not before."""
    request, inbox = asked(*PIECES)
    pieces = request.stream()
    assert inbox.calls == 0
    assert (await anext(pieces), inbox.calls) == (b"a", 1)
    assert ([piece async for piece in pieces], inbox.calls) == ([b"bc", b""], 3)


@on_a_loop
async def test_a_stream_that_was_read_is_gone():
    """A second stream, and body() behind a stream, say so rather than wait for ever."""
    request, _ = asked(*PIECES)
    assert [piece async for piece in request.stream()] == [b"a", b"bc", b""]
    for again in (request.body, request.json, request.stream().__anext__):
        with pytest.raises(
            RuntimeError, match=r"^the body was streamed before and is gone; body\(\) would have kept it$"
        ):
            await again()


@on_a_loop
async def test_a_stream_that_was_left_is_gone_on_with():
    """body() gives the pieces that nobody has taken."""
    request, _ = asked(*PIECES)
    stream = request.stream()
    assert await anext(stream) == b"a"
    await stream.aclose()
    assert await request.body() == b"bc"


@on_a_loop
async def test_json_is_read_from_the_kept_body():
    """More than once."""
    request, inbox = asked({"type": "http.request", "body": b'{"a": 1}'})
    assert [await request.json(), await request.json(), await request.body()] == [{"a": 1}, {"a": 1}, b'{"a": 1}']
    assert inbox.calls == 1


@pytest.mark.parametrize("before", [[], PIECES[:1], PIECES[:2]])
@on_a_loop
async def test_a_client_that_leaves_in_its_request_is_an_exception(before):
    """Whatever came before; from then on the request knows it without asking."""
    request, inbox = asked(*before, LEFT)
    with pytest.raises(ClientDisconnect, match=r"^the client left before its request was complete$"):
        await request.body()
    assert (await request.is_disconnected(), inbox.calls) == (True, len(before) + 1)


def test_an_app_whose_client_left_answers_nobody():
    """ClientDisconnect out of a handler is no error of the server: nothing is sent, nothing raised."""

    async def read(request):
        return PlainTextResponse(await request.body())

    assert converse(App(routes=[Route("/", read, methods=["POST"])]), http("POST"), PIECES[0], LEFT) == []


@on_a_loop
async def test_is_disconnected_never_polls():
    """However often it is asked, one `receive` stays open; when the answer comes, it is told at once."""
    request, inbox = asked()
    assert [await request.is_disconnected() for _ in range(10)] == [False] * 10
    assert inbox.calls == 1
    inbox.waiting.put_nowait(LEFT)
    await settled()
    assert [await request.is_disconnected() for _ in range(3)] == [True] * 3
    assert inbox.calls == 1
    await ended(request)


@on_a_loop
async def test_is_disconnected_hears_at_once_what_is_there():
    """A message that lies ready is heard in the first call."""
    request, inbox = asked(LEFT)
    assert (await request.is_disconnected(), inbox.calls) == (True, 1)
    with pytest.raises(ClientDisconnect):
        await request.body()
    await ended(request)


@pytest.mark.parametrize(("messages", "body"), [(WHOLE, b"whole"), (PIECES, b"abc")])
@pytest.mark.parametrize("times", [1, 2, 5])
@on_a_loop
async def test_is_disconnected_loses_no_message(messages, body, times):
    """What it has heard of the body is there for whoever reads it, in order."""
    request, inbox = asked(*messages)
    assert [await request.is_disconnected() for _ in range(times)] == [False] * times
    assert await request.body() == body
    assert [await request.is_disconnected() for _ in range(times)] == [False] * times
    inbox.waiting.put_nowait(LEFT)
    await settled()
    assert await request.is_disconnected() is True
    assert inbox.calls == len(messages) + 1
    await ended(request)


@on_a_loop
async def test_is_disconnected_sees_past_the_last_piece_that_nobody_read():
    """A GET has an empty body which handlers leave unread: the news behind it is told all the same."""
    request, inbox = asked({"type": "http.request"})
    assert await request.is_disconnected() is False
    inbox.waiting.put_nowait(LEFT)
    await settled()
    assert await request.is_disconnected() is True
    assert [piece async for piece in request.stream()] == [b""]
    assert inbox.calls == 2
    await ended(request)


@on_a_loop
async def test_the_news_lies_behind_a_body_in_pieces():
    """It is told when the body has been read, and the reader hears it in its place."""
    request, inbox = asked(PIECES[0], LEFT)
    assert [await request.is_disconnected() for _ in range(3)] == [False] * 3
    pieces = request.stream()
    assert await anext(pieces) == b"a"
    assert await request.is_disconnected() is True
    with pytest.raises(ClientDisconnect):
        await anext(pieces)
    assert inbox.calls == 2
    await ended(request)


@on_a_loop
async def test_a_reader_takes_over_the_question_that_is_open():
    """is_disconnected has asked already: body() waits for that answer, and asks no second time."""
    request, inbox = asked()
    assert await request.is_disconnected() is False
    reading = asyncio.ensure_future(request.body())
    await settled()
    assert inbox.calls == 1
    inbox.waiting.put_nowait(WHOLE[0])
    assert (await reading, inbox.calls) == (b"whole", 1)


@on_a_loop
async def test_what_receive_raises_comes_out_of_is_disconnected():
    """It is not lost in a task that nobody looks at."""

    async def receive():
        raise RuntimeError("the server has a fault")

    with pytest.raises(RuntimeError, match=r"^the server has a fault$"):
        await Request(http(), receive).is_disconnected()


@on_a_loop
async def test_close_withdraws_the_open_question():
    """And is nothing where none is open."""
    request, _ = asked()
    await request.close()
    await request.is_disconnected()
    assert len(asyncio.all_tasks()) == 2
    await ended(request)


@pytest.mark.parametrize("fails", [False, True])
def test_a_handler_that_ends_leaves_no_question_behind(fails):
    """Answered or raised: the driver finds no task afterwards."""

    async def ask(request):
        assert not await request.is_disconnected()
        if fails:
            raise ValueError("no")
        return PlainTextResponse("stays")

    run = broken if fails else converse
    assert run(App(routes=[Route("/", ask)]), http())


@pytest.mark.parametrize("messages", [WHOLE, PIECES])
@on_a_loop
async def test_receive_tells_a_body_that_was_read_once_more(messages):
    """For an app called with the same request: one message with the whole body, then what the server says."""
    request, inbox = asked(*messages)
    body = await request.body()
    receive = request.receive
    assert await receive() == {"type": "http.request", "body": body, "more_body": False}
    inbox.waiting.put_nowait(LEFT)
    assert await receive() == LEFT


@on_a_loop
async def test_receive_waits_for_the_client_where_the_body_was_read():
    """A handler that reads its body and then waits for `http.disconnect` message by message comes to it."""
    request, inbox = asked(*WHOLE, LEFT)
    await request.body()
    heard = [(await request.receive())["type"] for _ in range(3) if not inbox.waiting.empty()]
    assert heard[-1] == "http.disconnect"
    assert inbox.waiting.empty()


@on_a_loop
async def test_receive_tells_what_nobody_has_read():
    """The messages of the server, one by one; also what is_disconnected has heard of them."""
    for messages in (WHOLE, PIECES):
        for curious in (False, True):
            request, inbox = asked(*messages)
            if curious:
                assert await request.is_disconnected() is False
            inbox.waiting.put_nowait(LEFT)
            receive = request.receive
            assert [await receive() for _ in [*messages, LEFT]] == [*messages, LEFT]
            assert inbox.calls == len(messages) + 1


@on_a_loop
async def test_receive_tells_the_rest_of_a_stream():
    """What was streamed is gone; what was not is still there."""
    request, _ = asked(*PIECES)
    stream = request.stream()
    assert await anext(stream) == b"a"
    await stream.aclose()
    receive = request.receive
    assert [await receive(), await receive()] == PIECES[1:]


def test_an_app_below_reads_the_body_again():
    """Through `request.receive`, handed on by a handler: the request as if nobody had read it."""

    async def echo(scope, receive, send):
        await PlainTextResponse(await Request(scope, receive).body())(scope, receive, send)

    async def outer(scope, receive, send):
        request = Request(scope, receive, send)
        assert await request.body() == b"abc"
        await echo(scope, request.receive, send)

    assert converse(outer, http("POST"), *PIECES) == converse(echo, http("POST"), *PIECES)


@on_a_loop
async def test_two_requests_of_one_scope_hear_the_same_disconnect():
    """One made above, one below by its `receive`: both keep one question open, and the server is asked once."""
    above, inbox = asked()
    below = Request(above.scope, above.receive)
    assert [await above.is_disconnected(), await below.is_disconnected()] == [False, False]
    assert inbox.calls == 1
    inbox.waiting.put_nowait(LEFT)
    await settled()
    assert await below.is_disconnected() is True
    await below.close()
    await ended(above)


def test_send_is_what_it_was_made_with():
    """A request without `send` says so."""

    async def app(scope, receive, send):
        await Request(scope, receive).send({"type": "http.response.start"})

    sent, error = broken(app, http())
    assert (sent, str(error)) == ([], "this request was made without `send`")


@on_a_loop
async def test_a_cancelled_reader_loses_nothing():
    """A time limit around body() ends the waiting, not the request: the next reader gets the message."""
    request, inbox = asked()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await request.body()
    inbox.waiting.put_nowait(WHOLE[0])
    assert await request.body() == b"whole"
