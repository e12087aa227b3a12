"""Pairs out of a scope in -> headers, query parameters and state out.

bytes > server > app > middleware > [routing > handler] > response > bytes

Everything here reads what the server put into the scope, and does it late: header bytes stay bytes until one line
decodes one value. Headers and query parameters are no plain dicts, because HTTP repeats itself: a name may come twice,
and order counts.

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html#http-connection-scope
Grown from:   tiny/app.py:Connection, because a dict keeps one value where the client sent two
In FastAPI:   starlette.datastructures:Headers
In Starlette: starlette.datastructures:Headers
In Flask:     werkzeug.datastructures:Headers
Left out:     Secret, CommaSeparatedStrings, form data and uploaded files
"""

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any, Self, TypeVar
from urllib.parse import parse_qsl, urlencode

from rawasgi.messages.types import Header

K = TypeVar("K")
V_co = TypeVar("V_co", covariant=True)


class ImmutableMultiDict(Mapping[K, V_co]):
    """Pairs in order, in which a key may come twice. As a mapping it shows the last value of each key.

    Made from pairs, from a mapping or from another multidict; keyword arguments come last.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if len(args) > 1:
            raise TypeError(f"{type(self).__name__}() takes one source of pairs, not {len(args)}")
        source = args[0] if args else ()
        if isinstance(source, ImmutableMultiDict):
            source = source.multi_items()
        pairs = source.items() if isinstance(source, Mapping) else source
        self._list: list[tuple[Any, Any]] = [*pairs, *kwargs.items()]
        self._dict: dict[Any, Any] = dict(self._list)

    def getlist(self, key: Any) -> list[V_co]:
        """All values of `key`, in order; an empty list where there is none."""
        return [value for name, value in self._list if name == key]

    def multi_items(self) -> list[tuple[K, V_co]]:
        """All pairs, in order."""
        return list(self._list)

    def __getitem__(self, key: K) -> V_co:
        value: V_co = self._dict[key]
        return value

    def __contains__(self, key: Any) -> bool:
        return key in self._dict

    def __iter__(self) -> Iterator[K]:
        return iter(self._dict)

    def __len__(self) -> int:
        return len(self._dict)

    def __eq__(self, other: Any) -> bool:
        return type(self) is type(other) and sorted(self._list, key=repr) == sorted(other._list, key=repr)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._list!r})"


class QueryParams(ImmutableMultiDict[str, str]):
    """The query string, decoded; from bytes, from a string, or from pairs.

    `a=1&a=2&b=` is `[("a", "1"), ("a", "2"), ("b", "")]`. Escapes that are no UTF-8 become U+FFFD, never an error.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        source = args[0] if args else ()
        if isinstance(source, bytes):
            source = source.decode("latin-1")
        if isinstance(source, str):
            source = parse_qsl(source, keep_blank_values=True)
        super().__init__(source, *args[1:], **kwargs)
        self._list = [(str(name), str(value)) for name, value in self._list]
        self._dict = dict(self._list)

    def __str__(self) -> str:
        return urlencode(self._list)

    def __repr__(self) -> str:
        return f"QueryParams({str(self)!r})"


def encoded(name: str, value: str) -> Header:
    """A header as ASGI wants it: "Header names must be lowercased", both sides byte strings (latin-1).

    ValueError for a value with a line break or NUL: the rest of it would be read as another header.
    """
    if not value.isprintable() and ("\n" in value or "\r" in value or "\0" in value):
        raise ValueError(f"the header {name!r} must not hold a line break or NUL: {value!r}")
    return name.lower().encode("latin-1"), value.encode("latin-1")


