"""The app: what may be registered, when, and under which path."""

import copy
from typing import Any

import pytest

from rawasgi.app import App
from rawasgi.call_next import BaseHTTPMiddleware
from rawasgi.middleware import Middleware
from rawasgi.paths import NoMatchFound
from rawasgi.responses import JSONResponse, PlainTextResponse
from rawasgi.routing import BaseRoute, Mount, Route, Router, WebSocketRoute
from rawasgi.toolkit.hosts import Host
from rawasgi.toolkit.routers import APIRouter
from tests.drive import converse, http, websocket
from tests.test_middleware import ACCEPT, CONNECT, text


async def hello(request):
    """An endpoint."""
    return PlainTextResponse(f"hello {request.method}")


async def chat(websocket):
    """Another."""
    await websocket.accept()


@pytest.mark.parametrize("verb", ["get", "post", "put", "patch", "delete", "options"])
def test_each_verb_has_a_decorator(verb):
    """It gives the function back, and answers no other method (HEAD goes with GET)."""
    app = App()
    assert getattr(app, verb)("/a", name="it")(hello) is hello
    assert converse(app, http(verb.upper(), "/a")) == text(f"hello {verb.upper()}")
    allowed = "GET, HEAD" if verb == "get" else verb.upper()
    assert converse(app, http("TRACE", "/a")) == text("Method Not Allowed", 405, allow=allowed)
    assert repr(app.routes[0]) == f"Route(path='/a', name='it', methods={allowed.split(', ')!r})"


def test_head_may_stand_alone():
    """A route of its own for HEAD."""
    app = App()
    app.head("/a")(hello)
    start, whole = text("hello HEAD")
    assert converse(app, http("HEAD", "/a")) == [start, {**whole, "body": b""}]
    assert converse(app, http("GET", "/a")) == text("Method Not Allowed", 405, allow="HEAD")


def test_api_route_takes_methods_and_is_get_by_default():
    """In any case and order."""
    app = App()
    app.api_route("/a", methods=["post", "PUT"])(hello)
    app.api_route("/b")(hello)
    assert converse(app, http("PUT", "/a")) == text("hello PUT")
    assert converse(app, http("GET", "/a")) == text("Method Not Allowed", 405, allow="POST, PUT")
    assert converse(app, http("GET", "/b")) == text("hello GET")


def test_everything_can_be_registered_by_a_call_too():
    """add_route, add_websocket_route, mount and host: the four kinds of routes, in order."""
    app = App()
    app.add_route("/a", hello, ["POST"], "a")
    app.add_websocket_route("/b", chat, "b")
    app.mount("/c", PlainTextResponse("c"), "c")
    app.host("example.org", PlainTextResponse("d"), "d")
    app.websocket("/e", "e")(chat)
    assert [type(route) for route in app.routes] == [Route, WebSocketRoute, Mount, Host, WebSocketRoute]
    assert [route.name for route in app.routes] == ["a", "b", "c", "d", "e"]
    assert converse(app, websocket("/b"), CONNECT) == [ACCEPT]
    assert repr(app) == "<App with 5 routes and 0 layers of middleware>"


# -- Routers -----------------------------------------------------------------------------------------------------


def items():
    """A router of its own."""
    router = APIRouter(prefix="/items")
    router.get("/{id:int}", name="item")(hello)
    router.post("/")(hello)
    router.websocket("/live")(chat)
    files = Mount("/files", routes=[Route("/{name}", hello, name="file")], name="files")
    router.include_router(APIRouter(routes=[files]))
    return router


@pytest.mark.parametrize(("prefix", "root"), [("", ""), ("/api", "/api"), ("/api/", "/api"), ("/a/{b}", "/a/x")])
def test_an_included_router_answers_below_its_prefixes(prefix, root):
    """Its own and that of the call; the routes keep methods and names."""
    app = App()
    app.include_router(items(), prefix=prefix)
    assert converse(app, http("GET", f"{root}/items/7")) == text("hello GET")
    assert converse(app, http("POST", f"{root}/items/")) == text("hello POST")
    assert converse(app, http("GET", f"{root}/items/files/a")) == text("hello GET")
    assert converse(app, websocket(f"{root}/items/live"), CONNECT) == [ACCEPT]
    assert converse(app, http("PUT", f"{root}/items/7")) == text("Method Not Allowed", 405, allow="GET, HEAD")
    assert converse(app, http("GET", "/7")) == text("Not Found", 404)


