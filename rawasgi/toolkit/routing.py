"""A handler in -> the handler that a route of your own makes of it out.

bytes > server > app > middleware > [routing > handler] > response > bytes

`APIRouter(route_class=Timed)` makes its routes with your class, and a class derived from `APIRoute` has one place to
work in: `get_route_handler`, which gives `async def (request) -> response`. There the request can be exchanged for one
of your own, the response changed, an exception caught, before any layer sees it.

    class Timed(APIRoute):
        def get_route_handler(self):
            handle = super().get_route_handler()

            async def timed(request):
                begun = time.perf_counter()
                response = await handle(request)
                response.headers["x-took"] = str(time.perf_counter() - begun)
                return response

            return timed

Spec:         none, because it ends before the first message: https://asgi.readthedocs.io/en/latest/specs/www.html
In FastAPI:   fastapi.routing:APIRoute
In Starlette: none, because one overrides starlette.routing:Route.handle
In Flask:     none, because one overrides flask.app:Flask.dispatch_request for all routes
Left out:     what FastAPI's class knows of parameters and documentation
"""

from collections.abc import Callable, Collection, Coroutine
from typing import Any

from rawasgi.concurrency import where_it_belongs
from rawasgi.middleware import Layers, layered
from rawasgi.requests import Request
from rawasgi.responses import HandlerApp, Response
from rawasgi.routing import Route


class APIRoute(Route):
    """A route whose handler comes from `get_route_handler`. `endpoint` is `func(request) -> response`."""

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        name: str | None = None,
        methods: Collection[str] | None = None,
        include_in_schema: bool = True,
        middleware: Layers = None,
    ) -> None:
        super().__init__(path, endpoint, methods=methods or ["GET"], name=name, include_in_schema=include_in_schema)
        self.app = layered(HandlerApp(self.get_route_handler()), middleware)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """`async def (request) -> response`: the endpoint, on a thread where it is a `def`. Override it."""

        answer = where_it_belongs(self.endpoint)

        async def handle(request: Request) -> Response:
            response: Response = await answer(request)
            return response

        return handle
