"""What a call leaves behind: each kind of thing is found, named and placed, and what is nearly the same is not."""

import asyncio
import gc
import threading
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager

import pytest

from rawasgi import App, CancelledAt, LeavesAfter, Leftovers, PlainTextResponse, TestClient
from rawasgi.instruments.conversation import Conversation, request
from rawasgi.instruments.faults.leftovers import Inventory, Left
from rawasgi.instruments.frames import Line
from tests.drive import on_a_loop
from tests.instruments.faults import apps


@pytest.fixture(autouse=True)
def tidy():
    """Nothing of one test is still there in the next; the many objects of a test run are not looked through each time."""
    gc.freeze()
    yield
    gc.unfreeze()
    apps.STOP.set()
    apps.KEPT.clear()


async def found(app, wrap=lambda app: CancelledAt(app, 2), patience=0.05, exchange=None):
    """What one call leaves, told as a kind and a name with its line; tasks are ended afterwards."""
    watched = Leftovers(wrap(app), patience)
    before = asyncio.all_tasks()
    task = asyncio.create_task(Conversation(watched, *(exchange or request())).run())
    await asyncio.wait([task])
    if not task.cancelled():
        task.exception()
    for left in asyncio.all_tasks() - before:
        left.cancel()
    return [(left.kind, left.name, told(left.place)) for left in watched.found]


def told(place):
    """A line of ours; of Python's own only where it is, for its lines move from version to version."""
    return place.source if place.file.startswith("tests/") else place.file


WORKER = ("task", "worker", "await asyncio.sleep(60)")
MUTANTS = [
    ("leaves_a_task", "ends_its_task", [WORKER]),
    (
        "leaves_a_stack",
        "closes_its_stack",
        [
            ("exit stack", "AsyncExitStack with connection", "yield 7"),
            ("exit stack", "AsyncExitStack with Event.is_set", "threading.py"),
        ],
    ),
    (
        "leaves_a_generator",
        "closes_its_generator",
        [("asynchronous generator", "numbers", "yield 7")],
    ),
    ("leaves_a_thread", "ends_its_thread", [("thread", "pump", "threading.py")]),
    (
        "leaves_a_pool_busy",
        "frees_its_pool",
        [("task", "to_thread", "asyncio/threads.py"), ("thread", "asyncio", "return STOP.wait(3)")],
    ),
]


@pytest.mark.parametrize(("mutant", "neighbour", "left"), MUTANTS)
@on_a_loop
async def test_each_kind(mutant, neighbour, left):
    """After a cancellation, and after a client has left; the app that tidies up leaves nothing in either case."""
    for wrap in (lambda app: CancelledAt(app, 2), lambda app: LeavesAfter(app, 1)):
        assert await found(getattr(apps, mutant), wrap) == left
        apps.STOP.set()
        apps.KEPT.clear()
        assert await found(getattr(apps, neighbour), wrap, patience=5.0) == []


@pytest.mark.parametrize(("mutant", "neighbour", "left"), MUTANTS)
@on_a_loop
async def test_none_without_a_fault(mutant, neighbour, left):
    """Both leave nothing."""
    for name in (mutant, neighbour):
        assert await found(getattr(apps, name), lambda app: app, patience=5.0) == []


@on_a_loop
async def test_what_is_meant_to_stay_stays():
    """Also without a fault."""
    assert await found(apps.means_to_leave, lambda app: app) == [WORKER]


@on_a_loop
async def test_what_was_there_before_is_nobodys():
    """A task, a stack and a thread that somebody else has begun, and a pool that has threads already."""
    task, stack, stop = asyncio.create_task(apps.worker()), AsyncExitStack(), threading.Event()
    generator = apps.numbers()
    await anext(generator)
    await stack.enter_async_context(apps.connection())
    thread = threading.Thread(target=stop.wait)
    thread.start()
    await asyncio.to_thread(int)
    try:
        assert await found(apps.ends_its_task) == []
    finally:
        stop.set()
        thread.join()
        task.cancel()
        await generator.aclose()
        await stack.aclose()


