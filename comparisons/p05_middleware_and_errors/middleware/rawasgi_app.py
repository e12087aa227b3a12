from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import ContextVar

from rawasgi import App, Middleware, PlainTextResponse, Request, Response, StreamingResponse, WebSocket
from rawasgi.messages.types import ASGIApp, Message, Receive, Scope, Send

set_by = ContextVar("set_by", default="nobody")


class B:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_layer(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.accept"):
                print(f"<B {set_by.get()}")
                message = {**message, "headers": [*message.get("headers", ()), (b"x-layer", b"B")]}
            await send(message)

        if scope["type"] in ("http", "websocket"):
            print(">B")
            set_by.set("B")
        try:
            await self.app(scope, receive, send_with_layer)
        except KeyError:
            print("!B")
            raise


app = App(middleware=[Middleware(B)])


@app.middleware("http")  # [6]
async def a(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    print(">A")  # [1]
    set_by.set("A")  # [5]
    try:
        response = await call_next(request)
    except KeyError:  # [4]
        print("!A")
        raise
    print(f"<A {set_by.get()}")  # [2]
    response.headers.append("x-layer", "A")  # [3]
    return response


@app.get("/")
async def here(request: Request) -> Response:
    return visit(request)


@app.get("/thread")
def visit(request: Request) -> Response:
    answer = PlainTextResponse(f"set by {set_by.get()}")
    set_by.set("app")
    return answer


@app.get("/stream")
async def stream(request: Request) -> Response:
    return StreamingResponse(words(), media_type="text/plain")


async def words() -> AsyncIterator[str]:
    for word in ("one", "two"):
        print(word)
        yield word
    raise KeyError("torn")


@app.get("/crash")
async def crash(request: Request) -> Response:
    raise KeyError("crash")


@app.websocket("/")
async def socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.close()
