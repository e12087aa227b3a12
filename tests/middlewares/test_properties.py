"""Whatever a client sends through all layers: never a 500, never an exception; and work that grows as the request does."""

from functools import partial

import pytest
from hypothesis import example, given
from hypothesis import settings as limits
from hypothesis import strategies as st

from rawasgi.middlewares.access_log import AccessLogMiddleware
from rawasgi.middlewares.body_limit import RequestBodyLimitMiddleware
from rawasgi.middlewares.cors import CORSMiddleware
from rawasgi.middlewares.gzip import GZipMiddleware
from rawasgi.middlewares.https_redirect import HTTPSRedirectMiddleware
from rawasgi.middlewares.proxy_headers import ProxyHeadersMiddleware
from rawasgi.middlewares.request_ids import RequestIdMiddleware
from rawasgi.middlewares.sessions import SessionMiddleware
from rawasgi.middlewares.trusted_host import TrustedHostMiddleware
from rawasgi.responses import PlainTextResponse
from tests.drive import converse, http, websocket
from tests.growth import asked_at_once, assert_linear, many_headers, one_header
from tests.middlewares.stack import behind_all, everything

reproducible = limits(derandomize=True, deadline=None, max_examples=60)

APP = behind_all(everything())
EMPTY = {"type": "http.request"}
GONE = {"type": "websocket.disconnect", "code": 1001}
READ_BY_LAYERS = (
    b"origin host cookie accept-encoding x-forwarded-for x-forwarded-proto x-request-id authorization content-length "
    b"access-control-request-method access-control-request-headers access-control-request-private-network"
).split()


def answered(headers, method="GET", path="/", **more):
    """One whole answer below 500, whose header fields are fit to be sent."""
    start, *bodies = converse(APP, http(method, path, scheme="https") | {"headers": headers} | more, EMPTY)
    assert start["type"] == "http.response.start"
    assert 200 <= start["status"] < 500
    assert [body.get("more_body", False) for body in bodies] == [True] * (len(bodies) - 1) + [False]
    for name, value in start["headers"]:
        assert not {*b"\r\n\0"} & {*name, *value}


def ended(headers):
    """A handshake that is accepted and closed, or refused."""
    said = converse(APP, websocket("/talk", scheme="wss") | {"headers": headers}, {"type": "websocket.connect"}, GONE)
    kinds = [message["type"].removeprefix("websocket.") for message in said]
    assert kinds in (["accept", "send", "close"], ["close"])


names = st.one_of(st.sampled_from(READ_BY_LAYERS), st.binary(max_size=10))
texts = st.text(st.sampled_from('\x00\t\r\n ,;="\\%*/.:[]-0159aegipqz\xe9\xff'), max_size=30)
values = st.one_of(st.binary(max_size=30), texts.map(lambda text: text.encode("latin-1")))
HOST = (b"host", b"example.org")


@reproducible
@given(st.lists(st.tuples(names, values), max_size=8), st.sampled_from(["GET", "HEAD", "POST", "OPTIONS"]))
@example([(b"origin", b"a\r\nb"), (b"access-control-request-method", b"GET")], "OPTIONS")
@example([(b"x-request-id", b"a\nb")], "GET")
@example([(b"content-length", b"9" * 5000)], "POST")
def test_any_header_list(headers, method):
    """Any bytes, any name, any number of times; with a Host that is let in, and without."""
    answered(headers, method)
    answered([HOST, *headers], method)
    ended([HOST, *headers])


origins = st.one_of(texts, st.from_regex(r"https?://[a-z.\[\]:0-9]{0,10}", fullmatch=True))
chains = st.lists(
    st.sampled_from("10.0.0.1 1.2.3.4:5 [::1] ::1 [::1]:9 unknown 10.0.0.256 : [ ::1%\n".split(" ")), max_size=5
)
codings = st.lists(
    st.sampled_from("gzip x-gzip * identity ;q=0 ;q=1.0 ;q= ; gzip;q=0.001 gzip;Q=1 br,".split()), max_size=5
)
cookies = st.text(st.sampled_from('session=;," .eyJ9\\012-_\xe9'), max_size=40)


@reproducible
@given(origins, chains, codings, cookies, st.sampled_from("/ /thread /stream /guarded /none".split()))
@example("null", ["10.0.0.1", "unknown"], ["gzip"], "session=..", "/")
def test_any_value_of_what_the_layers_read(origin, chain, coding, cookie, path):
    """Origin, X-Forwarded-For, Accept-Encoding and Cookie, near to what is right."""
    fields = {
        "origin": origin,
        "x-forwarded-for": ", ".join(chain),
        "accept-encoding": "".join(coding),
        "cookie": cookie,
    }
    headers = [HOST, *((name.encode(), value.encode("latin-1")) for name, value in fields.items())]
    answered(headers, path=path)
    answered([*headers, (b"access-control-request-method", b"PUT")], "OPTIONS", path)
    ended(headers)