def test_a_prefix_alone_may_be_a_path():
    """`@router.get("")` under a prefix, as one writes it in FastAPI."""
    router, app = APIRouter(prefix="/items"), App()
    router.get("")(hello)
    app.include_router(router)
    assert converse(app, http(path="/items")) == text("hello GET")


def test_names_lead_below_the_prefix():
    """`url_path_for` of app and router; a name that is not there is NoMatchFound."""
    app, router = App(), items()
    app.include_router(router, prefix="/api")
    assert app.url_path_for("item", id=7) == "/api/items/7"
    assert app.url_path_for("files:file", name="a") == "/api/items/files/a"
    assert router.url_path_for("item", id=7) == "/items/7"
    with pytest.raises(NoMatchFound, match=r"^no route is named 'item' with the parameters \['name'\]$"):
        app.url_path_for("item", name=7)


def test_routers_can_be_nested_and_what_comes_later_stays_out():
    """include_router takes the routes that are there."""
    outer, inner, app = APIRouter(prefix="/outer"), APIRouter(prefix="/inner"), App()
    inner.get("/a")(hello)
    outer.include_router(inner, prefix="/more")
    inner.get("/b")(hello)
    app.include_router(outer)
    assert [repr(route) for route in app.routes] == [
        "Route(path='/outer/more/inner/a', name='hello', methods=['GET', 'HEAD'])"
    ]


def test_a_router_is_an_app_of_its_own():
    """Without an App it answers its errors itself, and leaves the server's scope as it was."""
    router = items()
    scope = http("GET", "/items/7")
    before = copy.deepcopy(scope)
    assert converse(router, scope) == text("hello GET")
    assert scope == before
    assert converse(router, http("GET", "/nothing")) == text("Not Found", 404)
    assert converse(router, http("DELETE", "/items/7")) == text("Method Not Allowed", 405, allow="GET, HEAD")


def test_a_default_answers_what_no_route_does():
    """Any ASGI app."""
    router = APIRouter(default=PlainTextResponse("mine", 404), redirect_slashes=False)
    assert converse(router, http(path="/x")) == text("mine", 404)


@pytest.mark.parametrize("prefix", ["api", "{a}"])
def test_a_prefix_begins_with_a_slash(prefix):
    """Of a router, and of a call."""
    for attempt in (lambda: APIRouter(prefix=prefix), lambda: App().include_router(items(), prefix=prefix)):
        with pytest.raises(ValueError, match=r"^a path begins with a slash: "):
            attempt()


class Odd(BaseRoute):
    """A route with its own idea of matching."""

    def __repr__(self):
        return "Odd()"


def test_a_route_without_a_path_has_no_place_below_a_prefix():
    """ValueError names it; without a prefix it is taken as it is."""
    router, app, odd = APIRouter(), App(), Odd()
    router.register(odd)
    app.include_router(router)
    assert app.routes == [odd]
    with pytest.raises(
        ValueError, match=r"^Odd\(\) can take neither the prefix '/api' nor layers: mount its router instead$"
    ):
        app.include_router(router, prefix="/api")


# -- The life of an app ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", [http(), websocket("/ws"), {"type": "lifespan"}], ids=lambda scope: scope["type"])
def test_layers_and_handlers_are_fixed_at_the_first_scope(scope):
    """Of any type: RuntimeError afterwards; routes may still come."""
    app = App()
    inbox = {"lifespan": [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]}.get(scope["type"], [CONNECT])
    converse(app, scope, *inbox)
    with pytest.raises(RuntimeError, match="middleware cannot be added once the app has started"):
        app.add_middleware(BaseHTTPMiddleware)
    with pytest.raises(RuntimeError, match="middleware cannot be added once the app has started"):
        app.middleware("http")(hello)
    with pytest.raises(RuntimeError, match="exception handlers cannot be added once the app has started"):
        app.exception_handler(404)(hello)
    app.get("/late")(hello)
    assert converse(app, http(path="/late")) == text("hello GET")


def test_the_onion_is_built_once():
    """A layer is constructed at the first scope and never again."""
    made: list[Any] = []

    def layer(app):
        made.append(app)
        return app

    app = App(middleware=[Middleware(layer)])
    assert made == []
    for _ in range(3):
        converse(app, http())
    assert len(made) == 1


def test_function_style_middleware_is_for_http_alone():
    """Another word is refused at once."""
    with pytest.raises(ValueError, match=r"""^function-style middleware is for "http" alone, not for 'websocket'$"""):
        App().middleware("websocket")


