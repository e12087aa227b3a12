"""An app and a path in -> what a request of it will do, in order, out.

bytes > server > app > middleware > routing > [handler] > response > bytes

An app of rawasgi knows it: its routes have plans, `app.explain(path)` prints them. A FastAPI app has a tree on each route,
`route.dependant`, that it walks for each request. Walked here without a request, it gives the same table: what is read
from where, what runs on the loop and what on a thread, in which order, what is torn down when.

Spec:         none, because it is for people
In FastAPI:   fastapi.dependencies.models:Dependant
In Starlette: none, because a handler has one parameter
In Flask:     none, because a view calls what it needs
Left out:     overrides of a FastAPI app, which are looked up in each request
"""

import argparse
import inspect
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from rawasgi.concurrency import is_async_callable, name_of
from rawasgi.instruments.command import TARGET, WrongCommand, load
from rawasgi.instruments.routes import below_layers, flat

PLACES = ("path", "query", "header", "cookie", "body")
GIVEN = {
    "request_param_name": "the request",
    "websocket_param_name": "the websocket",
    "http_connection_param_name": "the request or websocket",
    "response_param_name": "a response, for status and headers",
    "background_tasks_param_name": "tasks for after the response",
    "security_scopes_param_name": "the scopes asked of it",
}


class Solved(NamedTuple):
    """One call of FastAPI's: a dependency that has its value from the cache is not among them."""

    dependant: Any
    arguments: dict[str, str]  # those that other calls make: by which
    manner: str
    ends: str  # function, request, or nothing

    @property
    def where(self) -> str:
        """FastAPI gives each `def` a hop of its own."""
        return "loop" if self.manner.startswith("async") else "thread"


def explained(app: Any, path: str, method: str | None = None) -> str:
    """The table. `WrongCommand` where no route of the app has that path, or none with a plan to show."""
    found = below_layers(app)
    if callable(getattr(found, "explain", None)):
        try:
            return str(found.explain(path, method))
        except KeyError as error:
            raise WrongCommand(str(error.args[0])) from None
    routes = [route for route in flat(found.routes) if hasattr(route, "dependant")]
    fitting = [r for r in routes if r.path == path] or [r for r in routes if r.path_regex.match(path)]
    wanted = [r for r in fitting if method is None or method.upper() in (getattr(r, "methods", None) or ())]
    if not wanted:
        known = ", ".join(route.path for route in routes) or "none"
        raise WrongCommand(f"no route with dependencies has the path {path!r}; there are: {known}")
    return "\n\n".join("\n".join(lines(route)) for route in wanted)


def lines(route: Any) -> Iterator[str]:
    """One route of FastAPI's, line by line."""
    calls = list(solving(route.dependant, {}, is_endpoint=True))
    yield f"{', '.join(sorted(getattr(route, 'methods', None) or ())) or 'WEBSOCKET'} {route.path}"
    yield ""
    yield f"  body  {body_text(route)}"
    yield ""
    for number, call in enumerate(calls, 1):
        yield f"{number:6}  {call.where:6}  {name_of(call.dependant.call) + '()':30} {call.manner}"
        for name, text in arguments(call):
            yield f"{'':18}{name:12} {text}"
    yield ""
    if hasattr(route, "response_field"):
        hop = ", checked in another hop" if route.response_field and calls[-1].where == "thread" else ""
        yield f"answer  {type_text(route.response_model) if route.response_model else 'what is returned'}{hop}"
    for scope, when in (
        ("function", "before the response starts"),
        ("request", "when response and background tasks are out"),
    ):
        ending = [call for call in reversed(calls) if call.ends == scope]
        if ending:
            places = {"loop": "the loop", "thread": "a thread"}
            yield f"  ends  {when}: {', '.join(f'{name_of(c.dependant.call)}() on {places[c.where]}' for c in ending)}"


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
    ends = "" if is_endpoint or not manner.endswith("yields") else dependant.scope or "request"
    yield Solved(dependant, made, manner, ends)


def manner_of(call: Any) -> str:
    """`async def`, `def`, and whether it yields."""
    while isinstance(call, partial):
        call = call.func
    call = inspect.unwrap(call)
    function = call if inspect.isroutine(call) or inspect.isclass(call) else type(call).__call__
    if inspect.isasyncgenfunction(function):
        return "async def, yields"
    if inspect.isgeneratorfunction(function):
        return "def, yields"
    return "async def" if is_async_callable(call) else "def"


def arguments(call: Solved) -> Iterator[tuple[str, str]]:
    """Each argument, and where it comes from."""
    for name, made_by in call.arguments.items():
        yield name, f"what {made_by}() made"
    for place in PLACES:
        for field in getattr(call.dependant, f"{place}_params"):
            alias = "" if field.alias == field.name else f" {field.alias}"
            kind = type(field.field_info).__name__.lower() if place == "body" else place
            default = "" if field.field_info.is_required() else f", or {field.field_info.default!r}"
            yield field.name, f"{kind + alias:22} {type_text(field.field_info.annotation)}{default}"
    for attribute, text in GIVEN.items():
        if (name := getattr(call.dependant, attribute)) is not None:
            yield name, text


def type_text(annotation: Any) -> str:
    """`int`, `list[str]`, `Item | None`."""
    return annotation.__name__ if type(annotation) is type else str(annotation).replace("typing.", "")


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
    try:
        print(explained(load(options.app, factory=options.factory), options.path, options.method))
    except WrongCommand as wrong:
        print(f"rawasgi explain: {wrong}", file=sys.stderr)
        return 2
    return 0
