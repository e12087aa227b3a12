import json
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import parse_qs, quote

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]
TEXT = ("Content-Type", "text/plain; charset=utf-8")


def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    match environ["PATH_INFO"].split("/")[1]:
        case "request":
            return answer(start_response, "200 OK", describe(environ))
        case "body":
            return answer(start_response, "200 OK", f"{len(read(environ))} bytes")
        case "json":
            try:
                return answer(start_response, "200 OK", f"n is {json.loads(read(environ))['n']}")
            except ValueError:
                return answer(start_response, "400 Bad Request", "Malformed JSON")
        case "early":
            return answer(start_response, "413 Content Too Large", "too large")
        case "cookies":
            cookies = [("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "b=2; Path=/")]
            return answer(start_response, "200 OK", "two cookies", *cookies)
        case "stream":
            start_response("200 OK", [TEXT])
            return pieces(fails=environ["QUERY_STRING"] == "fails=yes")
        case "waits":
            print("waiting", flush=True)
            time.sleep(0.2)
            print("finished", flush=True)
            return answer(start_response, "200 OK", "for nobody")
        case "ticks":
            start_response("200 OK", [TEXT])
            return ticks()
        case _:
            return answer(start_response, "404 Not Found", "Not Found")


def describe(environ: Environ) -> str:  # [1]
    x = [(key[5:].replace("_", "-").lower(), value) for key, value in environ.items() if key[:6] == "HTTP_X"]
    path, query = environ["PATH_INFO"].encode("latin-1"), environ["QUERY_STRING"]
    line = f"{environ['REQUEST_METHOD']} {environ['SERVER_PROTOCOL']}"
    line += f" path {path.decode(errors='replace')!a} raw_path {quote(path).encode()!r}"
    return f"{line}\nquery {query.encode('latin-1')!r} q {parse_qs(query).get('q')!a} x {x!a}"


def read(environ: Environ) -> bytes:  # [2]
    print("reading", flush=True)
    body: bytes = environ["wsgi.input"].read()
    print("whole", flush=True)
    return body


def answer(start_response: StartResponse, status: str, text: str, *headers: tuple[str, str]) -> Iterable[bytes]:  # [3]
    body = text.encode()
    start_response(status, [TEXT, ("Content-Length", str(len(body))), *headers])
    return [body]


def pieces(*, fails: bool) -> Iterator[bytes]:  # [4]
    yield b"one"
    if fails:
        raise RuntimeError("after the start")
    yield b"two"


def ticks() -> Iterator[bytes]:  # [5]
    print("waiting", flush=True)
    try:
        while True:
            yield b"tick"
            time.sleep(0.01)
    finally:
        print("client gone", flush=True)
