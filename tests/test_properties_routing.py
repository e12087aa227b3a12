"""The index of a router finds what a plain scan by `matches` finds: on any table, for any path."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rawasgi.paths import CONVERTOR_TYPES, Convertor, Match
from rawasgi.responses import RedirectResponse
from rawasgi.routing import BaseRoute, Mount, Route, Router, WebSocketRoute
from rawasgi.toolkit.hosts import Host
from rawasgi.urls import URL
from tests.drive import converse, http, websocket

reproducible = settings(derandomize=True, deadline=None, max_examples=100)


class Pair(Convertor[Any]):
    """A convertor of one's own, over two segments."""

    regex = "[a-z]/[a-z0-9]"

    def convert(self, value):
        if value == "a/a":
            raise ValueError("not this one")
        return tuple(value.split("/"))


class Odd(BaseRoute):
    """A route with its own idea of matching: paths of an odd length."""

    def __init__(self, app, answer):
        self.app = app
        self.answer = answer

    def matches(self, scope):
        return (self.answer if len(scope["path"]) % 2 else Match.NONE), {"path_params": {}}

    async def handle(self, scope, receive, send):
        await self.app(scope, receive, send)


class Noted:
    """The app at the end of a route: it notes who was called, and how."""

    def __init__(self, number, called):
        self.number = number
        self.called = called

    async def __call__(self, scope, receive, send):
        self.called.append((self.number, scope["path_params"], scope.get("root_path")))


pieces = st.sampled_from(
    ["a", "b", "1", "a", "", "{}", "{N}", "{N}", "{N:int}", "{N}-{M}", "{N:pair}", "{N:path}", "v{N}"]
)
templates = st.lists(pieces, max_size=3).map(lambda found: "/" + "/".join(found))
methods = st.sampled_from([None, ["GET"], ["POST"], ["GET", "POST"]])
leaves = st.one_of(
    st.tuples(st.just("route"), templates, methods),
    st.tuples(st.just("route"), templates, methods),
    st.tuples(st.just("websocket"), templates, st.none()),
    st.tuples(st.just("odd"), st.just("/"), st.sampled_from([Match.FULL, Match.PARTIAL])),
)
tables = st.lists(
    st.one_of(
        leaves,
        leaves,
        st.tuples(st.just("mount"), templates, st.lists(leaves, max_size=4)),
        st.tuples(st.just("host"), st.sampled_from(["h", "{N}.h"]), st.lists(leaves, max_size=3)),
    ),
    max_size=10,
)
asked_paths = st.lists(st.sampled_from(["a", "b", "1", "", "{}", "a-b", "a-1", "v1", "z", "a/a"]), max_size=5).map(
    lambda found: "/" + "/".join(found)
)


def build(rows, called, names=None):
    """Routes from rows of data; every parameter gets a name of its own."""
    names = names or iter(f"p{number}" for number in range(1000))
    made: list[BaseRoute] = []
    for kind, template, rest in rows:
        while "N" in template or "M" in template:
            template = template.replace("N" if "N" in template else "M", next(names), 1)
        app = Noted(next(names), called)
        match kind:
            case "route":
                made.append(Route(template, app, methods=rest))
            case "websocket":
                made.append(WebSocketRoute(template, app))
            case "odd":
                made.append(Odd(app, rest))
            case "mount":
                made.append(Mount(template, routes=build(rest, called, names)))
            case "host":
                made.append(Host(template, Router(build(rest, called, names))))
    return made


def scan(routes, scope):
    """What a router answers that asks every route in turn: who is called and how, or which status with which header."""
    found = [(route, *route.matches(scope)) for route in routes]
    for route, match, child in found:
        if match is Match.FULL and hasattr(route, "routes"):
            return scan(route.routes, {**scope, **child})
        if match is Match.FULL:
            return route.app.number, child["path_params"], scope.get("root_path")
    partial = [getattr(route, "methods", None) or set() for route, match, _ in found if match is Match.PARTIAL]
    if partial:
        return 405, ", ".join(sorted(set().union(*partial)))
    path = scope["path"]
    twin = {**scope, "path": path.rstrip("/") if path.endswith("/") else path + "/"}
    is_root = path == scope.get("root_path", "") + "/"
    if scope["type"] == "http" and not is_root and any(route.matches(twin)[0] is not Match.NONE for route in routes):
        return 307, RedirectResponse(URL(scope=twin)).headers["location"]
    return 404 if scope["type"] == "http" else "refused"


def asked(router, called, scope):
    """The same question to the router itself."""
    called.clear()
    sent = converse(router, scope, {"type": "websocket.connect"})
    if called:
        return called[0]
    if sent[0]["type"] == "websocket.close":
        return "refused"
    status, headers = sent[0]["status"], dict(sent[0]["headers"])
    return status if status == 404 else (status, headers[b"allow" if status == 405 else b"location"].decode())


@reproducible
@given(tables, st.lists(asked_paths, min_size=1, max_size=6), st.sampled_from(["h", "x.h", "", "a/b"]))
def test_the_index_equals_a_scan(rows, paths, host):
    """Routes, websockets, mounts, hosts, own convertors and own `matches`, in any order."""
    called: list[Any] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(CONVERTOR_TYPES, "pair", Pair())
        router = Router(build(rows, called))
    for path in [*paths, *(path.rstrip("/") + "/" for path in paths)]:
        headers = [("host", host)]
        for scope in (http("GET", path, headers), http("POST", path, headers), websocket(path, headers)):
            expected = scan(router.routes, scope)
            assert asked(router, called, scope) == expected


@reproducible
@given(tables, tables, asked_paths)
def test_a_changed_list_is_indexed_anew(before, after, path):
    """The routes of today decide, whatever the index has learned of those of yesterday."""
    called: list[Any] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(CONVERTOR_TYPES, "pair", Pair())
        router, routes = Router(build(before, called)), build(after, called)
    asked(router, called, http(path=path))
    router.routes[1:] = routes
    assert asked(router, called, http(path=path)) == scan(router.routes, http(path=path))
