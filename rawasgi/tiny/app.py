"""A scope in -> your function, and its answer as messages out.

bytes > server > [app > middleware > routing > handler > response] > bytes

An ASGI framework is one callable that looks at `scope["type"]`: for "lifespan" it starts and stops something, for
"http" and "websocket" it finds your function by the path. Everything else is comfort: `Request` reads the scope and
asks `receive` for you, `Response` says its two messages for you, and middleware is an app that calls an app.

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#applications
In FastAPI:   fastapi.applications:FastAPI
In Starlette: starlette.applications:Starlette
In Flask:     flask.app:Flask
Left out:     typed parameters, mounts, redirects, cookies, forms, files, background tasks, threads for `def` handlers
"""

import json
import re
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any
from urllib.parse import parse_qsl

from rawasgi.messages.types import ASGIApp, Message, Receive, Scope, Send

Lifespan = Callable[["App"], AbstractAsyncContextManager[dict[str, Any] | None]]


class HTTPException(Exception):
    """Raise it in a handler to answer with `status_code` and `detail` as plain text."""

    def __init__(self, status_code: int, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.response = Response(detail, status_code, headers)


class WebSocketDisconnect(Exception):
    """The client has closed the websocket, with `code` (1005 where its close frame had none)."""

    def __init__(self, code: int) -> None:
        super().__init__(f"closed with {code}")
        self.code = code


class Connection:
    """What an HTTP request and a websocket have in common: the scope, in words."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope, self.receive_message, self.send_message = scope, receive, send
        self.method: str = scope.get("method", "")  # a websocket has none
        self.path: str = scope["path"]
        self.path_params: dict[str, str] = scope["path_params"]
        self.headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        self.query = dict(parse_qsl((scope.get("query_string") or b"").decode("latin-1"), keep_blank_values=True))
        self.state: dict[str, Any] = scope.get("state", {})


class Request(Connection):
    """An HTTP request. Its body comes in messages: it is read once, and only when a handler asks for it."""

    async def stream(self) -> AsyncIterator[bytes]:
        """The body, piece by piece; ConnectionError where the client leaves before its end."""
        more = True
        while more:
            message = await self.receive_message()
            if message["type"] == "http.disconnect":
                raise ConnectionError("the client left before its body was complete")
            yield message.get("body", b"")
            more = message.get("more_body", False)

    async def body(self) -> bytes:
        return b"".join([piece async for piece in self.stream()])

    async def json(self) -> Any:
        try:
            return json.loads(await self.body())
        except (ValueError, RecursionError) as error:  # the second where it is nested too deep
            raise HTTPException(400, "Malformed JSON") from error


class Response:
    """An answer, which is an ASGI app itself: text, bytes, an async iterator of bytes, or data for JSON."""

    def __init__(self, content: Any = b"", status_code: int = 200, headers: dict[str, str] | None = None) -> None:
        about = {}
        if isinstance(content, str):
            content, about = content.encode(), {"content-type": "text/plain; charset=utf-8"}
        elif not isinstance(content, bytes | AsyncIterator):
            content, about = json.dumps(content, separators=(",", ":")).encode(), {"content-type": "application/json"}
        if isinstance(content, bytes) and status_code not in (204, 304):
            about["content-length"] = str(len(content))
        about |= {name.lower(): value for name, value in (headers or {}).items()}
        self.content, self.status_code, self.headers = content, status_code, about

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":  # no socket was accepted, so "close" is an HTTP 403
            await receive()
            await send({"type": "websocket.close"})
            return
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in self.headers.items()]
        await send({"type": "http.response.start", "status": self.status_code, "headers": headers})
        if isinstance(self.content, AsyncIterator) and scope["method"] != "HEAD":
            async for piece in self.content:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        last = self.content if isinstance(self.content, bytes) and scope["method"] != "HEAD" else b""
        await send({"type": "http.response.body", "body": last})


class WebSocket(Connection):
    """A websocket: first `accept` or `close`, then as many messages either way as you like."""

    async def accept(self, subprotocol: str | None = None) -> None:
        await self.receive_message()  # "websocket.connect": only after it we may answer
        await self.send_message({"type": "websocket.accept", "subprotocol": subprotocol})

    async def receive(self) -> Any:
        """The next message, text as str, binary as bytes; `WebSocketDisconnect` once the client has closed."""
        message = await self.receive_message()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005))
        return message["text"] if message.get("text") is not None else message["bytes"]

    async def send(self, data: str | bytes) -> None:
        await self.send_message({"type": "websocket.send", "text" if isinstance(data, str) else "bytes": data})

    async def close(self, code: int = 1000, reason: str = "") -> None:
        await self.send_message({"type": "websocket.close", "code": code, "reason": reason})


class Route:
    """A path template such as "/items/{id}", the methods it answers, and your function."""

    def __init__(self, path: str, handler: Callable[[Any], Awaitable[Response | None]], methods: set[str]) -> None:
        self.pattern = re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path)))
        self.handler, self.methods = handler, methods


def find_route(routes: list[Route], path: str, method: str) -> tuple[Route, dict[str, str]]:
    """The first route that fits, and its path parameters; HTTPException 405 or 404 where none does."""
    allowed: set[str] = set()
    for route in routes:
        if found := route.pattern.fullmatch(path):
            if method in route.methods:
                return route, found.groupdict()
            allowed |= route.methods
    if allowed := allowed - {""}:
        raise HTTPException(405, "Method Not Allowed", {"Allow": ", ".join(sorted(allowed))})
    raise HTTPException(404, "Not Found")


class App:
    """Routes, middleware and a lifespan, as one ASGI callable.

    `lifespan` is a function of the app that gives an async context manager; the dict it may yield is merged into the
    `state` of every request.
    """

    def __init__(self, lifespan: Lifespan = lambda app: nullcontext()) -> None:
        self.lifespan = lifespan
        self.routes: list[Route] = []
        self.onion: ASGIApp = self.call_handler

    def route(self, path: str, method: str) -> Callable[[Any], Any]:
        """Decorator: your function answers `method` on `path`; GET brings HEAD with it."""

        def register(handler: Any) -> Any:
            self.routes.append(Route(path, handler, {"GET", "HEAD"} if method == "GET" else {method}))
            return handler

        return register

    def get(self, path: str) -> Callable[[Any], Any]:
        return self.route(path, "GET")

    def post(self, path: str) -> Callable[[Any], Any]:
        return self.route(path, "POST")

    def websocket(self, path: str) -> Callable[[Any], Any]:
        return self.route(path, "")

    def add_middleware(self, wrapper: Callable[..., ASGIApp], **options: Any) -> None:
        """Put one more layer around all that is there: the one added last is called first."""
        self.onion = wrapper(self.onion, **options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.live(scope, receive, send)
        elif scope["type"] in ("http", "websocket"):
            await self.guard({**scope}, receive, send)  # a copy: the dict is the server's, and routing writes into it
        else:
            raise RuntimeError(f"rawasgi.tiny knows no scope type {scope['type']!r}")

    async def live(self, scope: Scope, receive: Receive, send: Send) -> None:
        """From `lifespan.startup` to `lifespan.shutdown`: all requests lie between the two."""
        await receive()
        phase = "startup"
        try:
            async with self.lifespan(self) as state:
                scope.get("state", {}).update(state or {})
                await send({"type": "lifespan.startup.complete"})
                await receive()
                phase = "shutdown"
        except Exception:
            await send({"type": f"lifespan.{phase}.failed", "message": traceback.format_exc()})
            raise
        await send({"type": "lifespan.shutdown.complete"})

    async def guard(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the onion. What nobody caught becomes a 500, if there is still time, and goes on to the server."""
        started = False

        def send_and_note(message: Message) -> Awaitable[None]:
            nonlocal started
            started = True
            return send(message)

        try:
            await self.onion(scope, receive, send_and_note)
        except Exception:
            if scope["type"] == "http" and not started:
                await Response("Internal Server Error", 500)(scope, receive, send)
            raise

    async def call_handler(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The heart of the onion: find the route, call its function, send what it returns."""
        try:
            route, scope["path_params"] = find_route(self.routes, scope["path"], scope.get("method", ""))
            response = await route.handler((Request if scope["type"] == "http" else WebSocket)(scope, receive, send))
        except HTTPException as error:
            response = error.response
        if response:
            await response(scope, receive, send)
