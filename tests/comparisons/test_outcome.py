"""The comparison of what was expected with what was seen."""

import pytest

from comparisons.outcome import ANY, Close, Outcome, compared_headers, differing_fields, differing_headers

SEEN = Outcome(
    status=200,
    headers=(("allow", "GET, HEAD"), ("set-cookie", "a=1"), ("set-cookie", "b=2")),
    body=b"hello",
    chunks=(b"hel", b"lo"),
    complete=True,
    reason="OK",
    kept=True,
    informational=(),
    log=(),
)


def test_what_is_not_expected_is_not_compared():
    """An outcome without demands holds for everything."""
    assert differing_fields(Outcome(), SEEN) == ()


def test_an_equal_outcome_holds():
    """Every field may be demanded at once."""
    assert differing_fields(SEEN, SEEN) == ()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("status", 404),
        ("status", None),
        ("headers", {}),
        ("body", b"hello\n"),
        ("chunks", (b"hello",)),
        ("complete", False),
        ("reason", ""),
        ("kept", False),
        ("informational", (100,)),
        ("messages", ("hi",)),
        ("close", Close(1000)),
        ("log", ("gone",)),
        ("exit", 0),
    ],
)
def test_each_field_is_compared(field, value):
    """A demand that was not met is named by its field."""
    assert differing_fields(Outcome(**{field: value}), SEEN) == (field,)


@pytest.mark.parametrize(
    ("expected", "differing"),
    [
        ({"allow": "GET, HEAD", "set-cookie": ("a=1", "b=2")}, ()),
        ({"allow": {"HEAD", "GET"}, "set-cookie": ANY}, ()),
        ({"allow": {"GET"}, "set-cookie": ("b=2", "a=1")}, ("allow", "set-cookie")),
        ({"allow": ANY, "set-cookie": "a=1"}, ("set-cookie",)),
        ({"allow": ANY, "set-cookie": ANY, "x": ANY}, ("x",)),
        ({"set-cookie": ANY}, ("allow",)),
    ],
)
def test_a_mapping_of_headers_is_all_headers_in_any_order(expected, differing):
    """A value, several values, a set of list members, ANY; a header too many and one too few both differ."""
    assert differing_headers(expected, SEEN.headers) == differing


def test_pairs_of_headers_are_compared_in_their_order():
    """A list of pairs demands the order on the wire."""
    pairs: list[tuple[str, str]] = list(SEEN.headers)  # type: ignore[arg-type]
    assert differing_fields(Outcome(headers=pairs), SEEN) == ()
    assert differing_fields(Outcome(headers=pairs[::-1]), SEEN) == ("headers",)


def test_the_clock_the_server_and_the_framing_are_left_out():
    """The fixed list is dropped, names are lower-cased, and order and duplicates stay."""
    wire = [("Date", "x"), ("Server", "x"), ("Connection", "x"), ("Keep-Alive", "x"), ("Transfer-Encoding", "chunked")]
    assert compared_headers([*wire, ("B", "1"), ("A", "2"), ("b", "3")]) == (("b", "1"), ("a", "2"), ("b", "3"))
