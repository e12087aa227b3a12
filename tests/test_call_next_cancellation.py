"""Function-style layers under cancellation: from outside at each await, and of the app's own making below."""

import asyncio
import gc
from typing import Any

import pytest

from rawasgi.app import App
from rawasgi.responses import PlainTextResponse, StreamingResponse
from rawasgi.routing import Route
from tests.drive import broken, converse, exchange, http, on_a_loop
from tests.test_call_next_endings import around
from tests.test_call_next_layers import (
    START,
    WHOLE,
    behind_a_timeout,
    body,
    fastapi_app,
    from_a_child_task,
    from_a_task_group,
    from_its_own_task,
    pass_on,
    plain,
    starlette_app,
    stream,
)
from tests.test_middleware import text


async def gathering(scope, receive, send):
    """Two children, one of which sends everything."""

    async def talk():
        for message in WHOLE:
            await send(message)

    await asyncio.gather(talk(), asyncio.sleep(0))


async def own_stream(request):
    """A handler of our own."""

    async def pieces():
        yield b"one"
        await asyncio.sleep(0)
        yield b"two"

    return StreamingResponse(pieces())


BELOW = [
    *(from_its_own_task, from_a_child_task, from_a_task_group, behind_a_timeout, gathering),
    App(routes=[Route("/stream", own_stream)]),
    starlette_app(plain, stream),
    fastapi_app(stream),
]


async def cancelled_after(turns, app, scope):
    """Run the app for so many turns of the loop, then cancel it; whether it was still running."""
    log: list[Any] = []

    async def below(*arguments):
        log.append("began")
        try:
            await app(*arguments)
        finally:
            try:
                await asyncio.sleep(0)  # tidying up takes a turn, and may be cancelled in its turn
            finally:
                log.append("ended")

    async def slowly(request, call_next):
        await asyncio.sleep(0)
        response = await call_next(request)
        await asyncio.sleep(0)
        return response

    call = asyncio.create_task(exchange(around(below, *[slowly] * scope.pop("count")), scope))
    for _ in range(turns):
        await asyncio.sleep(0)
    running = call.cancel()
    try:
        await call
    except asyncio.CancelledError:
        assert running
    assert log in ([], ["began", "ended"])
    return running


@pytest.mark.parametrize("spec", ["2.3", "2.4"])
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("app", BELOW, ids=lambda app: getattr(app, "__name__", type(app).__module__))
@on_a_loop
async def test_a_cancellation_at_each_await_leaves_nothing(app, count, spec):
    """Whatever turn it comes in: the app below has ended, no task is left, no coroutine was never awaited."""
    turns = 0
    while await cancelled_after(turns, app, http(path="/stream", spec=spec, count=count)):
        turns += 1
    assert turns > 3 * count
    gc.collect()  # a coroutine that was never awaited warns when it is collected, and warnings are errors


@pytest.mark.parametrize("count", [1, 3])
@on_a_loop
async def test_cancellation_is_heard_where_the_app_waits_and_may_be_answered(count):
    """The app below may catch it there, as without layers; its clean-up is awaited, its answer sent."""
    log: list[Any] = []

    async def below(scope, receive, send):
        await send(START)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            log.append("heard")
            call.uncancel()
        await send(body(b"sorry"))

    sent: list[Any] = []
    call = asyncio.create_task(exchange(around(below, *[pass_on] * count), http(), (), sent))
    for _ in range(5):
        await asyncio.sleep(0)
    call.cancel()
    await call
    assert (sent, log) == ([START, body(b"sorry")], ["heard"])


async def timing_out(send):
    async with asyncio.timeout(0):
        await asyncio.Event().wait()


async def waiting_for(send):
    await asyncio.wait_for(asyncio.Event().wait(), 0.001)


async def failing_group(send):
    async def fail():
        raise TimeoutError

    async with asyncio.TaskGroup() as group:
        group.create_task(fail())
        await asyncio.Event().wait()


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("started", [False, True])
@pytest.mark.parametrize("wait", [timing_out, waiting_for, failing_group])
def test_a_cancellation_of_the_apps_own_making_stays_below(wait, started, count):
    """Timeouts and task groups cancel the task they run in, and find their cancellation again."""

    async def below(scope, receive, send):
        if started:
            await send(START)
        try:
            await wait(send)
        except* TimeoutError:
            pass
        for message in WHOLE[started:]:
            await send(message)

    assert converse(around(below, *[pass_on] * count), http()) == WHOLE


@pytest.mark.parametrize("count", [1, 3])
@on_a_loop
async def test_a_shielded_task_survives_the_cancellation_of_the_request(count):
    """asyncio.shield keeps its word below a layer; what such a task sends afterwards is refused."""
    goes_on = asyncio.Event()
    log: list[Any] = []

    async def work(send):
        await goes_on.wait()
        try:
            await send(START)
        except BaseException as error:
            log.append(type(error))

    async def below(scope, receive, send):
        shielded.append(asyncio.create_task(work(send)))
        await asyncio.shield(shielded[0])

    async def nothing(*message):
        await asyncio.Event().wait()

    shielded: list[Any] = []
    call = asyncio.create_task(around(below, *[pass_on] * count)(http(), nothing, nothing))
    for _ in range(5):
        await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert not shielded[0].done()
    goes_on.set()
    await shielded[0]
    assert log == [asyncio.CancelledError]


def test_a_timeout_above_ends_the_app_below():
    """`asyncio.timeout` around `call_next`: the app is cancelled where it waits, and the layer answers."""
    log: list[Any] = []

    async def below(scope, receive, send):
        try:
            await asyncio.Event().wait()
        finally:
            log.append("ended")

    async def limit(request, call_next):
        try:
            async with asyncio.timeout(0.001):
                return await call_next(request)
        except TimeoutError:
            return PlainTextResponse("too slow", 504)

    assert converse(around(below, pass_on, limit, pass_on), http()) == text("too slow", 504)
    assert log == ["ended"]


@pytest.mark.parametrize("count", [0, 1, 3])
@on_a_loop
async def test_a_cancellation_reaches_what_the_app_awaits(count):
    """As Task.cancel does it: children that the app gathers are cancelled, before the app hears of it."""
    log: list[Any] = []

    async def child(name):
        try:
            await asyncio.Event().wait()
        finally:
            log.append(name)

    async def below(scope, receive, send):
        try:
            await asyncio.gather(child("one"), child("two"))
        finally:
            log.append("the app")

    call = asyncio.create_task(exchange(around(below, *[pass_on] * count), http()))
    for _ in range(5):
        await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert log == ["one", "two", "the app"]


@pytest.mark.parametrize("fails", [False, True])
def test_a_child_that_waits_behind_its_send_does_not_outlive_the_layer(fails):
    """The response is dropped, or the layer raises, while a child of the app would go on for ever."""

    async def child(send):
        await send(START)
        await asyncio.Event().wait()

    async def below(scope, receive, send):
        await asyncio.gather(child(send))

    async def end(request, call_next):
        await call_next(request)
        if fails:
            raise LookupError("above")
        return PlainTextResponse("another")

    if fails:
        sent, error = broken(around(below, end), http())
        assert (sent, repr(error)) == ([], "LookupError('above')")
    else:
        assert converse(around(below, end), http()) == text("another")
