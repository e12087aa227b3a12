"""An app in -> the same app, cancelled at the await you name, out.

bytes > [server] > app > middleware > routing > handler > response > bytes

    counting = CancelledAt(app)             # 0: nothing is cancelled
    TestClient(counting).get("/")
    counting.awaits                         -> 7
    TestClient(CancelledAt(app, 3))         # each request, each websocket, at its third await

A server cancels a call when it stops, a timeout does, a task group does when a sibling fails: at whatever await the call
has just come to. An await counts where the call really lets go of the event loop, in whose code ever: at a message, at a
sleep, a lock, a thread. To count them the coroutine of the call is driven by hand, one step after the other.

Spec:         none, because it is a matter of asyncio: https://docs.python.org/3/library/asyncio-task.html#task-cancellation
In FastAPI:   none, because it leaves this to the server
In Starlette: none, because it leaves this to the server
In Flask:     none, because a thread cannot be cancelled
Left out:     awaits of tasks that the call has started: they go on until the call itself lets them go, or ends them
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Self

from rawasgi.instruments.faults.leaving import whole_number
from rawasgi.instruments.faults.places import place_of
from rawasgi.instruments.frames import Line
from rawasgi.messages.types import ASGIApp, Message, Receive, Scope, Send


class Driven:
    """A coroutine that is driven by hand; `suspends` is called whenever it waits for something.

    The same steps as `await coroutine`, in the same task and context. Who looks for the innermost line finds the
    coroutine through this object: `frames.wrapped` does.
    """

    __slots__ = ("coroutine", "suspends")

    def __init__(self, coroutine: Coroutine[Any, Any, Any], suspends: Callable[[], None]) -> None:
        self.coroutine = coroutine
        self.suspends = suspends

    def __await__(self) -> Self:
        return self

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        return self.step(self.coroutine.send, None)

    def send(self, value: Any) -> Any:
        """Go on with a value."""
        return self.step(self.coroutine.send, value)

    def throw(self, *error: Any) -> Any:
        """Go on with an exception."""
        return self.step(self.coroutine.throw, *error)

    def close(self) -> None:
        """End it."""
        self.coroutine.close()

    def step(self, resume: Callable[..., Any], *given: Any) -> Any:
        """One step. What it waits for is handed to the event loop; its StopIteration is the end."""
        waits_for = resume(*given)
        self.suspends()
        return waits_for


class CancelledAt:
    """The call is cancelled once, at the await of that `number`, counted from 1; with 0 it is only counted.

    With `turns` the cancellation comes so many turns of the event loop later, if the call still waits there: by then
    the tasks and threads that it has started are at work. `scopes` are the types of the calls that are meant.

    Of the last call: `awaits` is how many there were, `place` the line that was cancelled (None where none was),
    `is_swallowed` whether the call then returned as if nothing had been. Raises `ValueError` for negative numbers.
    """

    def __init__(
        self, app: ASGIApp, number: int = 0, *, turns: int = 0, scopes: Sequence[str] = ("http", "websocket")
    ) -> None:
        self.app = app
        self.number = whole_number("number", number, 0)
        self.turns = whole_number("turns", turns, 0)
        self.scopes = scopes
        self.awaits = 0
        self.place: Line | None = None
        self.has_cancelled = self.is_swallowed = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One call of the app. Every message is an await that waits, if only for a turn of the event loop."""
        if scope["type"] not in self.scopes:
            await self.app(scope, receive, send)
            return
        self.awaits, self.place, self.has_cancelled, self.is_swallowed = 0, None, False, False

        async def receive_in_turn() -> Message:
            await asyncio.sleep(0)
            return await receive()

        async def send_in_turn(message: Message) -> None:
            await asyncio.sleep(0)
            await send(message)

        async def called() -> None:
            await self.app(scope, receive_in_turn, send_in_turn)

        coroutine = called()
        await Driven(coroutine, lambda: self.count(coroutine))
        self.is_swallowed = self.has_cancelled

    def count(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """The call waits: cancel it, if it is time."""
        self.awaits += 1
        task = asyncio.current_task()
        if self.awaits == self.number and task is not None:
            self.cancel_in(self.turns, task, coroutine)

    def cancel_in(self, turns: int, task: "asyncio.Task[Any]", coroutine: Coroutine[Any, Any, None]) -> None:
        """Cancel now, or some turns later. The task is cancelled, not the coroutine: whatever it awaits is to know."""
        if self.awaits != self.number or coroutine.cr_frame is None:  # type: ignore[attr-defined]  # it has gone on
            return
        if turns:
            asyncio.get_running_loop().call_soon(self.cancel_in, turns - 1, task, coroutine)
            return
        self.has_cancelled = True
        self.place = place_of(coroutine)
        task.cancel()
