from collections.abc import Awaitable, Callable
from functools import partial
from hmac import compare_digest
from typing import Any

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


async def guard(app: App, scope: Scope, receive: Receive, send: Send) -> None:  # [2]
    headers = dict(scope["headers"])
    if scope.get("method") == "OPTIONS" and b"access-control-request-method" in headers:
        await respond(send, 200, "ask me", (b"access-control-allow-headers", b"authorization"))
    elif scope["path"] != "/private" or compare_digest(headers.get(b"authorization", b""), b"Bearer sesame"):
        await app(scope, receive, send)
    elif scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close"})
    else:
        await respond(send, 401, "who are you?", (b"www-authenticate", b"Bearer"))


async def override(app: App, scope: Scope, receive: Receive, send: Send) -> None:  # [3]
    method = dict(scope["headers"]).get(b"x-http-method-override", b"").decode("latin-1")
    if scope.get("method") == "POST" and method in ("PUT", "PATCH", "DELETE"):
        scope = {**scope, "method": method}
    await app(scope, receive, send)


async def audit(app: App, scope: Scope, receive: Receive, send: Send) -> None:
    body, more = b"", scope["type"] == "http"
    while more:  # [4]
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body, more = body + message.get("body", b""), message.get("more_body", False)
    print(f"{len(body)} bytes")
    unread: list[Message] = [{"type": "http.request", "body": body}] if scope["type"] == "http" else []

    async def receive_again() -> Message:
        return unread.pop() if unread else await receive()

    await app(scope, receive_again, send)


async def endpoint(scope: Scope, receive: Receive, send: Send) -> None:
    match scope.get("method"), scope["path"]:
        case "GET", "/private":
            await respond(send, 200, "the secret")
        case "POST" | "DELETE", "/items":
            await respond(send, 200, f"{scope['method']} {(await receive())['body'].decode()}")
        case None, "/private":
            await receive()
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close"})
        case _:
            await respond(send, 404, "Not Found")


async def respond(send: Send, status: int, text: str, *headers: tuple[bytes, bytes]) -> None:
    framed = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(text)), *headers]
    await send({"type": "http.response.start", "status": status, "headers": framed})
    await send({"type": "http.response.body", "body": text.encode()})


onion = partial(guard, partial(override, partial(audit, endpoint)))  # [5]


async def app(scope: Scope, receive: Receive, send: Send) -> None:  # [1]
    async def send_and_log(message: dict[str, Any]) -> None:
        if message["type"] in ("http.response.start", "websocket.accept", "websocket.close"):
            print(f"{scope.get('method', 'websocket')} {scope['path']} {message.get('status', message['type'])}")
        await send(message)

    if scope["type"] == "lifespan":
        raise NotImplementedError("no lifespan here")
    await onion(scope, receive, send_and_log)