@on_a_loop
async def test_what_ends_by_itself_is_waited_for():
    """A task that needs some time, a thread that does, and a generator that only the garbage collector can close."""

    async def app(scope, receive, send):
        async def cycle():
            held = [apps.numbers()]
            held.append(held)
            await anext(held[0])

        apps.KEPT.append(asyncio.create_task(asyncio.sleep(0.05)))
        threading.Timer(0.05, int).start()
        await cycle()

    assert await found(app, lambda app: app, patience=5.0) == []


@on_a_loop
async def test_a_stack_that_nobody_holds_any_more_is_found():
    """What it was to call will never be called; a stack of which all was taken is none."""

    async def app(scope, receive, send):
        stack, emptied = AsyncExitStack(), ExitStack()
        stack.callback(apps.STOP.clear)
        stack.push_async_callback(apps.worker)
        emptied.callback(int)
        await asyncio.sleep(0)
        emptied.pop_all().close()

    names = [(kind, name) for kind, name, _ in await found(app, lambda app: app)]
    assert names == [("exit stack", "AsyncExitStack with Event.clear"), ("exit stack", "AsyncExitStack with worker")]


@on_a_loop
async def test_a_stack_with_an_object():
    """It has the name of its class, and the line where its exit is defined."""

    class Held:
        async def __aenter__(self):
            return self

        async def __aexit__(self, *error):
            """Give it back."""

    async def app(scope, receive, send):
        stack = AsyncExitStack()
        await stack.enter_async_context(Held())
        await asyncio.sleep(0)

    (left,) = await found(app, lambda app: app)
    assert left == ("exit stack", "AsyncExitStack with Held", "async def __aexit__(self, *error):")


@on_a_loop
async def test_what_a_left_task_holds_is_told_with_it():
    """One line for a task that waits within a generator."""

    async def endless():
        await asyncio.sleep(60)
        yield

    async def consume():
        async for _ in endless():
            pass

    async def app(scope, receive, send):
        apps.KEPT.append(asyncio.create_task(consume()))
        await asyncio.sleep(0)

    assert [left[:2] for left in await found(app, lambda app: app)] == [("task", "consume")]


@on_a_loop
async def test_a_proxy_is_not_asked_what_it_is():
    """Whatever lies around in memory: no code of it runs while we look."""

    class Proxy:
        @property
        def __class__(self):
            raise AssertionError

        @__class__.setter
        def __class__(self, value): ...

    held = Proxy()
    assert await found(apps.ends_its_task) == []
    del held


@on_a_loop
async def test_familiar_things_are_told_and_not_waited_for():
    """By kind and name; who asks knows that they do not end."""
    before = Inventory()
    task = asyncio.create_task(apps.worker())
    started = asyncio.get_running_loop().time()
    (left,) = await before.left(patience=60.0, familiar={("task", "worker")})
    assert asyncio.get_running_loop().time() - started < 30
    assert left == Left("task", "worker", left.place)
    assert str(left) == f"task worker at {left.place}"
    assert isinstance(left.place, Line)
    task.cancel()


@on_a_loop
async def test_calls_that_overlap_are_looked_at_together():
    """What one of them still needs is no leftover of another."""
    watched = Leftovers(apps.ends_its_task, 0.05)
    first, second = (asyncio.create_task(Conversation(watched, *request()).run()) for _ in range(2))
    await asyncio.wait([first, second])
    assert (watched.found, watched.running) == ((), 0)


def test_under_the_test_client():
    """The lifespan's own is none of the request's; what the client itself does on the loop is none either."""
    app = App(lifespan=living)

    @app.get("/")
    async def leaves(request):
        apps.KEPT.append(asyncio.create_task(apps.worker()))
        return PlainTextResponse("done")

    @app.get("/nothing")
    async def nothing(request):
        return PlainTextResponse("done")

    watched = Leftovers(app, 0.05)
    with TestClient(watched) as client:
        client.get("/")
        client.settle()
        assert [left.key for left in watched.found] == [("task", "worker")]
        client.get("/nothing")
        client.settle()
        assert watched.found == ()


@asynccontextmanager
async def living(app):
    """A worker for as long as the app lives."""
    task = asyncio.create_task(apps.worker())
    yield
    task.cancel()


def test_less_than_no_patience():
    """ValueError, with what would be right."""
    with pytest.raises(ValueError, match="patience is in seconds, 0 or more, and not -1"):
        Leftovers(apps.ends_its_task, -1)
