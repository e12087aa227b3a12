"""The results of a run in -> the same as a picture, out.

Equal results make equal bytes: the picture may be kept in git.

Left out: everything that only an interactive plot can do.
"""

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from benchmarks.report import Report

STEADY: Any = {"svg.hashsalt": "rawasgi", "svg.fonttype": "none", "font.size": 9}
MEASURED, PREDICTED, WAITED = "#4878a8", "#d1495b", "#8a8a8a"


def plot(found: Report, path: Path) -> None:
    """Draw the rows; the suffix of the path is the format."""
    with mpl.rc_context(STEADY):
        height = 1.6 + 0.4 * len(found["rows"])
        figure = Figure(figsize=(10, height), layout="constrained")
        answers, times = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
        _draw_answers(answers, found["rows"])
        _draw_times(times, found)
        figure.suptitle(_title(found), fontsize=11)
        figure.supxlabel(_about(found), fontsize=7, color="#555555")
        # Both formats would name the program that drew them, and SVG the time of day.
        unsaid = ("Date", "Creator", "Format", "Type") if path.suffix == ".svg" else ("Software",)
        figure.savefig(path, metadata=dict.fromkeys(unsaid), facecolor="white")


def _draw_answers(axes: Axes, rows: list[dict[str, Any]]) -> None:
    places = range(len(rows))
    predicted = [row["predicted"] for row in rows]
    measured = [row["answered"]["median"] for row in rows]
    spreads = [row["answered"]["spread"] for row in rows]
    axes.plot(
        predicted, places, "|", color=PREDICTED, markersize=16, markeredgewidth=2, label="predicted: slots / wait"
    )
    axes.errorbar(measured, places, xerr=spreads, fmt="o", color=MEASURED, capsize=3, label="measured, with its spread")
    for place, value in zip(places, measured, strict=True):
        beside: Any = {"xytext": (-8, 0), "textcoords": "offset points", "ha": "right", "va": "center"}
        axes.annotate(f"{value:.0f}", (value, place), color=MEASURED, **beside)
    axes.set_yticks(places, [row["contender"]["title"] for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.8)  # the first on top
    _scale(axes, [*predicted, *measured])
    axes.set_xlabel("answers a second")
    # On top of the axes: inside them, any corner may be that of a point.
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, fontsize=8)


def _draw_times(axes: Axes, found: Report) -> None:
    """Draw each contender's median to its 99 %; a hollow end falls on requests that were left unanswered."""
    opened = any(row["open"] for row in found["rows"])
    shown = [(place, row["open"] if opened else row) for place, row in enumerate(found["rows"])]
    ends = [(place, row["p50"], row["p99"]) for place, row in shown if row is not None]
    for place, *quantiles in ends:
        axes.plot([quantile["median"] for quantile in quantiles], [place, place], color=MEASURED, linewidth=2)
        for quantile, marker in zip(quantiles, "os", strict=True):
            face = "white" if quantile["beyond"] else MEASURED
            axes.plot(quantile["median"], place, marker, color=MEASURED, markerfacecolor=face, markersize=6)
    wait = found["wait"] * 1000
    axes.axvline(wait, color=WAITED, linestyle=":", linewidth=1)
    _scale(axes, [wait, *(quantile["median"] for _, *quantiles in ends for quantile in quantiles)])
    load = found["load"]
    which = f"arrivals at {load['share']:.0%} of that" if opened else f"{load['clients']} clients"
    axes.set_xlabel(f"ms to the answer, {which}\n● median   ■ 99 %")


def _scale(axes: Axes, values: list[float]) -> None:
    axes.set_xscale("log")
    axes.set_xlim(min(values) / 2, max(values) * 2)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.grid(axis="x", alpha=0.3)
    axes.tick_params(axis="y", length=0)


def _title(found: Report) -> str:
    return f"{found['question']}{' (partial)' if found['partial'] else ''}"


def _about(found: Report) -> str:
    load = found["load"]
    how = f"{load['clients']} clients, {load['rounds']} × {load['seconds']:g} s, {found['cores']} cores"
    return f"{found['date']} · {how} · Python {found['python']} · {' · '.join(found['versions'])}"
