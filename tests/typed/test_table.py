"""What a table says of a type: the annotation as one would write it."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, ForwardRef, Generic, Literal, NewType, Optional, TypeVar, Union

import pytest
from pydantic import BaseModel, Field

from rawasgi import App
from rawasgi.typed.table import type_text

T = TypeVar("T")


class Item(BaseModel):
    """What a shop has."""

    class Size(BaseModel):
        """A class in a class."""


class Page(BaseModel, Generic[T]):
    """A model of models."""

    items: list[T]


Number = NewType("Number", int)


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (int, "int"),
        (None, "None"),
        (type(None), "None"),
        (Any, "Any"),
        (Item, "Item"),
        (Item.Size, "Item.Size"),
        (Number, "Number"),
        (Page[Item], "Page[Item]"),
        (list[Item], "list[Item]"),
        (Sequence[Item], "Sequence[Item]"),
        (dict[str, int], "dict[str, int]"),
        (dict[str, list[Item | None]], "dict[str, list[Item | None]]"),
        (tuple[Item, ...], "tuple[Item, ...]"),
        (type[Item], "type[Item]"),
        (Callable[[int, Item], Any], "Callable[[int, Item], Any]"),
        (Callable[..., None], "Callable[..., None]"),
        (Item | None, "Item | None"),
        (Optional[Item], "Item | None"),  # noqa: UP045
        (Union[int, Page[Item]], "int | Page[Item]"),  # noqa: UP007
        (Literal["a", 1, None], "Literal['a', 1, None]"),
        (Annotated[list[Annotated[int, Field(gt=0)]], "said of it"], "list[int]"),
        ("Item", "Item"),
        (list["Item"], "list[Item]"),
        (ForwardRef("Item"), "Item"),
    ],
)
def test_a_type_is_told_as_it_is_written(annotation, text):
    """Without modules, `class` or `typing`; what `Annotated` says beside a type is left out."""
    assert type_text(annotation) == text


def test_a_plan_names_the_models_of_its_handler():
    """Where they come in, and where they go out; a class of a function by its own name."""

    class Note(BaseModel):
        text: str

    app = App()

    @app.post("/items")
    async def add(item: Item, notes: list[Note] | None = None) -> Page[Item]:
        return Page(items=[item])

    assert app.explain("/items").splitlines()[4:] == [
        "     1  loop    add()                          async def",
        "                  item         body                   Item",
        "                  notes        body                   list[Note] | None, or None",
        "",
        "answer  JSON of Page[Item], or a Response as it is",
    ]
