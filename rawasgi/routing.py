"""A scope in -> the route that answers it, called, out.

bytes > server > app > middleware > [routing] > handler > response > bytes

A `Router` is an ASGI app that calls one of its routes, and a route is an ASGI app that calls your function. The first
route registered that fits both path and method wins. Where only paths fit, the answer is 405 and names the methods of
all of them; where none fits, the path with or without a slash at its end may (307), else it is 404.

A path without parameters is found by one look in a dict, unless a route before it might match it too; all others by
`paths`. The table is made for the first request, and dropped by whatever changes `routes`, so that nobody asks its age.

The router writes `route`, `endpoint` and `path_params` into the scope that the app has copied, so that middleware outside
can read them afterwards. `Mount` copies again: what it changes concerns only the app below.

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html#http-connection-scope
Grown from:   tiny/app.py:Route, because apps are built from apps, and URLs are built from names
In FastAPI:   fastapi.routing:APIRouter
In Starlette: starlette.routing:Router
In Flask:     werkzeug.routing:Map
Left out:     endpoints as classes, hosts (which `host` loads by name), lifespans of mounted apps
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from importlib import import_module
from typing import Any

from rawasgi.concurrency import Lifespan, as_lifespan, is_function, name_of, run_lifespan
from rawasgi.messages.scopes import route_path
from rawasgi.messages.types import ASGIApp, Receive, Scope, Send
from rawasgi.middleware import Failure, HandlerApp, Layers, Responder, itself, layered
from rawasgi.paths import Match, NoMatchFound, PathTemplate, RouteList, RouteTable, first_url, rooted
from rawasgi.requests import Request
from rawasgi.responses import RedirectResponse
from rawasgi.urls import URL, URLPath
from rawasgi.websockets import WebSocketApp


class BaseRoute:
    """What a router asks of a route. Override `matches` to match in your own way; set `app`, or override `handle`."""

    name: str | None = None
    endpoint: Any
    app: ASGIApp  # with the layers of this route around it

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """How well this route fits, and what it adds to the scope."""
        raise NotImplementedError(f"{type(self).__name__} must say what it matches")

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """The path of the route of that name; `NoMatchFound` where it is not here."""
        raise NotImplementedError(f"{type(self).__name__} must say where its names lead")

    def handle(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Answer; `matches` has been asked before."""
        return self.app(scope, receive, send)

    def respond(self, request: Request) -> Awaitable[ASGIApp]:
        """The response, not sent yet."""
        app = self.app
        return app.respond(request) if isinstance(app, Responder) else itself(app)

    def __init_subclass__(cls) -> None:
        if "handle" in vars(cls) and "respond" not in vars(cls):  # it answers in its own way: that is its response
            cls.respond = lambda self, request: itself(self.handle)  # type: ignore[method-assign]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Be an app on its own: a router of one route."""
        await Router([self], redirect_slashes=False)(scope, receive, send)


class PathRoute(BaseRoute):
    """What `Route` and `WebSocketRoute` share: one template, one scope type, one app at the end."""

    protocol: Any = ""
    methods: set[str] | None = None

    def __init__(self, path: str, endpoint: Callable[..., Any], app: ASGIApp, name: str | None) -> None:
        self.path = path
        self.endpoint = endpoint
        self.name = name_of(endpoint) if name is None else name
        self.app = app
        self.template = PathTemplate(rooted(path) if path else "")  # empty: for a prefix to come

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """By scope type, path and method."""
        if scope["type"] != self.protocol:
            return Match.NONE, {}
        if (child := self.read(route_path(scope), scope)) is None:
            return Match.NONE, {}
        fits = self.methods is None or scope["method"] in self.methods
        return (Match.FULL if fits else Match.PARTIAL), child

    def read(self, path: str, scope: Scope) -> Scope | None:
        """What a path below `root_path` that fits writes into its scope: with the parameters of mounts around us."""
        if (found := self.template.match(path)) is None:
            return None
        params = {**scope["path_params"], **found} if scope.get("path_params") else found
        return {"endpoint": self.endpoint, "path_params": params}

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """The path, filled with exactly its own parameters."""
        if name != self.name or path_params.keys() != self.template.convertors.keys():
            raise NoMatchFound(name, path_params)
        return URLPath(self.template.fill(path_params), self.protocol)


