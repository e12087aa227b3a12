from collections.abc import AsyncIterator

from rawasgi.messages.types import ASGIApp, Message, Receive, Scope, Send
from rawasgi.tiny.app import App, HTTPException, Request, Response


class SoldOut(LookupError): ...


def layer(app: ASGIApp, name: str) -> ASGIApp:
    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_name(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], (b"x-layer", name.encode())]}
            await send(message)

        try:
            await app(scope, receive, send_with_name)
        except Exception as error:
            print(f"{name} hears {type(error).__name__}", flush=True)  # [4]
            raise

    return call


def lookup_error(app: ASGIApp) -> ASGIApp:
    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, send)
        except LookupError as error:  # [3]
            await Response(f"sorry, no {error}", 409)(scope, receive, send)

    return call


shop = App()
shop.add_middleware(lookup_error)
shop.add_middleware(layer, name="inside")
app = layer(shop, "outside")


@shop.get("/tea")
async def tea(request: Request) -> Response:
    raise HTTPException(503, "no water", {"retry-after": "60"})  # [1]


@shop.get("/coffee")
async def coffee(request: Request) -> Response:
    raise SoldOut("coffee")


@shop.get("/torn")
@shop.get("/short")
async def stream(request: Request) -> Response:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        raise RuntimeError("after the start")  # [6]

    return Response(pieces(), headers={"content-length": "10"} if request.path == "/short" else {})


@shop.get("/later")
async def later(request: Request) -> None:
    await Response("thanks")(request.scope, request.receive_message, request.send_message)
    raise RuntimeError("after the end")  # [7]


@shop.get("/share")
async def share(request: Request) -> Response:
    if not request.query["among"].isdigit():
        raise HTTPException(422, "among: not a number")
    return Response(f"{6 // int(request.query['among'])} for each")
