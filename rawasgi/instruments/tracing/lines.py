"""A recording in -> JSON Lines out, and back.

bytes > server > [app > middleware > routing > handler > response] > bytes

The first line says what was asked, of whom, and how it ended; each line after it is one event. Whatever is shown of a
trace can be made from its lines.

    {"trace": 1, "target": "shop:app", "asked": "GET /items/7", "ending": "200, 31 bytes", "lanes": []}
    {"seq": 1, "t": 0.000012, "layer": 0, "name": "FastAPI", "kind": "enter", "message": null, …}

Spec:         none, because the format is ours
In FastAPI:   none, because its telemetry speaks OpenTelemetry
In Starlette: none, because it leaves this to debuggers
In Flask:     none, because it leaves this to debuggers
Left out:     streaming: the first line knows the end
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import Any

from rawasgi.instruments.frames import Lane, Line
from rawasgi.instruments.tracing.events import Event, Recording

VERSION = 1
KEYS = {each.name for each in fields(Event)}


def written(recording: Recording) -> str:
    """A plain recording as JSON Lines."""
    head = {
        "trace": VERSION,
        "target": recording.target,
        "asked": recording.asked,
        "ending": recording.ending,
        "lanes": [[lane.name, lane.lines, lane.waits_for] for lane in recording.lanes],
    }
    return "\n".join(json.dumps(each, ensure_ascii=False) for each in (head, *map(asdict, recording.events))) + "\n"


def read(lines: Iterable[str]) -> Recording:
    """The recording that was written. Raises ValueError, with the number of the line that is none."""
    found = [(number, parsed(number, line)) for number, line in enumerate(lines, 1) if line.strip()]
    if not found or found[0][1].get("trace") != VERSION:
        raise ValueError(f'line 1: no trace begins here: {{"trace": {VERSION}, …}} is expected')
    head = found[0][1]
    events = []
    for number, row in found[1:]:
        if row.keys() != KEYS:
            raise ValueError(f"line {number}: no event: it has {sorted(row)}, and should have {sorted(KEYS)}")
        events.append(Event(**row))
    try:
        lanes = tuple(Lane(name, tuple(Line(*line) for line in rows), waits) for name, rows, waits in head["lanes"])
        return Recording(head["target"], head["asked"], head["ending"], tuple(events), lanes, is_plain=True)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"line {found[0][0]}: the head of a trace is incomplete: {error!r}") from None


def parsed(number: int, line: str) -> dict[str, Any]:
    """One JSON object."""
    try:
        row = json.loads(line)
    except ValueError as error:
        raise ValueError(f"line {number}: no JSON: {error}") from None
    if not isinstance(row, dict):
        raise ValueError(f"line {number}: a JSON object is expected")
    return row
