"""A declaration in a signature in -> where a value comes from, and what must hold for it, out.

bytes > server > app > middleware > routing > [handler] > response > bytes

    async def search(q: Annotated[str, Query(min_length=3)], session: Annotated[Session, Depends(open_session)]): ...

A declaration stands in `Annotated`, or in the place of a default: `q: str = Query("all")`. Each is a plain object that
remembers what you wrote. It needs nothing: what the options mean is found out when a function with such a parameter is
registered.

Spec:         none, because it ends before the first message: https://docs.python.org/3/library/typing.html#typing.Annotated
In FastAPI:   fastapi.params:Param, a pydantic FieldInfo
In Starlette: none, because a handler reads what it needs from its request
In Flask:     none, because a view reads flask.globals:request
Left out:     `regex` and `example`, which FastAPI keeps for old code beside `pattern` and `examples`
"""

import inspect
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypedDict, TypeVar, Unpack

F = TypeVar("F", bound=Callable[..., Any])

REQUIRED: Any = ...  # no default: a request without the value is answered with 422


class Options(TypedDict, total=False):
    """What every declaration can say of its value. Bounds and lengths are pydantic's, and so are the aliases."""

    default_factory: Callable[[], Any] | None
    alias: str | None
    alias_priority: int | None
    validation_alias: Any
    serialization_alias: str | None
    title: str | None
    description: str | None
    gt: float | None
    ge: float | None
    lt: float | None
    le: float | None
    min_length: int | None
    max_length: int | None
    pattern: Any
    discriminator: Any
    strict: bool | None
    validate_default: bool | None
    union_mode: Literal["smart", "left_to_right"] | None
    fail_fast: bool | None
    multiple_of: float | None
    allow_inf_nan: bool | None
    max_digits: int | None
    decimal_places: int | None
    examples: list[Any] | None
    openapi_examples: dict[str, Any] | None
    deprecated: Any
    include_in_schema: bool
    json_schema_extra: Any


class HeaderOptions(Options, total=False):
    """A header's name has hyphens where a parameter's has underscores, unless this is False."""

    convert_underscores: bool


class BodyOptions(Options, total=False):
    """`embed`: the value is one key of a JSON object, and not the whole body."""

    embed: bool | None
    media_type: str


OF_ALL = tuple(Options.__annotations__)
DOCUMENTARY = ("openapi_examples", "include_in_schema", "convert_underscores", "embed", "media_type")  # not pydantic's


def shown(*positional: str, options: Sequence[str]) -> inspect.Signature:
    """The signature that `inspect`, and with it an editor's help, shows: every option by name."""
    kinds = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY
    first = [inspect.Parameter(name, kinds[0], default=None) for name in positional]
    return inspect.Signature([*first, *(inspect.Parameter(name, kinds[1], default=None) for name in options)])


class Param:
    """What the declarations share: a default, and the options that were given."""

    place = ""
    default: Any
    options: dict[str, Any]
    __signature__ = shown("default", options=OF_ALL)

    # Any, so that `q: str = Query()` is right for a type checker.
    def __new__(cls, default: Any = REQUIRED, **options: Unpack[Options]) -> Any:
        """Remember; TypeError for an option that this declaration does not have."""
        return cls.made(default, dict(options))

    @classmethod
    def made(cls, default: Any, options: dict[str, Any]) -> Any:
        """A declaration with these options."""
        unknown = [name for name in options if name not in cls.__signature__.parameters]
        if unknown:
            raise TypeError(f"{cls.__name__}() has no option {unknown[0]!r}; it has {', '.join(cls.option_names())}")
        if default is not REQUIRED and options.get("default_factory") is not None:
            raise TypeError(f"{cls.__name__}() takes a default or a default_factory, not both")
        declaration = object.__new__(cls)
        declaration.default, declaration.options = default, options
        return declaration

    @classmethod
    def option_names(cls) -> list[str]:
        """The options of this declaration."""
        return [name for name in cls.__signature__.parameters if name != "default"]

    @property
    def pydantic_options(self) -> dict[str, Any]:
        """The options that are pydantic's."""
        return {name: value for name, value in self.options.items() if name not in DOCUMENTARY}

    @property
    def include_in_schema(self) -> bool:
        """Whether OpenAPI shows it."""
        return bool(self.options.get("include_in_schema", True))

    def __repr__(self) -> str:
        default = [] if self.default is REQUIRED else [repr(self.default)]
        return f"{type(self).__name__}({', '.join([*default, *(f'{k}={v!r}' for k, v in self.options.items())])})"


