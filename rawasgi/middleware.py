"""An app in -> the same app with a layer around it out.

bytes > server > app > [middleware] > routing > handler > response > bytes

Middleware is an app that calls an app. Two layers are always there, and yours lie between them:

    ServerErrorMiddleware   what nobody caught: answers 500 if there is still time, and raises on, to the server's log
      your middleware       the one added last outermost
        ExceptionMiddleware HTTPException and whatever has a handler: answers
          the router

A handler for `Exception` or 500 therefore runs *outside* your middleware: its answer has no CORS headers and no timing.
Once the response has started, nothing is answered twice and nothing is swallowed: the exception goes on, and the server
tears the body.

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#middleware
Grown from:   tiny/app.py:App.guard, because handlers are chosen by exception, and layers are listed
In FastAPI:   starlette.middleware.errors:ServerErrorMiddleware
In Starlette: starlette.middleware.exceptions:ExceptionMiddleware
In Flask:     flask.app:Flask.wsgi_app, which one wraps: app.wsgi_app = Layer(app.wsgi_app)
Left out:     a page for tracebacks
"""

import asyncio
import traceback
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterable, Iterator, Mapping
from types import coroutine
from typing import Any, cast

from rawasgi.concurrency import call, name_of
from rawasgi.exceptions import HTTPException, WebSocketException
from rawasgi.messages.states import WEBSOCKET_APP, WEBSOCKET_SERVER, Side
from rawasgi.messages.types import ASGIApp, Message, Receive, Scope, Send
from rawasgi.requests import ClientDisconnect, Request
from rawasgi.responses import PlainTextResponse, Response, StreamingResponse, TrackedSend
from rawasgi.websockets import WebSocket, WebSocketDisconnect, WebSocketState, can_deny

CallNext = Callable[[Request], Awaitable[Response]]
Dispatch = Callable[[Request, CallNext], Awaitable[Response]]


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
        except Exception as error:
            if not tracked.started:
                response = await self.answer(Request(scope, receive, send), error)
                await response(scope, receive, tracked)
            raise

    async def answer(self, request: Request, error: Exception) -> ASGIApp:
        """The response to an exception that nobody expected."""
        if self.debug:
            return PlainTextResponse("".join(traceback.format_exception(error)), 500)
        if self.handler is not None:
            response: ASGIApp = await call(self.handler, request, error)
            return response
        return PlainTextResponse("Internal Server Error", 500)


async def http_exception(request: Request, error: HTTPException) -> Response:
    """The answer to an HTTPException that has no handler of its own: its detail, as text."""
    return PlainTextResponse(error.detail, error.status_code, error.headers)


async def websocket_exception(websocket: WebSocket, error: WebSocketException) -> None:
    """Close with the code and the reason of the exception."""
    await websocket.close(error.code, error.reason)


async def nobody_there(connection: Any, error: Exception) -> None:
    """The client has left, and the handler with it: there is nobody to answer, and nothing went wrong."""


