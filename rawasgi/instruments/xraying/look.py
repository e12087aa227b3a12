"""An app and an exchange in -> one run of it, looked at from all sides, out.

bytes > [server > app > middleware > routing > handler > response] > bytes

The app is asked twice, if asking again changes nothing. The first time a witness hears of every call, and probes stand between the layers: that makes
it slow, and tells what happens. The second time only its pulse is taken: that tells whether it computes too long.

Spec:         none, because the specification says what an app sends, not how it comes to it
In FastAPI:   none, because it leaves this to debuggers
In Starlette: none, because it leaves this to debuggers
In Flask:     none, because it leaves this to debuggers
Left out:     what depends on other requests at the same time
"""

import asyncio
import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from rawasgi.instruments.apart import GRACE, Hanging, held, hold, looped
from rawasgi.instruments.conversation import Conversation, Exchange
from rawasgi.instruments.frames import Line
from rawasgi.instruments.layers import layers_of, probed, walk
from rawasgi.instruments.tracing.events import Event
from rawasgi.instruments.tracing.recorder import Recorder
from rawasgi.instruments.xraying.blocking import Blocking
from rawasgi.instruments.xraying.cost import is_repeatable
from rawasgi.instruments.xraying.pulse import taken
from rawasgi.instruments.xraying.remarks import Remarks
from rawasgi.instruments.xraying.sight import Account, Held, Look
from rawasgi.instruments.xraying.solving import Solving
from rawasgi.instruments.xraying.stretches import Stretches, stretches_of
from rawasgi.instruments.xraying.users import head, is_users
from rawasgi.instruments.xraying.variables import Variables
from rawasgi.instruments.xraying.witness import Clock, Witness
from rawasgi.messages.types import ASGIApp, Message

STARTS = ("http.response.start", "websocket.accept")


def looked(
    app: ASGIApp, exchange: Exchange, seconds: float = 5.0, on_event: Callable[[Event], object] = lambda event: None
) -> Look:
    """Ask an app, with a witness and probes around it; `on_event` hears of what happens, while it does.

    What the app raises is in the result, `Hanging` too.
    """
    eyes = Eyes(exchange.scope["type"])
    registered = handlers_of(app)

    def note(event: Event) -> None:
        eyes.note(event)
        on_event(event)

    recorder = Recorder((exchange.scope["type"],), note)
    error: Exception | None = None
    with probed(app, recorder.probe) as watched, eyes.witness.hooked():
        try:
            looped(lambda: eyes.hold(anew(watched, exchange, Conversation), seconds), 3 * seconds + 3 * GRACE)
        except Exception as raised:
            error = raised
    eyes.close()
    if eyes.witness.failure is not None:
        raise RuntimeError("the witness has failed") from eyes.witness.failure
    held: Sequence[Held] = eyes.blocking.held
    if isinstance(error, Hanging):
        held = held or (*hung(error, seconds),)
    elif is_repeatable(exchange):
        held = (*held, *pulse_of(app, exchange, seconds))
    return Look(
        app,
        layers_of(app),
        exchange,
        recorder.told(),
        tuple(recorder.sent),
        stretches_of(eyes.stretches.ran),
        tuple(held),
        eyes.solving.dependencies(eyes.stretches.ran, eyes.started, exchange.scope["type"] == "websocket"),
        error,
        eyes.account(tuple(item for item in handlers_of(app) if item not in registered)),
    )


def handlers_of(app: ASGIApp) -> list[tuple[Any, Any]]:
    """The exception handlers that are registered with an app and with those it mounts."""
    tables = [getattr(layer.app, "exception_handlers", None) for layer in walk(layers_of(app))]
    return [item for table in tables if isinstance(table, dict) for item in table.items()]


C = TypeVar("C", bound=Conversation)


