"""The lifespan around what one does: started, failed, unheard of."""

import asyncio
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.applications import Starlette

from rawasgi import App
from rawasgi.instruments.conversation import LifespanFailed, lifespan
from rawasgi.messages.errors import AppProtocolError
from rawasgi.tiny.app import App as TinyApp
from tests.drive import on_a_loop
from tests.instruments.messages import notes, says

STARTED = {"type": "lifespan.startup.complete"}
STOPPED = {"type": "lifespan.shutdown.complete"}
STARTUP = {"type": "lifespan.startup"}
SHUTDOWN = {"type": "lifespan.shutdown"}


def failed(phase, message="no room"):
    return {"type": f"lifespan.{phase}.failed", "message": message}


@pytest.mark.parametrize("make", [App, TinyApp, Starlette])
@on_a_loop
async def test_an_app_is_started_and_stopped_around_the_block(make):
    """Its state is there in between; what stands behind its `yield` runs at the end."""
    log: list[Any] = []

    @asynccontextmanager
    async def life(app):
        log.append("up")
        yield {"a": 1}
        log.append("down")

    async with lifespan(make(lifespan=life)) as state:
        log.append(state)
    assert log == ["up", {"a": 1}, "down"]


@on_a_loop
async def test_the_state_may_be_given():
    """The app finds what is in it, and its own goes into the same dict."""
    given = {"a": 1}

    async def app(scope, receive, send):
        scope["state"]["b"] = scope["state"]["a"] + 1
        await notes([], 1, STARTED, 1, STOPPED)(scope, receive, send)

    async with lifespan(app, given) as state:
        assert state is given
    assert given == {"a": 1, "b": 2}


@on_a_loop
async def test_an_app_hears_two_messages_in_its_life():
    """Start-up and shutdown, on a scope with state."""
    heard: list[Any] = []
    async with lifespan(notes(heard, 1, STARTED, 1, STOPPED)):
        heard.append("running")
    assert heard == [STARTUP, "running", SHUTDOWN]


@pytest.mark.parametrize(
    ("message", "text"),
    [(failed("startup"), "no room"), ({"type": "lifespan.startup.failed"}, "lifespan.startup.failed")],
)
@on_a_loop
async def test_a_failed_start_is_raised_and_the_block_not_entered(message, text):
    """With the app's own message, or the name of the failure where it gave none."""
    with pytest.raises(LifespanFailed) as caught:
        async with lifespan(notes([], 1, message)):
            raise AssertionError("entered")
    assert str(caught.value) == text


@on_a_loop
async def test_a_failed_shutdown_is_raised():
    """After the block has done its work."""
    entered = []
    with pytest.raises(LifespanFailed, match="no room"):
        async with lifespan(notes([], 1, STARTED, 1, failed("shutdown"))):
            entered.append(True)
    assert entered == [True]


async def raises(scope, receive, send):
    raise RuntimeError("what is a lifespan?")


@pytest.mark.parametrize("app", [raises, says(), notes([], 1)], ids=["raises", "returns", "returns after startup"])
@on_a_loop
async def test_an_app_without_lifespan_is_left_alone(app):
    """ "the server must continue but not send any lifespan events": the block is entered, and nothing is raised."""
    async with lifespan(app) as state:
        assert state == {}


async def raises_at_the_end(scope, receive, send):
    await notes([], 1, STARTED, 1)(scope, receive, send)
    raise ArithmeticError("late")


@pytest.mark.parametrize(
    ("app", "cause"),
    [(raises_at_the_end, ArithmeticError), (notes([], 1, STARTED), AppProtocolError)],
    ids=["raises", "returns"],
)
@on_a_loop
async def test_an_app_that_has_started_must_stop_in_words(app, cause):
    """It has said that it knows the lifespan: who then dies without a word has failed."""
    with pytest.raises(LifespanFailed, match="the app has ended before its shutdown was complete") as caught:
        async with lifespan(app):
            await asyncio.sleep(0)
    assert isinstance(caught.value.__cause__, cause)


@on_a_loop
async def test_a_block_that_raises_is_followed_by_the_shutdown():
    """The app is stopped as ever, and the error goes on."""
    heard: list[Any] = []
    with pytest.raises(LookupError, match="of the block"):
        async with lifespan(notes(heard, 1, STARTED, 1, STOPPED)):
            raise LookupError("of the block")
    assert heard == [STARTUP, SHUTDOWN]


@on_a_loop
async def test_no_task_is_left_behind():
    """An app that goes on after its last message is cancelled, even one that swallows it once."""
    log = []

    async def app(scope, receive, send):
        await notes([], 1, STARTED, 1, STOPPED)(scope, receive, send)
        for _ in range(2):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                log.append("cancelled")

    async with lifespan(app):
        pass
    assert log == ["cancelled", "cancelled"]
    assert len(asyncio.all_tasks()) == 1
