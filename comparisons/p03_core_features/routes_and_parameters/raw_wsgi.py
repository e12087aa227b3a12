import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs, quote
from uuid import UUID

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]


def show(environ: Environ, value: Any) -> tuple[str, str]:
    return "200 OK", f"{type(value).__name__} {value}"


def search(environ: Environ) -> tuple[str, str]:
    query = parse_qs(environ["QUERY_STRING"], keep_blank_values=True)  # [3]
    try:
        limit = int(query.get("limit", ["10"])[-1])
    except ValueError:
        return "400 Bad Request", "limit is no number"
    return "200 OK", f"tags {query.get('tag', [])}, limit {limit}"


def verb(environ: Environ) -> tuple[str, str]:
    return "200 OK", environ["REQUEST_METHOD"]


def link(environ: Environ) -> tuple[str, str]:
    return "200 OK", "/str/" + quote("why?")  # [5]


def where(environ: Environ) -> tuple[str, str]:
    return "200 OK", f"{environ['SCRIPT_NAME']!r} {environ['PATH_INFO']!r}"


READ = {"GET", "HEAD"}
ROUTES: list[tuple[str, set[str], Callable[..., tuple[str, str]]]] = [
    ("/str/(?P<str>[^/]+)", READ, show),
    ("/str/new", READ, lambda environ: ("200 OK", "the form")),
    ("/int/(?P<int>[0-9]+)", READ, show),
    (r"/float/(?P<float>[0-9]+(\.[0-9]+)?)", READ, show),
    ("/uuid/(?P<uuid>[0-9a-fA-F-]{36})", READ, show),
    ("/path/(?P<str>.*)", READ, show),
    ("/search/", READ, search),
    ("/verbs", {*READ, "POST", "PUT", "PATCH", "DELETE"}, verb),
    ("/link", READ, link),
]
CONVERT = {"str": str, "int": int, "float": float, "uuid": UUID}


def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    path = environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
    if path.startswith("/below/"):  # [6]
        moved = {"SCRIPT_NAME": environ["SCRIPT_NAME"] + "/below", "PATH_INFO": environ["PATH_INFO"][len("/below") :]}
        return respond(start_response, *where({**environ, **moved}))
    allowed: set[str] = set()
    for pattern, methods, handler in ROUTES:  # [1]
        if found := re.fullmatch(pattern, path):
            try:
                values = [CONVERT[kind](text) for kind, text in found.groupdict().items()]  # [2]
            except ValueError:
                continue
            if environ["REQUEST_METHOD"] in methods:
                return respond(start_response, *handler(environ, *values))
            allowed |= methods
    if allowed:  # [4]
        return respond(
            start_response, "405 Method Not Allowed", "Method Not Allowed", ("Allow", ", ".join(sorted(allowed)))
        )
    return respond(start_response, "404 Not Found", "Not Found")


def respond(start_response: StartResponse, status: str, text: str, *headers: tuple[str, str]) -> Iterable[bytes]:
    body = text.encode()
    start_response(
        status, [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body))), *headers]
    )
    return [body]
