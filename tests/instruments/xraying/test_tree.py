"""The graph of dependencies: who points to whom, and how long each lives."""

from xml.etree import ElementTree

from rawasgi.instruments.xraying.tree import APART, LIVES, asks, place, solved
from tests.instruments.xraying.made import DEPENDENCIES, dependency

SVG = "{http://www.w3.org/2000/svg}"


def found(kind, wanted):
    """The shapes of a kind and class, in the order in which they were drawn."""
    drawn = ElementTree.fromstring(solved(DEPENDENCIES))
    return [node for node in drawn.iter(f"{SVG}{kind}") if (node.get("class") or "").split()[:1] == [wanted]]


def test_a_dependency_points_to_who_asks_for_it():
    """To the next one below that is less deep, and at last to the endpoint."""
    chain = (dependency("a", "def", 2), dependency("b", "def", 1), dependency("c", "def", 0), dependency("d", "def", 0))
    targets = [line.split('points="')[1].split('"')[0].split()[-1] for line in asks(chain)]
    assert targets == ["{:.1f},{:.1f}".format(*above(*goal)) for goal in ((1, 1), (2, 0), (4, -1), (4, -1))]


def above(index, depth):
    """Where an arrow to that node ends."""
    x, y = place(index, depth)
    return x, y - 7


def test_each_is_marked_by_how_it_runs():
    """On the loop, on a thread, or not at all: a node for each, and the endpoint as the last one."""
    nodes = [node.get("class", "").removeprefix("node ") for node in found("circle", "node") if node.get("r") == "6"]
    assert nodes == ["thread", "loop", "cached", "thread", "loop", "endpoint"]


def test_a_life_ends_where_it_is_torn_down():
    """After the background tasks, before the response starts; and the endpoint's own, which is one stretch."""
    ends = [float(node.get("x") or 0) + float(node.get("width") or 0) for node in found("rect", "life")]
    assert ends == [LIVES + 4.3 * APART, LIVES + 1.5 * APART, LIVES + 2 * APART]


def test_every_name_is_there():
    """Names, how each runs, and the endpoint that asks for them all."""
    words = [node.text for node in found("text", "name")]
    assert words == ["settings", "session", "settings", "clock", "Page", "item"]
