"""The timing layer: one header more on each response."""

import re

import pytest

from rawasgi.app import App
from rawasgi.middlewares.timing import TimingMiddleware
from rawasgi.responses import StreamingResponse
from tests.drive import broken, converse, http, websocket
from tests.test_middleware import text


def without_timing(messages):
    """The messages without the header, and its value."""
    start, *rest = messages
    *headers, (name, value) = start["headers"]
    assert name == b"server-timing"
    return [{**start, "headers": headers}, *rest], value.decode()


def test_a_response_says_how_long_it_took():
    """The rest of it is as without; the time is in milliseconds with one decimal."""
    inner = App()
    messages, value = without_timing(converse(TimingMiddleware(inner), http()))
    assert messages == text("Not Found", 404)
    assert re.fullmatch(r"app;dur=\d+\.\d", value)


def test_the_time_is_that_until_the_start_of_the_response(monkeypatch):
    """From the call to `http.response.start`, on a clock that only goes forward."""
    clock = iter([10.0, 10.0123])
    monkeypatch.setattr("rawasgi.middlewares.timing.time.perf_counter", lambda: next(clock))
    _, value = without_timing(converse(TimingMiddleware(StreamingResponse([b"a", b"b"]), "total"), http()))
    assert value == "total;dur=12.3"


def test_headers_may_be_any_iterable_or_missing():
    """The message that the app made is not changed."""
    start = {"type": "http.response.start", "status": 200}
    own = {**start, "headers": ((b"x-a", b"1"),)}

    def saying(message):
        async def app(scope, receive, send):
            await send(message)

        return app

    for message, headers in ((start, []), (own, [(b"x-a", b"1")])):
        messages, _ = without_timing(converse(TimingMiddleware(saying(message)), http()))
        assert messages == [{**start, "headers": headers}]
    assert own["headers"] == ((b"x-a", b"1"),)


def test_other_scopes_and_exceptions_pass():
    """A websocket is not timed; an exception goes on."""

    async def app(scope, receive, send):
        if scope["type"] == "http":
            raise LookupError("lost")
        await send({"type": "websocket.close"})

    assert converse(TimingMiddleware(app), websocket()) == [{"type": "websocket.close"}]
    sent, error = broken(TimingMiddleware(app), http())
    assert (sent, repr(error)) == ([], "LookupError('lost')")


def test_a_name_that_is_no_token_is_refused():
    """A metric's name goes into a header."""
    with pytest.raises(UnicodeEncodeError):
        TimingMiddleware(App(), "é")
