"""Preconditions: who gets 304, who gets 412, and which header outranks which."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rawasgi.app import App
from rawasgi.concurrency import BackgroundTask
from rawasgi.datastructures import Headers
from rawasgi.instruments.conversation import converse, request
from rawasgi.requests import Request
from rawasgi.responses import PlainTextResponse
from rawasgi.routing import Route
from rawasgi.toolkit.conditional import (
    conditional,
    etag_of,
    http_date,
    is_same_version,
    parse_etags,
    parse_http_date,
    precondition,
)
from tests.instruments.messages import start

THEN = 784_111_777  # Sun, 06 Nov 1994 08:49:37 GMT
BEFORE, AT, AFTER = (http_date(THEN + seconds) for seconds in (-1, 0, 1))


@pytest.mark.parametrize(
    "text",
    ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"],
)
def test_a_date_has_three_forms(text):
    """RFC 9110, 5.6.7: one to write, three to read, and all of them are in GMT."""
    assert parse_http_date(text) == THEN
    assert http_date(THEN) == "Sun, 06 Nov 1994 08:49:37 GMT"


@pytest.mark.parametrize(
    "text", [None, "", "yesterday", "Sun, 99 Nov 1994 08:49:37 GMT", "1" * 50, "0, 1 Jan 99999 0:0"]
)
def test_what_is_no_date_is_none(text):
    """It is ignored, and nothing is raised."""
    assert parse_http_date(text) is None


@settings(derandomize=True, deadline=None, max_examples=300)
@given(
    st.text(max_size=45)
    | st.from_regex(r"\A[A-Za-z]{3}, [0-9]{1,3} [A-Z][a-z]{2} [0-9]{1,6} [0-9:]{0,9} [-+0-9A-Z]{0,6}\Z")
)
def test_any_text_is_a_date_or_none(text):
    """Whatever a client writes there."""
    assert isinstance(parse_http_date(text), int | None)


def test_tags_are_read_from_all_lines():
    """Commas may stand in a tag; what is no tag is passed over; `*` is one only when it is alone."""
    assert parse_etags(['"a,b", W/"c"', '"" ,x, "d']) == ['"a,b"', 'W/"c"', '""']
    assert parse_etags([" * "]) == ["*"]
    assert parse_etags(['*, "a"']) == ['"a"']


@pytest.mark.parametrize(
    ("headers", "get", "put"),
    [
        ({}, None, None),
        ({"if-none-match": '"a"'}, 304, 412),
        ({"if-none-match": 'W/"a"'}, 304, 412),
        ({"if-none-match": '"b", "a"'}, 304, 412),
        ({"if-none-match": "*"}, 304, 412),
        ({"if-none-match": '"b"'}, None, None),
        ({"if-none-match": "a"}, None, None),
        ({"if-match": '"a"'}, None, None),
        ({"if-match": "*"}, None, None),
        ({"if-match": 'W/"a"'}, 412, 412),
        ({"if-match": '"b"'}, 412, 412),
        ({"if-modified-since": BEFORE}, None, None),
        ({"if-modified-since": AT}, 304, None),
        ({"if-modified-since": AFTER}, 304, None),
        ({"if-modified-since": "x"}, None, None),
        ({"if-unmodified-since": BEFORE}, 412, 412),
        ({"if-unmodified-since": AT}, None, None),
        ({"if-unmodified-since": "x"}, None, None),
        # the tag outranks the date, and a version that must not have changed outranks one that must
        ({"if-none-match": '"b"', "if-modified-since": AT}, None, None),
        ({"if-match": '"a"', "if-unmodified-since": BEFORE}, None, None),
        ({"if-match": '"b"', "if-none-match": '"a"'}, 412, 412),
        ({"if-match": '"a"', "if-none-match": '"a"'}, 304, 412),
    ],
)
def test_the_order_of_preconditions(headers, get, put):
    """RFC 9110, 13.2.2, for a resource that has the tag "a" and a date."""
    verdicts = [precondition(method, Headers(headers), '"a"', THEN) for method in ("GET", "HEAD", "PUT")]
    assert verdicts == [get, get, put]


def test_a_resource_without_tag_and_date_has_no_version():
    """Then nothing matches but `*`, and no date is later."""
    asked = {"if-none-match": '"a"', "if-unmodified-since": BEFORE}
    assert precondition("GET", Headers(asked), None, None) is None
    assert precondition("GET", Headers({"if-match": '"a"'}), None, None) == 412
    assert precondition("GET", Headers({"if-match": "*"}), None, None) is None
    assert precondition("GET", Headers({"if-modified-since": AT}), None, None) is None


def test_a_weak_tag_matches_weakly_alone():
    """If-None-Match takes it, If-Match and If-Range do not."""
    assert precondition("GET", Headers({"if-none-match": '"a"'}), 'W/"a"', None) == 304
    assert precondition("GET", Headers({"if-match": 'W/"a"'}), 'W/"a"', None) == 412
    assert [is_same_version(text, 'W/"a"', None) for text in ('"a"', 'W/"a"', "*")] == [False, False, False]


def test_if_range_is_a_strong_tag_or_the_very_date():
    """A later date will not do: the part must belong to the bytes that the client has."""
    asked = ['"a"', 'W/"a"', '"b"', AT, BEFORE, AFTER, "x", "*", '"a", "b"']
    held = [is_same_version(text, '"a"', THEN) for text in asked]
    assert held == [True, False, False, True, False, False, False, False, False]


def article_app(log, status=200):
    """A handler that has a version of its text."""

    async def article(request: Request):
        headers = {"etag": etag_of(b"text"), "cache-control": "no-cache", "x-other": "1"}
        response = PlainTextResponse("text", status, headers, background=BackgroundTask(log.append, "work"))
        return conditional(request, response)

    return App(routes=[Route("/", article, methods=["GET", "POST"])])


TAG = b'"982d9e3eb996f559e633f4d194def376"'
WHOLE = [
    start(
        200,
        (b"etag", TAG),
        (b"cache-control", b"no-cache"),
        (b"x-other", b"1"),
        (b"content-length", b"4"),
        (b"content-type", b"text/plain; charset=utf-8"),
    ),
    {"type": "http.response.body", "body": b"text"},
]
NOT_MODIFIED = [
    start(304, (b"etag", TAG), (b"cache-control", b"no-cache")),
    {"type": "http.response.body", "body": b""},
]
FAILED = [start(412, (b"content-length", b"0")), {"type": "http.response.body", "body": b""}]


@pytest.mark.parametrize(
    ("method", "headers", "messages"),
    [
        ("GET", {}, WHOLE),
        ("GET", {"if-none-match": TAG.decode()}, NOT_MODIFIED),
        ("HEAD", {"if-none-match": TAG.decode()}, NOT_MODIFIED),
        ("GET", {"if-none-match": '"b"'}, WHOLE),
        ("GET", {"if-match": '"b"'}, FAILED),
        ("POST", {"if-none-match": TAG.decode()}, FAILED),
    ],
)
def test_a_handler_may_answer_conditionally(method, headers, messages):
    """`conditional` gives the response, 304 or 412, and the background task runs after each of them."""
    log: list[str] = []
    assert converse(article_app(log), request(method, "/", headers)) == messages
    assert log == ["work"]


def test_an_answer_that_is_no_success_has_no_conditions():
    """RFC 9110, 13.2.1: a 404 with a tag is a 404."""
    sent = converse(article_app([], 404), request("GET", "/", {"if-none-match": TAG.decode()}))
    assert sent == [{**WHOLE[0], "status": 404}, WHOLE[1]]
