"""What routing writes into the scope, and into whose: the server's dict stays as it was."""

import copy
from typing import Any

import pytest
import starlette.applications
import starlette.routing

from rawasgi.app import App
from rawasgi.middleware import Middleware
from rawasgi.paths import Match, NoMatchFound
from rawasgi.responses import PlainTextResponse
from rawasgi.routing import Mount, Route, Router, WebSocketRoute
from rawasgi.toolkit.hosts import Host
from tests.drive import broken, converse, http, websocket
from tests.test_routing import CLOSE, CONNECT, NOT_FOUND, Raw, named, redirect, talk, text


async def where(request):
    """A handler that answers with what routing has said about the request."""
    scope = request.scope
    words = scope["root_path"], scope["path"], sorted(scope["path_params"].items()), str(request.base_url)
    return PlainTextResponse(" ".join(map(str, words)))


class Watch:
    """Middleware that keeps the scope it passed on."""

    def __init__(self, app, kept):
        self.app = app
        self.kept = kept

    async def __call__(self, scope, receive, send):
        self.kept.append(scope)
        await self.app(scope, receive, send)


@pytest.mark.parametrize(
    ("path", "place", "params"),
    [("/a", 0, {}), ("/7", 1, {"n": 7}), ("/b/c", 2, {"p": "c"})],
)
def test_outer_middleware_reads_who_answered(path, place, params):
    """`route`, `endpoint` and `path_params` stand in the scope that it passed on, found by one look or by search."""
    kept: list[Any] = []
    routes = [Route("/a", where), Route("/{n:int}", where), Route("/b/{p:path}", Raw())]
    app = App(routes=routes, middleware=[Middleware(Watch, kept)])
    converse(app, http(path=path))
    assert kept[0]["route"] is routes[place]
    assert kept[0]["endpoint"] is routes[place].endpoint
    assert kept[0]["path_params"] == params
    assert kept[0]["app"] is app


def test_outer_middleware_reads_who_would_have_answered():
    """A 405 names the first route whose path fits; a 404 names none."""
    kept: list[Any] = []
    routes = [Route("/{x}", where), Route("/a", where, methods=["PUT"])]
    app = App(routes=routes, middleware=[Middleware(Watch, kept)])
    converse(app, http("POST", "/a"))
    converse(app, http(path="/a/b"))
    assert (kept[0]["route"], kept[0]["path_params"]) == (routes[0], {"x": "a"})
    assert kept[1].keys() & {"route", "endpoint", "path_params"} == set()


def test_outer_middleware_reads_which_mount_answered():
    """What lies below is the business of the app below: its `root_path` and parameters are not seen above."""
    kept: list[Any] = []
    mount = Mount("/m/{x}", routes=[Route("/{y}", where)])
    app = App(routes=[mount], middleware=[Middleware(Watch, kept)])
    converse(app, http(path="/m/1/2"))
    assert (kept[0]["route"], kept[0]["root_path"], kept[0]["path"]) == (mount, "", "/m/1/2")


@pytest.mark.parametrize("path", ["/a", "/7", "/a/", "/m/a", "/h", "/none", "//"])
@pytest.mark.parametrize("bare", [True, False])
def test_the_scope_of_the_server_is_not_touched(path, bare):
    """Neither by an App nor by a Router that stands alone: not a key, not a value."""
    routes = [Route("/a", where), Route("/{n:int}", where), Mount("/m", routes=[Route("/a", where)])]
    routes.append(Host("example.org", Router([Route("/h", where)])))
    scope = http("GET", path, [("host", "example.org")])
    before = copy.deepcopy(scope)
    converse(Router(routes) if bare else App(routes=routes), scope)
    assert scope == before
    handshake = websocket(path, [("host", "example.org")])
    before = copy.deepcopy(handshake)
    converse(Router(routes) if bare else App(routes=routes), handshake, CONNECT)
    assert handshake == before


@pytest.mark.parametrize(
    ("path", "root", "words"),
    [
        ("/m/a", "", "/m /m/a [] http://127.0.0.1:8000/"),
        ("/base/m/a", "/base", "/base/m /base/m/a [] http://127.0.0.1:8000/base/"),
        ("/m/u/7/n/x y", "", "/m/u/7 /m/u/7/n/x y [('id', 7), ('x', 'x y')] http://127.0.0.1:8000/"),
        ("/base/m/u/7/n/", "/base", "/base/m/u/7 /base/m/u/7/n/ [('id', 7)] http://127.0.0.1:8000/base/"),
        ("/m/m/a", "", "/m/m /m/m/a [] http://127.0.0.1:8000/"),
    ],
)
def test_a_mount_grows_root_path_and_leaves_path_alone(path, root, words):
    """Nested as deep as one likes; parameters of all levels come together; base_url stays that of the outermost app."""
    users = Mount("/u/{id:int}", routes=[Route("/n/{x}", where), Route("/n/", where)])
    app = App(routes=[Mount("/m", routes=[Route("/a", where), users, Mount("/m", routes=[Route("/a", where)])])])
    assert converse(app, http(path=path, root_path=root)) == text(words)


