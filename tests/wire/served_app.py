"""One app of rawasgi for real servers: every kind of response, a stream that notes its end, websockets, a lifespan."""

import asyncio
import contextlib

import rawasgi


@contextlib.asynccontextmanager
async def lifespan(app):
    """Say when the app is set up and torn down; who reads the output of the process sees it."""
    print("set up", flush=True)
    yield {"greeting": "hello"}
    print("torn down", flush=True)


def make():
    """A new app; `app.state.closed` is set when an endless stream was closed."""
    app = rawasgi.App(lifespan=lifespan, max_body_size=100_000)
    app.state.closed = asyncio.Event()
    add_answers(app)
    add_streams(app)
    add_sockets(app)
    return app


def add_answers(app):
    """Whole responses."""

    @app.get("/plain")
    async def plain(request):
        return rawasgi.PlainTextResponse(request.state.greeting, headers={"X-Own": "caf\xe9"})

    @app.get("/thread")
    def on_a_thread(request):
        return rawasgi.HTMLResponse("<p>")

    @app.get("/seen/{rest:path}")
    async def seen(request):
        parts = [request.path_params, request.query_params.multi_items(), request.headers.getlist("x-two")]
        return rawasgi.JSONResponse(parts)

    @app.post("/echo")
    async def echo(request):
        return rawasgi.Response(await request.body(), media_type="application/octet-stream")

    @app.post("/json")
    async def parsed(request):
        return rawasgi.JSONResponse(await request.json())

    @app.delete("/nothing")
    async def nothing(request):
        return rawasgi.Response(status_code=204)

    @app.get("/cookies")
    async def cookies(request):
        response = rawasgi.JSONResponse(request.cookies)
        response.set_cookie("a", "1", httponly=True)
        response.set_cookie("b", 'q "x"', max_age=60)
        return response

    @app.get("/boom")
    async def boom(request):
        raise RuntimeError("boom")


def add_streams(app):
    """Responses piece by piece."""

    @app.get("/stream")
    async def stream(request):
        return rawasgi.StreamingResponse(iter(["one", "", "three"]), media_type="text/plain")

    @app.get("/endless")
    async def endless(request):
        async def pieces():
            try:
                while True:
                    yield b"piece"
                    await asyncio.sleep(0)
            finally:
                app.state.closed.set()

        return rawasgi.StreamingResponse(pieces())

    @app.get("/quiet")
    async def quiet(request):
        async def pieces():
            try:
                yield b"piece"
                await asyncio.Event().wait()
            finally:
                app.state.closed.set()

        return rawasgi.StreamingResponse(pieces())

    @app.post("/as-it-comes")
    async def as_it_comes(request):
        return rawasgi.StreamingResponse(request.stream())


def add_sockets(app):
    """Websockets."""

    @app.websocket("/chat/{name}")
    async def chat(websocket):
        await websocket.accept(websocket.scope["subprotocols"][-1], [(b"x-own", b"1")])
        async for text in websocket.iter_text():
            if text == "bye":
                await websocket.close(4001, "bye " + websocket.path_params["name"])
                return
            await websocket.send_text(text.upper())
        app.state.closed.set()

    @app.websocket("/refused")
    async def refused(websocket):
        await websocket.close()

    @app.websocket("/denied")
    async def denied(websocket):
        await websocket.send_denial_response(rawasgi.JSONResponse({"why": "no"}, 401, {"x-why": "no"}))


app = make()
