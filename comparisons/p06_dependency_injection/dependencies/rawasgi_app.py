from collections.abc import AsyncIterator
from typing import Annotated

from comparisons.p06_dependency_injection.dependencies.store import PRICES, Connection, say, states
from comparisons.p06_dependency_injection.dependencies.watch import watched
from rawasgi import App, BackgroundTasks, Depends, Header, HTTPException, PlainTextResponse, StreamingResponse

shop = App(default_response_class=PlainTextResponse)
app = watched(shop)


async def database() -> str:
    return "disk"


async def connect(database: Annotated[str, Depends(database)]) -> AsyncIterator[Connection]:  # [1]
    db = Connection(database)
    try:
        yield db
    except KeyError as error:
        raise HTTPException(404, f"no {error}") from error  # [5]
    finally:
        db.close()  # [4]


Db = Annotated[Connection, Depends(connect)]


async def transaction(db: Db, fails: bool = False) -> AsyncIterator[None]:  # [2]
    try:
        yield
    except Exception:
        db.roll_back()
        raise
    db.commit(fails)


async def customer(db: Db, name: Annotated[str, Header()]) -> str:
    return name


@shop.post("/early/{item}", dependencies=[Depends(transaction, scope="function")])
@shop.post("/late/{item}", dependencies=[Depends(transaction)])
async def order(item: str, db: Db, customer: Annotated[str, Depends(customer)], tasks: BackgroundTasks) -> str:
    tasks.add_task(say, "mail")
    return f"{customer} pays {PRICES[item]}, says the {db.where}"


@shop.get("/same")
async def same(db: Db, again: Db, other: Annotated[Connection, Depends(connect, use_cache=False)]) -> str:  # [3]
    return f"{db is again}, {db is other}"


@shop.get("/rows/{count}")
async def rows(count: int, db: Db) -> StreamingResponse:
    return StreamingResponse(states(db, count), media_type="text/plain")


@shop.put("/database")
async def replace() -> str:
    shop.dependency_overrides[database] = lambda: "memory"  # [6]
    return "replaced"
