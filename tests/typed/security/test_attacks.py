"""What attackers send: each is answered like any other bad token, and learns nothing by it."""

import hashlib
import json
import time
from typing import Any

import pytest

from rawasgi.app import App
from rawasgi.responses import JSONResponse
from rawasgi.typed.security.oauth2 import OAuth2PasswordBearer
from rawasgi.typed.security.tokens import LONGEST, Tokens
from tests.drive import converse, http
from tests.test_middleware import text
from tests.typed.security.keys import SECRET, coded, forged, pair, public_der, rsa_key, signed

NOW = int(time.time())  # of the start: a run takes minutes
DAY = 86_400
ISSUER, AUDIENCE = "https://login.example.com", "shop"
HEADER = {"alg": "HS256", "typ": "JWT", "kid": "new"}
USUAL: dict[str, Any] = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": "ada",
    "iat": NOW,
    "exp": NOW + DAY,
    "scope": "items:read",
}

INVALID = text("Invalid token", 401, **{"www-authenticate": 'Bearer error="invalid_token"'})
LACKING = text(
    "Insufficient scope", 403, **{"www-authenticate": 'Bearer error="insufficient_scope", scope="items:write"'}
)


def shop(algorithm="HS256", key=SECRET, others=None):
    """A shop that reads for who has the scope items:read, and changes for items:write."""
    app, bearer = App(), OAuth2PasswordBearer("token")
    tokens = Tokens(ISSUER, AUDIENCE, algorithm, {"new": key, **(others or {})})

    @app.get("/")
    async def read(request):
        return JSONResponse(tokens.read(await bearer(request) or "", "items:read").subject)

    @app.post("/")
    async def change(request):
        return JSONResponse(tokens.read(await bearer(request) or "", "items:write").subject)

    return app


def answer(token, app=None, method="GET"):
    """What a client gets for a token."""
    return converse(app or shop(), http(method, headers=[("authorization", f"Bearer {token}")]))


def said(**claims):
    """The usual claims with these changed; None leaves one out."""
    return {name: value for name, value in {**USUAL, **claims}.items() if value is not None}


def test_the_good_token_is_let_in():
    """Else nothing below would prove anything."""
    assert answer(signed(HEADER, USUAL))[1]["body"] == b'"ada"'


@pytest.mark.parametrize(
    "signature", [b"", b"\0" * 32, hashlib.sha256(b"").digest()], ids=["empty", "zeros", "a digest"]
)
@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", "", None, 0, [], ["HS256"], {"HS256": 1}, "HS256\0"])
def test_the_token_does_not_choose_that_nothing_is_proved(alg, signature):
    """`alg` none, in any case, and what is no algorithm (RFC 8725, 2.1)."""
    assert answer(forged({**HEADER, "alg": alg}, USUAL, signature)) == INVALID


def test_no_algorithm_is_none_of_ours():
    """A header without `alg`, and a signature that would be right."""
    header = {name: value for name, value in HEADER.items() if name != "alg"}
    assert answer(signed(header, USUAL)) == INVALID


@pytest.mark.parametrize(("alg", "digest"), [("HS384", hashlib.sha384), ("HS512", hashlib.sha512)])
def test_the_token_does_not_choose_another_digest(alg, digest):
    """The secret is right and the signature too, but it is not our algorithm."""
    assert answer(signed({**HEADER, "alg": alg}, USUAL, digest=digest)) == INVALID


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_a_public_key_is_no_secret(algorithm):
    """Everybody knows it, so everybody could sign with it: RS256 taken for HS256 (RFC 8725, 2.1)."""
    app, public = shop(algorithm, pair(algorithm)[1]), pair(algorithm)[1]
    for secret in (public, public.strip(), public.replace("\n", "\r\n"), public.encode()):
        for alg in ("HS256", algorithm):
            assert answer(signed({**HEADER, "alg": alg}, USUAL, secret), app) == INVALID


def test_a_public_key_in_bytes_is_no_secret_either():
    """DER, and the modulus alone."""
    key = rsa_key(2048)
    app, modulus = shop("RS256", pair("RS256")[1]), key.public_key().public_numbers().n
    for secret in (public_der(key), modulus.to_bytes(256, "big"), str(modulus)):
        assert answer(signed(HEADER, USUAL, secret), app) == INVALID


