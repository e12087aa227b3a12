"""OpenID Connect: what tests/wire/ does not compare with FastAPI's."""

from rawasgi.requests import Request
from rawasgi.typed.security.openid import OpenIdConnect
from tests.drive import http, on_a_loop


@on_a_loop
async def test_the_header_is_given_as_it_is():
    """Scheme and token: what is done with them is yours."""
    scheme = OpenIdConnect(openIdConnectUrl="/openid", scheme_name="login", description="of the shop")
    assert await scheme(Request(http(headers=[("authorization", "Bearer  a")]))) == "Bearer  a"
    assert (scheme.scheme_name, scheme.model) == (
        "login",
        {"type": "openIdConnect", "openIdConnectUrl": "/openid", "description": "of the shop"},
    )
