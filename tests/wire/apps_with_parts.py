"""Small apps whose routes, mounts and routers have layers of their own, each written once for every kit."""


def noting(log):
    """A layer that puts its name on every answer, and notes what it sees."""

    class Noting:
        def __init__(self, app, name):
            self.app, self.name = app, name

        async def __call__(self, scope, receive, send):
            async def send_with_name(message):
                if message["type"].endswith("start") or message["type"] == "websocket.accept":
                    headers = [*message.get("headers", ()), (b"x-layer", self.name.encode())]
                    message = {**message, "headers": headers}
                await send(message)

            log.append([self.name, "in", scope["type"], scope.get("root_path")])
            try:
                await self.app(scope, receive, send_with_name)
            except Exception as error:
                log.append([self.name, "sees", repr(error)])
                raise
            log.append([self.name, "out"])

    return Noting


def parts(kit, log):
    """One noting layer around a route, a websocket, a mount and a router; what is raised below them has handlers."""

    def layer(name):
        return kit.Middleware(noting(log), name)

    async def fine(request):
        return kit.PlainTextResponse(
            f"{request.url.path} {sorted(request.path_params)} {request.url_for('below:fine')}"
        )

    async def refused(request):
        raise kit.HTTPException(403, "no", {"x-why": "no"})

    async def teapot(request):
        raise BufferError("short and stout")

    async def boom(request):
        raise RuntimeError("boom")

    async def talk(websocket):
        await websocket.accept()
        await websocket.close(1000)

    async def closed(websocket):
        raise kit.WebSocketException(1008, "no")

    async def brew(request, error):
        return kit.PlainTextResponse(str(error), 418)

    async def broken(request, error):
        return kit.PlainTextResponse("broken", 500)

    routes = [kit.Route("/fine", fine), kit.Route("/refused", refused), kit.Route("/teapot", teapot)]
    routes.append(kit.Route("/boom", boom))
    each = [kit.Route(f"/own{route.path}", route.endpoint, middleware=[layer("route")]) for route in routes]
    router = kit.Router([*routes, kit.WebSocketRoute("/talk", talk)], middleware=[layer("outer"), layer("inner")])
    return kit.App(
        routes=[
            *each,
            kit.Route("/raw", kit.PlainTextResponse("raw"), middleware=[layer("route")]),
            kit.WebSocketRoute("/own/talk", talk, middleware=[layer("route")]),
            kit.WebSocketRoute("/own/closed", closed, middleware=[layer("route")]),
            kit.Mount("/below", routes=routes, name="below", middleware=[layer("mount")]),
            kit.Mount("/router", router, middleware=[layer("mount")]),
        ],
        exception_handlers={BufferError: brew, Exception: broken},
    )


def alone(kit, log):
    """A router with a layer and a lifespan, called by the server itself."""

    def around(app):
        async def noting(scope, receive, send):
            log.append(scope["type"])
            await app(scope, receive, send)

        return noting

    class Life:
        def __init__(self, app):
            log.append(app)

        async def __aenter__(self):
            return {"pool": "open"}

        async def __aexit__(self, *error):
            log.append("closed")

    async def fine(request):
        return kit.PlainTextResponse("fine")

    return kit.Router([kit.Route("/fine", fine)], lifespan=Life, middleware=[kit.Middleware(around)])
