"""What holds for every layer: it lets the lifespan pass, keeps nothing back, and writes into no scope."""

import asyncio
import copy
import logging
import zlib
from typing import Any

import pytest

from rawasgi.app import App
from rawasgi.middleware import Middleware
from rawasgi.middlewares.access_log import AccessLogMiddleware
from rawasgi.responses import PlainTextResponse
from rawasgi.routing import Route
from tests.drive import broken, converse, exchange, on_a_loop, websocket
from tests.middlewares.stack import EVERY, LAYERS, asked

START = {"type": "http.response.start", "status": 200, "headers": []}
ASKED = {"type": "http.request", "body": b"", "more_body": False}


def body(piece, more=False):
    """A piece of a response."""
    return {"type": "http.response.body", "body": piece, "more_body": more}


def text_of(messages):
    """The bodies together, decompressed where that is needed."""
    sent = b"".join(message.get("body", b"") for message in messages)
    return zlib.decompressobj(47).decompress(sent) if sent[:2] == b"\x1f\x8b" else sent


@pytest.mark.parametrize("name", LAYERS)
def test_the_lifespan_passes(name):
    """The same scope object, `receive` and messages: a layer has nothing to say to it."""
    seen: list[Any] = []

    async def app(scope, receive, send):
        seen.extend([scope, await receive()])
        await send({"type": "lifespan.startup.complete"})

    scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    said = converse(LAYERS[name](app), scope, {"type": "lifespan.startup"})
    assert (seen, said) == ([scope, {"type": "lifespan.startup"}], [{"type": "lifespan.startup.complete"}])
    assert seen[0] is scope


@pytest.mark.parametrize("name", EVERY)
def test_a_layer_keeps_the_next_app_in_app(name):
    """So that instruments find it, and may put something between."""

    async def app(scope, receive, send): ...

    assert LAYERS[name](app).app is app


@pytest.mark.parametrize(
    "scope", [asked(), websocket("/", [("host", "example.org")], scheme="wss")], ids=["http", "ws"]
)
@pytest.mark.parametrize("name", LAYERS)
def test_the_scope_of_the_server_is_not_written_into(name, scope):
    """What a layer adds, it adds to a copy; the headers may be any iterable, and stay what they were."""
    scope = scope | {"headers": tuple(scope["headers"])}

    async def app(scope, receive, send):
        scope["written"] = True
        await receive()
        kind = "http.response.start" if scope["type"] == "http" else "websocket.accept"
        await send({"type": kind, "status": 200})

    before = copy.deepcopy(scope)
    asyncio.run(asyncio.wait_for(exchange(LAYERS[name](app), scope, [ASKED]), 5))
    scope.pop("written", None)
    assert scope == before


@pytest.mark.parametrize("name", LAYERS)
@on_a_loop
async def test_a_stream_is_not_kept_back(name):
    """When the app has sent a piece, the client has that piece, whole: nothing waits for the next."""
    sent: list[Any] = []
    arrived = []

    async def app(scope, receive, send):
        await send(START)
        for piece in (b"one ", b"two ", b"", b"three"):
            await send(body(piece, more=True))
            arrived.append((len(sent), text_of(sent)))
        await send(body(b""))

    await exchange(LAYERS[name](app), asked(), [ASKED], sent)
    assert arrived == [(2, b"one "), (3, b"one two "), (4, b"one two "), (5, b"one two three")]
    assert ([message["type"] for message in sent[1:]], text_of(sent)) == (["http.response.body"] * 5, b"one two three")


@pytest.mark.parametrize("name", LAYERS)
def test_an_exception_before_the_answer_goes_on_and_nothing_is_sent(name):
    """Also after `http.response.start`, where a layer waits for the body before it lets that go."""

    async def app(scope, receive, send):
        raise LookupError("lost")

    sent, error = broken(LAYERS[name](app), asked())
    assert (sent, repr(error)) == ([], "LookupError('lost')")


@pytest.mark.parametrize("name", LAYERS)
def test_an_exception_within_the_answer_goes_on_and_nothing_is_added(name):
    """The server tears the body, and nothing is answered twice."""

    async def app(scope, receive, send):
        await send(START)
        await send(body(b"half", more=True))
        raise LookupError("lost")

    sent, error = broken(LAYERS[name](app), asked())
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert (text_of(sent), repr(error)) == (b"half", "LookupError('lost')")


@pytest.mark.parametrize("name", ["proxy headers", "sessions", "authentication"])
def test_the_route_is_seen_inside_of_a_layer_that_adds_to_the_scope(name, caplog):
    """It hands on a copy, and the router writes into that: an access log goes inside."""
    caplog.set_level(logging.INFO, "rawasgi.access")
    scope = asked() | {"headers": [(b"x-forwarded-proto", b"https")]}

    def app(*layers):
        made = App(routes=[Route("/{page}", PlainTextResponse("in"))], middleware=[*layers])
        return converse(made, scope | {"path": "/a"})

    app(EVERY[name], Middleware(AccessLogMiddleware))
    app(Middleware(AccessLogMiddleware), EVERY[name])
    assert [line.rpartition(" ")[2] for line in caplog.messages] == ["/{page}", "-"]
