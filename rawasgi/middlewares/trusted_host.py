"""An app in -> the same app, which answers only to its own names, out.

bytes > server > app > [middleware] > routing > handler > response > bytes

The Host header is the client's word. Whoever builds links from it (a mail that resets a password, `request.url_for`)
lets the client choose where they lead, unless somebody has looked at it first.

    Host: evil.example  ->  400, `Invalid host header`

Spec:         https://www.rfc-editor.org/rfc/rfc9110#section-7.2
In FastAPI:   starlette.middleware.trustedhost:TrustedHostMiddleware
In Starlette: starlette.middleware.trustedhost:TrustedHostMiddleware
In Flask:     werkzeug.sansio.utils:host_is_trusted
Left out:     internationalised host names
"""

from collections.abc import Sequence

from rawasgi.messages.types import ASGIApp, Receive, Scope, Send
from rawasgi.middlewares.refusals import refuse
from rawasgi.responses import PlainTextResponse, RedirectResponse
from rawasgi.urls import HOST, URL, parse_host


class TrustedHostMiddleware:
    """Lets in who asks for one of `allowed_hosts`: names without port, `*.example.com` for all below one, `*` for all.

    Who asks for `example.com` where only `www.example.com` is allowed is redirected there, unless `www_redirect` is
    false. ValueError for a pattern that no host could match, TypeError for a string in place of a list.
    """

    def __init__(self, app: ASGIApp, allowed_hosts: Sequence[str] | None = None, www_redirect: bool = True) -> None:
        if isinstance(allowed_hosts, str):
            raise TypeError(f"allowed_hosts is a list of names: [{allowed_hosts!r}]")
        self.app = app
        self.allowed_hosts = [checked(pattern) for pattern in (["*"] if allowed_hosts is None else allowed_hosts)]
        self.www_redirect = www_redirect

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the app, or turn the client away."""
        if scope["type"] not in ("http", "websocket") or "*" in self.allowed_hosts:
            await self.app(scope, receive, send)
            return
        host = (parse_host(scope["headers"]) or ("", None))[0]
        if any(fits(host, pattern) for pattern in self.allowed_hosts):
            await self.app(scope, receive, send)
        elif self.www_redirect and host and f"www.{host}" in self.allowed_hosts:
            asked = URL(scope=scope)
            await refuse(RedirectResponse(asked.replace(netloc=f"www.{asked.netloc}")), scope, receive, send)
        else:
            await refuse(PlainTextResponse("Invalid host header", 400), scope, receive, send)


def checked(pattern: str) -> str:
    """The pattern in lower case; ValueError where it is no `*`, no `*.` before a name, and no name."""
    found = HOST.fullmatch(pattern.removeprefix("*."))
    if pattern != "*" and (found is None or found[2] is not None or "*" in found[1]):
        raise ValueError(f"allowed_hosts: {pattern!r} matches no host: write example.com, *.example.com or *, no port")
    return pattern.lower()


def fits(host: str, pattern: str) -> bool:
    """Whether a host is the one of the pattern, or one below it."""
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern
