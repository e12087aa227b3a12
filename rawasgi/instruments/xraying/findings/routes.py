"""A look in -> the routes that nothing reaches, and the mounted apps that nobody starts, out.

bytes > server > app > middleware > [routing] > handler > response > bytes

Spec:         https://asgi.readthedocs.io/en/latest/specs/lifespan.html
In FastAPI:   fastapi.routing:APIRouter
In Starlette: starlette.routing:Router.app, which takes the first route that matches
In Flask:     werkzeug.routing:Map, in which the most exact rule wins
Left out:     Django's URL patterns; convertors that somebody has made
"""

import inspect
import re
from collections.abc import Iterator
from itertools import product
from typing import Any

from rawasgi.instruments.conversation import handshake, request
from rawasgi.instruments.layers import Layer, walk
from rawasgi.instruments.xraying.findings import words
from rawasgi.instruments.xraying.findings.words import at
from rawasgi.instruments.xraying.sight import Finding, Look
from rawasgi.instruments.xraying.users import code_of, head, is_users

PARAMETER = re.compile(r"{\w+(?::(\w+))?}")
# What a parameter may be: a route is shadowed when all of these go to an earlier one.
SAMPLES = {
    "": ("zq", "Zq-7~", "41"),
    "str": ("zq", "Zq-7~", "41"),
    "path": ("zq", "zq/41/x"),
    "int": ("41", "7"),
    "float": ("41.5", "7"),
    "uuid": ("8d0e5a0c-9f3b-4a53-8d0e-5a0c9f3b4a53",),
}


def shadowed_route(look: Look) -> Iterator[Finding]:
    """A route that an earlier one always takes the requests of."""
    for layer in {id(layer.app): layer for layer in walk(look.root)}.values():
        if layer.kind not in ("router", "mount", "app"):
            continue
        has_routes = inspect.getattr_static(layer.app, "routes", None) is not None  # of its own, not handed through
        routes = [*flat(getattr(layer.app, "routes", ()) if has_routes else ())]
        for index, route in enumerate(routes):
            code = code_of(getattr(route, "endpoint", None))
            by = taken_by(route, routes[:index]) if code is not None and is_users(code) else None
            if code is not None and by is not None:
                yield Finding(
                    "shadowed_route",
                    at(look, head(code)),
                    f"{shown(route)} is never reached: {shown(by)}, registered before it, matches all its paths.",
                    "Routes are asked in the order of their registration, and the first that fits answers.",
                    "Register the exact path before the one with a parameter.",
                    words.ROUTES,
                )


def flat(routes: Any) -> Iterator[Any]:
    """The routes of a router in order; those of a router that FastAPI has included each for itself."""
    for route in [*routes] if isinstance(routes, list | tuple) else ():
        contexts = getattr(route, "effective_route_contexts", None)
        yield from contexts() if callable(contexts) else (route,)


def taken_by(route: Any, earlier: list[Any]) -> Any:
    """The earlier route that answers everything that is for this one; None where there is none."""
    path, methods = str(getattr(route, "path", "")), getattr(route, "methods", None)
    samples = [SAMPLES.get(kind) for kind in PARAMETER.findall(path)]
    if not path.startswith("/") or None in samples or "Host" in type(route).__name__:
        return None
    by = None
    for values in product(*(sample for sample in samples if sample)):
        parts = iter(values)
        target = PARAMETER.sub(lambda _, parts=parts: next(parts), path)  # type: ignore[misc]
        for method in {*(methods or ("WS",))} - ({"HEAD"} if "GET" in (methods or ()) else set()):
            exchange = handshake(target) if method == "WS" else request(method, target)
            by = next((each for each in earlier if is_full(each, exchange.scope)), None)
            if by is None:
                return None
    return by


def is_full(route: Any, scope: Any) -> bool:
    """Whether a route takes a request."""
    try:
        match, _ = route.matches({**scope, "path_params": {}})
    except Exception:
        return False
    return getattr(match, "name", "") == "FULL"


def shown(route: Any) -> str:
    """`GET /users/me`."""
    methods = sorted({*(getattr(route, "methods", None) or ())} - {"HEAD"})
    return f"{','.join(methods) or type(route).__name__} {getattr(route, 'path', '')}"


def mounted_lifespan(look: Look) -> Iterator[Finding]:
    """A mounted app has a lifespan of its own, and nobody runs it."""
    ran = {run.code for run in look.account.ran}
    for layer in walk(look.root):
        if layer.kind != "mount":
            continue
        for code in startups(layer):
            if code not in ran and is_users(code):
                yield Finding(
                    "mounted_lifespan",
                    at(look, head(code)),
                    f"{code.co_qualname}, the lifespan of {layer.name}, did not run.",
                    "A server starts the outermost app alone, and a mount passes on requests, not the lifespan:"
                    " what the app below opens at its start is never opened.",
                    "Enter it in the lifespan of the app around it.",
                    words.LIFESPAN,
                )


def startups(mount: Layer) -> Iterator[Any]:
    """The code that is to run when a mounted app starts."""
    layer = mount
    while not hasattr(layer.app, "router") and len(layer.inner) == 1:
        layer = layer.inner[0]
    router = getattr(layer.app, "router", None)
    for owner, name in ((router, "lifespan_context"), (layer.app, "lifespan")):
        lifespan = getattr(owner, name, None)
        if lifespan is not None and not inspect.ismethod(lifespan):
            yield from filter(None, [code_of(inspect.unwrap(lifespan))])
    for handler in getattr(router, "on_startup", None) or ():
        yield from filter(None, [code_of(handler)])
