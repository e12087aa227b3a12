"""Set-Cookie: every attribute, and none that was not asked for."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import starlette.responses

from rawasgi.responses import Response

NEW_YEAR = datetime(2030, 1, 1, tzinfo=UTC)
COOKIES = [
    {"key": "a"},
    {"key": "a", "value": "b"},
    {"key": "a", "value": 'two words; and "more", é\\'},
    {"key": "a", "value": "b", "max_age": 10},
    {"key": "a", "value": "b", "max_age": 0},
    {"key": "a", "value": "b", "expires": NEW_YEAR},
    {"key": "a", "value": "b", "expires": "Tue, 01 Jan 2030 00:00:00 GMT"},
    {"key": "a", "value": "b", "path": "/app", "domain": "example.org"},
    {"key": "a", "value": "b", "path": None},
    {"key": "a", "value": "b", "secure": True, "httponly": True},
    {"key": "a", "value": "b", "samesite": "strict"},
    {"key": "a", "value": "b", "samesite": "none", "secure": True},
    {"key": "a", "value": "b", "samesite": None},
    {"key": "__Host-a", "value": "b", "secure": True, "max_age": 1, "httponly": True, "expires": NEW_YEAR},
]


def set_cookies(response):
    """The values of its Set-Cookie headers."""
    return [value.decode("latin-1") for name, value in response.raw_headers if name == b"set-cookie"]


@pytest.mark.parametrize("arguments", COOKIES, ids=lambda arguments: "-".join(map(str, arguments)))
def test_a_cookie_is_written_as_starlette_writes_it(arguments):
    """Every attribute by itself and together, in the same words."""
    ours, theirs = Response(), starlette.responses.Response()
    ours.set_cookie(**arguments)
    theirs.set_cookie(**arguments)
    assert set_cookies(ours) == set_cookies(theirs)


def test_a_cookie_with_everything_in_words():
    """Times are written in GMT; Partitioned, which Python 3.11 does not know, stands at the end."""
    response = Response()
    five_hours_east = NEW_YEAR.astimezone(timezone(timedelta(hours=5)))
    response.set_cookie("a", "b", 60, five_hours_east, "/app", "example.org", True, True, "none", True)
    attributes = ("Domain=example.org", "expires=Tue, 01 Jan 2030 00:00:00 GMT", "HttpOnly", "Max-Age=60", "Path=/app")
    assert set_cookies(response) == ["; ".join(("a=b", *attributes, "SameSite=none", "Secure", "Partitioned"))]


def test_cookies_are_added_and_never_replaced():
    """Two calls are two headers, behind those that are there."""
    response = Response()
    response.set_cookie("a", "1")
    response.set_cookie("a", "2", path="/b")
    assert set_cookies(response) == ["a=1; Path=/; SameSite=lax", "a=2; Path=/b; SameSite=lax"]


def test_an_expiry_in_seconds_is_counted_from_now():
    """A number is turned into a date."""
    response = Response()
    before = datetime.now(UTC).replace(microsecond=0)
    response.set_cookie("a", expires=100)
    after = datetime.now(UTC)
    text = set_cookies(response)[0].partition("expires=")[2].partition(";")[0]
    written = datetime.strptime(text, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    assert before + timedelta(seconds=100) <= written <= after + timedelta(seconds=100)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"expires": datetime(2030, 1, 1)}, "set_cookie: `expires` needs a time zone, say datetime.now(UTC)"),
        ({"samesite": "maybe"}, "set_cookie: `samesite` is lax, strict or none, not 'maybe'"),
        ({"key": "a b"}, "set_cookie: Illegal key 'a b'"),
        ({"key": "path"}, "set_cookie: Attempt to set a reserved key 'path'"),
    ],
)
def test_a_cookie_that_cannot_be_is_refused(arguments, error):
    """ValueError names the argument; the response gets no header."""
    response = Response()
    with pytest.raises(ValueError, match="set_cookie") as caught:
        response.set_cookie(**{"key": "a", **arguments})
    assert str(caught.value) == error
    assert set_cookies(response) == []


@pytest.mark.parametrize("field", ["key", "value", "path", "domain", "expires"])
@pytest.mark.parametrize("evil", ["a\r\nx-forged: 1", "a\nb", "a\rb"])
def test_no_argument_of_a_cookie_can_forge_a_header(field, evil):
    """A line end is refused or escaped: it never reaches the line as it is."""
    response = Response()
    try:
        response.set_cookie(**{"key": "a", field: evil})
    except ValueError:
        assert set_cookies(response) == []
    else:
        assert not {"\r", "\n"} & set("".join(set_cookies(response)))


@pytest.mark.parametrize("field", ["path", "domain", "expires"])
def test_no_argument_of_a_cookie_can_add_an_attribute(field):
    """A semicolon ends an attribute (RFC 6265, 4.1.1), so a value that holds one is refused."""
    response = Response()
    with pytest.raises(ValueError, match="set_cookie"):
        response.set_cookie(**dict[str, Any]({"key": "a", field: "b; Domain=evil.example"}))


@pytest.mark.parametrize(
    "arguments",
    [
        {"key": "a"},
        {"key": "a", "path": "/app", "domain": "example.org"},
        {"key": "__Secure-a", "secure": True, "httponly": True, "samesite": "strict"},
    ],
    ids=["plain", "placed", "secure"],
)
def test_a_cookie_is_deleted_as_starlette_deletes_it(arguments):
    """An empty value, an age of 0, and an expiry in the past or now; everything else as it was set."""
    ours, theirs = Response(), starlette.responses.Response()
    ours.delete_cookie(**arguments)
    theirs.delete_cookie(**arguments)
    assert without_expiry(ours) == without_expiry(theirs)
    assert all("Max-Age=0" in cookie for cookie in set_cookies(ours))


def without_expiry(response):
    """The attributes of its cookie but for the time, which may be a second later."""
    return [[part for part in one.split("; ") if not part.startswith("expires")] for one in set_cookies(response)]


def test_a_deleted_cookie_may_be_partitioned():
    """Only the cookie of the same partition is forgotten, so the attribute is repeated."""
    response = Response()
    response.delete_cookie("a", partitioned=True)
    assert set_cookies(response)[0].endswith("; Path=/; SameSite=lax; Partitioned")
