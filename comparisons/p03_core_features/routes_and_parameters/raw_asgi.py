import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, quote
from uuid import UUID

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


def show(scope: Scope, value: Any) -> tuple[int, str]:
    return 200, f"{type(value).__name__} {value}"


def search(scope: Scope) -> tuple[int, str]:
    query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)  # [3]
    try:
        limit = int(query.get("limit", ["10"])[-1])
    except ValueError:
        return 400, "limit is no number"
    return 200, f"tags {query.get('tag', [])}, limit {limit}"


def verb(scope: Scope) -> tuple[int, str]:
    return 200, scope["method"]


def link(scope: Scope) -> tuple[int, str]:
    return 200, "/str/" + quote("why?")  # [5]


def where(scope: Scope) -> tuple[int, str]:
    return 200, f"{scope['root_path']!r} {scope['path']!r}"


READ = {"GET", "HEAD"}
ROUTES: list[tuple[str, set[str], Callable[..., tuple[int, str]]]] = [
    ("/str/(?P<str>[^/]+)", READ, show),
    ("/str/new", READ, lambda scope: (200, "the form")),
    ("/int/(?P<int>[0-9]+)", READ, show),
    (r"/float/(?P<float>[0-9]+(\.[0-9]+)?)", READ, show),
    ("/uuid/(?P<uuid>[0-9a-fA-F-]{36})", READ, show),
    ("/path/(?P<str>.*)", READ, show),
    ("/search/", READ, search),
    ("/verbs", {*READ, "POST", "PUT", "PATCH", "DELETE"}, verb),
    ("/link", READ, link),
]
CONVERT = {"str": str, "int": int, "float": float, "uuid": UUID}


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != "http":
        raise NotImplementedError(f"no {scope['type']} here")
    if scope["path"].startswith("/below/"):  # [6]
        await respond(send, *where({**scope, "root_path": scope["root_path"] + "/below"}))
        return
    allowed: set[str] = set()
    for pattern, methods, handler in ROUTES:  # [1]
        if found := re.fullmatch(pattern, scope["path"]):
            try:
                values = [CONVERT[kind](text) for kind, text in found.groupdict().items()]  # [2]
            except ValueError:
                continue
            if scope["method"] in methods:
                await respond(send, *handler(scope, *values))
                return
            allowed |= methods
    if allowed:  # [4]
        await respond(send, 405, "Method Not Allowed", (b"allow", ", ".join(sorted(allowed)).encode()))
    else:
        await respond(send, 404, "Not Found")


async def respond(send: Send, status: int, text: str, *headers: tuple[bytes, bytes]) -> None:
    body = text.encode()
    framed = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body)), *headers]
    await send({"type": "http.response.start", "status": status, "headers": framed})
    await send({"type": "http.response.body", "body": body})
