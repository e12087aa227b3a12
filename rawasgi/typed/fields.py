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
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, NamedTuple, get_args

try:
    import pydantic
    from pydantic.warnings import UnsupportedFieldAttributeWarning
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError("typed handlers need pydantic: pip install 'rawasgi[typed]'", name=missing.name) from None

from rawasgi.typed.annotations import is_complex, is_json, is_model, is_of, is_sequence, union_of
from rawasgi.typed.params import REQUIRED
from rawasgi.typed.signature import Parameter, refusal
from rawasgi.typed.sources import FINDERS, MISSING, Sources, everything, grouped

# We look up names ourselves, and whether a parameter is deprecated only OpenAPI wants to know.
OURS = ("alias", "alias_priority", "validation_alias", "serialization_alias", "deprecated")
Error = dict[str, Any]


def no_value(loc: tuple[str, ...]) -> Error:
    """The line for what is not there."""
    return {"type": "missing", "loc": loc, "msg": "Field required", "input": None}


@dataclass(frozen=True, eq=False)
class Field:
    """What reads one parameter. OpenAPI takes its schema from `adapter.core_schema`, the words from `parameter`."""

    parameter: Parameter
    adapter: "pydantic.TypeAdapter[Any]"
    many: bool = False  # all values of its name, not the last
    names: tuple[str, ...] = ()  # in the request; the first that is there counts
    model: type[pydantic.BaseModel] | None = None  # a parameter model: its fields are the parameters
    validate: Callable[..., Any] = field(init=False, repr=False)
    find_one: Callable[..., Any] = field(init=False, repr=False)
    fixed: Any = field(init=False, repr=False)  # what a request without it gets: MISSING, where that has to be made

    def __post_init__(self) -> None:
        object.__setattr__(self, "validate", self.adapter.validator.validate_python)
        object.__setattr__(self, "find_one", FINDERS.get(self.place, FINDERS["form"]))
        options, default = self.parameter.declared.options if self.parameter.declared else {}, self.parameter.default
        is_made = default is REQUIRED or options.get("default_factory") or options.get("validate_default")
        object.__setattr__(self, "fixed", MISSING if is_made else default)

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

    def read(self, sources: Sources, errors: list[Error]) -> Any:
        """The value; where there is none, or a wrong one, MISSING, and a line more in `errors`."""
        found, name = self.find(sources)
        return self.absent(errors, name) if found is MISSING else self.checked(found, errors, name)

    def find(self, sources: Sources) -> tuple[Any, str]:
        """What pydantic is to read, and the name under which it was found."""
        for name in self.names:
            text = self.find_one(sources, name, self.many)
            if text is not MISSING:
                return text, name
        return MISSING, self.names[0]

    def checked(self, found: Any, errors: list[Error], name: str) -> Any:
        """The value of what was found."""
        try:
            return self.validate(found, from_attributes=True)
        except pydantic.ValidationError as error:
            errors.extend(self.told(error, name))
            return MISSING

    def loc(self, name: str) -> tuple[str, ...]:
        """Where an error is said to be."""
        return ("body" if self.place in ("form", "file") else self.place, name)

    def absent(self, errors: list[Error], name: str) -> Any:
        """The default, checked if that was asked for; or an error."""
        if self.fixed is not MISSING:
            return self.fixed
        options, default = self.parameter.declared.options if self.parameter.declared else {}, self.parameter.default
        if (factory := options.get("default_factory")) is not None:
            default = factory()
        if default is REQUIRED:
            errors.append(no_value(self.loc(name)))
            return MISSING
        return self.checked(default, errors, name) if options.get("validate_default") else default

    def told(self, error: pydantic.ValidationError, name: str) -> list[Error]:
        """What pydantic says, with our place before its own."""
        where = self.loc(name)
        return [{**line, "loc": (*where, *line["loc"])} for line in error.errors(include_url=False)]


class Part(NamedTuple):
    """One field of a parameter model: what pydantic wants to see it as, and its names in the request."""

    key: str
    names: tuple[str, ...]
    many: bool


