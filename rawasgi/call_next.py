"""An app in -> its response, while it is not sent yet, out.

bytes > server > app > [middleware] > routing > handler > response > bytes

Function-style middleware, `async def stamp(request, call_next)`, wants what ASGI does not have: a response that the app
below has made and not sent. `call_next` makes it. It runs the app below in the task of the request, not in a second one:
context variables set below are seen above, `receive` has one reader, and background tasks run where they always do.

    response = await call_next(request)         the app below stands still, at the place where it answers
    response.headers["x-stamp"] = "…"
    return response                             it is sent, and then the app below goes on to its end

What is ours below makes its response before it is sent, and is only asked for it: a layer then costs two function calls.
Driven by hand is what sends: an app of another family, and a handler whose dependencies are torn down after its response.

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#middleware
Grown from:   tiny/app.py:App.add_middleware, because a layer often has to do with requests and responses, not messages
In FastAPI:   starlette.middleware.base:BaseHTTPMiddleware
In Starlette: starlette.middleware.base:BaseHTTPMiddleware, which runs the app below in a second task
In Flask:     flask.app:Flask.after_request
Left out:     websockets, which pass
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from types import coroutine
from typing import Any, cast

from rawasgi.concurrency import name_of
from rawasgi.messages.types import ASGIApp, Message, Receive, Scope, Send
from rawasgi.middleware import ExceptionMiddleware, Responder, checked
from rawasgi.requests import Request
from rawasgi.responses import UNCOMMITTED, Response, StreamingResponse, TrackedSend

CallNext = Callable[[Request], Awaitable[Response]]
Dispatch = Callable[[Request, CallNext], Awaitable[Response]]


class ResponseDropped(OSError):
    """What `send` raises below a function-style middleware that has answered otherwise: nobody reads this response."""


class Wake(asyncio.Future[None]):
    """Done when the future that the app below awaits is done, or when somebody rings."""

    def __init__(self, awaited: asyncio.Future[Any]) -> None:
        super().__init__(loop=awaited.get_loop())
        self.awaited = awaited
        awaited.add_done_callback(self.ring)

    def ring(self, _: Any = None) -> None:
        """Be done."""
        if not self.done():
            self.set_result(None)


class InnerCall(TrackedSend):
    """The app below a function-style middleware, driven by hand; for that app this object is its `send`.

    `call_next` returns a response while the app that makes it is still running. A second task would do, at the price of
    a second context: what is set below would be lost above. So the app's coroutine is resumed right here, in the task
    of the request, and stopped where it answers. Three ways lead out of `advance`:

    - a handler of our own answers: its response is taken as it is, unsent, and its frames wait until it was sent;
    - the app sends: the pause travels up through its frames, and stops here;
    - a task of the app's own sends: it queues the message, rings, and waits until the message was taken.
    """

    response: Any = None
    task: asyncio.Task[Any] | None = None
    awaited: asyncio.Future[Any] | None = None
    wake: Wake | None = None
    taken: asyncio.Future[None] | None = None
    over: BaseException | None = None

    def __init__(self, app: ASGIApp, scope: Scope, receive: Receive) -> None:
        self.started = self.finished = False
        self.coroutine: Any = app(scope, receive, self)
        self.queue: deque[tuple[Message, asyncio.Future[None] | None]] = deque()

    def __call__(self, message: Message) -> Awaitable[None]:
        """Hand a message over; done when it was taken."""
        if message["type"] not in UNCOMMITTED:
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

    async def send_response(self, response: Any, scope: Scope, receive: Receive) -> None:
        """Take a response unsent, and keep the frames that made it waiting until it was sent."""
        if isinstance(response, Response) and asyncio.current_task() is self.task:
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
        self.task = asyncio.current_task()  # a layer may call `call_next` in a task of its own, and go on in another
        while not self.finished and (error is not None or not self.queue):
            try:
                if isinstance(error, asyncio.CancelledError) and self.awaited is not None and self.awaited.cancel():
                    error = None  # as Task.cancel does it: what the app awaits is cancelled, and so the app hears of it
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

    async def message(self, error: BaseException | None = None) -> Message | None:
        """The next message of the app; None once it has ended. `error` is what became of its last one."""
        taken, self.taken = self.taken, None
        if taken is not None and not taken.done():
            if error is None or isinstance(error, asyncio.CancelledError):
                taken.set_result(None)
            else:
                taken.set_exception(error)
                error = None
        if error is not None and self.finished:
            raise error
        await self.advance(error)
        if not self.queue:
            return None
        message, self.taken = self.queue.popleft()
        return message

    async def answer(self, send: Send) -> Response:
        """The response of the app: a handler's own, or one made of messages. Early hints go straight on."""
        while (message := await self.message()) is not None:
            if message["type"] == "http.response.start":
                return ForeignResponse(self, message)
            await send(message)
        if self.response is None:
            raise RuntimeError("the app below a function-style middleware ended without a response")
        return cast(Response, self.response)

    async def bodies(self) -> AsyncIterator[bytes]:
        """The body of the response, piece by piece."""
        more = True
        while more and (message := await self.message()) is not None:
            yield message.get("body", b"")
            more = message.get("more_body", False)

    async def finish(self, error: BaseException | None = None) -> None:
        """Let the app end: with its response sent, dropped, or broken off by `error`."""
        self.over = error or ResponseDropped("a function-style middleware has answered with another response")
        for taken in (self.taken, *(taken for _, taken in self.queue)):
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
        message: Message | None = {**self.start, "status": self.status_code, "headers": self.raw_headers}
        while message is not None:
            error: BaseException | None = None
            try:
                await send(message)
            except BaseException as raised:
                error = raised  # it is the app whose `send` failed: there it is raised, and there it may be expected
            message = await self.call.message(error)
        if self.background is not None:
            await self.background()


