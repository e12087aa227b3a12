"""A scope or an environ in -> what becomes of each of its keys in the other protocol out.

bytes > server > [app] > middleware > routing > handler > response > bytes

Three fates. `carried`: the same said under another name. `derived`: something is said, and less or more than before.
`lost`: the other side has no word for it. Both bridges are held to these two tables by tests, and `report` reads them
for one request, with what is lost of its headers and its path in particular.

    lost     header x_user   a name with `_` would be taken for `x-user`, as HTTP_X_USER
    derived  header x-a      2 fields are one, joined by a comma: HTTP_X_A

Spec:         https://peps.python.org/pep-3333/#environ-variables
In FastAPI:   none, because it has no bridge
In Starlette: none, because its bridge is deprecated, and does not say what it loses
In Flask:     none, because asgiref.wsgi:WsgiToAsgi does not say what it loses
Left out:     nothing
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

from rawasgi.messages.types import Scope

Fate = Literal["carried", "derived", "lost"]


class Crossing(NamedTuple):
    """What becomes of one key, field or message: its fate, and its new name or the reason."""

    key: str
    fate: Fate
    becomes: str

    def __str__(self) -> str:
        return f"{self.fate:8} {self.key}: {self.becomes}"


def crossings(*rows: tuple[str, Fate, str]) -> dict[str, Crossing]:
    """A table by key."""
    return {row[0]: Crossing(*row) for row in rows}


# fmt: off
FROM_SCOPE = crossings(
    ("type",           "lost",    "a WSGI application knows http alone: a websocket is refused with 403, the lifespan answered for it"),
    ("asgi",           "lost",    "wsgi.version is (1, 0), whatever the server speaks"),
    ("http_version",   "carried", "SERVER_PROTOCOL, as HTTP/1.1"),
    ("method",         "carried", "REQUEST_METHOD"),
    ("scheme",         "carried", "wsgi.url_scheme"),
    ("path",           "derived", "PATH_INFO, without root_path, its UTF-8 bytes written as Latin-1"),
    ("raw_path",       "derived", "PATH_INFO has its bytes decoded: %2F and / are one"),
    ("query_string",   "carried", "QUERY_STRING, as Latin-1"),
    ("root_path",      "carried", "SCRIPT_NAME, its UTF-8 bytes written as Latin-1"),
    ("headers",        "derived", "CONTENT_TYPE, CONTENT_LENGTH and HTTP_…, without order and case, each name once"),
    ("client",         "carried", "REMOTE_ADDR and REMOTE_PORT"),
    ("server",         "carried", "SERVER_NAME and SERVER_PORT; `localhost` and the port of the scheme where there is no port"),
    ("state",          "lost",    'WSGI has no lifespan; it is in environ["rawasgi.scope"]'),
    ("extensions",     "lost",    'WSGI has none; they are in environ["rawasgi.scope"]'),
)

FROM_ASGI_MESSAGES = crossings(
    ("http.request",         "derived", "wsgi.input: the whole body, read before the application is called"),
    ("http.disconnect",      "lost",    "the application is not told: its iterable is closed at its next piece"),
    ("websocket.connect",    "lost",    "answered with websocket.close, HTTP 403"),
    ("lifespan.startup",     "lost",    "answered for the application"),
    ("lifespan.shutdown",    "lost",    "answered for the application"),
)

FROM_ENVIRON = crossings(
    ("REQUEST_METHOD",       "carried", "method"),
    ("SCRIPT_NAME",          "carried", "root_path, its bytes read as UTF-8"),
    ("PATH_INFO",            "derived", "path, behind root_path, its bytes read as UTF-8; what is no UTF-8 becomes U+FFFD"),
    ("QUERY_STRING",         "carried", "query_string"),
    ("CONTENT_TYPE",         "carried", "header content-type"),
    ("CONTENT_LENGTH",       "carried", "header content-length"),
    ("SERVER_NAME",          "carried", "server[0]"),
    ("SERVER_PORT",          "carried", "server[1]"),
    ("SERVER_PROTOCOL",      "carried", "http_version"),
    ("REMOTE_ADDR",          "carried", "client[0]; empty: client is None"),
    ("REMOTE_PORT",          "carried", "client[1]; absent: 0"),
    ("RAW_URI",              "carried", "raw_path, where it means the same path"),
    ("REQUEST_URI",          "carried", "raw_path, where it means the same path"),
    ("wsgi.url_scheme",      "carried", "scheme"),
    ("wsgi.input",           "derived", "http.request, read in pieces when the application asks"),
    ("wsgi.input_terminated", "derived", "without CONTENT_LENGTH the body ends where wsgi.input does"),
    ("wsgi.version",         "lost",    'asgi["version"] is 3.0'),
    ("wsgi.errors",          "lost",    'ASGI has no place for errors; it is in extensions["rawasgi.environ"]'),
    ("wsgi.multithread",     "lost",    "one event loop on one thread, whatever the server has"),
    ("wsgi.multiprocess",    "lost",    "an ASGI application is not told"),
    ("wsgi.run_once",        "lost",    "an ASGI application is not told"),
    ("wsgi.file_wrapper",    "lost",    "no extension is offered for it: http.response.zerocopysend is not the same"),
    ("REMOTE_HOST",          "lost",    "a name for client[0]"),
    ("REMOTE_USER",          "lost",    "who is logged in is no part of a scope"),
    ("AUTH_TYPE",            "lost",    "who is logged in is no part of a scope"),
    ("GATEWAY_INTERFACE",    "lost",    "CGI is not ASGI"),
    ("SERVER_SOFTWARE",      "lost",    "an ASGI application is not told"),
)

FROM_APP_MESSAGES = crossings(
    ("http.response.start",        "derived", "start_response, with a reason phrase of the standard, without hop-by-hop headers"),
    ("http.response.body",         "carried", "an item of the iterable"),
    ("http.response.trailers",     "lost",    "no extension is offered, so the message is an error"),
    ("http.response.push",         "lost",    "no extension is offered, so the message is an error"),
    ("http.response.early_hint",   "lost",    "no extension is offered, so the message is an error"),
    ("http.response.pathsend",     "lost",    "no extension is offered, so the message is an error"),
    ("http.response.zerocopysend", "lost",    "no extension is offered, so the message is an error"),
    ("http.response.debug",        "lost",    "no extension is offered, so the message is an error"),
    ("websocket.accept",           "lost",    "a WSGI server has no websockets: the application never sees such a scope"),
)
# fmt: on


def report_scope(scope: Scope) -> list[Crossing]:
    """What a WSGI application will see of this http scope: each key, then the headers that suffer."""
    other = 'WSGI has no name for it; it is in environ["rawasgi.scope"]'
    found = [FROM_SCOPE.get(key) or Crossing(key, "lost", other) for key in scope]
    fields = Counter(name for name, _ in scope["headers"])
    for name, count in fields.items():
        shown = name.decode("latin-1")
        variable = variable_of(name)
        if variable is None:
            meant = shown.replace("_", "-")
            why = f"a name with `_` would be taken for `{meant}`, as HTTP_{meant.upper().replace('-', '_')}"
            found.append(Crossing(f"header {shown}", "lost", why))
        elif count > 1:
            mark = "a semicolon" if name == b"cookie" else "a comma"
            found.append(
                Crossing(f"header {shown}", "derived", f"{count} fields are one, joined by {mark}: {variable}")
            )
    return found


def report_environ(environ: Mapping[str, Any]) -> list[Crossing]:
    """What an ASGI application will see of this environ, key by key."""
    found = []
    for key in environ:
        name = header_of(key)
        if key in FROM_ENVIRON:
            found.append(FROM_ENVIRON[key])
        elif name is not None:
            found.append(Crossing(key, "carried", f"header {name.decode('latin-1')}"))
        elif key.startswith("HTTP_"):
            found.append(Crossing(key, "lost", f"{key[5:]} stands for that header, and no client may set it twice"))
        else:
            found.append(Crossing(key, "lost", 'no part of WSGI; it is in extensions["rawasgi.environ"]'))
    return found


def variable_of(name: bytes) -> str | None:
    """`b"x-a"` -> `"HTTP_X_A"`; None for a name that would be taken for another one."""
    if b"_" in name:
        return None
    variable = name.upper().replace(b"-", b"_").decode("latin-1")
    return variable if variable in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{variable}"


def header_of(key: str) -> bytes | None:
    """`"HTTP_X_A"` -> `b"x-a"`; None for a variable that is no header, and for HTTP_CONTENT_LENGTH, which is none either."""
    if not key.startswith("HTTP_") or key in ("HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"):
        return None
    return key[5:].replace("_", "-").lower().encode("latin-1", "replace")


def lines(found: Iterable[Crossing]) -> list[str]:
    """A report as text: what is lost first, then what is derived, then what is carried."""
    order = ("lost", "derived", "carried")
    return [str(row) for row in sorted(found, key=lambda row: order.index(row.fate))]
