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
    lines = [f"after {trials.count} faults: {verdict(trials)}"]
    if trials.troubles:
        lines += ["", "not survived"]
        for troubles in alike(trials.troubles):
            lines += told_trouble(troubles, width)
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


def alike(troubles: Iterable[Trouble]) -> list[list[Trouble]]:
    """The troubles, those together that are the same but for the fault."""
    found: dict[tuple[str, str], list[Trouble]] = {}
    for trouble in troubles:
        found.setdefault((trouble.asked, trouble.says), []).append(trouble)
    return [*found.values()]


def told_trouble(troubles: list[Trouble], width: int) -> Iterator[str]:
    """How a call has not ended, after what, and where it stood."""
    first = troubles[0]
    yield from wrapped(first.says, width)
    yield from (f"  {line}" for line in wrapped(after(first.asked, first.fault, len(troubles)), width - 2))
    if first.hanging is not None:
        yield from (f"    {printable(line)}" for line in lines_of(first.hanging))


def after(asked: str, fault: str, count: int) -> str:
    """`GET /, after a client that reads slowly, and after 2 more`."""
    more = f", and after {count - 1} more" if count > 1 else ""
    return f"{asked}, after {fault}{more}" if fault else f"{asked}, without a fault"


def told_left(sightings: Iterable[Sighting], width: int) -> Iterator[str]:
    """What was left, and after what."""
    for left, seen in grouped(sightings).items():
        yield from wrapped(str(left), width)
        yield from (f"  {line}" for line in wrapped(after(seen[0].asked, seen[0].fault, len(seen)), width - 2))


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
