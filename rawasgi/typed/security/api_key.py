"""A header, a query parameter or a cookie in -> the key that a client shows there, out.

bytes > server > app > middleware > routing > [handler] > response > bytes

    APIKeyHeader(name="X-Key")      x-key: s3cret           ->  "s3cret"
    APIKeyQuery(name="key")         GET /?key=s3cret        ->  "s3cret"; it will stand in every log on the way
    APIKeyCookie(name="key")        cookie: key=s3cret      ->  "s3cret"; a browser sends it along to forged forms too

A key that comes twice is refused with 400, but not in cookies: a browser sends two where two paths have set one.

Spec:         none, because no RFC knows them; the name of the scheme in the 401 is FastAPI's, `APIKey`
In FastAPI:   fastapi.security:APIKeyHeader, fastapi.security:APIKeyQuery, fastapi.security:APIKeyCookie
In Starlette: none, because one line of yours does it: starlette.requests:HTTPConnection.headers
In Flask:     none, because one line of yours does it: werkzeug.sansio.request:Request.args
Left out:     keys that are kept as hashes, rotation
"""

from rawasgi.requests import HTTPConnection
from rawasgi.typed.security.schemes import Scheme, the_only


class APIKey(Scheme):
    """A key in a place that has a name."""

    challenge = "APIKey"
    place = ""  # as OpenAPI calls it

    def __init__(
        self, *, name: str, scheme_name: str | None = None, description: str | None = None, auto_error: bool = True
    ) -> None:
        super().__init__({"type": "apiKey", "in": self.place, "name": name}, scheme_name, description, auto_error)
        self.name = name

    async def __call__(self, request: HTTPConnection) -> str | None:
        """The key; HTTPException 401 for none, or for an empty one (None without `auto_error`)."""
        return self.demanded(self.shown(request))

    def shown(self, request: HTTPConnection) -> str:
        """The key as it came; the empty string where there is none."""
        raise NotImplementedError(f"{type(self).__name__} must say where its key is")


class APIKeyHeader(APIKey):
    """Reads a key from the header `name`."""

    place = "header"

    def shown(self, request: HTTPConnection) -> str:
        """The header; HTTPException 400 where it comes twice."""
        return the_only(request.headers.getlist(self.name), f"{self.name} header")


class APIKeyQuery(APIKey):
    """Reads a key from the query parameter `name`."""

    place = "query"

    def shown(self, request: HTTPConnection) -> str:
        """The parameter; HTTPException 400 where it comes twice."""
        return the_only(request.query_params.getlist(self.name), f"query parameter {self.name}")


class APIKeyCookie(APIKey):
    """Reads a key from the cookie `name`."""

    place = "cookie"

    def shown(self, request: HTTPConnection) -> str:
        """The cookie; of several with this name, the last."""
        return request.cookies.get(self.name, "")
