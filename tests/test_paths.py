"""Path templates, convertors, and the index that finds those which may fit."""

import uuid
from typing import Any

import pytest

from rawasgi.paths import (
    CONVERTOR_TYPES,
    Convertor,
    Entry,
    FloatConvertor,
    IntegerConvertor,
    Node,
    PathConvertor,
    PathIndex,
    PathTemplate,
    RouteList,
    RouteTable,
    StringConvertor,
    UUIDConvertor,
    register_url_convertor,
    rooted,
)

ID = uuid.UUID("123e4567-e89b-12d3-a456-426614174000")


@pytest.mark.parametrize(
    ("template", "path", "params"),
    [
        ("/", "/", {}),
        ("/a", "/a", {}),
        ("/a", "/a/", None),
        ("/a", "/A", None),
        ("/a.b", "/axb", None),
        ("/{x}", "/é b", {"x": "é b"}),
        ("/{x}", "/\x00\n", {"x": "\x00\n"}),
        ("/{x}", "/..", {"x": ".."}),
        ("/{x}", "/", None),
        ("/{x}", "/a/b", None),
        ("/{x}", "/a/", None),
        ("/{x:str}/y", "/a/y", {"x": "a"}),
        ("/{a}-{b}", "/x-y-z", {"a": "x-y", "b": "z"}),
        ("/v{n:int}.json", "/v7.json", {"n": 7}),
        ("/{n:int}", "/007", {"n": 7}),
        ("/{n:int}", "/-7", None),
        ("/{n:int}", "/7.0", None),
        ("/{n:int}", "/²", None),
        ("/{n:int}", "/٣", None),
        ("/{n:int}", "/7\n", None),
        ("/{n:int}", "/" + "9" * 5000, None),
        ("/{x:float}", "/1.5", {"x": 1.5}),
        ("/{x:float}", "/1", {"x": 1.0}),
        ("/{x:float}", "/1.", None),
        ("/{x:float}", "/.5", None),
        ("/{x:float}", "/1e3", None),
        ("/{x:float}", "/inf", None),
        ("/{x:float}", "/" + "9" * 400, None),
        ("/{u:uuid}", f"/{ID}", {"u": ID}),
        ("/{u:uuid}", f"/{ID.hex.upper()}", {"u": ID}),
        ("/{u:uuid}", f"/{{{ID}}}", None),
        ("/f/{p:path}", "/f/", {"p": ""}),
        ("/f/{p:path}", "/f/a//b/", {"p": "a//b/"}),
        ("/f/{p:path}", "/f/a\nb", {"p": "a\nb"}),
        ("/f/{p:path}", "/f", None),
        ("/{p:path}/end", "/a/b/end", {"p": "a/b"}),
        ("{tenant}.example.org", "A.Example.ORG", {"tenant": "A"}),
        ("example.org", "exampleXorg", None),
    ],
)
def test_a_template_reads_a_path(template, path, params):
    """The whole path, converted; what does not fit, in length or in kind, is None."""
    assert PathTemplate(template).match(path) == params


def test_a_number_without_an_end_is_no_float():
    """400 digits are more than a float can hold, and `inf` is none that a path can name."""
    with pytest.raises(ValueError, match="finite"):
        FloatConvertor().convert("9" * 400)


@pytest.mark.parametrize(
    ("template", "values", "path"),
    [
        ("/a", {}, "/a"),
        ("/{x}/{y:int}", {"x": "é b", "y": 7}, "/é b/7"),
        ("/{x}", {"x": 5}, "/5"),
        ("/{x:int}", {"x": "007"}, "/7"),
        ("/{x:float}", {"x": 10.0}, "/10"),
        ("/{x:float}", {"x": 0.1}, "/0.10000000000000000555"),
        ("/{x:float}", {"x": 1e20}, "/100000000000000000000"),
        ("/{x:float}", {"x": 0}, "/0"),
        ("/{x:uuid}", {"x": ID}, f"/{ID}"),
        ("/{x:path}", {"x": "a/b/"}, "/a/b/"),
        ("/{x:path}", {"x": ""}, "/"),
        ("{t}.example.org", {"t": "a"}, "a.example.org"),
    ],
)
def test_a_template_writes_a_path(template, values, path):
    """Which it can read again."""
    made = PathTemplate(template)
    assert (made.fill(values), repr(made)) == (path, f"PathTemplate({template!r})")
    assert made.match(path) is not None


