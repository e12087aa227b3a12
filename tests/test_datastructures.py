"""Multidicts, query parameters, headers and state: every method, whole values."""

from typing import Any

import pytest

from rawasgi.datastructures import Headers, ImmutableMultiDict, MutableHeaders, QueryParams, State, encoded
from rawasgi.toolkit.multidict import MultiDict

PAIRS = [("a", "1"), ("b", "2"), ("a", "3")]


def headers(*pairs):
    """Response headers from pairs of str."""
    return MutableHeaders(raw=[encoded(*pair) for pair in pairs])


def test_a_multidict_keeps_every_pair_and_shows_the_last_value():
    """As a mapping it has each key once, in order of first appearance."""
    pairs: Any = ImmutableMultiDict(PAIRS)
    assert pairs.multi_items() == PAIRS
    assert pairs.getlist("a") == ["1", "3"]
    assert pairs.getlist("c") == []
    assert (pairs["a"], pairs.get("b"), pairs.get("c"), pairs.get("c", "-")) == ("3", "2", None, "-")
    assert (list(pairs), list(pairs.items()), len(pairs)) == (["a", "b"], [("a", "3"), ("b", "2")], 2)
    assert ("a" in pairs, "c" in pairs) == (True, False)
    assert repr(pairs) == "ImmutableMultiDict([('a', '1'), ('b', '2'), ('a', '3')])"
    with pytest.raises(KeyError, match="'c'"):
        pairs["c"]


@pytest.mark.parametrize("source", [PAIRS, iter(PAIRS), ImmutableMultiDict(PAIRS), MultiDict(PAIRS)])
def test_a_multidict_is_made_from_any_pairs(source):
    """Keyword arguments come behind the pairs."""
    assert ImmutableMultiDict(source, b="4").multi_items() == [*PAIRS, ("b", "4")]


def test_a_multidict_is_made_from_a_mapping_or_from_nothing_but_from_one_source():
    """Two sources are refused by a sentence that says how many came."""
    assert ImmutableMultiDict({"a": 1}, b=2).multi_items() == [("a", 1), ("b", 2)]
    assert ImmutableMultiDict().multi_items() == []
    with pytest.raises(TypeError, match=r"^MultiDict\(\) takes one source of pairs, not 2$"):
        MultiDict(PAIRS, PAIRS)


def test_multidicts_are_equal_whatever_the_order_but_only_to_their_own_class():
    """A multidict, a mutable one and a dict of the same pairs are three things."""
    assert ImmutableMultiDict(PAIRS) == ImmutableMultiDict(PAIRS[::-1])
    assert ImmutableMultiDict(PAIRS) != ImmutableMultiDict(PAIRS[:2])
    assert ImmutableMultiDict(PAIRS) != MultiDict(PAIRS)
    assert ImmutableMultiDict(PAIRS) != dict(PAIRS)


@pytest.mark.parametrize(
    ("source", "pairs"),
    [
        (b"a=1&a=2&b=", [("a", "1"), ("a", "2"), ("b", "")]),
        ("a=%C3%A9&%26=+", [("a", "é"), ("&", " ")]),
        (b"a=%FF&b=%zz", [("a", "\ufffd"), ("b", "%zz")]),
        (b"a=\xe9", [("a", "é")]),
        (b"a&=1&&;", [("a", ""), ("", "1"), (";", "")]),
        ({"n": 1}, [("n", "1")]),
        ([("n", 1), ("n", None)], [("n", "1"), ("n", "None")]),
        (b"", []),
    ],
)
def test_query_parameters_are_decoded_and_always_str(source, pairs):
    """What is no UTF-8 becomes U+FFFD, what is no escape stays."""
    assert QueryParams(source).multi_items() == pairs


def test_query_parameters_print_as_a_query_string():
    """Which can be read again; the last value of a name is the one of the mapping."""
    query = QueryParams("a=1&a=%26", b=2)
    assert (str(query), repr(query)) == ("a=1&a=%26&b=2", "QueryParams('a=1&a=%26&b=2')")
    assert (QueryParams(str(query)), query["a"]) == (query, "&")
    assert QueryParams().multi_items() == []


RAW = [(b"accept", b"a"), (b"x-name", b"\xe9"), (b"accept", b"b")]


@pytest.mark.parametrize(
    "made",
    [
        Headers(raw=RAW),
        Headers(scope={"headers": iter(RAW)}),
        MutableHeaders(raw=[*RAW]),
    ],
)
def test_headers_have_no_case_and_keep_every_pair(made):
    """One value is the first; all values are `getlist`; keys, values and items repeat as the client did."""
    assert (made["Accept"], made["X-NAME"], made.get("none")) == ("a", "é", None)
    assert (made.getlist("ACCEPT"), made.getlist("none")) == (["a", "b"], [])
    assert ("aCCept" in made, "none" in made, "ž" in made) == (True, False, False)
    assert (made.keys(), made.values()) == (["accept", "x-name", "accept"], ["a", "é", "b"])
    assert made.items() == [("accept", "a"), ("x-name", "é"), ("accept", "b")]
    assert (list(made), len(made), made.raw) == (["accept", "x-name", "accept"], 3, RAW)
    with pytest.raises(KeyError, match="none"):
        made["none"]


def test_headers_are_made_from_one_source():
    """A mapping of strings is lower-cased and encoded; more than one source is refused."""
    assert Headers({"Accept": "é"}).raw == [(b"accept", b"\xe9")]
    assert Headers().raw == []
    with pytest.raises(TypeError, match=r"^Headers\(\) takes one of: headers, raw, scope$"):
        Headers({}, raw=[])


