"""A plain recording in -> one HTML file out, which fetches nothing.

bytes > server > [app > middleware > routing > handler > response] > bytes

The lanes of the text form, with room: a row opens to show the whole message, and what was added to the scope. There is
no script in it, and every word of the app's is escaped.

Spec:         none, because a page is no part of the protocol: https://www.w3.org/TR/html-aria/
In FastAPI:   none, because it draws nothing
In Starlette: none, because it draws nothing
In Flask:     none, because it draws nothing
Left out:     zooming, filtering
"""

import json
from collections.abc import Iterator, Sequence
from html import escape

from rawasgi.instruments.frames import Lane
from rawasgi.instruments.tracing.columns import Column, Row, columns_of, rows_of
from rawasgi.instruments.tracing.events import Recording

STYLE = """
.rawasgi-trace { --ink: #1f2328; --dim: #656d76; --line: #d0d7de; --in: #0969da; --out: #1a7f37; --bad: #cf222e;
  --paper: #fff; --copied: #fff8c5; color: var(--ink); background: var(--paper); font: 14px/1.5 system-ui, sans-serif;
  padding: 1rem; }
@media (prefers-color-scheme: dark) { .rawasgi-trace { --ink: #e6edf3; --dim: #8d96a0; --line: #30363d; --in: #4493f8;
  --out: #3fb950; --bad: #f85149; --paper: #0d1117; --copied: #3b2e00; } }
.rawasgi-trace h1 { font-size: 1.25rem; margin: 0 0 .25rem; }
.rawasgi-trace p { color: var(--dim); margin: 0 0 1rem; }
.rawasgi-trace table { border-collapse: collapse; margin-bottom: 1.5rem; }
.rawasgi-trace th, .rawasgi-trace td { text-align: left; padding: 0 .5rem; vertical-align: top; }
.rawasgi-trace th { color: var(--dim); font-weight: 600; }
.rawasgi-trace .number { text-align: right; color: var(--dim); font-variant-numeric: tabular-nums; }
.rawasgi-trace .cell { width: 1.75rem; min-width: 1.75rem; padding: 0; text-align: center; }
.rawasgi-trace .open { background: linear-gradient(var(--line), var(--line)) center / 2px 100% no-repeat; }
.rawasgi-trace .copied { background-color: var(--copied); }
.rawasgi-trace .in { color: var(--in); } .rawasgi-trace .out { color: var(--out); }
.rawasgi-trace .bad { color: var(--bad); }
.rawasgi-trace tbody tr:hover { outline: 1px solid var(--line); }
.rawasgi-trace summary, .rawasgi-trace pre, .rawasgi-trace .plain { font: 12px/1.6 ui-monospace, monospace; }
.rawasgi-trace summary { cursor: pointer; overflow-wrap: anywhere; }
.rawasgi-trace pre { margin: .25rem 0 .5rem 1rem; white-space: pre-wrap; overflow-wrap: anywhere; }
"""


def page_of(recording: Recording) -> str:
    """A whole page."""
    title = escape(f"{recording.asked} · {recording.ending}")
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>{head}<title>{title}</title></head>\n'
        f"<body>\n{piece_of(recording)}</body>\n</html>\n"
    )


def piece_of(recording: Recording) -> str:
    """The part of a page that shows a recording, with its own style: what a notebook shows."""
    columns = columns_of(recording)
    parts = [
        f'<div class="rawasgi-trace"><style>{STYLE}</style>',
        f"<h1>{escape(recording.asked)}</h1>",
        f"<p>{escape(recording.target)} · {escape(recording.ending)}</p>",
        *legend(columns),
        *lanes(columns, recording),
        *(part for lane in recording.lanes for part in standing(lane)),
        "</div>",
    ]
    return "\n".join(parts) + "\n"


def legend(columns: Sequence[Column]) -> Iterator[str]:
    """The layers, numbered."""
    yield "<table><thead><tr><th></th><th>layer</th><th>task</th><th>thread</th><th>context</th></tr></thead><tbody>"
    for number, column in enumerate(columns):
        marked = ' class="copied"' if column.context == "copied" else ""
        rest = (column.name, column.task, column.thread, column.context if number else "")
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in rest)
        yield f'<tr{marked}><td class="number">{number}</td>{cells}</tr>'
    yield "</tbody></table>"


def lanes(columns: Sequence[Column], recording: Recording) -> Iterator[str]:
    """The events."""
    heads = "".join(
        f'<th class="cell" title="{escape(column.name)}">{number}</th>' for number, column in enumerate(columns)
    )
    yield f'<table><thead><tr><th class="number">#</th><th class="number">ms</th>{heads}<th></th></tr></thead><tbody>'
    for row in rows_of(recording):
        cells = "".join(cell(row, number, column) for number, column in enumerate(columns))
        numbers = f'<td class="number">{row.event.seq}</td><td class="number">{row.event.t * 1000:.2f}</td>'
        yield f"<tr>{numbers}{cells}<td>{words(row)}</td></tr>"
    yield "</tbody></table>"


def cell(row: Row, number: int, column: Column) -> str:
    """One column of one row: the arrow, the line of a layer that is open, or nothing."""
    marks = ["cell"]
    marks += ["copied"] if column.context == "copied" and number in row.open else []
    if number != row.column:
        return f'<td class="{" ".join([*marks, *(["open"] if number in row.open else [])])}"></td>'
    kind, arrow = ("in", "→") if row.is_inward else ("bad", "✖") if row.event.kind == "raise" else ("out", "←")
    return f'<td class="{" ".join([*marks, kind])}" title="{escape(row.event.kind)}">{arrow}</td>'


def words(row: Row) -> str:
    """What an event says, and on opening all of it."""
    message, added = row.event.message, row.event.scope_diff
    if not message and not added:
        return f'<span class="plain">{escape(row.words)}</span>'
    parts = {"message": message, "scope": added}
    shown = {name: value for name, value in parts.items() if value}
    whole = json.dumps(shown, ensure_ascii=False, indent=2)
    return f"<details><summary>{escape(row.words)}</summary><pre>{escape(whole)}</pre></details>"


def standing(lane: Lane) -> Iterator[str]:
    """Where a task or a thread stands."""
    yield f"<h2>{escape(lane.name)} {escape(lane.waits_for)}</h2>"
    yield f"<pre>{escape(chr(10).join(map(str, lane.lines)))}</pre>"
