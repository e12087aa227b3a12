"""The same exchange with several stacks -> their messages next to each other, equal ones as `=`, out.

WSGI has no messages. What happens in its one call is put down as four kinds of event (environ, start_response, item,
close), so that it can stand beside them.

Left out: whatever the messages do not say. How the stacks are written stands in comparisons/.
"""

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

from notebooks.kit.lanes import Event, detail
from notebooks.kit.predictions import gate
from notebooks.kit.talk import Talk
from rawasgi.bridges.environ import environ_of
from rawasgi.instruments.conversation import Exchange

WSGIApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
ORDER = {"environ": "request", "start_response": "start", "item": "body", "close": "return"}
NOTHING = "-"


class Call(NamedTuple):
    """A WSGI call, in events of the same form as a talk's."""

    events: Sequence[Event]


def listen_to_wsgi(app: WSGIApp, exchange: Exchange) -> Call:
    """Call a WSGI app once. What is no HTTP request cannot be said to it: no call, and no event."""
    gate()
    if exchange.scope["type"] != "http":
        return Call(())
    events: list[Event] = []

    def note(who: str, kind: str, **said: Any) -> None:
        events.append(Event(who, {"type": kind, **said}, ""))

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        pairs = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        note("app", "start_response", status=int(status[:3]), headers=pairs)

    body = b"".join(message.get("body", b"") for message in exchange.messages)
    note("server", "environ", body=body)
    environ = environ_of(exchange.scope, io.BytesIO(body), len(body)) | {"wsgi.errors": io.StringIO()}
    items = app(environ, start_response)
    for item in items:
        note("app", "item", body=item)
    if close := getattr(items, "close", None):
        close()
        note("server", "close")
    return Call(events)


class Beside:
    """A table: a row for each step of the exchange, a column for each stack, the first one the reference."""

    def __init__(self, stacks: Mapping[str, Talk | Call]) -> None:
        self.names = [*stacks]
        steps = [numbered(told.events) for told in stacks.values()]
        self.rows: list[list[str]] = []
        for step in woven(steps):
            said = [column.get(step, "") for column in steps]
            self.rows.append(
                [said[0] or NOTHING, *("=" if one and one == said[0] else one or NOTHING for one in said[1:])]
            )

    def __repr__(self) -> str:
        table = [self.names, *self.rows]
        widths = [max(len(row[column]) for row in table) for column in range(len(self.names))]
        cells = ["  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)) for row in table]
        return "\n".join(cell.rstrip() for cell in cells)

    def _repr_html_(self) -> str:
        style = ' style="text-align: left; vertical-align: top"'
        heads = "".join(f"<th{style}>{escape(name)}</th>" for name in self.names)
        rows = "".join(
            "<tr>" + "".join(f"<td{style}><code>{escape(cell)}</code></td>" for cell in row) + "</tr>"
            for row in self.rows
        )
        return f"<table><tr>{heads}</tr>{rows}</table>"


def numbered(events: Sequence[Event]) -> dict[tuple[str, int], str]:
    """The events by the part they play, "start" or the second "body", each in words."""
    found: dict[tuple[str, int], str] = {}
    for event in events:
        kind = event.message["type"]
        part = ORDER.get(kind) or kind.rpartition(".")[2]
        number = sum(1 for known, _ in found if known == part)
        found[part, number] = f"{kind} {detail(event.message)}".rstrip()
    return found


def woven(columns: Sequence[Iterable[tuple[str, int]]]) -> list[tuple[str, int]]:
    """All steps once, in an order that each column keeps as far as the first one lets it."""
    order: list[tuple[str, int]] = []
    for column in columns:
        place = 0
        for step in column:
            if step not in order:
                order.insert(place, step)
            place = order.index(step) + 1
    return order


def beside(**stacks: Talk | Call) -> Beside:
    """Lay what each stack said next to the first: `beside(tiny=..., FastAPI=..., Flask=...)`."""
    return Beside(stacks)
