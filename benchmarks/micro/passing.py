"""Workloads of what passes through: layers, a stream, a body, the messages of a websocket."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from fastapi import FastAPI
from fastapi import WebSocket as FastAPIWebSocket
from starlette.applications import Starlette
from starlette.middleware import Middleware as StarletteMiddleware
from starlette.middleware.base import BaseHTTPMiddleware as StarletteBaseHTTPMiddleware
from starlette.requests import Request as StarletteRequest
from starlette.responses import PlainTextResponse as StarlettePlainTextResponse
from starlette.responses import StreamingResponse as StarletteStreamingResponse
from starlette.routing import Route as StarletteRoute
from starlette.routing import WebSocketRoute as StarletteWebSocketRoute
from starlette.websockets import WebSocket as StarletteWebSocket

from benchmarks.micro.answering import FOUND, HEADERS, hello, hello_fastapi, hello_starlette
from benchmarks.micro.workload import Workload
from rawasgi import (
    App,
    BaseHTTPMiddleware,
    Middleware,
    PlainTextResponse,
    Request,
    Route,
    StreamingResponse,
    WebSocket,
    WebSocketDisconnect,
    WebSocketRoute,
)
from rawasgi.instruments.conversation import handshake, request
from rawasgi.messages.types import ASGIApp, Message, Receive, Scope, Send

MIB, CHUNK = 1024 * 1024, 64 * 1024
PIECES = [bytes([65 + number]) * CHUNK for number in range(MIB // CHUNK)]
MESSAGES = 100


class Pass:
    """A pure layer: it looks at the start of the response, and lets it pass."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wrap `send`, as layers do."""

        async def send_with_look(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"].append((b"x-layer", b"1"))
            await send(message)

        await self.app(scope, receive, send_with_look)


def layered(app: ASGIApp) -> ASGIApp:
    """Five pure layers around a bare callable."""
    for _ in range(5):
        app = Pass(app)
    return app


async def look(request: Any, call_next: Callable[[Any], Awaitable[Any]]) -> Any:
    """A layer written as a function."""
    response = await call_next(request)
    response.headers["x-layer"] = "1"
    return response


async def bare_with_header(scope: Scope, receive: Receive, send: Send) -> None:
    """What comes out of five function-style layers."""

    async def send_with_header(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"].append((b"x-layer", b"1"))
        await send(message)

    await FOUND(scope, receive, send_with_header)


def with_layers(layer: Any, starlette_layer: Any, **options: Any) -> dict[str, ASGIApp]:
    """The three frameworks, each with five layers."""
    fastapi_app = FastAPI(openapi_url=None, middleware=[StarletteMiddleware(starlette_layer, **options)] * 5)
    fastapi_app.get("/")(hello_fastapi)
    return {
        "rawasgi": App(routes=[Route("/", hello)], middleware=[Middleware(layer, **options)] * 5),
        "Starlette": Starlette(
            routes=[StarletteRoute("/", hello_starlette)],
            middleware=[StarletteMiddleware(starlette_layer, **options)] * 5,
        ),
        "FastAPI": fastapi_app,
    }


async def pieces() -> AsyncIterator[bytes]:
    """1 MiB in pieces of 64 KiB."""
    for piece in PIECES:
        yield piece


async def bare_stream(scope: Scope, receive: Receive, send: Send) -> None:
    """The bare callable that streams."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    async for piece in pieces():
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def stream(request: Request) -> StreamingResponse:
    """Ours."""
    return StreamingResponse(pieces())


async def stream_starlette(request: StarletteRequest) -> StarletteStreamingResponse:
    """Starlette's."""
    return StarletteStreamingResponse(pieces())


async def stream_fastapi() -> StarletteStreamingResponse:
    """FastAPI's."""
    return StarletteStreamingResponse(pieces())


async def bare_length(scope: Scope, receive: Receive, send: Send) -> None:
    """The bare callable that reads a body and tells its length."""
    parts, more = [], True
    while more:
        message = await receive()
        parts.append(message["body"])
        more = message["more_body"]
    body = b"%d" % len(b"".join(parts))
    headers = [(b"content-length", b"%d" % len(body)), (b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def length(request: Request) -> PlainTextResponse:
    """Ours."""
    return PlainTextResponse(str(len(await request.body())))


async def length_starlette(request: StarletteRequest) -> StarlettePlainTextResponse:
    """Starlette's."""
    return StarlettePlainTextResponse(str(len(await request.body())))


async def length_fastapi(request: StarletteRequest) -> StarlettePlainTextResponse:
    """FastAPI's."""
    return StarlettePlainTextResponse(str(len(await request.body())))


async def bare_echo(scope: Scope, receive: Receive, send: Send) -> None:
    """The bare callable that echoes."""
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message["text"]})


async def echo(websocket: WebSocket) -> None:
    """Ours."""
    await websocket.accept()
    try:
        while True:
            await websocket.send_text(await websocket.receive_text())
    except WebSocketDisconnect:
        pass


async def echo_starlette(websocket: StarletteWebSocket) -> None:
    """Starlette's."""
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(text)


async def echo_fastapi(websocket: FastAPIWebSocket) -> None:
    """FastAPI's."""
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(text)


def with_handlers(own: Any, starlettes: Any, fastapis: Any, method: str = "GET") -> dict[str, ASGIApp]:
    """The three frameworks, each with its handler."""
    fastapi_app = FastAPI(openapi_url=None)
    if method == "WS":
        fastapi_app.websocket("/")(fastapis)
        return {
            "rawasgi": App(routes=[WebSocketRoute("/", own)]),
            "Starlette": Starlette(routes=[StarletteWebSocketRoute("/", starlettes)]),
            "FastAPI": fastapi_app,
        }
    fastapi_app.api_route("/", methods=[method], response_model=None)(fastapis)
    return {
        "rawasgi": App(routes=[Route("/", own, methods=[method])]),
        "Starlette": Starlette(routes=[StarletteRoute("/", starlettes, methods=[method])]),
        "FastAPI": fastapi_app,
    }


STREAMS = {"bare": bare_stream, **with_handlers(stream, stream_starlette, stream_fastapi)}
said = [*map(str, range(MESSAGES))]
talk = handshake("/", *said, headers=HEADERS)
TALK = talk._replace(messages=(*talk.messages, {"type": "websocket.disconnect", "code": 1000, "reason": ""}))

WORKLOADS = (
    Workload(
        "f five pure layers",
        {"bare": layered(FOUND), **with_layers(Pass, Pass)},
        request("GET", "/", HEADERS),
        {"bare": 1.4, "Starlette": 0.5, "FastAPI": 0.15},
    ),
    Workload(
        "f five function-style layers",
        {"bare": bare_with_header, **with_layers(BaseHTTPMiddleware, StarletteBaseHTTPMiddleware, dispatch=look)},
        request("GET", "/", HEADERS),
        {"bare": 5.0, "Starlette": 0.01, "FastAPI": 0.01},
    ),
    Workload(
        "h 1 MiB streamed, spec 2.3",
        STREAMS,
        request("GET", "/", HEADERS, spec_version="2.3"),
        {"bare": 2.5, "Starlette": 0.2, "FastAPI": 0.12},
    ),
    Workload(
        "h 1 MiB streamed, spec 2.4",
        STREAMS,
        request("GET", "/", HEADERS, spec_version="2.4"),
        {"bare": 1.5, "Starlette": 0.45, "FastAPI": 0.2},
    ),
    Workload(
        "i 1 MiB body read",
        {"bare": bare_length, **with_handlers(length, length_starlette, length_fastapi, "POST")},
        request("POST", "/", HEADERS, PIECES),
        {"bare": 1.25, "Starlette": 0.75, "FastAPI": 0.45},
    ),
    Workload(
        f"j websocket, {MESSAGES} echoes",
        {"bare": bare_echo, **with_handlers(echo, echo_starlette, echo_fastapi, "WS")},
        TALK,
        {"bare": 2.0, "Starlette": 0.5, "FastAPI": 0.45},
    ),
)
