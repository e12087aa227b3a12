import os
from collections.abc import Iterator
from typing import Any


def app(environ: dict[str, Any], start_response: Any) -> Iterator[bytes] | list[bytes]:  # [1]
    path = environ["PATH_INFO"]
    if "HTTP_UPGRADE" in environ:
        start_response("404 Not Found", [("Content-Length", "0")])
        return []
    body = environ["wsgi.input"].read()
    if path == "/mood":
        body = os.environ.get("MOOD", "").encode()
    if path == "/slow":
        print("begins")
        print("finished")
    start_response("200 OK", [("Content-Type", "text/plain")])
    if path in {"/chunks", "/torn"}:
        return pieces(path)
    return [f"{environ['REQUEST_METHOD']} {path} ".encode().strip() + (b" " + body if body else b"")]


def pieces(path: str) -> Iterator[bytes]:
    yield b"one"
    if path == "/torn":
        raise RuntimeError("torn")
    yield b"two"
