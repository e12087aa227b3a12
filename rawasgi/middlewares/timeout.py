"""An app in -> the same app, which answers in time or is ended, out.

bytes > server > app > [middleware] > routing > handler > response > bytes

The deadline is for the response as a whole, from the call to its last byte; background tasks have none. When it passes,
the app is cancelled where it waits, and the layer waits until it has tidied up: nothing of the app runs on behind
the answer. A thread cannot be cancelled, so a `def` handler is waited for, however long it takes.

    nothing sent yet  ->  504, `Gateway Timeout`
    started already   ->  TimeoutError goes on to the server, which tears the body: the client sees that it is not whole

Spec:         https://www.rfc-editor.org/rfc/rfc9110#section-15.6.5
In FastAPI:   none, because one writes it
In Starlette: none, because one writes it
In Flask:     none, because the server kills the worker: gunicorn.arbiter:Arbiter.murder_workers
Left out:     deadlines for single routes, which are a decorator's work
"""

import asyncio

from rawasgi.messages.types import ASGIApp, Message, Receive, Scope, Send
from rawasgi.responses import UNCOMMITTED, PlainTextResponse


class TimeoutMiddleware:
    """Gives the app `timeout` seconds for each response. Websockets and the lifespan have no deadline.

    ValueError for a timeout that is not above zero.
    """

    def __init__(self, app: ASGIApp, timeout: float) -> None:
        if not timeout > 0:
            raise ValueError(f"timeout is a number of seconds above zero, not {timeout!r}")
        self.app = app
        self.timeout = timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request in time."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        deadline = asyncio.timeout(self.timeout)
        started = False

        async def send_in_time(message: Message) -> None:
            nonlocal started
            started = started or message["type"] not in UNCOMMITTED
            await send(message)
            if ends_response(message) and not deadline.expired():
                deadline.reschedule(None)  # what follows is a background task

        try:
            async with deadline:
                await self.app(scope, receive, send_in_time)
        except TimeoutError:
            if started or not deadline.expired():  # too late to answer, or a timeout of the app's own
                raise
            await PlainTextResponse("Gateway Timeout", 504)(scope, receive, send)


def ends_response(message: Message) -> bool:
    """Whether nothing of the body follows this message."""
    if message["type"] == "http.response.body":
        return not message.get("more_body", False)
    return bool(message["type"] == "http.response.pathsend")
