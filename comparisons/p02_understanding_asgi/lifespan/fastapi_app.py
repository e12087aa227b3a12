import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    visits: list[str] = []
    print("set up", flush=True)  # [1]
    if os.environ.get("FAULT") == "set up":
        raise ConnectionError("no database")
    yield {"visits": visits, "motto": "ours"}  # [2]
    print(f"tear down after {' '.join(visits)}", flush=True)  # [4]
    if "/spoil" in visits:
        raise RuntimeError("the visits cannot be saved")


app = FastAPI(lifespan=lifespan, default_response_class=PlainTextResponse)


@app.get("/")
@app.get("/spoil")
async def visit(request: Request) -> str:
    state = request.state  # [3]
    state.visits.append(request.url.path)
    return f"visit {len(state.visits)}, motto {state.motto}"


@app.get("/replace")
async def replace(request: Request) -> str:
    request.state.motto = "mine"
    return await visit(request)


@app.get("/stop")
async def stop(request: Request) -> str:
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.sleep(0.2)
    print("still here", flush=True)
    return await visit(request)
