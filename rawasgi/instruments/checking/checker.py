"""An app in -> the same app, with a list of all that it and its server do against the specification, out.

bytes > [server > app > middleware > routing > handler > response] > bytes

    checker = Checker(app)
    ...                       # serve `checker` as you would serve `app`
    checker.findings          -> [Finding(rule="HS6", level="must", blame="application", ...), ...]

Nothing is changed on the way: each message goes on as it is, whatever is wrong with it. With `strict=True` what the
specification forbids (a MUST) is raised where it is seen: out of `send` or `receive`, or out of the call itself.

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html
In FastAPI:   none, because it leaves the protocol to Starlette and to the server
In Starlette: none, because its rules are conditions spread over the code
In Flask:     wsgiref.validate:validator
Left out:     what only a client sees: `rawasgi check` plays one
"""

import inspect
from collections.abc import Mapping
from typing import Any

from rawasgi.instruments.checking.finding import Fault, Finding, found
from rawasgi.instruments.checking.headers import solid
from rawasgi.instruments.checking.http import HTTPWatch
from rawasgi.instruments.checking.lifespan import LifespanWatch
from rawasgi.instruments.checking.scopes import scope_faults
from rawasgi.instruments.checking.serving import Serving
from rawasgi.instruments.checking.values import readable_twice, told
from rawasgi.instruments.checking.watch import Watch
from rawasgi.instruments.checking.websocket import WebSocketWatch
from rawasgi.messages.errors import ProtocolError
from rawasgi.messages.types import ASGIApp, Receive, Scope, Send

WATCHES: dict[str, type[Watch]] = {"http": HTTPWatch, "websocket": WebSocketWatch, "lifespan": LifespanWatch}
MOST = 1000  # findings that are kept: a server may run for days


class Checker:
    """An ASGI app that behaves as `app` does. `findings` holds each thing once, in the order in which it was seen."""

    def __init__(self, app: ASGIApp, *, strict: bool = False) -> None:
        self.app = app
        self.strict = strict
        self.findings: list[Finding] = []
        self.serving = Serving()
        self.known: set[Finding] = set()

    def keep(self, finding: Finding) -> None:
        """Note a finding, unless it is known."""
        if finding not in self.known and len(self.known) < MOST:
            self.known.add(finding)
            self.findings.append(finding)

    def insist(self, known: int = 0) -> None:
        """Raise the first finding that must not be, of those after the first `known`."""
        for finding in self.findings[known:]:
            if finding.level == "must":
                raise finding.error()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One call of the app."""
        scope = legible(scope)
        self.judge(scope)
        protocol = protocol_of(scope)
        if protocol is None:
            await self.called(scope, receive, send)
            return
        watch = protocol(scope, receive, send, self.serving, self.keep, self.strict)
        try:
            watch.begin()
            watch.returned(await self.called(scope, watch.receive, watch.send, watch))
        finally:
            watch.end()
        if watch.error is not None:
            raise watch.error  # it was raised before, and somebody has swallowed it

    def judge(self, scope: Scope) -> None:
        """Look at the scope by itself. Raises what must not be, where the checker is strict."""
        worst: ProtocolError | None = None
        for fault in scope_faults(scope):
            finding = found(fault, "server", "scope")
            self.keep(finding)
            if finding.level == "must" and worst is None:
                worst = finding.error()
        if self.strict and worst is not None:
            raise worst

    async def called(self, scope: Scope, receive: Receive, send: Send, watch: Watch | None = None) -> Any:
        """Call the app, and give what it returns."""
        try:
            call: Any = self.app(scope, receive, send)
        except TypeError as error:
            if watch is not None and error.__traceback__ is not None and error.__traceback__.tb_next is None:
                watch.report("application", [Fault("G15", "an app that cannot be called with scope, receive, send")])
            raise
        if watch is not None and not inspect.isawaitable(call):
            watch.report("application", [Fault("G15", f"an app whose call gives {told(call)}")])
        return await call

    def __repr__(self) -> str:
        return f"<Checker: {len(self.findings)} findings>"


def protocol_of(scope: Any) -> type[Watch] | None:
    """Who can watch it; nobody where the protocol, or that it is one, is not known."""
    kind = scope.get("type") if isinstance(scope, Mapping) else None
    return WATCHES.get(kind) if isinstance(kind, str) else None


def legible(scope: Any) -> Any:
    """The scope, or a copy of it where something in it could be read only once."""
    if not isinstance(scope, dict):
        return scope
    for key, readable in (("headers", solid), ("subprotocols", readable_twice)):
        if key in scope and (values := readable(scope[key])) is not scope[key]:
            scope = {**scope, key: values}
    extensions = scope.get("extensions")
    tls = extensions.get("tls") if isinstance(extensions, dict) else None
    if isinstance(tls, dict) and (chain := readable_twice(tls.get("client_cert_chain"))) is not tls.get(
        "client_cert_chain"
    ):
        scope = {**scope, "extensions": {**extensions, "tls": {**tls, "client_cert_chain": chain}}}
    return scope
