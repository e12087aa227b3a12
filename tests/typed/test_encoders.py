"""jsonable_encoder: what FastAPI's makes of the same object, whatever it is."""

import collections
import dataclasses
import datetime
import decimal
import enum
import ipaddress
import pathlib
import re
import uuid
from typing import Any

import fastapi.encoders
import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rawasgi.typed.encoders import jsonable_encoder


class Colour(enum.Enum):
    RED = "r"


class Item(pydantic.BaseModel):
    name: str = pydantic.Field("n", alias="Name")
    none: int | None = None
    when: datetime.date = datetime.date(2026, 1, 2)
    secret: pydantic.SecretStr = pydantic.SecretStr("s")
    url: pydantic.AnyUrl = pydantic.AnyUrl("http://example.org")


@dataclasses.dataclass
class Point:
    x: int
    item: Any = None


class Plain:
    def __init__(self):
        self.a, self._sa_state, self.b = 1, 2, {Colour.RED}


class Pairs:
    def keys(self):
        return ["a"]

    def __getitem__(self, key):
        return key


SCALARS = st.one_of(
    *(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=5),
        st.binary(max_size=3).map(lambda b: b"a"),
    ),
    *(
        st.dates(),
        st.datetimes(),
        st.times(),
        st.timedeltas(),
        st.decimals(allow_nan=False, allow_infinity=False),
        st.uuids(),
    ),
    *(
        st.just(value)
        for value in (Colour.RED, Item(Name="m"), Point(1), Plain(), Pairs(), pathlib.Path("a/b"), re.compile("a+"))
    ),
    *(st.just(ipaddress.ip_address(text)) for text in ("127.0.0.1", "::1")),
    *(st.just(value) for value in (ipaddress.ip_network("10.0.0.0/8"), pydantic.SecretBytes(b"x"), {"_sa": 1, 2: 3})),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        *(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
        *(st.tuples(inner, inner), st.builds(Point, st.integers(), inner)),
        st.lists(inner, max_size=2).map(collections.deque),
    ),
    max_leaves=6,
)
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "exclude_none": st.booleans(),
        "by_alias": st.booleans(),
        "exclude_unset": st.booleans(),
        "exclude_defaults": st.booleans(),
        "include": st.sampled_from([{"name", "a", "x"}, ["a"]]),
        "exclude": st.sampled_from([{"none", "a"}, ["x"]]),
        "sqlalchemy_safe": st.booleans(),
        "custom_encoder": st.just({Colour: lambda value: "custom", int: lambda value: -value}),
    },
)


@settings(max_examples=300, deadline=None)
@given(VALUES, OPTIONS)
def test_it_encodes_as_fastapis(value, options):
    """Every kind of object, at every depth, under every option."""
    assert repr(jsonable_encoder(value, **options)) == repr(fastapi.encoders.jsonable_encoder(value, **options))


def test_a_generator_becomes_a_list():
    """It can be read once, so it is compared by itself."""
    assert jsonable_encoder(number for number in range(2)) == [0, 1]
    assert jsonable_encoder({"key": uuid.UUID(int=1), "n": decimal.Decimal("2")}) == {
        "key": "00000000-0000-0000-0000-000000000001",
        "n": 2,
    }


def test_what_has_neither_items_nor_attributes_is_an_error():
    """ValueError, with both reasons."""
    with pytest.raises(ValueError, match=r"is not iterable.*__dict__"):
        jsonable_encoder(object())
