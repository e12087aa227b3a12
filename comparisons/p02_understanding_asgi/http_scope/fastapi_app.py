import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import FastAPI, Query, Request, Response
from fastapi.responses import PlainTextResponse, StreamingResponse
from starlette.requests import ClientDisconnect

app = FastAPI(default_response_class=PlainTextResponse)


@app.api_route("/request/{rest:path}", methods=["GET", "HEAD", "OPTIONS"])
async def describe(request: Request, q: Annotated[list[str] | None, Query()] = None) -> str:  # [1]
    scope, x = request.scope, [pair for pair in request.headers.items() if pair[0].startswith("x")]
    line = f"{request.method} HTTP/{scope['http_version']} path {scope['path']!a} raw_path {scope['raw_path']}"
    return f"{line}\nquery {scope['query_string']} q {q!a} x {x!a}"


@app.post("/body")
async def body(request: Request) -> str:
    print("reading", flush=True)
    try:
        size = sum([len(piece) async for piece in request.stream()])  # [2]
    except ClientDisconnect:
        print("torn", flush=True)
        raise
    print("whole", flush=True)
    return f"{size} bytes"


@app.post("/json")
async def json(message: dict[str, int]) -> str:
    return f"n is {message['n']}"


@app.post("/early", status_code=413)
async def early() -> str:
    return "too large"  # [3]


@app.get("/cookies")
async def cookies(response: Response) -> str:
    response.set_cookie("a", "1", samesite=None)
    response.set_cookie("b", "2", samesite=None)
    return "two cookies"


@app.get("/stream")
async def stream(fails: bool = False) -> StreamingResponse:
    return StreamingResponse(pieces(fails), media_type="text/plain")


async def pieces(fails: bool) -> AsyncIterator[str]:  # [4]
    yield "one"
    if fails:
        raise RuntimeError("after the start")
    yield "two"


@app.get("/waits")
async def waits(request: Request) -> None:
    print("waiting", flush=True)
    while not await request.is_disconnected():  # [5]  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    print("client gone", flush=True)


@app.get("/ticks")
async def ticks() -> StreamingResponse:
    async def endless() -> AsyncIterator[str]:
        print("waiting", flush=True)
        try:
            while True:
                yield "tick"
                await asyncio.sleep(0.01)
        finally:
            print("client gone", flush=True)

    return StreamingResponse(endless(), media_type="text/plain")
