"""Routes that answer in every way, in the words that rawasgi and FastAPI share."""

import datetime
import decimal
import uuid
from collections.abc import AsyncIterable, Iterator
from typing import Annotated

from tests.wire.typed_models import Aliased, Item, Maker, Out

# The types of the parameters are taken from a kit, which no type checker can see through.
# mypy: disable-error-code="name-defined, valid-type, misc, call-arg"


def add_answers(kit, app):
    """What is returned."""
    made = Out(name="n", listed=[1, 2])

    @app.get("/out")
    async def out() -> Out:
        return made

    @app.get("/filtered", response_model=Maker)
    async def filtered():
        return {"name": "made", "secret": 1}

    @app.get("/included", response_model=Out, response_model_include={"name", "none"})
    async def included():
        return made

    @app.get("/excluded", response_model=Out, response_model_exclude={"secret"}, response_model_exclude_none=True)
    async def excluded():
        return made

    @app.get("/unset", response_model=Out, response_model_exclude_unset=True)
    async def unset():
        return made

    @app.get("/defaults", response_model=list[Out], response_model_exclude_defaults=True)
    def defaults():
        return [made, {"name": "other"}]

    @app.get("/by-name", response_model=Aliased, response_model_by_alias=False)
    async def by_name():
        return Aliased(itemId=1)

    @app.get("/wrong", response_model=Maker)
    async def wrong():
        return {"name": 1}


def add_classes(kit, app):
    """Statuses, response classes, and what is no model."""

    @app.get("/created", status_code=201)
    async def created():
        return {"when": datetime.date(2026, 1, 2), "money": decimal.Decimal("1.5"), "key": uuid.UUID(int=1), "s": {1}}

    @app.get("/nothing", status_code=204)
    async def nothing() -> None: ...

    @app.get("/null")
    async def null():
        return None

    @app.get("/text")
    def text():
        return "täxt"

    @app.get("/html", response_class=kit.HTMLResponse)
    async def html():
        return "<p>"

    @app.get("/plain", response_class=kit.PlainTextResponse, status_code=202)
    async def plain(response: kit.Response):
        response.set_cookie("a", "b")
        return "plain"

    @app.get("/redirect", response_class=kit.RedirectResponse)
    async def redirect():
        return "/null"

    @app.get("/response")
    async def response(response: kit.Response) -> kit.Response:
        response.headers["x-lost"] = "1"
        return kit.PlainTextResponse("mine", 299)


def add_streams(kit, app):
    """Generators."""

    @app.get("/bytes", response_class=kit.StreamingResponse)
    async def pieces():
        yield b"a"
        yield "b"

    @app.get("/letters", response_class=kit.StreamingResponse)
    def letters(word: str):
        yield from word

    @app.get("/lines")
    async def lines():
        yield {"a": 1, "b": [1, "ä"]}
        yield Item(name="a", price=1)

    @app.get("/items")
    async def items() -> AsyncIterable[Maker]:
        yield {"name": "ab", "more": 1}
        yield Maker(name="cd")

    @app.get("/numbers")
    def numbers(count: int) -> Iterator[int]:
        yield from range(count)

    @app.get("/events", response_class=kit.EventSourceResponse)
    async def events() -> AsyncIterable[Maker]:
        yield Maker(name="ab")
        yield {"name": "cd"}

    @app.get("/told", response_class=kit.EventSourceResponse)
    async def told():
        yield kit.ServerSentEvent(data=Maker(name="ab"), event="made", id="1")
        yield kit.ServerSentEvent(raw_data="raw", retry=5)
        yield kit.ServerSentEvent(comment="silence")


def add_sockets(kit, app, log):
    """Websockets, with parameters and dependencies."""

    async def opened(n: int = 1):
        log.append("open")
        yield n
        log.append("close")

    @app.websocket("/socket/{room}")
    async def socket(
        websocket: kit.WebSocket,
        room: str,
        n: Annotated[int, kit.Depends(opened)],
        token: Annotated[str | None, kit.Header()] = None,
    ):
        await websocket.accept()
        await websocket.send_json([room, n, token])
        log.append(await websocket.receive_text())
        await websocket.close()

    @app.websocket("/guarded")
    async def guarded(websocket: kit.WebSocket, session: Annotated[str, kit.Cookie()]):
        await websocket.accept()
