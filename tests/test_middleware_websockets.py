"""Exceptions on a websocket: what the boundary says to the client, and what goes on to the server."""

import pytest

from rawasgi.app import App
from rawasgi.exceptions import HTTPException, WebSocketException
from rawasgi.routing import Mount, WebSocketRoute
from tests.drive import broken, converse, websocket
from tests.test_middleware import ACCEPT, CONNECT, Base, text


def chatting(error, accepts):
    """An app with one websocket, which raises before or after it accepts."""

    async def chat(websocket):
        if accepts:
            await websocket.accept()
        raise error

    return App(routes=[WebSocketRoute("/", chat)])


def close(code, reason=""):
    return {"type": "websocket.close", "code": code, "reason": reason}


@pytest.mark.parametrize("accepts", [False, True])
def test_a_websocket_exception_closes_with_its_code(accepts):
    """Before `accept` the same message means HTTP 403."""
    sent = converse(chatting(WebSocketException(1008, "no"), accepts), websocket(), CONNECT)
    assert sent == [*([ACCEPT] if accepts else []), close(1008, "no")]


@pytest.mark.parametrize("accepts", [False, True])
def test_an_unexpected_exception_on_a_websocket_is_the_servers(accepts):
    """Nothing is said; the server closes with 1011, or answers the handshake with 500."""
    sent, error = broken(chatting(Base("lost"), accepts), websocket(), CONNECT)
    assert (sent, repr(error)) == ([ACCEPT] if accepts else [], "Base('lost')")


def test_a_websocket_disconnect_is_no_error():
    """The handler need not catch it."""

    async def chat(websocket):
        await websocket.accept()
        await websocket.receive_text()

    app = App(routes=[WebSocketRoute("/", chat)])
    assert converse(app, websocket(), CONNECT, {"type": "websocket.disconnect"}) == [ACCEPT]


@pytest.mark.parametrize("can_deny", [False, True])
def test_an_http_exception_before_accept_refuses_the_handshake(can_deny):
    """With its status where the server can, with `close` (HTTP 403) where it cannot."""
    scope = websocket(extensions={"websocket.http.response": {}} if can_deny else {})
    sent = converse(chatting(HTTPException(401, "who?"), False), scope, CONNECT)
    start, body = text("who?", 401)
    denial = [
        {**start, "type": "websocket.http.response.start"},
        {**body, "type": "websocket.http.response.body"},
    ]
    assert sent == (denial if can_deny else [close(1000)])


def test_an_http_exception_after_accept_goes_on():
    """A response has no place on an open websocket."""
    sent, error = broken(chatting(HTTPException(401, "who?"), True), websocket(), CONNECT)
    assert (sent, str(error)) == ([ACCEPT], "401: who?")


def test_a_handler_of_yours_may_close_a_websocket():
    """It gets the websocket, in the state in which the endpoint left it."""

    async def on_base(websocket, error):
        await websocket.send_text("sorry")
        await websocket.close(4000, str(error))

    app = chatting(Base("lost"), True)
    app.add_exception_handler(Base, on_base)
    sent = converse(app, websocket(), CONNECT)
    assert sent == [ACCEPT, {"type": "websocket.send", "text": "sorry"}, close(4000, "lost")]


def test_an_exception_after_the_close_goes_on():
    """There is nothing left to say to the client; the server's log hears of it."""

    async def chat(websocket):
        await websocket.accept()
        await websocket.close()
        raise WebSocketException(1008)

    sent, error = broken(App(routes=[WebSocketRoute("/", chat)]), websocket(), CONNECT)
    assert (sent, str(error)) == ([ACCEPT, close(1000)], "1008: ")


def test_the_wrong_kind_of_message_and_malformed_json_close_the_websocket():
    """1003 and 1007 reach the client without a line in the handler."""

    async def chat(websocket):
        await websocket.accept()
        await websocket.receive_json()

    app = App(routes=[WebSocketRoute("/", chat)])
    sent = converse(app, websocket(), CONNECT, {"type": "websocket.receive", "bytes": b"{}"})
    assert sent == [ACCEPT, close(1003, "a text message was expected")]
    sent = converse(app, websocket(), CONNECT, {"type": "websocket.receive", "text": "{"})
    reason = "Malformed JSON: Expecting property name enclosed in double quotes"
    assert sent == [ACCEPT, close(1007, reason)]


def test_a_handler_finds_the_websocket_of_a_mounted_app_where_it_stands():
    """The app below has accepted and raised; the handler of the app above closes, and hears no connect again."""

    async def sorry(websocket, error):
        await websocket.close(4000, str(error))

    app = App(routes=[Mount("/below", chatting(Base("lost"), accepts=True))], exception_handlers={Base: sorry})
    assert converse(app, websocket("/below/"), CONNECT) == [ACCEPT, close(4000, "lost")]


def test_a_reason_that_is_too_long_is_cut_where_a_character_ends():
    """A close frame has room for 123 bytes: the code is what matters, and it arrives."""

    async def endpoint(websocket):
        await websocket.accept()
        raise WebSocketException(4000, "é" * 100)

    app = App(routes=[WebSocketRoute("/", endpoint)])
    last = converse(app, websocket(), CONNECT)[-1]
    assert last == {"type": "websocket.close", "code": 4000, "reason": "é" * 61}
