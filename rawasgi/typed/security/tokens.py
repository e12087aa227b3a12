"""Who a client is, and what it may do, in -> a signed token out; and the same token in -> the same words out, or 401.

bytes > server > app > middleware > routing > [handler] > response > bytes

    tokens = Tokens("https://login.example.com", "shop", "HS256", {"2026-11": secret})
    tokens.issue("ada", ["items:read"])               ->  eyJhbGciOi…
    tokens.read(shown, ["items:read"]).subject        ->  "ada"

A token is a letter from a stranger until its signature is proved, and its header is a part of the letter. So nothing in
it chooses how it is read: the algorithm is ours (a `none` is refused, and a public key is never taken for a password),
and `kid` is a word that is looked up in our table: no file, no URL, no query. The whole table is of one kind.

    anything wrong with it      ->  401   WWW-Authenticate: Bearer error="invalid_token"
    good, but not for this      ->  403   WWW-Authenticate: Bearer error="insufficient_scope", scope="items:write"

A client learns no more; the reason is logged. The signature of a secret (HS…) can be made by whoever can prove it: give
services that only read the public key of a pair (ES256, say).

Spec:         https://www.rfc-editor.org/rfc/rfc8725#section-3  (the answers: https://www.rfc-editor.org/rfc/rfc6750#section-3)
In FastAPI:   none, because its pages call jwt.decode by hand: fastapi.security:OAuth2PasswordBearer
In Starlette: none, because a backend of yours does it: starlette.authentication:AuthenticationBackend
In Flask:     none, because extensions do it: Flask-JWT-Extended
Left out:     encrypted tokens, revocation before the end, keys from a JWKS page, `typ` to tell kinds of tokens apart
"""

import logging
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

try:
    import jwt
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError("tokens need PyJWT: pip install 'rawasgi[security]'", name=missing.name) from None

from rawasgi.exceptions import HTTPException
from rawasgi.typed.security.schemes import quoted

log = logging.getLogger("rawasgi.security")

LONGEST = 8_192  # characters: what common servers take in a header; nothing longer is looked at
OURS = ("iss", "aud", "sub", "iat", "exp", "scope")  # claims that `issue` sets and no argument may
SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749, 3.3
# "BASE64URL(header) || '.' || BASE64URL(payload) || '.' || BASE64URL(signature)", without padding: RFC 7515, 2 and 3.1.
# PyJWT lets padding pass, and a token that is on a list of revoked ones would have a second spelling.
SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")

Key = str | bytes


@dataclass(frozen=True)
class Claims:
    """What a token says, proved: `subject` is who, `scopes` what it may do, `claims` all of it."""

    subject: str
    scopes: frozenset[str]
    claims: Mapping[str, Any]


