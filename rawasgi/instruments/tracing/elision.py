"""A recording in -> the same out, in plain values, without bodies and secrets.

bytes > server > [app > middleware > routing > handler > response] > bytes

A trace is something people paste into an issue. What the client and the app have said to each other is therefore told
by its size, and what looks secret by its name; both are shown when they are asked for.

Spec:         https://www.rfc-editor.org/rfc/rfc9110.html#name-disclosure-of-fragment-afte
In FastAPI:   none, because its telemetry leaves bodies and headers out
In Starlette: none, because it shows nothing
In Flask:     none, because it shows nothing
Left out:     secrets in a path, in an error's text, or under a name that does not tell
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from rawasgi.instruments.tracing.events import Event, Recording

ELIDED = "…"
DEEPEST = 5  # levels of containers; what is deeper is shown by its `repr`
LONGEST = 200  # characters of a `repr`
SECRET = re.compile("authorization|cookie|api.?key|token|secret|passw|session|signature|credential", re.IGNORECASE)
# `?token=…`, wherever a URL may stand: in the query string, in `location` and `referer`, in what was asked.
SECRET_PARAMETER = re.compile(rf"((?:^|[?&;])[^=&;\s]*(?:{SECRET.pattern})[^=&;\s]*=)[^&;\s]*", re.IGNORECASE)
SAID = ("body", "bytes", "text")  # the keys under which a message holds what somebody said
WITH_PARAMETERS = ("query_string", "QUERY_STRING", "REQUEST_URI", "RAW_URI")


@dataclass(frozen=True)
class Elision:
    """What may be shown."""

    bodies: bool = False
    secrets: bool = False

    def recording(self, recording: Recording) -> Recording:
        """The whole recording in plain values. One that is plain already cannot be shown more of."""
        if recording.is_plain:
            return recording
        events = tuple(self.event(event) for event in recording.events)
        return replace(recording, asked=self.text(recording.asked), events=events, is_plain=True)

    def event(self, event: Event) -> Event:
        """One event in plain values."""
        message = None if event.message is None else self.mapping(event.message)
        return replace(event, t=round(event.t, 6), message=message, scope_diff=self.mapping(event.scope_diff))

    def mapping(self, values: Mapping[Any, Any], depth: int = 0) -> dict[str, Any]:
        """Each value in the way that its key asks for."""
        return {str(key): self.value(str(key), value, depth) for key, value in values.items()}

    def value(self, key: str, value: Any, depth: int = 0) -> Any:
        """One value: a header list, something that was said, something secret, or anything else."""
        if key == "headers" and isinstance(value, list | tuple):
            return [self.header(pair) for pair in value]
        if key in SAID and isinstance(value, bytes | str) and not self.bodies:
            return size(value)
        if SECRET.search(key) and not self.secrets:
            return ELIDED
        if isinstance(value, bytes):
            value = value.decode("utf-8", "backslashreplace")
        if isinstance(value, str) and key in WITH_PARAMETERS:
            return self.text(value)
        if type(value) is dict and depth < DEEPEST:
            return self.mapping(value, depth + 1)
        if type(value) in (list, tuple) and depth < DEEPEST:
            return [self.value("", each, depth + 1) for each in value]
        if value is None or type(value) in (str, bool, int, float):
            return value
        return shown(value)

    def header(self, pair: Any) -> Any:
        """`(b"cookie", b"a=1")` -> `["cookie", "…"]`."""
        try:
            name, value = (part.decode("latin-1") if isinstance(part, bytes) else str(part) for part in pair)
        except (TypeError, ValueError):
            return shown(pair)  # no header at all: an app may send what it likes
        return [name, ELIDED if SECRET.search(name) and not self.secrets else self.text(value)]

    def text(self, text: str) -> str:
        """`/a?token=7&b=1` -> `/a?token=…&b=1`."""
        return text if self.secrets else SECRET_PARAMETER.sub(rf"\1{ELIDED}", text)


def size(said: bytes | str) -> str:
    """`14 bytes`, or `1 character`."""
    unit = "byte" if isinstance(said, bytes) else "character"
    return f"{len(said)} {unit}{'' if len(said) == 1 else 's'}"


def shown(value: object) -> str:
    """The `repr` of anything, capped; a class whose `repr` raises is named."""
    try:
        text = repr(value)
    except Exception:
        text = f"<{type(value).__name__} without a repr>"
    text = re.sub(r" at 0x[0-9a-f]+", "", text)  # an address says nothing, and differs each time
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + ELIDED
