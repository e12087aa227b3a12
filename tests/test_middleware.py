"""The onion and its two boundaries: who is called in which order, and who answers for an exception."""

from typing import Any

import pytest
import starlette.applications
import starlette.exceptions

from rawasgi.app import App
from rawasgi.call_next import BaseHTTPMiddleware
from rawasgi.exceptions import HTTPException
from rawasgi.middleware import ExceptionMiddleware, Middleware, wrap
from rawasgi.requests import ClientDisconnect, Request
from rawasgi.responses import PlainTextResponse, Response, StreamingResponse
from rawasgi.routing import Mount, Route, WebSocketRoute
from tests.drive import broken, converse, http, websocket

CONNECT = {"type": "websocket.connect"}
ACCEPT: dict[str, Any] = {"type": "websocket.accept", "subprotocol": None, "headers": []}


def text(body, status=200, **headers):
    """What a PlainTextResponse says."""
    return converse(PlainTextResponse(body, status, headers), http())


class Layer:
    """Writes down who enters and leaves."""

    def __init__(self, app, log, name="?"):
        self.app = app
        self.log = log
        self.name = name

    async def __call__(self, scope, receive, send):
        self.log.append(f"{scope['type']} into {self.name}")
        await self.app(scope, receive, send)
        self.log.append(f"{scope['type']} out of {self.name}")


async def hello(request):
    """An endpoint."""
    return PlainTextResponse("hello")


def test_layers_of_the_list_lie_outermost_first_and_added_ones_around_them():
    """The list is read from outside to inside; `add_middleware` puts a layer around all others."""
    log: list[Any] = []
    layers = [Middleware(Layer, log, "first"), Middleware(Layer, log=log, name="second")]
    app = App(routes=[Route("/", hello)], middleware=layers)
    app.add_middleware(Layer, log, "added")
    app.add_middleware(Layer, log, name="added last")
    assert converse(app, http()) == text("hello")
    names = ["added last", "added", "first", "second"]
    assert log == [f"http into {name}" for name in names] + [f"http out of {name}" for name in reversed(names)]


def test_the_list_that_was_given_is_not_changed():
    """Adding a layer to the app leaves the caller's list alone."""
    layers = [Middleware(Layer, [], "first")]
    App(middleware=layers).add_middleware(Layer, [], "added")
    assert len(layers) == 1


def test_a_layer_sees_every_scope():
    """Websockets and the lifespan pass through the onion as requests do."""
    log: list[Any] = []

    async def chat(websocket):
        await websocket.accept()
        await websocket.close()

    app = App(routes=[WebSocketRoute("/", chat)], middleware=[Middleware(Layer, log, "it")])
    converse(app, websocket(), CONNECT)
    converse(app, {"type": "lifespan"}, {"type": "lifespan.startup"}, {"type": "lifespan.shutdown"})
    assert log == ["websocket into it", "websocket out of it", "lifespan into it", "lifespan out of it"]


def test_every_layer_keeps_the_next_app():
    """`.app` leads from layer to layer, so that instruments can walk the onion."""
    app = App(middleware=[Middleware(Layer, [], "it"), Middleware(BaseHTTPMiddleware, dispatch=None)])
    stack = app.build_middleware_stack()
    kinds: list[Any] = []
    while hasattr(stack, "app"):
        kinds.append(type(stack))
        stack = stack.app
    assert kinds == [Layer, BaseHTTPMiddleware, ExceptionMiddleware]


def test_wrap_needs_no_app_of_ours():
    """Any iterable of layers, around any ASGI app."""
    log: list[Any] = []
    app = wrap(PlainTextResponse("a"), iter([Middleware(Layer, log, "outer"), Middleware(Layer, log, "inner")]))
    assert converse(app, http()) == text("a")
    assert log[:2] == ["http into outer", "http into inner"]


def test_a_middleware_prints_its_class_and_options():
    """As one would write it; and it unpacks into class, arguments and options."""
    layer = Middleware(Layer, 1, name="a")
    assert repr(layer) == "Middleware(Layer, 1, name='a')"
    assert tuple(layer) == (Layer, (1,), {"name": "a"})


# -- Expected exceptions -----------------------------------------------------------------------------------------


class Base(Exception):
    """An exception of an application."""


class Derived(Base):
    """A nearer class."""


def raising(error):
    """An app with one route, which raises."""

    async def endpoint(request):
        raise error

    return App(routes=[Route("/", endpoint)])


