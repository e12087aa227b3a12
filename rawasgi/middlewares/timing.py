"""An app in -> the same app, whose responses say how long they took, out.

bytes > server > app > [middleware] > routing > handler > response > bytes

The smallest useful layer: it changes one message on its way out, and touches nothing else.

    {"type": "http.response.start", "status": 200, "headers": []}
    ->  the same with (b"server-timing", b"app;dur=1.7"): milliseconds from the call to the start of the response

Spec:         https://www.w3.org/TR/server-timing/#the-server-timing-header-field
In FastAPI:   none, because one writes it with @app.middleware("http")
In Starlette: none, because one writes it: starlette.middleware.base:BaseHTTPMiddleware
In Flask:     flask.app:Flask.after_request
Left out:     the time until the last body byte, which is not known when the headers go out
"""

import time
from collections.abc import Awaitable

from rawasgi.messages.types import ASGIApp, Message, Receive, Scope, Send


class TimingMiddleware:
    """Adds a Server-Timing header (in milliseconds) to every HTTP response; `name` is its metric."""

    def __init__(self, app: ASGIApp, name: str = "app") -> None:
        self.app = app
        self.name = name.encode("ascii")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Time one request; other scopes pass."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = time.perf_counter()

        def send_with_timing(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                value = b"%s;dur=%.1f" % (self.name, (time.perf_counter() - begun) * 1000)
                message = {**message, "headers": [*message.get("headers", ()), (b"server-timing", value)]}
            return send(message)

        await self.app(scope, receive, send_with_timing)
