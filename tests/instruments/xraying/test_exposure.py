"""Real apps, x-rayed: what is seen of FastAPI, Django, rawasgi and the apps of the comparisons."""

import re

import pytest
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.test import override_settings

from rawasgi.instruments.conversation import handshake, life, request
from rawasgi.instruments.xraying.exposure import xray
from tests.instruments.messages import piece, start
from tests.instruments.xraying.shop import shop, slim

MASK = re.compile(r"<?\d+(?:\.\d)? ± <?\d+(?:\.\d)? (?:µs|ms) +\d+ %( █+)?|too noisy to tell")


def masked(picture):
    """The text without its figures of time, and without its findings, which have tests of their own."""
    text = re.sub(r" +$", "", MASK.sub("…", str(picture)), flags=re.MULTILINE)
    return re.sub(r" {2,}…", "   …", re.sub(r"… {2,}", "…   ", text)).partition("\n\nfindings")[0]


FASTAPI = """\
x-ray of shop:app, GET /items/7: 200, 8 bytes

layers, outermost first          in  out   own time (median of 20 runs)
  FastAPI                         0    3   …
  ServerErrorMiddleware           0    3   …
  ExceptionTelemetryMiddleware    0    3   …
  AppBodyLimitMiddleware          0    3   …
  stamp (function)                0    3   …
  CORSMiddleware                  0    2   …   another task, copied context
  ExceptionMiddleware             0    2   …
  AsyncExitStackMiddleware        0    2   …
  APIRouter                       0    2   …
  GET /items/{number}             0    2   …

when the response started   frames 34   tasks 2   thread hops 3   messages at the edge 3, inside 22
  the request                            fastapi 3, starlette 5
  task BaseHTTPMiddleware.__call__.ca…   anyio 4, starlette 12, fastapi 8, asyncio 2

dependencies, as they are solved
    settings   def               on a thread
  session      async def yield   torn down after the response
    settings   def               cached: not called again
  clock        def yield         on a thread, torn down before http.response.start"""


def test_a_route_of_fastapi_with_all_it_has():
    """Routers, middleware of both kinds, and dependencies with yield, cached, on threads: one screen."""
    assert masked(xray(shop, request("GET", "/items/7"), target="shop:app", runs=20)) == FASTAPI


def test_a_post_is_asked_once_and_not_measured():
    """What may change something is not done again for the sake of a figure, unless the reader wants it."""
    body = b'{"a": 1}'
    exchange = request("POST", "/items/", {"content-type": "application/json", "content-length": str(len(body))}, body)
    picture = xray(shop, exchange)
    assert (picture.ending, picture.runs) == ("200, 7 bytes", 0)
    assert [stage for stage in picture.stages if stage.cost is not None] == []
    assert xray(shop, exchange, runs=3).runs == 3


@pytest.mark.parametrize(("exchange", "times"), [(request("POST"), 1), (handshake(), 1), (request(), 2)])
def test_what_may_change_something_is_asked_once(exchange, times):
    """Without costs a GET is asked twice: one run is looked at from all sides, one has its pulse taken."""
    asked = []

    async def app(scope, receive, send):
        if scope["type"] != "lifespan":
            asked.append(scope["type"])

    xray(app, exchange, runs=0)
    assert len(asked) == times


def test_a_websocket():
    """The client leaves when it has said all; messages are counted on both ways."""
    picture = xray(shop, handshake("/chat", "a", "b"))
    edge = picture.stages[0]
    assert (picture.asked, picture.ending, edge.received, edge.sent) == (
        "WS /chat",
        "accepted, 2 messages",
        4,
        3,
    )


def test_a_lifespan():
    """Start-up and shutdown pass all layers that the app has built."""
    picture = xray(shop, life())
    assert (picture.asked, picture.ending) == ("LIFESPAN", "startup.complete, shutdown.complete")
    assert {(stage.received, stage.sent) for stage in picture.stages} == {(2, 2)}


def test_an_app_of_rawasgi_is_shallow():
    """Fewer layers and frames than FastAPI for the same answer, and one task."""
    ours, theirs = (xray(app, request("GET", "/items/7"), runs=0) for app in (slim, shop))
    assert [stage.name for stage in ours.stages] == [
        "App",
        "ExceptionMiddleware",
        "Router",
        "GET /items/{id:int}",
    ]
    assert len(ours.at_start) == 1
    assert len(ours.at_start[0].lines) < sum(len(lane.lines) for lane in theirs.at_start)


def test_a_django_project():
    """Django is one layer: its own middleware lies inside; a view that is a function runs on a thread."""
    if not settings.configured:
        settings.configure(SECRET_KEY="not one")
    with override_settings(ALLOWED_HOSTS=["*"], ROOT_URLCONF="tests.instruments.xraying.urls"):
        picture = xray(get_asgi_application(), request("GET", "/django/7"), runs=5)
    assert (picture.ending, [stage.name for stage in picture.stages]) == ("200, 11 bytes", ["ASGIHandler"])
    assert picture.hops == 1
    assert picture.runs == 5


def test_an_app_of_the_comparisons():
    """It is seen from outside like any other, and what it prints meanwhile is its own affair."""
    from comparisons.p05_middleware_and_errors.middleware.fastapi_app import app

    picture = xray(app, request("GET", "/"), runs=0)
    assert [stage.name for stage in picture.stages if stage.name in ("a (function)", "B", "GET /")] == [
        "a (function)",
        "B",
        "GET /",
    ]
    below = next(stage for stage in picture.stages if stage.name == "B")
    assert below.context == "copied"


@pytest.mark.parametrize(
    ("path", "ending"),
    [
        ("/nowhere", "404, 22 bytes"),
        ("/raises", "500, 21 bytes, raised ValueError: no\x1b[2J way"),
        ("/exits", "raised Exited: the app has called sys.exit(3)"),
        ("/hangs", "hangs: the app has not ended its call in 0.2 s"),
    ],
)
def test_whatever_happens_there_is_a_picture(path, ending):
    """An unknown path, an exception, an exit, a hang: all that was seen until then."""
    picture = xray(shop, request("GET", path), seconds=0.2 if path == "/hangs" else 5, runs=0)
    assert picture.ending == ending
    assert [stage.name for stage in picture.stages][:2] == ["FastAPI", "ServerErrorMiddleware"]
    assert bool(picture.hanging) == (path == "/hangs")


def test_an_app_that_answers_once_is_not_measured_and_says_so():
    """The first answer is shown, and how the second one failed."""
    answered = []

    async def once(scope, receive, send):
        if scope["type"] == "http":
            answered.append(1)
            if len(answered) > 2:
                raise KeyError("again")
            await send(start())
            await send(piece())

    picture = xray(once, request())
    assert picture.ending == "200, 0 bytes"
    assert (picture.runs, picture.unmeasured) == (0, "asked again, it raised KeyError: 'again'")


def test_secrets_stay_where_they_are():
    """Neither a token in the path's query nor a cookie is in the text, the page or the events."""
    exchange = request("GET", "/items/7?token=hush", {"cookie": "session=hush"})
    picture = xray(shop, exchange, runs=0)
    assert "hush" not in str(picture) + picture.page() + repr(picture.events)


def test_a_picture_shows_itself():
    """As text where it is printed, as a page where a notebook asks."""
    picture = xray(slim, request("GET", "/items/7"), runs=0)
    assert str(picture).startswith("x-ray of app, GET /items/7: 200, 8 bytes\n")
    assert picture._repr_html_().startswith("<style>")
    assert picture.page().startswith("<!DOCTYPE html>")
