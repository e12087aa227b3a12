"""A plain recording in -> a Mermaid sequence diagram out.

bytes > server > [app > middleware > routing > handler > response] > bytes

    sequenceDiagram
        participant server
        participant layer0 as FastAPI
        server->>layer0: GET /items/7
        layer0-->>server: http.response.start 200

Spec:         none, because the language of diagrams is no part of the protocol
In FastAPI:   none, because it draws nothing
In Starlette: none, because it draws nothing
In Flask:     none, because it draws nothing
Left out:     times: a sequence diagram knows only the order
"""

import re

from rawasgi.instruments.tracing.columns import columns_of, rows_of
from rawasgi.instruments.tracing.events import Recording

LONGEST = 80  # characters beside an arrow


def mermaid_of(recording: Recording) -> str:
    """The whole recording."""
    columns = columns_of(recording)
    lines = ["sequenceDiagram", "    participant server"]
    lines += [f"    participant layer{number} as {plain(column.name)}" for number, column in enumerate(columns)]
    for number, column in enumerate(columns):
        if column.context == "copied":
            lines.append(f"    Note over layer{number}: {plain(column.task)}, its own copy of the context")
    for row in rows_of(recording):
        around = "server" if row.around < 0 else f"layer{row.around}"
        inner, words = f"layer{row.column}", plain(row.words)
        if row.is_inward:
            lines.append(f"    {around}->>{inner}: {words}")
        else:
            lines.append(f"    {inner}{'--x' if row.event.kind == 'raise' else '-->>'}{around}: {words}")
    lines.append(f"    Note over server: {plain(recording.ending)}")
    return "\n".join(lines) + "\n"


def plain(text: str) -> str:
    """Text that means nothing to Mermaid: `;` ends a line, `#` begins a character's number, `%%` a comment."""
    short = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    return re.sub(r"[#;%<>{}\[\]\"\n\r]", lambda found: f"#{ord(found[0])};", short)
