"""Websockets from the client's side: what is said, how either ends it, and what a refusal looks like."""

import asyncio
from typing import Any

import pytest

from rawasgi import PlainTextResponse, TestClient, WebSocketDisconnect
from rawasgi.instruments.conversation import Stuck
from rawasgi.instruments.testclient import HandshakeRejected
from rawasgi.messages.errors import AppProtocolError
from tests.instruments.echo import KITS, last_task
from tests.instruments.messages import ACCEPT, CONNECT, close, left, notes, said, sent


@pytest.fixture(params=KITS)
def kit(request):
    """Each of the three frameworks."""
    return KITS[request.param]


def client_of(kit, endpoint, **options):
    """A client for one websocket at `/ws`; in a block it is closed at its end."""
    return TestClient(kit.App(routes=[kit.WebSocketRoute("/ws", endpoint)]), **options)


def test_text_bytes_and_json_go_both_ways(kit):
    """Six messages come back as they went, JSON in both modes and outside ASCII."""

    async def endpoint(websocket):
        await websocket.accept()
        await websocket.send_text(await websocket.receive_text())
        await websocket.send_bytes(await websocket.receive_bytes())
        await websocket.send_json(await websocket.receive_json())
        await websocket.send_json(await websocket.receive_json(mode="binary"), mode="binary")
        await websocket.close()

    data = {"é": [1, None]}
    with client_of(kit, endpoint) as client, client.websocket_connect("/ws") as websocket:
        websocket.send_text("é")
        assert websocket.receive_text() == "é"
        websocket.send_bytes(b"\xff")
        assert websocket.receive_bytes() == b"\xff"
        websocket.send_json(data)
        assert websocket.receive_json() == data
        websocket.send_json(data, mode="binary")
        assert websocket.receive_json(mode="binary") == data


def test_a_message_of_the_other_kind_is_not_taken_for_one():
    """Text where bytes were sent is an error that shows the message, whichever keys it has."""
    both = {"type": "websocket.send", "text": None, "bytes": b"b"}
    client = TestClient(notes([], 1, ACCEPT, both, sent("a"), close()))
    with client.websocket_connect("/") as websocket:
        with pytest.raises(ValueError, match=r"no text, but .*b'b'"):
            websocket.receive_text()
        with pytest.raises(ValueError, match=r"no bytes, but .*'a'"):
            websocket.receive_bytes()
    client.close()


def test_messages_can_be_sent_and_received_as_they_are():
    """With every key that they have."""
    heard: list[Any] = []
    client = TestClient(notes(heard, 1, ACCEPT, 1, sent("a"), close()))
    with client.websocket_connect("/") as websocket:
        websocket.send({"type": "websocket.receive", "bytes": None, "text": "x"})
        assert websocket.receive() == sent("a")
    assert heard == [CONNECT, {"type": "websocket.receive", "bytes": None, "text": "x"}]
    client.close()


def test_the_scope_is_that_of_a_handshake():
    """Path, query, host, subprotocols, cookies, authorization, and the headers of an upgrade, each once."""
    client = TestClient(
        notes([], 1, {**ACCEPT, "subprotocol": "b", "headers": [(b"x-a", b"1")]}, close()),
        base_url="https://shop.example",
        cookies={"a": "1"},
        root_path="/api",
        client=("10.0.0.1", 7),
    )
    options = {"headers": {"X-B": "2", "User-Agent": "me"}, "params": {"q": "x y"}, "auth": ("user", "secret")}
    with client.websocket_connect("/a%20b", subprotocols=["a", "b"], **options) as websocket:
        assert websocket.accepted_subprotocol == "b"
        assert websocket.extra_headers == [(b"x-a", b"1")]
    scope = client.conversations[-1].scope
    headers = scope.pop("headers")
    assert scope == {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.5"},
        "http_version": "1.1",
        "scheme": "wss",
        "path": "/a b",
        "raw_path": b"/a%20b",
        "query_string": b"q=x+y",
        "root_path": "/api",
        "client": ("10.0.0.1", 7),
        "server": ("shop.example", 443),
        "subprotocols": ["a", "b"],
        "extensions": {"websocket.http.response": {}},
    }
    assert sorted(
        (name, value) for name, value in headers if not name.startswith((b"accept", b"sec-websocket-key"))
    ) == [
        (b"authorization", b"Basic dXNlcjpzZWNyZXQ="),
        (b"connection", b"upgrade"),
        (b"cookie", b"a=1"),
        (b"host", b"shop.example"),
        (b"sec-websocket-protocol", b"a, b"),
        (b"sec-websocket-version", b"13"),
        (b"upgrade", b"websocket"),
        (b"user-agent", b"me"),
        (b"x-b", b"2"),
    ]
    client.close()