def test_a_signature_of_nothing_but_zeros_is_none():
    """Some libraries took it for right with any ECDSA key (CVE-2022-21449)."""
    app = shop("ES256", pair("ES256")[1])
    for signature in (b"\0" * 64, b"\x30\x06\x02\x01\0\x02\x01\0", b""):
        assert answer(forged({**HEADER, "alg": "ES256"}, USUAL, signature), app) == INVALID


KIDS = (
    *("../../../../dev/null", "/dev/null", "/proc/self/environ", "file:///dev/null", "C:\\nul", "keys/new", "new\0"),
    *("https://evil.example.com/jwks.json", "//evil.example.com", "data:,x"),
    *(
        "' UNION SELECT '' --",
        "new' OR '1'='1",
        "new; cat /etc/passwd",
        "$(id)",
        "`id`",
        "{{7*7}}",
        "%s",
        "NEW",
        "new ",
    ),
    *("", "__class__", "old\r\nx-admin: 1", "é", "\ud800"),
)


@pytest.mark.parametrize("kid", KIDS)
@pytest.mark.parametrize("secret", ["", SECRET, "x"], ids=["empty", "ours", "x"])
def test_a_kid_is_a_word_in_our_table(kid, secret):
    """No file is opened, no page fetched, no query asked: whatever key the attacker hopes for, there is none."""
    assert answer(signed({**HEADER, "kid": kid}, USUAL, secret)) == INVALID


@pytest.mark.parametrize("kid", [None, 0, 1.5, True, [], ["new"], {}, {"new": "new"}])
def test_a_kid_that_is_no_text_is_no_kid(kid):
    """Lists and mappings, which no table could look up, among them."""
    assert answer(signed({**HEADER, "kid": kid}, USUAL)) == INVALID


def test_a_kid_does_not_lend_the_key_of_another():
    """A token that names one key and is signed with the other is none of either."""
    app = shop(others={"old": SECRET[::-1]})
    assert answer(signed({**HEADER, "kid": "old"}, USUAL, SECRET[::-1]), app)[1]["body"] == b'"ada"'
    assert answer(signed({**HEADER, "kid": "old"}, USUAL), app) == INVALID
    assert answer(signed(HEADER, USUAL, SECRET[::-1]), app) == INVALID


@pytest.mark.parametrize(
    "more",
    [
        {"jwk": {"kty": "oct", "k": coded(b"x")}},
        {"jku": "https://evil.example.com/jwks.json"},
        {"x5u": "https://evil.example.com/cert.pem"},
        {"x5c": [coded(b"x")]},
    ],
)
def test_a_key_that_comes_with_the_token_is_not_asked(more):
    """A letter does not prove itself."""
    assert answer(signed({**HEADER, **more}, USUAL, "x")) == INVALID


@pytest.mark.parametrize(
    "more",
    [
        {"crit": ["exp"]},
        {"crit": []},
        {"crit": "b64"},
        {"crit": ["b64"], "b64": False},
        {"b64": False},
        {"crit": ["\r\nx"]},
    ],
)
def test_what_must_be_understood_and_is_not_is_refused(more):
    """`crit` names what a reader has to know (RFC 7515, 4.1.11), and a payload that is not there is no payload."""
    assert answer(signed({**HEADER, **more}, USUAL)) == INVALID


WRONG: dict[str, list[Any]] = {
    "exp": [NOW - 1, 0, -1, None, "soon", "", [NOW + DAY], {}, True, False],
    "nbf": [NOW + DAY, "later", [], {}],
    "iat": [NOW + DAY, "later", [], None],
    "aud": ["SHOP", "shop ", "", "bank", [], ["bank"], ["shop", 1], {"shop": 1}, 1, None],
    "iss": [ISSUER + "/", ISSUER.upper(), "", [ISSUER], {}, 1, None],
    "sub": [1, True, ["ada"], {}, None],
    "scope": [["items:read"], {"items:read": 1}, 1, True],
}


@pytest.mark.parametrize(("name", "number"), [(name, number) for name in WRONG for number in range(len(WRONG[name]))])
def test_a_signature_is_not_enough(name, number):
    """Expired, not yet valid, for somebody else, of somebody else, without a name: 401, though we have signed it."""
    assert answer(signed(HEADER, said(**{name: WRONG[name][number]}))) == INVALID


