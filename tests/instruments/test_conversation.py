"""One call of an app: what it is asked, what it says, and what it is told when it speaks out of turn."""

import asyncio
from typing import Any

import django.conf
import django.core.asgi
import django.http
import django.urls
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from rawasgi import App, Response
from rawasgi.instruments.conversation import Conversation, Exchange, Stuck, converse, handshake, request
from rawasgi.messages.errors import AppProtocolError, PeerProtocolError
from rawasgi.tiny.app import App as TinyApp
from rawasgi.tiny.app import Response as TinyResponse
from tests.drive import on_a_loop
from tests.instruments.messages import ACCEPT, CONNECT, GONE, asked, notes, piece, said, says, sent, start

HOST = (b"host", b"testserver")
COMMON: dict[str, Any] = {
    "asgi": {"version": "3.0", "spec_version": "2.5"},
    "http_version": "1.1",
    "path": "/",
    "raw_path": b"/",
    "query_string": b"",
    "root_path": "",
    "headers": [HOST],
    "client": ("testclient", 50_000),
    "server": ("testserver", 80),
}


def test_a_request_is_a_whole_scope_and_one_message():
    """Without arguments it is GET / with no body."""
    scope = {**COMMON, "type": "http", "method": "GET", "scheme": "http"}
    assert request() == Exchange(scope, (asked(),))


def test_a_handshake_is_a_whole_scope_and_the_connect():
    """It has subprotocols and the scheme ws, and no method."""
    scope = {**COMMON, "type": "websocket", "scheme": "ws", "subprotocols": []}
    assert handshake() == Exchange(scope, (CONNECT,))


@pytest.mark.parametrize(
    ("target", "path", "raw_path", "query"),
    [
        ("/a%20b?x=%20&y", "/a b", b"/a%20b", b"x=%20&y"),
        ("/caf%C3%A9", "/café", b"/caf%C3%A9", b""),
        ("/a%2Fb", "/a/b", b"/a%2Fb", b""),
        ("/a+b?c+d", "/a+b", b"/a+b", b"c+d"),
        ("/?", "/", b"/", b""),
        ("/a?b?c", "/a", b"/a", b"b?c"),
        ("/%FF", "/�", b"/%FF", b""),
        ("*", "*", b"*", b""),
    ],
)
@pytest.mark.parametrize("build", [lambda target: request("GET", target), handshake], ids=["http", "websocket"])
def test_a_target_is_split_and_its_path_decoded(build, target, path, raw_path, query):
    """`path` is decoded once, `raw_path` and `query_string` stay as they stand on the request line."""
    scope = build(target).scope
    assert (scope["path"], scope["raw_path"], scope["query_string"]) == (path, raw_path, query)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"X-A": "é"}, [HOST, (b"x-a", b"\xe9")]),
        ([(b"X-A", b"1"), (b"x-a", b"2")], [HOST, (b"x-a", b"1"), (b"x-a", b"2")]),
        (iter([("X-A", b"1")]), [HOST, (b"x-a", b"1")]),
        ({"Host": "a.example"}, [(b"host", b"a.example")]),
        ([(b"x-a", b"1"), (b"HOST", b"a.example")], [(b"x-a", b"1"), (b"host", b"a.example")]),
    ],
)
def test_headers_are_pairs_of_bytes_in_lower_case_with_one_host(headers, expected):
    """A mapping of str or pairs of either kind; a host of one's own takes the place of `testserver`."""
    assert request(headers=headers).scope["headers"] == expected


def test_keywords_go_into_the_scope():
    """They come last, so that they can replace what the builder would say."""
    scope = request("GET", "/", root_path="/api", state={"a": 1}, spec_version="2.3").scope
    assert (scope["root_path"], scope["state"], scope["asgi"]["spec_version"]) == ("/api", {"a": 1}, "2.3")
    scope = handshake("/", scheme="wss", extensions={}, subprotocols=("a", "b"), headers={"a": "b"}).scope
    assert (scope["scheme"], scope["extensions"], scope["subprotocols"]) == ("wss", {}, ["a", "b"])
    assert scope["headers"] == [HOST, (b"a", b"b")]


@pytest.mark.parametrize(
    ("body", "messages"),
    [
        (b"ab", (asked(b"ab"),)),
        ([b"a", b"b"], (asked(b"a", more=True), asked(b"b"))),
        ([], (asked(),)),
    ],
)
def test_a_body_in_pieces_is_as_many_messages(body, messages):
    """The last one announces no more."""
    assert request("POST", "/", body=body).messages == messages


