"""The same app, request and messages for rawasgi and for Starlette: what they send is equal, but for what is declared."""

from functools import partial

import pytest

from tests.wire.apps import answers, asks, background, cookies, errors, limited, lives, no_handlers, places
from tests.wire.apps_with_layers import contexts, functions, layered
from tests.wire.apps_with_parts import alone, parts
from tests.wire.apps_with_sockets import out_of_turn, sockets
from tests.wire.declared import FROM_STARLETTE
from tests.wire.kits import RAWASGI, STARLETTE, changes, get, http, leaving, lifespan, play, websocket

JSON_TEXTS = {
    "good": b'{"a": [1, 2.5]}',
    "torn": b"{",
    "nan": b"NaN",
    "not utf-8": b'"\xff"',
    "half a pair": b'"\\ud800"',
}
HOSTS = "acme.example.com ACME.example.com:99 a.b.example.com acme.example.com. acme.example.com:x a/acme.example.com"
OLD = {"version": "3.0", "spec_version": "2.3"}  # until then only `receive` says that the client left
NINE = [(b"content-length", b"9")]


def each(app, method, paths, **more):
    """A scene for each path: "answers GET /plain" and so on."""
    return {f"{app.__name__} {method} {path}": (app, http(method, path, **more)) for path in paths.split()}


def hosted(exchange, *hosts):
    """The same with other Host headers."""
    exchange.scope["headers"] = [(b"host", host) for host in hosts]
    return exchange


def talks(paths, *data, **more):
    """A scene for each websocket, on which the client says this and leaves."""
    said = "".join(f" {item!r}" for item in data)
    return {f"sockets {path}{said}": (sockets, leaving(websocket(path, *data, **more))) for path in paths.split()}


def denials(paths):
    """A scene for each websocket, on a server that knows denial responses, and on one that does not."""
    scenes = {}
    for path in paths.split():
        scenes[f"sockets {path}, deniable"] = (sockets, websocket(path, extensions=["websocket.http.response"]))
        scenes[f"sockets {path}"] = (sockets, websocket(path))
    return scenes


ANSWERS = (
    "/plain /html /json /json-null /json-nan /bytes /memoryview /empty /no-content /not-modified /headers /own-length "
    "/charset /subclass /redirect /see-other /stream /stream-on-a-thread /stream-of-a-list /blocking"
)
PLACES = (
    "/ /items/new /items/7 /items/x /items/ /items /items/7/ /size/2 /size/1.50 /size/x /files/ /files/a/b /files /slash "
    "/slash/ /slash// /links /no-link /sub /sub/ /sub/x /sub/caf\xe9 /sub/links /sub// /nowhere //example.net/items/7/"
)
ERRORS = "/odd /odder /boom /teapot /phrase /no-content /not-modified /own-404 /tear /nothing /else"
PART_PATHS = ("/fine", "/refused", "/teapot", "/boom", "/nowhere")
PARTS = " ".join(f"{place}{path}" for place in ("/own", "/below", "/router") for path in PART_PATHS) + " /raw"
FUNCTIONS = "/fine /teapot /replaced /boom /caught /refused /stream /raw/ /short /nowhere"