@reproducible
@given(texts, st.sampled_from(["http", "https"]), st.sampled_from([("127.0.0.1", 80), ("/run/app.sock", None), None]))
def test_any_host(host, scheme, server):
    """Let in, sent elsewhere, or turned away."""
    answered([(b"host", host.encode("latin-1"))], scheme=scheme, server=server)


@reproducible
@given(st.lists(st.binary(max_size=60), max_size=4), st.integers(-1, 200))
def test_any_body(pieces, announced):
    """In any pieces, announced rightly, wrongly or not: read, or 413."""
    inbox = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    length = [] if announced < 0 else [(b"content-length", b"%d" % announced)]
    scope = http("POST", "/", scheme="https") | {"headers": [HOST, *length]}
    start, _ = converse(APP, scope, *inbox, EMPTY)
    assert start["status"] == (413 if max(sum(map(len, pieces)), announced) > 100 else 200)


SHOWN = PlainTextResponse("x" * 1000)
CORS = CORSMiddleware(SHOWN, allow_origin_regex=r"https://.*\.example", allow_headers=["x-one"])
HEADERS = {
    "Cookie, many": (SessionMiddleware(SHOWN, "secret"), "cookie", "a=1;"),
    "Cookie, empty": (SessionMiddleware(SHOWN, "secret"), "cookie", ";"),
    "Cookie, one session": (SessionMiddleware(SHOWN, "secret"), "cookie", "session=.."),
    "Cookie, many sessions": (SessionMiddleware(SHOWN, "secret"), "cookie", "session=a;"),
    "Cookie, escapes": (SessionMiddleware(SHOWN, "secret"), "cookie", 'a="\\012";'),
    "Accept-Encoding, many": (GZipMiddleware(SHOWN), "accept-encoding", "br;q=0.1,"),
    "Accept-Encoding, parameters": (GZipMiddleware(SHOWN), "accept-encoding", "gzip;;="),
    "Accept-Encoding, digits": (GZipMiddleware(SHOWN), "accept-encoding", "0"),
    "X-Forwarded-For, trusted": (ProxyHeadersMiddleware(SHOWN, "127.0.0.0/8"), "x-forwarded-for", "127.0.0.1,"),
    "X-Forwarded-For, no address": (ProxyHeadersMiddleware(SHOWN), "x-forwarded-for", "[:"),
    "X-Forwarded-For, digits": (ProxyHeadersMiddleware(SHOWN), "x-forwarded-for", "1"),
    "X-Forwarded-For, all trusted": (ProxyHeadersMiddleware(SHOWN, "*"), "x-forwarded-for", "1.2.3.4:5,"),
    "X-Forwarded-Proto": (ProxyHeadersMiddleware(SHOWN), "x-forwarded-proto", "https "),
    "X-Request-ID": (RequestIdMiddleware(SHOWN), "x-request-id", "a"),
    "Content-Length": (RequestBodyLimitMiddleware(SHOWN, 100), "content-length", "0"),
    "Origin": (CORS, "origin", "https://a."),
    "Host": (TrustedHostMiddleware(SHOWN, ["*.example.org"]), "host", "a."),
    "Host, no address": (TrustedHostMiddleware(SHOWN, ["*.example.org"]), "host", "[:"),
    "Host, redirected": (HTTPSRedirectMiddleware(SHOWN), "host", "a."),
}


@pytest.mark.parametrize("shape", HEADERS)
def test_work_grows_as_the_header_does(shape):
    """In one header, and in many of its name: in operations and in time, from 8 to 64 KiB."""
    app, name, piece = HEADERS[shape]
    for make in (one_header, many_headers):
        assert_linear(partial(asked_at_once, app), make(name, piece))


PREFLIGHTS = {
    "names": ("access-control-request-headers", "x-one,"),
    "commas": ("access-control-request-headers", ","),
    "a method": ("access-control-request-method", "A"),
    "an origin": ("origin", "https://a."),
}


@pytest.mark.parametrize("shape", PREFLIGHTS)
def test_work_grows_as_the_headers_of_a_preflight_do(shape):
    """A browser may ask for any number of names."""
    name, piece = PREFLIGHTS[shape]
    usual = {"origin": "https://a.example", "access-control-request-method": "GET"}
    assert_linear(
        partial(asked_at_once, CORS),
        lambda n: http("OPTIONS", headers=[*(usual | {name: piece * (n // len(piece))}).items()]),
    )


@pytest.mark.parametrize("piece", ["a/", "/", "?", "\\", "\n"])
@pytest.mark.parametrize("layer", [HTTPSRedirectMiddleware, AccessLogMiddleware])
def test_work_grows_as_the_path_does(layer, piece):
    """For the layers that write it: into a URL, and into a log."""
    assert_linear(partial(asked_at_once, layer(SHOWN)), lambda n: http(path="/" + piece * (n // len(piece))))
