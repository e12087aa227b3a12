"""What is said of a route, by its decorator, its routers and the app: who has the last word, and what reaches whom."""

from typing import Annotated, Any

import fastapi
import pytest

import rawasgi
from rawasgi.app import App
from rawasgi.instruments.conversation import converse, handshake, parting, request
from rawasgi.middleware import Middleware
from rawasgi.requests import Request
from rawasgi.responses import HTMLResponse, PlainTextResponse
from rawasgi.routing import Mount, Route, WebSocketRoute
from rawasgi.toolkit.routers import APIRouter
from rawasgi.typed.params import Depends, Header, Path
from rawasgi.typed.plan import Answer, Description
from rawasgi.typed.routing import APIRoute, APIWebSocketRoute
from rawasgi.websockets import WebSocket
from tests.instruments.messages import ACCEPT, close
from tests.toolkit.test_routers import Naming
from tests.typed.asking import answered, ask, missing


def noting(log, name):
    """A dependency that notes its name."""

    async def note():
        log.append(name)

    return Depends(note)


def nested(kit, log):
    """Dependencies of an app, of what it includes, of routers and of routes."""
    app = kit.App(dependencies=[noted(kit, log, "app")])
    outer = kit.APIRouter(prefix="/outer", dependencies=[noted(kit, log, "outer")])
    inner = kit.APIRouter(dependencies=[noted(kit, log, "inner")])

    @inner.get("/deep", dependencies=[noted(kit, log, "route")])
    async def deep(n: int = 1):
        log.append("deep")

    @outer.get("/flat")
    async def flat(n: int = 1):
        log.append("flat")

    @app.get("/top")
    async def top(n: int = 1):
        log.append("top")

    outer.include_router(inner, prefix="/inner", dependencies=[noted(kit, log, "inclusion of inner")])
    app.include_router(outer, dependencies=[noted(kit, log, "inclusion of outer")])
    return app


def noted(kit, log, name):
    """The same in the words of a kit."""

    async def note():
        log.append(name)

    return kit.Depends(note)


@pytest.mark.parametrize("path", ["/outer/inner/deep", "/outer/flat", "/top"])
def test_dependencies_of_a_group_come_from_outside_in(path):
    """App, inclusion, router, inclusion, router, route: as in FastAPI."""
    theirs: list[str] = []
    ours: list[str] = []
    kit: Any = fastapi
    kit.App = lambda **options: fastapi.FastAPI(openapi_url=None, **options)
    converse(nested(kit, theirs), request("GET", path))
    converse(nested(rawasgi, ours), request("GET", path))
    assert ours == theirs
    assert ours[0] == "app"


def test_a_dependency_of_a_group_guards_raw_handlers_too():
    """A raw handler, one on a raw router, a raw websocket: none gets by."""

    async def guard(x_token: Annotated[str, Header()]): ...

    async def raw(request: Request):
        return PlainTextResponse("raw")

    async def socket(websocket):
        await websocket.accept()
        await websocket.close()

    router = APIRouter(routes=[Route("/routed", raw), WebSocketRoute("/ws", socket)])
    router.get("/included")(raw)
    app = App(dependencies=[Depends(guard)])
    app.get("/own")(raw)
    app.websocket("/own-ws")(socket)
    app.include_router(router)
    for path in ("/own", "/routed", "/included"):
        assert ask(app, path) == (422, {"detail": [missing("header", "x-token")]})
        assert ask(app, path, headers=[(b"x-token", b"1")]) == (200, b"raw")
    for path in ("/own-ws", "/ws"):
        refused = {
            "type": "websocket.close",
            "code": 1008,
            "reason": "the handshake lacks something, or has something else",
        }
        assert converse(app, handshake(path)) == [refused]
        assert converse(app, parting(handshake(path, headers=[(b"x-token", b"1")]))) == [
            {"type": "websocket.accept", "subprotocol": None, "headers": []},
            close(),
        ]


class Bare:
    """An app of its own."""

    async def __call__(self, scope, receive, send): ...


bare = Bare()


async def plain(request): ...


@pytest.mark.parametrize(
    "route", [Mount("/m", bare), Route("/a", bare), Route("/l", bare, middleware=[Middleware(Naming, b"x")])]
)
def test_what_runs_no_dependencies_is_refused_in_a_guarded_group(route):
    """An app of its own, mounted or routed, would be unguarded."""
    router = APIRouter(routes=[route])
    with pytest.raises(TypeError, match="is an app of its own and runs no dependencies: mount it, and guard it"):
        App().include_router(router, dependencies=[Depends(plain)])


def test_a_raw_handler_stays_raw_where_nothing_is_asked_of_it():
    """What only documentation shows changes no raw handler."""
    app = App(responses={500: {}}, deprecated=True)
    router = APIRouter(tags=["a"])

    async def raw(request): ...

    app.get("/")(raw)
    router.get("/")(raw)
    assert [type(route) for route in (*app.routes, *router.routes)] == [Route, Route]
    router.get("/documented", tags=["b"])(raw)
    assert type(router.routes[-1]) is APIRoute


