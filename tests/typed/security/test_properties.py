"""Whatever a client puts into Authorization, cookies, the query and a token: 200, 400, 401 or 403, and never a 500."""

import json
import time
from base64 import b64encode

from hypothesis import example, given, settings
from hypothesis import strategies as st

from rawasgi.app import App
from rawasgi.exceptions import HTTPException
from rawasgi.responses import JSONResponse
from rawasgi.typed.security.api_key import APIKeyCookie, APIKeyHeader, APIKeyQuery
from rawasgi.typed.security.comparison import is_same_secret
from rawasgi.typed.security.http import HTTPBasic, HTTPBasicCredentials, HTTPBearer, read_basic
from rawasgi.typed.security.oauth2 import OAuth2PasswordBearer
from rawasgi.typed.security.openid import OpenIdConnect
from rawasgi.typed.security.tokens import Claims, Tokens
from tests.drive import converse, http, websocket
from tests.growth import assert_linear
from tests.typed.security.keys import SECRET, coded, signed

reproducible = settings(derandomize=True, deadline=None, max_examples=100)

TOKENS = Tokens("us", "them", "HS256", {"new": SECRET})
SCHEMES = {
    "basic": HTTPBasic(),
    "basic-maybe": HTTPBasic(auto_error=False),
    "bearer": HTTPBearer(),
    "password": OAuth2PasswordBearer("token", auto_error=False),
    "openid": OpenIdConnect(openIdConnectUrl="/"),
    "header": APIKeyHeader(name="authorization"),
    "cookie": APIKeyCookie(name="key"),
    "query": APIKeyQuery(name="key"),
}

# bytes that mean something in these places, and bytes that mean nothing
crumbs = (
    b'Basic Bearer basic BEARER YTpi YTo= = : , \t  \0 \r \n \x7f \xff \xc3\xa9 key ; " key= %ff & eyJ9 . ..'.split(
        b" "
    )
)
values = st.one_of(
    st.binary(max_size=40),
    st.lists(st.sampled_from([*crumbs, b" "]), max_size=8).map(b"".join),
    st.binary(max_size=20).map(lambda pair: b"Basic " + b64encode(pair)),
    st.sampled_from([TOKENS.issue("ada"), signed({}, {})]).map(lambda token: b"Bearer " + token.encode()),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def every_scheme():
    """A route and a websocket for each scheme; what looks like a secret is compared, what looks like a token is read."""
    app = App()
    for name, scheme in SCHEMES.items():
        add(app, f"/{name}", scheme)
    return app


def add(app, path, scheme):
    """The two of one scheme."""

    @app.get(path)
    async def show(request):
        found = await scheme(request)
        if found is None:
            return JSONResponse(None)
        if isinstance(found, HTTPBasicCredentials):
            return JSONResponse([found.username, is_same_secret(found.password, "é")])
        token = found if isinstance(found, str) else found.credentials
        if request.url.path in ("/bearer", "/password"):
            return JSONResponse(TOKENS.read(token, ["a"]).subject)
        return JSONResponse([token, is_same_secret(token, "é")])

    @app.websocket(path)
    async def talk(websocket):
        await scheme(websocket)
        await websocket.accept()
        await websocket.close()


APP = every_scheme()


@reproducible
@given(st.sampled_from([*SCHEMES]), st.lists(values, max_size=2), st.lists(values, max_size=2), values)
@example("basic", [b"Basic " + b64encode("é:é".encode())], [], b"")
@example("bearer", [b"Bearer " + TOKENS.issue("ada", "a").encode()], [], b"")
def test_any_headers(name, authorizations, cookies, query):
    """Raw bytes in each place that a scheme reads; a websocket is accepted or refused."""
    headers = [(b"authorization", value) for value in authorizations] + [(b"cookie", value) for value in cookies]
    start, body = converse(APP, {**http(path=f"/{name}"), "headers": headers, "query_string": query})
    assert start["status"] in (200, 400, 401, 403)
    assert body["type"] == "http.response.body"
    challenged = any(header == b"www-authenticate" for header, _ in start["headers"])
    assert challenged == (start["status"] in (401, 403))
    first, *_ = converse(APP, {**websocket(f"/{name}"), "headers": headers, "query_string": query}, CONNECT)
    assert first["type"] in ("websocket.accept", "websocket.close")


CONNECT = {"type": "websocket.connect"}


@reproducible
@given(st.text(st.characters(exclude_characters=":", exclude_categories=["Cc", "Cs"])), st.text())
def test_what_a_client_sends_is_what_is_read(username, password):
    """Any name and any password come out as they went in, but for control characters, which are refused."""
    encoded = b64encode(f"{username}:{password}".encode("utf-8", "surrogatepass")).decode()
    found = read_basic(encoded)
    is_clean = not any(char < " " or char == "\x7f" or "\ud800" <= char <= "\udfff" for char in password)
    assert found == (HTTPBasicCredentials(username=username, password=password) if is_clean else None)


def outcome(token):
    """What `read` makes of it: claims, or the status of its refusal."""
    try:
        return TOKENS.read(token)
    except HTTPException as error:
        return error.status_code


@reproducible
@given(st.one_of(st.text(), st.lists(st.text("AZaz09-_=. \ud800é", max_size=9), max_size=5).map(".".join)))
def test_any_text_is_a_token_or_is_none(token):
    """401 and no other error, half surrogate pairs included."""
    assert outcome(token) == 401


@reproducible
@given(
    st.dictionaries(st.sampled_from("alg kid typ crit b64 jwk cty".split()), json_values, max_size=3),
    st.dictionaries(st.sampled_from("iss aud sub iat exp nbf scope jti".split()), json_values, max_size=4),
)
def test_any_header_and_claims_under_a_good_signature(header, claims):
    """An issuer that writes nonsense breaks nothing: what is no token of ours is 401."""
    now = int(time.time())
    usual = {"iss": "us", "aud": "them", "sub": "ada", "iat": now, "exp": now + 60}
    found = outcome(signed({"alg": "HS256", "kid": "new", **header}, {**usual, **claims}))
    assert found == 401 or (isinstance(found, Claims) and isinstance(found.subject, str))


@reproducible
@given(st.sampled_from(["header", "payload"]), st.binary(max_size=60))
def test_any_bytes_in_the_place_of_json(place, content):
    """Whatever base64 holds."""
    parts = {"header": json.dumps({"alg": "HS256", "kid": "new"}).encode(), "payload": b"{}"} | {place: content}
    assert outcome(signed(parts["header"], parts["payload"])) == 401


def test_long_credentials_cost_in_proportion():
    """Eight times as many bytes of base64 are eight times the work, and a long token none."""
    assert_linear(read_basic, lambda size: b64encode(b"a:" + b"x" * size).decode())
    assert_linear(read_basic, lambda size: b64encode(b"a" * size).decode())
    assert outcome(f"{coded(b'x' * 65_536)}.{coded(b'x')}.{coded(b'x')}") == 401
