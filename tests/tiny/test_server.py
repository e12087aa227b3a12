"""tiny's server and HTTP, over real sockets."""

import asyncio
import contextvars
import logging
from typing import Any

import pytest

from rawasgi.tiny import server as tiny_server
from tests.tiny.served import DELIVERIES, Answer, for_http, on_loop, reply, served, turns, whole_body, written

MIB = 1 << 20


def length(body):
    return [(b"content-length", str(len(body)).encode())]


@for_http
async def mirror(scope, receive, send):
    """Answers with the method and the body, framed by the server."""
    body, _ = await whole_body(receive)
    await reply(send, scope["method"].encode() + b" " + body, headers=[])


CHUNKED = [(b"transfer-encoding", b"chunked")]
REQUESTS = {
    "get": (written("GET / HTTP/1.1"), "GET", Answer(200, CHUNKED, b"GET ")),
    "head": (written("HEAD / HTTP/1.1"), "HEAD", Answer(200, CHUNKED)),
    "post": (
        written("POST / HTTP/1.1", "content-length: 5", body=b"hello"),
        "POST",
        Answer(200, CHUNKED, b"POST hello"),
    ),
    "empty post": (written("POST / HTTP/1.1", "content-length: 0"), "POST", Answer(200, CHUNKED, b"POST ")),
    "chunked": (
        written("PUT / HTTP/1.1", "transfer-encoding: chunked", body=b"3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nx-t: 1\r\n\r\n"),
        "PUT",
        Answer(200, CHUNKED, b"PUT abcde"),
    ),
    "method of its own": (written("BREW / HTTP/1.1"), "BREW", Answer(200, CHUNKED, b"BREW ")),
}


@pytest.mark.parametrize("delivery", DELIVERIES)
@pytest.mark.parametrize("name", REQUESTS)
@on_loop
async def test_a_request_is_read_however_it_arrives(name, delivery):
    """Whole or byte by byte, framing never reaches the app, and the connection is kept for a next request."""
    data, method, expected = REQUESTS[name]
    async with served(mirror) as server:
        client = await server.connect()
        for _ in range(2):
            await client.send(data, delivery)
            assert await client.answer(method) == expected


@pytest.mark.parametrize("name", REQUESTS)
@on_loop
async def test_a_request_is_read_with_a_tail(name):
    """A next request that comes in the same segment is served next, on its own."""
    data, method, expected = REQUESTS[name]
    tail, tail_method, tail_expected = REQUESTS["chunked"]
    async with served(mirror) as server:
        client = await server.connect()
        await client.send(data + tail)
        assert await client.answer(method) == expected
        assert await client.answer(tail_method) == tail_expected


@on_loop
async def test_the_scope_of_a_request():
    """Every key of an HTTP scope, from the bytes of one request."""
    scopes = []

    @for_http
    async def app(scope, receive, send):
        scopes.append(scope)
        await reply(send)

    async with served(app) as server:
        client = await server.connect()
        await client.ask(
            "GET /caf%C3%A9%2Fx%20y?a=%C3%A9&b HTTP/1.1", "Host: x", "X-Two: 1", "cookie: a=1", "x-two:  2 "
        )
        await client.ask("OPTIONS * HTTP/1.1")
        assert scopes[0] == {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.5"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": "/café/x y",
            "raw_path": b"/caf%C3%A9%2Fx%20y",
            "query_string": b"a=%C3%A9&b",
            "root_path": "",
            "headers": [(b"host", b"x"), (b"x-two", b"1"), (b"cookie", b"a=1"), (b"x-two", b"2")],
            "client": client.address,
            "server": ("127.0.0.1", server.port),
            "state": {},
        }
        assert (scopes[1]["path"], scopes[1]["raw_path"], scopes[1]["query_string"]) == ("*", b"*", b"")


@on_loop
async def test_the_method_comes_in_capitals():
    """`get` of the wire is "GET" in the scope (H3), and its answer is framed as usual."""
    async with served(mirror) as server:
        client = await server.connect()
        await client.send(written("get / HTTP/1.1"))
        assert await client.answer() == Answer(200, CHUNKED, b"GET ")


@on_loop
async def test_the_app_receives_the_body_in_messages():
    """Pieces announce more, the last is empty and does not; a request without a body has one message (HR3, HR4)."""
    received = []

    @for_http
    async def app(scope, receive, send):
        _, messages = await whole_body(receive)
        received.append(messages)
        await reply(send)

    async with served(app) as server:
        client = await server.connect()
        await client.ask("GET / HTTP/1.1")
        await client.ask("POST / HTTP/1.1", "content-length: 3", body=b"abc")
    last = {"type": "http.request", "body": b"", "more_body": False}
    assert received == [[last], [{"type": "http.request", "body": b"abc", "more_body": True}, last]]


