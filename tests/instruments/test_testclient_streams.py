"""Bodies in motion: each piece when it is sent, each asked for when it is wanted; and clients that leave."""

import asyncio
import threading
from typing import Any

import httpx2
import pytest

from rawasgi import App, StreamingResponse, TestClient
from rawasgi.instruments.portal import on_loop
from tests.instruments.echo import KITS, last_task
from tests.instruments.messages import GONE, asked, notes, piece, start


@pytest.fixture(params=KITS)
def kit(request):
    """Each of the three frameworks."""
    return KITS[request.param]


def test_each_piece_is_there_when_it_was_sent(kit):
    """The app waits for the client after each piece: a client that read ahead would wait for ever."""
    read = threading.Semaphore(0)

    async def endpoint(request):
        async def pieces():
            for number in range(3):
                yield str(number).encode()
                await asyncio.to_thread(read.acquire)

        return kit.StreamingResponse(pieces())

    with TestClient(kit.App(routes=[kit.Route("/", endpoint)])) as client, client.stream("GET", "/") as response:
        got: list[bytes] = []
        for body in response.iter_bytes():
            got.append(body)
            read.release()
    assert got == [b"0", b"1", b"2"]


def test_headers_are_there_before_the_body(kit):
    """The response is given as soon as it has started; lines can be read one by one."""
    go = threading.Event()

    async def endpoint(request):
        async def lines():
            await asyncio.to_thread(go.wait)
            yield b"a\nb"
            yield b"\nc"

        return kit.StreamingResponse(lines(), 201, {"x-a": "b"})

    with TestClient(kit.App(routes=[kit.Route("/", endpoint)])) as client, client.stream("GET", "/") as response:
        assert (response.status_code, response.headers["x-a"]) == (201, "b")
        go.set()
        assert list(response.iter_lines()) == ["a", "b", "c"]


def test_who_leaves_a_stream_early_is_a_client_that_has_left():
    """The app hears the disconnect, and no later piece comes to anybody."""
    heard: list[Any] = []
    client = TestClient(notes(heard, 1, start(), piece(b"a", more=True), 1))
    with client.stream("GET", "/") as response:
        assert next(response.iter_bytes()) == b"a"
    client.settle()
    assert heard == [asked(), GONE]
    client.close()


def test_an_endless_stream_ends_with_its_client(kit):
    """Its server is told by `send`; that the app reports that in an exception of its own is no error of a test."""

    async def endpoint(request):
        async def pieces():
            while True:
                yield b"x"
                await asyncio.sleep(0)

        return kit.StreamingResponse(pieces())

    with TestClient(kit.App(routes=[kit.Route("/", endpoint)])) as client:
        with client.stream("GET", "/") as response:
            assert next(response.iter_bytes()) == b"x"
        client.settle()
        assert last_task(client).done()


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_client_can_leave_at_a_chosen_message(count):
    """It sees a torn response, or none, as httpx2 reports it. Who left before the app listened has said nothing."""
    heard: list[Any] = []
    script = [1, start(), piece(b"a", more=True)][: count + 1]
    client = TestClient(notes(heard, *script, 1))
    with pytest.raises(httpx2.ReadError, match="the client left before the response was whole"):
        client.get("/", extensions={"leaves_after": count})
    client.settle()
    assert heard == [asked() if count else GONE, GONE]
    client.close()


def test_what_came_before_the_client_left_is_there():
    """A stream gives the pieces until then, and then the error."""
    client = TestClient(notes([], start(), piece(b"a", more=True), piece(b"b", more=True), 2))
    got: list[bytes] = []
    with client.stream("GET", "/", extensions={"leaves_after": 3}) as response:
        with pytest.raises(httpx2.ReadError):
            got.extend(response.iter_bytes())
        assert response.num_bytes_downloaded == 2
    client.settle()
    client.close()


def test_nobody_waits_for_an_app_that_does_not_hear_it():
    """Once the client has left its call is over, whatever the app does meanwhile."""
    end = asyncio.Event()

    async def app(scope, receive, send):
        await end.wait()
        await send(start())

    client = TestClient(app)
    with pytest.raises(httpx2.ReadError):
        client.get("/", extensions={"leaves_after": 0})
    assert not last_task(client).done()
    client.portal.call(on_loop(end.set))
    client.settle()
    client.close()


class Pieces:
    """A request body that notes who asks for it."""

    def __init__(self, *pieces):
        self.pieces = pieces
        self.given = []

    def __iter__(self):
        for each in self.pieces:
            self.given.append(each)
            yield each


