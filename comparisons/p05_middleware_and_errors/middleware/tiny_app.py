import asyncio
from collections.abc import AsyncIterator
from contextvars import ContextVar

from rawasgi.messages.types import ASGIApp, Message, Receive, Scope, Send
from rawasgi.tiny.app import App, Request, Response, WebSocket

app = App()
set_by = ContextVar("set_by", default="nobody")


class Layer:
    def __init__(self, app: ASGIApp, name: str) -> None:
        self.app, self.name = app, name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_layer(message: Message) -> None:  # [2]
            if message["type"] in ("http.response.start", "websocket.accept"):
                print(f"<{self.name} {set_by.get()}")
                pair = (b"x-layer", self.name.encode())
                message = {**message, "headers": [*message.get("headers", ()), pair]}  # [3]
            await send(message)

        print(f">{self.name}")  # [1]
        set_by.set(self.name)  # [5]
        try:
            await self.app(scope, receive, send_with_layer)
        except KeyError:  # [4]
            print(f"!{self.name}")
            raise


app.add_middleware(Layer, name="B")
app.add_middleware(Layer, name="A")  # [6]


@app.get("/")
async def here(request: Request) -> Response:
    return Response(visit())


@app.get("/thread")
async def thread(request: Request) -> Response:
    return Response(await asyncio.to_thread(visit))


def visit() -> str:
    answer = f"set by {set_by.get()}"
    set_by.set("app")
    return answer


@app.get("/stream")
async def stream(request: Request) -> Response:
    return Response(words(), headers={"content-type": "text/plain; charset=utf-8"})


async def words() -> AsyncIterator[bytes]:
    for word in ("one", "two"):
        print(word)
        yield word.encode()
    raise KeyError("torn")


@app.get("/crash")
async def crash(request: Request) -> Response:
    raise KeyError("crash")


@app.websocket("/")
async def socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.close()
