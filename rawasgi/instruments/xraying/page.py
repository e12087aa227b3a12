"""An x-ray in -> one page that holds everything, out.

bytes > server > [app > middleware > routing > handler > response] > bytes

The page needs nothing but itself: no script, no font, no picture from elsewhere. It opens from a disk, by day and by
night, and it is well-formed XML, so that a strict parser can hold us to it.

Spec:         none, because it is a matter of HTML: https://www.w3.org/TR/SVG2/
In FastAPI:   none, because it shows its routes, not its runs
In Starlette: none, because it leaves this to debuggers
In Flask:     none, because a toolbar that shows a request is an extension there
Left out:     scripts: nothing can be folded or searched but by the browser
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from rawasgi.instruments.frames import Lane, Line
from rawasgi.instruments.xraying.passage import opened
from rawasgi.instruments.xraying.shapes import escaped
from rawasgi.instruments.xraying.sight import Finding, Xray
from rawasgi.instruments.xraying.style import STYLE
from rawasgi.instruments.xraying.text import by_package, crossings, frame_count, package_of, task_count
from rawasgi.instruments.xraying.tree import solved

HUES = 6  # colours for the packages that frames belong to; more share them


def page(xray: Xray) -> str:
    """A whole HTML file."""
    return whole(f"x-ray of {xray.target}, {xray.asked}", [article(xray)])


def whole(title: str, articles: Iterable[str]) -> str:
    """A file around what it says."""
    return "\n".join(
        (
            "<!DOCTYPE html>",
            '<html lang="en">',
            '<head><meta charset="utf-8"/><meta name="viewport" content="width=device-width"/>',
            f"<title>{escaped(title)}</title>",
            f"<style>{STYLE}</style></head>",
            "<body>",
            *articles,
            "</body>",
            "</html>\n",
        )
    )


def notebook(xray: Xray) -> str:
    """The same for a notebook, which brings its own page."""
    return styled([article(xray)])


def styled(articles: Iterable[str]) -> str:
    """Articles with the style that they need."""
    return "\n".join((f"<style>{STYLE}</style>", *articles))


def article(xray: Xray) -> str:
    """What the page says."""
    return "\n".join(
        (
            '<article class="xray">',
            f"<h1>{escaped(xray.asked)}</h1>",
            f'<p class="lead">x-ray of <b>{escaped(xray.target)}</b>, answer: <b>{escaped(xray.ending)}</b></p>',
            *figures(xray),
            "<h2>Through the layers and back</h2>",
            f'<p class="how">{through(xray)}</p>',
            opened(xray),
            *frames("Where it hangs", xray.hanging),
            *frames("Frames when the response started", xray.at_start),
            *dependencies(xray),
            *findings(xray.findings),
            "</article>",
        )
    )


def figures(xray: Xray) -> Iterator[str]:
    """The numbers that are asked for most."""
    edge, inside = crossings(xray)
    numbers = {
        "layers": len(xray.stages),
        "frames at the start of the response": frame_count(xray),
        "tasks": task_count(xray),
        "thread hops": xray.hops,
        "messages at the edge": edge,
        "messages inside": inside,
        "findings": len(xray.findings),
    }
    yield '<ul class="figures">'
    yield from (f"<li><b>{number}</b>{name}</li>" for name, number in numbers.items())
    yield "</ul>"


def through(xray: Xray) -> str:
    """How to read the picture."""
    costs = (
        f"Costs are medians of {xray.runs} runs on one warm loop; the whisker is half the interquartile range either way."
        if xray.runs
        else f"Costs were not measured: {escaped(xray.unmeasured)}."
    )
    legend = (
        "A dot is a boundary, a diamond a layer that changed the message. A dashed box runs in a task or thread other "
    )
    return f"{legend}than the layer around it. {costs}"


def frames(title: str, lanes: Sequence[Lane]) -> Iterator[str]:
    """Who was waiting for whom: a column a task or thread, outermost first."""
    if not lanes:
        return
    packages = dict.fromkeys(package_of(line) for lane in lanes for line in lane.lines)
    hues = {package: index % HUES for index, package in enumerate(packages)}
    yield f"<h2>{title}</h2>"
    yield '<p class="how">Each line waits for the one below it; the last one of a task sends, or waits for something else.</p>'
    yield '<div class="lanes">'
    for lane in lanes:
        yield f"<section><h3>{escaped(lane.name)}</h3><p>{len(lane.lines)} frames: {escaped(by_package(lane.lines))}</p><ol>"
        yield from (frame(line, hues[package_of(line)]) for line in lane.lines)
        yield "</ol></section>"
    yield "</div>"


def frame(line: Line, hue: int) -> str:
    """One frame: where it stands, and, on pointing at it, what stands there."""
    name = line.function.replace(".<locals>", "")
    where = f"{line.file}:{line.line}"
    return (
        f'<li class="hue{hue}" title="{escaped(line.source)}"><b>{escaped(name)}</b> <span>{escaped(where)}</span></li>'
    )


def dependencies(xray: Xray) -> Iterator[str]:
    """The graph of dependencies, where there are any."""
    if xray.dependencies:
        yield "<h2>Dependencies, in the order in which they are solved</h2>"
        yield '<p class="how">Filled: called on the loop. Ring: called on a thread. Dotted: cached, not called again. '
        yield "A bar is a dependency with a yield, until the point where it is torn down.</p>"
        yield solved(xray.dependencies)


def findings(found: Iterable[Finding]) -> Iterator[str]:
    """What will hurt."""
    found = [*found]
    yield "<h2>Findings</h2>"
    if not found:
        yield '<p class="how">None.</p>'
        return
    yield '<ul class="findings">'
    for finding in found:
        see = f"<p>Read on: <code>{escaped(finding.see)}</code></p>" if finding.see else ""
        yield f"<li><h3>{prose(finding.says)}</h3><p><code>{escaped(finding.where)}</code></p>"
        yield f"<p>{prose(finding.because)}</p><p><b>{prose(finding.remedy)}</b></p>{see}</li>"
    yield "</ul>"


def prose(words: str) -> str:
    """A sentence, with what stands between backticks as code."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escaped(words))
