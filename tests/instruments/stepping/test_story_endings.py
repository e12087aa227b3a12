"""How a story ends: the reader leaves, the app hangs, blocks, exits, or was never started."""

import asyncio
import sys
import threading
import time
from typing import Any

import pytest

from rawasgi.instruments.conversation import handshake, life, request
from rawasgi.instruments.stepping.steps import MOST_STEPS, Ending, Reader
from rawasgi.instruments.stepping.story import step
from tests.instruments.messages import ACCEPT, GONE, left, notes, piece, says, start, without_lifespan


class Leaving(Reader):
    """Disconnects at the first step."""

    def __init__(self):
        self.begun = []

    def begins(self, driver, forced):
        self.begun.append(driver)

    def reads(self, step):
        return "disconnect" if step.message is None else "next"


@pytest.mark.parametrize("driver", ["loop-free", "gated"])
def test_the_reader_can_disconnect_at_a_step(driver):
    """From then on the app hears that the client is gone, after what the client had said."""
    heard: list[Any] = []
    story = step(without_lifespan(notes(heard, 2)), request(), driver=driver, reader=Leaving())
    assert [message["type"] for message in heard[-2:]] == ["http.request", "http.disconnect"]
    assert [step.kind for step in story.steps] == ["receive", "receive"]
    assert story.ending == Ending("returned", heard=(GONE,))


@pytest.mark.parametrize("driver", ["loop-free", "gated"])
def test_the_reader_can_quit(driver):
    """No further step, and no fault."""

    class Quitting(Reader):
        def reads(self, step):
            return "quit"

    story = step(says(start(), piece()), request(), driver=driver, reader=Quitting())
    assert (len(story.steps), story.ending) == (1, Ending("quit"))


@pytest.mark.parametrize("driver", ["loop-free", "gated"])
def test_an_app_that_waits_for_a_silent_client_is_stuck(driver):
    """The last step says so, with the line it waits on."""
    story = step(without_lifespan(notes([], 2)), request(), driver=driver, seconds=0.2)
    assert [step.kind for step in story.steps] == ["receive", "receive", "silent"]
    assert story.ending.lanes[0].lines[-1].source == "heard.append(await receive())"
    assert story.ending.how == "stuck"


async def sleeps_for_ever(scope, receive, send):
    await asyncio.sleep(1000)


def test_an_app_that_hangs_is_shown_where_it_hangs():
    """After the deadline the story ends with the suspended lines of the app."""
    story = step(without_lifespan(sleeps_for_ever), request(), seconds=0.2)
    assert (story.driver, story.ending.how, story.steps[-1].kind) == ("gated", "stuck", "waiting")
    assert "await asyncio.sleep(1000)" in [line.source for line in story.steps[-1].lanes[0].lines]


def test_a_start_up_that_hangs_is_shown_where_it_hangs():
    """There is no step; the ending has the lines."""
    story = step(sleeps_for_ever, request(), seconds=0.2)
    assert (story.steps, story.ending.how) == ((), "stuck")
    assert "await asyncio.sleep(1000)" in [line.source for lane in story.ending.lanes for line in lane.lines]


@pytest.mark.parametrize("driver", ["loop-free", "gated"])
def test_an_app_that_blocks_its_thread_is_seen_from_outside(driver, monkeypatch):
    """No step can tell of it: the lines come from the thread itself."""
    monkeypatch.setattr("rawasgi.instruments.stepping.story.GRACE", 0.1)
    released = threading.Event()

    async def app(scope, receive, send):
        released.wait()

    try:
        story = step(without_lifespan(app), request(), driver=driver, seconds=0.2)
    finally:
        released.set()
    assert (story.steps, story.ending.how) == ((), "stuck")
    assert "released.wait()" in [line.source for line in story.ending.lanes[0].lines]


@pytest.mark.parametrize("driver", ["loop-free", "gated"])
def test_an_app_that_exits_does_not_take_the_reader_with_it(driver):
    """sys.exit is an ending like another."""

    async def app(scope, receive, send):
        sys.exit(3)

    story = step(without_lifespan(app), request(), driver=driver)
    assert (story.steps, story.ending) == ((), Ending("exited", "the app has called sys.exit(3)"))


def test_an_exit_in_a_second_task_is_an_exit(capfd, caplog):
    """It stops the loop, and the lifespan with it: that is no failure of the shutdown, and nothing to be logged."""

    async def leave():
        sys.exit(3)

    async def app(scope, receive, send):
        if scope["type"] == "http":
            await asyncio.gather(leave())
        for word in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{word}.complete"})

    assert step(app, request()).ending == Ending("exited", "the app has called sys.exit(3)")
    assert (capfd.readouterr(), caplog.records) == (("", ""), [])


@pytest.mark.parametrize("driver", ["loop-free", "gated"])
def test_a_start_up_that_fails_is_told(driver):
    """As under a server the request is not asked then."""

    async def app(scope, receive, send):
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    story = step(app, request(), driver=driver)
    assert (story.steps, story.ending.how) == ((), "raised")
    assert "no database" in story.ending.says


def test_a_reader_who_thinks_is_waited_for():
    """The deadline is the app's: it does not run while the reader reads."""

    class Slow(Reader):
        def reads(self, step):
            time.sleep(0.3)
            return super().reads(step)

    story = step(says(start(), piece()), request(), driver="gated", seconds=0.1, reader=Slow())
    assert (story.ending, len(story.steps)) == (Ending("returned"), 2)


@pytest.mark.parametrize("driver", ["loop-free", "gated"])
def test_a_client_that_has_said_all_leaves_its_websocket(driver):
    """What the app does then is part of the story, as under a server, where clients leave."""
    heard: list[Any] = []
    story = step(without_lifespan(notes(heard, 1, ACCEPT, 2)), handshake("/", "hi"), driver=driver, seconds=0.2)
    assert [step.kind for step in story.steps] == ["receive", "send", "receive", "receive", "silent"]
    assert story.ending == Ending("returned", heard=(left(),))


@pytest.mark.parametrize("driver", ["loop-free", "gated"])
def test_a_lifespan_is_a_story_of_its_own(driver):
    """Start-up and shutdown, without another lifespan around them."""
    heard: list[Any] = []
    complete = [{"type": f"lifespan.{word}.complete"} for word in ("startup", "shutdown")]
    story = step(notes(heard, 1, complete[0], 1, complete[1]), life(), driver=driver)
    assert (story.sent, story.ending) == (complete, Ending("returned"))
    assert [message["type"] for message in heard] == ["lifespan.startup", "lifespan.shutdown"]


def test_a_stream_without_end_ends():
    """The loop-free driver gives up on it; after so many steps the client leaves, and the app has to notice."""

    async def app(scope, receive, send):
        await send(start())
        while True:
            await send(piece(b".", True))

    story = step(without_lifespan(app), request())
    assert (story.driver, len(story.steps)) == ("gated", MOST_STEPS)
    assert story.forced is not None
    assert story.forced.by == f"the app has not ended after {MOST_STEPS} steps"
    assert (story.ending.how, "ClientLeft" in story.ending.says) == ("raised", True)
