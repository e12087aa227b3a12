"""`rawasgi routes`: the table of any app, and the routes that an earlier one takes all requests from."""

import sys

import fastapi
import pytest
import starlette.applications
import starlette.routing
from django.core.handlers.asgi import ASGIHandler

from rawasgi.app import App
from rawasgi.instruments.command import WrongCommand
from rawasgi.instruments.routes import lines, routes_command, table
from rawasgi.middlewares.access_log import AccessLogMiddleware
from rawasgi.paths import CONVERTOR_TYPES, Convertor
from rawasgi.routing import BaseRoute, Route, WebSocketRoute
from rawasgi.toolkit.hosts import Host
from rawasgi.toolkit.routers import APIRouter

HERE = "tests.instruments.test_routes"


async def item(request): ...


async def other(request): ...


async def talk(websocket): ...


def line(func):
    """The line on which a function of this file begins."""
    return f"tests/instruments/test_routes.py:{func.__code__.co_firstlineno}"


def shown(app):
    """The table without handlers and their places, which one test looks at."""
    return [(" ".join(row.methods), row.path, row.name, row.shadow) for row in table(app)]


def test_a_row_says_who_answers_and_where_that_is_written():
    """Methods, path, name, module:qualname and file:line, in columns; layers around the app are looked through."""
    app = App(routes=[Route("/items/{id:int}", item), Route("/x", other, methods=["PUT", "DELETE"], name="unnamed")])
    assert lines(table(AccessLogMiddleware(AccessLogMiddleware(app)))) == [
        f"GET HEAD    /items/{{id:int}}  item     {HERE}:item   {line(item)}",
        f"DELETE PUT  /x               unnamed  {HERE}:other  {line(other)}",
    ]


def tables(kit_app, kit):
    """The same routes in rawasgi and in Starlette."""
    below = [kit.Route("/deep", item), kit.Route("/deep", other, methods=["POST"])]
    return kit_app(
        routes=[
            kit.Route("/items/{id}", item),
            kit.Route("/items/new", other, methods=["GET", "POST"]),
            kit.Route("/items/{other}", other),
            kit.Route("/items/{number:int}", other, methods=["PUT"]),
            kit.WebSocketRoute("/items/talk", talk),
            kit.WebSocketRoute("/items/{id}", talk),
            kit.Route("/files/{name}", item),
            kit.Route("/files/{path:path}", item),
            kit.Mount("/below", routes=below, name="below"),
            kit.Route("/below/deep", item),
            kit.Route("/below", item),
            kit.Mount("/below/{id}", routes=below),
        ]
    )


@pytest.mark.parametrize(
    ("make", "kit"), [(App, sys.modules["rawasgi.routing"]), (starlette.applications.Starlette, starlette.routing)]
)
def test_a_route_that_an_earlier_one_shadows_is_marked(make, kit):
    """Whole, or for some of its methods; a narrower route before a wider one takes nothing away; alike in Starlette."""
    first = "GET HEAD /items/{id} comes first"
    assert shown(tables(make, kit)) == [
        ("GET HEAD", "/items/{id}", "item", ""),
        ("GET HEAD POST", "/items/new", "other", f"never GET HEAD: {first}"),
        ("GET HEAD", "/items/{other}", "other", f"never: {first}"),
        ("PUT", "/items/{number:int}", "other", ""),
        ("WS", "/items/talk", "talk", ""),
        ("WS", "/items/{id}", "talk", ""),
        ("GET HEAD", "/files/{name}", "item", ""),
        ("GET HEAD", "/files/{path:path}", "item", ""),
        ("mount", "/below/", "below", ""),
        ("GET HEAD", "/below/deep", "item", ""),
        ("POST", "/below/deep", "other", ""),
        ("GET HEAD", "/below/deep", "item", "never: mount /below comes first"),
        ("GET HEAD", "/below", "item", ""),
        ("mount", "/below/{id}/", "", "never: mount /below comes first"),
        ("GET HEAD", "/below/{id}/deep", "item", "never: mount /below comes first"),
        ("POST", "/below/{id}/deep", "other", "never: mount /below comes first"),
    ]


