"""Environ and scope say the same: for any path, query and headers that a client may send."""

import io
from typing import Any
from urllib.parse import unquote, unquote_to_bytes
from wsgiref.validate import validator

import pytest
from asgiref.wsgi import WsgiToAsgiInstance
from gunicorn.config import Config
from gunicorn.http import RequestParser
from gunicorn.http.wsgi import create
from hypothesis import example, given
from hypothesis import strategies as st

from rawasgi.app import App
from rawasgi.bridges.environ import environ_of, scope_of
from rawasgi.bridges.wsgi_in_asgi import WSGIMiddleware
from rawasgi.instruments.conversation import converse, request
from rawasgi.routing import Mount
from tests.drive import http
from tests.growth import assert_linear, many_headers, one_header
from tests.instruments.messages import start


def environ(path="/", headers=(), query=b"", length=0, **more):
    """The environ of a scope, without what is the same in all."""
    scope = http("GET", path, headers, query)
    scope |= more if "raw_path" in more else {"raw_path": None, **more}
    made = environ_of(scope, io.BytesIO(), length)
    return {key: value for key, value in made.items() if "." not in key}


BASE = {
    "REQUEST_METHOD": "GET",
    "SCRIPT_NAME": "",
    "PATH_INFO": "/",
    "QUERY_STRING": "",
    "SERVER_NAME": "127.0.0.1",
    "SERVER_PORT": "8000",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "REMOTE_ADDR": "127.0.0.1",
    "REMOTE_PORT": "41522",
}


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, {}),
        ({"path": "/caf\xe9"}, {"PATH_INFO": "/caf\xc3\xa9"}),
        ({"path": "/a/b", "raw_path": b"/a%2Fb"}, {"PATH_INFO": "/a/b"}),
        ({"path": "/\ufffd", "raw_path": b"/%ff"}, {"PATH_INFO": "/\xff"}),
        ({"path": "/changed", "raw_path": b"/%ff"}, {"PATH_INFO": "/changed"}),
        ({"path": "/r/x", "root_path": "/r"}, {"SCRIPT_NAME": "/r", "PATH_INFO": "/x"}),
        ({"path": "/r", "root_path": "/r/"}, {"SCRIPT_NAME": "/r", "PATH_INFO": ""}),
        ({"path": "/rx", "root_path": "/r"}, {"SCRIPT_NAME": "/r", "PATH_INFO": "/rx"}),
        ({"path": "/\xfc/x", "root_path": "/\xfc"}, {"SCRIPT_NAME": "/\xc3\xbc", "PATH_INFO": "/x"}),
        ({"query": b"\xff=%ff"}, {"QUERY_STRING": "\xff=%ff"}),
        ({"server": None}, {"SERVER_NAME": "localhost", "SERVER_PORT": "80"}),
        ({"server": ("/run/socket", None), "scheme": "https"}, {"SERVER_NAME": "localhost", "SERVER_PORT": "443"}),
        ({"length": 3}, {"CONTENT_LENGTH": "3"}),
        ({"headers": [("content-length", "9")], "length": 3}, {"CONTENT_LENGTH": "3"}),
        ({"headers": [("content-type", "a/b")]}, {"CONTENT_TYPE": "a/b"}),
        ({"headers": [("x-a", "1"), ("x-b", "caf\xe9"), ("x-a", "2")]}, {"HTTP_X_A": "1,2", "HTTP_X_B": "caf\xe9"}),
        ({"headers": [("cookie", "a=1"), ("cookie", "b=2")]}, {"HTTP_COOKIE": "a=1; b=2"}),
        ({"headers": [("x_a", "forged"), ("x-a", "true"), ("content_length", "5")]}, {"HTTP_X_A": "true"}),
        ({"http_version": "2"}, {"SERVER_PROTOCOL": "HTTP/2"}),
    ],
)
def test_the_environ_of_a_scope(given, wanted):
    """Each peculiarity of the two sides, whole."""
    assert environ(**given) == BASE | wanted


def test_many_fields_of_one_name_are_one():
    """In order, each once; joined in one go, since a client may send thousands."""
    many = [("x-a", str(number)) for number in range(10_000)]
    assert environ(headers=many)["HTTP_X_A"] == ",".join(map(str, range(10_000)))


def test_a_client_without_an_address_has_none():
    """A Unix socket: neither key, for both would be empty."""
    assert environ(client=None) == {key: value for key, value in BASE.items() if not key.startswith("REMOTE")}


