"""An app and an exchange in -> the conversation, held on a thread of its own under a deadline, out.

[bytes > server] > app > middleware > routing > handler > response > bytes

Who looks at an app must not be caught in it. The app gets a thread and an event loop of its own: there may be a loop
here already (a notebook has one), `sys.exit` in a thread ends nobody else, and an app that never gives control back can
still be looked at from here. Whatever hangs comes back as `Hanging`, with the lines it hangs on.

Spec:         https://asgi.readthedocs.io/en/latest/specs/lifespan.html
In FastAPI:   none, because it leaves running to the server
In Starlette: starlette.testclient:TestClient, which waits as long as the app does
In Flask:     werkzeug.test:run_wsgi_app, which does too
Left out:     ending a thread that blocks: Python cannot; it is a daemon, and goes when the process does
"""

import asyncio
import functools
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from concurrent.futures import Future
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from rawasgi.instruments.conversation import Conversation, lifespan
from rawasgi.instruments.frames import Lane, running, suspended, task_lanes, thread_lanes
from rawasgi.messages.types import ASGIApp

T = TypeVar("T")
NAME = "the thread that runs the app"
GRACE = 1.0  # seconds beyond the deadline, for a loop that can still tell where the app hangs, and to clean up


class Hanging(TimeoutError):
    """The app does not go on. `lanes` is where its tasks and threads stood."""

    def __init__(self, says: str, lanes: tuple[Lane, ...]) -> None:
        super().__init__(says)
        self.lanes = lanes


class Exited(Exception):
    """The app has called `sys.exit`. As an ordinary exception, for who called the app did not want to leave."""

    def __init__(self, code: object) -> None:
        super().__init__(f"the app has called sys.exit({code!r})")


def exited(error: BaseException) -> BaseException:
    """The error itself; for `sys.exit` an exception that can be handed on."""
    return Exited(error.code) if isinstance(error, SystemExit) else error


def apart(work: Callable[[Future[T]], object], seconds: float) -> T:
    """Run `work` on a daemon thread until it has set the future that it is given: the result, or what it raises.

    Raises `Hanging` where `seconds` go by without either, and `Exited` for `sys.exit`.
    """
    said: Future[T] = Future()
    known = {*threading.enumerate()}

    def run() -> None:
        try:
            work(said)
        except BaseException as error:
            if not said.done():
                said.set_exception(exited(error))

    thread = threading.Thread(target=run, name=NAME, daemon=True)
    thread.start()
    try:
        return said.result(timeout=seconds)
    except TimeoutError:
        if said.done():
            raise
        raise blocked(thread, known, seconds) from None
    finally:
        if said.done():
            thread.join(GRACE)


def blocked(thread: threading.Thread, known: Iterable[threading.Thread], seconds: float) -> Hanging:
    """What to raise for a thread that blocks: no message can tell of it, but its lines can be seen from here."""
    lanes = (Lane(thread.name, running(thread)), *thread_lanes({*known, thread}))
    return Hanging(f"the app has not given control back for {seconds:g} s", lanes)


def looped(coroutine: Callable[[], Coroutine[Any, Any, T]], seconds: float) -> T:
    """`apart` with an event loop. The result is out before the loop is closed: what hangs there keeps nobody waiting."""

    async def tell(said: Future[T]) -> None:
        try:
            said.set_result(await coroutine())
        except Exception as error:
            unless_stopped(functools.partial(said.set_exception, error))

    return apart(lambda said: asyncio.run(tell(said)), seconds)


def unless_stopped(say: Callable[[], object]) -> None:
    """Say how it ended, unless `sys.exit` in a task of the app's has stopped the loop.

    `asyncio.run` raises that then. All else that fails only follows from it, and need not be logged either.
    """
    task = asyncio.current_task()
    if task is None or not task.cancelling():
        say()
    else:
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)


async def outlived(work: Coroutine[Any, Any, T]) -> T:
    """Await `work`, and make an ordinary exception of `sys.exit`: in a task it would stop the loop."""
    try:
        return await work
    except SystemExit as leaving:
        raise Exited(leaving.code) from None


async def limited(work: Coroutine[Any, Any, T], seconds: float, says: str) -> T:
    """Await `work`; where that takes too long, cancel it and raise `Hanging`, with all lanes that have come since."""
    threads, tasks = {*threading.enumerate()}, asyncio.all_tasks()
    task = asyncio.create_task(outlived(work))
    await asyncio.wait([task], timeout=seconds)
    if not task.done():
        stood = (
            Lane("the request", suspended(task.get_coro())),
            *(lane for _, lane in task_lanes(asyncio.get_running_loop(), {*tasks, task})),
            *thread_lanes(threads),
        )
        task.cancel()
        await asyncio.wait([task], timeout=GRACE)
        if task.done() and not task.cancelled():
            task.exception()  # whatever it has come to: asyncio need not complain that nobody has asked
        raise Hanging(f"{says} in {seconds:g} s", stood)
    if task.cancelled():
        raise RuntimeError("the app has cancelled its own task")
    return await task


@asynccontextmanager
async def started(app: ASGIApp, seconds: float) -> AsyncIterator[dict[str, Any]]:
    """The app's lifespan around what you do, with a deadline for its start and for its end; yields the state."""
    around = lifespan(app)
    state = await limited(around.__aenter__(), seconds, "the start-up has not ended")
    try:
        yield state
    finally:
        await limited(around.__aexit__(None, None, None), seconds, "the shutdown has not ended")


async def held(conversation: Conversation, seconds: float) -> Conversation:
    """Hold a conversation as a server does: with the app's lifespan around it, and its state in the scope."""
    says = "the app has not ended its call"
    if conversation.scope["type"] == "lifespan":
        await limited(conversation.run(), seconds, says)
        return conversation
    async with started(conversation.app, seconds) as state:
        conversation.scope["state"] = {**state}
        await limited(conversation.run(), seconds, says)
    return conversation


def hold(make: Callable[[], Conversation], seconds: float = 5.0) -> Conversation:
    """Make a conversation where its loop is, hold it there, and give it back. `seconds` is for each of its three parts.

    Raises what the app raises, `LifespanFailed`, `Hanging` and `Exited`.
    """

    async def made() -> Conversation:
        return await held(make(), seconds)

    return looped(made, 3 * seconds + 3 * GRACE)
