"""The same bytes to tiny's server and to uvicorn (h11, wsproto): equal scopes, messages and answers, but for what is declared."""

import asyncio
import contextlib
import socket

import pytest
import uvicorn
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, TextMessage
from wsproto.frame_protocol import CloseReason

from tests.tiny.served import DEADLINE, Client, on_loop, reply, served, whole_body, written

# Keys of a scope in which the two may differ, and why.
SCOPE_DIFFERS = {
    "asgi": "uvicorn names 2.3 (http) and 2.4 (websocket), the texts before the reason of a disconnect",
    "client": "each connection has a port of its own",
    "server": "each server has a port of its own",
}
# Headers of a request in which the two may differ, and why.
SCOPE_HEADERS_DIFFER = {
    b"sec-websocket-protocol": "on wsproto, uvicorn says it in `subprotocols` alone",
}
# Headers of an answer in which the two may differ, and why.
HEADERS_DIFFER = {
    b"date": "the second may have changed",
    b"server": "each says its name",
}


class Recorder:
    """One raw ASGI app for both servers: keeps scopes and messages, and answers in the way that the path names."""

    def __init__(self):
        self.scopes, self.messages = [], []

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            return await self.live(receive, send)
        self.scopes.append(scope)

        async def receive_and_note():
            message = await receive()
            self.messages.append(message)
            return message

        await (self.answer if scope["type"] == "http" else self.talk)(scope, receive_and_note, send)
        return None

    async def live(self, receive, send):
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})

    async def answer(self, scope, receive, send):
        body, pieces = await whole_body(receive)
        self.messages[-len(pieces) :] = [body]  # servers cut a body where they like
        match scope["path"]:
            case "/length":
                await reply(send, b"seen: " + body)
            case "/chunks":
                await send({"type": "http.response.start", "status": 203, "headers": [(b"x-a", b"1"), (b"x-a", b"2")]})
                for piece in (b"one", b"", b"three"):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                await send({"type": "http.response.body"})
            case "/nothing":
                await reply(send, status=204, headers=[])
            case "/not-modified":
                await reply(send, status=304, headers=[(b"etag", b'"x"')])
            case "/close":
                await reply(send, b"bye", headers=[(b"connection", b"close"), (b"content-length", b"3")])
            case _:
                await reply(send, body, headers=[])

    async def talk(self, scope, receive, send):
        await receive()
        match scope["path"]:
            case "/refuse":
                await send({"type": "websocket.close"})
            case "/deny":
                await send({"type": "websocket.http.response.start", "status": 401, "headers": [(b"x", b"y")]})
                await send({"type": "websocket.http.response.body", "body": b"no ", "more_body": True})
                await send({"type": "websocket.http.response.body", "body": b"entry"})
            case _:
                await send({"type": "websocket.accept", "subprotocol": next(iter(scope["subprotocols"]), None)})
                while (message := await receive())["type"] == "websocket.receive":
                    self.messages[-1] = {key: value for key, value in message.items() if value is not None}
                    await send({**message, "type": "websocket.send"})


@contextlib.asynccontextmanager
async def on_uvicorn(app):
    """Serve `app` by uvicorn in this loop; gives a function that connects."""
    clients = []

    async def connect():
        clients.append(Client(*await asyncio.open_connection("127.0.0.1", listener.getsockname()[1])))
        return clients[-1]

    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, http="h11", ws="wsproto", lifespan="on", log_config=None, access_log=False)
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield connect
        finally:
            for client in clients:
                await client.leave()
            server.should_exit = True
            await asyncio.wait_for(running, DEADLINE)


@contextlib.asynccontextmanager
async def on_tiny(app):
    """Serve `app` by tiny in this loop; gives a function that connects."""
    async with served(app) as server:
        yield server.connect


async def on_both(exchange):
    """Play `exchange(connect)` against both servers: for each (what it gave, its scopes, its messages)."""
    results = []
    for serving in (on_tiny, on_uvicorn):
        app = Recorder()
        async with serving(app) as connect:
            given = await exchange(connect)
        results.append((given, app.scopes, app.messages))
    return results


def same_scopes(scopes):
    """The scopes without what is declared to differ."""
    kept = [{key: value for key, value in scope.items() if key not in SCOPE_DIFFERS} for scope in scopes]
    for scope in kept:
        scope["headers"] = [pair for pair in scope["headers"] if pair[0] not in SCOPE_HEADERS_DIFFER]
    return kept


def same_bytes(answer):
    """Head and body as on the wire, without the declared headers and the reason phrase, which only uvicorn writes."""
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.split(b"\r\n")
    pairs = [(name.lower(), value.strip()) for name, _, value in (line.partition(b":") for line in lines)]
    return status[:3], sorted(pair for pair in pairs if pair[0] not in HEADERS_DIFFER), body


