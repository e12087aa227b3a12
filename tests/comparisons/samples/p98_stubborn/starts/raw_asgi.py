import asyncio
from typing import Any


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:  # [1]
    await receive()
    await asyncio.sleep(600)