def scope_from(**given):
    """The scope of an environ, without what is the same in all."""
    made = scope_of({**BASE, **given}, {"pool": 1})
    del made["type"], made["asgi"], made["extensions"], made["state"]
    return made


SCOPE = {
    "http_version": "1.1",
    "method": "GET",
    "scheme": "http",
    "path": "/",
    "raw_path": b"/",
    "query_string": b"",
    "root_path": "",
    "headers": [],
    "client": ("127.0.0.1", 41522),
    "server": ("127.0.0.1", 8000),
}


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, {}),
        ({"PATH_INFO": "/caf\xc3\xa9"}, {"path": "/caf\xe9", "raw_path": b"/caf%C3%A9"}),
        ({"PATH_INFO": "/\xff"}, {"path": "/\ufffd", "raw_path": b"/%FF"}),
        ({"SCRIPT_NAME": "/r", "PATH_INFO": "/x"}, {"path": "/r/x", "raw_path": b"/r/x", "root_path": "/r"}),
        ({"SCRIPT_NAME": "", "PATH_INFO": ""}, {}),
        ({"PATH_INFO": "/a/b", "RAW_URI": "/a%2Fb?x"}, {"path": "/a/b", "raw_path": b"/a%2Fb"}),
        ({"PATH_INFO": "/a", "REQUEST_URI": "http://h/%61"}, {"path": "/a", "raw_path": b"/%61"}),
        ({"PATH_INFO": "/a", "RAW_URI": "/other"}, {"path": "/a", "raw_path": b"/a"}),
        ({"QUERY_STRING": "\xff"}, {"query_string": b"\xff"}),
        ({"REMOTE_ADDR": ""}, {"client": None}),
        ({"REMOTE_PORT": ""}, {"client": ("127.0.0.1", 0)}),
        ({"SERVER_PORT": "x"}, {"server": ("127.0.0.1", None)}),
        ({"SERVER_PROTOCOL": "HTTP/2"}, {"http_version": "2"}),
        ({"wsgi.url_scheme": "https"}, {"scheme": "https"}),
        (
            {
                "HTTP_X_A": "caf\xe9",
                "CONTENT_TYPE": "",
                "CONTENT_LENGTH": "3",
                "HTTP_EMPTY": "",
                "HTTP_CONTENT_LENGTH": "9",
            },
            {"headers": [(b"x-a", b"caf\xe9"), (b"content-length", b"3"), (b"empty", b"")]},
        ),
    ],
)
def test_the_scope_of_an_environ(given, wanted):
    """Each peculiarity of the two sides, whole."""
    assert scope_from(**given) == SCOPE | wanted


def test_a_scope_has_a_copy_of_the_state_and_the_environ_itself():
    """What an app writes into its state concerns one request."""
    given, state = dict(BASE), {"pool": 1}
    made = scope_of(given, state)
    assert (made["state"], made["state"] is state) == (state, False)
    assert made["extensions"]["rawasgi.environ"] is given


SEGMENT = st.one_of(
    st.sampled_from(["%2F", "%ff", "%C3%A9", "%00", "..", ".", "//", "%25", "%", "%zz", "a", ";p", "%5C", "+"]),
    st.text("abcdef-._~!$&'()*+,;=:@", max_size=4),
)
TARGETS = st.lists(SEGMENT, max_size=6).map(lambda parts: "/" + "/".join(parts))
QUERIES = st.text("ab=&%?+;/", max_size=10)
VALUES = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters="\x7f"), min_size=1, max_size=8
)
NAMES = st.sampled_from(["x-a", "X-A", "x_a", "X-B", "cookie", "accept", "x--", "proxy", "x-a-b"])
HEADERS = st.lists(st.tuples(NAMES, VALUES), max_size=5)


def gunicorns(target, headers):
    """The environ that gunicorn makes of these bytes."""
    lines = [f"GET {target} HTTP/1.1", "Host: testserver", *(f"{name}: {value}" for name, value in headers)]
    raw = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
    config: Any = Config()
    parsed = next(RequestParser(config, iter([raw]), ("127.0.0.1", 41522)))
    return create(parsed, None, ("testclient", 50_000), ("testserver", 80), config)[1]


COMPARED = (
    "REQUEST_METHOD",
    "SCRIPT_NAME",
    "PATH_INFO",
    "QUERY_STRING",
    "SERVER_PROTOCOL",
    "REMOTE_ADDR",
    "REMOTE_PORT",
)


