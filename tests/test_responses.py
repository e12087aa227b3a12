"""Responses: what each of them says on the line, whole."""

import json
import math
from typing import Any

import pytest
import starlette.responses
from hypothesis import given
from hypothesis import strategies as st

from rawasgi import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from rawasgi.concurrency import BackgroundTask
from rawasgi.middleware import HandlerApp
from rawasgi.requests import no_receive
from rawasgi.responses import TrackedSend, to_json
from rawasgi.urls import URL
from tests.drive import broken, converse, exchange, http, on_a_loop, websocket


def answer(status, headers, *pieces, prefix="http"):
    """A start with `headers` (pairs of str), and one body message for a whole body."""
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    start = {"type": f"{prefix}.response.start", "status": status, "headers": pairs}
    return [start, *({"type": f"{prefix}.response.body", "body": piece} for piece in pieces)]


def streamed(*pieces, status=200, headers=None, prefix="http"):
    """A start, one body message for each piece, and the end."""
    kind = f"{prefix}.response.body"
    bodies = [{"type": kind, "body": piece, "more_body": True} for piece in pieces]
    return [*answer(status, headers or {}, prefix=prefix), *bodies, {"type": kind, "body": b"", "more_body": False}]


@pytest.mark.parametrize(
    ("response", "messages"),
    [
        (Response(), answer(200, {"content-length": "0"}, b"")),
        (Response("é"), answer(200, {"content-length": "2"}, "é".encode())),
        (Response(b"\xff\x00", 201), answer(201, {"content-length": "2"}, b"\xff\x00")),
        (Response(bytearray(b"ab")), answer(200, {"content-length": "2"}, b"ab")),
        (Response(memoryview(b"ab")), answer(200, {"content-length": "2"}, b"ab")),
        (
            Response("a,b", media_type="text/csv"),
            answer(200, {"content-length": "3", "content-type": "text/csv; charset=utf-8"}, b"a,b"),
        ),
        (
            Response("a,b", media_type="text/csv; CHARSET=ascii"),
            answer(200, {"content-length": "3", "content-type": "text/csv; CHARSET=ascii"}, b"a,b"),
        ),
        (
            Response(b"%PDF", media_type="application/pdf"),
            answer(200, {"content-length": "4", "content-type": "application/pdf"}, b"%PDF"),
        ),
        (
            PlainTextResponse("hello"),
            answer(200, {"content-length": "5", "content-type": "text/plain; charset=utf-8"}, b"hello"),
        ),
        (
            HTMLResponse("<p>", 404),
            answer(404, {"content-length": "3", "content-type": "text/html; charset=utf-8"}, b"<p>"),
        ),
        (
            JSONResponse({"a": [1, None, "é"]}),
            answer(200, {"content-length": "19", "content-type": "application/json"}, '{"a":[1,null,"é"]}'.encode()),
        ),
        (JSONResponse(None), answer(200, {"content-length": "4", "content-type": "application/json"}, b"null")),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Response) else "",
)
def test_a_response_is_two_messages(response, messages):
    """Length and type follow from the body and the media type."""
    assert converse(response, http()) == messages


@pytest.mark.parametrize("kind", [Response, PlainTextResponse, HTMLResponse])
@pytest.mark.parametrize(
    ("content", "status"),
    [("é", 200), (b"ab", 404), *((empty, status) for empty in (None, "") for status in (200, 204, 304))],
)
def test_a_response_says_what_starlettes_says(kind, content, status):
    """The same start and the same body as the class of the same name in Starlette, header by header."""
    theirs = getattr(starlette.responses, kind.__name__)
    given_headers = {"X-Kind": "a"}
    ours = converse(kind(content, status, given_headers), http())
    assert ours == converse(theirs(content, status, given_headers), http())


@pytest.mark.parametrize("status", [100, 204, 304])
def test_a_status_without_a_body_has_neither_body_nor_length(status):
    """1xx, 204 and 304 carry none (RFC 9110, 6.4.1), whatever the handler gave."""
    assert converse(Response("ignored", status), http()) == answer(status, {}, b"")
    assert converse(StreamingResponse([b"ignored"], status), http()) == streamed(status=status)


@pytest.mark.parametrize(
    ("response", "headers"),
    [
        (PlainTextResponse("hello"), {"content-length": "5", "content-type": "text/plain; charset=utf-8"}),
        (Response(headers={"Content-Length": "1000"}), {"content-length": "1000"}),
    ],
)
def test_head_gets_the_headers_of_get_and_no_byte(response, headers):
    """RFC 9110, 9.3.2: the length is that of the body which GET would have got."""
    assert converse(response, http("HEAD")) == answer(200, headers, b"")