@dataclass(frozen=True, eq=False)
class ModelField(Field):
    """A parameter model: its fields are looked up one by one, and all else is handed to it too, to be forbidden perhaps."""

    parts: tuple[Part, ...] = ()

    def find(self, sources: Sources) -> tuple[Any, str]:
        """A dict of the texts; MISSING for a model that may be None and of which nothing is there."""
        values: dict[str, Any] = {}
        known: set[str] = set()
        for part in self.parts:
            known.update(part.names, (part.key,))
            for name in part.names:
                if (text := self.find_one(sources, name, part.many)) is not MISSING:
                    values[part.key] = text
                    break
        anything = bool(values)
        rest = grouped(everything(sources, self.place), known)
        if self.parameter.annotation is not self.model and type(None) in union_of(self.parameter.annotation):
            takes_rest = self.model is not None and self.model.model_config.get("extra") in ("allow", "forbid")
            if not (anything or (takes_rest and rest)):
                return MISSING, self.alias
        return values | rest, self.alias

    def loc(self, name: str) -> tuple[str, ...]:
        """The place alone: pydantic names the field."""
        return super().loc(name)[:1]

    def told(self, error: pydantic.ValidationError, name: str) -> list[Error]:
        """The same, with the names of headers as they are on the wire."""
        wire = {part.key: part.names[0] for part in self.parts}
        lines = super().told(error, name)
        return [
            {**line, "loc": (line["loc"][0], *(wire.get(p, p) for p in line["loc"][1:2]), *line["loc"][2:])}
            for line in lines
        ]


@dataclass(frozen=True, eq=False)
class BodyField(Field):
    """What is in a JSON body: the whole, or with `embed` one key of an object."""

    embed: bool = False

    def read(self, sources: Sources, errors: list[Error]) -> Any:
        """The same; a default is for a key that is not there, not for a body that has no keys."""
        body, name = sources.body, self.names[0]
        if not self.embed:
            return self.absent(errors, name) if body is MISSING else self.checked(body, errors, name)
        if body is not MISSING and not isinstance(body, dict | bytes):
            errors.append(no_value(self.loc(name)))
            return MISSING
        return super().read(sources, errors)

    def find(self, sources: Sources) -> tuple[Any, str]:
        """What is under our name in an object."""
        if isinstance(sources.body, dict):
            for name in self.names:
                if name in sources.body:
                    return sources.body[name], name
        return MISSING, self.names[0]

    def loc(self, name: str) -> tuple[str, ...]:
        """`("body",)` for the whole."""
        return ("body", name) if self.embed else ("body",)


# An argument that is one text in a dict: its name, its name there, pydantic's function that reads it, and its field.
# It is a plain tuple because Python unpacks that in one instruction, and iterates over a named one.
Text = tuple[str, str, Callable[..., Any], Field]


def texts_in(place: str, fields: Iterable[Field]) -> tuple[Text, ...]:
    """The fields of a place, if each is one text. Else none: they are read one by one, and errors keep their order."""
    there = [each for each in fields if each.place == place]
    if not all(type(each) is Field and not each.many and len(each.names) == 1 for each in there):
        return ()
    return tuple((each.name, each.names[0], each.validate, each) for each in there)


def read_texts(
    wanted: Iterable[Text], texts: Mapping[str, Any], errors: list[Error], arguments: dict[str, Any]
) -> None:
    """Put what `Field.read` would give into `arguments`, for all that are in one dict."""
    for name, key, validate, own in wanted:
        text = texts.get(key, MISSING)
        if text is MISSING:
            arguments[name] = own.absent(errors, key)
            continue
        try:
            arguments[name] = validate(text, from_attributes=True)
        except pydantic.ValidationError as error:
            errors += own.told(error, key)
            arguments[name] = MISSING


def make_field(func: Any, parameter: Parameter, *, embed: bool = False, form: bool = False) -> Field:
    """The field of a parameter of `func`; `SignatureError` for an annotation that pydantic has no schema for."""
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
    if parameter.place not in ("query", "header", "cookie", "form") or is_json(parameter.annotation):
        return None
    if parameter.declared and parameter.declared.options.get("embed"):
        return None
    members = [member for member in union_of(parameter.annotation) if member is not type(None)]
    return members[0] if len(members) == 1 and is_model(members[0]) and not get_args(members[0]) else None


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
