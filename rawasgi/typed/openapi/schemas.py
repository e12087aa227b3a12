"""The types of all routes in -> their JSON schemas, and the models that these share, out.

bytes > server > app > middleware > [routing > handler > response] > bytes

pydantic makes the schemas. It is asked once, about everything, since a name depends on what else there is: two models
`Item` of two modules get longer names, and a model that reads otherwise than it writes becomes two.

    class Box(BaseModel): width: int; area: int is computed
    read      ->  {"$ref": "#/components/schemas/Box-Input"}      has no `area`
    written   ->  {"$ref": "#/components/schemas/Box-Output"}     has one, and it is always there

Spec:         https://github.com/OAI/OpenAPI-Specification/blob/main/versions/3.1.1.md#schema-object
In FastAPI:   fastapi._compat.v2:get_definitions
In Starlette: starlette.schemas:SchemaGenerator, which reads YAML from docstrings
In Flask:     none, because it knows no types
Left out:     dialects of JSON Schema other than 2020-12, which is that of OpenAPI 3.1
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, cast

try:
    from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, create_model
    from pydantic.errors import PydanticInvalidForJsonSchema
    from pydantic.fields import FieldInfo
    from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
    from pydantic_core import core_schema, to_jsonable_python
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError("OpenAPI needs pydantic: pip install 'rawasgi[typed]'", name=missing.name) from None

from rawasgi.toolkit.formdata import UploadFile

# What a schema says of a field; of the rest pydantic warns that it means nothing outside of a model.
SCHEMATIC = ("default", "default_factory", "title", "description", "examples", "discriminator", "json_schema_extra")
PLACE = "#/components/schemas/{model}"
BINARY = {"type": "string", "contentMediaType": "application/octet-stream"}  # what a JSON string of bytes would be


@dataclass(frozen=True, eq=False)
class Shape:
    """Something that has a schema: its type, whether it is read or written, and its title where no model has one."""

    adapter: "TypeAdapter[Any]"
    mode: Literal["validation", "serialization"]
    title: str

    @classmethod
    def of(cls, annotation: Any, mode: Literal["validation", "serialization"], title: str) -> "Shape":
        """The shape of a type."""
        return cls(TypeAdapter(annotation), mode, title)


class Generator(GenerateJsonSchema):
    """pydantic's own, which has an older word for bytes and none for an uploaded file."""

    def bytes_schema(self, schema: core_schema.BytesSchema) -> JsonSchemaValue:
        """A string of bytes."""
        made = {"type": "string", "contentMediaType": "application/octet-stream"}
        coding = self._config.ser_json_bytes if self.mode == "serialization" else self._config.val_json_bytes
        if coding == "base64":
            made["contentEncoding"] = "base64"
        self.update_with_validations(made, schema, self.ValidationsMapping.bytes)
        return made

    def is_instance_schema(self, schema: core_schema.IsInstanceSchema) -> JsonSchemaValue:
        """An uploaded file."""
        kind = schema["cls"]
        return (
            dict(BINARY)
            if isinstance(kind, type) and issubclass(kind, UploadFile)
            else super().is_instance_schema(schema)
        )


class NoSchemaError(ValueError):
    """A type that JSON Schema cannot describe: `shape` has it."""

    def __init__(self, shape: Shape, why: str) -> None:
        super().__init__(why)
        self.shape = shape


def generated(modes: dict[Shape, JsonSchemaMode]) -> Any:
    """What pydantic says of these shapes: the schema of each, and the models that they share."""
    inputs = [(shape, mode, shape.adapter.core_schema) for shape, mode in modes.items()]
    return Generator(ref_template=PLACE).generate_definitions(cast(Any, inputs))


class Schemas:
    """The schemas of these shapes. `components` are the models, each under its name. `NoSchemaError` for a type without.

    Without `separate` a model has one schema, that of reading, unless it computes fields, which can only be written.
    """

    def __init__(self, shapes: Iterable[Shape], separate: bool = True) -> None:
        self._modes: dict[Shape, JsonSchemaMode] = {
            shape: shape.mode if separate or computes(shape.adapter.core_schema) else "validation" for shape in shapes
        }
        try:
            self._found, components = generated(self._modes)
        except PydanticInvalidForJsonSchema:
            self.name_culprit()
            raise
        self.components: dict[str, Any] = {name: described(components[name]) for name in sorted(components)}

    def name_culprit(self) -> None:
        """Raise for the first shape that has no schema: asked about all of them, pydantic does not say which."""
        for shape, mode in self._modes.items():
            try:
                generated({shape: mode})
            except PydanticInvalidForJsonSchema as error:
                raise NoSchemaError(shape, error.message) from None

    def of(self, shape: Shape) -> dict[str, Any]:
        """The schema, or the reference to a model that is it."""
        schema: dict[str, Any] = dict(self._found[shape, self._modes[shape]])
        if "$ref" not in schema:
            schema["title"] = shape.title
        return schema


def computes(schema: Any) -> bool:
    """Whether a field that is computed is anywhere in a core schema."""
    if isinstance(schema, dict):
        return bool(schema.get("computed_fields")) or any(map(computes, schema.values()))
    return isinstance(schema, list | tuple) and any(map(computes, schema))


def described(schema: Any) -> Any:
    """A model's schema, its description up to a form feed: what stands behind it in a docstring is for colleagues."""
    if "description" in schema:
        return {**schema, "description": schema["description"].partition("\f")[0]}
    return schema


def type_of(info: FieldInfo) -> Any:
    """The type of a model's field, with what the model says of it that a schema can say."""
    said = info.asdict()
    kind, notes = said["annotation"], said["metadata"]
    attributes: Any = {name: said["attributes"][name] for name in SCHEMATIC if name in said["attributes"]}
    return Annotated[(kind, *notes, Field(**attributes))]


def named(annotation: Any, alias: str, options: dict[str, Any]) -> Any:
    """A type that has a name of its own in an object, and is perhaps no longer wanted there."""
    return Annotated[annotation, Field(alias=alias, deprecated=options.get("deprecated"))]


def optional(annotation: Any) -> Any:
    """The same type, for a key that may be missing."""
    return Annotated[annotation, Field(default=None)]


def object_of(name: str, keys: dict[str, Any]) -> type[BaseModel]:
    """A model with these keys, each of them `named`: an attribute of Python may not be called what a client may."""
    config = ConfigDict(arbitrary_types_allowed=True)  # uploaded files
    attributes: Any = {f"key_{number}": kind for number, kind in enumerate(keys.values())}
    made: type[BaseModel] = create_model(name, __config__=config, **attributes)
    return made


def plain(value: Any) -> Any:
    """The value as JSON has it: enumerations, dates and models in examples become text, numbers and objects.

    `"default": null` goes: it says of a parameter what `"required": false` says already.
    """
    return without_null_defaults(to_jsonable_python(value))


def without_null_defaults(value: Any) -> Any:
    """The same, with no default that is null."""
    if isinstance(value, dict):
        kept = {name: part for name, part in value.items() if not (name == "default" and part is None)}
        return {name: without_null_defaults(part) for name, part in kept.items()}
    return [without_null_defaults(part) for part in value] if isinstance(value, list) else value
