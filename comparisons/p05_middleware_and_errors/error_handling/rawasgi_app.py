from collections.abc import AsyncIterator

from rawasgi import App, BackgroundTask, HTTPException, PlainTextResponse, Request, StreamingResponse
from rawasgi.messages.types import ASGIApp, Message, Receive, Scope, Send


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


async def http_error(request: Request, error: HTTPException) -> PlainTextResponse:  # [2]
    return PlainTextResponse(f"{error.status_code} {error.detail}", error.status_code, error.headers)


async def lookup_error(request: Request, error: LookupError) -> PlainTextResponse:  # [3]
    return PlainTextResponse(f"sorry, no {error}", 409)


async def anything(request: Request, error: Exception) -> PlainTextResponse:  # [5]
    print("handler for Exception", flush=True)
    return PlainTextResponse("our fault", 500)


shop = App(exception_handlers={HTTPException: http_error, LookupError: lookup_error, Exception: anything})
shop.add_middleware(layer, name="inside")
app = layer(shop, "outside")


@shop.get("/tea")
@shop.get("/coffee")
async def order(request: Request) -> PlainTextResponse:
    if request.url.path == "/coffee":
        raise SoldOut("coffee")
    raise HTTPException(503, "no water", {"retry-after": "60"})  # [1]


@shop.get("/torn")
@shop.get("/short")
async def stream(request: Request) -> StreamingResponse:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        raise RuntimeError("after the start")  # [6]

    return StreamingResponse(pieces(), headers={"content-length": "10"} if request.url.path == "/short" else {})


@shop.get("/later")
async def later(request: Request) -> PlainTextResponse:
    async def fail() -> None:
        raise RuntimeError("after the end")  # [7]

    return PlainTextResponse("thanks", background=BackgroundTask(fail))


@shop.get("/share")
async def share(request: Request) -> PlainTextResponse:
    among = request.query_params["among"]
    if not among.isdigit():
        raise HTTPException(422, "among: not a number")
    return PlainTextResponse(f"{6 // int(among)} for each")
