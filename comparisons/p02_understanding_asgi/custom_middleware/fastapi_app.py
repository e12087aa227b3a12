from collections.abc import Awaitable, Callable
from hmac import compare_digest

from fastapi import FastAPI, Request, Response, WebSocket
from fastapi.responses import PlainTextResponse
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

app = FastAPI(default_response_class=PlainTextResponse)
Next = Callable[[Request], Awaitable[Response]]


@app.get("/private")
async def private() -> str:
    return "the secret"


@app.websocket("/private")
async def socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.close()


@app.api_route("/items", methods=["POST", "DELETE"])
async def items(request: Request) -> str:
    return f"{request.method} {(await request.body()).decode()}"


@app.middleware("http")
async def audit(request: Request, call_next: Next) -> Response:
    print(f"{len(await request.body())} bytes")  # [4]
    return await call_next(request)


class MethodOverride:  # [3]
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("method") == "POST":
            method = Headers(scope=scope).get("x-http-method-override")
            if method in ("PUT", "PATCH", "DELETE"):
                scope = {**scope, "method": method}
        await self.app(scope, receive, send)


app.add_middleware(MethodOverride)


@app.middleware("http")
async def guard(request: Request, call_next: Next) -> Response:  # [2]
    if request.method == "OPTIONS" and "access-control-request-method" in request.headers:
        return PlainTextResponse("ask me", headers={"access-control-allow-headers": "authorization"})
    credentials = request.headers.get("authorization", "").encode()
    if request.scope["path"] == "/private" and not compare_digest(credentials, b"Bearer sesame"):
        return PlainTextResponse("who are you?", 401, {"www-authenticate": "Bearer"})
    return await call_next(request)


@app.middleware("http")  # [5]
async def log(request: Request, call_next: Next) -> Response:  # [1]
    response = await call_next(request)
    print(f"{request.method} {request.url.path} {response.status_code}")
    return response
