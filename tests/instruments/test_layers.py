"""What the layers of an app are, and what stands between them for the length of a block."""

import functools
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from flask import Flask
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Host, Mount, Route, Router, WebSocketRoute

from rawasgi import App
from rawasgi.instruments.conversation import converse, request
from rawasgi.instruments.layers import WSGI, Layer, layers_of, probed, walk
from rawasgi.tiny.app import App as TinyApp
from tests.instruments.messages import piece, says, start
from tests.instruments.test_conversation import make_django


def tree(layer: Layer, depth=0) -> list[str]:
    """A line for each layer, indented by its depth."""
    line = f"{'  ' * depth}{layer.name} [{layer.kind}]"
    return [line, *(below for inner in layer.inner for below in tree(inner, depth + 1))]


def path_to(layer: Layer, name: str) -> list[str]:
    """The names from the outermost layer to the first of this name."""
    if layer.name == name:
        return [layer.name]
    for inner in layer.inner:
        if found := path_to(inner, name):
            return [layer.name, *found]
    return []


async def hello(request):
    return PlainTextResponse("hello")


class Echo:
    """An endpoint that is an ASGI app."""

    async def __call__(self, scope, receive, send):
        await PlainTextResponse("echo")(scope, receive, send)


class Endpoint(HTTPEndpoint):
    async def get(self, request):
        return PlainTextResponse("endpoint")


answering = says(start(), piece())


def timing(app):
    async def asgi(scope, receive, send):
        await app(scope, receive, send)

    return asgi


class Inner:
    """A layer with its own word for the app inside it."""

    def __init__(self, app):
        self._wrapped = app

    async def __call__(self, scope, receive, send):
        await self._wrapped(scope, receive, send)


def make_fastapi():
    app = FastAPI(openapi_url=None)
    deep, items = APIRouter(prefix="/deep"), APIRouter(prefix="/items")
    deep.get("/x")(lambda: 1)
    items.get("/{id}")(lambda id: id)  # noqa: A006  # as the path says
    items.websocket("/ws")(hello)
    items.include_router(deep)
    app.include_router(items)

    @app.middleware("http")
    async def stamp(request, call_next):
        return await call_next(request)

    app.add_middleware(GZipMiddleware)
    app.post("/small", max_body_size=5)(lambda: 1)
    app.mount("/sub", Starlette(routes=[Route("/s", hello)]))
    return app


FASTAPI = """\
FastAPI [app]
  ServerErrorMiddleware [middleware]
    ExceptionTelemetryMiddleware [middleware]
      AppBodyLimitMiddleware [middleware]
        GZipMiddleware [middleware]
          stamp (function) [middleware]
            ExceptionMiddleware [middleware]
              AsyncExitStackMiddleware [middleware]
                APIRouter [router]
                  GET /items/{id} [route]
                  WS /items/ws [route]
                  GET /items/deep/x [route]
                  RequestBodyLimitMiddleware [middleware]
                    _BodyLimitExceptionMiddleware [middleware]
                      POST /small [route]
                  Mount /sub: Starlette [mount]
                    ServerErrorMiddleware [middleware]
                      ExceptionMiddleware [middleware]
                        Router [router]
                          GET /s [route]"""


def make_starlette():
    gzip = [Middleware(GZipMiddleware)]
    inner = [Route("/a", hello, middleware=gzip, methods=["POST", "GET"])]
    routes = [
        Mount("/m", routes=inner, middleware=gzip),
        Host("a.example", Router([], middleware=gzip)),
        Route("/endpoint", Endpoint),
        Route("/echo", Echo()),
        WebSocketRoute("/ws", hello),
    ]
    return Starlette(routes=routes)


STARLETTE = """\
Starlette [app]
  ServerErrorMiddleware [middleware]
    ExceptionMiddleware [middleware]
      Router [router]
        Mount /m: GZipMiddleware [mount]
          Router [router]
            GZipMiddleware [middleware]
              GET,POST /a [route]
        Host a.example: Router [mount]
          GZipMiddleware [middleware]
            Router.app [router]
        /endpoint: Endpoint [route]
        /echo: Echo [route]
        WS /ws [route]"""


