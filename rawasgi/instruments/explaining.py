"""An app and a path in -> what a request of it will do, in order, out.

bytes > server > app > middleware > routing > [handler] > response > bytes

A route of rawasgi's knows it: it has a plan, and `app.explain(path)` prints it. A route of FastAPI's has a tree,
`route.dependant`, that is walked for each request. Walked here without a request, it gives the same table: what is read
from where, what runs on the loop and what on a thread, in which order, what is torn down when. Apps that are mounted in
one another may be of either kind.

Spec:         none, because it is for people
In FastAPI:   fastapi.dependencies.models:Dependant
In Starlette: none, because a handler has one parameter
In Flask:     none, because a view calls what it needs
Left out:     overrides of a FastAPI app, which are looked up in each request
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from importlib import import_module
from typing import Any, NamedTuple

from rawasgi.concurrency import name_of
from rawasgi.instruments.command import TARGET, WrongCommand, carried_out, load, show
from rawasgi.instruments.routes import below_layers, flat
from rawasgi.typed.reached import Reached, chosen, reached
from rawasgi.typed.signature import manner_of
from rawasgi.typed.table import GIVEN, MANNERS, Row, made_by, read_from, table, type_text

PLACES = ("path", "query", "header", "cookie", "body")
BY_TYPE = {
    "request_param_name": "request",
    "websocket_param_name": "websocket",
    "http_connection_param_name": "connection",
    "response_param_name": "response",
    "background_tasks_param_name": "background",
    "security_scopes_param_name": "scopes",
}


class Solved(NamedTuple):
    """One call of FastAPI's: a dependency that has its value from the cache is not among them."""

    dependant: Any
    arguments: dict[str, str]  # those that other calls make: by which
    manner: str  # coroutine, function, generator, async generator
    ends: str  # function, request, or nothing

    @property
    def where(self) -> str:
        """FastAPI gives each `def` a hop of its own."""
        return "loop" if self.manner in ("coroutine", "async generator") else "thread"


def explained(app: Any, path: str, method: str | None = None) -> str:
    """The table. `WrongCommand` where no route of the app has that path, or none with a plan to show."""
    known = [
        each
        for each in reached(below_layers(app), path, flat)
        if hasattr(each.route, "plan_for") or hasattr(each.route, "dependant")
    ]
    found = chosen(known, path, method)
    if not found:
        paths = ", ".join(each.path for each in known) or "none"
        wanted = f"{path!r}{f' and {method}' if method else ''}"
        raise WrongCommand(f"no route with dependencies has the path {wanted}; there are: {paths}")
    return "\n\n".join("\n".join(lines(each)) for each in found)


def lines(found: Reached) -> Iterator[str]:
    """One route, line by line."""
    if hasattr(found.route, "plan_for"):
        ours = import_module("rawasgi.typed.explain")  # by name, and here: it needs pydantic, as such a route has
        told: Iterator[str] = ours.lines(found.route.plan_for({"app": found.app}), found.path)
        return told
    return lines_of_tree(found.route, found.path)


def lines_of_tree(route: Any, path: str) -> Iterator[str]:
    """One route of FastAPI's, line by line, with the path as a client writes it."""
    calls = list(solving(route.dependant, {}, is_endpoint=True))
    rows = [
        Row(number, call.where, name_of(call.dependant.call), [MANNERS[call.manner]], arguments(call), call.ends)
        for number, call in enumerate(calls, 1)
    ]
    answer = None
    if hasattr(route, "response_field"):
        hop = ", checked in another hop" if route.response_field and calls[-1].where == "thread" else ""
        answer = f"{type_text(route.response_model) if route.response_model else 'what is returned'}{hop}"
    title = f"{', '.join(sorted(getattr(route, 'methods', None) or ())) or 'WEBSOCKET'} {path}"
    return table(title, body_text(route), rows, answer)


def solving(dependant: Any, known: dict[Any, str], is_endpoint: bool = False) -> Iterator[Solved]:
    """The calls, each after those whose values it takes; `known` are those whose value the request has already."""
    made = {}
    for below in dependant.dependencies:
        scopes = (*(below.parent_oauth_scopes or ()), *(below.own_oauth_scopes or ()))
        key = (below.call, scopes, below.scope)
        if not (below.use_cache and key in known):
            yield from solving(below, known)
            known.setdefault(key, name_of(below.call))
        if below.name is not None:
            made[below.name] = known[key]
    manner = manner_of(dependant.call)
    ends = "" if is_endpoint or not manner.endswith("generator") else dependant.scope or "request"
    yield Solved(dependant, made, manner, ends)


def arguments(call: Solved) -> Iterator[tuple[str, str]]:
    """Each argument, and where it comes from."""
    for name, maker in call.arguments.items():
        yield name, made_by(maker)
    for place in PLACES:
        for field in getattr(call.dependant, f"{place}_params"):
            info = field.field_info
            kind = type(info).__name__.lower() if place == "body" else place
            default = None if info.is_required() else repr(info.default)
            yield field.name, read_from(kind, field.name, field.alias, info.annotation, default)
    for attribute, given in BY_TYPE.items():
        if (name := getattr(call.dependant, attribute)) is not None:
            yield name, GIVEN[given]


def body_text(route: Any) -> str:
    """How the body is read."""
    field = getattr(route, "body_field", None)
    if field is None:
        return "none is read"
    kind = field.field_info
    if type(kind).__name__ in ("Form", "File"):
        return f"read as a form, {kind.media_type}"
    return "read as JSON"


def explain_command(words: Sequence[str]) -> int:
    """Print what a request of a path does, step by step: module:app /path."""
    parser = argparse.ArgumentParser(prog="rawasgi explain", description="Print what a request of a path will do.")
    parser.add_argument("app", help=TARGET)
    parser.add_argument("path", help="as the route has it, /items/{item_id}, or one that it takes")
    parser.add_argument("--method", help="of several routes with this path, the one for this method")
    parser.add_argument("--factory", action="store_true", help="module:app is a function that makes the app")
    options = parser.parse_args(words)
    return carried_out("explain", lambda: explain_path(options))


def explain_path(options: argparse.Namespace) -> int:
    """Print the table of the path that the options name."""
    with redirect_stdout(sys.stderr):  # what the app prints is not what we print
        text = explained(load(options.app, factory=options.factory), options.path, options.method)
    show(text + "\n")
    return 0
