from collections.abc import Callable, Iterable
from functools import partial
from hmac import compare_digest
from io import BytesIO
from typing import Any

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
App = Callable[[Environ, StartResponse], Iterable[bytes]]


def log(app: App, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:  # [1]
    def start_and_log(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        print(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} {status[:3]}")
        return start_response(status, headers, exc_info)

    return app(environ, start_and_log)


def guard(app: App, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:  # [2]
    if environ["REQUEST_METHOD"] == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ:
        return respond(start_response, "200 OK", "ask me", ("Access-Control-Allow-Headers", "authorization"))
    credentials = environ.get("HTTP_AUTHORIZATION", "").encode("latin-1")
    if environ["PATH_INFO"] == "/private" and not compare_digest(credentials, b"Bearer sesame"):
        return respond(start_response, "401 Unauthorized", "who are you?", ("WWW-Authenticate", "Bearer"))
    return app(environ, start_response)


def override(app: App, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:  # [3]
    method = environ.get("HTTP_X_HTTP_METHOD_OVERRIDE")
    if environ["REQUEST_METHOD"] == "POST" and method in ("PUT", "PATCH", "DELETE"):
        environ = {**environ, "REQUEST_METHOD": method}
    return app(environ, start_response)


def audit(app: App, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    body = environ["wsgi.input"].read()  # [4]
    print(f"{len(body)} bytes")
    return app({**environ, "wsgi.input": BytesIO(body)}, start_response)


def endpoint(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    match environ["REQUEST_METHOD"], environ["PATH_INFO"]:
        case "GET", "/private":
            return respond(start_response, "200 OK", "the secret")
        case "POST" | "DELETE" as method, "/items":
            return respond(start_response, "200 OK", f"{method} {environ['wsgi.input'].read().decode()}")
        case _:
            return respond(start_response, "404 Not Found", "Not Found")


def respond(start_response: StartResponse, status: str, text: str, *headers: tuple[str, str]) -> Iterable[bytes]:
    framed = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(text))), *headers]
    start_response(status, framed)
    return [text.encode()]


app = partial(log, partial(guard, partial(override, partial(audit, endpoint))))  # [5]
