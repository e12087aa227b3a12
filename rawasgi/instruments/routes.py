"""An app in -> the table of its routes, with those that nobody will ever reach, out.

bytes > server > app > middleware > [routing] > handler > response > bytes

Any app that has `routes` can be read: of rawasgi, Starlette, or FastAPI with its included routers; layers around it are
looked through. A route is shadowed where an earlier one takes every path it could have: `/items/{id}` before
`/items/new`. That is found by a path made for the later route, of values that only the widest parameter takes, and asked
of the patterns before it.

    GET HEAD  /items/{id}  item  shop:item  shop.py:12
    GET HEAD  /items/new   new   shop:new   shop.py:17  never: GET HEAD /items/{id} comes first

Spec:         none, because an app is one callable, and its routes are its own affair
In FastAPI:   fastapi.routing:iter_route_contexts
In Starlette: none, because one reads starlette.applications:Starlette.routes
In Flask:     flask.cli:routes_command
Left out:     hosts and routes with their own idea of matching, which are never said to shadow
"""

import argparse
import inspect
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from rawasgi.instruments.command import TARGET, WrongCommand, carried_out, load, show
from rawasgi.paths import PARAMETER
from rawasgi.typed.reached import with_routes

# A value that is as unlikely as possible to fit another parameter than one of the same kind, or a wider one.
SAMPLES = {"str": "~", "path": "~/~", "int": "7", "float": "7.5", "uuid": "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"}
DEEPEST = 50  # routers in routers: more are a circle


class Row(NamedTuple):
    """One route: what it answers, who answers, where that is written, and who takes its requests."""

    methods: tuple[str, ...]
    path: str
    name: str
    handler: str
    place: str
    shadow: str = ""


class Pattern(NamedTuple):
    """What an earlier route takes: `methods` as they are shown, of the paths that fit."""

    methods: tuple[str, ...]
    regex: "re.Pattern[str]"
    shown: str

    def takes(self, method: str, path: str) -> bool:
        """Whether a request never comes past this route."""
        fits = method in self.methods or self.methods == ("mount",) or (self.methods == ("any",) and method != "WS")
        return fits and self.regex.fullmatch(path) is not None


def table(app: Any) -> list[Row]:
    """The rows of an app, in the order in which its routes are asked. `WrongCommand` for an app that shows none."""
    return list(rows(below_layers(app).routes, ""))


def below_layers(app: Any) -> Any:
    """The first app, from outside, that has routes."""
    if (found := with_routes(app)) is not None:
        return found
    about = f"{type(app).__module__}:{type(app).__qualname__}"
    if about.startswith("django."):
        raise WrongCommand(
            "a Django app keeps its routes in the module that settings.ROOT_URLCONF names: read it there"
        )
    if inspect.isfunction(app):
        about = f"{app.__module__}:{app.__qualname__}"
    raise WrongCommand(f"{about} is an ASGI app without `routes`: nothing tells from outside which paths it answers")


def rows(routes: Iterable[Any], prefix: str, shadow: str = "", depth: int = 0) -> Iterator[Row]:
    """The rows of these routes, and of the routes below their mounts; what is below a shadow is in it."""
    earlier: list[Pattern] = []
    for route in flat(routes):
        path = getattr(route, "path", None)
        below = getattr(route, "base_app", None) or getattr(route, "_base_app", None) or getattr(route, "app", None)
        endpoint = getattr(route, "endpoint", None)
        is_mount = endpoint is None and below is not None
        place = f"{prefix}{path}" if path is not None else str(getattr(route, "host", type(route).__name__))
        methods = methods_of(route, is_mount)
        pattern = pattern_of(route, methods, f"{' '.join(methods)} {place}")
        dark = shadow or shadow_of(route, pattern, earlier)
        target = endpoint if endpoint is not None else below if is_mount else route
        name = str(getattr(route, "name", None) or "")
        yield Row(methods, f"{place}/" if is_mount and path else place, name, handler(target), location(target), dark)
        if is_mount and depth < DEEPEST:
            inner = getattr(route, "routes", None) or getattr(below, "routes", None) or ()
            yield from rows(inner, place if path is not None else f"{place} ", dark, depth + 1)
        if pattern is not None:
            earlier.append(pattern)


