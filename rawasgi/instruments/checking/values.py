"""A value of a message or a scope in -> whether it is what it should be out.

bytes > [server > app > middleware > routing > handler > response] > bytes

The types of known keys are those of `messages.types`, read from its annotations. Everything else in a message may be
there (G11), if it is plain.

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#events
In FastAPI:   none, because it leaves the protocol to Starlette and to the server
In Starlette: none, because its messages are untyped mappings
In Flask:     wsgiref.validate:check_environ
Left out:     generic types: what is a list of pairs is looked at by `headers`
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import NoneType, UnionType
from typing import Any, NotRequired, get_args, get_origin, get_type_hints

from rawasgi.instruments.checking.finding import Fault

Fits = Callable[[object], bool]
DEEPEST = 64  # what lies deeper is not looked at

FITS: dict[Any, Fits] = {
    bytes: lambda value: isinstance(value, bytes),
    str: lambda value: isinstance(value, str),
    bool: lambda value: isinstance(value, bool),
    int: lambda value: isinstance(value, int) and not isinstance(value, bool),
    NoneType: lambda value: value is None,
}


def keys_of(described: type) -> Iterator[tuple[str, bool, Fits | None]]:
    """The keys of a TypedDict: name, whether it must be there, and the test of its type, where that is a simple one.

    `HTTPRequest` -> ("type", True, None), ("body", False, is bytes), ("more_body", False, is bool)
    """
    for key, hint in get_type_hints(described, include_extras=True).items():
        optional = get_origin(hint) is NotRequired
        yield key, not optional, fits(get_args(hint)[0] if optional else hint)


def fits(hint: Any) -> Fits | None:
    """The test of a type, or of a union of such types."""
    if isinstance(hint, UnionType) and all(part in FITS for part in get_args(hint)):
        tests = [FITS[part] for part in get_args(hint)]
        return lambda value: any(test(value) for test in tests)
    return FITS.get(hint)


def told(value: object) -> str:
    """A value in few words. Of what may be long or secret only the type."""
    if value is None or isinstance(value, (bool, int, float)):
        return repr(value)
    kind = type(value).__name__
    return f"{'an' if kind[0] in 'aeio' else 'a'} {kind}"


def quoted(text: object) -> str:
    """A short text as it is, a long one cut."""
    shown = repr(text)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


def plain_faults(
    value: object, where: str, around: tuple[int, ...] = (), known: set[int] | None = None
) -> Iterator[Fault]:
    """Whatever is not plain in a value, at any depth: G5, G8, G9, G10.

    `around` are the ids of what it lies in, `known` of what was looked at: each thing is looked at once.
    """
    known = set() if known is None else known
    if value is None or isinstance(value, (bytes, str, bool)):
        return
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            yield Fault("G10", f"{where} is an int of {value.bit_length()} bits")
    elif isinstance(value, float):
        if not math.isfinite(value):
            yield Fault("G9", f"{where} is {value!r}")
    elif not isinstance(value, (dict, list, tuple)):
        yield Fault("G8", f"{where} is {told(value)}")
    elif id(value) in around:
        yield Fault("G8", f"{where} holds itself")
    elif id(value) not in known and len(around) < DEEPEST:
        known.add(id(value))
        if isinstance(value, dict):
            yield from key_faults(value, where)
        for each in value.values() if isinstance(value, dict) else value:
            yield from plain_faults(each, where, (*around, id(value)), known)


def key_faults(mapping: Mapping[Any, Any], where: str) -> Iterator[Fault]:
    """Keys that are no str: G5."""
    for key in mapping:
        if not isinstance(key, str):
            yield Fault("G5", f"{where} has the key {quoted(key)}")


def readable_twice(values: object) -> object:
    """An iterable that can be read by us and then by whom it was meant for: an iterator becomes a list."""
    if isinstance(values, Iterable) and iter(values) is values:
        return [*values]
    return values