def test_a_streaming_response_to_head_does_not_start_its_iterator():
    """No piece is asked for, and the end comes at once."""
    pieces = iter([b"one"])
    response = StreamingResponse(pieces, media_type="text/csv")
    assert converse(response, http("HEAD")) == streamed(headers={"content-type": "text/csv; charset=utf-8"})
    assert next(pieces) == b"one"


def test_headers_that_are_given_win():
    """Content-Type and Content-Length are not doubled, and names go out in lower case, in the order given."""
    response = PlainTextResponse("hello", headers={"X-A": "é", "Content-Type": "text/x", "CONTENT-LENGTH": "5"})
    headers = {"x-a": "é", "content-type": "text/x", "content-length": "5"}
    assert converse(response, http()) == answer(200, headers, b"hello")


def test_headers_can_be_read_and_changed_until_the_response_is_sent():
    """What is done to `headers` is done to the message."""
    response = Response("ab")
    response.headers["X-A"] = "1"
    response.headers.append("x-a", "2")
    del response.headers["content-length"]
    assert response.headers.getlist("X-A") == ["1", "2"]
    assert converse(response, http()) == [
        {"type": "http.response.start", "status": 200, "headers": [(b"x-a", b"1"), (b"x-a", b"2")]},
        {"type": "http.response.body", "body": b"ab"},
    ]


def test_a_header_beyond_latin_1_is_refused_where_it_is_set():
    """The error comes when the response is made, not when it is half sent."""
    with pytest.raises(UnicodeEncodeError):
        Response(headers={"x-a": "☃"})


@pytest.mark.parametrize("response", [Response("no", 403), StreamingResponse([b"no"], 403)])
def test_on_a_websocket_a_response_is_a_denial(response):
    """The same messages with the prefix of the extension `websocket.http.response`."""
    whole = answer(403, {"content-length": "2"}, b"no", prefix="websocket.http")
    pieces = streamed(b"no", status=403, prefix="websocket.http")
    assert converse(response, websocket()) == (pieces if isinstance(response, StreamingResponse) else whole)


def test_a_subclass_may_render_and_name_its_type():
    """`render`, `media_type` and `charset` are there to be overridden."""

    class Latin(Response):
        media_type = "text/plain"
        charset = "latin-1"

        def render(self, content):
            return super().render(content.upper())

    headers = {"content-length": "1", "content-type": "text/plain; charset=latin-1"}
    assert converse(Latin("é"), http()) == answer(200, headers, b"\xc9")


async def failing_send(message):
    """A client that is gone, as servers of spec 2.4 tell it."""
    raise OSError("gone")


@on_a_loop
async def test_background_work_follows_the_last_message():
    """It runs in the same call; where the response could not be sent, it does not run."""
    log: list[Any] = []

    async def send(message):
        log.append(message["type"])

    response = Response(background=BackgroundTask(log.append, "work"))
    await response(http(), no_receive, send)
    assert log == ["http.response.start", "http.response.body", "work"]
    with pytest.raises(OSError, match="gone"):
        await response(http(), no_receive, failing_send)
    assert log == ["http.response.start", "http.response.body", "work"]


