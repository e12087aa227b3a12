"""An app in -> the same app with a layer around it out.

bytes > server > app > [middleware] > routing > handler > response > bytes

Middleware is an app that calls an app. Two layers are always there, and yours lie between them:

    ServerErrorMiddleware   what nobody caught: answers 500 if there is still time, and raises on, to the server's log
      your middleware       the one added last outermost
        ExceptionMiddleware HTTPException and whatever has a handler: answers
          the router

A handler for `Exception` or 500 therefore runs *outside* your middleware: its answer has no CORS headers and no timing.
An HTTPException that your middleware raises itself has passed the inner boundary: the outer one answers it, plainly.
Once the response has started, nothing is answered twice and nothing is swallowed: the exception goes on, and the server
tears the body.

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#middleware
Grown from:   tiny/app.py:App.guard, because handlers are chosen by exception, and layers are listed
In FastAPI:   starlette.middleware.errors:ServerErrorMiddleware
In Starlette: starlette.middleware.exceptions:ExceptionMiddleware
In Flask:     flask.app:Flask.wsgi_app, which one wraps: app.wsgi_app = Layer(app.wsgi_app)
Left out:     a page for tracebacks; middleware written as a function, which `call_next` explains
"""

import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from rawasgi.concurrency import name_of, where_it_belongs
from rawasgi.exceptions import HTTPException, WebSocketException
from rawasgi.messages.scopes import can_deny
from rawasgi.messages.states import WEBSOCKET_APP, WEBSOCKET_SERVER, Side
from rawasgi.messages.types import ASGIApp, Receive, Scope, Send
from rawasgi.requests import ClientDisconnect, Request
from rawasgi.responses import BODILESS, PlainTextResponse, Response, TrackedSend
from rawasgi.websockets import WebSocket, WebSocketDisconnect, WebSocketState


class Middleware:
    """A layer and its options, before there is an app to put it around: `Middleware(Timing, unit="ms")`."""

    def __init__(self, cls: Callable[..., ASGIApp], *args: Any, **kwargs: Any) -> None:
        self.cls = cls
        self.args = args
        self.kwargs = kwargs

    def __iter__(self) -> Iterator[Any]:
        return iter((self.cls, self.args, self.kwargs))

    def __repr__(self) -> str:
        options = [*map(repr, self.args), *(f"{name}={value!r}" for name, value in self.kwargs.items())]
        return f"Middleware({', '.join([name_of(self.cls), *options])})"


Layers = Sequence[Middleware] | None
Handlers = dict[Any, Callable[..., Any]]


def wrap(app: ASGIApp, layers: Iterable[Middleware]) -> ASGIApp:
    """The onion: the first layer of the list outermost, `app` in the middle."""
    for cls, args, kwargs in reversed([*layers]):
        app = cls(app, *args, **kwargs)
    return app


class ServerErrorMiddleware:
    """The outermost layer: what nobody caught is answered with 500, by `handler` if there is one, and raised on.

    With `debug` the answer is the traceback, as text.
    """

    def __init__(self, app: ASGIApp, handler: Callable[..., Any] | None = None, debug: bool = False) -> None:
        self.app = app
        self.handler = handler
        self.debug = debug

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the app; websockets and lifespan are left to the server, which knows what to do."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        tracked = TrackedSend(send)
        try:
            await self.app(scope, receive, tracked)
        except ClientDisconnect:
            return  # there is nobody to answer, and nothing went wrong
        except HTTPException as error:
            if tracked.started:
                raise
            response = await http_exception(Request(scope, receive, send), error)
            await response(scope, receive, tracked)
        except Exception as error:
            unexpected = await self.answer(Request(scope, receive, send), error)  # a handler hears of it in any case
            if not tracked.started:
                await unexpected(scope, receive, tracked)
            raise

    async def answer(self, request: Request, error: Exception) -> ASGIApp:
        """The response to an exception that nobody expected."""
        if self.debug:
            return PlainTextResponse("".join(traceback.format_exception(error)), 500)
        if self.handler is not None:
            response: ASGIApp = await where_it_belongs(self.handler)(request, error)
            return response
        return PlainTextResponse("Internal Server Error", 500)


def layered(app: ASGIApp, layers: Layers) -> ASGIApp:
    """Layers around a part of an app. An exception is answered below them, so that they see the answer."""
    return wrap(app, [*layers, Middleware(ExceptionMiddleware)]) if layers else app