def test_of_what_is_said_once_the_innermost_has_the_last_word():
    """Lists are joined; a group that is hidden hides all, one that is deprecated deprecates all."""
    router = APIRouter(
        tags=["router"], responses={404: {"description": "r"}, 409: {}}, default_response_class=HTMLResponse
    )

    @router.post("/a", tags=["route"], responses={404: {"description": "route"}}, status_code=201, summary="s")
    async def typed(n: int = 1) -> str:
        """What it does.\f What only readers of the code see."""
        return "x"

    @router.get("/b", response_class=PlainTextResponse, include_in_schema=False, response_model=None)
    async def other(n: int = 1) -> object: ...

    app = App(responses={500: {}}, deprecated=True)
    app.include_router(router, prefix="/p", tags=["inclusion"])
    first, second = app.routes
    assert isinstance(first, APIRoute)
    assert isinstance(second, APIRoute)
    assert first.plan.answer == Answer(response_model=str, status_code=201, response_class=HTMLResponse)
    assert first.plan.description == Description(
        tags=("inclusion", "router", "route"),
        summary="s",
        description="What it does.",
        responses={500: {}, 404: {"description": "route"}, 409: {}},
        deprecated=True,
    )
    assert (first.path, first.methods, first.include_in_schema) == ("/p/a", {"POST"}, True)
    assert (second.plan.answer, second.include_in_schema) == (Answer(response_class=PlainTextResponse), False)


def test_a_prefix_may_bring_a_parameter():
    """What was a query parameter below a router is a part of the path below an app."""
    router = APIRouter()

    @router.get("/items")
    async def items(shop: int, n: int = 1):
        return [shop, n]

    app = App()
    app.include_router(router, prefix="/{shop}")
    assert ask(app, "/7/items?shop=8") == (200, [7, 1])
    assert ask(router, "/items?shop=8") == (200, [8, 1])


@pytest.mark.parametrize(
    "call",
    [
        lambda: App(titel="x"),
        lambda: APIRouter(title="x"),
        lambda: App().get("/", response_modle=int)(plain),
        lambda: App().websocket("/", tags=["x"])(plain),
        lambda: APIRoute("/", plain, callbacks=[]),  # type: ignore[call-arg]
        lambda: App().include_router(APIRouter(routes=[Route("/", plain)]), tag=["x"]),
    ],
)
def test_an_option_that_nobody_knows_is_refused(call):
    """With those that there are."""
    with pytest.raises(TypeError, match=r"has no option '\w+'; it has "):
        call()


def test_a_route_class_must_know_plans():
    """A typed handler cannot be made with a class of raw routes."""

    class Custom(Route):
        """One of those."""

    router = APIRouter(route_class=Custom)
    with pytest.raises(TypeError, match=r"^/x: typed\(\) is typed, and Custom is no APIRoute$"):

        @router.get("/x")
        async def typed(n: int): ...


def test_layers_of_a_router_are_around_typed_routes():
    """They see the answer to what is wrong, too."""
    router = APIRouter(middleware=[Middleware(Naming, b"layer")])

    @router.get("/{n}")
    async def typed(n: int):
        return n

    app = App()
    app.include_router(router, prefix="/p")
    assert converse(app, request("GET", "/p/1")) == answered(1, 200, (b"x-layer", b"layer"))
    start = converse(app, request("GET", "/p/x"))[0]
    assert (start["status"], start["headers"][-1]) == (422, (b"x-layer", b"layer"))


def test_the_handlers_of_the_app_answer_before_ours():
    """By class or status; one for Exception is not asked about what is wrong with a request."""

    async def invalid(request, error):
        return PlainTextResponse(f"{len(error.errors())} of {error.body!r}", 400)

    async def teapot(request, error):
        return PlainTextResponse("tea", 418)

    async def typed(n: int): ...

    async def short(n: int = 1):
        raise rawasgi.HTTPException(418, "short")

    for handlers, answers in (
        ({}, [(422, {"detail": [missing("query", "n")]}), (418, {"detail": "short"})]),
        ({Exception: teapot}, [(422, {"detail": [missing("query", "n")]}), (418, {"detail": "short"})]),
        ({rawasgi.RequestValidationError: invalid, 418: teapot}, [(400, b"1 of None"), (418, b"tea")]),
        ({rawasgi.HTTPException: teapot}, [(422, {"detail": [missing("query", "n")]}), (418, b"tea")]),
    ):
        app = App(exception_handlers=handlers)
        app.get("/typed")(typed)
        app.get("/short")(short)
        assert [ask(app, "/typed"), ask(app, "/short")] == answers


def test_a_typed_websocket_has_its_parameters_and_layers():
    """Below a prefix, behind a layer, with a dependency of its group."""
    log: list[str] = []
    router = APIRouter(prefix="/ws", dependencies=[noting(log, "router")])

    @router.websocket("/{room}", name="room")
    async def socket(room: int, websocket: WebSocket, q: str = "-"):
        await websocket.accept()
        await websocket.send_json([room, q])
        await websocket.close()

    app = App(dependencies=[noting(log, "app")])
    app.include_router(router, prefix="/{q}")
    assert isinstance(app.routes[0], APIWebSocketRoute)
    assert app.url_path_for("room", q="a", room="1") == "/a/ws/1"
    accept, *said = converse(app, parting(handshake("/a/ws/7")))
    assert accept["type"] == ACCEPT["type"]
    assert said == [{"type": "websocket.send", "text": '[7,"a"]'}, close()]
    assert log == ["app", "router"]


def test_a_path_parameter_without_a_path_is_told_to_the_client_as_missing():
    """A router that is not included yet may get it from a prefix; alone it has none."""
    router = APIRouter()

    @router.get("/items")
    async def items(shop: Annotated[int, Path()]):
        return shop

    assert ask(router, "/items") == (422, {"detail": [missing("path", "shop")]})
    app = App()
    app.include_router(router, prefix="/{shop}")
    assert ask(app, "/7/items") == (200, 7)
