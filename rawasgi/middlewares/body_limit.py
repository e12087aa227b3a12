"""An app in -> the same app, which no client can feed without end, out.

bytes > server > app > [middleware] > routing > handler > response > bytes

What arrives is counted, since a client may announce less than it sends, or nothing. `App(max_body_size=...)` counts
by `limit_body`; the layer brings that to apps of other families, and to parts of an app. Those may not know our HTTPException and call it a bug: whatever an app says once its request was found
too long, the client hears 413.

Spec:         https://www.rfc-editor.org/rfc/rfc9110#section-15.5.14
In FastAPI:   starlette.middleware.body_limit:RequestBodyLimitMiddleware
In Starlette: starlette.middleware.body_limit:RequestBodyLimitMiddleware
In Flask:     flask.wrappers:Request.max_content_length
Left out:     limits of single parts of a form
"""

from rawasgi.datastructures import Headers
from rawasgi.exceptions import HTTPException
from rawasgi.messages.types import ASGIApp, Message, Receive, Scope, Send
from rawasgi.responses import UNCOMMITTED, PlainTextResponse


def limit_body(receive: Receive, limit: int, scope: Scope) -> Receive:
    """A `receive` that lets at most `limit` bytes of body through, and raises HTTPException 413 at the first byte more.

    What arrives is counted; a Content-Length that is too large is believed at once.
    """
    declared = Headers(scope=scope).get("content-length", "")
    too_long = declared.isdecimal() and (len(declared) > 18 or int(declared) > limit)
    received = 0

    async def receive_within_limit() -> Message:
        nonlocal received
        if too_long:
            raise HTTPException(413, "Content Too Large")
        message = await receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise HTTPException(413, "Content Too Large")
        return message

    return receive_within_limit


class RequestBodyLimitMiddleware:
    """Ends a request body that is longer than `max_body_size` bytes with 413. ValueError for a negative size.

    An app that has answered before it read so far keeps its answer; the HTTPException then goes on to the server.
    """

    def __init__(self, app: ASGIApp, max_body_size: int) -> None:
        if max_body_size < 0:
            raise ValueError(f"max_body_size is a number of bytes, not {max_body_size}")
        self.app = app
        self.max_body_size = max_body_size

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; other scopes have no body."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limited = limit_body(receive, self.max_body_size, {**scope})  # a copy, for it makes a list of the headers
        too_long: HTTPException | None = None
        started = False

        async def receive_within_limit() -> Message:
            nonlocal too_long
            try:
                return await limited()
            except HTTPException as error:
                too_long = error
                raise

        async def send_if_within_limit(message: Message) -> None:
            nonlocal started
            if started or too_long is None or says_too_long(message):
                started = started or message["type"] not in UNCOMMITTED
                await send(message)

        async def answer() -> bool:
            if too_long is None or started:
                return False
            await PlainTextResponse(too_long.detail, too_long.status_code)(scope, receive, send)
            return True

        try:
            await self.app(scope, receive_within_limit, send_if_within_limit)
        except Exception as error:
            if not await answer() or error is not too_long:
                raise
        else:
            await answer()


def says_too_long(message: Message) -> bool:
    """Whether an app that knows what happened starts its own 413."""
    return bool(message["type"] == "http.response.start" and message["status"] == 413)
