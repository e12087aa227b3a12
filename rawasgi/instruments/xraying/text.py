"""An x-ray in -> the same in words, at most 40 lines, out.

bytes > server > [app > middleware > routing > handler > response] > bytes

One screen. Where there is more than a screen holds, the longest section gives way first, item by item, and says how much
it has left out: the page (`page.py`) shows all. What an app calls itself is printed without its control characters.

Spec:         none, because the specification says what an app sends, not how it comes to it
In FastAPI:   none, because it shows its routes, not its runs
In Starlette: none, because it leaves this to debuggers
In Flask:     none, because a toolbar that shows a request is an extension there
Left out:     colours
"""

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from rawasgi.instruments.command import printable
from rawasgi.instruments.frames import Lane, Line
from rawasgi.instruments.xraying.sight import Cost, Dependency, Finding, Stage, Xray

WIDTH, HEIGHT = 110, 40
NAME = 36  # columns for a name, at most
BAR = 12  # columns for the longest bar
COST = 36  # columns for a cost with its bar


class Section(NamedTuple):
    """A title and its items, each of whole lines; where they are too many, the `last` ones stay, for they say most."""

    title: str
    items: tuple[tuple[str, ...], ...] = ()
    last: int = 0

    def lines(self, count: int) -> Iterator[str]:
        """The title and so many items; what was left out is counted."""
        yield self.title
        left_out = len(self.items) - count
        last = min(self.last, count) if left_out else 0
        for item in self.items[: count - last]:
            yield from item
        if left_out:
            yield f"  … and {left_out} more: --html FILE shows all"
        for item in self.items[len(self.items) - last :]:
            yield from item


def text(xray: Xray, width: int = WIDTH) -> str:
    """The x-ray in at most 40 lines of at most `width` columns."""
    sections = [
        Section(f"x-ray of {xray.target}, {xray.asked}: {xray.ending}"),
        layers(xray),
        at_start(xray),
    ]
    if xray.hanging:
        sections.append(Section("where it hangs", tuple(tuple(standing(lane)) for lane in xray.hanging)))
    if xray.dependencies:
        rows = tuple((row,) for row in dependency_rows(xray.dependencies))
        sections.append(Section("dependencies, as they are solved", rows))
    sections.append(findings(xray.findings, width))
    return "\n".join(cut(line, width) for line in fitted(sections))


def fitted(sections: Sequence[Section], height: int = HEIGHT) -> list[str]:
    """All sections, a blank line between them, in so many lines: the longest gives way, one item at a time."""
    counts = [len(section.items) for section in sections]
    while True:
        blocks = [[*section.lines(count)] for section, count in zip(sections, counts, strict=True)]
        if sum(map(len, blocks)) + len(blocks) - 1 <= height or not any(counts):
            return [line for block in blocks for line in ("", *block)][1:]
        counts[max(range(len(blocks)), key=lambda index: len(blocks[index]) if counts[index] else 0)] -= 1


def cut(line: str, width: int) -> str:
    """The line without control characters, in so many columns."""
    line = printable(line).rstrip()
    return line if len(line) <= width else f"{line[: width - 1]}…"


def layers(xray: Xray) -> Section:
    """A row a layer: name, messages, its own time, and where it runs otherwise than the one around it."""
    timed = f"own time (median of {xray.runs} runs)" if xray.runs else f"(not measured: {xray.unmeasured})"
    longest = max((stage.cost.share for stage in xray.stages if stage.cost is not None), default=0.0)
    wide = column(["layers, outermost first", *(stage.name for stage in xray.stages)])
    rows = []
    for stage, note in zip(xray.stages, where(xray.stages), strict=True):
        cost = told(stage.cost, longest) if stage.cost else ""
        figures = f"{stage.received:4} {stage.sent:4}   {cost:{COST if note and xray.runs else 0}}"
        rows.append((f"  {cut(stage.name, wide):{wide}} {figures} {note}",))
    return Section(f"{'layers, outermost first':{wide + 2}}   in  out   {timed}", tuple(rows), last=3)


def column(names: Iterable[str]) -> int:
    """How wide a column of names has to be."""
    return min(max(map(len, names), default=0), NAME)


def where(stages: Sequence[Stage]) -> Iterator[str]:
    """What changes from each layer to the next: the task, the thread, the context."""
    for outer, stage in pairwise([*stages[:1], *stages]):
        changes = {
            "another task": stage.task != outer.task,
            f"thread {stage.thread}": stage.thread != outer.thread,
            "copied context": stage.context == "copied",
        }
        yield ", ".join(change for change, is_so in changes.items() if is_so)


