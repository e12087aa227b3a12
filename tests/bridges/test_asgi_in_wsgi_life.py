"""The one loop of a bridge: its lifespan, its threads and forks, its end; and the apps of three families on it."""

import asyncio
import threading
from contextlib import asynccontextmanager

import fastapi
import pytest
import starlette.applications
import starlette.responses
import starlette.routing

from rawasgi.app import App
from rawasgi.bridges.asgi_in_wsgi import ASGIMiddleware
from rawasgi.bridges.wsgi_in_asgi import WSGIMiddleware
from rawasgi.concurrency import BackgroundTask
from rawasgi.responses import PlainTextResponse
from rawasgi.routing import Route
from rawasgi.toolkit.lifespans import LifespanError
from tests.bridges.wsgi_server import Server, no_thread_is_left  # noqa: F401


def living(log, fails=""):
    """A lifespan that notes what happens on which loop."""

    @asynccontextmanager
    async def lifespan(app):
        log.append("starts")
        if fails == "start":
            raise RuntimeError("no database")
        yield {"loop": asyncio.get_running_loop()}
        log.append("stops")
        if fails == "stop":
            raise RuntimeError("cannot let go")

    return lifespan


async def same_loop(request):
    """Answer whether this request is on the loop that the lifespan was on."""
    await request.body()
    return PlainTextResponse(str(request.state.loop is asyncio.get_running_loop()))


def test_the_lifespan_is_run_at_the_first_call_and_ended_by_close():
    """All calls, from whatever thread, are on its loop and see its state; `with` does both."""
    log: list[str] = []
    app = ASGIMiddleware(App(routes=[Route("/", same_loop)], lifespan=living(log)))
    assert log == []
    bodies: list[object] = []
    calls = [threading.Thread(target=lambda: bodies.append(Server.answers(app)[2])) for _ in range(8)]
    for call in calls:
        call.start()
    for call in calls:
        call.join()
    assert bodies == [[b"True"]] * 8
    assert log == ["starts"]
    app.close()
    app.close()
    assert log == ["starts", "stops"]
    with app:
        assert log == ["starts", "stops", "starts"]
    assert log == ["starts", "stops"] * 2


def test_a_start_up_that_fails_is_raised_until_it_succeeds():
    """From the call, or from `with`; the next call tries again."""
    log: list[str] = []
    app = ASGIMiddleware(App(lifespan=living(log, "start")))
    for attempt in (lambda: Server(app), app.__enter__):
        with pytest.raises(LifespanError, match="the app at the ASGI side failed to start"):
            attempt()
    assert log == ["starts", "starts"]


def test_a_shutdown_that_fails_is_raised_by_close():
    """When everything has been ended."""
    app = ASGIMiddleware(App(lifespan=living([], "stop")))
    app.open()
    with pytest.raises(LifespanError, match="failed to stop"):
        app.close()


def test_a_process_that_was_forked_gets_a_loop_of_its_own():
    """A thread does not live through a fork: the child starts its own, and leaves the parent's alone."""
    log: list[str] = []
    app = ASGIMiddleware(App(routes=[Route("/", same_loop)], lifespan=living(log)))
    parent = app.open()
    parent.process = -1  # as the child of a fork sees it
    assert Server.answers(app)[2] == [b"True"]
    assert app.home is not parent
    app.close()
    assert log == ["starts", "starts", "stops"]
    parent.close()


def test_background_work_keeps_no_server_waiting_and_is_awaited_at_the_end():
    """The iterable ends with the last byte; `close` waits for what still runs."""
    log: list[str] = []

    async def work():
        await home.leaving.wait()
        for _ in range(1000):
            await asyncio.sleep(0)  # longer than the lifespan takes to end
        log.append("worked")

    async def answer(request):
        return PlainTextResponse("sent", background=BackgroundTask(work))

    app = ASGIMiddleware(App(routes=[Route("/", answer)]))
    home = app.open()
    assert Server.answers(app)[2] == [b"sent"]
    assert log == []
    app.close()
    assert log == ["worked"]


async def told(request):
    """What an app of any family sees of a request."""
    body = (await request.body()).decode()
    return {"path": request.url.path, "root": request.scope["root_path"], "q": dict(request.query_params), "body": body}


def families():
    """The same app three times."""
    ours = App()

    @ours.post("/{rest:path}")
    async def our(request):
        return starlette.responses.JSONResponse(await told(request))

    async def their(request):
        return starlette.responses.JSONResponse(await told(request))

    theirs = starlette.applications.Starlette(routes=[starlette.routing.Route("/{rest:path}", their, methods=["POST"])])
    fast = fastapi.FastAPI()

    @fast.post("/{rest:path}")
    async def fasts(request: fastapi.Request):
        return await told(request)

    return [ours, theirs, fast]


@pytest.mark.parametrize("app", families(), ids=["rawasgi", "starlette", "fastapi"])
def test_apps_of_three_families_answer(app):
    """Paths cross by way of their bytes, with the mount that the WSGI side knows."""
    place = {"SCRIPT_NAME": "/caf\xc3\xa9", "QUERY_STRING": "a=%20b"}
    with ASGIMiddleware(app) as wsgi:
        status, headers, body = Server.answers(wsgi, "POST", "/\xc3\xbc", b"body", **place)
    said = '{"path":"/café/ü","root":"/café","q":{"a":" b"},"body":"body"}'.encode()
    assert (status, b"".join(body)) == ("200 OK", said)
    assert sorted(headers) == [("content-length", str(len(said))), ("content-type", "application/json")]


def test_a_bridge_in_a_bridge_changes_nothing():
    """WSGI in ASGI in WSGI: the pieces come through as they are."""

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"one", environ["wsgi.input"].read(10), b"two"]

    with ASGIMiddleware(WSGIMiddleware(app)) as wsgi:
        assert Server.answers(wsgi, "POST", body=b"body") == (
            "200 OK",
            [("content-type", "text/plain")],
            [b"one", b"body", b"two"],
        )
