"""A parameter in -> the field that reads it out.

bytes > server > app > middleware > routing > [handler] > response > bytes

    item_id: int                             ->  Field         one text
    paging: Annotated[Paging, Query()]       ->  ModelField    a text for each field of the model
    shape: Annotated[Circle | Box, Form()]   ->  UnionField    the same for several models, of which one will fit
    item: Item                               ->  BodyField     what is in the JSON

What no text can be is refused here, when the function is registered.

Spec:         none, because it ends before the first message: https://docs.python.org/3/library/inspect.html#inspect.signature
In FastAPI:   fastapi.dependencies.utils:analyze_param
In Starlette: none, because it validates nothing
In Flask:     none, because it validates nothing
Left out:     unions of models in a query, in headers and in cookies, as in FastAPI
"""

import warnings
from dataclasses import replace
from functools import partial
from types import NoneType
from typing import Annotated, Any, get_args, get_origin

try:
    import pydantic
    from pydantic.warnings import UnsupportedFieldAttributeWarning
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError("typed handlers need pydantic: pip install 'rawasgi[typed]'", name=missing.name) from None

from rawasgi.typed.annotations import is_complex, is_json, is_model, is_of, is_sequence, one_of, union_of
from rawasgi.typed.fields import FORM, BodyField, Field, ModelField, Part, UnionField, read_by
from rawasgi.typed.params import REQUIRED
from rawasgi.typed.signature import Parameter, refusal

# We look up names ourselves, and whether a parameter is deprecated only OpenAPI wants to know.
OURS = ("alias", "alias_priority", "validation_alias", "serialization_alias", "deprecated")


def make_field(func: Any, parameter: Parameter, *, embed: bool = False, form: bool = False) -> Field:
    """The field of a parameter of `func`; `SignatureError` for an annotation that pydantic has no schema for."""
    members = members_of(func, parameter)
    if members:
        parameter = replace(parameter, annotation=with_readers(parameter.annotation, members))
    try:
        with warnings.catch_warnings():  # an alias in a pydantic.Field is read by us, and has no effect on the adapter
            warnings.simplefilter("ignore", UnsupportedFieldAttributeWarning)
            adapter: pydantic.TypeAdapter[Any] = pydantic.TypeAdapter(annotation_of(parameter))
    except (
        Exception
    ) as error:  # a type without schema, an unknown name, a bound that the type cannot have, a bad pattern
        why = f"pydantic cannot read {parameter.annotation!r}: {' '.join(str(error).split())[:200]}"
        raise refusal(func, parameter.name, why, "annotate a type that pydantic knows, or use Depends") from None
    names = names_of(func, parameter)
    if (model := model_of(parameter)) is not None:
        return ModelField(parameter, adapter, False, names, model, parts=parts_of(parameter, model))
    if members:
        return UnionField(parameter, adapter, False, names, members=members)
    if parameter.place == "body" and not form:
        return BodyField(parameter, adapter, False, names, embed=embed)
    check_text(func, parameter)
    return Field(parameter, adapter, is_sequence(parameter.annotation) and not is_json(parameter.annotation), names)


def annotation_of(parameter: Parameter) -> Any:
    """The annotation with the options of the declaration in it, as pydantic reads them."""
    options = parameter.declared.pydantic_options if parameter.declared else {}
    options = {name: value for name, value in options.items() if name not in OURS}
    if parameter.default is not REQUIRED:
        options["default"] = parameter.default
    return Annotated[parameter.annotation, pydantic.Field(**options)] if options else parameter.annotation


# What one text, or all texts of a name, are called in each place.
TEXTS = {"path": "a part of the path", "query": "a query parameter", "header": "a header", "cookie": "a cookie"}


def check_text(func: Any, parameter: Parameter) -> None:
    """Refuse what no text can be: a mapping anywhere, a list of what comes once."""
    annotation = parameter.annotation
    if parameter.place not in TEXTS or is_json(annotation) or not is_complex(annotation):
        return
    inner = [part for member in union_of(annotation) for part in get_args(member) if part is not ...]
    comes_once = parameter.place in ("path", "cookie")
    if comes_once or not is_sequence(annotation) or any(is_complex(part) for part in inner):
        why = f"{TEXTS[parameter.place]} cannot be {annotation!r}"
        raise refusal(func, parameter.name, why, "take it from the body, or as pydantic.Json")