def test_headers_are_equal_whatever_their_order():
    """Between the two classes too; their repr can be read back."""
    assert Headers(raw=RAW) == Headers(raw=RAW[::-1]) == MutableHeaders(raw=[*RAW])
    assert Headers(raw=RAW) != Headers(raw=RAW[:1])
    assert Headers(raw=RAW) != RAW
    assert repr(Headers(raw=RAW[:1])) == "Headers(raw=[(b'accept', b'a')])"
    assert repr(headers(("a", "b"))) == "MutableHeaders(raw=[(b'a', b'b')])"


def test_a_copy_is_changed_alone():
    """`mutablecopy` and `raw` of what the client sent leave the original as it was."""
    original = Headers(raw=[*RAW])
    original.mutablecopy()["accept"] = "c"
    original.raw.clear()
    assert original.raw == RAW


def test_assignment_replaces_all_fields_of_a_name_at_the_place_of_the_first():
    """Deletion takes all of them, and is no error where there is none."""
    made = headers(("a", "1"), ("b", "2"), ("a", "3"), ("c", "4"))
    made["A"] = "5"
    made["d"] = "é"
    assert made.raw == [(b"a", b"5"), (b"b", b"2"), (b"c", b"4"), (b"d", b"\xe9")]
    del made["B"]
    del made["none"]
    assert made.raw == [(b"a", b"5"), (b"c", b"4"), (b"d", b"\xe9")]


def test_raw_of_mutable_headers_is_the_list_itself():
    """A response hands its list over: what is done to the headers is done to the response."""
    raw = [(b"a", b"1")]
    made = MutableHeaders(raw=raw)
    made.append("Set-Cookie", "b")
    made.append("Set-Cookie", "c")
    assert made.raw is raw
    assert raw == [(b"a", b"1"), (b"set-cookie", b"b"), (b"set-cookie", b"c")]


def test_headers_are_merged():
    """`|` makes new ones, `|=` and `update` change these; setdefault keeps what is there."""
    made = headers(("a", "1"), ("b", "2"))
    assert (made | {"B": "3"}).raw == [(b"a", b"1"), (b"b", b"3")]
    assert made.raw == [(b"a", b"1"), (b"b", b"2")]
    same = made
    made |= {"b": "4"}
    made.update({"C": "5"})
    assert (made is same, made.raw) == (True, [(b"a", b"1"), (b"b", b"4"), (b"c", b"5")])
    assert (made.setdefault("A", "9"), made.setdefault("D", "9")) == ("1", "9")
    assert made.getlist("d") == ["9"]


def test_vary_grows():
    """Several Vary fields become one."""
    made = headers(("vary", "origin"), ("vary", "accept"))
    made.add_vary_header("cookie")
    assert made.raw == [(b"vary", b"origin, accept, cookie")]
    empty = headers()
    empty.add_vary_header("cookie")
    assert empty.raw == [(b"vary", b"cookie")]


def test_what_is_no_latin_1_is_no_header():
    """Encoding a header says so at once, where the name of the mistake still stands beside it."""
    with pytest.raises(UnicodeEncodeError, match="latin-1"):
        headers(("a", "€"))


def test_state_is_a_dict_in_other_words():
    """Attributes and items are the same, and the dict is the one that was given."""
    given = {"user": "ann"}
    state = State(given)
    state.count = 1
    state["other"] = 2
    assert (state.user, state["count"], state.other) == ("ann", 1, 2)
    assert given == {"user": "ann", "count": 1, "other": 2}
    assert (list(state), len(state)) == (["user", "count", "other"], 3)
    del state.count
    del state["other"]
    assert (given, repr(state)) == ({"user": "ann"}, "State({'user': 'ann'})")
    assert len(State()) == 0


def test_state_says_what_it_lacks():
    """An attribute that nobody has set is an AttributeError that lists those that are set."""
    state = State({"b": 1, "a": 2})
    with pytest.raises(AttributeError, match=r"^nobody has set 'c' on this state; set are: \['a', 'b'\]$"):
        _ = state.c
    with pytest.raises(AttributeError, match=r"^nobody has set 'c' on this state$"):
        del state.c
    with pytest.raises(KeyError, match="'c'"):
        state["c"]
    assert getattr(state, "c", None) is None


@pytest.mark.parametrize("pairs", [[(b"a", b"1")], ((b"a", b"1"),), iter([(b"a", b"1")])])
def test_headers_of_a_message_are_the_messages_own(pairs):
    """A layer changes `http.response.start` in place, whatever kind of iterable its headers were."""
    message = {"type": "http.response.start", "headers": pairs}
    headers = MutableHeaders(scope=message)
    headers.append("b", "2")
    headers["a"] = "3"
    assert message["headers"] == [(b"a", b"3"), (b"b", b"2")]
    del headers["a"]
    assert message["headers"] == Headers(scope=message).raw == [(b"b", b"2")]


def test_headers_of_a_copied_scope_are_not_those_of_the_scope():
    """A layer that copies the scope and changes a header has changed its copy alone, though the list was shared."""
    scope = {"type": "http", "headers": [(b"a", b"1")]}
    copied = {**scope}
    MutableHeaders(scope=copied).append("b", "2")
    assert copied == {"type": "http", "headers": [(b"a", b"1"), (b"b", b"2")]}
    assert scope == {"type": "http", "headers": [(b"a", b"1")]}
