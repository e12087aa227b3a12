"""Raw handlers, `request: Request` in and a Response out, on rawasgi and on FastAPI: equal messages, but for what is declared."""

from __future__ import (
    annotations,
)  # FastAPI finds its own `Request` below by name, rawasgi asks for no more than the name

import contextlib

import pytest
from fastapi import Request, WebSocket

from tests.wire.kits import FASTAPI, RAWASGI, changes, get, http, leaving, lifespan, play, websocket


class Odd(Exception):
    """An exception that the app has a handler for."""


def shop(kit, log):
    """One app with everything that the decorators offer."""

    @contextlib.asynccontextmanager
    async def life(app):
        log.append("set up")
        yield {"stock": {"1": "tea"}}
        log.append("tear down")

    app = kit.App(lifespan=life)
    items = kit.APIRouter(prefix="/items")
    add_items(kit, items)
    app.include_router(items, prefix="/v1")
    app.include_router(items)
    add_handlers(kit, app, log)
    add_sockets(kit, app)
    add_layer(kit, app, log)
    return app


def stamped(kit, log):
    """The same below a function-style layer."""
    app = shop(kit, log)

    @app.middleware("http")
    async def stamp(request, call_next):
        if request.url.path == "/closed":
            return kit.PlainTextResponse("closed", 503)
        response = await call_next(request)
        response.headers["x-stamp"] = "1"
        return response

    return app


def add_items(kit, items):
    """A router of a few verbs."""

    @items.get("/{key}", name="item")
    async def read(request: Request):
        return kit.JSONResponse({"item": request.path_params, "at": str(request.url_for("item", key="a b"))})

    @items.post("/")
    async def create(request: Request):
        return kit.JSONResponse(await request.json(), 201, {"location": "/items/2"})

    @items.put("/{key:int}")
    async def change(request: Request):
        return kit.PlainTextResponse(repr(request.path_params))

    @items.delete("/{key:int}")
    async def remove(request: Request):
        return kit.Response(status_code=204)

    @items.api_route("/{key}/both", methods=["GET", "PATCH"])
    def on_a_thread(request: Request):
        return kit.PlainTextResponse(request.method)

    @items.head("/{key}/only")
    async def only_head(request: Request):
        return kit.Response(headers={"x-only": "head"})


def add_handlers(kit, app, log):
    """Handlers of the app itself, its exceptions, and an app below it."""

    @app.get("/state")
    async def state(request: Request):
        return kit.JSONResponse(request.state.stock)

    @app.get("/stream")
    async def stream(request: Request):
        async def pieces():
            yield "one"
            yield b"two"

        return kit.StreamingResponse(pieces(), background=kit.BackgroundTask(log.append, "after"))

    @app.get("/cookie")
    async def cookie(request: Request):
        response = kit.HTMLResponse("<p>")
        response.set_cookie("seen", request.cookies.get("seen", "no"), httponly=True)
        return response

    @app.options("/cookie")
    async def options(request: Request):
        return kit.Response(headers={"allow": "GET, OPTIONS"})

    @app.get("/odd")
    async def odd(request: Request):
        raise Odd("one")

    @app.get("/teapot")
    async def teapot(request: Request):
        raise kit.HTTPException(418, "short and stout", {"x-tea": "1"})

    @app.get("/boom")
    async def boom(request: Request):
        raise RuntimeError("boom")

    @app.exception_handler(Odd)
    async def handle_odd(request, error):
        return kit.PlainTextResponse(f"odd: {error}", 409)

    async def below(scope, receive, send):
        await kit.PlainTextResponse(f"{scope['root_path']} {scope['path']}")(scope, receive, send)

    app.mount("/below", below)


def add_sockets(kit, app):
    """Websockets."""

    @app.websocket("/echo/{name}")
    async def echo(websocket: WebSocket):
        await websocket.accept("chat")
        async for text in websocket.iter_text():
            await websocket.send_json({websocket.path_params["name"]: text})

    @app.websocket("/policy")
    async def policy(websocket: WebSocket):
        raise kit.WebSocketException(1008, "policy")

    @app.websocket("/refuse")
    async def refuse(websocket: WebSocket):
        await websocket.close(4001, "not you")


def add_layer(kit, app, log):
    """A pure layer that sees every scope."""

    class Noting:
        def __init__(self, app):
            self.app = app

        async def __call__(self, scope, receive, send):
            log.append(scope["type"])
            await self.app(scope, receive, send)

    app.add_middleware(Noting)


def each(method, paths, **more):
    """A scene for each path."""
    return {f"{method} {path}": (shop, http(method, path, **more)) for path in paths.split()}


def in_json(detail, allow=(), body=None):
    """FastAPI's answer with this detail -> ours as text, to HEAD with no body; and both values of Allow."""
    json = f'{{"detail":"{detail}"}}'
    return (
        *(f"{sign}   allow: {methods}" for sign, methods in zip("-+", allow, strict=False)),
        f"-   content-length: {len(json)}",
        f"+   content-length: {len(detail)}",
        "-   content-type: application/json",
        "+   content-type: text/plain; charset=utf-8",
        f"- http.response.body body={json.encode()!r}",
        f"+ http.response.body body={detail.encode() if body is None else body!r}",
    )


