"""Workloads of one answer: text, JSON, one of two hundred routes, nothing found."""

import json
from collections.abc import Iterable

from fastapi import FastAPI
from fastapi.responses import JSONResponse as FastAPIJSONResponse
from fastapi.responses import PlainTextResponse as FastAPIPlainTextResponse
from starlette.applications import Starlette
from starlette.requests import Request as StarletteRequest
from starlette.responses import JSONResponse as StarletteJSONResponse
from starlette.responses import PlainTextResponse as StarlettePlainTextResponse
from starlette.routing import Route as StarletteRoute

from benchmarks.micro.workload import Workload
from rawasgi import App, HTTPException, JSONResponse, PlainTextResponse, Request, Route
from rawasgi.instruments.conversation import request
from rawasgi.messages.types import ASGIApp, Receive, Scope, Send

HEADERS = [(b"accept", b"*/*"), (b"accept-encoding", b"gzip, deflate"), (b"user-agent", b"micro"), (b"x-id", b"7")]
HELLO = "Hello, world!"
ITEM = {"id": 7, "name": "plumbus", "price": 9.5}
encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def answering(status: int, content_type: bytes, body: bytes) -> ASGIApp:
    """A bare callable that answers what is ready."""

    async def bare(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"%d" % len(body)), (b"content-type", content_type)]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return bare


async def bare_json(scope: Scope, receive: Receive, send: Send) -> None:
    """The bare callable that encodes its answer."""
    body = encode(ITEM).encode()
    headers = [(b"content-length", b"%d" % len(body)), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def hello(request: Request) -> PlainTextResponse:
    """Ours."""
    return PlainTextResponse(HELLO)


async def hello_starlette(request: StarletteRequest) -> StarlettePlainTextResponse:
    """Starlette's."""
    return StarlettePlainTextResponse(HELLO)


async def hello_fastapi() -> FastAPIPlainTextResponse:
    """FastAPI's, without the path through its serialisation."""
    return FastAPIPlainTextResponse(HELLO)


async def item(request: Request) -> JSONResponse:
    """Ours."""
    return JSONResponse(ITEM)


async def item_starlette(request: StarletteRequest) -> StarletteJSONResponse:
    """Starlette's."""
    return StarletteJSONResponse(ITEM)


async def item_fastapi() -> FastAPIJSONResponse:
    """FastAPI's, without the path through its serialisation."""
    return FastAPIJSONResponse(ITEM)


async def missing(request: Request, error: HTTPException) -> PlainTextResponse:
    """All say it in the same words."""
    return PlainTextResponse("Not Found", 404)


async def missing_fastapi(request: StarletteRequest, error: Exception) -> StarlettePlainTextResponse:
    """FastAPI would answer in JSON."""
    return StarlettePlainTextResponse("Not Found", 404)


def with_paths(paths: Iterable[str]) -> dict[str, ASGIApp]:
    """The three frameworks, each with these routes; an answer is text."""
    paths = [*paths]
    fastapi_app = FastAPI(exception_handlers={404: missing_fastapi}, openapi_url=None)
    for path in paths:
        fastapi_app.get(path)(hello_fastapi)
    return {
        "rawasgi": App(routes=[Route(path, hello) for path in paths], exception_handlers={404: missing}),
        "Starlette": Starlette(routes=[StarletteRoute(path, hello_starlette) for path in paths]),
        "FastAPI": fastapi_app,
    }


def json_apps() -> dict[str, ASGIApp]:
    """The same for JSON."""
    fastapi_app = FastAPI(openapi_url=None)
    fastapi_app.get("/")(item_fastapi)
    return {
        "bare": bare_json,
        "rawasgi": App(routes=[Route("/", item)]),
        "Starlette": Starlette(routes=[StarletteRoute("/", item_starlette)]),
        "FastAPI": fastapi_app,
    }


TEXT = b"text/plain; charset=utf-8"
FOUND = answering(200, TEXT, HELLO.encode())
NOT_FOUND = answering(404, TEXT, b"Not Found")
MANY = [f"/section{number}/{{id}}" for number in range(200)]
FIXED = [f"/section{number}" for number in range(200)]


def growth(name: str, paths: list[str], target: str, most: float) -> Workload:
    """The last of two hundred routes beside the only one."""
    many, one = with_paths(paths)["rawasgi"], with_paths(paths[-1:])["rawasgi"]
    return Workload(
        name,
        {"one route": one, "200 routes": many},
        request("GET", target, HEADERS),
        {"one route": most},
        subject="200 routes",
    )


WORKLOADS = (
    Workload(
        "a plaintext",
        {"bare": FOUND, **with_paths(["/"])},
        request("GET", "/", HEADERS),
        {"bare": 3.0, "Starlette": 0.35, "FastAPI": 0.08},
    ),
    Workload("b JSON", json_apps(), request("GET", "/", HEADERS), {"bare": 1.4, "Starlette": 0.35, "FastAPI": 0.09}),
    Workload(
        "d the last of 200 routes",
        {"bare": FOUND, **with_paths(MANY)},
        request("GET", "/section199/7", HEADERS),
        {"bare": 3.0, "Starlette": 0.07, "FastAPI": 0.03},
    ),
    Workload(
        "d none of 200 routes",
        {"bare": NOT_FOUND, **with_paths(MANY)},
        request("GET", "/nowhere/7", HEADERS),
        {"bare": 3.5, "Starlette": 0.03, "FastAPI": 0.015},
    ),
    growth("d growth, static", FIXED, "/section199", 1.2),
    growth("d growth, parametrised", MANY, "/section199/7", 2.0),
)
