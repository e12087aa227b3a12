import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
TEXT = (b"content-type", b"text/plain; charset=utf-8")
pulse, pinged = threading.Event(), asyncio.Event()


async def heart() -> None:  # [1]
    while True:
        pulse.set()
        await asyncio.sleep(0.01)


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


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    match scope["type"], scope.get("path", "").split("/")[1:]:
        case "lifespan", _:
            await live(receive, send)
        case "http", ["ping"]:
            pinged.set()
            await answer(send, say("pong"))
        case "http", ["waits", seconds]:
            say("waits")
            pinged.clear()
            await asyncio.wait_for(pinged.wait(), float(seconds))  # [2]
            await answer(send, say("heard the ping"))
        case "http", ["loop", kind]:
            await answer(send, work(kind))  # [3]
        case "http", ["thread", kind]:
            await answer(send, await asyncio.to_thread(work, kind))  # [4]
        case "http", ["stream", where]:
            await send({"type": "http.response.start", "status": 200, "headers": [TEXT]})
            await send({"type": "http.response.body", "body": b"one", "more_body": True})
            felt = await asyncio.to_thread(work, "blocks") if where == "thread" else work("blocks")  # [5]
            await send({"type": "http.response.body", "body": felt.encode()})
        case _:
            await answer(send, "Not Found", 404)


async def live(receive: Receive, send: Send) -> None:
    await receive()
    beating = asyncio.create_task(heart())
    try:
        await send({"type": "lifespan.startup.complete"})
        await receive()
    finally:
        beating.cancel()
    await send({"type": "lifespan.shutdown.complete"})


async def answer(send: Send, text: str, status: int = 200) -> None:
    headers = [TEXT, (b"content-length", b"%d" % len(text))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})
