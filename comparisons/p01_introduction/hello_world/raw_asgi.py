import json
from collections.abc import Awaitable, Callable
from typing import Any

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def app(scope: Scope, receive: Receive, send: Send) -> None:  # [1]
    if scope["type"] != "http":
        raise NotImplementedError(f"no {scope['type']} here")
    content: dict[str, object] | None
    match scope["path"].split("/")[1:]:  # [2]
        case [""]:
            content = {"message": "Hello, world"}
        case ["double", number] if number.isdecimal():  # [3]
            content = {"double": int(number) * 2}
        case _:
            content = None
    if content is None:
        await answer(scope, send, 404, b"Not Found")
    elif scope["method"] not in {"GET", "HEAD"}:
        await answer(scope, send, 405, b"Method Not Allowed", (b"allow", b"GET, HEAD"))
    else:
        await answer(scope, send, 200, json.dumps(content, separators=(",", ":")).encode())


async def answer(scope: Scope, send: Send, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:  # [4]
    kind = b"application/json" if status == 200 else b"text/plain; charset=utf-8"
    framed = [(b"content-type", kind), (b"content-length", b"%d" % len(body)), *headers]
    await send({"type": "http.response.start", "status": status, "headers": framed})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
