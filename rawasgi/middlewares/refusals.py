"""A response in -> the same response, in place of the app that a layer has not called, out.

bytes > server > app > [middleware] > routing > handler > response > bytes

A layer that turns a client away says so on both kinds of connection. A request gets the response. A handshake gets it
too where the server knows denials; on other servers only `websocket.close` is left, which the client sees as HTTP 403.

Spec:         https://asgi.readthedocs.io/en/latest/extensions.html#websocket-denial-response
In FastAPI:   none, because its layers send a denial to servers that do not know it, too
In Starlette: none, for the same reason: starlette.middleware.trustedhost:TrustedHostMiddleware
In Flask:     none, because WSGI has no websockets
Left out:     nothing
"""

from rawasgi.messages.scopes import can_deny
from rawasgi.messages.types import Receive, Scope, Send
from rawasgi.responses import Response
from rawasgi.websockets import WebSocket


async def refuse(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request with `response`; a websocket too, or close it where the server has no denial responses."""
    if scope["type"] == "http":
        await response(scope, receive, send)
    elif can_deny(scope):
        await WebSocket(scope, receive, send).send_denial_response(response)
    else:
        await WebSocket(scope, receive, send).close()