@given(TARGETS, QUERIES, HEADERS)
@example(
    "/%ff/caf%C3%A9", "a=%ff", [("cookie", "a=1"), ("cookie", "b=2"), ("x_a", "forged"), ("x-a", "1"), ("x-a", "2")]
)
def test_a_wsgi_application_sees_what_gunicorn_would_show_it(target, query, headers):
    """The same bytes, parsed by gunicorn and by a server of ASGI behind the bridge: equal in what both say.

    Names with an underscore are dropped by both, and fields of one name are joined, cookies but for the mark.
    """
    seen: dict[str, object] = {}

    def app(environ, start_response):
        seen.update(environ)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b""]

    asked = request("GET", f"{target}?{query}", headers)
    assert converse(WSGIMiddleware(validator(app)), asked)[0] == start(200, (b"content-type", b"text/plain"))
    native = gunicorns(f"{target}?{query}", headers)
    wanted = {key: native[key] for key in native if key in COMPARED or key.startswith("HTTP_")}
    if "HTTP_COOKIE" in wanted:
        cookies = [value for name, value in headers if name == "cookie"]
        wanted["HTTP_COOKIE"] = "; ".join(cookies)
    assert {key: seen.get(key) for key in wanted} == wanted
    assert {key for key in seen if key.startswith("HTTP_")} == {key for key in native if key.startswith("HTTP_")}


@given(TARGETS, QUERIES, HEADERS)
def test_an_asgi_app_sees_behind_wsgi_what_it_sees_without(target, query, headers):
    """gunicorn's environ as a scope: path, query and each header that came once, under a name that WSGI can say."""
    made = scope_of(gunicorns(f"{target}?{query}", headers), {})
    native = request("GET", f"{target}?{query}", headers).scope
    assert (made["path"], made["query_string"], made["root_path"]) == (native["path"], native["query_string"], "")
    assert unquote_to_bytes(made["raw_path"]) == unquote_to_bytes(native["raw_path"])
    names = [name.lower() for name, _ in headers]
    for name, value in headers:
        if names.count(name.lower()) == 1 and "_" not in name:
            assert (name.lower().encode(), value.encode("latin-1")) in made["headers"]


@given(TARGETS, st.binary(max_size=8), st.lists(st.tuples(st.binary(max_size=6), st.binary(max_size=6)), max_size=4))
def test_no_request_is_an_error_of_the_bridge(target, query, headers):
    """Whatever a server lets through as path, query and headers: the application is called, and answers."""

    def app(environ, start_response):
        start_response("200 OK", [])
        return []

    scope = http("GET", unquote(target), (), query, raw_path=target.encode())
    scope["headers"] = headers
    asked = request("GET", "/")
    mounted = App(routes=[Mount("/", WSGIMiddleware(app))])
    assert converse(mounted, asked._replace(scope=scope))[0]["status"] == 200


@given(
    st.text(st.characters(max_codepoint=0xFF), max_size=8),
    st.dictionaries(NAMES, st.text(st.characters(max_codepoint=0xFF))),
)
def test_no_environ_is_an_error_of_the_bridge(path, fields):
    """Whatever a server puts into an environ: the app is called."""
    keys = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in fields.items()}
    scope = scope_of({**BASE, "PATH_INFO": path, "QUERY_STRING": path, "SCRIPT_NAME": path, **keys}, {})
    assert scope["type"] == "http"
    assert all(isinstance(name, bytes) and isinstance(value, bytes) for name, value in scope["headers"])


SIZED = {
    "a path": lambda n: http(path="/" + "a/" * (n // 2)),
    "a path of escapes": lambda n: http(path="/" + "\ufffd" * (n // 3), raw_path=b"/" + b"%ff" * (n // 3)),
    "a query": lambda n: http(query=b"%" * n),
    "a header": one_header("x-a", "a"),
    "headers of one name": many_headers("x-a", "1"),
    "cookies": many_headers("cookie", "a=1"),
    "headers": lambda n: http(headers=[(f"x-{number}", "1") for number in range(n // 8)]),
}


@pytest.mark.parametrize("kind", SIZED)
def test_the_work_grows_with_the_bytes(kind):
    """There and back, from 8 to 64 KiB."""
    assert_linear(lambda scope: scope_of(environ_of(scope, io.BytesIO(), 0), {}), SIZED[kind])


def test_asgiref_fails_where_this_bridge_does_not():
    """A query string that is no ASCII, as a client may send it: asgiref's bridge raises, ours shows its bytes."""
    scope = http("GET", "/", (), b"\xff")
    with pytest.raises(UnicodeDecodeError):
        WsgiToAsgiInstance(None).build_environ(scope, None)
    assert environ(query=b"\xff")["QUERY_STRING"] == "\xff"
