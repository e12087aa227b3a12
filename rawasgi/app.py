"""A scope in -> the lifespan answered, or the onion called, out.

bytes > server > [app] > middleware > routing > handler > response > bytes

`App` is one ASGI callable made of a router, a list of layers and a lifespan. It copies the scope once, because routing
writes into it and the dict is the server's, builds its onion at the first scope of any type, and from then on asks it for
a response, which it sends. It is the outer of the two boundaries that `middleware` explains: what nobody below has
answered is answered here, and goes on to the server, which logs it.

`@app.get(path)` reads the signature of your function: one parameter, the request, and it is a handler of the core; for any
other the typed floor is loaded, by name. `Route(path, func)` reads none: it calls the function with the request.

The lifespan is one call that spans the life of the server, the only scope without a client. Your part is an async
context manager: what stands before its `yield` is set-up, what it yields becomes the `state` of every request.

    receive lifespan.startup   -> enter -> send lifespan.startup.complete    or  .failed, and the server does not open
    receive lifespan.shutdown  -> exit  -> send lifespan.shutdown.complete   or  .failed, and the server says so

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#applications
Grown from:   tiny/app.py:App, because layers, handlers of exceptions and mounted apps want their places
In FastAPI:   fastapi.applications:FastAPI
In Starlette: starlette.applications:Starlette, and starlette.middleware.errors:ServerErrorMiddleware
In Flask:     flask.app:Flask
Left out:     what `described` means, and typed handlers: see `typed.registration`; lifespans of mounted apps
"""

import inspect
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, TypeVar

from rawasgi.call_next import BaseHTTPMiddleware
from rawasgi.concurrency import Lifespan, where_it_belongs
from rawasgi.datastructures import State
from rawasgi.exceptions import HTTPException
from rawasgi.messages.types import ASGIApp, Receive, Scope, Send
from rawasgi.middleware import ExceptionMiddleware, HandlerApp, Middleware, Responder, http_exception, itself, wrap
from rawasgi.paths import PathTemplate
from rawasgi.requests import ClientDisconnect, HTTPConnection, Request
from rawasgi.responses import PlainTextResponse, TrackedSend
from rawasgi.routing import BaseRoute, Route, RouteOwner, Router, WebSocketRoute
from rawasgi.websockets import WebSocket, WebSocketApp

F = TypeVar("F", bound=Callable[..., Any])


def is_raw(func: Callable[..., Any], path: str, connection: type[HTTPConnection]) -> bool:
    """Whether a function takes the connection alone, as the handlers of the core do; any other is typed.

    Its parameter has the annotation of a connection, or none; what is written as a string goes by its name.
    """
    wanted = list(inspect.signature(func).parameters.values())
    if len(wanted) != 1 or wanted[0].name in PathTemplate(path).convertors:
        return False
    asked = connection if wanted[0].annotation is inspect.Parameter.empty else wanted[0].annotation
    if isinstance(asked, str):
        return asked.rpartition(".")[2] in (connection.__name__, HTTPConnection.__name__)
    by_position = wanted[0].kind.name not in ("KEYWORD_ONLY", "VAR_KEYWORD")
    return by_position and asked is not object and asked in connection.__mro__


def typed() -> Any:
    """The typed floor, which lies above: loaded by name, when a handler asks for more than its connection."""
    return import_module("rawasgi.typed.registration")


