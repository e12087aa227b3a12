"""What the servers of test_on_servers.py run."""

from contextlib import asynccontextmanager
from typing import Any

import fastapi
import flask
import starlette.applications
import starlette.responses
import starlette.routing

from rawasgi.app import App
from rawasgi.bridges.asgi_in_wsgi import ASGIMiddleware
from rawasgi.bridges.wsgi_in_asgi import WSGIMiddleware
from rawasgi.responses import PlainTextResponse
from rawasgi.routing import Mount, Route


async def told(request):
    """What an app of any family sees."""
    return starlette.responses.JSONResponse(
        {
            "path": request.scope["path"],
            "raw_path": request.scope["raw_path"].decode(),
            "root_path": request.scope["root_path"],
            "query": request.scope["query_string"].decode(),
            "body": (await request.body()).decode(),
            "pool": request.scope["state"]["pool"],
        }
    )


async def pieces():
    """A stream."""
    for _ in range(1000):
        yield b"0123456789"


async def stream(request):
    """Answer with it."""
    return starlette.responses.StreamingResponse(pieces(), media_type="text/plain")


def family(name):
    """The same app, of rawasgi, Starlette or FastAPI."""

    @asynccontextmanager
    async def lifespan(app):
        print(f"{name} is open", flush=True)
        yield {"pool": f"{name} is open"}
        print(f"{name} is closed", flush=True)

    if name == "rawasgi":
        routes = [Route("/stream", stream), Route("/{rest:path}", told, methods=["POST"])]
        return App(routes=routes, lifespan=lifespan)
    theirs = [
        starlette.routing.Route("/stream", stream),
        starlette.routing.Route("/{rest:path}", told, methods=["POST"]),
    ]
    make: Any = starlette.applications.Starlette if name == "starlette" else fastapi.FastAPI
    return make(routes=theirs, lifespan=lifespan)


FAMILIES = {f"/{name}": ASGIMiddleware(family(name)) for name in ("rawasgi", "starlette", "fastapi")}


def behind_wsgi(environ, start_response):
    """A WSGI application that hands on to one of the three, as a dispatcher does."""
    prefix, below = "/" + environ["PATH_INFO"].split("/")[1], environ["PATH_INFO"].split("/")[2:]
    environ = {**environ, "SCRIPT_NAME": prefix, "PATH_INFO": "/" + "/".join(below)}
    return FAMILIES[prefix](environ, start_response)


site = flask.Flask("site")


@site.post("/up")
def up():
    """Tell what came, and set two cookies."""
    said = flask.request
    words = [
        said.get_data(as_text=True),
        said.root_path,
        said.path,
        said.query_string.decode(),
        str(len(said.get_data())),
    ]
    response = flask.Response(" ".join(words))
    response.set_cookie("x", "1", path=said.root_path)
    response.set_cookie("y", "2", path=said.root_path)
    return response


@site.get("/stream")
def many():
    """A stream from a generator."""
    return flask.Response(b"0123456789" for _ in range(1000))


in_front_of_wsgi = App(
    routes=[Mount("/old", WSGIMiddleware(site)), Route("/new", PlainTextResponse("new"), methods=["GET"])]
)