def test_a_request_body_is_read_as_the_app_asks():
    """Piece by piece, and no further than it has asked: after each response message we look."""
    body = Pieces(b"a", b"b", b"c")
    seen = []

    async def app(scope, receive, send):
        for _ in range(2):
            seen.append((await receive(), [*body.given]))
        await send(start())
        await send(piece())

    client = TestClient(app)
    assert client.post("/", content=body).status_code == 200
    assert seen == [(asked(b"a", more=True), [b"a"]), (asked(b"b", more=True), [b"a", b"b"])]
    client.close()
    assert body.given == [b"a", b"b"]


def test_an_app_may_answer_without_reading():
    """Then nobody has touched the body: it hears the disconnect in its place."""
    body = Pieces(b"a")
    heard: list[Any] = []
    client = TestClient(notes(heard, start(), piece(b"x"), 1))
    assert client.post("/", content=body).content == b"x"
    client.settle()
    assert (heard, body.given) == ([GONE], [])
    client.close()


def test_a_body_is_whole_at_its_end():
    """A last message without bytes ends it; request and response can run at the same time."""
    heard: list[Any] = []
    client = TestClient(notes(heard, start(), piece(b"x", more=True), 2, piece(b"y")))
    with client.stream("POST", "/", content=Pieces(b"a")) as response:
        assert list(response.iter_bytes()) == [b"x", b"y"]
    assert heard == [asked(b"a", more=True), asked()]
    client.close()


def test_a_body_that_waits_for_the_response_gets_it():
    """A generator may block until the client has read what the app has sent: it has a thread of its own."""
    answered = threading.Event()

    def body():
        yield b"a"
        answered.wait()
        yield b"b"

    async def app(scope, receive, send):
        await send(start())
        more = True
        while more:
            message = await receive()
            more = message["more_body"]
            await send(piece(message["body"].upper(), more))

    client = TestClient(app)
    got: list[bytes] = []
    with client.stream("POST", "/", content=body()) as response:
        for each in response.iter_bytes():
            got.append(each)
            answered.set()
    assert got == [b"A", b"B"]
    client.close()


@pytest.mark.parametrize("is_started", [False, True])
def test_a_body_that_fails_is_a_client_that_leaves(is_started):
    """The error comes out at the client, where it was made; the app hears a disconnect."""
    heard: list[Any] = []

    def body():
        yield b"a"
        raise LookupError("of the client")

    client = TestClient(notes(heard, *([start()] if is_started else []), 2))
    with pytest.raises(LookupError, match="of the client"):
        client.post("/", content=body())
    client.settle()
    assert heard == [asked(b"a", more=True), GONE]
    client.close()


def test_files_are_read_as_the_app_asks(tmp_path):
    """A multipart body comes in pieces as well, and is whole when they are put together."""
    path = tmp_path / "a.bin"
    path.write_bytes(bytes(200_000))
    heard: list[Any] = []

    async def app(scope, receive, send):
        more = True
        while more:
            message = await receive()
            heard.append(len(message["body"]))
            more = message["more_body"]
        await send(start())
        await send(piece())

    client = TestClient(app)
    with path.open("rb") as file:
        client.post("/", files={"file": file})
    length = dict(client.conversations[-1].scope["headers"])[b"content-length"]
    assert sum(heard) == int(length) > 200_000
    assert len(heard) > 3
    client.close()


def test_a_body_is_not_lost_when_an_app_looks_for_its_client():
    """A `receive` that is cancelled while the body waits on its thread gives that piece the next time."""
    go = threading.Event()

    def body():
        go.wait()
        yield b"a"

    async def app(scope, receive, send):
        waiting = asyncio.create_task(receive())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        go.set()
        message = await receive()
        await send(start())
        await send(piece(message["body"]))

    client = TestClient(app)
    assert client.post("/", content=body()).content == b"a"
    client.close()


def test_two_streams_can_be_open_at_once():
    """On one loop, in any order."""
    app = App()

    @app.get("/{name}")
    async def stream(request):
        async def pieces():
            for number in range(3):
                yield f"{request.path_params['name']}{number}".encode()
                await asyncio.sleep(0)

        return StreamingResponse(pieces())

    with TestClient(app) as client, client.stream("GET", "/a") as first, client.stream("GET", "/b") as second:
        one, other = first.iter_bytes(), second.iter_bytes()
        assert [next(one), next(other), next(other), next(one)] == [b"a0", b"b0", b"b1", b"a1"]
        assert [*one, *other] == [b"a2", b"b2"]
