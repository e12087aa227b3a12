"""Routers and routes: who answers a request, and what the scope says about it afterwards."""

from typing import Any

import pytest

from rawasgi.app import App
from rawasgi.paths import CONVERTOR_TYPES, Convertor, Match, register_url_convertor
from rawasgi.responses import PlainTextResponse
from rawasgi.routing import BaseRoute, Mount, Route, Router, WebSocketRoute
from tests.drive import broken, converse, http, websocket

CONNECT = {"type": "websocket.connect"}
ACCEPT: dict[str, Any] = {"type": "websocket.accept", "subprotocol": None, "headers": []}
CLOSE = {"type": "websocket.close", "code": 1000, "reason": ""}


def text(words, status=200, **headers):
    """The messages of a text response, whole."""
    headers |= {"content-length": str(len(words.encode())), "content-type": "text/plain; charset=utf-8"}
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    return [
        {"type": "http.response.start", "status": status, "headers": pairs},
        {"type": "http.response.body", "body": words.encode()},
    ]


def redirect(location):
    """The messages of a 307, whole."""
    headers = [(b"content-length", b"0"), (b"location", location.encode())]
    return [
        {"type": "http.response.start", "status": 307, "headers": headers},
        {"type": "http.response.body", "body": b""},
    ]


NOT_FOUND = text("Not Found", 404)


def named(name):
    """A handler that answers with its name and its parameters."""

    async def endpoint(request):
        return PlainTextResponse(" ".join([name, *(f"{key}={value!r}" for key, value in request.path_params.items())]))

    return endpoint


async def talk(websocket):
    """A websocket handler."""
    await websocket.accept()


class Raw:
    """An ASGI app that is an object: it answers with its path and root_path."""

    async def __call__(self, scope, receive, send):
        await PlainTextResponse(f"raw {scope.get('root_path')} {scope['path']}")(scope, receive, send)


def test_the_first_route_registered_decides():
    """A static path after a pattern that fits is never reached; before it, it is."""
    pattern, static = Route("/items/{id}", named("pattern")), Route("/items/new", named("static"))
    assert converse(Router([pattern, static]), http(path="/items/new")) == text("pattern id='new'")
    assert converse(Router([static, pattern]), http(path="/items/new")) == text("static")
    assert converse(Router([static, pattern]), http(path="/items/old")) == text("pattern id='old'")


def test_an_app_for_every_method_decides_before_a_function_behind_it():
    """The order of registration counts for a route without methods too."""
    app, function = Route("/a", Raw()), Route("/a", named("function"))
    assert converse(Router([app, function]), http(path="/a")) == text("raw  /a")
    assert converse(Router([function, app]), http(path="/a")) == text("function")
    assert converse(Router([function, app]), http("POST", "/a")) == text("raw  /a")


def test_a_pattern_whose_method_does_not_fit_gives_way():
    """The first *full* match wins: a 405 is said only when no route takes the method."""
    routes = [Route("/{x}", named("get")), Route("/a", named("post"), methods=["POST"])]
    assert converse(Router(routes), http("POST", "/a")) == text("post")
    assert converse(Router(routes), http("GET", "/a")) == text("get x='a'")


@pytest.mark.parametrize(
    ("template", "path", "words"),
    [
        ("/{x}", "/é b", "it x='é b'"),
        ("/{x}", "/..", "it x='..'"),
        ("/{x}", "/a\\b\x00", "it x='a\\\\b\\x00'"),
        ("/{a}-{b:int}", "/x-y-7", "it a='x-y' b=7"),
        ("/{n:int}", "/007", "it n=7"),
        ("/{x:float}", "/1.50", "it x=1.5"),
        (
            "/{u:uuid}",
            "/123E4567e89b12d3a456426614174000",
            "it u=UUID('123e4567-e89b-12d3-a456-426614174000')",
        ),
        ("/f/{p:path}", "/f/a//b/", "it p='a//b/'"),
        ("/{p:path}/end", "/a/b/end", "it p='a/b'"),
    ],
)
def test_parameters_arrive_converted(template, path, words):
    """One convertor after the other."""
    assert converse(Router([Route(template, named("it"))]), http(path=path)) == text(words)


@pytest.mark.parametrize("path", ["/-1", "/1.0", "/²", "/٣", "/" + "9" * 5000, "/1/2", "//1", "", "*"])
def test_a_path_that_no_route_can_read_is_not_found(path):
    """Too many digits, digits of other scripts, or no path at all."""
    assert converse(Router([Route("/{n:int}", named("it"))]), http(path=path)) == NOT_FOUND


