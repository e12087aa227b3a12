"""Two x-rays of one exchange in -> what differs between two apps, side by side, out.

bytes > server > [app > middleware > routing > handler > response] > bytes

First whether they say the same: what costs less and answers otherwise is not faster. The time is a ratio, of runs in
turns on one loop: the seconds of a machine on a day say little.

Spec:         none, because the specification says what an app sends, not how it comes to it
In FastAPI:   none, because it shows its routes, not its runs
In Starlette: none, because it leaves this to debuggers
In Flask:     none, because a toolbar that shows a request is an extension there
Left out:     a third app: compare it with one of the two
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import NamedTuple

from rawasgi.instruments.tracing.elision import Elision, size
from rawasgi.instruments.xraying.cost import Ratio, ratio, runs_of
from rawasgi.instruments.xraying.exposure import Exposure
from rawasgi.instruments.xraying.page import article, styled, whole
from rawasgi.instruments.xraying.passage import headers_of
from rawasgi.instruments.xraying.shapes import escaped
from rawasgi.instruments.xraying.sight import Stage, Xray
from rawasgi.instruments.xraying.text import (
    WIDTH,
    Section,
    crossings,
    cut,
    figure,
    fitted,
    frame_count,
    is_noise,
    task_count,
)
from rawasgi.messages.types import Message

NAME = 22  # columns for the name of a row


@dataclass(frozen=True)
class Pair:
    """Two apps that were asked the same; `differs` is how their answers differ, `ratio` is left to right."""

    left: Xray
    right: Xray
    differs: tuple[str, ...]
    ratio: Ratio | None

    def __str__(self) -> str:
        return text(self)

    def text(self, width: int = WIDTH) -> str:
        """At most 40 lines of at most `width` columns."""
        return text(self, width)

    def page(self) -> str:
        """A whole HTML file."""
        return page(self)

    def _repr_html_(self) -> str:
        return styled(articles(self))


def compared(exposures: Sequence[Exposure], targets: Sequence[str], runs: int | None = None) -> Pair:
    """Two exposures of one exchange; what the apps take is measured in turns, where both have answered."""
    one, other = exposures
    wanted = runs_of(one.look.exchange, runs)
    found = None
    if wanted and one.look.error is None and other.look.error is None:
        try:
            found = ratio((one.look.app, other.look.app), one.look.exchange, wanted, one.seconds)
        except Exception:
            found = None  # one of them answers once, and not again: its x-ray says so
    left, right = (each.developed(target, runs) for each, target in zip(exposures, targets, strict=True))
    return Pair(left, right, tuple(difference(one.look.sent, other.look.sent)), found)


class Part(NamedTuple):
    """A part of an answer: what it is, and how it is shown, without bodies and secrets."""

    value: object
    shown: str


def difference(left: Sequence[Message], right: Sequence[Message]) -> Iterator[str]:
    """How two answers differ: `status 200 | 404`. A body counts as a whole, not by the pieces it is sent in."""
    one, other = parts(left), parts(right)
    nothing = Part(None, "none")
    for name in dict.fromkeys([*one, *other]):
        mine, theirs = one.get(name, nothing), other.get(name, nothing)
        if mine.value != theirs.value:
            same = mine.shown == theirs.shown
            yield f"{name} differs: {mine.shown}" if same else f"{name} {mine.shown} | {theirs.shown}"


def parts(sent: Sequence[Message]) -> dict[str, Part]:
    """What an answer consists of: status, headers, body; of another protocol the messages."""
    found: dict[str, Part] = {}
    bodies = []
    for number, message in enumerate(sent, 1):
        if message["type"].endswith("response.start"):
            found["status"] = Part(message.get("status"), str(message.get("status")))
        elif message["type"].endswith("response.body"):
            bodies.append(message.get("body", b""))
        else:
            said = without_headers(message)
            found[f"message {number}"] = Part(said, " ".join(map(str, Elision().mapping(said).values())))
        for name, values in headers_of(message).items():
            shown_values = [Elision().header((name, value))[1] for value in values]
            found[f"header {name}"] = Part(values, ", ".join(shown_values))
    if bodies:
        body = b"".join(bodies)
        found["body"] = Part(body, size(body))
    return found


def without_headers(message: Message) -> dict[str, object]:
    """A message but for its headers."""
    return {key: value for key, value in message.items() if key != "headers"}


def text(pair: Pair, width: int = WIDTH) -> str:
    """Both in at most 40 lines of at most `width` columns."""
    titles = Section(row(f"x-ray: {pair.left.asked}", pair.left.target, pair.right.target, width))
    if pair.differs:
        same = Section("the answers differ", tuple((f"  {line}",) for line in pair.differs))
    else:
        same = Section(f"the same answer: {pair.left.ending}")
    sections = [titles, same, Section("", tuple((line,) for line in figures(pair, width)))]
    sections.append(Section("layers, outermost first", tuple((line,) for line in layers(pair, width)), last=2))
    for xray in (pair.left, pair.right):
        if xray.findings:
            found = tuple((f"  ! {finding.where}: {finding.says}",) for finding in xray.findings)
            sections.append(Section(f"findings in {xray.target}", found))
    return "\n".join(cut(line, width) for line in fitted(sections)).replace("\n\n\n", "\n\n")


def row(name: str, left: object, right: object, width: int) -> str:
    """Three columns."""
    half = (width - NAME - 2) // 2
    return f"{cut(name, NAME):{NAME}} {cut(str(left), half - 1):{half}} {cut(str(right), half)}"


def numbers(xray: Xray) -> dict[str, object]:
    """What can be counted, and the dependencies in one line."""
    edge, inside = crossings(xray)
    on_threads = sum(each.on_thread for each in xray.dependencies)
    return {
        "answer": xray.ending,
        "layers": len(xray.stages),
        "frames at the start": frame_count(xray),
        "tasks": task_count(xray),
        "thread hops": xray.hops,
        "messages at the edge": edge,
        "messages inside": inside,
        "dependencies": f"{len(xray.dependencies)}, {on_threads} on threads" if xray.dependencies else 0,
        "findings": len(xray.findings),
    }


def figures(pair: Pair, width: int) -> Iterator[str]:
    """The rows of the table."""
    left, right = numbers(pair.left), numbers(pair.right)
    for name in left:
        yield row(f"  {name}", left[name], right[name], width)
    yield row("  time of a request", *times(pair), width)


def times(pair: Pair) -> tuple[str, str]:
    """`4.80 ± 0.25 times it` beside `1   (200 pairs of runs)`: the quicker one is the measure."""
    if pair.ratio is None:
        return "not measured", "--runs N measures"
    runs = f"({pair.ratio.runs} pairs of runs)"
    if pair.ratio.spread > pair.ratio.median:
        return "too noisy to tell", runs
    if pair.ratio.median >= 1:
        return f"{pair.ratio.median:.2f} ± {pair.ratio.spread:.2f} times it", f"1   {runs}"
    inverse = 1 / pair.ratio.median
    return (
        f"1   {runs}",
        f"{inverse:.2f} ± {pair.ratio.spread * inverse**2:.2f} times it",
    )  # as spreads of inverses go


def layers(pair: Pair, width: int) -> Iterator[str]:
    """Both onions, outermost first, each layer with its own time."""
    for one, other in zip_longest(pair.left.stages, pair.right.stages):
        yield row("", told(one), told(other), width)


def told(stage: Stage | None) -> str:
    """A layer in half a row."""
    if stage is None:
        return ""
    is_known = stage.cost is not None and not is_noise(stage.cost)
    return f"{cut(stage.name, 24):24} {figure(stage.cost):>15}" if is_known and stage.cost else stage.name


def page(pair: Pair) -> str:
    """A whole HTML file: the table, then both x-rays."""
    return whole(f"x-ray of {pair.left.target} and {pair.right.target}, {pair.left.asked}", articles(pair))


def articles(pair: Pair) -> Iterator[str]:
    """The table of numbers, and each x-ray below it."""
    left, right = numbers(pair.left), numbers(pair.right)
    one, other = times(pair)
    rows = [*((name, left[name], right[name]) for name in left), ("time of a request", one, other)]
    says = "The answers differ." if pair.differs else "The same answer."
    yield f'<article class="xray pair"><h1>{escaped(pair.left.asked)}</h1><p class="lead"><b>{says}</b></p>'
    yield from (f"<p><code>{escaped(line)}</code></p>" for line in pair.differs)
    yield f"<table><tr><th></th><th>{escaped(pair.left.target)}</th><th>{escaped(pair.right.target)}</th></tr>"
    for cells in rows:
        yield f"<tr>{''.join(f'<td>{escaped(cell)}</td>' for cell in cells)}</tr>"
    yield "</table></article>"
    yield article(pair.left)
    yield article(pair.right)
