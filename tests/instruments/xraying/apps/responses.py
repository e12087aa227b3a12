"""What is said to the server: too late, too much, or not at all."""

import asyncio
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import BackgroundTasks, Depends, FastAPI, WebSocket
from fastapi.responses import PlainTextResponse, StreamingResponse
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute

from rawasgi import App
from rawasgi import StreamingResponse as OwnStreamingResponse
from rawasgi.instruments.conversation import handshake, life, request
from tests.instruments.messages import ACCEPT, close, notes, piece, says, start
from tests.instruments.xraying.apps import Pair
from tests.instruments.xraying.apps.layers import Layer

GET = request("GET", "/")


async def torn():
    yield "one"
    raise LookupError("a bug")


async def whole():
    yield "one"


def streaming(pieces, function_around=False):
    app = FastAPI()

    @app.get("/")
    async def handler():
        return StreamingResponse(pieces())

    if function_around:

        @app.middleware("http")
        async def stamp(request, call_next):
            return await call_next(request)

    return app


def own_streaming(pieces):
    app = App()

    @app.get("/")
    async def handler(request):
        return OwnStreamingResponse(pieces())

    return app


def raises_before_the_start():
    app = FastAPI()

    @app.get("/")
    async def handler():
        raise LookupError("a bug")

    return app


def answered_by_a_handler():
    app = raises_before_the_start()

    @app.exception_handler(Exception)
    async def sorry(request, error):
        return PlainTextResponse("busy", 503)

    return app


def raises_a_group():
    async def fail():
        raise LookupError("a bug")

    async def app(scope, receive, send):
        await send(start())
        await send(piece(b"one", more=True))
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())

    return app


def in_the_background(fails):
    app = FastAPI()

    async def mail():
        if fails:
            raise LookupError("no such address")

    @app.get("/")
    async def handler(background: BackgroundTasks):
        background.add_task(mail)

    return app


def committing(scope):
    async def session():
        yield
        raise LookupError("the commit failed")

    app = FastAPI()

    @app.get("/")
    async def handler(_: Annotated[None, Depends(session, scope=scope)]):
        return "saved"

    return app


class Shout(Layer):
    """A layer that makes the body longer."""

    def __init__(self, app, counts):
        super().__init__(app)
        self.counts = counts

    async def __call__(self, scope, receive, send):
        async def louder(message):
            if message["type"] == "http.response.start" and self.counts:
                message["headers"] = [pair for pair in message["headers"] if pair[0] != b"content-length"]
            elif message["type"] == "http.response.body":
                message["body"] += b"!"
            await send(message)

        await self.app(scope, receive, louder)


def shouting(counts):
    async def handler(request):
        return PlainTextResponse("hi")

    app = Starlette(routes=[Route("/", handler)])
    app.add_middleware(Shout, counts=counts)
    return app


def typed(name):
    async def handler(request):
        response = Response("hi", media_type="text/plain")
        response.raw_headers.append((name, b"text/html"))
        return response

    return Starlette(routes=[Route("/", handler)])


def refusing(accepts_first):
    app = FastAPI()

    @app.websocket("/")
    async def endpoint(websocket: WebSocket):
        if accepts_first:
            await websocket.accept()
        await websocket.close(4401, "who are you?")

    return app


def leaving_open(closes):
    async def endpoint(websocket):
        await websocket.accept()
        if closes:
            await websocket.close()

    return Starlette(routes=[WebSocketRoute("/", endpoint)])


def starting(reports):
    async def app(scope, receive, send):
        await receive()
        try:
            raise OSError("no database")
        except OSError as error:
            if not reports:
                raise
            await send({"type": "lifespan.startup.failed", "message": str(error)})

    return app


def failing_framework():
    @asynccontextmanager
    async def lifespan(app):
        if app is not None:
            raise OSError("no database")
        yield

    return FastAPI(lifespan=lifespan)


PAIRS = [
    Pair("breaks_protocol", GET, lambda: says(piece(b"hi")), lambda: says(start(), piece(b"hi"))),
    Pair("breaks_protocol", GET, lambda: says(start(), piece(b"hi", more=True)), lambda: says(start(), piece())),
    Pair("breaks_protocol", handshake("/"), lambda: leaving_open(False), lambda: leaving_open(True)),
    Pair("breaks_protocol", handshake("/"), lambda: notes([], 1, ACCEPT), lambda: notes([], 1, ACCEPT, close())),
    Pair("torn_response", GET, lambda: streaming(torn), lambda: streaming(whole)),
    Pair("torn_response", GET, lambda: streaming(torn), raises_before_the_start),
    Pair("torn_response", GET, raises_a_group, lambda: says(start(), piece(b"one", more=True), piece())),
    Pair("torn_response", GET, lambda: own_streaming(torn), lambda: own_streaming(whole)),
    Pair("half_taken_for_whole", GET, lambda: streaming(torn, True), lambda: streaming(whole, True)),
    Pair("late_error", GET, lambda: in_the_background(True), lambda: in_the_background(False)),
    Pair("late_error", GET, lambda: committing("request"), lambda: committing("function")),
    Pair("late_error", GET, lambda: committing("request"), answered_by_a_handler),
    Pair("length_differs", GET, lambda: shouting(False), lambda: shouting(True)),
    Pair("header_twice", GET, lambda: typed(b"content-type"), lambda: typed(b"set-cookie")),
    Pair("close_code_lost", handshake("/"), lambda: refusing(False), lambda: refusing(True)),
    Pair("startup_unreported", life(), lambda: starting(False), lambda: starting(True)),
    Pair("startup_unreported", life(), lambda: starting(False), failing_framework),
]
