"""The page: well-formed, alone in the world, and nothing of the app gets out of its place."""

import re
from xml.etree import ElementTree

import pytest

from rawasgi.instruments.frames import Lane
from rawasgi.instruments.xraying.page import notebook, page
from tests.instruments.xraying.made import FINDINGS, SHAPE, dependency, huge, line, made, stages


def read(html):
    """The page, read by a parser that forgives nothing."""
    doctype, _, rest = html.partition("\n")
    assert doctype == "<!DOCTYPE html>"
    return ElementTree.fromstring(rest)


def words(tree):
    """All that can be read in it, tags left out."""
    return " ".join("".join(tree.itertext()).split())


@pytest.mark.parametrize("xray", [made(), huge(), made(at_start=(), dependencies=(), findings=(), events=(), runs=0)])
def test_a_page_is_well_formed(xray):
    """With much, with more than enough, and with nearly nothing."""
    assert read(page(xray)).tag == "html"


def test_a_page_needs_nothing_but_itself():
    """No script, and no address from which a browser would fetch anything."""
    html = page(made())
    assert re.findall(r"<(?:script|link|img|iframe|image|use)\b|@import|\b(?:src|href)=|url\((?!#)", html) == []


def test_a_page_says_all_there_is():
    """Layers, costs, frames, dependencies and findings, each under its heading."""
    tree = read(page(made()))
    assert [node.text for node in tree.iter("h2")] == [
        "Through the layers and back",
        "Frames when the response started",
        "Dependencies, in the order in which they are solved",
        "Findings",
    ]
    said = words(tree)
    for name, *_ in SHAPE:
        assert name in said
    assert "8 layers" in said.replace("8layers", "8 layers")
    assert "160 ± 20 µs  42 %" in "".join(tree.itertext())
    for finding in FINDINGS:
        assert all(part in said for part in finding[1:])
    assert "item shop.py:21" in said


def test_code_in_a_finding_is_set_as_code():
    """What stands between backticks, whatever it is; one backtick alone is left as it is."""
    finding = FINDINGS[0]._replace(says="`a < b` and `c", because="", remedy="")
    (said,) = [node for node in read(page(made(findings=(finding,)))).iter("h3") if node.find("code") is not None]
    assert ElementTree.tostring(said, "unicode").strip() == "<h3><code>a &lt; b</code> and `c</h3>"


def test_no_word_of_the_app_becomes_a_tag():
    """Names, endings, frames and findings may hold what they want: they are text."""
    nasty = "</p><script>alert('x')</script>\x00"
    hostile = made(
        target=nasty,
        asked=nasty,
        ending=nasty,
        stages=(stages()[0]._replace(name=nasty),),
        events=(),
        at_start=(Lane(nasty, (line(nasty, 1, nasty, nasty),)),),
        dependencies=(dependency(nasty, nasty, parent=nasty),),
        findings=(FINDINGS[0]._replace(says=nasty, where=nasty, because=nasty, remedy=nasty, see=nasty),),
    )
    tree = read(page(hostile))
    assert [*tree.iter("script")] == []
    assert words(tree).count("<script>alert('x')</script>\\x00") > 10


def test_what_was_not_measured_is_said():
    """Without runs the page says why."""
    assert "Costs were not measured: it happens once." in words(read(page(made(runs=0, unmeasured="it happens once"))))


def test_a_notebook_gets_the_article_with_its_style():
    """No second page inside the notebook's own."""
    html = notebook(made())
    assert html.startswith("<style>")
    assert ElementTree.fromstring(html.partition("</style>")[2]).get("class") == "xray"
