"""Results in -> a file of everything that was seen, and a table to read, out."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.load.bench import Results
from benchmarks.load.figures import Row, rows
from benchmarks.load.scenario import Contender
from comparisons.servers import ROOT
from rawasgi import __version__

FOLDER = ROOT / "results"

Report = dict[str, Any]
"""The content of the JSON file; table and plot are made from it alone."""


def report(results: Results) -> Report:
    """Put everything that was seen into plain data."""
    return {
        "scenario": results.scenario.name,
        "question": results.scenario.question,
        "wait": results.scenario.wait,
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "versions": versions(results.contenders),
        "load": asdict(results.load),
        "partial": results.stopped,
        "proofs": {name: {**asdict(proof), "text": str(proof)} for name, proof in results.proofs.items()},
        "generator": max((measured.window.generator for measured in results.windows), default=0.0),
        "late": max((measured.window.late or 0.0 for measured in results.windows), default=0.0),
        "machine": max((measured.window.machine for measured in results.windows), default=0.0),
        "again": sum(measured.window.again for measured in results.windows),
        "rows": [_plain(row) for row in rows(results)],
        "windows": [
            {"contender": measured.contender.name, "round": measured.round + 1, **asdict(measured.window)}
            for measured in results.windows
        ],
    }


def _plain(row: Row) -> dict[str, Any]:
    plain = asdict(row)
    contender = row.contender
    plain["contender"] = {"name": contender.name, "title": contender.title, "slots": contender.slots}
    return {**plain, "verdict": row.verdict}


def versions(contenders: Sequence[Contender]) -> list[str]:
    """Name what took part, with its version."""
    names = sorted({name for contender in contenders for name in contender.requires if "." not in name})
    return [f"rawasgi {__version__}", *(f"{name} {metadata.version(name)}" for name in names)]


def write(found: Report, folder: Path, name: str) -> list[Path]:
    """Write the data and the table; give their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        folder / f"{name}.json": json.dumps(found, indent=1, ensure_ascii=False) + "\n",
        folder / f"{name}.txt": "\n".join(table(found)) + "\n",
    }
    for path, text in files.items():
        try:
            path.write_text(text, "utf-8")
        except OSError as error:
            error.filename = str(path)  # a write that fails does not know where it wrote
            raise
    return list(files)


HEADINGS = (
    "",
    "slots",
    "predicted",
    "answers/s",
    "p50",
    "p99",
    "p50",
    "p99",
    "unanswered",
    "failed",
    "MiB",
    "core",
    "",
)
P50 = HEADINGS.index("p50")
GAP = "  "


def table(found: Report) -> list[str]:
    """Make the table, and below it all that its figures rest on."""
    load = found["load"]
    notes: dict[str, int] = {}
    opened = any(row["open"] for row in found["rows"])
    lines = [HEADINGS, *(_cells(row, notes) for row in found["rows"])]
    titles = {P50: f"{load['clients']} clients, ms"}
    if opened:
        titles[P50 + 2] = f"at {load['share']:.0%}, ms"
    else:
        lines = [(*line[: P50 + 2], *line[P50 + 4 :]) for line in lines]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for column, title in titles.items():  # it stands over this column and the next
        widths[column + 1] = max(widths[column + 1], len(title) - len(GAP) - widths[column])
    return [
        *_title(found),
        "",
        _above(widths, titles),
        *(GAP.join(_aligned(line, widths)).rstrip() for line in lines),
        "",
        *(f"[{number}] {note}" for note, number in notes.items()),
        *_foot(found, opened=opened),
    ]


def _title(found: Report) -> list[str]:
    load = found["load"]
    about = [
        found["date"],
        f"Python {found['python']}",
        f"{found['cores']} cores",
        f"{load['clients']} clients",
        f"{load['rounds']} × {load['seconds']:g} s",
    ]
    partial = [f"PARTIAL: {found['partial']}"] if found["partial"] else []
    return [f"{found['scenario']}: {found['question']}", " · ".join(about), " · ".join(found["versions"]), *partial]


def _cells(row: dict[str, Any], notes: dict[str, int]) -> tuple[str, ...]:
    slots, opened = row["contender"]["slots"], row["open"]
    note = row["verdict"]
    if row["why_not"]:
        note = f"[{notes.setdefault(row['why_not'], len(notes) + 1)}]"
    return (
        row["contender"]["title"],
        "∞" if slots is None else str(slots),
        f"{row['predicted']:.0f}",
        _with_spread(**row["answered"]),
        _ms(row["p50"]),
        _ms(row["p99"]),
        _ms(opened["p50"]) if opened else "",
        _ms(opened["p99"]) + ("*" if opened["few"] else "") if opened else "",
        str(row["unanswered"]),
        str(row["failed"] + (opened["failed"] if opened else 0)),
        f"{row['memory']['median']:.0f}",
        f"{row['server']['median']:.0%}",
        note,
    )


def _with_spread(median: float, spread: float) -> str:
    digits = 0 if median >= 100 else 1
    return f"{median:.{digits}f} ±{max(spread, 10**-digits):.{digits}f}"


def _ms(quantile: dict[str, Any]) -> str:
    return f"{'>' if quantile['beyond'] else ''}{quantile['median']:.0f}"


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    first, *others = zip(cells, widths, strict=True)
    return [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others[:-1]), others[-1][0]]


def _above(widths: Sequence[int], titles: dict[int, str]) -> str:
    """Set each title over the end of its pair of columns."""
    line = ""
    for column, title in titles.items():
        end = sum(widths[: column + 2]) + len(GAP) * (column + 1)
        line += title.rjust(end - len(line))
    return line


def _foot(found: Report, *, opened: bool) -> list[str]:
    load, proofs = found["load"], found["proofs"]
    lines = []
    if proofs:
        lines += ["same work, proved before the first window:", *(f"  {line}" for line in _same(proofs))]
    lines += [
        f"generator: a process and a core of its own, {found['generator']:.0%} used (over {load['busiest']:.0%} fails)",
        f"machine: at most {found['machine']:.0%} of all cores busy",
        f"answers/s: a closed loop, each of {load['clients']} clients asks again as soon as it is answered",
        "±: half the range of the rounds, at least one answer of each slot more or less",
        f"unanswered: {load['seconds']:g} s after the window closed; they count with the time they had waited (>)",
    ]
    if found["again"]:
        lines.append(f"asked again, since the server had hung up on a kept connection: {found['again']} requests")
    if opened:
        lines += [
            f"at {load['share']:.0%}: an open loop, Poisson arrivals at that share of the answers/s just seen;",
            f"  times from the intended start; 99 % of the arrivals at most {found['late']:.0f} ms late;",
            "  *: fewer than 100 requests in a window, so it is the slowest of them",
        ]
    return [*lines, "core: the share of one core that the server's process group used; MiB: its RSS"]


def _same(proofs: dict[str, Any]) -> list[str]:
    return sorted({proof["text"] for proof in proofs.values()})
