"""What a function-style layer may do with the response that `call_next` gave it, and with `call_next`."""

import asyncio
from typing import Any

import pytest
import starlette.background
import starlette.responses

from rawasgi.app import App
from rawasgi.call_next import BaseHTTPMiddleware
from rawasgi.concurrency import BackgroundTask
from rawasgi.exceptions import HTTPException
from rawasgi.middleware import Middleware
from rawasgi.responses import PlainTextResponse, StreamingResponse
from rawasgi.routing import Mount, Route
from tests.drive import broken, converse, http, websocket
from tests.test_call_next_layers import (
    HINT,
    RAW,
    START,
    WHOLE,
    body,
    from_its_own_task,
    layers,
    seen,
    speak,
    stamp,
    stamped,
    starlette_app,
)
from tests.test_middleware import hello, text


@pytest.fixture(autouse=True)
def _nothing_seen_yet():
    """Every test begins with an empty list."""
    seen.clear()


def around(dispatch, below):
    """One layer around an ASGI app, without an App."""
    return BaseHTTPMiddleware(below, dispatch)


def test_early_hints_go_straight_on():
    """The layer sees the start; what comes before it has gone out by then."""

    async def hinting(scope, receive, send):
        await send(HINT)
        await from_its_own_task(scope, receive, send)

    assert converse(layers(3, hinting), http()) == [HINT, *stamped(WHOLE)]


def test_messages_of_other_kinds_pass():
    """Trailers, pushes and files keep their place; a response is no list of bytes."""
    start = {**START, "trailers": True}
    rest = [
        {"type": "http.response.push", "path": "/a.css", "headers": []},
        body(b"a", True),
        {"type": "http.response.zerocopysend", "file": 3},
        {"type": "http.response.trailers", "headers": []},
    ]

    async def app(scope, receive, send):
        for message in [start, *rest]:
            await send(message)

    assert converse(layers(2, app), http()) == stamped([start, *rest], "unset")


def test_the_status_of_a_foreign_response_can_be_changed():
    """The rest stays."""

    async def change(request, call_next):
        response = await call_next(request)
        response.status_code = 418
        del response.headers["x-raw"]
        return response

    sent = converse(around(change, from_its_own_task), http())
    assert sent == [{**START, "status": 418, "headers": []}, *WHOLE[1:]]


def test_the_body_of_a_foreign_response_can_be_replaced():
    """Another iterator takes the place of `body_iterator`, and may read the first."""

    async def shout(request, call_next):
        response = await call_next(request)
        quiet = response.body_iterator

        async def loud():
            async for piece in quiet:
                yield piece.upper()

        response.body_iterator = loud()
        return response

    for app in RAW:
        sent = converse(around(shout, app), http())
        assert sent == [START, body(b"ONE", True), body(b"TWO", True), body(b"")]


def test_a_response_of_a_streaming_handler_can_be_replaced_piece_by_piece():
    """The same for our own StreamingResponse."""

    async def shout(request, call_next):
        response = await call_next(request)
        quiet = response.body_iterator
        response.body_iterator = (piece.upper() async for piece in quiet)
        return response

    async def endpoint(request):
        return StreamingResponse([b"one", b"two"])

    app = App(routes=[Route("/", endpoint)])
    app.middleware("http")(shout)
    pieces = [body(b"ONE", True), body(b"TWO", True), body(b"")]
    assert converse(app, http()) == [{**START, "headers": []}, *pieces]


@pytest.mark.parametrize("app", RAW, ids=lambda app: app.__name__)
def test_a_response_can_be_dropped_for_another(app):
    """The app below is told so by an OSError out of `send`, and has ended when the layer has."""
    log: list[Any] = []

    async def below(scope, receive, send):
        try:
            await app(scope, receive, send)
        finally:
            log.append("ended")

    async def drop(request, call_next):
        await call_next(request)
        return PlainTextResponse("another", 503)

    assert converse(around(drop, below), http()) == text("another", 503)
    assert log == ["ended"]


def test_a_dropped_handler_ends_before_its_response_is_sent():
    """What waits behind its `return` runs; the dropped response's background task does not."""
    log: list[Any] = []

    async def endpoint(request):
        try:
            return PlainTextResponse("dropped", background=BackgroundTask(log.append, "work"))
        finally:
            log.append("ended")

    async def drop(request, call_next):
        await call_next(request)
        return PlainTextResponse("another")

    app = App(routes=[Route("/", endpoint)])
    app.middleware("http")(drop)
    assert converse(app, http()) == text("another")
    assert log == ["ended"]


def test_a_layer_may_answer_without_asking_the_app():
    """The app is not called at all."""

    async def refuse(request, call_next):
        return PlainTextResponse("no", 403)

    assert converse(around(refuse, from_its_own_task), http()) == text("no", 403)
    assert seen == []


@pytest.mark.parametrize("app", RAW, ids=lambda app: app.__name__)
def test_a_layer_may_ask_twice(app):
    """A retry: the first response is dropped, the second sent."""

    async def retry(request, call_next):
        await call_next(request)
        return await call_next(request)

    assert converse(around(retry, app), http()) == WHOLE
    assert len(seen) == 2


def test_a_layer_may_ask_twice_at_once():
    """Both calls run in tasks of the layer's own making; one response is sent, and nothing is left."""

    async def race(request, call_next):
        async with asyncio.TaskGroup() as group:
            calls = [group.create_task(call_next(request)) for _ in range(2)]
        return calls[0].result()

    assert converse(around(race, from_its_own_task), http()) == WHOLE


