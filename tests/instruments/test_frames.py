"""Where suspended code stands: coroutines, what hides between them, tasks and threads."""

import asyncio
import threading
from types import coroutine

import pytest

from rawasgi import App, PlainTextResponse
from rawasgi.instruments.conversation import Conversation, request
from rawasgi.instruments.frames import running, short, suspended, task_lanes, thread_lanes


@coroutine
def rest():
    yield


class Waiter:
    def __await__(self):
        return self.wait().__await__()

    async def wait(self):
        await rest()


async def pieces():
    await Waiter()
    yield 1


async def outer():
    async for _ in pieces():
        pass


def functions(lines):
    return [line.function for line in lines]


def test_the_chain_leads_through_what_does_not_say_what_it_wraps():
    """Steps of an async generator and `__await__` of a coroutine hide their frames: they are found all the same."""
    call = outer()
    call.send(None)
    assert functions(suspended(call)) == ["outer", "pieces", "Waiter.wait", "rest"]
    call.close()


def test_a_coroutine_that_has_ended_stands_nowhere():
    """No line, no error."""
    call = outer()
    call.close()
    assert suspended(call) == ()


def test_a_line_has_its_place_and_its_source():
    """The file as from where it is imported, the function by its qualified name."""
    call = outer()
    call.send(None)
    line = suspended(call)[0]
    call.close()
    assert (line.file, line.source) == ("tests/instruments/test_frames.py", "async for _ in pieces():")
    assert str(line) == f"{line.file}:{line.line} outer: async for _ in pieces():"


def test_the_app_below_a_function_style_layer_is_seen():
    """`call_next` drives the coroutine below by hand: the chain goes on where that stands."""
    app = App()

    @app.middleware("http")
    async def layer(request, call_next):
        return await call_next(request)

    @app.post("/")
    async def handler(request):
        return PlainTextResponse(await request.body())

    async def look():
        conversation = Conversation(app, request("POST", "/").scope, [])
        task = conversation.start()
        for _ in range(20):
            await asyncio.sleep(0)
        seen = functions(suspended(task.get_coro()))
        conversation.disconnect()
        await asyncio.wait([task])
        return seen

    seen = asyncio.run(look())
    assert [name for name in seen if name.startswith("test_")] == [
        "test_the_app_below_a_function_style_layer_is_seen.<locals>.layer",
        "test_the_app_below_a_function_style_layer_is_seen.<locals>.handler",
    ]


def test_tasks_and_threads_that_came_since_are_lanes():
    """In the order they were made, without those that are known."""
    released = threading.Event()

    async def look():
        own = asyncio.all_tasks()
        known = threading.enumerate()
        made = [asyncio.create_task(asyncio.sleep(9), name=f"Task-{number}") for number in (10, 9)]
        hop = asyncio.get_running_loop().run_in_executor(None, released.wait)
        await asyncio.sleep(0)
        lanes = [lane.name for _, lane in task_lanes(asyncio.get_running_loop(), own)]
        order = [task for task, _ in task_lanes(asyncio.get_running_loop(), own)]
        threads = [*thread_lanes(known)]
        released.set()
        await hop
        for task in made:
            task.cancel()
        return lanes, order == made[::-1], threads

    lanes, in_order, threads = asyncio.run(look())
    assert (lanes, in_order) == (["task sleep", "task sleep"], True)
    assert [lane.name for lane in threads] == ["thread asyncio_0"]


def test_a_thread_that_has_ended_stands_nowhere():
    """No line, no error."""
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()
    assert running(thread) == ()


@pytest.mark.parametrize(
    ("file", "is_short"),
    [
        (asyncio.__file__, "asyncio/__init__.py"),
        (__file__, "tests/instruments/test_frames.py"),
        ("<string>", "<string>"),
    ],
)
def test_a_file_is_named_as_from_where_it_is_imported(file, is_short):
    """The longest folder of the path that it lies in is left away."""
    assert short(file) == is_short
