"""Small apps, each written once, with the names of whatever kit it is given: what they answer is compared.

Each is a function of a `kit` (rawasgi's names or Starlette's) and a `log`.
"""

import contextlib
import datetime
import json


def answers(kit, log):
    """Every kind of response."""

    def blocking(request):
        return kit.PlainTextResponse("from a thread")

    async def counted():
        for number in range(3):
            yield f"{number};"

    def counted_on_a_thread():
        yield b"one"
        yield b"two"

    def render(self, content):
        return content.upper().encode(self.charset)

    shouted = type("Shouted", (kit.Response,), {"media_type": "text/x-shouted", "render": render})
    headers = {"X-One": "1", "Content-Type": "text/csv", "x-name": "caf\xe9"}
    responses = {
        "/plain": lambda: kit.PlainTextResponse("héllo"),
        "/html": lambda: kit.HTMLResponse("<p>hi", status_code=201),
        "/json": lambda: kit.JSONResponse({"a": [1, None, "é"], "b": 1.5}),
        "/json-null": lambda: kit.JSONResponse(None),
        "/json-nan": lambda: kit.JSONResponse(float("nan")),
        "/bytes": lambda: kit.Response(b"\x00\xff", media_type="application/octet-stream"),
        "/memoryview": lambda: kit.Response(memoryview(b"seen")),
        "/empty": lambda: kit.Response(),
        "/no-content": lambda: kit.Response(status_code=204),
        "/not-modified": lambda: kit.Response(status_code=304, headers={"etag": '"x"'}),
        "/headers": lambda: kit.PlainTextResponse("a,b", headers=headers),
        "/own-length": lambda: kit.Response(b"", headers={"Content-Length": "9"}),
        "/charset": lambda: kit.Response("x", media_type="text/plain; charset=ascii"),
        "/subclass": lambda: shouted("loud"),
        "/redirect": lambda: kit.RedirectResponse("/plain"),
        "/see-other": lambda: kit.RedirectResponse(kit.URL("/é è?q=a b&c=%20#f"), 303, {"x-a": "b"}),
        "/stream": lambda: kit.StreamingResponse(counted(), media_type="text/plain"),
        "/stream-on-a-thread": lambda: kit.StreamingResponse(counted_on_a_thread(), 202, {"x-a": "b"}),
        "/stream-of-a-list": lambda: kit.StreamingResponse(["a", b"b"]),
    }

    def handler(make):
        async def handle(request):
            return make()

        return handle

    routes = [kit.Route(path, handler(make)) for path, make in responses.items()]
    return kit.App(routes=[*routes, kit.Route("/blocking", blocking)])


def cookies(kit, log):
    """Cookies that are set, and cookies that come in."""

    async def given(request):
        response = kit.PlainTextResponse("set")
        response.set_cookie("plain", "value")
        response.set_cookie("quoted", 'a "b"; c')
        response.set_cookie("full", "1", 10, 20, "/p", "example.org", True, True, "strict")
        response.set_cookie("when", "1", expires=datetime.datetime(2030, 1, 2, 3, 4, 5, tzinfo=datetime.UTC))
        response.set_cookie("bare", "1", path=None, samesite=None)
        return response

    async def deleted(request):
        response = kit.PlainTextResponse("gone")
        response.delete_cookie("plain", path="/p", secure=True, httponly=True)
        return response

    async def seen(request):
        return kit.JSONResponse(request.cookies)

    return kit.App(routes=[kit.Route(f"/{func.__name__}", func) for func in (given, deleted, seen)])


def asks(kit, log):
    """Everything that a request can be asked."""

    async def seen(request):
        parts = {
            "method": request.method,
            "url": str(request.url),
            "base_url": str(request.base_url),
            "secure": request.url.is_secure,
            "headers": request.headers.items(),
            "accepted": request.headers.getlist("ACCEPT"),
            "query": request.query_params.multi_items(),
            "last": request.query_params.get("a"),
            "client": request.client,
            "params": request.path_params,
            "keys": request["path"],
        }
        return kit.JSONResponse(parts)

    async def body(request):
        first, second = await request.body(), await request.body()
        return kit.Response(first + b"|" + second)

    async def pieces(request):
        return kit.JSONResponse([piece.decode() async for piece in request.stream()])

    async def parsed(request):
        return kit.PlainTextResponse(repr(await request.json()))

    async def streamed_twice(request):
        async for _ in request.stream():
            pass
        return kit.Response(await request.body())

    async def connected(request):
        read = await request.body()
        return kit.JSONResponse([read.decode(), await request.is_disconnected(), await request.is_disconnected()])

    async def state(request):
        request.state.mine = "set"
        return kit.JSONResponse([request.state.mine, hasattr(request.state, "other"), request.app.state.shared])

    async def bare(scope, receive, send):
        request = kit.Request(scope, receive)
        await kit.Response(await request.body(), headers={"x-path": request.url.path})(scope, receive, send)

    handlers = (body, pieces, parsed, streamed_twice, connected, state)
    routes = [kit.Route(f"/{func.__name__}", func, methods=["GET", "POST"]) for func in handlers]
    app = kit.App(routes=[*routes, kit.Mount("/bare", bare), kit.Route("/seen/{rest:path}", seen)])
    app.state.shared = "by all"
    return app


LINKS: list[tuple[str, dict[str, object]]] = [
    ("item", {"id": 7}),
    ("file", {"rest": "a/b"}),
    ("size", {"x": 1.5}),
    ("sub:inner", {"name": "é x"}),
    ("sub", {"path": "/deep/er"}),
    ("tenant:home", {"tenant": "acme"}),
    ("chat", {}),
]


