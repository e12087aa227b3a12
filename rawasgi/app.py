"""A scope in -> the lifespan answered, or the onion called, out.

bytes > server > [app] > middleware > routing > handler > response > bytes

`App` is one ASGI callable made of a router, a list of layers and a lifespan. It copies the scope once, because routing
writes into it and the dict is the server's, builds its onion at the first scope of any type, and from then on only
calls it. `APIRouter` collects routes for an app that is written elsewhere. `@app.get(path)` reads the signature of your
function: one parameter, the request. `Route(path, func)` never does.

The lifespan is one call that spans the life of the server, the only scope without a client. Your part is an async
context manager: what stands before its `yield` is set-up, what it yields becomes the `state` of every request.

    receive lifespan.startup   -> enter -> send lifespan.startup.complete    or  .failed, and the server does not open
    receive lifespan.shutdown  -> exit  -> send lifespan.shutdown.complete   or  .failed, and the server says so

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#applications
Grown from:   tiny/app.py:App, because layers, handlers of exceptions and mounted apps want their places
In FastAPI:   fastapi.applications:FastAPI
In Starlette: starlette.applications:Starlette
In Flask:     flask.app:Flask
Left out:     typed parameters, dependencies, OpenAPI, lifespans of mounted apps
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from typing import Any, TypeVar

from rawasgi.call_next import BaseHTTPMiddleware
from rawasgi.concurrency import Lifespan, merged_lifespan, name_of
from rawasgi.datastructures import State
from rawasgi.messages.types import ASGIApp, Receive, Scope, Send
from rawasgi.middleware import ExceptionMiddleware, Layers, Middleware, ServerErrorMiddleware, layered, wrap
from rawasgi.paths import PathTemplate, rooted
from rawasgi.requests import HTTPConnection, Request, limit_body
from rawasgi.responses import HandlerApp
from rawasgi.routing import BaseRoute, Mount, PathRoute, Route, RouteOwner, Router, WebSocketRoute
from rawasgi.websockets import WebSocket, WebSocketApp

F = TypeVar("F", bound=Callable[..., Any])


def check_handler(func: Callable[..., Any], path: str, connection: type[HTTPConnection]) -> None:
    """TypeError for a function that asks for more, or less, than the one argument it will get."""
    word = "websocket" if connection is WebSocket else "request"
    signature = inspect.signature(func)
    wanted = list(signature.parameters.values())
    in_path = [parameter for parameter in wanted if parameter.name in PathTemplate(path).convertors]
    is_alone = len(wanted) == 1 and wanted[0].kind.name not in ("KEYWORD_ONLY", "VAR_KEYWORD")
    if is_alone and not in_path and is_for(wanted[0].annotation, connection):
        return
    remedy = f"read {word}.path_params[{in_path[0].name!r}]" if in_path else f"read what you need from the {word}"
    raise TypeError(
        f"{path}: {name_of(func)}{signature} does not take exactly one `{word}`. "
        f"A handler is called with the {word} alone: {remedy}, or register the function with Route(...)."
    )


def is_for(annotation: Any, connection: type[HTTPConnection]) -> bool:
    """Whether a parameter of this annotation can be the connection; what is written as a string goes by its name."""
    if annotation is inspect.Parameter.empty:
        return True
    if isinstance(annotation, str):
        return annotation.rpartition(".")[2] in (connection.__name__, HTTPConnection.__name__)
    return isinstance(annotation, type) and issubclass(connection, annotation) and annotation is not object


class Registrar(RouteOwner):
    """The decorators that `App` and `APIRouter` share."""

    prefix = ""  # of the paths that the decorators register
    route_class: type[Route] = Route  # of the routes that they make

    def api_route(
        self, path: str, *, methods: Sequence[str] | None = None, name: str | None = None
    ) -> Callable[[F], F]:
        """Decorator: the function `func(request) -> Response` answers these methods (by default GET) on this path."""

        def decorate(func: F) -> F:
            check_handler(func, path, Request)
            route = self.route_class(self.prefix + path, func, methods=methods or ["GET"], name=name)
            if route.app is func:  # an object with `__call__`, which `Route` takes for an ASGI app
                route.app = HandlerApp(func)
            self.register(route)
            return func

        return decorate

    def get(self, path: str, *, name: str | None = None) -> Callable[[F], F]:
        """Decorator for GET, and HEAD with it."""
        return self.api_route(path, methods=["GET"], name=name)

    def post(self, path: str, *, name: str | None = None) -> Callable[[F], F]:
        """Decorator for POST."""
        return self.api_route(path, methods=["POST"], name=name)

    def put(self, path: str, *, name: str | None = None) -> Callable[[F], F]:
        """Decorator for PUT."""
        return self.api_route(path, methods=["PUT"], name=name)

    def patch(self, path: str, *, name: str | None = None) -> Callable[[F], F]:
        """Decorator for PATCH."""
        return self.api_route(path, methods=["PATCH"], name=name)

    def delete(self, path: str, *, name: str | None = None) -> Callable[[F], F]:
        """Decorator for DELETE."""
        return self.api_route(path, methods=["DELETE"], name=name)

    def head(self, path: str, *, name: str | None = None) -> Callable[[F], F]:
        """Decorator for HEAD alone."""
        return self.api_route(path, methods=["HEAD"], name=name)

    def options(self, path: str, *, name: str | None = None) -> Callable[[F], F]:
        """Decorator for OPTIONS."""
        return self.api_route(path, methods=["OPTIONS"], name=name)

    def websocket(self, path: str, name: str | None = None) -> Callable[[F], F]:
        """Decorator: the function `func(websocket)` has the websockets on this path."""

        def decorate(func: F) -> F:
            check_handler(func, path, WebSocket)
            route = WebSocketRoute(self.prefix + path, func, name=name)
            route.app = WebSocketApp(func)
            self.register(route)
            return func

        return decorate

    def include_router(self, router: Router, *, prefix: str = "") -> None:
        """Take over the routes that `router` has now, each with `prefix` in front of its path; its layers go around
        each of them, and its lifespan becomes a part of ours.
        """
        rooted(prefix or "/")
        for route in router.routes:
            self.register(moved(route, self.prefix + prefix.rstrip("/"), router.layers))
        own: Any = getattr(self, "router", self)  # an app leaves its lifespan to its router
        own.lifespan_context = merged_lifespan(own.lifespan_context, router.lifespan_context)


def moved(route: BaseRoute, prefix: str, layers: Layers) -> BaseRoute:
    """The same route below a prefix and layers; ValueError for one that has neither path nor app."""
    if not (prefix or layers):
        return route
    if not isinstance(route, PathRoute | Mount):
        raise ValueError(f"{route!r} can take neither the prefix {prefix!r} nor layers: mount its router instead")
    route = copy(route)
    route.path, route.app = prefix + route.path, layered(route.app, layers)
    route.template = PathTemplate(route.path + ("/{path:path}" if isinstance(route, Mount) else ""))
    return route


class APIRouter(Router, Registrar):
    """Routes to be included in an app: `app.include_router(router, prefix="/items")`. It is an ASGI app as well.

    `route_class` makes the routes of the decorators; `middleware` are layers around each of its routes.
    """

    def __init__(
        self,
        *,
        prefix: str = "",
        routes: Sequence[BaseRoute] | None = None,
        redirect_slashes: bool = True,
        default: ASGIApp | None = None,
        route_class: type[Route] = Route,
        lifespan: Lifespan | None = None,
        middleware: Layers = None,
    ) -> None:
        super().__init__(routes, redirect_slashes, default, lifespan, middleware=middleware)
        self.prefix = rooted(prefix).rstrip("/") if prefix else ""
        self.route_class = route_class


OUTSIDE = (500, Exception)  # what has a handler for these is not expected


class App(Registrar):
    """An ASGI application.

    `middleware` lists the layers, outermost first. `exception_handlers` maps status codes and exception classes to
    `handler(request, exception) -> Response`. `lifespan` is a function of the app that gives an async context manager;
    what that yields becomes `request.state`. `max_body_size` (bytes) ends a longer request body with 413. `debug`
    answers an unexpected exception with its traceback. Without `redirect_slashes` a slash too many, or too few, is 404.
    """

    answers_http_exceptions = True  # so a router below may raise them

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
    ) -> None:
        if max_body_size is not None and max_body_size < 0:
            raise ValueError(f"max_body_size is a number of bytes, not {max_body_size}")
        self.debug = debug
        self.state = State()
        self.router = Router(routes, redirect_slashes, lifespan=lifespan)
        self.user_middleware = list(middleware or ())
        self.exception_handlers = dict(exception_handlers or {})
        self.max_body_size = max_body_size
        self.middleware_stack: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one scope: the lifespan, a request or a websocket."""
        scope = {**scope, "app": self}  # "make a copy of the scope object before mutating it"
        if self.middleware_stack is None:
            self.middleware_stack = self.build_middleware_stack()
        if self.max_body_size is not None and scope["type"] == "http":
            receive = limit_body(receive, self.max_body_size, scope)
        await self.middleware_stack(scope, receive, send)

    def build_middleware_stack(self) -> ASGIApp:
        """The onion: the boundary for unexpected errors, your layers, the boundary for expected ones, the router."""
        unexpected = next((self.exception_handlers[key] for key in OUTSIDE if key in self.exception_handlers), None)
        layers = [
            Middleware(ServerErrorMiddleware, handler=unexpected, debug=self.debug),
            *self.user_middleware,
            Middleware(ExceptionMiddleware, handlers=self.expected_handlers(), debug=self.debug),
        ]
        return wrap(self.router, layers)

    def expected_handlers(self) -> dict[Any, Callable[..., Any]]:
        """The handlers of exceptions that are answered inside your layers."""
        return {key: handler for key, handler in self.exception_handlers.items() if key not in OUTSIDE}

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

    def __repr__(self) -> str:
        return f"<App with {len(self.routes)} routes and {len(self.user_middleware)} layers of middleware>"
