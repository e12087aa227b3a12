import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

PRICES = {"tea": 2}


def say(line: str) -> None:
    print(line, flush=True)


class Connection:
    def __init__(self, where: str) -> None:
        self.where, self.state = where, "open"
        say("open")

    def commit(self, fails: bool) -> None:
        if fails:
            raise RuntimeError("disk full")
        say("commit")

    def roll_back(self) -> None:
        say("undo")

    def close(self) -> None:
        self.state = "closed"
        say("close")


async def states(db: Connection, count: int) -> AsyncIterator[str]:
    for _ in range(count):
        yield f"{db.state} "
        await asyncio.sleep(0.01)


def states_blocking(db: Connection, count: int) -> Iterator[str]:
    for _ in range(count):
        yield f"{db.state} "
        time.sleep(0.01)


class HTTPError(Exception): ...


async def answer(send: Any, status: int, content: Any, *headers: tuple[bytes, bytes]) -> None:
    kind = b"application/json" if isinstance(content, dict) else b"text/plain; charset=utf-8"
    headers = ((b"content-type", kind), *headers)
    if isinstance(content, AsyncIterator):
        await send({"type": "http.response.start", "status": status, "headers": headers})
        async for piece in content:
            await send({"type": "http.response.body", "body": piece.encode(), "more_body": True})
        await send({"type": "http.response.body"})
        return
    body = (content if isinstance(content, str) else json.dumps(content, separators=(",", ":"))).encode()
    headers = (*headers, (b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
