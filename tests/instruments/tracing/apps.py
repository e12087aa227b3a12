"""Apps whose traces are known, and an event in short."""

import asyncio

from fastapi import APIRouter, Depends, FastAPI
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from rawasgi import App, Response


def short(events):
    """`(0, "enter", None)`, or the type of the message in place of None."""
    return [(event.layer, event.kind, event.message and event.message["type"]) for event in events]


def path(trace):
    """The layers on the path of the request: `(name, task, context)`."""
    return [(event.name, event.task, event.context) for event in trace.events if event.kind == "enter"]


def timing(app):
    """A layer by hand."""

    async def asgi(scope, receive, send):
        await app(scope, receive, send)

    return asgi


async def echo(scope, receive, send):
    """An app by hand, which answers with the body."""
    message = await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"set-cookie", b"id=7")]})
    await send({"type": "http.response.body", "body": message["body"]})


async def hangs(scope, receive, send):
    """It has no lifespan, reads the request, and waits for ever."""
    if scope["type"] == "lifespan":
        raise NotImplementedError
    await receive()
    await asyncio.Event().wait()


def shop():
    """FastAPI with an included router, a dependency that yields, and a layer written as a function."""
    app, items = FastAPI(openapi_url=None), APIRouter(prefix="/items")

    async def session():
        yield "session"

    @items.get("/{id}")
    async def item(id: int, session: str = Depends(session)) -> int:  # noqa: A002  # as the path says
        return id

    @app.middleware("http")
    async def stamp(request, call_next):
        response = await call_next(request)
        response.headers["x-stamp"] = "1"
        return response

    app.include_router(items)
    return app


def mounted():
    """Starlette in Starlette."""

    async def hello(request):
        return PlainTextResponse("hello")

    return Starlette(routes=[Mount("/sub", app=Starlette(routes=[Route("/hello", hello)]))])


def stamped():
    """rawasgi, with a layer written as a function that reads the response before it is sent."""
    app = App()

    @app.get("/")
    async def home(request):
        return Response(b"home")

    @app.middleware("http")
    async def stamp(request, call_next):
        response = await call_next(request)
        response.headers["x-size"] = str(len(response.body))
        return response

    return app
