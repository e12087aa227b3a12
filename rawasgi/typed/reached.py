"""An app and a path in -> all routes that end at a handler, and whether each takes that path, out.

bytes > server > app > middleware > [routing] > handler > response > bytes

A route may lie in an app that is mounted in another one, with layers around either. Its path is told as a client writes
it, from the outermost app on, and is looked for as the routers will: each of them sees what the one above has left.

    App, Mount("/shop", AccessLogMiddleware(App)), "/items/{id}"  ->  /shop/items/{id}, which takes /shop/items/7

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html#http-connection-scope  (root_path)
In FastAPI:   fastapi.routing:iter_route_contexts, without what is mounted
In Starlette: none, because a router asks its own routes alone
In Flask:     none, because mounting is werkzeug's: werkzeug.middleware.dispatcher:DispatcherMiddleware
Left out:     which of several routes is asked first: `rawasgi routes` shows it
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

DEEPEST = 50  # layers around an app: more are a circle


class Reached(NamedTuple):
    """A route: its path as it is written, whether it takes the one that is asked for, and the app whose overrides hold."""

    path: str
    fits: bool
    route: Any
    app: Any


def reached(
    app: Any,
    asked: str | None,
    flat: Callable[[Iterable[Any]], Iterable[Any]] = iter,
    above: str = "",
    around: tuple[Any, ...] = (),
) -> Iterator[Reached]:
    """The routes of an app that has `routes`, and of the apps below it; an app in itself is looked into once.

    `asked` is a path below the app, None where it lies elsewhere. `flat` says which routes a list of routes stands for.
    `above` is what stands before its paths, and `around` are the apps that it lies in, the nearest first.
    """
    apps = (app, *around)
    owner = next((each for each in apps if hasattr(each, "dependency_overrides")), app)
    for route in flat(app.routes):
        found = taken(route, asked)
        path = above + getattr(route, "path", "")  # one for hosts has none
        if getattr(route, "endpoint", None) is not None:
            yield Reached(path, found is not None, route, owner)
            continue
        below = with_routes(getattr(route, "app", None))
        if below is not None and all(below is not each for each in apps):
            rest = asked if not hasattr(route, "path") else f"/{found['path']}" if found else None
            yield from reached(below, rest, flat, path, apps)


def with_routes(app: Any) -> Any:
    """The first app, from outside, that has routes; None where none has."""
    for _ in range(DEEPEST):
        if app is None or hasattr(app, "routes"):
            return app
        app = getattr(app, "app", None)
    return None


def taken(route: Any, path: str | None) -> Any:
    """What the route makes of the path; None where it does not take it."""
    if path is None or not hasattr(route, "path"):
        return None
    if (template := getattr(route, "template", None)) is not None:
        return template.match(path)
    found = route.path_regex.match(path)
    return found and found.groupdict()


def chosen(known: Iterable[Reached], path: str, method: str | None) -> list[Reached]:
    """Those with this path as it is written, or that take it; of these those that answer a method."""
    known = [*known]
    fitting = [each for each in known if each.path == path] or [each for each in known if each.fits]
    return [r for r in fitting if method is None or method.upper() in (getattr(r.route, "methods", None) or ())]
