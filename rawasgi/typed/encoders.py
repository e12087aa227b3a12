"""Any object in -> what JSON has words for out.

bytes > server > app > middleware > routing > handler > [response] > bytes

    jsonable_encoder({"at": date(2026, 1, 2), "tags": {"a"}, "item": Item(name="x")})
    ->  {"at": "2026-01-02", "tags": ["a"], "item": {"name": "x"}}

A model becomes what pydantic dumps, a dataclass its fields, a set or generator a list, an Enum its value, and the rest
of the standard library a text. Anything else is asked for its items, then for its attributes.

Spec:         https://www.rfc-editor.org/rfc/rfc8259#section-3
In FastAPI:   fastapi.encoders:jsonable_encoder
In Starlette: none, because its starlette.responses:JSONResponse takes what json.dumps takes
In Flask:     flask.json.provider:DefaultJSONProvider, which knows dates, decimals, UUIDs and dataclasses
Left out:     pydantic's first version
"""

import dataclasses
import datetime
import ipaddress
import pathlib
import re
import types
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple

try:
    import pydantic
    from pydantic_core import PydanticUndefinedType
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError("typed handlers need pydantic: pip install 'rawasgi[typed]'", name=missing.name) from None

LISTS = (list, tuple, set, frozenset, deque, types.GeneratorType)


def number(value: Decimal) -> int | float:
    """An int where the decimal has no places, so that an id that was a NUMERIC stays one."""
    exponent = value.as_tuple().exponent
    return int(value) if isinstance(exponent, int) and exponent >= 0 else float(value)


# The first class that an object is an instance of decides.
WORDS: dict[Any, Callable[[Any], Any]] = {
    bytes: lambda data: data.decode(),
    datetime.datetime: datetime.datetime.isoformat,
    datetime.date: datetime.date.isoformat,
    datetime.time: datetime.time.isoformat,
    datetime.timedelta: datetime.timedelta.total_seconds,
    Decimal: number,
    re.Pattern: lambda pattern: pattern.pattern,
    **dict.fromkeys((ipaddress.IPv4Address, ipaddress.IPv4Interface, ipaddress.IPv4Network), str),
    **dict.fromkeys((ipaddress.IPv6Address, ipaddress.IPv6Interface, ipaddress.IPv6Network), str),
    **dict.fromkeys((uuid.UUID, pydantic.AnyUrl, pydantic.NameEmail, pydantic.SecretStr, pydantic.SecretBytes), str),
}


class Manner(NamedTuple):
    """How everything inside of an object is encoded: the options that do not end at its first level."""

    by_alias: bool = True
    exclude_unset: bool = False
    exclude_defaults: bool = False
    exclude_none: bool = False
    custom_encoder: Mapping[Any, Callable[[Any], Any]] = {}
    sqlalchemy_safe: bool = True

    def encode(self, obj: Any, include: Any = None, exclude: Any = None) -> Any:
        """One object, and what it consists of."""
        for kind, encoder in self.custom_encoder.items():
            if isinstance(obj, kind):
                return encoder(obj)
        if isinstance(obj, pydantic.BaseModel):
            return self.encode_model(obj, include, exclude)
        if dataclasses.is_dataclass(obj) and not isinstance(obj, type):
            return self.encode(dataclasses.asdict(obj), include, exclude)
        if isinstance(obj, Enum):
            return obj.value
        if obj is None or isinstance(obj, str | int | float):
            return obj
        if isinstance(obj, PydanticUndefinedType):
            return None
        if isinstance(obj, dict):
            return self.encode_dict(obj, include, exclude)
        if isinstance(obj, LISTS):
            return [self.encode(item, include, exclude) for item in obj]
        if isinstance(obj, pathlib.PurePath):
            return str(obj)
        for kind, word in WORDS.items():
            if isinstance(obj, kind):
                return word(obj)
        return self.encode(contents(obj), include, exclude)

    def encode_model(self, model: pydantic.BaseModel, include: Any, exclude: Any) -> Any:
        """What pydantic dumps; inside of it our own options have been obeyed already."""
        dumped = model.model_dump(
            mode="json",
            include=include,
            exclude=exclude,
            by_alias=self.by_alias,
            exclude_unset=self.exclude_unset,
            exclude_defaults=self.exclude_defaults,
            exclude_none=self.exclude_none,
        )
        return Manner(exclude_none=self.exclude_none, sqlalchemy_safe=self.sqlalchemy_safe).encode(dumped)

    def encode_dict(self, items: dict[Any, Any], include: Any, exclude: Any) -> dict[Any, Any]:
        """The pairs that are wanted, keys encoded too. SQLAlchemy keeps its own notes under names in `_sa`."""
        return {
            self.encode(key): self.encode(value)
            for key, value in items.items()
            if (include is None or key in include)
            and (exclude is None or key not in exclude)
            and not (value is None and self.exclude_none)
            and not (self.sqlalchemy_safe and isinstance(key, str) and key.startswith("_sa"))
        }


def contents(obj: Any) -> dict[Any, Any]:
    """The items, or else the attributes, of an object that nobody knows; ValueError where it has neither."""
    try:
        return dict(obj)
    except Exception as no_items:
        try:
            return {**vars(obj)}
        except TypeError as no_attributes:
            raise ValueError([no_items, no_attributes]) from no_attributes


def jsonable_encoder(
    obj: Any,
    include: Any = None,
    exclude: Any = None,
    by_alias: bool = True,
    exclude_unset: bool = False,
    exclude_defaults: bool = False,
    exclude_none: bool = False,
    custom_encoder: Mapping[Any, Callable[[Any], Any]] | None = None,
    sqlalchemy_safe: bool = True,
) -> Any:
    """`obj` in dicts, lists, str, numbers, booleans and None. ValueError for what has neither items nor attributes.

    `include` and `exclude` name the fields of a model, or keys; the next four are pydantic's; `custom_encoder` maps
    classes to functions; with `sqlalchemy_safe` keys that begin with `_sa` are left out.
    """
    include = include if include is None or isinstance(include, set | dict) else set(include)
    exclude = exclude if exclude is None or isinstance(exclude, set | dict) else set(exclude)
    custom = {**(custom_encoder or {})}
    if type(obj) in custom:  # the class itself before its parents
        return custom[type(obj)](obj)
    manner = Manner(by_alias, exclude_unset, exclude_defaults, exclude_none, custom, sqlalchemy_safe)
    return manner.encode(obj, include, exclude)
