"""An app in -> the same app with a layer around it out.

bytes > server > app > [middleware] > routing > handler > response > bytes

Middleware is an app that calls an app. Two boundaries are always there, and your layers lie between them:

    App                     what nobody caught: answers 500 if there is still time, and raises on, to the server's log
      your middleware       the one added last outermost
        ExceptionMiddleware HTTPException and whatever has a handler: answers
          the router

A handler for `Exception` or 500 therefore runs *outside* your middleware: its answer has no CORS headers and no timing.
An HTTPException that your middleware raises itself has passed the inner boundary: the outer one answers it, plainly.
Once the response has started, nothing is answered twice and nothing is swallowed: the exception goes on, and the server
tears the body.

There are two ways through an onion. A layer of yours calls the app below with a `send` of its own, and messages come
back. What is ours, between such layers, is a `Responder`: it is asked for its response, and gives it unsent, as a handler
does; the outermost one sends it. So where no layer listens, no message is made to be looked at, and a request costs three
coroutines: one for the app, one for the handler, one for the response.

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#middleware
Grown from:   tiny/app.py:App.guard, because handlers are chosen by exception, and layers are listed
In FastAPI:   starlette.middleware.exceptions:ExceptionMiddleware
In Starlette: starlette.middleware.exceptions:ExceptionMiddleware
In Flask:     flask.app:Flask.wsgi_app, which one wraps: app.wsgi_app = Layer(app.wsgi_app)
Left out:     a page for tracebacks; middleware written as a function, which `call_next` explains
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from rawasgi.concurrency import name_of, where_it_belongs
from rawasgi.exceptions import HTTPException, WebSocketException
from rawasgi.messages.scopes import can_deny
from rawasgi.messages.states import WEBSOCKET_APP, WEBSOCKET_SERVER, Side
from rawasgi.messages.types import ASGIApp, Receive, Scope, Send
from rawasgi.requests import ClientDisconnect, Request, no_send
from rawasgi.responses import BODILESS, PlainTextResponse, Response, TrackedSend, tracking
from rawasgi.websockets import WebSocket, WebSocketDisconnect, WebSocketState, refuse


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


async def itself(app: ASGIApp) -> ASGIApp:
    """The response of an app that makes none: called, it will answer."""
    return app


class Responder:
    """An app that makes its response before it is sent: subclasses say how in `make_response(request) -> response`.

    A responder inside another one is only asked to `respond`; the outermost sends the response, here, and closes what the
    request has left open. A subclass that overrides `__call__` answers in its own way: it is its own response, and called.
    """

    app: ASGIApp

    def __init_subclass__(cls) -> None:
        if "respond" in vars(cls):
            return
        if "__call__" in vars(cls):
            cls.respond, cls.expected = Responder.itself, Responder.expected  # type: ignore[method-assign]
        elif "make_response" in vars(cls):
            cls.respond = cls.make_response

    def make_response(self, request: Request) -> Awaitable[ASGIApp]:
        """The response, not sent yet: that of the app below. An app that makes none is called in its place."""
        app = self.app
        return app.respond(request) if isinstance(app, Responder) else itself(app)

    respond = make_response  # for whoever asks from outside

    async def itself(self, request: Request) -> ASGIApp:
        """An app that has to be called: it is its own response."""
        return self

    async def expected(self, request: Request, error: Exception) -> ASGIApp | None:
        """The response to an exception that `respond` has raised; None where it goes on outwards."""
        return None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Make the response, and send it."""
        if scope["type"] != "http":
            await self.pass_on(scope, receive, send)
            return
        scope, receive = self.enter(scope, receive)
        request, sending = Request(scope, receive, send), UNSENT
        try:
            try:
                answer = await self.make_response(request)
                if getattr(answer, "starts_at_once", False) and not isinstance(send, TrackedSend):
                    sending = STARTED  # nobody has to listen for it
                    await answer(scope, receive, send)
                else:
                    sending = tracking(send)
                    answer = checked(answer, getattr(self, "func", scope.get("endpoint")))
                    await sending.send_response(answer, scope, receive)
                if request.is_open:
                    await request.end()
                return
            except Exception as error:
                if not await self.rescue(request, error, tracking(send) if sending is UNSENT else sending):
                    raise
        except BaseException as error:
            await request.end(error)
            raise
        await request.end()

    def enter(self, scope: Scope, receive: Receive) -> tuple[Scope, Receive]:
        """What the request is made of."""
        return scope, receive

    async def pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A websocket or a lifespan has no response: leave it to the app below."""
        await self.app(scope, receive, send)

    async def rescue(self, request: Request, error: Exception, sending: TrackedSend) -> bool:
        """Answer for an exception, if there is still time; whether that was the end of it."""
        answer = None if sending.started else await self.expected(request, error)
        if answer is not None:
            await sending.send_response(answer, request.scope, request.receive)
        return answer is not None


UNSENT, STARTED = TrackedSend(no_send), TrackedSend(no_send, started=True)


def checked(answer: Any, func: Any) -> Any:
    """What a handler has returned; TypeError where nothing can be sent of it."""
    if not callable(answer):
        raise TypeError(f"{name_of(func)}() returned {answer!r}: a handler returns a Response")
    return answer


class HandlerApp(Responder):
    """`func(request) -> response` as an ASGI app: here a function of yours meets the protocol."""

    def __init__(self, func: Callable[..., Any]) -> None:
        self.func = func
        self.answer = where_it_belongs(func)

    def make_response(self, request: Request) -> Awaitable[ASGIApp]:
        """Call the function, on the loop or on a thread."""
        return self.answer(request)


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


async def say_nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """The answer to nobody."""


EXPECTED: Handlers = {
    HTTPException: http_exception,
    WebSocketException: websocket_exception,
    WebSocketDisconnect: nobody_there,
    ClientDisconnect: nobody_there,
}


class ExceptionMiddleware(Responder):
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

    async def expected(self, request: Request, error: Exception) -> ASGIApp | None:
        """The response of the handler; one that returns none has nothing to say."""
        handler = self.find(error, request.scope.get("app"))
        if handler is None:
            return None
        response: ASGIApp | None = await where_it_belongs(handler)(request, error)
        return say_nothing if response is None else response

    async def pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Guard a websocket."""
        await (self.guard_websocket if scope["type"] == "websocket" else self.app)(scope, receive, send)

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


class Failure(Responder):
    """An app that fails: inside our own app it raises, so that exception handlers answer; elsewhere it answers itself.

    A websocket for which nothing is there is refused with HTTP 403, since nothing was accepted yet.
    """

    def __init__(self, status: int, headers: dict[str, str] | None = None) -> None:
        self.status = status
        self.headers = headers

    async def make_response(self, request: Request) -> ASGIApp:
        """Raise, or make the response."""
        return self.raised(request.scope)

    async def pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The same for a websocket."""
        await (refuse if self.status == 404 else self.raised(scope))(scope, receive, send)

    def raised(self, scope: Scope) -> ASGIApp:
        """An HTTPException, or the response to it."""
        error = HTTPException(self.status, headers=self.headers)
        if getattr(scope.get("app"), "answers_http_exceptions", False):
            raise error
        return PlainTextResponse(error.detail, self.status, self.headers)
