"""A scope in -> the environ that says the same out; and back.

bytes > server > [app] > middleware > routing > handler > response > bytes

WSGI writes bytes as strings: each byte is the character of that number (Latin-1). ASGI reads the bytes of a path as
UTF-8. So a path crosses by way of its bytes:

    GET /caf%C3%A9   ASGI  path "/café"      raw_path b"/caf%C3%A9"
                     WSGI  PATH_INFO "/cafÃ©"

Headers of one name are joined by a comma (RFC 9110, section 5.3), cookies by a semicolon (RFC 9113, section 8.2.3). A
name with an underscore is left out: WSGI could not tell it from the one with a hyphen, which a proxy may have set.

Spec:         https://peps.python.org/pep-3333/#environ-variables
In FastAPI:   none, because it has no bridge
In Starlette: none, because its bridge is deprecated
In Flask:     asgiref.wsgi:WsgiToAsgiInstance.build_environ
Left out:     nothing; what cannot be said is told in `crossings`
"""

import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote_from_bytes, unquote, unquote_to_bytes, urlsplit

from rawasgi.bridges.crossings import header_of, variable_of
from rawasgi.messages.types import Header, Scope

PORTS = {"http": 80, "https": 443}
PATH_SAFE = "/:@!$&'()*+,;=-._~"  # RFC 3986, section 3.3: what may stand in a path as it is


def environ_of(scope: Scope, body: Any, length: int) -> dict[str, Any]:
    """The environ of an http scope. `body` is a file with the whole body, `length` its bytes."""
    root = scope.get("root_path", "").rstrip("/").encode("utf-8", "surrogateescape")
    path = path_bytes(scope)
    if root and path.startswith(root) and path[len(root) :][:1] in (b"", b"/"):
        path = path[len(root) :]
    scheme = scope.get("scheme", "http")
    host, port = scope.get("server") or ("localhost", None)
    if port is None:  # a Unix socket, or a server that does not say: PEP 3333 wants both, and neither empty
        host, port = "localhost", PORTS.get(scheme, 80)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": root.decode("latin-1"),
        "PATH_INFO": path.decode("latin-1"),
        "QUERY_STRING": (scope.get("query_string") or b"").decode("latin-1"),
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": f"HTTP/{scope.get('http_version', '1.1')}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.input": body,
        "wsgi.input_terminated": True,  # it ends where the body does, however that was framed
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,  # nobody tells; an application that believes it is alone could be wrong
        "wsgi.run_once": False,
    }
    if client := scope.get("client"):
        environ |= {"REMOTE_ADDR": client[0], "REMOTE_PORT": str(client[1])}
    environ |= {variable: mark.join(values) for variable, mark, values in folded(scope["headers"])}
    if length or "CONTENT_LENGTH" in environ:
        environ["CONTENT_LENGTH"] = str(length)  # what has come, and not what was announced
    return environ


def folded(headers: Iterable[Header]) -> Iterator[tuple[str, str, list[str]]]:
    """Each variable with the mark that joins its values, and the values: joined once, so that 10,000 cost as many steps."""
    values: dict[str, list[str]] = {}
    for name, value in headers:
        if (variable := variable_of(name)) is not None:
            values.setdefault(variable, []).append(value.decode("latin-1"))
    for variable, several in values.items():
        yield variable, "; " if variable == "HTTP_COOKIE" else ",", several


def path_bytes(scope: Scope) -> bytes:
    """The path as it came, without percent escapes: from `raw_path`, unless somebody has changed `path` since."""
    raw = scope.get("raw_path")
    if raw:
        raw = raw.partition(b"?")[0]
        if unquote(raw.decode("latin-1")) == scope["path"]:
            return unquote_to_bytes(raw)
    path: str = scope["path"]
    return path.encode("utf-8", "surrogateescape")


def scope_of(environ: Mapping[str, Any], state: Mapping[str, Any]) -> dict[str, Any]:
    """The http scope of an environ, with `state` as the lifespan has left it.

    ValueError for a CONTENT_LENGTH that is no number.
    """
    root, below = (str(environ.get(key, "")).encode("latin-1") for key in ("SCRIPT_NAME", "PATH_INFO"))
    path = root + below or b"/"
    port = str(environ.get("SERVER_PORT", ""))
    address, client_port = str(environ.get("REMOTE_ADDR", "")), str(environ.get("REMOTE_PORT", ""))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": environ.get("SERVER_PROTOCOL", "HTTP/1.1").rpartition("/")[2],
        "method": environ["REQUEST_METHOD"].upper(),
        "scheme": environ.get("wsgi.url_scheme", "http"),
        "path": path.decode("utf-8", "replace"),
        "raw_path": raw_path(environ, path),
        "query_string": str(environ.get("QUERY_STRING", "")).encode("latin-1"),
        "root_path": root.decode("utf-8", "replace"),
        "headers": list(headers(environ)),
        "client": (address, int(client_port) if is_number(client_port) else 0) if address else None,
        "server": (environ.get("SERVER_NAME", "localhost"), int(port) if is_number(port) else None),
        "state": dict(state),
        "extensions": {"rawasgi.environ": environ},
    }


def raw_path(environ: Mapping[str, Any], path: bytes) -> bytes:
    """The path as the client wrote it, where the server shows it and means this path; else as one would write it."""
    for key in ("RAW_URI", "REQUEST_URI"):
        written = str(environ.get(key, "")).encode("latin-1", "replace").partition(b"?")[0]
        if not written.startswith(b"/"):  # the absolute form, as a proxy is asked
            written = urlsplit(written).path
        if written and unquote_to_bytes(written) == path:
            return written
    return quote_from_bytes(path, PATH_SAFE).encode("ascii")


def headers(environ: Mapping[str, Any]) -> Iterator[Header]:
    """The header fields, in the order of the environ."""
    for key, value in environ.items():
        name = {"CONTENT_TYPE": b"content-type", "CONTENT_LENGTH": b"content-length"}.get(key) or header_of(key)
        if name is not None and (value or key.startswith("HTTP_")):  # the two may be empty, for: there is none
            yield name, str(value).encode("latin-1", "replace")


def body_length(environ: Mapping[str, Any]) -> int | None:
    """How many bytes of wsgi.input are the body; None: all of them. ValueError for a length that is no number."""
    declared = str(environ.get("CONTENT_LENGTH") or "")
    if declared and not is_number(declared):
        raise ValueError(f"CONTENT_LENGTH is no number: {declared!r}")
    if declared:
        return int(declared)
    return None if environ.get("wsgi.input_terminated") else 0


def is_number(text: str) -> bool:
    """Whether these are digits, and few enough to be read."""
    return text.isascii() and text.isdigit() and len(text) < 19