@pytest.mark.parametrize("number", ["1e999", "NaN", "Infinity", "-Infinity", "1" * 4301])
def test_numbers_that_json_does_not_know_are_no_times(number):
    """Python's JSON reads some of them; no time is one."""
    for name in ("exp", "iat", "nbf"):
        payload = json.dumps(said(**{name: 1})).replace(f'"{name}": 1', f'"{name}": {number}')
        sent = answer(signed(HEADER, payload.encode()))
        assert sent == INVALID or (name, number) in (("iat", "-Infinity"), ("nbf", "-Infinity"))


def test_one_of_several_audiences_is_ours():
    """RFC 7519, 4.1.3 allows a list."""
    assert answer(signed(HEADER, said(aud=["bank", "shop"])))[1]["body"] == b'"ada"'


def test_nobody_adds_a_scope():
    """In the payload, which breaks the signature; twice; by another word for a space; by a list."""
    good = signed(HEADER, USUAL)
    assert answer(good, method="POST") == LACKING
    header, _, signature = good.split(".")
    more = said(scope="items:read items:write")
    assert answer(f"{header}.{coded(more)}.{signature}", method="POST") == INVALID
    for glued in (
        "items:read\u00a0items:write",
        "items:read\titems:write",
        "items:read,items:write",
        "items:*",
        "*",
        "",
    ):
        assert answer(signed(HEADER, said(scope=glued)), method="POST") == LACKING
    for claims in ({"scp": "items:write"}, {"scopes": ["items:write"]}, {"Scope": "items:write"}):
        assert answer(signed(HEADER, said(**claims)), method="POST") == LACKING
    assert answer(signed(HEADER, said(scope=["items:write"])), method="POST") == INVALID


def test_no_part_of_a_token_can_be_changed():
    """Each character replaced by another; the last of a part may have bits that mean nothing, and then it is refused too."""
    good = signed(HEADER, USUAL)
    for place, char in enumerate(good):
        other = "A" if char != "A" else "B"
        assert answer(good[:place] + other + good[place + 1 :]) == INVALID
        assert answer(good[:place] + good[place + 1 :]) == INVALID


@pytest.mark.parametrize("change", [".{}", "{}.", "{}.x", "{}=", "{} x", "{}, Bearer {}", "{}=.x", "{}\xe9", "{0}{0}"])
def test_a_token_is_three_parts_and_no_more(change):
    """What stands around a good token makes it a bad one."""
    good = signed(HEADER, USUAL)
    assert answer(change.format(good, good)) == INVALID


@pytest.mark.parametrize(
    "token",
    [
        ".",
        "..",
        "...",
        "a",
        "a.b",
        "a.b.c",
        coded(HEADER),
        f"{coded(HEADER)}..",
        f".{coded(USUAL)}.",
        f"{coded([])}.{coded(USUAL)}.",
        f"{coded(b'')}.{coded(USUAL)}.",
        f"{coded(b'null')}.{coded(USUAL)}.",
        f"{coded(b'{')}.{coded(USUAL)}.",
        f"{coded(bytes([255, 254]))}.{coded(USUAL)}.",
        signed(HEADER, b"null"),
        signed(HEADER, b"[]"),
        signed(HEADER, b"{"),
        signed(HEADER, b"\xff\xfe"),
        signed(HEADER, b"[" * 5_000),
        signed(b'{"a":' * 1_000, USUAL),
        signed(b"[" * 5_000, USUAL),
        signed(b'{"alg": ' + b"1" * 5_000 + b"}", USUAL),
        '{"payload":"e30","signatures":[]}',
    ],
    ids=range(23),
)
def test_what_is_no_token_is_no_error_of_ours(token):
    """Whatever is deep, huge, torn or empty: 401, and never a 500."""
    assert answer(token) == INVALID


def test_nothing_long_is_looked_at():
    """A token one character too long is refused before it is decoded, though it is right."""
    filler = 0
    while len(signed(HEADER, said(more="x" * filler))) < LONGEST - 4:
        filler += 1
    short, long = (signed(HEADER, said(more="x" * (filler + more))) for more in (0, 12))
    assert len(short) <= LONGEST < len(long)
    assert answer(short)[1]["body"] == b'"ada"'
    assert answer(long) == INVALID
    assert answer("x" * 1_000_000) == INVALID


def test_two_tokens_are_refused():
    """A proxy that reads the first and an app that reads the last would see two clients."""
    good, bad = f"Bearer {signed(HEADER, USUAL)}", "Bearer x"
    for pair_of in ([good, bad], [bad, good], [good, good]):
        sent = converse(shop(), http(headers=[("authorization", value) for value in pair_of]))
        assert sent == text("More than one Authorization header", 400)
