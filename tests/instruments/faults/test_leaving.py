"""A client that leaves: what the app gets out of `send` and `receive` from then on, and what the server outside gets."""

import asyncio
from typing import Any, cast

import httpx2
import pytest

from rawasgi import App, AppProtocolError, LeavesAfter, StreamingResponse, TestClient, TornBody
from rawasgi.instruments.conversation import ClientLeft, converse, handshake, request
from tests.drive import broken, on_a_loop
from tests.instruments.messages import ACCEPT, CONNECT, GONE, asked, left, notes, piece, said, says, sent, start

THREE = start(), piece(b"a", True), piece(b"b")


def told(app, exchange):
    """What came to the server, and what ended the call."""
    return broken(app, exchange.scope, *exchange.messages)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_who_has_left_gets_no_more(count):
    """The messages before come to the server; `send` raises for the next one, an OSError."""
    messages, error = told(LeavesAfter(says(*THREE), count), request())
    assert messages == [*THREE[:count]]
    assert isinstance(error, ClientLeft)
    assert isinstance(error, OSError)
    assert str(error) == f"{THREE[count]['type']} to a client that has left"


@pytest.mark.parametrize("count", [0, 1, 2])
def test_before_spec_2_4_send_does_nothing(count):
    """The app speaks on to nobody; for the server the call ends in ClientLeft, since it has a client still."""
    messages, error = told(LeavesAfter(says(*THREE), count), request(spec_version="2.3"))
    assert messages == [*THREE[:count]]
    assert (type(error), str(error)) == (ClientLeft, "the client has left before the answer was whole")


@pytest.mark.parametrize("count", [3, 4])
def test_who_leaves_after_all_changes_nothing(count):
    """The whole answer."""
    assert converse(LeavesAfter(says(*THREE), count), request()) == [*THREE]


def test_receive_gives_the_disconnect():
    """As often as it is asked for, and what the client had still to say is lost."""
    heard: list[Any] = []
    with pytest.raises(ClientLeft):
        converse(LeavesAfter(notes(heard, 1, *THREE[:1], 2), 1), request("POST", "/", body=[b"a", b"b"]))
    assert heard == [asked(b"a", True), GONE, GONE]


def test_who_waits_in_receive_already_is_told():
    """A task that listens while another one sends, as all that stream have it."""

    async def streams(scope, receive, send):
        await receive()
        listening = asyncio.create_task(receive())
        await asyncio.sleep(0)
        await send(start())
        heard.append(await listening)

    heard: list[Any] = []
    messages, error = told(LeavesAfter(streams, 1), request())
    assert (messages, heard, type(error)) == ([start()], [GONE], ClientLeft)


def test_a_receive_that_is_cancelled_loses_nothing():
    """The message comes with the next one."""

    async def impatient(scope, receive, send):
        waiting = asyncio.create_task(receive())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        heard.append(await receive())
        for message in THREE:
            await send(message)

    heard: list[Any] = []
    assert converse(LeavesAfter(impatient, 9), request(body=b"all")) == [*THREE]
    assert heard == [asked(b"all")]


@on_a_loop
async def test_a_server_that_waits_is_asked_no_more():
    """When the call is over, the `receive` of the server that is still open is cancelled."""
    ended = asyncio.Event()

    async def receive():
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def send(message):
        pass

    async def app(scope, receive, send):
        waiting = asyncio.create_task(receive())
        await asyncio.sleep(0)
        await send(start())
        await waiting

    with pytest.raises(ClientLeft):
        await LeavesAfter(app, 1)(request().scope, receive, send)
    assert ended.is_set()


def test_a_websocket_is_lost():
    """Code 1006; that it is a websocket is heard first (WR1), and `send` raises."""
    heard: list[Any] = []
    app = LeavesAfter(notes(heard, 1, ACCEPT, 1, sent("a"), 1, sent("b")), 2)
    messages, error = told(app, handshake("/", "hi", "ho"))
    assert (messages, type(error)) == ([ACCEPT, sent("a")], ClientLeft)
    assert heard == [CONNECT, said("hi"), left()]


def test_a_websocket_that_is_gone_at_once():
    """Connect, disconnect, and nothing after it (WR10): who still listens waits."""
    heard: list[Any] = []
    with pytest.raises(ClientLeft):
        converse(LeavesAfter(notes(heard, 2), 0), handshake())
    assert heard == [CONNECT, left()]

    async def listens(scope, receive, send):
        for _ in range(2):
            await receive()
        async with asyncio.timeout(0.01):
            await receive()

    with pytest.raises(TimeoutError):
        converse(LeavesAfter(listens, 0), handshake())


