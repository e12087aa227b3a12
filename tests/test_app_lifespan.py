"""The lifespan: two messages in, two out, and your set-up and tear-down between them."""

import asyncio
import contextlib
from typing import Any

import pytest

from rawasgi.app import App
from rawasgi.concurrency import run_in_threadpool, threads
from rawasgi.responses import JSONResponse
from tests.drive import converse, exchange, http, on_a_loop
from tests.test_middleware import text

STARTUP = {"type": "lifespan.startup"}
SHUTDOWN = {"type": "lifespan.shutdown"}
STARTED = {"type": "lifespan.startup.complete"}
STOPPED = {"type": "lifespan.shutdown.complete"}


def lifespan(**more):
    """The scope."""
    return {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, **more}


def living(log, setup=None, teardown=None, state=None):
    """A lifespan that writes down what happens, and may fail at either end."""

    @contextlib.asynccontextmanager
    async def live(app):
        log.append("set up")
        if setup is not None:
            raise setup
        yield state
        log.append("torn down")
        if teardown is not None:
            raise teardown

    return live


async def failing(app, scope):
    """Run a lifespan that fails: what it said, with the traceback reduced to its last line, and the exception."""
    sent: list[Any] = []
    with pytest.raises(BaseException) as caught:  # it is compared by whoever asks
        await exchange(app, scope, [STARTUP, SHUTDOWN], sent)
    *before, last = sent
    first_line, *_, last_line = last["message"].splitlines()
    assert first_line == "Traceback (most recent call last):"
    return [*before, {**last, "message": last_line}], caught.value


def test_both_ends_are_answered():
    """Set-up before the first answer, tear-down before the second."""
    log: list[Any] = []
    assert converse(App(lifespan=living(log)), lifespan(), STARTUP, SHUTDOWN) == [STARTED, STOPPED]
    assert log == ["set up", "torn down"]


def test_an_app_without_a_lifespan_answers_too():
    """There is nothing to do, and it says so."""
    assert converse(App(), lifespan(), STARTUP, SHUTDOWN) == [STARTED, STOPPED]


@on_a_loop
async def test_the_app_runs_between_the_two_answers():
    """Start-up is answered while the context is open; the tear-down waits for the shutdown message."""
    log: list[Any] = []
    inbox: asyncio.Queue[Any] = asyncio.Queue()

    async def send(message):
        log.append(message["type"])

    running = asyncio.create_task(App(lifespan=living(log))(lifespan(), inbox.get, send))
    inbox.put_nowait(STARTUP)
    for _ in range(5):
        await asyncio.sleep(0)
    assert log == ["set up", "lifespan.startup.complete"]
    inbox.put_nowait(SHUTDOWN)
    await running
    assert log[2:] == ["torn down", "lifespan.shutdown.complete"]


def test_the_lifespan_gets_the_app():
    """Also where it is wrapped in layers."""
    got: list[Any] = []

    @contextlib.asynccontextmanager
    async def live(app):
        got.append(app)
        yield

    app = App(lifespan=live)
    converse(app, lifespan(), STARTUP, SHUTDOWN)
    assert got == [app]


def test_a_class_with_enter_and_exit_will_do():
    """Any callable of the app that gives an async context manager."""

    class Live:
        def __init__(self, app):
            self.app = app

        async def __aenter__(self):
            return {"app": self.app}

        async def __aexit__(self, *about):
            return False

    scope, app = lifespan(state={}), App(lifespan=Live)
    assert converse(app, scope, STARTUP, SHUTDOWN) == [STARTED, STOPPED]
    assert scope["state"] == {"app": app}


@pytest.mark.parametrize("error", [LookupError("lost"), KeyboardInterrupt("stop"), SystemExit(3)])
@on_a_loop
async def test_a_failed_startup_is_reported_and_raised(error):
    """BaseExceptions too: a server takes silence for an app that knows no lifespan."""
    log: list[Any] = []
    # SystemExit and KeyboardInterrupt would end the loop if a task raised them; here nothing runs in a task.
    sent, raised = await failing(App(lifespan=living(log, setup=error)), lifespan())
    assert sent == [{"type": "lifespan.startup.failed", "message": f"{type(error).__name__}: {error}"}]
    assert raised is error
    assert log == ["set up"]


