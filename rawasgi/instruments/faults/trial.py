"""An app, an exchange and a fault in -> how the call ended, and what it left, out.

bytes > [server > app > middleware > routing > handler > response] > bytes

One call after the other, on the loop of a `checking.driver`, under its deadline and its checker. First the exchange is
held without any fault, twice: what is made once and kept, by the first request of all, is nothing that a request leaves.
What the second leaves, the app means to leave. A client who waits in vain for half of the deadline goes: who streams for
ever has to notice that, and has not hung.

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#applications
In FastAPI:   none, because it leaves this to load tests
In Starlette: none, because it leaves this to load tests
In Flask:     none, because it leaves this to load tests
Left out:     two calls at a time
"""

import asyncio
import copy
import functools
import gc
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from rawasgi.instruments.apart import Exited, Hanging
from rawasgi.instruments.checking.driver import CALL, Driver, GivenUp, Talk
from rawasgi.instruments.conversation import Conversation, Exchange
from rawasgi.instruments.faults.cancelling import CancelledAt
from rawasgi.instruments.faults.leftovers import Inventory, Left, forget
from rawasgi.messages.types import ASGIApp, Message

Wrap = Callable[[ASGIApp], ASGIApp]
MOST = 8  # messages of an app that sends without end


class Sighting(NamedTuple):
    """Something was left, by this exchange, after this fault; "" is none."""

    asked: str
    fault: str
    left: Left


class Trouble(NamedTuple):
    """A call that did not end as it must, after this fault; `hanging` has the lines, where there are any."""

    asked: str
    fault: str
    says: str
    hanging: Hanging | None = None


class Outcome(NamedTuple):
    """How a call ended: what came to the client, what was raised. `is_endless` where the client had to go."""

    sent: tuple[Message, ...]
    error: Exception | None
    is_endless: bool
    reads: bool  # whether the app has asked for the body
    left: tuple[Left, ...]

    @property
    def answer(self) -> tuple[Any, bytes]:
        """Status and body."""
        status = [message["status"] for message in self.sent if "status" in message]
        return status[:1], b"".join(bytes(message.get("body", b"")) for message in self.sent)


@dataclass
class Trials:
    """All that was tried on one app, and what came of it."""

    driver: Driver
    sightings: list[Sighting] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    count: int = 0  # of the calls with a fault
    familiar: set[tuple[str, str]] = field(default_factory=set)  # was left before: need not be waited for again

    @property
    def without_fault(self) -> list[Sighting]:
        """What an app leaves by itself."""
        return [sighting for sighting in self.sightings if not sighting.fault]

    @property
    def after_faults(self) -> list[Sighting]:
        """What it leaves because of a fault."""
        return [sighting for sighting in self.sightings if sighting.fault]

    @property
    def is_bad(self) -> bool:
        """Whether a fault has left something, or was not survived."""
        return bool(self.after_faults or self.troubles)


