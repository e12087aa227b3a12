"""The onion, opened: what becomes one arrow, what a layer changed, what is drawn of it."""

from collections import Counter
from xml.etree import ElementTree

import pytest

from rawasgi.instruments.tracing.events import Event
from rawasgi.instruments.xraying.passage import change, opened, rows, said
from tests.instruments.xraying.made import BODY, STAMPED, START, events, made

SVG = "{http://www.w3.org/2000/svg}"


def happened(*steps):
    """Events from `(kind, layer, message)`."""
    return [
        Event(seq, 0.0, layer, f"layer {layer}", kind, message, "Task-1", "main", "same", {})
        for seq, (kind, layer, message) in enumerate(steps)
    ]


def shapes(found):
    """What each row is: kind, and the layers that it goes through."""
    return [(row.events[0].kind, [event.layer for event in row.events], row.more) for row in found]


def test_what_is_passed_on_is_one_row():
    """The call inwards, the request inwards, two messages outwards, the return: five rows through all layers."""
    inwards, outwards = [*range(8)], [*range(7, -1, -1)]
    assert shapes(rows(events())) == [
        ("enter", inwards, 0),
        ("receive", inwards, 0),
        ("send", outwards, 0),
        ("send", outwards, 0),
        ("return", outwards, 0),
    ]


def test_a_layer_that_holds_a_message_back_ends_the_row():
    """The inner layer sends twice before the outer one does: two rows up to it, then two from it on."""
    kept = [("send", 1, START), ("send", 1, BODY), ("send", 0, START), ("send", 0, BODY)]
    assert shapes(rows(happened(*kept))) == [
        ("send", [1], 0),
        ("send", [1], 0),
        ("send", [0], 0),
        ("send", [0], 0),
    ]


def test_many_rows_alike_are_counted():
    """Of ten pieces of a body four rows are left, one of which stands for seven."""
    pieces = [step for _ in range(10) for step in (("send", 1, BODY), ("send", 0, BODY))]
    assert shapes(rows(happened(*pieces))) == [("send", [1, 0], more) for more in (0, 0, 6, 0)]


def test_a_long_talk_is_shown_by_its_beginning_and_its_end():
    """Of five hundred rows of different shapes 120 are drawn, and the last one before the gap counts the others."""
    talk = [step for _ in range(250) for step in (("receive", 0, BODY), ("send", 0, BODY))]
    found = shapes(rows(happened(*talk)))
    assert (len(found), found[79][2], sum(more for _, _, more in found)) == (120, 380, 380)


@pytest.mark.parametrize(
    ("kind", "message", "words"),
    [
        ("send", START, "http.response.start 200"),
        ("send", {**BODY, "more_body": True}, "http.response.body 8 bytes +"),
        ("receive", {"type": "websocket.receive", "text": "2 characters"}, "websocket.receive 2 characters"),
        ("send", {"type": "websocket.close", "code": 1000}, "websocket.close 1000"),
        ("enter", None, "the call"),
        ("receive", {"type": "http.request", "body": "0 bytes"}, "http.request"),
        ("raise", {"type": "KeyError", "message": "7"}, "raises KeyError"),
    ],
)
def test_a_row_is_named_by_what_passes(kind, message, words):
    """The type of the message, and what is worth a word of its content; never the content."""
    assert said(rows(happened((kind, 0, message)))[0]) == words


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (STAMPED, "adds x-stamp"),
        ({**START, "status": 404, "headers": []}, "drops content-type, changes status"),
        ({**START, "headers": [["Content-Type", "text/plain"]]}, "changes content-type"),
    ],
)
def test_a_change_is_told_in_words(after, words):
    """Headers by name, other keys by theirs."""
    assert change(START, after) == words


def test_what_a_layer_did_while_it_held_a_message_back_is_told():
    """The start goes up to the stamping layer, and goes on from there: what has changed between is that layer's doing."""
    kept = [("send", 4, START), ("send", 4, BODY), *(("send", depth, STAMPED) for depth in (3, 2, 1, 0))]
    drawn = ElementTree.fromstring(opened(made(events=tuple(happened(*kept)))))
    assert "stamp (function) adds x-stamp" in [node.text for node in drawn.iter(f"{SVG}text")]
    assert [node.get("class") for node in drawn.iter(f"{SVG}polyline")].count("changed") == 1


def test_the_picture_shows_each_crossing():
    """A box and a name a layer, an arrow a row, a dot a crossing, a diamond where the start was stamped."""
    drawn = ElementTree.fromstring(opened(made()))
    kinds = Counter(f"{node.tag.removeprefix(SVG)} {node.get('class') or ''}".strip() for node in drawn.iter())
    names = {kind: count for kind, count in kinds.items() if kind.startswith(("rect", "circle", "polyline"))}
    assert names == {
        "rect layer": 7,
        "rect layer apart": 1,
        "rect bar": 8,
        "polyline whisker": 24,
        "polyline call arrow": 2,
        "polyline receive arrow": 1,
        "polyline send arrow": 2,
        "polyline changed": 1,
        "circle call": 16,
        "circle receive": 8,
        "circle send": 16,
    }
    words = [node.text for node in drawn.iter(f"{SVG}text")]
    assert "ExceptionMiddleware   another task, copied context" in words
    assert "stamp (function) adds x-stamp" in words
