"""One app of rawasgi on uvicorn (h11, httptools), Hypercorn and tiny: the bytes that a client sees are equal, but for what is declared."""

import asyncio
import contextlib
import functools
import os
import signal
import socket
from dataclasses import replace

import hypercorn.asyncio
import hypercorn.config
import pytest
import uvicorn
from wsproto.events import BytesMessage, CloseConnection, Event, TextMessage

from comparisons import servers
from comparisons.wire import Wire
from tests.tiny.served import DEADLINE, Client, on_loop, served, written
from tests.wire import served_app

# Headers in which answers may differ, and why.
HEADERS_DIFFER = {
    b"date": "the second may have changed",
    b"server": "each says its name",
}
HANDSHAKES_DIFFER = {
    b"upgrade": "`websocket` has no case here, and two cases are in use",
    b"connection": "some close after a refusal, and say so",
}
# What one server says in its own way: (server, exchange or path) -> the header that another has and it has not, or alone has.
OWN_HEADERS = {
    ("uvicorn, httptools", "head of a stream"): b"transfer-encoding",  # only where a body follows
    ("uvicorn, httptools", "/refused"): b"content-type",  # of its own empty 403
    ("uvicorn, httptools", "/nowhere"): b"content-type",
}


@contextlib.asynccontextmanager
async def on_uvicorn(app, **parts):
    """Serve `app` by uvicorn in this loop; gives the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, **parts, lifespan="on", log_config=None, access_log=False)
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await asyncio.wait_for(running, DEADLINE)


@contextlib.asynccontextmanager
async def on_hypercorn(app):
    """Serve `app` by Hypercorn in this loop; gives the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config, stop = hypercorn.config.Config(), asyncio.Event()
        config.bind = [f"fd://{os.dup(listener.fileno())}"]  # it closes what it is given
        config.errorlog = None
        running = asyncio.create_task(hypercorn.asyncio.serve(app, config, shutdown_trigger=stop.wait))
        try:
            yield listener.getsockname()[1]
        finally:
            stop.set()
            await asyncio.wait_for(running, DEADLINE)


@contextlib.asynccontextmanager
async def on_tiny(app):
    """Serve `app` by tiny in this loop; gives the port."""
    async with served(app) as server:
        yield server.port


SERVERS = {
    "uvicorn, h11": lambda app: on_uvicorn(app, http="h11", ws="wsproto"),
    "uvicorn, httptools": lambda app: on_uvicorn(app, http="httptools", ws="websockets-sansio"),
    "hypercorn": on_hypercorn,
    "tiny": on_tiny,
}


@contextlib.asynccontextmanager
async def client_of(port):
    """A connection, which ends with the block."""
    client = Client(*await asyncio.open_connection("127.0.0.1", port))
    try:
        yield client
    finally:
        await client.leave()


def parsed(answered, port):
    """The answers of a connection: status, headers in alphabetical order, body as framed."""
    answers = []
    for answer in answered.replace(b"%d" % port, b"PORT").split(b"HTTP/1.1 ")[1:]:
        head, _, body = answer.partition(b"\r\n\r\n")
        status, *fields = head.split(b"\r\n")
        pairs = [(name.lower(), value.strip()) for name, _, value in (field.partition(b":") for field in fields)]
        answers.append((int(status[:3]), sorted(pairs), body))
    return answers


def without(names, answers):
    """The same answers without these headers."""
    return [(status, [pair for pair in headers if pair[0] not in names], *rest) for status, headers, *rest in answers]


def assert_equal(ours, theirs, declared, own):
    """Equal but for the headers declared for all, and the one that this server has, or has not, alone."""
    ours, theirs = without(declared, ours), without(declared, theirs)
    assert theirs != []
    if own:
        assert ours != theirs, "the declared difference is no longer there"
    assert without([own], ours) == without([own], theirs)