class Registrar(RouteOwner):
    """The decorators of an app; those of an `APIRouter` too."""

    prefix = ""  # of the paths that the decorators register
    route_class: type[Route] = Route  # of the routes that they make
    described: Mapping[str, Any] = {}  # what is said of all of them: see `typed.options`

    def api_route(
        self, path: str, *, methods: Sequence[str] | None = None, name: str | None = None, **described: Any
    ) -> Callable[[F], F]:
        """Decorator: the function answers these methods (by default GET) on this path.

        It is `func(request) -> Response`, or typed: then `described` are the options of `typed.routing.APIRoute`.
        """
        return lambda func: self.add_handler(func, self.prefix + path, methods or ["GET"], name, described)

    def get(self, path: str, *, name: str | None = None, **described: Any) -> Callable[[F], F]:
        """Decorator for GET, and HEAD with it."""
        return self.api_route(path, methods=["GET"], name=name, **described)

    def post(self, path: str, *, name: str | None = None, **described: Any) -> Callable[[F], F]:
        """Decorator for POST."""
        return self.api_route(path, methods=["POST"], name=name, **described)

    def put(self, path: str, *, name: str | None = None, **described: Any) -> Callable[[F], F]:
        """Decorator for PUT."""
        return self.api_route(path, methods=["PUT"], name=name, **described)

    def patch(self, path: str, *, name: str | None = None, **described: Any) -> Callable[[F], F]:
        """Decorator for PATCH."""
        return self.api_route(path, methods=["PATCH"], name=name, **described)

    def delete(self, path: str, *, name: str | None = None, **described: Any) -> Callable[[F], F]:
        """Decorator for DELETE."""
        return self.api_route(path, methods=["DELETE"], name=name, **described)

    def head(self, path: str, *, name: str | None = None, **described: Any) -> Callable[[F], F]:
        """Decorator for HEAD alone."""
        return self.api_route(path, methods=["HEAD"], name=name, **described)

    def options(self, path: str, *, name: str | None = None, **described: Any) -> Callable[[F], F]:
        """Decorator for OPTIONS."""
        return self.api_route(path, methods=["OPTIONS"], name=name, **described)

    def websocket(self, path: str, name: str | None = None, **described: Any) -> Callable[[F], F]:
        """Decorator: the function has the websockets on this path: `func(websocket)`, or typed."""
        return lambda func: self.add_handler(func, self.prefix + path, (), name, described)

    def add_handler(self, func: F, path: str, methods: Sequence[str], name: str | None, described: Any) -> F:
        """Register a function for these methods, or without any for websockets."""
        if described or self.described or not is_raw(func, path, Request if methods else WebSocket):
            route: Any = typed().typed_route(self, path, func, methods, name, described)
        else:
            route = WebSocketRoute(path, func) if not methods else self.route_class(path, func, methods=methods)
        if route.app is func:  # an object with `__call__`, which a route takes for an ASGI app
            route.app = HandlerApp(func) if methods else WebSocketApp(func)
        route.name = name or route.name
        self.register(route)
        return func

    def include_router(self, router: Router, *, prefix: str = "", **described: Any) -> None:
        """Take over the routes of `router`, its layers and its lifespan: see `toolkit.routers`, which does it."""
        import_module("rawasgi.toolkit.routers").include(self, router, prefix, described)


OUTSIDE = (500, Exception)  # what has a handler for these is not expected


