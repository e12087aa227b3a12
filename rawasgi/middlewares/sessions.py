"""A signed cookie in -> `request.session`, and the cookie that keeps what was changed in it, out.

bytes > server > app > [middleware] > routing > handler > response > bytes

The session is in the cookie, as JSON in base64: the browser can read it, and cannot change it without breaking the
signature. The server keeps nothing, and can therefore take nothing back: an old cookie is good until `max_age` is over.

    request.session["user"] = "ada"
    ->  (b"set-cookie", b"session=eyJ1c2VyIjogImFkYSJ9.ZTk…; path=/; Max-Age=1209600; httponly; samesite=lax")

A cookie that was tampered with, has expired or holds no session is an empty session. A session that is emptied removes
its cookie. Who has looked at the session has made a response for one browser alone: `Vary: Cookie`.

Spec:         https://www.rfc-editor.org/rfc/rfc6265#section-4.1
In FastAPI:   starlette.middleware.sessions:SessionMiddleware
In Starlette: starlette.middleware.sessions:SessionMiddleware
In Flask:     flask.sessions:SecureCookieSessionInterface
Left out:     sessions that the server keeps, and could end; keys to be phased out
"""

import json
import logging
import re
from base64 import b64decode, b64encode
from collections.abc import Awaitable
from copy import deepcopy
from typing import Any, Literal, Self

try:
    from itsdangerous import BadSignature, TimestampSigner
except ModuleNotFoundError as missing:
    name = missing.name
    raise ModuleNotFoundError("sessions need itsdangerous: pip install 'rawasgi[sessions]'", name=name) from None

from rawasgi.datastructures import MutableHeaders
from rawasgi.messages.types import ASGIApp, Message, Receive, Scope, Send
from rawasgi.requests import HTTPConnection

log = logging.getLogger("rawasgi.sessions")

ANSWERS = ("http.response.start", "websocket.accept", "websocket.http.response.start")
LARGEST_COOKIE = 4096  # bytes of name, value and attributes that a browser must keep (RFC 6265, 6.1)
IN_A_COOKIE = re.compile(r"[^\x00-\x20\x7f-\uffff;,=]+")


class Session(dict[str, Any]):
    """What is kept for one browser: a dict of what JSON can say.

    It is kept when its content has changed, in depth too (`session["cart"].append(7)`), and when something was assigned
    to it: the same value again gives the cookie a new `max_age`. `mark_modified` says so without an assignment.
    """

    accessed = False
    modified = False

    def __setitem__(self, key: str, value: Any) -> None:
        self.mark_modified()
        dict.__setitem__(self, key, value)

    def __ior__(self, other: Any) -> Self:  # type: ignore[override,misc]  # dict has two forms of it
        self.update(other)
        return self

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Assign all of these."""
        self.mark_modified()
        dict.update(self, *args, **kwargs)

    def mark_accessed(self) -> None:
        """The response depends on the session."""
        self.accessed = True

    def mark_modified(self) -> None:
        """Send the cookie again, whatever has changed."""
        self.accessed = self.modified = True


class SessionMiddleware:
    """Puts a `Session` into the scope of requests and websockets, and keeps it in the cookie `session_cookie`.

    `max_age` is in seconds; None is until the browser is closed. `https_only` is the cookie's `secure`. A session that
    makes its cookie longer than 4,096 bytes is sent, and logged as a warning: most browsers drop it. ValueError for an
    empty key and for options that no cookie can have.
    """

    def __init__(
        self,
        app: ASGIApp,
        secret_key: str,
        session_cookie: str = "session",
        max_age: int | None = 14 * 24 * 60 * 60,
        path: str = "/",
        same_site: Literal["lax", "strict", "none"] = "lax",
        https_only: bool = False,
        domain: str | None = None,
        partitioned: bool = False,
    ) -> None:
        if not str(secret_key):
            raise ValueError("secret_key is empty: anybody could sign a session")
        if not IN_A_COOKIE.fullmatch(session_cookie):
            raise ValueError(f"session_cookie: no cookie can have the name {session_cookie!r}")
        if same_site not in ("lax", "strict", "none"):
            raise ValueError(f"same_site is lax, strict or none, not {same_site!r}")
        for option, value in (("path", path), ("domain", domain or "")):
            if re.search(r"[\x00-\x1f\x7f;]", value):
                raise ValueError(f"{option} must not hold a semicolon or a control character: {value!r}")
        self.app = app
        self.signer = TimestampSigner(str(secret_key))
        self.session_cookie = session_cookie
        self.max_age = max_age
        self.path = path
        flags = ["httponly", f"samesite={same_site}"] + ["secure"] * https_only
        flags += [f"domain={domain}"] * (domain is not None) + ["partitioned"] * partitioned
        self.flags = "; ".join(flags)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the app with a session, and keep it when the answer starts."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        scope = {**scope}
        came = self.load(HTTPConnection(scope).cookies.get(self.session_cookie, ""))
        session = scope["session"] = Session(deepcopy(came))  # a list in it may grow, so what came is kept apart

        def send_with_session(message: Message) -> Awaitable[None]:
            if message["type"] in ANSWERS:
                message = {**message, "headers": [*message.get("headers", ())]}
                self.keep(session, came, MutableHeaders(raw=message["headers"]))
            return send(message)

        await self.app(scope, receive, send_with_session)

    def load(self, cookie: str) -> dict[str, Any]:
        """What the cookie holds: nothing, where it is missing or not to be trusted."""
        try:
            data = json.loads(b64decode(self.signer.unsign(cookie.encode(), self.max_age)))
        except (BadSignature, ValueError, RecursionError):
            return {}
        return data if isinstance(data, dict) else {}

    def keep(self, session: Session, came: dict[str, Any], headers: MutableHeaders) -> None:
        """Set the cookie if the session has changed, remove it if the session was emptied, else leave it."""
        has_changed = session.modified or session != came
        if session.accessed or has_changed:
            headers.add_vary_header("Cookie")
        if has_changed and session:
            data = self.signer.sign(b64encode(json.dumps(session).encode())).decode()
            headers.append("set-cookie", self.cookie(data, "" if self.max_age is None else f"Max-Age={self.max_age}; "))
        elif has_changed and came:
            headers.append("set-cookie", self.cookie("null", "expires=Thu, 01 Jan 1970 00:00:00 GMT; "))

    def cookie(self, data: str, lifetime: str) -> str:
        """The value of Set-Cookie."""
        made = f"{self.session_cookie}={data}; path={self.path}; {lifetime}{self.flags}"
        if len(made) > LARGEST_COOKIE:
            log.warning("a session of %d bytes: browsers drop cookies over %d", len(made), LARGEST_COOKIE)
        return made