SCENES = {
    **each(answers, "GET", ANSWERS),
    **each(answers, "HEAD", "/plain /stream /no-content"),
    "a stream whose reader left": (answers, get("/stream", gone_after=2)),
    "a stream whose reader left, old server": (answers, leaving(get("/stream", asgi=OLD))),
    "an answer whose reader left": (answers, get("/plain", gone_after=1)),
    **each(cookies, "GET", "/given /deleted"),
    "cookies of all kinds": (
        cookies,
        get("/seen", headers=[(b"cookie", b'a=1; b="q\\"x\\054"; a=2; =x; y; c=a=b'), (b"cookie", b"d=4")]),
    ),
    "everything asked": (
        asks,
        get(
            "/seen/a/b",
            query=b"a=1&a=2&b=&c&%C3%A9=%zz+x&d=%ff",
            headers=[(b"accept", b"a"), (b"accept", b"caf\xe9")],
        ),
    ),
    "asked below a root path": (asks, get("/api/seen/x", root_path="/api", scheme="https")),
    "asked without a host": (asks, hosted(get("/seen//x?y", server=("::1", 8000), client=None))),
    "asked of a malformed host": (asks, hosted(get("/seen/\xe9 ?#"), b"a/b c")),
    "asked of a host with a port": (asks, hosted(get("/seen/x"), b"EXAMPLE.org:8080")),
    **{
        f"a body for {path}": (asks, http("POST", path, b"ab", b"", b"cd"))
        for path in ("/body", "/pieces", "/streamed_twice", "/connected", "/bare/x")
    },
    "a client that left after its body": (asks, leaving(http("POST", "/connected", b"ab"))),
    "a client that left in its body": (
        asks,
        http("POST", "/body")._replace(
            incoming=({"type": "http.request", "body": b"a", "more_body": True}, {"type": "http.disconnect"})
        ),
    ),
    **{f"JSON, {kind}": (asks, http("POST", "/parsed", text)) for kind, text in JSON_TEXTS.items()},
    "JSON in UTF-16": (asks, http("POST", "/parsed", '"é"'.encode("utf-16"))),
    "state": (asks, get("/state")),
    **each(places, "GET", PLACES, query=b"a=%20b"),
    "an int of 5,000 digits": (places, get("/items/" + "1" * 5_000)),
    **each(places, "PUT", "/items/7 /items/new"),
    **each(places, "POST", "/items/7 /sub/x /slash"),
    **each(places, "DELETE", "/items/new"),
    **each(places, "OPTIONS", "/items/7"),
    **each(places, "get", "/items/7"),
    **each(places, "HEAD", "/items/7 /slash /nowhere"),
    **each(places, "GET", "/api /apix /api/sub/x /api/sub/links /api/slash", root_path="/api"),
    **{f"host {host}": (places, hosted(get("/"), host.encode())) for host in HOSTS.split()},
    "two hosts": (places, hosted(get("/"), b"acme.example.com", b"example.org")),
    **each(errors, "GET", ERRORS),
    **each(errors, "POST", "/odd"),
    **each(errors, "HEAD", "/teapot"),
    **each(no_handlers, "GET", "/boom /app/boom /app/else"),
    **each(no_handlers, "HEAD", "/boom"),
    **each(background, "GET", "/one /several /stream"),
    "background of a plain answer whose reader left": (background, get("/one", gone_after=1)),
    "background of a stream whose reader left": (background, get("/stream", gone_after=1)),
    "background of a stream whose reader left, old server": (background, leaving(get("/stream", asgi=OLD))),
    "a life": (lives, lifespan("startup", "shutdown")),
    "a life with state": (partial(lives, state={"pool": 1}), lifespan("startup", "shutdown")),
    "a life with state, and no place for it": (
        partial(lives, state={"pool": 1}),
        lifespan("startup", "shutdown", state=False),
    ),
    "a life that cannot begin": (partial(lives, fails_in="startup"), lifespan("startup")),
    "a life that cannot end": (partial(lives, fails_in="shutdown"), lifespan("startup", "shutdown")),
    "the state of a life in a request": (lives, get("/shared", state={"pool": [1]})),
    "a life below layers": (layered, lifespan("startup", "shutdown")),
    "a body within the limit": (limited, http("POST", "/read", b"1234", b"5678")),
    "a body over the limit": (limited, http("POST", "/read", b"1234", b"56789")),
    "a declared body over the limit": (limited, http("POST", "/read", headers=NINE)),
    "a declared body over the limit that nobody reads": (limited, http("POST", "/deaf", headers=NINE)),
    "a body over the limit that nobody reads": (limited, http("POST", "/deaf", b"123456789")),
    "a body whose length is no number": (limited, http("POST", "/read", b"1", headers=[(b"content-length", b"x")])),
    **each(layered, "GET", "/fine/7 /fine/x /boom /refused"),
    **each(parts, "GET", PARTS),
    **each(parts, "HEAD", "/own/fine /below/fine"),
    **each(parts, "POST", "/own/fine /raw /below/fine"),
    "layers around one websocket": (parts, websocket("/own/talk")),
    "layers around one websocket that refuses": (parts, websocket("/own/closed")),
    "layers around a router's websocket": (parts, websocket("/router/talk")),
    "layers around a websocket that nobody answers": (parts, websocket("/below/nowhere")),
    **each(alone, "GET", "/fine /nowhere"),
    "a router's own life": (alone, lifespan("startup", "shutdown")),
    "layers around a websocket": (layered, leaving(websocket("/talk"))),
    **each(functions, "GET", FUNCTIONS),
    **each(functions, "HEAD", "/fine /stream"),
    "functions around a body": (functions, http("POST", "/fine", b"ab", b"cd")),
    "functions around a websocket": (functions, websocket("/fine")),
    **each(contexts, "GET", "/"),
    "contexts around a body": (contexts, http("POST", "/", b"ab", b"cd")),
    **talks("/echo", "a", "\xe9"),
    **talks("/echo /hear", b"a"),
    **talks("/echo_bytes", b"\xff"),
    **talks("/echo_bytes /hear", "a"),
    **talks("/echo_json", '{"a": 1}'),
    **talks("/echo_json", "{"),
    **talks("/echo_json", b"{}"),
    **talks("/hear /uncaught /params/7 /bare/", query_string=b"a=b"),
    **denials("/refuse /deny /deny_with_stream /http_error /http_error_when_open /policy /policy_before /boom /odd"),
    **denials("/nowhere /params/x /echo/"),
    "a websocket whose client vanished, noticed": (sockets, websocket("/send_until_left", gone_after=3)),
    "a websocket whose client vanished": (sockets, websocket("/echo", "a", "b", "c", gone_after=2)),
    "a request for a websocket": (sockets, get("/echo")),
    **{
        f"out of turn: {step}": (out_of_turn, leaving(websocket(f"/{step}")))
        for step in "send_first receive_first accept_twice send_after_close receive_after_end".split()
    },
}

DECLARED = {scene: found for scenes in FROM_STARLETTE.values() for scene, found in scenes.items()}


@pytest.mark.parametrize("scene", SCENES)
def test_the_messages_are_starlettes(scene):
    """Every message, header, note and exception is equal, or differs in exactly the lines that are declared."""
    app, exchange = SCENES[scene]
    found = changes(play(app, STARLETTE, exchange), play(app, RAWASGI, exchange))
    assert sorted(found) == sorted(DECLARED.get(scene, ()))


def test_every_declaration_has_its_scene():
    """A difference is declared once, and for a scene that is played."""
    assert [scene for scene in DECLARED if scene not in SCENES] == []
    assert len(DECLARED) == sum(map(len, FROM_STARLETTE.values()))
