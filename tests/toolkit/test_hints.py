"""Early hints before the response and trailers behind it: only where the server, and the client, can take them."""

import hashlib
from typing import Any

import pytest

from rawasgi.app import App
from rawasgi.call_next import BaseHTTPMiddleware
from rawasgi.concurrency import BackgroundTask
from rawasgi.instruments.conversation import ClientLeft, converse, request
from rawasgi.middleware import Middleware
from rawasgi.responses import PlainTextResponse
from rawasgi.routing import Route
from rawasgi.toolkit.hints import TrailersResponse, send_early_hints
from tests.instruments.messages import piece, start

HINT: dict[str, Any] = {"http.response.early_hint": {}}
TRAILERS: dict[str, Any] = {"http.response.trailers": {}}
STYLE = "</style.css>; rel=preload; as=style"


async def pass_on(request, call_next):
    """A layer written as a function."""
    return await call_next(request)


@pytest.mark.parametrize("layers", [[], [Middleware(BaseHTTPMiddleware, dispatch=pass_on)]])
def test_a_hint_goes_out_before_the_start(layers):
    """As often as the handler has one; also through a layer that holds the response back."""

    async def page(request):
        told = [await send_early_hints(request, [STYLE]), await send_early_hints(request, iter(["</a>", "</b>"]))]
        return PlainTextResponse(str(told))

    app = App(routes=[Route("/", page)], middleware=layers)
    text = (b"content-type", b"text/plain; charset=utf-8")
    assert converse(app, request(extensions=HINT)) == [
        {"type": "http.response.early_hint", "links": [STYLE.encode()]},
        {"type": "http.response.early_hint", "links": [b"</a>", b"</b>"]},
        start(200, (b"content-length", b"12"), text),
        {"type": "http.response.body", "body": b"[True, True]"},
    ]
    assert converse(app, request()) == [
        start(200, (b"content-length", b"14"), text),
        {"type": "http.response.body", "body": b"[False, False]"},
    ]


def test_an_error_after_a_hint_is_still_answered():
    """A hint commits nothing: the response has not started."""

    async def page(request):
        await send_early_hints(request, [STYLE])
        raise LookupError("lost")

    with pytest.raises(LookupError):
        converse(App(routes=[Route("/", page)]), request(extensions=HINT))


@pytest.mark.parametrize("extensions", [HINT, {}])
def test_a_link_that_would_be_two_headers_is_refused(extensions):
    """Whether the server can send it or not."""

    async def page(request):
        await send_early_hints(request, ["</a>\r\nset-cookie: b"])

    with pytest.raises(ValueError, match="must not hold a line break or NUL"):
        converse(App(routes=[Route("/", page)]), request(extensions=extensions))


def digesting(log):
    """A stream and the checksum of what went out."""
    digest = hashlib.sha256()

    async def pieces():
        for letters in (b"ab", b"c"):
            digest.update(letters)
            yield letters

    def checksum():
        log.append("asked")
        return digest.hexdigest()[:8]

    trailers = {"Checksum": checksum, "x-count": lambda: "2"}
    return TrailersResponse(pieces(), trailers, media_type="text/x", background=BackgroundTask(log.append, "work"))


TYPE = (b"content-type", b"text/x; charset=utf-8")
FIELDS = [(b"checksum", b"ba7816bf"), (b"x-count", b"2")]


@pytest.mark.parametrize("te", ["trailers", "gzip, Trailers;q=0.5"])
@pytest.mark.parametrize("spec_version", ["2.3", "2.4"])
def test_trailers_say_what_only_the_end_knows(te, spec_version):
    """They are promised in the start, named in a header, and asked for when the body is out."""
    log: list[Any] = []
    exchange = request("GET", "/", {"te": te}, extensions=TRAILERS, spec_version=spec_version)
    assert converse(digesting(log), exchange) == [
        start(200, TYPE, (b"trailer", b"Checksum, x-count")) | {"trailers": True},
        piece(b"ab", True),
        piece(b"c", True),
        piece(),
        {"type": "http.response.trailers", "headers": FIELDS, "more_trailers": False},
    ]
    assert log == ["asked", "work"]


@pytest.mark.parametrize(
    ("headers", "extensions"), [({"te": "trailers"}, {}), ({}, TRAILERS), ({"te": "trailers-too"}, TRAILERS)]
)
def test_where_nobody_would_take_them_there_are_none(headers, extensions):
    """A server that cannot send them, or a client that did not ask: the same body, and nothing is computed."""
    log: list[Any] = []
    exchange = request("GET", "/", headers, extensions=extensions)
    assert converse(digesting(log), exchange) == [start(200, TYPE), piece(b"ab", True), piece(b"c", True), piece()]
    assert log == ["work"]


def test_head_has_no_trailers():
    """There is no body for them to follow."""
    sent = converse(digesting([]), request("HEAD", "/", {"te": "trailers"}, extensions=TRAILERS))
    assert sent == [start(200, TYPE), piece()]


def test_a_client_that_leaves_asks_for_no_trailers():
    """The background task runs, the functions are not called."""
    log: list[Any] = []
    with pytest.raises(ClientLeft):
        converse(digesting(log), request("GET", "/", {"te": "trailers"}, extensions=TRAILERS), leaves_after=2)
    assert log == ["work"]
