"""The type of a message in -> the keys that it must and may have out.

All that server and application ever say to each other, one class for each message, named after its type:
`http.response.start` is `HTTPResponseStart`. A key under `NotRequired` may be absent, and its comment names the
default. What stands in a scope is told in `scopes`, when a message may be sent in `states`.

`Message` and `Scope` are plain mappings, so that applications of other frameworks type-check. The classes serve to
build a message that a type checker can hold to the specification, and to look closer at one that came:

    start: HTTPResponseStart = {"type": "http.response.start", "status": 204}
    await send(dict(start))
    message = cast(HTTPReceiveMessage, await receive())

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#events
In FastAPI:   starlette.types:Message
In Starlette: starlette.types:Message, an untyped mapping
In Flask:     wsgiref.types:WSGIApplication, a call in place of messages
Left out:     what a type cannot say, such as "exactly one of `bytes` and `text`": `rules` says it
"""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Final, Literal, NotRequired, Protocol, TypedDict, get_args

from rawasgi.messages.scopes import Header as Header  # the two that this vocabulary shares with the scopes
from rawasgi.messages.scopes import Scope as Scope

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]


# --- HTTP, from receive ---


class HTTPRequest(TypedDict):
    """From the server: the request body, or a piece of it. A request without a body has one such message too.

    {"type": "http.request", "body": b"name=", "more_body": True}
    """

    type: Literal["http.request"]
    body: NotRequired[bytes]  # default b""; de-chunked, and b"" may come while more is to follow
    more_body: NotRequired[bool]  # default False: this piece was the last


class HTTPDisconnect(TypedDict):
    """From the server: the client has gone, or the response is complete. Both look the same (HR7).

    {"type": "http.disconnect"}
    """

    type: Literal["http.disconnect"]


# --- HTTP, into send ---


class HTTPResponseStart(TypedDict):
    """From the application: status and headers. The server may hold them back until the first body (HS20).

    {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]}
    """

    type: Literal["http.response.start"]
    status: int  # an HTTPStatus is an int too
    headers: NotRequired[Iterable[Header]]  # default empty; without content-length the server frames the body (HS21)
    trailers: NotRequired[bool]  # default False; True promises http.response.trailers after the body


class HTTPResponseBody(TypedDict):
    """From the application: the response body, or a piece of it. An empty body needs one such message too (HS12).

    {"type": "http.response.body", "body": b"hello", "more_body": False}
    """

    type: Literal["http.response.body"]
    body: NotRequired[bytes]  # default b""
    more_body: NotRequired[bool]  # default False: the response ends here


# --- HTTP, into send, where an extension allows it ---


class HTTPResponseTrailers(TypedDict):
    """From the application, after the last body of a start that promised them: header fields at the end.

    {"type": "http.response.trailers", "headers": [(b"checksum", b"5d41")], "more_trailers": False}
    """

    type: Literal["http.response.trailers"]
    headers: NotRequired[Iterable[Header]]  # default empty
    more_trailers: NotRequired[bool]  # default False


class HTTPResponsePush(TypedDict):
    """From the application, inside a response on HTTP/2: the client will want this too. The server calls us for it.

    {"type": "http.response.push", "path": "/style.css", "headers": [(b"accept", b"text/css")]}
    """

    type: Literal["http.response.push"]
    path: str  # decoded, as in the scope
    headers: Iterable[Header]  # of the request that the client is spared; the authority is the parent's (X6)


class HasDescriptor(Protocol):
    """An open file of the operating system: `open(path, "rb")` is one, `io.BytesIO` is not, though it has the name."""

    def fileno(self) -> int:
        """The descriptor. The application that opened it closes it (X9)."""


class HTTPResponseZerocopysend(TypedDict):
    """From the application, in place of a body or between bodies: the kernel copies a file to the socket.

    {"type": "http.response.zerocopysend", "file": open("film.mp4", "rb"), "offset": 0, "count": 65536}
    """

    type: Literal["http.response.zerocopysend"]
    file: HasDescriptor
    offset: NotRequired[int]  # bytes from the beginning; default: where the file stands
    count: NotRequired[int]  # bytes; default: up to the end of the file
    more_body: NotRequired[bool]  # default False


class HTTPResponsePathsend(TypedDict):
    """From the application, in place of the whole body: the server reads the file by itself.

    {"type": "http.response.pathsend", "path": "/srv/film.mp4"}
    """

    type: Literal["http.response.pathsend"]
    path: str  # absolute; the headers are the application's affair, also content-length (X11)


class HTTPResponseEarlyHint(TypedDict):
    """From the application, before the start: a 103 that tells the client what to fetch while it waits.

    {"type": "http.response.early_hint", "links": [b"</style.css>; rel=preload; as=style"]}
    """

    type: Literal["http.response.early_hint"]
    links: Iterable[bytes]  # values of `link` header fields


class HTTPResponseDebug(TypedDict):
    """From the application, before the start: for a test client, which alone announces it (X15).

    {"type": "http.response.debug", "info": {"template": "index.html"}}
    """

    type: Literal["http.response.debug"]
    info: dict[str, object]  # any objects: nothing of it goes on a wire


# --- WebSocket, from receive ---


class WebSocketConnect(TypedDict):
    """From the server: a client asks for a socket. It waits for the answer (WR3).

    {"type": "websocket.connect"}
    """

    type: Literal["websocket.connect"]


class WebSocketReceive(TypedDict):
    """From the server: one whole message of the client, as bytes or as text.

    {"type": "websocket.receive", "text": "hello"}
    """

    type: Literal["websocket.receive"]
    bytes: NotRequired[bytes | None]  # default None; exactly one of the two is not None (WR4)
    text: NotRequired[str | None]  # default None


