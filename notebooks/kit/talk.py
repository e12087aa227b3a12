"""An app and an exchange -> the whole conversation, message by message, even where it fails, out.

A `Talk` is a `Conversation` that keeps minutes: who said what, in which state that left the app, and what broke.

Left out: time. The order of messages is the lesson.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from notebooks.kit import lanes
from notebooks.kit.lanes import Event
from notebooks.kit.predictions import gate
from rawasgi.instruments.conversation import Conversation, Exchange, Stuck
from rawasgi.messages.errors import AppProtocolError, ProtocolError
from rawasgi.messages.states import RETURN
from rawasgi.messages.types import ASGIApp, Message

PATIENCE = 5.0  # seconds until an app that does nothing counts as stuck


class Talk(Conversation):
    """A conversation with its minutes in `events`. What the app raised is kept in `error`, and None if nothing."""

    def __init__(self, app: ASGIApp, exchange: Exchange, *, leaves_after: int | None = None) -> None:
        is_life = exchange.scope["type"] == "lifespan"
        incoming = self.as_the_app_answers(exchange) if is_life else exchange.messages
        super().__init__(app, exchange.scope, incoming, leaves_after=leaves_after)
        self.events: list[Event] = []
        self.error: BaseException | None = None

    async def as_the_app_answers(self, exchange: Exchange) -> AsyncIterator[Message]:
        """The messages of a lifespan: the second comes when the app is running, however long that takes."""
        for message in exchange.messages:
            while message["type"] == "lifespan.shutdown" and self.app_side.state != "running":
                await self.something_new()
            yield message

    async def receive(self) -> Message:
        """What the app awaits, noted once it has come."""
        message = await super().receive()
        self.events.append(Event("server", message, self.app_side.state))
        return message

    async def send(self, message: Message) -> None:
        """What the app calls, noted with what came of it."""
        try:
            await super().send(message)
        except (ProtocolError, OSError):
            self.events.append(Event("app", message, self.app_side.state, refused=True))
            raise
        self.events.append(Event("app", message, self.app_side.state))

    @property
    def received(self) -> list[Message]:
        """What the app was told."""
        return [event.message for event in self.events if event.who == "server"]

    @property
    def rule(self) -> str | None:
        """The number of the rule that was broken, if one was."""
        return self.error.rule_id if isinstance(self.error, ProtocolError) else None

    async def hold(self, seconds: float) -> None:
        """Have the conversation, to its end or to the error that ends it."""
        task = self.start()
        _, late = await asyncio.wait([task], timeout=seconds)
        if late:
            task.cancel()
            await asyncio.wait([task])
            self.error = Stuck("the app waits, and nothing will come")
        else:
            self.error = task.exception()
        refused = isinstance(self.error, AppProtocolError) and self.error.seen == "return"
        if refused or self.error is None:
            self.events.append(Event("app", dict(RETURN), self.app_side.state, refused))

    def __repr__(self) -> str:
        return lanes.text(self.scope["type"], self.events, self.error)

    def _repr_svg_(self) -> str:
        return lanes.svg(self.scope["type"], self.events, self.error)


async def listen(
    app: ASGIApp, exchange: Exchange, *, leaves_after: int | None = None, seconds: float = PATIENCE
) -> Talk:
    """Call an app once, and give the whole conversation; `leaves_after` messages from the app the client is gone."""
    gate()
    talk = Talk(app, exchange, leaves_after=leaves_after)
    await talk.hold(seconds)
    return talk


def life(**state: Any) -> Exchange:
    """The life of an app as its server tells it: one lifespan call, its start-up and its shutdown."""
    scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": state}
    return Exchange(scope, ({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}))
