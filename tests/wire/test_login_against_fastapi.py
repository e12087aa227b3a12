"""A shop with a login: the password flow, scopes by Security and SecurityScopes, on rawasgi and on FastAPI: equal answers.

One text is both apps. What FastAPI leaves to its user, reading a token, is written by hand for it as its pages do; here
`Tokens.read` does it.
"""

# mypy: disable-error-code="name-defined"
# An annotation may be a name of the kit, which no type checker knows.

import json
from typing import Annotated, Any

import jwt
import pytest
from argon2 import PasswordHasher

from rawasgi.typed.security.passwords import Passwords
from rawasgi.typed.security.tokens import Tokens
from tests.drive import converse, http
from tests.wire.kits import FASTAPI, RAWASGI

SECRET = "a secret of at least thirty-two bytes"
ISSUER, AUDIENCE = "https://login.example.com", "shop"
TOKENS = Tokens(ISSUER, AUDIENCE, "HS256", {"new": SECRET})
PASSWORDS = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
USERS: dict[str, dict[str, Any]] = {
    "ada": {"hash": PASSWORDS.hasher.hash("enchantress"), "scopes": {"me", "items"}},
    "bob": {"hash": PASSWORDS.hasher.hash("builder"), "scopes": {"me"}},
    "eve": {"hash": PASSWORDS.hasher.hash("apple"), "scopes": {"me", "items"}, "disabled": True},
}


def read_by_hand(token, scopes):
    """What a FastAPI app does itself."""
    try:
        claims = jwt.decode(
            token,
            SECRET,
            algorithms=["HS256"],
            issuer=ISSUER,
            audience=AUDIENCE,
            options={"require": ["iss", "aud", "sub", "iat", "exp"]},
        )
    except jwt.InvalidTokenError:
        headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        raise FASTAPI.HTTPException(401, "Invalid token", headers) from None
    if not set(scopes) <= set(claims["scope"].split()):
        challenge = f'Bearer error="insufficient_scope", scope="{" ".join(scopes)}"'
        raise FASTAPI.HTTPException(403, "Insufficient scope", {"WWW-Authenticate": challenge})
    return claims["sub"]


def read_here(token, scopes):
    """What a rawasgi app does."""
    return TOKENS.read(token, scopes).subject


def shop(kit, read):
    """The app."""
    app = kit.App()
    oauth2 = kit.OAuth2PasswordBearer("token", scopes={"me": "who you are", "items": "what you have"})

    async def current(security_scopes: kit.SecurityScopes, token: Annotated[str, kit.Depends(oauth2)]):
        return read(token, security_scopes.scopes)

    async def active(user: Annotated[str, kit.Security(current, scopes=["me"])]) -> str:
        if USERS[user].get("disabled"):
            raise kit.HTTPException(400, "Inactive user")
        return user

    @app.post("/token")
    async def login(form: Annotated[kit.OAuth2PasswordRequestForm, kit.Depends()]):
        return await logged_in(kit, form)

    @app.post("/strict")
    async def strict_login(form: Annotated[kit.OAuth2PasswordRequestFormStrict, kit.Depends()]):
        return await logged_in(kit, form)

    @app.get("/status")
    async def status(user: Annotated[str, kit.Depends(current)]):
        return {"in": user}

    @app.get("/me")
    async def me(user: Annotated[str, kit.Depends(active)]):
        return {"name": user}

    @app.get("/me/items")
    async def items(user: Annotated[str, kit.Security(active, scopes=["items"])]):
        return [{"item": "tea", "owner": user}]

    return app


async def logged_in(kit, form):
    """A token with those of the scopes that the client wishes for which its user has."""
    user = USERS.get(form.username, {})
    if not await PASSWORDS.verify(form.password, user.get("hash")):
        raise kit.HTTPException(400, "Incorrect username or password")
    granted = [scope for scope in form.scopes if scope in user["scopes"]]
    return {"access_token": TOKENS.issue(form.username, granted), "token_type": "bearer"}


APPS = {"FastAPI": shop(FASTAPI, read_by_hand), "rawasgi": shop(RAWASGI, read_here)}


def answer(app, *request, body=b"", **more):
    """Status, headers and content of an answer."""
    start, *pieces = converse(APPS[app], http(*request, **more), {"type": "http.request", "body": body})
    content = b"".join(piece.get("body", b"") for piece in pieces)
    return start["status"], dict(start["headers"]), content


def log_in(app, form, path="/token"):
    """The answer to a login."""
    headers = [("content-type", "application/x-www-form-urlencoded"), ("content-length", str(len(form)))]
    return answer(app, "POST", path, body=form.encode(), headers=headers)


def see(app, path, token=None):
    """The answer to who shows a token."""
    return answer(app, "GET", path, headers=[("authorization", f"Bearer {token}")] if token is not None else [])


def on_both(ask, *arguments):
    """The answer of FastAPI, which is ours too."""
    theirs, ours = (ask(app, *arguments) for app in APPS)
    assert ours == theirs
    return theirs


