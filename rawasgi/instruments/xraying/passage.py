"""What crossed the boundaries in -> the onion, opened: layers, their cost and every message on its way, out.

bytes > server > [app > middleware > routing > handler > response] > bytes

Layers lie in each other from the left to the right, time goes down. A message is one arrow as long as it is passed on
from layer to layer; where it stops and starts anew, a layer has held it back. A diamond is a layer that changed it.

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#middleware
In FastAPI:   none, because it draws nothing
In Starlette: none, because it draws nothing
In Flask:     none, because it draws nothing
Left out:     time: rows are in order, and the run that they are of was slowed by those who watched it
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from rawasgi.instruments.tracing.elision import SAID
from rawasgi.instruments.tracing.events import Event
from rawasgi.instruments.xraying.shapes import box, dot, drawing, label, stroke
from rawasgi.instruments.xraying.sight import Stage, Xray
from rawasgi.instruments.xraying.text import figure, is_noise, where

WIDTH, LEFT, RIGHT, NOTES = 1180.0, 240.0, 784.0, 808.0  # the onion lies between LEFT and RIGHT
ROW, TOP = 20.0, 26.0
INNERMOST = 290.0  # how wide the innermost layer is, at least
INWARDS = ("enter", "receive")
ALIKE = 6  # rows of one shape after which the rest is counted
FIRST, LAST = 80, 40  # rows, of more than that
WORDS = {"enter": "the call", "return": "returns", "raise": "raises"}
EMPTY = (None, "0 bytes", "0 characters")  # what somebody said is told by its size


class Row(NamedTuple):
    """A message, or the call itself, passed on from layer to layer without a stop; `more` are rows alike left out."""

    events: tuple[Event, ...]
    more: int = 0

    @property
    def shape(self) -> tuple[object, ...]:
        """Rows of one shape look alike."""
        first, last = self.events[0], self.events[-1]
        return first.kind, kind_of(first.message), first.layer, last.layer


def kind_of(message: Mapping[str, Any] | None) -> str:
    """The type of a message."""
    return str((message or {}).get("type", ""))


def rows(events: Sequence[Event]) -> list[Row]:
    """Events, joined to rows: the next one belongs to it where it is the same thing, one layer further on."""
    joined: list[list[Event]] = []
    for event in events:
        last = joined[-1][-1] if joined else None
        step = 1 if event.kind in INWARDS else -1
        if (
            last is not None
            and (last.kind, kind_of(last.message)) == (event.kind, kind_of(event.message))
            and event.layer - last.layer == step
        ):
            joined[-1].append(event)
        else:
            joined.append([event])
    return capped([*folded([Row(tuple(events)) for events in joined])])


def capped(shown: list[Row]) -> list[Row]:
    """The first rows and the last ones: a talk of a thousand messages is no picture."""
    hidden = len(shown) - FIRST - LAST
    if hidden <= 0:
        return shown
    return [*shown[: FIRST - 1], shown[FIRST - 1]._replace(more=hidden), *shown[-LAST:]]


def folded(all_rows: Sequence[Row]) -> Iterator[Row]:
    """Of many rows of one shape the first ones and the last one, with the number of those between."""
    start = 0
    while start < len(all_rows):
        end = start + 1
        while end < len(all_rows) and all_rows[end].shape == all_rows[start].shape:
            end += 1
        alike = all_rows[start:end]
        if len(alike) > ALIKE:
            alike = [*alike[:2], alike[2]._replace(more=len(alike) - 4), alike[-1]]
        yield from alike
        start = end


def opened(xray: Xray) -> str:
    """The picture of it all."""
    shown = rows(xray.events)
    step = min(44.0, (RIGHT - LEFT - INNERMOST) / max(len(xray.stages), 1))
    top = TOP + ROW * len(xray.stages) + 10
    bottom = top + ROW * len(shown) + 8
    shapes = [*onion(xray.stages, step, bottom), *costs(xray.stages)]
    held: dict[str, Event] = {}  # the last message of each type, and how far it came
    for index, row in enumerate(shown):
        shapes += crossing(row, held, top + ROW * index + ROW / 2, step, xray.stages)
        held[kind_of(row.events[-1].message)] = row.events[-1]
    inset = 3.0 * len(xray.stages)
    return drawing(WIDTH, bottom + inset + 6, f"layers and messages of {xray.asked}", shapes)


def onion(stages: Sequence[Stage], step: float, bottom: float) -> Iterator[str]:
    """Box in box, each with its name on a line of its own, and with what it runs in where that changes."""
    yield label(LEFT - 22, TOP - 10, "server", "faint", end=True)
    for depth, (stage, change) in enumerate(zip(stages, where(stages), strict=True)):
        x, y = LEFT + step * depth, TOP + ROW * depth - 14
        inset = 3.0 * (len(stages) - depth)
        apart = " apart" if change else ""
        yield box(x, y, RIGHT - x - 3.0 * depth, bottom - y + inset, f"layer{apart}")
        room = RIGHT - x - 3.0 * depth - 16
        yield label(x + 8, y + 14, f"{stage.name}   {change}" if change else stage.name, f"name{apart}", width=room)


def costs(stages: Sequence[Stage]) -> Iterator[str]:
    """A bar a layer, on the line of its name: its own time, with a whisker from its median less to more its spread."""
    known = [stage.cost for stage in stages if stage.cost is not None and not is_noise(stage.cost)]
    if not known:
        return
    scale = 200.0 / (max(cost.median + cost.spread for cost in known) or 1)
    yield label(NOTES, TOP - 14, "own time of each layer: median, spread, share", "faint")
    for depth, stage in enumerate(stages):
        if stage.cost is None:
            continue
        y = TOP + ROW * depth
        if is_noise(stage.cost):
            yield label(NOTES, y + 4, "too noisy to tell", "faint")
            continue
        length, spread = stage.cost.median * scale, stage.cost.spread * scale
        yield box(NOTES, y - 5, length, 10, "bar", round_by=1)
        yield stroke([(NOTES + length - spread, y), (NOTES + length + spread, y)], "whisker")
        for x in (NOTES + length - spread, NOTES + length + spread):
            yield stroke([(x, y - 3), (x, y + 3)], "whisker")
        words = f"{figure(stage.cost)}  {stage.cost.share * 100:.0f} %"
        yield label(NOTES + length + spread + 8, y + 4, words, "figure")


def crossing(row: Row, held: Mapping[str, Event], y: float, step: float, stages: Sequence[Stage]) -> Iterator[str]:
    """One row: what passes, the arrow through the boundaries, and what layers did to it on its way."""
    first, last = row.events[0], row.events[-1]
    inside = [LEFT + step * event.layer for event in row.events]
    is_inwards = first.kind in INWARDS
    kind = {"enter": "call", "return": "call", "raise": "raised"}.get(first.kind, first.kind)
    before, after = (-18.0, step * 0.7) if is_inwards else (step * 0.7, -18.0)
    if min(first.layer, last.layer) > 0:  # not from the server or to it: a layer stands at that end
        before, after = (-step * 0.5, after) if is_inwards else (before, -step * 0.5)
    yield stroke([(inside[0] + before, y), (inside[-1] + after, y)], f"{kind} arrow")
    yield from (dot(x, y, kind) for x in inside)
    yield label(LEFT - 26, y + 4, said(row), f"message {kind}", width=LEFT - 30, end=True)
    notes = [f"then {row.more} more"] if row.more else []
    for one, other in pairwise(whole_way(row, held)):
        if one.message != other.message:
            changer = min(one.layer, other.layer)
            x = LEFT + step * (changer + 0.5)
            yield stroke([(x - 4, y), (x, y - 4), (x + 4, y), (x, y + 4), (x - 4, y)], "changed")
            notes.append(f"{stages[changer].name} {change(one.message or {}, other.message or {})}")
    yield label(NOTES, y + 4, "; ".join(notes), "faint", width=WIDTH - NOTES)


def whole_way(row: Row, held: Mapping[str, Event]) -> tuple[Event, ...]:
    """The events of a row, and before them the one after which a layer held the message back."""
    first = row.events[0]
    if first.message is None or first.kind == "raise":
        return ()
    before = held.get(kind_of(first.message))
    step = 1 if first.kind in INWARDS else -1
    went_on = before is not None and before.kind == first.kind and first.layer - before.layer == step
    return (before, *row.events) if before is not None and went_on else row.events


def said(row: Row) -> str:
    """`http.response.start 200`, `http.response.body 8 bytes`, `the call`."""
    event = row.events[0]
    if event.kind in WORDS:
        return f"{WORDS[event.kind]} {kind_of(event.message)}".rstrip()
    return " ".join([kind_of(event.message), *details(event.message or {})])


def details(message: Mapping[str, Any]) -> Iterator[str]:
    """What is worth a word: the status, the size, whether more follows, the code of a close."""
    if "status" in message:
        yield str(message["status"])
    yield from (str(message[key]) for key in SAID if message.get(key) not in EMPTY)
    if message.get("more_body"):
        yield "+"
    if "code" in message:
        yield str(message["code"])


def change(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """`adds x-stamp`, `changes body`: what a layer did to a message."""
    old, new = (headers_of(message) for message in (before, after))
    words = [f"adds {name}" for name in new if name not in old] + [f"drops {name}" for name in old if name not in new]
    words += [f"changes {name}" for name in new if name in old and new[name] != old[name]]
    keys = sorted({*before, *after} - {"headers"})
    return ", ".join(words + [f"changes {key}" for key in keys if before.get(key) != after.get(key)])


def headers_of(message: Mapping[str, Any]) -> dict[str, list[str]]:
    """The headers of a message, by name."""
    found: dict[str, list[str]] = {}
    for pair in message.get("headers") or ():
        words = [word.decode("latin-1") if isinstance(word, bytes) else str(word) for word in pair]
        name, value = [*words, "", ""][:2]
        found.setdefault(name.lower(), []).append(value)
    return found
