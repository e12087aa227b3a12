"""`lifespan.startup` in -> your set-up run, requests let in, your tear-down run at `lifespan.shutdown` out.

bytes > server > [app] > middleware > routing > handler > response > bytes

One call of the app spans the whole life of the server. It is the only scope without a client: the server sends two
messages and waits for two answers. Your part is an async context manager: what stands before its `yield` is set-up,
what it yields becomes the `state` of every request, what stands behind is tear-down.

    receive lifespan.startup   -> enter -> send lifespan.startup.complete    or  .failed, and the server does not open
    receive lifespan.shutdown  -> exit  -> send lifespan.shutdown.complete   or  .failed, and the server says so

A failure is always reported, and then raised: a server takes an exception without a report for "this app knows no
lifespan", and opens without your database.

Spec:         https://asgi.readthedocs.io/en/latest/specs/lifespan.html
Grown from:   tiny/app.py:App.live, because state, threads and failures want their order
In FastAPI:   starlette.routing:Router.lifespan
In Starlette: starlette.routing:Router.lifespan
In Flask:     none, because WSGI has no such call: set-up runs at import, tear-down in atexit
Left out:     lifespans of mounted apps
"""

import inspect
import traceback
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from rawasgi.concurrency import name_of, threads
from rawasgi.messages.types import Receive, Scope, Send

Lifespan = Callable[[Any], AbstractAsyncContextManager[Mapping[str, Any] | None]]


@asynccontextmanager
async def nothing_to_do(app: Any) -> AsyncIterator[None]:
    """The lifespan of an app that was given none."""
    yield


def as_lifespan(lifespan: Lifespan | None) -> Lifespan:
    """The lifespan itself, if it can be one; TypeError with the remedy for a bare generator function."""
    if inspect.isasyncgenfunction(lifespan) or inspect.isgeneratorfunction(lifespan):
        raise TypeError(f"lifespan {name_of(lifespan)} is a generator: decorate it with contextlib.asynccontextmanager")
    return nothing_to_do if lifespan is None else lifespan


async def run_lifespan(lifespan: Lifespan, app: Any, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one lifespan scope: enter `lifespan(app)` at start-up, leave it at shutdown.

    RuntimeError (reported as a failed start-up) where it yields state and the server offers no place for it.
    """
    await receive()
    phase = "startup"
    try:
        async with lifespan(app) as state:
            if state:
                if "state" not in scope:
                    raise RuntimeError("the lifespan yields state, but this server's lifespan scope has no `state`")
                scope["state"].update(state)
            await send({"type": "lifespan.startup.complete"})
            await receive()
            phase = "shutdown"
    except BaseException:
        await send({"type": f"lifespan.{phase}.failed", "message": traceback.format_exc()})
        raise
    finally:
        threads.close()
    await send({"type": "lifespan.shutdown.complete"})
