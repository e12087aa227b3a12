"""tiny's server and the handshake of a websocket: accepted, refused, or never one; over real sockets."""

import asyncio
import logging

import pytest
from wsproto.events import CloseConnection, TextMessage

from tests.tiny.served import (
    ACCEPTED,
    CONNECT,
    DELIVERIES,
    UPGRADED,
    Answer,
    disconnect,
    for_http,
    handshake,
    on_loop,
    reply,
    served,
    talk,
    turns,
)


@on_loop
async def test_the_scope_of_a_websocket():
    """Every key of a websocket scope, from the bytes of one handshake."""
    app = talk(ACCEPTED)
    async with served(app) as server:
        client = await server.connect()
        answer = await client.open_socket("Sec-WebSocket-Protocol: chat.v2, chat.v1", path="/c%C3%A9?a=%20")
        assert answer == Answer(101, UPGRADED)
        scope = app.scopes[0]
        names = [name for name, _ in scope.pop("headers")]
        assert scope == {
            "type": "websocket",
            "asgi": {"version": "3.0", "spec_version": "2.5"},
            "http_version": "1.1",
            "scheme": "ws",
            "path": "/cé",
            "raw_path": b"/c%C3%A9",
            "query_string": b"a=%20",
            "root_path": "",
            "client": client.address,
            "server": ("127.0.0.1", server.port),
            "subprotocols": ["chat.v2", "chat.v1"],
            "state": {},
            "extensions": {"websocket.http.response": {}},
        }
        lines = handshake("sec-websocket-protocol: x").split(b"\r\n")[1:-2]
        assert names == [line.partition(b":")[0] for line in lines]


BAD_HANDSHAKES = {
    "no key": handshake().replace(b"sec-websocket-key", b"x-key"),
    "no ascii": handshake().replace(b"host: x", b"host: \xff"),
}


@pytest.mark.parametrize("delivery", DELIVERIES)
@pytest.mark.parametrize("name", BAD_HANDSHAKES)
@on_loop
async def test_a_bad_handshake_is_400_and_reaches_no_app(name, delivery):
    """What cannot become a websocket is answered as HTTP."""
    app = talk(ACCEPTED)
    async with served(app) as server:
        client = await server.connect()
        await client.send(BAD_HANDSHAKES[name], delivery)
        answer = await client.answer()
        assert answer == Answer(400, [(b"content-length", b"0"), (b"connection", b"close")])
    assert app.scopes == []


@pytest.mark.parametrize(("line", "status"), [(b"sec-websocket-version: 8", 426), (b"x-no-version: 1", 400)])
@on_loop
async def test_another_version_is_told_which_one_to_use(line, status):
    """The answer names the version that the server speaks (RFC 6455 4.2.2)."""
    app = talk(ACCEPTED)
    async with served(app) as server:
        client = await server.connect()
        await client.send(handshake().replace(b"sec-websocket-version: 13", line))
        closing = [(b"content-length", b"0"), (b"connection", b"close")]
        assert await client.answer() == Answer(status, [*closing, (b"sec-websocket-version", b"13")])
    assert app.scopes == []


NO_HANDSHAKES = {
    "not a get": handshake().replace(b"GET", b"POST", 1),
    "http/1.0": handshake().replace(b"HTTP/1.1", b"HTTP/1.0"),
    "http/1.0 without a host": handshake().replace(b"HTTP/1.1", b"HTTP/1.0").replace(b"host: x\r\n", b""),
    "upgrade not named by connection": handshake().replace(b"connection: Upgrade\r\n", b""),
    "another protocol": handshake().replace(b"upgrade: websocket", b"upgrade: h2c"),
}


@pytest.mark.parametrize("name", NO_HANDSHAKES)
@on_loop
async def test_an_upgrade_that_does_not_count_is_http(name):
    """It is ignored in 1.0, and where `connection` does not name it (RFC 9110 7.8); a websocket begins with a GET."""
    types = []

    @for_http
    async def app(scope, receive, send):
        types.append(scope["type"])
        await reply(send, b"x")

    async with served(app) as server:
        client = await server.connect()
        await client.send(NO_HANDSHAKES[name])
        answer = await client.answer()
    assert (answer.status, answer.body) == (200, b"x")
    assert types == ["http"]


@on_loop
async def test_connection_may_name_more_than_the_upgrade():
    """A list in any case: browsers send `keep-alive, Upgrade`."""
    app = talk(ACCEPTED)
    async with served(app) as server:
        client = await server.connect()
        await client.send(handshake().replace(b"connection: Upgrade", b"Connection: keep-alive ,upGRADE"))
        assert await client.answer(upgrade=True) == Answer(101, UPGRADED)


@on_loop
async def test_accept_names_subprotocol_and_headers():
    """Both go into the 101, after the headers of the handshake itself."""
    app = talk({**ACCEPTED, "subprotocol": "b", "headers": [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]})
    async with served(app) as server:
        client = await server.connect()
        answer = await client.open_socket("sec-websocket-protocol: a, b")
    cookies = [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]
    assert answer == Answer(101, [*UPGRADED, (b"sec-websocket-protocol", b"b"), *cookies])