# -- JSON --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_that_json_does_not_know_are_refused(number):
    """ValueError when the response is made: NaN is no JSON (RFC 8259, section 6)."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        JSONResponse({"a": [number]})


def test_what_json_cannot_say_is_a_type_error():
    """The handler hears of it, not the client."""
    with pytest.raises(TypeError, match="set is not JSON serializable"):
        JSONResponse({1, 2})


def test_half_a_surrogate_pair_stays_escaped():
    """It has no UTF-8, so the whole text is written in ASCII; a whole pair is plain UTF-8."""
    assert to_json("\ud83d é") == b'"\\ud83d \\u00e9"'
    assert to_json("\U0001f600") == '"\U0001f600"'.encode()


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner)))
def test_json_reads_back_as_it_was(value):
    """Any text, lone surrogates too, survives the way there and back."""
    assert json.loads(to_json(value)) == value


# -- Redirects ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("/a?b=c#d", "/a?b=c#d"),
        ("https://example.org/a%20b?x=[1]&y='(2)*!$,;@", "https://example.org/a%20b?x=[1]&y='(2)*!$,;@"),
        ("/é ü", "/%C3%A9%20%C3%BC"),
        ('/a"<>\\^`{|}', "/a%22%3C%3E%5C%5E%60%7B%7C%7D"),
        ("/a\r\nset-cookie: b=c", "/a%0D%0Aset-cookie:%20b=c"),
        (URL("/a b"), "/a%20b"),
    ],
)
def test_a_redirect_quotes_what_a_header_cannot_carry(url, location):
    """Escapes that are there stay; line ends cannot forge a header; Starlette says the same."""
    messages = answer(307, {"content-length": "0", "location": location}, b"")
    assert converse(RedirectResponse(url), http()) == messages
    assert converse(starlette.responses.RedirectResponse(str(url)), http()) == messages


def test_a_redirect_has_a_status_headers_and_work_of_your_choice():
    """303 with one more header; a Location in `headers` is replaced by the URL."""
    log: list[Any] = []
    task = BackgroundTask(log.append, 1)
    response = RedirectResponse("/b", 303, {"X-A": "1", "Location": "/wrong"}, task)
    headers = {"x-a": "1", "location": "/b", "content-length": "0"}
    assert converse(response, http()) == answer(303, headers, b"")
    assert log == [1]


# -- Handlers ----------------------------------------------------------------------------------------------------


async def handler(request):
    """An endpoint on the loop."""
    return PlainTextResponse(request.method)


def blocking_handler(request):
    """An endpoint on a thread."""
    return PlainTextResponse(request.method)


@pytest.mark.parametrize("func", [handler, blocking_handler])
def test_a_handler_app_calls_its_function_and_sends_what_it_returns(func):
    """`async def` and `def` alike."""
    headers = {"content-length": "4", "content-type": "text/plain; charset=utf-8"}
    assert converse(HandlerApp(func), http("POST")) == answer(200, headers, b"POST")


def test_a_handler_that_returns_no_response_is_told_so():
    """TypeError names the function and what it returned."""

    def forgetful(request):
        return {"a": 1}

    sent, error = broken(HandlerApp(forgetful), http())
    assert sent == []
    assert repr(error) == """TypeError("forgetful() returned {'a': 1}: a handler returns a Response")"""


@on_a_loop
async def test_a_handler_leaves_no_question_open():
    """The `receive` that `is_disconnected` keeps waiting is withdrawn with the request."""

    async def curious(request):
        return PlainTextResponse(str(await request.is_disconnected()))

    headers = {"content-length": "5", "content-type": "text/plain; charset=utf-8"}
    assert await exchange(HandlerApp(curious), http()) == answer(200, headers, b"False")


@on_a_loop
async def test_a_tracked_send_knows_when_a_response_is_committed():
    """Early hints and debug messages commit nothing; anything else does, and all are passed on."""
    sent: list[Any] = []

    async def send(message):
        sent.append(message["type"])

    tracked = TrackedSend(send)
    for kind in ("http.response.early_hint", "http.response.debug"):
        await tracked({"type": kind})
    committed = [tracked.started]
    await tracked({"type": "http.response.start"})
    assert [*committed, tracked.started] == [False, True]
    assert sent == ["http.response.early_hint", "http.response.debug", "http.response.start"]
    await tracked.send_response(Response(), http(), no_receive)
    assert sent[3:] == ["http.response.start", "http.response.body"]


@pytest.mark.parametrize("value", ["a\r\nset-cookie: x=1", "a\n", "\ra", "a\0b"])
def test_a_header_value_stays_on_its_line(value):
    """What would be read as another header is a ValueError where it is set, not a surprise on the wire."""
    said = r"the header 'x-name' must not hold a line break or NUL: "
    with pytest.raises(ValueError, match=said):
        Response(headers={"x-name": value})
    response = Response()
    for put in (response.headers.__setitem__, response.headers.append, response.headers.setdefault):
        with pytest.raises(ValueError, match=said):
            put("x-name", value)
    assert response.raw_headers == [(b"content-length", b"0")]


def test_a_response_that_is_sent_twice_is_the_same_twice():
    """What a layer adds to the headers of one message is not in the response, nor in its next message."""
    response = PlainTextResponse("ok")
    wanted = answer(200, {"content-length": "2", "content-type": "text/plain; charset=utf-8"}, b"ok")
    first = converse(response, http())
    first[0]["headers"].append((b"vary", b"origin"))
    assert converse(response, http()) == wanted
