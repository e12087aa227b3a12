"""Apps in which nothing is wrong: nothing is found there."""

import asyncio
import time

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.urls import path
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute

from rawasgi import App
from rawasgi.instruments.conversation import handshake, life, request
from rawasgi.instruments.xraying.findings.table import find
from rawasgi.instruments.xraying.look import looked
from rawasgi.tiny.app import App as TinyApp
from rawasgi.tiny.app import Response as TinyResponse
from tests.instruments.messages import piece, says, start
from tests.instruments.test_conversation import make_django
from tests.instruments.xraying.apps import documented_apps  # noqa: F401  # it adds to those
from tests.instruments.xraying.apps.documented import DOCUMENTED

EXCHANGES = [(make, exchange) for make, exchanges in DOCUMENTED.values() for exchange in exchanges]


def called(value):
    """What to call a case."""
    return getattr(value, "__name__", value[0].get("path", "lifespan") if isinstance(value, tuple) else None)


@pytest.mark.parametrize(("make", "exchange"), EXCHANGES, ids=called)
def test_nothing_is_found_in_what_the_tutorial_of_fastapi_shows_first(make, exchange):
    """The first example of each page, in our own words, has no finding."""
    assert find(looked(make(), exchange, 2.0)) == ()


async def hello(request):
    return PlainTextResponse("hello")


async def chat(websocket):
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(text)


def own():
    app = App()

    @app.get("/")
    async def handler(request):
        return "hello"

    @app.websocket("/chat")
    async def talk(websocket):
        await websocket.accept()
        async for text in websocket.iter_text():
            await websocket.send_text(text)

    return app


def tiny():
    app = TinyApp()

    @app.get("/")
    async def handler(request):
        return TinyResponse("hello")

    return app


def starlette():
    return Starlette(routes=[Route("/", hello), WebSocketRoute("/chat", chat)])


async def django_view(request):
    await asyncio.sleep(0)
    return HttpResponse("hello")


async def django_view_that_sleeps(request):
    time.sleep(0.002)  # noqa: ASYNC251  # that is the fault
    return HttpResponse("hello")


def django_app():
    app = make_django()
    paths = [path("clean", django_view), path("sleeping", django_view_that_sleeps)]
    settings.ROOT_URLCONF = type("urls", (), {"urlpatterns": paths})
    return app


CLEAN = [
    (own, request("GET", "/")),
    (own, handshake("/chat", "hi")),
    (own, life()),
    (tiny, request("GET", "/")),
    (starlette, request("GET", "/")),
    (starlette, handshake("/chat", "hi")),
    (starlette, handshake("/nowhere")),
    (starlette, life()),
    (django_app, request("GET", "/clean")),
    (lambda: says(start(), piece(b"raw")), request("GET", "/")),
]


@pytest.mark.parametrize(("make", "exchange"), CLEAN, ids=called)
def test_nothing_is_found_in_the_plain_apps_of_other_frameworks(make, exchange):
    """rawasgi, tiny, Starlette and a bare app, by HTTP, by a websocket, and over their lifespan."""
    assert find(looked(make(), exchange, 2.0)) == ()


def test_a_view_of_django_that_blocks_is_found():
    """A finding names the request, the view and the line, says why it hurts, and where to read on."""
    (found,) = find(looked(django_app(), request("GET", "/sleeping"), 2.0))
    file, line = __file__.rpartition("tests/")[2], django_view_that_sleeps.__code__.co_firstlineno + 1
    assert (found.kind, found.where, found.says, found.see) == (
        "blocking_call",
        f"GET /sleeping: django_view_that_sleeps (tests/{file}:{line})",
        "`time.sleep(0.002)` calls time.sleep on the loop.",
        "comparisons/p02_understanding_asgi/blocking",
    )
