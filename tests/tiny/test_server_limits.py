"""tiny's server where something goes wrong: the brakes of both directions, and apps that fail."""

import asyncio
import logging

import pytest

from rawasgi.messages.errors import AppProtocolError
from tests.tiny.served import Answer, for_http, on_loop, reply, served, turns, whole_body, written

MIB = 1 << 20
PIECE = b"z" * 65_536
NARROW = 32_768  # bytes: the kernel's buffers, so that they do not hide the brake

REFUSED = Answer(500, [(b"content-length", b"0"), (b"connection", b"close")])


@on_loop
async def test_a_slow_reader_stops_the_app():
    """send waits while the client does not read (HS19): a fraction is taken, and at last every byte arrives."""
    sent = []

    @for_http
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(32):
            await send({"type": "http.response.body", "body": PIECE, "more_body": True})
            sent.append(len(PIECE))
        await send({"type": "http.response.body"})

    async with served(app, buffer=NARROW) as server:
        client = await server.connect(buffer=NARROW)
        await client.send(written("GET / HTTP/1.1"))
        await turns()
        assert 0 < sum(sent) <= MIB / 2  # of 2 MiB
        assert len((await client.answer()).body) == 32 * len(PIECE)
    assert sum(sent) == 32 * len(PIECE)


@on_loop
async def test_an_app_that_does_not_read_stops_the_client():
    """The server takes a bounded part of a body that nobody asks for; the rest waits at the client."""
    go = asyncio.Event()

    @for_http
    async def app(scope, receive, send):
        await go.wait()
        body, _ = await whole_body(receive)
        await reply(send, str(len(body)).encode())

    async with served(app, buffer=NARROW) as server:
        client = await server.connect(buffer=NARROW)
        await client.send(written("POST / HTTP/1.1", f"content-length: {8 * MIB}", body=b"z" * 8 * MIB))
        await turns()
        assert client.writer.transport.get_write_buffer_size() > 7 * MIB
        go.set()
        assert (await client.answer("POST")).body == str(8 * MIB).encode()


@on_loop
async def test_an_app_that_only_listens_stops_the_client():
    """Who waits for the disconnect reads no next request: what a client sends ahead does not pile up."""

    go = asyncio.Event()

    @for_http
    async def app(scope, receive, send):
        await receive()
        listening = asyncio.create_task(receive())
        await go.wait()
        await reply(send, b"done")
        assert await listening == {"type": "http.disconnect"}

    async with served(app, buffer=NARROW) as server:
        client = await server.connect(buffer=NARROW)
        await client.send(written("GET / HTTP/1.1", body=b"z" * 8 * MIB))
        await turns()
        assert client.writer.transport.get_write_buffer_size() > 7 * MIB
        go.set()
        assert (await client.answer()).body == b"done"


@on_loop
async def test_a_send_that_waits_is_woken_when_the_client_leaves():
    """A slow reader that hangs up ends the wait, and the next send raises an OSError (HS22)."""
    outcome = asyncio.get_running_loop().create_future()

    @for_http
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            while True:
                await send({"type": "http.response.body", "body": PIECE, "more_body": True})
        except OSError as error:
            outcome.set_result(error)

    async with served(app, buffer=NARROW) as server:
        client = await server.connect(buffer=NARROW)
        await client.send(written("GET / HTTP/1.1"))
        await turns()
        await client.leave()
        assert str(await outcome) == "http.response.body to a client that has left"


@for_http
async def fails(scope, receive, send):
    """What goes wrong stands in the path."""
    start = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]}
    part = {"type": "http.response.body", "body": b"he", "more_body": True}
    match scope["path"]:
        case "/raises":
            raise LookupError("lost")
        case "/returns":
            return
        case "/body-first":
            await send(part)
        case "/header":
            await send({**start, "headers": [(b"x", b"a\r\nb: c")]})
        case "/str-header":
            await send({**start, "headers": [("x", "y")]})
        case "/no-status":
            await send({"type": "http.response.start"})
        case "/foreign":
            await send({"type": "websocket.accept"})
        case "/raises-late":
            await send(start)
            await send(part)
            raise LookupError("lost")
        case "/returns-late":
            await send(start)
            await send(part)
        case "/start-twice":
            await send(start)
            await send(part)
            await send(start)
        case "/too-long":
            await send(start)
            await send({**part, "body": b"hello!"})
        case "/too-short":
            await send(start)
            await send({**part, "more_body": False})
        case "/says-disconnect":
            await send(start)
            await send(part)
            await send({"type": "http.disconnect"})
        case _:
            await reply(send, b"fine")


@pytest.mark.parametrize(
    "path", ["/raises", "/returns", "/body-first", "/header", "/str-header", "/no-status", "/foreign"]
)
@on_loop
async def test_an_app_that_fails_before_its_start_is_a_500(path, caplog):
    """The client gets a whole answer, the log the reason, and the server lives on (G17)."""
    async with served(fails) as server:
        client = await server.connect()
        assert await client.ask(f"GET {path} HTTP/1.1") == REFUSED
        assert await client.rest() == b""
        other = await server.connect()
        assert (await other.ask("GET / HTTP/1.1")).body == b"fine"
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert (record.name, record.message) == ("rawasgi.tiny", "the app failed")
    assert record.exc_info


@pytest.mark.parametrize(
    "path", ["/raises-late", "/returns-late", "/start-twice", "/too-long", "/too-short", "/says-disconnect"]
)
@on_loop
async def test_an_app_that_fails_after_its_start_is_torn(path, caplog):
    """Nothing is answered twice: the body stays incomplete and the connection ends."""
    async with served(fails) as server:
        client = await server.connect()
        answer = await client.ask(f"GET {path} HTTP/1.1")
        assert (answer.status, answer.complete) == (200, False)
        assert b"hello".startswith(answer.body)
        other = await server.connect()
        assert (await other.ask("GET / HTTP/1.1")).body == b"fine"
    assert [record.message for record in caplog.records if record.levelno >= logging.ERROR] == ["the app failed"]


@on_loop
async def test_an_app_learns_which_rule_it_broke():
    """A second start is raised out of send, with the rule, and the response can still be finished."""
    caught = []

    @for_http
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
        try:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        except AppProtocolError as error:
            caught.append((error.rule_id, error.state))
        await send({"type": "http.response.body", "body": b"x"})

    async with served(app) as server:
        client = await server.connect()
        assert await client.ask("GET / HTTP/1.1") == Answer(200, [(b"content-length", b"1")], b"x")
    assert caught == [("HS2", "awaiting_body")]


@on_loop
async def test_extra_keys_and_absent_ones_are_fine():
    """Unknown keys are accepted in silence (G11), absent ones have their defaults."""

    @for_http
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 204, "surprise": object()})
        await send({"type": "http.response.body", "surprise": 1})

    async with served(app) as server:
        client = await server.connect()
        assert await client.ask("GET / HTTP/1.1") == Answer(204)
        assert await client.ask("GET / HTTP/1.1") == Answer(204)
