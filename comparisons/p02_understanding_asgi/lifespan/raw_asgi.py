import asyncio
import os
import signal
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan" and os.environ.get("FAULT") != "lifespan":
        await live(scope, receive, send)
    elif scope["type"] == "http":
        await respond(scope, send)
    else:
        raise NotImplementedError(f"no {scope['type']} here")


async def live(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    phase = "startup"
    try:
        visits = set_up()
        scope["state"].update(visits=visits, motto="ours")  # [2]
        await send({"type": "lifespan.startup.complete"})
        await receive()
        phase = "shutdown"
        tear_down(visits)
    except Exception:
        await send({"type": f"lifespan.{phase}.failed", "message": traceback.format_exc()})  # [5]
        raise
    await send({"type": "lifespan.shutdown.complete"})


def set_up() -> list[str]:  # [1]
    print("set up", flush=True)
    if os.environ.get("FAULT") == "set up":
        raise ConnectionError("no database")
    return []


def tear_down(visits: list[str]) -> None:  # [4]
    print(f"tear down after {' '.join(visits)}", flush=True)
    if "/spoil" in visits:
        raise RuntimeError("the visits cannot be saved")


async def respond(scope: Scope, send: Send) -> None:
    state, path = scope["state"], scope["path"]  # [3]
    state["visits"].append(path)
    match path:
        case "/replace":
            state["motto"] = "mine"
        case "/stop":
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(0.2)
            print("still here", flush=True)
    body = f"visit {len(state['visits'])}, motto {state['motto']}".encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