def test_a_subclass_may_override_dispatch():
    """As in Starlette; without either a request is an error that names the class."""

    class Stamp(BaseHTTPMiddleware):
        async def dispatch(self, request, call_next):
            return await stamp(request, call_next)

    class Nothing(BaseHTTPMiddleware):
        """It has forgotten."""

    assert converse(Stamp(from_its_own_task), http()) == stamped(WHOLE)
    assert repr(broken(Nothing(from_its_own_task), http())[1]) == ("NotImplementedError('Nothing needs a `dispatch`')")


def test_a_layer_that_overrides_its_call_is_called_in_a_row_of_others():
    """A row is asked layer by layer; one that has a `__call__` of its own is an app like any other."""
    passed = []

    class Counting(BaseHTTPMiddleware):
        async def __call__(self, scope, receive, send):
            passed.append(scope["path"])
            await super().__call__(scope, receive, send)

    async def through(request, call_next):
        return await call_next(request)

    row = [Middleware(cls, dispatch=through) for cls in (BaseHTTPMiddleware, Counting, BaseHTTPMiddleware)]
    app = App(routes=[Route("/a", hello)], middleware=row)
    assert converse(app, http(path="/a")) == text("hello")
    assert passed == ["/a"]


def test_other_scopes_pass_by():
    """Websockets and the lifespan are not asked about."""

    async def app(scope, receive, send):
        await send({"type": "websocket.close"})

    async def never(request, call_next):
        raise AssertionError("dispatch was called")

    assert converse(around(never, app), websocket()) == [{"type": "websocket.close"}]


def test_an_app_that_does_not_answer_is_an_error():
    """RuntimeError says where."""

    async def silent(scope, receive, send):
        """It returns without a word."""

    sent, error = broken(around(stamp, silent), http())
    message = "the app below a function-style middleware ended without a response"
    assert (sent, repr(error)) == ([], f"RuntimeError({message!r})")


def test_background_work_runs_after_the_response_was_sent():
    """That of the response, under any number of layers; and that which a layer put there."""
    log: list[Any] = []

    async def endpoint(request):
        return PlainTextResponse("hello", background=BackgroundTask(log.append, "handler"))

    async def add(request, call_next):
        response = await call_next(request)
        before = response.background

        async def both():
            if before is not None:
                await before()
            log.append("layer")

        response.background = both
        return response

    async def app(scope, receive, send):
        async def noting(message):
            log.append(message["type"])
            await send(message)

        await inner(scope, receive, noting)

    inner = App(routes=[Route("/own", endpoint), Mount("/raw", from_its_own_task)])
    inner.middleware("http")(add)
    inner.middleware("http")(stamp)
    converse(app, http(path="/own"))
    assert log == ["http.response.start", "http.response.body", "handler", "layer"]
    log.clear()
    converse(app, http(path="/raw/"))
    assert log == ["http.response.start", "http.response.body", "http.response.body", "layer"]


def test_a_background_task_of_starlette_below_runs_after_the_response():
    """It keeps its app from ending, and the response is out before."""
    log: list[Any] = []

    async def later(request):
        task = starlette.background.BackgroundTask(log.append, "work")
        return starlette.responses.PlainTextResponse("hello", background=task)

    def main(scope, receive, send):
        async def noting(message):
            log.append(message["type"])
            await send(message)

        return layers(3, starlette_app(later))(scope, receive, noting)

    converse(main, http(path="/later"))
    assert log == ["http.response.start", "http.response.body", "work"]


def test_an_expected_exception_below_is_a_response_to_the_layer():
    """The inner boundary answered it, unsent like that of a handler; the layer may change the answer."""
    kinds: list[Any] = []

    async def endpoint(request):
        speak()
        raise HTTPException(404)

    async def look(request, call_next):
        response = await call_next(request)
        kinds.append(type(response))
        return response

    app = App(routes=[Route("/", endpoint)], middleware=[Middleware(BaseHTTPMiddleware, stamp)])
    app.middleware("http")(look)
    assert converse(app, http()) == stamped(text("Not Found", 404))
    assert kinds == [PlainTextResponse]


@pytest.mark.parametrize("count", [1, 3])
def test_an_exception_behind_an_early_hint_can_still_be_answered(count):
    """A hint commits nothing, with layers as without."""

    async def hinting(scope, receive, send):
        await send(HINT)
        raise HTTPException(404)

    assert converse(layers(count, hinting), http()) == [HINT, *stamped(text("Not Found", 404), "unset")]


@pytest.mark.parametrize("app", RAW, ids=lambda app: app.__name__)
def test_call_next_may_be_awaited_in_a_task(app):
    """`asyncio.wait_for` makes one (before Python 3.12): the app begins there, and goes on in the task of the request."""

    async def hurry(request, call_next):
        return await asyncio.create_task(call_next(request))

    assert converse(around(hurry, app), http()) == WHOLE


def test_a_layer_that_returns_nothing_is_told_so():
    """As a handler is: by its name, and what it should have returned."""

    async def forgetful(request, call_next):
        await call_next(request)

    app = App(routes=[Route("/", hello)], middleware=[Middleware(BaseHTTPMiddleware, dispatch=forgetful)])
    _, error = broken(app, http())
    assert repr(error) == "TypeError('forgetful() returned None: a layer returns a Response')"
