from collections.abc import Awaitable, Callable
from typing import Any

Scope = dict[str, Any]
Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]


class HTTPError(Exception): ...


class SoldOut(LookupError): ...


async def app(scope: Scope, receive: Any, send: Send) -> None:
    if scope["type"] != "http":
        raise NotImplementedError(f"no {scope['type']} here")
    started = False

    async def send_outside(message: Message) -> None:
        await send(named(message, b"outside"))

    async def send_inside(message: Message) -> None:
        nonlocal started
        started = True
        await send_outside(named(message, b"inside"))

    try:
        try:
            await shop(scope, send_inside)
        except HTTPError as error:  # [2]
            status, detail, *headers = error.args
            await answer(send_inside, status, f"{status} {detail}", *headers)
        except LookupError as error:  # [3]
            await answer(send_inside, 409, f"sorry, no {error}")
        except Exception as error:
            print(f"inside hears {type(error).__name__}", flush=True)  # [4]
            raise
    except Exception as error:  # [5]
        if not started:
            print("handler for Exception", flush=True)
            await answer(send_outside, 500, "our fault")
        print(f"outside hears {type(error).__name__}", flush=True)
        raise


async def shop(scope: Scope, send: Send) -> None:
    match scope["method"], scope["path"]:
        case "GET" | "HEAD", "/tea":
            raise HTTPError(503, "no water", (b"retry-after", b"60"))  # [1]
        case "GET", "/coffee":
            raise SoldOut("coffee")
        case "GET", "/torn" | "/short" as path:
            length = [(b"content-length", b"10")] if path == "/short" else []
            await send({"type": "http.response.start", "status": 200, "headers": length})
            await send({"type": "http.response.body", "body": b"one", "more_body": True})
            raise RuntimeError("after the start")  # [6]
        case "GET", "/later":
            await answer(send, 200, "thanks")
            raise RuntimeError("after the end")  # [7]
        case "GET", "/share":
            if not (among := scope["query_string"].removeprefix(b"among=")).isdigit():
                raise HTTPError(422, "among: not a number")
            await answer(send, 200, f"{6 // int(among)} for each")
        case _, "/tea":
            raise HTTPError(405, "Method Not Allowed", (b"allow", b"GET, HEAD"))
        case _:
            raise HTTPError(404, "Not Found")


def named(message: Message, name: bytes) -> Message:
    if message["type"] != "http.response.start":
        return message
    return {**message, "headers": [*message["headers"], (b"x-layer", name)]}


async def answer(send: Send, status: int, text: str, *headers: tuple[bytes, bytes]) -> None:
    about = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(text))]
    await send({"type": "http.response.start", "status": status, "headers": [*about, *headers]})
    await send({"type": "http.response.body", "body": text.encode()})
