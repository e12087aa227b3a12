"""A conversation is had to its end, kept, and drawn, even where it fails."""

import asyncio
import xml.etree.ElementTree as ET

import pytest

from notebooks.kit import life, listen
from notebooks.kit.lanes import detail
from rawasgi.instruments.conversation import Stuck, handshake, request
from rawasgi.tiny.app import App, Response


def heard(app, exchange, **more):
    return asyncio.run(listen(app, exchange, **more))


async def hello(scope, receive, send):
    await receive()
    await Response("hi")(scope, receive, send)


async def body_first(scope, receive, send):
    await send({"type": "http.response.body", "body": b"hi"})


async def nothing(scope, receive, send):
    """Return at once."""


async def waits(scope, receive, send):
    await receive()
    await receive()


def words(svg):
    """Every text of a picture."""
    return [element.text for element in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_two_lanes_as_text():
    """An arrow for each message, where the app stands after it, and what it says."""
    assert repr(heard(hello, request("POST", "/", body=[b"a", b"b"]))) == (
        "server          http           app\n"
        "   │─ http.request ─────────>│  awaiting_start  b'a' and more\n"
        "   │<── http.response.start ─│  awaiting_body   200 content-length: 2, content-type: text/plain; charset=utf-8\n"
        "   │<─── http.response.body ─│  complete        b'hi'\n"
        "   │                  return │  returned"
    )


def test_two_lanes_as_a_picture():
    """The picture is well-formed, and holds the words of the text; what is long is cut."""
    talk = heard(hello, request())
    assert words(talk._repr_svg_()) == [
        *("server", "http", "app", "the app is", "the message says"),
        *("http.request", "awaiting_start", None),
        *("http.response.start", "awaiting_body", "200 content-length: 2, content-type: text/pla…"),
        *("http.response.body", "complete", "b'hi'"),
        *("returns", "returned", None),
    ]


def test_a_refused_message_is_drawn_with_its_rule():
    """The message, the state it came in, the rule and what would have been right; nothing is raised."""
    talk = heard(body_first, request())
    assert (talk.rule, talk.sent) == ("HS1", [])
    assert repr(talk) == (
        "server          http          app\n"
        "   │×── http.response.body ─│  awaiting_start  b'hi'\n"
        "   HS1 start first: http.response.body in awaiting_start\n"
        "   allowed now: http.response.debug, http.response.early_hint, http.response.start"
    )
    assert words(talk._repr_svg_())[-2:] == [
        "HS1 start first: http.response.body in awaiting_start",
        "allowed now: http.response.debug, http.response.early_hint, http.response.start",
    ]


def test_a_return_that_comes_too_early_is_drawn():
    """Not to answer is a fault as well, at the moment of the return."""
    assert repr(heard(nothing, handshake())) == (
        "server websocket  app\n"
        "   │     return │  awaiting_connect\n"
        "   WS1 answer the connect: return in awaiting_connect\n"
        "   allowed now: nothing"
    )


def test_an_app_that_waits_for_nothing_is_stopped():
    """The conversation so far is kept, with a word on what it waits for."""
    talk = heard(waits, request(), seconds=0.05)
    assert [event.message["type"] for event in talk.events] == ["http.request"]
    assert repr(talk.error) == "Stuck('the app waits, and nothing will come')"


def test_what_the_app_raises_is_kept():
    """An exception of its own has no rule."""

    async def fails(scope, receive, send):
        raise KeyError("x")

    talk = heard(fails, request())
    assert (repr(talk.error), talk.rule, talk.events) == ("KeyError('x')", None, [])
    assert repr(talk) == "server http app\n   KeyError: 'x'"


def test_a_life_waits_for_the_start_up_to_be_answered():
    """The shutdown is told only to an app that runs, and the state is the server's dict."""
    talk = heard(App(), life(pool=1))
    assert [event.message["type"] for event in talk.events] == [
        *("lifespan.startup", "lifespan.startup.complete", "lifespan.shutdown", "lifespan.shutdown.complete", "return")
    ]
    assert talk.scope["state"] == {"pool": 1}
    unanswered = heard(waits, life(), seconds=0.05)
    assert (unanswered.received, type(unanswered.error)) == ([{"type": "lifespan.startup"}], Stuck)


def test_a_client_that_leaves_is_followed_to_the_end():
    """After one message the client is gone: the next is refused by the connection, not by a rule."""
    talk = heard(hello, request(), leaves_after=1)
    assert ([event.refused for event in talk.events], talk.rule) == ([False, False, True], None)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"type": "http.request", "body": b"", "more_body": False}, ""),
        ({"type": "http.response.start", "status": 204, "headers": []}, "204"),
        ({"type": "websocket.close", "code": 4000, "reason": "full"}, "code 4000 reason full"),
        ({"type": "lifespan.startup.failed", "message": "Traceback\n  x\nKeyError: 'x'\n"}, "KeyError: 'x'"),
        ({"type": "websocket.accept", "subprotocol": None, "headers": [(b"x", b"1")]}, "x: 1"),
    ],
)
def test_a_message_in_few_words(message, said):
    """Defaults are left out; of a traceback stands the last line."""
    assert detail(message) == said
