"""Two secrets in -> whether they are the same out, in a time that does not tell how far they agree.

bytes > server > app > middleware > routing > [handler] > response > bytes

`==` stops at the first difference: who may try often enough learns a key letter by letter. The function of the standard
library does not stop, but raises TypeError for a `é` in a str, and shows how long the secret is. Their digests are
compared here: of one length, and bytes in any case.

Spec:         none, because it is a matter of clocks: https://docs.python.org/3/library/hmac.html#hmac.compare_digest
In FastAPI:   none, because its pages use the standard library, and encode by hand
In Starlette: none, because it compares no secrets
In Flask:     none, because werkzeug compares inside: werkzeug.security:check_password_hash
Left out:     nothing
"""

import hashlib
import hmac


def in_bytes(secret: str | bytes) -> bytes:
    """UTF-8; half a surrogate pair, which JSON can spell, has bytes of its own and is no error."""
    return secret if isinstance(secret, bytes) else secret.encode("utf-8", "surrogatepass")


def is_same_secret(shown: str | bytes | None, known: str | bytes) -> bool:
    """Whether a client shows the secret that we know: a key, say. None, which is nothing shown, never is.

    For what people choose themselves there is `Passwords`: a stolen table of such keys must not be a table of passwords.
    ValueError for an empty `known`: an unset variable would let everybody in.
    """
    if not known:
        raise ValueError("the known secret is empty: whoever shows nothing would have it")
    digests = (hashlib.sha256(in_bytes(secret or b"")).digest() for secret in (shown, known))
    return hmac.compare_digest(*digests)
