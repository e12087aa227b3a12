"""A scope in -> the URL that was asked for out.

bytes > server > app > middleware > [routing > handler] > response > bytes

The URL of a request is nowhere in the protocol: it is put together from `scheme`, the Host header (or `server`),
`path` and `query_string`. Two of the four come from the client, who may lie: a Host that is no host is passed over,
and no path becomes an authority.

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html#http-connection-scope
Grown from:   tiny/app.py:Connection, because tiny shows the path and leaves the rest of the URL alone
In FastAPI:   starlette.datastructures:URL
In Starlette: starlette.datastructures:URL
In Flask:     werkzeug.sansio.utils:get_current_url
Left out:     internationalised host names
"""

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv6Address
from typing import Any, Literal, NamedTuple, Self
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

from rawasgi.messages.types import Header, Scope

# RFC 3986, 3.2.2: a registered name or IPv4 address, or an IP literal in brackets; then perhaps a port.
HOST = re.compile(r"([a-z0-9._~%!$&'()*+,;=-]+|\[[0-9a-f:.]*:[0-9a-f:.]*\])(?::([0-9]{1,5}))?", re.IGNORECASE)
DEFAULT_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}


class Address(NamedTuple):
    """One end of a connection: `scope["client"]`, `scope["server"]`."""

    host: str
    port: int


def parse_host(headers: Iterable[Header]) -> tuple[str, str | None] | None:
    """The host, lower-cased, and the port of the first Host header; None where it is missing or malformed."""
    for name, value in headers:
        if name == b"host":
            found = HOST.fullmatch(value.decode("latin-1"))
            if found and int(found[2] or 0) <= 65_535 and is_address(found[1]):
                return found[1].lower(), found[2]
            return None
    return None


def is_address(host: str) -> bool:
    """Whether what stands in brackets is an IPv6 address; a name may be anything."""
    try:
        return not host.startswith("[") or bool(IPv6Address(host[1:-1]))
    except ValueError:
        return False


def part(name: str) -> Any:
    """A property of `URL`, read from its components when somebody asks."""
    return property(lambda url: getattr(url.components, name))


class URL:
    """A URL that can be read in parts and rebuilt with other parts.

    `URL("https://example.org/a?b=c")`, `URL(scope=scope)`, or from `components` as `urllib.parse.SplitResult` names
    them. A Host header that is no host is passed over, and the server's own address stands in for it.
    """

    def __init__(self, url: str = "", scope: Scope | None = None, **components: Any) -> None:
        if bool(url) + (scope is not None) + bool(components) > 1:
            raise TypeError("URL() takes one of: a string, a scope, components")
        if scope is not None:
            url = url_of_scope(scope)
        elif components:
            url = str(URL("").replace(**components))
        self._url = url

    @property
    def components(self) -> SplitResult:
        """Scheme, netloc, path, query and fragment."""
        return urlsplit(self._url)

    scheme: str = part("scheme")  # `http` or `https`, `ws` or `wss`
    netloc: str = part("netloc")  # user, host and port, as they stand in the URL
    path: str = part("path")  # percent-encoded where the URL had it so
    query: str = part("query")  # everything behind the `?`, still encoded
    fragment: str = part("fragment")  # everything behind the `#`, which never reaches a server
    username: str | None = part("username")
    password: str | None = part("password")
    hostname: str | None = part("hostname")  # lower-cased, without brackets
    port: int | None = part("port")  # where the URL names one

    @property
    def is_secure(self) -> bool:
        """Whether TLS protects the connection."""
        return self.scheme in ("https", "wss")

    def replace(self, **kwargs: Any) -> "URL":
        """A new URL with other components; `username`, `password`, `hostname` and `port` may be given singly."""
        parts = self.components
        if {"username", "password", "hostname", "port"} & kwargs.keys():
            host = kwargs.pop("hostname", parts.hostname or "")
            host = f"[{host}]" if ":" in host and not host.startswith("[") else host
            port = kwargs.pop("port", parts.port)
            user, password = kwargs.pop("username", parts.username), kwargs.pop("password", parts.password)
            login = "" if user is None else f"{user}@" if password is None else f"{user}:{password}@"
            kwargs["netloc"] = login + host + ("" if port is None else f":{port}")
        return URL(parts._replace(**kwargs).geturl())

    def include_query_params(self, **kwargs: Any) -> "URL":
        """Set these query parameters, and keep the others."""
        kept = [(name, value) for name, value in parse_qsl(self.query, keep_blank_values=True) if name not in kwargs]
        return self.replace(query=urlencode([*kept, *((name, str(value)) for name, value in kwargs.items())]))

    def replace_query_params(self, **kwargs: Any) -> "URL":
        """These query parameters, and no others."""
        return self.replace(query=urlencode({name: str(value) for name, value in kwargs.items()}))

    def remove_query_params(self, keys: str | Sequence[str]) -> "URL":
        """All query parameters but these."""
        unwanted = [keys] if isinstance(keys, str) else keys
        kept = [pair for pair in parse_qsl(self.query, keep_blank_values=True) if pair[0] not in unwanted]
        return self.replace(query=urlencode(kept))

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other)

    def __hash__(self) -> int:
        return hash(self._url)

    def __str__(self) -> str:
        return self._url

    def __repr__(self) -> str:
        return f"URL({str(self.replace(password='********') if self.password else self)!r})"


def url_of_scope(scope: Scope) -> str:
    """The URL that the client asked for, as far as the scope tells."""
    scheme = scope.get("scheme", "http")
    path = escaped(scope["path"])
    query = scope.get("query_string", b"").decode("latin-1")
    netloc = ""
    if named := parse_host(scope["headers"]):
        netloc = named[0] if named[1] is None else f"{named[0]}:{named[1]}"
    elif (server := scope.get("server")) and server[1] is not None:  # without a port it is the path of a Unix socket
        host, port = server
        netloc = f"[{host}]" if ":" in host else host
        netloc += "" if port == DEFAULT_PORTS.get(scheme) else f":{port}"
    if netloc:
        return SplitResult(scheme, netloc, path, query, "").geturl()
    path = without_authority(path)
    return f"{path}?{query}" if query else path


def escaped(path: str) -> str:
    """A decoded path, with what would end it, or be taken for a slash, written as an escape again."""
    return path.replace("?", "%3F").replace("#", "%23").replace("\\", "%5C")


def without_authority(path: str) -> str:
    """A path that cannot be taken for `//host`: nobody may be redirected to a host out of a path."""
    return "/%2F" + path[2:] if path.startswith("//") else path


class URLPath(str):
    """A path that `url_path_for` found; it knows whether it leads to `http` or `websocket`, and to which host."""

    protocol: Literal["http", "websocket", ""]
    host: str

    def __new__(cls, path: str, protocol: Literal["http", "websocket", ""] = "", host: str = "") -> Self:
        """A `str` is made here and not in `__init__`."""
        made = super().__new__(cls, without_authority(escaped(path)))
        made.protocol, made.host = protocol, host
        return made

    def make_absolute_url(self, base_url: str | URL) -> URL:
        """The whole URL, below `base_url`; a path still, where that names no host."""
        base = URL(base_url) if isinstance(base_url, str) else base_url
        if not (self.host or base.netloc):
            return URL(base.path.rstrip("/") + self)
        plain = {"http": "http", "websocket": "ws"}.get(self.protocol)
        scheme = base.scheme if plain is None else plain + ("s" if base.is_secure else "")
        return URL(scheme=scheme, netloc=self.host or base.netloc, path=base.path.rstrip("/") + self)