@pytest.mark.parametrize(
    ("url", "scheme", "server"),
    [
        ("/ws", "ws", ("testserver", 80)),
        ("ws://testserver/ws", "ws", ("testserver", 80)),
        ("wss://other.example/ws", "wss", ("other.example", 443)),
        ("https://other.example:1/ws", "wss", ("other.example", 1)),
    ],
)
def test_an_address_may_be_relative_or_whole(url, scheme, server):
    """http and ws are one, and so are https and wss."""
    client = TestClient(notes([], 1, ACCEPT, close()))
    with client.websocket_connect(url):
        pass
    scope = client.conversations[-1].scope
    assert (scope["scheme"], scope["path"], scope["server"], scope["subprotocols"]) == (scheme, "/ws", server, [])
    client.close()


def test_the_state_of_the_lifespan_is_there():
    """As in a request."""

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            scope["state"]["a"] = 1
            script = [1, {"type": "lifespan.startup.complete"}, 1, {"type": "lifespan.shutdown.complete"}]
        else:
            script = [1, ACCEPT, sent(str(scope["state"])), close()]
        await notes([], *script)(scope, receive, send)

    with TestClient(app) as client, client.websocket_connect("/") as websocket:
        assert websocket.receive_text() == "{'a': 1}"


@pytest.mark.parametrize(
    ("arguments", "code", "reason"), [((), 1000, ""), ((4001, "enough"), 4001, "enough"), ((1001, None), 1001, "")]
)
def test_the_client_closes_with_a_code(arguments, code, reason):
    """The app hears it behind what was said before; whoever goes on asking the session is told the same."""
    heard: list[Any] = []
    client = TestClient(notes(heard, 1, ACCEPT, 2))
    with client.websocket_connect("/") as websocket:
        websocket.send_text("a")
        websocket.close(*arguments)
        websocket.close(3000)
        with pytest.raises(WebSocketDisconnect) as caught:
            websocket.receive()
    assert (caught.value.code, caught.value.reason) == (code, reason)
    assert heard == [CONNECT, said("a"), left(code, reason)]
    client.close()


def test_the_end_of_the_block_is_a_close():
    """With 1000: and when it is left, the app has ended."""
    heard: list[Any] = []
    client = TestClient(notes(heard, 1, ACCEPT, 1))
    with client.websocket_connect("/"):
        pass
    assert heard == [CONNECT, left(1000)]
    assert last_task(client).done()
    client.close()


@pytest.mark.parametrize(
    ("goodbye", "code", "reason"), [(close(4001, "enough"), 4001, "enough"), ({"type": "websocket.close"}, 1000, "")]
)
def test_the_app_closes_with_a_code(goodbye, code, reason):
    """The client has all that was sent before, and the same end as often as it asks."""
    client = TestClient(notes([], 1, ACCEPT, sent("a"), goodbye))
    with client.websocket_connect("/") as websocket:
        assert websocket.receive_text() == "a"
        for _ in range(2):
            with pytest.raises(WebSocketDisconnect) as caught:
                websocket.receive_text()
            assert (caught.value.code, caught.value.reason) == (code, reason)
    client.close()


def test_a_refusal_is_a_403_and_no_code_is_seen(kit):
    """Before the handshake there is no websocket that could be closed: the client gets an HTTP answer."""

    async def endpoint(websocket):
        await websocket.close(4001, "secret reason")

    with client_of(kit, endpoint) as client:
        for url in ("/ws", "/nowhere"):
            with pytest.raises(HandshakeRejected, match="the handshake was answered 403") as caught:
                client.websocket_connect(url).__enter__()
            assert (caught.value.response.status_code, caught.value.response.content) == (403, b"")


def test_a_denial_is_a_response_of_the_app(kit):
    """With its status, its headers and its body."""

    async def endpoint(websocket):
        await websocket.send_denial_response(kit.PlainTextResponse("who?", 401, {"x-a": "b"}))

    with client_of(kit, endpoint) as client:
        with pytest.raises(HandshakeRejected) as caught:
            client.websocket_connect("/ws").__enter__()
        response = caught.value.response
    assert (response.status_code, response.text, response.headers["x-a"]) == (401, "who?", "b")


async def fails(scope, receive, send):
    """An app that raises at once."""
    raise LookupError("of the app")