ITEM = b'{"item":{"key":"7"},"at":"http://example.org/v1/items/a b"}'

SCENES = {
    **each("GET", "/items/7 /v1/items/a /items/%2F /items/7/both /items /items/ /items/7/ /below/x /below /nowhere"),
    **each("GET", "/stream /cookie /odd /teapot /boom /echo/me"),
    **each("PUT", "/items/7 /items/x /items/7/both"),
    **each("DELETE", "/v1/items/7"),
    **each("PATCH", "/items/7/both"),
    **each("POST", "/items/7"),
    **each("OPTIONS", "/cookie /items/7"),
    **each("HEAD", "/items/7 /items/7/only /below/x /nowhere"),
    "POST with JSON": (shop, http("POST", "/items/", b'{"a":', b"1}")),
    "POST with torn JSON": (shop, http("POST", "/items/", b"{")),
    "GET with a cookie": (shop, get("/cookie", headers=[(b"cookie", b"seen=yes")])),
    "GET below a root path": (shop, get("/api/items/7", root_path="/api")),
    "the state of a life": (shop, get("/state", state={"stock": {"1": "tea"}})),
    "a life": (shop, lifespan("startup", "shutdown")),
    "a websocket": (shop, leaving(websocket("/echo/me", "a", "b"))),
    "a websocket that an exception refuses": (shop, websocket("/policy")),
    "a websocket that is refused": (shop, websocket("/refuse")),
    "a websocket that is nowhere": (shop, websocket("/nowhere")),
    "a websocket for a request": (shop, websocket("/stream")),
    "a layer that answers": (stamped, get("/closed")),
    "a layer that lets an exception through": (stamped, get("/boom")),
    "a layer around a stream": (stamped, get("/stream")),
    "a layer around a handler": (stamped, get("/items/7")),
}

FROM_FASTAPI = {
    "an error is JSON with a `detail` in FastAPI, and text here": {
        "GET /items/": in_json("Method Not Allowed"),
        "GET /nowhere": in_json("Not Found"),
        "GET /echo/me": in_json("Not Found"),
        "GET /teapot": in_json("short and stout"),
        "HEAD /nowhere": in_json("Not Found", body=b""),
    },
    "Allow names the methods of all routes whose path fits, and HEAD beside GET": {
        "PUT /items/x": in_json("Method Not Allowed", ("GET", "GET, HEAD")),
        "PUT /items/7/both": in_json("Method Not Allowed", ("GET, PATCH", "GET, HEAD, PATCH")),
        "POST /items/7": in_json("Method Not Allowed", ("GET", "DELETE, GET, HEAD, PUT")),
        "OPTIONS /items/7": in_json("Method Not Allowed", ("GET", "DELETE, GET, HEAD, PUT")),
    },
    "HEAD is answered where GET is, and without a body": {
        "HEAD /items/7": (
            "- http.response.start status=405",
            "-   allow: GET",
            "-   content-length: 31",
            '- http.response.body body=b\'{"detail":"Method Not Allowed"}\'',
            "+ http.response.start status=200",
            "+   content-length: 59",
            "+ http.response.body body=b''",
        ),
        "HEAD /below/x": (
            "- http.response.body body=b'/below /below/x'",
            "+ http.response.body body=b''",
        ),
    },
    "a body that is no JSON is the client's fault": {
        "POST with torn JSON": (
            "- http.response.start status=500",
            "-   content-length: 21",
            "- http.response.body body=b'Internal Server Error'",
            "- raised JSONDecodeError('Expecting property name enclosed in double quotes: line 1 column 2 (char 1)')",
            "+ http.response.start status=400",
            "+   content-length: 65",
            "+ http.response.body body=b'Malformed JSON: Expecting property name enclosed in double quotes'",
        ),
    },
    "a function-style layer has the response unsent: nothing is cut up": {
        "a layer around a handler": (
            f"- http.response.body body={ITEM!r} more_body=True",
            "- http.response.body body=b'' more_body=False",
            f"+ http.response.body body={ITEM!r}",
        ),
    },
}
DECLARED = {scene: found for scenes in FROM_FASTAPI.values() for scene, found in scenes.items()}


@pytest.mark.parametrize("scene", SCENES)
def test_the_messages_are_fastapis(scene):
    """Every message, header, note and exception is equal, or differs in exactly the lines that are declared."""
    app, exchange = SCENES[scene]
    found = changes(play(app, FASTAPI, exchange), play(app, RAWASGI, exchange))
    assert sorted(found) == sorted(DECLARED.get(scene, ()))


def test_every_declaration_has_its_scene():
    """A difference is declared once, and for a scene that is played."""
    assert [scene for scene in DECLARED if scene not in SCENES] == []
    assert len(DECLARED) == sum(map(len, FROM_FASTAPI.values()))
