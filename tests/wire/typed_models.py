"""Twenty models of pydantic, dataclasses and the standard library, for the routes that rawasgi and FastAPI share."""

import dataclasses
import datetime
import decimal
import enum
import uuid
from typing import Annotated, Literal

import pydantic
from pydantic import AliasChoices, BaseModel, ConfigDict, Field
from typing_extensions import TypedDict  # pydantic wants this one before Python 3.12


class Size(enum.Enum):
    SMALL = "s"
    LARGE = "l"


class Item(BaseModel):
    name: str
    price: float = Field(gt=0)
    tags: list[str] = []


class Maker(BaseModel):
    name: str = Field(min_length=2, max_length=5)
    since: datetime.date | None = None


class Nested(BaseModel):
    item: Item
    makers: dict[str, Maker] = {}


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    number: int
    text: str


class Aliased(BaseModel):
    item_id: int = Field(alias="itemId")
    other: str = Field("x", validation_alias=AliasChoices("Other", "another"), serialization_alias="OTHER")


class Checked(BaseModel):
    low: int
    high: int

    @pydantic.model_validator(mode="after")
    def in_order(self):
        if self.low > self.high:
            raise ValueError("low is above high")
        return self

    @pydantic.field_validator("low")
    @classmethod
    def even(cls, value):
        assert value % 2 == 0, "must be even"
        return value


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    name: str


class Pet(BaseModel):
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]


class Kinds(BaseModel):
    when: datetime.datetime
    day: datetime.date
    took: datetime.timedelta
    money: decimal.Decimal
    key: uuid.UUID
    size: Size
    raw: bytes
    pair: tuple[int, str]
    seen: set[int]


class Tree(BaseModel):
    value: int
    children: list["Tree"] = []


class Filter(BaseModel):
    model_config = ConfigDict(extra="forbid")
    limit: int = Field(10, ge=1, le=100)
    tags: list[str] = []
    order: Literal["up", "down"] = "up"


class Loose(BaseModel):
    page: int = 1
    word: str | None = None


class Heads(BaseModel):
    x_token: str
    accept_list: list[int] = []


class Jar(BaseModel):
    session: str
    theme: str = "light"


class Login(BaseModel):
    model_config = ConfigDict(extra="forbid")
    user: str
    age: int
    roles: list[str] = []


class Circle(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["circle"] = "circle"
    radius: int
    names: list[str] = []


class Box(BaseModel):
    kind: Literal["box"] = "box"
    sides: list[int]
    names: str = ""


class Out(BaseModel):
    name: str
    secret: str = "s"
    none: int | None = None
    listed: list[int] = [1]


class Generic(BaseModel):
    value: int | str
    either: bool | None = None


@dataclasses.dataclass
class Point:
    x: int
    y: int = 0


class Typed(TypedDict):
    a: int
    b: str


MODELS = (
    *(Item, Maker, Nested, Strict, Aliased, Checked, Cat, Dog, Pet, Kinds, Tree, Filter, Loose, Heads, Jar, Login, Out),
    *(Generic, Point, Typed),
)
