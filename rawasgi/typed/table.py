"""The calls of a request, a row each, in -> the table that people read out.

bytes > server > app > middleware > routing > [handler > response] > bytes

Two things know what a request will do: a plan of ours, and the tree of dependencies on a route of FastAPI's. Both are
told in this form and in these words; `explain` shows one.

Spec:         none, because it is for people
In FastAPI:   fastapi.dependencies.models:Dependant, a tree that is walked and never shown
In Starlette: none, because a handler has one parameter
In Flask:     none, because a view calls what it needs
Left out:     what is to be told: `typed.explain` and `instruments.explaining` know that
"""

from collections.abc import Iterable, Iterator, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, ForwardRef, Literal, NamedTuple, Union, get_args, get_origin

GIVEN = {
    "request": "the request",
    "websocket": "the websocket",
    "connection": "the request or websocket",
    "response": "a response, for status and headers",
    "background": "tasks for after the response",
    "scopes": "the scopes asked of it",
}
MANNERS = {
    "coroutine": "async def",
    "function": "def",
    "async generator": "async def, yields",
    "generator": "def, yields",
}
ENDS = {"function": "before the response starts", "request": "when response and background tasks are out"}
PLACES = {"loop": "the loop", "thread": "a thread"}


class Row(NamedTuple):
    """One call. `number` is that of its step, 0 where it belongs to the same step as the call before it."""

    number: int
    where: str  # loop, thread
    name: str
    notes: Iterable[str]
    arguments: Iterable[tuple[str, str]]  # name, and where it comes from
    ends: str | None = None  # function, request: when a generator is continued


def table(title: str, body: str, rows: Sequence[Row], answer: str | None) -> Iterator[str]:
    """The table of one route, line by line; no `answer`: a websocket."""
    yield title
    yield ""
    yield f"  body  {body}"
    yield ""
    for row in rows:
        head = f"{row.number:6}  {row.where:6}" if row.number else " " * 14
        yield f"{head}  {row.name + '()':30} {', '.join(row.notes)}".rstrip()
        for name, source in row.arguments:
            yield f"{'':18}{name:12} {source}"
    yield ""
    if answer is not None:
        yield f"answer  {answer}"
    for scope, when in ENDS.items():
        ending = [f"{row.name}() on {PLACES[row.where]}" for row in reversed(rows) if row.ends == scope]
        if ending:
            yield f"  ends  {when}: {', '.join(ending)}"


def made_by(name: str) -> str:
    """Where an argument comes from that another call makes."""
    return f"what {name}() made"


def read_from(place: str, name: str, alias: str, annotation: Any, default: str | None) -> str:
    """Where an argument comes from that is read from the request: `header x-dsn           str, or 'none'`."""
    where = place if alias == name else f"{place} {alias}"
    return f"{where:22} {type_text(annotation)}{'' if default is None else f', or {default}'}"


def type_text(annotation: Any) -> str:
    """An annotation as one would write it: `int`, `list[Item]`, `Item | None`. Of `Annotated` it is the type alone."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return type_text(arguments[0])
    if origin is Literal:
        return f"Literal[{', '.join(map(repr, arguments))}]"
    if origin in (Union, UnionType):
        return " | ".join(map(type_text, arguments))
    if arguments:
        return f"{type_text(origin)}[{', '.join(map(type_text, arguments))}]"
    if isinstance(annotation, list):  # the parameters of a Callable
        return f"[{', '.join(map(type_text, annotation))}]"
    if annotation in (None, NoneType, ...):
        return "..." if annotation is ... else "None"
    if isinstance(annotation, ForwardRef):
        return annotation.__forward_arg__
    return str(getattr(annotation, "__qualname__", annotation)).rpartition("<locals>.")[2]
