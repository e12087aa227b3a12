"""What the benchmarks have noted in -> a table of ratios out.

Left out: seconds. They are of one machine on one day; the JSON file of pytest-benchmark has them.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.micro.workload import Ratio, Workload


def noted(workload: Workload, ratios: Mapping[str, Ratio]) -> dict[str, Any]:
    """What to keep of a workload: plain data, for the JSON file."""
    return {
        "workload": workload.name,
        "subject": workload.subject,
        "ratios": {name: found._asdict() for name, found in ratios.items()},
        "goals": dict(workload.goals),
    }


def lines(found: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """A row a workload: the subject's time as a multiple of each neighbour's, quartiles, and the goal."""
    rows = [extra for extra in found.values() if extra]
    if rows:
        yield ""
        yield "time as a multiple of the neighbour's: median (quartiles) of interleaved rounds, and the goal"
    for extra in rows:
        yield f"{extra['workload']}, {extra['subject']}"
        for neighbour, numbers in extra["ratios"].items():
            goal = extra["goals"].get(neighbour)
            verdict = "" if goal is None else f"  goal <= {goal:g}: {'met' if numbers['median'] <= goal else 'missed'}"
            yield f"    × {neighbour:16} {Ratio(**numbers)!s:24}{verdict}"
        for what, amount in extra.get("amounts", {}).items():
            verdict = "met" if amount["found"] <= amount["goal"] else "missed"
            yield f"    {amount['found']:.1f} {what}  goal <= {amount['goal']:g}: {verdict}"
