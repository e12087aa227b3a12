"""Tokens that are issued and read; what attackers send is in test_attacks.py."""

import logging
import time
from typing import Any

import jwt
import pytest

from rawasgi.exceptions import HTTPException
from rawasgi.typed.security.tokens import Claims, Tokens
from tests.typed.security.keys import PAIRS, SECRET, SECRETS, pair, pem, public_pem, rsa_key


def at(seconds):
    """So many seconds from now, as a claim has it."""
    return int(time.time()) + seconds


def tokens(algorithm="HS256", keys: Any = None, **more: Any):
    """The tokens of a login for a shop."""
    keys = keys or {"new": SECRET if algorithm in SECRETS else pair(algorithm)[0]}
    return Tokens("https://login.example.com", "shop", algorithm, keys, **more)


def written(key=SECRET, **claims):
    """A token of another program with the right names, and these claims changed; None leaves one out."""
    usual = {"iss": "https://login.example.com", "aud": "shop", "sub": "ada", "iat": at(0), "exp": at(60)}
    said = {name: value for name, value in {**usual, **claims}.items() if value is not None}
    return jwt.encode(said, key, "HS256", {"kid": "new"})


def refused(read):
    """The status and the challenge of a refusal."""
    with pytest.raises(HTTPException) as found:
        read()
    return found.value.status_code, found.value.detail, (found.value.headers or {})["WWW-Authenticate"]


INVALID = (401, "Invalid token", 'Bearer error="invalid_token"')


@pytest.mark.parametrize("algorithm", [*SECRETS, *PAIRS])
def test_what_is_issued_is_read(algorithm):
    """Subject, scopes and further claims come back, with the names and times that were put to them."""
    made = tokens(algorithm)
    claims = made.read(made.issue("ada", ["items:read", "items:write"], tenant=7), ["items:read"])
    times = {"iat": claims.claims["iat"], "exp": claims.claims["iat"] + 900}
    assert claims == Claims(
        "ada",
        frozenset({"items:read", "items:write"}),
        {
            "tenant": 7,
            "iss": "https://login.example.com",
            "aud": "shop",
            "sub": "ada",
            "scope": "items:read items:write",
            **times,
        },
    )
    assert at(-60) < claims.claims["iat"] <= at(0)


@pytest.mark.parametrize("algorithm", PAIRS)
def test_a_public_key_reads_and_cannot_issue(algorithm):
    """A service that only reads need not be trusted with the private key."""
    private, public = pair(algorithm)
    reader = tokens(algorithm, {"new": public})
    assert reader.read(tokens(algorithm, {"new": private}).issue("ada")).subject == "ada"
    with pytest.raises(TypeError, match=r"^the key 'new' is public: it proves tokens, and can issue none$"):
        reader.issue("ada")


def test_the_first_key_signs_and_the_others_still_prove():
    """A new key comes first; tokens of the old one are good until it leaves the table."""
    old = tokens(keys={"old": SECRET[::-1]}).issue("ada")
    both = tokens(keys={"new": SECRET, "old": SECRET[::-1]})
    assert jwt.get_unverified_header(both.issue("ada")) == {"alg": "HS256", "typ": "JWT", "kid": "new"}
    assert both.read(old).subject == "ada"
    assert refused(lambda: tokens().read(old)) == INVALID


def test_none_is_the_key_of_tokens_that_name_none():
    """Other programs write no kid; ours are written without one then."""
    made = tokens(keys={None: SECRET})
    assert jwt.get_unverified_header(made.issue("ada")) == {"alg": "HS256", "typ": "JWT"}
    assert made.read(made.issue("ada")).subject == "ada"
    assert refused(lambda: made.read(written())) == INVALID
    assert refused(lambda: tokens().read(made.issue("ada"))) == INVALID


def test_a_missing_scope_is_403_and_is_named():
    """Who it is was proved, so it is no 401; the challenge says what would be needed, all of it."""
    made = tokens()
    token = made.issue("ada", "items:read")
    assert made.read(token, "items:read").scopes == {"items:read"}
    for wanted in (["items:read", "items:write"], "items:read items:write", iter(["items:read", "items:write"])):
        assert refused(lambda wanted=wanted: made.read(token, wanted)) == (
            403,
            "Insufficient scope",
            'Bearer error="insufficient_scope", scope="items:read items:write"',
        )


def test_a_token_without_scopes_has_none():
    """Other programs may leave the claim out."""
    assert tokens().read(written()).scopes == frozenset()


def test_clocks_may_differ_by_the_leeway():
    """Seconds, in both directions; without a leeway none."""
    for token in (written(exp=at(-5)), written(nbf=at(50)), written(iat=at(50))):
        assert tokens(leeway=60).read(token).subject == "ada"
        assert refused(lambda token=token: tokens().read(token)) == INVALID
    assert refused(lambda: tokens(leeway=60).read(written(exp=at(-61)))) == INVALID


