from typing import Any


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:  # [1]
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})
