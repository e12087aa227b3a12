"""The document of an app: which routes are in it, under which ids, and what each says of itself."""

import re
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import BaseModel

from rawasgi.app import App
from rawasgi.responses import PlainTextResponse
from rawasgi.routing import Mount, Route
from rawasgi.toolkit.routers import APIRouter
from rawasgi.typed.openapi.docs import add_docs
from rawasgi.typed.openapi.document import get_openapi
from rawasgi.typed.params import Body, Depends, Header, Query, Security
from rawasgi.typed.security.api_key import APIKeyHeader
from rawasgi.typed.security.oauth2 import OAuth2PasswordBearer

HERE = re.escape(__file__)
VALIDATED = {
    "description": "Validation Error",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/HTTPValidationError"}}},
}


class Item(BaseModel):
    name: str


def document(app, **options) -> Any:
    """The document of an app, which is valid."""
    made = get_openapi(title="Shop", version="1", routes=app.routes, **options)
    OpenAPIV31SpecValidator(made).validate()
    return made


def ids(app):
    """Path and method -> operation id."""
    paths = document(app)["paths"]
    return {f"{method.upper()} {path}": o["operationId"] for path, ways in paths.items() for method, o in ways.items()}


ITEM = {"$ref": "#/components/schemas/Item"}
ITEM_ID = {"name": "item_id", "in": "path", "required": True, "schema": {"type": "integer", "title": "Item Id"}}
DRY = {"type": "boolean", "default": False, "title": "Dry"}
CHANGED = {"description": "Successful Response", "content": {"application/json": {"schema": ITEM}}}
CHANGE = {
    "tags": ["items"],
    "summary": "Change Item",
    "description": "Change an item.",
    "operationId": "change_item_items__item_id__put",
    "parameters": [ITEM_ID, {"name": "dry", "in": "query", "required": False, "schema": DRY}],
    "requestBody": {"required": True, "content": {"application/json": {"schema": ITEM}}},
    "responses": {"200": CHANGED, "422": VALIDATED},
}


def test_a_whole_document():
    """One route: a path parameter, a query parameter, a body, an answer, and 422."""
    app: Any = App()

    @app.put("/items/{item_id}", tags=["items"])
    async def change_item(item_id: int, item: Item, dry: bool = False) -> Item:
        """Change an item."""
        return item

    made = document(app)
    schemas = made.pop("components")["schemas"]
    assert made == {
        "openapi": "3.1.0",
        "info": {"title": "Shop", "version": "1"},
        "paths": {"/items/{item_id}": {"put": CHANGE}},
    }
    assert schemas.pop("Item") == {
        "type": "object",
        "title": "Item",
        "properties": {"name": {"type": "string", "title": "Name"}},
        "required": ["name"],
    }
    assert {name: set(schema["properties"]) for name, schema in schemas.items()} == {
        "HTTPValidationError": {"detail"},
        "ValidationError": {"loc", "msg", "type", "input", "ctx"},
    }


def test_what_says_nothing_of_itself_is_left_out():
    """Raw handlers, routes of Starlette's kind, websockets, mounted apps, and what is hidden."""
    app: Any = App(routes=[Route("/route", PlainTextResponse("route")), Mount("/mount", app=App())])

    @app.get("/raw")
    async def raw(request):
        return PlainTextResponse("raw")

    @app.websocket("/socket")
    async def socket(websocket, q: str): ...

    @app.get("/hidden", include_in_schema=False)
    async def hidden(q: str): ...

    @app.get("/shown")
    async def shown(q: str): ...

    assert ids(app) == {"GET /shown": "shown_shown_get"}


def test_ids_are_made_of_name_path_and_method():
    """With the prefix of a router; convertors are no part of a path; HEAD comes with GET, and is not told."""
    app, router = App(), APIRouter(prefix="/files")

    @router.get("/{name:path}")
    async def read(name: str): ...

    @router.api_route("/{name}/both", methods=["POST", "DELETE", "HEAD"])
    async def both(name: str): ...

    app.include_router(router, prefix="/v1")
    assert ids(app) == {
        "GET /v1/files/{name}": "read_v1_files__name__get",
        "DELETE /v1/files/{name}/both": "both_v1_files__name__both_delete",
        "HEAD /v1/files/{name}/both": "both_v1_files__name__both_head",
        "POST /v1/files/{name}/both": "both_v1_files__name__both_post",
    }


