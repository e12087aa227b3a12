"""Typed routes, written once: `add_routes(kit, app)` takes every name from the kit, FastAPI's or rawasgi's."""

import datetime
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Annotated

from tests.wire import documented_models as m


def add_parameters(kit, app):
    """Path, query, header, cookie, one by one."""

    @app.get("/items/{item_id}", tags=["items"])
    async def read_item(
        item_id: Annotated[int, kit.Path(title="The item", ge=1)],
        q: Annotated[str | None, kit.Query(alias="item-query", max_length=50, description="What to look for.")] = None,
        short: bool = False,
    ) -> m.Item:
        """Read an item.

        With *markdown*.\fAnd what is for colleagues.
        """
        return m.Item(name=str(q), price=item_id)

    @app.get("/search")
    def search(
        words: Annotated[list[str], kit.Query(min_length=1)],
        size: m.Size = m.Size.large,
        since: datetime.date | None = None,
        pattern: str = kit.Query("a", pattern="^a", deprecated=True),
        hidden: Annotated[str, kit.Query(include_in_schema=False)] = "",
        limit: Annotated[
            int, kit.Query(gt=0, lt=1000, examples=[10], openapi_examples={"few": {"value": 3, "summary": "Few"}})
        ] = 10,
    ):
        return [words, size, since, pattern, hidden, limit]

    @app.get("/client")
    async def client(
        user_agent: Annotated[str | None, kit.Header()] = None,
        x_token: Annotated[list[str] | None, kit.Header(description="As many as you like.")] = None,
        under_score: Annotated[str | None, kit.Header(convert_underscores=False)] = None,
        session_id: Annotated[str | None, kit.Cookie()] = None,
    ) -> dict[str, str | None]:
        return {"agent": user_agent}

    @app.get("/files/{name:path}")
    async def file(name: str, key: uuid.UUID) -> str:
        return name


def add_parameter_models(kit, app):
    """Models whose fields are parameters."""

    @app.get("/pages")
    async def pages(page: Annotated[m.Page, kit.Query()]) -> m.Page:
        return page

    @app.get("/told")
    async def told(client: Annotated[m.Client, kit.Header()], crumbs: Annotated[m.Crumbs, kit.Cookie()]) -> m.Client:
        return client


def add_bodies(kit, app):
    """JSON: one model, several, embedded, scalars, unions, recursion, what is no model."""

    @app.post("/items", status_code=201, tags=["items", m.Size.small], response_description="Stored")
    async def create_item(item: m.Item) -> m.Stored:
        return m.Stored(id=1, **item.model_dump())

    @app.put("/items/{item_id}")
    async def replace_item(
        item_id: int,
        item: m.Item,
        maker: m.Maker,
        importance: Annotated[int, kit.Body(gt=0)] = 1,
        q: str | None = None,
    ):
        return [item_id, item, maker, importance, q]

    @app.patch("/items/{item_id}")
    async def change_item(item_id: int, item: Annotated[m.Item, kit.Body(embed=True)]):
        return [item_id, item]

    @app.post("/orders")
    def order(order: Annotated[m.Order, kit.Body(openapi_examples={"one": {"value": {"items": []}}})]) -> list[m.Order]:
        return [order]

    @app.post("/trees")
    async def tree(tree: m.Branch, note: Annotated[str | None, kit.Body(description="Free text.")] = None) -> m.Branch:
        return tree

    @app.post("/moments")
    async def moment(moments: list[m.Moment]) -> dict[str, m.Moment]:
        return {str(moment.id): moment for moment in moments}

    @app.post("/points")
    async def point(point: m.Point, money: m.Money | None = None) -> m.Point:
        return point

    @app.post("/counts")
    async def count(number: Annotated[int, kit.Body(title="How many", media_type="application/vnd.count+json")]) -> int:
        return number


def add_forms(kit, app):
    """Fields, files, a form model."""

    @app.post("/login")
    async def login(
        username: Annotated[str, kit.Form()], password: Annotated[str, kit.Form(min_length=8)], where: str = "/"
    ) -> str:
        return username

    @app.post("/login-model")
    async def login_model(login: Annotated[m.Login, kit.Form()]) -> str:
        return login.username

    @app.post("/upload")
    async def upload(
        file: kit.UploadFile,  # type: ignore[name-defined]  # a name of the kit
        more: list[kit.UploadFile],  # type: ignore[name-defined]
        small: Annotated[bytes, kit.File(description="Read at once.")],
        title: Annotated[str, kit.Form()] = "",
        maybe: Annotated[kit.UploadFile | None, kit.File()] = None,  # type: ignore[name-defined]
    ):
        return file.filename


