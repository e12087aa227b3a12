import asyncio
import os
from typing import Any


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:  # [1]
    if scope["type"] == "http":
        await http(scope, receive, send)
    elif scope["type"] == "websocket":
        await websocket(scope, receive, send)
    else:
        raise NotImplementedError(scope["type"])


async def http(scope: dict[str, Any], receive: Any, send: Any) -> None:
    path = scope["path"]
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    if path == "/slow":
        print("begins")
        while (await receive())["type"] != "http.disconnect":
            pass
        print("client gone")
        return
    if path == "/mood":
        body = os.environ.get("MOOD", "").encode()
    headers = [(b"content-type", b"text/plain")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    if path in {"/chunks", "/torn"}:
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        if path == "/torn":
            raise RuntimeError("torn")
        await asyncio.sleep(0)
        await send({"type": "http.response.body", "body": b"two"})
        return
    await send(
        {
            "type": "http.response.body",
            "body": f"{scope['method']} {path} ".encode().strip() + (b" " + body if body else b""),
        }
    )


async def websocket(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await receive()
    if scope["path"] == "/reject":
        await send({"type": "websocket.close"})
        return
    await send({"type": "websocket.accept", "subprotocol": next(iter(scope["subprotocols"]), None)})
    if scope["path"] == "/close":
        await send({"type": "websocket.close", "code": 4000, "reason": "go"})
        return
    while (message := await receive())["type"] == "websocket.receive":
        kept = {key: message[key] for key in ("text", "bytes") if message.get(key) is not None}
        await send({"type": "websocket.send", **kept})
    print("closed", message["code"])
