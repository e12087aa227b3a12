"""Apps for `rawasgi check --faults`: each leaves one thing behind, and beside it stands one that is nearly the same."""

import asyncio
import sys
import threading
from contextlib import AsyncExitStack, ExitStack, aclosing, asynccontextmanager
from typing import Any

from tests.instruments.checking.apps import STARTED, STOPPED, body_of, correct, echo, with_life
from tests.instruments.messages import ACCEPT, piece, sent, start

KEPT: list[Any] = []  # what is held from outside the call, as a cache or a registry would
STOP = threading.Event()


async def worker():
    """Work for as long as anybody waits."""
    await asyncio.sleep(60)


@asynccontextmanager
async def connection():
    """Something that is to be given back."""
    try:
        yield 7
    finally:
        await asyncio.sleep(0)


async def numbers():
    """A generator that has something to tidy up."""
    try:
        while True:
            yield 7
    finally:
        KEPT.clear()


async def answer(receive, send):
    """An answer in two pieces."""
    await body_of(receive)
    await send(start())
    await send(piece(b"a", True))
    await send(piece(b"b"))


@with_life
async def leaves_a_task(scope, receive, send):
    """A task that is ended only where nothing goes wrong."""
    task = asyncio.create_task(worker())
    await answer(receive, send)
    task.cancel()


@with_life
async def ends_its_task(scope, receive, send):
    """The same with a `finally`."""
    task = asyncio.create_task(worker())
    try:
        await answer(receive, send)
    finally:
        task.cancel()


@with_life
async def leaves_a_stack(scope, receive, send):
    """An exit stack that is closed only where nothing goes wrong."""
    stack = AsyncExitStack()
    await stack.enter_async_context(connection())
    stack.callback(STOP.is_set)
    await answer(receive, send)
    await stack.aclose()


@with_life
async def closes_its_stack(scope, receive, send):
    """The same with a `with`, and its callbacks handed on to another stack meanwhile."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(connection())
        async with stack.pop_all():
            with ExitStack() as plain:
                plain.callback(STOP.is_set)
                await answer(receive, send)


@with_life
async def leaves_a_generator(scope, receive, send):
    """A generator that somebody else holds too, and that is closed only where nothing goes wrong."""
    KEPT.append(numbers())
    await anext(KEPT[-1])
    await answer(receive, send)
    await KEPT[-1].aclose()


@with_life
async def closes_its_generator(scope, receive, send):
    """The same with `aclosing`; and one that nobody holds, which Python closes."""
    async with aclosing(numbers()) as held:
        KEPT.append(held)
        await anext(held)
        await anext(numbers())
        await answer(receive, send)


@with_life
async def leaves_a_thread(scope, receive, send):
    """A thread that is told to stop only where nothing goes wrong."""
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait, args=[3], name="pump")
    thread.start()
    await answer(receive, send)
    stop.set()
    thread.join()


@with_life
async def ends_its_thread(scope, receive, send):
    """The same with a `finally`."""
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait, args=[3], name="pump")
    thread.start()
    try:
        await answer(receive, send)
    finally:
        stop.set()
        thread.join()


def waits_in_a_pool():
    """Work on a thread of a pool, until it is stopped or three seconds are over."""
    return STOP.wait(3)


@with_life
async def leaves_a_pool_busy(scope, receive, send):
    """A thread of asyncio's pool, which works on when the call is cancelled."""
    STOP.clear()
    work = asyncio.ensure_future(asyncio.to_thread(waits_in_a_pool))
    await answer(receive, send)
    STOP.set()
    await work


@with_life
async def frees_its_pool(scope, receive, send):
    """The same with a `finally`."""
    STOP.clear()
    work = asyncio.ensure_future(asyncio.to_thread(waits_in_a_pool))
    try:
        await answer(receive, send)
    finally:
        STOP.set()
        await asyncio.wait([work])


@with_life
async def means_to_leave(scope, receive, send):
    """A task that goes on when the answer is out, whatever comes."""
    KEPT.append(asyncio.create_task(worker()))
    await answer(receive, send)


async def lives_on(scope, receive, send):
    """A lifespan whose task ends with it only where nothing goes wrong; its requests leave nothing."""
    if scope["type"] != "lifespan":
        await correct(scope, receive, send)
        return
    await receive()
    task = asyncio.create_task(worker())
    await send(STARTED)
    await receive()
    task.cancel()
    await send(STOPPED)


async def has_a_state(scope, receive, send):
    """A lifespan that leaves something for its requests."""
    if scope["type"] != "lifespan":
        await correct(scope, receive, send)
        return
    await receive()
    scope["state"]["pool"] = 1
    await send(STARTED)
    await receive()
    await send(STOPPED)


async def leaves_when_alone(scope, receive, send):
    """A websocket with a task that is ended only by a polite client."""
    await receive()
    task = asyncio.create_task(worker())
    await send(ACCEPT)
    while (message := await receive())["type"] == "websocket.receive":
        await send(sent(message["text"]))
    if message["code"] == 1000:
        task.cancel()


sockets = with_life(echo, leaves_when_alone)


@with_life
async def swallows(scope, receive, send):
    """An app that takes a cancellation for the end of a wait."""
    try:
        await asyncio.sleep(0.001)
    except asyncio.CancelledError:
        pass
    await echo(scope, receive, send)


@with_life
async def tidies_up(scope, receive, send):
    """An app that needs awaits to tidy up, and is cancelled then."""
    try:
        await asyncio.sleep(0.001)
        await echo(scope, receive, send)
    except asyncio.CancelledError:
        await asyncio.sleep(0.001)
        raise


@with_life
async def hangs_when_cancelled(scope, receive, send):
    """An app that tidies up for ever."""
    try:
        await asyncio.sleep(0.001)
    except asyncio.CancelledError:
        await worker()
    await echo(scope, receive, send)


@with_life
async def exits_when_left(scope, receive, send):
    """An app that ends the process when its client leaves."""
    try:
        await answer(receive, send)
    except OSError:
        sys.exit(3)


@with_life
async def streams_for_ever(scope, receive, send):
    """A stream without an end, which stops when nobody listens, however it learns that."""
    gone = asyncio.ensure_future(nobody_listens(receive))
    try:
        await send(start())
        while not gone.done():
            await send(piece(b"" if scope["method"] == "HEAD" else b"x", True))
            await asyncio.wait([gone], timeout=0.001)
    finally:
        gone.cancel()


async def nobody_listens(receive):
    """The client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


@with_life
async def never_the_same(scope, receive, send):
    """An app that answers each question otherwise."""
    KEPT.append(await body_of(receive))
    await send(start())
    await send(piece(b"%d" % len(KEPT)))


@with_life
async def breaks_down(scope, receive, send):
    """An app that raises, whatever comes: a 500 is no finding here."""
    await body_of(receive)
    raise LookupError("nothing here")


@with_life
async def many_awaits(scope, receive, send):
    """An app that waits more often than anybody tries."""
    for _ in range(50):
        await asyncio.sleep(0)
    await send(start())
    await send(piece())
