"""A proxy's word about its client in -> `client` and `scheme` of the client itself out.

bytes > server > app > [middleware] > routing > handler > response > bytes

Behind a proxy every connection comes from the proxy, without TLS. It says in two headers who asked it, and how. Anyone
can send these headers: they count only where the peer is a proxy that you have named.

    client ("10.0.0.1", 41522), X-Forwarded-For: 6.6.6.6, 192.0.2.7, 10.0.0.2   with 10.0.0.0/8 trusted
    ->  client ("192.0.2.7", 0)

Each proxy appends the address that it sees, so the list is read from the right: the first address that is no trusted
proxy is the client, and what stands left of it is only what that client claims.

Spec:         none, because the headers are a habit; https://www.rfc-editor.org/rfc/rfc7239 is the standard that came later
In FastAPI:   uvicorn.middleware.proxy_headers:ProxyHeadersMiddleware
In Starlette: uvicorn.middleware.proxy_headers:ProxyHeadersMiddleware
In Flask:     werkzeug.middleware.proxy_fix:ProxyFix, which counts proxies and knows none
Left out:     Forwarded, X-Forwarded-Host, X-Forwarded-Prefix
"""

import re
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from rawasgi.messages.types import ASGIApp, Header, Receive, Scope, Send

WITH_BRACKETS_OR_PORT = re.compile(r"\[([^\]]+)\](?::([0-9]{1,5}))?|([^:]+):([0-9]{1,5})")
SCHEMES = {
    "http": {"http": "http", "https": "https", "ws": "http", "wss": "https"},
    "websocket": {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"},
}


class ProxyHeadersMiddleware:
    """Believes X-Forwarded-For and X-Forwarded-Proto of `trusted_hosts`: a list, or a text with commas, of addresses,
    networks (`10.0.0.0/8`) and other names that a server may give its peers; `*` is everybody.

    `*` is safe only where nobody but the proxy can connect, and where the proxy drops what its clients sent. ValueError
    for a network that is none.
    """

    def __init__(self, app: ASGIApp, trusted_hosts: list[str] | str = "127.0.0.1") -> None:
        self.app = app
        named = trusted_hosts.split(",") if isinstance(trusted_hosts, str) else trusted_hosts
        self.trusted = TrustedHosts(host.strip() for host in named)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the app with what the proxy says, if the peer is one."""
        if scope["type"] in SCHEMES and scope.get("client") in self.trusted:
            scope = {**scope, **self.told(scope)}
        await self.app(scope, receive, send)

    def told(self, scope: Scope) -> dict[str, object]:
        """What changes in the scope: nothing where the headers are missing or make no sense."""
        changes: dict[str, object] = {}
        schemes = values(scope["headers"], b"x-forwarded-proto")
        if schemes and (scheme := SCHEMES[scope["type"]].get(schemes[-1].strip())):
            changes["scheme"] = scheme
        chain = ",".join(values(scope["headers"], b"x-forwarded-for")).split(",")
        if client := self.trusted.client_of(chain):
            changes["client"] = client
        return changes


def values(headers: Iterable[Header], wanted: bytes) -> list[str]:
    """All values of a header, in order."""
    return [value.decode("latin-1") for name, value in headers if name == wanted]


class TrustedHosts:
    """Peers whose word counts, by address, network or name."""

    def __init__(self, hosts: Iterable[str]) -> None:
        self.names: set[str] = set()
        self.networks: list[IPv4Network | IPv6Network] = []
        for host in hosts:
            if "/" in host or is_address(host):
                self.networks.append(network(host))  # one address is a network of one
            else:
                self.names.add(host)

    def __contains__(self, address: object) -> bool:
        """Whether this `(host, port)` may speak for others; None, a peer without address, only with `*`."""
        host = address[0] if isinstance(address, tuple | list) and address else ""
        if "*" in self.names or (host and host in self.names):
            return True
        return is_address(host) and any(ip_address(host) in known for known in self.networks)

    def client_of(self, chain: list[str]) -> tuple[str, int] | None:
        """The client behind these proxies, given leftmost first; None where the place of its address holds none."""
        found: tuple[str, int] | None = None
        for written in reversed(chain):
            found = parse_address(written.strip())
            if found is None or found not in self:
                break
        return found


def network(host: str) -> IPv4Network | IPv6Network:
    """The network; ValueError that says what is wrong with it."""
    try:
        return ip_network(host)
    except ValueError as error:
        raise ValueError(f"trusted_hosts: {error}") from None


def is_address(text: str) -> bool:
    """Whether this is an IPv4 or IPv6 address; one with a zone means something on its own machine only."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def parse_address(text: str) -> tuple[str, int] | None:
    """`1.2.3.4`, `1.2.3.4:80`, `::1`, `[::1]` or `[::1]:80` -> host and port; the port is 0 where none is told."""
    found = WITH_BRACKETS_OR_PORT.fullmatch(text)
    host, port = (found[1] or found[3], found[2] or found[4]) if found else (text, None)
    return (host, int(port or 0)) if is_address(host) else None
