"""A deadline for each response: 504, or a torn body, and nothing of the app left running."""

import asyncio
from functools import partial
from typing import Any

import pytest

from rawasgi.app import App
from rawasgi.concurrency import BackgroundTask
from rawasgi.middlewares.timeout import TimeoutMiddleware
from rawasgi.responses import PlainTextResponse
from tests import drive
from tests.drive import http, run_virtually, websocket
from tests.test_middleware import text

START = {"type": "http.response.start", "status": 200, "headers": []}
SOON = 1  # second, of virtual time

converse, broken = partial(drive.converse, run=run_virtually), partial(drive.broken, run=run_virtually)


def saying(*messages, log):
    """An app that says this, waits for ever, and tidies up in two turns of the loop when it is ended."""

    async def app(scope, receive, send):
        try:
            for message in messages:
                await send(message)
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            log.append("tidied up")

    return app


def test_an_app_that_is_too_slow_is_ended_and_answered_for():
    """504, once it has tidied up; an early hint is no answer yet."""
    log: list[Any] = []
    hint = {"type": "http.response.early_hint", "links": [b"</a.css>"]}
    assert converse(TimeoutMiddleware(saying(log=log), SOON), http()) == text("Gateway Timeout", 504)
    assert converse(TimeoutMiddleware(saying(hint, log=log), SOON), http()) == [hint, *text("Gateway Timeout", 504)]
    assert log == ["tidied up"] * 2


def test_a_response_that_has_started_is_torn():
    """Nothing is added to it; the server hears of the timeout."""
    log: list[Any] = []
    half = {"type": "http.response.body", "body": b"half", "more_body": True}
    sent, error = broken(TimeoutMiddleware(saying(START, half, log=log), SOON), http())
    assert (sent, type(error), log) == ([START, half], TimeoutError, ["tidied up"])


@pytest.mark.parametrize(
    "last", [{"type": "http.response.body", "body": b"whole"}, {"type": "http.response.pathsend", "path": "/a"}]
)
def test_what_follows_the_response_has_no_deadline(last):
    """Background tasks go on; here one waits until long after it."""
    log: list[Any] = []

    async def app(scope, receive, send):
        await send(START)
        await send(last)
        await asyncio.sleep(3 * SOON)
        log.append("done")

    assert (converse(TimeoutMiddleware(app, SOON), http()), log) == ([START, last], ["done"])


def test_a_background_task_of_an_app_has_none_either():
    """The same, with an App in its place."""
    log: list[Any] = []

    async def later():
        await asyncio.sleep(3 * SOON)
        log.append("done")

    app = App()

    @app.get("/")
    async def page(request):
        return PlainTextResponse("whole", background=BackgroundTask(later))

    app.add_middleware(TimeoutMiddleware, timeout=SOON)
    assert (converse(app, http()), log) == (text("whole"), ["done"])


def test_a_timeout_of_the_apps_own_is_its_own():
    """It goes on as it came, long before the deadline."""

    async def app(scope, receive, send):
        raise TimeoutError("of a database")

    sent, error = broken(TimeoutMiddleware(app, 60), http())
    assert (sent, repr(error)) == ([], "TimeoutError('of a database')")


def test_an_app_may_answer_when_it_is_ended():
    """Who catches the cancellation and answers in spite of it is heard; there is one answer."""

    async def app(scope, receive, send):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            for message in sorry:
                await send(message)

    sorry = text("sorry", 503)
    assert converse(TimeoutMiddleware(app, SOON), http()) == sorry


def test_websockets_have_no_deadline():
    """They live for as long as both sides like."""

    async def app(scope, receive, send):
        await asyncio.sleep(3 * SOON)
        await send({"type": "websocket.accept"})

    assert converse(TimeoutMiddleware(app, SOON), websocket()) == [{"type": "websocket.accept"}]


@pytest.mark.parametrize("timeout", [0, -1, float("nan")])
def test_a_deadline_lies_in_the_future(timeout):
    """The error names the option and what it may be."""
    with pytest.raises(ValueError) as raised:
        TimeoutMiddleware(App(), timeout)
    assert str(raised.value) == f"timeout is a number of seconds above zero, not {timeout!r}"