def test_a_line_that_is_lost_after_messages_of_the_client():
    """The message is heard, and what is sent then finds nobody."""
    heard: list[Any] = []
    app = LeavesAfter(notes(heard, 1, ACCEPT, 1, sent("a")), heard=2)
    messages, error = told(app, handshake("/", "hi", "ho"))
    assert (messages, heard, type(error)) == ([ACCEPT], [CONNECT, said("hi")], ClientLeft)


def test_pieces():
    """A body in pieces of so many bytes, whatever it came in; an empty one comes as it is."""
    for size, pieces in [(1, [b"a", b"b", b"c", b"d"]), (2, [b"ab", b"c", b"d"]), (9, [b"abc", b"d"])]:
        heard: list[Any] = []
        converse(TornBody(notes(heard, len(pieces), *THREE), size), request("POST", "/", body=[b"abc", b"d"]))
        assert heard == [*(asked(one, True) for one in pieces[:-1]), asked(pieces[-1])]
    heard = []
    converse(TornBody(notes(heard, 1, *THREE)), request())
    assert heard == [asked()]


@pytest.mark.parametrize(
    ("cut", "pieces"),
    [
        (0, [GONE]),
        (1, [asked(b"a", True), GONE]),
        (3, [asked(b"ab", True), asked(b"c", True), GONE]),
        (4, [asked(b"ab", True), asked(b"cd", False)]),
        (5, [asked(b"ab", True), asked(b"cd", False)]),
    ],
)
def test_a_body_that_is_cut(cut, pieces):
    """So many bytes and the disconnect; a body that is no longer than that comes whole."""
    heard: list[Any] = []
    app = TornBody(notes(heard, len(pieces)), 2, cut=cut)
    with pytest.raises(ClientLeft if GONE in pieces else AppProtocolError):
        converse(app, request("POST", "/", body=b"abcd"))
    assert heard == pieces


def test_after_the_cut_nobody_listens():
    """A lost line is lost in both directions."""
    messages, error = told(TornBody(notes([], 2, start()), cut=1), request("POST", "/", body=b"abcd"))
    assert (messages, type(error)) == ([], ClientLeft)


def test_other_scopes_are_left_alone():
    """A lifespan has no client, and a websocket has no body."""

    async def app(scope, receive, send):
        called.append((receive, send))

    called: list[Any] = []
    ends: Any = (object(), object())
    for wrap in (lambda: LeavesAfter(app, 0), lambda: TornBody(app)):
        asyncio.run(wrap()({"type": "lifespan"}, *ends))
    asyncio.run(TornBody(app)({"type": "websocket"}, *ends))
    assert called == [ends] * 3


def test_under_the_test_client():
    """The response ends in the middle, as when a server hangs up; the app is told."""
    app = App()

    @app.get("/")
    async def numbers(request):
        async def body():
            try:
                for number in range(9):
                    yield b"%d" % number
            finally:
                ended.append(True)

        return StreamingResponse(body())

    ended: list[Any] = []
    with TestClient(LeavesAfter(app, 3)) as client, client.stream("GET", "/") as response:
        pieces = response.iter_raw()
        assert [next(pieces), next(pieces)] == [b"0", b"1"]
        with pytest.raises(httpx2.RemoteProtocolError):
            next(pieces)
    assert ended == [True]


@pytest.mark.parametrize(
    ("wrap", "says"),
    [
        (
            lambda app: LeavesAfter(app),
            "after how many messages does the client leave? sent= counts the app's, heard= its own",
        ),
        (lambda app: LeavesAfter(app, -1), "sent is a whole number, 0 or more, and not -1"),
        (lambda app: LeavesAfter(app, cast("int", 1.5)), "sent is a whole number, 0 or more, and not 1.5"),
        (lambda app: LeavesAfter(app, heard=True), "heard is a whole number, 0 or more, and not True"),
        (lambda app: TornBody(app, 0), "size is a whole number, 1 or more, and not 0"),
        (lambda app: TornBody(app, cut=-1), "cut is a whole number, 0 or more, and not -1"),
    ],
)
def test_wrong_numbers(wrap, says):
    """ValueError, with what would be right."""
    with pytest.raises(ValueError) as raised:
        wrap(echo_nothing)
    assert str(raised.value) == says


async def echo_nothing(scope, receive, send):
    """An app that is never called."""
