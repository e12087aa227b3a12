"""Two apps side by side: first whether they say the same, then what it takes them."""

from xml.etree import ElementTree

import pytest

from rawasgi.instruments.xraying.cost import Ratio
from rawasgi.instruments.xraying.pair import Pair, difference, page, text
from rawasgi.instruments.xraying.text import HEIGHT
from tests.instruments.messages import ACCEPT, close, piece, sent, start
from tests.instruments.xraying.made import SHAPE, events, huge, made, stages

BELOW = SHAPE[-2:]
SLIM = made(
    target="slim:app", stages=stages(BELOW), events=events(BELOW), at_start=(), hops=0, dependencies=(), findings=()
)
PAIR = Pair(made(), SLIM, (), Ratio(4.8, 0.25, 200))

WHOLE = """\
x-ray: GET /items/7    shop:app                                    slim:app

the same answer: 200, 8 bytes

  answer               200, 8 bytes                                200, 8 bytes
  layers               8                                           2
  frames at the start  12                                          0
  tasks                2                                           0
  thread hops          3                                           0
  messages at the edge 3                                           3
  messages inside      21                                          3
  dependencies         5, 2 on threads                             0
  findings             2                                           0
  time of a request    4.80 ± 0.25 times it                        1   (200 pairs of runs)

layers, outermost first
                       FastAPI                        12 ± 2 µs    APIRouter                      35 ± 4 µs
                       ServerErrorMiddleware       5.0 ± 0.6 µs    GET /items/{id}              140 ± 18 µs
                       CORSMiddleware                 15 ± 2 µs
                       stamp (function)             160 ± 20 µs
                       ExceptionMiddleware         9.0 ± 1.1 µs
                       AsyncExitStackMiddleware       11 ± 1 µs
                       APIRouter                      35 ± 4 µs
                       GET /items/{id}              140 ± 18 µs

findings in shop:app
  ! stamp (shop.py:9): The layer runs the app below in a second task.
  ! GET /items/{id}: clock (shop.py:31): A def that waits for nothing runs on a thread."""


def test_an_ordinary_pair_is_one_screen():
    """The answer, the numbers in two columns, both onions, and the findings of each."""
    assert text(PAIR) == WHOLE


@pytest.mark.parametrize(
    ("left", "right", "found"),
    [
        ([start(), piece(b"abc")], [start(), piece(b"a", more=True), piece(b"bc")], []),
        ([start(), piece()], [start(404), piece()], ["status 200 | 404"]),
        ([start(200, (b"X-A", b"1")), piece()], [start(200, (b"x-a", b"1")), piece()], []),
        ([start(200, (b"x-a", b"1")), piece()], [start(), piece()], ["header x-a 1 | none"]),
        (
            [start(200, (b"set-cookie", b"a"), (b"set-cookie", b"b")), piece()],
            [start(200, (b"set-cookie", b"b")), piece()],
            ["header set-cookie …, … | …"],
        ),
        ([start(200, (b"cookie", b"a"))], [start(200, (b"cookie", b"b"))], ["header cookie differs: …"]),
        ([start(), piece(b"a")], [start(), piece(b"b")], ["body differs: 1 byte"]),
        ([start(), piece(b"a")], [start(), piece()], ["body 1 byte | 0 bytes"]),
        (
            [ACCEPT, sent("ab"), close()],
            [ACCEPT, sent("cd"), sent("e"), close()],
            [
                "message 2 differs: websocket.send 2 characters",
                "message 3 websocket.close 1000  | websocket.send 1 character",
                "message 4 none | websocket.close 1000 ",
            ],
        ),
    ],
)
def test_what_differs_is_named(left, right, found):
    """Status, headers and the whole body, however it was cut; of a websocket the messages."""
    assert [*difference(left, right)] == found


@pytest.mark.parametrize(
    ("ratio", "cells"),
    [
        (Ratio(4.8, 0.25, 200), ("4.80 ± 0.25 times it", "1   (200 pairs of runs)")),
        (Ratio(0.5, 0.05, 9), ("1   (9 pairs of runs)", "2.00 ± 0.20 times it")),
        (Ratio(0.5, 0.6, 9), ("too noisy to tell", "")),
        (None, ("not measured", "")),
    ],
)
def test_the_quicker_app_is_the_measure(ratio, cells):
    """The slower one takes so many times as long; where the spread is wider than the ratio, nothing is claimed."""
    row = next(line for line in text(Pair(made(), SLIM, (), ratio)).splitlines() if line.startswith("  time"))
    assert [cell for cell in cells if cell not in row] == []


@pytest.mark.parametrize("width", [60, 110])
def test_a_pair_keeps_to_the_screen(width):
    """Whatever there is to compare: at most 40 lines, none of them wider than the terminal."""
    lines = text(Pair(huge(), huge(), tuple("abcdefghijklmnopqrstuvwxyz"), None), width).splitlines()
    assert len(lines) <= HEIGHT
    assert max(map(len, lines)) <= width


def test_the_page_of_a_pair_holds_both():
    """One table and two x-rays, well-formed."""
    tree = ElementTree.fromstring(page(PAIR).partition("\n")[2])
    assert [node.get("class") for node in tree.iter("article")] == ["xray pair", "xray", "xray"]
    assert ["layers", "8", "2"] in [[cell.text for cell in row] for row in tree.iter("tr")]


def test_a_notebook_shows_a_pair():
    """With the style of the page."""
    assert PAIR._repr_html_().startswith("<style>")
