"""Routers that are included: their prefixes add up, their layers go along, their lifespans become the app's."""

import pytest

from rawasgi.app import App
from rawasgi.instruments.conversation import converse, handshake, life, request
from rawasgi.middleware import Middleware
from rawasgi.responses import PlainTextResponse
from rawasgi.routing import Mount, Route, Router
from rawasgi.toolkit.hosts import Host
from rawasgi.toolkit.routers import APIRouter
from tests.instruments.messages import ACCEPT, close, start

STARTED = {"type": "lifespan.startup.complete"}
STOPPED = {"type": "lifespan.shutdown.complete"}
TEXT = (b"content-type", b"text/plain; charset=utf-8")


def text(words, *layers, status=200):
    """The messages of a text response that has passed these layers."""
    headers = ((b"content-length", b"%d" % len(words)), TEXT, *((b"x-layer", layer) for layer in layers))
    return [start(status, *headers), {"type": "http.response.body", "body": words}]


class Naming:
    """Adds its name to every response."""

    def __init__(self, app, name):
        self.app, self.name = app, name

    async def __call__(self, scope, receive, send):
        async def send_with_name(message):
            if message["type"] in ("http.response.start", "websocket.accept"):
                message = {**message, "headers": [*message["headers"], (b"x-layer", self.name)]}
            await send(message)

        await self.app(scope, receive, send_with_name)


async def where(request):
    """A handler that answers with its path."""
    return PlainTextResponse(request.url.path)


def nested(**outer):
    """An app that includes a router that includes another, each with a prefix, and the inner one with a layer."""
    inner = APIRouter(prefix="/inner", middleware=[Middleware(Naming, b"inner")])
    inner.get("/here", name="here")(where)
    inner.register(Mount("/inner/sub", routes=[Route("/there", where, name="there")], name="sub"))

    @inner.websocket("/talk")
    async def talk(websocket):
        await websocket.accept()
        await websocket.close()

    middle = APIRouter(prefix="/middle", **outer)
    middle.include_router(inner, prefix="/more/")
    app = App()
    app.include_router(middle, prefix="/api")
    return app


def test_prefixes_of_nested_routers_add_up():
    """Each include puts its own prefix, and the router's, in front; names lead there."""
    app = nested()
    assert [route.path for route in app.routes] == [
        f"/api/middle/more/inner/{last}" for last in ("here", "sub", "talk")
    ]
    assert app.url_path_for("here") == "/api/middle/more/inner/here"
    assert app.url_path_for("sub:there") == "/api/middle/more/inner/sub/there"
    for path in ("/api/middle/more/inner/here", "/api/middle/more/inner/sub/there"):
        assert converse(app, request("GET", path)) == text(path.encode(), b"inner")
    assert converse(app, request("GET", "/inner/here")) == text(b"Not Found", status=404)


def test_the_layers_of_nested_routers_go_around_each_of_their_routes():
    """The inner router's layer is the inner one; what the router does not have is the app's 404, and passes none."""
    app = nested(middleware=[Middleware(Naming, b"first"), Middleware(Naming, b"second")])
    path = "/api/middle/more/inner/here"
    layers = (b"inner", b"second", b"first")
    assert converse(app, request("GET", path)) == text(path.encode(), *layers)
    assert converse(app, request("GET", "/api/middle/nowhere")) == text(b"Not Found", status=404)
    accept = {**ACCEPT, "subprotocol": None, "headers": [(b"x-layer", layer) for layer in layers]}
    assert converse(app, handshake("/api/middle/more/inner/talk")) == [accept, close()]


def test_a_router_that_is_called_itself_has_its_layers_once():
    """A router is an app: then its layers are around its 404 as well."""
    router = APIRouter(middleware=[Middleware(Naming, b"own")])
    router.get("/here")(where)
    assert converse(router, request("GET", "/here")) == text(b"/here", b"own")
    assert converse(router, request("GET", "/nowhere")) == text(b"Not Found", b"own", status=404)


def test_what_has_no_path_takes_neither_prefix_nor_layer():
    """A Host is taken over as it is, or the error names the remedy."""
    host = Host("example.org", Router())
    plain, layered = APIRouter(routes=[host]), APIRouter(routes=[host], middleware=[Middleware(Naming, b"own")])
    app = App()
    app.include_router(plain)
    assert app.routes == [host]
    for router, prefix in ((plain, "/api"), (layered, "")):
        with pytest.raises(ValueError) as caught:
            app.include_router(router, prefix=prefix)
        assert (
            str(caught.value) == f"{host!r} can take neither the prefix {prefix!r} nor layers: mount its router instead"
        )


class Living:
    """A lifespan that notes what happens."""

    def __init__(self, log, name, state=None):
        self.log, self.name, self.state = log, name, state

    def __call__(self, app):
        self.app = app
        return self

    async def __aenter__(self):
        self.log.append(f"{self.name} starts")
        return self.state

    async def __aexit__(self, *error):
        self.log.append(f"{self.name} stops")


def test_the_lifespan_of_an_included_router_is_a_part_of_the_apps():
    """The app's own first, then the routers' in order, and back; all get the app; the app's state has the last word."""
    log: list[str] = []
    own = Living(log, "app", {"by": "app", "app": 1})
    inner, outer = Living(log, "inner", {"by": "inner", "inner": 2}), Living(log, "outer")
    router = APIRouter(lifespan=outer)
    router.include_router(APIRouter(lifespan=inner))
    app = App(lifespan=own)
    app.include_router(router)
    exchange = life()
    assert converse(app, exchange) == [STARTED, STOPPED]
    assert log == ["app starts", "outer starts", "inner starts", "inner stops", "outer stops", "app stops"]
    assert exchange.scope["state"] == {"by": "app", "app": 1, "inner": 2}
    assert own.app is outer.app is inner.app is app


def test_a_router_makes_its_routes_with_its_own_class():
    """Decorators use `route_class`, of a router or of an app; an included route stays what it is."""

    class Shouting(Route):
        async def handle(self, scope, receive, send):
            await PlainTextResponse("SHOUTED")(scope, receive, send)

    router = APIRouter(prefix="/loud", route_class=Shouting)
    router.get("/here")(where)
    app = App()
    app.include_router(router)
    app.get("/here")(where)
    assert [type(route) for route in app.routes] == [Shouting, Route]
    assert converse(app, request("GET", "/loud/here")) == text(b"SHOUTED")
    assert converse(app, request("GET", "/here")) == text(b"/here")


@pytest.mark.parametrize(("given", "asked"), [("/here", "/here/"), ("/here/", "/here")])
def test_an_app_that_redirects_no_slashes_answers_404(given, asked):
    """`redirect_slashes=False` makes a path with another slash another path; otherwise it is a 307."""
    routes = [Route(given, where)]
    assert converse(App(routes=routes, redirect_slashes=False), request("GET", asked)) == text(b"Not Found", status=404)
    location = (b"location", f"http://testserver{given}".encode())
    assert converse(App(routes=routes), request("GET", asked)) == [
        start(307, (b"content-length", b"0"), location),
        {"type": "http.response.body", "body": b""},
    ]
