"""What one run shows: who ran when and where, what held the loop, and that nothing is left behind."""

import asyncio
import gc
import sys
import threading
import time
import weakref
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import StreamingResponse

from rawasgi.instruments.apart import Hanging
from rawasgi.instruments.conversation import handshake, life, request
from rawasgi.instruments.frames import Line
from rawasgi.instruments.xraying.look import looked
from tests.instruments.messages import ACCEPT, piece, start
from tests.instruments.xraying.apps.loop import compute

GET = request("GET", "/")


def stretches(app, exchange=GET):
    """Who ran, between which events of the trace, and whether on the loop."""
    look = looked(app, exchange, 2.0)
    kinds = {event.seq: f"{event.name} {event.kind}" for event in look.events} | {0: ""}
    return [(s.function.split(".")[-1], kinds[s.since], kinds[s.until], s.on_loop) for s in look.stretches]


def test_a_stretch_is_put_between_the_events_of_the_trace():
    """A handler that awaits has one stretch, from its first line to its last; what it calls itself has none."""

    def helper():
        return "hi"

    async def app(scope, receive, send):
        if scope["type"] == "http":
            await receive()
            await asyncio.sleep(0)
            helper()
            await send(start())
            await send(piece())

    assert stretches(app) == [("app", "", "", True), ("app", "app enter", "app send", True)]


def test_a_generator_has_a_stretch_for_its_opening_and_one_for_its_end():
    """The lifespan opens before the first event, and ends after the last; a stream ends with its last piece."""

    @asynccontextmanager
    async def lifespan(app):
        yield

    async def pieces():
        yield b"one"
        yield b"two"

    app = FastAPI(lifespan=lifespan)
    app.get("/")(lambda: StreamingResponse(pieces()))
    assert stretches(app) == [
        ("lifespan", "", "", True),
        ("<lambda>", "GET / enter", "GET / enter", False),
        ("pieces", "FastAPI send", "FastAPI send", True),
        ("pieces", "FastAPI send", "FastAPI send", True),
        ("lifespan", "FastAPI return", "FastAPI return", True),
    ]


def test_a_call_that_waits_is_held_with_the_lines_that_lead_to_it():
    """The last line is the user's, however deep the library is that waits."""

    async def app(scope, receive, send):
        if scope["type"] == "http":
            threading.Event().wait(0.01)
            await send(start())
            await send(piece())

    (held,) = looked(app, GET).held
    first = app.__code__.co_firstlineno
    assert held.by == "lock.acquire"
    assert held.lines[-1] == Line(
        "tests/instruments/xraying/test_look.py", first + 2, app.__qualname__, "threading.Event().wait(0.01)"
    )


def test_computing_is_seen_by_the_time_it_takes_of_the_processor():
    """Sleeping in a thread is not computing, and what is computed there does not hold the loop for long."""

    async def app(scope, receive, send):
        if scope["type"] == "http":
            compute(0.2)
            await send(start())
            await send(piece())

    (held,) = looked(app, GET).held
    assert held.by == "python"
    assert held.lines[-1].function in (app.__qualname__, "compute")


def test_an_app_that_never_comes_back_is_held_by_the_line_on_which_it_stands():
    """The look is over after its seconds, and says where the app hangs."""

    async def app(scope, receive, send):
        if scope["type"] == "http":
            compute(4)

    look = looked(app, GET, 0.1)
    assert isinstance(look.error, Hanging)
    assert [(held.by, held.lines[-1].function) for held in look.held] == [("python", "compute")]


def test_a_call_that_never_comes_back_is_held_too():
    """It has not ended when the look does, and counts all the same."""

    async def app(scope, receive, send):
        if scope["type"] == "http":
            time.sleep(4)  # noqa: ASYNC251  # that is the fault

    look = looked(app, GET, 0.1)
    assert isinstance(look.error, Hanging)
    assert [(held.by, held.lines[-1].function) for held in look.held] == [("time.sleep", app.__qualname__)]


def test_an_app_that_waits_for_ever_hangs_and_holds_nothing():
    """Waiting is no fault of the loop's."""

    async def app(scope, receive, send):
        if scope["type"] == "http":
            await asyncio.Event().wait()

    look = looked(app, GET, 0.2)
    assert isinstance(look.error, Hanging)
    assert look.held == ()


def test_a_task_of_a_call_that_was_cut_off_is_not_taken_for_forgotten():
    """The look ended the call before the app could see to its task."""

    async def forever():
        await asyncio.Event().wait()

    async def app(scope, receive, send):
        if scope["type"] == "http":
            task = asyncio.create_task(forever())
            await forever()
            task.cancel()

    assert looked(app, GET, 0.2).account.left == ()


def test_the_client_of_a_websocket_leaves_when_it_has_said_all():
    """An app that listens until the end comes to its end; it is asked once, for it may have changed something."""
    heard = []

    async def app(scope, receive, send):
        if scope["type"] == "websocket":
            await receive()
            await send(ACCEPT)
            while (message := await receive())["type"] != "websocket.disconnect":
                heard.append(message["text"])

    look = looked(app, handshake("/", "one", "two"), 2.0)
    assert (look.error, look.sent, heard) == (None, (ACCEPT,), ["one", "two"])


def test_the_exchange_can_be_asked_again():
    """An app writes into its own copy of the scope."""
    app, exchange = FastAPI(), life()
    first, second = looked(app, exchange), looked(app, exchange)
    assert [message["type"] for message in second.sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert first.sent == second.sent
    assert exchange == life()


def test_nothing_is_left_behind():
    """No profile function, no thread, no layer in between, and no reference to what the app had in hand."""

    class Thing:
        pass

    things = []

    def handler():
        thing = Thing()
        things.append(weakref.ref(thing))
        return "hi"

    app = FastAPI()
    app.get("/")(handler)
    threads = {*threading.enumerate()}
    look = looked(app, GET)
    gc.collect()
    assert (sys.getprofile(), threading.getprofile()) == (None, None)
    for thread in {*threading.enumerate()} - threads:
        thread.join(5)  # a worker of the app's ends with its loop, and takes a moment
    assert {*threading.enumerate()} <= threads
    assert type(vars(app)["middleware_stack"]).__name__ == "ServerErrorMiddleware"
    assert [thing() for thing in things] == [None, None]
    assert look.error is None


def test_a_worker_that_lives_on_loses_the_profile_function():
    """A pool of the user's own was started meanwhile: at its next call it is watched no more."""
    seen, turn, work = [], threading.Event(), threading.Event()

    def worker():
        work.wait(5)
        seen.append(sys.getprofile())
        turn.set()

    async def app(scope, receive, send):
        if scope["type"] == "http":
            if not seen and not threads:
                threads.append(threading.Thread(target=worker))
                threads[0].start()
            await send(start())
            await send(piece())

    threads: list[threading.Thread] = []
    looked(app, GET)
    work.set()
    assert turn.wait(5)
    threads[0].join()
    assert seen == [None]


def test_a_profile_function_of_threads_that_was_there_is_put_back():
    """Somebody else may be profiling."""

    def theirs(frame, event, value):
        return None

    threading.setprofile(theirs)
    try:
        looked(FastAPI(), GET)
        assert threading.getprofile() is theirs
    finally:
        threading.setprofile(None)