@pytest.mark.parametrize(
    ("template", "value", "why"),
    [
        ("/{x}", "", "a path segment must not be empty nor hold a slash: ''; use {name:path}"),
        ("/{x}", "a/b", "a path segment must not be empty nor hold a slash: 'a/b'; use {name:path}"),
        ("/{x:int}", -1, "an int in a path has no sign: -1"),
        ("/{x:float}", -1, "a float in a path is finite and has no sign: -1.0"),
        ("/{x:float}", float("nan"), "a float in a path is finite and has no sign: nan"),
        ("/{x:float}", float("inf"), "a float in a path is finite and has no sign: inf"),
    ],
)
def test_a_value_that_no_path_can_hold_is_refused(template, value, why):
    """Rather than written into a URL that leads nowhere."""
    with pytest.raises(ValueError) as raised:
        PathTemplate(template).fill({"x": value})
    assert str(raised.value) == why


def test_a_missing_value_is_a_key_error():
    """By the name of the parameter."""
    with pytest.raises(KeyError, match=r"^'y'$"):
        PathTemplate("/{x}/{y}").fill({"x": 1})


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("/{x:date}", "'/{x:date}': no convertor 'date'; there are float, int, path, str, uuid"),
        ("/{x}/{x:int}", "'/{x}/{x:int}' names the parameter 'x' twice"),
    ],
)
def test_a_template_is_refused_at_registration(template, why):
    """An unknown convertor, or a name that comes twice."""
    with pytest.raises(ValueError) as raised:
        PathTemplate(template)
    assert str(raised.value) == why


def test_a_path_begins_with_a_slash():
    """Another is refused, in the words of the mistake."""
    assert rooted("/a") == "/a"
    with pytest.raises(ValueError, match=r"^a path begins with a slash: 'a'$"):
        rooted("a")


class Even(Convertor[int]):
    """A convertor of one's own: an even number."""

    regex = "[0-9]+"

    def convert(self, value):
        if int(value) % 2:
            raise ValueError(value)
        return int(value)

    def to_string(self, value):
        return str(value)


@pytest.fixture
def even(monkeypatch):
    """`{name:even}` for one test."""
    monkeypatch.setattr("rawasgi.paths.CONVERTOR_TYPES", {**CONVERTOR_TYPES})
    register_url_convertor("even", Even())


def test_a_convertor_of_ones_own_reads_writes_and_refuses(even):
    """A ValueError means that the path does not match after all; old templates keep the convertor they have."""
    template = PathTemplate("/{n:even}")
    assert [template.match("/4"), template.match("/5"), template.match("/x")] == [{"n": 4}, None, None]
    assert template.fill({"n": 6}) == "/6"
    register_url_convertor("even", StringConvertor())
    assert (template.match("/5"), PathTemplate("/{n:even}").match("/5")) == (None, {"n": "5"})


def test_a_convertor_must_say_both():
    """How to read, and how to write: the base class says who has not."""

    class Half(Convertor[str]):
        """Says neither."""

    with pytest.raises(NotImplementedError, match=r"^Half must say how to read a value$"):
        Half().convert("x")
    with pytest.raises(NotImplementedError, match=r"^Half must say how to write a value$"):
        Half().to_string("x")


@pytest.mark.parametrize(
    ("convertor", "text", "value"),
    [
        (StringConvertor(), "a", "a"),
        (PathConvertor(), "a/b", "a/b"),
        (IntegerConvertor(), "7", 7),
        (FloatConvertor(), "1.5", 1.5),
        (UUIDConvertor(), str(ID), ID),
    ],
)
def test_each_convertor_goes_both_ways(convertor, text, value):
    """What was read is written as it was."""
    assert (convertor.convert(text), convertor.to_string(value)) == (value, text)


@pytest.mark.parametrize(
    ("template", "way"),
    [
        ("/", [""]),
        ("/a/b/", ["a", "b", ""]),
        ("/a/{x}/b", ["a", "{}", "b"]),
        ("/v{x:int}.{y}", ["{}"]),
        ("/a/{p:path}", ["a", "{:path}"]),
        ("/{p:path}/a", None),
        ("/a{p:path}", None),
        ("/{n:even}", None),
    ],
)
def test_a_template_knows_its_way_down_the_tree(template, way, even):
    """What whole segments cannot express has none, and becomes a barrier."""
    assert PathTemplate(template).segments() == way


def index(*templates):
    """An index of templates, each its own route; None is a route that matches in its own way."""
    made: PathIndex[Any] = PathIndex()
    for order, template in enumerate(templates):
        made.add(Entry(order, template, template and PathTemplate(template)))
    return made


