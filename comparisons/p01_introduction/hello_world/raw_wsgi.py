import json
from collections.abc import Callable, Iterable
from typing import Any

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]


def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:  # [1]
    match environ["PATH_INFO"].split("/")[1:]:  # [2]
        case [""]:
            content: dict[str, object] = {"message": "Hello, world"}
        case ["double", number] if number.isdecimal():  # [3]
            content = {"double": int(number) * 2}
        case _:
            return answer(environ, start_response, "404 Not Found", b"Not Found")
    if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
        return answer(environ, start_response, "405 Method Not Allowed", b"Method Not Allowed", ("Allow", "GET, HEAD"))
    return answer(environ, start_response, "200 OK", json.dumps(content, separators=(",", ":")).encode())


def answer(
    environ: Environ, start_response: StartResponse, status: str, body: bytes, *headers: tuple[str, str]
) -> Iterable[bytes]:  # [4]
    kind = "application/json" if status == "200 OK" else "text/plain; charset=utf-8"
    start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body))), *headers])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