def test_what_a_client_says_on_a_websocket_becomes_messages():
    """Text, bytes, and a message as it is, which may hold both keys."""
    both = {"type": "websocket.receive", "text": "c", "bytes": None}
    data = {"type": "websocket.receive", "bytes": b"b"}
    assert handshake("/", "a", b"b", both).messages == (CONNECT, said("a"), data, both)


async def upper_on_starlette(request):
    return PlainTextResponse((await request.body()).upper(), 201)


def make_tiny():
    app = TinyApp()

    @app.post("/up")
    async def upper(request):
        return TinyResponse((await request.body()).upper(), 201)

    return app


def make_core():
    app = App()

    @app.post("/up")
    async def upper(request):
        return Response((await request.body()).upper(), 201)

    return app


def make_fastapi():
    app = FastAPI()
    app.add_route("/up", upper_on_starlette, methods=["POST"])
    return app


async def raw(scope, receive, send):
    """The same, by hand."""
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message["body"], message["more_body"]
    await send(start(201))
    await send(piece(body.upper()))


async def upper_on_django(request):
    return django.http.HttpResponse(request.body.upper(), status=201)


def make_django():
    """Django has one configuration in a process; its URLs are looked up in whatever object the scope's app names."""
    if not django.conf.settings.configured:
        django.conf.settings.configure(ALLOWED_HOSTS=["testserver"])
    django.conf.settings.ROOT_URLCONF = type("urls", (), {"urlpatterns": [django.urls.path("up", upper_on_django)]})
    return django.core.asgi.get_asgi_application()


@pytest.mark.parametrize(
    "make",
    [
        lambda: raw,
        make_tiny,
        make_core,
        lambda: Starlette(routes=[Route("/up", upper_on_starlette, methods=["POST"])]),
        make_fastapi,
        make_django,
    ],
    ids=["raw", "tiny", "rawasgi", "Starlette", "FastAPI", "Django"],
)
def test_anybodys_app_can_be_asked(make):
    """A body in two pieces comes back in capitals, from six stacks, with a length where there is a framework."""
    start_message, *rest = converse(make(), request("POST", "/up", body=[b"he", b"llo"]))
    assert (start_message["type"], start_message["status"]) == ("http.response.start", 201)
    assert dict(start_message["headers"]).get(b"content-length", b"5") == b"5"
    assert b"".join(message["body"] for message in rest) == b"HELLO"
    assert [message["type"] for message in rest] == ["http.response.body"] * len(rest)
    assert not rest[-1].get("more_body", False)


def test_one_exchange_can_be_asked_of_many_apps():
    """An app that writes into its scope does not write into the exchange."""
    exchange = request("GET", "/")
    before = {**exchange.scope}
    first = converse(Starlette(), exchange)
    assert exchange == Exchange(before, (asked(),))
    assert converse(Starlette(), exchange) == first


def test_what_was_sent_stays_as_it_was():
    """An app may use one dict for all its messages: each is kept as it was when it was sent."""

    async def app(scope, receive, send):
        message = start()
        await send(message)
        message.clear()
        message.update(piece(b"a", more=True))
        await send(message)
        message.update(body=b"b", more_body=False)
        await send(message)

    assert converse(app, request()) == [start(), piece(b"a", more=True), piece(b"b")]


@pytest.mark.parametrize(
    ("app", "exchange", "rule", "state", "seen"),
    [
        (says(piece()), request(), "HS1", "awaiting_start", "http.response.body"),
        (says(start(), start()), request(), "HS2", "awaiting_body", "http.response.start"),
        (says(start(), piece(), piece()), request(), "HS15", "complete", "http.response.body"),
        (says(), request(), "HS16", "awaiting_start", "return"),
        (says(start(), piece(b"a", more=True)), request(), "HS16", "streaming_body", "return"),
        (says(ACCEPT), Exchange(handshake().scope), "WS1", "awaiting_connect", "websocket.accept"),
        (notes([], 1, sent("a")), handshake(), "WS7", "awaiting_answer", "websocket.send"),
        (notes([], 1, ACCEPT), handshake(), "WS15", "open", "return"),
    ],
)
def test_an_app_that_speaks_out_of_turn_is_told_the_rule(app, exchange, rule, state, seen):
    """The error comes out of `send`, or at the app's return, and blames the app."""
    with pytest.raises(AppProtocolError) as caught:
        converse(app, exchange)
    assert (caught.value.rule_id, caught.value.state, caught.value.seen) == (rule, state, seen)


