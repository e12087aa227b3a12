"""Whatever a client sends: the answer is 2xx, 3xx or 4xx, a websocket ends in its own words, and nothing is raised."""

import json
import string
from itertools import pairwise
from typing import Any
from urllib.parse import unquote

from hypothesis import example, given, settings
from hypothesis import strategies as st

from rawasgi.app import App
from rawasgi.call_next import BaseHTTPMiddleware
from rawasgi.middleware import Middleware
from rawasgi.responses import JSONResponse
from rawasgi.routing import Mount, Route, WebSocketRoute
from rawasgi.toolkit.hosts import Host
from tests.drive import converse, http, websocket

reproducible = settings(derandomize=True, deadline=None, max_examples=100)

WHAT_A_CONNECTION_KNOWS = "url base_url headers query_params path_params cookies client state"
WHAT_A_URL_KNOWS = "scheme netloc path query fragment username password hostname port is_secure components"


def all_of(connection):
    """Everything that the scope of a connection says, asked for by name."""
    known: dict[str, Any] = {name: repr(getattr(connection, name)) for name in WHAT_A_CONNECTION_KNOWS.split()}
    urls = connection.url, connection.base_url, connection.url_for("static"), connection.url.include_query_params(a=1)
    known["urls"] = [[repr(getattr(url, name)) for name in WHAT_A_URL_KNOWS.split()] for url in urls]
    known["values"] = list(connection.path_params.values())
    known["header lists"] = [connection.headers.getlist(name) for name in connection.headers]
    return known | {"query": str(connection.query_params), "copy": repr(connection.headers.mutablecopy())}


async def everything(request):
    """Read all there is, and say it."""
    known = all_of(request) | {"method": request.method, "left": await request.is_disconnected()}
    return JSONResponse(known | {"body": repr(await request.body())})


async def as_json(request):
    """Read the body as JSON, and say what it was."""
    return JSONResponse(all_of(request) | {"json": repr(await request.json())})


async def talk(websocket):
    """Read all there is, accept, and answer each JSON message."""
    known = all_of(websocket)
    await websocket.accept()
    await websocket.send_json(known)
    async for message in websocket.iter_json():
        await websocket.send_text(repr(message))
    await websocket.close()


async def pass_on(request, call_next):
    """Function-style middleware that reads what the handler reads again."""
    await request.body()
    return await call_next(request)


def routes():
    """One of each kind; every template is there for websockets too."""
    templates = ["/", "/static", "/i/{n:int}", "/f/{x:float}", "/u/{u:uuid}", "/p/{p:path}", "/{a}-{b:int}/c", "/{x}"]
    pages = [Route(path, everything, methods=["GET", "POST"], name=path[1:]) for path in templates]
    sockets = [WebSocketRoute(path, talk) for path in templates]
    return [*pages, *sockets, Route("/json", as_json, methods=["PUT"])]


def whole_app(*middleware):
    """An app with routes, mounts and hosts."""
    app = App(routes=routes(), middleware=middleware, max_body_size=200)
    app.routes.insert(0, Host("{tenant}.example.org", App(routes=routes())))
    app.routes[1:1] = [Mount("/m/{tenant}", routes=routes()), Route("/json", as_json, methods=["PUT"])]
    return app


APPS = [whole_app(), whole_app(Middleware(BaseHTTPMiddleware, dispatch=pass_on))]


def answered(scope, *inbox):
    """A request to both apps: one whole answer below 500, whose header fields are fit to be sent."""
    for app in APPS:
        start, *bodies = converse(app, scope, *inbox)
        assert start["type"] == "http.response.start"
        assert 200 <= start["status"] < 500
        assert [(body["type"], body.get("more_body", False)) for body in bodies] == [("http.response.body", False)]
        for name, value in start["headers"]:
            assert not {*b"\r\n\0"} & {*name, *value}


def ended(scope, *inbox):
    """A handshake with both apps: refused, or accepted, and then closed with a code that blames the message."""
    for app in APPS:
        first, *others = converse(app, scope, {"type": "websocket.connect"}, *inbox)
        if first["type"] == CLOSE:  # no route
            assert others == []
            continue
        assert first["type"] == "websocket.accept"
        closes = [(place, message["code"]) for place, message in enumerate(others, 1) if message["type"] == CLOSE]
        assert closes in ([], [(len(others), 1003)], [(len(others), 1007)])


EMPTY = {"type": "http.request"}
CLOSE = "websocket.close"
GONE = {"type": "websocket.disconnect", "code": 1001}

