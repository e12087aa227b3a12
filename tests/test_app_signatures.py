"""What a decorator of the app makes of a signature: one request, or an error that says so."""

import functools

import pytest

from rawasgi.app import App
from rawasgi.requests import HTTPConnection, Request
from rawasgi.responses import PlainTextResponse
from rawasgi.routing import Route
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


ACCEPTED = [
    *(any_name, with_default, positional, Handlers().method, Handlers(), lambda request: None),
    *(annotated(kind) for kind in (Request, HTTPConnection, "Request", "requests.Request", "HTTPConnection")),
    functools.partial(two, None),
]
REFUSED = [
    *(nothing, two, two_with_default, functools.partial(two, item_id=1)),
    *(annotated(kind) for kind in (int, "int", dict, object, WebSocket, "WebSocket", "Request | None", list[Request])),
]


@pytest.mark.parametrize("handler", ACCEPTED)
def test_a_handler_takes_the_request_alone(handler):
    """By position, under any name, unannotated or as a Request; methods, partials and callables too."""
    app = App()
    assert app.get("/")(handler) is handler
    assert len(app.routes) == 1


@pytest.mark.parametrize("handler", REFUSED)
def test_a_handler_that_asks_for_something_else_is_refused(handler):
    """When it is registered: TypeError with path, name, signature and remedy; nothing is registered."""
    app = App()
    with pytest.raises(TypeError) as caught:
        app.get("/items")(handler)
    assert str(caught.value).startswith(f"/items: {getattr(handler, '__name__', 'partial')}(")
    assert str(caught.value).endswith(
        " does not take exactly one `request`. A handler is called with the request alone: "
        "read what you need from the request, or register the function with Route(...)."
    )
    assert app.routes == []


@pytest.mark.parametrize("handler", [keyword, naming])
def test_a_handler_that_cannot_be_called_with_one_argument_is_refused(handler):
    """A keyword-only parameter, or `**` alone, would fail at the first request."""
    with pytest.raises(TypeError, match="does not take exactly one `request`"):
        App().get("/")(handler)


def test_a_parameter_of_the_path_is_no_request():
    """The remedy names it."""

    async def item(item_id):
        """As one would write it in FastAPI."""

    with pytest.raises(TypeError) as caught:
        App().get("/items/{item_id:int}")(item)
    assert str(caught.value) == (
        "/items/{item_id:int}: item(item_id) does not take exactly one `request`. A handler is called with the request "
        "alone: read request.path_params['item_id'], or register the function with Route(...)."
    )


def test_a_websocket_handler_takes_the_websocket_alone():
    """The same check, with its own words."""
    app = App()
    for kind in (WebSocket, "WebSocket", HTTPConnection):
        app.websocket("/")(annotated(kind))
    assert len(app.routes) == 3
    for handler in (nothing, two, annotated(Request)):
        with pytest.raises(TypeError, match=r"does not take exactly one `websocket`.* from the websocket, or register"):
            app.websocket("/")(handler)


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
