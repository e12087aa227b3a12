import asyncio
from typing import Any


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:  # [1]
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await asyncio.sleep(600)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})
