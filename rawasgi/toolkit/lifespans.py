"""A lifespan in -> the same lifespan, which starts and stops the mounted apps too, out.

bytes > server > [app > middleware > routing] > handler > response > bytes

The trap: a server tells the lifespan to one app, the outermost. A mounted app hears of no start-up, so its pool is
never opened, and its first request fails. The cure is that the parent plays the server:

    app = App(routes=[Mount("/shop", shop)], lifespan=with_mounts(own))

    server -> app    lifespan.startup             own is entered
              app -> shop   lifespan.startup
              shop -> app   lifespan.startup.complete
    app -> server    lifespan.startup.complete

Mounts start in the order of the routes, after the app's own lifespan, and stop in reverse; at the first that fails
those already started are stopped, and the server hears lifespan.startup.failed. What a mounted app leaves in its state
is seen by its own requests alone, beside the state of the parent. The app may be of another family, or know no
lifespan: "the server must continue". It works for parents of Starlette and FastAPI as well.

Spec:         https://asgi.readthedocs.io/en/latest/specs/lifespan.html#scope
In FastAPI:   none, because mounted apps are not started: fastapi.applications:FastAPI
In Starlette: none, because mounted apps are not started: starlette.routing:Mount
In Flask:     none, because WSGI tells no application that the server starts: werkzeug.middleware.dispatcher:DispatcherMiddleware
Left out:     mounts of mounted apps, which are the mounted app's to start: with_mounts() there
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from rawasgi.concurrency import Lifespan, as_lifespan
from rawasgi.messages.states import LIFESPAN_APP, Side
from rawasgi.messages.types import ASGIApp, Message, Receive, Scope, Send

GRACE = 1.0  # seconds for an app to return after it has reported the end of its lifespan
logger = logging.getLogger("rawasgi.lifespans")


class LifespanError(Exception):
    """A mounted app reported that its start-up or its shutdown failed; `str` has its message."""


def with_mounts(lifespan: Lifespan | None = None) -> Lifespan:
    """The lifespan of an app, with those of the apps mounted in it, by path or by host, inside.

    Raises `LifespanError` inside the lifespan, so that the server hears `lifespan.startup.failed`, or
    `lifespan.shutdown.failed` when all others have been stopped.
    """
    own = as_lifespan(lifespan)

    @asynccontextmanager
    async def with_mounted_apps(app: Any) -> AsyncIterator[Mapping[str, Any]]:
        async with AsyncExitStack() as stack:
            state = await stack.enter_async_context(own(app)) or {}
            started: dict[int, dict[str, Any]] = {}  # by identity: an app may be mounted twice
            for mount, where, below in mounts(app):
                if id(below) not in started:
                    started[id(below)] = await stack.enter_async_context(alive(below, where))
                stack.callback(setattr, mount, "app", mount.app)
                mount.app = WithState(mount.app, started[id(below)])
            yield state

    return with_mounted_apps


def mounts(app: Any) -> Iterator[tuple[Any, str, ASGIApp]]:
    """The mounts among the routes of an app, each with its place and the app below, without layers around it.

    Routes below a path, without an app of their own, are looked through.
    """
    for route in app.routes:
        if not hasattr(route, "app") or hasattr(route, "endpoint"):
            continue
        below = getattr(route, "base_app", None) or getattr(route, "_base_app", None) or route.app
        yield route, getattr(route, "path", None) or getattr(route, "host", None) or "/", below
        if is_router(below):
            yield from mounts(below)


def is_router(app: Any) -> bool:
    """Whether these are mere routes, which belong to the app around them, and not an app."""
    return hasattr(app, "routes") and not hasattr(app, "build_middleware_stack")


class WithState:
    """An app whose requests see the state that its own lifespan has made, beside that of its parent."""

    def __init__(self, app: ASGIApp, state: dict[str, Any]) -> None:
        self.app = app
        self.state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the app with a state of its own."""
        await self.app({**scope, "state": {**(scope.get("state") or {}), **self.state}}, receive, send)


@asynccontextmanager
async def alive(app: ASGIApp, where: str) -> AsyncIterator[dict[str, Any]]:
    """Start an app as a server would, yield the state it has made, and stop it. `where` names it in errors.

    An app that ends, or raises, before it has answered `lifespan.startup` knows no lifespan, and is left alone.
    """
    state: dict[str, Any] = {}
    inbox: asyncio.Queue[Message] = asyncio.Queue()
    outbox: asyncio.Queue[Message] = asyncio.Queue()
    side = Side(LIFESPAN_APP)

    async def receive() -> Message:
        message = await inbox.get()
        side.hears(message)
        return message

    async def send(message: Message) -> None:
        side.says(message)  # an app that was written for http alone may say anything
        outbox.put_nowait(message)

    scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": state}
    inbox.put_nowait({"type": "lifespan.startup"})
    living = asyncio.ensure_future(app(scope, receive, send))
    try:
        if answer := await next_message(outbox, living):
            hold_to_its_word(answer, f"the app at {where} failed to start")
        try:
            yield state
        finally:
            if answer is not None:
                inbox.put_nowait({"type": "lifespan.shutdown"})
                hold_to_its_word(await next_message(outbox, living), f"the app at {where} failed to stop")
                await asyncio.wait([living], timeout=GRACE)
    finally:
        living.cancel()
        await asyncio.wait([living])
        if not living.cancelled() and (error := living.exception()) is not None:
            logger.debug("the lifespan of the app at %s ended with %r", where, error)


async def next_message(outbox: "asyncio.Queue[Message]", living: "asyncio.Future[Any]") -> Message | None:
    """What the app says next; None where it has ended and will say nothing."""
    coming = asyncio.ensure_future(outbox.get())
    try:
        await asyncio.wait([coming, living], return_when=asyncio.FIRST_COMPLETED)
        await asyncio.sleep(0)  # what was put just before the end is there after one turn
        return coming.result() if coming.done() else None
    finally:
        coming.cancel()


def hold_to_its_word(answer: Message | None, otherwise: str) -> None:
    """Raise `LifespanError` for an answer that reports a failure, and for none."""
    if answer is None or answer["type"].endswith(".failed"):
        why = "it ended without a word" if answer is None else answer.get("message") or answer["type"]
        raise LifespanError(f"{otherwise}: {why}")
