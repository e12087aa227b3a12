"""An app and an exchange in -> its steps out, without an event loop, without a clock; or what it needs a loop for.

bytes > [server > app] > middleware > routing > handler > response > bytes

An ASGI app is a coroutine, and a coroutine is resumed by `coroutine.send`: no loop is needed as long as the app awaits
nothing but our `receive` and `send`. These yield a `Parked`, and go on when they are resumed.

Where the running loop would be stands a `NoLoop`. Whoever asks `get_running_loop()` gets it, as under a server one gets
a loop; whoever *uses* it has forced the other driver. That is noted where it happens, and not only raised: an app may
catch the exception, and answer 500 where under a server it would answer 200.

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#applications
In FastAPI:   none, because it leaves driving to the server
In Starlette: none, because it leaves driving to the server
In Flask:     werkzeug.test:run_wsgi_app, where a call is a call
Left out:     everything that needs a loop: tasks, time, threads; `gated` has them
"""

import asyncio
import gc
import sys
import warnings
from collections.abc import Coroutine, Generator, Iterator
from contextlib import contextmanager
from contextvars import Context, copy_context
from types import coroutine
from typing import Any, NamedTuple

from rawasgi.instruments.apart import Hanging
from rawasgi.instruments.conversation import Conversation, Exchange, LifespanFailed, judge, life
from rawasgi.instruments.frames import Lane, called, suspended
from rawasgi.instruments.stepping.steps import MOST_STEPS, Ending, Forced, Kind, Step, heard_by, is_stuck, step_of
from rawasgi.messages.types import ASGIApp, Message

DONE = object()


class LoopNeeded(BaseException):
    """The app has used the loop that is not there. No `Exception`: apps catch those."""

    def __init__(self, forced: Forced) -> None:
        super().__init__(str(forced))
        self.forced = forced


class NoLoop:
    """Stands where the running loop would be; any use is noted in `demands`, then raises `LoopNeeded`."""

    def __init__(self) -> None:
        self.demands: list[Forced] = []

    def __getattr__(self, name: str) -> Any:
        raise self.demanded(f"the app uses the event loop ({name})")

    def __hash__(self) -> int:  # asyncio keeps the current task of each loop in a dict
        raise self.demanded("the app asks which task it runs in")

    def demanded(self, by: str) -> LoopNeeded:
        """Note who asks, and from where."""
        frame = sys._getframe(2)  # noqa: SLF001  # below this one and the one that noticed
        self.note(Forced(by, called(frame, end=resume.__code__)))
        return LoopNeeded(self.demands[0])

    def note(self, forced: Forced) -> None:
        """Keep a demand. From here on nobody need hear that a coroutine was never awaited, say: that is our doing."""
        self.demands.append(forced)
        warnings.simplefilter("ignore")  # until `attempt` is over

    def leave_generator(self, _: object) -> None:
        """An asynchronous generator is dropped unfinished: it is for the loop to end it."""
        self.note(Forced("the app leaves an asynchronous generator for the loop to close"))

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Stand where the loop would be, for this thread."""
        hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(finalizer=self.leave_generator)
        asyncio._set_running_loop(self)  # type: ignore[arg-type]  # noqa: SLF001  # made for who implements a loop
        try:
            yield
        finally:
            asyncio._set_running_loop(None)  # noqa: SLF001
            sys.set_asyncgen_hooks(*hooks)

    def forget(self) -> None:
        """Let go of what was abandoned; free locks and events that bound themselves to this "loop"."""
        gc.collect()
        for holder in gc.get_referrers(self):
            if isinstance(holder, dict):
                if holder.get("_loop") is self:
                    holder["_loop"] = None
            elif getattr(holder, "_loop", None) is self:
                holder._loop = None  # noqa: SLF001  # where asyncio's locks, events and queues keep it


class Parked(NamedTuple):
    """What `receive` and `send` yield."""

    kind: Kind
    message: Message | None = None


@coroutine
def park(parked: Parked) -> Generator[Parked, None, None]:
    """Suspend every layer, from here to the app."""
    yield parked


class HandDriven(Conversation):
    """A conversation whose app is suspended at each message."""

    async def receive(self) -> Message:
        """Park, then give what there is."""
        await park(Parked("receive"))
        return await super().receive()

    async def send(self, message: Message) -> None:
        """Park, then take the message."""
        await park(Parked("send", message))
        await super().send(message)

    async def something_new(self) -> None:
        """The client has said all: whoever drives decides what happens now."""
        await park(Parked("silent"))


class Call:
    """The app's coroutine, with the context that a task would give it."""

    def __init__(self, conversation: Conversation, no_loop: NoLoop) -> None:
        self.coroutine: Coroutine[Any, Any, Any] = conversation.run()
        self.context = copy_context()
        self.no_loop = no_loop

    def __iter__(self) -> Iterator[Parked]:
        """Where the app parks, one place after the other. Raises `LoopNeeded`, whatever the app has made of it."""
        while True:
            yielded: object = DONE
            try:
                with self.no_loop.in_place():
                    yielded = resume(self.coroutine, self.context)
            except StopIteration:
                pass
            except BaseException:
                if not self.no_loop.demands:
                    raise
            if yielded is not DONE and not isinstance(yielded, Parked):
                what = "the next turn of the loop" if yielded is None else f"a {type(yielded).__name__}"
                self.no_loop.note(Forced(f"the app awaits {what}", suspended(self.coroutine)))
            if self.no_loop.demands:
                raise LoopNeeded(self.no_loop.demands[0])  # not inside `except`: that would keep the app's frames alive
            if not isinstance(yielded, Parked):
                return
            yield yielded

    @property
    def lines(self) -> Lane:
        """Where it stands."""
        return Lane("the request", suspended(self.coroutine))

    def close(self) -> None:
        """End what is suspended; an app that goes on regardless is left."""
        try:
            with self.no_loop.in_place():
                self.context.run(self.coroutine.close)
        except (Exception, LoopNeeded):
            pass  # "coroutine ignored GeneratorExit", or what the app raises on its way out


