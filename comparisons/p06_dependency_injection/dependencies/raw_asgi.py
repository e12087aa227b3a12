from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from comparisons.p06_dependency_injection.dependencies.store import PRICES, Connection, HTTPError, answer, say, states
from comparisons.p06_dependency_injection.dependencies.watch import watched

Scope = dict[str, Any]
settings = {"database": "disk"}


@asynccontextmanager
async def connect() -> AsyncIterator[Connection]:  # [1]
    db = Connection(settings["database"])
    try:
        yield db
    except KeyError as error:
        raise HTTPError(404, {"detail": f"no {error}"}) from error  # [5]
    finally:
        db.close()  # [4]


@asynccontextmanager
async def transaction(db: Connection, scope: Scope) -> AsyncIterator[None]:  # [2]
    try:
        yield
    except Exception:
        db.roll_back()
        raise
    db.commit(scope["query_string"] == b"fails=true")


def order(db: Connection, scope: Scope, item: str) -> str:
    if (name := dict(scope["headers"]).get(b"name")) is None:
        missing = {"type": "missing", "loc": ["header", "name"], "msg": "Field required", "input": None}
        raise HTTPError(422, {"detail": [missing]})
    return f"{name.decode()} pays {PRICES[item]}, says the {db.where}"


async def shop(scope: Scope, send: Any) -> None:
    match scope["method"], *scope["path"].split("/")[1:]:
        case "POST", "early", item:
            async with connect() as db:
                async with transaction(db, scope):
                    text = order(db, scope, item)
                await answer(send, 200, text)
                say("mail")
        case "POST", "late", item:
            async with connect() as db, transaction(db, scope):
                await answer(send, 200, order(db, scope, item))
                say("mail")
        case "GET" | "HEAD", "same":
            async with connect() as db, connect() as other:
                again = db  # [3]
                await answer(send, 200, f"{db is again}, {db is other}")
        case "GET", "rows", count:
            async with connect() as db:
                await answer(send, 200, states(db, int(count)))
        case "PUT", "database":
            settings["database"] = "memory"  # [6]
            await answer(send, 200, "replaced")
        case _:
            await answer(send, 405, "Method Not Allowed", (b"allow", b"POST"))


@watched
async def app(scope: Scope, receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        raise NotImplementedError(f"no {scope['type']} here")
    try:
        await shop(scope, send)
    except HTTPError as error:
        await answer(send, *error.args)
