"""What was seen in -> what of it differs from what was expected, out.

One shape serves both sides: in a contract an `Outcome` holds the fields that are compared, `ANY` elsewhere; after an
exchange it holds everything that was on the wire.

Left out: times. No contract says how fast something is.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, fields
from enum import Enum
from typing import Final, Literal, NamedTuple, TypeAlias


class Anything(Enum):
    """The type of `ANY`."""

    ANY = "any"


ANY: Final = Anything.ANY
ANY_HEADERS: Final = ANY
ANY_BODY: Final = ANY

Pairs: TypeAlias = tuple[tuple[str, str], ...]
HeaderValue: TypeAlias = str | tuple[str, ...] | Set[str] | Literal[Anything.ANY]
"""The value; the values of a repeated name; the members of a list whose order means nothing (`Allow`); whatever."""
Headers: TypeAlias = Mapping[str, HeaderValue] | Sequence[tuple[str, str]]
"""A mapping: these headers and no others, in any order. Pairs: these, in exactly this order."""

UNCOMPARED = frozenset({"date", "server", "connection", "keep-alive", "transfer-encoding"})
"""Headers that no contract compares: the clock, the server's name, and the framing of the connection."""


class Close(NamedTuple):
    """The end of a websocket: code, reason, and who sent the first close frame (1006: the line was cut)."""

    code: int
    reason: str = ""
    by: Literal["client", "server"] = "server"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One exchange as it was seen, or as it must be seen; a field that is `ANY` is not compared."""

    status: int | Anything | None = ANY  # None: the connection ended without an answer
    headers: Headers | Anything = ANY
    body: bytes | Anything = ANY
    chunks: tuple[bytes, ...] | Anything = ANY  # the body as it was framed
    complete: bool | Anything = ANY  # False: the connection ended inside the answer
    reason: str | Anything = ANY
    kept: bool | Anything = ANY  # the connection may carry another request
    informational: tuple[int, ...] | Anything = ANY
    messages: tuple[str | bytes, ...] | Anything = ANY  # websocket: what the server sent
    close: Close | Anything | None = ANY
    log: tuple[str, ...] | Anything = ANY  # what the application printed on standard output
    exit: int | Anything | None = ANY  # None: the process still runs


FIELDS = tuple(field.name for field in fields(Outcome))


def compared_headers(headers: Iterable[tuple[str, str]]) -> Pairs:
    """Lower-case the names and drop what no contract compares; order and duplicates stay.

    >>> compared_headers([("Date", "now"), ("Allow", "GET")])
    (('allow', 'GET'),)
    """
    return tuple((name.lower(), value) for name, value in headers if name.lower() not in UNCOMPARED)


def differing_fields(expected: Outcome, seen: Outcome) -> tuple[str, ...]:
    """Name the fields that are expected and were not seen so."""
    return tuple(name for name in FIELDS if not _holds(getattr(expected, name), getattr(seen, name)))


def _holds(expected: object, seen: object) -> bool:
    if expected is ANY:
        return True
    if isinstance(expected, Mapping):
        return not differing_headers(expected, seen)
    if isinstance(expected, list):  # pairs may be written as a list
        return tuple(expected) == seen
    return expected == seen


def differing_headers(expected: Mapping[str, HeaderValue], seen: object) -> tuple[str, ...]:
    """Name the headers whose values (one, several, none) are not the expected ones."""
    found = header_values(seen if isinstance(seen, Sequence) else ())
    names = sorted(expected.keys() | found.keys())
    return tuple(name for name in names if not _header_holds(expected.get(name, ()), found.get(name, ())))


def header_values(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Gather the values of each name, in order.

    >>> header_values([("a", "1"), ("b", "2"), ("a", "3")])
    {'a': ('1', '3'), 'b': ('2',)}
    """
    found: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        found[name] = (*found.get(name, ()), value)
    return found


def _header_holds(expected: HeaderValue, found: tuple[str, ...]) -> bool:
    if expected is ANY:
        return found != ()
    if isinstance(expected, Set):
        return len(found) == 1 and sorted(expected) == sorted(member.strip() for member in found[0].split(","))
    return ((expected,) if isinstance(expected, str) else expected) == found
