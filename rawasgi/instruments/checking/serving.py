"""A call of the app in -> the rules out that it breaks beside the other calls.

[bytes > server] > app > middleware > routing > handler > response > bytes

What one call cannot show: that its scope was given before, that its state is a copy of the lifespan's, that the app had
started when it came. Kept are the calls that run, the lifespan of each event loop, and the scopes of the last few calls
that have ended: a scope that is given twice is mostly given twice in a row.

Spec:         https://asgi.readthedocs.io/en/latest/specs/lifespan.html#lifespan-state
In FastAPI:   none, because it leaves this to the server
In Starlette: none, because it leaves this to the server
In Flask:     none, because WSGI has no lifespan
Left out:     a server that never calls the lifespan: some are told not to
"""

import asyncio
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from rawasgi.instruments.checking.finding import Fault, within
from rawasgi.messages.scopes import Scope

REMEMBERED = 8  # ended calls
ABSENT = object()
Loop = asyncio.AbstractEventLoop | None  # none where an instrument drives the app by hand


class Call(Protocol):
    """One call of the app."""

    scope: Scope
    loop: Loop
    stood: str  # the state of the app's side in which the call has ended; "" while it runs

    @property
    def is_open(self) -> bool:
        """Whether the client may still wait for something."""

    @property
    def word(self) -> str:
        """The state of the app's side."""


@dataclass
class Life:
    """The lifespan of a loop: its call, whether its scope had a state, and what that held when the start-up was over."""

    call: Call
    had_state: bool
    state: dict[str, Any]

    @property
    def stood(self) -> str:
        """Where it is, or where it was when it ended."""
        return self.call.stood or self.call.word

    def has(self, key: str, value: object) -> bool:
        """Whether this is a value of its state; of one that was replaced since, either."""
        now = self.call.scope.get("state")
        return value is self.state[key] or (isinstance(now, dict) and value is now.get(key, ABSENT))


class Serving:
    """What a server has done with one app so far."""

    def __init__(self) -> None:
        self.calls: dict[int, Call] = {}  # by the id of the scope, which lives as long as its call
        self.states: dict[int, object] = {}
        self.recent: deque[tuple[Scope, object]] = deque(maxlen=REMEMBERED)
        self.lives: dict[Loop, Life] = {}

    def begin(self, call: Call) -> Iterator[Fault]:
        """A call begins: what is wrong with it, beside the others."""
        scope, kind = call.scope, call.scope["type"]
        if id(scope) in self.calls or any(scope is other for other, _ in self.recent):
            yield Fault("G16", "a scope that another call was given")
        if kind == "lifespan":
            yield from self.lifespan_faults(call)
            self.lives = {loop: life for loop, life in self.lives.items() if loop is None or not loop.is_closed()}
            self.lives[call.loop] = Life(call, "state" in scope, {})
        else:
            faults = self.state_faults(scope, self.lives.get(call.loop))
            yield from faults if kind == "http" else within("W4", faults)
            yield from self.time_faults(call)
        self.calls[id(scope)] = call
        if kind != "lifespan" and isinstance(scope.get("state"), dict):
            self.states[id(scope["state"])] = scope["state"]

    def end(self, call: Call, state: object) -> None:
        """A call has ended; `state` is what its scope had as such when it began."""
        if self.calls.get(id(call.scope)) is call:
            del self.calls[id(call.scope)]
        self.states.pop(id(state), None)
        self.recent.append((call.scope, state))
        life = self.lives.get(call.loop)
        if life is not None and life.call is call and call.stood not in ("failed", "stopped"):
            del self.lives[call.loop]  # L9: the app knows no lifespan, and is served all the same

    def started(self, call: Call) -> None:
        """The start-up of a lifespan is complete: its state is what each request gets a copy of."""
        life, state = self.lives.get(call.loop), call.scope.get("state")
        if life is not None and life.call is call and isinstance(state, dict):
            life.state = state.copy()

    def lifespan_faults(self, call: Call) -> Iterator[Fault]:
        """What is wrong with the beginning of a lifespan."""
        state = call.scope.get("state", {})
        if state != {} or not isinstance(state, dict):
            yield Fault("L2", "a state that is no empty dict at the start")
        life = self.lives.get(call.loop)
        if life is not None and not life.call.stood:
            yield Fault("L3", "a second lifespan on an event loop")

    def time_faults(self, call: Call) -> Iterator[Fault]:
        """What is wrong with the time at which a request or a websocket comes, and with the loop on which it does."""
        life = self.lives.get(call.loop)
        if life is None:
            if any(not other.call.stood for other in self.lives.values()):
                yield Fault("L3", f"{call.scope['type']} on another event loop than the lifespan")
        elif life.stood in ("awaiting_startup", "starting", "failed"):
            yield Fault("L5", f"{call.scope['type']} while the lifespan is {life.stood}")
        elif life.stood in ("stopping", "stopped"):
            yield Fault("L10", f"{call.scope['type']} after the shutdown has begun")

    def state_faults(self, scope: Scope, life: Life | None) -> Iterator[Fault]:
        """What is wrong with the state of a request."""
        state = scope.get("state", ABSENT)
        if life is not None and life.had_state != (state is not ABSENT):
            there, missing = ("lifespan", "request") if life.had_state else ("request", "lifespan")
            yield Fault("H20", f"a state in the scope of the {there}, and none in that of the {missing}")
        if not isinstance(state, dict):
            return
        is_own = life is not None and state is life.call.scope.get("state")
        if is_own or id(state) in self.states or self.was_given(state):
            yield Fault("H19", "a state that is shared with another scope")
        elif life is not None and (odd := [key for key in life.state if not life.has(key, state.get(key))]):
            yield Fault("H19", f"a state without the lifespan's own {', '.join(map(repr, odd))}")

    def was_given(self, state: object) -> bool:
        """Whether one of the last calls had this very dict as its state."""
        return any(state is other for _, other in self.recent)

    def open_beside(self, call: Call) -> int:
        """How many other calls on this loop have a client that may wait."""
        others = (other for other in self.calls.values() if other is not call and other.loop is call.loop)
        return sum(other.is_open for other in others)