def test_the_lifetime_is_in_seconds():
    """Of all tokens, or of one."""
    made = tokens(lifetime=60)
    for token, seconds in ((made.issue("ada"), 60), (made.issue("ada", lifetime=5), 5)):
        claims = made.read(token).claims
        assert claims["exp"] - claims["iat"] == seconds
    assert refused(lambda: made.read(made.issue("ada", lifetime=0))) == INVALID


def test_required_claims_are_there_on_both_sides():
    """A token of another program without it is refused, and one of ours is not written."""
    made = tokens(required=["tenant"])
    assert made.read(made.issue("ada", tenant="t")).claims["tenant"] == "t"
    assert refused(lambda: made.read(written())) == INVALID
    with pytest.raises(ValueError, match=r"^a token of ours needs tenant too$"):
        made.issue("ada")


@pytest.mark.parametrize("name", ["iss", "aud", "iat", "exp", "scope"])
def test_no_argument_takes_the_place_of_our_claims(name):
    """What `issue` sets, it sets alone."""
    with pytest.raises(ValueError, match=rf"^issue\(\) sets {name} itself$"):
        tokens().issue("ada", **{name: "x"})


@pytest.mark.parametrize("scope", ["items:read admin", "", 'a"b', "a\\b", "a\tb", "é", "a\u00a0b"])
def test_a_scope_is_one_word(scope):
    """A scope with a space in it would be read as two, of which nobody has granted the second."""
    with pytest.raises(ValueError, match=r"^no scopes, since they hold a space, a quote or nothing: \["):
        tokens().issue("ada", ["items:read", scope])


@pytest.mark.parametrize(
    ("algorithm", "keys", "says"),
    [
        ("none", {"a": ""}, "the algorithm none is no signature: anybody could issue tokens"),
        ("HS257", {"a": SECRET}, "there is no algorithm 'HS257': take HS256 with a secret, ES256 with a pair"),
        ("HS256", {"a": ""}, "the key 'a' is none for HS256: HMAC key must not be empty."),
        ("HS256", {"b": SECRET, "a": "x" * 31}, "the key 'a' is too short: The HMAC key is 31 bytes long"),
        ("HS512", {"a": "x" * 63}, "the key 'a' is too short: The HMAC key is 63 bytes long"),
        ("HS256", {"a": pair("ES256")[1]}, "the key 'a' is none for HS256: The specified key is an asymmetric key"),
        ("RS256", {"a": SECRET}, "the key 'a' is none for RS256: "),
        ("RS256", {"a": pair("ES256")[0]}, "the key 'a' is none for RS256: Expected one of "),
        ("ES384", {"a": pair("ES256")[0]}, "the key 'a' is none for ES384: The key's curve 'secp256r1' does not match"),
        ("RS256", {"a": None}, "the key 'a' is none for RS256: Expecting a PEM-formatted key."),
    ],
)
def test_a_wrong_key_is_refused_when_the_app_starts(algorithm, keys, says):
    """ValueError with the reason and the remedy, and nothing of the key."""
    with pytest.raises(ValueError) as found:
        Tokens("us", "them", algorithm, keys)
    assert str(found.value).startswith(says)
    assert "xxx" not in str(found.value)


def test_a_short_rsa_key_is_refused():
    """1,024 bits are broken by whoever wants to."""
    with pytest.raises(ValueError, match=r"^the key 'a' is too short: The RSA key is 1024 bits long"):
        Tokens("us", "them", "RS256", {"a": public_pem(rsa_key(1024))})
    assert Tokens("us", "them", "PS256", {"a": pem(rsa_key(2048)).encode()}).issue("ada")


@pytest.mark.parametrize(
    ("issuer", "audience", "keys"), [("", "b", {"a": SECRET}), ("a", "", {"a": SECRET}), ("a", "b", {})]
)
def test_all_three_names_are_needed(issuer, audience, keys):
    """Without them everybody's tokens would be ours."""
    with pytest.raises(ValueError, match=r"^tokens need an issuer, an audience and at least one key$"):
        Tokens(issuer, audience, "HS256", keys)


def test_the_log_says_why_and_the_client_does_not_know(caplog):
    """One line for each refusal, on which nobody can write a second."""
    with caplog.at_level(logging.INFO, "rawasgi.security"):
        refused(lambda: tokens().read(written(exp=at(-5))))
        refused(lambda: tokens().read("a\nb"))
    assert [record.getMessage() for record in caplog.records] == [
        "a token was refused: ExpiredSignatureError('Signature has expired')",
        "a token was refused: ValueError('it is not three parts in base64url')",
    ]


def test_a_repr_has_no_key():
    """Which algorithm, for whom, and the names of the keys."""
    assert repr(tokens()) == "<Tokens HS256 of 'https://login.example.com' for 'shop', keys ['new']>"
