"""A plain recording in -> a column for each layer, and a row of words for each event, out.

bytes > server > [app > middleware > routing > handler > response] > bytes

What the views share. A column is a layer on the path of the request, a row is an event, and its arrow crosses the
boundary of its column: inwards for what comes in, outwards for what goes out.

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#events
In FastAPI:   none, because it traces requests as a whole: fastapi.telemetry
In Starlette: none, because it leaves this to debuggers
In Flask:     none, because it leaves this to debuggers
Left out:     nothing
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from rawasgi.instruments.tracing.events import INWARD, Event, Recording

ENTERS = ("enter", "environ")
ENDS = ("return", "raise", "close")
SHORT = 40  # characters of a value that is worth a place in a row


class Column(NamedTuple):
    """A layer on the path; `task`, `thread` and `context` are those in which it was called."""

    name: str
    depth: int
    task: str
    thread: str
    context: str


class Row(NamedTuple):
    """An event: its column, the column around it (-1 is the server), those that are open, and its words."""

    event: Event
    column: int
    around: int
    open: frozenset[int]
    words: str

    @property
    def is_inward(self) -> bool:
        """Whether the arrow points into the column."""
        return self.event.kind in INWARD


def columns_of(recording: Recording) -> list[Column]:
    """The layers in the order in which they were first called."""
    found: dict[tuple[int, str], Column] = {}
    for event in recording.events:
        column = Column(event.name, event.layer, event.task, event.thread, event.context)
        found.setdefault((event.layer, event.name), column)
    return [*found.values()]


def rows_of(recording: Recording) -> Iterator[Row]:
    """The events in their order."""
    columns = columns_of(recording)
    index = {(column.depth, column.name): number for number, column in enumerate(columns)}
    at_depth: dict[int, int] = {-1: -1}  # which column stands at a depth now
    opened: dict[int, int] = {}  # column -> calls that have not ended: a layer may call another twice
    last: dict[tuple[int, Any], Any] = {}  # the last message of each type that has passed at a depth
    for event in recording.events:
        column = index[event.layer, event.name]
        if event.kind in ENTERS:
            at_depth[event.layer] = column
            opened[column] = opened.get(column, 0) + 1
        yield Row(
            event,
            column,
            at_depth.get(event.layer - 1, -1),
            frozenset(number for number, calls in opened.items() if calls > 0),
            elsewhere(event, columns[column]) + (unchanged(event, last) or words_of(event, recording.asked)),
        )
        if event.kind in ENDS:
            opened[column] = opened.get(column, 0) - 1


def unchanged(event: Event, last: dict[tuple[int, Any], Any]) -> str:
    """`http.response.start, unchanged`, for a message that has passed the boundary before this one just so."""
    if event.kind not in ("receive", "send", "start_response", "item") or event.message is None:
        return ""
    kind = event.message.get("type")
    before = last.get((event.layer + (-1 if event.kind in INWARD else 1), kind))
    last[event.layer, kind] = event.message
    return f"{kind}, unchanged" if before == event.message else ""


def elsewhere(event: Event, column: Column) -> str:
    """`in task 3: `, for an event that did not happen where its layer was called."""
    if event.task != column.task:
        return f"in {event.task or 'no task'}: "
    return f"on {event.thread}: " if event.thread != column.thread else ""


def words_of(event: Event, asked: str) -> str:
    """`http.response.start 200, content-type: text/html`, `enter, scope: path_params {"id": "7"}`."""
    message = event.message or {}
    if event.kind in ENTERS:
        if event.layer == 0:
            return asked
        kind = "scope" if event.kind == "enter" else "environ"
        return f"{kind}: {', '.join(pairs(event.scope_diff))}" if event.scope_diff else "the same " + kind
    if event.kind == "raise":
        return f"raise {message.get('type', '')}: {str(message.get('message', '')).partition(chr(10))[0]}"
    rest = [*parts_of(message)]
    return " ".join([str(message.get("type", event.kind)), ", ".join(rest)]).strip()


def parts_of(message: Mapping[str, Any]) -> Iterator[str]:
    """The status, the size of a body, each header, and whatever else a message says that goes without saying not."""
    for key, value in message.items():
        if key == "headers" and isinstance(value, list):
            yield from (": ".join(pair) if isinstance(pair, list) else str(pair) for pair in value)
        elif key in ("status", "body", "text", "bytes") and value is not None:
            yield str(value)
        elif key == "more_body":
            yield from ["more follows"] if value else []
        elif key != "type" and value not in (None, "", [], {}):
            yield next(pairs({key: value}))


def pairs(values: Mapping[str, Any]) -> Iterator[str]:
    """`root_path "/sub"`; a long value is left to the views that have room."""
    for key, value in values.items():
        text = json.dumps(value, ensure_ascii=False)
        yield f"{key} {text}" if len(text) <= SHORT and not text.startswith('"<') else key


def legend_of(columns: Sequence[Column]) -> Iterator[tuple[str, ...]]:
    """A line for each layer: its number, name, task, thread, and what has become of the context around it."""
    for number, column in enumerate(columns):
        context = f"context {column.context}" if column.depth else ""
        yield str(number), column.name, column.task, column.thread, context
