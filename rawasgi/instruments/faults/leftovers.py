"""A call that has ended in -> the tasks, exit stacks, asynchronous generators and threads that it has left behind, out.

bytes > [server > app > middleware > routing > handler > response] > bytes

    watched = Leftovers(LeavesAfter(app, 1))
    TestClient(watched).get("/stream")
    watched.found           -> (Left("task", "worker", Line("shop.py", 40, ...)),)

Whatever a call has begun should be over when it is, however it ended: what is still there belongs to nobody. An app may
mean to leave something, a worker that outlives the request; what it leaves without any fault tells.

Looked for is only what was not there when the call began, so what the lifespan has started is no leftover. What is about
to end by itself gets turns of the event loop, and then time. Exit stacks and generators are found by asking the garbage
collector, while the call is suspended and when it has ended; nothing of the app is replaced.

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#applications
In FastAPI:   none, because it leaves this to the garbage collector
In Starlette: none, because it leaves this to the garbage collector
In Flask:     none, because a call is one function, and ends
Left out:     an exit stack that is made and lost between two awaits; open files and sockets: Python itself warns of those
"""

import asyncio
import functools
import gc
import math
import re
import threading
import traceback
import weakref
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack
from types import AsyncGeneratorType, CodeType
from typing import Any, NamedTuple

from rawasgi.instruments.faults.cancelling import Driven
from rawasgi.instruments.faults.places import generator_of, place_of, place_of_exit, place_of_running
from rawasgi.instruments.faults.workers import busy_threads
from rawasgi.instruments.frames import OWN_FOLDER, Line, chain
from rawasgi.messages.types import ASGIApp, Message, Receive, Scope, Send

TURNS = 20  # of the event loop, for what is about to end by itself
PATIENCE = 1.0  # seconds, for what needs longer: a thread that is about to return, on a busy machine
PAUSE = 0.05  # seconds between two looks
YOUNG = 2  # the generations of the garbage collector in which to look while a call runs; the old one takes long
NUMBER = re.compile(r"[-_]\d+")

Callbacks = deque[tuple[bool, Any]]  # what `ExitStack` keeps: whether it is synchronous, and the function


class Left(NamedTuple):
    """One thing that was left; `kind` is task, exit stack, asynchronous generator or thread, `place` where it stands."""

    kind: str
    name: str
    place: Line | None

    @property
    def key(self) -> tuple[str, str]:
        """What is the same thing in another call: it may stand on another line by then."""
        return self.kind, self.name

    def __str__(self) -> str:
        return f"{self.kind} {self.name}" + (f" at {self.place}" if self.place else "")