class Route(PathRoute):
    """A path, methods, and a function `func(request) -> response`, or any ASGI app.

    A function answers GET, unless `methods` says otherwise, and with GET always HEAD; an app answers every method, and
    so does anything with an empty list of `methods`. `middleware` are layers around this route alone.
    """

    protocol = "http"

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        methods: Collection[str] | None = None,
        name: str | None = None,
        include_in_schema: bool = True,
        middleware: Layers = None,
    ) -> None:
        wanted = is_function(endpoint)
        app = HandlerApp(endpoint) if wanted else endpoint
        super().__init__(path, endpoint, layered(app, middleware), name)
        self.include_in_schema = include_in_schema
        if wanted and methods is None:
            methods = ["GET"]
        if methods:
            self.methods = {method.upper() for method in methods}
            self.methods |= {"HEAD"} if "GET" in self.methods else set()

    def __repr__(self) -> str:
        return f"Route(path={self.path!r}, name={self.name!r}, methods={sorted(self.methods or ())})"


class WebSocketRoute(PathRoute):
    """A path and a function `func(websocket)`, or any ASGI app. `middleware` are layers around this route alone."""

    protocol = "websocket"

    def __init__(
        self, path: str, endpoint: Callable[..., Any], *, name: str | None = None, middleware: Layers = None
    ) -> None:
        app = WebSocketApp(endpoint) if is_function(endpoint) else endpoint
        super().__init__(path, endpoint, layered(app, middleware), name)

    def __repr__(self) -> str:
        return f"WebSocketRoute(path={self.path!r}, name={self.name!r})"


class Container(BaseRoute):
    """What `Mount` shares with `toolkit.hosts`: an app below, whose routes are found as `name:child`."""

    def __init__(self, app: ASGIApp, name: str | None, template: PathTemplate) -> None:
        self.app = self.base_app = app
        self.name = name
        self.template = template

    @property
    def routes(self) -> list[BaseRoute]:
        """The routes of the app below, where it has any."""
        return list(getattr(self.base_app, "routes", ()))

    def child_url(self, name: str, path_params: dict[str, Any]) -> URLPath:
        """The path of a route below, for the part of `name` and of the parameters that is not our own."""
        if self.name is not None and not name.startswith(f"{self.name}:"):
            raise NoMatchFound(name, path_params)
        below = name if self.name is None else name[len(self.name) + 1 :]
        return first_url(self.routes, below, path_params)


class Mount(Container):
    """An app, or routes, below a path. The app sees the same `path`, and a `root_path` that has grown by the prefix.

    `middleware` are layers around it. Its lifespan is not run: see `toolkit.lifespans`.
    """

    def __init__(
        self,
        path: str,
        app: ASGIApp | None = None,
        routes: Sequence[BaseRoute] | None = None,
        name: str | None = None,
        *,
        middleware: Layers = None,
    ) -> None:
        if (app is None) == (routes is None):
            raise TypeError("Mount() takes an app or routes: one of them")
        self.path = rooted(path or "/").rstrip("/")
        super().__init__(Router(routes) if app is None else app, name, PathTemplate(self.path + "/{path:path}"))
        self.app = layered(self.base_app, middleware)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """By the beginning of the path, up to a slash."""
        path, root = route_path(scope), scope.get("root_path", "")
        if scope["type"] not in ("http", "websocket") or (found := self.template.match(path)) is None:
            return Match.NONE, {}
        rest = "/" + found.pop("path")
        child = {
            "endpoint": self.app,
            "path_params": {**scope.get("path_params", {}), **found},
            "app_root_path": scope.get("app_root_path", root),  # where url_for has to begin
            "root_path": root + path[: -len(rest)],
        }
        return Match.FULL, child

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """`mount` with a `path`, or `mount:child` with the child's parameters."""
        if name == self.name and path_params.keys() == self.template.convertors.keys():
            return URLPath(self.template.fill({**path_params, "path": path_params["path"].lstrip("/")}))
        own = {key: path_params[key] for key in self.template.convertors if key != "path" and key in path_params}
        if len(own) + 1 < len(self.template.convertors):
            raise NoMatchFound(name, path_params)
        child = self.child_url(name, {key: value for key, value in path_params.items() if key not in own})
        return URLPath(self.template.fill({**own, "path": ""}).rstrip("/") + child, child.protocol)

    def __repr__(self) -> str:
        return f"Mount(path={self.path!r}, name={self.name or ''!r}, app={self.app!r})"