def places(kit, log):
    """Routes, mounts, hosts, and URLs made from their names."""

    def named(name):
        async def handle(request):
            route = type(request.scope["route"]).__name__
            seen = [name, request.path_params, request.scope["root_path"], route]
            return kit.JSONResponse(seen, headers={"x-url": str(request.url)})

        return handle

    async def links(request):
        return kit.JSONResponse([str(request.url_for(name, **params)) for name, params in LINKS])

    async def no_link(request):
        return kit.PlainTextResponse(str(request.url_for("item", other=1)))

    async def chat(websocket):
        await websocket.accept()

    inner = [
        kit.Route("/links", links),
        kit.Route("/{name}", named("inner"), name="inner"),
        kit.Route("/", named("inner root")),
    ]
    one = kit.Router([kit.Route("/", named("home"), name="home")])
    return kit.App(
        routes=[
            kit.Host("{tenant}.example.com", one, name="tenant"),
            kit.Route("/", named("root")),
            kit.Route("/items/new", named("new")),
            kit.Route("/items/{id:int}", named("item"), name="item"),
            kit.Route("/items/{id:int}", named("change"), methods=["put", "delete"], name="change"),
            kit.Route("/items/{word}", named("word")),
            kit.Route("/size/{x:float}", named("size"), name="size"),
            kit.Route("/files/{rest:path}", named("file"), name="file"),
            kit.Route("/slash/", named("slash")),
            kit.Route("/links", links),
            kit.Route("/no-link", no_link),
            kit.WebSocketRoute("/chat", chat),
            kit.Mount("/sub", routes=inner, name="sub"),
        ]
    )


class Odd(Exception):
    """An exception that an app has a handler for."""


class Odder(Odd):
    """One that is found by its base."""


def errors(kit, log):
    """Exceptions, and handlers for some of them."""

    def raising(error):
        async def handle(request):
            raise error

        return handle

    async def odd(request, error):
        return kit.PlainTextResponse(f"odd: {error}", 418)

    def missing(request, error):
        return kit.JSONResponse({"missing": request.url.path, "detail": error.detail}, 404)

    async def unexpected(request, error):
        return kit.PlainTextResponse(f"unexpected: {error!r}", 500)

    async def torn():
        yield b"half"
        raise Odd("too late")

    async def tear(request):
        return kit.StreamingResponse(torn())

    async def nothing(request):
        return None

    raised = {
        "/odd": Odd("one"),
        "/odder": Odder("two"),
        "/boom": RuntimeError("boom"),
        "/teapot": kit.HTTPException(418, "short and stout", {"x-tea": "1"}),
        "/phrase": kit.HTTPException(403),
        "/no-content": kit.HTTPException(204),
        "/not-modified": kit.HTTPException(304, headers={"etag": '"x"'}),
        "/own-404": kit.HTTPException(404, "mine"),
    }
    routes = [kit.Route(path, raising(error)) for path, error in raised.items()]
    routes += [kit.Route("/tear", tear), kit.Route("/nothing", nothing)]
    return kit.App(routes=routes, exception_handlers={Odd: odd, 404: missing, 500: unexpected})


def no_handlers(kit, log):
    """An exception that nobody handles, in an app, and in a mounted one."""

    async def boom(request):
        raise RuntimeError("boom")

    routes = [kit.Route("/boom", boom), kit.Mount("/app", kit.App(routes=[kit.Route("/boom", boom)]))]
    return kit.App(routes=routes)


def background(kit, log):
    """Work for after the response."""

    def on_a_thread(word):
        log.append(word)

    async def on_the_loop(word, again=1):
        log.append(word * again)

    async def fails():
        raise RuntimeError("in the background")

    async def one(request):
        return kit.PlainTextResponse("sent", background=kit.BackgroundTask(on_the_loop, "x", again=2))

    async def several(request):
        tasks = kit.BackgroundTasks([kit.BackgroundTask(on_a_thread, "first")])
        tasks.add_task(on_the_loop, "second")
        tasks.add_task(fails)
        tasks.add_task(on_the_loop, "never")
        return kit.JSONResponse(1, background=tasks)

    async def stream(request):
        async def pieces():
            try:
                yield b"a"
                yield b"b"
            finally:
                log.append("closed")

        return kit.StreamingResponse(pieces(), background=kit.BackgroundTask(on_a_thread, "after"))

    return kit.App(routes=[kit.Route(f"/{func.__name__}", func) for func in (one, several, stream)])


def lives(kit, log, *, state=None, fails_in=""):
    """A lifespan that notes where it is, yields a state, and fails when told to."""

    @contextlib.asynccontextmanager
    async def lifespan(app):
        log.append(["set up", isinstance(app, kit.App)])
        if fails_in == "startup":
            raise RuntimeError("no database")
        yield state
        log.append(["tear down"])
        if fails_in == "shutdown":
            raise RuntimeError("still busy")

    async def shared(request):
        return kit.PlainTextResponse(json.dumps(request.state.pool))

    return kit.App(lifespan=lifespan, routes=[kit.Route("/shared", shared)])


def limited(kit, log):
    """An app that takes at most eight bytes of body, or of which nobody reads the body."""

    async def read(request):
        return kit.Response(await request.body())

    async def deaf(request):
        return kit.PlainTextResponse("did not look")

    routes = [kit.Route(f"/{func.__name__}", func, methods=["POST"]) for func in (read, deaf)]
    return kit.App(routes=routes, max_body_size=8)
