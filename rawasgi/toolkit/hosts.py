"""A Host header in -> the app of that host, called, out.

bytes > server > app > middleware > [routing] > handler > response > bytes

One server, many names: `app.host("{tenant}.example.org", tenants)`. The path says nothing here, so a router asks such a
route about every request, in the order of registration.

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html#http-connection-scope
In FastAPI:   starlette.routing:Host
In Starlette: starlette.routing:Host
In Flask:     flask.app:Flask, by host_matching=True
Left out:     host patterns with ports
"""

import re
from typing import Any

from rawasgi.messages.types import ASGIApp, Scope
from rawasgi.paths import Match, NoMatchFound, PathTemplate
from rawasgi.routing import Container
from rawasgi.urls import URLPath, parse_host


class Host(Container):
    """An app for one host, or for those that fit a template such as `{tenant}.example.org`. A port does not count."""

    def __init__(self, host: str, app: ASGIApp, name: str | None = None) -> None:
        if host.startswith("/"):
            raise ValueError(f"a host does not begin with a slash: {host!r}")
        self.host = host
        super().__init__(app, name, PathTemplate(re.sub(r":[0-9]+$", "", host)))

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """By the Host header; a malformed one fits no host."""
        asked = parse_host(scope["headers"])
        found = self.template.match(asked[0]) if asked else None
        if found is None:
            return Match.NONE, {}
        return Match.FULL, {"endpoint": self.app, "path_params": {**scope.get("path_params", {}), **found}}

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """`host` with a `path`, or `host:child` with the child's parameters; the result knows its host."""
        own = {key: path_params.pop(key) for key in self.template.convertors if key in path_params}
        if len(own) < len(self.template.convertors):
            raise NoMatchFound(name, path_params)
        if name == self.name and path_params.keys() == {"path"}:
            return URLPath(path_params["path"], host=self.template.fill(own))
        child = self.child_url(name, path_params)
        return URLPath(child, child.protocol, self.template.fill(own))

    def __repr__(self) -> str:
        return f"Host(host={self.host!r}, name={self.name or ''!r}, app={self.app!r})"