def test_a_convertor_of_ones_own_keeps_its_place_in_the_order(monkeypatch):
    """It is asked one by one, since only it knows what fits; what it refuses goes to the next route."""

    class Word(Convertor[bool]):
        """One of two words, with a slash in it or not."""

        regex = "on|off/now"

        def convert(self, value):
            return value == "on"

        def to_string(self, value):
            return "on" if value else "off/now"

    monkeypatch.setattr("rawasgi.paths.CONVERTOR_TYPES", {**CONVERTOR_TYPES})
    register_url_convertor("word", Word())
    router = Router(
        [Route("/{x:word}", named("own"), name="own"), Route("/on", named("static")), Route("/{x}", named("rest"))]
    )
    assert converse(router, http(path="/on")) == text("own x=True")
    assert converse(router, http(path="/off/now")) == text("own x=False")
    assert converse(router, http(path="/off")) == text("rest x='off'")
    assert router.url_path_for("own", x=False) == "/off/now"


def test_405_names_the_methods_of_all_routes_that_fit():
    """Sorted, each once."""
    routes = [
        Route("/a", named("1"), methods=["PUT"]),
        Route("/{x}", named("2")),
        Route("/{x:path}", named("3"), methods=["delete", "PUT"]),
        Route("/b", named("4"), methods=["PATCH"]),
        WebSocketRoute("/a", talk),
    ]
    assert converse(Router(routes), http("POST", "/a")) == text(
        "Method Not Allowed", 405, allow="DELETE, GET, HEAD, PUT"
    )


def test_get_answers_head_and_head_is_not_spelled_out():
    """HEAD runs the GET handler, and no body byte follows; another method alone brings no HEAD."""
    page = Route("/a", named("it"))
    router = Router([page, Route("/b", named("it"), methods=["POST"])])
    start, whole = text("it")
    assert converse(router, http("HEAD", "/a")) == [start, {**whole, "body": b""}]
    assert converse(router, http("HEAD", "/b"))[0] == text("Method Not Allowed", 405, allow="POST")[0]
    assert page.methods == {"GET", "HEAD"}


@pytest.mark.parametrize("method", ["get", "Get", "websocket", "", "GET ", "*", "\x00", "é"])
def test_a_method_nobody_has_is_not_allowed(method):
    """Methods are words of their own, with a case: `websocket` among them is a strange request, and no websocket."""
    router = Router([Route("/a", named("it")), WebSocketRoute("/a", talk), WebSocketRoute("/w", talk)])
    assert converse(router, http(method, "/a")) == text("Method Not Allowed", 405, allow="GET, HEAD")
    assert converse(router, http(method, "/w")) == NOT_FOUND


def test_the_scope_type_says_what_a_websocket_is():
    """A server that writes `method` into the scope of a handshake does not turn it into a request."""
    router = Router([Route("/a", named("it")), WebSocketRoute("/a", talk)])
    assert converse(router, websocket("/a", method="GET"), CONNECT) == [ACCEPT]


def test_a_websocket_and_a_page_may_share_a_path():
    """The scope type decides; what has no websocket route is refused before it is accepted."""
    router = Router([Route("/{x}", named("page")), WebSocketRoute("/a", talk), WebSocketRoute("/n/{n:int}", talk)])
    assert converse(router, http(path="/a")) == text("page x='a'")
    assert converse(router, websocket("/a"), CONNECT) == [ACCEPT]
    assert converse(router, websocket("/n/7"), CONNECT) == [ACCEPT]
    for path in ("/b", "/a/", "/n/x"):
        assert converse(router, websocket(path), CONNECT) == [CLOSE]


@pytest.mark.parametrize(
    ("template", "path", "location"),
    [
        ("/a", "/a/", "http://127.0.0.1:8000/a?b=%20&c"),
        ("/a/", "/a", "http://127.0.0.1:8000/a/?b=%20&c"),
        ("/a", "/a///", "http://127.0.0.1:8000/a?b=%20&c"),
        ("/{x:int}/", "/7", "http://127.0.0.1:8000/7/?b=%20&c"),
        ("/{x}", "/é ü/", "http://127.0.0.1:8000/%C3%A9%20%C3%BC?b=%20&c"),
        ("/{x}", "/a?b#c/", "http://127.0.0.1:8000/a%3Fb%23c?b=%20&c"),
    ],
)
def test_a_slash_too_many_or_too_few_is_redirected(template, path, location):
    """307 keeps method and body; the query stays as it was."""
    router = Router([Route(template, named("it"))])
    assert converse(router, http("POST", path, query=b"b=%20&c")) == redirect(location)


