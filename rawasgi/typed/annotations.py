"""An annotation in -> what kind of value it asks for out.

bytes > server > app > middleware > routing > [handler] > response > bytes

    str | None          one text             a query parameter, where nothing else is said
    list[int]           a sequence           all values of a name
    Item, dict, a dataclass                  no text can be that: it is taken from the body

Only the outside of an annotation is looked at; what is inside of a value, pydantic finds out.

Spec:         none, because it is a matter of Python: https://docs.python.org/3/library/typing.html
In FastAPI:   fastapi._compat.shared:field_annotation_is_scalar
In Starlette: none, because it reads no annotations
In Flask:     none, because it reads no annotations
Left out:     type variables
"""

import dataclasses
import types
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Union, get_args, get_origin

from rawasgi.toolkit.formdata import UploadFile

SEQUENCES = (list, tuple, set, frozenset, deque, Sequence)


def union_of(annotation: Any) -> tuple[Any, ...]:
    """The members of a union, through `Annotated`; anything else is its own only member."""
    if get_origin(annotation) is Annotated:
        return union_of(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return tuple(member for part in get_args(annotation) for member in union_of(part))
    return (annotation,)


def one_of(members: Iterable[Any]) -> Any:
    """The union of these."""
    return Union[tuple(members)]  # noqa: UP007  (as many as there are)


def is_of(annotation: Any, kind: Any) -> bool:
    """Whether a member of the annotation is a class of this kind."""
    return any(
        isinstance(member, type) and not get_args(member) and issubclass(member, kind)
        for member in union_of(annotation)
    )


def is_sequence(annotation: Any) -> bool:
    """Whether a member of the annotation is a sequence, of whatever; text is none."""
    members = (get_origin(member) or member for member in union_of(annotation))
    return any(isinstance(m, type) and issubclass(m, SEQUENCES) and not issubclass(m, str | bytes) for m in members)


def is_sequence_of(annotation: Any, kind: Any) -> bool:
    """Whether a member of the annotation is a sequence of such classes."""
    return any(
        is_sequence(m) and bool(get_args(m)) and all(is_of(a, kind) for a in get_args(m)) for m in union_of(annotation)
    )


def is_json(annotation: Any) -> bool:
    """Whether the text is JSON: `pydantic.Json[…]`, whatever is in it."""
    return get_origin(annotation) is Annotated and any(
        type(note).__name__ == "Json" or getattr(note, "__name__", "") == "Json" for note in get_args(annotation)[1:]
    )


def is_complex(annotation: Any) -> bool:
    """Whether no single text can be its value: a model, a mapping, a dataclass, a file, a sequence."""
    if is_sequence(annotation):
        return True
    for member in union_of(annotation):
        kind = get_origin(member) or member
        if isinstance(kind, type) and (
            issubclass(kind, Mapping | UploadFile) or dataclasses.is_dataclass(kind) or is_model(kind)
        ):
            return True
    return False


def is_model(kind: Any) -> bool:
    """Whether this is a pydantic model: it is known by what it has, so that nothing is imported for it."""
    return isinstance(kind, type) and hasattr(kind, "model_fields") and hasattr(kind, "__pydantic_core_schema__")
