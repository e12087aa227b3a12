"""Routes that were written elsewhere in -> routes of an app, each with a prefix and its layers, out.

bytes > server > app > middleware > [routing] > handler > response > bytes

    items = APIRouter(prefix="/items", middleware=[Middleware(TimingMiddleware)])

    @items.get("/{id:int}")
    async def item(request): ...

    app.include_router(items, prefix="/v1")         # /v1/items/{id:int}

An included router is not asked: its routes are taken over as they are at that moment, and looked up with all others. A
mounted one is an app of its own, below a path, and decides anew.

Spec:         none, because it ends before the first message: https://asgi.readthedocs.io/en/latest/specs/www.html
In FastAPI:   fastapi.routing:APIRouter
In Starlette: none, because it mounts
In Flask:     flask.blueprints:Blueprint
Left out:     what `described` means: see `typed.registration`
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from copy import copy
from typing import Any

from rawasgi.app import Registrar, typed
from rawasgi.concurrency import Lifespan
from rawasgi.messages.types import ASGIApp
from rawasgi.middleware import Layers, layered
from rawasgi.paths import PathTemplate, rooted
from rawasgi.routing import BaseRoute, Mount, PathRoute, Route, Router


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
        **described: Any,
    ) -> None:
        super().__init__(routes, redirect_slashes, default, lifespan, middleware=middleware)
        self.prefix = rooted(prefix).rstrip("/") if prefix else ""
        self.route_class = route_class
        self.described = typed().check_group(self, described) if described else described


def include(owner: Registrar, router: Router, prefix: str, described: Mapping[str, Any]) -> None:
    """Let an app, or a router, take over the routes that `router` has now, each with `prefix` in front of its path.

    Its layers go around each of them, and its lifespan becomes a part of the owner's. `described` is said of all.
    """
    rooted(prefix or "/")
    for route in router.routes:
        owner.register(moved(route, owner.prefix + prefix.rstrip("/"), router.layers, owner.described, described))
    own: Any = getattr(owner, "router", owner)  # an app leaves its lifespan to its router
    own.lifespan_context = merged_lifespan(own.lifespan_context, router.lifespan_context)


def moved(route: BaseRoute, prefix: str, layers: Layers, *described: Mapping[str, Any]) -> BaseRoute:
    """The same route below a prefix and layers; ValueError for one that has neither path nor app."""
    if any(described) or (hasattr(route, "plan") and (prefix or layers)):
        return typed().moved(route, prefix, layers, described)  # type: ignore[no-any-return]
    if not (prefix or layers):
        return route
    if not isinstance(route, PathRoute | Mount):
        raise ValueError(f"{route!r} can take neither the prefix {prefix!r} nor layers: mount its router instead")
    route = copy(route)
    route.path, route.app = prefix + route.path, layered(route.app, layers)
    route.template = PathTemplate(route.path + ("/{path:path}" if isinstance(route, Mount) else ""))
    return route


def merged_lifespan(outer: Lifespan, inner: Lifespan) -> Lifespan:
    """One lifespan of two: `inner` starts last and ends first; of a name that both yield, `outer` has the last word."""

    @asynccontextmanager
    async def both(app: Any) -> AsyncIterator[Mapping[str, Any]]:
        async with outer(app) as first, inner(app) as second:
            yield {**(second or {}), **(first or {})}

    return both
