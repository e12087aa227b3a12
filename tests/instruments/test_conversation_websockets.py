"""Websockets message by message: the handshake, the two ways to end one, and a refusal."""

from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute as StarletteRoute

from rawasgi import App, WebSocketRoute
from rawasgi.instruments.conversation import converse, handshake
from rawasgi.messages.errors import AppProtocolError
from rawasgi.tiny.app import App as TinyApp
from tests.instruments.messages import ACCEPT, CONNECT, close, left, notes, said, sent

DENIAL = {"type": "websocket.http.response.start", "status": 401, "headers": [(b"a", b"b")]}


def denied(body, more=False):
    return {"type": "websocket.http.response.body", "body": body, "more_body": more}


def test_what_the_client_says_waits_for_the_handshake():
    """Two messages lie ready when the app accepts: it hears them afterwards, in order."""
    heard: list[Any] = []
    app = notes(heard, 1, ACCEPT, 2, sent("c"), close())
    assert converse(app, handshake("/", "a", b"b")) == [ACCEPT, sent("c"), close()]
    assert heard == [CONNECT, said("a"), {"type": "websocket.receive", "bytes": b"b"}]


@pytest.mark.parametrize(
    ("goodbye", "heard_of_it"),
    [
        (close(4000, "enough"), left(4000, "enough")),
        ({"type": "websocket.close"}, left(1000)),
        (close(1001, None), left(1001)),
    ],
)
def test_who_closes_hears_its_own_code(goodbye, heard_of_it):
    """After its close the app receives the disconnect that answers it."""
    heard: list[Any] = []
    assert converse(notes(heard, 1, ACCEPT, goodbye, 1), handshake()) == [ACCEPT, goodbye]
    assert heard == [CONNECT, heard_of_it]


def test_who_refuses_hears_1006():
    """Before the handshake there is no websocket: the code of the close goes nowhere, and no message ever came."""
    heard: list[Any] = []
    assert converse(notes(heard, 1, close(4000), 1), handshake("/", "never heard")) == [close(4000)]
    assert heard == [CONNECT, left(1006)]


def test_a_denial_is_a_response_in_pieces():
    """Once it is whole the app hears the same 1006."""
    heard: list[Any] = []
    app = notes(heard, 1, DENIAL, denied(b"no", more=True), denied(b"!"), 1)
    assert converse(app, handshake("/", "never heard")) == [DENIAL, denied(b"no", more=True), denied(b"!")]
    assert heard == [CONNECT, left(1006)]


@pytest.mark.parametrize(
    ("script", "rule"),
    [
        ([1, DENIAL, ACCEPT], "WS18"),
        ([1, DENIAL], "WS18"),
        ([1, ACCEPT, DENIAL], "WS17"),
        ([1, ACCEPT, ACCEPT], "WS2"),
        ([1, close(), close()], "WS11"),
        ([1, ACCEPT, close(), sent("a")], "WS11"),
    ],
)
def test_a_websocket_out_of_turn_is_told_the_rule(script, rule):
    """Nothing follows a refusal or a close, and a denial that has begun must end."""
    with pytest.raises(AppProtocolError) as caught:
        converse(notes([], *script), handshake())
    assert caught.value.rule_id == rule


@pytest.mark.parametrize("script", [[close()], [DENIAL, denied(b"no")]], ids=["close", "denial"])
def test_a_refusal_may_come_before_the_connect_was_fetched(script):
    """As Starlette refuses: who answers was asked, and the connect does not come a second time."""
    heard: list[Any] = []
    assert converse(notes(heard, *script, 1), handshake()) == script
    assert heard == [left(1006)]


async def shout(websocket):
    await websocket.accept()
    await websocket.send_text((await websocket.receive_text()).upper())
    await websocket.close(3000)


async def shout_on_tiny(websocket):
    await websocket.accept()
    await websocket.send((await websocket.receive()).upper())
    await websocket.close(3000)


def make_tiny():
    app = TinyApp()
    app.websocket("/")(shout_on_tiny)
    return app


@pytest.mark.parametrize(
    "make",
    [
        make_tiny,
        lambda: App(routes=[WebSocketRoute("/", shout)]),
        lambda: Starlette(routes=[StarletteRoute("/", shout)]),
    ],
    ids=["tiny", "rawasgi", "Starlette"],
)
def test_anybodys_websocket_can_be_asked(make):
    """The same three messages from three stacks."""
    accepted, *rest = converse(make(), handshake("/", "hello"))
    assert accepted["type"] == "websocket.accept"
    assert rest == [{"type": "websocket.send", "text": "HELLO"}, close(3000)]
