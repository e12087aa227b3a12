"""Twenty models and the routes that take them, in the words that rawasgi and FastAPI share: one text, two apps."""

# The types of the parameters are taken from a kit, which no type checker can see through.
# mypy: disable-error-code="name-defined, valid-type, misc, call-arg"

import dataclasses
import datetime
import decimal
import enum
import uuid
from collections.abc import AsyncIterable, Iterator
from typing import Annotated, Any, Literal

import pydantic
from pydantic import AliasChoices, BaseModel, ConfigDict, Field
from typing_extensions import TypedDict  # pydantic wants this one before Python 3.12


class Size(enum.Enum):
    SMALL = "s"
    LARGE = "l"


class Item(BaseModel):
    name: str
    price: float = Field(gt=0)
    tags: list[str] = []


class Maker(BaseModel):
    name: str = Field(min_length=2, max_length=5)
    since: datetime.date | None = None


class Nested(BaseModel):
    item: Item
    makers: dict[str, Maker] = {}


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    number: int
    text: str


class Aliased(BaseModel):
    item_id: int = Field(alias="itemId")
    other: str = Field("x", validation_alias=AliasChoices("Other", "another"), serialization_alias="OTHER")


class Checked(BaseModel):
    low: int
    high: int

    @pydantic.model_validator(mode="after")
    def in_order(self):
        if self.low > self.high:
            raise ValueError("low is above high")
        return self

    @pydantic.field_validator("low")
    @classmethod
    def even(cls, value):
        assert value % 2 == 0, "must be even"
        return value


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    name: str


class Pet(BaseModel):
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]


class Kinds(BaseModel):
    when: datetime.datetime
    day: datetime.date
    took: datetime.timedelta
    money: decimal.Decimal
    key: uuid.UUID
    size: Size
    raw: bytes
    pair: tuple[int, str]
    seen: set[int]


class Tree(BaseModel):
    value: int
    children: list["Tree"] = []


class Filter(BaseModel):
    model_config = ConfigDict(extra="forbid")
    limit: int = Field(10, ge=1, le=100)
    tags: list[str] = []
    order: Literal["up", "down"] = "up"


class Loose(BaseModel):
    page: int = 1
    word: str | None = None


class Heads(BaseModel):
    x_token: str
    accept_list: list[int] = []


class Jar(BaseModel):
    session: str
    theme: str = "light"


class Login(BaseModel):
    model_config = ConfigDict(extra="forbid")
    user: str
    age: int
    roles: list[str] = []


class Out(BaseModel):
    name: str
    secret: str = "s"
    none: int | None = None
    listed: list[int] = [1]


class Generic(BaseModel):
    value: int | str
    either: bool | None = None


@dataclasses.dataclass
class Point:
    x: int
    y: int = 0


class Typed(TypedDict):
    a: int
    b: str


MODELS = (
    *(Item, Maker, Nested, Strict, Aliased, Checked, Cat, Dog, Pet, Kinds, Tree, Filter, Loose, Heads, Jar, Login, Out),
    *(Generic, Point, Typed),
)


def typed_shop(kit, log):
    """All of them."""
    app = kit.App()
    add_texts(kit, app)
    add_models(kit, app)
    add_bodies(kit, app)
    add_forms(kit, app)
    add_dependencies(kit, app, log)
    add_answers(kit, app)
    add_streams(kit, app)
    add_sockets(kit, app, log)
    return app


def add_texts(kit, app):
    """Parameters of path, query, header and cookie."""

    @app.get("/path/{number}/{size}")
    async def in_path(number: int, size: Size, key: uuid.UUID | None = None):
        return [number, size.value, key]

    @app.get("/bounds/{number}")
    def in_bounds(number: Annotated[int, kit.Path(ge=3, lt=10, title="n")], ratio: float = kit.Query(0.5, gt=0)):
        return {"number": number, "ratio": ratio}

    @app.get("/rest/{rest:path}")
    async def rest(rest: str):
        return rest

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


