"""Cookies: what is read of a header, and what is written into one."""

import pytest

from rawasgi import Request
from rawasgi.toolkit.cookies import parse_cookies, write_cookie
from tests.drive import http


@pytest.mark.parametrize(
    ("header", "cookies"),
    [
        ("a=1; b=2", {"a": "1", "b": "2"}),
        ("a=1;b=2;;  c = 3 ", {"a": "1", "b": "2", "c": "3"}),
        ("a=1; a=2", {"a": "2"}),
        ("a=b=c; d=", {"a": "b=c", "d": ""}),
        ('a="x y"; b="', {"a": "x y", "b": '"'}),
        ('a="\\"\\054\\\\"', {"a": '",\\'}),
        ('a="\\0"; b="\\"', {"a": "0", "b": "\\"}),
        ("lone; =nameless", {"": "nameless"}),
        ("lone", {"": "lone"}),
        ("a=%20\xe9", {"a": "%20é"}),
        ("$Version=1; Path=/", {"$Version": "1", "Path": "/"}),
        ("", {}),
        (";=;", {}),
    ],
)
def test_cookies_are_read_leniently(header, cookies):
    """As browsers write them; no cookie is an error, and none spoils its neighbours."""
    assert parse_cookies(header) == cookies
    assert Request(http(headers=[("cookie", header)])).cookies == cookies


def test_a_cookie_is_written_with_what_is_said_of_it():
    """In the order of RFC 6265, 4.1.1; what is None or false is not said."""
    attributes = {"max-age": 5, "path": "/", "domain": None, "samesite": "lax", "secure": True, "httponly": False}
    assert write_cookie("a", "b", None, attributes, False) == "a=b; Max-Age=5; Path=/; SameSite=lax; Secure"
    assert write_cookie("a", "b", None, attributes, True) == "a=b; Max-Age=5; Path=/; SameSite=lax; Secure; Partitioned"


@pytest.mark.parametrize("name", ["path", "domain", "expires"])
def test_no_attribute_of_a_cookie_can_begin_another(name):
    """A semicolon or a control character in it is refused."""
    said = {name: "a; Domain=b"}
    with pytest.raises(ValueError, match=f"`{name}` must not hold a semicolon"):
        write_cookie("a", "b", said.pop("expires", None), {"samesite": None, **said}, False)
