"""A request in words: headers, cookies, URL, and what its scope holds."""

import json
from typing import Any

import pytest

from rawasgi.app import App
from rawasgi.datastructures import Headers, QueryParams
from rawasgi.exceptions import HTTPException
from rawasgi.requests import HTTPConnection, MalformedJSON, Request, parse_json
from rawasgi.responses import PlainTextResponse
from rawasgi.urls import Address
from tests.drive import broken, converse, http, websocket
from tests.test_routing import text


def request(*headers, **more):
    """A request with these headers, without a body."""
    return Request(http("POST", "/a", headers, **more))


def test_a_connection_is_a_mapping_of_its_scope():
    """With the identity of an object: two requests are never equal, and each can be a key."""
    scope = http()
    one, other = HTTPConnection(scope, None), HTTPConnection(scope)
    assert (one["method"], one.get("none"), dict(one), len(one)) == ("GET", None, scope, len(scope))
    assert (one.scope is scope, one == other, one == scope, len({one, other})) == (True, False, False, 2)


def test_a_request_reads_its_scope():
    """Each thing once: the second time it is the same object."""
    app = App()
    made = request(("accept", "a"), query=b"b=1&b=2", app=app, path_params={"id": 7})
    assert (made.method, made.app, made.path_params) == ("POST", app, {"id": 7})
    assert (made.headers, made.query_params) == (Headers({"accept": "a"}), QueryParams([("b", "1"), ("b", "2")]))
    assert (str(made.url), str(made.base_url)) == ("http://127.0.0.1:8000/a?b=1&b=2", "http://127.0.0.1:8000/")
    for name in ("headers", "query_params", "url", "base_url", "cookies"):
        assert getattr(made, name) is getattr(made, name)


def test_a_scope_may_lack_what_has_a_default():
    """A path without parameters, a client that is not known, a query that was never sent."""
    made = Request({"type": "http", "method": "GET", "path": "/", "headers": []})
    assert (made.path_params, made.client, made.query_params.multi_items(), made.cookies) == ({}, None, [], {})
    assert (str(made.url), str(made.base_url)) == ("/", "/")
    with pytest.raises(KeyError, match="app"):
        _ = made.app


def test_the_client_is_an_address():
    """Of whatever the server has put there."""
    assert request().client == Address("127.0.0.1", 41522)
    assert request(client=["::1", 5]).client == Address("::1", 5)
    assert request(client=None).client is None


@pytest.mark.parametrize(
    ("scope", "url", "base"),
    [
        (http("GET", "/a", [("host", "[::1]:80")]), "http://[::1]:80/a", "http://[::1]:80/"),
        (http("GET", "/a", [("host", "a/b")]), "http://127.0.0.1:8000/a", "http://127.0.0.1:8000/"),
        (http("GET", "/a", [("host", "[:::]")]), "http://127.0.0.1:8000/a", "http://127.0.0.1:8000/"),
        (http("GET", "/r/a", [("host", "h")], root_path="/r"), "http://h/r/a", "http://h/r/"),
        (
            http("GET", "/r/m/a", [], root_path="/r/m", app_root_path="/r", server=("h", 80)),
            "http://h/r/m/a",
            "http://h/r/",
        ),
        (websocket("/a", [("host", "h")]), "ws://h/a", "ws://h/"),
    ],
)
def test_url_and_base_url_survive_what_clients_send(scope, url, base):
    """A malformed Host is passed over; base_url is that of the outermost app; every part can be read."""
    made = HTTPConnection(scope)
    assert (str(made.url), str(made.base_url)) == (url, base)
    assert (made.url.path, made.url.username, made.base_url.query) == (scope["path"], None, "")


def test_url_for_needs_routes():
    """Outside an App or Router it says so."""
    with pytest.raises(
        RuntimeError, match=r"^url_for needs routes: this scope has passed through no App and no Router$"
    ):
        request().url_for("a")


def test_state_is_shared_with_the_scope():
    """What the lifespan left there is seen; what a request adds is seen by whoever holds the scope."""
    made, left = request(), request(state={"db": 1})
    made.state.user = "ann"
    assert (made.scope["state"], made.state.user, left.state.db) == ({"user": "ann"}, "ann", 1)


def test_cookies_of_several_headers_come_together():
    """HTTP/2 clients send one header a cookie; the last of a name wins."""
    assert request(("cookie", "a=1; b=2"), ("x", "c=9"), ("cookie", "b=3")).cookies == {"a": "1", "b": "3"}


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": [1, 2.5, null, "\\u00e9"]}', {"a": [1, 2.5, None, "é"]}),
        (b' "\xc3\xa9" ', "é"),
        ("é".join('""').encode("utf-16"), "é"),
        ("[1]".encode("utf-32-be"), [1]),
        (b"\xef\xbb\xbf1", 1),
        (b'"\\ud800"', "\ud800"),
        (b'"\xed\xa0\x80"', "\ud800"),
        (b"1e308", 1e308),
    ],
)
def test_json_is_read_in_every_encoding_it_may_have(body, value):
    """RFC 8259 wants UTF-8; older clients send a byte order mark, or UTF-16 and -32."""
    assert parse_json(body) == value


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "Expecting value"),
        (b"[1e999]", "1e999 is too large a number"),
        (b"-1e999", "-1e999 is too large a number"),
        (b"{", "Expecting property name enclosed in double quotes"),
        (b"[1] x", "Extra data"),
        (b"NaN", "NaN is no JSON number"),
        (b"[-Infinity]", "-Infinity is no JSON number"),
        (b'"\xff"', "'utf-8' codec can't decode byte 0xff in position 1: invalid start byte"),
        (b"[" * 100_000, None),
        (b"9" * 5_000, None),
        (b"\x00", None),
        (b"\xff\xfe\x00", None),
    ],
)
def test_what_is_no_json_is_a_400_with_the_reason(body, why):
    """However deep, long or wrongly encoded: one exception, with the two names it may be caught by."""
    with pytest.raises(MalformedJSON) as raised:
        parse_json(body)
    error = raised.value
    assert isinstance(error, HTTPException)
    assert isinstance(error, json.JSONDecodeError)
    assert error.status_code == 400
    assert error.detail.startswith("Malformed JSON: ")
    assert why is None or error.detail == f"Malformed JSON: {why}"
    assert str(error) == f"400: {error.detail}"


