import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

TEXT = (b"content-type", b"text/plain; charset=utf-8")
set_by = ContextVar("set_by", default="nobody")


def layer(app: App, name: str) -> App:
    async def layered(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_layer(message: Message) -> None:  # [2]
            if message["type"] in ("http.response.start", "websocket.accept"):
                print(f"<{name} {set_by.get()}")
                message = {**message, "headers": [*message.get("headers", ()), (b"x-layer", name.encode())]}  # [3]
            await send(message)

        print(f">{name}")  # [1]
        set_by.set(name)  # [5]
        try:
            await app(scope, receive, send_with_layer)
        except KeyError:  # [4]
            print(f"!{name}")
            raise

    return layered


async def endpoint(scope: Scope, receive: Receive, send: Send) -> None:
    match scope["path"]:
        case "/" if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close"})
        case "/":
            await respond(send, 200, visit())
        case "/thread":
            await respond(send, 200, await asyncio.to_thread(visit))
        case "/stream":
            await send({"type": "http.response.start", "status": 200, "headers": [TEXT]})
            for word in ("one", "two"):
                print(word)
                await send({"type": "http.response.body", "body": word.encode(), "more_body": True})
            raise KeyError("torn")
        case "/crash":
            raise KeyError("crash")
        case _:
            await respond(send, 404, "Not Found")


def visit() -> str:
    answer = f"set by {set_by.get()}"
    set_by.set("app")
    return answer


async def respond(send: Send, status: int, text: str) -> None:
    headers = [TEXT, (b"content-length", b"%d" % len(text))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})


onion = layer(layer(endpoint, "B"), "A")  # [6]


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        raise NotImplementedError("no lifespan here")
    await onion(scope, receive, send)