class ExceptionMiddleware:
    """The innermost layer: exceptions that have a handler are answered, all others go on outwards.

    `handlers` maps a status code or a class of exceptions to `handler(request, exception) -> Response`; the class
    nearest in the order of inheritance decides, a status before it.
    """

    def __init__(
        self, app: ASGIApp, handlers: Mapping[Any, Callable[..., Any]] | None = None, debug: bool = False
    ) -> None:
        self.app = app
        self.debug = debug
        self.handlers: dict[Any, Callable[..., Any]] = {
            HTTPException: http_exception,
            WebSocketException: websocket_exception,
            WebSocketDisconnect: nobody_there,
            ClientDisconnect: nobody_there,
            **(handlers or {}),
        }

    def find(self, error: Exception) -> Callable[..., Any] | None:
        """The handler for this exception, if there is one."""
        if isinstance(error, HTTPException) and error.status_code in self.handlers:
            return self.handlers[error.status_code]
        return next((self.handlers[cls] for cls in type(error).__mro__ if cls in self.handlers), None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the app, and answer for it where it raised and nothing was sent."""
        tracked = send if isinstance(send, TrackedSend) else TrackedSend(send)
        if scope["type"] == "websocket":
            scope["rawasgi.sides"] = Side(WEBSOCKET_APP), Side(WEBSOCKET_SERVER)  # shared with the handler's WebSocket
        try:
            await self.app(scope, receive, tracked)
        except Exception as error:
            handler = self.find(error)
            if handler is None:
                raise
            if scope["type"] == "websocket":
                await self.end(WebSocket(scope, receive, send), handler, error)
            elif tracked.started:
                raise
            elif (response := await call(handler, Request(scope, receive, send), error)) is not None:
                await tracked.respond(response, scope, receive)

    async def end(self, websocket: WebSocket, handler: Callable[..., Any], error: Exception) -> None:
        """The same for a websocket: a handler may close it, or return a response, which refuses the handshake."""
        if websocket.application_state is WebSocketState.DISCONNECTED and handler is not nobody_there:
            raise error
        response = await call(handler, websocket, error)
        if response is None:
            return
        if websocket.application_state is not WebSocketState.CONNECTING:
            raise error  # accepted already: the server closes with 1011
        await (websocket.send_denial_response(response) if can_deny(websocket.scope) else websocket.close())

    def __repr__(self) -> str:
        return f"<ExceptionMiddleware for {', '.join(str(getattr(key, '__name__', key)) for key in self.handlers)}>"


class ResponseDropped(OSError):
    """What `send` raises below a function-style middleware that has answered otherwise: nobody reads this response."""


class Wake(asyncio.Future[None]):
    """Done when the future that the app below awaits is done, or when somebody rings; cancelled with that future."""

    def __init__(self, awaited: asyncio.Future[Any]) -> None:
        super().__init__(loop=awaited.get_loop())
        self.awaited = awaited
        awaited.add_done_callback(self.ring)

    def ring(self, _: Any = None) -> None:
        """Be done."""
        if not self.done():
            self.set_result(None)

    def cancel(self, msg: Any = None) -> bool:
        """Who cancels the task cancels what the app below awaits; it will hear of it there."""
        return self.awaited.cancel(msg)


class InnerCall(TrackedSend):
    """The app below a function-style middleware, driven by hand; for that app this object is its `send`.

    `call_next` returns a response while the app that makes it is still running. A second task would do, at the price of
    a second context: what is set below would be lost above. So the app's coroutine is resumed right here, in the task
    of the request, and stopped where it answers. Three ways lead out of `advance`:

    - a handler of our own answers: its response is taken as it is, unsent, and its frames wait until it was sent;
    - the app sends: the pause travels up through its frames, and stops here;
    - a task of the app's own sends: it queues the message, rings, and waits until the message was taken.
    """

    def __init__(self, app: ASGIApp, scope: Scope, receive: Receive) -> None:
        self.started = self.finished = False
        self.response: Any = None
        self.task = asyncio.current_task()
        self.coroutine: Any = app(scope, receive, self)
        self.queue: deque[tuple[Message, asyncio.Future[None] | None]] = deque()
        self.awaited: asyncio.Future[Any] | None = None
        self.wake: Wake | None = None
        self.over: BaseException | None = None

    def __call__(self, message: Message) -> Awaitable[None]:
        """Hand a message over; done when it was taken."""
        self.started = True
        return self.hand_over(message)

    async def hand_over(self, message: Message) -> None:
        """Queue a message, and wait until it was taken; raises `over` once nobody takes any."""
        if self.over is None and asyncio.current_task() is self.task:
            self.queue.append((message, None))
            await self.pause()
        elif self.over is None:
            taken = asyncio.get_running_loop().create_future()
            self.queue.append((message, taken))
            if self.wake is not None:
                self.wake.ring()
            await taken
        if self.over is not None:
            raise self.over

    async def respond(self, response: Any, scope: Scope, receive: Receive) -> None:
        """Take a response unsent, and keep the frames that made it waiting until it was sent."""
        if asyncio.current_task() is self.task:
            self.started, self.response = True, response
            await self.pause()
        else:
            await response(scope, receive, self)

    @coroutine
    def pause(self) -> Generator[Any, None, None]:
        """Stop here: `advance`, further up in the same task, gets this object out of the coroutine."""
        yield self

    @coroutine
    def advance(self, error: BaseException | None = None) -> Generator[Any, Any, None]:
        """Run the app until it answers or ends. `error` is raised in it, at the place where it waits."""
        while not (self.queue or self.finished):
            try:
                if self.awaited is None or error is not None:
                    step, self.awaited = self.resume(error), None
                    error = None
                    if step is self or self.finished:
                        return
                    if not asyncio.isfuture(step):
                        yield step  # the bare yield of sleep(0), or the pause of a call further out
                        continue
                    step._asyncio_future_blocking = False  # noqa: SLF001  # meant for the task: we await in its place
                    self.awaited = step
                self.wake = Wake(self.awaited)
                yield from self.wake
                self.awaited = None if self.awaited.done() else self.awaited
            except BaseException as thrown:
                if self.finished:
                    raise  # by the app
                error = thrown  # by the task, at one of our yields: it is meant for the app

    def resume(self, error: BaseException | None) -> Any:
        """One step of the app's coroutine: what it yields, or the end."""
        try:
            return self.coroutine.send(None) if error is None else self.coroutine.throw(error)
        except StopIteration:
            self.finished = True
        except BaseException:
            self.finished = True
            raise

    async def message(self) -> Message | None:
        """The next message of the app; None once it has ended."""
        await self.advance()
        if not self.queue:
            return None
        message, taken = self.queue.popleft()
        if taken is not None and not taken.done():
            taken.set_result(None)
        return message

    async def answer(self, send: Send) -> Response:
        """The response of the app: a handler's own, or one made of messages. Early hints go straight on."""
        await self.advance()
        if self.response is not None:
            return cast(Response, self.response)
        while (message := await self.message()) is not None:
            if message["type"] == "http.response.start":
                return ForeignResponse(self, message)
            await send(message)
        raise RuntimeError("the app below a function-style middleware ended without a response")

    async def bodies(self) -> AsyncIterator[bytes]:
        """The body of the response, piece by piece."""
        more = True
        while more and (message := await self.message()) is not None:
            yield message.get("body", b"")
            more = message.get("more_body", False)

    async def finish(self, error: BaseException | None = None) -> None:
        """Let the app end: with its response sent, dropped, or broken off by `error`."""
        self.over = error or ResponseDropped("a function-style middleware has answered with another response")
        for _, taken in self.queue:
            if taken is not None and not taken.done():
                taken.set_result(None)
        self.queue.clear()
        try:
            await self.advance(error)
        except BaseException as raised:
            if not stems_from(raised, self.over):
                raise


def stems_from(error: BaseException | None, origin: BaseException) -> bool:
    """Whether `error` is `origin`, or was raised because of it."""
    while error is not None and error is not origin:
        error = error.__cause__ or error.__context__
    return error is origin


class ForeignResponse(StreamingResponse):
    """A response that an app below is still sending: change its status and headers, or put another body in its place."""

    def __init__(self, call: InnerCall, start: Message) -> None:
        self.call = call
        self.start = start
        self.status_code = start["status"]
        self.raw_headers = list(start.get("headers", ()))
        self.background = None
        self.body_iterator = self.original = call.bodies()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the messages on as they come, whatever their type; with another body, stream that."""
        if self.body_iterator is not self.original:
            await super().__call__(scope, receive, send)
            return
        await send({**self.start, "status": self.status_code, "headers": self.raw_headers})
        while (message := await self.call.message()) is not None:
            await send(message)
        if self.background is not None:
            await self.background()


class BaseHTTPMiddleware:
    """Function-style middleware: `dispatch(request, call_next) -> response`, given or overridden.

    `call_next(request)` gives the response before it is sent. Everything happens in the task of the request: context
    variables, disconnects and background tasks are what they are without it.
    """

    def __init__(self, app: ASGIApp, dispatch: Dispatch | None = None) -> None:
        self.app = app
        self.dispatch_func = self.dispatch if dispatch is None else dispatch

    async def dispatch(self, request: Request, call_next: CallNext) -> Response:
        """What to do with a request; subclasses say it."""
        raise NotImplementedError(f"{type(self).__name__} needs a `dispatch`")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Ask `dispatch`, send what it returns, then let the app below end."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive, send)
        calls: list[InnerCall] = []

        async def call_next(request: Request) -> Response:
            calls.append(InnerCall(self.app, request.scope, request.receive))
            return await calls[-1].answer(send)

        failed: BaseException | None = None
        try:
            response: Any = await self.dispatch_func(request, call_next)
            if isinstance(send, TrackedSend):
                await send.respond(response, scope, receive)
            else:
                await response(scope, receive, send)
        except BaseException as error:
            failed = error
            raise
        finally:
            for inner in calls:
                await inner.finish(failed)
            request.release()