CLOSE = "connection: close"
EXCHANGES = {
    "get": written("GET /length HTTP/1.1", CLOSE),
    "escapes": written("GET /caf%C3%A9/%2F%20%ff?a=%20&b=%C3%A9+%zz& HTTP/1.1", "x-two: 1", "X-TWO:  2 ", CLOSE),
    "encoded question mark": written("GET /a%3Fb?c?d HTTP/1.1", CLOSE),
    "double slash": written("GET //a//b HTTP/1.1", CLOSE),
    "asterisk": written("OPTIONS * HTTP/1.1", CLOSE),
    "latin-1 header": written("GET / HTTP/1.1", CLOSE)[:-2] + b"x-name: caf\xe9\r\n\r\n",
    "head": written("HEAD /length HTTP/1.1", CLOSE),
    "head of chunks": written("HEAD /chunks HTTP/1.1", CLOSE),
    "post": written("POST /length HTTP/1.1", "content-length: 5", CLOSE, body=b"hello"),
    "chunked post": written(
        "POST /length HTTP/1.1", "transfer-encoding: chunked", CLOSE, body=b"3\r\nabc\r\n2;x\r\nde\r\n0\r\nx: y\r\n\r\n"
    ),
    "chunks": written("GET /chunks HTTP/1.1", CLOSE),
    "no content": written("DELETE /nothing HTTP/1.1", CLOSE),
    "not modified": written("GET /not-modified HTTP/1.1", CLOSE),
    "the app closes": written("GET /close HTTP/1.1"),
    "http/1.0": b"GET /length HTTP/1.0\r\n\r\n",
    "http/1.0 without a length": b"GET /bare HTTP/1.0\r\nhost: x\r\n\r\n",
    "100-continue": written("POST /length HTTP/1.1", "content-length: 2", "expect: 100-continue", CLOSE, body=b"hi"),
    "pipelined": written("GET /length HTTP/1.1")
    + written("GET /chunks HTTP/1.1")
    + written("GET /bare HTTP/1.1", CLOSE),
}


@pytest.mark.parametrize("name", EXCHANGES)
@on_loop
async def test_http_is_the_same_on_both(name):
    """Scope by scope, body by body and byte by byte, but for what is declared above."""

    async def exchange(connect):
        client = await connect()
        await client.send(EXCHANGES[name])
        return await client.rest()

    (ours, our_scopes, our_messages), (theirs, their_scopes, their_messages) = await on_both(exchange)
    assert same_scopes(our_scopes) == same_scopes(their_scopes)
    assert our_scopes != [], "the app was called"
    assert our_messages == their_messages
    cut = b"HTTP/1.1 "
    assert list(map(same_bytes, ours.split(cut)[1:])) == list(map(same_bytes, theirs.split(cut)[1:]))


# What the client says in one go, and how many frames come back.
DIALOGUES: dict[str, list[tuple[list[Event], int]]] = {
    "/echo?a=1": [
        ([TextMessage("héllo")], 1),
        ([BytesMessage(b"\xff"), Ping(b"p")], 2),
        ([TextMessage("a", message_finished=False), TextMessage("b")], 1),
        ([CloseConnection(4001, "bye")], 1),
    ],
    "/caf%C3%A9": [([CloseConnection(CloseReason.NO_STATUS_RCVD)], 1)],
    "/refuse": [],
    "/deny": [],
}


@pytest.mark.parametrize("path", DIALOGUES)
@on_loop
async def test_a_websocket_is_the_same_on_both(path):
    """The handshake's answer, every frame, every scope and message, but for what is declared above."""

    async def exchange(connect):
        client = await connect()
        answer = await client.open_socket("sec-websocket-protocol: chat, other", "x-own: 1", path=path)
        given = [answer.status, answer.body]
        for frames, answers in DIALOGUES[path]:
            await client.say(*frames)
            given += sorted([await client.event() for _ in range(answers)], key=repr)  # a pong overtakes an echo
        return given, await client.rest()

    (ours, our_scopes, our_messages), (theirs, their_scopes, their_messages) = await on_both(exchange)
    assert same_scopes(our_scopes) == same_scopes(their_scopes)
    assert our_scopes != [], "the app was called"
    assert our_messages == their_messages
    assert ours == theirs


@on_loop
async def test_every_declared_difference_is_still_there():
    """A declaration that explains nothing any more has to go."""

    async def exchange(connect):
        client, other = await connect(), await connect()
        await client.ask("GET / HTTP/1.1")
        await other.open_socket("sec-websocket-protocol: chat", path="/refuse")

    (_, ours, _), (_, theirs, _) = await on_both(exchange)
    for mine, other in zip(ours, theirs, strict=True):
        assert {key for key in mine if mine[key] != other.get(key)} - {"headers"} == SCOPE_DIFFERS.keys()
        assert mine.keys() == other.keys()
    names = [{name for name, _ in scopes[-1]["headers"]} for scopes in (ours, theirs)]
    assert names[0] ^ names[1] == SCOPE_HEADERS_DIFFER.keys()