def flat(routes: Iterable[Any]) -> Iterator[Any]:
    """The routes, those of the routers that FastAPI has included among them."""
    for route in routes:
        contexts = getattr(route, "effective_route_contexts", None)
        if contexts is None:
            yield route
        else:
            yield from (getattr(context, "starlette_route", None) or context for context in contexts())


def methods_of(route: Any, is_mount: bool) -> tuple[str, ...]:
    """The methods, sorted but for GET, which comes first; a word where there are none."""
    methods = getattr(route, "methods", None)
    if methods:
        return tuple(sorted(methods, key=lambda method: (method != "GET", method)))
    if "websocket" in type(route).__name__.lower():
        return ("WS",)
    return ("mount",) if is_mount else ("any",)


def pattern_of(route: Any, methods: tuple[str, ...], shown: str) -> Pattern | None:
    """What the route takes, where a regular expression over the path says so."""
    regex = getattr(route, "path_regex", None) or getattr(getattr(route, "template", None), "regex", None)
    if not isinstance(regex, re.Pattern) or not isinstance(getattr(route, "path", None), str):
        return None
    return Pattern(methods, regex, shown)


def shadow_of(route: Any, own: Pattern | None, earlier: list[Pattern]) -> str:
    """Who takes the requests of this route, for each of its methods; nothing where somebody reaches it."""
    wanted = own and sample(route.path + "/{_:path}" * (own.methods == ("mount",)), route)
    if not (own and wanted and own.regex.fullmatch(wanted)):
        return ""  # a route with an idea of its own: nothing can be said
    takers = {
        method: next((pattern.shown for pattern in earlier if pattern.takes(method, wanted)), "")
        for method in own.methods
    }
    lost = [method for method, by in takers.items() if by]
    if not lost:
        return ""
    whose = "" if len(lost) == len(takers) else f" {' '.join(lost)}"
    return f"never{whose}: {takers[lost[0]]} comes first"


def sample(template: str, route: Any) -> str | None:
    """A path that this template takes; None where a parameter is of a kind that nobody knows."""
    convertors = getattr(route, "param_convertors", None) or getattr(getattr(route, "template", None), "convertors", {})

    def value(parameter: "re.Match[str]") -> str:
        kind = parameter[2] or "str"
        if kind in SAMPLES:
            return SAMPLES[kind]
        regex = getattr(convertors.get(parameter[1]), "regex", "")
        return next((text for text in (*SAMPLES.values(), "a", "A", "2026-01-02") if re.fullmatch(regex, text)), "\0")

    made = PARAMETER.sub(value, template)
    return None if "\0" in made else made


def handler(target: Any) -> str:
    """`module:qualname` of a function or class, or of an object's class."""
    while isinstance(target, partial):
        target = target.func
    named = target if hasattr(target, "__qualname__") else type(target)
    return f"{named.__module__}:{named.__qualname__}"


def location(target: Any) -> str:
    """`file.py:12`, from the working directory where the file lies below it; empty for what was not written in Python."""
    while isinstance(target, partial):
        target = target.func
    target = inspect.unwrap(target) if callable(target) else target
    if not (inspect.isroutine(target) or inspect.isclass(target)):
        target = type(target)
    try:
        file, (_, line) = Path(inspect.getsourcefile(target) or ""), inspect.getsourcelines(target)
    except (OSError, TypeError):
        return ""
    return f"{file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file.name}:{line}"


def lines(found: Sequence[Row]) -> list[str]:
    """The table as text, in columns."""
    cells = [(" ".join(row.methods), row.path, row.name, row.handler, row.place, row.shadow) for row in found]
    widths = [max(len(cell) for cell in column) for column in zip(*cells, strict=True)] if cells else []
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in cells]


def routes_command(words: Sequence[str]) -> int:
    """Print the routes of an app, and which of them are never reached: module:app."""
    parser = argparse.ArgumentParser(prog="rawasgi routes", description="Print the routes of an ASGI app.")
    parser.add_argument("app", help=TARGET)
    parser.add_argument("--factory", action="store_true", help="module:app is a function that makes the app")
    options = parser.parse_args(words)
    return carried_out("routes", lambda: list_routes(options))


def list_routes(options: argparse.Namespace) -> int:
    """Print the table of the app that the options name."""
    with redirect_stdout(sys.stderr):  # what the app prints is not what we print
        found = table(load(options.app, factory=options.factory))
    show(("\n".join(lines(found)) or f"{options.app} has no routes") + "\n")
    return 0