@pytest.mark.parametrize("error", [LookupError("lost"), KeyboardInterrupt("stop")])
@on_a_loop
async def test_a_failed_shutdown_is_reported_and_raised(error):
    """After the start-up that succeeded."""
    log: list[Any] = []
    sent, raised = await failing(App(lifespan=living(log, teardown=error)), lifespan())
    assert sent == [STARTED, {"type": "lifespan.shutdown.failed", "message": f"{type(error).__name__}: {error}"}]
    assert raised is error
    assert log == ["set up", "torn down"]


@on_a_loop
async def test_a_cancelled_lifespan_is_torn_down():
    """The server stops waiting: the context is left all the same, and the cancellation goes on."""
    log: list[Any] = []
    sent: list[Any] = []

    @contextlib.asynccontextmanager
    async def live(app):
        try:
            yield
        finally:
            log.append("torn down")

    running = asyncio.create_task(exchange(App(lifespan=live), lifespan(), [STARTUP], sent))
    for _ in range(5):
        await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert log == ["torn down"]
    assert sent[0] == STARTED


def test_what_it_yields_becomes_the_state_of_every_request():
    """The server's dict is filled, not replaced; `request.state` reads from it."""

    async def endpoint(request):
        return JSONResponse([request.state.database, request.state.other])

    app = App(lifespan=living([], state={"database": "open"}))
    app.add_route("/", endpoint)
    state = {"other": 1}
    assert converse(app, lifespan(state=state), STARTUP, SHUTDOWN) == [STARTED, STOPPED]
    assert state == {"other": 1, "database": "open"}
    (_, whole) = converse(app, http(state=dict(state)))
    assert whole["body"] == b'["open",1]'


@pytest.mark.parametrize("state", [None, {}])
def test_without_state_the_server_needs_no_place_for_it(state):
    """`yield` alone, or an empty dict."""
    assert converse(App(lifespan=living([], state=state)), lifespan(), STARTUP, SHUTDOWN) == [STARTED, STOPPED]


@on_a_loop
async def test_state_without_a_place_for_it_fails_the_startup():
    """Rule L3 lets a server offer none; then requests would miss what they need."""
    log: list[Any] = []
    sent, _ = await failing(App(lifespan=living(log, state={"a": 1})), lifespan())
    why = "the lifespan yields state, but this server's lifespan scope has no `state`"
    assert sent == [{"type": "lifespan.startup.failed", "message": f"RuntimeError: {why}"}]


async def bare_async(app):
    yield


def bare(app):
    yield


@pytest.mark.parametrize("function", [bare_async, bare])
def test_a_bare_generator_function_is_refused(function):
    """When the app is made, with the remedy."""
    with pytest.raises(TypeError) as caught:
        App(lifespan=function)
    remedy = "decorate it with contextlib.asynccontextmanager"
    assert str(caught.value) == f"lifespan {function.__name__} is a generator: {remedy}"


@pytest.mark.parametrize("fails", [False, True])
@on_a_loop
async def test_threads_are_closed_at_the_end(fails):
    """After the tear-down, which may still use one; however it ends."""

    @contextlib.asynccontextmanager
    async def live(app):
        await run_in_threadpool(int)
        yield
        await run_in_threadpool(int)
        if fails:
            raise LookupError("lost")

    app = App(lifespan=live)
    if fails:
        await failing(app, lifespan())
    else:
        assert await exchange(app, lifespan(), [STARTUP, SHUTDOWN]) == [STARTED, STOPPED]
    assert repr(threads) == "<ThreadPool of 40, closed>"


def test_requests_are_answered_without_any_lifespan():
    """A server that sends no lifespan scope gets its answers."""
    app = App(lifespan=living([]))
    assert converse(app, http()) == text("Not Found", 404)
