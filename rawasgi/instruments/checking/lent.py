"""A scope that was handed on in -> who has changed it out.

bytes > [server > app > middleware > routing > handler > response] > bytes

An app is lent its scope: the dict is the server's, or that of the layer around it (G20), and who has lent it leaves it
alone (G21). Both work on the same dict, so a change is laid to whoever had control since the last look: the app, until it
awaits `receive` or `send`; the other side, until that is done.

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#middleware
In FastAPI:   none, because it writes into the scope it is given
In Starlette: none, because it writes into the scope it is given
In Flask:     none, because WSGI lets every layer write into its environ
Left out:     a change by the other side while the app awaits something else: it is laid to the app
"""

from collections.abc import Iterator
from typing import Any

from rawasgi.instruments.checking.finding import Fault
from rawasgi.messages.scopes import Scope

APP, OTHER_SIDE = "G20", "G21"
GONE = object()


class Lent:
    """A scope, and what it was when somebody last looked."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.changed: dict[str, set[Any]] = {APP: set(), OTHER_SIDE: set()}
        self.remember()

    def remember(self) -> None:
        """Keep it as it is now. The list of headers too: it may be written into."""
        self.seen, headers = dict(self.scope), self.scope.get("headers")
        self.headers = headers.copy() if isinstance(headers, list) else headers

    def look(self, rule_id: str) -> None:
        """Note what has changed against the rule of whoever had control."""
        same_headers = same(self.scope.get("headers"), self.headers)
        if same_headers and same(self.scope, self.seen):
            return
        for key in self.scope.keys() | self.seen.keys():
            if not same(self.scope.get(key, GONE), self.seen.get(key, GONE)):
                self.changed[rule_id].add(key)
        if not same_headers:
            self.changed[rule_id].add("headers")
        self.remember()

    def faults(self) -> Iterator[Fault]:
        """All that was changed, when the call is over."""
        for rule_id, keys in self.changed.items():
            if keys:
                yield Fault(rule_id, f"changed in the scope: {', '.join(sorted(map(str, keys)))}")


def same(now: object, before: object) -> bool:
    """Whether two values are equal; what cannot be compared is not."""
    try:
        return now is before or bool(now == before)
    except Exception:
        return False
