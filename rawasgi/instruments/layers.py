"""An app in -> its layers, and a way to stand between any two of them, out.

bytes > server > [app > middleware > routing > handler] > response > bytes

Nobody registers layers. A layer keeps the app that it calls somewhere: in an attribute (`self.app`), in a variable of
the function that made it (`def timing(app): async def asgi(scope, receive, send): …`), in a dict, or in the routes of a
router. Each such place is a boundary. `layers_of` looks at them and leaves the app as it is; `probed` puts a probe
into each, for as long as its block lasts.

What cannot be written (the arguments of a `functools.partial`) is a layer without a boundary: it is listed, and calls
pass it unseen. What cannot even be read is no layer, and no error.

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#middleware
In FastAPI:   fastapi.applications:FastAPI.build_middleware_stack, and fastapi.routing:APIRouter.include_router
In Starlette: starlette.applications:Starlette.build_middleware_stack
In Flask:     flask.app:Flask.wsgi_app, which one wraps
Left out:     apps that a layer finds only while it runs; FastAPI's `frontend`, which is seen as its router
"""

import functools
import inspect
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import FunctionType, MethodType
from typing import Any, NamedTuple

from rawasgi.messages.types import ASGIApp, Receive, Scope, Send
from rawasgi.responses import Response, TrackedSend

ASGI = ("scope", "receive", "send")
WSGI = ("environ", "start_response")
USUAL_PLACES = ("app", "application", "asgi", "asgi_app", "wsgi_app", "inner", "next", "router", "middleware_stack")


@dataclass(frozen=True, eq=False)
class Layer:
    """An app that is called at a boundary. `inner` is what it can call: one for a wrapper, many for a router."""

    name: str  # "CORSMiddleware", "stamp (function)", "Router", "GET /items/{id}", "Mount /static: StaticFiles"
    kind: str  # "app", "middleware", "router", "mount", "route", "foreign"
    app: ASGIApp
    inner: tuple["Layer", ...] = ()


class Place(NamedTuple):
    """Where a holder keeps an app. `put` writes there, and `was` is what stands there now."""

    name: str
    value: Any
    put: Callable[[Any], object] | None
    was: Any
    title: str = ""  # "GET /items/{id}", for an app that a router keeps
    kind: str = ""


