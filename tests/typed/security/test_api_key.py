"""Keys in a header, the query and a cookie: what tests/wire/ does not compare with FastAPI's."""

import pytest

from rawasgi.exceptions import HTTPException
from rawasgi.requests import Request
from rawasgi.typed.security.api_key import APIKey, APIKeyCookie, APIKeyHeader, APIKeyQuery
from tests.drive import http, on_a_loop


@on_a_loop
async def test_each_place_is_asked_by_name():
    """The name of a header has no case, those of a parameter and of a cookie have."""
    request = Request(http(headers=[("x-key", "a"), ("cookie", "Key=c; key=d")], query=b"Key=b&key=e"))
    schemes = APIKeyHeader(name="X-Key"), APIKeyQuery(name="Key"), APIKeyCookie(name="Key")
    assert [await scheme(request) for scheme in schemes] == ["a", "b", "c"]
    assert [scheme.model["in"] for scheme in schemes] == ["header", "query", "cookie"]


@on_a_loop
async def test_the_challenge_of_a_key_has_no_name_in_any_rfc():
    """It is FastAPI's: a 401 must have one."""
    with pytest.raises(HTTPException) as refused:
        await APIKeyCookie(name="key")(Request(http()))
    assert (refused.value.status_code, refused.value.headers) == (401, {"WWW-Authenticate": "APIKey"})


@on_a_loop
async def test_a_key_needs_a_place():
    """A subclass says where its key is."""
    with pytest.raises(NotImplementedError, match=r"^APIKey must say where its key is$"):
        await APIKey(name="key")(Request(http()))
