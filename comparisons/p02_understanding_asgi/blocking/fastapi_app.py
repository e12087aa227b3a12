import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse, StreamingResponse

pulse, pinged = threading.Event(), asyncio.Event()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
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


app = FastAPI(default_response_class=PlainTextResponse, lifespan=lifespan)


@app.get("/ping")
async def ping() -> str:
    pinged.set()
    return say("pong")


@app.get("/waits/{seconds}")
async def waits(seconds: float) -> str:
    say("waits")
    pinged.clear()
    await asyncio.wait_for(pinged.wait(), seconds)  # [2]
    return say("heard the ping")


@app.get("/loop/{kind}")
async def loop(kind: str) -> str:
    return work(kind)  # [3]


@app.get("/thread/{kind}")
def thread(kind: str) -> str:  # [4]
    return work(kind)


@app.get("/stream/{where}")
async def stream(where: str) -> StreamingResponse:
    return StreamingResponse(from_a_thread() if where == "thread" else on_the_loop(), media_type="text/plain")


async def on_the_loop() -> AsyncIterator[str]:  # [5]
    yield "one"
    yield work("blocks")


def from_a_thread() -> Iterator[str]:
    yield "one"
    yield work("blocks")
