"""A Cookie header in -> names and values out; a name, a value and attributes in -> a Set-Cookie header out.

bytes > server > app > middleware > routing > [handler > response] > bytes

`request.cookies` and `response.set_cookie` load this module by name, when they are called.

Spec:         none, because ASGI has headers alone: https://datatracker.ietf.org/doc/html/rfc6265#section-4
In FastAPI:   starlette.responses:Response.set_cookie
In Starlette: starlette.requests:cookie_parser
In Flask:     werkzeug.http:parse_cookie
Left out:     nothing
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

ESCAPE = re.compile(r"\\([0-3][0-7][0-7]|.)")


def parse_cookies(header: str) -> dict[str, str]:
    """`a=1; b="two"` -> `{"a": "1", "b": "two"}`, as leniently as browsers write it: nothing is an error here."""
    cookies: dict[str, str] = {}
    for piece in header.split(";"):
        name, equals, value = piece.partition("=")
        name, value = (name.strip(), value.strip()) if equals else ("", name.strip())
        if len(value) > 1 and value[0] == value[-1] == '"':
            value = ESCAPE.sub(lambda found: chr(int(found[1], 8)) if len(found[1]) == 3 else found[1], value[1:-1])
        if name or value:
            cookies[name] = value
    return cookies


def write_cookie(
    key: str, value: str, expires: datetime | str | int | None, attributes: Mapping[str, Any], partitioned: bool
) -> str:
    """The value of a Set-Cookie header. `Response.set_cookie` says what it raises; an attribute that is None is left out."""
    from email.utils import format_datetime  # here because most apps set no cookie, and the two
    from http.cookies import CookieError, SimpleCookie  # bring many modules with them

    if isinstance(expires, datetime):
        if expires.tzinfo is None:
            raise ValueError("set_cookie: `expires` needs a time zone, say datetime.now(UTC)")
        expires = format_datetime(expires.astimezone(UTC), usegmt=True)
    samesite = attributes["samesite"]
    if samesite is not None and samesite.lower() not in ("lax", "strict", "none"):
        raise ValueError(f"set_cookie: `samesite` is lax, strict or none, not {samesite!r}")
    given = {name: setting for name, setting in {"expires": expires, **attributes}.items() if setting is not None}
    for name, setting in given.items():
        if isinstance(setting, str) and re.search(r"[\x00-\x1f\x7f;]", setting):
            raise ValueError(f"set_cookie: `{name}` must not hold a semicolon or a control character: {setting!r}")
    try:
        cookie: Any = SimpleCookie({key: value})[key]
    except CookieError as error:
        raise ValueError(f"set_cookie: {error}") from None
    cookie.update(given)
    return f"{cookie.OutputString()}; Partitioned" if partitioned else str(cookie.OutputString())
