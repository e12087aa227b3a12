"""A Range header in -> the stretches of a file that it asks for out.

bytes > server > app > middleware > routing > handler > [response] > bytes

A player that jumps, a download that is taken up again: the client asks for a part of the bytes, and gets 206.

    bytes=0-499      the first 500 bytes             ->  [range(0, 500)]
    bytes=9500-      all from byte 9500 on           ->  [range(9500, 10000)]
    bytes=-500       the last 500 bytes              ->  [range(9500, 10000)]
    bytes=0-9,90-99  two parts, in one answer        ->  [range(0, 10), range(90, 100)]

The header is the client's, and a few bytes of it can ask for much. Ranges that overlap or touch are made one, so no
byte is sent twice; more than `limit` of them are not looked at, and each is looked at once (CVE-2025-62727: in
Starlette 0.39 to 0.49.0 the work grew with the square of their number).

Spec:         https://www.rfc-editor.org/rfc/rfc9110#section-14
In FastAPI:   starlette.responses:FileResponse
In Starlette: starlette.responses:FileResponse
In Flask:     werkzeug.http:parse_range_header
Left out:     units other than bytes
"""

import re
from collections.abc import Sequence

BLANK = " \t"
RANGE = re.compile(r"([0-9]*)-([0-9]*)")
BEYOND = 10**18  # a position behind the end of any file: what has more digits is not worth reading


class MalformedRange(ValueError):
    """The header asks for bytes, and does not say which: a client's mistake, answered with 400."""


class UnsatisfiableRange(ValueError):
    """None of the bytes that were asked for exist: 416."""


def parse_range(header: str, size: int, limit: int = 100) -> list[range]:
    """The positions that a Range header asks for of `size` bytes, as half-open ranges in the order they were asked for.

    An empty list means: send everything. So it is with a unit other than bytes ("An origin server MUST ignore a Range
    header field that contains a range unit it does not understand") and with more than `limit` ranges. Raises
    `MalformedRange`, and `UnsatisfiableRange` where not one of them touches the file.
    """
    unit, equals, ranges = header.partition("=")
    if not equals:
        raise MalformedRange("a Range header is a unit, an equals sign, and ranges: bytes=0-499")
    if unit.strip(BLANK).lower() != "bytes" or ranges.count(",") >= limit:
        return []
    asked = [part for text in ranges.split(",") if (part := text.strip(BLANK))]  # a list may hold empty members
    if not asked:
        raise MalformedRange("the Range header names no range")
    wanted = [positions for text in asked if (positions := parse_one(text, size))]
    if not wanted:
        raise UnsatisfiableRange(f"there are {size} bytes, and none of them was asked for")
    return merged(wanted)


def parse_one(text: str, size: int) -> range:
    """`0-499`, `500-` or `-500` -> the positions below `size`; an empty range where there are none."""
    found = RANGE.fullmatch(text)
    if found is None or text == "-":
        raise MalformedRange(f"{text[:40]!r} is no range of bytes")
    first, last = found.groups()
    if not first:
        return range(max(size - number(last), 0), size)
    if last and number(last) < number(first):
        raise MalformedRange(f"the range {text[:40]!r} ends before it begins")
    return range(min(number(first), size), min(number(last) + 1, size) if last else size)


def number(digits: str) -> int:
    """A position; whatever lies behind the end of every file is one and the same."""
    digits = digits.lstrip("0")
    return int(digits or "0") if len(digits) <= 18 else BEYOND


def merged(ranges: Sequence[range]) -> list[range]:
    """The same positions in as few ranges as they need, each where the first of its members stood.

    "A server ... SHOULD send the parts in the same order that the corresponding range-spec appeared" (15.3.7.2).
    """
    joined: list[tuple[int, range]] = []
    for place, positions in sorted(enumerate(ranges), key=lambda numbered: numbered[1].start):
        if joined and positions.start <= joined[-1][1].stop:
            before, last = joined.pop()
            place, positions = min(before, place), range(last.start, max(last.stop, positions.stop))
        joined.append((place, positions))
    return [positions for _, positions in sorted(joined, key=lambda numbered: numbered[0])]
