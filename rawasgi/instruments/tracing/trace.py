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

from rawasgi.instruments.tracing.elision import Elision
from rawasgi.instruments.tracing.events import Recording
from rawasgi.instruments.tracing.lines import read, written
from rawasgi.instruments.tracing.mermaid import mermaid_of
from rawasgi.instruments.tracing.page import page_of, piece_of
from rawasgi.instruments.tracing.text import WIDTH, text_of


@dataclass(frozen=True)
class Trace(Recording):
    """A recording as the one who made it has it: with the values as they were, and what the app has raised.

    Each view takes `bodies=True` and `secrets=True`, which show what is left out otherwise.
    """

    status: int | None = None  # of the response; None where there was none
    error: BaseException | None = None

    def text(self, *, bodies: bool = False, secrets: bool = False, width: int = WIDTH) -> str:
        """Lanes, in lines of at most `width` characters."""
        return text_of(self.plain(bodies, secrets), width)

    def html(self, *, bodies: bool = False, secrets: bool = False) -> str:
        """One page that fetches nothing."""
        return page_of(self.plain(bodies, secrets))

    def mermaid(self, *, bodies: bool = False, secrets: bool = False) -> str:
        """A sequence diagram."""
        return mermaid_of(self.plain(bodies, secrets))

    def lines(self, *, bodies: bool = False, secrets: bool = False) -> str:
        """JSON Lines: the canonical form, from which `from_lines` makes the trace again."""
        return written(self.plain(bodies, secrets))

    def plain(self, bodies: bool = False, secrets: bool = False) -> Recording:
        """What all views show."""
        return Elision(bodies, secrets).recording(self)

    def _repr_html_(self) -> str:
        return piece_of(self.plain())  # what a notebook shows

    @classmethod
    def from_lines(cls, text: str | Iterable[str]) -> Self:
        """A trace from its JSON Lines. Raises ValueError."""
        found = read(text.splitlines() if isinstance(text, str) else text)
        return cls(**{each.name: getattr(found, each.name) for each in fields(Recording)})
