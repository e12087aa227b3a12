import asyncio
from collections.abc import AsyncIterator

from rawasgi import App, ClientDisconnect, PlainTextResponse, Request, StreamingResponse

app = App()


@app.api_route("/request/{rest:path}", methods=["GET", "HEAD", "OPTIONS"])
async def describe(request: Request) -> PlainTextResponse:  # [1]
    scope, x = request.scope, [pair for pair in request.headers.items() if pair[0].startswith("x")]
    line = f"{request.method} HTTP/{scope['http_version']} path {scope['path']!a} raw_path {scope['raw_path']}"
    q = request.query_params.getlist("q") or None
    return PlainTextResponse(f"{line}\nquery {scope['query_string']} q {q!a} x {x!a}")


@app.post("/body")
async def body(request: Request) -> PlainTextResponse:
    print("reading", flush=True)
    try:
        size = sum([len(piece) async for piece in request.stream()])  # [2]
    except ClientDisconnect:
        print("torn", flush=True)
        raise
    print("whole", flush=True)
    return PlainTextResponse(f"{size} bytes")


@app.post("/json")
async def json(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"n is {(await request.json())['n']}")


@app.post("/early")
async def early(request: Request) -> PlainTextResponse:
    return PlainTextResponse("too large", 413)  # [3]


@app.get("/cookies")
async def cookies(request: Request) -> PlainTextResponse:
    response = PlainTextResponse("two cookies")
    response.set_cookie("a", "1", samesite=None)
    response.set_cookie("b", "2", samesite=None)
    return response


@app.get("/stream")
async def stream(request: Request) -> StreamingResponse:
    return StreamingResponse(pieces("fails" in request.query_params), media_type="text/plain")


async def pieces(fails: bool) -> AsyncIterator[str]:  # [4]
    yield "one"
    if fails:
        raise RuntimeError("after the start")
    yield "two"


@app.get("/waits")
async def waits(request: Request) -> PlainTextResponse:
    print("waiting", flush=True)
    while not await request.is_disconnected():  # [5]  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    print("client gone", flush=True)
    return PlainTextResponse("for nobody")


@app.get("/ticks")
async def ticks(request: Request) -> StreamingResponse:
    async def endless() -> AsyncIterator[str]:
        print("waiting", flush=True)
        try:
            while True:
                yield "tick"
                await asyncio.sleep(0.01)
        finally:
            print("client gone", flush=True)

    return StreamingResponse(endless(), media_type="text/plain")