class StandIn:
    """In the place of an app: a call goes to the probe, and anything else that is asked of it to the app itself."""

    def __init__(self, stands_for: ASGIApp, probe: ASGIApp) -> None:
        self.stands_for = stands_for
        self.probe = probe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the probe."""
        await self.probe(scope, receive, send)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stands_for, name)  # the routes of a mounted app, by which URLs are built

    def __repr__(self) -> str:
        return repr(self.stands_for)


class SendStandIn(TrackedSend):
    """In the place of the `send` of a layer of rawasgi, which asks more of it than to be called.

    A subclass says what it does with a message (`__call__`), and with a response that it hands on unsent (`hand_on`).
    """

    def __init__(self, behind: TrackedSend) -> None:
        self.behind = behind

    @property
    def started(self) -> bool:  # type: ignore[override]
        """Whether the response has started, as the `send` behind this one sees it."""
        return self.behind.started

    def hand_on(self, response: Any, scope: Scope, receive: Receive) -> Awaitable[None]:
        """Give a response to who waits for it."""
        return self.behind.send_response(response, scope, receive)

    async def send_response(self, response: Any, scope: Scope, receive: Receive) -> None:
        """Hand a response on unsent where the first `send` that is no stand-in takes it so; else send it through here."""
        first = self.behind
        while isinstance(first, SendStandIn):
            first = first.behind
        if not isinstance(response, Response) or type(first).send_response is TrackedSend.send_response:
            await response(scope, receive, self)
        else:
            await self.hand_on(response, scope, receive)


class WSGIStandIn(StandIn):
    """The same for an app that is called with two arguments and gives back an iterable."""

    def __call__(self, environ: Any, start_response: Any) -> Any:  # type: ignore[override]
        """Call the probe."""
        probe: Any = self.probe
        return probe(environ, start_response)


def layers_of(app: ASGIApp, parameters: tuple[str, ...] = ASGI) -> Layer:
    """The layers of an app, as a tree. The app stays as it is."""
    return Survey(parameters).layer(Place("", app, None, app))


def walk(layer: Layer) -> Iterator[Layer]:
    """A layer and all that it can call, outermost first."""
    yield layer
    for inner in layer.inner:
        yield from walk(inner)


@contextmanager
def probed(app: ASGIApp, probe: Callable[[Layer], ASGIApp], parameters: tuple[str, ...] = ASGI) -> Iterator[ASGIApp]:
    """The app with `probe(layer)` at every boundary, which is to call `layer.app`. Afterwards all is as it was."""
    with ExitStack() as undo:
        survey = Survey(parameters, probe, undo)
        yield survey.stand_in(survey.layer(Place("", app, None, app)))


class Survey:
    """One walk over an app. With a probe it puts one into each place, and `undo` puts back what was there."""

    def __init__(
        self,
        parameters: tuple[str, ...],
        probe: Callable[[Layer], ASGIApp] | None = None,
        undo: ExitStack | None = None,
    ) -> None:
        self.parameters = parameters
        self.probe = probe
        self.undo = undo or ExitStack()
        self.open: list[Any] = []  # the layers around the one that is looked at
        self.known: list[tuple[Any, tuple[Layer, ...], bool]] = []  # an app may stand in several places
        self.onions: list[tuple[Any, Any]] = []  # built for us: an app that has not started has none yet

    def layer(self, place: Place) -> Layer:
        """The layer of the app in this place, with all inside it; a probe takes the place."""
        app = place.value
        inner, is_wrapper = next(((i, w) for known, i, w in self.known if known is app), (None, False))
        if inner is None:
            self.open.append(app)
            found = self.inside(app)
            is_wrapper = len(found) == 1 and not found[0].title
            if place.kind == "route" and is_wrapper:  # the middleware of a route: the route itself is further inside
                found = [found[0]._replace(title=place.title, kind="route")]
            inner = tuple(self.layer(each) for each in found)
            self.open.pop()
            self.known.append((app, inner, is_wrapper))
        if place.kind == "route" and is_wrapper:
            place = place._replace(title="", kind="")
        wraps = bool(inner) or any(True for _ in self.places(app))  # perhaps only the heart of an app around it
        layer = Layer(named(app, place.title, wraps), place.kind or kind_of(app, inner, wraps), app, inner)
        if self.probe is not None and place.put is not None:
            self.take(place, place.put, self.stand_in(layer))
        return layer

    def stand_in(self, layer: Layer) -> ASGIApp:
        """What takes the place of a layer."""
        stands: Callable[[ASGIApp, ASGIApp], ASGIApp] = StandIn if self.parameters == ASGI else WSGIStandIn
        return layer.app if self.probe is None else stands(layer.app, self.probe(layer))

    def take(self, place: Place, put: Callable[[Any], object], stand_in: ASGIApp) -> None:
        """Put a stand-in into a place, and remember what was there."""
        try:
            put(stand_in)
        except Exception:
            return  # it cannot be written after all: a layer without a boundary
        self.undo.callback(put, place.was)

    def inside(self, holder: Any) -> list[Place]:
        """The places of the apps that an app can call: its onion, if it has one, else all that it holds."""
        found: list[Place] = []
        for place in self.places(holder):
            owner = owner_of(place.value)
            if is_one_of(place.value, self.open) or owner is holder or owner is owner_of(holder) is not None:
                continue
            # the heart of an app around us, behind its onion: if it is only the way to a router, the router is next
            heart = self.inside(owner) if owner is not None and is_one_of(owner, self.open) else []
            found += heart if [each.name for each in heart] == ["router"] else [place]
        onion = [place for place in found if place.name == "middleware_stack"]
        if onion or any(place.name == "router" for place in found):
            return onion or [place for place in found if place.name == "router"]
        return [*united(found), *routes_of(holder)]

    def places(self, holder: Any) -> Iterator[Place]:
        """Where an app keeps apps."""
        for place in held_by(holder):
            if place.name == "middleware_stack" and place.value is None:
                place = place._replace(value=self.onion(holder))
            if is_app(place, self.parameters):
                yield place
            elif is_a(place.value, dict) and not is_a(holder, FunctionType):
                yield from (each for each in entries(place.value) if is_app(each, self.parameters))

    def onion(self, app: Any) -> Any:
        """The onion of an app that has not started: it is built for us, and is to be built again afterwards."""
        for known, onion in self.onions:
            if known is app:
                return onion
        onion = quietly(lambda: app.build_middleware_stack())
        self.onions.append((app, onion))
        return onion


def held_by(holder: Any) -> Iterator[Place]:
    """Everything that an object holds: in attributes, slots, the variables of a closure, or bound arguments."""
    holder = behind(holder)
    if is_a(holder, functools.partial):
        values = (holder.func, *holder.args, *holder.keywords.values())
        yield from (Place("app", value, None, value) for value in values)
    elif is_a(holder, FunctionType):
        for name, cell in zip(holder.__code__.co_freevars, holder.__closure__ or (), strict=True):
            value = quietly(
                functools.partial(getattr, cell, "cell_contents")
            )  # empty until its function has run so far
            yield Place(name, value, functools.partial(setattr, cell, "cell_contents"), value)
    elif not is_a(holder, type):
        attributes = quietly(lambda: vars(holder))
        if is_a(attributes, dict):  # written here, no hook of the class can interfere
            for name, value in [*attributes.items()]:
                yield Place(str(name), value, functools.partial(attributes.__setitem__, name), value)
        for cls in type(holder).__mro__:
            for name, member in [*vars(cls).items()]:
                if inspect.ismemberdescriptor(member) and name != "__dict__":
                    value = quietly(functools.partial(member.__get__, holder))
                    yield Place(name, value, functools.partial(member.__set__, holder), value)


def entries(apps: dict[Any, Any]) -> Iterator[Place]:
    """The places of a dict, such as the `mounts` of a dispatcher."""
    for key, value in [*apps.items()]:
        yield Place(str(key), value, functools.partial(apps.__setitem__, key), value)


def is_app(place: Place, parameters: tuple[str, ...]) -> bool:
    """Whether what stands there is called as an app is: by the names of its parameters, or of the place."""
    value = place.value
    if not callable(value) or is_a(value, type):
        return False
    try:
        wanted = [
            parameter
            for parameter in inspect.signature(value).parameters.values()
            if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD
        ]
    except Exception:  # built-in functions have no signature, and an odd object may raise anything
        return False
    if tuple(parameter.name for parameter in wanted) == parameters:
        return True
    usual = place.name.strip("_") in USUAL_PLACES
    fits = len(wanted) == len(parameters) or any(parameter.kind is parameter.VAR_POSITIONAL for parameter in wanted)
    return usual and fits and all(parameter.kind is not parameter.KEYWORD_ONLY for parameter in wanted)


def routes_of(holder: Any) -> Iterator[Place]:
    """The places in which the routes of a router keep their apps."""
    holder = behind(holder)
    if inspect.getattr_static(holder, "routes", None) is None:  # not by way of `__getattr__`: that is another's
        return
    routes = quietly(lambda: holder.routes)
    for route in [*routes] if is_a(routes, list, tuple) else ():
        yield from route_places(route)


def route_places(route: Any) -> Iterator[Place]:
    """The place in a route. A router that FastAPI has included keeps a list of its own, with the prefix in each path."""
    if callable(included := quietly(lambda: route.effective_candidates)):
        for candidate in quietly(included) or ():
            yield from route_places(candidate)
        return
    for place in held_by(route):
        if place.name == "app" and callable(place.value):
            title, kind = description(route)
            yield place._replace(title=title, kind=kind)
        elif place.name == "starlette_route" and place.value is not None:
            yield from route_places(place.value)


def description(route: Any) -> tuple[str, str]:
    """`("GET /items/{id}", "route")`, `("Mount /static", "mount")`."""
    host, path, methods = (quietly(functools.partial(getattr, route, name)) for name in ("host", "path", "methods"))
    if host:
        return f"Host {host}", "mount"
    if quietly(lambda: route.endpoint) is None:
        return f"Mount {path or '/'}", "mount"
    if not methods:
        return (f"WS {path}" if "WebSocket" in type(route).__name__ else str(path)), "route"
    shown = sorted(methods - {"HEAD"} if "GET" in methods else methods)
    return f"{','.join(shown)} {path}", "route"


def named(app: Any, title: str, wraps: bool) -> str:
    """What to call a layer: by its route, by the function that was given to it, by its own name or that of its class."""
    app = app.stands_for if is_a(app, StandIn) else app
    dispatch = quietly(lambda: vars(app).get("dispatch_func"))
    if is_a(app, functools.partial):
        own = named(app.func, "", wraps)
    elif is_a(dispatch, FunctionType):
        own = f"{dispatch.__name__} (function)"
    elif is_a(app, FunctionType) and wraps and "<locals>" in app.__qualname__:
        own = app.__qualname__.split(".<locals>.")[-2].rpartition(".")[2]  # `timing`, which has made it
    elif is_a(app, MethodType):
        own = app.__qualname__
    else:
        own = app.__name__ if is_a(app, FunctionType, type) else type(app).__name__
    is_plain = is_a(app, FunctionType) or type(app).__name__ in ("HandlerApp", "WebSocketApp")
    return f"{title}: {own}" if title and not is_plain else title or own


def kind_of(app: Any, inner: tuple[Layer, ...], wraps: bool) -> str:
    """What an app is, as far as one can see from outside."""
    app = behind(app)
    if any(inspect.getattr_static(type(app), name, None) for name in ("build_middleware_stack", "wsgi_app")):
        return "app"
    if inspect.getattr_static(app, "routes", None) is not None or len(inner) > 1:
        return "router"
    return "middleware" if wraps else "foreign"


def united(places: Iterable[Place]) -> list[Place]:
    """One place for an app that its holder keeps under two names."""
    found: list[Place] = []
    for place in places:
        twin = next((index for index, other in enumerate(found) if other.value is place.value), None)
        if twin is None:
            found.append(place)
        elif (first := found[twin].put) is not None and place.put is not None:
            found[twin] = found[twin]._replace(put=functools.partial(put_both, first, place.put))
    return found


def put_both(first: Callable[[Any], object], second: Callable[[Any], object], app: Any) -> None:
    """Write into two places."""
    first(app)
    second(app)


def behind(app: Any) -> Any:
    """The object that keeps things for an app: the owner of a method, and who is behind a stand-in."""
    app = app.stands_for if is_a(app, StandIn) else app
    return app if owner_of(app) is None else owner_of(app)


def owner_of(app: Any) -> Any:
    """The object whose method this is."""
    return app.__self__ if is_a(app, MethodType) else None


def is_one_of(found: Any, many: Iterable[Any]) -> bool:
    """Whether it is one of these very objects: `in` would ask their `__eq__`."""
    return any(found is each for each in many)


def is_a(found: Any, *kinds: type) -> bool:
    """`isinstance` without asking the object: a proxy may answer for another one, or raise."""
    return issubclass(type(found), kinds)


def quietly(read: Callable[[], Any]) -> Any:
    """What `read` gives; None where an odd object raises."""
    try:
        return read()
    except Exception:
        return None
