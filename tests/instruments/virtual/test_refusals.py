"""What takes real time is refused by name: sockets, pipes, processes, signals, and threads unless they are inline."""

import asyncio
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar

import anyio.from_thread
import anyio.to_thread
import pytest

from rawasgi import VirtualClock, VirtualEventLoop, run_in_threadpool
from rawasgi.instruments.virtual.doors import RefusedOnVirtualTime, doors
from rawasgi.instruments.virtual.loop import OUTSIDE

REMEDY = (
    " asks the world outside, which answers in real time: virtual time cannot wait for it. "
    "Put a stand-in in its place, or start a real server, on a real event loop."
)
NO_THREAD = (
    ": virtual time stands still while code runs, and cannot wait for a thread. "
    'Make it async, or have it called on the loop: threads="inline".'
)

# What a loop does by itself, without the world: all its other public methods have to be refused.
INSIDE = """
    call_at call_exception_handler call_later call_soon call_soon_threadsafe close create_future create_task
    default_exception_handler get_debug get_exception_handler get_task_factory is_closed is_running run_forever
    run_in_executor run_until_complete set_debug set_default_executor set_exception_handler set_task_factory
    shutdown_asyncgens shutdown_default_executor slow_callback_duration stop time
    remove_reader remove_signal_handler remove_writer
"""


def refused(coroutine, **options) -> str:
    """What the refusal says."""
    with VirtualClock(**options) as clock, pytest.raises(RefusedOnVirtualTime) as raised:
        clock.run(coroutine)
    return str(raised.value)


def test_every_way_to_the_world_is_known():
    """Whatever a real loop can do is either done here, or refused."""
    public = {name for name in dir(asyncio.SelectorEventLoop) if not name.startswith("_")}
    assert public - {*INSIDE.split()} == {*OUTSIDE.split()}


@pytest.mark.parametrize("name", OUTSIDE.split())
def test_a_call_to_the_world_is_refused_by_name(name):
    """At the call, so that nobody has a coroutine left to await."""
    with VirtualClock() as clock, pytest.raises(RefusedOnVirtualTime) as raised:
        getattr(clock.loop, name)()
    assert str(raised.value) == name + REMEDY


async def ask_for_a_signal():
    """Not a coroutine of asyncio's, so made one."""
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, print)


async def receive_datagrams():
    """Likewise."""
    await asyncio.get_running_loop().create_datagram_endpoint(asyncio.DatagramProtocol, ("127.0.0.1", 0))


async def read_a_socket():
    """A pair of sockets needs no network, and yet takes real time."""
    near, far = socket.socketpair()
    with near, far:
        await asyncio.get_running_loop().sock_recv(near, 1)


@pytest.mark.parametrize(
    ("ask", "name"),
    [
        (lambda: asyncio.open_connection("127.0.0.1", 1), "create_connection"),
        (lambda: asyncio.start_server(print, "127.0.0.1", 0), "create_server"),
        (lambda: asyncio.open_unix_connection("nowhere"), "create_unix_connection"),
        (lambda: asyncio.create_subprocess_exec("true"), "subprocess_exec"),
        (lambda: asyncio.create_subprocess_shell("true"), "subprocess_shell"),
        (lambda: anyio.open_process(["true"]), "subprocess_exec"),
        (ask_for_a_signal, "add_signal_handler"),
        (receive_datagrams, "create_datagram_endpoint"),
        (read_a_socket, "sock_recv"),
    ],
)
def test_what_people_call_ends_there(ask, name):
    """The functions that asyncio and anyio offer."""
    assert refused(ask()) == name + REMEDY


def test_what_could_not_be_added_need_not_be_removed():
    """As on a real loop, where nothing was added."""
    with VirtualClock() as clock:
        loop = clock.loop
        assert [loop.remove_reader(0), loop.remove_writer(0), loop.remove_signal_handler(15)] == [False] * 3


NAME = ContextVar("NAME", default="nobody")


def whoami(way="hello"):
    """A function as one would give it to a thread."""
    seen = f"{way} {NAME.get()}, {'here' if threading.current_thread() is threading.main_thread() else 'there'}"
    NAME.set("somebody else")
    return seen


async def on_a_loops_thread():
    """Through the loop's own door."""
    return await asyncio.get_running_loop().run_in_executor(None, whoami)


async def on_a_pool_of_the_apps():
    """Through a pool, of which the loop does not know."""
    with ThreadPoolExecutor(1) as pool:
        return await asyncio.wrap_future(pool.submit(whoami, way="hello"))


HOPS = {
    "asyncio.to_thread": (lambda: asyncio.to_thread(whoami), f"run_in_executor of whoami{NO_THREAD}", "me"),
    "run_in_executor": (on_a_loops_thread, f"run_in_executor of whoami{NO_THREAD}", "nobody"),
    "a pool": (on_a_pool_of_the_apps, f"submit of whoami{NO_THREAD}", "nobody"),
    "rawasgi": (lambda: run_in_threadpool(whoami), f"submit of whoami{NO_THREAD}", "me"),
    "anyio": (
        lambda: anyio.to_thread.run_sync(whoami),
        "the start of the thread 'AnyIO worker thread'"
        + NO_THREAD.replace("Make it", "Make what needs it").replace("have it", "have the functions of a pool"),
        "me",
    ),
}


