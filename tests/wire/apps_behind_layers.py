"""A layer and its options in -> an app behind it, in the same words for every kit, out."""

from typing import Any

SMALL, LARGE = b"small", b"a long text " * 100


def behind(layer, **options):
    """A function of `kit` and `log` that builds the app behind this layer."""

    def build(kit, log):
        given = options
        if layer == "AuthenticationMiddleware":
            given = {name: value(kit) for name, value in options.items()}
        made = kit.App(routes=routes(kit, log), middleware=[kit.Middleware(getattr(kit, layer), **given)])
        if layer == "ProxyHeadersMiddleware":  # uvicorn puts it around the app
            made = getattr(kit, layer)(kit.App(routes=routes(kit, log)), **given)
        return made

    return build


def routes(kit, log):
    """Answers of every kind, and what layers have left."""
    return [*bodies(kit), *pages(kit, log), *session_pages(kit, log), *guarded_pages(kit, log)]


async def raw(scope, receive, send):
    """A stream of raw ASGI, with an empty piece in it."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for piece in (b"one", b"", b"two"):
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def path_sent(scope, receive, send):
    """A file that the server sends."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9000")]})
    await send({"type": "http.response.pathsend", "path": "/some/where"})


async def trailing(scope, receive, send):
    """A hint before, trailers behind."""
    headers = [(b"content-length", b"%d" % len(LARGE))]
    await send({"type": "http.response.early_hint", "links": [b"</a.css>"]})
    await send({"type": "http.response.start", "status": 200, "headers": headers, "trailers": True})
    await send({"type": "http.response.body", "body": LARGE})
    await send({"type": "http.response.trailers", "headers": [(b"x-sum", b"1")]})


def bodies(kit):
    """Bodies of several sizes, types and states."""

    def page(path, body=SMALL, **more):
        async def answer(request):
            return kit.Response(body, **more)

        return kit.Route(path, answer, methods=["GET", "PUT"])

    return [
        page("/"),
        page("/large", LARGE),
        page("/typed", LARGE, media_type="text/css", headers={"vary": "Accept", "etag": 'W/"a"'}),
        page("/strong", LARGE, headers={"etag": '"a"'}),
        page("/encoded", LARGE, headers={"content-encoding": "br"}),
        page("/image", LARGE, media_type="Image/PNG; x=y"),
        page("/grpc", LARGE, media_type="application/grpc+proto"),
        page("/partial", LARGE, status_code=206),
        page("/no-content", b"", status_code=204),
        page("/not-modified", b"", status_code=304, headers={"etag": '"a"'}),
        page("/own-cors", headers={"access-control-allow-origin": "https://own.example", "vary": "Accept"}),
    ]


def pages(kit, log):
    """Answers that no layer has to know of."""

    async def boom(request):
        raise RuntimeError("boom")

    async def teapot(request):
        raise kit.HTTPException(418, headers={"vary": "Accept"})

    async def stream(request):
        async def pieces():
            for number in range(3):
                yield b"piece %d, " % number

        return kit.StreamingResponse(pieces(), media_type=request.query_params.get("type"))

    async def seen(request):
        return kit.JSONResponse([request.url.scheme, list(request.client or ())])

    async def read(request):
        return kit.Response(await request.body())

    async def talk(websocket):
        await websocket.accept()
        await websocket.send_json([websocket.url.scheme, list(websocket.client or ())])
        await websocket.close()

    return [
        kit.Route("/boom", boom),
        kit.Route("/teapot", teapot),
        kit.Route("/stream", stream),
        kit.Route("/seen", seen),
        kit.Route("/read", read, methods=["POST"]),
        kit.Mount("/raw", raw),
        kit.Mount("/path-sent", path_sent),
        kit.Mount("/trailing", trailing),
        kit.WebSocketRoute("/talk", talk),
    ]


def session_pages(kit, log):
    """What handlers do with a session."""
    changes = {
        "look": lambda session: None,
        "get": lambda session: session.get("n"),
        "set": lambda session: session.update(n=1),
        "set-item": lambda session: session.__setitem__("n", [1, "é", None]),
        "in-place": lambda session: session.__ior__({"n": 2}),
        "default": lambda session: session.setdefault("m", 1),
        "pop": lambda session: session.pop("n", None),
        "pop-none": lambda session: session.pop("none", None),
        "clear": lambda session: session.clear(),
        "delete": lambda session: session.__delitem__("n"),
        "deep": lambda session: session["n"].append(2),
        "no-json": lambda session: session.update(n=object()),
        "large": lambda session: session.update(n="x" * 4096),
    }

    def page(path, change):
        async def answer(request):
            change(request.session)
            return kit.PlainTextResponse("done")

        return kit.Route(path, answer)

    async def show(request):
        return kit.JSONResponse(request.session)

    async def talk(websocket):
        session = websocket.session
        if websocket.url.query:
            session["said"] = websocket.url.query
        await websocket.accept()
        await websocket.send_json(dict(session))
        await websocket.close()

    shown = [kit.Route("/session/show", show), kit.WebSocketRoute("/session/talk", talk)]
    return [*shown, *(page(f"/session/{name}", change) for name, change in changes.items())]


def guarded_pages(kit, log):
    """Handlers that demand something, and one that says who asks."""

    async def who(request):
        return kit.JSONResponse([request.user.is_authenticated, request.user.display_name, request.auth.scopes])

    async def page(request):
        return kit.PlainTextResponse("in")

    def on_a_thread(request):
        return kit.PlainTextResponse("in, on a thread")

    async def talk(websocket):
        await websocket.accept()
        await websocket.send_text(websocket.user.display_name)
        await websocket.close()

    needs = {
        "one": kit.requires("read"),
        "two": kit.requires(["read", "write"]),
        "hidden": kit.requires("read", status_code=404),
        "sent": kit.requires("read", redirect="login"),
    }
    return [
        kit.Route("/login", who, name="login"),
        kit.WebSocketRoute("/guarded/talk", needs["one"](talk)),
        *(kit.Route(f"/guarded/{name}", need(page)) for name, need in needs.items()),
        *(kit.Route(f"/guarded/thread/{name}", need(on_a_thread)) for name, need in needs.items()),
    ]


def backend(kit: Any) -> Any:
    """Who asks, by a header: `Authorization: ada read write`."""

    class Named(kit.AuthenticationBackend):  # type: ignore[misc]  # which of the two is known at run time
        async def authenticate(self, conn):
            name, *scopes = conn.headers.get("authorization", "").split() or [""]
            if name == "liar":
                raise kit.AuthenticationError("you are not")
            return (kit.AuthCredentials(scopes), kit.SimpleUser(name)) if name else None

    return Named()


def on_error(kit):
    """Another answer to wrong credentials."""
    return lambda conn, error: kit.JSONResponse({"error": str(error), "path": conn.url.path}, 401)
