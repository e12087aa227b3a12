"""Threads and a pool of connections: nobody who gives back, or holds, waits behind those who want."""

import asyncio
import threading
from typing import Annotated

import pytest

from rawasgi.app import App
from rawasgi.concurrency import threads
from rawasgi.typed.lanes import beside, enter, hold, leave
from rawasgi.typed.params import Depends
from tests.drive import exchange, http, on_a_loop


@pytest.fixture
def three_threads():
    """A pool of three, for one test."""
    threads.resize(3)
    yield
    threads.resize(40)


async def served(app, count):
    """Ask an app so often at once; the statuses."""
    answers = await asyncio.gather(*(exchange(app, http("GET", "/")) for _ in range(count)))
    return {messages[0]["status"] for messages in answers}


@pytest.mark.usefixtures("three_threads")
@pytest.mark.parametrize("between", ["nothing", "an await"])
@on_a_loop
async def test_more_requests_than_threads_than_connections_are_all_answered(between):
    """Two connections, three threads, thirty requests, each of which blocks until it has one: none waits for ever."""
    connections = threading.BoundedSemaphore(2)

    def connection():
        connections.acquire()
        try:
            yield
        finally:
            connections.release()

    async def awaiting():
        await asyncio.sleep(0)

    app = App()
    needs = Depends(awaiting) if between == "an await" else Depends(lambda: None)

    @app.get("/")
    def endpoint(held: Annotated[None, Depends(connection)], then: Annotated[None, needs]): ...

    async with asyncio.timeout(10):
        # `exchange` looks for tasks left behind, and these are thirty: the apps are called themselves
        assert await served(app, 1) == {200}
        assert await gathered(app, 30) == {200}
    threads.close()


async def gathered(app, count):
    """The statuses of so many requests at once."""

    async def one():
        sent = []

        async def send(message):
            sent.append(message)

        await app(http("GET", "/"), None, send)
        return sent[0]["status"]

    return set(await asyncio.gather(*(one() for _ in range(count))))


@pytest.mark.usefixtures("three_threads")
@on_a_loop
async def test_a_limit_counts_who_has_the_value_and_holds_no_thread():
    """Two at once, from the beginning of the dependency to the end of the request; a third waits on the loop."""
    now, most = [0], [0]

    async def counted():
        now[0] += 1
        most[0] = max(most[0], now[0])
        await asyncio.sleep(0.001)
        yield
        now[0] -= 1

    app = App()
    limited = Depends(counted, max_concurrency=2)

    @app.get("/")
    async def endpoint(value: Annotated[None, limited]):
        await asyncio.sleep(0.001)

    assert await gathered(app, 9) == {200}
    assert (now, most) == ([0], [2])


@on_a_loop
async def test_a_limit_of_a_function_counts_its_calls():
    """It is free again when the value is there."""
    now, most = [0], [0]

    async def counted():
        now[0] += 1
        most[0] = max(most[0], now[0])
        await asyncio.sleep(0.001)
        now[0] -= 1

    app = App()

    @app.get("/")
    async def endpoint(value: Annotated[None, Depends(counted, max_concurrency=3)]): ...

    assert await gathered(app, 9) == {200}
    assert (now, most) == ([0], [3])


@on_a_loop
async def test_who_leaves_is_waited_for_though_cancelled():
    """What gives something back is run to its end, and the cancellation comes after it."""
    begun, ended, go = threading.Event(), [], threading.Event()

    def slow():
        begun.set()
        go.wait(5)
        ended.append(1)

    task = asyncio.create_task(leave(slow))
    await asyncio.to_thread(begun.wait, 5)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == [1]


@on_a_loop
async def test_a_lane_raises_what_its_call_raises_and_goes_with_the_pool():
    """Each lane has threads of its own; when the pool is closed none of them is left."""

    def fail():
        raise ValueError(threading.current_thread().name)

    names = []
    for lane in (enter, hold, leave):
        with pytest.raises(ValueError, match="rawasgi") as caught:
            await lane(fail)
        names.append(str(caught.value).partition("_")[0])
    assert names == ["rawasgi", "rawasgi-holding", "rawasgi-leaving"]
    threads.close()
    assert len(beside) == 0
