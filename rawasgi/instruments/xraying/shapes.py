"""Positions and words in -> pieces of SVG out.

bytes > server > [app > middleware > routing > handler > response] > bytes

Colours are names of classes: the style sheet of the page says what they are by day and by night. Whatever an app may
have written comes through `escaped`: it can neither end a tag nor break the file.

Spec:         none, because it is a matter of drawing: https://www.w3.org/TR/SVG2/
In FastAPI:   none, because it draws nothing
In Starlette: none, because it draws nothing
In Flask:     none, because it draws nothing
Left out:     text that wraps: SVG has none
"""

import html
from collections.abc import Iterable

from rawasgi.instruments.command import printable

LETTER = 6.65  # width of a letter of 11 px, in a font with letters of one width


def escaped(words: object) -> str:
    """Text for a page: without the control characters that no page may hold, and with `<`, `&` and quotes written out."""
    return html.escape(printable(str(words)))


def shortened(words: str, width: float) -> str:
    """The words, as many letters of them as fit into `width` pixels."""
    room = max(int(width / LETTER), 2)
    return words if len(words) <= room else f"{words[: room - 1]}…"


def label(x: float, y: float, words: str, kind: str = "", *, width: float = 1000, end: bool = False) -> str:
    """One line of text, beginning (or ending) at x; where it is shortened, all of it is shown on pointing at it."""
    shown = shortened(words, width)
    whole = f"<title>{escaped(words)}</title>" if shown != words else ""
    anchor = ' text-anchor="end"' if end else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}"{anchor}>{whole}{escaped(shown)}</text>'


def box(x: float, y: float, width: float, height: float, kind: str, *, round_by: float = 3) -> str:
    """A rectangle."""
    sides = f'x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{height:.1f}"'
    return f'<rect {sides} rx="{round_by:g}" class="{kind}"/>'


def stroke(points: Iterable[tuple[float, float]], kind: str) -> str:
    """A line through points; with `arrow` among the classes it has a head at its end."""
    head = ' marker-end="url(#head)"' if "arrow" in kind.split() else ""
    return f'<polyline points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}" class="{kind}"{head}/>'


def dot(x: float, y: float, kind: str, says: str = "", *, radius: float = 2.5) -> str:
    """A point; `says` is shown on pointing at it."""
    title = f"<title>{escaped(says)}</title>" if says else ""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" class="{kind}">{title}</circle>'


def drawing(width: float, height: float, says: str, shapes: Iterable[str]) -> str:
    """The whole picture; `says` describes it to who cannot see it. Its arrow heads take the colour of their line."""
    head = (
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M 0,0.8 L 7.5,4 L 0,7.2 z" fill="context-stroke"/></marker></defs>'
    )
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" role="img">'
    return "\n".join([opening, f"<title>{escaped(says)}</title>", head, *shapes, "</svg>"])
