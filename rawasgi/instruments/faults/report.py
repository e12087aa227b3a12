"""Trials in -> a page of text, or plain values, out.

bytes > [server > app > middleware > routing > handler > response] > bytes

What is left is told once, with the first fault after which it was, and how many more there were; JSON has them all.

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#applications
In FastAPI:   none, because it leaves this to load tests
In Starlette: none, because it leaves this to load tests
In Flask:     none, because it leaves this to load tests
Left out:     what the rules say: `checking.report` has it
"""

from collections.abc import Iterable, Iterator
from typing import Any

from rawasgi.instruments.checking.report import lines_of, wrapped
from rawasgi.instruments.command import printable
from rawasgi.instruments.faults.leftovers import Left
from rawasgi.instruments.faults.trial import Sighting, Trials, Trouble


def faults_text(trials: Trials, width: int) -> str:
    """What faults have left, and what the app has not survived."""
    lines = [f"with {trials.count} faults: {verdict(trials)}"]
    if trials.troubles:
        lines += ["", "not survived"]
        for trouble in trials.troubles:
            lines += told_trouble(trouble, width)
    for title, sightings in (("left behind", trials.after_faults), ("left without a fault", trials.without_fault)):
        if sightings:
            lines += ["", title, *told_left(sightings, width)]
    for remark in trials.remarks:
        lines += ["", *wrapped(remark, width)]
    return "\n".join(lines) + "\n"


def verdict(trials: Trials) -> str:
    """`2 things left behind, 1 not survived`."""
    left, bad = len(grouped(trials.after_faults)), len(trials.troubles)
    parts = [f"{left} thing{'s' * (left != 1)} left behind"] * bool(left) + [f"{bad} not survived"] * bool(bad)
    return ", ".join(parts) or "nothing left behind"


def told_trouble(trouble: Trouble, width: int) -> Iterator[str]:
    """How a call has not ended, and where it stands."""
    yield from wrapped(f"{trouble.asked}, {trouble.fault}", width)
    yield from (f"  {line}" for line in wrapped(trouble.says, width - 2))
    if trouble.hanging is not None:
        yield from (f"  {printable(line)}" for line in lines_of(trouble.hanging))


def told_left(sightings: Iterable[Sighting], width: int) -> Iterator[str]:
    """What was left, and after what."""
    for left, seen in grouped(sightings).items():
        yield from wrapped(str(left), width)
        first = seen[0]
        more = f", and after {len(seen) - 1} more" if len(seen) > 1 and first.fault else ""
        after = f"after {first.fault}{more}" if first.fault else "without a fault"
        yield from (f"  {line}" for line in wrapped(f"{first.asked}, {after}", width - 2))


def grouped(sightings: Iterable[Sighting]) -> dict[Left, list[Sighting]]:
    """The same thing on the same line, whatever it came after."""
    found: dict[Left, list[Sighting]] = {}
    for sighting in sightings:
        found.setdefault(sighting.left, []).append(sighting)
    return found


def faults_plain(trials: Trials) -> dict[str, Any]:
    """All of it as plain values, for JSON."""
    return {
        "faults": trials.count,
        "left": [plain_sighting(sighting) for sighting in trials.after_faults],
        "left_without_a_fault": [plain_sighting(sighting) for sighting in trials.without_fault],
        "not_survived": [
            {"asked": one.asked, "fault": one.fault, "says": one.says, "lines": plain_lines(one)}
            for one in trials.troubles
        ],
        "remarks": trials.remarks,
    }


def plain_lines(trouble: Trouble) -> list[dict[str, Any]]:
    """Where a call hangs."""
    lanes = trouble.hanging.lanes if trouble.hanging else ()
    return [{"lane": lane.name, "lines": [line._asdict() for line in lane.lines]} for lane in lanes]


def plain_sighting(sighting: Sighting) -> dict[str, Any]:
    """What was left, where it stands, and after what."""
    left = sighting.left
    place = None if left.place is None else left.place._asdict()
    return {"kind": left.kind, "name": left.name, "place": place, "asked": sighting.asked, "after": sighting.fault}