@on_loop
async def test_pipelined_requests_are_served_one_after_the_other():
    """The next request begins after the response before it, in a task and a context of its own (H21)."""
    events: list[tuple[str, ...]] = []
    variable = contextvars.ContextVar("variable", default="clean")

    @for_http
    async def app(scope, receive, send):
        events.append(("begins", scope["path"], variable.get()))
        variable.set("dirty")
        await asyncio.sleep(0)
        await reply(send, scope["path"].encode())
        events.append(("ends", scope["path"]))

    async with served(app) as server:
        client = await server.connect()
        await client.send(b"".join(written(f"GET /{n} HTTP/1.1") for n in range(3)))
        answers = [await client.answer() for _ in range(3)]
    assert [answer.body for answer in answers] == [b"/0", b"/1", b"/2"]
    assert events == [step for n in range(3) for step in (("begins", f"/{n}", "clean"), ("ends", f"/{n}"))]


@on_loop
async def test_the_bytes_of_a_response():
    """A status line, date and server, the app's headers in their order, a chunk for each piece."""

    @for_http
    async def app(scope, receive, send):
        pairs = [(b"set-cookie", b"a=1"), (b"x", b""), (b"set-cookie", b"b=2"), (b"transfer-encoding", b"gzip")]
        await send({"type": "http.response.start", "status": 299, "headers": pairs})
        for piece in (b"hello", b"", b"w" * 17):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body"})

    async with served(app) as server:
        client = await server.connect()
        await client.send(written("GET / HTTP/1.1", "connection: close"))
        head, _, body = (await client.rest()).partition(b"\r\n\r\n")
    status, date, *rest = head.lower().split(b"\r\n")
    assert status == b"http/1.1 299 "
    assert date.startswith(b"date: ")
    assert date.endswith(b" gmt")
    assert rest == [
        b"server: rawasgi.tiny",
        b"set-cookie: a=1",
        b"x: ",
        b"set-cookie: b=2",
        b"transfer-encoding: chunked",
        b"connection: close",
    ]
    assert body == b"5\r\nhello\r\n11\r\n" + b"w" * 17 + b"\r\n0\r\n\r\n"


@on_loop
async def test_http_1_0_is_answered_until_the_connection_ends():
    """A client of 1.0 knows no chunks: the end of the body is the end of the connection (HS21)."""
    async with served(mirror) as server:
        client = await server.connect()
        await client.send(b"POST / HTTP/1.0\r\ncontent-length: 2\r\n\r\nhi")
        head, _, body = (await client.rest()).partition(b"\r\n\r\n")
    assert body == b"POST hi"
    assert head.lower().endswith(b"connection: close")
    assert b"chunked" not in head.lower()


@on_loop
async def test_head_keeps_the_length_and_drops_the_body():
    """The app sends a body, the wire carries none, and the next request is not confused by it (HS18)."""

    @for_http
    async def app(scope, receive, send):
        await reply(send, b"hello")

    async with served(app) as server:
        client = await server.connect()
        await client.send(written("HEAD / HTTP/1.1") + written("GET / HTTP/1.1"))
        assert await client.answer("HEAD") == Answer(200, length(b"hello"))
        assert await client.answer() == Answer(200, length(b"hello"), b"hello")


@on_loop
async def test_100_continue_is_said_when_the_app_reads():
    """The client that asks first is told to go on by the first receive, once."""
    async with served(mirror) as server:
        client = await server.connect()
        await client.send(written("POST / HTTP/1.1", "content-length: 2", "expect: 100-continue"))
        assert await client.read() == b"HTTP/1.1 100 \r\n\r\n"
        await client.send(b"hi")
        answer = await client.answer("POST")
    assert answer == Answer(200, CHUNKED, b"POST hi")
    assert answer.informational == []


@on_loop
async def test_no_100_where_the_app_does_not_read():
    """An app that refuses the body answers at once, and nobody has to send it."""

    @for_http
    async def app(scope, receive, send):
        await reply(send, status=417)

    async with served(app) as server:
        client = await server.connect()
        answer = await client.ask("POST / HTTP/1.1", "content-length: 2", "expect: 100-continue")
    assert (answer, answer.informational) == (Answer(417, length(b"")), [])


MALFORMED = {
    "no http": b"hello\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
    "no colon": b"GET / HTTP/1.1\r\nhost: x\r\nbroken\r\n\r\n",
    "space before colon": b"GET / HTTP/1.1\r\nhost : x\r\n\r\n",
    "bad length": b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: five\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n",
    "raw utf-8 target": "GET /é HTTP/1.1\r\nhost: x\r\n\r\n".encode(),
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
}


