"""The two ways through an onion, asked for a response or called with a `send`: what a client sees is the same."""

from asyncio import run
from typing import Any

import pytest

from rawasgi import (
    App,
    BaseHTTPMiddleware,
    HTTPException,
    JSONResponse,
    Middleware,
    Mount,
    PlainTextResponse,
    Route,
    StreamingResponse,
)
from rawasgi.instruments.layers import probed
from rawasgi.middleware import ExceptionMiddleware
from tests.drive import exchange, http


class Called:
    """A layer that is no responder: what lies below it is called, and sends."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        await self.app(scope, receive, send)


async def pass_on(request, call_next):
    """A layer written as a function."""
    response = await call_next(request)
    response.headers["x-seen"] = str(response.status_code)
    return response


async def hello(request):
    """What the router has found."""
    return PlainTextResponse(f"{request.method} {request.path_params}")


async def body(request):
    """The body, and a question that is left open."""
    return JSONResponse({"body": (await request.body()).decode(), "gone": await request.is_disconnected()})


async def stream(request):
    """A body in two pieces."""

    async def pieces():
        yield b"a"
        yield b"b"

    return StreamingResponse(pieces())


async def refused(request):
    """An exception that everybody expects."""
    raise HTTPException(418, headers={"x-why": "tea"})


async def expected(request):
    """One that has a handler."""
    raise KeyError("k")


async def unexpected(request):
    """One that has none."""
    raise ValueError("v")


async def foreign(scope, receive, send):
    """An app of another family."""
    await send({"type": "http.response.start", "status": 202, "headers": [(b"x-foreign", b"1")]})
    await send({"type": "http.response.body", "body": b"foreign"})


async def an_app(request):
    """A handler that returns an app which is no Response."""
    return foreign


async def nothing(request):
    """A handler that returns nothing."""


async def answer_key_error(request, error):
    """The handler for one exception."""
    return PlainTextResponse(f"no {error}", 409)


async def answer_anything(request, error):
    """The handler for all others."""
    return PlainTextResponse("sorry", 500)


def paths():
    """A path for each way to answer."""
    handlers = (hello, body, stream, refused, expected, unexpected, an_app, nothing)
    routes: list[Any] = [Route(f"/{func.__name__}", func, methods=["GET", "POST"]) for func in handlers]
    routes += [Route("/foreign", Called(foreign)), Route("/one/{x:int}", hello)]
    routes += [Mount("/deep", routes=[Route("/{y}", hello)]), Mount("/app", App(routes=[Route("/x", hello)]))]
    return routes


ASKED = (
    "/hello /body /stream /refused /expected /unexpected /an_app /nothing /foreign /one/7 /one/x /deep/7 /deep /app/x "
    "/app/y /hello/ /nowhere /typed/7 /typed/x"
).split()


def app_with(*layers):
    """The app with these layers."""
    app = App(routes=paths(), middleware=layers, exception_handlers={KeyError: answer_key_error, 500: answer_anything})

    @app.get("/typed/{number}")
    async def typed(number: int, q: str = "") -> dict[str, Any]:
        return {"number": number, "q": q}

    return app


def seen(app, method, path):
    """All that a server hears: the messages, and what goes on to its log."""
    sent: list[Any] = []
    try:
        run(exchange(app, http(method, path), [{"type": "http.request", "body": b"data"}], sent))
    except Exception as error:
        return sent, repr(error)
    return sent, None


LAYERS: dict[str, list[Middleware]] = {
    "none": [],
    "a function": [Middleware(BaseHTTPMiddleware, dispatch=pass_on)],
    "a row of functions": [Middleware(BaseHTTPMiddleware, dispatch=pass_on)] * 2,
    "a layer that calls": [Middleware(Called)],
    "a function around it": [Middleware(BaseHTTPMiddleware, dispatch=pass_on), Middleware(Called)],
    "a function within it": [Middleware(Called), Middleware(BaseHTTPMiddleware, dispatch=pass_on)],
}


@pytest.mark.parametrize("layers", LAYERS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE"])
def test_who_is_asked_says_what_he_says_when_he_is_called(layers, method):
    """With a stand-in at every boundary all is called; without, what can be is asked. The same messages, the same error."""
    for path in ASKED:
        asked, called = app_with(*LAYERS[layers]), app_with(*LAYERS[layers])
        with probed(called, lambda layer: layer.app) as watched:
            assert seen(asked, method, path) == seen(watched, method, path), path


@pytest.mark.parametrize("layers", LAYERS)
def test_the_answers_are_what_they_should_be(layers):
    """A few of them, whole: equality alone would hold between two that are equally wrong."""
    app = app_with(*LAYERS[layers])
    by_function = "function" in layers
    found, error = seen(app, "GET", "/expected")
    assert (found[0]["status"], found[1]["body"], error) == (409, b"no 'k'", None)
    assert ((b"x-seen", b"409") in found[0]["headers"]) is by_function
    found, error = seen(app, "GET", "/unexpected")
    assert (found[0]["status"], found[1]["body"], error) == (500, b"sorry", "ValueError('v')")
    assert (b"x-seen", b"500") not in found[0]["headers"]  # it is answered outside of all layers
    found, error = seen(app, "GET", "/nothing")
    assert error == "TypeError('nothing() returned None: a handler returns a Response')"


def test_a_responder_that_overrides_its_call_is_called():
    """Whatever it inherits to be asked for."""
    passed: list[Any] = []

    class Noting(ExceptionMiddleware):
        async def __call__(self, scope, receive, send):
            passed.append(scope["path"])
            await super().__call__(scope, receive, send)

    app = App(routes=[Route("/hello", hello)], middleware=[Middleware(Noting), Middleware(Noting)])
    assert seen(app, "GET", "/hello")[0][1]["body"] == b"GET {}"
    assert passed == ["/hello", "/hello"]


def test_a_route_that_overrides_handle_is_handled():
    """Its app alone is not its answer."""

    class Loud(Route):
        async def handle(self, scope, receive, send):
            await PlainTextResponse("loud")(scope, receive, send)

    assert seen(App(routes=[Loud("/hello", hello)]), "GET", "/hello")[0][1]["body"] == b"loud"
