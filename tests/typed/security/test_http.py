"""Basic and Bearer: what tests/wire/ does not compare with FastAPI's."""

from base64 import b64encode
from dataclasses import FrozenInstanceError

import pytest

from rawasgi.app import App
from rawasgi.requests import Request
from rawasgi.responses import JSONResponse
from rawasgi.typed.security.http import (
    HTTPAuthorizationCredentials,
    HTTPBasic,
    HTTPBasicCredentials,
    HTTPBearer,
    read_basic,
)
from tests.drive import converse, http, on_a_loop
from tests.test_middleware import text

ADA = ("authorization", "Basic " + b64encode(b"ada:enchantress").decode())


@on_a_loop
async def test_what_is_given_keeps_its_secret_out_of_logs():
    """The repr has the name and no password, the scheme and no token; neither can be changed."""
    found = await HTTPBasic()(Request(http(headers=[ADA])))
    token = await HTTPBearer()(Request(http(headers=[("authorization", "bearer abc")])))
    assert found == HTTPBasicCredentials(username="ada", password="enchantress")
    assert token == HTTPAuthorizationCredentials(scheme="bearer", credentials="abc")
    assert (repr(found), repr(token)) == (
        "HTTPBasicCredentials(username='ada')",
        "HTTPAuthorizationCredentials(scheme='bearer')",
    )
    with pytest.raises(FrozenInstanceError):
        found.username = "eve"  # type: ignore[misc]


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "YWRhOmI",  # without its padding
        "YWRhOmI==",  # with too much
        "YWRhOmI=YWRhOmI=",
        "YWRh OmI=",
        "YWRhOmI=\n",
        "YWRhOm_-",  # the alphabet of URLs
        "%59WRhOmI=",
        "é",
        b64encode(b"ada").decode(),  # no colon
        b64encode(b"\xff:\xfe").decode(),  # no UTF-8
        b64encode(b"\xed\xa0\x80:a").decode(),  # half a surrogate pair
        *(b64encode(b"a" + char + b":b").decode() for char in (b"\0", b"\n", b"\x1f", b"\x7f")),
    ],
)
def test_a_broken_pair_is_none(shown):
    """No base64, no UTF-8, no colon, or a control character."""
    assert read_basic(shown) is None


@pytest.mark.parametrize("maybe", [True, False])
def test_a_broken_pair_is_refused_whatever_auto_error_says(maybe):
    """Something was shown, and it was wrong: another scheme is not asked."""
    app, basic = App(), HTTPBasic(auto_error=maybe, realm='the "shop"')

    @app.get("/")
    async def show(request):
        return JSONResponse(await basic(request))

    challenge = {"www-authenticate": r'Basic realm="the \"shop\"", charset="UTF-8"'}
    assert converse(app, http(headers=[("authorization", "Basic a:b")])) == text("Not authenticated", 401, **challenge)


def test_a_realm_that_no_header_can_carry_is_refused_at_once():
    """ValueError where the scheme is made, and no 500 where it is used."""
    with pytest.raises(ValueError, match="printable ASCII alone, not 'a\\\\r\\\\nb'"):
        HTTPBasic(realm="a\r\nb")


def test_the_models_say_what_was_given():
    """bearerFormat, description and name of the scheme."""
    bearer = HTTPBearer(bearerFormat="JWT", scheme_name="Login", description="a token")
    assert bearer.model == {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "a token"}
    assert bearer.scheme_name == "Login"
    assert HTTPBasic(description="").model == {"type": "http", "scheme": "basic", "description": ""}
