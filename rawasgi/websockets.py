"""A websocket scope in -> accept, messages either way, and close out.

bytes > server > app > middleware > routing > [handler] > response > bytes

A websocket is two conversations at once, and either side may end them. `WebSocket` invents no states: both sides
are followed on the tables of `messages.states`, so that an application that speaks out of turn is told the rule, and
a server that does is not blamed on the application. Between `accept` and the end data moves no table, so for data nobody
looks one up: that halves the price of an echo.

Before `accept` there is no websocket. `close` then means HTTP 403, and neither code nor reason reaches the client.

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html#websocket
Grown from:   tiny/app.py:WebSocket, because subprotocols, JSON, denials and errors by name are wanted too
In FastAPI:   starlette.websockets:WebSocket
In Starlette: starlette.websockets:WebSocket
In Flask:     none, because WSGI has no word for it: extensions take the socket away from the server
Left out:     broadcast, pings (they are the server's)
"""

import enum
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from typing import Any, TypeVar

from rawasgi.concurrency import is_async_callable, name_of
from rawasgi.exceptions import WebSocketException
from rawasgi.messages.scopes import can_deny
from rawasgi.messages.states import WEBSOCKET_APP, WEBSOCKET_SERVER, Side
from rawasgi.messages.types import Header, Message, Receive, Scope, Send
from rawasgi.requests import HTTPConnection, parse_json
from rawasgi.responses import Response, to_json

T = TypeVar("T")


class WebSocketState(enum.Enum):
    """Where one side stands, in the four words of Starlette; the tables have finer ones."""

    CONNECTING = 0
    CONNECTED = 1
    DISCONNECTED = 2
    RESPONSE = 3


APP_STATES = {
    "awaiting_connect": WebSocketState.CONNECTING,
    "awaiting_answer": WebSocketState.CONNECTING,
    "open": WebSocketState.CONNECTED,
    "denial_awaiting_body": WebSocketState.RESPONSE,
    "denial_streaming_body": WebSocketState.RESPONSE,
}
CLIENT_STATES = {"awaiting_connect": WebSocketState.CONNECTING, "disconnected": WebSocketState.DISCONNECTED}


class WebSocketDisconnect(Exception):
    """The client has gone. `code` is that of its close frame, 1005 where the frame had none, 1006 without a frame."""

    def __init__(self, code: int = 1000, reason: str | None = None) -> None:
        super().__init__(code, reason or "")
        self.code = code
        self.reason = reason or ""


class MalformedMessage(WebSocketException, json.JSONDecodeError):
    """A message that is no JSON: the websocket is closed with 1007 unless the handler catches it."""

    def __init__(self, why: str, text: str = "", position: int = 0) -> None:
        json.JSONDecodeError.__init__(self, why, text, position)
        WebSocketException.__init__(self, 1007, f"Malformed JSON: {why}"[:100])