@pytest.mark.parametrize("scope", [http(path="/items/7"), websocket("/items/live"), http(path="/items/files/a")])
def test_the_servers_scope_is_left_alone(scope):
    """The app copies it once, and layers outside of the router can read what the router wrote into the copy."""
    below: list[Any] = []

    class Look:
        def __init__(self, app):
            self.app = app

        async def __call__(self, scope, receive, send):
            assert "route" not in scope
            await self.app(scope, receive, send)
            below.append(scope)

    app = App(middleware=[Middleware(Look)])
    app.include_router(items())
    before = copy.deepcopy(scope)
    converse(app, scope, CONNECT)
    assert scope == before
    assert (below[0]["app"], below[0]["router"], below[0]["route"] in app.routes) == (app, app.router, True)


def test_the_state_of_an_app_is_reached_from_a_request():
    """`request.app` is the app; an app below another is its own."""

    async def endpoint(request):
        return JSONResponse([request.app.state.name, request.app is inner or request.app is outer])

    outer, inner = App(), App()
    outer.state.name, inner.state.name = "outer", "inner"
    inner.add_route("/", endpoint)
    outer.add_route("/", endpoint)
    outer.mount("/below", inner)
    assert converse(outer, http(path="/"))[1]["body"] == b'["outer",true]'
    assert converse(outer, http(path="/below/"))[1]["body"] == b'["inner",true]'


def test_an_app_may_be_made_of_routes():
    """The list is the constructor's; the app may change its own."""
    routes = [Route("/", hello)]
    app = App(routes=routes)
    app.routes.clear()
    assert len(routes) == 1
    assert isinstance(app.router, Router)


# -- Limits ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "headers", "pieces", "status"),
    [
        (6, [], [b"one", b"two"], 200),
        (5, [], [b"one", b"two"], 413),
        (0, [], [b""], 200),
        (0, [], [b"x"], 413),
        (5, [("content-length", "6")], [b"x"], 413),
        (5, [("content-length", "5")], [b"one", b"two"], 413),
        (5, [("content-length", "nonsense")], [b"x"], 200),
        (5, [("content-length", "9" * 5000)], [b"x"], 413),
        (None, [("content-length", "6")], [b"onetwo"], 200),
    ],
)
def test_a_body_that_is_too_long_is_413(limit, headers, pieces, status):
    """Counted as it comes; a Content-Length that is too large is believed."""

    async def read(request):
        return PlainTextResponse(await request.body())

    app = App(max_body_size=limit)
    app.add_route("/", read, ["POST"])
    inbox = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    inbox[-1]["more_body"] = False
    messages = text(b"".join(pieces)) if status == 200 else text("Content Too Large", 413)
    assert converse(app, http("POST", "/", headers), *inbox) == messages


def test_a_body_that_nobody_reads_is_not_too_long():
    """The limit is on what is read."""
    app = App(max_body_size=0)
    app.add_route("/", hello, ["POST"])
    assert converse(app, http("POST", "/", [("content-length", "6")])) == text("hello POST")


def test_a_negative_limit_is_refused():
    """ValueError names the number."""
    with pytest.raises(ValueError, match=r"^max_body_size is a number of bytes, not -1$"):
        App(max_body_size=-1)


class Choosy(Route):
    """A route with its own idea of matching."""

    def matches(self, scope):
        """Every other request."""
        return super().matches(scope)


def test_a_route_below_a_prefix_is_the_same_route_elsewhere():
    """Its class, its methods and its place in the documentation come along; the original stays where it is."""
    route = Choosy("/x", hello, methods=["PUT"], name="odd", include_in_schema=False)
    app = App()
    app.include_router(Router([route]), prefix="/api")
    (moved,) = app.routes
    assert isinstance(moved, Choosy)
    assert (moved.path, moved.methods, moved.name, moved.include_in_schema) == ("/api/x", {"PUT"}, "odd", False)
    assert (route.path, route.template.path) == ("/x", "/x")
    assert converse(app, http("PUT", "/api/x")) == text("hello PUT")


def test_a_route_may_leave_its_path_to_the_prefix():
    """FastAPI's idiom for the collection itself: `@router.get("")`, included below `/items`."""
    router, app = APIRouter(), App()
    router.get("")(hello)
    app.include_router(router, prefix="/items")
    assert [getattr(route, "path", None) for route in app.routes] == ["/items"]
    assert converse(app, http(path="/items")) == text("hello GET")
