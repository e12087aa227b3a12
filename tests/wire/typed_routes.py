"""Routes that take and give twenty models, in the words that rawasgi and FastAPI share: one text, two apps."""

import uuid
from typing import Annotated, Any

import pydantic
from pydantic import AliasChoices, Field

from tests.wire.typed_answers import add_answers, add_classes, add_sockets, add_streams
from tests.wire.typed_models import (
    Aliased,
    Box,
    Checked,
    Circle,
    Filter,
    Generic,
    Heads,
    Item,
    Jar,
    Kinds,
    Login,
    Loose,
    Maker,
    Nested,
    Out,
    Pet,
    Point,
    Size,
    Strict,
    Tree,
    Typed,
)

# The types of the parameters are taken from a kit, which no type checker can see through.
# mypy: disable-error-code="name-defined, valid-type, misc, call-arg"


def typed_shop(kit, log):
    """All of them."""
    app = kit.App()
    add_paths(kit, app)
    add_queries(kit, app)
    add_fields(kit, app)
    add_texts_that_are_json(kit, app)
    add_models(kit, app)
    add_bodies(kit, app)
    add_forms(kit, app)
    add_dependencies(kit, app, log)
    add_generators(kit, app, log)
    add_answers(kit, app)
    add_classes(kit, app)
    add_streams(kit, app)
    add_sockets(kit, app, log)
    return app


def add_paths(kit, app):
    """Parameters of the path."""

    @app.get("/path/{number}/{size}")
    async def in_path(number: int, size: Size, key: uuid.UUID | None = None):
        return [number, size.value, key]

    @app.get("/bounds/{number}")
    def in_bounds(number: Annotated[int, kit.Path(ge=3, lt=10, title="n")], ratio: float = kit.Query(0.5, gt=0)):
        return {"number": number, "ratio": ratio}

    @app.get("/rest/{rest:path}")
    async def rest(rest: str):
        return rest


def add_queries(kit, app):
    """Parameters of the query."""

    @app.get("/query")
    async def query(
        q: str,
        n: int = 7,
        on: bool = False,
        none: int | None = None,
        words: Annotated[list[str] | None, kit.Query()] = None,
        ids: Annotated[set[int] | None, kit.Query(alias="id")] = None,
    ):
        return [q, n, on, none, words, sorted(ids or ())]

    @app.get("/constrained")
    async def constrained(
        code: Annotated[str, kit.Query(min_length=2, max_length=4, pattern="^[a-z]+$")],
        many: Annotated[list[int], kit.Query(max_length=2)],
        plain: Annotated[int, Field(multiple_of=3)] = 3,
    ):
        return [code, many, plain]

    @app.get("/choices")
    async def choices(q: Annotated[str, kit.Query(validation_alias=AliasChoices("first", "second"))] = "none"):
        return q

    @app.get("/json")
    async def json(value: Annotated[pydantic.Json[list[int]], kit.Query()]):
        return value


def add_texts_that_are_json(kit, app):
    """JSON in a query, and JSON's model among the fields of a form."""

    @app.get("/json-model")
    async def json_model(value: Annotated[pydantic.Json[Maker], kit.Query()]):
        return value

    @app.post("/mixed")
    async def mixed(item: Annotated[Item, kit.Body()], note: Annotated[str, kit.Form()]):
        return [item, note]


def add_fields(kit, app):
    """Parameters of headers and cookies."""

    @app.get("/heads")
    async def heads(
        user_agent: Annotated[str | None, kit.Header()] = None,
        x_list: Annotated[list[int] | None, kit.Header()] = None,
        odd_name: Annotated[str, kit.Header(convert_underscores=False)] = "no",
        named: Annotated[str, kit.Header(alias="X-Named")] = "no",
    ):
        return [user_agent, x_list, odd_name, named]

    @app.get("/cookies")
    async def cookies(session: Annotated[str, kit.Cookie()], visits: Annotated[int, kit.Cookie(ge=1)] = 1):
        return [session, visits]


def add_models(kit, app):
    """Parameter models."""

    @app.get("/filter")
    async def by_filter(f: Annotated[Filter, kit.Query()]):
        return f

    @app.get("/loose")
    async def loose(f: Annotated[Loose, kit.Query()], other: int = 0):
        return [f.model_dump(), other]

    @app.get("/loose-or-none")
    async def loose_or_none(f: Annotated[Loose | None, kit.Query()] = None):
        return f

    @app.get("/head-model")
    async def head_model(f: Annotated[Heads, kit.Header()]):
        return f

    @app.get("/jar")
    async def jar(f: Annotated[Jar, kit.Cookie()]):
        return f

    @app.get("/aliased")
    async def aliased(f: Annotated[Aliased, kit.Query()]):
        return f