class WebSocket(HTTPConnection):
    """One websocket: `accept` it or `close` it, then `receive_…` and `send_…` until either side has had enough.

    Raises `AppProtocolError` where the application speaks out of turn, `PeerProtocolError` where the server does, and
    `WebSocketDisconnect` when the client is gone.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        super().__init__(scope)
        self._receive = receive
        self._send = send
        # Inside an app the two are shared, so that an exception handler knows where the conversation stands.
        sides: tuple[Side, Side] | None = scope.get("rawasgi.sides")
        self._app, self._server = sides or (Side(WEBSOCKET_APP), Side(WEBSOCKET_SERVER))
        self._gone: WebSocketDisconnect | None = None

    @property
    def application_state(self) -> WebSocketState:
        """Where this side stands."""
        return APP_STATES.get(self._app.state, WebSocketState.DISCONNECTED)

    @property
    def client_state(self) -> WebSocketState:
        """Where the client stands, as far as the server has told."""
        return CLIENT_STATES.get(self._server.state, WebSocketState.CONNECTED)

    async def receive(self) -> Message:
        """The next message as the server sends it; RuntimeError after `websocket.disconnect`, for nothing follows it."""
        if self._gone is not None:
            raise RuntimeError(f"receive() after websocket.disconnect ({self._gone.code}): nothing can follow (WR10)")
        return self._heard(await self._receive())

    def _heard(self, message: Message) -> Message:
        if message["type"] == "websocket.receive" and self._app.state == "open":
            return message  # data moves no table, so the tables are not asked: where we are open, the server is
        self._server.says(message)
        self._app.hears(message)
        if message["type"] == "websocket.disconnect":
            self._gone = WebSocketDisconnect(message.get("code", 1005), message.get("reason"))
        return message

    async def send(self, message: Message) -> None:
        """Send a message as it is; `WebSocketDisconnect` where the client is gone."""
        if message["type"] != "websocket.send" or self._app.state != "open":
            self._app.says(message)
            self._server.hears(message)
            if self._gone is not None:
                raise self._gone
        try:
            await self._send(message)
        except OSError as error:
            self._app.hears({"type": "websocket.disconnect"})
            self._gone = WebSocketDisconnect(1006)
            raise self._gone from error

    async def accept(self, subprotocol: str | None = None, headers: Iterable[Header] | None = None) -> None:
        """Complete the handshake, with one of the client's `scope["subprotocols"]` and headers of your own.

        {"type": "websocket.accept", "subprotocol": "chat", "headers": []}
        """
        if self._app.state == "awaiting_connect":
            await self.receive()  # nothing is sent before connect was received (rule WS1)
        await self.send({"type": "websocket.accept", "subprotocol": subprotocol, "headers": list(headers or ())})

    def receive_text(self) -> Coroutine[Any, Any, str]:
        """The next message, which must be text: binary closes the websocket with 1003."""
        return self._receive_data("text")

    def receive_bytes(self) -> Coroutine[Any, Any, bytes]:
        """The next message, which must be binary: text closes the websocket with 1003."""
        return self._receive_data("bytes")

    async def receive_json(self, mode: str = "text") -> Any:
        """The next message as JSON, in `mode` "text" or "binary"; `MalformedMessage` where it is none."""
        data = await self._receive_data(self._key(mode))
        try:
            return parse_json(data.encode("utf-8", "surrogatepass") if mode == "text" else data)
        except json.JSONDecodeError as error:
            raise MalformedMessage(error.msg, error.doc, error.pos) from None

    async def _receive_data(self, key: str) -> Any:
        if self._app.state == "open":  # then nobody is gone, and a call can be saved
            message = await self._receive()
            if message["type"] != "websocket.receive":
                self._heard(message)
        elif self._app.state in ("closed", "peer_gone"):
            message = await self.receive()
        else:
            raise RuntimeError(f"nothing can be received while the websocket is {self._app.state}: accept() it first")
        if (data := message.get(key)) is not None:
            return data
        if self._gone is not None:
            raise self._gone
        raise WebSocketException(1003, f"a {'text' if key == 'text' else 'binary'} message was expected")

    @staticmethod
    def _key(mode: str) -> str:
        if mode not in ("text", "binary"):
            raise ValueError(f'mode is "text" or "binary", not {mode!r}')
        return "text" if mode == "text" else "bytes"

    def iter_text(self) -> AsyncIterator[str]:
        """Text messages, until the client leaves."""
        return until_gone(self.receive_text)

    def iter_bytes(self) -> AsyncIterator[bytes]:
        """Binary messages, until the client leaves."""
        return until_gone(self.receive_bytes)

    def iter_json(self) -> AsyncIterator[Any]:
        """JSON messages, until the client leaves."""
        return until_gone(self.receive_json)

    def send_text(self, data: str) -> Coroutine[Any, Any, None]:
        """Send a text message."""
        return self.send({"type": "websocket.send", "text": data})

    def send_bytes(self, data: bytes) -> Coroutine[Any, Any, None]:
        """Send a binary message."""
        return self.send({"type": "websocket.send", "bytes": data})

    async def send_json(self, data: Any, mode: str = "text") -> None:
        """Send data as JSON, in `mode` "text" or "binary"."""
        key, body = self._key(mode), to_json(data)
        await self.send({"type": "websocket.send", key: body.decode() if key == "text" else body})

    async def close(self, code: int = 1000, reason: str | None = None) -> None:
        """Say goodbye; before `accept` it is HTTP 403. `reason` is at most 123 bytes of UTF-8 (RFC 6455, section 5.5).

        {"type": "websocket.close", "code": 1000, "reason": ""}
        """
        if len((reason or "").encode()) > 123:
            raise ValueError(f"a close reason has at most 123 bytes, this one has {len((reason or '').encode())}")
        if self._app.state == "awaiting_connect":
            await self.receive()
        await self.send({"type": "websocket.close", "code": code, "reason": reason or ""})

    async def send_denial_response(self, response: Response) -> None:
        """Refuse the handshake with an HTTP response of your own, where the server has that extension.

        RuntimeError where it has not; `close()` is always possible.
        """
        if not can_deny(self.scope):
            raise RuntimeError("this server has no `websocket.http.response` extension: close() instead")
        if self._app.state == "awaiting_connect":
            await self.receive()
        await response(self.scope, self.receive, self.send)

    def __repr__(self) -> str:
        return f"<WebSocket {self.scope['path']}: {self._app.state}>"


async def until_gone(receive: Callable[[], Awaitable[T]]) -> AsyncIterator[T]:
    """What `receive` gives, again and again, until the client leaves."""
    try:
        while True:
            yield await receive()
    except WebSocketDisconnect:
        return


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """An ASGI app that refuses every websocket: HTTP 403."""
    await receive()
    await send({"type": "websocket.close", "code": 1000, "reason": ""})


class WebSocketApp:
    """`func(websocket)` as an ASGI app."""

    def __init__(self, func: Callable[..., Any]) -> None:
        if not is_async_callable(func):
            raise TypeError(f"{name_of(func)} must be `async def`: a websocket lives on the event loop")
        self.func = func

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the function; the websocket ends with it."""
        await self.func(WebSocket(scope, receive, send))
