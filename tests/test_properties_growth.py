"""Cookies, query strings and headers: what is written comes back, at a cost that grows with the bytes and no faster."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rawasgi.datastructures import Headers, QueryParams
from rawasgi.requests import parse_json
from rawasgi.toolkit.cookies import parse_cookies
from tests.growth import assert_linear

reproducible = settings(derandomize=True, deadline=None, max_examples=100)


@reproducible
@given(st.binary(max_size=60))
def test_any_query_string_is_pairs(query):
    """And those pairs, written as a query string, are the same pairs."""
    params = QueryParams(query)
    assert QueryParams(str(params)) == params


@reproducible
@given(st.dictionaries(st.text(st.sampled_from("abc-_é"), min_size=1), st.text(st.sampled_from('ab= ,\\"\\é'))))
def test_any_cookies_come_back(cookies):
    """As they were set, in quotes; without the quotes, they are cookies of some kind all the same."""
    quoted = {name: value.replace("\\", "\\\\").replace('"', '\\"') for name, value in cookies.items()}
    assert parse_cookies("; ".join(f'{name}="{value}"' for name, value in quoted.items())) == cookies
    assert len(parse_cookies(";".join(quoted.values()))) <= 1 + len(quoted)


def header_list(n):
    """Small fields of about n bytes together."""
    return [(b"x-%d" % number, b"1") for number in range(n // 8)]


def read_headers(raw):
    """What is asked of headers once for each request."""
    headers = Headers(raw=raw)
    return headers["x-0"], headers.getlist("cookie"), headers.items(), "x-none" in headers


WORK = {
    "cookies": (parse_cookies, lambda n: "a=b; " * (n // 5)),
    "cookies of one name": (parse_cookies, lambda n: "a" * n),
    "semicolons": (parse_cookies, lambda n: ";" * n),
    "spaces": (parse_cookies, lambda n: "a" + " " * n + "=" + " " * n + "b"),
    "a quote that never closes": (parse_cookies, lambda n: 'a="' + "\\" * n),
    "escapes in quotes": (parse_cookies, lambda n: 'a="' + "\\101" * (n // 4) + '"'),
    "halves of escapes in quotes": (parse_cookies, lambda n: 'a="' + "\\1" * (n // 2) + '"'),
    "query pairs": (QueryParams, lambda n: b"a=b&" * (n // 4)),
    "query names": (QueryParams, lambda n: b"".join(b"a%d=&" % number for number in range(n // 8))),
    "ampersands": (QueryParams, lambda n: b"&" * n),
    "query escapes": (QueryParams, lambda n: b"a=" + b"%ff" * (n // 3)),
    "halves of query escapes": (QueryParams, lambda n: b"%" * n),
    "plus signs": (QueryParams, lambda n: b"+" * n),
    "headers": (read_headers, header_list),
    "numbers": (parse_json, lambda n: b"[" + b"1," * (n // 2) + b"1]"),
    "strings": (parse_json, lambda n: b'"' + b"\\n" * (n // 2) + b'"'),
}


@pytest.mark.parametrize("kind", WORK)
def test_the_work_grows_with_the_bytes(kind):
    """In operations of Python and in time, from 8 to 64 KiB."""
    assert_linear(*WORK[kind])


def pairs_of_lines(n):
    """Quadratic in lines of Python."""
    for _ in range(n // 256):
        for _ in range(n // 256):
            pass


def prefixes(n):
    """Linear in lines of Python, and quadratic in what a function in C does for each."""
    text = b" " * n
    for end in range(0, n, 8):
        text.count(b"x", 0, end)


def test_work_that_is_quadratic_is_seen():
    """By its operations; and where those are hidden in C, by its time."""
    for work in (pairs_of_lines, prefixes):
        with pytest.raises(AssertionError):
            assert_linear(work, int)