def add_bodies(kit, app):
    """Bodies in JSON: one model, several, embedded, and what is no model."""
    for model in (Nested, Strict, Aliased, Checked, Pet, Kinds, Tree, Generic, Point, Typed, Out):
        add_body(app, model)

    @app.post("/item")
    async def item(item: Item):
        return item

    @app.put("/item/{item_id}")
    def put_item(item_id: int, item: Item, q: int | None = None):
        return [item_id, item.name, q]

    @app.post("/two")
    async def two(item: Item, maker: Maker, importance: Annotated[int, kit.Body(gt=0)], note: str = "-"):
        return [item.name, maker.name, importance, note]

    @app.post("/embedded")
    async def embedded(item: Annotated[Item, kit.Body(embed=True, alias="thing")]):
        return item

    @app.post("/optional")
    async def optional(item: Item | None = None):
        return item

    @app.post("/list")
    async def many(items: list[Item]):
        return len(items)

    @app.post("/mapping")
    async def mapping(counts: dict[int, float]):
        return counts

    @app.post("/scalar")
    async def scalar(number: Annotated[int, kit.Body()]):
        return number

    @app.post("/any")
    async def anything(value: Annotated[Any, kit.Body()] = None):
        return value

    @app.post("/raw")
    async def raw(data: Annotated[bytes, kit.Body(media_type="application/octet-stream")]):
        return len(data)


def add_body(app, model):
    """A route that takes a model and gives it back."""

    @app.post(f"/model/{model.__name__}")
    async def take(value: model) -> model:
        return value


def add_forms(kit, app):
    """Forms and files."""

    @app.post("/form")
    async def form(
        user: Annotated[str, kit.Form(min_length=2)],
        age: Annotated[int, kit.Form()] = 7,
        roles: Annotated[list[str] | None, kit.Form()] = None,
    ):
        return [user, age, roles]

    @app.post("/login")
    async def login(data: Annotated[Login, kit.Form()]):
        return data

    @app.post("/shape")
    async def shape(data: Annotated[Circle | Box, kit.Form()]):
        return [type(data).__name__, data]

    @app.post("/shape/tagged")
    async def tagged(data: Annotated[Circle | Box, Field(discriminator="kind"), kit.Form()]):
        return [type(data).__name__, data]

    @app.post("/shape/maybe")
    async def maybe(data: Annotated[Circle | Box | None, kit.Form()] = None):
        return [type(data).__name__, data]

    @app.post("/shape/file")
    async def in_parts(data: Annotated[Circle, kit.File()]):
        return [type(data).__name__, data]

    @app.post("/upload")
    async def upload(file: kit.UploadFile, note: Annotated[str, kit.Form()] = ""):
        return [file.filename, file.size, file.content_type, (await file.read()).decode(), note]

    @app.post("/uploads")
    async def uploads(files: list[kit.UploadFile], raw: Annotated[bytes | None, kit.File()] = None):
        return [[file.filename for file in files], raw and raw.decode()]


def add_dependencies(kit, app, log):
    """Values that other functions make, and what they read."""

    def note(what):
        log.append(what)

    async def paging(skip: int = 0, limit: Annotated[int, kit.Query(le=100)] = 10):
        log.append("paging")
        return skip, limit

    def token(x_token: Annotated[str, kit.Header()]):
        log.append("token")
        if x_token != "secret":
            raise kit.HTTPException(403, "no", {"x-why": "token"})
        return x_token

    class Common:
        def __init__(self, q: str = "-", paging: tuple[int, int] = kit.Depends(paging)):
            self.q, self.paging = q, paging

    class Callable:
        def __call__(self, request: kit.Request, response: kit.Response, tasks: kit.BackgroundTasks):
            response.headers["x-path"] = request.url.path
            response.status_code = 203
            tasks.add_task(note, "task")
            return "called"

    @app.get("/depends")
    async def depends(
        common: Annotated[Common, kit.Depends()],
        again: Annotated[tuple[int, int], kit.Depends(paging)],
        anew: Annotated[tuple[int, int], kit.Depends(paging, use_cache=False)],
    ):
        return [common.q, common.paging, again, anew]

    @app.get("/guarded", dependencies=[kit.Depends(token)])
    def guarded(n: int):
        return n

    @app.get("/called")
    async def called(value: Annotated[str, kit.Depends(Callable())]):
        return value


def add_generators(kit, app, log):
    """Values that are torn down."""

    def note(what):
        log.append(what)

    async def paging(skip: int = 0, limit: Annotated[int, kit.Query(le=100)] = 10):
        log.append("paging")
        return skip, limit

    async def opened(paging: Annotated[tuple[int, int], kit.Depends(paging)]):
        log.append("open")
        try:
            yield "open"
        except Exception as error:
            log.append(repr(error))
            raise
        finally:
            log.append("close")

    def function_scoped():
        log.append("open function")
        yield 1
        log.append("close function")

    @app.get("/opened")
    async def with_opened(
        value: Annotated[str, kit.Depends(opened)],
        one: Annotated[int, kit.Depends(function_scoped, scope="function")],
        tasks: kit.BackgroundTasks,
        fail: str = "",
    ):
        tasks.add_task(note, "task")
        log.append("endpoint")
        if fail == "http":
            raise kit.HTTPException(418, {"short": ["and", "stout"]})
        if fail:
            raise ValueError(fail)
        return [value, one]