@on_loop
async def test_close_before_accept_is_403():
    """No handshake is completed (WS12), and the app is told that it is over (WR10)."""
    app = talk({"type": "websocket.close", "code": 4000})
    async with served(app) as server:
        client = await server.connect()
        assert await client.open_socket() == Answer(403, [(b"content-length", b"0")])
        assert await client.rest() == b""
    assert app.received == [CONNECT, disconnect(1006)]


@pytest.mark.parametrize("pieces", [[b"who are you?"], [b"who ", b"", b"are you?"]])
@on_loop
async def test_a_denial_is_a_whole_response(pieces):
    """Status, headers and body of the app's own, in one piece or several (WS18)."""
    kind = "websocket.http.response"
    start = {"type": f"{kind}.start", "status": 401, "headers": [(b"x", b"y"), (b"content-length", b"12")]}
    bodies = [{"type": f"{kind}.body", "body": piece, "more_body": True} for piece in pieces]
    bodies[-1].pop("more_body")
    app = talk(start, *bodies)
    async with served(app) as server:
        client = await server.connect()
        answer = await client.open_socket()
        assert answer == Answer(401, [(b"x", b"y"), (b"content-length", b"12")], b"who are you?")
        assert await client.rest() == b""
    assert app.received == [CONNECT, disconnect(1006)]


@pytest.mark.parametrize("hurry", ["after the handshake", "in its segment"])
@on_loop
async def test_frames_that_come_before_the_accept_wait_for_it(hurry):
    """A client in a hurry loses nothing, although it should have waited (RFC 6455 4.1)."""
    go = asyncio.Event()
    messages = []

    @for_http
    async def app(scope, receive, send):
        await receive()
        await go.wait()
        await send(ACCEPTED)
        messages.append(await receive())

    async with served(app) as server:
        client = await server.connect()
        early = client.frames.send(TextMessage("early"))
        if hurry == "in its segment":
            await client.send(handshake() + early)
        else:
            await client.send(handshake())
            await turns()
            await client.send(early)
        await turns()
        go.set()
        assert await client.answer(upgrade=True) == Answer(101, UPGRADED)
        assert await client.event() == CloseConnection(1000, "")
    assert messages == [{"type": "websocket.receive", "text": "early"}]


@for_http
async def refuses_unasked(scope, receive, send):
    """Starlette refuses an unknown path like this: it sends before it has received the connect."""
    await send({"type": "websocket.close"})


@on_loop
async def test_an_app_may_refuse_before_it_received_the_connect(caplog):
    """An answer before the question breaks WS1, and is taken all the same: apps in the field do it."""
    async with served(refuses_unasked) as server:
        client = await server.connect()
        assert await client.open_socket() == Answer(403, [(b"content-length", b"0")])
    assert [record.message for record in caplog.records if record.levelno >= logging.ERROR] == []


@for_http
async def fails(scope, receive, send):
    """What goes wrong stands in the path."""
    await receive()
    match scope["path"]:
        case "/raises":
            raise LookupError("lost")
        case "/sends":
            await send({"type": "websocket.send", "text": "x"})
        case "/not-offered":
            await send({**ACCEPTED, "subprotocol": "never offered"})
        case "/says-disconnect":
            await send({"type": "websocket.disconnect", "code": 1000})
        case "/raises-late":
            await send(ACCEPTED)
            raise LookupError("lost")
        case "/accepts-twice":
            await send(ACCEPTED)
            await send(ACCEPTED)
        case "/sends-nothing":
            await send(ACCEPTED)
            await send({"type": "websocket.send"})
        case "/says-disconnect-late":
            await send(ACCEPTED)
            await send({"type": "websocket.disconnect", "code": 1000})


@pytest.mark.parametrize("path", ["/raises", "/returns", "/sends", "/not-offered", "/says-disconnect"])
@on_loop
async def test_an_app_that_fails_before_accept_is_a_500(path, caplog):
    """The handshake is answered, and the reason logged."""
    async with served(fails) as server:
        client = await server.connect()
        assert await client.open_socket(path=path) == Answer(500, [(b"content-length", b"0")])
        assert await client.rest() == b""
    assert [record.message for record in caplog.records if record.levelno >= logging.ERROR] == ["the app failed"]


@pytest.mark.parametrize("path", ["/raises-late", "/accepts-twice", "/sends-nothing", "/says-disconnect-late"])
@on_loop
async def test_an_app_that_fails_after_accept_is_1011(path, caplog):
    """The client is told that the server could not go on."""
    async with served(fails) as server:
        client = await server.connect()
        await client.open_socket(path=path)
        assert await client.event() == CloseConnection(1011, "")
        assert await client.event() is None
    assert [record.message for record in caplog.records if record.levelno >= logging.ERROR] == ["the app failed"]