def told(cost: Cost, longest: float) -> str:
    """`48 ± 3 µs    21 % ████`; where the runs differ by more than the half of them needs, nothing is claimed."""
    if is_noise(cost):
        return "too noisy to tell"
    bar = "█" * round(BAR * cost.share / longest) if longest else ""
    return f"{figure(cost):>16} {cost.share * 100:4.0f} % {bar}"


def is_noise(cost: Cost) -> bool:
    """Whether a figure says nothing: its spread is larger than itself."""
    return cost.spread > cost.median


def figure(cost: Cost) -> str:
    """`48 ± 3 µs`: the median and its spread, in the unit of the median."""
    scale, unit = unit_of(cost.median)
    median, spread = cost.median * scale, cost.spread * scale
    digits = 1 if unit != "µs" or median < 10 else 0
    least = 10.0**-digits
    return f"{median:.{digits}f} ± {f'<{least:g}' if spread < least / 2 else f'{spread:.{digits}f}'} {unit}"


def unit_of(seconds: float) -> tuple[float, str]:
    """The unit that fits, and how many of it are in a second; 999.7 µs would be rounded to 1000, and are 1.0 ms."""
    if seconds < 0.0009995:
        return 1e6, "µs"
    return (1e3, "ms") if seconds < 0.99995 else (1, "s")


def at_start(xray: Xray) -> Section:
    """How deep the response lay when it began, and the messages that it took."""
    messages = "messages at the edge {}, inside {}".format(*crossings(xray))
    if not xray.at_start:
        return Section(f"no response was started   {messages}")
    counts = f"frames {frame_count(xray)}   tasks {task_count(xray)}   thread hops {xray.hops}"
    title = f"when the response started   {counts}   {messages}"
    wide = column([lane.name for lane in xray.at_start])
    rows = ((f"  {cut(lane.name, wide):{wide}}   {by_package(lane.lines)}",) for lane in xray.at_start)
    return Section(title, tuple(rows))


def standing(lane: Lane) -> Iterator[str]:
    """Where a task or thread stands: its innermost lines."""
    yield f"  {lane.name}"
    yield from (f"    {line}" for line in lane.lines[-3:])


def crossings(xray: Xray) -> tuple[int, int]:
    """Messages at the edge, between server and app, and those at all the boundaries inside."""
    counts = [stage.received + stage.sent for stage in xray.stages]
    return sum(counts[:1]), sum(counts[1:])


def frame_count(xray: Xray) -> int:
    """How many frames there were when the response started."""
    return sum(len(lane.lines) for lane in xray.at_start)


def task_count(xray: Xray) -> int:
    """How many tasks there were then: lanes that are no threads."""
    return sum(not lane.name.startswith("thread ") for lane in xray.at_start)


def by_package(lines: Iterable[Line]) -> str:
    """`starlette 12, fastapi 7, shop.py 1`: whose frames they are, outermost first."""
    return ", ".join(f"{package} {count}" for package, count in Counter(map(package_of, lines)).items())


def package_of(line: Line) -> str:
    """The package that a file belongs to; a file that stands alone is its own."""
    return line.file.rpartition("/")[2] if line.file.startswith("/") else line.file.partition("/")[0]


def dependency_rows(dependencies: Sequence[Dependency]) -> Iterator[str]:
    """A row a dependency: indented below who asks for it, how it runs, and when it is torn down."""
    least = min(dependency.depth for dependency in dependencies)
    names = ["  " * (dependency.depth - least + 1) + dependency.name for dependency in dependencies]
    wide = column(names)
    for name, dependency in zip(names, dependencies, strict=True):
        yield f"{cut(name, wide):{wide}}   {dependency.how:15}   {', '.join(fate(dependency))}"


def fate(dependency: Dependency) -> Iterator[str]:
    """What becomes of a dependency: cached, on a thread, torn down when."""
    if dependency.is_cached:
        yield "cached: not called again"
    if dependency.on_thread:
        yield "on a thread"
    if dependency.torn_down:
        yield f"torn down {dependency.torn_down}"


def findings(found: Sequence[Finding], width: int) -> Section:
    """What will hurt, most severe first: what is seen, why it hurts, what to do, where to read on."""
    if not found:
        return Section("findings   none")
    return Section(f"findings {len(found)}", tuple(tuple(paragraph(finding, width)) for finding in found))


def paragraph(finding: Finding, width: int) -> list[str]:
    """A finding, wrapped."""
    see = f" → {finding.see}" if finding.see else ""
    first = textwrap.wrap(f"{finding.where}: {finding.says}", width, initial_indent="  ! ", subsequent_indent="    ")
    rest = f"{finding.because} {finding.remedy}{see}"
    return first + textwrap.wrap(rest, width, initial_indent="    ", subsequent_indent="    ")