def test_a_redirect_can_be_turned_off_and_leads_nowhere_else():
    """It is for requests alone, for paths that have a route, and never to another host."""
    routes = [Route("/a", named("it")), WebSocketRoute("/w", talk), Route("/{x}/{y}", named("two"))]
    assert converse(Router(routes, redirect_slashes=False), http(path="/a/")) == NOT_FOUND
    assert converse(Router(routes), websocket("/w/"), CONNECT) == [CLOSE]
    for path in ("/w/", "/b/c/d/", "/", "//", "//evil.example/"):
        assert converse(Router(routes), http(path=path)) == NOT_FOUND
    tail = Router([Route("//{x}", named("it"))])
    assert converse(tail, http(path="//evil.example/", server=None)) == redirect("/%2Fevil.example")


def test_a_redirect_keeps_host_scheme_and_root_path():
    """The client is sent to the URL it knows."""
    router = Router([Route("/a", named("it"))])
    scope = http("GET", "/base/a/", [("host", "Example.org:1")], scheme="https", root_path="/base")
    assert converse(router, scope) == redirect("https://example.org:1/base/a")
    assert converse(router, http(path="/base/a", root_path="/base")) == text("it")
    assert converse(Router([Route("/", named("it"))]), http(path="/base", root_path="/base")) == redirect(
        "http://127.0.0.1:8000/base/"
    )


class Odd(BaseRoute):
    """A route that matches in its own way: by a header."""

    def __init__(self, answer=Match.FULL):
        self.answer = answer
        self.asked = []

    def matches(self, scope):
        self.asked.append(scope["path"])
        fits = (b"x-odd", b"1") in scope["headers"]
        return (self.answer, {"path_params": {"odd": True}}) if fits else (Match.NONE, {})

    async def handle(self, scope, receive, send):
        await PlainTextResponse(f"odd {scope['path_params']}")(scope, receive, send)


def test_a_route_with_its_own_idea_of_matching_is_a_barrier():
    """It is asked about every request, in its place in the order, and decides about the whole scope."""
    odd = Odd()
    router = Router([Route("/a", named("before")), odd, Route("/b", named("behind"))])
    strange = [("x-odd", "1")]
    assert converse(router, http("GET", "/a", strange)) == text("before")
    assert odd.asked == []
    assert converse(router, http("GET", "/b", strange)) == text("odd {'odd': True}")
    assert converse(router, http("GET", "/zzz", strange)) == text("odd {'odd': True}")
    assert converse(router, http("GET", "/b")) == text("behind")
    odd.asked.clear()
    assert converse(router, http("GET", "/")) == NOT_FOUND
    assert odd.asked == ["/"]  # and not about the twin of `/`: there is none


def test_a_partial_match_of_ones_own_is_a_405_without_methods():
    """Who says PARTIAL without naming `methods` has none to allow."""
    assert converse(Router([Odd(Match.PARTIAL)]), http("GET", "/", [("x-odd", "1")])) == text(
        "Method Not Allowed", 405, allow=""
    )


def test_overridden_matches_is_asked_for_every_kind_of_route():
    """A subclass of Route, WebSocketRoute or Mount that looks closer is not answered from the index."""

    class Late(Route):
        """Matches nothing before it is open."""

        is_open = False

        def matches(self, scope):
            return super().matches(scope) if self.is_open else (Match.NONE, {})

    class Closed(Mount):
        """A mount that is never there."""

        def matches(self, scope):
            return Match.NONE, {}

    class Open(Mount):
        """A mount that takes every path."""

        def matches(self, scope):
            return Match.FULL, {"path_params": {}}

    late = Late("/a", named("late"))
    router = Router([late, Closed("/a", app=Raw()), Route("/a", named("behind")), Open("/o", app=Raw())])
    assert converse(router, http(path="/a")) == text("behind")
    assert converse(router, http(path="/b")) == text("raw  /b")
    late.is_open = True
    assert converse(router, http(path="/a")) == text("late")


