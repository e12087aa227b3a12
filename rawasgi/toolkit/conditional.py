"""What a client holds already in -> whether it needs the answer at all out.

bytes > server > app > middleware > routing > [handler > response] > bytes

A response says which version it is, by an ETag, by Last-Modified, or by both. The client sends them back: "only if it
has changed" (304 spares it the body), or "only if it has not" (412 spares everybody a lost update).

    @app.get("/article")
    async def article(request):
        response = JSONResponse(text, headers={"etag": etag_of(text.encode())})
        return conditional(request, response)        # 304 to whoever has this text

ETags are compared in two ways: weakly, where `W/"a"` and `"a"` mean the same, and strongly, where only equal bytes count.

Spec:         https://www.rfc-editor.org/rfc/rfc9110#section-13
In FastAPI:   starlette.staticfiles:StaticFiles.is_not_modified, for static files alone
In Starlette: starlette.staticfiles:StaticFiles.is_not_modified, for static files alone
In Flask:     werkzeug.wrappers:Response.make_conditional
Left out:     a layer that computes ETags of bodies it would have to buffer
"""

import hashlib
import re
from datetime import UTC
from email.utils import formatdate, parsedate_to_datetime

from rawasgi.datastructures import Headers
from rawasgi.requests import Request
from rawasgi.responses import Response

ENTITY_TAG = re.compile(r'(?:W/)?"[^"\x00-\x20\x7f]*"')  # RFC 9110, 8.8.3
LONGEST_DATE = 40  # characters: `Wednesday, 31-Dec-97 23:59:59 GMT` has 33

# "A server generating a 304 response MUST generate any of the following header fields that would have been sent in a
# 200" (15.4.5). Others would describe a body that is not there.
OF_304 = (b"cache-control", b"content-location", b"date", b"etag", b"expires", b"vary")


def etag_of(body: bytes) -> str:
    """A strong ETag for these bytes, quotes included."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def parse_etags(values: list[str]) -> list[str]:
    """The entity tags of all lines of a header; `["*"]` for whatever there is. What is no tag is passed over."""
    joined = ",".join(values)
    return ["*"] if joined.strip() == "*" else ENTITY_TAG.findall(joined)


def is_weakly(etag: str | None, asked: list[str]) -> bool:
    """Whether one of the tags names this version, or an equivalent one (8.8.3.2)."""
    return asked == ["*"] or (etag or "").removeprefix("W/") in [tag.removeprefix("W/") for tag in asked]


def is_strongly(etag: str | None, asked: list[str]) -> bool:
    """Whether one of the tags names exactly these bytes: then both are strong."""
    return asked == ["*"] or (etag is not None and etag in asked and not etag.startswith("W/"))


def http_date(seconds: float) -> str:
    """Seconds since 1970 -> `Sun, 06 Nov 1994 08:49:37 GMT`."""
    return formatdate(seconds, usegmt=True)


def parse_http_date(text: str | None) -> int | None:
    """Whole seconds since 1970; None for what is no date. All three forms of RFC 9110, 5.6.7 are read."""
    try:
        if text is None or len(text) > LONGEST_DATE:
            return None
        date = parsedate_to_datetime(text)
        return int(date.replace(tzinfo=date.tzinfo or UTC).timestamp())  # "all times are in GMT", whether it says so
    except (ValueError, OverflowError):  # "A recipient MUST ignore the field if the value is not a valid HTTP-date"
        return None


def precondition(method: str, headers: Headers, etag: str | None, last_modified: int | None) -> int | None:
    """What to answer in place of the request's own answer: 304, 412, or None for nothing.

    `headers` are the request's; `etag` (quotes included) and `last_modified` (seconds since 1970, or None) describe what
    is there now: ask about a thing that exists, for `*` means that it does. Where the method changes something, ask
    before you do it. The order is that of RFC 9110, 13.2.2.
    """
    reads = method in ("GET", "HEAD")
    if "if-match" in headers:
        if not is_strongly(etag, parse_etags(headers.getlist("if-match"))):
            return 412
    elif is_later(last_modified, headers.get("if-unmodified-since")) is True:
        return 412
    if "if-none-match" in headers:
        if is_weakly(etag, parse_etags(headers.getlist("if-none-match"))):
            return 304 if reads else 412
    elif reads and is_later(last_modified, headers.get("if-modified-since")) is False:
        return 304
    return None


def is_later(last_modified: int | None, text: str | None) -> bool | None:
    """Whether it was modified after that date; None where either side has no date."""
    date = parse_http_date(text)
    return None if last_modified is None or date is None else last_modified > date


def is_same_version(if_range: str, etag: str | None, last_modified: int | None) -> bool:
    """Whether If-Range holds: the part that is asked for belongs to the bytes that the client has (13.1.5)."""
    if ENTITY_TAG.fullmatch(if_range):
        return is_strongly(etag, [if_range])
    date = parse_http_date(if_range)
    return date is not None and date == last_modified


class NotModifiedResponse(Response):
    """304: what you have is still right. Of the headers it keeps those that tell about what the client has."""

    def __init__(self, headers: Headers) -> None:
        super().__init__(status_code=304)
        self.raw_headers = [pair for pair in headers.raw if pair[0] in OF_304]


def conditional(request: Request, response: Response) -> Response:
    """The response itself, or 304 or 412 in its place, by its `etag` and `last-modified` and the request's conditions.

    Only an answer of 2xx has conditions (13.2.1). In place of it, its background task still runs.
    """
    headers = response.headers
    modified = parse_http_date(headers.get("last-modified"))
    status = precondition(request.method, request.headers, headers.get("etag"), modified)
    if status is None or not 200 <= response.status_code < 300:
        return response
    instead = NotModifiedResponse(headers) if status == 304 else Response(status_code=412)
    instead.background = response.background
    return instead