@pytest.mark.parametrize(
    ("scope", "messages", "rule", "seen"),
    [
        (request().scope, [CONNECT], "HR1", "websocket.connect"),
        (request().scope, [asked(b"a"), asked(b"b")], "HR4", "http.request"),
        (handshake().scope, [said("a")], "WR1", "websocket.receive"),
        (handshake().scope, [CONNECT, CONNECT], "WR1", "websocket.connect"),
    ],
)
def test_what_no_server_could_deliver_comes_out_of_receive(scope, messages, rule, seen):
    """The error blames the other side: the app that asks is innocent."""
    with pytest.raises(PeerProtocolError) as caught:
        converse(notes([], 2), Exchange(scope, tuple(messages)))
    assert (caught.value.rule_id, caught.value.seen) == (rule, seen)


def test_after_a_whole_response_receive_gives_the_disconnect():
    """As often as it is asked, and only then: before, there is nothing more to hear."""
    heard: list[Any] = []
    assert converse(notes(heard, 1, start(), piece(), 2), request()) == [start(), piece()]
    assert heard == [asked(), GONE, GONE]


def test_a_body_that_nobody_has_read_is_gone_after_the_response():
    """Whoever asks then hears that it is over (HR7)."""
    heard: list[Any] = []
    converse(notes(heard, start(), piece(), 3), request("POST", "/", body=[b"a", b"b"]))
    assert heard == [GONE, GONE, GONE]


def test_who_waits_for_ever_is_stuck_and_one_reads_where():
    """`str` has what was sent, and where both sides stand."""
    app = notes([], start(), 2)
    with pytest.raises(Stuck) as caught:
        converse(app, request(), seconds=0.05)
    assert str(caught.value) == (
        "the app has not ended in 0.05 s; it has sent ['http.response.start']: "
        "<Conversation http: app awaiting_body, server request_complete>"
    )


@pytest.mark.parametrize("times", [1, 2])
def test_an_app_that_swallows_its_cancellation_is_stuck_too(times):
    """It is cancelled again, until it has ended: nothing waits for it longer than that."""
    swallowed = []

    async def app(scope, receive, send):
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                swallowed.append(True)
                if len(swallowed) > times:
                    raise

    with pytest.raises(Stuck):
        converse(app, request(), seconds=0.05)
    assert len(swallowed) == times + 1


def test_what_the_app_raises_is_raised():
    """The exception itself, whatever was sent before."""
    error = LookupError("mine")

    async def app(scope, receive, send):
        await send(start())
        raise error

    with pytest.raises(LookupError) as caught:
        converse(app, request())
    assert caught.value is error


@on_a_loop
async def test_an_app_runs_beside_the_one_who_asks():
    """Inside the block both go on in turns; `next_sent` gives each message once, and None at the end."""
    async with Conversation(notes([], 1, start(), 1, piece(b"b")), request().scope) as conversation:
        conversation.deliver(asked(b"a", more=True))
        assert await conversation.next_sent() == start()
        assert repr(conversation) == "<Conversation http: app awaiting_body, server streaming_request>"
        conversation.deliver(asked(b"b"))
        assert await conversation.next_sent() == piece(b"b")
        assert await conversation.next_sent() is None
    assert conversation.sent == [start(), piece(b"b")]


@on_a_loop
async def test_leaving_the_block_ends_the_app():
    """What still waits is cancelled, and its clean-up is waited for."""
    ended = []

    async def app(scope, receive, send):
        try:
            await send(start())
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append(scope["path"])

    async with Conversation(app, request().scope) as conversation:
        await conversation.next_sent()
    assert ended == ["/"]
    assert conversation.task is not None
    assert conversation.task.cancelled()


@pytest.mark.parametrize("error", [None, LookupError("of the block")])
@on_a_loop
async def test_the_block_raises_what_the_app_has_raised_unless_it_raises_itself(error):
    """The error of the one who asks comes first."""

    async def app(scope, receive, send):
        raise ArithmeticError("of the app")

    with pytest.raises(LookupError if error else ArithmeticError):  # noqa: PT012
        async with Conversation(app, request().scope) as conversation:
            assert await conversation.next_sent() is None
            if error:
                raise error
