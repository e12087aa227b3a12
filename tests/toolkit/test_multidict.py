"""A multidict that changes: every method, whole values."""

import pytest
import starlette.datastructures
from hypothesis import given
from hypothesis import strategies as st

from rawasgi.toolkit.multidict import MultiDict

PAIRS = [("a", "1"), ("b", "2"), ("a", "3")]


def test_assignment_replaces_and_append_adds():
    """What was assigned stands at the end; a deleted key is gone with all its values."""
    pairs = MultiDict(PAIRS)
    pairs["a"] = "4"
    assert pairs.multi_items() == [("b", "2"), ("a", "4")]
    pairs.append("b", "5")
    assert (pairs.multi_items(), pairs["b"]) == ([("b", "2"), ("a", "4"), ("b", "5")], "5")
    del pairs["b"]
    assert (pairs.multi_items(), dict(pairs)) == ([("a", "4")], {"a": "4"})
    with pytest.raises(KeyError, match="'b'"):
        del pairs["b"]


def test_pop_takes_all_values_of_a_key():
    """`pop` gives the last one, `poplist` all; a key that is not there is a default, and no error."""
    pairs = MultiDict([*PAIRS, ("c", "6"), ("c", "7")])
    assert (pairs.pop("a"), pairs.pop("a"), pairs.pop("a", "-")) == ("3", None, "-")
    assert (pairs.poplist("c"), pairs.poplist("c")) == (["6", "7"], [])
    assert (pairs.multi_items(), dict(pairs)) == ([("b", "2")], {"b": "2"})


def test_popitem_takes_the_key_that_came_last():
    """An empty multidict has none: KeyError, as for every mapping."""
    pairs = MultiDict(PAIRS)
    assert (pairs.popitem(), pairs.popitem(), pairs.multi_items()) == (("b", "2"), ("a", "3"), [])
    with pytest.raises(KeyError):
        pairs.popitem()


def test_setdefault_setlist_update_and_clear():
    """Each replaces the keys it names and leaves the others alone."""
    pairs = MultiDict(PAIRS)
    assert (pairs.setdefault("a", "9"), pairs.setdefault("d", "9"), pairs.setdefault("e")) == ("3", "9", None)
    pairs.setlist("a", ["5", "6"])
    pairs.setlist("e", [])
    assert pairs.multi_items() == [("b", "2"), ("d", "9"), ("a", "5"), ("a", "6")]
    pairs.update(MultiDict([("b", "7"), ("b", "8")]), d="0")
    assert pairs.multi_items() == [("a", "5"), ("a", "6"), ("b", "7"), ("b", "8"), ("d", "0")]
    assert (pairs["b"], "e" in pairs) == ("8", False)
    pairs.clear()
    assert (pairs.multi_items(), dict(pairs)) == ([], {})


@given(st.lists(st.tuples(st.sampled_from(["append", "setlist", "pop", "update"]), st.sampled_from("abc"), st.text())))
def test_a_multidict_ends_as_starlettes_does(changes):
    """The same changes leave the same pairs and the same mapping."""
    ours, theirs = MultiDict(PAIRS), starlette.datastructures.MultiDict(PAIRS)
    for change, key, value in changes:
        for pairs in (ours, theirs):
            match change:
                case "append":
                    pairs.append(key, value)
                case "setlist":
                    pairs.setlist(key, list(value))
                case "pop":
                    pairs.pop(key, None)
                case "update":
                    pairs.update({key: value})
    assert (ours.multi_items(), dict(ours)) == (theirs.multi_items(), dict(theirs))