def anew(app: ASGIApp, exchange: Exchange, kind: Callable[..., C]) -> C:
    """A conversation of its own: apps write into the scope that they are given.

    A websocket's client leaves when it has said all: nobody may be left to wait for another word.
    """
    scope = {**exchange.scope}
    if "state" in scope:
        scope["state"] = {**scope["state"]}
    messages = [{**message} for message in exchange.messages]
    if scope["type"] == "websocket" and not any(message["type"] == "websocket.disconnect" for message in messages):
        messages.append({"type": "websocket.disconnect", "code": 1000, "reason": ""})
    return kind(app, scope, messages)


class Eyes:
    """All watchers of a run, and the clock that they share."""

    def __init__(self, kind: str) -> None:
        self.clock = Clock()
        self.stretches = Stretches(self.clock)
        self.solving = Solving(self.clock, self.stretches)
        self.blocking = Blocking(self.clock)
        self.variables = Variables(self.clock)
        self.remarks = Remarks(self.clock)
        self.watchers = (self.stretches, self.solving, self.blocking, self.variables, self.remarks)
        self.witness = Witness(self.clock, self.watchers)
        self.started: int | None = None  # the tick of the start of the response
        self.left: tuple[Line, ...] = ()
        self.counts_blocking = kind != "lifespan"
        self._before: set[Any] = set()

    async def hold(self, conversation: Conversation, seconds: float) -> None:
        """Hold a conversation on the loop that is watched."""
        self.clock.look_here()
        await held(conversation, seconds)

    def note(self, event: Event) -> None:
        """Put an event of the trace between the ticks."""
        self.clock.seq = event.seq
        if event.layer > 0:
            return
        if event.kind == "enter":
            self._before = asyncio.all_tasks()
            self.blocking.is_on = self.counts_blocking
        elif event.kind in ("return", "raise"):
            self.blocking.is_on = False
            if (event.message or {}).get("type") != "CancelledError":  # we have ended the call: it was not done yet
                self.left = tuple(head(task.get_coro().cr_code) for task in forgotten(self._before))
        elif event.kind == "send" and event.message is not None and event.message["type"] in STARTS:
            self.started = self.clock.tick()

    def close(self) -> None:
        """Let go of everything of the app's that was watched."""
        for watcher in self.watchers:
            watcher.close()
        self._before = set()

    def account(self, late: tuple[tuple[Any, Any], ...]) -> Account:
        """What was seen, for the findings."""
        return Account(
            tuple(self.stretches.ran),
            tuple(dict.fromkeys(self.variables.lost)),
            tuple(self.remarks.asked),
            tuple(self.remarks.answered),
            self.left,
            late,
            self.solving.endpoint,
        )


def forgotten(before: set[Any]) -> Iterator[Any]:
    """The tasks since `before` that still run, and that nobody waits for or is told the end of.

    A task group, `gather` and `add_done_callback` all hear of the end of a task by a callback. Who has cancelled a task
    has thought of it.
    """
    for task in asyncio.all_tasks() - before - {asyncio.current_task()}:
        is_heard = bool(getattr(task, "_callbacks", None)) or task.cancelling()
        coroutine = task.get_coro()
        if not is_heard and inspect.iscoroutine(coroutine) and is_users(coroutine.cr_code):
            yield task


class Pulsed(Conversation):
    """A conversation that takes the pulse of its loop while the app is called."""

    pulse: Sequence[Held] = ()

    async def run(self) -> list[Message]:
        """Call the app to its end."""
        async with taken() as self.pulse:
            return await super().run()


def pulse_of(app: ASGIApp, exchange: Exchange, seconds: float) -> Sequence[Held]:
    """Ask the app once more, with nothing around it, and see how long it computes in one piece."""
    if exchange.scope["type"] == "lifespan":
        return ()  # a start-up may compute: nobody is served yet
    conversation = anew(app, exchange, Pulsed)
    with suppress(Exception):  # the first run has seen it already
        hold(lambda: conversation, seconds)
    return conversation.pulse


def hung(error: Hanging, seconds: float) -> Iterator[Held]:
    """A loop that has never come back was held by its last line."""
    if error.lanes and error.lanes[0].name == "the thread that runs the app":
        yield Held("python", seconds, error.lanes[0].lines)
