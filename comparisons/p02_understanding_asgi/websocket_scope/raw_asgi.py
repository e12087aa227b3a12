import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

Message = dict[str, Any]
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await respond(send, "http.response", 404, b"Not Found")
        return
    if scope["type"] != "websocket":
        raise NotImplementedError(f"no {scope['type']} here")
    await receive()  # [1] "websocket.connect"
    match scope["path"]:
        case "/echo":
            await echo(scope, receive, send)
        case "/sum":
            await add(receive, send)
        case "/ticks":
            await tick(send)
        case "/members" if dict(scope["headers"]).get(b"origin") != b"http://localhost":
            await send({"type": "websocket.close", "code": 4403, "reason": "members only"})  # [2] refuse
        case "/members":
            await send({"type": "websocket.accept", "headers": [(b"x-room", b"7")]})
            await send({"type": "websocket.close", "code": 4000, "reason": "the room is full"})  # [6]
        case "/busy":
            await respond(send, "websocket.http.response", 429, b"Come back later", (b"retry-after", b"60"))
        case _:
            await send({"type": "websocket.close"})


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    chosen = "chat.v2" if "chat.v2" in scope["subprotocols"] else None
    await send({"type": "websocket.accept", "subprotocol": chosen})  # [2] accept
    while (message := await receive())["type"] == "websocket.receive":  # [3]
        data = {key: message[key] for key in ("text", "bytes") if message.get(key) is not None}
        await send({"type": "websocket.send", **data})  # [4]
    print(f"left {message['code']} {message.get('reason') or 'no reason'}")  # [5]


async def add(receive: Receive, send: Send) -> None:
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        try:
            numbers = json.loads(message["text"])
        except ValueError:
            await send({"type": "websocket.close", "code": 1007, "reason": "not JSON"})
            return
        await send({"type": "websocket.send", "text": json.dumps({"sum": sum(numbers)}, separators=(",", ":"))})


async def tick(send: Send) -> None:
    await send({"type": "websocket.accept"})
    for number in (1, 2, 3):
        try:
            await send({"type": "websocket.send", "text": f"tick {number}"})
        except OSError:
            print(f"stopped at tick {number}")
            return
        await asyncio.sleep(0.1)
    print("sent all ticks")
    await send({"type": "websocket.close"})


async def respond(send: Send, kind: str, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    framed = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body)), *headers]
    await send({"type": f"{kind}.start", "status": status, "headers": framed})
    await send({"type": f"{kind}.body", "body": body})