def test_an_error_before_the_handshake_is_raised():
    """Where the session is entered."""
    client = TestClient(fails)
    with pytest.raises(LookupError, match="of the app"):
        client.websocket_connect("/").__enter__()
    client.close()


def test_without_raising_an_error_before_the_handshake_is_a_500():
    """As a server answers for an app that did not."""
    client = TestClient(fails, raise_server_exceptions=False)
    with pytest.raises(HandshakeRejected) as caught:
        client.websocket_connect("/").__enter__()
    assert (caught.value.response.status_code, caught.value.response.content) == (500, b"")
    client.close()


@pytest.mark.parametrize("raises", [True, False])
def test_an_app_that_fails_on_an_open_websocket_closes_it(kit, raises):
    """Its error is raised once, and from then on it is closed with 1011, as by a server."""

    async def endpoint(websocket):
        await websocket.accept()
        await websocket.send_text("a")
        raise LookupError("of the app")

    with client_of(kit, endpoint, raise_server_exceptions=raises) as client:
        with client.websocket_connect("/ws") as websocket:
            assert websocket.receive_text() == "a"
            if raises:
                with pytest.raises(LookupError, match="of the app"):
                    websocket.receive_text()
            with pytest.raises(WebSocketDisconnect) as caught:
                websocket.receive_text()
        assert caught.value.code == 1011


def test_what_fails_at_the_end_is_raised_at_the_end_of_the_block():
    """The app raises when it hears the goodbye."""

    async def app(scope, receive, send):
        await notes([], 1, ACCEPT, 1)(scope, receive, send)
        raise LookupError("of the app")

    client = TestClient(app)
    with pytest.raises(LookupError, match="of the app"), client.websocket_connect("/"):
        pass
    with pytest.raises(ArithmeticError, match="of the test"), client.websocket_connect("/"):
        raise ArithmeticError("of the test")
    client.close()


@pytest.mark.parametrize(("script", "rule"), [([1, ACCEPT], "WS15"), ([1], "WS15"), ([1, sent("a")], "WS7")])
def test_a_broken_rule_is_an_error_of_the_app(script, rule):
    """To return from an open websocket is one."""
    client = TestClient(notes([], *script))
    with pytest.raises(AppProtocolError) as caught, client.websocket_connect("/"):
        pass
    assert caught.value.rule_id == rule
    client.close()


def test_two_websockets_talk_to_each_other(kit):
    """Both are open at once, on one loop: what one says the other hears."""
    seats: dict[str, asyncio.Queue[str]] = {}

    async def endpoint(websocket):
        me = websocket.query_params["me"]
        seats[me] = asyncio.Queue()
        await websocket.accept()
        other = "b" if me == "a" else "a"
        for _ in range(2):
            text = await websocket.receive_text()
            await seats[other].put(text)
            await websocket.send_text(f"{me} hears {await seats[me].get()}")
        await websocket.close()

    with (
        client_of(kit, endpoint) as client,
        client.websocket_connect("/ws?me=a") as a,
        client.websocket_connect("/ws?me=b") as b,
    ):
        for number in range(2):
            a.send_text(f"a{number}")
            b.send_text(f"b{number}")
            assert (a.receive_text(), b.receive_text()) == (f"a hears b{number}", f"b hears a{number}")


def test_requests_go_on_beside_a_websocket():
    """What a request says, a websocket that is open tells."""
    news: asyncio.Queue[str] = asyncio.Queue()

    async def tell(scope, receive, send):
        await receive()
        await send(ACCEPT)
        await send(sent(await news.get()))
        await send(close())

    async def app(scope, receive, send):
        if scope["type"] == "websocket":
            await tell(scope, receive, send)
        else:
            await news.put("news")
            await PlainTextResponse("said")(scope, receive, send)

    client = TestClient(app)
    with client.websocket_connect("/") as websocket:
        assert client.get("/").text == "said"
        assert websocket.receive_text() == "news"
    client.close()


def test_an_app_that_does_not_hear_the_goodbye_is_stuck(monkeypatch):
    """Who only sends, and waits for something else, goes on after its client: the end of the block says so."""
    monkeypatch.setattr("rawasgi.instruments.testclient.PATIENCE", 0.05)

    async def app(scope, receive, send):
        await receive()
        await send(ACCEPT)
        await asyncio.Event().wait()

    client = TestClient(app)
    with pytest.raises(Stuck, match=r"not ended in 0\.05 s; .*'websocket\.accept'"), client.websocket_connect("/"):
        pass
    client.close()
