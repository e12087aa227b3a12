"""Apps that others have written, in bad company: what they open is closed, and correct ones leave nothing behind."""

import asyncio
import contextlib
import gc
import io
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import fastapi
import pytest
import starlette.applications
import starlette.middleware
import starlette.requests
import starlette.responses
import starlette.routing
from starlette.middleware.base import BaseHTTPMiddleware

import rawasgi
from rawasgi import CancelledAt, LeavesAfter, Leftovers, SlowClient, TornBody
from rawasgi.instruments.checking.command import check_command
from rawasgi.instruments.checking.driver import Driver
from rawasgi.instruments.checking.script import Target
from rawasgi.instruments.conversation import Conversation, parting, request
from rawasgi.instruments.faults.script import try_all
from tests.drive import on_a_loop
from tests.instruments.commands import Command

OPEN = {"dependency": 0, "stream": 0, "lifespan": 0}
BODY = b'{"number": 1}'


@asynccontextmanager
async def opened(name: str) -> AsyncIterator[str]:
    """Something that is open for a time."""
    OPEN[name] += 1
    try:
        yield name
    finally:
        OPEN[name] -= 1  # before the await: it may be cancelled too
        await asyncio.sleep(0)


async def dependency() -> AsyncIterator[str]:
    """The same, as a dependency."""
    async with opened("dependency") as name:
        yield name


async def stream() -> AsyncIterator[bytes]:
    """Three pieces."""
    async with opened("stream"):
        for number in range(3):
            yield b"%d" % number
            await asyncio.sleep(0)


@asynccontextmanager
async def life(app: Any) -> AsyncIterator[None]:
    """Something that is open as long as the app lives, and a task beside it."""
    task = asyncio.create_task(asyncio.sleep(60))
    try:
        async with opened("lifespan"):
            yield
    finally:
        task.cancel()


async def stamp(request: Any, call_next: Any) -> Any:
    """A layer of function style."""
    response = await call_next(request)
    response.headers["x-stamp"] = "7"
    return response


def make_typed(kit: Any, **given: Any) -> Any:
    """FastAPI or rawasgi: dependencies with an exit, on the loop and in a thread, a stream, a websocket, a layer."""
    app = kit.FastAPI(lifespan=life) if kit is fastapi else kit.App(lifespan=life)
    streaming = starlette.responses.StreamingResponse if kit is fastapi else rawasgi.StreamingResponse

    def threaded(name: Annotated[str, kit.Depends(dependency)]) -> Any:
        yield name

    @app.post("/async")
    async def on_the_loop(
        sent: Annotated[dict[str, int], kit.Body()], name: Annotated[str, kit.Depends(dependency)]
    ) -> Any:
        await asyncio.sleep(0.001)
        return sent

    @app.post("/thread")
    def in_a_thread(sent: Annotated[dict[str, int], kit.Body()], name: Annotated[str, kit.Depends(threaded)]) -> Any:
        time.sleep(0.002)
        return sent

    @app.get("/stream")
    async def streamed(name: Annotated[str, kit.Depends(dependency)]) -> Any:
        return streaming(stream())

    @app.websocket("/chat")
    async def chat(websocket: kit.WebSocket, name: Annotated[str, kit.Depends(dependency)]) -> None:
        await websocket.accept()
        async for text in websocket.iter_text():
            await websocket.send_text(text)

    app.middleware("http")(stamp)
    return app


def make_starlette() -> Any:
    """The same paths, by hand."""

    async def on_the_loop(request: starlette.requests.Request) -> Any:
        async with opened("dependency"):
            return starlette.responses.JSONResponse(await request.json())

    def in_a_thread(request: starlette.requests.Request) -> Any:
        time.sleep(0.002)
        return starlette.responses.PlainTextResponse("thread")

    async def streamed(request: starlette.requests.Request) -> Any:
        return starlette.responses.StreamingResponse(stream())

    async def chat(websocket: Any) -> None:
        async with opened("dependency"):
            await websocket.accept()
            async for text in websocket.iter_text():
                await websocket.send_text(text)

    routes = [
        starlette.routing.Route("/async", on_the_loop, methods=["POST"]),
        starlette.routing.Route("/thread", in_a_thread, methods=["POST"]),
        starlette.routing.Route("/stream", streamed),
        starlette.routing.WebSocketRoute("/chat", chat),
    ]
    layers = [starlette.middleware.Middleware(BaseHTTPMiddleware, dispatch=stamp)]
    return starlette.applications.Starlette(routes=routes, middleware=layers, lifespan=life)


