"""`rawasgi explain`: the same table for an app of FastAPI, whose tree is walked without a request."""

from typing import Annotated, Any

import fastapi
import pytest

import rawasgi
from rawasgi.instruments.command import WrongCommand
from rawasgi.instruments.explaining import explain_command, explained
from rawasgi.middlewares.access_log import AccessLogMiddleware


def built(kit, app):
    """One text, two apps."""

    def connect(x_dsn: Annotated[str, kit.Header()]):
        yield x_dsn

    def audit(db: Annotated[str, kit.Depends(connect)]): ...

    async def user(theme: Annotated[str, kit.Cookie()] = "light"):
        yield theme

    router = kit.APIRouter(prefix="/v1", dependencies=[kit.Depends(audit)])

    @router.post("/items/{item_id}")
    async def show(
        item_id: int,
        item: dict[str, Any],
        user: Annotated[str, kit.Depends(user, scope="function")],
        q: Annotated[str | None, kit.Query(alias="query")] = None,
    ): ...

    @router.post("/form")
    def form(a: Annotated[str, kit.Form()]) -> int:
        return 1

    app.include_router(router)

    @app.websocket("/ws")
    async def socket(websocket: fastapi.WebSocket, n: int = 1): ...

    return app


theirs = built(fastapi, fastapi.FastAPI())

ITEM = """\
POST /v1/items/{item_id}

  body  read as JSON

     1  thread  connect()                      def, yields
                  x_dsn        header x-dsn           str
     2  thread  audit()                        def
                  db           what connect() made
     3  loop    user()                         async def, yields
                  theme        cookie                 str, or 'light'
     4  loop    show()                         async def
                  user         what user() made
                  item_id      path                   int
                  q            query query            str | None, or None
                  item         body                   dict[str, Any]

answer  what is returned
  ends  before the response starts: user() on the loop
  ends  when response and background tasks are out: connect() on a thread"""

FORM = """\
POST /v1/form

  body  read as a form, application/x-www-form-urlencoded

     1  thread  connect()                      def, yields
                  x_dsn        header x-dsn           str
     2  thread  audit()                        def
                  db           what connect() made
     3  thread  form()                         def
                  a            form                   str

answer  int, checked in another hop
  ends  when response and background tasks are out: connect() on a thread"""

SOCKET = """\
WEBSOCKET /ws

  body  none is read

     1  loop    socket()                       async def
                  n            query                  int, or 1
                  websocket    the websocket
"""


@pytest.mark.parametrize(
    ("path", "text"), [("/v1/items/{item_id}", ITEM), ("/v1/items/7", ITEM), ("/v1/form", FORM), ("/ws", SOCKET)]
)
def test_a_fastapi_app_is_explained(path, text):
    """Each `def` has a hop of its own, and the check of what it returned another."""
    assert explained(theirs, path) == text


def test_an_app_of_ours_explains_itself():
    """In the same words; neighbours on a thread share a step."""
    app = rawasgi.App()

    @app.get("/{number}")
    def show(number: int): ...

    assert explained(app, "/7") == app.explain("/7")


def mounted(kit, outer, inner):
    """A router that has an app, in an app that has it twice, once below a layer."""
    leaf, app = inner(), outer()
    below, router = outer(), kit.APIRouter(prefix="/r")

    @leaf.get("/items/{number}")
    def show(number: int): ...

    @router.get("/own")
    async def own(q: int): ...

    router.mount("/deep", leaf)
    app.include_router(router, prefix="/v1")
    below.mount("/leaf", leaf)
    app.mount("/below/{tenant}", AccessLogMiddleware(below))
    return app


@pytest.mark.parametrize(
    ("kit", "outer", "inner"),
    [
        (rawasgi, rawasgi.App, rawasgi.App),
        (fastapi, fastapi.FastAPI, fastapi.FastAPI),
        (rawasgi, rawasgi.App, fastapi.FastAPI),
        (fastapi, fastapi.FastAPI, rawasgi.App),
    ],
)
def test_apps_in_apps_are_looked_into(kit, outer, inner):
    """Of either kind in either, below mounts and in included routers; every path is told as a client writes it."""
    app = mounted(kit, outer, inner)
    known = ["/v1/r/own", "/v1/deep/items/{number}", "/below/{tenant}/leaf/items/{number}"]
    for path, asked in zip(known, ("/v1/r/own", "/v1/deep/items/7", "/below/a/leaf/items/7"), strict=True):
        titles = {explained(app, each).splitlines()[0] for each in (path, asked)}
        assert [title.split()[-1] for title in titles] == [path]
    with pytest.raises(WrongCommand) as wrong:
        explained(app, "/leaf/items/7", "get")
    said, _, paths = str(wrong.value).partition("; there are: ")
    assert said == "no route with dependencies has the path '/leaf/items/7' and get"
    assert sorted(paths.split(", ")) == sorted(known)


def test_the_command_prints_the_table(capsys):
    """For module:app and a path; a path that no route has is a sentence, and exit status 2."""
    assert explain_command(["tests.instruments.test_explaining:theirs", "/v1/form", "--method", "post"]) == 0
    assert capsys.readouterr().out == FORM + "\n"
    assert explain_command(["tests.instruments.test_explaining:theirs", "/nowhere"]) == 2
    assert capsys.readouterr().err == (
        "rawasgi explain: no route with dependencies has the path '/nowhere'; there are: "
        "/v1/items/{item_id}, /v1/form, /ws\n"
    )
