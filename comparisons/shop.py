"""A request in -> what a shop written in FastAPI answers, out.

It is there to be x-rayed: an ordinary app, with three ordinary mistakes.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import ContextVar
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Request, Response

app = FastAPI()
sold = ContextVar("sold", default="nothing")


@app.middleware("http")
async def stamp(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Say in a header what was sold."""
    response = await call_next(request)
    response.headers["x-sold"] = sold.get()
    return response


def prices() -> dict[int, str]:
    """What things cost."""
    return {7: "9.90"}


async def till(prices: Annotated[dict[int, str], Depends(prices)]) -> AsyncIterator[list[str]]:
    """A till that is closed in the end."""
    yield [*prices.values()]


@app.get("/items/{number}")
async def item(
    number: int,
    request: Request,
    prices: Annotated[dict[int, str], Depends(prices)],
    till: Annotated[list[str], Depends(till)],
) -> dict[str, str]:
    """Sell one thing, to whoever is still there."""
    if number not in prices or await request.is_disconnected():
        raise HTTPException(404)
    sold.set(f"item {number}")
    return {"price": prices[number]}
