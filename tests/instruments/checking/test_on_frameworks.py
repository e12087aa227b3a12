"""Apps that others have written, held to the specification: what is found in correct ones is listed, with the reason."""

import asyncio
import contextlib
import importlib
import io
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Mount, Route, WebSocketRoute

from comparisons.contract import Dialogue
from comparisons.contract import Request as Exchanged
from comparisons.discovery import find
from comparisons.stacks import STACKS
from rawasgi import App
from rawasgi.instruments.checking.driver import Driver
from rawasgi.instruments.checking.script import Target, ask_all
from tests.architecture.tree import ROOT

G20 = ("G20", "should")  # Starlette writes into the scope that it was given: app, router, route, endpoint, path_params
G13 = ("G13", "should")  # the first message of a lifespan is taken for the start-up, whatever it is
HS18 = ("HS18", "derived")  # an answer to HEAD has its body, which the server is to drop
WS1 = ("WS1", "derived")  # a websocket that nobody has is closed before the connect was received
OF_STARLETTE = {G13, G20, HS18, WS1}
ALL = ("GET", "HEAD", "POST")


def found_in(app, *targets):
    """The rules that an app breaks, with their levels; all conversations are held to their end."""
    with contextlib.redirect_stdout(io.StringIO()), Driver(app, 5.0) as driver:
        ask_all(driver, [Target(*target) for target in targets], [])
    assert driver.complaints == []
    return {(finding.rule, finding.level) for finding in driver.checker.findings}


async def stream() -> AsyncIterator[bytes]:
    """Five pieces."""
    for _ in range(5):
        yield b"piece"
        await asyncio.sleep(0)


def make_starlette():
    """Routes, a mount, websockets, a lifespan with a state, three layers."""

    @contextlib.asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[dict[str, int]]:
        yield {"database": 1}

    async def page(request: Any) -> Any:
        return PlainTextResponse(f"{request.state.database}, {len(await request.body())} bytes")

    async def streamed(request: Any) -> Any:
        return StreamingResponse(stream())

    async def chat(websocket: Any) -> None:
        await websocket.accept(subprotocol=websocket.scope["subprotocols"][0])
        async for text in websocket.iter_text():
            await websocket.send_text(text)

    async def through(request: Any, call_next: Any) -> Any:
        return await call_next(request)

    routes = [
        Route("/page", page, methods=[*ALL]),
        Route("/stream", streamed),
        Mount("/below", routes=[Route("/page", page)]),
        WebSocketRoute("/chat", chat),
    ]
    layers = [Middleware(CORSMiddleware), Middleware(GZipMiddleware), Middleware(BaseHTTPMiddleware, dispatch=through)]
    return Starlette(routes=routes, lifespan=life, middleware=layers)


class Item(BaseModel):
    """What is sent."""

    number: int


async def opened() -> AsyncIterator[str]:
    """A dependency that is closed afterwards."""
    yield "open"


def opened_in_a_thread(opened: Annotated[str, Depends(opened)]) -> Any:
    """The same in a thread, on top of the other one."""
    yield opened


