import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from rawasgi import App, PlainTextResponse, Request, StreamingResponse

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


app = App(lifespan=lifespan)


@app.get("/ping")
async def ping(request: Request) -> PlainTextResponse:
    pinged.set()
    return PlainTextResponse(say("pong"))


@app.get("/waits/{seconds:float}")
async def waits(request: Request) -> PlainTextResponse:
    say("waits")
    pinged.clear()
    await asyncio.wait_for(pinged.wait(), request.path_params["seconds"])  # [2]
    return PlainTextResponse(say("heard the ping"))


@app.get("/loop/{kind}")
async def loop(request: Request) -> PlainTextResponse:
    return PlainTextResponse(work(request.path_params["kind"]))  # [3]


@app.get("/thread/{kind}")
def thread(request: Request) -> PlainTextResponse:  # [4]
    return PlainTextResponse(work(request.path_params["kind"]))


@app.get("/stream/{where}")
async def stream(request: Request) -> StreamingResponse:
    pieces = from_a_thread() if request.path_params["where"] == "thread" else on_the_loop()
    return StreamingResponse(pieces, media_type="text/plain")


async def on_the_loop() -> AsyncIterator[str]:  # [5]
    yield "one"
    yield work("blocks")


def from_a_thread() -> Iterator[str]:
    yield "one"
    yield work("blocks")
