"""More typed routes for both kits: groups of routes, and what is rarely written."""

import enum
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import AliasChoices, BaseModel, Field, Json, RootModel

from tests.wire import documented_models as m

T = TypeVar("T")


class Listing(BaseModel, Generic[T]):
    """A part of many."""

    found: list[T]
    total: int = 0


class Numbers(RootModel[list[int]]):
    """Numbers, and nothing around them."""


class Level(enum.IntEnum):
    low = 1
    high = 2


class Other:
    """A place for a second `Message`."""

    class Message(BaseModel):
        code: int


def add_group(kit, app):
    """A router with what its routes have in common, inside of another one."""

    def signed(x_signature: Annotated[str, kit.Header()]):
        return x_signature

    def audited(audit: bool = False):
        return audit

    inner = kit.APIRouter(prefix="/inner", tags=["inner"], responses={403: {"description": "No"}}, deprecated=True)
    outer = kit.APIRouter(tags=["outer"], dependencies=[kit.Depends(signed)], responses={401: {"model": m.Message}})

    @inner.get("/own", tags=["own"], responses={403: {"description": "Never"}})
    async def own(q: str) -> m.Message:
        return m.Message(message=q)

    @outer.post("/own")
    async def own_of_outer(message: m.Message) -> Other.Message:
        return Other.Message(code=len(message.message))

    hidden = kit.APIRouter(include_in_schema=False)

    @hidden.get("/nowhere")
    async def nowhere(q: str):
        return q

    outer.include_router(inner, dependencies=[kit.Depends(audited)])
    outer.include_router(hidden)
    app.include_router(outer, prefix="/group", tags=["group"])


def add_aliases(kit, app):
    """Names that are not those of the signature."""

    @app.get("/aliases")
    async def aliases(
        either: Annotated[str | None, kit.Query(validation_alias=AliasChoices("one", "other"))] = None,
        header: Annotated[str, kit.Header(alias="X-Thing", title="A thing")] = "d",
        crumb: str = kit.Cookie(..., alias="crumb-id"),
        made: Annotated[str, kit.Query(default_factory=lambda: "made")] = ...,  # type: ignore[assignment]
    ):
        return [either, header, crumb, made]

    @app.post("/aliases")
    async def body_aliases(
        item: Annotated[m.Item, kit.Body(alias="the-item", description="It.", deprecated=True)],
        note: Annotated[str, kit.Body(examples=["a note"], title="A note")] = "",
    ):
        return [item, note]


def add_kinds(kit, app):
    """Types of all kinds, in and out."""

    @app.get("/kinds/{level}")
    def kinds(
        level: Level,
        numbers: Annotated[list[Annotated[int, Field(gt=3)]] | None, kit.Query(max_length=3)] = None,
        json: Annotated[Json[list[int]], kit.Query()] = "[]",  # type: ignore[assignment]
        union: int | str = 3,
        literal: Literal["a", "b"] = "a",
        pair: Annotated[tuple[int, int], kit.Query()] = (1, 2),
        zipped: Annotated[str, kit.Query(json_schema_extra={"format": "zip"})] = "",
    ) -> list[Level]:
        return [level]

    @app.post("/kinds", response_model=Listing[m.Item] | Listing[Numbers] | None)
    def more_kinds(numbers: Numbers, level: Annotated[Level, kit.Body()] = Level.low):
        return None

    @app.put(
        "/kinds",
        name="perhaps_an_item",
        responses={"2XX": {"model": list[m.Maker]}, 404: {"headers": {"x-why": {"schema": {}}}}},
    )
    def maybe(item: m.Item | None = None) -> dict[str, Any]:
        return {}

    @app.patch("/kinds", status_code=202, response_class=kit.PlainTextResponse, response_model=None)
    def raw(data: Annotated[bytes, kit.Body(media_type="application/octet-stream")]) -> m.Item:
        return "raw"  # type: ignore[return-value]  # `response_model` takes precedence


def add_mixed_form(kit, app):
    """A form model beside a field."""

    @app.post("/mixed")
    async def mixed(login: Annotated[m.Login, kit.Form()], code: Annotated[str, kit.Form()]):
        return code


ADDERS = (add_group, add_aliases, add_kinds, add_mixed_form)


def add_rare_routes(kit, app):
    """All of them."""
    for add in ADDERS:
        add(kit, app)