DJANGO = "comparisons.p01_introduction.hello_world.django_app"
FRAMEWORKS = {
    "starlette": make_starlette,
    "fastapi": lambda: make_typed(fastapi),
    "rawasgi": lambda: make_typed(rawasgi),
}
TARGETS = [
    Target("/async", ("POST",)),
    Target("/thread", ("POST",)),
    Target("/stream", ("GET",)),
    Target("/chat", ("WS",)),
]


@pytest.fixture(autouse=True)
def closed():
    """All that was opened is closed; the many objects of a test run are not looked through each time."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
    assert OPEN == {"dependency": 0, "stream": 0, "lifespan": 0}


def trials_of(app, *targets):
    """What comes of all faults on an app, and the rules that it breaks."""
    with contextlib.redirect_stdout(io.StringIO()), Driver(app, 10.0) as driver:
        trials = try_all(driver, targets, [(b"host", b"localhost")])
    assert driver.complaints == []
    return trials, {finding.rule for finding in driver.checker.findings if finding.level == "must"}


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_a_correct_app_leaves_nothing(name):
    """Whatever the fault: dependencies are closed, streams too, threads come back, and no rule is broken."""
    trials, broken = trials_of(FRAMEWORKS[name](), *TARGETS)
    assert (trials.sightings, trials.troubles, trials.remarks, broken) == ([], [], [], set())
    assert trials.count > 100


def test_a_project_of_django():
    """The same; its header names in upper case are no matter of faults. In a process of its own: it forgets a file."""
    words = [f"{DJANGO}:asgi", "/", "/double/21", "--header", "host:localhost", "--faults", "--json"]
    status, lines, _ = Command("check", check_command).run(*words)
    told = json.loads("\n".join(lines))
    assert (status, told["left"], told["left_without_a_fault"], told["not_survived"]) == (1, [], [], [])
    assert {finding["rule"] for finding in told["findings"] if finding["level"] == "must"} == {"HS6"}
    assert told["faults"] > 100


WRAPPERS: dict[str, Any] = {
    "left at once": lambda app: LeavesAfter(app, 0),
    "left": lambda app: LeavesAfter(app, 1),
    "slow": lambda app: SlowClient(app, reads=0.001, talks=0.001),
    "torn": lambda app: TornBody(app),
    "cut": lambda app: TornBody(app, cut=5),
    "cancelled": lambda app: CancelledAt(app, 2),
    "cancelled later": lambda app: CancelledAt(app, 1, turns=10),
}


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize("name", FRAMEWORKS)
@on_a_loop
async def test_each_wrapper_on_each_framework(name, wrapper):
    """One call after the other, around the whole app: nothing is left of it, and who is only slow is answered."""
    app = Leftovers(WRAPPERS[wrapper](FRAMEWORKS[name]()), 5.0)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(BODY))]
    for exchange in (
        request("POST", "/async", headers, BODY),
        request("POST", "/thread", headers, BODY),
        request("GET", "/stream"),
    ):
        conversation = Conversation(app, *parting(exchange))
        task = conversation.start()
        await asyncio.wait([task])
        assert app.found == ()
        if wrapper in ("slow", "torn"):
            assert [message.get("status") for message in conversation.sent[:1]] == [200]


@on_a_loop
async def test_around_one_layer():
    """The layer outside sees what that one makes of it: the app below is cut off, and answers nothing any more."""
    inner = rawasgi.App()

    @inner.get("/")
    async def numbers(request: rawasgi.Request) -> Any:
        return rawasgi.StreamingResponse(stream())

    outer = rawasgi.App(routes=[rawasgi.Mount("/", app=LeavesAfter(inner, 2))])
    conversation = Conversation(outer, *request("GET", "/"))
    await asyncio.wait([conversation.start()])
    assert [message["type"] for message in conversation.sent] == ["http.response.start", "http.response.body"]