class BaseHTTPMiddleware(Responder):
    """Function-style middleware: `dispatch(request, call_next) -> response`, given or overridden.

    `call_next(request)` gives the response before it is sent: a handler's own as it is, with its `body`, that of another
    app as a stream, with a `body_iterator`. Everything happens in the task of the request: context variables,
    disconnects and background tasks are what they are without it.
    """

    def __init__(self, app: ASGIApp, dispatch: Dispatch | None = None) -> None:
        self.app = app
        self.dispatch_func = self.dispatch if dispatch is None else dispatch

    async def dispatch(self, request: Request, call_next: CallNext) -> Response:
        """What to do with a request; subclasses say it."""
        raise NotImplementedError(f"{type(self).__name__} needs a `dispatch`")

    async def make_response(self, request: Request) -> Response:
        """The response of `dispatch`. A layer of the same kind right below is one function call away."""
        below: Any = self.app

        def call_next(asked: Request) -> Any:
            is_row = asked is request and type(below) is BaseHTTPMiddleware
            return below.respond(request) if is_row else self.call(asked, request)

        response = await self.dispatch_func(request, call_next)
        if not callable(response):
            raise TypeError(f"{name_of(self.dispatch_func)}() returned {response!r}: a layer returns a Response")
        return response

    async def call(self, asked: Request, request: Request) -> Response:
        """The response of the app below: what it makes, or what its messages say. Its call ends with the request."""
        below: Any = self.app
        if asked is request and isinstance(below, Responder) and not request.is_drained:
            try:
                answer = checked(await below.respond(request), request.scope.get("endpoint"))
            except Exception as error:
                answer = await below.expected(request, error)
                if answer is None:
                    raise
            if isinstance(answer, Response):
                return answer
            below = ExceptionMiddleware(answer, getattr(below, "given", None))
        inner = InnerCall(below, asked.scope, asked.replay())
        request.ends_with(inner)
        return await inner.answer(request.send)