def test_candidates_come_in_the_order_of_registration():
    """Static, parameter, tail and barrier together; and none that cannot fit."""
    made = index("/items/{id}", None, "/items/new", "/{p:path}", "/items", "/{a}/{b}/c", "/{p:path}/new", "/items/old")
    found = [entry.route for entry in made.candidates("/items/new")]
    assert found == ["/items/{id}", None, "/items/new", "/{p:path}", "/{p:path}/new"]
    assert [entry.order for entry in made.candidates("/a/b/c")] == [1, 3, 5, 6]
    assert [entry.order for entry in made.candidates("")] == [1, 6]
    assert repr(made) == "<PathIndex with 2 barriers>"


def test_a_request_meets_no_route_of_another_branch():
    """1,000 neighbours cost a request nothing: that is what the tree is for."""
    made = index(*(f"/{name}/{{id}}" for name in range(1000)))
    assert [entry.route for entry in made.candidates("/7/x")] == ["/7/{id}"]


def test_literals_that_look_like_marks_are_literals():
    """`{}` is no parameter, so its segment is taken as written."""
    made = index("/{}", "/{:path}", "/{:path}/a")
    for path in ("/{}", "/{:path}", "/{:path}/a"):
        found = [entry.route for entry in made.candidates(path) if entry.template.match(path) is not None]
        assert found == [path]


def test_a_node_begins_empty():
    """No literals, no parameter, nobody ends there."""
    node: Node[Any] = Node()
    assert (node.literals, node.parameter, node.ends, node.tails) == ({}, None, [], [])


def table(*rows):
    """A table of (template, methods), each for http; the template is the route."""
    made: RouteTable[Any] = RouteTable()
    for template, *methods in rows:
        made.add((template, *methods), ["http"], template and PathTemplate(template), methods)
    return made


def test_a_static_path_is_answered_by_one_look():
    """By method and path; the first of two wins."""
    made = table(("/a", "GET", "HEAD"), ("/a", "GET", "POST"), ("/b/{x}", "GET"))
    assert made.fixed == {
        ("GET", "/a"): ("/a", "GET", "HEAD"),
        ("HEAD", "/a"): ("/a", "GET", "HEAD"),
        ("POST", "/a"): ("/a", "GET", "POST"),
    }
    assert repr(made) == "<RouteTable of 3, 3 answers fixed>"


@pytest.mark.parametrize("rival", ["/{x}", "/{p:path}", "/a{x}", None])
def test_a_static_path_in_the_shadow_of_an_earlier_pattern_is_not_fixed(rival):
    """The order of registration decides, so the pattern has to be asked first; a later one changes nothing."""
    assert table((rival, "GET"), ("/a", "GET")).fixed == {}
    assert table(("/a", "GET"), (rival, "GET")).fixed == {("GET", "/a"): ("/a", "GET")}


def test_a_table_keeps_the_kinds_of_scopes_apart():
    """A websocket route is no rival of an http route; a route for both stands in both indexes."""
    made: RouteTable[Any] = RouteTable()
    made.add("talk", ["websocket"], PathTemplate("/{x}"))
    made.add("page", ["http"], PathTemplate("/a"), ["GET"])
    made.add("both", ["http", "websocket"], None)
    found = {kind: [entry.route for entry in tree.candidates("/a")] for kind, tree in made.indexes.items()}
    assert found == {"http": ["page", "both"], "websocket": ["talk", "both"]}
    assert list(made.fixed.values()) == ["page"]


CHANGES = [
    lambda routes: routes.append("d"),
    lambda routes: routes.extend("de"),
    lambda routes: routes.insert(0, "d"),
    lambda routes: routes.remove("b"),
    lambda routes: routes.pop(),
    lambda routes: routes.clear(),
    lambda routes: routes.sort(reverse=True),
    lambda routes: routes.reverse(),
    lambda routes: routes.__setitem__(0, "d"),
    lambda routes: routes.__setitem__(slice(1, 3), "d"),
    lambda routes: routes.__delitem__(0),
    lambda routes: routes.__iadd__("d"),
    lambda routes: routes.__imul__(2),
]


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_of_a_route_list_is_noted(change):
    """It changes as a list does, and drops its table; what only reads does not."""
    routes, plain = RouteList("abc"), list("abc")
    routes.table = made = RouteTable[str]()
    reading = len(routes), routes[0], "a" in routes, list(routes), [*routes, "d"], routes * 2, routes[:], routes.copy()
    assert (routes.table, len(reading)) == (made, 8)
    change(routes)
    change(plain)
    assert routes == plain
    assert routes.table is None