def add_answers(kit, app):
    """Statuses, response classes, models of answers, streams."""

    @app.get("/stored", response_model=list[m.Item], response_model_exclude_unset=True)
    def stored():
        return []

    @app.get("/renamed", responses={404: {"model": m.Message}, "4XX": {"description": "Wrong"}, "default": {}})
    async def renamed(renamed: str) -> m.Renamed:
        return m.Renamed.model_validate({"firstName": renamed, "surname": ""})

    @app.post("/renamed", responses={200: {"description": "Both names", "content": {"text/csv": {}}}})
    async def rename(renamed: m.Renamed) -> m.Renamed:
        return renamed

    @app.post("/boxes")
    async def box(box: m.Box) -> m.Box:
        return box

    @app.delete("/items/{item_id}", status_code=204)
    async def delete_item(item_id: int) -> None:
        return None

    @app.get("/page", response_class=kit.HTMLResponse)
    async def page():
        return "<p>"

    @app.get("/away", response_class=kit.RedirectResponse)
    async def away(to: str):
        return "/page"

    @app.get("/own")
    async def own(n: int) -> kit.Response:  # type: ignore[name-defined]
        return kit.JSONResponse(n)

    @app.get("/lines")
    async def lines(n: Annotated[int, kit.Query(le=5)]) -> AsyncIterator[m.Message]:
        for number in range(n):
            yield m.Message(message=str(number))

    @app.get("/events", response_class=kit.EventSourceResponse)
    def events(n: Annotated[int, kit.Query(le=5)] = 2) -> Iterator[m.Message]:
        for number in range(n):
            yield m.Message(message=str(number))


def add_descriptions(kit, app):
    """Words, ids, what is hidden, what is added by hand."""

    @app.get(
        "/described",
        summary="A summary",
        description="A description",
        deprecated=True,
        operation_id="described-by-hand",
        openapi_extra={"x-cost": 3, "tags": ["extra"], "responses": {"200": {"x-note": "cheap"}}},
    )
    async def described(n: int = 0):
        """Not this one."""

    @app.get("/hidden", include_in_schema=False)
    async def hidden(n: int):
        return n


def add_needs(kit, app):
    """Dependencies and what they read."""

    def paged(page: int = 1, q: Annotated[str | None, kit.Query(description="By the dependency.")] = None):
        return page, q

    async def tenant(
        x_tenant: Annotated[str, kit.Header()], paging: Annotated[tuple[int, str | None], kit.Depends(paged)]
    ):
        return x_tenant

    def noted(note: str | None = None):
        return note

    @app.get("/needs", dependencies=[kit.Depends(noted)])
    async def needs(
        q: str,
        tenant: Annotated[str, kit.Depends(tenant)],
        paging: Annotated[tuple[int, str | None], kit.Depends(paged)],
    ):
        return [q, tenant, paging]


def add_schemes(kit, app):
    """Security schemes: each place for a credential, scopes from two sides, two schemes for one operation."""
    bearer = kit.HTTPBearer(bearerFormat="JWT", description="A token.")
    basic = kit.HTTPBasic(scheme_name="Staff", realm="shop")
    keys = [kit.APIKeyHeader(name="x-key"), kit.APIKeyQuery(name="key"), kit.APIKeyCookie(name="key", auto_error=False)]
    password = kit.OAuth2PasswordBearer(tokenUrl="token", scopes={"items:read": "Read", "items:write": "Write"})
    code = kit.OAuth2AuthorizationCodeBearer(authorizationUrl="/authorize", tokenUrl="/token", refreshUrl="/refresh")
    openid = kit.OpenIdConnect(openIdConnectUrl="/.well-known/openid-configuration")

    async def user(token: Annotated[str, kit.Depends(password)], scopes: kit.SecurityScopes):  # type: ignore[name-defined]
        return token, scopes.scopes

    @app.get("/bearer")
    async def by_bearer(credentials: Annotated[object, kit.Depends(bearer)]):
        return "in"

    @app.get("/staff", dependencies=[kit.Depends(basic)])
    async def staff():
        return "in"

    @app.get("/keys", dependencies=[kit.Depends(key) for key in keys])
    async def by_key():
        return "in"

    @app.get("/mine")
    async def mine(user: Annotated[object, kit.Security(user, scopes=["items:read"])]):
        return "in"

    @app.post("/mine", dependencies=[kit.Security(password, scopes=["items:write"])])
    async def make_mine(user: Annotated[object, kit.Security(user, scopes=["items:read"])]):
        return "in"

    @app.get("/elsewhere")
    async def elsewhere(token: Annotated[str, kit.Depends(code)], other: Annotated[str | None, kit.Depends(openid)]):
        return "in"


ADDERS = (
    add_parameters,
    add_parameter_models,
    add_bodies,
    add_forms,
    add_answers,
    add_descriptions,
    add_needs,
    add_schemes,
)


def add_routes(kit, app):
    """All of them."""
    for add in ADDERS:
        add(kit, app)
