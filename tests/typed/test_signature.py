"""Where each parameter of a function is said to come from."""

import dataclasses
import functools
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import pytest
from pydantic import AliasChoices, BaseModel, Field, Json
from typing_extensions import TypeAliasType, TypedDict

from rawasgi.concurrency import BackgroundTasks
from rawasgi.requests import HTTPConnection, Request
from rawasgi.responses import HTMLResponse
from rawasgi.toolkit.formdata import UploadFile
from rawasgi.typed.params import REQUIRED, Body, Cookie, Depends, File, Form, Header, Path, Query, SecurityScopes
from rawasgi.typed.signature import SignatureError, manner_of, read_signature, returned_by


class Item(BaseModel):
    name: str


class Mine(Request):
    """A request of one's own."""


@dataclasses.dataclass
class Point:
    x: int


class Typed(TypedDict):
    a: int


Alias = TypeAliasType("Alias", Annotated[int, Header()])


@pytest.mark.parametrize(
    ("annotation", "place"),
    [
        *((kind, "query") for kind in (int, str, Any, None, int | None, "int", Annotated[str, "note"])),
        *((kind, "body") for kind in (Item, Item | None, "Item", dict, Mapping[str, int], Point, Typed)),
        *(
            (kind, "body")
            for kind in (list[int], Sequence[str], set[int], tuple[int, ...], deque[int], int | list[int])
        ),
        *((kind, "file") for kind in (UploadFile, UploadFile | None, list[UploadFile])),
        *((Annotated[int, kind()], kind.place) for kind in (Query, Header, Cookie, Body, Form, File)),
        (Annotated[int, Query(), Header()], "header"),
        (Alias, "header"),
        (Json[list[int]], "body"),
        (Annotated[Item, Depends()], "dependency"),
        (Request, "request"),
        (Mine, "request"),
        (HTTPConnection, "connection"),
        (HTMLResponse, "response"),
        (BackgroundTasks, "background"),
        (SecurityScopes, "scopes"),
    ],
)
def test_a_parameter_has_a_place(annotation, place):
    """By what it declares, or by its type."""

    def function(x): ...

    function.__annotations__["x"] = annotation
    assert [parameter.place for parameter in read_signature(function).parameters] == [place]


def test_a_part_of_the_path_is_known_by_its_name():
    """Whatever its type; declared, it has other names for its value only."""

    def function(a: int, b: Annotated[str, Path(alias="c")], d: str = "x"): ...

    parameters = read_signature(function, ["a", "b"]).parameters
    assert [(p.name, p.place, p.alias, p.required) for p in parameters] == [
        ("a", "path", "a", True),
        ("b", "path", "c", True),
        ("d", "query", "d", False),
    ]


def test_names_and_defaults():
    """An alias in a declaration or in a pydantic.Field; hyphens in headers; a default that is made each time."""

    def function(
        x_a: Annotated[str, Header()],
        x_b: Annotated[str, Header(convert_underscores=False)],
        x_c: Annotated[str, Header(alias="X_C")],
        d: Annotated[int, Field(alias="dee", description="D")] = 1,
        e: Annotated[str, Query(validation_alias="eee")] = "x",
        f: list[int] = Query(default_factory=list),
        g: int = Query(3),
        h: Annotated[int, Query(validation_alias=AliasChoices("one", "two"))] = 5,
    ): ...

    found = [(p.name, p.alias, p.default, p.required) for p in read_signature(function).parameters]
    assert found == [
        ("x_a", "x-a", REQUIRED, True),
        ("x_b", "x_b", REQUIRED, True),
        ("x_c", "X_C", REQUIRED, True),
        ("d", "dee", 1, False),
        ("e", "eee", "x", False),
        ("f", "f", REQUIRED, False),
        ("g", "g", 3, False),
        ("h", "h", 5, False),
    ]
    described = read_signature(function).parameters[3].declared
    assert described is not None
    assert described.options["description"] == "D"


class Several:
    """Whatever can be called."""

    def __call__(self, a: "Item"): ...
    async def coroutine(self, a: int): ...
    def generator(self):
        yield

    async def async_generator(self):
        yield


def decorated(func):
    """A decorator that says what it wraps."""

    @functools.wraps(func)
    async def wrapper(*args, **kwargs):
        return func(*args, **kwargs)

    return wrapper


@decorated
def wrapped(a: int, b: Item): ...


def handing_on(func):
    """A decorator that gives what the function gives."""
    return functools.wraps(func)(lambda *args, **kwargs: func(*args, **kwargs))


@pytest.mark.parametrize(
    ("func", "manner", "places"),
    [
        (Several(), "function", ["body"]),
        (Several().coroutine, "coroutine", ["query"]),
        (Several().generator, "generator", []),
        (Several().async_generator, "async generator", []),
        (Point, "function", ["query"]),
        (Item, "function", ["query"]),
        (functools.partial(wrapped, 1), "coroutine", ["body"]),
        (functools.partial(Several().generator), "generator", []),
        (handing_on(Several().coroutine), "coroutine", ["query"]),
        (handing_on(Several.generator.__get__(Several())), "generator", []),
        (lambda a, b=1: a, "function", ["query", "query"]),
    ],
)
def test_whatever_can_be_called_has_a_signature(func, manner, places):
    """Objects, methods, classes, partials and what decorators have wrapped."""
    signature = read_signature(func)
    assert (signature.manner, manner_of(func)) == (manner, manner)
    assert [parameter.place for parameter in signature.parameters] == places


def test_what_has_no_signature_is_refused():
    """A function of C that says nothing of its arguments."""
    with pytest.raises(SignatureError, match=r"^type\(\) has no signature that could be read: wrap it in a function"):
        read_signature(type)


def test_a_return_annotation_is_read_when_it_is_asked_for():
    """That of a dependency may stay unknown."""

    def known() -> "list[Item]": ...  # type: ignore[empty-body]
    def unknown() -> "Nowhere": ...  # type: ignore[name-defined]  # noqa: F821

    assert returned_by(read_signature(known)) == list[Item]
    signature = read_signature(unknown)
    with pytest.raises(
        SignatureError, match=r"^unknown\(\): its return annotation: the name 'Nowhere' in 'Nowhere' is"
    ):
        returned_by(signature)