class Headers(Mapping[str, str]):
    """Header fields in the order in which they came: names without case, several values allowed to a name.

    Made from a mapping of strings, from `raw` pairs of bytes, or from a `scope` (or any message with "headers"), which
    gets a list of its own: `MutableHeaders(scope=message)["x-a"] = "b"` changes this message, and no copy of it.
    """

    def __init__(
        self,
        headers: Mapping[str, str] | None = None,
        raw: list[Header] | None = None,
        scope: MutableMapping[str, Any] | None = None,
    ) -> None:
        if (headers is not None) + (raw is not None) + (scope is not None) > 1:
            raise TypeError("Headers() takes one of: headers, raw, scope")
        self._list: list[Header] = [] if raw is None else raw
        if headers is not None:
            self._list = [encoded(name, value) for name, value in headers.items()]
        elif scope is not None:
            # A list of our own: the specification allows any iterable, and a copy of the scope shares its list with it.
            self._list = scope["headers"] = list(scope["headers"])

    @property
    def raw(self) -> list[Header]:
        """The pairs of bytes."""
        return list(self._list)

    def getlist(self, key: str) -> list[str]:
        """All values of a header, in order; values are never joined."""
        wanted = key.lower().encode("latin-1", "replace")
        return [value.decode("latin-1") for name, value in self._list if name == wanted]

    def mutablecopy(self) -> "MutableHeaders":
        """The same headers, to be changed."""
        return MutableHeaders(raw=self._list[:])

    def keys(self) -> list[str]:  # type: ignore[override]
        """Every name, as often as it came: a header is not a set."""
        return [name.decode("latin-1") for name, _ in self._list]

    def values(self) -> list[str]:  # type: ignore[override]
        """Every value, in order."""
        return [value.decode("latin-1") for _, value in self._list]

    def items(self) -> list[tuple[str, str]]:  # type: ignore[override]
        """Every pair, in order."""
        return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in self._list]

    def __getitem__(self, key: str) -> str:
        wanted = key.lower().encode("latin-1", "replace")
        for name, value in self._list:
            if name == wanted:
                return value.decode("latin-1")
        raise KeyError(key)

    def __contains__(self, key: Any) -> bool:
        wanted = key.lower().encode("latin-1", "replace") if isinstance(key, str) else None
        return any(name == wanted for name, _ in self._list)

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self._list)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and sorted(self._list) == sorted(other._list)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(raw={self._list!r})"


class MutableHeaders(Headers):
    """Headers that can be changed: those of a response. `raw` is the list itself."""

    @property
    def raw(self) -> list[Header]:
        """The pairs of bytes; what is done to this list is done to the headers."""
        return self._list

    def __setitem__(self, key: str, value: str) -> None:
        pair = encoded(key, value)
        wanted, pairs = pair[0], self._list
        place = 0
        for name, _ in pairs:
            if name == wanted:
                pairs[place] = pair
                place += 1
                if place < len(pairs):
                    pairs[place:] = [other for other in pairs[place:] if other[0] != wanted]
                return
            place += 1
        pairs.append(pair)

    def __delitem__(self, key: str) -> None:
        unwanted = key.lower().encode("latin-1", "replace")
        self._list[:] = [pair for pair in self._list if pair[0] != unwanted]

    def __ior__(self, other: Mapping[str, str]) -> Self:
        self.update(other)
        return self

    def __or__(self, other: Mapping[str, str]) -> "MutableHeaders":
        merged = self.mutablecopy()
        merged.update(other)
        return merged

    def setdefault(self, key: str, value: str) -> str:
        """The first value of a header; where there is none, `value` is put there."""
        if key not in self:
            self.append(key, value)
        return self[key]

    def update(self, other: Mapping[str, str]) -> None:
        """Replace every header that the other mapping names."""
        for name, value in other.items():
            self[name] = value

    def append(self, key: str, value: str) -> None:
        """One more header of this name: the only right way for Set-Cookie."""
        self._list.append(encoded(key, value))

    def add_vary_header(self, vary: str) -> None:
        """Say that the response depends on one more request header."""
        self["vary"] = ", ".join([*self.getlist("vary"), vary])


class State:
    """Names of your own on a dict: `request.state.user` is `scope["state"]["user"]`."""

    _values: dict[str, Any]

    def __init__(self, state: dict[str, Any] | None = None) -> None:
        object.__setattr__(self, "_values", {} if state is None else state)

    def __getattr__(self, key: str) -> Any:
        try:
            return self._values[key]
        except KeyError:
            raise AttributeError(f"nobody has set {key!r} on this state; set are: {sorted(self._values)}") from None

    def __setattr__(self, key: str, value: Any) -> None:
        self._values[key] = value

    def __delattr__(self, key: str) -> None:
        try:
            del self._values[key]
        except KeyError:
            raise AttributeError(f"nobody has set {key!r} on this state") from None

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    __setitem__ = __setattr__

    def __delitem__(self, key: str) -> None:
        del self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"State({self._values!r})"
