"""A typed handler in -> a route, and for each request of it the plan run, out.

bytes > server > app > middleware > [routing > handler > response] > bytes

This is what `@app.get(path)` loads when a signature asks for more than a request. Such a route has its plan from the
moment it is registered, and another one for each set of `app.dependency_overrides` that it meets.

    class Timed(APIRoute):
        def get_route_handler(self):
            handle = super().get_route_handler()

            async def timed(request):
                begun = time.perf_counter()
                response = await handle(request)
                response.headers["x-took"] = str(time.perf_counter() - begun)
                return response

            return timed

`get_route_handler` gives `async def (request) -> response`. There the request can be exchanged for one of your own, the
response changed, an exception caught, before any layer sees it: `APIRouter(route_class=Timed)`.

Spec:         none, because it lies between the messages: https://asgi.readthedocs.io/en/latest/specs/www.html
In FastAPI:   fastapi.routing:APIRoute
In Starlette: none, because one overrides starlette.routing:Route.handle
In Flask:     none, because one overrides flask.app:Flask.dispatch_request for all routes
Left out:     callbacks
"""

from collections.abc import Callable, Collection, Coroutine, Mapping
from functools import partial
from typing import Any, Unpack

from rawasgi.messages.types import ASGIApp, Receive, Scope, Send
from rawasgi.middleware import Layers, Responder, layered
from rawasgi.paths import PathTemplate
from rawasgi.requests import Request
from rawasgi.responses import Response, tracking
from rawasgi.routing import PathRoute, Route, WebSocketRoute
from rawasgi.typed.answers import make_finish
from rawasgi.typed.errors import default_handler
from rawasgi.typed.options import RouteOptions, check_options, joined, make_answer, make_description
from rawasgi.typed.params import shown
from rawasgi.typed.plan import Plan
from rawasgi.typed.planner import make_plan
from rawasgi.typed.runner import Exits, Run
from rawasgi.websockets import WebSocket

OPTIONS = tuple(RouteOptions.__annotations__)
Handler = Callable[[Request], Coroutine[Any, Any, Any]]


class TypedRoute(PathRoute):
    """What typed routes share: a plan, and others where dependencies are overridden."""

    options: dict[str, Any]
    middleware: Layers
    plan: Plan
    overridden: dict[Any, Plan]

    def compiled(self, overrides: Mapping[Any, Callable[..., Any]]) -> Plan:
        """The plan under these overrides."""
        raise NotImplementedError(f"{type(self).__name__} must say what its plan is")

    def innermost(self) -> ASGIApp:
        """What runs the plan, without layers."""
        raise NotImplementedError(f"{type(self).__name__} must say what runs its plan")

    def settle(self) -> None:
        """Make the plan and the app, once path, options and layers are known."""
        self.plan, self.overridden = self.compiled({}), {}
        self.app = layered(self.innermost(), self.middleware)

    def move(self, prefix: str, layers: Layers, options: Mapping[str, Any]) -> None:
        """Be below a prefix and layers, in a group of routes with these options."""
        self.path = prefix + self.path
        self.template = PathTemplate(self.path)
        self.options = joined(options, self.options)
        self.middleware = [*(layers or ()), *(self.middleware or ())]
        self.settle()

    def plan_for(self, scope: Scope) -> Plan:
        """The plan for a request: another where its app overrides dependencies."""
        overrides = getattr(scope.get("app"), "dependency_overrides", None)
        if not overrides:
            return self.plan
        key = tuple(overrides.items())
        if key not in self.overridden:  # only the last set is kept: tests make many
            self.overridden = {key: self.compiled(overrides)}
        return self.overridden[key]


