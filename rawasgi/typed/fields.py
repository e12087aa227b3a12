"""A parameter in -> a field that reads its value from text or JSON, or says what is wrong with it, out.

bytes > server > app > middleware > routing > [handler] > response > bytes

All validation is pydantic's: a field has a TypeAdapter, made once. Where a value is missing pydantic is not asked.

    "7"  for  item_id: int   ->  7
    "x"  for  item_id: int   ->  {"type": "int_parsing", "loc": ("path", "item_id"), "msg": "Input should be …", "input": "x"}
    none for  item_id: int   ->  {"type": "missing", "loc": ("path", "item_id"), "msg": "Field required", "input": None}

Spec:         none, because what a value must be is between the app and pydantic
In FastAPI:   fastapi.dependencies.utils:request_params_to_args
In Starlette: none, because it validates nothing
In Flask:     none, because it validates nothing
Left out:     pydantic's first version
"""

import warnings
from dataclasses import dataclass
from typing import Annotated, Any, get_args

try:
    import pydantic
    from pydantic.errors import PydanticSchemaGenerationError, PydanticUndefinedAnnotation
    from pydantic.warnings import UnsupportedFieldAttributeWarning
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError("typed handlers need pydantic: pip install 'rawasgi[typed]'", name=missing.name) from None

from rawasgi.typed.params import REQUIRED
from rawasgi.typed.signature import Parameter, is_model, is_sequence, refusal, union_of

# We look up names ourselves, and whether a parameter is deprecated only OpenAPI wants to know.
OURS = ("alias", "alias_priority", "validation_alias", "serialization_alias", "deprecated")
Error = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Field:
    """What reads one parameter. OpenAPI takes its schema from `adapter.core_schema`, the words from `parameter`."""

    parameter: Parameter
    adapter: "pydantic.TypeAdapter[Any]"
    many: bool  # all values of its name, not the last
    model: type[pydantic.BaseModel] | None  # a parameter model: its fields are the parameters

    @property
    def place(self) -> str:
        """path, query, header, cookie, body, form or file."""
        return self.parameter.place

    @property
    def name(self) -> str:
        """The name in the signature."""
        return self.parameter.name

    @property
    def alias(self) -> str:
        """The name in the request."""
        return self.parameter.alias


def make_field(func: Any, parameter: Parameter) -> Field:
    """The field of a parameter of `func`; `SignatureError` for an annotation that pydantic has no schema for."""
    try:
        with warnings.catch_warnings():  # an alias in a pydantic.Field is read by us, and has no effect on the adapter
            warnings.simplefilter("ignore", UnsupportedFieldAttributeWarning)
            adapter: pydantic.TypeAdapter[Any] = pydantic.TypeAdapter(annotation_of(parameter))
    except (PydanticSchemaGenerationError, PydanticUndefinedAnnotation) as error:
        why = f"pydantic cannot read {parameter.annotation!r}: {str(error).partition(chr(10))[0]}"
        raise refusal(func, parameter.name, why, "annotate a type that pydantic knows, or use Depends") from None
    return Field(parameter, adapter, is_sequence(parameter.annotation), model_of(parameter))


def annotation_of(parameter: Parameter) -> Any:
    """The annotation with the options of the declaration in it, as pydantic reads them."""
    options = parameter.declared.pydantic_options if parameter.declared else {}
    options = {name: value for name, value in options.items() if name not in OURS}
    if parameter.default is not REQUIRED:
        options["default"] = parameter.default
    return Annotated[parameter.annotation, pydantic.Field(**options)] if options else parameter.annotation


def model_of(parameter: Parameter) -> type[pydantic.BaseModel] | None:
    """The model whose fields are read one by one: of query, header, cookie and form parameters, perhaps `| None`."""
    if parameter.place not in ("query", "header", "cookie", "form"):
        return None
    members = [member for member in union_of(parameter.annotation) if member is not type(None)]
    return members[0] if len(members) == 1 and is_model(members[0]) and not get_args(members[0]) else None
