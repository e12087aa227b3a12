"""A plan in words: the whole text, and which routes are found."""

from typing import Annotated, Any

import pytest

from rawasgi.app import App
from rawasgi.concurrency import BackgroundTasks
from rawasgi.middlewares.access_log import AccessLogMiddleware
from rawasgi.routing import Mount, Route
from rawasgi.toolkit.events import EventSourceResponse
from rawasgi.toolkit.hosts import Host
from rawasgi.toolkit.routers import APIRouter
from rawasgi.typed.params import Body, Cookie, Depends, Form, Header, Query, Security, SecurityScopes, nonblocking
from rawasgi.websockets import WebSocket


def connect(x_dsn: Annotated[str, Header(min_length=3)]):
    yield x_dsn


def pooled():
    yield


def audit(db: Annotated[str, Depends(connect, use_cache=False)]): ...


@nonblocking
def settings(scopes: SecurityScopes): ...


async def user(
    theme: Annotated[str, Cookie(default_factory=str)], s: Annotated[None, Security(settings, scopes=["b"])]
):
    yield theme


def shop():
    """An app whose routes have something of everything."""
    router = APIRouter(prefix="/v1", dependencies=[Depends(audit)])

    @router.post("/items/{item_id}", status_code=201)
    async def show(
        item_id: int,
        item: Annotated[dict[str, Any], Body(embed=True)],
        db: Annotated[str, Depends(pooled, max_concurrency=3)],
        user: Annotated[str, Security(user, scopes=["a"])],
        tasks: BackgroundTasks,
        sizes: Annotated[list[int] | None, Query(alias="size")] = None,
    ) -> dict[str, Any]:
        return {}

    app = App()
    app.include_router(router)

    @app.get("/events", response_class=EventSourceResponse)
    async def events(user: Annotated[str, Depends(user, scope="function")]):
        yield 1

    @app.post("/events")
    def form(name: Annotated[str, Form()] = "x"): ...

    @app.websocket("/ws/{room}")
    async def socket(websocket: WebSocket, room: str): ...

    return app


ITEM = """\
POST /v1/items/{item_id}

  body  read as JSON, an object with a key for each

     1  thread  connect()                      def, yields, called anew each time
                  x_dsn        header x-dsn           str
                audit()                        def
                  db           what connect() made
     2  thread  pooled()                       def, yields, at most 3 at once
     3  loop    settings()                     def, said not to block, scopes a b
                  scopes       the scopes asked of it
                user()                         async def, yields, scopes a
                  s            what settings() made
                  theme        cookie                 str, or str()
                show()                         async def
                  db           what pooled() made
                  user         what user() made
                  item_id      path                   int
                  sizes        query size             list[int] | None, or None
                  item         body                   dict[str, Any]
                  tasks        tasks for after the response

answer  JSON of dict[str, Any], or a Response as it is, status 201
  ends  when response and background tasks are out: user() on the loop, pooled() on a thread, connect() on a thread"""

EVENTS = """\
GET, HEAD /events

  body  none is read

     1  loop    settings()                     def, said not to block, scopes b
                  scopes       the scopes asked of it
                user()                         async def, yields
                  s            what settings() made
                  theme        cookie                 str, or str()
                events()                       async def, yields
                  user         what user() made

answer  a stream of events
  ends  before the response starts: user() on the loop"""

FORM = """\
POST /events

  body  read as a form, application/x-www-form-urlencoded

     1  thread  form()                         def
                  name         form                   str, or 'x'

answer  JSON, or a Response as it is"""

SOCKET = """\
WEBSOCKET /ws/{room}

  body  none is read

     1  loop    socket()                       async def
                  room         path                   str
                  websocket    the websocket
"""


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        (("/v1/items/{item_id}",), ITEM),
        (("/v1/items/7",), ITEM),
        (("/events",), f"{EVENTS}\n\n{FORM}"),
        (("/events", "get"), EVENTS),
        (("/events", "POST"), FORM),
        (("/ws/red",), SOCKET),
    ],
)
def test_a_plan_is_told_in_words(asked, text):
    """By the path of the route, or one that it takes; all routes of that path, or the one of a method."""
    assert shop().explain(*asked) == text


def test_a_path_that_no_typed_route_has_is_told():
    """KeyError, with those that there are."""
    with pytest.raises(KeyError) as caught:
        shop().explain("/nowhere", "GET")
    assert caught.value.args == (
        "no typed route has the path '/nowhere' and GET; there are: /v1/items/{item_id}, /events, /events, /ws/{room}",
    )


def test_overrides_are_told():
    """What would be called now."""

    async def instead(): ...

    app = shop()
    app.dependency_overrides[user] = instead
    assert "     1  loop    instead()                      async def\n" in app.explain("/events", "GET")


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("/in/{tenant}/events", "GET, HEAD /in/{tenant}/events"),
        ("/in/red/events", "GET, HEAD /in/{tenant}/events"),
        ("/in/red/ws/7", "WEBSOCKET /in/{tenant}/ws/{room}"),
        ("/routes/7", "GET, HEAD /routes/{number}"),
        ("/hosted", "GET, HEAD /hosted"),
    ],
)
def test_apps_below_are_looked_into(path, title):
    """Below a mount, layers around an app, or a host; by the whole path as it is written, or one that is taken."""
    router, hosted = APIRouter(), App()

    async def bare(scope, receive, send): ...

    @router.get("/{number}")
    def one(number: int): ...

    @hosted.get("/hosted")
    def other(q: int): ...

    inner = App()
    inner.mount("/{tenant}", AccessLogMiddleware(shop()))
    app = App(
        routes=[Mount("/in", inner), Mount("/routes", router), Host("a.example.org", hosted), Mount("/none", bare)]
    )
    assert app.explain(path, None if "ws" in path else "GET").splitlines()[0] == title


def test_what_no_app_below_has_is_told():
    """A path is one of the mount's only below it, and a parameter has to be of its kind there too."""
    app, below = App(), App()

    @below.get("/{number:int}")
    def one(number: int): ...

    app.mount("/in", AccessLogMiddleware(below))
    app.mount("/again", app)
    app.routes.append(Route("/raw", lambda request: None))
    for path in ("/7", "/in", "/in/x", "/raw"):
        with pytest.raises(KeyError) as caught:
            app.explain(path)
        assert caught.value.args == (f"no typed route has the path {path!r}; there are: /in/{{number:int}}",)


def test_the_overrides_are_those_of_the_nearest_app():
    """An app that is mounted has its own; a router that is has those of the app around it."""

    def instead(): ...

    router, inner = APIRouter(), App()

    @router.get("/routed")
    def routed(got: Annotated[None, Depends(pooled)]): ...

    inner.get("/inner")(routed)
    app = App(routes=[Mount("/router", router), Mount("/app", inner)])
    app.dependency_overrides[pooled] = instead
    assert "instead()" in app.explain("/router/routed")
    assert "pooled()" in app.explain("/app/inner")
