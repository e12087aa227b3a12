"""A function and what it depends on in -> what a request will do, in order, out.

bytes > server > app > middleware > routing > [handler] > response > bytes

A plan is plain data, and everybody reads the same: the runner obeys it, `app.explain` prints it, OpenAPI documents it.

    async def show(item_id: int, db: Annotated[Db, Depends(connect)]): ...      # def connect(): yield …
    ->  Step("thread", connect)                     ends when the response is out: its scope is "request"
        Step("loop", show(item_id=…, db=…))

Each function is called once, after those whose values it takes, unless `use_cache=False` asks for a call of its own.
Neighbours that run on a thread are one step: they share one hop.

Spec:         none, because it ends before the first message: https://asgi.readthedocs.io/en/latest/specs/www.html
In FastAPI:   fastapi.dependencies.models:Dependant, a tree that each request walks
In Starlette: none, because a handler has one parameter
In Flask:     none, because a view calls what it needs
Left out:     dependencies that run side by side
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, NamedTuple

from rawasgi.typed.fields import Field, Text, texts_in
from rawasgi.typed.params import Depends
from rawasgi.typed.signature import Signature


class Argument(NamedTuple):
    """One argument of a call: what a field reads, what an earlier call made, or what is given by its type."""

    name: str
    field: Field | None = None
    call: int | None = None  # its number among the calls of the plan
    given: str = ""  # request, websocket, connection, response, background, scopes


@dataclass(frozen=True)
class Call:
    """A function and its arguments. The last call of a plan is the endpoint's, those before it are dependencies."""

    number: int
    func: Callable[..., Any]
    signature: Signature
    arguments: tuple[Argument, ...]
    where: Literal["loop", "thread"]
    ends: Literal["function", "request"] | None = None  # of a generator: when it is continued
    depends: Depends | None = None  # how it was declared; none for the endpoint
    scopes: tuple[str, ...] = ()  # of all Security between the endpoint and it
    finish: Callable[[Any, Any], Any] | None = None  # of the endpoint: its run and its value -> a response
    # The arguments again, by kind, so that no request asks what kind each of them is.
    made: tuple[tuple[str, int], ...] = field(init=False, repr=False)  # by other calls, which have these numbers
    path: tuple[Text, ...] = field(init=False, repr=False)
    query: tuple[Text, ...] = field(init=False, repr=False)
    sought: tuple[tuple[str, Field], ...] = field(init=False, repr=False)  # all else that is read, one by one
    given: tuple[tuple[str, str], ...] = field(init=False, repr=False)
    asks: bool = field(init=False, repr=False)  # whether it takes anything that no other call makes
    is_awaited: bool = field(init=False, repr=False)  # on the loop: its own coroutine, or one that opens its generator

    def __post_init__(self) -> None:
        path, query = texts_in("path", self.fields), texts_in("query", self.fields)
        quick = {name for name, *_ in (*path, *query)}
        said: dict[str, Any] = {
            "made": tuple((name, call) for name, _, call, _ in self.arguments if call is not None),
            "path": path,
            "query": query,
            "sought": tuple((name, field) for name, field, _, _ in self.arguments if field and name not in quick),
            "given": tuple((name, given) for name, _, _, given in self.arguments if given),
            "asks": any(call is None for _, _, call, _ in self.arguments),
            "is_awaited": self.ends is not None or self.signature.manner == "coroutine",
        }
        for name, value in said.items():
            object.__setattr__(self, name, value)

    @property
    def name(self) -> str:
        """What to call it."""
        return self.signature.name

    @property
    def fields(self) -> tuple[Field, ...]:
        """What it reads from the request."""
        return tuple(argument.field for argument in self.arguments if argument.field is not None)


@dataclass(frozen=True)
class Step:
    """Calls that follow each other in one place: on the loop, or on a thread in one hop."""

    where: Literal["loop", "thread"]
    calls: tuple[Call, ...]
    holding: bool = False  # whether something was opened before that is not closed yet: see `lanes`
    is_limited: bool = False  # then it is one call, and only so many requests may have its value at once


@dataclass(frozen=True)
class BodyPlan:
    """How the body is read: `embed` says that each field is a key of one object, and not the whole."""

    fields: tuple[Field, ...]
    embed: bool
    form: bool
    media_type: str


@dataclass(frozen=True)
class SecurityUse:
    """A security scheme that a request has to satisfy, and the scopes that are asked of it."""

    scheme: Any  # a SecurityBase
    scopes: tuple[str, ...]


# What pydantic is told when it writes a model: FastAPI calls each `response_model_…`.
SAID_OF_MODELS = ("include", "exclude", "by_alias", "exclude_unset", "exclude_defaults", "exclude_none")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is made of the returned value. The names are FastAPI's, without `response_model_`."""

    response_model: Any = None  # None: nothing is validated, what comes is serialised
    status_code: int | None = None  # None: 200, or what the response class has
    response_class: type | None = None  # None: JSON
    include: Any = None
    exclude: Any = None
    by_alias: bool = True
    exclude_unset: bool = False
    exclude_defaults: bool = False
    exclude_none: bool = False
    stream: Literal["", "bytes", "json lines", "events"] = ""  # of a generator
    stream_item: Any = None  # what each item of a stream is, where the return annotation says so


@dataclass(frozen=True, kw_only=True)
class Description:
    """What only readers of the documentation see."""

    tags: tuple[Any, ...] = ()
    summary: str | None = None
    description: str = ""
    response_description: str = "Successful Response"
    responses: dict[Any, dict[str, Any]] = field(default_factory=dict)
    deprecated: bool | None = None
    operation_id: str | None = None
    include_in_schema: bool = True
    openapi_extra: dict[str, Any] | None = None
    generate_unique_id_function: Callable[[Any], str] | None = None


@dataclass(frozen=True)
class Plan:
    """All that a request of one route does, in order."""

    path: str
    methods: tuple[str, ...]  # empty for a websocket
    calls: tuple[Call, ...]
    steps: tuple[Step, ...]
    body: BodyPlan | None
    security: tuple[SecurityUse, ...]
    answer: Answer
    description: Description

    @property
    def endpoint(self) -> Call:
        """The last call."""
        return self.calls[-1]

    @cached_property
    def ends(self) -> bool:
        """Whether anything is torn down."""
        return any(call.ends for call in self.calls)

    def finished_by(self, answer: Answer, finish: Callable[[Any, Any], Any]) -> "Plan":
        """The same plan, whose endpoint's value becomes a response."""
        endpoint = replace(self.endpoint, finish=finish)
        last = replace(self.steps[-1], calls=(*self.steps[-1].calls[:-1], endpoint))
        return replace(self, calls=(*self.calls[:-1], endpoint), steps=(*self.steps[:-1], last), answer=answer)

    def fields(self, *places: str) -> tuple[Field, ...]:
        """The fields of these places, in the order in which they are read."""
        return tuple(field for call in self.calls for field in call.fields if field.place in places)