def test_malformed_json_says_where():
    """As the standard library does: message, document, position, line and column."""
    with pytest.raises(json.JSONDecodeError) as raised:
        parse_json(b'{"a":\n x}')
    error = raised.value
    assert (error.msg, error.doc, error.pos) == ("Expecting value", '{"a":\n x}', 7)
    assert (error.lineno, error.colno) == (2, 2)


def test_an_app_answers_malformed_json():
    """With 400 and the reason, unless the handler catches it."""

    async def strict(request):
        await request.json()

    async def lenient(request):
        try:
            await request.json()
        except ValueError as error:
            return PlainTextResponse(f"caught {type(error).__name__}")

    app = App()
    app.post("/strict")(strict)
    app.post("/lenient")(lenient)
    body = {"type": "http.request", "body": b"["}
    assert converse(app, http("POST", "/strict"), body) == text("Malformed JSON: Expecting value", 400)
    assert converse(app, http("POST", "/lenient"), body) == text("caught MalformedJSON")


def piece(body, more=True):
    """A message with a piece of a body."""
    return {"type": "http.request", "body": body, "more_body": more}


@pytest.mark.parametrize(
    ("headers", "pieces", "total"),
    [
        ([], [b"abc", b"de"], 5),
        ([("content-length", "5")], [b"abcde"], 5),
        ([("content-length", "+9")], [b"a"], 1),
        ([("content-length", "\xb2")], [b"a"], 1),
        ([("content-length", "")], [b""], 0),
        ([("content-length", "05")], [b"abcde"], 5),
    ],
)
def test_a_body_within_the_limit_passes(headers, pieces, total):
    """By count; a Content-Length that is no number says nothing."""
    assert converse(limited(5), http("POST", "/", headers), *pieces_of(pieces)) == text(str(total))


@pytest.mark.parametrize(
    ("headers", "pieces", "read"),
    [
        ([], [b"abc", b"def"], 1),
        ([], [b"abcdef"], 0),
        ([("content-length", "6")], [b""], 0),
        ([("content-length", "9" * 5000)], [b""], 0),
        ([("content-length", "1")], [b"abcdef"], 0),
    ],
)
def test_a_body_over_the_limit_is_a_413(headers, pieces, read):
    """At the first byte too many, or at once where the header announces it; what came before has been seen."""
    seen: list[Any] = []
    answer = text("Content Too Large", 413)  # the name of RFC 9110, whatever this Python calls it
    assert converse(limited(5, seen), http("POST", "/", headers), *pieces_of(pieces)) == answer
    assert len(seen) == read


def pieces_of(pieces):
    """The messages of a body; the last ends it."""
    return [piece(body, more=place < len(pieces)) for place, body in enumerate(pieces, 1)]


def limited(limit, seen=None):
    """An app that counts its body."""

    async def count(request):
        seen_here = [] if seen is None else seen
        async for body in request.stream():
            seen_here += [body] if body else []
        return PlainTextResponse(str(sum(map(len, seen_here))))

    app = App(max_body_size=limit)
    app.post("/")(count)
    return app


def test_a_body_that_nobody_reads_is_no_error():
    """However long it says it is: the limit is asked when the body is."""
    app = App(max_body_size=0)

    @app.post("/")
    async def deaf(request):
        return PlainTextResponse("unread")

    assert converse(app, http("POST", "/", [("content-length", "9")])) == text("unread")


def test_a_request_made_by_hand_lacks_what_it_was_not_given():
    """Its scope can be read; its body cannot, and the error says what is missing."""

    async def app(scope, receive, send):
        await Request(scope).body()

    sent, error = broken(app, http())
    assert (sent, str(error)) == ([], "this request was made without `receive`: its body cannot be read")


@pytest.mark.parametrize(
    ("name", "layer"),
    [("session", "SessionMiddleware"), ("auth", "AuthenticationMiddleware"), ("user", "AuthenticationMiddleware")],
)
@pytest.mark.parametrize("connection", [Request, HTTPConnection])
def test_what_a_layer_has_left_in_the_scope(connection, name, layer):
    """Session, auth and user are read from the scope; where nobody has put them there, the error names the layer."""
    left = object()
    assert getattr(connection({"type": "http", name: left}), name) is left
    with pytest.raises(RuntimeError) as raised:
        getattr(connection({"type": "http"}), name)
    assert str(raised.value) == f"nobody has put '{name}' into the scope: put {layer} around the app"
