"""Workloads of typed handlers: parameters, a model in and out, three levels of dependencies.

The bare callable does by hand what the signature asks for: it looks into scope and body, and has the same model check
what it found. It reads and writes JSON as one does by hand, with `json`.
"""

# The decorators are those of two apps, which no type checker can see through.
# mypy: disable-error-code="untyped-decorator"

import json
from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import Depends as FastAPIDepends
from fastapi import FastAPI
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.requests import Request as StarletteRequest
from starlette.responses import JSONResponse as StarletteJSONResponse
from starlette.routing import Route as StarletteRoute

from benchmarks.micro.answering import HEADERS, encode
from benchmarks.micro.workload import Workload
from rawasgi import App, Depends, nonblocking
from rawasgi.instruments.conversation import request
from rawasgi.messages.types import ASGIApp, Receive, Scope, Send


class Item(BaseModel):
    """Five fields."""

    name: str
    price: float
    count: int
    tags: list[str]
    on: bool


BODY = b'{"name":"tea","price":2.5,"count":3,"tags":["a","b"],"on":true}'


async def answer(content: Any, send: Send) -> None:
    """JSON, by hand."""
    body = encode(content).encode()
    headers = [(b"content-length", b"%d" % len(body)), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def bare_parameters(scope: Scope, receive: Receive, send: Send) -> None:
    """A part of the path, and two query parameters."""
    query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    item_id = int(scope["path"].rpartition("/")[2])
    await answer({"item_id": item_id, "q": query["q"], "n": int(query.get("n", 3))}, send)


async def bare_model(scope: Scope, receive: Receive, send: Send) -> None:
    """The body through the model."""
    message = await receive()
    await answer(Item.model_validate(json.loads(message["body"])).model_dump(), send)


async def one() -> int:
    """The first level."""
    return 1


async def bare_dependencies(scope: Scope, receive: Receive, send: Send) -> None:
    """Three calls."""

    async def two(one: int) -> int:
        return one + 1

    async def three(two: int) -> int:
        return two + 1

    await answer({"c": await three(await two(await one()))}, send)


def typed(app: Any, depends: Any, mark: Callable[[Any], Any] = lambda func: func) -> Any:
    """The same text for rawasgi and FastAPI. `mark` says of a `def` that it does not block."""

    @app.get("/items/{item_id}")
    async def parameters(item_id: int, q: str, n: int = 3) -> dict[str, int | str]:
        return {"item_id": item_id, "q": q, "n": n}

    @app.post("/items")
    async def model(item: Item) -> Item:
        return item

    async def two(one: Annotated[int, depends(one)]) -> int:
        return one + 1

    async def three(two: Annotated[int, depends(two)]) -> int:
        return two + 1

    @app.get("/async")
    async def dependencies(c: Annotated[int, depends(three)]) -> dict[str, int]:
        return {"c": c}

    add_blocking(app, "/def", depends, lambda func: func)
    add_blocking(app, "/nonblocking", depends, mark)
    return app


def add_blocking(app: Any, path: str, depends: Any, mark: Callable[[Any], Any]) -> None:
    """Three levels of `def`."""

    @mark
    def first() -> int:
        return 1

    @mark
    def second(one: Annotated[int, depends(first)]) -> int:
        return one + 1

    @mark
    def third(two: Annotated[int, depends(second)]) -> int:
        return two + 1

    @app.get(path)
    @mark
    def endpoint(c: Annotated[int, depends(third)]) -> dict[str, int]:
        return {"c": c}


async def parameters_starlette(request: StarletteRequest) -> StarletteJSONResponse:
    """By hand, on Starlette."""
    query = request.query_params
    return StarletteJSONResponse(
        {"item_id": int(request.path_params["item_id"]), "q": query["q"], "n": int(query.get("n", 3))}
    )


async def model_starlette(request: StarletteRequest) -> StarletteJSONResponse:
    """By hand, on Starlette."""
    return StarletteJSONResponse(Item.model_validate(await request.json()).model_dump())


OURS: ASGIApp = typed(App(), Depends, nonblocking)
THEIRS: ASGIApp = typed(FastAPI(openapi_url=None), FastAPIDepends)
STARLETTE = Starlette(
    routes=[
        StarletteRoute("/items/{item_id}", parameters_starlette),
        StarletteRoute("/items", model_starlette, methods=["POST"]),
    ]
)
POSTED = [*HEADERS, (b"content-type", b"application/json"), (b"content-length", b"%d" % len(BODY))]

WORKLOADS = (
    Workload(
        "c path and query",
        {"bare": bare_parameters, "rawasgi": OURS, "Starlette": STARLETTE, "FastAPI": THEIRS},
        request("GET", "/items/7?q=abc&n=4", HEADERS),
        {"bare": 2.0, "Starlette": 0.45, "FastAPI": 0.11},
    ),
    Workload(
        "e a model",
        {"bare": bare_model, "rawasgi": OURS, "Starlette": STARLETTE, "FastAPI": THEIRS},
        request("POST", "/items", POSTED, BODY),
        {"bare": 1.3, "Starlette": 0.45, "FastAPI": 0.11},
    ),
    Workload(
        "g three dependencies",
        {"bare": bare_dependencies, "rawasgi": OURS, "FastAPI": THEIRS},
        request("GET", "/async", HEADERS),
        {"bare": 2.0, "FastAPI": 0.10},
    ),
    Workload(
        "g three dependencies, def",
        {"rawasgi": OURS, "FastAPI": THEIRS},
        request("GET", "/def", HEADERS),
        {"FastAPI": 0.4},
    ),
    Workload(
        "g three dependencies, def that does not block",
        {"rawasgi": OURS, "FastAPI": THEIRS},
        request("GET", "/nonblocking", HEADERS),
        {"FastAPI": 0.03},
    ),
)