CLOSE = "connection: close"
CHUNKS = b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
EXCHANGES = {
    "plain": written("GET /plain HTTP/1.1", CLOSE),
    "from a thread": written("GET /thread HTTP/1.1", CLOSE),
    "head": written("HEAD /plain HTTP/1.1", CLOSE),
    "head of a stream": written("HEAD /stream HTTP/1.1", CLOSE),
    "stream": written("GET /stream HTTP/1.1", CLOSE),
    "escapes": written("GET /seen/caf%C3%A9/%2F%20x?a=%20&b=+%zz& HTTP/1.1", "x-two: 1", "X-TWO: 2", CLOSE),
    "body": written("POST /echo HTTP/1.1", "content-length: 5", CLOSE, body=b"hello"),
    "body in chunks": written("POST /echo HTTP/1.1", "transfer-encoding: chunked", CLOSE, body=CHUNKS),
    "body over the limit": written("POST /echo HTTP/1.1", "content-length: 100001", CLOSE),
    "torn JSON": written("POST /json HTTP/1.1", "content-length: 1", CLOSE, body=b"{"),
    "cookies": written("GET /cookies HTTP/1.1", 'cookie: a=1; b="2"', CLOSE),
    "no content": written("DELETE /nothing HTTP/1.1", CLOSE),
    "not found": written("GET /nowhere HTTP/1.1", CLOSE),
    "not allowed": written("PATCH /plain HTTP/1.1", CLOSE),
    "slash": written("GET /plain/?a=b HTTP/1.1", "host: example.org", CLOSE),
    "malformed host": written("GET /plain/ HTTP/1.1", "host: a/b", CLOSE),
    "boom": written("GET /boom HTTP/1.1", CLOSE),
    "keep-alive": b"".join(
        written(f"GET /{path} HTTP/1.1", *more) for path, *more in (("plain",), ("stream",), ("x", CLOSE))
    ),
}


@functools.cache
def answers_of(server):
    """What a server answers to each exchange."""

    async def exchange():
        answers = {}
        async with asyncio.timeout(DEADLINE), SERVERS[server](served_app.make()) as port:
            for name, sent in EXCHANGES.items():
                async with client_of(port) as client:
                    await client.send(sent)
                    answers[name] = parsed(await client.rest(), port)
        return answers

    return asyncio.run(exchange())


@pytest.mark.parametrize("name", EXCHANGES)
@pytest.mark.parametrize("server", [*SERVERS][1:])
def test_the_bytes_are_equal(server, name):
    """Status, headers and body as framed are those of the app on uvicorn with h11, but for what is declared."""
    ours, theirs = answers_of(server)[name], answers_of("uvicorn, h11")[name]
    assert_equal(ours, theirs, HEADERS_DIFFER, OWN_HEADERS.get((server, name)))


# A path, and what the client says there, each with the number of events that come back.
DIALOGUES: dict[str, list[tuple[Event, int]]] = {
    "/chat/me?a=b": [(TextMessage("héllo"), 1), (TextMessage("bye"), 1)],
    "/chat/caf%C3%A9": [(CloseConnection(4000, "mine"), 1)],
    "/chat/bytes": [(BytesMessage(b"\xff"), 1)],
    "/refused": [],
    "/denied": [],
    "/nowhere": [],
}


@functools.cache
def dialogues_on(server):
    """The answer to each handshake, and every event that followed."""

    async def talk():
        heard = {}
        async with asyncio.timeout(DEADLINE), SERVERS[server](served_app.make()) as port:
            for path, said in DIALOGUES.items():
                async with client_of(port) as client:
                    answer = await client.open_socket("sec-websocket-protocol: chat, better", path=path)
                    events = []
                    for event, answers in said:
                        await client.say(event)
                        events += [await client.event() for _ in range(answers)]
                    heard[path] = [(answer.status, sorted(answer.headers), answer.body, events)]
        return heard

    return asyncio.run(talk())


@pytest.mark.parametrize("path", DIALOGUES)
@pytest.mark.parametrize("server", [*SERVERS][1:])
def test_a_websocket_is_equal(server, path):
    """The handshake's answer and every event are those on uvicorn with wsproto, but for what is declared."""
    ours, theirs = dialogues_on(server)[path], dialogues_on("uvicorn, h11")[path]
    assert_equal(ours, theirs, HANDSHAKES_DIFFER, OWN_HEADERS.get((server, path)))