def test_a_mount_takes_an_app_or_routes():
    """Both, or neither, is refused; so is a path without a slash."""
    wrongs: list[Any] = [{}, {"app": Raw(), "routes": []}]
    for wrong in wrongs:
        with pytest.raises(TypeError, match=r"^Mount\(\) takes an app or routes: one of them$"):
            Mount("/m", **wrong)
    with pytest.raises(ValueError, match=r"^a path begins with a slash: 'm'$"):
        Mount("m", Raw())


def test_a_mount_keeps_the_very_app_it_was_given():
    """One that is false, say because it is an empty collection, is an app as well."""

    class Empty(Raw):
        def __len__(self):
            return 0

    app = Empty()
    assert Mount("/m", app).app is app


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/m", redirect("http://127.0.0.1:8000/m/")),
        ("/m/", text("raw /m /m/")),
        ("/m//x", text("raw /m /m//x")),
        ("/m/a\nb", text("raw /m /m/a\nb")),
        ("/mm", NOT_FOUND),
        ("/x/m/", NOT_FOUND),
    ],
)
def test_a_mount_takes_whole_segments(path, answer):
    """`/m` itself is redirected to `/m/`; `/mm` is another path; what follows the slash is the app's own business."""
    assert converse(Router([Mount("/m/", app=Raw())]), http(path=path)) == answer


@pytest.mark.parametrize("path", ["", "/"])
def test_a_mount_without_a_path_takes_everything(path):
    """In its place in the order."""
    router = Router([Route("/a", named("a")), Mount(path, app=Raw()), Route("/b", named("b"))])
    assert converse(router, http(path="/a")) == text("a")
    assert converse(router, http(path="/b")) == text("raw  /b")
    assert converse(router, http(path="/")) == text("raw  /")


def test_a_mount_takes_websockets_too_and_nothing_else():
    """The scope type is passed on; a lifespan never reaches a mounted app."""
    mount = Mount("/m", routes=[WebSocketRoute("/w", talk), Route("/w", named("page"))])
    accept: Any = {"type": "websocket.accept", "subprotocol": None, "headers": []}
    assert converse(Router([mount]), websocket("/m/w"), CONNECT) == [accept]
    assert converse(Router([mount]), websocket("/m/x"), CONNECT) == [CLOSE]
    assert converse(Router([mount]), http(path="/m/w")) == text("page")
    assert mount.matches({"type": "lifespan", "path": "/m/w"}) == (Match.NONE, {})


def test_a_miss_below_a_mount_is_answered_there():
    """The routes behind the mount are not asked any more."""
    router = Router([Mount("/m", routes=[Route("/a", named("a"))]), Route("/m/b", named("b"))])
    assert converse(router, http(path="/m/b")) == NOT_FOUND
    assert converse(router, http("POST", "/m/a")) == text("Method Not Allowed", 405, allow="GET, HEAD")
    assert converse(router, http(path="/m/a/")) == redirect("http://127.0.0.1:8000/m/a")


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("example.org", "exact"),
        ("EXAMPLE.ORG:8000", "exact"),
        ("a.example.org", "tenant tenant='a'"),
        ("a-b.Example.org:1", "tenant tenant='a-b'"),
        ("7.example.net", "number n=7"),
        ("x.example.net", "rest"),
        ("example.org:99999", "rest"),
        ("example.org/", "rest"),
        ("[::1]:1", "six"),
        ("", "rest"),
        (None, "rest"),
    ],
)
def test_a_host_has_an_app_of_its_own(host, words):
    """Case and port do not count; what is no host fits none, and goes on to the next route."""
    router = Router(
        [
            Host("example.org:8000", Router([Route("/", named("exact"))])),
            Host("{tenant}.example.org", Router([Route("/", named("tenant"))])),
            Host("{n:int}.example.net", Router([Route("/", named("number"))])),
            Host("[::1]", Router([Route("/", named("six"))])),
            Route("/", named("rest")),
        ]
    )
    headers = [] if host is None else [("host", host)]
    assert converse(router, http("GET", "/", headers)) == text(words)


