"""A class with a method for each verb in -> an ASGI app out.

bytes > server > app > middleware > routing > [handler] > response > bytes

`Route("/items", Items)` takes the class itself: called with scope, receive and send it makes an object that can be
awaited, one for each request. GET answers HEAD too; a verb without a method is 405, and Allow names the others.

A `WebSocketEndpoint` turns the conversation into three methods: `on_connect`, `on_receive` for each message, and
`on_disconnect`, which is called however it ends: with the code of the client's close, with 1011 when a method of yours
failed, with 1003 when the message was not of the `encoding`, which closes the websocket.

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#applications
In FastAPI:   starlette.endpoints:HTTPEndpoint
In Starlette: starlette.endpoints:HTTPEndpoint
In Flask:     flask.views:MethodView
Left out:     nothing
"""

from collections.abc import Generator
from typing import Any, ClassVar, Literal

from rawasgi.exceptions import WebSocketException
from rawasgi.messages.types import Message, Receive, Scope, Send
from rawasgi.middleware import Failure, HandlerApp
from rawasgi.requests import parse_json
from rawasgi.websockets import WebSocket, WebSocketDisconnect

VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY")


class Endpoint:
    """What the two share: an object for each scope, awaited once."""

    scope_type: ClassVar[str]

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != self.scope_type:
            raise RuntimeError(f"{type(self).__name__} answers {self.scope_type}, not {scope['type']}")
        self.scope, self.receive, self.send = scope, receive, send

    def __await__(self) -> Generator[Any, None, None]:
        return self.dispatch().__await__()

    async def dispatch(self) -> None:
        """Answer the scope."""
        raise NotImplementedError(f"{type(self).__name__} must say how to answer")


class HTTPEndpoint(Endpoint):
    """Methods named after verbs, `def get(self, request)` or `async def`, each returning a Response."""

    scope_type = "http"

    async def dispatch(self) -> None:
        """Call the method of this verb; HTTPException 405 where there is none."""
        verb = self.scope["method"]
        method = getattr(self, verb.lower(), None) if verb in VERBS else None
        if method is None and verb == "HEAD":
            method = getattr(self, "get", None)
        if method is None:
            await Failure(405, {"Allow": ", ".join(self.allowed())})(self.scope, self.receive, self.send)
        else:
            await HandlerApp(method)(self.scope, self.receive, self.send)

    def allowed(self) -> list[str]:
        """The verbs that have a method, HEAD among them where GET is."""
        return [verb for verb in VERBS if hasattr(self, verb.lower()) or (verb == "HEAD" and hasattr(self, "get"))]


class WebSocketEndpoint(Endpoint):
    """Three methods for one websocket. `encoding` says what `on_receive` gets: text, bytes or parsed JSON.

    Without an encoding it gets what came, str or bytes.
    """

    scope_type = "websocket"
    encoding: Literal["text", "bytes", "json"] | None = None

    def __init_subclass__(cls) -> None:
        if cls.encoding not in ("text", "bytes", "json", None):
            raise ValueError(f"{cls.__name__}.encoding is text, bytes, json or None, not {cls.encoding!r}")

    async def dispatch(self) -> None:
        """Connect, hand on message after message, and say how it ended."""
        websocket = WebSocket(self.scope, self.receive, self.send)
        await self.on_connect(websocket)
        close_code = 1011
        try:
            close_code = await self.converse(websocket)
        except WebSocketDisconnect as gone:
            close_code = gone.code
            raise
        finally:
            await self.on_disconnect(websocket, close_code)

    async def converse(self, websocket: WebSocket) -> int:
        """Receive until it is over; the code that it ended with."""
        while (message := await websocket.receive())["type"] != "websocket.disconnect":
            if message["type"] == "websocket.receive":
                try:
                    data = await self.decode(websocket, message)
                except WebSocketException as error:
                    await websocket.close(error.code, error.reason)
                    return error.code
                await self.on_receive(websocket, data)
        return int(message.get("code", 1005))  # "should be interpreted as 1005" where the key is missing

    async def decode(self, websocket: WebSocket, message: Message) -> Any:
        """The data of a message; WebSocketException 1003 for one that is not of this encoding."""
        text, data = message.get("text"), message.get("bytes")
        if self.encoding == "json":
            try:
                return parse_json(data or b"" if text is None else text.encode("utf-8", "surrogatepass"))
            except ValueError:
                raise WebSocketException(1003, "JSON was expected") from None
        if self.encoding == "text" and text is None:
            raise WebSocketException(1003, "a text message was expected")
        if self.encoding == "bytes" and data is None:
            raise WebSocketException(1003, "a binary message was expected")
        return data if self.encoding == "bytes" or text is None else text

    async def on_connect(self, websocket: WebSocket) -> None:
        """The handshake: accept it, unless a subclass decides otherwise."""
        await websocket.accept()

    async def on_receive(self, websocket: WebSocket, data: Any) -> None:
        """A message has come."""

    async def on_disconnect(self, websocket: WebSocket, close_code: int) -> None:
        """It is over: nothing can be sent any more."""
