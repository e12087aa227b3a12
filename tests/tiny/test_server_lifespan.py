"""tiny's server from its start to its stop, over real sockets."""

import asyncio
import logging
import socket
from typing import Any

import pytest
from wsproto.events import CloseConnection, TextMessage

from rawasgi.tiny import server as tiny_server
from tests.tiny.served import Answer, for_http, on_loop, reply, served, turns, written

LENGTH_1 = [(b"content-length", b"1")]
COMPLETE = {"type": "lifespan.startup.complete"}
STOPPED = {"type": "lifespan.shutdown.complete"}


def living(call, events, *, startup=COMPLETE, shutdown=STOPPED):
    """An app with a lifespan that answers as told and notes in `events` when; its requests go to `call`."""

    async def app(scope, receive, send):
        if scope["type"] != "lifespan":
            await call(scope, receive, send)
            return
        events.append(scope)
        for answer in (startup, shutdown):
            events.append(await receive())
            await send(answer)

    return app


async def one_byte(scope, receive, send):
    await reply(send, b"x")


@on_loop
async def test_startup_comes_first_and_shutdown_last():
    """The lifespan's messages enclose the requests; the scope has its version and an empty state (L1, L2)."""
    events = []

    async def call(scope, receive, send):
        events.append(scope["path"])
        await reply(send, b"x")

    async with served(living(call, events)) as server:
        client = await server.connect()
        assert await client.ask("GET /a HTTP/1.1") == Answer(200, LENGTH_1, b"x")
    assert server.outcome.result() is True
    assert events == [
        {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}},
        {"type": "lifespan.startup"},
        "/a",
        {"type": "lifespan.shutdown"},
    ]


@on_loop
async def test_no_request_is_served_before_the_startup_is_complete():
    """A client that comes too early waits in the queue of the listener (L5)."""
    go, events = asyncio.Event(), []

    async def app(scope, receive, send):
        events.append(scope["type"])
        if scope["type"] == "http":
            await one_byte(scope, receive, send)
            return
        await receive()
        await go.wait()
        events.append("complete")
        await send(COMPLETE)
        await receive()
        await send(STOPPED)

    async with served(app) as server:
        client = await server.connect()
        await client.send(written("GET / HTTP/1.1"))
        await turns()
        go.set()
        assert await client.answer() == Answer(200, LENGTH_1, b"x")
    assert events == ["lifespan", "complete", "http"]


@pytest.mark.parametrize("raises", ["at once", "after startup", "returns", "returns after startup"])
@on_loop
async def test_an_app_without_a_lifespan_is_served_all_the_same(raises):
    """An exception on the lifespan scope is the end of its messages and of nothing else (L9)."""
    events = []

    async def app(scope, receive, send):
        if scope["type"] == "http":
            await one_byte(scope, receive, send)
            return
        events.append("called")
        if "after startup" in raises:
            events.append((await receive())["type"])
        if "returns" not in raises:
            raise RuntimeError("no such scope")

    async with served(app) as server:
        client = await server.connect()
        assert await client.ask("GET / HTTP/1.1") == Answer(200, LENGTH_1, b"x")
    assert server.outcome.result() is True
    assert events == (["called", "lifespan.startup"] if "after startup" in raises else ["called"])


@pytest.mark.parametrize("raises", [True, False])
@on_loop
async def test_a_failed_startup_serves_nothing(raises, caplog):
    """serve gives False, logs the message of the app, and no request was taken (L8)."""
    events = []

    async def app(scope, receive, send):
        events.append(scope["type"])
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})
        if raises:
            raise RuntimeError("no database")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert await tiny_server.serve(app, listener, asyncio.Event()) is False
    assert events == ["lifespan"]
    errors = [record.message for record in caplog.records if record.levelno >= logging.ERROR]
    assert errors == ["lifespan.startup.failed: no database"]


@on_loop
async def test_a_failed_shutdown_is_logged(caplog):
    """The server ends as it would have anyway (L12)."""
    failed = {"type": "lifespan.shutdown.failed", "message": "stuck"}
    async with served(living(one_byte, [], shutdown=failed)) as server:
        client = await server.connect()
        await client.ask("GET / HTTP/1.1")
    assert server.outcome.result() is True
    errors = [record.message for record in caplog.records if record.levelno >= logging.ERROR]
    assert errors == ["lifespan.shutdown.failed: stuck"]


@pytest.mark.parametrize("ends", ["returns", "raises", "answers twice"])
@on_loop
async def test_a_lifespan_that_ends_too_early_does_not_hold_up_the_stop(ends):
    """Nobody is there to answer the shutdown, and the server waits for nobody (L13)."""

    async def app(scope, receive, send):
        if scope["type"] == "http":
            await one_byte(scope, receive, send)
            return
        await receive()
        await send(COMPLETE)
        if ends == "answers twice":
            await send(COMPLETE)
        if ends == "raises":
            raise RuntimeError("lost")

    async with served(app) as server:
        client = await server.connect()
        assert await client.ask("GET / HTTP/1.1") == Answer(200, LENGTH_1, b"x")
    assert server.outcome.result() is True


