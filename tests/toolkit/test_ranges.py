"""A Range header, whatever it holds: the bytes that are meant, or a refusal."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rawasgi.toolkit.ranges import MalformedRange, UnsatisfiableRange, merged, parse_range

reproducible = settings(derandomize=True, deadline=None, max_examples=200)


@pytest.mark.parametrize(
    ("header", "ranges"),
    [
        # RFC 9110, 14.1.2: a representation of 10,000 bytes
        ("bytes=0-499", [range(500)]),
        ("bytes=500-999", [range(500, 1000)]),
        ("bytes=-500", [range(9500, 10000)]),
        ("bytes=9500-", [range(9500, 10000)]),
        ("bytes=0-0,-1", [range(1), range(9999, 10000)]),
        ("bytes= 0-999, 4500-5499, -1000", [range(1000), range(4500, 5500), range(9000, 10000)]),
        ("bytes=500-600,601-999", [range(500, 1000)]),
        ("bytes=500-700,601-999", [range(500, 1000)]),
        # as they were asked for, each joined where its first member stood
        ("bytes=-1,0-0", [range(9999, 10000), range(1)]),
        ("bytes=50-59,0-9,5-19,70-79", [range(50, 60), range(20), range(70, 80)]),
        ("bytes=0-9,0-9,0-9", [range(10)]),
        ("bytes=20-29,0-99,10-19", [range(100)]),
        # what reaches over the end is cut off there, what lies behind it is left out
        ("bytes=9999-10000", [range(9999, 10000)]),
        ("bytes=-20000", [range(10000)]),
        ("bytes=0-9,10000-", [range(10)]),
        ("bytes=0-9,-0", [range(10)]),
        (f"bytes=0-{'9' * 5000}", [range(10000)]),
        (f"bytes={'0' * 5000}1-2", [range(1, 3)]),
        (f"bytes=-{'9' * 5000}", [range(10000)]),
        # spaces, tabs, case, empty members
        ("BYTES \t=\t0-1 ,, \t2-3,", [range(4)]),
        # to be ignored: another unit, too many ranges
        ("items=0-9", []),
        ("lines=nonsense", []),
        ("bytes=" + ",".join(["0-0"] * 101), []),
        ("bytes=" + ",".join(f"{n}-{n}" for n in range(0, 200, 2)), [range(n, n + 1) for n in range(0, 200, 2)]),
    ],
)
def test_the_bytes_that_are_meant(header, ranges):
    """Half-open ranges of 10,000 bytes; an empty list stands for all of them."""
    assert parse_range(header, 10000) == ranges


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("", "a Range header is a unit, an equals sign, and ranges: bytes=0-499"),
        ("bytes 0-1", "a Range header is a unit, an equals sign, and ranges: bytes=0-499"),
        ("bytes=", "the Range header names no range"),
        ("bytes= , ,", "the Range header names no range"),
        ("bytes=-", "'-' is no range of bytes"),
        ("bytes=0-1,x", "'x' is no range of bytes"),
        ("bytes=0-1-2", "'0-1-2' is no range of bytes"),
        ("bytes=+0-1", "'+0-1' is no range of bytes"),
        ("bytes=1_0-2", "'1_0-2' is no range of bytes"),
        ("bytes=0 -1", "'0 -1' is no range of bytes"),
        ("bytes=\u0661-2", "'\u0661-2' is no range of bytes"),
        ("bytes=--1", "'--1' is no range of bytes"),
        ("bytes=2-1", "the range '2-1' ends before it begins"),
        ("bytes=0-1\n", "'0-1\\n' is no range of bytes"),
    ],
)
def test_what_is_no_range_says_why(header, why):
    """The text is the answer that the client gets."""
    with pytest.raises(MalformedRange) as caught:
        parse_range(header, 10000)
    assert str(caught.value) == why


@pytest.mark.parametrize(
    ("header", "size"), [("bytes=10-", 10), ("bytes=-0", 10), ("bytes=0-", 0), ("bytes=-5", 0), ("bytes=10-19,-0", 10)]
)
def test_bytes_that_do_not_exist_cannot_be_sent(header, size):
    """Not one of the ranges touches the file."""
    with pytest.raises(UnsatisfiableRange, match=f"there are {size} bytes"):
        parse_range(header, size)


MEMBERS = st.from_regex(r"[0-9]{0,3}-[0-9]{0,3}", fullmatch=True) | st.text("0123456789-, x\t=", max_size=8)
HEADERS = st.lists(MEMBERS, max_size=8).map(lambda members: "bytes=" + ",".join(members)) | st.text(max_size=40)


@reproducible
@given(HEADERS, st.integers(0, 300))
@example("bytes=0-", 0)
@example("bytes=--", 3)
def test_whatever_a_client_writes(header, size):
    """Ranges inside the file that neither overlap nor touch and are not empty; or one of the two refusals."""
    try:
        ranges = parse_range(header, size)
    except (MalformedRange, UnsatisfiableRange):
        return
    in_order = sorted(ranges, key=lambda positions: positions.start)
    ends = [0 - 1] + [positions.stop for positions in in_order]
    assert all(end < positions.start < positions.stop for end, positions in zip(ends, in_order, strict=False))
    assert ends[-1] <= size


@reproducible
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), min_size=1, max_size=12))
def test_joined_ranges_are_the_same_bytes(pairs):
    """Each byte that was asked for is there once, and no other."""
    ranges = [range(start, start + length) for start, length in pairs]
    positions = [position for joined in merged(ranges) for position in joined]
    assert sorted(positions) == sorted({position for asked in ranges for position in asked})
