"""Mounted apps and their lifespans: the trap, the cure, and what happens when one of them fails."""

import asyncio
from contextlib import asynccontextmanager

import django.core.handlers.asgi
import fastapi
import pytest
import starlette.applications
import starlette.responses
import starlette.routing

from rawasgi.app import App
from rawasgi.instruments.conversation import Conversation, converse, life, request
from rawasgi.middleware import Middleware
from rawasgi.middlewares.timing import TimingMiddleware
from rawasgi.responses import JSONResponse
from rawasgi.routing import Mount, Route, Router
from rawasgi.toolkit.hosts import Host
from rawasgi.toolkit.lifespans import with_mounts
from tests.drive import on_a_loop

STARTED = {"type": "lifespan.startup.complete"}
STOPPED = {"type": "lifespan.shutdown.complete"}


def living(log, name, *, state=None, fails=""):
    """A lifespan that notes what happens, and may fail at either end."""

    @asynccontextmanager
    async def lifespan(app):
        log.append(f"{name} starts")
        if fails == "start":
            raise RuntimeError(f"{name} has no database")
        try:
            yield state
        finally:
            log.append(f"{name} stops")
        if fails == "stop":
            raise RuntimeError(f"{name} cannot let go")

    return lifespan


async def show(request):
    """Answer with the state that this request sees."""
    return JSONResponse(dict(request.scope.get("state", {})))


def shop(log, name, **more):
    """An app of ours with a lifespan, to be mounted."""
    return App(routes=[Route("/", show)], lifespan=living(log, name, **more))


def starlette_shop(log, name, **more):
    """The same of Starlette."""

    async def show(request):
        return starlette.responses.JSONResponse(dict(request.scope["state"]))

    routes = [starlette.routing.Route("/", show)]
    return starlette.applications.Starlette(routes=routes, lifespan=living(log, name, **more))


def fastapi_shop(log, name, **more):
    """The same of FastAPI."""
    app = fastapi.FastAPI(lifespan=living(log, name, **more))

    @app.get("/")
    async def show(request: fastapi.Request) -> dict[str, object]:
        return dict(request.scope["state"])

    return app


async def knows_no_lifespan(scope, receive, send):
    """An app that was written for http alone."""
    raise NotImplementedError(scope["type"])


async def answers_everything(scope, receive, send):
    """An app that was written for http alone, and does not look."""
    await send({"type": "http.response.start", "status": 200})


async def returns(scope, receive, send):
    """An app that ends every other scope without a word."""


def failing(app):
    """Run the lifespan of an app that reports a failure: what it sent, its traceback cut down to the last line."""
    conversation = Conversation(app, life().scope, life().messages)

    async def run():
        conversation.start()
        assert conversation.task is not None
        await asyncio.wait([conversation.task])
        return conversation.task.exception()

    error = asyncio.run(run())
    return [
        {**message, "message": message["message"].strip().rpartition("LifespanError: ")[2].splitlines()}
        if "message" in message
        else message
        for message in conversation.sent
    ], type(error).__name__


def last(app, words):
    """The one message of a failed start: what the mounted app said, its own traceback cut down to the last line."""
    sent, error = failing(app)
    said = sent[-1].pop("message")
    assert (said[0], said[-1], error) == (*words, "LifespanError")
    return sent


def test_the_trap_a_mounted_app_is_not_started():
    """Without `with_mounts` the server starts the outermost app alone, as in Starlette and FastAPI."""
    log: list[str] = []
    ours = App(routes=[Mount("/shop", shop(log, "shop"))], lifespan=living(log, "app"))
    theirs = starlette.applications.Starlette(
        routes=[starlette.routing.Mount("/shop", starlette_shop(log, "shop"))], lifespan=living(log, "app")
    )
    for app in (ours, theirs):
        assert converse(app, life()) == [STARTED, STOPPED]
        assert log == ["app starts", "app stops"]
        log.clear()


