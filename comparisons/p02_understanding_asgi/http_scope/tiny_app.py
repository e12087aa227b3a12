import asyncio
from collections.abc import AsyncIterator

from rawasgi.tiny.app import App, Request, Response

app = App()
PLAIN = {"content-type": "text/plain; charset=utf-8"}


@app.get("/request/{segment}")
@app.route("/request/{segment}", "OPTIONS")
async def describe(request: Request) -> Response:  # [1]
    scope, q = request.scope, [request.query["q"]] if "q" in request.query else None
    x = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"] if name[:1] == b"x"]
    line = f"{request.method} HTTP/{scope['http_version']} path {request.path!a} raw_path {scope['raw_path']}"
    return Response(f"{line}\nquery {scope['query_string']} q {q!a} x {x!a}")


@app.post("/body")
async def body(request: Request) -> Response:
    print("reading", flush=True)
    try:
        size = len(await request.body())  # [2]
    except ConnectionError:
        print("torn", flush=True)
        raise
    print("whole", flush=True)
    return Response(f"{size} bytes")


@app.post("/json")
async def json(request: Request) -> Response:
    return Response(f"n is {(await request.json())['n']}")


@app.post("/early")
async def early(request: Request) -> Response:
    return Response("too large", 413)  # [3]


@app.get("/cookies")
async def cookies(request: Request) -> Response:
    return Response("two cookies", headers={"set-cookie": "a=1; Path=/"} | {"set-cookie": "b=2; Path=/"})


@app.get("/stream")
async def stream(request: Request) -> Response:
    return Response(pieces("fails" in request.query), headers=PLAIN)


async def pieces(fails: bool) -> AsyncIterator[bytes]:  # [4]
    yield b"one"
    if fails:
        raise RuntimeError("after the start")
    yield b"two"


@app.get("/waits")
async def waits(request: Request) -> Response:
    await until_disconnect(request)
    return Response("for nobody")


@app.get("/ticks")
async def ticks(request: Request) -> Response:
    async def endless() -> AsyncIterator[bytes]:
        gone = asyncio.create_task(until_disconnect(request))
        while not gone.done():
            yield b"tick"
            await asyncio.sleep(0.01)

    return Response(endless(), headers=PLAIN)


async def until_disconnect(request: Request) -> None:  # [5]
    print("waiting", flush=True)
    while (await request.receive_message())["type"] != "http.disconnect":
        pass
    print("client gone", flush=True)
