"""The redirect to https: scopes that tests/wire/ does not compare with Starlette's."""

from rawasgi.middlewares.https_redirect import HTTPSRedirectMiddleware
from rawasgi.responses import PlainTextResponse, RedirectResponse
from tests.drive import converse, http, websocket

LAYER = HTTPSRedirectMiddleware(PlainTextResponse("in"))


def without_scheme(scope):
    """The same scope; `scheme` has a default."""
    return {key: value for key, value in scope.items() if key != "scheme"}


def test_a_scope_without_scheme_is_one_of_plain_http():
    """Starlette raises KeyError."""
    there = converse(RedirectResponse("https://a.example/?b=c"), http())
    assert converse(LAYER, without_scheme(http(headers=[("host", "a.example")], query=b"b=c"))) == there


def test_a_websocket_without_scheme_is_redirected_to_wss():
    """Where its server has denial responses."""
    scope = without_scheme(websocket(headers=[("host", "a.example:8000")], extensions={"websocket.http.response": {}}))
    start, _ = converse(LAYER, scope, {"type": "websocket.connect"})
    assert (start["status"], dict(start["headers"])[b"location"]) == (307, b"wss://a.example:8000/")