def make_rawasgi():
    app = App()
    app.get("/")(hello)
    app.websocket("/ws")(hello)

    @app.middleware("http")
    async def stamp(request, call_next):
        return await call_next(request)

    app.mount("/tiny", make_tiny())
    return app


def make_tiny():
    app = TinyApp()
    app.add_middleware(timing)
    return app


RAWASGI = """\
App [app]
  stamp (function) [middleware]
    ExceptionMiddleware [middleware]
      Router [router]
        GET / [route]
        WS /ws [route]
        Mount /tiny: App [mount]
          timing [middleware]
            App.call_handler [router]"""


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (make_fastapi, FASTAPI),
        (make_starlette, STARLETTE),
        (make_rawasgi, RAWASGI),
        (lambda: timing(Inner(answering)), "timing [middleware]\n  Inner [middleware]\n    app [foreign]"),
        (make_django, "ASGIHandler [foreign]"),
    ],
    ids=["FastAPI", "Starlette", "rawasgi", "by hand", "Django"],
)
def test_layers_are_found_and_are_the_same_a_second_time(make, expected):
    """Outermost first, each named by its class, its function or its route; looking changes nothing."""
    app = make()
    for _ in range(2):
        assert "\n".join(tree(layers_of(app))) == expected
        with probed(app, lambda layer: layer.app) as same:
            converse(same, request())
    assert getattr(app, "middleware_stack", None) is None


def test_the_layers_of_an_app_that_runs_already_are_those_that_run():
    """A built onion is looked at as it stands."""
    app = make_fastapi()
    converse(app, request())
    outermost = layers_of(app).inner[0]
    assert outermost.app is app.middleware_stack
    assert "\n".join(tree(layers_of(app))) == FASTAPI


def noting(passed):
    """A probe that notes the layers that a call passes."""

    def probe(layer):
        async def note(scope, receive, send):
            passed.append(layer.name)
            await layer.app(scope, receive, send)

        return note

    return probe


def passed_by(app, exchange) -> list[str]:
    passed: list[str] = []
    with probed(app, noting(passed)) as watched:
        converse(watched, exchange)
    return passed


@pytest.mark.parametrize(
    ("make", "target", "innermost"),
    [
        (make_fastapi, "/items/7", "GET /items/{id}"),
        (make_fastapi, "/items/deep/x", "GET /items/deep/x"),
        (make_fastapi, "/sub/s", "GET /s"),
        (make_fastapi, "/nothing", "APIRouter"),
        (make_starlette, "/m/a", "GET,POST /a"),
        (make_starlette, "/echo", "/echo: Echo"),
        (make_starlette, "/endpoint", "/endpoint: Endpoint"),
        (make_rawasgi, "/tiny/x", "App.call_handler"),
    ],
)
def test_a_call_passes_the_probes_of_its_path_outermost_first(make, target, innermost):
    """Those from the app to whoever answers, each once, twice in a row alike, and none afterwards."""
    app = make()
    passed = passed_by(app, request("GET", target))
    assert passed == path_to(layers_of(app), innermost)
    before = [*passed]
    assert passed_by(app, request("GET", target)) == before
    converse(app, request("GET", target))
    assert passed == before


def held(app) -> list[Any]:
    """All that the layers of an app are, as objects."""
    return [layer.app for layer in walk(layers_of(app))]


@pytest.mark.parametrize("make", [make_fastapi, make_starlette, make_rawasgi, make_tiny, lambda: timing(answering)])
def test_everything_is_put_back_even_where_the_block_raises(make):
    """The very same objects stand in the very same places."""
    app = make()
    for target in ("/", "/sub/s"):  # each app of it has built its onion
        converse(app, request("GET", target))
    before = held(app)
    with pytest.raises(LookupError), probed(app, noting([])):
        raise LookupError
    after = held(app)
    assert len(before) == len(after)
    assert all(one is other for one, other in zip(before, after, strict=True))


