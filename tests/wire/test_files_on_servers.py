"""Files, events, hints and trailers on uvicorn (h11, httptools), Hypercorn and tiny: what comes out of a socket."""

import asyncio
import os
import re
from typing import Any

import h2.config
import h2.connection
import h2.events
import pytest

from rawasgi import (
    App,
    BackgroundTask,
    EventSourceResponse,
    FileResponse,
    JSONLinesResponse,
    Mount,
    PlainTextResponse,
    ServerSentEvent,
    StaticFiles,
    TrailersResponse,
    send_early_hints,
)
from tests.tiny.served import on_loop, written
from tests.toolkit.cancelling import open_files
from tests.wire.test_on_servers import SERVERS, client_of, on_hypercorn, parsed

LETTERS = b"abcdefghijklmnopqrstuvwxyz"
THEN = 784_111_777
LARGE = os.urandom(1_000_000)
EVERY_SERVER = pytest.mark.parametrize("server", SERVERS)
FRAMING = (b"date", b"server", b"connection", b"transfer-encoding")


@pytest.fixture
def folder(tmp_path):
    """A small file, a large one, and a page."""
    (tmp_path / "letters.txt").write_bytes(LETTERS)
    (tmp_path / "large.bin").write_bytes(LARGE)
    (tmp_path / "endless.bin").write_bytes(b"")
    os.truncate(tmp_path / "endless.bin", 2**30)  # it takes no room: nobody has written into it
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.html").write_text("<p>")
    for path in tmp_path.rglob("*"):
        os.utime(path, (THEN, THEN))
    return tmp_path


def make(folder):
    """The app; what its streams leave behind is in `app.state`."""
    app = App(routes=[Mount("/static", app=StaticFiles(directory=folder, html=True))])
    app.state.closed, app.state.log = asyncio.Event(), []

    async def note():
        app.state.log.append(open_files(folder))
        app.state.closed.set()

    async def ticks(pause):
        try:
            yield ServerSentEvent(data={"n": 1}, id="1")
            await pause.wait()
        finally:
            app.state.log.append("generator closed")

    @app.get("/endless")
    async def endless(request):
        return FileResponse(folder / "endless.bin", background=BackgroundTask(note))

    @app.get("/events")
    async def events(request):
        return EventSourceResponse(ticks(asyncio.Event()), ping=0.02, background=BackgroundTask(note))

    @app.get("/lines")
    async def lines(request):
        return JSONLinesResponse([{"a": 1}, None])

    @app.get("/hinted")
    async def hinted(request):
        told = await send_early_hints(request, ["</style.css>; rel=preload; as=style"])
        return PlainTextResponse(f"hinted: {told}")

    @app.get("/checked")
    async def checked(request):
        return TrailersResponse([b"ab", b"c"], {"x-checksum": lambda: "1234"})

    return app


async def asked(server, app, *head):
    """One answer on a connection of its own: status, headers but for those of framing, body as framed."""
    async with SERVERS[server](app) as port, client_of(port) as client:
        await client.send(written(*head, "connection: close"))
        ((status, headers, body),) = parsed(await client.rest(), port)
    return status, [pair for pair in headers if pair[0] not in FRAMING], body


BYTES = (b"accept-ranges", b"bytes")
ETAG = (b"etag", b'"ae1b981bc490a00-1a"')
TEXT = (b"content-type", b"text/plain; charset=utf-8")
DATE = (b"last-modified", b"Sun, 06 Nov 1994 08:49:37 GMT")
WHOLE = (BYTES, (b"content-length", b"26"), TEXT, ETAG, DATE)
LETTERS_TXT = "/static/letters.txt HTTP/1.1"
ANSWERS: dict[str, tuple[tuple[str, ...], tuple[int, list[Any], bytes]]] = {
    "whole": ((f"GET {LETTERS_TXT}",), (200, sorted(WHOLE), LETTERS)),
    "HEAD": ((f"HEAD {LETTERS_TXT}",), (200, sorted(WHOLE), b"")),
    "a range": (
        (f"GET {LETTERS_TXT}", "range: bytes=-3"),
        (
            206,
            sorted([BYTES, (b"content-length", b"3"), (b"content-range", b"bytes 23-25/26"), TEXT, ETAG, DATE]),
            b"xyz",
        ),
    ),
    "not modified": ((f"GET {LETTERS_TXT}", 'if-none-match: "ae1b981bc490a00-1a"'), (304, [ETAG], b"")),
    "no such range": (
        (f"GET {LETTERS_TXT}", "range: bytes=26-"),
        (416, sorted([(b"content-length", b"0"), (b"content-range", b"bytes */26"), TEXT]), b""),
    ),
    "no range at all": (
        (f"GET {LETTERS_TXT}", "range: bytes=x"),
        (400, sorted([(b"content-length", b"24"), TEXT]), b"'x' is no range of bytes"),
    ),
    "a redirect": (
        ("GET /static/docs HTTP/1.1", "host: example.org"),
        (307, sorted([(b"content-length", b"0"), (b"location", b"http://example.org/static/docs/")]), b""),
    ),
    "a way out": (
        ("GET /static/%2e%2e/secret HTTP/1.1",),
        (404, sorted([(b"content-length", b"9"), TEXT]), b"Not Found"),
    ),
}


@EVERY_SERVER
@pytest.mark.parametrize("name", ANSWERS)
@on_loop
async def test_an_answer_is_the_same_on_every_server(server, name, folder):
    """Status, headers and body."""
    head, answer = ANSWERS[name]
    status, headers, body = await asked(server, make(folder), *head)
    assert (status, sorted(headers), body) == (answer[0], sorted(answer[1]), answer[2])


