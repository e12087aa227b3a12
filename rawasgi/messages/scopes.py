"""A new connection in -> the dict that describes it to the application out.

A scope is said once, before the first message, and holds what cannot change while the connection lives. A key under
`NotRequired` may be absent, and its comment names the default. The wire's bytes stay bytes, except where the
specification decodes them (`path`, `method`, `subprotocols`).

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html#http-connection-scope
In FastAPI:   starlette.types:Scope
In Starlette: starlette.types:Scope, an untyped mapping
In Flask:     wsgiref.types:WSGIEnvironment, one flat dict of strings
Left out:     the scope of ASGI 2, which had no `asgi` of its own
"""

from collections.abc import Iterable, Mapping, MutableMapping
from functools import lru_cache
from typing import Any, Literal, NotRequired, TypedDict

# Any scope, as a parameter of an application. At run time it is a dict (G1); the wider type lets applications of
# other frameworks fit where ours are expected, and the other way round.
Scope = MutableMapping[str, Any]

Header = tuple[bytes, bytes]  # (name in lower case, value)


class ASGIVersions(TypedDict):
    """The value of `scope["asgi"]`: which text the server speaks.

    {"version": "3.0", "spec_version": "2.5"}
    """

    version: Literal["2.0", "3.0"]  # of ASGI; a reader that misses the key reads "2.0", the form of two calls (G25)
    spec_version: NotRequired[str]  # default "2.0" of "2.0" to "2.5"; for lifespan "1.0" of "1.0" and "2.0"


def spec_version(scope: Scope) -> tuple[int, ...]:
    """`(2, 3)` for `scope["asgi"]["spec_version"] == "2.3"`; 2.0 where the server of an http or websocket says nothing."""
    return numbers(scope.get("asgi", {}).get("spec_version", "2.0"))


@lru_cache(16)  # servers say one or two, and say them with every request
def numbers(version: str) -> tuple[int, ...]:
    """`"2.3"` as `(2, 3)`, so that 2.10 is later than 2.9."""
    return tuple(map(int, version.split(".")))


def left_by(layer: str, scope: Scope, key: str) -> Any:
    """`scope[key]`, which middleware puts there; RuntimeError, with the name of the layer, where none has done so.

    A session wants to know that somebody looked at it: it has `mark_accessed`, Starlette's and ours.
    """
    if key not in scope:
        raise RuntimeError(f"nobody has put {key!r} into the scope: put {layer} around the app")
    if hasattr(scope[key], "mark_accessed"):
        scope[key].mark_accessed()
    return scope[key]


def route_path(scope: Scope) -> str:
    """The path below `root_path`: what is left for a router to look at."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    rest = path[len(root) :]
    return rest if root and path.startswith(root) and rest[:1] in ("", "/") else path


def can_deny(scope: Scope) -> bool:
    """Whether the server lets an application refuse a handshake with a response of its own."""
    return "websocket.http.response" in (scope.get("extensions") or {})


class HTTPScope(TypedDict):
    """One request, also where several share a connection (H21).

    {"type": "http", "asgi": {"version": "3.0", "spec_version": "2.5"}, "http_version": "1.1", "method": "GET",
     "scheme": "https", "path": "/café", "raw_path": b"/caf%C3%A9", "query_string": b"page=2", "root_path": "",
     "headers": [(b"host", b"example.org"), (b"cookie", b"a=1")], "client": ("192.0.2.7", 50123),
     "server": ("192.0.2.1", 443), "state": {"database": object()}, "extensions": {"http.response.trailers": {}}}
    """

    type: Literal["http"]
    asgi: ASGIVersions
    http_version: str  # "1.0", "1.1", "2"; "3" is seen in the field
    method: str  # upper case, also where the client wrote "get"
    scheme: NotRequired[str]  # default "http"; behind a proxy what the client used, if the server knows it
    path: str  # percent escapes decoded, then UTF-8; no query string; includes root_path
    raw_path: NotRequired[bytes | None]  # default None; the path as received: only here "%2F" differs from "/"
    query_string: bytes  # still percent-encoded, without the "?"; b"" where there is none, never absent
    root_path: NotRequired[str]  # default ""; where the application is mounted, SCRIPT_NAME of WSGI
    headers: Iterable[Header]  # in the order received, duplicates kept (H13); no pseudo headers (H14)
    client: NotRequired[tuple[str, int] | None]  # default None; address and port of the peer, a proxy's if there is one
    server: NotRequired[tuple[str, int | None] | None]  # default None; (path, None) for a Unix socket
    state: NotRequired[dict[str, Any]]  # no default: there if the lifespan scope had it (H20), as a shallow copy (H19)
    extensions: NotRequired[dict[str, Mapping[str, Any]]]  # default empty; a name with {} says: the server can


class WebSocketScope(TypedDict):
    """One handshake, and the socket that may come of it. What it shares with `HTTPScope` means the same (W4).

    {"type": "websocket", "asgi": {"version": "3.0", "spec_version": "2.5"}, "http_version": "1.1", "scheme": "wss",
     "path": "/chat", "raw_path": b"/chat", "query_string": b"room=7", "root_path": "",
     "headers": [(b"host", b"example.org"), (b"sec-websocket-version", b"13")], "client": ("192.0.2.7", 50124),
     "server": ("192.0.2.1", 443), "subprotocols": ["chat.v2", "chat.v1"], "state": {},
     "extensions": {"websocket.http.response": {}}}
    """

    type: Literal["websocket"]
    asgi: ASGIVersions
    http_version: NotRequired[str]  # default "1.1"; there is no method: the handshake is a GET, in HTTP/2 a CONNECT
    scheme: NotRequired[str]  # default "ws"
    path: str
    raw_path: NotRequired[bytes | None]  # default None
    query_string: NotRequired[bytes | None]  # default b""; unlike HTTP it may be absent (W5)
    root_path: NotRequired[str]  # default ""
    headers: Iterable[Header]
    client: NotRequired[tuple[str, int] | None]  # default None
    server: NotRequired[tuple[str, int | None] | None]  # default None
    subprotocols: NotRequired[Iterable[str]]  # default empty; what the client offers, best first
    state: NotRequired[dict[str, Any]]  # no default
    extensions: NotRequired[dict[str, Mapping[str, Any]]]  # default empty


class LifespanScope(TypedDict):
    """One event loop, from before its first request until after its last (L3).

    {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
    """

    type: Literal["lifespan"]
    asgi: ASGIVersions
    state: NotRequired[dict[str, Any]]  # no default: what the application puts in, each request finds in its own copy


class TLSExtension(TypedDict):
    """The value of `scope["extensions"]["tls"]`, there only where the connection is encrypted (T1).

    {"server_cert": "-----BEGIN CERTIFICATE-----...", "tls_version": 0x0304, "cipher_suite": 0x1301,
     "client_cert_chain": ["-----BEGIN CERTIFICATE-----..."], "client_cert_name": "CN=alice,O=Example"}
    """

    server_cert: str | None  # PEM; None where the server cannot tell
    tls_version: int | None  # as on the wire: 0x0303 is TLS 1.2, 0x0304 is 1.3; None where the server cannot tell
    cipher_suite: int | None  # 16 bits, as IANA numbers them; None where the server cannot tell
    client_cert_chain: NotRequired[Iterable[str]]  # default empty; PEM, the client's own certificate first
    client_cert_name: NotRequired[str | None]  # default None; RFC 4514 name of the subject, given with any chain (T6)
    client_cert_error: NotRequired[str | None]  # default None: verified, or no certificate; else why it was not


AnyScope = HTTPScope | WebSocketScope | LifespanScope