def test_a_probe_answers_for_its_app_in_all_else():
    """What an app reads of the one it has mounted, such as its routes, it reads still."""
    app = make_fastapi()
    with probed(app, noting([])) as watched:
        mounted: Any = app.routes[-1]
        assert repr(mounted.app) == repr(mounted.app.stands_for)
        assert mounted.app.routes == mounted.app.stands_for.routes
        assert watched.routes is app.routes  # type: ignore[attr-defined]


class Slotted:
    __slots__ = ("_hidden", "app")

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        await self.app(scope, receive, send)


class Twofold(Inner):
    """It has two names for one app."""

    def __init__(self, app):
        super().__init__(app)
        self.app = app

    async def __call__(self, scope, receive, send):
        await (self.app if scope["type"] == "http" else self._wrapped)(scope, receive, send)


class Frozen(Inner):
    def __setattr__(self, name, value):
        if hasattr(self, "_wrapped"):
            raise AttributeError("frozen")
        super().__setattr__(name, value)


class Odd(Inner):
    """Its property raises, and it answers every name with something that can be called."""

    @property
    def routes(self):
        raise RuntimeError("odd")

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *arguments: self

    def __eq__(self, other):
        raise RuntimeError("odder")

    __hash__ = None  # type: ignore[assignment]


class Ring(Inner):
    """It holds the layer around it too."""

    def __init__(self, app):
        super().__init__(app)
        app.outer_app = self


async def adds(app, scope, receive, send):
    await app(scope, receive, send)


def dispatcher(app):
    class Dispatcher:
        def __init__(self):
            self.mounts = {"a": app, 7: "no app"}

        async def __call__(self, scope, receive, send):
            await self.mounts["a"](scope, receive, send)

    return Dispatcher()


@pytest.mark.parametrize(
    ("wrap", "names"),
    [
        (Slotted, ["Slotted", "app"]),
        (Twofold, ["Twofold", "app"]),
        (Frozen, ["Frozen", "app"]),
        (Odd, ["Odd", "app"]),
        (dispatcher, ["Dispatcher", "app"]),
        (lambda app: Ring(Inner(app)), ["Ring", "Inner", "app"]),
        (lambda app: functools.partial(adds, app), ["adds"]),
        (lambda app: Inner(app).__call__, ["Inner.__call__", "app"]),
    ],
    ids=["slots", "two names", "frozen", "odd", "dict", "ring", "partial", "method"],
)
def test_odd_holders_break_nothing(wrap, names):
    """What can be written is probed; the arguments of a partial are listed, and are called past the probe."""
    app = wrap(answering)
    before = held(app)
    assert passed_by(app, request()) == names
    assert [layer.name for layer in walk(layers_of(app))] == ([*names, "app"] if names == ["adds"] else names)
    assert all(one is other for one, other in zip(before, held(app), strict=True))


def test_an_onion_that_cannot_be_built_is_no_error_of_ours():
    """The app raises it itself, when it is called."""
    options: Any = {"wrong": 1}
    app = Starlette(middleware=[Middleware(Inner, **options)])
    assert tree(layers_of(app)) == ["Starlette [app]", "  Router [router]"]
    with pytest.raises(TypeError, match="wrong"):
        passed_by(app, request())


def test_wsgi_apps_have_layers_too():
    """They are called with environ and start_response; around Flask's own heart one puts layers."""

    class Prefix:
        def __init__(self, wsgi_app):
            self.wsgi_app = wsgi_app

        def __call__(self, environ, start_response):
            return self.wsgi_app(environ, start_response)

    flask: Any = Flask("shop")
    assert tree(layers_of(flask, WSGI)) == ["Flask [app]"]
    flask.wsgi_app = Prefix(flask.wsgi_app)
    assert tree(layers_of(flask, WSGI)) == ["Flask [app]", "  Prefix [middleware]", "    Flask.wsgi_app [app]"]
