"""A list of headers in -> which of the rules for headers it breaks out.

bytes > [server > app > middleware > routing > handler > response] > bytes

Requests, responses, trailers, pushes and handshakes have headers of the same form; only the rules have other numbers.
A header that is in order costs two regular expressions: what exactly is wrong is asked of the others alone.

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html#response-start-send-event
In FastAPI:   none, because it leaves headers to Starlette
In Starlette: starlette.datastructures:MutableHeaders, which lowers names and refuses nothing
In Flask:     werkzeug.datastructures:Headers, which refuses line breaks
Left out:     what a header means, but for those that frame a message
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from rawasgi.instruments.checking.finding import Fault
from rawasgi.instruments.checking.values import quoted, readable_twice, told

Pair = tuple[bytes, bytes]

# RFC 9110 5.1 and 5.6.2: a name is a token; in ASGI it is in lower case.
LOWER_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9a-z]+").fullmatch
TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch
# RFC 9110 5.5: "Field values containing CR, LF, or NUL characters are invalid and dangerous"
DANGEROUS = re.compile(rb"[\x00\r\n]|\A[ \t]|[ \t]\Z").search


class Numbers(NamedTuple):
    """The rules for headers, as they are numbered where the headers stand; "" where there is no such rule."""

    pairs: str
    lower: str
    pseudo: str
    wire: str


OF_REQUEST = Numbers("H11", "H12", "H14", "")  # what a client may write, a server may hand on
OF_RESPONSE = Numbers("HS5", "HS6", "HS7", "HS8")


def solid(headers: object) -> Any:
    """The same headers, to be read more than once: an iterator, of headers or within a header, is read here."""
    if type(headers) is list and set(map(type, headers)) <= {tuple, list}:
        return headers
    headers = readable_twice(headers)
    if isinstance(headers, (bytes, str)) or not isinstance(headers, Iterable):
        return headers
    pairs = [readable_twice(pair) for pair in headers]
    return headers if all(mine is theirs for mine, theirs in zip(pairs, headers, strict=True)) else pairs


def is_pair(pair: object) -> bool:
    """Whether it is a two-item iterable of bytes."""
    if isinstance(pair, (bytes, str)) or not isinstance(pair, Iterable):
        return False
    items = [*pair]
    return len(items) == 2 and all(isinstance(item, bytes) for item in items)


def pairs_of(headers: Any) -> list[Pair]:
    """The headers that are in the form of headers; none where there are none."""
    if headers is None or isinstance(headers, (bytes, str)) or not isinstance(headers, Iterable):
        return []
    return [(name, value) for name, value in filter(is_pair, headers)]


def header_faults(headers: Any, numbers: Numbers, where: str) -> Iterator[Fault]:
    """What is wrong with a list of headers; one fault a rule, with all the names that it is about."""
    if isinstance(headers, (bytes, str, dict)) or not isinstance(headers, Iterable):
        yield Fault(numbers.pairs, f"{where}: headers is {told(headers)}")
        return
    odd: list[Any] = []
    for pair in headers:
        if type(pair) is tuple and len(pair) == 2:
            name, value = pair
            if type(name) is bytes is type(value) and LOWER_TOKEN(name) and not DANGEROUS(value):
                continue
        odd.append(pair)
    if odd:
        yield from odd_faults(odd, numbers, where)


def odd_faults(odd: list[Any], numbers: Numbers, where: str) -> Iterator[Fault]:
    """The same of headers that are not all in order, at leisure."""
    shapeless = [pair for pair in odd if not is_pair(pair)]
    if shapeless:
        yield Fault(numbers.pairs, f"{where}: {quoted(shapeless[0])} among the headers")
    pairs = pairs_of(odd)
    pseudo = [name for name, _ in pairs if name.startswith(b":")]
    upper = [name for name, _ in pairs if name != name.lower()]
    if pseudo:
        yield Fault(numbers.pseudo, f"{where}: header {listed(pseudo)}")
    if upper:
        yield Fault(numbers.lower, f"{where}: header {listed(upper)}")
    if numbers.wire:
        names = [name for name, _ in pairs if not TOKEN(name) and not name.startswith(b":")]
        values = [name for name, value in pairs if DANGEROUS(value)]
        if names:
            yield Fault(numbers.wire, f"{where}: header {listed(names)}")
        if values:
            yield Fault(numbers.wire, f"{where}: the value of {listed(values)}")


def listed(names: list[bytes]) -> str:
    """`b'X-A', b'X-B'`, each once."""
    return ", ".join(dict.fromkeys(map(quoted, names)))


def values_of(headers: Any, name: bytes) -> list[bytes]:
    """The values under a name, whatever its case."""
    try:
        return [value for each, value in headers if each.lower() == name and isinstance(value, bytes)]
    except (AttributeError, TypeError, ValueError):  # some of them are no headers
        return [value for each, value in pairs_of(headers) if each.lower() == name]


def names_listed(headers: Any, name: bytes) -> set[bytes]:
    """The members of a header that is a list of names: `trailer: a, b` -> `{b"a", b"b"}`."""
    return {member.strip().lower() for value in values_of(headers, name) for member in value.split(b",")} - {b""}


def length_of(headers: Any) -> int | None:
    """The number that content-length says; None where it says none, or nothing that is a number."""
    values = values_of(headers, b"content-length")
    return int(values[0]) if values and values[0].isdigit() else None