class WebSocketDisconnect(TypedDict):
    """From the server: the socket has ended, whoever ended it.

    {"type": "websocket.disconnect", "code": 1001, "reason": "tab closed"}
    """

    type: Literal["websocket.disconnect"]
    code: int  # of RFC 6455; 1005: the close frame had none; 1006: there was no close frame
    reason: NotRequired[str | None]  # default None; since spec 2.5


# --- WebSocket, into send ---


class WebSocketAccept(TypedDict):
    """From the application: the handshake may be completed.

    {"type": "websocket.accept", "subprotocol": "chat.v2", "headers": [(b"set-cookie", b"seen=1")]}
    """

    type: Literal["websocket.accept"]
    subprotocol: NotRequired[str | None]  # default None; one of those the scope offers (WS4), never a header (WS6)
    headers: NotRequired[Iterable[Header]]  # default empty; since spec 2.1


class WebSocketSend(TypedDict):
    """From the application: one whole message to the client, as bytes or as text.

    {"type": "websocket.send", "bytes": b"hello"}
    """

    type: Literal["websocket.send"]
    bytes: NotRequired[bytes | None]  # default None; exactly one of the two is not None (WS8)
    text: NotRequired[str | None]  # default None


class WebSocketClose(TypedDict):
    """From the application: end the socket. Before accept it refuses the handshake: the client sees a 403 (WS12).

    {"type": "websocket.close", "code": 1008, "reason": "no ticket"}
    """

    type: Literal["websocket.close"]
    code: NotRequired[int]  # default 1000
    reason: NotRequired[str | None]  # default None, which the wire shows as ""; since spec 2.3


# --- WebSocket, into send, where the extension `websocket.http.response` allows it ---


class WebSocketHTTPResponseStart(TypedDict):
    """From the application, in place of accept: refuse the handshake with a response of its own making.

    {"type": "websocket.http.response.start", "status": 401, "headers": [(b"www-authenticate", b"Basic")]}
    """

    type: Literal["websocket.http.response.start"]
    status: int
    headers: NotRequired[Iterable[Header]]  # default empty


class WebSocketHTTPResponseBody(TypedDict):
    """From the application, after that start: the body, or a piece of it.

    {"type": "websocket.http.response.body", "body": b"who are you?", "more_body": False}
    """

    type: Literal["websocket.http.response.body"]
    body: NotRequired[bytes]  # default b""
    more_body: NotRequired[bool]  # default False


# --- Lifespan, from receive ---


class LifespanStartup(TypedDict):
    """From the server: get ready. No request comes before the answer (L5).

    {"type": "lifespan.startup"}
    """

    type: Literal["lifespan.startup"]


class LifespanShutdown(TypedDict):
    """From the server: the last connection is closed, clean up. The server waits for the answer (L12).

    {"type": "lifespan.shutdown"}
    """

    type: Literal["lifespan.shutdown"]


# --- Lifespan, into send ---


class LifespanStartupComplete(TypedDict):
    """From the application: ready.

    {"type": "lifespan.startup.complete"}
    """

    type: Literal["lifespan.startup.complete"]


class LifespanStartupFailed(TypedDict):
    """From the application: not ready, and the server should exit (L8).

    {"type": "lifespan.startup.failed", "message": "no database"}
    """

    type: Literal["lifespan.startup.failed"]
    message: NotRequired[str]  # default ""; the server logs it


class LifespanShutdownComplete(TypedDict):
    """From the application: cleaned up.

    {"type": "lifespan.shutdown.complete"}
    """

    type: Literal["lifespan.shutdown.complete"]


class LifespanShutdownFailed(TypedDict):
    """From the application: something could not be cleaned up.

    {"type": "lifespan.shutdown.failed", "message": "queue not empty"}
    """

    type: Literal["lifespan.shutdown.failed"]
    message: NotRequired[str]  # default ""; the server logs it


HTTPReceiveMessage = HTTPRequest | HTTPDisconnect
HTTPSendMessage = (
    HTTPResponseStart
    | HTTPResponseBody
    | HTTPResponseTrailers
    | HTTPResponsePush
    | HTTPResponseZerocopysend
    | HTTPResponsePathsend
    | HTTPResponseEarlyHint
    | HTTPResponseDebug
)
WebSocketReceiveMessage = WebSocketConnect | WebSocketReceive | WebSocketDisconnect
WebSocketSendMessage = (
    WebSocketAccept | WebSocketSend | WebSocketClose | WebSocketHTTPResponseStart | WebSocketHTTPResponseBody
)
LifespanReceiveMessage = LifespanStartup | LifespanShutdown
LifespanSendMessage = (
    LifespanStartupComplete | LifespanStartupFailed | LifespanShutdownComplete | LifespanShutdownFailed
)
AnyReceiveMessage = HTTPReceiveMessage | WebSocketReceiveMessage | LifespanReceiveMessage
AnySendMessage = HTTPSendMessage | WebSocketSendMessage | LifespanSendMessage


def _by_type(union: Any) -> dict[str, type]:
    """The members of a union, each under the literal of its `type` key."""
    return {get_args(member.__annotations__["type"])[0]: member for member in get_args(union)}


MESSAGES: Final = _by_type(AnyReceiveMessage | AnySendMessage)  # "http.request" -> HTTPRequest, ...
SENT_BY_SERVER: Final = frozenset(_by_type(AnyReceiveMessage))  # what `receive()` can deliver; `send()` takes the rest