@EVERY_SERVER
@on_loop
async def test_a_large_file_arrives_whole_and_in_parts(server, folder):
    """A megabyte, and two parts of it in one body as long as was said."""
    app = make(folder)
    status, headers, body = await asked(server, app, "GET /static/large.bin HTTP/1.1")
    assert (status, body == LARGE) == (200, True)
    status, headers, body = await asked(server, app, "GET /static/large.bin HTTP/1.1", "range: bytes=-300000,5-104")
    told = dict(headers)
    assert (status, told[b"content-length"]) == (206, b"%d" % len(body))
    boundary = told[b"content-type"].rpartition(b"=")[2]
    parts = [part.partition(b"\r\n\r\n") for part in body.split(b"--" + boundary)[1:3]]
    assert [re.findall(rb"bytes (.*)/1000000", head) for head, _, _ in parts] == [[b"700000-999999"], [b"5-104"]]
    assert [
        content == LARGE[start:stop] + b"\r\n"
        for (_, _, content), start, stop in zip(parts, (-300_000, 5), (None, 105), strict=True)
    ] == [True, True]


@EVERY_SERVER
@on_loop
async def test_a_client_that_leaves_in_the_middle_of_a_file_closes_it(server, folder):
    """The background task runs, and finds no file open."""
    app = make(folder)
    async with SERVERS[server](app) as port:
        async with client_of(port) as client:
            await client.send(written("GET /endless HTTP/1.1"))
            await client.reader.readuntil(b"\r\n\r\n")
            assert open_files(folder) == [folder / "endless.bin"]
        await app.state.closed.wait()
    assert app.state.log == [[]]


@EVERY_SERVER
@on_loop
async def test_silence_between_events_is_filled_and_a_client_that_leaves_ends_them(server, folder):
    """`: ping` arrives on the wire; who hangs up then closes the generator, on each server."""
    app = make(folder)
    async with SERVERS[server](app) as port:
        async with client_of(port) as client:
            await client.send(written("GET /events HTTP/1.1"))
            head = await client.reader.readuntil(b"\r\n\r\n")
            assert b"\r\ncontent-type: text/event-stream; charset=utf-8\r\n" in head
            assert (await client.reader.readuntil(b": ping\n\n")).count(b'data: {"n":1}\nid: 1\n\n') == 1
            await client.reader.readuntil(b": ping\n\n")
        await app.state.closed.wait()
    assert app.state.log == ["generator closed", []]


@EVERY_SERVER
@on_loop
async def test_lines_of_json_arrive_as_chunks(server, folder):
    """One chunk a value."""
    status, headers, body = await asked(server, make(folder), "GET /lines HTTP/1.1")
    assert (status, headers) == (200, [(b"content-type", b"application/jsonl")])
    assert body == b'8\r\n{"a":1}\n\r\n5\r\nnull\n\r\n0\r\n\r\n'


@EVERY_SERVER
@on_loop
async def test_without_the_extensions_the_answer_is_the_same_without_them(server, folder):
    """HTTP/1.1 servers offer neither early hints nor trailers here."""
    app = make(folder)
    assert (await asked(server, app, "GET /hinted HTTP/1.1"))[2] == b"hinted: False"
    status, headers, body = await asked(server, app, "GET /checked HTTP/1.1", "te: trailers")
    assert (status, headers, body) == (200, [], b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")


async def over_http2(port, path, *headers):
    """The events of one request over HTTP/2, by prior knowledge."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
    connection.initiate_connection()
    pseudo = [(":method", "GET"), (":path", path), (":scheme", "http"), (":authority", "x")]
    connection.send_headers(1, [*pseudo, *headers], end_stream=True)
    events: list[Any] = []
    try:
        while not any(isinstance(event, h2.events.StreamEnded) for event in events):
            writer.write(connection.data_to_send())
            data = await reader.read(65_536)
            assert data, "the server hung up"
            events += connection.receive_data(data)
    finally:
        writer.close()
        await writer.wait_closed()
    return events


def fields(events, kind):
    """The header lists of the events of this kind, but for the server's own."""
    own = ("date", "server", ":status", "alt-svc")
    return [[pair for pair in event.headers if pair[0] not in own] for event in events if isinstance(event, kind)]


@on_loop
async def test_a_hint_arrives_before_the_response_over_http2(folder):
    """Hypercorn offers it there: a 103 with the link, then the 200."""
    async with on_hypercorn(make(folder)) as port:
        events = await over_http2(port, "/hinted")
    hints = fields(events, h2.events.InformationalResponseReceived)
    assert hints == [[("link", "</style.css>; rel=preload; as=style")]]
    assert b"".join(event.data for event in events if isinstance(event, h2.events.DataReceived)) == b"hinted: True"


@on_loop
async def test_trailers_arrive_behind_the_body_over_http2(folder):
    """Where the client asked for them, and not otherwise."""
    async with on_hypercorn(make(folder)) as port:
        with_trailers = await over_http2(port, "/checked", ("te", "trailers"))
        without = await over_http2(port, "/checked")
    assert fields(with_trailers, h2.events.ResponseReceived) == [[("trailer", "x-checksum")]]
    assert fields(with_trailers, h2.events.TrailersReceived) == [[("x-checksum", "1234")]]
    assert fields(without, h2.events.ResponseReceived) == [[]]
    assert fields(without, h2.events.TrailersReceived) == []
