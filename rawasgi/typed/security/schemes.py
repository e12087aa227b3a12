"""A connection in -> the one place where its credentials would be, and the 401 that asks for them, out.

bytes > server > app > middleware > routing > [handler] > response > bytes

A scheme is an object that is asked for what a client shows: `await bearer(request)` in a handler, `Depends(bearer)`
where there are dependencies. Whether that is right it does not know. Where nothing is shown it answers for you:

    GET /           ->  401   WWW-Authenticate: Bearer       Not authenticated

With `auto_error=False` it gives None instead, and another scheme can be asked. Who shows two credentials in one place
is refused with 400, whatever `auto_error` says: a proxy that believed the first would be passed by the second.

Spec:         https://www.rfc-editor.org/rfc/rfc9110#section-11.6
In FastAPI:   fastapi.security.base:SecurityBase, fastapi.security.utils:get_authorization_scheme_param
In Starlette: none, because its backends read the header themselves: starlette.authentication:AuthenticationBackend
In Flask:     werkzeug.datastructures:Authorization, werkzeug.datastructures:WWWAuthenticate
Left out:     several challenges in one 401, proxies that ask for themselves (407)
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from rawasgi.exceptions import HTTPException
from rawasgi.requests import HTTPConnection
from rawasgi.typed.params import SecurityBase

T = TypeVar("T")


class Scheme(SecurityBase):
    """What all schemes have: a `model`, which is the security scheme object of OpenAPI, its name there, and a 401.

    A subclass that wants another answer overrides `make_not_authenticated_error`.
    """

    challenge = "Bearer"

    def __init__(
        self, model: Mapping[str, Any], scheme_name: str | None, description: str | None, auto_error: bool
    ) -> None:
        self.model = {**model} if description is None else {**model, "description": description}
        self.scheme_name = scheme_name or type(self).__name__
        self.auto_error = auto_error

    def make_not_authenticated_error(self) -> HTTPException:
        """The answer to a client that shows nothing we can read.

        "A server generating a 401 response MUST send a WWW-Authenticate header field" (RFC 9110, 11.6.1).
        """
        return HTTPException(401, "Not authenticated", {"WWW-Authenticate": self.challenge})

    def demanded(self, found: T | None) -> T | None:
        """What was found. Where that is nothing: the 401 is raised, or without `auto_error` None is given."""
        if not found and self.auto_error:
            raise self.make_not_authenticated_error()
        return found or None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.scheme_name!r}: {self.model}>"


def the_only(values: Sequence[str], place: str) -> str:
    """The one value, or the empty string where there is none; HTTPException 400 for several."""
    if len(values) > 1:
        raise HTTPException(400, f"More than one {place}")
    return values[0] if values else ""


def authorization(connection: HTTPConnection) -> str:
    """The Authorization header; the empty string where there is none, HTTPException 400 where there are several."""
    return the_only(connection.headers.getlist("authorization"), "Authorization header")


def credentials(connection: HTTPConnection) -> tuple[str, str]:
    """The name of the scheme, in whatever case a client has written it, and what stands behind it.

    `authorization: Bearer abc` -> `("Bearer", "abc")`; empty strings where there is none. Raises what `authorization` does.
    """
    scheme, _, shown = authorization(connection).partition(" ")
    return scheme, shown.strip()


def quoted(text: str) -> str:
    """`a "b"` -> `"a \\"b\\""`, a quoted-string of RFC 9110, 5.6.4; ValueError for what no header can carry."""
    if not (text.isascii() and text.isprintable()):
        raise ValueError(f"a challenge holds printable ASCII alone, not {text!r}")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