def test_overridden_handle_is_called():
    """A route that answers in its own way, found by the index or by one look."""

    class Loud(Route):
        """Says so before."""

        async def handle(self, scope, receive, send):
            await PlainTextResponse(f"loud {self.path}")(scope, receive, send)

    router = Router([Loud("/a", named("it")), Loud("/b/{x}", named("it"))])
    assert converse(router, http(path="/a")) == text("loud /a")
    assert converse(router, http(path="/b/c")) == text("loud /b/{x}")


def test_a_base_route_must_say_everything():
    """What it matches, and where its names lead."""
    route: Any = BaseRoute()
    for call, what in [
        (lambda: route.matches({}), "must say what it matches"),
        (lambda: route.url_path_for("a"), "must say where its names lead"),
    ]:
        with pytest.raises(NotImplementedError, match=f"^BaseRoute {what}$"):
            call()


def test_a_route_is_an_app():
    """A router of one route, which redirects nothing."""
    route, chat = Route("/a", named("it")), WebSocketRoute("/a", talk)
    assert converse(route, http(path="/a")) == text("it")
    assert converse(route, http("POST", "/a")) == text("Method Not Allowed", 405, allow="GET, HEAD")
    assert converse(route, http(path="/a/")) == NOT_FOUND
    assert converse(chat, websocket("/a"), CONNECT) == [ACCEPT]
    assert converse(chat, http(path="/a")) == NOT_FOUND


CHANGES = {
    "append": lambda routes: routes.append(Route("/b/c", named("b"))),
    "extend": lambda routes: routes.extend([Route("/b/c", named("b"))]),
    "insert": lambda routes: routes.insert(0, Route("/a", named("b"))),
    "remove": lambda routes: routes.remove(routes[0]),
    "pop": lambda routes: routes.pop(0),
    "clear": lambda routes: routes.clear(),
    "sort": lambda routes: routes.sort(key=lambda route: route.path, reverse=True),
    "reverse": lambda routes: routes.reverse(),
    "set": lambda routes: routes.__setitem__(0, Route("/b/c", named("b"))),
    "set slice": lambda routes: routes.__setitem__(slice(0, 1), [Route("/b/c", named("b"))]),
    "delete": lambda routes: routes.__delitem__(0),
    "add": lambda routes: routes.__iadd__([Route("/b/c", named("b"))]),
    "multiply": lambda routes: routes.__imul__(0),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_next_request_sees_every_change_of_routes(change):
    """Whatever method of a list made it, the router answers as one that was made with the new routes."""
    app = App(routes=[Route("/a", named("a")), Route("/{x}", named("x"))])
    paths = ("/a", "/b", "/b/c")
    before = [converse(app, http(path=path)) for path in paths]
    CHANGES[change](app.routes)
    after = [converse(app, http(path=path)) for path in paths]
    assert after != before
    assert after == [converse(App(routes=app.routes), http(path=path)) for path in paths]


def test_routes_may_be_assigned():
    """And changed afterwards; the list that was given is not the router's own."""
    given = [Route("/a", named("a"))]
    router = Router()
    router.routes = given
    assert converse(router, http(path="/a")) == text("a")
    router.routes += [Route("/b", named("b"))]
    assert converse(router, http(path="/b")) == text("b")
    given.clear()
    assert converse(router, http(path="/a")) == text("a")


def test_a_handler_may_register_a_route_while_it_is_called():
    """The request under way is answered by the route that it has found."""

    async def grow(request):
        request.scope["router"].routes.insert(0, Route("/a", named("new")))
        return PlainTextResponse("grown")

    router = Router([Route("/a", grow)])
    assert [converse(router, http(path="/a")) for _ in range(2)] == [text("grown"), text("new")]


def test_what_no_route_matches_goes_to_default():
    """Of both kinds; without a default it is 404, and HTTP 403 for a websocket."""
    router = Router([Route("/a", named("a"))], default=Raw())
    assert converse(router, http(path="/b")) == text("raw  /b")
    assert converse(router, http("POST", "/a")) == text("Method Not Allowed", 405, allow="GET, HEAD")
    assert converse(Router(), http()) == NOT_FOUND
    assert converse(Router(), websocket(), CONNECT) == [CLOSE]


def test_a_router_has_no_use_for_other_scopes():
    """A scope type that nobody knows is an error that names those which a router answers."""
    sent, error = broken(Router(), {"type": "gopher"})
    assert (sent, str(error)) == (
        [],
        "a Router answers http, websocket and lifespan, not 'gopher'",
    )
