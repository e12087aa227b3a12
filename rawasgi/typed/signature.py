"""A function in -> its parameters, each with the place that its value comes from, out.

bytes > server > app > middleware > routing > [handler] > response > bytes

    async def show(item_id: int, q: str = "", agent: Annotated[str, Header()], db: Annotated[Db, Depends(connect)]): ...
    ->  item_id  path        since the path of the route has a part of this name
        q        query       since it is a scalar
        agent    header      since it says so
        db       dependency  since it says so

What says nothing of itself is a part of the path by its name, the request or another such thing by its type, a file by
its type, the body where it is a model, a mapping, a dataclass or a sequence, and else a query parameter. It is read
once, when the function is registered; what cannot be served is refused there, with function, parameter and remedy.

Spec:         none, because it ends before the first message: https://docs.python.org/3/library/inspect.html#inspect.signature
In FastAPI:   fastapi.dependencies.utils:analyze_param
In Starlette: none, because a handler has one parameter
In Flask:     none, because a view is given the parts of the path by name
Left out:     parameters that are positional only, `*args`, `**kwargs`: nothing in a request has their names
"""

import functools
import inspect
import sys
import types
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from rawasgi.concurrency import BackgroundTasks, is_async_callable, name_of
from rawasgi.requests import HTTPConnection, Request
from rawasgi.responses import Response
from rawasgi.toolkit.formdata import UploadFile
from rawasgi.typed.annotations import is_complex, is_of, is_sequence_of
from rawasgi.typed.params import REQUIRED, Body, Depends, File, Param, Path, Query, SecurityScopes
from rawasgi.websockets import WebSocket

# What is given by its type, and the word for it.
GIVEN = (
    (Request, "request"),
    (WebSocket, "websocket"),
    (HTTPConnection, "connection"),
    (Response, "response"),
    (BackgroundTasks, "background"),
    (SecurityScopes, "scopes"),
)
# What is taken over from a `pydantic.Field`; the rest of it pydantic reads where it stands.
NOTED = ("alias", "validation_alias", "default_factory", "title", "description", "examples", "deprecated")


class SignatureError(TypeError):
    """A function asks for something that no request can give: the message has function, parameter and remedy."""


@dataclass(frozen=True)
class Parameter:
    """One parameter: `place` says where its value comes from.

    path, query, header, cookie    a text there, read by pydantic
    body, form, file               the body, read by pydantic
    dependency                     what `depends.dependency` returns
    request, websocket, connection, response, background, scopes    given by its type
    """

    name: str
    place: str
    annotation: Any = Any  # as it was written: with `Annotated`, which pydantic reads
    default: Any = REQUIRED
    alias: str = ""  # the name in the request
    declared: Param | None = None  # for what is read by pydantic: what stands in the signature, or what that amounts to
    depends: Depends | None = None

    @property
    def required(self) -> bool:
        """Whether a request without it is in error."""
        return self.default is REQUIRED and not (self.declared and self.declared.options.get("default_factory"))


@dataclass(frozen=True)
class Signature:
    """A function, its parameters, and what it says that it returns (`inspect.Signature.empty` where it says nothing)."""

    func: Callable[..., Any]
    name: str
    manner: str  # coroutine, function, generator, async generator
    parameters: tuple[Parameter, ...]
    returns: Any

    def of(self, *places: str) -> tuple[Parameter, ...]:
        """The parameters of these places, in order."""
        return tuple(parameter for parameter in self.parameters if parameter.place in places)


def read_signature(
    func: Callable[..., Any], in_path: Collection[str] = (), *, raw: type[HTTPConnection] | None = None
) -> Signature:
    """Read the signature of a function that is called for a path with these parts. `SignatureError` (a TypeError).

    `raw` is what an only parameter without an annotation is: a handler of the core, which takes its connection.
    """
    try:
        written = inspect.signature(func)
    except ValueError:
        raise SignatureError(
            f"{name_of(func)}() has no signature that could be read: wrap it in a function with annotated parameters"
        ) from None
    alone = len(written.parameters) == 1 and raw is not None
    parameters = []
    for parameter in written.parameters.values():
        if parameter.kind.name in ("VAR_POSITIONAL", "VAR_KEYWORD", "POSITIONAL_ONLY"):
            raise refusal(func, parameter, "nothing in a request has its name", "name each parameter, without `/`")
        annotation = resolved(func, parameter.name, parameter.annotation)
        if alone and annotation is parameter.empty and parameter.name not in in_path:
            annotation = raw
        parameters.append(read_parameter(func, parameter.replace(annotation=annotation), in_path))
    returns = written.return_annotation
    return Signature(func, name_of(func), manner_of(func), tuple(parameters), returns)


def returned_by(signature: Signature) -> Any:
    """The return annotation, its forward references resolved: that of a dependency is never asked for."""
    return resolved(signature.func, "return", signature.returns)


def refusal(func: Any, parameter: Any, why: str, remedy: str) -> SignatureError:
    """The error for one parameter of a function."""
    name = getattr(parameter, "name", parameter)
    return SignatureError(f"{name_of(func)}(): the parameter {name!r}: {why}; {remedy}")


def manner_of(func: Any) -> str:
    """What a call of `func` gives: a value, a coroutine, or a generator of either kind.

    A decorator may hand on what the function below gives: then that counts.
    """
    while isinstance(func, functools.partial):
        func = func.func
    for each in (func, inspect.unwrap(func)):
        if isinstance(each, type):
            return "function"  # calling a class makes an object, whatever that can do
        call = each if inspect.isroutine(each) else type(each).__call__
        if inspect.isasyncgenfunction(call):
            return "async generator"
        if inspect.isgeneratorfunction(call):
            return "generator"
        if is_async_callable(each):
            return "coroutine"
    return "function"


