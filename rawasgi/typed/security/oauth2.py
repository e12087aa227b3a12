"""A password in a form, or a token in a header, in -> both in words out.

bytes > server > app > middleware > routing > [handler] > response > bytes

The password flow is two requests, and the names in them are the RFC's:

    POST /token     username=ada&password=…&scope=items:read   ->  {"access_token": "eyJhbGciOi…", "token_type": "bearer"}
    GET /items      authorization: Bearer eyJhbGciOi…          ->  the token, for you to read: `Tokens.read`

In the authorization-code flow the token comes from somewhere else; what reaches us is the second request. A flow is
said once, where the scheme is made, and the pages of the documentation log in by it.

Spec:         https://www.rfc-editor.org/rfc/rfc6749#section-4.3  (OAuth 2.1 drops this flow: for clients of your own alone)
In FastAPI:   fastapi.security:OAuth2PasswordBearer, fastapi.security:OAuth2PasswordRequestForm
In Starlette: none, because it describes no schemes; scopes are starlette.authentication:requires
In Flask:     none, because Authlib does it
Left out:     the server side of the authorization-code flow, refresh tokens, revocation (RFC 7009)
"""

from collections.abc import Mapping
from typing import Annotated, Any

from rawasgi.requests import HTTPConnection
from rawasgi.typed.params import Form, nonblocking
from rawasgi.typed.security.schemes import Scheme, authorization, credentials

# What OpenAPI demands of each flow beside `scopes`.
FLOWS = {
    "implicit": ("authorizationUrl",),
    "password": ("tokenUrl",),
    "clientCredentials": ("tokenUrl",),
    "authorizationCode": ("authorizationUrl", "tokenUrl"),
}


def described(flow: str, says: Mapping[str, Any]) -> dict[str, Any]:
    """A flow as OpenAPI prints it: without what is None, and with `scopes`; ValueError for one that it could not print."""
    if flow not in FLOWS:
        raise ValueError(f"there is no OAuth2 flow {flow!r}; there are {', '.join(FLOWS)}")
    given = {name: value for name, value in says.items() if value is not None}
    if missing := [name for name in FLOWS[flow] if name not in given]:
        raise ValueError(f"the OAuth2 flow {flow} needs {' and '.join(missing)}")
    return {**given, "scopes": {**given.get("scopes", {})}}


class OAuth2(Scheme):
    """Gives the Authorization header whole. `flows` is OpenAPI's: `{"password": {"tokenUrl": "token", "scopes": {…}}}`."""

    def __init__(
        self,
        *,
        flows: Mapping[str, Mapping[str, Any]] | None = None,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        shown = {flow: described(flow, says) for flow, says in (flows or {}).items()}
        super().__init__({"type": "oauth2", "flows": shown}, scheme_name, description, auto_error)

    async def __call__(self, request: HTTPConnection) -> str | None:
        """The header; HTTPException 401 where there is none (None without `auto_error`)."""
        return self.demanded(authorization(request))


class BearerOfFlow(OAuth2):
    """A token that was issued in some flow."""

    async def __call__(self, request: HTTPConnection) -> str | None:
        """The token of `Authorization: Bearer …`; HTTPException 401 for none (None without `auto_error`)."""
        scheme, token = credentials(request)
        return self.demanded(token if scheme.lower() == "bearer" else None)


class OAuth2PasswordBearer(BearerOfFlow):
    """Gives the token that a client has got at `tokenUrl` for a password. `scopes` is name -> what it allows."""

    def __init__(
        self,
        tokenUrl: str,
        scheme_name: str | None = None,
        scopes: dict[str, str] | None = None,
        description: str | None = None,
        auto_error: bool = True,
        refreshUrl: str | None = None,
    ) -> None:
        flow = {"tokenUrl": tokenUrl, "refreshUrl": refreshUrl, "scopes": scopes}
        super().__init__(
            flows={"password": flow}, scheme_name=scheme_name, description=description, auto_error=auto_error
        )


class OAuth2AuthorizationCodeBearer(BearerOfFlow):
    """Gives the token that a client has got at `tokenUrl` for a code, and the code at `authorizationUrl` from a user."""

    def __init__(
        self,
        authorizationUrl: str,
        tokenUrl: str,
        refreshUrl: str | None = None,
        scheme_name: str | None = None,
        scopes: dict[str, str] | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        urls = {"authorizationUrl": authorizationUrl, "tokenUrl": tokenUrl, "refreshUrl": refreshUrl}
        super().__init__(
            flows={"authorizationCode": {**urls, "scopes": scopes}},
            scheme_name=scheme_name,
            description=description,
            auto_error=auto_error,
        )


# "grant_type REQUIRED. Value MUST be set to "password"."
Grant = Form(pattern="^password$")
# Pages of documentation show dots in the place of these.
Hidden = Form(json_schema_extra={"format": "password"})


@nonblocking
class OAuth2PasswordRequestForm:
    """A login, as a dependency: `form: Annotated[OAuth2PasswordRequestForm, Depends()]`.

    `scopes` are what the client wishes for; what it gets is your decision. 422 without a name or a password.
    """

    def __init__(
        self,
        *,
        grant_type: Annotated[str | None, Grant] = None,
        username: Annotated[str, Form()],
        password: Annotated[str, Hidden],
        scope: Annotated[str, Form()] = "",
        client_id: Annotated[str | None, Form()] = None,
        client_secret: Annotated[str | None, Hidden] = None,
    ) -> None:
        self.grant_type = grant_type
        self.username, self.password = username, password
        self.client_id, self.client_secret = client_id, client_secret
        self.scopes = scope.split()


@nonblocking
class OAuth2PasswordRequestFormStrict(OAuth2PasswordRequestForm):
    """The same for clients that keep to the RFC: 422 without `grant_type=password`."""

    def __init__(
        self,
        grant_type: Annotated[str, Grant],
        username: Annotated[str, Form()],
        password: Annotated[str, Form()],
        scope: Annotated[str, Form()] = "",
        client_id: Annotated[str | None, Form()] = None,
        client_secret: Annotated[str | None, Form()] = None,
    ) -> None:
        client = {"client_id": client_id, "client_secret": client_secret}
        super().__init__(grant_type=grant_type, username=username, password=password, scope=scope, **client)
