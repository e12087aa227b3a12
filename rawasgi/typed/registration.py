"""A handler that a decorator was given, and all that is said of it, in -> the route for it out.

bytes > server > app > middleware > [routing] > handler > response > bytes

The core knows one kind of handler: it takes a request, and nothing else is said of it. For all others it loads this
module, by name. What a group of routes has in common, a dependency that guards it above all, must reach every route in
it: a raw handler becomes a typed one then, and an app of its own, which runs no dependencies, is refused.

Spec:         none, because it ends before the first message: https://asgi.readthedocs.io/en/latest/specs/www.html
In FastAPI:   fastapi.routing:APIRouter.add_api_route
In Starlette: starlette.routing:Router.add_route
In Flask:     flask.sansio.scaffold:Scaffold.route
Left out:     nothing
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from copy import copy
from functools import reduce
from typing import Any

from rawasgi.app import is_raw
from rawasgi.concurrency import name_of
from rawasgi.middleware import HandlerApp, Layers
from rawasgi.requests import Request
from rawasgi.routing import BaseRoute, PathRoute, Route, WebSocketRoute
from rawasgi.toolkit.routers import moved as raw_moved
from rawasgi.typed.options import GroupOptions, RouteOptions, SocketOptions, check_options, group_of, joined
from rawasgi.typed.routing import APIRoute, APIWebSocketRoute
from rawasgi.typed.signature import SignatureError
from rawasgi.websockets import WebSocket, WebSocketApp


def check_group(owner: Any, said: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a router, or an app, says of its routes; TypeError for what it cannot say."""
    check_options(said, GroupOptions, f"{type(owner).__name__}()")
    return said


def typed_route(
    registrar: Any,
    path: str,
    func: Callable[..., Any],
    methods: Collection[str],
    name: str | None,
    said: dict[str, Any],
) -> PathRoute:
    """The route of a handler that a decorator was given; a raw one stays raw where nothing is asked of it."""
    check_options(said, RouteOptions if methods else SocketOptions, f"the decorator of {name_of(func)}()")
    options = joined(group_of(registrar.described), said)
    asked = said or options["dependencies"] or options.get("response_class")
    raw = not asked and is_raw(func, path, Request if methods else WebSocket)
    if not methods:
        return (
            WebSocketRoute(path, func, name=name)
            if raw
            else APIWebSocketRoute(path, func, name=name, dependencies=options["dependencies"])
        )
    route_class = registrar.route_class
    if not raw and not issubclass(route_class, APIRoute):
        if route_class is not Route:
            raise TypeError(f"{path}: {name_of(func)}() is typed, and {route_class.__name__} is no APIRoute")
        route_class = APIRoute
    route: Route = route_class(path, func, methods=methods, name=name, **({} if raw else options))
    return route


def moved(route: BaseRoute, prefix: str, layers: Layers, groups: Sequence[Mapping[str, Any]]) -> BaseRoute:
    """The same route below a prefix and layers, with what the groups around it say; the outermost comes first.

    The last is what `include_router` was given: TypeError for what it cannot say.
    """
    if groups:
        check_options(groups[-1], GroupOptions, "include_router()")
    options: dict[str, Any] = reduce(joined, [group_of(group) for group in groups], {})
    if isinstance(route, APIRoute | APIWebSocketRoute):
        route = copy(route)
        route.move(prefix, layers, options)
        return route
    if not options.get("dependencies"):
        return raw_moved(route, prefix, layers)
    if isinstance(route, Route) and isinstance(route.app, HandlerApp):  # raw, but what guards it must not be lost
        raw = APIRoute(route.path, route.endpoint, name=route.name, methods=route.methods)
        raw.move(prefix, layers, options)
        return raw
    if isinstance(route, WebSocketRoute) and isinstance(route.app, WebSocketApp):
        socket = APIWebSocketRoute(route.path, route.endpoint, name=route.name)
        socket.move(prefix, layers, options)
        return socket
    raise SignatureError(
        f"{route!r} is an app of its own and runs no dependencies: mount it, and guard it with a layer"
    )
