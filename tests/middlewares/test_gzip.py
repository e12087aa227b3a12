"""Compression: what tests/wire/ does not compare with Starlette's."""

import asyncio
import gzip
import threading
import zlib

import pytest

from rawasgi.app import App
from rawasgi.datastructures import Headers
from rawasgi.middlewares.gzip import GZipMiddleware, accepts_gzip
from rawasgi.requests import no_receive
from rawasgi.responses import PlainTextResponse, Response
from tests.drive import broken, converse, exchange, http, on_a_loop

ACCEPTED = [("accept-encoding", "gzip")]
LARGE = b"a long text " * 100
START = {"type": "http.response.start", "status": 200}


def answer(app, method="GET", headers=ACCEPTED, **options):
    """Status, headers as a dict, and body."""
    start, body = converse(GZipMiddleware(app, **options), http(method, "/", headers))
    return start["status"], dict(start["headers"]), body["body"]


def test_a_compressed_body_says_its_length():
    """Content-Length is that of the bytes that are sent, and they are the body."""
    status, headers, body = answer(Response(LARGE, headers={"etag": '"a"', "vary": "Accept"}))
    assert (status, gzip.decompress(body)) == (200, LARGE)
    assert headers == {
        b"etag": b'W/"a"',
        b"vary": b"Accept, Accept-Encoding",
        b"content-length": b"%d" % len(body),
        b"content-encoding": b"gzip",
    }


@pytest.mark.parametrize("etag", ['W/"a"', "a", ""])
def test_only_a_strong_validator_is_weakened(etag):
    """A weak one stays, and what is none stays none."""
    assert answer(Response(LARGE, headers={"etag": etag}))[1][b"etag"] == etag.encode()


@pytest.mark.parametrize(
    ("values", "accepted"),
    [
        ([], False),
        ([""], False),
        (["gzip"], True),
        (["deflate, GZip"], True),
        (["br", "gzip;q=0.1"], True),
        (["x-gzip"], True),
        (["*"], True),
        (["gzip;q=0"], False),
        (["gzip; Q=0.000"], False),
        (["gzip;q=0, *"], False),
        (["*;q=0, gzip;q=1.000"], True),
        (["*;q=0"], False),
        (["gzip;q=0.0001"], False),
        (["gzip;q=2"], False),
        (["gzip;q="], False),
        (["gzip;level=9"], False),
        (["gzipped"], False),
        (["identity"], False),
    ],
)
def test_what_a_client_accepts(values, accepted):
    """Codings without case and with qualities; what cannot be understood is a refusal, which is always safe."""
    assert accepts_gzip(Headers(raw=[(b"accept-encoding", value.encode()) for value in values])) is accepted


def test_head_is_answered_as_get_would_be():
    """The same headers but for the length, and no body; a small body is left as it is, also where there is none to see."""
    app = App()

    @app.get("/")
    async def page(request):
        return Response(LARGE, headers={"etag": '"a"'})

    start, body = converse(GZipMiddleware(app), http("HEAD", "/", ACCEPTED))
    assert start["headers"] == [(b"etag", b'W/"a"'), (b"vary", b"Accept-Encoding"), (b"content-encoding", b"gzip")]
    assert body["body"] == b""
    assert answer(app, "HEAD", ())[1] == {b"etag": b'"a"', b"content-length": b"1200", b"vary": b"Accept-Encoding"}
    assert answer(app, "HEAD", minimum_size=1201)[1] == {b"etag": b'"a"', b"content-length": b"1200"}


def test_a_body_may_be_missing_from_its_message():
    """`body` and `more_body` have defaults."""

    async def raw(scope, receive, send):
        await send(START)
        await send({"type": "http.response.body"})

    start, body = converse(GZipMiddleware(raw, minimum_size=0), http(headers=ACCEPTED))
    assert (gzip.decompress(body["body"]), dict(start["headers"])[b"content-length"]) == (b"", b"20")


def test_a_start_without_a_body_is_not_sent():
    """The app raises before its body: the boundary outside can still answer."""

    async def raw(scope, receive, send):
        await send(START)
        raise LookupError("lost")

    assert broken(GZipMiddleware(raw), http(headers=ACCEPTED))[0] == []


@on_a_loop
async def test_a_large_piece_is_compressed_on_a_thread():
    """The loop goes on meanwhile; the pieces keep their order."""
    threads: set[int] = set()
    layer = GZipMiddleware(PlainTextResponse("x" * 1000), thread_minimum_size=1000)

    class Noting:
        def compress(self, data):
            threads.add(threading.get_ident())
            return made.compress(data)

        def flush(self, mode):
            return made.flush(mode)

    made = zlib.compressobj(9, zlib.DEFLATED, 31)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rawasgi.middlewares.gzip.zlib.compressobj", lambda *arguments: Noting())
        _, body = await exchange(layer, http(headers=ACCEPTED))
    assert gzip.decompress(body["body"]) == b"x" * 1000
    assert len(threads) == 1
    assert threading.get_ident() not in threads


@on_a_loop
async def test_requests_at_once_have_each_their_own_stream():
    """A compressor belongs to one response."""
    layer = GZipMiddleware(echo)
    sent: dict[str, list[bytes]] = {"/one": [], "/two": []}

    async def call(path):
        async def send(message):
            sent[path].append(message.get("body", b""))
            await asyncio.sleep(0)

        await layer(http(path=path, headers=ACCEPTED), no_receive, send)

    await asyncio.gather(call("/one"), call("/two"))
    assert [gzip.decompress(b"".join(pieces)) for pieces in sent.values()] == [b"/one" * 3, b"/two" * 3]


async def echo(scope, receive, send):
    """The path, three times."""
    await send(START)
    for more in (True, True, False):
        await send({"type": "http.response.body", "body": scope["path"].encode(), "more_body": more})


@pytest.mark.parametrize("level", [-1, 10])
def test_a_level_is_one_of_zlibs(level):
    """The error names the option and what it may be."""
    with pytest.raises(ValueError) as raised:
        GZipMiddleware(echo, compresslevel=level)
    assert str(raised.value) == f"compresslevel is 0 to 9, not {level}"
