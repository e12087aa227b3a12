"""A scope in -> the rules that it breaks out.

[bytes > server] > app > middleware > routing > handler > response > bytes

Everything that can be said of one scope by itself; what it must have in common with other calls is judged by `serving`.
Types and required keys are those of `messages.scopes`.

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html#http-connection-scope
In FastAPI:   none, because it leaves the connection to the server
In Starlette: starlette.requests:HTTPConnection, which asserts the type
In Flask:     wsgiref.validate:check_environ
Left out:     whether a scope says what the client has sent: that takes the client's side
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from rawasgi.instruments.checking.finding import Fault, tail, within
from rawasgi.instruments.checking.headers import OF_REQUEST, header_faults
from rawasgi.instruments.checking.tls import tls_faults
from rawasgi.instruments.checking.values import FITS, key_faults, keys_of, quoted, told
from rawasgi.messages.scopes import HTTPScope, LifespanScope, Scope, WebSocketScope

WEB = ("2.0", "2.1", "2.2", "2.3", "2.4", "2.5")
SPEC_VERSIONS = {"http": WEB, "websocket": WEB, "lifespan": ("1.0", "2.0")}
HTTP_VERSIONS = {"http": ("1.0", "1.1", "2", "3"), "websocket": ("1.1", "2")}

# The rule that a key breaks by being absent or of another type than `messages.scopes` says.
COMMON = {"path": "H5", "raw_path": "H7", "root_path": "H10", "headers": "H11"}
RULES = {
    "http": {**COMMON, "http_version": "H2", "method": "H3", "scheme": "H4", "query_string": "H9"},
    "websocket": {**COMMON, "http_version": "W2", "scheme": "W3", "query_string": "W5"},
    "lifespan": {},
}
SCOPES = {"http": HTTPScope, "websocket": WebSocketScope, "lifespan": LifespanScope}
PLAN = {
    kind: [
        (key, is_required, test, RULES[kind][key]) for key, is_required, test in keys_of(shape) if key in RULES[kind]
    ]
    for kind, shape in SCOPES.items()
}


def scope_faults(scope: Any) -> Iterator[Fault]:
    """All that is wrong with a scope. One of a protocol that nobody knows here is looked at for what all have."""
    if not isinstance(scope, dict):
        yield Fault("G1", f"the scope is {told(scope)}")
        if not isinstance(scope, Mapping):
            return
    kind = scope.get("type")
    if not isinstance(kind, str):
        yield Fault("G2", f"the scope has {'no type' if kind is None else f'a type that is {told(kind)}'}")
        return
    yield from key_faults(scope, "the scope")
    yield from version_faults(scope, kind)
    if kind not in SCOPES:
        yield from misnamed(scope, kind)
        return
    if kind == "http":
        yield from typed(scope, "http")
        yield from connection_faults(scope)
        yield from http_faults(scope)
    elif kind == "websocket":
        for fault in (*typed(scope, "websocket"), *connection_faults(scope)):
            yield from within("W4", [fault]) if fault.rule.startswith("H") else [fault]
        yield from websocket_faults(scope)
    if "extensions" in scope:
        yield from extension_faults(scope)


def version_faults(scope: Mapping[str, Any], kind: str) -> Iterator[Fault]:
    """What is wrong with `scope["asgi"]`."""
    versions = scope.get("asgi")
    if not isinstance(versions, dict):
        yield Fault("G3", f"the scope has {'no asgi' if versions is None else f'an asgi that is {told(versions)}'}")
        return
    yield from key_faults(versions, "asgi")
    if not isinstance(versions.get("version", "2.0"), str):
        yield Fault("G3", f"asgi: version is {told(versions['version'])}")
    known = SPEC_VERSIONS.get(kind)
    if known and "spec_version" in versions and versions["spec_version"] not in known:
        said = versions["spec_version"]
        yield Fault("G4", f"spec_version is {quoted(said) if isinstance(said, str) else told(said)}", known)


def misnamed(scope: Mapping[str, Any], kind: str) -> Iterator[Fault]:
    """Scopes that have all of a known protocol but its name. Other protocols may be spoken, and are none of ours."""
    if kind.lower().startswith("lifespan"):
        yield Fault("L1", f"a scope of type {quoted(kind)}", ("lifespan",))
    elif "method" in scope and "http_version" in scope:
        yield Fault("H1", f"a scope of type {quoted(kind)}", ("http",))
    elif "subprotocols" in scope or scope.get("scheme") in ("ws", "wss"):
        yield Fault("W1", f"a scope of type {quoted(kind)}", ("websocket",))


def typed(scope: Scope, kind: str) -> Iterator[Fault]:
    """Keys that are missing, or of another type."""
    for key, is_required, test, rule_id in PLAN[kind]:
        if key not in scope:
            if is_required:
                yield Fault(rule_id, f"the scope has no {key}")
        elif test is not None and not test(scope[key]):
            yield Fault(rule_id, f"{key} is {told(scope[key])}")


def http_faults(scope: Scope) -> Iterator[Fault]:
    """What is asked of an HTTP scope alone."""
    version, method, query = scope.get("http_version"), scope.get("method"), scope.get("query_string")
    if isinstance(version, str) and version not in HTTP_VERSIONS["http"]:
        yield Fault("H2", f"http_version is {quoted(version)}", HTTP_VERSIONS["http"])
    if isinstance(method, str) and (not method or method != method.upper()):
        yield Fault("H3", f"method is {quoted(method)}")
    if scope.get("scheme") == "":
        yield Fault("H4", "scheme is empty")
    if isinstance(query, bytes) and query:
        if min(query) <= 0x20 or 0x7F in query:  # neither can stand on a request line
            yield Fault("H9", f"query_string is decoded: {quoted(query)}")
        if query.startswith(b"?"):  # a client that asks for `/??` gets this too
            yield tail("H9", 'query_string begins with "?"')


def websocket_faults(scope: Scope) -> Iterator[Fault]:
    """What is asked of a websocket's scope alone."""
    version, offered = scope.get("http_version"), scope.get("subprotocols", ())
    if isinstance(version, str) and version not in HTTP_VERSIONS["websocket"]:
        yield Fault("W2", f"http_version is {quoted(version)}", HTTP_VERSIONS["websocket"])
    if scope.get("scheme") == "":
        yield Fault("W3", "scheme is empty")
    if isinstance(offered, (bytes, str)) or not isinstance(offered, Iterable):
        yield Fault("W6", f"subprotocols is {told(offered)}")
    elif odd := [each for each in offered if not isinstance(each, str)]:
        yield Fault("W6", f"{told(odd[0])} among the subprotocols")


