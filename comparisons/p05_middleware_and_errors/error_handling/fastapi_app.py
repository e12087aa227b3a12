from collections.abc import AsyncIterator

from fastapi import BackgroundTasks, FastAPI, HTTPException, Request
from fastapi.responses import PlainTextResponse, StreamingResponse
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send


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


shop = FastAPI(default_response_class=PlainTextResponse)
shop.add_middleware(layer, name="inside")
app = layer(shop, "outside")


@shop.exception_handler(StarletteHTTPException)
async def http_error(request: Request, error: StarletteHTTPException) -> PlainTextResponse:  # [2]
    return PlainTextResponse(f"{error.status_code} {error.detail}", error.status_code, error.headers)


@shop.exception_handler(LookupError)
async def lookup_error(request: Request, error: LookupError) -> PlainTextResponse:  # [3]
    return PlainTextResponse(f"sorry, no {error}", 409)


@shop.exception_handler(Exception)
async def anything(request: Request, error: Exception) -> PlainTextResponse:  # [5]
    print("handler for Exception", flush=True)
    return PlainTextResponse("our fault", 500)


@shop.api_route("/tea", methods=["GET", "HEAD"])
async def tea() -> None:
    raise HTTPException(503, "no water", {"retry-after": "60"})  # [1]


@shop.get("/coffee")
async def coffee() -> None:
    raise SoldOut("coffee")


@shop.get("/torn")
@shop.get("/short")
async def stream(request: Request) -> StreamingResponse:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        raise RuntimeError("after the start")  # [6]

    return StreamingResponse(pieces(), headers={"content-length": "10"} if request.url.path == "/short" else {})


@shop.get("/later")
async def later(background: BackgroundTasks) -> str:
    async def fail() -> None:
        raise RuntimeError("after the end")  # [7]

    background.add_task(fail)
    return "thanks"


@shop.get("/share")
async def share(among: int) -> str:
    return f"{6 // among} for each"
