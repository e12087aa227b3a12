"""Schemas: both directions, what pydantic words otherwise, and values of Python made plain."""

import datetime
import enum
from typing import Annotated

import pytest
from pydantic import BaseModel, ConfigDict, computed_field, field_serializer

from rawasgi.toolkit.formdata import UploadFile
from rawasgi.typed.openapi.schemas import NoSchemaError, Schemas, Shape, named, object_of, plain

REFERENCE = "#/components/schemas/"


class Item(BaseModel):
    """An item.\fA secret."""

    name: str
    size: int = 1


class Counted(BaseModel):
    name: str

    @computed_field  # type: ignore[prop-decorator]  # as pydantic wants it
    @property
    def length(self) -> int:
        return len(self.name)


def test_a_model_that_is_read_otherwise_than_written_has_two_schemas():
    """A field that is computed is there in one direction alone; a model that is the same in both has one schema."""
    kinds = [(kind, mode) for kind in (Counted, Item) for mode in ("validation", "serialization")]
    shapes = [Shape.of(list[kind], mode, "Many") for kind, mode in kinds]  # type: ignore[valid-type, arg-type]
    schemas = Schemas(shapes)
    assert [schemas.of(shape)["items"]["$ref"].removeprefix(REFERENCE) for shape in shapes] == [
        *("Counted-Input", "Counted-Output"),
        *("Item", "Item"),
    ]
    assert {name: schema.get("required") for name, schema in schemas.components.items()} == {
        "Counted-Input": ["name"],
        "Counted-Output": ["name", "length"],
        "Item": ["name"],
    }
    assert schemas.components["Item"]["description"] == "An item."


def test_one_schema_serves_both_where_that_is_wished():
    """But a field that is computed can only be written."""

    class Other(BaseModel):
        when: datetime.date

        @field_serializer("when")
        def year(self, when: datetime.date) -> int:
            return when.year

    def names(separate):
        kinds = (Item, Counted, Other)
        shapes = [Shape.of(kind, mode, "") for kind in kinds for mode in ("validation", "serialization")]
        return list(Schemas(shapes, separate).components)

    assert names(True) == ["Counted-Input", "Counted-Output", "Item", "Other-Input", "Other-Output"]
    assert names(False) == ["Counted-Input", "Counted-Output", "Item", "Other"]


def test_bytes_and_files_are_binary():
    """JSON Schema's own word for it; base64 where a model says that its bytes are."""

    class Coded(BaseModel):
        model_config = ConfigDict(val_json_bytes="base64")

        data: bytes

    kinds = object_of("Upload", {"a": named(bytes, "a", {}), "b": named(list[UploadFile], "b-file", {})})
    schemas = Schemas([Shape.of(kinds, "validation", ""), Shape.of(Coded, "validation", "")])
    binary = {"type": "string", "contentMediaType": "application/octet-stream"}
    upload = schemas.components["Upload"]
    assert upload["properties"] == {
        "a": {**binary, "title": "A"},
        "b-file": {"type": "array", "items": binary, "title": "B-File"},
    }
    assert upload["required"] == ["a", "b-file"]
    assert schemas.components["Coded"]["properties"]["data"]["contentEncoding"] == "base64"


def test_a_title_is_given_to_what_has_no_name():
    """A model has its own."""
    number, model = Shape.of(int, "validation", "How Many"), Shape.of(Item, "validation", "Not This")
    schemas = Schemas([number, model])
    assert schemas.of(number) == {"type": "integer", "title": "How Many"}
    assert schemas.of(model) == {"$ref": f"{REFERENCE}Item"}


def test_the_shape_without_a_schema_is_found():
    """Among others that have one."""
    good, bad = Shape.of(int, "validation", "Good"), Shape.of(Annotated[type, "a class"], "validation", "Bad")
    with pytest.raises(NoSchemaError) as caught:
        Schemas([good, bad])
    assert caught.value.shape is bad


def test_values_become_plain():
    """Enumerations, dates and models; a default of null goes, in lists too, an example of null stays."""

    class Colour(enum.Enum):
        red = "red"

    value = {
        "tags": [Colour.red],
        "examples": [{"at": datetime.date(2026, 1, 2), "item": Item(name="tea"), "nothing": None}],
        "anyOf": [{"default": None, "type": "null"}, {"default": 0}],
    }
    assert plain(value) == {
        "tags": ["red"],
        "examples": [{"at": "2026-01-02", "item": {"name": "tea", "size": 1}, "nothing": None}],
        "anyOf": [{"type": "null"}, {"default": 0}],
    }