@on_loop
async def test_a_lifespan_that_is_cancelled_does_not_hold_up_the_start():
    """A CancelledError of the app's own making ends its lifespan like any other exception (L9)."""

    async def app(scope, receive, send):
        if scope["type"] == "http":
            await one_byte(scope, receive, send)
            return
        raise asyncio.CancelledError

    async with served(app) as server:
        client = await server.connect()
        assert await client.ask("GET / HTTP/1.1") == Answer(200, LENGTH_1, b"x")


@on_loop
async def test_the_state_is_copied_for_each_request():
    """A fresh dict each time, the same values (H19); what a request puts in stays its own."""
    database, states = object(), []

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            await receive()
            scope["state"]["database"] = database
            await send(COMPLETE)
            await receive()
            states.append(scope["state"])
            await send(STOPPED)
        else:
            states.append(dict(scope["state"]))
            scope["state"]["mine"] = scope["path"]
            await reply(send, b"x")

    async with served(app) as server:
        for client in (await server.connect(), await server.connect()):
            await client.ask("GET /a HTTP/1.1")
            await client.ask("GET /b HTTP/1.1")
    assert states == [{"database": database}] * 5


@on_loop
async def test_a_request_that_runs_may_finish():
    """At the stop nobody new comes in; the response is completed, then the app is shut down (L10)."""
    running, go, events = asyncio.Event(), asyncio.Event(), []

    async def call(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        running.set()
        await go.wait()
        await send({"type": "http.response.body", "body": b"done"})
        events.append("finished")

    async with served(living(call, events)) as server:
        client, idle = await server.connect(), await server.connect()
        await client.send(written("GET / HTTP/1.1"))
        await running.wait()
        server.stop.set()
        assert await idle.rest() == b""  # who only waits is sent away at once
        with pytest.raises(OSError, match="Connect"):
            await server.connect()
        go.set()
        assert await client.answer() == Answer(200, [(b"transfer-encoding", b"chunked")], b"done")
        assert await client.rest() == b""
        assert await server.outcome is True
    assert events[2:] == ["finished", {"type": "lifespan.shutdown"}]


@on_loop
async def test_a_request_that_never_ends_is_cancelled(monkeypatch):
    """After PATIENCE seconds the stop waits no longer: the app sees a cancellation, then the shutdown comes."""
    monkeypatch.setattr(tiny_server, "PATIENCE", 0.05)
    running, events = asyncio.Event(), []

    async def call(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        running.set()
        try:
            await asyncio.Event().wait()
        finally:
            events.append("cancelled")

    async with served(living(call, events)) as server:
        client = await server.connect()
        await client.send(written("GET / HTTP/1.1"))
        await running.wait()
        server.stop.set()
        answer = await client.answer()
        assert (answer.status, answer.complete) == (200, False)
        assert await server.outcome is True
    assert events[2:] == ["cancelled", {"type": "lifespan.shutdown"}]


@pytest.mark.parametrize("agrees", [True, False])
@on_loop
async def test_a_websocket_is_closed_with_1012_at_the_stop(agrees, monkeypatch):
    """The app hears it as a disconnect, the client as a close frame: come back, the service restarts."""
    monkeypatch.setattr(tiny_server, "PATIENCE", 0.05)
    received: list[Any] = []
    events: list[Any] = []
    running = asyncio.Event()

    async def call(scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        received.append(await receive())
        running.set()
        received.append(await receive())

    async with served(living(call, events)) as server:
        client = await server.connect()
        await client.open_socket()
        await client.say(TextMessage("hello"))
        await running.wait()
        server.stop.set()
        event = await client.event()
        assert event == CloseConnection(1012, "")
        if agrees:
            await client.say(event.response())
        assert await client.event() is None
        assert await server.outcome is True
    assert received == [
        {"type": "websocket.receive", "text": "hello"},
        {"type": "websocket.disconnect", "code": 1012, "reason": ""},
    ]
    assert events[2:] == [{"type": "lifespan.shutdown"}]


@on_loop
async def test_a_close_that_the_client_never_answers_ends_after_patience(monkeypatch):
    """The app has closed, the client says nothing: the server hangs up by itself."""
    monkeypatch.setattr(tiny_server, "PATIENCE", 0.05)

    @for_http
    async def app(scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": 4000})

    async with served(app) as server:
        client = await server.connect()
        await client.open_socket()
        assert await client.event() == CloseConnection(4000, "")
        assert await client.event() is None
