"""The life of a client: one event loop, the app's lifespan around a block, and nothing left behind."""

import asyncio
import gc
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest

from rawasgi import TestClient
from rawasgi.instruments.conversation import LifespanFailed
from tests.instruments.echo import KITS, last_task
from tests.instruments.messages import notes, piece, says, start

OK = [start(), piece(b"x")]


def threads():
    """The threads of clients that run now."""
    return [thread for thread in threading.enumerate() if thread.name == "TestClient"]


@pytest.fixture(autouse=True)
def _no_thread_is_left():
    """Every test ends its clients' threads, or has them ended."""
    before = threading.active_count()
    yield
    assert threads() == []
    assert threading.active_count() <= before


@pytest.fixture(params=KITS)
def kit(request):
    """Each of the three frameworks."""
    return KITS[request.param]


def test_the_block_is_inside_the_lifespan(kit):
    """The app is up before the first request, and down after the last; its state comes with each request, as a copy."""
    log = []

    @asynccontextmanager
    async def life(app):
        log.append("up")
        yield {"shared": [], "number": 1}
        log.append("down")

    async def endpoint(request):
        request.state.shared.append(len(request.state.shared))
        request.state.number += 1
        return kit.JSONResponse([request.state.shared, request.state.number])

    with TestClient(kit.App(routes=[kit.Route("/", endpoint)], lifespan=life)) as client:
        log.append(client.get("/").json())
        log.append(client.get("/").json())
        assert client.app_state == {"shared": [0, 1], "number": 1}
    assert log == ["up", [[0], 2], [[0, 1], 2], "down"]


def test_without_the_block_there_is_no_lifespan():
    """The app is asked for requests alone, and finds no state."""
    types = []

    async def app(scope, receive, send):
        types.append((scope["type"], "state" in scope))
        await says(*OK)(scope, receive, send)

    client = TestClient(app)
    client.get("/")
    client.close()
    assert types == [("http", False)]
    assert client.app_state is None


def test_what_was_made_in_the_lifespan_works_in_requests(kit):
    """All is on one event loop: a lock and a queue that were bound to it are good in every request."""
    loops = set()

    @asynccontextmanager
    async def life(app):
        lock, queue = asyncio.Lock(), asyncio.Queue[str]()
        async with lock:
            waiting = asyncio.create_task(lock.acquire())  # a waiter binds the lock to its loop
            await asyncio.sleep(0)
            loops.add(asyncio.get_running_loop())
        await waiting
        lock.release()
        yield {"lock": lock, "queue": queue}
        loops.add(asyncio.get_running_loop())

    async def put(request):
        await request.state.queue.put("word")
        return kit.PlainTextResponse("")

    async def take(request):
        async with request.state.lock:
            loops.add(asyncio.get_running_loop())
            return kit.PlainTextResponse(await request.state.queue.get())

    app = kit.App(routes=[kit.Route("/put", put), kit.Route("/take", take)], lifespan=life)
    with TestClient(app) as client, ThreadPoolExecutor(2) as pool:
        taken = [pool.submit(client.get, "/take") for _ in range(2)]
        for _ in range(2):
            client.get("/put")
        assert [each.result().text for each in taken] == ["word", "word"]
    assert len(loops) == 1


def test_the_loop_is_the_same_without_a_lifespan():
    """A client has one from its first request to its end."""
    loops = set()

    async def app(scope, receive, send):
        loops.add(asyncio.get_running_loop())
        await says(*OK)(scope, receive, send)

    client = TestClient(app)
    assert threads() == []
    for _ in range(3):
        client.get("/")
    assert (len(loops), len(threads())) == (1, 1)
    client.close()


def test_many_threads_share_one_loop():
    """Who comes first starts it, and the others wait."""
    barrier, loops = threading.Barrier(8), set()

    async def app(scope, receive, send):
        loops.add(asyncio.get_running_loop())
        await says(*OK)(scope, receive, send)

    def ask(number):
        barrier.wait()
        return client.get("/").content

    client = TestClient(app)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == [b"x"] * 8
    assert len(loops) == 1
    client.close()


def test_a_failed_start_is_raised_and_leaves_nothing_open(kit):
    """The block is not entered; loop, thread and client are closed at once."""

    @asynccontextmanager
    async def life(app):
        if app:
            raise ArithmeticError("no room")
        yield

    client = TestClient(kit.App(lifespan=life))
    with pytest.raises(LifespanFailed, match="ArithmeticError: no room"), client:
        raise AssertionError("entered")
    assert threads() == []
    assert client.is_closed


