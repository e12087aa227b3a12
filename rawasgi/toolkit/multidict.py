"""Pairs in -> a multidict that can be changed out.

bytes > server > app > middleware > routing > [handler] > response > bytes

What comes with a request is read, so the core has `ImmutableMultiDict` alone. Who builds a query string or a form has
pairs to put together, and this.

Spec:         none, because the wire knows pairs alone: https://url.spec.whatwg.org/#application/x-www-form-urlencoded
In FastAPI:   starlette.datastructures:MultiDict
In Starlette: starlette.datastructures:MultiDict
In Flask:     werkzeug.datastructures:MultiDict
Left out:     nothing
"""

from typing import Any

from rawasgi.datastructures import ImmutableMultiDict


class MultiDict(ImmutableMultiDict[Any, Any]):
    """A multidict that can be changed. Assignment replaces all values of a key; `append` adds one."""

    def __setitem__(self, key: Any, value: Any) -> None:
        self.setlist(key, [value])

    def __delitem__(self, key: Any) -> None:
        del self._dict[key]
        self._list = [pair for pair in self._list if pair[0] != key]

    def pop(self, key: Any, default: Any = None) -> Any:
        """Remove all values of `key` and give the last one."""
        values = self.poplist(key)
        return values[-1] if values else default

    def popitem(self) -> tuple[Any, Any]:
        """Remove the key that came last, with all its values; KeyError where there is none."""
        if not self._dict:
            raise KeyError("popitem(): the multidict is empty")
        key = next(reversed(self._dict))
        return key, self.pop(key)

    def poplist(self, key: Any) -> list[Any]:
        """Remove all values of `key` and give them, in order."""
        values = self.getlist(key)
        if values:
            del self[key]
        return values

    def clear(self) -> None:
        """Remove everything."""
        self._list.clear()
        self._dict.clear()

    def setdefault(self, key: Any, default: Any = None) -> Any:
        """The last value of `key`; where there is none, `default` is put there."""
        if key not in self:
            self[key] = default
        return self[key]

    def setlist(self, key: Any, values: list[Any]) -> None:
        """Replace all values of `key`; an empty list removes it."""
        self._list = [pair for pair in self._list if pair[0] != key] + [(key, value) for value in values]
        self._dict = dict(self._list)

    def append(self, key: Any, value: Any) -> None:
        """One more value of `key`, behind the others."""
        self._list.append((key, value))
        self._dict[key] = value

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Replace, for every key of the other multidict or mapping, all its values."""
        other = MultiDict(*args, **kwargs)
        for key in other:
            self.setlist(key, other.getlist(key))
