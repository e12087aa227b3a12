"""Layers: blind, in the wrong order, or keeping what is not theirs."""

from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import StreamingResponse
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from rawasgi import App
from rawasgi.instruments.conversation import life, request
from tests.instruments.xraying.apps import Pair

GET = request("GET", "/")
POST = request("POST", "/", {"content-length": "4"}, b"text")
ORIGIN = "https://shop.example"


class Layer:
    """An app around an app, which hands everything on."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        await self.app(scope, receive, send)


def asking(app):
    @app.get("/")
    async def handler(request: Request):
        return await request.is_disconnected()

    return app


def asks_below_a_function():
    app = asking(FastAPI())

    @app.middleware("http")
    async def stamp(request, call_next):
        return await call_next(request)

    return app


def asks_below_an_app():
    app = asking(FastAPI())
    app.add_middleware(Layer)
    return app


def asks_in_the_function_itself():
    app = FastAPI()

    @app.get("/")
    async def handler():
        return "hi"

    @app.middleware("http")
    async def stamp(request, call_next):
        await request.is_disconnected()
        return await call_next(request)

    return app


class Reader(Layer):
    """A layer that looks at the body."""

    def __init__(self, app, gives_back):
        super().__init__(app)
        self.gives_back = gives_back

    async def __call__(self, scope, receive, send):
        messages = [await receive()] if scope["type"] == "http" else []

        async def again():
            return messages.pop() if messages and self.gives_back else await receive()

        await self.app(scope, again, send)


def reads(gives_back):
    app = FastAPI()

    @app.post("/")
    async def handler(request: Request):
        return len(await request.body())

    app.add_middleware(Reader, gives_back=gives_back)
    return app


def function_reads(whole):
    app = FastAPI()

    @app.post("/")
    async def handler(request: Request):
        return len(await request.body())

    @app.middleware("http")
    async def log(request, call_next):
        if whole:
            await request.body()
        else:
            _ = [piece async for piece in request.stream()]
        return await call_next(request)

    return app


class Gatherer(Layer):
    """A layer that waits for the whole body, perhaps for one that is a stream too."""

    async def __call__(self, scope, receive, send):
        start, gathered = None, b""

        async def gather(message):
            nonlocal start, gathered
            if message["type"] == "http.response.start":
                start = message
                return
            gathered += message.get("body", b"")
            if not message.get("more_body"):
                await send(start)
                await send({**message, "body": gathered})

        await self.app(scope, receive, gather if scope["type"] == "http" else send)


async def pieces():
    yield b"one"
    yield b"two"


def gathers(stream):
    async def handler(request):
        return StreamingResponse(pieces()) if stream else PlainTextResponse("onetwo")

    app = Starlette(routes=[Route("/", handler)])
    app.add_middleware(Gatherer)
    return app


class Guard(Layer):
    """A layer that asks for a key."""

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http" and b"x-key" not in dict(scope["headers"]):
            await PlainTextResponse("no key", 401)(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def guarded(cors_is_outermost):
    app = FastAPI()

    @app.get("/")
    async def handler():
        return "hi"

    def cors():
        app.add_middleware(CORSMiddleware, allow_origins=[ORIGIN], allow_methods=["GET"])

    if not cors_is_outermost:
        cors()
    app.add_middleware(Guard)
    if cors_is_outermost:
        cors()
    return app


def raising_with_cors(around):
    app = FastAPI()

    @app.get("/")
    async def handler():
        raise LookupError("a bug")

    if around:
        return CORSMiddleware(app, allow_origins=[ORIGIN])
    app.add_middleware(CORSMiddleware, allow_origins=[ORIGIN])
    return app


async def sorry(request, error):
    return PlainTextResponse("sorry", 500)


def a_handler_outside_of_cors(key):
    app = FastAPI(exception_handlers={key: sorry})

    @app.get("/")
    async def handler():
        return "hi"

    app.add_middleware(CORSMiddleware, allow_origins=[ORIGIN])
    return app


def credentials_for(origins):
    app = FastAPI()

    @app.get("/")
    async def handler():
        return "hi"

    app.add_middleware(CORSMiddleware, allow_origins=origins, allow_credentials=True)
    return app


class OnlyHTTP(Layer):
    """A layer that forgets that there are other scopes, and raises, or returns."""

    async def __call__(self, scope, receive, send):
        scope["method"].encode()
        await self.app(scope, receive, send)


class Returns(Layer):
    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            await self.app(scope, receive, send)


@asynccontextmanager
async def opening(app):
    yield


def around_a_lifespan(layer, kind=FastAPI):
    if kind is App:
        return layer(App(lifespan=opening))
    app = kind(lifespan=opening)
    app.add_middleware(layer)
    return app


WITH_ORIGIN = request("GET", "/", {"origin": ORIGIN, "x-key": "1"})
PAIRS = [
    Pair("blind_disconnect", GET, asks_below_a_function, asks_below_an_app),
    Pair("blind_disconnect", GET, asks_below_a_function, asks_in_the_function_itself),
    Pair("body_swallowed", POST, lambda: reads(False), lambda: reads(True)),
    Pair("body_swallowed", POST, lambda: function_reads(False), lambda: function_reads(True)),
    Pair("buffered_stream", GET, lambda: gathers(True), lambda: gathers(False)),
    Pair("preflight_refused", WITH_ORIGIN, lambda: guarded(False), lambda: guarded(True)),
    Pair("cors_missing_on_500", WITH_ORIGIN, lambda: raising_with_cors(False), lambda: raising_with_cors(True)),
    Pair(
        "cors_missing_on_500",
        GET,
        lambda: a_handler_outside_of_cors(Exception),
        lambda: a_handler_outside_of_cors(LookupError),
    ),
    Pair("any_origin_with_credentials", GET, lambda: credentials_for(["*"]), lambda: credentials_for([ORIGIN])),
    Pair("lifespan_cut", life(), lambda: around_a_lifespan(OnlyHTTP), lambda: around_a_lifespan(Layer)),
    Pair("lifespan_cut", life(), lambda: around_a_lifespan(Returns), lambda: around_a_lifespan(Layer)),
    Pair("lifespan_cut", life(), lambda: around_a_lifespan(Returns, Starlette), lambda: around_a_lifespan(Layer, App)),
    Pair("lifespan_cut", life(), lambda: around_a_lifespan(OnlyHTTP, App), lambda: around_a_lifespan(Layer, App)),
]
