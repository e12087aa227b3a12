import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rawasgi.tiny.app import App, Request, Response

pulse, pinged = threading.Event(), asyncio.Event()


@asynccontextmanager
async def lifespan(app: App) -> AsyncIterator[None]:
    async def heart() -> None:  # [1]
        while True:
            pulse.set()
            await asyncio.sleep(0.01)

    beating = asyncio.create_task(heart())
    try:
        yield
    finally:
        beating.cancel()


def say(word: str) -> str:
    print(word, flush=True)
    return word


def work(kind: str) -> str:
    say(kind)
    pulse.clear()
    if kind == "computes":
        sum(number * number for number in range(1_000_000))
    else:
        pulse.wait(0.4)
    return say("steady" if pulse.is_set() else "froze")


app = App(lifespan)


@app.get("/ping")
async def ping(request: Request) -> Response:
    pinged.set()
    return Response(say("pong"))


@app.get("/waits/{seconds}")
async def waits(request: Request) -> Response:
    say("waits")
    pinged.clear()
    await asyncio.wait_for(pinged.wait(), float(request.path_params["seconds"]))  # [2]
    return Response(say("heard the ping"))


@app.get("/loop/{kind}")
async def loop(request: Request) -> Response:
    return Response(work(request.path_params["kind"]))  # [3]


@app.get("/thread/{kind}")
async def thread(request: Request) -> Response:
    return Response(await asyncio.to_thread(work, request.path_params["kind"]))  # [4]


@app.get("/stream/{where}")
async def stream(request: Request) -> Response:
    pieces = from_a_thread() if request.path_params["where"] == "thread" else on_the_loop()
    return Response(pieces, headers={"content-type": "text/plain; charset=utf-8"})


async def on_the_loop() -> AsyncIterator[bytes]:  # [5]
    yield b"one"
    yield work("blocks").encode()


async def from_a_thread() -> AsyncIterator[bytes]:
    yield b"one"
    yield (await asyncio.to_thread(work, "blocks")).encode()