@pytest.mark.parametrize("parent", [App, starlette.applications.Starlette, fastapi.FastAPI])
def test_the_cure_mounted_apps_start_in_order_and_stop_in_reverse(parent):
    """Apps of any family, below paths and hosts, behind layers, in mere routes; those without a lifespan are left alone."""
    log: list[str] = []
    kit = starlette.routing if parent is not App else None
    mount, host, router = (kit.Mount, kit.Host, kit.Router) if kit else (Mount, Host, Router)
    layers = [Middleware(TimingMiddleware)]
    routes = [
        mount("/ours", shop(log, "ours")),
        mount("/below", routes=[mount("/deep", starlette_shop(log, "deep"), middleware=layers)]),
        mount("/raw", knows_no_lifespan),
        host("api.example.org", fastapi_shop(log, "host")),
        mount("/silent", returns),
        mount("/deaf", answers_everything),
        mount("/django", django.core.handlers.asgi.ASGIHandler.__new__(django.core.handlers.asgi.ASGIHandler)),
        mount("/router", router(lifespan=living(log, "router"))),
    ]
    app = parent(routes=routes, lifespan=with_mounts(living(log, "app")))
    assert converse(app, life()) == [STARTED, STOPPED]
    names = ["app", "ours", "deep", "host", "router"]
    assert log == [f"{name} starts" for name in names] + [f"{name} stops" for name in reversed(names)]


@on_a_loop
async def test_what_a_mounted_app_leaves_is_seen_by_its_own_requests_alone():
    """Beside the state of its parent; names of its own come first; the siblings see neither."""
    log: list[str] = []
    first, twice = shop(log, "first", state={"by": "first", "first": 1}), starlette_shop(log, "twice", state={"two": 2})
    routes = [
        Mount("/first", first),
        Mount("/twice", twice),
        Mount("/again", twice),
        Mount("/plain", shop(log, "plain")),
    ]
    app = App(routes=[*routes, Route("/", show)], lifespan=with_mounts(living(log, "app", state={"by": "app"})))
    state: dict[str, object] = {}
    conversation = Conversation(app, life(state=state).scope, life().messages[:1])
    async with conversation:
        await conversation.next_sent()
        seen = {}
        for path in ("/", "/first/", "/twice/", "/again/", "/plain/"):
            asked = request("GET", path, state={**state})
            sent = await Conversation(app, asked.scope, asked.messages).run()
            seen[path] = sent[1]["body"]
        conversation.deliver({"type": "lifespan.shutdown"})
        await conversation.next_sent()
    assert conversation.sent == [STARTED, STOPPED]
    assert seen == {
        "/": b'{"by":"app"}',
        "/first/": b'{"by":"first","first":1}',
        "/twice/": b'{"by":"app","two":2}',
        "/again/": b'{"by":"app","two":2}',
        "/plain/": b'{"by":"app"}',
    }
    assert [line for line in log if "twice" in line] == ["twice starts", "twice stops"]
    assert [route.app for route in routes] == [route.base_app for route in routes]


@pytest.mark.parametrize("make", [shop, starlette_shop, fastapi_shop])
def test_a_mounted_app_that_cannot_start_stops_those_that_have(make):
    """The server hears `lifespan.startup.failed` with the app's own words, and those already started are stopped."""
    log: list[str] = []
    mounts = [Mount("/a", shop(log, "a")), Mount("/b", make(log, "b", fails="start")), Mount("/c", shop(log, "c"))]
    app = App(routes=mounts, lifespan=with_mounts(living(log, "app")))
    words = ("the app at /b failed to start: Traceback (most recent call last):", "RuntimeError: b has no database")
    assert last(app, words) == [{"type": "lifespan.startup.failed"}]
    assert log == ["app starts", "a starts", "b starts", "a stops", "app stops"]


def test_a_mounted_app_that_cannot_stop_keeps_nobody_from_stopping():
    """All others are stopped, then the server hears `lifespan.shutdown.failed`."""
    log: list[str] = []
    mounts = [Mount("/a", shop(log, "a")), Mount("/b", shop(log, "b", fails="stop"))]
    app = App(routes=mounts, lifespan=with_mounts())
    words = ("the app at /b failed to stop: Traceback (most recent call last):", "RuntimeError: b cannot let go")
    assert last(app, words) == [STARTED, {"type": "lifespan.shutdown.failed"}]
    assert log == ["a starts", "b starts", "b stops", "a stops"]


def test_a_mounted_app_that_dies_meanwhile_is_reported_at_the_end():
    """An app that has started, and then ends before it is told to, has failed to stop."""

    async def short(scope, receive, send):
        await receive()
        await send(STARTED)

    words = ("the app at /short failed to stop: it ended without a word",) * 2
    app = App(routes=[Mount("/short", short)], lifespan=with_mounts())
    assert last(app, words) == [STARTED, {"type": "lifespan.shutdown.failed"}]
