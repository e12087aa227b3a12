"""A plain recording in -> lanes out: a column for each layer, a line for each event.

bytes > server > [app > middleware > routing > handler > response] > bytes

     #      ms   0  1  2
     1    0.00  ─▶          GET /items/7
     2    0.02   │ ─▶       scope: app
     3    0.05   │  │ ─▶    scope: path_params {"id": "7"}
     4    0.41   │  │ ◀─    http.response.start 200, content-length: 31

Names stand above the columns where there is room; else they are numbered, and columns narrow as layers grow in number.

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#events
In FastAPI:   none, because it traces requests as a whole: fastapi.telemetry
In Starlette: none, because it leaves this to debuggers
In Flask:     none, because it leaves this to debuggers
Left out:     values that are longer than a line: the other forms have them
"""

from collections.abc import Iterator, Sequence

from rawasgi.instruments.frames import Lane
from rawasgi.instruments.tracing.columns import Column, Row, columns_of, legend_of, rows_of
from rawasgi.instruments.tracing.events import Recording

WIDTH = 110  # characters a line
FOR_LANES = 60  # of them, at most: the rest is for what the messages say
INWARDS, OUTWARDS, RAISED, OPEN = "─▶", "◀─", "✖─", "│"


def text_of(recording: Recording, width: int = WIDTH, first: int = 1) -> str:
    """The whole recording. Lines are numbered from `first` on."""
    columns = columns_of(recording)
    lines = [" · ".join(each for each in (recording.target, recording.asked, recording.ending) if each), ""]
    if columns:
        lines += [*legend(columns), ""]
        wide = widths(columns)
        head = "".join(label.ljust(size) for label, size in zip(labels(columns, wide), wide, strict=True))
        lines.append(f"{'#':>4} {'ms':>8}  {head}")
        lines += [line_of(row, wide, first + number) for number, row in enumerate(rows_of(recording))]
    lines += [line for lane in recording.lanes for line in lane_lines(lane)]
    return "\n".join(cut(line.rstrip(), width) for line in lines) + "\n"


def widths(columns: Sequence[Column]) -> list[int]:
    """How wide each column is: as its name, where all names have room, else as little as its arrow needs."""
    named = [len(column.name) + 3 for column in columns]
    if sum(named) <= FOR_LANES:
        return named
    return [max(1, min(4, FOR_LANES // len(columns)))] * len(columns)


def labels(columns: Sequence[Column], wide: Sequence[int]) -> Iterator[str]:
    """The heads of the columns: their names, or their numbers, in narrow columns the last digits of them."""
    for number, column in enumerate(columns):
        has_room = wide[number] == len(column.name) + 3 and sum(wide) <= FOR_LANES
        yield f" {column.name}" if has_room else f" {number if wide[number] > 2 else number % 10}"[-wide[number] :]


def line_of(row: Row, wide: Sequence[int], number: int) -> str:
    """One event."""
    arrow = INWARDS if row.is_inward else RAISED if row.event.kind == "raise" else OUTWARDS
    cells = []
    for column, size in enumerate(wide):
        mark = arrow if column == row.column else f" {OPEN}" if column in row.open else ""
        cells.append(mark.ljust(size) if size > 1 else mark.strip(" ─") or " ")
    return f"{number:4} {row.event.t * 1000:8.2f}  {''.join(cells)}  {row.words}"


def lane_lines(lane: Lane) -> Iterator[str]:
    """Where a task or a thread stands."""
    yield ""
    waits = f", which waits in {lane.waits_for}" if lane.waits_for else ""
    yield f"{lane.name}{waits} stands at:"
    yield from (f"  {line}" for line in lane.lines or ("(no line of its own)",))


def legend(columns: Sequence[Column]) -> Iterator[str]:
    """The layers, one a line; a task or a thread that is the same for all of them is said once."""
    table = [*zip(*legend_of(columns), strict=True)]
    shared = [cells[0] for cells in table[2:4] if len({*cells}) == 1 and cells[0]]
    shown = [cells for cells in table if len({*cells}) > 1 or cells in table[:2]]
    wide = [max(map(len, cells)) for cells in shown]
    for number, *rest in zip(*shown, strict=True):
        yield f"{number:>4}  {'   '.join(cell.ljust(size) for cell, size in zip(rest, wide[1:], strict=True))}"
    if shared:
        yield f"      all in {', on '.join(shared)}" if len(shared) > 1 else f"      all on {shared[0]}"


def cut(line: str, width: int) -> str:
    """A line that fits."""
    return line if len(line) <= width else line[: width - 1] + "…"
