"""What a decorator of the app makes of a signature: a raw handler, a typed one, or an error that says why not."""

import functools

import pytest

from rawasgi.app import App
from rawasgi.requests import HTTPConnection, Request
from rawasgi.responses import PlainTextResponse
from rawasgi.routing import Route, WebSocketRoute
from rawasgi.typed.routing import APIRoute, APIWebSocketRoute
from rawasgi.websockets import WebSocket
from tests.drive import converse, http, websocket


class Handlers:
    """Methods and callables."""

    async def method(self, request):
        """One argument besides self."""

    async def __call__(self, request):
        """The same."""


def annotated(annotation):
    """A handler whose one parameter has this annotation."""

    async def handler(request):
        """Takes it."""

    handler.__annotations__["request"] = annotation
    return handler


async def any_name(r): ...
async def with_default(request=None): ...
async def positional(request, /): ...
async def keyword(*, request): ...
async def gathering(*request): ...
async def naming(**request): ...
async def nothing(): ...
async def two(request, item_id): ...
async def two_with_default(request, limit=10): ...


RAW = [
    *(any_name, with_default, positional, Handlers().method, Handlers(), lambda request: None),
    *(annotated(kind) for kind in (Request, HTTPConnection, "Request", "requests.Request", "HTTPConnection")),
    functools.partial(two, None),
]
TYPED = [
    *(nothing, two, two_with_default, keyword, functools.partial(two, item_id=1)),
    *(annotated(kind) for kind in (int, "int", dict, object, list[int])),
]
REFUSED = [
    (naming, "naming(): the parameter 'request': nothing in a request has its name"),
    (annotated(WebSocket), "handler(): the parameter 'request': a request is no websocket"),
    (annotated("Nobody"), "handler(): the parameter 'request': the name 'Nobody' in 'Nobody' is not known"),
    (annotated(object()), "handler(): the parameter 'request': pydantic cannot read <object object"),
]


@pytest.mark.parametrize("handler", RAW)
def test_a_handler_that_takes_the_request_alone_is_raw(handler):
    """By position, under any name, unannotated or as a Request; methods, partials and callables too."""
    app = App()
    assert app.get("/")(handler) is handler
    assert [type(route) for route in app.routes] == [Route]


@pytest.mark.parametrize("handler", TYPED)
def test_a_handler_that_asks_for_something_else_is_typed(handler):
    """The typed floor makes its route."""
    app = App()
    assert app.post("/items")(handler) is handler
    assert [type(route) for route in app.routes] == [APIRoute]


@pytest.mark.parametrize(("handler", "why"), REFUSED)
def test_a_handler_that_nothing_could_call_is_refused(handler, why):
    """When it is registered: TypeError with the function, the parameter, the reason; nothing is registered."""
    app = App()
    with pytest.raises(TypeError) as caught:
        app.post("/items")(handler)
    assert str(caught.value).startswith(why)
    assert app.routes == []


def test_a_parameter_of_the_path_is_no_request():
    """Its name says so: it is read from the path."""

    async def item(item_id):
        """As one would write it in FastAPI."""
        return item_id

    app = App()
    app.get("/items/{item_id:int}")(item)
    headers = [(b"content-length", b"1"), (b"content-type", b"application/json")]
    assert converse(app, http("GET", "/items/7")) == [
        {"type": "http.response.start", "status": 200, "headers": headers},
        {"type": "http.response.body", "body": b"7"},
    ]


def test_a_websocket_handler_takes_the_websocket_alone_or_is_typed():
    """The same rule; what could not be called is refused."""
    app = App()
    for kind in (WebSocket, "WebSocket", HTTPConnection):
        app.websocket("/")(annotated(kind))
    assert [type(route) for route in app.routes] == [WebSocketRoute] * 3
    app.websocket("/typed")(two)
    assert type(app.routes[-1]) is APIWebSocketRoute
    with pytest.raises(TypeError, match=r"^handler\(\): the parameter 'request': a handshake is no request: annotate"):
        app.websocket("/")(annotated(Request))


def test_route_reads_no_signature():
    """Whoever writes `Route(...)` says that the function takes the request."""
    assert Route("/", two).endpoint is two


def test_an_object_that_can_be_called_is_a_handler():
    """A decorator has read its signature, one request, and so it is called with that: `Route` takes it for an app."""

    class Greets:
        async def __call__(self, request):
            return PlainTextResponse("hi", 201, {"x-path": request.url.path})

    class Closes:
        async def __call__(self, websocket):
            await websocket.close(4000, "bye")

    app = App()
    app.get("/")(Greets())
    app.websocket("/")(Closes())
    headers = [(b"x-path", b"/"), (b"content-length", b"2"), (b"content-type", b"text/plain; charset=utf-8")]
    assert converse(app, http()) == [
        {"type": "http.response.start", "status": 201, "headers": headers},
        {"type": "http.response.body", "body": b"hi"},
    ]
    closed = {"type": "websocket.close", "code": 4000, "reason": "bye"}
    assert converse(app, websocket(), {"type": "websocket.connect"}) == [closed]
