import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
TEXT = (b"content-type", b"text/plain; charset=utf-8")
START = {"type": "http.response.start", "status": 200, "headers": [TEXT]}
MORE = {"type": "http.response.body", "more_body": True}


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != "http":
        raise NotImplementedError(f"no {scope['type']} here")
    match scope["path"].split("/")[1]:
        case "request":
            await answer(send, 200, describe(scope))
        case "body":
            await answer(send, 200, f"{len(await read(receive))} bytes")
        case "json":
            try:
                await answer(send, 200, f"n is {json.loads(await read(receive))['n']}")
            except ValueError:
                await answer(send, 400, "Malformed JSON")
        case "early":
            await answer(send, 413, "too large")
        case "cookies":
            await answer(send, 200, "two cookies", (b"set-cookie", b"a=1; Path=/"), (b"set-cookie", b"b=2; Path=/"))
        case "stream":
            await send(START)  # [4]
            await send({**MORE, "body": b"one"})
            if scope["query_string"] == b"fails=yes":
                raise RuntimeError("after the start")
            await send({"type": "http.response.body", "body": b"two"})
        case "waits":
            await until_disconnect(receive)
        case "ticks":
            gone = asyncio.create_task(until_disconnect(receive))
            await send(START)
            while not gone.done():
                await send({**MORE, "body": b"tick"})
                await asyncio.sleep(0.01)
        case _:
            await answer(send, 404, "Not Found")


def describe(scope: Scope) -> str:  # [1]
    x = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"] if name[:1] == b"x"]
    query = scope["query_string"]
    line = f"{scope['method']} HTTP/{scope['http_version']} path {scope['path']!a} raw_path {scope['raw_path']}"
    return f"{line}\nquery {query} q {parse_qs(query.decode('latin-1')).get('q')!a} x {x!a}"


async def read(receive: Receive) -> bytes:  # [2]
    print("reading", flush=True)
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            print("torn", flush=True)
            raise ConnectionError("the client left before its body was complete")
        body, more = body + message.get("body", b""), message.get("more_body", False)
    print("whole", flush=True)
    return body


async def answer(send: Send, status: int, text: str, *headers: tuple[bytes, bytes]) -> None:  # [3]
    body = text.encode()
    await send({**START, "status": status, "headers": [TEXT, (b"content-length", b"%d" % len(body)), *headers]})
    await send({"type": "http.response.body", "body": body})


async def until_disconnect(receive: Receive) -> None:  # [5]
    print("waiting", flush=True)
    while (await receive())["type"] != "http.disconnect":
        pass
    print("client gone", flush=True)