def test_a_host_comes_in_the_order_of_registration():
    """A static route before it wins; one behind it is for other hosts."""
    router = Router([Route("/a", named("a"))])
    router.host("example.org", Router([Route("/{x}", named("host"))]), name="h")
    router.add_route("/b", named("b"))
    on_host = [("host", "example.org")]
    assert converse(router, http("GET", "/a", on_host)) == text("a")
    assert converse(router, http("GET", "/b", on_host)) == text("host x='b'")
    assert converse(router, http("GET", "/c/d", on_host)) == NOT_FOUND
    assert converse(router, http("GET", "/b")) == text("b")
    with pytest.raises(ValueError, match=r"^a host does not begin with a slash: '/a'$"):
        Host("/a", Raw())


def tree():
    """Routes of every kind, with names."""
    users = [Route("/", named("list"), name="list"), Route("/{id:int}", named("one"), name="one")]
    api = [Mount("/users", routes=users, name="users"), Route("/about", named("about"), name="about")]
    router = Router([Route("/", named("home"), name="home"), Route("/{x}/{y}", named("two"), name="two")])
    router.add_websocket_route("/chat/{room}", talk, name="chat")
    router.mount("/api/{version}", Router(api), name="api")
    router.mount("/plain", Router([Route("/deep", named("deep"), name="deep")]))
    router.mount("/static", Raw(), name="static")
    router.host("{tenant}.example.org", Router([Route("/in/{path}", named("in"), name="in")]), name="tenant")
    return router


@pytest.mark.parametrize(
    ("name", "params", "path", "protocol", "host"),
    [
        ("home", {}, "/", "http", ""),
        ("two", {"x": "a", "y": 1}, "/a/1", "http", ""),
        ("chat", {"room": "é"}, "/chat/é", "websocket", ""),
        ("api:about", {"version": 2}, "/api/2/about", "http", ""),
        ("api:users:list", {"version": 2}, "/api/2/users/", "http", ""),
        ("api:users:one", {"version": 2, "id": 7}, "/api/2/users/7", "http", ""),
        ("api", {"version": 2, "path": "/x/y"}, "/api/2/x/y", "", ""),
        ("deep", {}, "/plain/deep", "http", ""),
        ("static", {"path": "a/b.css"}, "/static/a/b.css", "", ""),
        ("static", {"path": "/a"}, "/static/a", "", ""),
        ("tenant:in", {"tenant": "t", "path": "x"}, "/in/x", "http", "t.example.org"),
        ("tenant", {"tenant": "t", "path": "/y"}, "/y", "", "t.example.org"),
    ],
)
def test_a_path_is_found_by_name(name, params, path, protocol, host):
    """`name:child` leads below mounts and hosts; the path knows its protocol and its host."""
    found = tree().url_path_for(name, **params)
    assert (found, found.protocol, found.host) == (path, protocol, host)


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("none", {}),
        ("home", {"x": 1}),
        ("two", {"x": 1}),
        ("two", {"x": 1, "y": 2, "z": 3}),
        ("api:none", {"version": 1}),
        ("api:about", {}),
        ("ipa:about", {"version": 1}),
        ("api", {"path": "/"}),
        ("about", {"version": 1}),
        ("static", {}),
        ("static:x", {}),
        ("tenant:in", {"path": "x"}),
        ("tenant", {"tenant": "t"}),
    ],
)
def test_a_name_that_leads_nowhere_is_said_with_its_parameters(name, params):
    """Every parameter must be there, and none too many."""
    with pytest.raises(NoMatchFound) as raised:
        tree().url_path_for(name, **params)
    assert str(raised.value) == f"no route is named {name!r} with the parameters {sorted(params)}"


def test_the_first_route_of_a_name_that_takes_the_parameters_is_found():
    """One name may have several shapes; a function gives its own name, an object that of its class."""
    router = Router([Route("/all", where), Route("/{x}", where), Route("/raw", Raw())])
    assert (router.url_path_for("where"), router.url_path_for("where", x="1")) == ("/all", "/1")
    assert router.url_path_for("Raw") == "/raw"
    assert Route("/", where, name="").name == ""


