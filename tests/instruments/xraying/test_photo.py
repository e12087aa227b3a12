"""The picture at the start of the response: who stood where."""

import asyncio
import threading

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from rawasgi.instruments.conversation import handshake, life, request
from rawasgi.instruments.tracing.recorder import record
from rawasgi.instruments.xraying.photo import Photo
from tests.instruments.messages import ACCEPT, close, piece, start


def seen(app, exchange=None):
    """The lanes, each with the functions of its lines."""
    photo = Photo()
    record(app, exchange or request(), on_event=photo.note)
    return {lane.name: [line.function for line in lane.lines] for lane in photo.lanes}


async def stamp(request, call_next):
    return await call_next(request)


def test_the_lines_of_the_request_lead_from_the_app_to_the_send():
    """Outermost first, without the loop below them, the instruments between them, and the lifespan beside them."""
    app = Starlette(routes=[Route("/", lambda request: PlainTextResponse("hi"))])
    assert seen(app) == {
        "the request": [
            "Starlette.__call__",
            "ServerErrorMiddleware.__call__",
            "ExceptionMiddleware.__call__",
            "wrap_app_handling_exceptions.<locals>.wrapped_app",
            "Router.__call__",
            "Router.app",
            "Route.handle",
            "request_response.<locals>.app",
            "wrap_app_handling_exceptions.<locals>.wrapped_app",
            "request_response.<locals>.app.<locals>.app",
            "Response.__call__",
            "wrap_app_handling_exceptions.<locals>.wrapped_app.<locals>.sender",
            "wrap_app_handling_exceptions.<locals>.wrapped_app.<locals>.sender",
            "ServerErrorMiddleware.__call__.<locals>._send",
        ]
    }


def test_fastapi_stands_deeper_than_starlette():
    """A path of FastAPI has more frames than the same path of Starlette."""
    fast, slim = FastAPI(), Starlette(routes=[Route("/", lambda request: PlainTextResponse("hi"))])

    @fast.get("/")
    async def hi():
        return "hi"

    assert len(seen(fast)["the request"]) > len(seen(slim)["the request"])


def test_a_second_task_has_a_lane():
    """Function-style middleware of Starlette runs the app below in a task of its own, which waits meanwhile."""
    app = Starlette(
        routes=[Route("/", lambda request: PlainTextResponse("hi"))],
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=stamp)],
    )
    lanes = seen(app)
    (name,) = lanes.keys() - {"the request"}
    assert name.startswith("task ")
    assert "BaseHTTPMiddleware.__call__.<locals>.call_next.<locals>.coro" in lanes[name]


def test_a_thread_at_work_has_a_lane_and_a_waiting_one_has_none():
    """What a thread does for the request is seen; a worker without work is not, nor one that was there before."""
    begun, finish = threading.Event(), threading.Event()

    def work():
        begun.set()
        poll(finish)

    async def app(scope, receive, send):
        if scope["type"] == "http":
            await asyncio.to_thread(lambda: None)
            thread = threading.Thread(target=work, name="at work")
            thread.start()
            begun.wait()
            await send(start())
            finish.set()
            thread.join()
            await send(piece())

    lanes = seen(app)
    assert [*lanes] == ["the request", "thread at work"]
    assert lanes["thread at work"][0] == work.__qualname__ or lanes["thread at work"][0].endswith("work")


def poll(event):
    """Wait on a line that is ours."""
    while not event.wait(0.001):
        pass


def test_only_the_first_start_is_taken():
    """A websocket's is its accept, a lifespan's the end of its start-up; who never starts has no picture."""

    async def socket(scope, receive, send):
        if scope["type"] == "websocket":
            await receive()
            await send(ACCEPT)
            await send(close())
        elif scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})

    name = socket.__qualname__
    assert seen(socket, handshake()) == {"the request": [name]}
    assert seen(socket, life()) == {"the request": [name]}
    assert seen(socket, request()) == {}