@pytest.mark.parametrize("hop", HOPS)
def test_a_thread_is_refused_before_anything_runs(hop):
    """Whichever way leads to one; and none is started."""
    ask, says, _ = HOPS[hop]
    before = threading.enumerate()
    assert refused(ask()) == says
    assert threading.enumerate() == before


@pytest.mark.parametrize("hop", HOPS)
def test_a_function_for_a_thread_runs_inline_when_asked(hop):
    """On this thread, with the context variables that it would have had there, and without changing them here."""
    ask, _, name = HOPS[hop]

    async def main():
        NAME.set("me")
        return await ask(), await ask(), NAME.get()

    before = threading.enumerate()
    with VirtualClock(threads="inline") as clock:
        assert clock.run(main()) == (f"hello {name}, here", f"hello {name}, here", "me")
        assert clock.time() == 0
    assert threading.enumerate() == before


@pytest.mark.parametrize("error", [ValueError("wrong"), StopIteration(1), SystemExit(3)])
@pytest.mark.parametrize("to_thread", [asyncio.to_thread, run_in_threadpool, anyio.to_thread.run_sync])
def test_what_a_function_raises_inline_is_raised_where_it_is_awaited(to_thread, error):
    """StopIteration as a RuntimeError, which is what a coroutine can let out."""

    def fail():
        raise error

    async def main():
        try:
            await to_thread(fail)
        except BaseException as raised:
            return type(raised)

    with VirtualClock(threads="inline") as clock:
        assert clock.run(main()) is (RuntimeError if isinstance(error, StopIteration) else type(error))


def test_a_function_that_runs_inline_cannot_wait_for_its_loop():
    """It would wait for itself: asyncio's way back is refused by us, anyio's by anyio."""
    with VirtualClock(threads="inline") as clock:

        async def nothing():
            pass

        def back():
            coroutine = nothing()
            try:
                asyncio.run_coroutine_threadsafe(coroutine, clock.loop)
            finally:
                coroutine.close()

        with pytest.raises(RefusedOnVirtualTime) as raised:
            clock.run(asyncio.to_thread(back))
        assert str(raised.value) == (
            "run_coroutine_threadsafe from a function that runs inline: the loop goes on when the function has "
            "returned. Make it async, or use a real event loop."
        )
        with pytest.raises(RuntimeError, match="Not running inside an AnyIO worker thread"):
            clock.run(anyio.to_thread.run_sync(anyio.from_thread.run, nothing))


def test_a_function_that_runs_inline_may_tell_its_loop_something():
    """It does not wait for an answer."""

    async def main():
        told = asyncio.Event()
        await asyncio.to_thread(asyncio.get_running_loop().call_soon_threadsafe, told.set)
        await told.wait()

    with VirtualClock(threads="inline") as clock:
        clock.run(main())


@pytest.mark.parametrize(
    ("threads", "remedy"),
    [
        (
            "refused",
            'Make what needs it async, or have the functions of a pool called on the loop: threads="inline".',
        ),
        ("inline", "Only functions run inline: start the thread before the clock runs, or use a real event loop."),
    ],
)
def test_a_thread_of_the_apps_own_is_refused_either_way(threads, remedy):
    """It might go on for ever, and nobody could tell whether it comes back."""

    async def main():
        threading.Thread(target=print, name="reporter").start()

    assert refused(main(), threads=threads) == (
        "the start of the thread 'reporter': virtual time stands still while code runs, and cannot wait for a thread. "
        + remedy
    )


def test_other_threads_keep_their_threads():
    """The doors are watched for the loop's own thread, while it runs, and are as before afterwards."""
    before = threading.Thread.start, ThreadPoolExecutor.submit
    may_ask, has_asked = threading.Event(), threading.Event()
    came = []

    def elsewhere():
        may_ask.wait(10)
        with ThreadPoolExecutor(1) as pool:
            came.append(pool.submit(threading.get_ident).result() != threading.get_ident())
        has_asked.set()

    async def main():
        may_ask.set()
        return has_asked.wait(10)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    with VirtualClock() as clock:
        assert clock.run(main())
    thread.join()
    assert came == [True]
    assert (threading.Thread.start, ThreadPoolExecutor.submit) == before
    assert doors.ways == {}


def test_another_thread_cannot_reach_into_a_run():
    """It is told so where it tries; between two runs it may leave something."""
    said: list[str] = []

    def reach(loop):
        try:
            loop.call_soon_threadsafe(said.append, "left")
        except RefusedOnVirtualTime as error:
            said.append(str(error))

    async def main():
        may_reach.set()
        thread.join(10)

    with VirtualClock() as clock:
        may_reach = threading.Event()
        thread = threading.Thread(target=lambda: (may_reach.wait(10), reach(clock.loop)), name="stranger")
        thread.start()
        clock.run(main())
        beside = threading.Thread(target=reach, args=[clock.loop])
        beside.start()
        beside.join()
        clock.run(asyncio.sleep(0))
    refusal, left = said
    assert left == "left"
    assert refusal == (
        "call_soon_threadsafe from the thread 'stranger': virtual time cannot wait for other threads. "
        "Call the function on the loop, or use a real event loop."
    )


def test_there_are_two_ways_to_go_about_threads():
    """A word that is neither is a mistake, and named."""
    with pytest.raises(ValueError, match='threads are "refused" or run "inline", not \'outline\''):
        VirtualEventLoop("outline")
