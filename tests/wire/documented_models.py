"""The models that typed routes read and write: shared by the same routes in FastAPI and in rawasgi."""

import dataclasses
import datetime
import decimal
import enum
import uuid
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, computed_field
from typing_extensions import TypedDict  # pydantic wants this one below Python 3.12


class Size(enum.StrEnum):
    small = "small"
    large = "large"


class Maker(BaseModel):
    """Who makes it.\fNot for readers."""

    name: str = Field(min_length=1, max_length=40, examples=["Ada"])
    home: str | None = None


class Item(BaseModel):
    """Something to be had."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "tea", "price": 3}]})

    name: str
    price: float = Field(gt=0, description="In euros.")
    size: Size = Size.small
    tags: set[str] = set()
    maker: Maker | None = None


class Stored(Item):
    id: int


class Renamed(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    first_name: str = Field(alias="firstName")
    last_name: str = Field(validation_alias="surname", serialization_alias="lastName")


class Box(BaseModel):
    width: int
    height: int

    @computed_field  # type: ignore[prop-decorator]  # as pydantic wants it
    @property
    def area(self) -> int:
        """Width by height."""
        return self.width * self.height


class Branch(BaseModel):
    name: str
    below: list["Branch"] = []


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"]
    good: bool = True


class Order(BaseModel):
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]
    items: list[Item]
    notes: dict[str, list[int]] = {}
    anything: Any = None


class Moment(BaseModel):
    id: uuid.UUID
    day: datetime.date
    at: datetime.datetime
    lasts: datetime.timedelta
    price: decimal.Decimal = decimal.Decimal("1.50")
    raw: bytes = b""
    strict: Literal["a", "b", 3] = "a"


class Page(BaseModel):
    model_config = ConfigDict(extra="forbid")

    number: int = Field(1, ge=1, description="From 1.")
    size: Annotated[int, Field(le=100)] = 20
    order_by: list[str] = Field(default_factory=list, exclude=True, repr=False)


class Client(BaseModel):
    user_agent: str | None = None
    x_tag: list[str] = []
    save_data: bool


class Crumbs(BaseModel):
    session: str
    theme: str | None = Field(None, deprecated=True)


class Login(BaseModel):
    username: str
    password: str = Field(min_length=8)
    remember: bool = Field(False, exclude=True, frozen=True)


class Message(BaseModel):
    message: str


@dataclasses.dataclass
class Point:
    x: int
    y: int = 0


class Money(TypedDict):
    amount: int
    currency: str