def test_ids_may_be_given_or_made_otherwise():
    """By the route, or by a function of the route; where that has several methods, their names are added."""
    app: Any = App()

    def short(route):
        return f"do-{route.name}"

    @app.get("/a", operation_id="a-by-hand", generate_unique_id_function=short)
    async def a(q: str): ...

    @app.post("/b", generate_unique_id_function=short)
    async def b(q: str): ...

    @app.api_route("/c", methods=["POST", "PUT"], generate_unique_id_function=short)
    async def c(q: str): ...

    assert ids(app) == {"GET /a": "a-by-hand", "POST /b": "do-b", "POST /c": "do-c_post", "PUT /c": "do-c_put"}


def test_an_id_of_two_operations_is_refused():
    """Both are named, each with method, path, function and line: tools would make one function of them."""
    app: Any = App()

    @app.get("/one", operation_id="read")
    async def one(q: str): ...

    @app.get("/two", operation_id="read")
    async def two(q: str): ...

    line = one.__code__.co_firstlineno
    where = r"{}, {}\(\) in {}, line {}"
    first, second = where.format("GET /one", "one", HERE, line), where.format("GET /two", "two", HERE, line + 3)
    with pytest.raises(
        ValueError, match=f"^two operations have the id 'read': {first}; and {second}. Give one of them"
    ):
        document(app)


def test_one_id_for_two_methods_is_refused():
    """A route that answers two methods has two operations."""
    app: Any = App()

    @app.api_route("/one", methods=["POST", "PUT"], operation_id="write")
    async def one(q: str): ...

    with pytest.raises(ValueError, match=r"'write': POST /one, one\(\) .*; and PUT /one, one\(\) "):
        document(app)


def test_the_same_path_has_an_operation_for_each_method():
    """Routes that share a path share its place in the document."""
    app: Any = App()

    @app.get("/items")
    async def read(q: str): ...

    @app.post("/items")
    async def write(q: str): ...

    assert ids(app) == {"GET /items": "read_items_get", "POST /items": "write_items_post"}


def test_a_parameter_that_two_functions_read_stands_there_once():
    """The one that requires it is right; the handler's own come first."""
    app: Any = App()

    def paged(page: int = 1, size: int = 20):
        return page, size

    async def signed(x_sign: Annotated[str, Header()], page: int):
        return x_sign

    @app.get("/items", dependencies=[Depends(paged)])
    async def read(q: str, sign: Annotated[str, Depends(signed)], size: int = 3): ...

    parameters = document(app)["paths"]["/items"]["get"]["parameters"]
    assert [(p["in"], p["name"], p["required"]) for p in parameters] == [
        ("query", "q", True),
        ("query", "size", False),
        ("query", "page", True),
        ("header", "x-sign", True),
    ]


def test_hidden_parameters_are_validated_all_the_same():
    """They are not shown, and 422 is still an answer."""
    app: Any = App()

    @app.get("/items")
    async def read(secret: Annotated[int, Query(include_in_schema=False)] = 0): ...

    assert document(app)["paths"]["/items"]["get"]["responses"]["422"] == VALIDATED
    assert "parameters" not in document(app)["paths"]["/items"]["get"]


@pytest.mark.parametrize("status", [422, "4XX", "default", "4xx"])
def test_a_route_may_say_itself_what_it_answers_to_what_is_invalid(status):
    """Then the usual answer, and its models, are not there."""
    app: Any = App()

    @app.get("/items", responses={status: {"description": "Wrong"}})
    async def read(q: int): ...

    made = document(app)
    key = str(status).upper().replace("DEFAULT", "default")
    assert made["paths"]["/items"]["get"]["responses"][key] == {"description": "Wrong"}
    assert set(made["paths"]["/items"]["get"]["responses"]) == {"200", key}
    assert "components" not in made


def test_a_status_that_is_none_is_refused():
    """The document would be invalid."""
    app: Any = App()

    @app.get("/items", responses={"oops": {"description": "Oops"}})
    async def read(q: int): ...

    said = r"^/items: `responses` has 'oops', no status; write 404, '4XX' or 'default'$"
    with pytest.raises(ValueError, match=said):
        document(app)


