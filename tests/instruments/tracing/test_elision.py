"""What a trace does not give away, and that it gives it when asked."""

import json

import pytest

from rawasgi.instruments.conversation import handshake, request
from rawasgi.instruments.tracing.elision import LONGEST, Elision, shown
from rawasgi.instruments.tracing.recorder import record
from tests.instruments.messages import ACCEPT, notes, sent
from tests.instruments.tracing.apps import echo

WISH = {"Authorization": "Bearer abc", "Cookie": "id=abc", "X-API-Key": "abc", "X-Shop-Token": "abc", "Accept": "a/b"}
WISH["Referer"] = "/from?token=abc&a=1"


@pytest.mark.parametrize("view", ["text", "html", "mermaid", "lines"])
def test_no_view_shows_bodies_or_secrets_unless_asked(view):
    """They are told by their size, or by three dots: in a page, a diagram and a file as on the screen."""
    trace = record(echo, request("POST", "/a?session=abc&q=1", WISH, b"body-abc"))
    assert "abc" not in getattr(trace, view)()
    assert "body-abc" in getattr(trace, view)(bodies=True)
    assert "session=abc" in getattr(trace, view)(secrets=True)


def test_names_tell_what_is_secret():
    """The name stays, and all that does not look secret."""
    trace = record(echo, request("POST", "/a?session=abc&q=1", WISH, b"abc"))
    scope = trace.plain().events[0].scope_diff
    assert scope["headers"] == [
        ["host", "testserver"],
        ["authorization", "…"],
        ["cookie", "…"],
        ["x-api-key", "…"],
        ["x-shop-token", "…"],
        ["accept", "a/b"],
        ["referer", "/from?token=…&a=1"],
    ]
    assert (scope["query_string"], trace.plain().asked) == ("session=…&q=1", "POST /a?session=…&q=1")
    said = [event.message for event in trace.plain().events if event.kind == "send"]
    assert said == [
        {"type": "http.response.start", "status": 200, "headers": [["set-cookie", "…"]]},
        {"type": "http.response.body", "body": "3 bytes"},
    ]


def test_what_is_said_on_a_websocket_is_elided_too():
    """Text and bytes, either way."""
    app = notes([], 1, ACCEPT, 2, sent("abc"), 1)
    trace = record(app, handshake("/", "abc", b"abc"))
    assert "abc" not in trace.lines()
    sizes = [json.loads(line)["message"] for line in trace.lines().splitlines()[4:7]]
    assert [{**message, "type": ""} for message in sizes] == [
        {"type": "", "text": "3 characters"},
        {"type": "", "bytes": "3 bytes"},
        {"type": "", "text": "3 characters"},
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": {"password": "x", "b": (1, b"c")}}, {"a": {"password": "…", "b": [1, "c"]}}),
        ({"session": {"id": 1}}, {"session": "…"}),
        ({"a": b"\xff"}, {"a": "\\xff"}),
        ({1: None, "b": True, "c": 1.5}, {"1": None, "b": True, "c": 1.5}),
        ({"a": {1, 2}}, {"a": "{1, 2}"}),
        ({"REQUEST_URI": "/a?token=x"}, {"REQUEST_URI": "/a?token=…"}),
        ({"headers": [(b"a", b"b"), 7]}, {"headers": [["a", "b"], "7"]}),
    ],
)
def test_values_become_plain(value, expected):
    """Text, numbers, lists and mappings; anything else is shown by its repr."""
    assert Elision().mapping(value) == expected
    assert json.loads(json.dumps(expected)) == expected


def test_a_repr_is_capped_and_has_no_address_and_may_raise():
    """An address differs each time and says nothing."""

    class Mute:
        def __repr__(self):
            raise RuntimeError

    assert shown(object()) == "<object object>"
    assert shown("x" * 1000) == "'" + "x" * (LONGEST - 2) + "…"
    assert shown(Mute()) == "<Mute without a repr>"


def test_a_ring_of_containers_is_shown_to_some_depth():
    """A dict that holds itself ends in a repr."""
    ring: dict[str, object] = {}
    ring["a"] = ring
    assert json.dumps(Elision().mapping(ring))
