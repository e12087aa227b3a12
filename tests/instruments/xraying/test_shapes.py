"""Pieces of SVG: what is written into them cannot leave them."""

from xml.etree import ElementTree

import pytest

from rawasgi.instruments.xraying.shapes import box, dot, drawing, escaped, label, shortened, stroke


@pytest.mark.parametrize(
    ("words", "out"),
    [
        ("<script>", "&lt;script&gt;"),
        ("\"'&", "&quot;&#x27;&amp;"),
        ("\x00\x1b\n", "\\x00\\x1b\\n"),
        ("\ud800\ufffe", "\\ud800\\ufffe"),
        ("größer → 7", "größer → 7"),
    ],
)
def test_no_text_can_break_a_page(words, out):
    """Tags and quotes are written out, and what XML forbids is named."""
    assert escaped(words) == out


def test_a_picture_is_xml_whatever_its_words_are():
    """Text, titles and the description are read back as they were meant."""
    nasty = "</text><script>alert(1)</script>"
    shapes = [label(0, 0, nasty, "name"), dot(1, 1, "node", nasty), box(0, 0, -1, 2, "bar"), stroke([(0, 0)], "line")]
    read = ElementTree.fromstring(drawing(10, 10, nasty, shapes))
    assert [node.text for node in read.iter() if node.text and "script" in node.text] == [nasty] * 3


def test_words_that_do_not_fit_are_shown_whole_on_pointing():
    """As many letters as there is room for, and the rest in a title."""
    assert shortened("abcdefgh", 30) == "abc…"
    assert label(1, 2, "abcdefgh", width=30) == '<text x="1.0" y="2.0" class=""><title>abcdefgh</title>abc…</text>'


def test_an_arrow_has_a_head():
    """By its class."""
    assert stroke([(0, 1), (2, 3)], "send arrow") == (
        '<polyline points="0.0,1.0 2.0,3.0" class="send arrow" marker-end="url(#head)"/>'
    )
