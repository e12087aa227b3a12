"""A request without TLS in -> the way to the same page with TLS out.

bytes > server > app > [middleware] > routing > handler > response > bytes

    GET http://example.com/a?b=c  ->  307, Location: https://example.com/a?b=c

Behind a proxy that ends TLS every request looks like one without: put `ProxyHeadersMiddleware` outside of this one, or
the redirect never ends.

Spec:         https://www.rfc-editor.org/rfc/rfc9110#section-15.4.8
In FastAPI:   starlette.middleware.httpsredirect:HTTPSRedirectMiddleware
In Starlette: starlette.middleware.httpsredirect:HTTPSRedirectMiddleware
In Flask:     none, because the proxy does it, or an extension
Left out:     Strict-Transport-Security, which tells browsers to ask for https by themselves
"""

from rawasgi.messages.types import ASGIApp, Receive, Scope, Send
from rawasgi.middlewares.refusals import refuse
from rawasgi.responses import PlainTextResponse, RedirectResponse
from rawasgi.urls import URL

SECURE = {"http": "https", "ws": "wss"}
PLAIN = {"http": "http", "websocket": "ws"}  # type -> the scheme of a scope that names none


class HTTPSRedirectMiddleware:
    """Redirects (307) what comes by `http` or `ws`; 400 where neither the client nor the server names a host."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the app for what is secure, and for the lifespan."""
        scheme = SECURE.get(scope.get("scheme") or PLAIN.get(scope["type"], ""))
        if scheme is None:
            await self.app(scope, receive, send)
            return
        asked = URL(scope=scope)
        if not asked.netloc:
            await refuse(PlainTextResponse("Invalid host header", 400), scope, receive, send)
            return
        # A port that belongs to one of the two schemes is left to the scheme; any other was chosen, and is kept.
        there = asked.replace(scheme=scheme, port=None if asked.port in (80, 443) else asked.port)
        await refuse(RedirectResponse(there), scope, receive, send)