def make_fastapi():
    """Routers, yield dependencies on the loop and in threads, middleware, websockets that refuse."""
    app, router = FastAPI(), APIRouter(prefix="/items")

    @router.get("/{number}")
    async def item(number: int, opened: Annotated[str, Depends(opened)]) -> dict[str, Any]:
        return {"number": number, "opened": opened}

    @router.post("/")
    def create(item: Item, opened: Annotated[str, Depends(opened_in_a_thread)]) -> Item:
        return item

    @router.get("/all/streamed")
    async def streamed(opened: Annotated[str, Depends(opened)]) -> StreamingResponse:
        return StreamingResponse(stream())

    @router.get("/all/refused")
    async def refused() -> None:
        raise HTTPException(409)

    @app.websocket("/chat")
    async def chat(websocket: WebSocket, opened: Annotated[str, Depends(opened)]) -> None:
        await websocket.accept()
        try:
            while True:
                await websocket.send_text(await websocket.receive_text())
        except WebSocketDisconnect:
            pass

    @app.websocket("/members")
    async def members(websocket: WebSocket) -> None:
        raise HTTPException(401)

    @app.middleware("http")
    async def stamp(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        response.headers["x-stamp"] = "7"
        return response

    app.include_router(router)
    app.add_middleware(GZipMiddleware)
    app.add_middleware(CORSMiddleware)
    return app


def test_a_correct_app_of_starlette():
    """Nothing that must not be; what should not be is one thing, and one that only a client sees."""
    targets = [("/page", ALL), ("/stream", ALL), ("/below/page", ("GET",)), ("/nowhere", ("GET",)), ("/chat", ("WS",))]
    assert found_in(make_starlette(), *targets) == OF_STARLETTE


def test_a_correct_app_of_fastapi():
    """The same."""
    targets = [("/items/7", ALL), ("/items/", ("GET", "POST")), ("/items/all/streamed", ("GET",))]
    targets += [("/items/all/refused", ("GET",)), ("/chat", ("WS",)), ("/members", ("WS",)), ("/docs", ("GET",))]
    assert found_in(make_fastapi(), *targets) == OF_STARLETTE


def test_our_own_app():
    """The lifespan takes whatever comes first, as Starlette's does."""

    async def page(request: Any) -> Any:
        return JSONResponse({"size": len(await request.body())})

    app = App()
    app.add_route("/page", page, methods=[*ALL])
    assert found_in(app, ("/page", ALL), ("/nowhere", ("GET",)), ("/chat", ("WS",))) == {G13, HS18}


# What only a client who waits would see the end of, or what ends the process or spoils its shutdown.
NOT_ASKED = ("/loop/", "/thread/", "/stream/", "/waits", "/ticks", "/rows/", "/stop", "/spoil")


def asked_by(contract):
    """What the exchanges of a contract ask for, each path once with all its methods; and `/`, whether it is there or not."""
    methods: dict[str, set[str]] = {"/": {*ALL}}
    for step in contract.steps:
        if isinstance(step, Dialogue):
            methods.setdefault(step.path, set()).add("WS")
        elif isinstance(step, Exchanged) and not step.malformed:
            head = step.pieces[0]
            assert isinstance(head, bytes)
            methods.setdefault(head.split()[1].decode("ascii"), set()).add(step.method)
    return [(path, tuple(sorted(asked))) for path, asked in methods.items() if not path.startswith(NOT_ASKED)]


FOUND = find()
ASGI = {
    f"{name} {stack.name}": (comparison.app(stack), comparison.contract)
    for name, comparison in FOUND.items()
    for stack in comparison.stacks
    if stack.protocol == "asgi"
}
DJANGO = [name for name in ASGI if "django" in name]  # its settings are those of the whole process
# What the bare apps leave out: they answer a websocket as if it were a request, and a HEAD as a GET.
ONLY_HTTP = {("G7", "must"), HS18}
DECLARED = {
    "hello_world raw_asgi": set(),
    "blocking raw_asgi": {*ONLY_HTTP, G13, ("G14", "should")},
    "custom_middleware raw_asgi": {*ONLY_HTTP, G13},
    "http_scope raw_asgi": {G13, HS18},
    "lifespan raw_asgi": {G13, HS18},
    "middleware raw_asgi": ONLY_HTTP,
    "websocket_scope raw_asgi": {G13, HS18},
}
USUAL = {"raw_asgi": {HS18}, "tiny": {G13}, "rawasgi": {G13}, "fastapi": OF_STARLETTE}


@pytest.mark.parametrize("name", [name for name in ASGI if name not in DJANGO])
def test_the_apps_of_the_comparisons(name, capfd):
    """What each of them breaks is known, wherever its contract goes; the frameworks all break the same things everywhere."""
    target, contract = ASGI[name]
    module, _, attribute = target.partition(":")
    app = getattr(importlib.import_module(module), attribute)
    assert found_in(app, *asked_by(contract)) == DECLARED.get(name, USUAL.get(name.split()[1]))


def test_every_comparison_is_checked():
    """All ASGI stacks of all contracts, each on more than one path."""
    assert {name.split()[0] for name in ASGI} == FOUND.keys()
    assert {name.split()[1] for name in ASGI} == {stack.name for stack in STACKS.values() if stack.protocol == "asgi"}
    assert all(len(asked_by(comparison.contract)) > 1 for comparison in FOUND.values())


@pytest.mark.parametrize("name", DJANGO)
def test_a_project_of_django(name):
    """It writes names of headers as HTTP/1.1 is mostly written; servers put up with it. Exit status 1."""
    target, contract = ASGI[name]
    words = ["rawasgi", "check", target, *(path for path, _ in asked_by(contract)), "--ws", "/", "--json"]
    made = subprocess.run([sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True)
    told = json.loads(made.stdout)
    assert (made.returncode, told["complaints"]) == (1, [])
    assert {(finding["rule"], finding["level"]) for finding in told["findings"]} == {("HS6", "must"), HS18}
