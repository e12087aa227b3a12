"""A call that is cancelled at each of its awaits: which those are, what the app gets, and what its canceller."""

import asyncio
import threading
from typing import Any

import pytest

from rawasgi import CancelledAt, TestClient
from rawasgi.instruments.conversation import Conversation, handshake, life, request
from rawasgi.instruments.faults.cancelling import Driven
from rawasgi.instruments.frames import suspended
from tests.drive import on_a_loop
from tests.instruments.faults.apps import ends_its_task, swallows, tidies_up
from tests.instruments.messages import piece, says, start


async def called(app, exchange=None):
    """Call an app in a task of its own: what came to the server, and whether the task was cancelled."""
    conversation = Conversation(app, *(exchange or request()))
    task = asyncio.create_task(conversation.run())
    await asyncio.wait([task])
    if not task.cancelled():
        task.exception()
    return conversation.sent, task.cancelled()


async def waits_everywhere(scope, receive, send):
    """An app that waits for each kind of thing once."""
    await receive()
    await asyncio.sleep(0.001)
    lock, event = asyncio.Lock(), asyncio.Event()
    async with lock:  # free: it does not wait
        asyncio.get_running_loop().call_soon(event.set)
        await event.wait()
    await asyncio.to_thread(threading.get_ident)
    await asyncio.gather(asyncio.sleep(0), asyncio.sleep(0))
    await send(start())
    await send(piece())


@on_a_loop
async def test_every_await_that_waits_is_counted():
    """A message, a sleep, an event, a thread, tasks; not what is ready at once."""
    counting = CancelledAt(waits_everywhere)
    assert await called(counting) == ([start(), piece()], False)
    assert (counting.awaits, counting.place, counting.is_swallowed) == (7, None, False)


@pytest.mark.parametrize("number", range(1, 9))
@on_a_loop
async def test_each_of_them_is_cancelled(number):
    """The task is cancelled, on the line that was counted; a message whose `send` is cancelled does not go out."""
    app = CancelledAt(waits_everywhere, number)
    messages, is_cancelled = await called(app)
    assert messages == [start(), piece()][: max(0, number - 6)]
    assert is_cancelled == (number < 8)
    sources = ["receive()", "sleep(0.001)", "event.wait()", "get_ident", "gather", "send(start())", "send(piece())"]
    if number < 8:
        assert app.place is not None
        assert sources[number - 1] in app.place.source
        assert app.place.function == "waits_everywhere"


@on_a_loop
async def test_what_the_call_waits_for_is_cancelled_with_it():
    """A task that is awaited, as `task.cancel()` has it; one that is shielded goes on."""
    inner = asyncio.Event()

    async def app(scope, receive, send):
        tasks.append(asyncio.create_task(inner.wait()))
        await tasks[-1]

    async def shielding(scope, receive, send):
        tasks.append(asyncio.create_task(inner.wait()))
        await asyncio.shield(tasks[-1])

    tasks: list[Any] = []
    assert await called(CancelledAt(app, 1)) == ([], True)
    assert await called(CancelledAt(shielding, 1)) == ([], True)
    assert (tasks[0].cancelled(), tasks[1].done()) == (True, False)
    inner.set()
    await tasks[1]


@on_a_loop
async def test_the_app_may_tidy_up_with_awaits():
    """It is cancelled once: what it awaits afterwards comes to its end."""

    async def app(scope, receive, send):
        try:
            await asyncio.sleep(9)
        finally:
            for _ in range(3):
                await asyncio.sleep(0.001)
            tidy.append(True)

    tidy: list[Any] = []
    cancelling = CancelledAt(app, 1)
    assert await called(cancelling) == ([], True)
    assert (tidy, cancelling.awaits) == ([True], 4)


@on_a_loop
async def test_later_is_when_others_are_at_work():
    """At once a task that was just made never runs; some turns later it has begun. Who has gone on is left alone."""

    async def child():
        begun.append(True)
        await asyncio.sleep(9)

    async def app(scope, receive, send):
        await asyncio.create_task(child())

    begun: list[Any] = []
    assert await called(CancelledAt(app, 1)) == ([], True)
    assert begun == []
    assert await called(CancelledAt(app, 1, turns=5)) == ([], True)
    assert begun == [True]
    late = CancelledAt(says(start(), piece()), 2, turns=5)
    assert await called(late) == ([start(), piece()], False)
    assert (late.has_cancelled, late.place) == (False, None)


@pytest.mark.parametrize(("app", "is_swallowed"), [(swallows, True), (tidies_up, False), (ends_its_task, False)])
@on_a_loop
async def test_who_swallows_it_is_told(app, is_swallowed):
    """The call returned; to tidy up first is no swallowing."""
    cancelling = CancelledAt(app, 1)
    await called(cancelling)
    assert (cancelling.has_cancelled, cancelling.is_swallowed) == (True, is_swallowed)


@on_a_loop
async def test_only_the_scopes_that_are_meant():
    """Requests and websockets, unless a lifespan is asked for."""

    async def app(scope, receive, send):
        await asyncio.sleep(0.001)

    for given, exchange, is_cancelled in [
        ((), life(), False),
        ((), handshake(), True),
        (("lifespan",), life(), True),
        (("lifespan",), request(), False),
    ]:
        cancelling = CancelledAt(app, 1, scopes=given) if given else CancelledAt(app, 1)
        await called(cancelling, exchange)
        assert cancelling.has_cancelled is is_cancelled


@on_a_loop
async def test_a_driven_coroutine_is_as_it_was():
    """Values, exceptions and the end pass through; the lines below can be seen; it can be closed."""

    async def inner(future):
        try:
            return await future
        except LookupError:
            return "caught"

    loop, steps = asyncio.get_running_loop(), []
    future = loop.create_future()
    task = asyncio.ensure_future(awaiting(Driven(inner(future), lambda: steps.append(1))))
    await asyncio.sleep(0)
    assert [line.function.rpartition(".")[2] for line in suspended(task.get_coro())] == ["awaiting", "inner"]
    future.set_exception(LookupError())
    assert (await task, steps) == ("caught", [1])
    coroutine = awaiting(Driven(inner(loop.create_future()), lambda: None))
    coroutine.send(None)
    coroutine.close()


async def awaiting(awaitable):
    """What comes of it."""
    return await awaitable


def test_under_the_test_client():
    """Each request is cancelled; the lifespan is not, and the client is told what a server would tell."""
    cancelling = CancelledAt(ends_its_task, 1)
    with TestClient(cancelling) as client:
        assert client.get("/").status_code == 500
    assert cancelling.has_cancelled


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"number": -1}, "number is a whole number, 0 or more, and not -1"),
        ({"turns": -1}, "turns is a whole number, 0 or more, and not -1"),
    ],
)
def test_wrong_numbers(given, says):
    """ValueError, with what would be right."""
    with pytest.raises(ValueError) as raised:
        CancelledAt(ends_its_task, **given)
    assert str(raised.value) == says
