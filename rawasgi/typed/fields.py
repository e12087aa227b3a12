"""What a request says in -> the value of one parameter, or what is wrong with it, out.

bytes > server > app > middleware > routing > [handler] > response > bytes

All validation is pydantic's: a field has a TypeAdapter, made once by `typed.making`. Where a value is missing pydantic is not asked.

    "7"  for  item_id: int   ->  7
    "x"  for  item_id: int   ->  {"type": "int_parsing", "loc": ("path", "item_id"), "msg": "Input should be …", "input": "x"}
    none for  item_id: int   ->  {"type": "missing", "loc": ("path", "item_id"), "msg": "Field required", "input": None}

Spec:         none, because what a value must be is between the app and pydantic
In FastAPI:   fastapi.dependencies.utils:request_params_to_args
In Starlette: none, because it validates nothing
In Flask:     none, because it validates nothing
Left out:     pydantic's first version
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

try:
    import pydantic
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError("typed handlers need pydantic: pip install 'rawasgi[typed]'", name=missing.name) from None

from rawasgi.typed.annotations import union_of
from rawasgi.typed.params import REQUIRED
from rawasgi.typed.signature import Parameter
from rawasgi.typed.sources import FINDERS, MISSING, Sources, everything, grouped

FORM = ("form", "file")
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
        return ("body" if self.place in FORM else self.place, name)

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

    def look(self, sources: Sources) -> tuple[dict[str, Any], dict[str, Any]]:
        """The texts of its fields, and all else that is there."""
        values: dict[str, Any] = {}
        known: set[str] = set()
        for part in self.parts:
            known.update(part.names, (part.key,))
            for name in part.names:
                if (text := self.find_one(sources, name, part.many)) is not MISSING:
                    values[part.key] = text
                    break
        return values, grouped(everything(sources, self.place), known)

    def find(self, sources: Sources) -> tuple[Any, str]:
        """A dict of the texts; MISSING for a model that may be None and of which nothing is there."""
        values, rest = self.look(sources)
        if self.parameter.annotation is not self.model and type(None) in union_of(self.parameter.annotation):
            takes_rest = self.model is not None and self.model.model_config.get("extra") in ("allow", "forbid")
            if not (values or (takes_rest and rest)):
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


class Seen(dict[str, Any]):
    """All of a form, by name: what a discriminator looks into, and what errors show. Each model of a union reads `sources`."""

    def __init__(self, sources: Sources) -> None:
        super().__init__(grouped(everything(sources, "form"), set()))
        self.sources = sources


@dataclass(frozen=True, eq=False)
class UnionField(Field):
    """One of several form models: each of them reads the form in its own way, and pydantic decides between them."""

    members: tuple[ModelField, ...] = ()

    def find(self, sources: Sources) -> tuple[Any, str]:
        """The form; MISSING for a union that may be None, of whose models nothing is there."""
        absent = all(member.find(sources)[0] is MISSING for member in self.members)
        return (MISSING if absent else Seen(sources)), self.alias

    def loc(self, name: str) -> tuple[str, ...]:
        """The place alone: pydantic names the model and the field."""
        return super().loc(name)[:1]


def read_by(member: ModelField, value: Any) -> Any:
    """What a model of a union is made of; a default is no form."""
    if not isinstance(value, Seen):
        return value
    values, rest = member.look(value.sources)
    return values | rest


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