def named(name, status=200):
    """An exception handler that says its name and what it got."""

    def handler(request, error):
        assert isinstance(request, Request)
        return PlainTextResponse(f"{name}: {error!r}", status)

    return handler


@pytest.mark.parametrize(
    ("error", "messages"),
    [
        (HTTPException(404), text("Not Found", 404)),
        (HTTPException(404, "no such item"), text("no such item", 404)),
        (HTTPException(401, "who?", {"WWW-Authenticate": "Basic"}), text("who?", 401, **{"www-authenticate": "Basic"})),
        (HTTPException(204), converse(Response(status_code=204), http())),
    ],
)
def test_an_http_exception_is_answered_with_its_detail(error, messages):
    """Text, status and headers; where no body may follow, neither text nor type."""
    assert converse(raising(error), http()) == messages


@pytest.mark.parametrize(
    ("keys", "error", "answer"),
    [
        ([Base], Derived(), "Base"),
        ([Base, Derived], Derived(), "Derived"),
        ([Derived, Base], Base(), "Base"),
        ([HTTPException], HTTPException(404), "HTTPException"),
        ([404, HTTPException], HTTPException(404), "404"),
        ([404, HTTPException], HTTPException(403), "HTTPException"),
        ([404], HTTPException(404), "404"),
        ([Exception, Base], Derived(), "Base"),
    ],
)
def test_a_status_decides_before_a_class_and_the_nearest_class_before_others(keys, error, answer):
    """In whatever order they were registered."""
    app = raising(error)
    for key in keys:
        name = str(getattr(key, "__name__", key))
        app.add_exception_handler(key, named(name))
    assert converse(app, http()) == text(f"{answer}: {error!r}")


def test_handlers_may_be_coroutines_and_come_from_the_constructor_or_a_decorator():
    """All three ways, `async def` and `def`."""

    async def on_base(request, error):
        return PlainTextResponse("async", 418)

    async def endpoint(request):
        raise Base if request.url.path == "/base" else HTTPException(404)

    app = App(routes=[Route("/{any}", endpoint)], exception_handlers={Base: on_base})

    @app.exception_handler(404)
    def not_found(request, error):
        return PlainTextResponse("def", 404)

    assert converse(app, http(path="/base")) == text("async", 418)
    assert converse(app, http(path="/other")) == text("def", 404)
    assert converse(app, http(path="/a/b")) == text("def", 404)


def test_an_exception_without_a_handler_goes_through_the_layers_to_the_server():
    """It is answered with 500 outside of everything, then raised: the server writes it to its log."""
    log: list[Any] = []
    app = raising(Base("lost"))
    app.add_middleware(Layer, log, "it")
    sent, error = broken(app, http())
    assert (sent, repr(error)) == (text("Internal Server Error", 500), "Base('lost')")
    assert log == ["http into it"]


@pytest.mark.parametrize("key", [Exception, 500])
def test_a_handler_for_exception_or_500_runs_outside_the_layers_and_the_exception_goes_on(key):
    """Its answer passes through no middleware: that is the CORS pitfall."""

    async def stamp(request, call_next):
        response = await call_next(request)
        response.headers["x-stamp"] = "1"
        return response

    app = raising(Base("lost"))
    app.middleware("http")(stamp)
    app.add_exception_handler(key, named("outside", 500))
    sent, error = broken(app, http())
    assert (sent, repr(error)) == (text("outside: Base('lost')", 500), "Base('lost')")


def test_500_is_asked_before_exception_outside():
    """Where both are there."""
    app = raising(Base("lost"))
    app.add_exception_handler(Exception, named("class", 500))
    app.add_exception_handler(500, named("status", 500))
    assert broken(app, http())[0] == text("status: Base('lost')", 500)


def test_an_http_exception_of_500_is_still_an_expected_one():
    """The handler for 500 is for what nobody expected; Starlette answers alike."""
    for kind, error in ((App, HTTPException(500)), (starlette.applications.Starlette, None)):

        async def endpoint(request, error=error):
            raise error or starlette.exceptions.HTTPException(500)

        app = kind(exception_handlers={500: named("outside", 500)})
        app.add_route("/", endpoint)
        assert converse(app, http()) == text("Internal Server Error", 500)