def token_of(answer_to_login):
    """The token, and what it says but for its times."""
    token = json.loads(answer_to_login[2])["access_token"]
    claims = jwt.decode(token, SECRET, algorithms=["HS256"], audience=AUDIENCE)
    assert claims.pop("exp") - claims.pop("iat") == 900
    return token, claims


@pytest.mark.parametrize("app", APPS)
def test_a_login_grants_no_more_than_its_user_has(app):
    """Bob wishes for both scopes and for one that does not exist; he gets one, and ada gets what she has asked for."""
    status, headers, content = answered = log_in(app, "username=bob&password=builder&scope=me+items+admin")
    assert (status, headers[b"content-type"]) == (200, b"application/json")
    assert {**json.loads(content), "access_token": ""} == {"access_token": "", "token_type": "bearer"}
    token, claims = token_of(answered)
    assert claims == {"iss": ISSUER, "aud": AUDIENCE, "sub": "bob", "scope": "me"}
    assert see(app, "/me", token)[::2] == (200, b'{"name":"bob"}')
    assert token_of(log_in(app, "grant_type=password&username=ada&password=enchantress"))[1]["scope"] == ""


@pytest.mark.parametrize(
    "form",
    [
        "username=ada&password=wrong",
        "username=nobody&password=enchantress",
        "username=ada&password=Enchantress&scope=me",
    ],
)
def test_a_refused_login_does_not_say_what_was_wrong(form):
    """One answer for who does not exist and for a password that is wrong."""
    assert on_both(log_in, form) == on_both(log_in, "username=ada&password=x")
    assert on_both(log_in, form)[::2] == (400, b'{"detail":"Incorrect username or password"}')


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/token", ""),
        ("/token", "username=ada"),
        ("/token", "password=x&scope=me"),
        ("/token", "username=&password="),
        ("/token", "grant_type=client_credentials&username=ada&password=enchantress"),
        ("/token", "grant_type=password+&username=ada&password=enchantress"),
        ("/strict", "username=ada&password=enchantress"),
        ("/strict", "grant_type=&username=ada&password=enchantress"),
        ("/strict", "grant_type=xpassword&username=ada&password=enchantress"),
    ],
)
def test_a_form_that_is_none_of_a_login(path, form):
    """422, with what is missing or wrong, as FastAPI says it."""
    assert on_both(log_in, form, path)[0] == 422


def test_the_strict_form_is_let_in():
    """With `grant_type=password`, as the RFC demands."""
    form = "grant_type=password&username=ada&password=enchantress&scope=me&client_id=a&client_secret=b"
    for app in APPS:
        assert token_of(log_in(app, form, "/strict"))[1]["scope"] == "me"


WITHOUT = {"/status": [], "/me": ["me"], "/me/items": ["me", "items"]}


@pytest.mark.parametrize("path", WITHOUT)
def test_who_shows_no_token_is_asked_for_one(path):
    """401 with a challenge and no error code: nothing was wrong yet (RFC 6750, 3.1)."""
    status, headers, content = on_both(see, path)
    assert (status, headers[b"www-authenticate"], content) == (401, b"Bearer", b'{"detail":"Not authenticated"}')


@pytest.mark.parametrize("path", WITHOUT)
def test_who_shows_a_bad_token_is_told_so(path):
    """401 with the error code, for a token of somebody else, for one that has expired, and for none."""
    for token in (TOKENS.issue("ada", lifetime=-1), TOKENS.issue("ada")[:-2], "x"):
        status, headers, content = on_both(see, path, token)
        assert (status, headers[b"www-authenticate"]) == (401, b'Bearer error="invalid_token"')
        assert content == b'{"detail":"Invalid token"}'


@pytest.mark.parametrize(
    ("path", "scopes", "wanted"),
    [
        ("/status", [], ""),
        ("/me", [], "me"),
        ("/me", ["items"], "me"),
        ("/me", ["me"], ""),
        ("/me/items", ["me"], "items me"),
        ("/me/items", ["items"], "items me"),
        ("/me/items", ["items", "me", "more"], ""),
    ],
)
def test_scopes_are_gathered_on_the_way_to_the_token(path, scopes, wanted):
    """A dependency is told those of everything that has asked for it; who lacks one is told all, with 403."""
    status, headers, content = on_both(see, path, TOKENS.issue("ada", scopes))
    if wanted:
        challenge = f'Bearer error="insufficient_scope", scope="{wanted}"'.encode()
        assert (status, headers[b"www-authenticate"], content) == (403, challenge, b'{"detail":"Insufficient scope"}')
    else:
        assert status == 200


def test_a_user_may_be_disabled_though_the_token_is_good():
    """What a token cannot know is asked behind it; where nobody asks, it is good for what it says."""
    token = TOKENS.issue("eve", ["me", "items"])
    assert on_both(see, "/me/items", token)[::2] == (400, b'{"detail":"Inactive user"}')
    assert on_both(see, "/status", token)[::2] == (200, b'{"in":"eve"}')
