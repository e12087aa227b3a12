"""Random tables of routes, and random paths: the route chosen, its parameters and the status are Starlette's."""

import random
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.routing import Match

from tests.wire import route_tables
from tests.wire.kits import RAWASGI, STARLETTE, get
from tests.wire.route_tables import Row

TABLES = 60  # a seed
REQUESTS = 60  # a table


def scope_of(method, host, root, path):
    """The scope of a request, or of a websocket where the method says so."""
    scope = get(path, root_path=root).scope | {"headers": [(b"host", host.encode())], "method": method}
    return scope | ({"type": "websocket", "scheme": "ws"} if method == "websocket" else {})


def ask(rows, library, asked):
    """Who was called, and how; or what was answered; or what was raised.

    Nothing in the way of a request waits, so no loop is needed: the coroutine is driven by hand.
    """
    router, called = rows if isinstance(rows, tuple) else built(rows, library)  # built once for many requests
    sent = []

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        sent.append(message)

    called.clear()
    try:
        router(scope_of(*asked), receive, send).send(None)
    except StopIteration:
        return called[0] if called else answer(sent)
    except Exception as error:
        return type(error).__name__
    raise AssertionError("the router waits for something")


def built(rows, library):
    """A router of these rows, and the list in which its routes note that they were called."""
    called: list[Any] = []
    return library.Router(route_tables.build(rows, library, called)), called


def answer(sent):
    """An answer in brief: type, status, Location (a host has no case) and the methods of Allow."""
    start = sent[0]
    headers = dict(start.get("headers", ()))
    location = urlsplit(headers.get(b"location", b"").decode())
    allow = set(headers.get(b"allow", b"").decode().split(", "))
    return start["type"], start.get("status"), location._replace(netloc=location.netloc.lower()).geturl(), allow


def expected(rows, asked):
    """What Starlette says, with the methods of *all* routes that fit the path where it says 405."""
    router, called = rows if isinstance(rows, tuple) else built(rows, STARLETTE)
    said = ask((router, called), STARLETTE, asked)
    return (*said[:3], allowed(router, scope_of(*asked))) if said[1:2] == (405,) else said


def allowed(router, scope):
    """The methods of all routes whose path fits, in the router that has the last word."""
    found = [(route, *route.matches(scope)) for route in router.routes]
    for route, match, child in found:
        if match is Match.FULL:
            return allowed(route.app, {**scope, **child})
    return set().union(*(route.methods for route, match, _ in found if match is Match.PARTIAL))


def smallest(rows, asked):
    """The table without the rows that do not matter to a disagreement."""
    for row in rows:
        fewer = [other for other in rows if other is not row]
        if ask(fewer, RAWASGI, asked) != expected(fewer, asked):
            return smallest(fewer, asked)
    return rows


@pytest.mark.parametrize("seed", range(8))
def test_random_tables_route_as_starlette_does(seed):
    """Hits, near misses, slashes, encoded things: who is called, with what, and else the whole answer."""
    source = random.Random(seed)
    for _ in range(TABLES):
        rows = route_tables.table(source, source.choice([1, 3, 10, 40]))
        theirs, ours = built(rows, STARLETTE), built(rows, RAWASGI)
        for _ in range(REQUESTS):
            asked = route_tables.request(source, rows)
            if ask(ours, RAWASGI, asked) != expected(theirs, asked):
                rows = smallest(rows, asked)
                pytest.fail(f"{asked} to {rows}: {ask(rows, RAWASGI, asked)}, Starlette {expected(rows, asked)}")


# Rows, a request, what Starlette says and what rawasgi says, beside the Allow and the hosts above.
DIFFERENCES: dict[str, tuple[list[Row], Any, Any, Any]] = {
    "`$` also fits before a newline at the end": (
        [Row("app", "/a")],
        ("GET", "example.org", "", "/a\n"),
        ("0", {}, "", "/a\n", "Route"),
        ("http.response.start", 404, "", {""}),
    ),
    "a number of more digits than Python reads is no int, and the next route gets its chance": (
        [Row("app", "/{a:int}"), Row("app", "/{b}")],
        ("GET", "example.org", "", "/" + "1" * 4_301),
        "ValueError",
        ("1", {"b": repr("1" * 4_301)}, "", "/" + "1" * 4_301, "Route"),
    ),
}


@pytest.mark.parametrize("because", DIFFERENCES)
def test_declared_differences_are_there(because):
    """Each answers as it is written down, on both sides."""
    rows, asked, theirs, ours = DIFFERENCES[because]
    assert ask(rows, STARLETTE, asked) == theirs
    assert ask(rows, RAWASGI, asked) == ours
