import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from urllib.parse import parse_qs

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
MISSING = object()


class Item(BaseModel):  # [1]
    name: str = Field(min_length=1)
    price: float = Field(gt=0)
    tags: list[str] = []


NUMBER, TIMES, ITEM = TypeAdapter(int), TypeAdapter(Annotated[int, Field(ge=1)]), TypeAdapter(Item)


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != "http":
        raise NotImplementedError(f"no {scope['type']} here")
    body, more = b"", scope["method"] == "PUT"
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    if scope["method"] == "PUT":
        await answer(send, *put_item(scope, body))
    else:
        await answer(send, 405, "Method Not Allowed", (b"allow", b"PUT"))


def put_item(scope: Scope, body: bytes) -> tuple[int, Any]:
    try:
        content = parse(dict(scope["headers"]).get(b"content-type"), body) if body else MISSING
    except ValueError as error:
        place, why = ["body", getattr(error, "pos", 0)], {"error": getattr(error, "msg", str(error))}
        malformed = {"type": "json_invalid", "loc": place, "msg": "JSON decode error", "input": {}, "ctx": why}
        return 422, {"detail": [malformed]}
    errors: list[Any] = []
    item_id = read(NUMBER, scope["path"].removeprefix("/items/"), errors, "path", "item_id")  # [2]
    query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)  # [3]
    times = read(TIMES, query.get("times", ["1"])[-1], errors, "query", "times")
    item = read(ITEM, content, errors, "body")  # [4]
    if errors:
        return 422, {"detail": errors}  # [5]
    return 200, {"id": item_id, "times": times, **item.model_dump()}


def parse(kind: bytes | None, body: bytes) -> Any:
    try:
        return json.loads(body, parse_constant=refuse) if kind == b"application/json" else body.decode("latin-1")
    except RecursionError:
        raise ValueError("nested too deep") from None


def refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON number")


def read(adapter: TypeAdapter[Any], value: Any, errors: list[Any], *place: str) -> Any:
    try:
        if value is MISSING:
            errors.append({"type": "missing", "loc": place, "msg": "Field required", "input": None})
        else:
            return adapter.validate_python(value, from_attributes=True)
    except ValidationError as error:
        errors.extend({**line, "loc": [*place, *line["loc"]]} for line in error.errors(include_url=False))


async def answer(send: Send, status: int, content: Any, *headers: tuple[bytes, bytes]) -> None:
    plain = isinstance(content, str)
    body = (content if plain else json.dumps(content, separators=(",", ":"))).encode()
    kind = b"text/plain; charset=utf-8" if plain else b"application/json"
    framed = [(b"content-type", kind), (b"content-length", b"%d" % len(body)), *headers]
    await send({"type": "http.response.start", "status": status, "headers": framed})
    await send({"type": "http.response.body", "body": body})
