"""An app in -> the same app, and a line in the log for each request and websocket, out.

bytes > server > app > [middleware] > routing > handler > response > bytes

It reads what passes and changes nothing: the status from `http.response.start`, the bytes from the bodies, and, when
the app has returned, the route that the router wrote into the scope.

    127.0.0.1:41522 "GET /items/7 HTTP/1.1" 200 12 bytes 1.7 ms /items/{id}

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html#response-start-send-event
In FastAPI:   none, because its server writes the log: uvicorn.logging:AccessFormatter
In Starlette: none, because its server writes the log: uvicorn.logging:AccessFormatter
In Flask:     none, because its server writes the log: gunicorn.glogging:Logger
Left out:     formats to choose from
"""

import logging
import time
from collections.abc import Awaitable
from typing import Any

from rawasgi.messages.types import ASGIApp, Message, Receive, Scope, Send

ANSWERS: dict[str, Any] = {
    "http.response.start": "status",
    "websocket.accept": 101,
    "websocket.close": 403,
    "websocket.http.response.start": "status",
}


class AccessLogMiddleware:
    """Logs each answer at INFO to `logger`, by default the logger `rawasgi.access`; `-` where nothing was answered."""

    def __init__(self, app: ASGIApp, logger: logging.Logger | None = None) -> None:
        self.app = app
        self.logger = logger or logging.getLogger("rawasgi.access")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Log one request or websocket, however it ends."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        begun = time.perf_counter()
        status: int | None = None
        sent = 0

        def send_and_note(message: Message) -> Awaitable[None]:
            nonlocal status, sent
            answer = ANSWERS.get(message["type"])
            if status is None and answer is not None:
                status = message["status"] if answer == "status" else int(answer)
            sent += len(message.get("body") or message.get("bytes") or (message.get("text") or "").encode())
            return send(message)

        try:
            await self.app(scope, receive, send_and_note)
        finally:
            self.log(scope, status, sent, (time.perf_counter() - begun) * 1000)

    def log(self, scope: Scope, status: int | None, sent: int, milliseconds: float) -> None:
        """Write the line. The path is quoted as Python would, so that no client can forge a second line."""
        client = "{}:{}".format(*scope["client"]) if scope.get("client") else "-"
        request = f"{scope.get('method', 'WEBSOCKET')} {scope['path']} HTTP/{scope.get('http_version', '1.1')}"
        route = getattr(scope.get("route"), "path", "-")
        line = '%s "%s" %s %d bytes %.1f ms %s'
        self.logger.info(line, client, repr(request)[1:-1], status or "-", sent, milliseconds, route)
