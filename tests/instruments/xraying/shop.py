"""Nothing in -> apps of four frameworks, as their users write them, out."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI, WebSocket
from fastapi.middleware.cors import CORSMiddleware

from rawasgi import App, JSONResponse, Request


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, int]]:
    yield {"answer": 42}


shop = FastAPI(lifespan=lifespan)
shop.add_middleware(CORSMiddleware, allow_origins=["*"])


@shop.middleware("http")
async def stamp(request, call_next):
    response = await call_next(request)
    response.headers["x-stamp"] = "7"
    return response


def settings() -> int:
    return 7


async def session(settings: Annotated[int, Depends(settings)]) -> AsyncIterator[str]:
    yield f"session {settings}"


def clock(settings: Annotated[int, Depends(settings)]) -> Iterator[float]:
    yield time.monotonic()


items = APIRouter(prefix="/items")


@items.get("/{number}")
async def item(
    number: int, session: Annotated[str, Depends(session)], clock: Annotated[float, Depends(clock, scope="function")]
) -> dict[str, int]:
    return {"id": number}


@items.post("/")
async def add(body: dict[str, int], later: BackgroundTasks) -> dict[str, int]:
    later.add_task(settings)
    return body


shop.include_router(items)


@shop.websocket("/chat")
async def chat(websocket: WebSocket) -> None:
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(text.upper())


@shop.get("/raises")
async def raises() -> None:
    raise ValueError("no\x1b[2J way")


@shop.get("/exits")
async def exits() -> None:
    sys.exit(3)


@shop.get("/hangs")
async def hangs() -> None:
    await asyncio.Event().wait()


@shop.get("/waits")
async def waits() -> None:
    print("waiting", file=sys.stderr, flush=True)
    await asyncio.Event().wait()


@shop.get("/blocks")
async def blocks() -> None:
    while True:
        time.sleep(0.05)  # noqa: ASYNC251  # this is what is to be seen


@shop.get("/prints")
async def prints() -> str:
    print("printed by the app")
    return "printed"


slim = App()


@slim.get("/items/{id:int}")
async def slim_item(request: Request) -> JSONResponse:
    return JSONResponse({"id": request.path_params["id"]}, headers={"x-stamp": "7", "vary": "Origin"})


def make() -> FastAPI:
    return shop


number = 7
