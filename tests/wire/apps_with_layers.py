"""Small apps with middleware, each written once for every kit: the order of layers, and function-style ones."""

import contextvars

PLACE = contextvars.ContextVar("PLACE", default="nowhere")


def layered(kit, log):
    """Pure layers, listed and added, that note who comes first, and a handler that may raise."""

    class Noting:
        def __init__(self, app, name, *, unit="ms"):
            self.app, self.name, self.unit = app, name, unit

        async def __call__(self, scope, receive, send):
            if scope["type"] == "lifespan":
                log.append([self.name, "lifespan"])
                await self.app(scope, receive, send)
                return

            async def send_with_name(message):
                if message["type"].endswith("start"):
                    message = {**message, "headers": [*message["headers"], (b"x-layer", self.name.encode())]}
                await send(message)

            log.append([self.name, self.unit, "in"])
            try:
                await self.app(scope, receive, send_with_name)
            finally:
                log.append([self.name, "out", scope.get("path_params")])

    async def fine(request):
        return kit.PlainTextResponse("fine")

    async def boom(request):
        raise RuntimeError("boom")

    async def refused(request):
        raise kit.HTTPException(403)

    async def talk(websocket):
        await websocket.accept()

    layers = [kit.Middleware(Noting, "second"), kit.Middleware(Noting, "third", unit="s")]
    routes = [kit.Route("/fine/{id:int}", fine), kit.Route("/boom", boom), kit.Route("/refused", refused)]
    app = kit.App(routes=[*routes, kit.WebSocketRoute("/talk", talk)], middleware=layers)
    app.add_middleware(Noting, "first")
    return app


def functions(kit, log):
    """Function-style middleware around handlers, streams, exceptions and a mounted app of raw ASGI."""

    async def outer(request, call_next):
        log.append("outer in")
        if request.url.path == "/short":
            return kit.PlainTextResponse("short cut", 202)
        request.state.by = "outer"
        response = await call_next(request)
        response.headers["x-outer"] = str(response.status_code)
        log.append("outer out")
        return response

    async def inner(request, call_next):
        log.append("inner in")
        if request.url.path == "/caught":
            try:
                return await call_next(request)
            except RuntimeError as error:
                return kit.PlainTextResponse(f"caught {error}", 500)
        response = await call_next(request)
        if request.url.path == "/replaced":
            return kit.PlainTextResponse("another")
        if request.url.path == "/teapot":
            response.status_code = 418
        log.append("inner out")
        return response

    app = kit.App(routes=below_functions(kit, log))
    app.add_middleware(kit.BaseHTTPMiddleware, dispatch=inner)
    app.add_middleware(kit.BaseHTTPMiddleware, dispatch=outer)
    return app


def below_functions(kit, log):
    """What the function-style layers are around."""

    async def fine(request):
        log.append(f"handler, after {request.state.by}")
        tasks = kit.BackgroundTask(log.append, "background")
        return kit.JSONResponse({"body": (await request.body()).decode()}, background=tasks)

    async def boom(request):
        raise RuntimeError("boom")

    async def refused(request):
        raise kit.HTTPException(403, headers={"x-why": "no"})

    async def stream(request):
        async def pieces():
            for word in ("one", "two"):
                log.append(word)
                yield word

        return kit.StreamingResponse(pieces())

    async def raw(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-raw", b"1")]})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        await send({"type": "http.response.body", "body": b"b"})

    paths = {"/fine": fine, "/teapot": fine, "/replaced": fine, "/boom": boom, "/caught": boom, "/refused": refused}
    routes = [kit.Route(path, func, methods=["GET", "POST"]) for path, func in paths.items()]
    return [*routes, kit.Route("/stream", stream), kit.Mount("/raw", raw)]


def contexts(kit, log):
    """A context variable set in the handler, read in a function-style middleware, and the body read there first."""

    async def after(request, call_next):
        read = (await request.body()).decode() if request.method == "POST" else "unread"
        response = await call_next(request)
        log.append([read, PLACE.get()])
        return response

    async def handler(request):
        PLACE.set("set in the handler")
        return kit.Response(await request.body())

    app = kit.App(routes=[kit.Route("/", handler, methods=["GET", "POST"])])
    app.add_middleware(kit.BaseHTTPMiddleware, dispatch=after)
    return app