class APIRoute(Route, TypedRoute):
    """A route whose endpoint is called with what its signature asks for. The options are FastAPI's."""

    __signature__ = shown("path", "endpoint", options=(*OPTIONS[:9], "name", "methods", *OPTIONS[9:], "middleware"))

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        name: str | None = None,
        methods: Collection[str] | None = None,
        middleware: Layers = None,
        **options: Unpack[RouteOptions],
    ) -> None:
        check_options(options, RouteOptions, "APIRoute()")
        Route.__init__(self, path, endpoint, methods=methods or ["GET"], name=name)
        self.options, self.middleware = {**options}, middleware
        overrides_it = type(self).get_route_handler is not APIRoute.get_route_handler
        self.handler = self.get_route_handler() if overrides_it else None
        self.settle()

    def compiled(self, overrides: Mapping[Any, Callable[..., Any]]) -> Plan:
        """The plan under these overrides."""
        methods = sorted(self.methods or ())
        make = partial(make_plan, self.path, methods, self.endpoint, self.options.get("dependencies") or ())
        plan = make(overrides=overrides, description=make_description(self.options, self.endpoint))
        answer = make_answer(self.options, plan.endpoint.signature, self.path)
        self.include_in_schema = plan.description.include_in_schema
        return plan.finished_by(answer, make_finish(answer, f"{' '.join(methods)} {self.path}"))

    def innermost(self) -> ASGIApp:
        """What runs the plan, without layers."""
        return TypedApp(self)

    def get_route_handler(self) -> Handler:
        """`async def (request) -> response`: the plan run, up to the response. Override it."""

        async def handle(request: Request) -> Response:
            plan, exits = request.scope.get("rawasgi.plan") or (self.plan_for(request.scope), None)
            if exits is not None:
                exits.request.push_async_callback(
                    request.close
                )  # it may be another than the app's, with files of its own
            response: Response = await Run(plan, request.scope, request, exits).go()
            return response

        return handle


class TypedApp(Responder):
    """A typed route as an ASGI app. What has to be torn down after its response sends it itself, and tears down then."""

    def __init__(self, route: APIRoute) -> None:
        self.route = route

    async def make_response(self, request: Request) -> ASGIApp:
        """Run the plan; an exception that has a handler of ours is answered."""
        plan = self.route.plan_for(request.scope)
        if self.route.handler is not None or plan.ends:
            return self.answer_and_tear_down
        try:
            response: ASGIApp = await Run(plan, request.scope, request).go()
        except Exception as error:
            handler = default_handler(error, request.scope.get("app"))
            if handler is None:
                raise
            response = await handler(request, error)
        return response

    async def answer_and_tear_down(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The same for a plan with generators, and for a route class with a handler of its own."""
        tracked, request = tracking(send), Request(scope, receive, send)
        exits = Exits()
        try:
            send_response = partial(tracked.send_response, scope=scope, receive=receive)
            plan = self.route.plan_for(scope)
            await exits.around(partial(self.answer, request, plan, exits), send_response)
        except Exception as error:
            handler = default_handler(error, scope.get("app"))
            if handler is None or tracked.started:
                raise
            await tracked.send_response(await handler(request, error), scope, receive)
        finally:
            if request.is_open:
                await request.close()

    async def answer(self, request: Any, plan: Plan, exits: Exits) -> Any:
        """The response: by the handler of a route class, which may be given another request, or straight."""
        if self.route.handler is None:
            return await Run(plan, request.scope, request, exits).go()
        request.scope["rawasgi.plan"] = plan, exits
        return await self.route.handler(request)


class APIWebSocketRoute(WebSocketRoute, TypedRoute):
    """The same for a websocket: its endpoint has it until it returns."""

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        name: str | None = None,
        middleware: Layers = None,
        dependencies: Any = None,
    ) -> None:
        WebSocketRoute.__init__(self, path, endpoint, name=name)
        self.options, self.middleware = {"dependencies": dependencies}, middleware
        self.settle()

    def compiled(self, overrides: Mapping[Any, Callable[..., Any]]) -> Plan:
        """The plan under these overrides."""
        return make_plan(self.path, (), self.endpoint, self.options.get("dependencies") or (), overrides=overrides)

    def innermost(self) -> ASGIApp:
        """What runs the plan, without layers."""
        return self.serve

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the plan; the endpoint is its last step, and then everything is torn down."""
        plan, websocket = self.plan_for(scope), WebSocket(scope, receive, send)
        if not plan.ends:
            await Run(plan, scope, websocket).go()
            return
        exits = Exits()
        await exits.around(Run(plan, scope, websocket, exits).go, nothing_to_send)


async def nothing_to_send(value: Any) -> None:
    """A websocket has said everything itself."""