def test_url_for_leads_out_of_a_mount_and_back():
    """Below mounts names begin at the outermost app, and its `root_path`; the server's stays in front."""

    async def links(request):
        names = [("outside", {}), ("m:inside", {"id": 1}), ("m:deep:links", {"id": 2})]
        return PlainTextResponse(" ".join(str(request.url_for(name, **params)) for name, params in names))

    deep = Mount("/deep", App(routes=[Route("/links", links)]), name="deep")
    mount = Mount("/m/{id:int}", Router([Route("/inside", where, name="inside"), deep]), name="m")
    app = App(routes=[Route("/outside", where, name="outside"), mount])
    for path, root in (("/m/9/deep/links", ""), ("/base/m/9/deep/links", "/base")):
        scope = http("GET", path, [("host", "example.org")], scheme="https", root_path=root)
        base = f"https://example.org{root}"
        assert converse(app, scope) == text(f"{base}/outside {base}/m/1/inside {base}/m/2/deep/links")


def test_url_for_knows_websockets_and_hosts():
    """The scheme becomes that of a websocket, the host that of the route."""

    async def links(request):
        found = request.url_for("chat", room="a"), request.url_for("tenant:in", tenant="t", path="x")
        return PlainTextResponse(" ".join(map(str, found)))

    router = tree()
    router.add_route("/links", links)
    assert converse(router, http(path="/links", scheme="https")) == text(
        "wss://127.0.0.1:8000/chat/a https://t.example.org/in/x"
    )


def test_url_for_a_name_that_is_not_there_is_raised():
    """To whoever asked."""

    async def link(request):
        request.url_for("none", x=1)

    sent, error = broken(Router([Route("/", link)]), http())
    assert (sent, str(error)) == ([], "no route is named 'none' with the parameters ['x']")


def test_routes_print_what_they_match():
    """A list of routes can be read in a log."""
    raw = named("raw")
    assert [repr(route) for route in [Route("/a", where), Route("/b", raw, methods=["post"], name="b")]] == [
        "Route(path='/a', name='where', methods=['GET', 'HEAD'])",
        "Route(path='/b', name='b', methods=['POST'])",
    ]
    assert repr(WebSocketRoute("/w", talk)) == "WebSocketRoute(path='/w', name='talk')"
    assert repr(Mount("/m/", Raw(), name="m")).startswith(
        "Mount(path='/m', name='m', app=<tests.test_routing.Raw object"
    )
    assert repr(Host("h:1", Raw())).startswith("Host(host='h:1', name='', app=<tests.test_routing.Raw object")
    assert [route.name for route in Mount("/m", Router([Route("/", where)])).routes] == ["where"]
    assert Mount("/m", Raw()).routes == []


@pytest.mark.parametrize(
    ("raw_path", "path", "location"),
    [
        (b"/a%2541/", "/a%41/", "/a%2541"),
        (b"/a%3Fb/", "/a?b/", "/a%3Fb"),
        (None, "/plain/", "/plain"),
    ],
)
def test_a_redirect_leads_where_the_client_wrote_and_not_where_that_decodes_to(raw_path, path, location):
    """What was decoded once must not be decoded twice: /a%2541/ and /a%41/ are two resources."""
    router = Router([Route("/{x}", where)])
    start = converse(router, http("GET", path, raw_path=raw_path))[0]
    assert (start["status"], dict(start["headers"])[b"location"]) == (307, f"http://127.0.0.1:8000{location}".encode())


def test_a_name_becomes_a_path_that_ends_where_it_ends():
    """A question mark or a hash in a parameter is no query and no fragment."""
    assert App(routes=[Route("/{x}", where, name="it")]).url_path_for("it", x="a?b#c\\d") == "/a%3Fb%23c%5Cd"


def test_a_router_below_an_app_of_somebody_else_answers_itself():
    """Starlette puts itself into `scope["app"]` too, and knows nothing of our exceptions."""
    router = Router([Route("/a", where)])
    for path, method, status in (("/b", "GET", 404), ("/a", "PUT", 405)):
        messages = converse(router, http(method, path, app=object()))
        assert messages[0]["status"] == status


def test_names_are_found_in_a_mounted_app_of_another_framework():
    """Its routes raise a NoMatchFound of their own, which means the next route here too."""

    async def endpoint(request): ...

    below = [starlette.routing.Route("/a", endpoint, name="a"), starlette.routing.Route("/b/{id}", endpoint, name="b")]
    router = Router([Mount("/other", starlette.applications.Starlette(routes=below), name="other")])
    assert router.url_path_for("other:b", id="7") == "/other/b/7"
    with pytest.raises(NoMatchFound, match=r"^no route is named 'other:c' with the parameters \['id'\]$"):
        router.url_path_for("other:c", id="7")