def test_the_routers_that_fastapi_includes_are_read():
    """With all their prefixes, however deep, and websockets and mounts among them."""
    inner, outer, app = (
        fastapi.APIRouter(prefix="/users"),
        fastapi.APIRouter(prefix="/v1"),
        fastapi.FastAPI(openapi_url=None),
    )
    inner.get("/{id}")(item)
    inner.get("/me")(other)
    inner.websocket("/talk")(talk)
    outer.include_router(inner)
    app.include_router(outer, prefix="/api")
    app.mount("/ours", App(routes=[Route("/here", item)]))
    assert shown(app) == [
        ("GET", "/api/v1/users/{id}", "item", ""),
        ("GET", "/api/v1/users/me", "other", "never: GET /api/v1/users/{id} comes first"),
        ("WS", "/api/v1/users/talk", "talk", ""),
        ("mount", "/ours/", "", ""),
        ("GET HEAD", "/ours/here", "item", ""),
    ]


class Hex(Convertor[int]):
    """Hexadecimal digits."""

    regex = "[0-9a-f]+"


class Odd(BaseRoute):
    """A route with an idea of its own."""


def test_what_cannot_be_known_is_not_said(monkeypatch):
    """Hosts, convertors and routes of one's own are listed; a convertor is asked what it takes."""
    monkeypatch.setitem(CONVERTOR_TYPES, "hex", Hex())
    router = APIRouter(prefix="/hex")
    router.get("/{id:hex}")(item)
    router.get("/{id:int}")(other)
    app = App(routes=[Odd(), Host("a.example.org", App(routes=[Route("/", item)])), Host("a.example.org", App())])
    app.include_router(router)
    app.routes.append(Route("/any", App(), methods=[]))
    app.routes.append(WebSocketRoute("/any", talk))
    app.routes.append(Route("/any", item))
    assert shown(app) == [
        ("any", "Odd", "", ""),
        ("mount", "a.example.org", "", ""),
        ("GET HEAD", "a.example.org /", "item", ""),
        ("mount", "a.example.org", "", ""),
        ("GET HEAD", "/hex/{id:hex}", "item", ""),
        ("GET HEAD", "/hex/{id:int}", "other", "never: GET HEAD /hex/{id:hex} comes first"),
        ("any", "/any", "App", ""),
        ("WS", "/any", "talk", ""),
        ("GET HEAD", "/any", "item", "never: any /any comes first"),
    ]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([f"{HERE}:lines"], f"{HERE}:lines is no ASGI app: it cannot be called with scope, receive, send"),
        (["nowhere:app"], "nowhere cannot be imported: ModuleNotFoundError: No module named 'nowhere'"),
        (["tests/x"], "'tests/x' names no module: write module:app, dots between packages"),
        (
            ["comparisons.p01_introduction.hello_world.raw_asgi:app"],
            "comparisons.p01_introduction.hello_world.raw_asgi:app is an ASGI app without `routes`: nothing tells from outside which paths it answers",
        ),
        (
            [f"{HERE}:django_app"],
            "a Django app keeps its routes in the module that settings.ROOT_URLCONF names: read it there",
        ),
    ],
)
def test_a_wrong_command_is_one_sentence_and_exit_status_2(capsys, words, complaint):
    """Nothing on stdout, one line on stderr that says what is wrong."""
    assert routes_command(words) == 2
    assert capsys.readouterr() == ("", f"rawasgi routes: {complaint}\n")


def test_the_command_prints_the_table(capsys):
    """Exit status 0, and a sentence where there is nothing."""
    assert routes_command([f"{HERE}:served"]) == 0
    assert capsys.readouterr() == (f"GET HEAD  /  item  {HERE}:item  {line(item)}\n", "")
    assert routes_command([f"{HERE}:App", "--factory"]) == 0
    assert capsys.readouterr() == (f"{HERE}:App has no routes\n", "")


def test_an_app_in_an_app_without_end_is_no_hang():
    """Layers in a circle, and a mount of an app in itself."""

    class Circle:
        async def __call__(self, scope, receive, send): ...

    circle = Circle()
    circle.app = circle  # type: ignore[attr-defined]
    with pytest.raises(WrongCommand):
        table(circle)
    app = App(routes=[Route("/", item)])
    app.mount("/again", app)
    assert [row.path for row in table(app)[:4]] == ["/", "/again/", "/again/", "/again/again/"]


django_app = ASGIHandler.__new__(ASGIHandler)  # as it is made, but without settings for the whole process
served = App(routes=[Route("/", item)])
