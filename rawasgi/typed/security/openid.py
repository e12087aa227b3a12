"""An Authorization header in -> the same out: how to come by a token stands on a page that the document names.

bytes > server > app > middleware > routing > [handler] > response > bytes

The page is a server's discovery document, `https://login.example.com/.well-known/openid-configuration`. Clients and the
pages of the documentation read it; this process does not, and nothing here verifies the header: `Tokens` can.

Spec:         https://www.rfc-editor.org/rfc/rfc8414#section-3  (the same idea, as an RFC)
In FastAPI:   fastapi.security:OpenIdConnect
In Starlette: none, because it describes no schemes
In Flask:     none, because Authlib does it
Left out:     reading the page, fetching its keys
"""

from rawasgi.requests import HTTPConnection
from rawasgi.typed.security.schemes import Scheme, authorization


class OpenIdConnect(Scheme):
    """Gives the Authorization header whole: `Bearer eyJhbGciOi…`."""

    def __init__(
        self,
        *,
        openIdConnectUrl: str,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        model = {"type": "openIdConnect", "openIdConnectUrl": openIdConnectUrl}
        super().__init__(model, scheme_name, description, auto_error)

    async def __call__(self, request: HTTPConnection) -> str | None:
        """The header; HTTPException 401 where there is none (None without `auto_error`)."""
        return self.demanded(authorization(request))
