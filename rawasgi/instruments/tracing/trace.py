"""A recording in -> its views, as methods, out.

bytes > server > [app > middleware > routing > handler > response] > bytes

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#events
In FastAPI:   none, because it traces requests as a whole: fastapi.telemetry
In Starlette: none, because it leaves this to debuggers
In Flask:     none, because it leaves this to debuggers
Left out:     nothing
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Self

from rawasgi.instruments.tracing import lines
from rawasgi.instruments.tracing.elision import Elision
from rawasgi.instruments.tracing.events import Recording


@dataclass(frozen=True)
class Trace(Recording):
    """A recording as the one who made it has it: with the values as they were, and what the app has raised.

    Each view takes `bodies=True` and `secrets=True`, which show what is left out otherwise.
    """

    status: int | None = None  # of the response; None where there was none
    error: BaseException | None = None

    def lines(self, *, bodies: bool = False, secrets: bool = False) -> str:
        """JSON Lines: the canonical form, from which `from_lines` makes the trace again."""
        return lines.written(Elision(bodies, secrets).recording(self))

    @classmethod
    def from_lines(cls, text: str | Iterable[str]) -> Self:
        """A trace from its JSON Lines. Raises ValueError."""
        read = lines.read(text.splitlines() if isinstance(text, str) else text)
        return cls(**{each.name: getattr(read, each.name) for each in fields(read)})