class App(Registrar, Responder):
    """An ASGI application.

    `middleware` lists the layers, outermost first. `exception_handlers` maps status codes and exception classes to
    `handler(request, exception) -> Response`. `lifespan` is a function of the app that gives an async context manager;
    what that yields becomes `request.state`. `max_body_size` (bytes) ends a longer request body with 413. `debug`
    answers an unexpected exception with its traceback. Without `redirect_slashes` a slash too many, or too few, is 404.
    `described` is said of all its routes: see `typed.options`. `dependency_overrides` maps a dependency to what is called
    in its place.
    """

    answers_http_exceptions = True  # so a router below may raise them
    respond = Responder.itself  # for what lies around: the scope below is our own

    def __init__(
        self,
        debug: bool = False,
        routes: Sequence[BaseRoute] | None = None,
        middleware: Sequence[Middleware] | None = None,
        exception_handlers: Mapping[Any, Callable[..., Any]] | None = None,
        lifespan: Lifespan | None = None,
        *,
        max_body_size: int | None = None,
        redirect_slashes: bool = True,
        **described: Any,
    ) -> None:
        if max_body_size is not None and max_body_size < 0:
            raise ValueError(f"max_body_size is a number of bytes, not {max_body_size}")
        self.debug = debug
        self.state = State()
        self.router = Router(routes, redirect_slashes, lifespan=lifespan)
        self.user_middleware = list(middleware or ())
        self.exception_handlers = dict(exception_handlers or {})
        self.expected_handlers: dict[Any, Callable[..., Any]] = {}  # those that answer inside your layers
        self.unexpected_handler: Callable[..., Any] | None = None  # the one that answers outside
        self.max_body_size = max_body_size
        self.middleware_stack: Any = None
        self.dependency_overrides: dict[Callable[..., Any], Callable[..., Any]] = {}
        self.described = typed().check_group(self, described) if described else described

    def enter(self, scope: Scope, receive: Receive) -> tuple[Scope, Receive]:
        """A scope of our own, and a body that is not too long."""
        if self.middleware_stack is None:
            self.middleware_stack = self.build_middleware_stack()
        scope = {**scope, "app": self}  # "make a copy of the scope object before mutating it"
        if self.max_body_size is not None and scope["type"] == "http":
            limit_body = import_module("rawasgi.middlewares.body_limit").limit_body
            receive = limit_body(receive, self.max_body_size, scope)
        return scope, receive

    def build_middleware_stack(self) -> ASGIApp:
        """The onion: your layers, the boundary for expected exceptions, the router. We are its skin."""
        handlers = self.exception_handlers
        self.unexpected_handler = next((handlers[key] for key in OUTSIDE if key in handlers), None)
        self.expected_handlers = {key: func for key, func in handlers.items() if key not in OUTSIDE}
        inner = Middleware(ExceptionMiddleware, handlers=self.expected_handlers, debug=self.debug)
        return wrap(self.router, [*self.user_middleware, inner])

    def make_response(self, request: Request) -> Awaitable[ASGIApp]:
        """The response of the onion."""
        onion = self.middleware_stack
        return onion.respond(request) if isinstance(onion, Responder) else itself(onion)

    async def expected(self, request: Request, error: Exception) -> ASGIApp | None:
        """What the onion would have answered, had it sent its response itself."""
        onion = self.middleware_stack
        return await onion.expected(request, error) if isinstance(onion, Responder) else None

    async def pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Leave a websocket, or the lifespan, to the onion: of their exceptions the server knows what to do."""
        scope, receive = self.enter(scope, receive)
        await self.middleware_stack(scope, receive, send)

    async def rescue(self, request: Request, error: Exception, sending: TrackedSend) -> bool:
        """The end of an expected exception. Any other is answered with 500, if there is still time, and goes on."""
        raised = error
        try:
            if await super().rescue(request, error, sending):
                return True
        except Exception as worse:  # in the handler of the first
            raised = worse
        if isinstance(raised, ClientDisconnect):
            return True  # there is nobody to answer, and nothing went wrong
        response = await self.outermost_answer(request, raised)
        if not sending.started:
            await sending.send_response(response, request.scope, request.receive)
            if isinstance(raised, HTTPException):
                return True
        if raised is not error:
            raise raised
        return False

    async def outermost_answer(self, request: Request, error: Exception) -> ASGIApp:
        """The response to an exception for which nobody else has one; the handler for it hears of it in any case."""
        if isinstance(error, HTTPException):
            return await http_exception(request, error)
        if self.debug:
            return PlainTextResponse("".join(traceback.format_exception(error)), 500)
        if self.unexpected_handler is None:
            return PlainTextResponse("Internal Server Error", 500)
        response: ASGIApp = await where_it_belongs(self.unexpected_handler)(request, error)
        return response

    @property
    def routes(self) -> list[BaseRoute]:
        """The routes, in the order of their registration; change them whenever you like."""
        return self.router.routes

    def add_route(
        self,
        path: str,
        route: Callable[..., Any],
        methods: list[str] | None = None,
        name: str | None = None,
        include_in_schema: bool = True,
    ) -> None:
        """Register a `Route`: `route(request) -> Response`, or an ASGI app."""
        self.router.add_route(path, route, methods, name, include_in_schema)

    def add_websocket_route(self, path: str, route: Callable[..., Any], name: str | None = None) -> None:
        """Register a `WebSocketRoute`."""
        self.router.add_websocket_route(path, route, name)

    def add_middleware(self, middleware_class: Callable[..., ASGIApp], *args: Any, **kwargs: Any) -> None:
        """Put a layer around all others: the one added last is the first to see a request.

        RuntimeError once the app has been called: the onion is built then.
        """
        if self.middleware_stack is not None:
            raise RuntimeError("middleware cannot be added once the app has started: add it before the first scope")
        self.user_middleware.insert(0, Middleware(middleware_class, *args, **kwargs))

    def middleware(self, middleware_type: str) -> Callable[[F], F]:
        """Decorator for function-style middleware: `@app.middleware("http") async def f(request, call_next)`."""
        if middleware_type != "http":
            raise ValueError(f'function-style middleware is for "http" alone, not for {middleware_type!r}')

        def decorate(func: F) -> F:
            self.add_middleware(BaseHTTPMiddleware, dispatch=func)
            return func

        return decorate

    def add_exception_handler(
        self, exc_class_or_status_code: int | type[Exception], handler: Callable[..., Any]
    ) -> None:
        """Answer exceptions of this class, or HTTPExceptions of this status, with `handler(request, exception)`."""
        if self.middleware_stack is not None:
            raise RuntimeError("exception handlers cannot be added once the app has started")
        self.exception_handlers[exc_class_or_status_code] = handler

    def exception_handler(self, exc_class_or_status_code: int | type[Exception]) -> Callable[[F], F]:
        """Decorator for the same."""

        def decorate(func: F) -> F:
            self.add_exception_handler(exc_class_or_status_code, func)
            return func

        return decorate

    def explain(self, path: str, method: str | None = None) -> str:
        """What a request of this path does, step by step, in words; KeyError where no typed route has it."""
        return str(import_module("rawasgi.typed.explain").explain(self, path, method))

    def __repr__(self) -> str:
        return f"<App with {len(self.routes)} routes and {len(self.user_middleware)} layers of middleware>"