def test_every_declared_header_differs_somewhere():
    """A declaration that explains nothing any more has to go; only the clock may agree."""
    for name in HEADERS_DIFFER.keys() - {b"date"}:
        assert len({str(only(name, answers_of(server))) for server in SERVERS}) > 1
    for name in HANDSHAKES_DIFFER:
        assert len({str(only(name, dialogues_on(server))) for server in SERVERS}) > 1


def only(name, answers):
    """Every value of one header."""
    return [pair for exchange in answers.values() for answer in exchange for pair in answer[1] if pair[0] == name]


# From spec 2.4 on it is `send` that tells: a stream that sends nothing is told nothing. tiny speaks 2.5.
STREAMS = [(server, "/endless") for server in SERVERS] + [(server, "/quiet") for server in SERVERS if server != "tiny"]


@pytest.mark.parametrize(("server", "path"), STREAMS)
@on_loop
async def test_a_stream_is_closed_when_its_reader_leaves(server, path):
    """The generator's `finally` runs, whether the server tells by `receive` or by `send`."""
    app = served_app.make()
    async with SERVERS[server](app) as port:
        async with client_of(port) as client:
            await client.send(written(f"GET {path} HTTP/1.1"))
            await client.reader.readuntil(b"piece")
        await app.state.closed.wait()


@pytest.mark.parametrize("server", SERVERS)
@on_loop
async def test_a_websocket_ends_when_its_client_hangs_up(server):
    """A client that vanishes without a close frame ends `iter_text`."""
    app = served_app.make()
    async with SERVERS[server](app) as port:
        async with client_of(port) as client:
            assert (await client.open_socket("sec-websocket-protocol: chat", path="/chat/me")).status == 101
        await app.state.closed.wait()


UVICORN = servers.SERVERS["uvicorn"]
# How each is started as a process, and how that process ends: uvicorn raises the signal again when it is done.
PROCESSES = {
    "uvicorn, h11": (UVICORN, -signal.SIGTERM),
    "uvicorn, httptools": (
        replace(UVICORN, arguments=UVICORN.arguments.replace("--http h11", "--http httptools")),
        -signal.SIGTERM,
    ),
    "tiny": (servers.SERVERS["tiny"], 0),
}


@pytest.fixture
def process(server, tmp_path):
    """The app in a process of its own, and the function that signals it."""
    launcher = servers.Launcher(PROCESSES[server][0], tmp_path)
    try:
        started = launcher.start("tests.wire.served_app:app")
        started.wait_until_it_answers()
        try:
            yield started, functools.partial(launcher.signal, started)
        finally:
            started.forget()
    finally:
        launcher.close()


# Not Hypercorn: its 0.18 sometimes tears an open stream when it is told to stop, whatever the app does.
@pytest.mark.parametrize("server", [name for name in SERVERS if name != "hypercorn"])
def test_sigterm_lets_an_open_stream_end(server, process):
    """A stream that is open at SIGTERM is sent to its end, then the lifespan ends, then the process."""
    process, send_signal = process
    with Wire(process.port) as streaming:
        streaming.send([written("POST /as-it-comes HTTP/1.1", "transfer-encoding: chunked"), b"3\r\nabc\r\n"])
        begun = read_until(streaming, b"\r\n3\r\nabc\r\n")
        with Wire(process.port) as idle:
            idle.send([written("HEAD /plain HTTP/1.1")])
            read_until(idle, b"\r\n\r\n")
            send_signal("SIGTERM")
            assert read_until(idle) == b"", "who only waits is sent away: the server has begun to stop"
        streaming.send([b"2\r\nde\r\n0\r\n\r\n"])
        answer = parsed(begun + read_until(streaming), process.port)
    assert without(HEADERS_DIFFER, answer) == [
        (200, [(b"transfer-encoding", b"chunked")], b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
    ]
    assert process.wait(servers.STOP_SECONDS) == PROCESSES[server][1]
    assert process.printed() == "set up\ntorn down\n"


def read_until(wire, end=None):
    """What comes until these bytes do, or the end of the connection."""
    data = b""
    while not (end and data.endswith(end)) and (piece := wire.receive()):
        data += piece
    return data