def test_what_a_response_says_is_not_changed():
    """The dictionaries of a route are its own: documents are made of copies."""
    app: Any = App()
    said = {404: {"model": Item, "content": {"application/json": {"example": {"name": "no"}}}}}

    @app.get("/items", responses=said, openapi_extra={"responses": {"404": {"x-note": "n"}}})
    async def read(q: int): ...

    found = document(app)["paths"]["/items"]["get"]["responses"]["404"]
    assert found == {
        "description": "Not Found",
        "content": {"application/json": {"example": {"name": "no"}, "schema": {"$ref": "#/components/schemas/Item"}}},
        "x-note": "n",
    }
    assert said == {404: {"model": Item, "content": {"application/json": {"example": {"name": "no"}}}}}


def test_a_description_ends_at_a_form_feed():
    """What stands behind it in a docstring is for those who read the source."""
    app: Any = App()

    @app.get("/items")
    async def read(q: int):
        """For clients.\fFor colleagues."""

    assert document(app)["paths"]["/items"]["get"]["description"] == "For clients."


def test_of_two_routes_for_one_request_the_first_is_shown():
    """It is the one that answers."""
    app: Any = App()

    @app.get("/items/{a}")
    async def first(a: int): ...

    @app.get("/items/{a}")
    async def second(a: int): ...

    assert ids(app) == {"GET /items/{a}": "first_items__a__get"}


def test_a_type_that_has_no_schema_is_named():
    """pydantic can check it, and JSON Schema has no word for it."""
    app: Any = App()

    @app.post("/items")
    async def call(item: Item, back: Annotated[Callable[[int], int], Body()]): ...

    said = rf"^/items, call\(\) in {HERE}, line \d+: 'Body Call Items Post' has no JSON schema: Cannot generate "
    with pytest.raises(ValueError, match=said):
        document(app)


def test_models_called_as_those_of_a_422_are_refused():
    """Else one of them would describe the other."""
    app: Any = App()

    class ValidationError(BaseModel):
        why: str

    @app.get("/items")
    async def read(q: int) -> ValidationError:
        return ValidationError(why="")

    said = "^the models of a 422 are called ValidationError: give yours another name$"
    with pytest.raises(ValueError, match=said):
        document(app)


def test_security_schemes_of_one_name_must_say_the_same():
    """Equal ones are one; of two that differ, a client could use only one."""
    app: Any = App()

    @app.get("/a", dependencies=[Depends(APIKeyHeader(name="x-a")), Depends(APIKeyHeader(name="x-a"))])
    async def a(): ...

    made = document(app)
    assert made["components"]["securitySchemes"] == {"APIKeyHeader": {"type": "apiKey", "in": "header", "name": "x-a"}}
    assert made["paths"]["/a"]["get"]["security"] == [{"APIKeyHeader": []}]

    @app.get("/b", dependencies=[Depends(APIKeyHeader(name="x-b"))])
    async def b(): ...

    with pytest.raises(ValueError, match=r"^two security schemes are called 'APIKeyHeader': .*; give one another `sch"):
        document(app)


def test_a_scheme_stands_once_with_the_scopes_of_all_who_ask_for_it():
    """In the order in which they are asked, each once."""
    app: Any = App()
    scheme = OAuth2PasswordBearer(tokenUrl="token", scopes={"a": "A", "b": "B"})

    async def user(token: Annotated[str, Security(scheme, scopes=["a", "b"])]):
        return token

    @app.get("/items", dependencies=[Security(scheme, scopes=["a"])])
    async def read(user: Annotated[str, Depends(user)]): ...

    assert document(app)["paths"]["/items"]["get"]["security"] == [{"OAuth2PasswordBearer": ["a", "b"]}]


def test_models_of_one_name_are_told_apart():
    """By the module that each is from, as pydantic does."""

    def of(module, kind):
        return type(
            "Item", (BaseModel,), {"__module__": module, "__qualname__": "Item", "__annotations__": {"v": kind}}
        )

    app: Any = App()
    first, second = of("shop.a", int), of("shop.b", str)

    @app.post("/items")
    async def both(a: Annotated[first, Body()], b: Annotated[second, Body()]): ...  # type: ignore[valid-type]

    names = [name for name in document(app)["components"]["schemas"] if "Item" in name]
    assert names == ["shop__a__Item", "shop__b__Item"]


def test_the_docs_of_an_app_are_those_of_its_routes_now():
    """A route that comes later is in the next document."""
    app: Any = App()
    add_docs(app, title="Shop")

    @app.get("/one")
    async def one(q: str): ...

    assert list(app.openapi()["paths"]) == ["/one"]

    @app.get("/two")
    async def two(q: str): ...

    assert list(app.openapi()["paths"]) == ["/one", "/two"]