@pytest.mark.parametrize("delivery", DELIVERIES)
@pytest.mark.parametrize("name", MALFORMED)
@on_loop
async def test_a_malformed_request_is_400_and_reaches_no_app(name, delivery):
    """The server answers in the app's place and hangs up."""
    called = []

    @for_http
    async def app(scope, receive, send):
        called.append(scope)

    async with served(app) as server:
        client = await server.connect()
        await client.send(MALFORMED[name], delivery)
        assert await client.answer() == Answer(400, [*length(b""), (b"connection", b"close")])
        assert await client.rest() == b""
    assert called == []


@on_loop
async def test_a_head_that_never_ends_is_431():
    """More than h11 will hold for one head is refused with its own status."""
    async with served(mirror) as server:
        client = await server.connect()
        await client.send(b"GET / HTTP/1.1\r\nhost: x\r\nx: " + b"y" * 40_000)
        assert await client.answer() == Answer(431, [*length(b""), (b"connection", b"close")])


@pytest.mark.parametrize("delivery", DELIVERIES)
@on_loop
async def test_a_torn_chunk_is_a_disconnect_for_the_app(delivery):
    """What came before it was delivered; then the client gets a 400 and the app http.disconnect (HR6)."""
    received: list[Any] = []

    @for_http
    async def app(scope, receive, send):
        while not received or received[-1]["type"] != "http.disconnect":
            received.append(await receive())

    async with served(app) as server:
        client = await server.connect()
        await client.send(
            written("POST / HTTP/1.1", "transfer-encoding: chunked", body=b"3\r\nabc\r\nzz\r\n"), delivery
        )
        assert await client.answer("POST") == Answer(400, [*length(b""), (b"connection", b"close")])
    *pieces, last = received
    assert b"".join(piece["body"] for piece in pieces) == b"abc"
    assert last == {"type": "http.disconnect"}


@on_loop
async def test_a_client_that_leaves_is_a_disconnect_and_an_oserror(caplog):
    """receive gives http.disconnect, again and again; send raises an OSError; neither is logged as an error (G18)."""
    seen = asyncio.get_running_loop().create_future()

    @for_http
    async def app(scope, receive, send):
        messages = [await receive() for _ in range(3)]
        try:
            await reply(send)
        except OSError as error:
            seen.set_result((messages, type(error)))
            raise

    async with served(app) as server:
        client = await server.connect()
        await client.send(written("POST / HTTP/1.1", "content-length: 9", body=b"abc"))
        await turns()
        await client.leave()
        messages, error = await seen
    assert messages == [{"type": "http.request", "body": b"abc", "more_body": True}] + [{"type": "http.disconnect"}] * 2
    assert error is tiny_server.ClientGone
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@on_loop
async def test_after_the_response_receive_gives_a_disconnect():
    """Also to an app that was already waiting when the response ended (HR7); late messages are ignored (HS15)."""
    seen: asyncio.Queue[Any] = asyncio.Queue()

    @for_http
    async def app(scope, receive, send):
        await whole_body(receive)
        waiting = asyncio.create_task(receive())
        await asyncio.sleep(0)
        await reply(send, b"x")
        await send({"type": "http.response.body", "body": b"late"})
        seen.put_nowait([await waiting, await receive()])

    async with served(app) as server:
        client = await server.connect()
        for _ in range(2):
            assert await client.ask("GET / HTTP/1.1") == Answer(200, length(b"x"), b"x")
            assert await seen.get() == [{"type": "http.disconnect"}] * 2


@on_loop
async def test_an_unread_body_does_not_spoil_the_next_request():
    """A large body that no one asked for is thrown away, and the connection goes on."""
    paths = []

    @for_http
    async def app(scope, receive, send):
        paths.append(scope["path"])
        await reply(send, b"x")

    async with served(app) as server:
        client = await server.connect()
        big = written("POST /big HTTP/1.1", f"content-length: {MIB}", body=b"z" * MIB)
        await client.send(big + written("GET /next HTTP/1.1"))
        assert await client.answer("POST") == Answer(200, length(b"x"), b"x")
        assert await client.answer() == Answer(200, length(b"x"), b"x")
    assert paths == ["/big", "/next"]


@on_loop
async def test_an_idle_connection_is_sent_away(monkeypatch):
    """Who asks for nothing for PATIENCE seconds loses the connection."""
    monkeypatch.setattr(tiny_server, "PATIENCE", 0.05)
    async with served(mirror) as server:
        client = await server.connect()
        await client.send(b"GET / HT")
        assert await client.rest() == b""