def names_of(func: Any, parameter: Parameter) -> tuple[str, ...]:
    """The names in the request, by AliasChoices in order of preference."""
    chosen = parameter.declared.options.get("validation_alias") if parameter.declared else None
    if isinstance(chosen, pydantic.AliasPath):
        raise refusal(func, parameter.name, "an AliasPath leads into what one text cannot hold", "use AliasChoices")
    return names_in(chosen) or (parameter.alias,)


def names_in(alias: Any) -> tuple[str, ...]:
    """The plain names among the choices of an alias."""
    if isinstance(alias, pydantic.AliasChoices):
        return tuple(choice for choice in alias.choices if isinstance(choice, str))
    return (alias,) if isinstance(alias, str) else ()


def model_of(parameter: Parameter) -> type[pydantic.BaseModel] | None:
    """The model whose fields are read one by one: of query, header, cookie and form parameters, perhaps `| None`."""
    models = models_of(parameter)
    return models[0] if len(models) == 1 else None


def models_of(parameter: Parameter) -> list[type[pydantic.BaseModel]]:
    """The same, of a union all of them; none where one is no model."""
    if parameter.place not in ("query", "header", "cookie", *FORM) or is_json(parameter.annotation):
        return []
    if parameter.declared and parameter.declared.options.get("embed"):
        return []
    members = [member for member in union_of(parameter.annotation) if member is not NoneType]
    return members if all(is_model(member) and not get_args(member) for member in members) else []


def members_of(func: Any, parameter: Parameter) -> tuple[ModelField, ...]:
    """A field for each model of a union of form models, which all read the same form; none where it is no such union."""
    models = models_of(parameter)
    if parameter.place not in FORM or len(models) < 2:
        return ()
    union = bare(parameter.annotation)
    if [bare(choice) for choice in get_args(union) if choice is not NoneType] != models:
        why = f"a form cannot be a union in a union: {union!r}"
        raise refusal(func, parameter.name, why, "write it as one, with None and the discriminator outside")
    none = [choice for choice in get_args(union) if choice is NoneType]
    read = [replace(parameter, annotation=one_of([model, *none])) for model in models]
    fields = map(partial(make_field, func), read)
    return tuple(field for field in fields if isinstance(field, ModelField))


def bare(annotation: Any) -> Any:
    """What `Annotated` is about."""
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def with_readers(annotation: Any, members: tuple[ModelField, ...]) -> Any:
    """The union, its models told to read the form each in its own way; an error names the model, or its own tag."""
    readers = iter(members)
    choices = []
    for choice in get_args(bare(annotation)):
        if choice is not NoneType:
            tags = [note for note in get_args(choice)[1:] if isinstance(note, pydantic.Tag)]
            tag = tags[-1] if tags else pydantic.Tag(bare(choice).__name__)
            choice = Annotated[choice, pydantic.BeforeValidator(partial(read_by, next(readers))), tag]
        choices.append(choice)
    union = one_of(choices)
    return Annotated[union, *get_args(annotation)[1:]] if get_origin(annotation) is Annotated else union


def parts_of(parameter: Parameter, model: type[pydantic.BaseModel]) -> tuple[Part, ...]:
    """The fields of a parameter model. Names of headers have hyphens, unless an alias says how they are written."""
    hyphens = parameter.place == "header" and bool(
        parameter.declared is None or parameter.declared.options.get("convert_underscores", True)
    )
    by_name = model.model_config.get("validate_by_name") or model.model_config.get("populate_by_name")
    parts = []
    for name, info in model.model_fields.items():
        own = name.replace("_", "-") if hyphens else name
        aliases = names_in(info.validation_alias or info.alias)
        key = aliases[0] if aliases else name
        names = (*aliases, own) if by_name and aliases else aliases or (own,)
        annotation = Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation
        parts.append(Part(key, names, is_sequence(annotation) and not is_json(annotation)))
    return tuple(parts)


def wants_bytes(parameter: Parameter) -> bool:
    """Whether a file is to be read at once."""
    inner = [part for member in union_of(parameter.annotation) for part in get_args(member)]
    return parameter.place == "file" and (
        is_of(parameter.annotation, bytes) or any(is_of(part, bytes) for part in inner)
    )
