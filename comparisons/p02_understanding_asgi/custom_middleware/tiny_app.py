from functools import partial
from hmac import compare_digest

from rawasgi.messages.types import ASGIApp, Message, Receive, Scope, Send
from rawasgi.tiny.app import App, Request, Response, WebSocket

app = App()


@app.get("/private")
async def private(request: Request) -> Response:
    return Response("the secret")


@app.websocket("/private")
async def socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.close()


@app.post("/items")
@app.route("/items", "DELETE")
async def items(request: Request) -> Response:
    return Response(f"{request.method} {(await request.body()).decode()}")


async def log(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:  # [1]
    async def send_and_log(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.accept", "websocket.close"):
            print(f"{scope.get('method', 'websocket')} {scope['path']} {message.get('status', message['type'])}")
        await send(message)

    await app(scope, receive, send_and_log)


async def guard(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:  # [2]
    headers = dict(scope["headers"])
    if scope.get("method") == "OPTIONS" and b"access-control-request-method" in headers:
        app = Response("ask me", headers={"access-control-allow-headers": "authorization"})
    elif scope["path"] == "/private" and not compare_digest(headers.get(b"authorization", b""), b"Bearer sesame"):
        app = Response("who are you?", 401, {"www-authenticate": "Bearer"})
    await app(scope, receive, send)


async def override(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:  # [3]
    method = dict(scope["headers"]).get(b"x-http-method-override", b"").decode("latin-1")
    if scope.get("method") == "POST" and method in ("PUT", "PATCH", "DELETE"):
        scope = {**scope, "method": method}
    await app(scope, receive, send)


async def audit(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
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


for layer in (audit, override, guard, log):
    app.add_middleware(partial(partial, layer))  # [5]