async def http_exception(request: Request, error: HTTPException) -> Response:
    """The answer to an HTTPException that has no handler of its own: its detail, as text, where a body may follow."""
    if error.status_code in BODILESS:
        return Response(None, error.status_code, error.headers)
    return PlainTextResponse(str(error.detail), error.status_code, error.headers)


async def websocket_exception(websocket: WebSocket, error: WebSocketException) -> None:
    """Close with the code and the reason of the exception, as much of it as a close frame has room for."""
    await websocket.close(error.code, error.reason.encode()[:123].decode("utf-8", "ignore"))


async def nobody_there(connection: Any, error: Exception) -> None:
    """The client has left, and the handler with it: there is nobody to answer, and nothing went wrong."""


EXPECTED: Handlers = {
    HTTPException: http_exception,
    WebSocketException: websocket_exception,
    WebSocketDisconnect: nobody_there,
    ClientDisconnect: nobody_there,
}


class ExceptionMiddleware:
    """The innermost layer: exceptions that have a handler are answered, all others go on outwards.

    `handlers` maps a status code or a class of exceptions to `handler(request, exception) -> Response`; the class
    nearest in the order of inheritance decides, a status before it. What is not in it, the `App` in the scope may know.
    """

    def __init__(
        self, app: ASGIApp, handlers: Mapping[Any, Callable[..., Any]] | None = None, debug: bool = False
    ) -> None:
        self.app = app
        self.debug = debug
        self.given = handlers or {}

    def find(self, error: Exception, app: Any) -> Callable[..., Any] | None:
        """The handler for this exception, if there is one; `app` is the App that the scope has passed through."""
        places: list[Mapping[Any, Callable[..., Any]]] = [self.given, getattr(app, "expected_handlers", {}), EXPECTED]
        wanted: list[Any] = [error.status_code] if isinstance(error, HTTPException) else []
        for key in (*wanted, *type(error).__mro__):
            for handlers in places:
                if key in handlers:
                    return handlers[key]
            if getattr(key, "__name__", "") == "HTTPException" and hasattr(error, "status_code"):
                return self.find(HTTPException(0), app)  # of an app below, of another family
        return None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the app, and answer for it where it raised and nothing was sent."""
        if scope["type"] == "websocket":
            await self.guard_websocket(scope, receive, send)
            return
        tracked = send if isinstance(send, TrackedSend) else TrackedSend(send)
        try:
            await self.app(scope, receive, tracked)
        except Exception as error:
            handler = self.find(error, scope.get("app"))
            if handler is None or tracked.started:
                raise
            response = await where_it_belongs(handler)(Request(scope, receive, send), error)
            if response is not None:
                await tracked.respond(response, scope, receive)

    async def guard_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The same for a websocket: a handler may close it, or return a response, which refuses the handshake."""
        outer: tuple[Side, ...] = scope.get("rawasgi.sides", ())  # of the app that this one is mounted in
        scope["rawasgi.sides"] = sides = Side(WEBSOCKET_APP), Side(WEBSOCKET_SERVER)  # shared with our handler's
        try:
            await self.app(scope, receive, send)
        except Exception as error:
            handler, websocket = self.find(error, scope.get("app")), WebSocket(scope, receive, send)
            is_over = websocket.application_state is WebSocketState.DISCONNECTED
            if handler is None or (is_over and handler is not nobody_there):
                raise
            response = await where_it_belongs(handler)(websocket, error)
            if response is not None:
                if websocket.application_state is not WebSocketState.CONNECTING:
                    raise  # accepted already: the server closes with 1011
                await (websocket.send_denial_response(response) if can_deny(scope) else websocket.close())
        finally:
            for side, reached in zip(outer, sides, strict=False):
                side.state = reached.state  # what goes on outwards has to find the conversation where it stands

    def __repr__(self) -> str:
        keys = (str(getattr(key, "__name__", key)) for key in {**EXPECTED, **self.given})
        return f"<ExceptionMiddleware for {', '.join(keys)}>"


async def fail(status: int, headers: dict[str, str] | None, scope: Scope, receive: Receive, send: Send) -> None:
    """Inside our own app raise, so that its exception handlers answer; elsewhere answer at once."""
    error = HTTPException(status, headers=headers)
    if getattr(scope.get("app"), "answers_http_exceptions", False):
        raise error
    await PlainTextResponse(error.detail, status, headers)(scope, receive, send)
