"""A request in -> the same request with who asks, and what they may do, out.

bytes > server > app > [middleware] > routing > handler > response > bytes

The layer asks a backend of yours once for each request and websocket, and leaves the answer in the scope, where
`request.auth` and `request.user` read it. What a page demands stands above its handler:

    class Tokens(AuthenticationBackend):
        async def authenticate(self, conn):
            if conn.headers.get("authorization") == "Bearer letmein":
                return AuthCredentials(["authenticated"]), SimpleUser("ada")

    @app.get("/profile")
    @requires("authenticated")                  # 403 without; redirect="login" sends a browser to the route "login"
    async def profile(request): ...

`None` from the backend is a client that is nobody in particular; `AuthenticationError` is one who claims too much, 400.

Spec:         https://www.rfc-editor.org/rfc/rfc9110#section-11
In FastAPI:   none, because it prefers dependencies: fastapi.security:HTTPBearer
In Starlette: starlette.middleware.authentication:AuthenticationMiddleware, starlette.authentication:requires
In Flask:     none, because an extension does it, Flask-Login mostly
Left out:     schemes, passwords, tokens: they are the backend's
"""

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec
from urllib.parse import urlencode

from rawasgi.concurrency import is_async_callable, name_of
from rawasgi.exceptions import HTTPException
from rawasgi.messages.types import ASGIApp, Receive, Scope, Send
from rawasgi.requests import HTTPConnection
from rawasgi.responses import PlainTextResponse, RedirectResponse, Response
from rawasgi.websockets import WebSocket

P = ParamSpec("P")


class AuthenticationError(Exception):
    """The client shows credentials that are wrong; the text goes back to it."""


class AuthCredentials:
    """What a client may do: words of your own, `scopes`."""

    def __init__(self, scopes: Sequence[str] | None = None) -> None:
        self.scopes = list(scopes or ())


class BaseUser:
    """Who asks. Subclasses answer three questions."""

    @property
    def is_authenticated(self) -> bool:
        """Whether we know who it is."""
        raise NotImplementedError(f"{type(self).__name__} must say whether it is authenticated")

    @property
    def display_name(self) -> str:
        """What to call the user on a page."""
        raise NotImplementedError(f"{type(self).__name__} must have a display_name")

    @property
    def identity(self) -> str:
        """What to call the user in a database."""
        raise NotImplementedError(f"{type(self).__name__} must have an identity")


class SimpleUser(BaseUser):
    """A user with a name and nothing else."""

    def __init__(self, username: str) -> None:
        self.username = username

    @property
    def is_authenticated(self) -> bool:
        """Yes."""
        return True

    @property
    def display_name(self) -> str:
        """The name."""
        return self.username

    @property
    def identity(self) -> str:
        """The name too."""
        return self.username


class UnauthenticatedUser(BaseUser):
    """Anybody."""

    @property
    def is_authenticated(self) -> bool:
        """No."""
        return False

    @property
    def display_name(self) -> str:
        """Nothing to call them."""
        return ""

    @property
    def identity(self) -> str:
        """Nor to find them by."""
        return ""


class AuthenticationBackend:
    """Says who asks. Subclasses override `authenticate`."""

    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, BaseUser] | None:
        """What the client may do and who it is; None for anybody; `AuthenticationError` to refuse it."""
        raise NotImplementedError(f"{type(self).__name__} must say who asks")


class AuthenticationMiddleware:
    """Asks `backend` who it is, before the app is called.

    `on_error(conn, error) -> Response` answers an `AuthenticationError`, by default with 400 and its text; a websocket
    is closed, which before `accept` is HTTP 403.
    """

    def __init__(
        self,
        app: ASGIApp,
        backend: AuthenticationBackend,
        on_error: Callable[[HTTPConnection, AuthenticationError], Response] | None = None,
    ) -> None:
        self.app = app
        self.backend = backend
        self.on_error = on_error or self.default_on_error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Authenticate one request or websocket."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        scope = {**scope}
        conn = HTTPConnection(scope)
        try:
            found = await self.backend.authenticate(conn)
        except AuthenticationError as error:
            response = self.on_error(conn, error)
            if scope["type"] == "websocket":
                await WebSocket(scope, receive, send).close()
            else:
                await response(scope, receive, send)
            return
        scope["auth"], scope["user"] = found or (AuthCredentials(), UnauthenticatedUser())
        await self.app(scope, receive, send)

    @staticmethod
    def default_on_error(conn: HTTPConnection, exc: Exception) -> Response:
        """400, and what the backend said."""
        return PlainTextResponse(str(exc), 400)


def requires(
    scopes: str | Sequence[str], status_code: int = 403, redirect: str | None = None
) -> Callable[[Callable[P, Any]], Callable[P, Any]]:
    """Decorator: the handler is called for clients that have all these scopes.

    Others get `status_code`, or are sent (303) to the route named `redirect`, which finds the page they wanted in the
    query parameter `next`. A websocket is closed, which before `accept` is HTTP 403. TypeError for a function without
    arguments: it would be given no request.
    """
    wanted = {scopes} if isinstance(scopes, str) else set(scopes)

    def decorate(func: Callable[P, Any]) -> Callable[P, Any]:
        if not inspect.signature(func).parameters:
            raise TypeError(f"{name_of(func)} takes no argument, so @requires would see no request and no websocket")

        def connection(*args: Any, **kwargs: Any) -> HTTPConnection:
            for argument in (*args, *kwargs.values()):
                if isinstance(argument, HTTPConnection):
                    return argument
            raise TypeError(f"{name_of(func)} was called without a request or websocket: @requires sees nobody")

        @functools.wraps(func)
        async def allowed_only(*args: P.args, **kwargs: P.kwargs) -> Any:
            conn = connection(*args, **kwargs)
            if wanted <= {*conn.auth.scopes}:
                return await func(*args, **kwargs)
            return await conn.close() if isinstance(conn, WebSocket) else turned_away(conn, status_code, redirect)

        @functools.wraps(func)
        def allowed_only_on_a_thread(*args: P.args, **kwargs: P.kwargs) -> Any:
            conn = connection(*args, **kwargs)
            return func(*args, **kwargs) if wanted <= {*conn.auth.scopes} else turned_away(conn, status_code, redirect)

        return allowed_only if is_async_callable(func) else allowed_only_on_a_thread

    return decorate


def turned_away(conn: HTTPConnection, status_code: int, redirect: str | None) -> Response:
    """The way to the route named `redirect`, or HTTPException where there is none."""
    if redirect is None:
        raise HTTPException(status_code)
    query = urlencode({"next": str(conn.url)})
    return RedirectResponse(f"{conn.url_for(redirect)}?{query}", 303)
