"""An app on a thread of its own: it can fail, exit and hang, and whoever looks goes on."""

import asyncio
import contextlib
import gc
import sys
import threading
from typing import Any

import pytest

from rawasgi.instruments.apart import Exited, Hanging, apart, hold
from rawasgi.instruments.conversation import Conversation, LifespanFailed, life, request
from rawasgi.messages.errors import AppProtocolError
from tests.instruments.messages import notes, piece, says, start, without_lifespan


def held(app, exchange=None, seconds=5.0):
    """Hold one conversation."""
    made = exchange or request()
    return hold(lambda: Conversation(app, made.scope, made.messages), seconds)


def complete(word):
    """The app has started or stopped."""
    return {"type": f"lifespan.{word}.complete"}


def test_lifespan_lies_around_the_request_and_its_state_in_the_scope():
    """As under a server: start-up, request, shutdown."""
    seen = []

    async def app(scope, receive, send):
        if scope["type"] == "http":
            seen.append(scope["state"])
            await says(start(), piece())(scope, receive, send)
            return
        seen.append((await receive())["type"])
        scope["state"]["pool"] = 7
        await send(complete("startup"))
        seen.append((await receive())["type"])
        await send(complete("shutdown"))

    assert held(app).sent == [start(), piece()]
    assert seen == ["lifespan.startup", {"pool": 7}, "lifespan.shutdown"]


def test_a_lifespan_is_a_conversation_too():
    """The shutdown comes when the start-up is complete, and not before."""
    heard: list[Any] = []
    conversation = held(notes(heard, 1, complete("startup"), 1, complete("shutdown")), life())
    assert conversation.sent == [complete("startup"), complete("shutdown")]
    assert [message["type"] for message in heard] == ["lifespan.startup", "lifespan.shutdown"]


def test_what_the_app_raises_is_raised():
    """Here, on the thread that asks."""
    with pytest.raises(AppProtocolError, match="HS16"):
        held(without_lifespan(says()))


def test_a_start_up_that_failed_is_told():
    """No request is asked then."""
    with pytest.raises(LifespanFailed, match="no database"):
        held(notes([], 1, {"type": "lifespan.startup.failed", "message": "no database"}))


@pytest.mark.parametrize("wrap", [without_lifespan, lambda app: app], ids=["request", "lifespan"])
def test_an_app_that_exits_does_not_take_us_with_it(wrap):
    """`sys.exit` is an exception like another; a start-up that exits cannot be continued without."""

    async def app(scope, receive, send):
        sys.exit(3)

    with pytest.raises(Exited, match=r"sys\.exit\(3\)"):
        held(wrap(app))


def test_an_app_that_exits_is_shut_down_all_the_same():
    """The loop goes on: what the start-up has opened is closed."""
    heard = []

    async def app(scope, receive, send):
        if scope["type"] == "http":
            sys.exit(3)
        for word in ("startup", "shutdown"):
            heard.append((await receive())["type"])
            await send(complete(word))

    with pytest.raises(Exited):
        held(app)
    assert heard == ["lifespan.startup", "lifespan.shutdown"]


def test_an_exit_in_a_task_of_the_apps_own_is_an_exit():
    """It stops the loop, and the lifespan is cancelled on the way: what that raises is not the ending."""

    async def leaves():
        sys.exit(3)

    async def app(scope, receive, send):
        if scope["type"] == "http":
            await asyncio.create_task(leaves())
            return
        await receive()
        await send(complete("startup"))
        await receive()

    with pytest.raises(Exited, match="3"):
        held(app)


def test_an_app_that_hangs_is_seen_where_it_hangs():
    """The request, its tasks and its threads, with their lines."""

    async def app(scope, receive, send):
        await asyncio.gather(asyncio.sleep(1000), asyncio.to_thread(threading.Event().wait, 2))

    with pytest.raises(Hanging, match=r"has not ended its call in 0\.1 s") as hanging:
        held(without_lifespan(app), seconds=0.1)
    assert [lane.name for lane in hanging.value.lanes] == [
        "the request",
        "task sleep",
        "task to_thread",
        "thread asyncio_0",
    ]
    assert hanging.value.lanes[0].lines[-1].source.startswith("await asyncio.gather")


def test_nothing_is_logged_of_what_an_app_does_that_was_given_up(caplog):
    """It swallows its cancellation and returns without an answer: that it hangs is said, and asyncio has nothing to add."""

    async def app(scope, receive, send):
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(1000)

    with pytest.raises(Hanging):
        held(without_lifespan(app), seconds=0.1)
    gc.collect()
    assert caplog.record_tuples == []


def test_a_start_up_that_hangs_is_seen_too():
    """It has the deadline of its own part."""

    async def app(scope, receive, send):
        await asyncio.sleep(1000)

    with pytest.raises(Hanging, match="the start-up has not ended") as hanging:
        held(app, seconds=0.1)
    assert "await asyncio.sleep(1000)" in [line.source for lane in hanging.value.lanes for line in lane.lines]


def test_a_thread_that_blocks_is_seen_from_outside():
    """Nothing inside could tell; the thread is a daemon, and ends when it is let go."""
    released = threading.Event()

    def work(said):
        released.wait()

    try:
        with pytest.raises(Hanging, match="has not given control back") as hanging:
            apart(work, 0.1)
    finally:
        released.set()
    lines = hanging.value.lanes[0].lines
    assert "released.wait()" in [line.source for line in lines]


def test_a_result_is_given_back_and_the_thread_is_gone():
    """No thread of ours outlives a good end."""

    def work(said):
        said.set_result(threading.current_thread().name)

    before = {*threading.enumerate()}
    assert apart(work, 5.0) == "the thread that runs the app"
    assert {*threading.enumerate()} <= before


def test_an_app_that_cancels_itself_has_an_ending():
    """A cancellation that nobody asked for is a fault of the app, not of who looks."""

    async def app(scope, receive, send):
        if (task := asyncio.current_task()) is not None:
            task.cancel()
        await asyncio.sleep(1)

    with pytest.raises(RuntimeError, match="cancelled its own task"):
        held(without_lifespan(app))