class Tokens:
    """Issues and reads the tokens of one issuer for one audience, with one algorithm.

    `keys` is kid -> key: a secret for HS256, HS384 and HS512, else PEM. The first signs, which a public key cannot; the
    others still prove what they have signed before. None is the kid of tokens that name none. `lifetime` and `leeway`
    (how far clocks may differ) are in seconds. `required` names claims that must be there beside the usual.

    ValueError for an algorithm that is none, a key that is none for it, and one that is too short.
    """

    def __init__(
        self,
        issuer: str,
        audience: str,
        algorithm: str,
        keys: Mapping[str | None, Key],
        *,
        lifetime: int = 15 * 60,
        leeway: int = 0,
        required: Iterable[str] = (),
    ) -> None:
        if not (issuer and audience and keys):
            raise ValueError("tokens need an issuer, an audience and at least one key")
        self.issuer, self.audience, self.algorithm = issuer, audience, algorithm
        ready = {kid: prepared(kid, key, algorithm) for kid, key in keys.items()}
        self.kid, self.signing = next(iter(ready.items()))
        self.keys = {kid: public_half(key) for kid, key in ready.items()}
        self.lifetime, self.leeway = lifetime, leeway
        self.required = (*required,)

    def issue(
        self, subject: str, scopes: str | Iterable[str] = (), *, lifetime: int | None = None, **claims: Any
    ) -> str:
        """A token for `subject`, good for `lifetime` seconds, with these scopes and further claims.

        TypeError where our key is a public one. ValueError for a scope with a space in it, which would be read as two,
        for a claim that we set ourselves, and for a required one that is missing.
        """
        if not (isinstance(self.signing, bytes) or hasattr(self.signing, "sign")):
            raise TypeError(f"the key {self.kid!r} is public: it proves tokens, and can issue none")
        granted = words(scopes)
        if wrong := [scope for scope in granted if not SCOPE.fullmatch(scope)]:
            raise ValueError(f"no scopes, since they hold a space, a quote or nothing: {wrong}")
        if wrong := [name for name in claims if name in OURS]:
            raise ValueError(f"issue() sets {', '.join(wrong)} itself")
        if wrong := [name for name in self.required if claims.get(name) is None and name not in OURS]:
            raise ValueError(f"a token of ours needs {', '.join(wrong)} too")
        now = int(time.time())
        until = now + (self.lifetime if lifetime is None else lifetime)
        usual = {"iss": self.issuer, "aud": self.audience, "sub": subject, "iat": now, "exp": until}
        header = {} if self.kid is None else {"kid": self.kid}
        return jwt.encode({**claims, **usual, "scope": " ".join(granted)}, self.signing, self.algorithm, header)

    def read(self, token: str, scopes: str | Iterable[str] = ()) -> Claims:
        """What a token of ours says. HTTPException 401 for any other, 403 where it lacks one of these scopes.

        `scopes` as a list, or with spaces between.
        """
        try:
            claims = self.proved(token)
        except (jwt.PyJWTError, ValueError) as error:
            log.info("a token was refused: %r", error)
            raise HTTPException(401, "Invalid token", {"WWW-Authenticate": 'Bearer error="invalid_token"'}) from error
        wanted, granted = words(scopes), frozenset(words(claims["scope"]))
        if not granted.issuperset(wanted):
            challenge = f'Bearer error="insufficient_scope", scope={quoted(" ".join(wanted))}'
            raise HTTPException(403, "Insufficient scope", {"WWW-Authenticate": challenge})
        return Claims(claims["sub"], granted, claims)

    def proved(self, token: str) -> dict[str, Any]:
        """The claims of a token whose signature, names and times are right; PyJWTError or ValueError for any other."""
        if len(token) > LONGEST:
            raise ValueError(f"it has {len(token)} characters")
        if not SHAPE.fullmatch(token):
            raise ValueError("it is not three parts in base64url")
        kid = jwt.get_unverified_header(token).get("kid")
        if kid not in self.keys:
            raise ValueError(f"there is no key {kid!r}")
        claims: dict[str, Any] = jwt.decode(
            token,
            self.keys[kid],
            algorithms=[self.algorithm],
            audience=self.audience,
            issuer=self.issuer,
            leeway=self.leeway,
            options={"require": ["iss", "aud", "sub", "iat", "exp", *self.required]},
        )
        if not isinstance(claims.setdefault("scope", ""), str):
            raise ValueError(f"scope is a {type(claims['scope']).__name__}")
        return claims

    def __repr__(self) -> str:
        return f"<Tokens {self.algorithm} of {self.issuer!r} for {self.audience!r}, keys {[*self.keys]}>"


def words(scopes: str | Iterable[str]) -> list[str]:
    """A list of scopes as it is, a text at its spaces."""
    return [scope for scope in scopes.split(" ") if scope] if isinstance(scopes, str) else [*scopes]


def prepared(kid: str | None, key: Key, algorithm: str) -> Any:
    """The key as PyJWT wants it, parsed once; ValueError for one that is wrong or weak, without showing it."""
    try:
        kind = jwt.get_algorithm_by_name(algorithm)
    except NotImplementedError:
        raise ValueError(f"there is no algorithm {algorithm!r}: take HS256 with a secret, ES256 with a pair") from None
    if algorithm == "none":
        raise ValueError("the algorithm none is no signature: anybody could issue tokens")
    try:
        made = kind.prepare_key(key)
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise ValueError(f"the key {kid!r} is none for {algorithm}: {error}") from None
    if weak := kind.check_key_length(made):
        raise ValueError(f"the key {kid!r} is too short: {weak}")
    return made


def public_half(key: Any) -> Any:
    """What proves a signature: of a pair the public key, of a secret the secret itself."""
    return key.public_key() if hasattr(key, "public_key") else key
