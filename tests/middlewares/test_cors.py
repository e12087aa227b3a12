"""CORS: whom browsers may tell what. The tables of tests/wire/ compare it with Starlette's, here is what they do not show."""

import pytest

from rawasgi.app import App
from rawasgi.middlewares.authentication import AuthenticationMiddleware
from rawasgi.middlewares.cors import CORSMiddleware
from rawasgi.responses import PlainTextResponse
from tests.drive import broken, converse, http, websocket
from tests.middlewares.stack import Named
from tests.test_middleware import text

ORIGIN = ("origin", "https://shop.example")
PREFLIGHT = [ORIGIN, ("access-control-request-method", "GET")]
ALLOWED = (b"access-control-allow-origin", b"https://shop.example")
VARY = (b"vary", b"Origin")


def app():
    """A page that is there, and one that fails."""
    made = App()

    @made.get("/")
    async def page(request):
        return PlainTextResponse("page")

    @made.get("/fails")
    async def fails(request):
        raise LookupError("lost")

    return made


def with_headers(messages, *headers):
    """The same answer with more headers at its end."""
    start, *rest = messages
    return [{**start, "headers": [*start["headers"], *headers]}, *rest]


def test_an_unexpected_exception_is_answered_outside_of_the_layers_of_an_app():
    """So its 500 has no CORS headers, and a browser calls it a CORS error; wrapped from outside, it has them."""
    inside = app()
    inside.add_middleware(CORSMiddleware, allow_origins=[ORIGIN[1]])
    outside = CORSMiddleware(app(), allow_origins=[ORIGIN[1]])
    plain = text("Internal Server Error", 500)
    assert broken(inside, http(path="/fails", headers=[ORIGIN]))[0] == plain
    assert broken(outside, http(path="/fails", headers=[ORIGIN]))[0] == with_headers(plain, ALLOWED, VARY)
    missing = with_headers(text("Not Found", 404), ALLOWED, VARY)  # what is answered inside has them in either place
    assert converse(inside, http(path="/none", headers=[ORIGIN])) == missing
    assert converse(outside, http(path="/none", headers=[ORIGIN])) == missing


def test_a_preflight_carries_no_credentials():
    """Outside of authentication CORS answers it; inside, it is never asked."""
    wrong = [*PREFLIGHT, ("authorization", "liar")]  # what a browser does not send stands for what it does not
    outermost = CORSMiddleware(AuthenticationMiddleware(app(), Named()), allow_origins=[ORIGIN[1]])
    innermost = AuthenticationMiddleware(CORSMiddleware(app(), allow_origins=[ORIGIN[1]]), Named())
    assert converse(outermost, http("OPTIONS", "/", wrong))[0]["status"] == 200
    assert converse(innermost, http("OPTIONS", "/", wrong)) == text("you are not", 400)


def test_a_preflight_never_reaches_the_app():
    """Not even one that is refused; nor is its body read."""

    async def deaf(scope, receive, send):
        raise AssertionError("called")

    layer = CORSMiddleware(deaf, allow_origins=["https://other.example"])
    start, body = converse(layer, http("OPTIONS", "/", PREFLIGHT))
    assert (start["status"], body["body"]) == (400, b"Disallowed CORS origin")


@pytest.mark.parametrize("origin", ["https://a.example\r\nset-cookie: a=b", "https://a.example\0", "a\x7f"])
def test_an_origin_that_no_header_can_hold_is_not_allowed(origin):
    """However open the layer is; otherwise it would have to be sent back."""
    layer = CORSMiddleware(app(), allow_origins=["*"], allow_origin_regex="(?s).*", allow_credentials=True)
    credentials = (b"access-control-allow-credentials", b"true")
    assert converse(layer, http(headers=[("origin", origin)])) == with_headers(text("page"), credentials, VARY)
    _, body = converse(layer, http("OPTIONS", "/", [("origin", origin), PREFLIGHT[1]]))
    assert body["body"] == b"Disallowed CORS origin"


def test_headers_that_no_header_can_hold_are_not_allowed():
    """They would be sent back where all are allowed."""
    layer = CORSMiddleware(app(), allow_origins=["*"], allow_headers=["*"])
    _, body = converse(layer, http("OPTIONS", "/", [*PREFLIGHT, ("access-control-request-headers", "a\r\nb")]))
    assert body["body"] == b"Disallowed CORS headers"


def test_the_message_of_the_app_is_not_changed():
    """It may send the same dict again."""
    start = {"type": "http.response.start", "status": 200}

    async def raw(scope, receive, send):
        await send(start)
        await send({"type": "http.response.body"})

    converse(CORSMiddleware(raw, allow_origins=["*"]), http(headers=[ORIGIN]))
    assert start == {"type": "http.response.start", "status": 200}


def test_websockets_pass():
    """CORS does not apply to them: a handler looks at Origin itself."""

    async def talk(scope, receive, send):
        await send({"type": "websocket.accept"})

    assert converse(CORSMiddleware(talk), websocket(headers=[ORIGIN])) == [{"type": "websocket.accept"}]


@pytest.mark.parametrize(
    "origin", ["https://shop.example/", "shop.example", "https://*.example", "https://shop.example/path", ""]
)
def test_an_origin_that_no_browser_sends_is_an_error(origin):
    """It would never match, and nobody would see why."""
    with pytest.raises(ValueError) as raised:
        CORSMiddleware(app(), allow_origins=["https://fine.example", origin])
    assert str(raised.value) == (
        f"no browser sends the origin {origin!r}: it is a scheme and a host, perhaps a port, without path or slash at "
        "the end; for a pattern there is allow_origin_regex"
    )


@pytest.mark.parametrize("origin", ["*", "null", "http://localhost:3000", "http://[::1]:3000", "app://", "x-app://a"])
def test_other_origins_are_fine(origin):
    """Those of files, of apps in a web view, and of no page at all, too."""
    assert CORSMiddleware(app(), allow_origins=[origin]).is_allowed_origin(origin)


@pytest.mark.parametrize("name", ["allow_origins", "allow_methods", "allow_headers", "expose_headers"])
def test_a_string_is_no_list(name):
    """`"https://a"` would be a list of letters."""
    with pytest.raises(TypeError) as raised:
        CORSMiddleware(app(), **{name: "https://a"})  # type: ignore[arg-type]  # any of four
    assert str(raised.value) == f"{name} is a list: ['https://a']"