class Subject:
    """One exchange with an app, which is to be held under many faults. Raises `GivenUp` where it cannot be held at all."""

    def __init__(self, trials: Trials, asked: str, exchange: Exchange) -> None:
        self.trials = trials
        self.driver = trials.driver
        self.asked = asked
        self.exchange = exchange
        self.usual: set[tuple[str, str]] = set()  # left without a fault
        self.fault: ASGIApp = trials.driver.checker  # the app as it was called last
        self.stays: int | None = None  # for so many messages of the app; None: for all
        self.plain = self.held("", exchange, as_it_is)
        if self.plain.is_endless:
            self.stays = min(max(len(self.plain.sent), 1), MOST)
        gc.freeze()  # what is there by now is nobody's leftover: the garbage collector need not look through it each time
        self.plain = self.held("", exchange, as_it_is)
        for left in self.plain.left:
            self.usual.add(left.key)
            self.trials.sightings.append(Sighting(asked, "", left))

    def tried(self, fault: str, wrap: Wrap, exchange: Exchange | None = None) -> Outcome | None:
        """Hold it with a fault. None where the app has not survived that. Raises `GivenUp` where no more can be tried."""
        try:
            outcome = self.held(fault, exchange or self.exchange, wrap)
        except GivenUp as given_up:
            if not isinstance(given_up.cause, Hanging):
                raise
            self.trials.count += 1
            self.trouble(self.placed(fault), str(given_up.cause), given_up.cause)
            if self.driver.is_stuck:
                raise
            return None
        if isinstance(self.fault, CancelledAt) and not self.fault.has_cancelled:
            return outcome  # this time the call has ended before: there was no fault
        self.trials.count += 1
        for left in outcome.left:
            if left.key not in self.usual:
                self.trials.sightings.append(Sighting(self.asked, self.placed(fault), left))
        if isinstance(self.fault, CancelledAt) and self.fault.is_swallowed:
            self.trouble(
                self.placed(fault), "the app swallows its cancellation: the call returns as if nothing had been"
            )
        return outcome

    def placed(self, fault: str) -> str:
        """The fault, with the line that was cancelled."""
        place = self.fault.place if isinstance(self.fault, CancelledAt) else None
        return f"{fault} ({place.file}:{place.line})" if place else fault

    def trouble(self, fault: str, says: str, hanging: Hanging | None = None) -> None:
        """Note that a call has not ended as it must."""
        self.trials.troubles.append(Trouble(self.asked, fault, says, hanging))

    def held(self, fault: str, exchange: Exchange, wrap: Wrap) -> Outcome:
        """Hold the exchange on the loop, and look behind it."""
        asked = f"{self.asked}, {fault}" if fault else self.asked
        try:
            outcome = self.driver.wait(self.hold(exchange, wrap))
        except Exception as error:
            raise GivenUp(asked, error) from error
        self.driver.talks.append(Talk(asked, outcome.sent, outcome.error))
        self.driver.attribute(asked)
        if isinstance(outcome.error, (Hanging, Exited)):
            raise GivenUp(asked, outcome.error)
        return outcome

    async def hold(self, exchange: Exchange, wrap: Wrap) -> Outcome:
        """The same on the loop."""
        driver, scope = self.driver, self.driver.scope_of(exchange.scope)
        before = Inventory()
        called = functools.partial(before.call, self.faulty(wrap))
        conversation = Conversation(called, scope, exchange.messages, leaves_after=self.stays)
        waits_in_vain = asyncio.get_running_loop().call_later(driver.seconds / 2, go, conversation)
        raised: Exception | None = None
        try:
            await driver.ended(ended(conversation, self.fault), CALL)
        except Exception as error:
            forget(error)
            raised = error
        is_endless = waits_in_vain.when() <= asyncio.get_running_loop().time()
        waits_in_vain.cancel()
        left = () if isinstance(raised, Hanging) else await before.left(familiar=self.trials.familiar)
        self.trials.familiar.update(one.key for one in left)
        reads = any(message["type"] == "http.request" for message in conversation.heard)
        return Outcome(tuple(conversation.sent), raised, is_endless, reads, left)

    def faulty(self, wrap: Wrap) -> ASGIApp:
        """The app with its fault, and the checker where it sees the fault, and no more than really comes to the server.

        A client that leaves it has to see, as the app does. A message whose `send` was cancelled it must not have seen.
        Who cancels a lifespan listens to no more of it, so there is nothing to check.
        """
        self.fault = wrap(self.driver.checker)
        if not isinstance(self.fault, CancelledAt):
            return self.fault
        self.fault = wrap(self.driver.app)
        if self.exchange.scope["type"] == "lifespan":
            return self.fault
        checker = copy.copy(self.driver.checker)  # with the same findings, and the same memory of what is served
        checker.app = self.fault
        return checker


async def ended(conversation: Conversation, app: ASGIApp) -> None:
    """Hold a conversation to its end, which may be the cancellation that was asked for."""
    try:
        await conversation.run()
    except asyncio.CancelledError:
        if not (isinstance(app, CancelledAt) and app.has_cancelled):
            raise


def go(conversation: Conversation) -> None:
    """The client has waited long enough; there is none where the server itself is the other side."""
    if conversation.scope["type"] != "lifespan":
        conversation.disconnect()


def as_it_is(app: ASGIApp) -> ASGIApp:
    """No fault."""
    return app
