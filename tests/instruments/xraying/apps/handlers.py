"""Exception handlers, routes and mounts that are not reached."""

from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI, HTTPException
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from rawasgi import App
from rawasgi.instruments.conversation import life, request
from tests.instruments.xraying.apps import Pair

GET = request("GET", "/")


async def sorry(request, error):
    return PlainTextResponse("sorry", 500)


async def regret(request, error):
    return PlainTextResponse("regret", 500)


async def hi(request):
    return PlainTextResponse("hi")


async def hello():
    return "hi"


def with_handlers(*keys, kind=FastAPI, **options):
    table = dict(zip(keys, (sorry, regret), strict=False))
    app = kind(exception_handlers=table, **options)
    if kind is Starlette:
        app.router.routes.append(Route("/", hi))
        return app

    app.get("/")(hi if kind is App else hello)
    return app


def added_in_the_lifespan(late):
    @asynccontextmanager
    async def lifespan(app):
        if late:
            app.add_exception_handler(LookupError, sorry)
        yield

    app = FastAPI(lifespan=lifespan)
    if not late:
        app.add_exception_handler(LookupError, sorry)
    return with_a_route(app)


def with_a_route(app):
    @app.get("/{item}")
    async def handler(item: int):
        if item == 5:
            raise HTTPException(500, "expected")
        return item

    return app


def handling(key):
    return with_a_route(FastAPI(exception_handlers={key: sorry}))


async def hi_again(request):
    return PlainTextResponse("hi again")


async def read_user(name: str):
    return name


def two_users(exact_first, kind=FastAPI):
    app = kind()

    def me():
        app.get("/users/me")(hi if kind is App else hello)

    if exact_first:
        me()

    app.get("/users/{name}")(hi_again if kind is App else read_user)
    if not exact_first:
        me()
    return app


def two_users_in_a_router(exact_first):
    app, router = FastAPI(), APIRouter()

    routes: list[tuple[str, Any]] = [("/{name}", read_user), ("/me", hello)]
    for path, endpoint in reversed(routes) if exact_first else routes:
        router.add_api_route(path, endpoint)
    app.include_router(router, prefix="/users")
    return app


def behind_a_mount(mount_last):
    static = Mount("/", Starlette(routes=[Route("/x", hi)]))
    routes = [static, Route("/y", hi)]
    return Starlette(routes=[*reversed(routes)] if mount_last else routes)


def by_method(same):
    app = FastAPI()

    @app.get("/a/{b}")
    async def read(b: str):
        return b

    @app.api_route("/a/{c}", methods=["GET" if same else "PUT"])
    async def other(c: str):
        return c

    return app


def mounted(kind, is_entered, sub=FastAPI):
    @asynccontextmanager
    async def opening(app):
        yield

    below = sub(lifespan=opening)

    @asynccontextmanager
    async def both(app):
        async with opening(below):
            yield

    app = kind(lifespan=both) if is_entered else kind()
    app.mount("/sub", below)
    return app


FIVE, WORD, LOST = request("GET", "/5"), request("GET", "/five"), request("GET", "/a/b")
PAIRS = [
    Pair(
        "unreachable_handler",
        GET,
        lambda: with_handlers(500, Exception),
        lambda: with_handlers(Exception, LookupError),
    ),
    Pair(
        "unreachable_handler",
        GET,
        lambda: with_handlers(Exception, 500, kind=Starlette),
        lambda: with_handlers(500, 404, kind=Starlette),
    ),
    Pair(
        "unreachable_handler",
        GET,
        lambda: with_handlers(Exception, 500, kind=App),
        lambda: with_handlers(500, kind=App),
    ),
    Pair(
        "unreachable_handler",
        request("GET", "/1"),
        lambda: added_in_the_lifespan(True),
        lambda: added_in_the_lifespan(False),
    ),
    Pair("narrow_handler", LOST, lambda: handling(HTTPException), lambda: handling(StarletteHTTPException)),
    Pair("narrow_handler", LOST, lambda: handling(HTTPException), lambda: handling(404)),
    Pair("narrow_handler", FIVE, lambda: handling(500), lambda: handling(HTTPException)),
    Pair("narrow_handler", WORD, lambda: handling(ValidationError), lambda: handling(RequestValidationError)),
    Pair("narrow_handler", WORD, lambda: handling(422), lambda: handling(404)),
    Pair("debug_on", GET, lambda: with_handlers(debug=True), lambda: with_handlers(debug=False)),
    Pair("debug_on", GET, lambda: with_handlers(kind=App, debug=True), lambda: with_handlers(kind=App)),
    Pair("shadowed_route", request("GET", "/users/me"), lambda: two_users(False), lambda: two_users(True)),
    Pair("shadowed_route", life(), lambda: two_users(False, App), lambda: two_users(True, App)),
    Pair("shadowed_route", life(), lambda: two_users_in_a_router(False), lambda: two_users_in_a_router(True)),
    Pair("shadowed_route", life(), lambda: behind_a_mount(False), lambda: behind_a_mount(True)),
    Pair("shadowed_route", life(), lambda: by_method(True), lambda: by_method(False)),
    Pair("mounted_lifespan", life(), lambda: mounted(FastAPI, False), lambda: mounted(FastAPI, True)),
    Pair("mounted_lifespan", life(), lambda: mounted(Starlette, False), lambda: mounted(Starlette, True)),
    Pair("mounted_lifespan", life(), lambda: mounted(App, False, App), lambda: mounted(App, True, App)),
]
