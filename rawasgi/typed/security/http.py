"""An Authorization header in -> a user name and a password, or a token, out.

bytes > server > app > middleware > routing > [handler] > response > bytes

    authorization: Basic YWRhOmVuY2hhbnRyZXNz      ->  HTTPBasicCredentials("ada", "enchantress")
    authorization: Bearer eyJhbGciOi…              ->  HTTPAuthorizationCredentials("Bearer", "eyJhbGciOi…")

Both lie open to whoever reads along, so both want https. A Basic header that is broken (no base64, no UTF-8, no colon,
a control character) is refused also where `auto_error` is False: something was shown, and it was wrong.

Spec:         https://www.rfc-editor.org/rfc/rfc7617#section-2  (Bearer: https://www.rfc-editor.org/rfc/rfc6750#section-2.1)
In FastAPI:   fastapi.security:HTTPBasic, fastapi.security:HTTPBearer
In Starlette: none, because it has a layer instead: starlette.middleware.authentication:AuthenticationMiddleware
In Flask:     flask.wrappers:Request.authorization
Left out:     Digest, Negotiate
"""

import re
from base64 import b64decode
from dataclasses import dataclass, field

from rawasgi.requests import HTTPConnection
from rawasgi.typed.security.schemes import Scheme, credentials, quoted

CONTROL = re.compile(r"[\x00-\x1f\x7f]")  # "The user-id and password MUST NOT contain any control characters."


@dataclass(frozen=True, kw_only=True)
class HTTPBasicCredentials:
    """What `HTTPBasic` gives. The password is left out of the repr, and so out of logs."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class HTTPAuthorizationCredentials:
    """What `HTTPBearer` gives: the scheme as the client wrote it, and the token, which the repr leaves out."""

    scheme: str
    credentials: str = field(repr=False)


def read_basic(shown: str) -> HTTPBasicCredentials | None:
    """The base64 of `name:password` -> both; None for anything else. A password may have colons, a name none."""
    try:
        # Strictly: what skips over foreign characters lets one password be written in many ways.
        pair = b64decode(shown, validate=True).decode("utf-8")
    except ValueError:
        return None
    username, colon, password = pair.partition(":")
    if not colon or CONTROL.search(pair):
        return None
    return HTTPBasicCredentials(username=username, password=password)


class HTTPBasic(Scheme):
    """Reads `Authorization: Basic …` and gives `HTTPBasicCredentials`.

    `realm` is what a browser tells its user; ValueError where it is not printable ASCII. Compare what it gives with
    `is_same_secret`, or hand it to `Passwords.verify`: `==` tells by its time how much of a password was right.
    """

    def __init__(
        self,
        *,
        scheme_name: str | None = None,
        realm: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__({"type": "http", "scheme": "basic"}, scheme_name, description, auto_error)
        self.realm = realm
        # "The authentication parameter 'realm' is REQUIRED"; `charset` says in which encoding we read.
        self.challenge = f'Basic realm={quoted(realm or "")}, charset="UTF-8"'

    async def __call__(self, request: HTTPConnection) -> HTTPBasicCredentials | None:
        """What the client shows; HTTPException 401 for nothing (None without `auto_error`) and for what is broken."""
        scheme, shown = credentials(request)
        if scheme.lower() != "basic":
            return self.demanded(None)
        found = read_basic(shown)
        if found is None:
            raise self.make_not_authenticated_error()
        return found


class HTTPBearer(Scheme):
    """Reads `Authorization: Bearer …` and gives `HTTPAuthorizationCredentials`."""

    def __init__(
        self,
        *,
        bearerFormat: str | None = None,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        model = {"type": "http", "scheme": "bearer"}
        if bearerFormat is not None:
            model["bearerFormat"] = bearerFormat  # for readers of the document, "JWT" for example
        super().__init__(model, scheme_name, description, auto_error)

    async def __call__(self, request: HTTPConnection) -> HTTPAuthorizationCredentials | None:
        """The token and its scheme; HTTPException 401 for none (None without `auto_error`)."""
        scheme, token = credentials(request)
        if scheme.lower() != "bearer" or not token:
            return self.demanded(None)
        return HTTPAuthorizationCredentials(scheme=scheme, credentials=token)
