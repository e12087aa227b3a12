import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from rawasgi.tiny.app import App, Request, Response


@asynccontextmanager
async def lifespan(app: App) -> AsyncIterator[dict[str, Any]]:
    visits: list[str] = []
    print("set up", flush=True)  # [1]
    if os.environ.get("FAULT") == "set up":
        raise ConnectionError("no database")
    yield {"visits": visits, "motto": "ours"}  # [2]
    print(f"tear down after {' '.join(visits)}", flush=True)  # [4]
    if "/spoil" in visits:
        raise RuntimeError("the visits cannot be saved")


app = App(lifespan)


def visited(request: Request) -> Response:
    state = request.state  # [3]
    state["visits"].append(request.path)
    return Response(f"visit {len(state['visits'])}, motto {state['motto']}")


@app.get("/")
@app.get("/spoil")
async def visit(request: Request) -> Response:
    return visited(request)


@app.get("/replace")
async def replace(request: Request) -> Response:
    request.state["motto"] = "mine"
    return visited(request)


@app.get("/stop")
async def stop(request: Request) -> Response:
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.sleep(0.2)
    print("still here", flush=True)
    return visited(request)
