"""Dependencies in -> who asks for whom, in which order, and how long each lives, out.

bytes > server > app > middleware > routing > [handler] > response > bytes

To the left the order in which they are solved: a dependency stands above who asks for it, and points to it. To the right
the life of each: a point for one that only returns a value, a bar from its `yield` to its teardown for one that stays.

Spec:         none, because dependencies are no part of the protocol
In FastAPI:   fastapi.dependencies.utils:solve_dependencies
In Starlette: none, because it has no dependencies
In Flask:     none, because it has no dependencies
Left out:     the values they return
"""

from collections.abc import Iterator, Sequence

from rawasgi.instruments.xraying.shapes import box, dot, drawing, label, stroke
from rawasgi.instruments.xraying.sight import Dependency
from rawasgi.instruments.xraying.text import fate

WIDTH, ROW, TOP = 1180.0, 26.0, 34.0
INDENT, NAMES, LIVES = 26.0, 330.0, 620.0
POINTS = ("solved", "endpoint", "response starts", "response sent", "background done")
TEARDOWN = {  # of a dependency, between which points
    "before http.response.start": 1.5,
    "after the response": 3.4,
    "after the background tasks": 4.3,
}
APART = 112.0  # pixels between two points


def solved(dependencies: Sequence[Dependency]) -> str:
    """The picture: a row for each, and one for the endpoint that asks for them."""
    least = min(dependency.depth for dependency in dependencies)
    dependencies = [each._replace(depth=each.depth - least) for each in dependencies]
    endpoint = next(each.parent for each in dependencies if each.depth == 0)
    bottom = TOP + ROW * (len(dependencies) + 1)
    shapes = [*calendar(bottom), *asks(dependencies)]
    for index, dependency in enumerate(dependencies):
        shapes += row(index, dependency, (index + 1) / (len(dependencies) + 1))
    y = TOP + ROW * len(dependencies) + ROW / 2
    shapes += [dot(14, y, "node endpoint", radius=6), label(28, y + 4, endpoint, "name")]
    shapes.append(box(LIVES + APART, y - 5, APART, 10, "life", round_by=5))
    return drawing(WIDTH, bottom + 8, "dependencies in the order in which they are solved", shapes)


def calendar(bottom: float) -> Iterator[str]:
    """The points of a request between which things are torn down."""
    for index, point in enumerate(POINTS):
        x = LIVES + APART * index
        yield stroke([(x, TOP - 6), (x, bottom)], "guide")
        yield label(x, TOP - 14, point, "faint")


def place(index: int, depth: int) -> tuple[float, float]:
    """Where the node of a dependency lies."""
    return 14 + INDENT * (depth + 1), TOP + ROW * index + ROW / 2


def asks(dependencies: Sequence[Dependency]) -> Iterator[str]:
    """An arrow from each dependency to who gets its value: the next one below that is less deep, or the endpoint."""
    for index, dependency in enumerate(dependencies):
        below = range(index + 1, len(dependencies))
        target = next((other for other in below if dependencies[other].depth < dependency.depth), len(dependencies))
        x, y = place(index, dependency.depth)
        to_x, to_y = place(target, dependency.depth - 1)
        yield stroke([(x - 6, y), (to_x, y), (to_x, to_y - 7)], "asks arrow")


def row(index: int, dependency: Dependency, share: float) -> Iterator[str]:
    """One dependency: its node, its name, how it runs, what becomes of it, its life."""
    x, y = place(index, dependency.depth)
    kind = "cached" if dependency.is_cached else "thread" if dependency.on_thread else "loop"
    yield dot(x, y, f"node {kind}", f"{dependency.name}: {', '.join(fate(dependency)) or 'on the loop'}", radius=6)
    yield label(x, y + 3.5, str(index + 1), f"number {kind}")
    yield label(x + 14, y + 4, dependency.name, "name", width=NAMES - x - 20)
    how = f"{dependency.how}, {'cached' if dependency.is_cached else 'thread' if dependency.on_thread else 'loop'}"
    yield label(NAMES, y + 4, how, "faint", width=LIVES - NAMES - 10)
    since = LIVES + APART * share * 0.9
    if dependency.is_cached:
        yield label(LIVES + 6, y + 4, "not called again", "faint")
    elif dependency.torn_down in TEARDOWN:
        until = LIVES + APART * TEARDOWN[dependency.torn_down]
        yield box(since, y - 5, until - since, 10, f"life {kind}", round_by=5)
        yield stroke([(until, y - 9), (until, y + 9)], "teardown")
    else:
        yield dot(since, y, f"node {kind}", radius=4)