def connection_faults(scope: Scope) -> Iterator[Fault]:
    """What is asked of both: H5 to H8, and H10 to H18."""
    yield from target_faults(scope)
    if "headers" in scope:
        yield from header_faults(scope["headers"], OF_REQUEST, "the scope")
    for key, rule_id, without_port in (("client", "H16", False), ("server", "H17", True)):
        if not is_address(scope.get(key), without_port):
            yield Fault(rule_id, f"{key} is {quoted(scope[key])}")
    state = scope.get("state", {})
    if not isinstance(state, dict) or not all(isinstance(key, str) for key in state):
        yield Fault("H18", f"state is {told(state)}, or has a key that is no str")


def target_faults(scope: Scope) -> Iterator[Fault]:
    """What is wrong with the three paths."""
    path, raw, root = scope.get("path"), scope.get("raw_path"), scope.get("root_path", "")
    if not isinstance(path, str):
        return
    if isinstance(root, str) and root:
        if root.endswith("/"):
            yield tail("H10", f"root_path is {quoted(root)}")
        if not path.startswith(root):
            yield tail("H10", f"path is {quoted(path)} below root_path {quoted(root)}")
    if not path.startswith("/") and path != "*":
        yield Fault("H6", f"path is {quoted(path)}")
    elif has_query(path, raw, scope.get("query_string")):
        yield Fault("H6", f"path is {quoted(path)}, with a query string")
    elif isinstance(raw, bytes) and b"?" in raw:
        yield Fault("H7", f"raw_path is {quoted(raw)}, with a query string")
    elif isinstance(raw, bytes) and not agree(path, raw):
        is_encoded = b"%" in raw and path.encode("utf-8", "replace") == raw
        yield Fault("H5" if is_encoded else "H8", f"path is {quoted(path)}, raw_path {quoted(raw)}")


def has_query(path: str, raw: object, query: object) -> bool:
    """Whether a "?" in the path divides it from a query; one that was sent as %3F is a part of it."""
    if "?" not in path:
        return False
    if isinstance(raw, bytes):
        return b"%3f" not in raw.lower()
    return isinstance(query, bytes) and bool(query) and path.endswith("?" + query.decode("latin-1"))


def agree(path: str, raw: bytes) -> bool:
    """Whether both paths are the same one. How bytes that are no UTF-8 are decoded, no text says."""
    try:
        return path == (unquote_to_bytes(raw) if b"%" in raw else raw).decode()
    except UnicodeDecodeError:
        return True


def is_address(address: object, without_port: bool) -> bool:
    """None, (host, port), or where a server may be behind a Unix socket (path, None)."""
    if address is None:
        return True
    if not isinstance(address, (tuple, list)) or len(address) != 2 or not isinstance(address[0], str):
        return False
    return FITS[int](address[1]) or (without_port and address[1] is None)


def extension_faults(scope: Scope) -> Iterator[Fault]:
    """What is wrong with the extensions that are announced."""
    extensions: Any = scope["extensions"]
    if not isinstance(extensions, dict):
        yield Fault("G22", f"extensions is {told(extensions)}")
        return
    odd = [name for name, each in extensions.items() if not isinstance(name, str) or not isinstance(each, dict)]
    if odd:
        yield Fault("G22", f"extensions: {quoted(odd[0])} is no str, or not with a dict")
    for name, each in extensions.items():
        if isinstance(each, dict):
            yield from key_faults(each, f"extensions: {quoted(name)}")
    if isinstance(extensions.get("tls"), dict):
        yield from tls_faults(extensions["tls"], scope.get("scheme", "ws" if scope["type"] == "websocket" else "http"))
    if "http.response.debug" in extensions and not is_test_client(scope):
        yield Fault("X15", "the extension http.response.debug")


def is_test_client(scope: Scope) -> bool:
    """Whether the client says of itself that it is none: ours and Starlette's do."""
    client = scope.get("client")
    return isinstance(client, (tuple, list)) and client[:1] in (("testclient",), ["testclient"])