def add_answers(kit, app):
    """What is returned."""
    made = Out(name="n", listed=[1, 2])

    @app.get("/out")
    async def out() -> Out:
        return made

    @app.get("/filtered", response_model=Maker)
    async def filtered():
        return {"name": "made", "secret": 1}

    @app.get("/included", response_model=Out, response_model_include={"name", "none"})
    async def included():
        return made

    @app.get("/excluded", response_model=Out, response_model_exclude={"secret"}, response_model_exclude_none=True)
    async def excluded():
        return made

    @app.get("/unset", response_model=Out, response_model_exclude_unset=True)
    async def unset():
        return made

    @app.get("/defaults", response_model=list[Out], response_model_exclude_defaults=True)
    def defaults():
        return [made, {"name": "other"}]

    @app.get("/by-name", response_model=Aliased, response_model_by_alias=False)
    async def by_name():
        return Aliased(itemId=1)

    @app.get("/wrong", response_model=Maker)
    async def wrong():
        return {"name": 1}

    @app.get("/created", status_code=201)
    async def created():
        return {"when": datetime.date(2026, 1, 2), "money": decimal.Decimal("1.5"), "key": uuid.UUID(int=1), "s": {1}}

    @app.get("/nothing", status_code=204)
    async def nothing() -> None: ...

    @app.get("/null")
    async def null():
        return None

    @app.get("/text")
    def text():
        return "täxt"

    @app.get("/html", response_class=kit.HTMLResponse)
    async def html():
        return "<p>"

    @app.get("/plain", response_class=kit.PlainTextResponse, status_code=202)
    async def plain(response: kit.Response):
        response.set_cookie("a", "b")
        return "plain"

    @app.get("/redirect", response_class=kit.RedirectResponse)
    async def redirect():
        return "/null"

    @app.get("/response")
    async def response(response: kit.Response) -> kit.Response:
        response.headers["x-lost"] = "1"
        return kit.PlainTextResponse("mine", 299)


def add_streams(kit, app):
    """Generators."""

    @app.get("/bytes", response_class=kit.StreamingResponse)
    async def pieces():
        yield b"a"
        yield "b"

    @app.get("/letters", response_class=kit.StreamingResponse)
    def letters(word: str):
        yield from word

    @app.get("/lines")
    async def lines():
        yield {"a": 1, "b": [1, "ä"]}
        yield Item(name="a", price=1)

    @app.get("/items")
    async def items() -> AsyncIterable[Maker]:
        yield {"name": "ab", "more": 1}
        yield Maker(name="cd")

    @app.get("/numbers")
    def numbers(count: int) -> Iterator[int]:
        yield from range(count)

    @app.get("/events", response_class=kit.EventSourceResponse)
    async def events() -> AsyncIterable[Maker]:
        yield Maker(name="ab")
        yield {"name": "cd"}

    @app.get("/told", response_class=kit.EventSourceResponse)
    async def told():
        yield kit.ServerSentEvent(data=Maker(name="ab"), event="made", id="1")
        yield kit.ServerSentEvent(raw_data="raw", retry=5)
        yield kit.ServerSentEvent(comment="silence")


def add_sockets(kit, app, log):
    """Websockets, with parameters and dependencies."""

    async def opened(n: int = 1):
        log.append("open")
        yield n
        log.append("close")

    @app.websocket("/socket/{room}")
    async def socket(
        websocket: kit.WebSocket,
        room: str,
        n: Annotated[int, kit.Depends(opened)],
        token: Annotated[str | None, kit.Header()] = None,
    ):
        await websocket.accept()
        await websocket.send_json([room, n, token])
        log.append(await websocket.receive_text())
        await websocket.close()

    @app.websocket("/guarded")
    async def guarded(websocket: kit.WebSocket, session: Annotated[str, kit.Cookie()]):
        await websocket.accept()