def resume(call: Coroutine[Any, Any, Any], context: Context) -> object:
    """Run the app until it yields. `StopIteration` where it returns."""
    return context.run(call.send, None)


def attempt(app: ASGIApp, exchange: Exchange, steps: list[Step], leaves_at: int | None = None) -> Ending:
    """Ask the app once, and say how that ended well; its steps are added to `steps`.

    Lifespan is run around a request, and has no steps then. At step `leaves_at` (1 is the first) the client leaves. Raises
    what the app raises, `LifespanFailed`, `Hanging` where the app waits for a client that waits for it; and `LoopNeeded`,
    also where the app has answered nevertheless.
    """
    if not notices():
        raise LoopNeeded(Forced("this Python does not say who asks for the current task"))
    no_loop = NoLoop()
    with warnings.catch_warnings():
        ending = Ending("returned")
        try:
            ending = asked(app, exchange, Steps(steps, leaves_at), no_loop)
        except BaseException:
            if not no_loop.demands:
                raise
        if no_loop.demands:
            no_loop.forget()
            raise LoopNeeded(no_loop.demands[0])
    return ending


def notices() -> bool:
    """Whether a look at the current task is noticed: a Python that looks elsewhere would let an app go wrong unseen."""
    with warnings.catch_warnings():
        try:
            with NoLoop().in_place():
                asyncio.current_task()
        except LoopNeeded:
            return True
    return False


class Steps(NamedTuple):
    """The steps so far, and the number of the one at which the client leaves."""

    taken: list[Step]
    leaves_at: int | None


def asked(app: ASGIApp, exchange: Exchange, steps: Steps, no_loop: NoLoop) -> Ending:
    """Start-up, request, shutdown."""
    if exchange.scope["type"] == "lifespan":
        return walk(HandDriven(app, exchange.scope, exchange.messages), steps, no_loop)
    around = life()
    lifespan = HandDriven(app, around.scope, around.messages[:1])
    call = Call(lifespan, no_loop)
    parkings = iter(call)
    try:
        start(lifespan, call, parkings)
        scope = {**exchange.scope, "state": {**lifespan.scope["state"]}}
        ending = walk(HandDriven(app, scope, exchange.messages), steps, no_loop)
        if lifespan.app_side.state == "running":
            stop(lifespan, parkings)
        return ending
    finally:
        call.close()


def start(lifespan: HandDriven, call: Call, parkings: Iterator[Parked]) -> None:
    """Run the app's start-up. Raises `LifespanFailed` where the app reports that."""
    try:
        for parked in parkings:
            if parked.kind == "silent":
                raise Hanging("the start-up has not ended", (call.lines,))
            if lifespan.sent:
                break
    except Hanging:
        raise
    except Exception:
        pass  # "If an exception is raised … the server must continue but not send any lifespan events."
    judge(lifespan.sent[0] if lifespan.sent else None)


def stop(lifespan: HandDriven, parkings: Iterator[Parked]) -> None:
    """Run the app's shutdown. Raises `LifespanFailed` where the app reports that it failed."""
    lifespan.deliver({"type": "lifespan.shutdown"})
    try:
        for parked in parkings:
            if parked.kind == "silent":
                break
    except Exception as error:
        raise LifespanFailed("the app has ended before its shutdown was complete") from error
    judge(lifespan.sent[-1])


def walk(conversation: HandDriven, steps: Steps, no_loop: NoLoop) -> Ending:
    """The request itself."""
    call = Call(conversation, no_loop)
    try:
        for parked in call:
            if len(steps.taken) == MOST_STEPS:
                no_loop.note(Forced(f"the app has not ended after {MOST_STEPS} steps"))
                break
            waits_for = "" if parked.kind == "silent" else parked.kind
            steps.taken.append(
                step_of(conversation, parked.kind, parked.message, (call.lines._replace(waits_for=waits_for),))
            )
            if len(steps.taken) == steps.leaves_at:
                conversation.disconnect()
            elif parked.kind == "silent":
                if is_stuck(conversation):
                    raise Hanging("the app waits for a message, and the client has no more to say", (call.lines,))
                conversation.disconnect()
        return Ending("returned", heard=heard_by(conversation))
    finally:
        call.close()