class Inventory:
    """What is there before a call, and what is there that was not. Needs the running event loop."""

    def __init__(self) -> None:
        self.tasks: weakref.WeakSet[asyncio.Task[Any]] = weakref.WeakSet(asyncio.all_tasks())
        self.busy = {thread for thread, _ in busy_threads()}
        self.threads = {*threading.enumerate()}
        found = [*suspects()]
        self.generators = weakref.WeakSet(thing for thing in found if isinstance(thing, AsyncGeneratorType))
        # The stack itself may be lost, and then nobody will ever call what it has: its callbacks are what to hold.
        self.known = {id(callbacks): callbacks for callbacks in map(callbacks_of, found) if callbacks}
        self.seen: dict[int, tuple[str, Callbacks]] = {}

    async def call(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Call an app, and look at it whenever it waits."""

        async def receive_and_look() -> Message:
            self.look()
            return await receive()

        async def send_and_look(message: Message) -> None:
            self.look()
            await send(message)

        async def called() -> None:
            await app(scope, receive_and_look, send_and_look)

        await Driven(called(), self.look)

    def look(self, generations: int = YOUNG) -> None:
        """Remember the exit stacks that are new."""
        for thing in suspects(generations):
            callbacks = callbacks_of(thing)
            if callbacks and id(callbacks) not in self.known:
                self.seen[id(callbacks)] = type(thing).__name__, callbacks

    async def left(self, patience: float = PATIENCE, familiar: Collection[tuple[str, str]] = ()) -> tuple[Left, ...]:
        """What the call has left. What is `familiar`, by its key, is told too, and not waited for."""
        await turns()
        found = self.there()
        if found:
            found = await self.there_after_collecting()
        looks = math.ceil(patience / PAUSE)  # counted, for a machine that stands still for a second uses up no patience
        while looks and any(one.key not in familiar for one in found):
            await asyncio.sleep(PAUSE)
            found, looks = self.there(), looks - 1
        return tuple(await self.there_after_collecting() if found else found)

    async def there_after_collecting(self) -> list[Left]:
        """The same without what only a cycle keeps alive."""
        gc.collect()
        await turns()
        return self.there()

    def there(self) -> list[Left]:
        """What is there now, and is new."""
        self.look(YOUNG + 1)
        tasks = [*self.new_tasks()]
        pending = [(name, callback) for name, callbacks in self.seen.values() for _, callback in [*callbacks]]
        told = {id(frame) for task in tasks for frame in chain(task.get_coro())}
        told |= {id(getattr(generator_of(callback), "ag_frame", None)) for _, callback in pending}
        return [
            *(Left("task", name_of(task.get_coro()), place_of(task.get_coro())) for task in tasks),
            *(Left("exit stack", f"{name} with {exit_name(call)}", place_of_exit(call)) for name, call in pending),
            *(
                Left("asynchronous generator", generator.__qualname__, place_of(generator))
                for generator in self.new_generators()
                if id(generator.ag_frame) not in told
            ),
            *self.new_threads(),
        ]

    def new_tasks(self) -> Iterator["asyncio.Task[Any]"]:
        """The tasks that were not there; none of the instruments' own."""
        known = {*self.tasks, asyncio.current_task()}
        for task in sorted(asyncio.all_tasks() - known, key=lambda task: (len(task.get_name()), task.get_name())):
            code: CodeType | None = getattr(task.get_coro(), "cr_code", None)
            if code is None or not code.co_filename.startswith(OWN_FOLDER):
                yield task

    def new_generators(self) -> Iterator[AsyncGeneratorType[Any, Any]]:
        """The asynchronous generators that were not there, have begun, and wait to go on."""
        for thing in suspects():
            if isinstance(thing, AsyncGeneratorType) and thing not in self.generators and not thing.ag_running:
                frame = thing.ag_frame
                # One that has not begun stands on its first line, and has nothing to tidy up.
                if frame is not None and frame.f_lineno > frame.f_code.co_firstlineno:
                    yield thing

    def new_threads(self) -> Iterator[Left]:
        """The threads that work and did not: new ones, and those of pools that have not come back."""
        for thread, frame in busy_threads():
            if thread not in self.threads or thread not in self.busy:
                name = NUMBER.sub("", thread.name)  # `Thread-9 (work)`: another number in each call
                yield Left("thread", name, place_of_running(frame))


class Leftovers:
    """An app around `app`; `found` is what its last call has left behind. For one client at a time, not for a server.

    Calls that overlap are looked at together, when the last of them has ended. An exception loses the local variables of
    its frames, as `unittest` clears them: what they hold would otherwise look left.
    """

    def __init__(
        self, app: ASGIApp, patience: float = PATIENCE, *, scopes: Sequence[str] = ("http", "websocket")
    ) -> None:
        if patience < 0:
            raise ValueError(f"patience is in seconds, 0 or more, and not {patience!r}")
        self.app = app
        self.patience = patience
        self.scopes = scopes
        self.found: tuple[Left, ...] = ()
        self.running = 0
        self.before: Inventory | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One call of the app, and a look behind it."""
        if scope["type"] not in self.scopes:
            await self.app(scope, receive, send)
            return
        if self.before is None:
            self.before = Inventory()
        before = self.before
        self.running += 1
        try:
            await before.call(self.app, scope, receive, send)
        except BaseException as error:
            forget(error)
            raise
        finally:
            self.running -= 1
            if not self.running:
                self.before = None
                self.found = await before.left(self.patience)


async def turns(count: int = TURNS) -> None:
    """Let everybody else go on."""
    for _ in range(count):
        await asyncio.sleep(0)


def suspects(generations: int = YOUNG + 1) -> Iterator[Any]:
    """The exit stacks and the asynchronous generators that the garbage collector knows in its youngest generations."""
    for generation in range(generations):
        for thing in gc.get_objects(generation):
            if is_suspect(type(thing)):  # type: ignore[arg-type]  # mypy doubts that types can be hashed
                yield thing


@functools.lru_cache(maxsize=10_000)
def is_suspect(kind: type[Any]) -> bool:
    """Whether objects of that type are looked for. Asked of the type: an object, a proxy, might answer with its own code."""
    return issubclass(kind, (ExitStack, AsyncExitStack, AsyncGeneratorType))


def callbacks_of(thing: Any) -> Callbacks | None:
    """What an exit stack still has to call; it has no public word for it."""
    return getattr(thing, "_exit_callbacks", None)


def exit_name(callback: Any) -> str:
    """What to call what an exit stack calls: the generator's name, the class of a context manager, or the function."""
    manager, plain = getattr(callback, "__self__", None), getattr(callback, "__wrapped__", callback)
    generator = generator_of(callback)
    return name_of(generator if generator is not None else plain if manager is None else type(manager))


def name_of(thing: Any) -> str:
    """What to call it: `shop.worker` is `worker`, `shop.make.<locals>.worker` too."""
    return str(getattr(thing, "__qualname__", type(thing).__name__)).rpartition("<locals>.")[2]


def forget(error: BaseException) -> None:
    """Let go of what the frames of an exception hold: its own, and those of all that led to it."""
    known: set[int] = set()
    rest: list[BaseException | None] = [error]
    while rest:
        one = rest.pop()
        if one is not None and id(one) not in known:
            known.add(id(one))
            traceback.clear_frames(one.__traceback__)
            rest += [one.__cause__, one.__context__, *getattr(one, "exceptions", ())]