class Found(BaseRoute):
    """What answers where that is not a route as it is: an app that has none, or a route in a scope that it changes."""

    def __init__(self, app: ASGIApp, changes: Scope | None = None) -> None:
        self.app, self.changes = app, changes

    def handle(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Call it; what is changed concerns only the app below."""
        return self.app({**scope, **self.changes} if self.changes else scope, receive, send)

    def respond(self, request: Request) -> Awaitable[ASGIApp]:
        """That of the app, or the call in the other scope."""
        return itself(self.handle) if self.changes else super().respond(request)


def tabulate(routes: RouteList[BaseRoute]) -> RouteTable[BaseRoute]:
    """Index the routes. Whoever matches in its own way is asked about every request: its template says nothing."""
    routes.table = table = RouteTable[BaseRoute]()
    for route in routes:
        if isinstance(route, PathRoute) and type(route).matches is PathRoute.matches:
            methods = [None] if route.protocol == "websocket" else route.methods or ()
            table.add(route, [route.protocol], route.template, methods)
        else:
            template = route.template if isinstance(route, Mount) and type(route).matches is Mount.matches else None
            table.add(route, table.indexes, template)
    return table


class RouteOwner:
    """What has routes: a router, and the app around it."""

    routes: Any

    def register(self, route: BaseRoute) -> None:
        """Append a route."""
        self.routes.append(route)

    def mount(self, path: str, app: ASGIApp, name: str | None = None) -> None:
        """Put an app below a path."""
        self.register(Mount(path, app=app, name=name))

    def host(self, host: str, app: ASGIApp, name: str | None = None) -> None:
        """Give a host an app of its own."""
        self.register(import_module("rawasgi.toolkit.hosts").Host(host, app=app, name=name))

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """The path of the first route of that name which takes these parameters; else `NoMatchFound`."""
        return first_url(self.routes, name, path_params)


class Router(RouteOwner, Responder):
    """Routes as one ASGI app. Change `routes` whenever you like: the next request sees it.

    `default` is the app for what no route matches; without it that is 404, or HTTP 403 for a websocket. `lifespan` is
    run where the router is called with that scope: by a server, or by the app that includes or wraps it.
    """

    default: ASGIApp = Failure(404)

    def __init__(
        self,
        routes: Iterable[BaseRoute] | None = None,
        redirect_slashes: bool = True,
        default: ASGIApp | None = None,
        lifespan: Lifespan | None = None,
        *,
        middleware: Layers = None,
    ) -> None:
        self.routes = RouteList(routes or ())
        self.redirect_slashes = redirect_slashes
        if default is not None:
            self.default = default
        self.lifespan_context = as_lifespan(lifespan)
        self.layers = middleware
        self.middleware_stack = layered(self.dispatch, middleware)

    @property
    def routes(self) -> RouteList[BaseRoute]:
        """The routes, in the order of their registration."""
        return self._routes

    @routes.setter
    def routes(self, routes: Iterable[BaseRoute]) -> None:
        self._routes = RouteList(routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Go through the layers of this router, if it has any, to the route."""
        await self.middleware_stack(scope, receive, send)

    def dispatch(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Find the route, and call it; run the lifespan where that is the scope."""
        if scope["type"] == "lifespan":
            return run_lifespan(self.lifespan_context, scope.get("app"), scope, receive, send)
        if scope["type"] not in ("http", "websocket"):
            raise RuntimeError(f"a Router answers http, websocket and lifespan, not {scope['type']!r}")
        if "app" not in scope and "router" not in scope:
            scope = {**scope}  # nobody has made a copy yet, and this dict is the server's
        return self.find(scope).handle(scope, receive, send)

    def respond(self, request: Request) -> Awaitable[ASGIApp]:
        """Find the route, and ask it."""
        return itself(self) if self.layers else self.find(request.scope).respond(request)

    def find(self, scope: Scope) -> BaseRoute:
        """The route for this scope, into which it writes which one that is."""
        if "router" not in scope:
            scope["router"] = self
        table = self._routes.table or tabulate(self._routes)
        path = route_path(scope) if scope.get("root_path") else scope["path"]
        method = scope["method"] if scope["type"] == "http" else None
        fixed = table.fixed.get((method, path))
        if fixed is None:
            return self.search(table, method, path, scope)
        scope["route"] = fixed
        scope["endpoint"] = fixed.endpoint
        if "path_params" not in scope:
            scope["path_params"] = {}
        return fixed

    def search(self, table: RouteTable[BaseRoute], method: str | None, path: str, scope: Scope) -> BaseRoute:
        """Ask the candidates in the order of their registration."""
        partial: list[tuple[BaseRoute, Scope]] = []
        route: Any
        for _, route, _, methods in table.indexes[scope["type"]].candidates(path):
            if methods:
                child, fits = route.read(path, scope), method in methods
            else:
                match, child = route.matches(scope)
                child, fits = None if match is Match.NONE else child, match is Match.FULL
            if child is None:
                continue
            if fits:
                return self.found(route, child, scope)
            partial.append((route, child))
        if partial:
            self.found(*partial[0], scope)
            allowed = {method for route, _ in partial for method in getattr(route, "methods", None) or ()}
            return Found(Failure(405, {"Allow": ", ".join(sorted(allowed))}))
        target = None if path == "/" else self.slash_twin(table, path, scope)
        return Found(self.default if target is None else RedirectResponse(target))

    def found(self, route: BaseRoute, child: Scope, scope: Scope) -> BaseRoute:
        """Write down which route it is; what else a `Container` changes concerns only the app below."""
        scope["route"], below = route, isinstance(route, Container)
        scope.update({key: child[key] for key in ("endpoint", "path_params") if key in child} if below else child)
        return Found(route.handle, child) if below else route

    def slash_twin(self, table: RouteTable[BaseRoute], path: str, scope: Scope) -> URL | None:
        """The URL with, or without, a slash at its end, where that one has a route; the query is kept."""
        if not self.redirect_slashes or scope["type"] != "http":
            return None

        def twin(text: str) -> str:
            return text.rstrip("/") if path.endswith("/") else text + "/"

        rivals = table.indexes["http"].candidates(twin(path))
        there = {**scope, "path": twin(scope["path"])} if rivals else scope
        if all(rival.route.matches(there)[0] is Match.NONE for rival in rivals):
            return None
        raw_path = scope.get("raw_path")  # as the client wrote it: what was decoded once must not be decoded twice
        return URL(scope={**scope, "path": twin(raw_path.decode("utf-8", "replace"))} if raw_path else there)

    def add_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        methods: Collection[str] | None = None,
        name: str | None = None,
        include_in_schema: bool = True,
    ) -> None:
        """Register a `Route`."""
        self.routes.append(Route(path, endpoint, methods=methods, name=name, include_in_schema=include_in_schema))

    def add_websocket_route(self, path: str, endpoint: Callable[..., Any], name: str | None = None) -> None:
        """Register a `WebSocketRoute`."""
        self.routes.append(WebSocketRoute(path, endpoint, name=name))
