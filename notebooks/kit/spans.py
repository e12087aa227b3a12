"""The calls of an app, with their beginnings and ends in order -> a bar for each, as text and as a picture, out.

Left out: seconds. One step to the right is one beginning or end.
"""

from collections.abc import Sequence
from typing import NamedTuple

from notebooks.kit.lanes import APP_INK, QUIET_INK, SERVER_INK, label, page

INK = {"lifespan": QUIET_INK, "http": SERVER_INK, "websocket": APP_INK}
NAMES, ROW, TOP = 210, 28, 16


class Span(NamedTuple):
    """One call: what for, and at which steps it began and ended (`end` 0: it has not)."""

    kind: str
    name: str
    begin: int
    end: int


def text(spans: Sequence[Span]) -> str:
    """A line for each call."""
    last = max([max(span.begin, span.end) for span in spans], default=0)
    lines = []
    for span in spans:
        bar = "".join(" ░"[span.begin <= step <= (span.end or last)] * 3 for step in range(1, last + 1))
        lines.append(f"{span.kind:10}{span.name:12}{bar}".rstrip())
    return "\n".join(lines)


def svg(spans: Sequence[Span]) -> str:
    """A bar for each call."""
    last = max([max(span.begin, span.end) for span in spans], default=0)
    step = 660 // max(last, 1)
    width, height = NAMES + step * last + 20, TOP + ROW * len(spans) + 10
    parts = page(width, height)
    for number, span in enumerate(spans):
        y, ink = TOP + ROW * number, INK[span.kind]
        x, long = NAMES + step * (span.begin - 1), step * ((span.end or last) - span.begin + 1)
        parts.append(label(16, y + 15, f"{span.kind} {span.name}", ink, bold=True))
        parts.append(f'<rect x="{x}" y="{y}" width="{long}" height="{ROW - 8}" rx="4" fill="{ink}"/>')
    return "\n".join([*parts, "</svg>"])