def unwrapped(func: Any) -> Any:
    """What lies under partials and decorators that used functools.wraps."""
    while isinstance(func, functools.partial):
        func = func.func
    return inspect.unwrap(func)


def resolved(func: Any, name: str, annotation: Any) -> Any:
    """The annotation, its strings evaluated where the function was written; `SignatureError` where a name is unknown."""
    bare = unwrapped(func)
    if not inspect.isroutine(bare) and not isinstance(bare, type):
        bare = type(bare).__call__
    known = getattr(bare, "__globals__", None) or vars(sys.modules[bare.__module__])
    if annotation is inspect.Parameter.empty or annotation is None:
        return annotation
    holder: Any = types.SimpleNamespace(__annotations__={name: annotation})
    try:
        return get_type_hints(holder, known, include_extras=True)[name]
    except NameError as error:
        what = "its return annotation" if name == "return" else f"the parameter {name!r}"
        raise SignatureError(
            f"{name_of(func)}(): {what}: the name {error.name!r} in {annotation!r} is not known in the module "
            f"{getattr(bare, '__module__', '?')}; define or import it there, outside of functions and of `if TYPE_CHECKING`"
        ) from None


def read_parameter(func: Any, written: inspect.Parameter, in_path: Collection[str]) -> Parameter:
    """One parameter: by what it declares, by its type, by its name."""
    name: str = written.name
    annotation: Any = Any if written.annotation is written.empty else written.annotation
    if type(annotation).__name__ == "TypeAliasType":  # type X = …
        annotation = annotation.__value__
    bare, *notes = get_args(annotation) if get_origin(annotation) is Annotated else (annotation,)
    declared = [note for note in notes if isinstance(note, Param | Depends)][-1:]
    default = REQUIRED if written.default is written.empty else written.default
    if isinstance(default, Param | Depends):
        if declared:
            raise refusal(func, name, f"{declared[0]!r} in Annotated and {default!r} as default", "keep one of them")
        declared, default = [default], getattr(default, "default", REQUIRED)
    elif declared and isinstance(declared[0], Param) and declared[0].default is not REQUIRED:
        raise refusal(func, name, f"{declared[0]!r} in Annotated has a default", "write it behind `=`")
    declaration: Param | Depends = declared[0] if declared else inferred(name, bare, in_path)
    if isinstance(declaration, Depends):
        return read_dependency(func, name, bare, declaration)
    given = next((word for kind, word in GIVEN if isinstance(bare, type) and issubclass(bare, kind)), None)
    if given is not None:
        if declared:
            raise refusal(func, name, f"a {bare.__name__} is given, not read", f"remove {declared[0]!r}")
        return Parameter(name, given, bare)
    if extras := noted(notes):
        made: Param = type(declaration).made(declaration.default, extras | declaration.options)
        declaration = made
    if name in in_path and not isinstance(declaration, Path):
        raise refusal(func, name, f"it is a part of the path and {declaration!r}", "give one of the two another name")
    if declaration.place == "path":
        default = REQUIRED
    check_default(func, name, default)
    return Parameter(name, declaration.place, annotation, default, alias_of(name, declaration), declaration)


def read_dependency(func: Any, name: str, bare: Any, depends: Depends) -> Parameter:
    """A parameter that another function makes; `Depends()` alone means the class in the annotation."""
    dependency = bare if depends.dependency is None else depends.dependency
    if not callable(dependency) or dependency is Any:
        raise refusal(func, name, f"{dependency!r} cannot be called", "write Depends(function), or annotate a class")
    if depends.dependency is None:
        depends = completed(depends, dependency)
    return Parameter(name, "dependency", bare, depends=depends)


@functools.lru_cache(1024)
def completed(depends: Depends, dependency: Any) -> Depends:
    """`Depends()` with the class from the annotation; the same object each time, since a limit belongs to the object."""
    made: Depends = object.__new__(type(depends))
    made.__dict__.update(vars(depends), dependency=dependency)
    return made


def inferred(name: str, bare: Any, in_path: Collection[str]) -> Param:
    """The declaration that a parameter without one amounts to."""
    kind: type[Param] = Query
    if name in in_path:
        kind = Path
    elif is_of(bare, UploadFile) or is_sequence_of(bare, UploadFile):
        kind = File
    elif is_complex(bare):
        kind = Body
    made: Param = kind()
    return made


def alias_of(name: str, declaration: Param) -> str:
    """The name in the request."""
    chosen = declaration.options.get("validation_alias") or declaration.options.get("alias")
    if isinstance(chosen, str):
        return chosen
    hyphens = declaration.place == "header" and declaration.options.get("convert_underscores", True)
    return name.replace("_", "-") if hyphens else name


def noted(notes: Sequence[Any]) -> dict[str, Any]:
    """What a `pydantic.Field` among the notes of `Annotated` says of names and words: it is known by its name."""
    fields = [note for note in notes if type(note).__name__ == "FieldInfo"]
    return {name: value for field in fields for name in NOTED if (value := getattr(field, name, None)) is not None}


def check_default(func: Any, name: str, default: Any) -> None:
    """Refuse a default that requests could change for each other."""
    try:
        hash(default)
    except TypeError:
        raise refusal(
            func,
            name,
            f"its default {default!r} is not hashable, and all requests would share it",
            f"write default_factory=lambda: {default!r} into its declaration, or a tuple or None",
        ) from None