def test_a_failed_shutdown_is_raised_after_all_was_closed(kit):
    """The message is the app's own."""

    @asynccontextmanager
    async def life(app):
        yield
        raise ArithmeticError("no way out")

    client = TestClient(kit.App(lifespan=life))
    with pytest.raises(LifespanFailed, match="ArithmeticError: no way out"), client:
        pass
    assert threads() == []
    assert client.is_closed


def test_the_shutdown_runs_when_the_block_raises(kit):
    """The error goes on unchanged, and the lifespan does not see it."""
    log = []

    @asynccontextmanager
    async def life(app):
        try:
            yield
        except LookupError:
            log.append("seen")
        log.append("down")

    with pytest.raises(LookupError, match="of the test"), TestClient(kit.App(lifespan=life)):
        raise LookupError("of the test")
    assert log == ["down"]


def test_an_app_without_lifespan_can_be_used_in_a_block():
    """It refuses the scope, is left alone, and the requests have an empty state."""

    async def app(scope, receive, send):
        if scope["type"] != "http":
            raise RuntimeError("what is that?")
        assert scope["state"] == {}
        await says(*OK)(scope, receive, send)

    with TestClient(app) as client:
        assert client.get("/").content == b"x"


def test_closing_cancels_what_still_runs():
    """Tasks of the app and tasks that it has made; their clean-up runs."""
    log = []

    async def app(scope, receive, send):
        async def child():
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)
                log.append("child")

        task = asyncio.create_task(child())
        await says(*OK)(scope, receive, send)
        try:
            await task
        finally:
            log.append("app")

    client = TestClient(app)
    client.get("/")
    client.close()
    assert sorted(log) == ["app", "child"]
    assert last_task(client).cancelled()


def test_an_open_stream_ends_with_the_block():
    """Who forgets to close it hangs up at the end: nobody waits for an endless response."""
    heard: list[Any] = []

    async def app(scope, receive, send):
        if scope["type"] == "http":
            await notes(heard, 1, start(), 1)(scope, receive, send)

    with TestClient(app) as client:
        stream = client.stream("GET", "/")
        assert stream.__enter__().status_code == 200
    assert [message["type"] for message in heard] == ["http.request", "http.disconnect"]
    del stream  # until here it was held, and open


def test_a_closed_client_takes_no_more_requests():
    """It says so, and starts no second loop."""
    client = TestClient(says(*OK))
    client.get("/")
    client.close()
    client.close()
    with pytest.raises(RuntimeError, match="closed"):
        client.get("/")


def test_a_client_that_is_lost_is_collected(caplog):
    """Loop and thread end with it, its tasks are cancelled, and asyncio has nothing to complain about."""
    ended = []

    async def app(scope, receive, send):
        await says(*OK)(scope, receive, send)
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    client = TestClient(app)
    client.get("/")
    (thread,) = threads()
    del client
    gc.collect()
    thread.join(5)
    assert not thread.is_alive()
    assert ended == [True]
    assert caplog.record_tuples == []


@contextmanager
def no_collection():
    """The collector runs when it is called."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def test_a_client_may_be_collected_on_its_own_loop():
    """The collector runs on any thread; on the client's own nobody can wait for that thread."""
    go = threading.Event()

    async def app(scope, receive, send):
        await says(*OK)(scope, receive, send)
        await asyncio.to_thread(go.wait)
        gc.collect()
        await asyncio.sleep(0)

    with no_collection():
        client = TestClient(app)
        client.get("/")
        (thread,) = threads()
        del client
        go.set()
        thread.join(5)
        assert not thread.is_alive()


def test_an_error_does_not_keep_its_client():
    """A traceback points to the client, which the client's own list of conversations must not keep alive."""

    async def app(scope, receive, send):
        raise LookupError("of the app")

    client = TestClient(app)
    with pytest.raises(LookupError):
        client.get("/")
    (thread,) = threads()
    del client
    gc.collect()
    thread.join(5)
    assert not thread.is_alive()


def test_an_app_that_swallows_its_cancellation_is_ended_too():
    """It is cancelled again."""
    log = []

    async def app(scope, receive, send):
        await says(*OK)(scope, receive, send)
        for _ in range(2):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                log.append("cancelled")

    client = TestClient(app)
    client.get("/")
    client.close()
    assert log == ["cancelled", "cancelled"]