def test_debug_answers_with_the_traceback():
    """As text, also where there is a handler for it; and it is raised on."""
    app = raising(Base("lost"))
    app.debug = True
    app.add_exception_handler(500, named("outside", 500))
    (start, body), error = broken(app, http())
    assert start["status"] == 500
    assert (b"content-type", b"text/plain; charset=utf-8") in start["headers"]
    lines = body["body"].decode().splitlines()
    assert (lines[0], lines[-1]) == ("Traceback (most recent call last):", "tests.test_middleware.Base: lost")
    assert repr(error) == "Base('lost')"


@pytest.mark.parametrize("handled", [False, True])
def test_after_the_start_nothing_is_answered_twice(handled):
    """The exception goes on to the server, which tears the body; a handler for it is not asked."""

    async def pieces():
        yield b"one"
        raise Base("lost")

    async def endpoint(request):
        return StreamingResponse(pieces())

    app = App(routes=[Route("/", endpoint)])
    if handled:
        app.add_exception_handler(Base, named("late"))
        app.add_exception_handler(500, named("late"))
    sent, error = broken(app, http())
    assert repr(error) == "Base('lost')"
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[1]["body"] == b"one"


def test_early_hints_are_no_start():
    """An exception behind them can still be answered."""
    hint = {"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload"]}

    async def endpoint(scope, receive, send):
        await send(hint)
        raise Base

    app = App(exception_handlers={Base: named("in time")})
    app.mount("/", endpoint)
    assert converse(app, http()) == [hint, *text("in time: Base()")]


def test_an_exception_in_a_handler_goes_outwards():
    """The inner boundary does not answer for itself; the outer does, and the first exception stays visible."""

    def failing(request, error):
        raise LookupError("worse")

    app = raising(Base("lost"))
    app.add_exception_handler(Base, failing)
    sent, error = broken(app, http())
    assert sent == text("Internal Server Error", 500)
    assert (repr(error), repr(error.__context__)) == ("LookupError('worse')", "Base('lost')")


def test_a_client_that_left_is_no_error():
    """ClientDisconnect out of a handler: nobody to answer, nothing raised."""

    async def endpoint(request):
        await request.body()

    app = App(routes=[Route("/", endpoint)])
    assert converse(app, http(), {"type": "http.disconnect"}) == []
    app = raising(ClientDisconnect())
    app.add_exception_handler(ClientDisconnect, named("mine"))
    assert converse(app, http()) == text("mine: ClientDisconnect()")


def test_base_exceptions_pass_untouched():
    """KeyboardInterrupt and its like are nobody's to answer."""

    class Stop(BaseException):
        """Like SystemExit, which a loop treats in its own way."""

    with pytest.raises(Stop):
        converse(raising(Stop()), http())


def test_the_inner_boundary_prints_what_it_answers():
    """Status codes and classes, in order."""
    boundary = ExceptionMiddleware(PlainTextResponse("a"), {404: named("a"), Base: named("b")})
    defaults = "HTTPException, WebSocketException, WebSocketDisconnect, ClientDisconnect"
    assert repr(boundary) == f"<ExceptionMiddleware for {defaults}, 404, Base>"


def test_an_http_exception_of_a_layer_is_answered_by_the_outer_boundary():
    """It has passed the inner one and its handlers: a plain answer with its own status, and no error for the server."""

    async def strict(request, call_next):
        raise HTTPException(403, "not you", headers={"x-why": "because"})

    app = App(exception_handlers={403: named("handler")}, middleware=[Middleware(BaseHTTPMiddleware, dispatch=strict)])
    assert converse(app, http()) == converse(PlainTextResponse("not you", 403, {"x-why": "because"}), http())


def test_a_client_that_left_a_layer_is_no_error():
    """A layer that reads the body hears it too; there is nobody to answer."""

    async def reads(request, call_next):
        await request.body()

    app = App(middleware=[Middleware(BaseHTTPMiddleware, dispatch=reads)])
    assert converse(app, http("POST"), {"type": "http.disconnect"}) == []


def test_an_http_exception_of_another_family_is_answered_too():
    """Starlette's StaticFiles below an app of ours says 404 in its own class; a name and a status are enough."""

    async def theirs(scope, receive, send):
        raise starlette.exceptions.HTTPException(404, "no such file")

    app = App(routes=[Mount("/", theirs)])
    assert converse(app, http(path="/x")) == text("no such file", 404)
    app = App(routes=[Mount("/", theirs)], exception_handlers={starlette.exceptions.HTTPException: named("own")})
    assert converse(app, http(path="/x")) == text("own: HTTPException(status_code=404, detail='no such file')")