latin = st.text(st.characters(max_codepoint=255), max_size=20)
escapes = st.text(st.sampled_from("%=&+;#?abcdefABCDEF0123456789é\x00\xff "), max_size=30)
words = "static i f u p m json a-7 c 7 007 1.5 -1 ² ٣ é evil.example: 123e4567-e89b-12d3-a456-426614174000"
oddities = "%2F %2f%2F %00 %FF %C3%28 %E2%82 %zz % %5C %0A %0D%0A .. . \\ { {} {:path} @ ? # : ;"
segments = st.sampled_from([*words.split(), *oddities.split(), "", "9" * 400, "9" * 5000])
paths = st.one_of(
    st.lists(segments, max_size=5).map("/".join),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=10),
).map(lambda path: unquote("/" + path))
hosts = st.one_of(
    latin,
    st.text(st.sampled_from("[]:.%@/?#\\ -_0123456789abcdefvxg\x00\té"), max_size=12),
    st.text(st.sampled_from("0123456789abcdef:."), max_size=12).map("[{}]".format),
    st.from_regex(r"[a-z0-9.-]{0,8}\.example\.org(:[0-9]{0,6})?", fullmatch=True),
)
methods = st.one_of(
    st.sampled_from(
        "GET HEAD POST PUT DELETE OPTIONS TRACE CONNECT PRI get websocket http lifespan * GET,POST".split()
    ),
    st.text(string.printable, max_size=8),
)
names = st.one_of(st.sampled_from([b"host", b"cookie", b"content-length", b"content-type"]), st.binary(max_size=10))
servers = st.sampled_from([("127.0.0.1", 8000), ("::1", 80), ("/run/app.sock", None), None])
roots = st.sampled_from(["", "/m", "/m/a", "/static", "/", "/é b"])


@reproducible
@given(paths, servers, roots, st.sampled_from(["GET", "HEAD", "POST", "PATCH"]))
@example("//evil.example/", None, "", "GET")
@example("/f/" + "9" * 400, None, "", "GET")
@example("/f/x/", ("/run/app.sock", None), "", "GET")
def test_any_path(path, server, root, method):
    """Escapes, invalid UTF-8, NUL, dots, backslashes, line ends, too many digits; below any root_path."""
    answered(http(method, path, server=server, root_path=root), EMPTY)


@reproducible
@given(paths, hosts)
def test_any_path_of_a_websocket(path, host):
    """The same for handshakes."""
    ended(websocket(path, [("host", host)]), GONE)


@reproducible
@given(st.sampled_from(["/", "/x/", "/m/a/x", "/json", "/none/x"]), hosts)
@example("/", "[:::]")
@example("/x/", "[1:2]:80")
@example("/x/", "a\r\nb")
def test_any_host(path, host):
    """What is no host is passed over, in the URL, in a redirect and in routing by host."""
    answered(http("GET", path, [("host", host)]), EMPTY)


@reproducible
@given(st.lists(st.tuples(names, st.binary(max_size=20)), max_size=8))
@example([(b"content-length", b"9" * 5000)])
@example([(b"content-length", "²".encode("latin-1"))])
def test_any_header_list(headers):
    """Any bytes, any name, any number of times."""
    answered(http("POST", "/x") | {"headers": headers}, EMPTY)
    ended(websocket("/x") | {"headers": headers}, GONE)


@reproducible
@given(st.one_of(st.binary(max_size=30), escapes.map(lambda query: query.encode("latin-1"))))
def test_any_query_string(query):
    """As it came, percent-encoded or not; a redirect carries it on."""
    answered(http(path="/x", query=query), EMPTY)
    answered(http(path="/x/", query=query), EMPTY)
    ended(websocket("/x", query_string=query), GONE)


@reproducible
@given(st.lists(st.text(st.sampled_from('=;," \\0127abc\x00\té'), max_size=30), max_size=3))
def test_any_cookie(cookies):
    """Quotes that never close, escapes that are none, names that are empty."""
    answered(http("GET", "/x", [("cookie", cookie) for cookie in cookies]), EMPTY)


@reproducible
@given(methods, paths)
@example("websocket", "/static")
@example("websocket", "/7")
def test_any_method(method, path):
    """A method that nobody has is a 405, whatever it looks like."""
    answered(http(method, path), EMPTY)


json_like = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=8,
).map(json.dumps)
encodings = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "ascii"])
texts = st.one_of(json_like, st.text(st.sampled_from('[]{}:,"\\u0d8 1e9.-NaInfty\x00é'), max_size=20))


def cut(body, places):
    """A body as messages, cut at these places."""
    edges = [0, *sorted({place % (len(body) + 1) for place in places}), len(body)]
    pieces = [body[start:end] for start, end in pairwise(edges)]
    return [
        {"type": "http.request", "body": piece, "more_body": place < len(pieces)}
        for place, piece in enumerate(pieces, 1)
    ]


@reproducible
@given(
    st.one_of(
        st.binary(max_size=300), st.tuples(texts, encodings).map(lambda pair: pair[0].encode(pair[1], "replace"))
    ),
    st.lists(st.integers(0, 300), max_size=3),
)
@example(b"[" * 300, [])
@example(b"[" * 199, [])
@example(b"9" * 199, [3])
@example(b'"\xed\xa0\x80"', [])
def test_any_body_read_as_json(body, places):
    """Any bytes in any pieces: JSON, or 400; too long, 413."""
    answered(http("PUT", "/json"), *cut(body, places))
    answered(http("PUT", "/m/a/json"), *cut(body, places))


@reproducible
@given(st.lists(st.one_of(texts, st.binary(max_size=20)), max_size=5))
@example(["1", b"1"])
@example(["[" * 3_000])
@example(['"\\ud800"'])
def test_any_messages_of_a_websocket(messages):
    """Text or binary, JSON or not: answered, or closed with the code that says why."""
    inbox = [
        {"type": "websocket.receive", "text" if isinstance(message, str) else "bytes": message} for message in messages
    ]
    ended(websocket("/x"), *inbox, GONE)
