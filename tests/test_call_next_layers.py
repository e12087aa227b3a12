"""Function-style middleware: `dispatch(request, call_next) -> response`, in the one task of the request."""

import asyncio
import contextvars
from typing import Any

import fastapi
import pytest
import starlette.applications
import starlette.middleware.base
import starlette.responses
import starlette.routing

from rawasgi.app import App
from rawasgi.call_next import BaseHTTPMiddleware
from rawasgi.middleware import Middleware
from rawasgi.responses import PlainTextResponse
from rawasgi.routing import Mount, Route
from tests.drive import converse, http
from tests.test_middleware import text

UP = contextvars.ContextVar("UP", default="unset")
DOWN = contextvars.ContextVar("DOWN", default="unset")
START = {"type": "http.response.start", "status": 200, "headers": [(b"x-raw", b"1")]}
HINT = {"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload"]}


def body(piece, more=False):
    return {"type": "http.response.body", "body": piece, "more_body": more}


WHOLE = [START, body(b"one", True), body(b"two")]


async def stamp(request, call_next):
    """A layer that changes a header and says what it saw."""
    DOWN.set("from above")
    response = await call_next(request)
    response.headers["x-seen"] = UP.get()
    return response


def speak():
    """Set a variable for those above, and note what those above set: what every app below does first."""
    seen.append((DOWN.get(), len(asyncio.all_tasks())))
    UP.set("from below")


seen: list[Any] = []


@pytest.fixture(autouse=True)
def _nothing_seen_yet():
    """Every test begins with an empty list."""
    seen.clear()


# -- Apps below ------------------------------------------------------------------------------------------------


async def from_its_own_task(scope, receive, send):
    """A raw app that sends where it is called."""
    speak()
    for message in WHOLE:
        await send(message)
        await asyncio.sleep(0)


async def from_a_child_task(scope, receive, send):
    """A raw app whose messages all come from another task."""
    speak()
    await asyncio.create_task(from_one_after_the_other(send))


async def from_one_after_the_other(send):
    for message in WHOLE:
        await send(message)


async def from_a_task_group(scope, receive, send):
    """Body pieces from children, the rest from its own task."""
    speak()
    await send(WHOLE[0])
    async with asyncio.TaskGroup() as group:
        group.create_task(send(WHOLE[1]))
    await send(WHOLE[2])


async def behind_a_timeout(scope, receive, send):
    """asyncio.timeout asks for the current task, and must be given the one of the request."""
    speak()
    async with asyncio.timeout(5):
        await from_one_after_the_other(send)


async def behind_a_gather(scope, receive, send):
    """Two children, one of which sends; and a shield."""
    speak()
    await asyncio.shield(asyncio.gather(from_one_after_the_other(send), asyncio.sleep(0)))


RAW = [from_its_own_task, from_a_child_task, from_a_task_group, behind_a_timeout, behind_a_gather]


def stamped(messages, value="from below"):
    """The same with the header of `stamp`."""
    start, *rest = messages
    return [{**start, "headers": [*start["headers"], (b"x-seen", value.encode())]}, *rest]


def layers(count, app):
    """An app with a mounted app, and `count` layers around."""
    return App(routes=[Mount("/", app)], middleware=[Middleware(BaseHTTPMiddleware, stamp)] * count)


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("app", RAW, ids=lambda app: app.__name__)
def test_a_foreign_app_below_keeps_its_messages_and_the_context(app, count):
    """Every message as it was sent, one header more; variables go down and up; it runs in the request's own task."""
    assert converse(layers(count, app), http()) == stamped(WHOLE)
    assert [(down, tasks) for down, tasks in seen] == [("from above", 1)]


@pytest.mark.parametrize("count", [1, 5])
@pytest.mark.parametrize("blocking", [False, True])
def test_a_handler_of_our_own_below_is_the_response_itself(count, blocking):
    """`call_next` gives the very object, unsent; context variables come up from `async def` handlers."""
    made: list[Any] = []

    async def endpoint(request):
        speak()
        made.append(PlainTextResponse("hello"))
        return made[0]

    def blocking_endpoint(request):
        made.append(PlainTextResponse("hello"))
        return made[0]

    async def look(request, call_next):
        response = await call_next(request)
        assert response is made[0]
        return await stamp(request, lambda request: asyncio.sleep(0, response))

    app = App(routes=[Route("/", blocking_endpoint if blocking else endpoint)])
    for _ in range(count):
        app.middleware("http")(look)
    up = "unset" if blocking else "from below"
    assert converse(app, http()) == stamped(text("hello"), up)
    assert [tasks for _, tasks in seen] == ([] if blocking else [1])


def starlette_app(*endpoints, middleware=()):
    """A Starlette app with one endpoint for each path."""
    routes = [starlette.routing.Route(f"/{endpoint.__name__}", endpoint) for endpoint in endpoints]
    return starlette.applications.Starlette(routes=routes, middleware=list(middleware))


async def plain(request: fastapi.Request):
    """An endpoint of Starlette, or of FastAPI."""
    speak()
    return starlette.responses.PlainTextResponse("hello")


async def stream(request: fastapi.Request):
    """A stream."""

    async def pieces():
        speak()
        yield "one"
        yield "two"

    return starlette.responses.StreamingResponse(pieces(), media_type="text/plain")


def fastapi_app(*endpoints):
    """The same endpoints in FastAPI."""
    app = fastapi.FastAPI()
    for endpoint in endpoints:
        app.add_api_route(f"/{endpoint.__name__}", endpoint)
    return app


async def pass_on(request, call_next):
    """A layer of Starlette's kind."""
    return await call_next(request)


THEIRS = Middleware(starlette.middleware.base.BaseHTTPMiddleware, dispatch=pass_on)


@pytest.mark.parametrize("spec", ["2.3", "2.5"])
@pytest.mark.parametrize("count", [1, 5])
@pytest.mark.parametrize("path", ["/plain", "/stream"])
@pytest.mark.parametrize("make", [starlette_app, fastapi_app])
def test_an_app_of_starlette_or_fastapi_answers_as_it_would_alone(make, path, count, spec):
    """The same messages, one header more; on spec 2.3 streams run in a task group and come through all the same."""
    alone = converse(make(plain, stream), http(path=path, spec=spec))
    seen.clear()
    sent = converse(layers(count, make(plain, stream)), http(path=path, spec=spec))
    assert sent == stamped(alone, "from below" if path == "/plain" else "unset")
    assert [down for down, _ in seen] == ["from above"]


@pytest.mark.parametrize("path", ["/plain", "/stream"])
def test_starlettes_own_function_style_middleware_may_lie_below(path):
    """It spawns a task, from which all messages come."""
    below = starlette_app(plain, stream, middleware=[THEIRS])
    alone = converse(below, http(path=path))
    assert converse(layers(2, below), http(path=path)) == stamped(alone, "unset")


def test_our_layer_may_lie_inside_starlette():
    """BaseHTTPMiddleware is an ASGI app like any other."""
    layer = Middleware(BaseHTTPMiddleware, stamp)
    sent = converse(starlette_app(plain, middleware=[layer]), http(path="/plain"))
    assert sent == stamped(converse(starlette_app(plain), http(path="/plain")))