class Path(Param):
    """A part of the path, named in its template: `/items/{item_id}`. It has no default."""

    place = "path"

    def __new__(cls, default: Any = REQUIRED, **options: Unpack[Options]) -> Any:
        """Remember; TypeError for a default, without which the path would be another."""
        if default is not REQUIRED or options.get("default_factory") is not None:
            raise TypeError("Path() has no default: a path without its parameter is another path")
        return cls.made(default, dict(options))


class Query(Param):
    """A parameter of the query string; a list takes all values of its name."""

    place = "query"


class Header(Param):
    """A header; a list takes all headers of its name. `user_agent` is read from `user-agent`."""

    place = "header"
    __signature__ = shown("default", options=(*OF_ALL[:5], "convert_underscores", *OF_ALL[5:]))

    def __new__(cls, default: Any = REQUIRED, **options: Unpack[HeaderOptions]) -> Any:
        """Remember."""
        return cls.made(default, dict(options))


class Cookie(Param):
    """A cookie."""

    place = "cookie"


class Body(Param):
    """The body, read as JSON; where several parameters are in it, or one with `embed`, each is a key of one object."""

    place = "body"
    media_type = "application/json"
    __signature__ = shown("default", options=(OF_ALL[0], "embed", "media_type", *OF_ALL[1:]))

    def __new__(cls, default: Any = REQUIRED, **options: Unpack[BodyOptions]) -> Any:
        """Remember."""
        declaration = cls.made(default, dict(options))
        declaration.media_type = options.get("media_type", cls.media_type)
        return declaration


class Form(Body):
    """A field of a form."""

    place = "form"
    media_type = "application/x-www-form-urlencoded"
    __signature__ = shown("default", options=(OF_ALL[0], "media_type", *OF_ALL[1:]))


class File(Form):
    """A file of a form: `bytes`, which are read at once, or an `UploadFile`."""

    place = "file"
    media_type = "multipart/form-data"


class Depends:
    """A value that another function makes: it is called first, once a request, and has parameters of its own.

    A generator is continued when the value is no longer needed: with `scope="function"` when the endpoint has returned
    and before the response starts, with `scope="request"` (the default) when the response is out and background tasks
    are done. `max_concurrency` is how many may have its value at once; who comes then waits, and holds no thread.
    """

    dependency: Callable[..., Any] | None
    use_cache: bool
    scope: Literal["function", "request"] | None
    max_concurrency: int | None
    scopes: tuple[str, ...] = ()

    def __new__(
        cls,
        dependency: Callable[..., Any] | None = None,
        *,
        use_cache: bool = True,
        scope: Literal["function", "request"] | None = None,
        max_concurrency: int | None = None,
    ) -> Any:
        """Remember; ValueError for another scope, or for a limit that is none."""
        if scope not in (None, "function", "request"):
            raise ValueError(f'Depends: `scope` is "function" or "request", not {scope!r}')
        if max_concurrency is not None and (type(max_concurrency) is not int or max_concurrency < 1):
            raise ValueError(f"Depends: `max_concurrency` is a number of calls above 0, not {max_concurrency!r}")
        made = object.__new__(cls)
        made.dependency, made.use_cache, made.scope = dependency, use_cache, scope
        made.max_concurrency = max_concurrency
        return made

    def __repr__(self) -> str:
        return f"{type(self).__name__}({getattr(self.dependency, '__name__', self.dependency)})"


class Security(Depends):
    """The same, with the scopes that the endpoint asks of the token: see `SecurityScopes`, which gathers them."""

    def __new__(
        cls,
        dependency: Callable[..., Any] | None = None,
        *,
        scopes: Sequence[str] | None = None,
        use_cache: bool = True,
    ) -> Any:
        """Remember; TypeError for a str, whose letters would be taken for scopes."""
        if isinstance(scopes, str):
            raise TypeError(f"Security: `scopes` is a list of scopes, [{scopes!r}] for one")
        made = super().__new__(cls, dependency, use_cache=use_cache)
        made.scopes = tuple(scopes or ())
        return made


class SecurityScopes:
    """What a dependency is given that asks for it by type: the scopes of all `Security` between the endpoint and it."""

    def __init__(self, scopes: list[str] | None = None) -> None:
        self.scopes = scopes or []
        self.scope_str = " ".join(self.scopes)


class SecurityBase:
    """A dependency that OpenAPI documents as a security scheme: `model` is its Security Scheme Object."""

    model: Any
    scheme_name: str


def nonblocking(func: F) -> F:
    """Decorator: this `def` does not block, and is called on the loop, without a hop to a thread."""
    func.nonblocking = True  # type: ignore[attr-defined]
    return func
