"""One request, step by step: which driver, what forces the other, and what no driver may show."""

import asyncio
import gc
import http.client
import socket
import threading
from contextlib import asynccontextmanager, contextmanager
from typing import Annotated

import django.conf
import django.core.asgi
import django.http
import django.urls
import pytest
import uvicorn
from fastapi import Depends, FastAPI, Request
from fastapi.responses import StreamingResponse

from rawasgi import App, PlainTextResponse
from rawasgi.instruments.conversation import request
from rawasgi.instruments.stepping.steps import Ending
from rawasgi.instruments.stepping.story import step
from tests.instruments.messages import piece, says, start

BY_SERVER = ("date", "server", "connection", "transfer-encoding")
JSON_TYPE = (b"content-type", b"application/json")


def number():
    return 7


async def opened():
    yield 7


async def pieces():
    yield b"a"
    yield b"b"


def fastapi_app(*, with_middleware=False):
    """Handlers of every kind that FastAPI knows; each answers the same, whatever drives it."""

    @asynccontextmanager
    async def lifespan(app):
        yield {"ready": 1}

    app = FastAPI(lifespan=lifespan)
    if with_middleware:

        @app.middleware("http")
        async def mark(request, call_next):
            response = await call_next(request)
            response.headers["x-mark"] = "1"
            return response

    @app.get("/plain")
    async def plain(request: Request):
        return request.state.ready

    @app.get("/def")
    def handler():
        return "def"

    @app.get("/def-dependency")
    async def with_def(found: Annotated[int, Depends(number)]):
        return found

    @app.get("/yield-dependency")
    async def with_yield(found: Annotated[int, Depends(opened)]):
        return found

    @app.get("/stream")
    async def stream():
        return StreamingResponse(pieces())

    @app.get("/sleep")
    async def sleep():
        await asyncio.sleep(0.001)
        return "slept"

    return app


def django_app():
    """A Django project of one async view."""

    async def view(request):
        return django.http.HttpResponse("django")

    if not django.conf.settings.configured:
        django.conf.settings.configure(SECRET_KEY="-", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__)
        django.setup()
    urls = type("Urls", (), {"urlpatterns": [django.urls.path("view", view)]})
    return with_urls(django.core.asgi.get_asgi_application(), urls)


def with_urls(app, urls):
    """The app, its urls set for each request: settings are one for the process, and other tests have theirs."""

    async def with_own_urls(scope, receive, send):
        before, django.conf.settings.ROOT_URLCONF = django.conf.settings.ROOT_URLCONF, urls
        django.urls.set_urlconf(urls)
        try:
            await app(scope, receive, send)
        finally:
            django.conf.settings.ROOT_URLCONF = before

    return with_own_urls


@contextmanager
def served(app):
    """A port of uvicorn's, in a thread. The socket listens at once, so that no client comes too early."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def answer_of_uvicorn(app, path):
    """Status, headers and body that a client gets."""
    with served(app) as port:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        client.request("GET", path)
        answer = client.getresponse()
        headers = sorted((name.lower(), value) for name, value in answer.getheaders() if name not in BY_SERVER)
        found = answer.status, headers, answer.read()
        client.close()
    return found


def answer_of(story):
    """Status, headers and body that the steps show."""
    first, *rest = story.sent
    headers = sorted((name.decode().lower(), value.decode()) for name, value in first["headers"])
    return first["status"], headers, b"".join(message["body"] for message in rest)


PLAIN, LAYERED, DJANGO = fastapi_app(), fastapi_app(with_middleware=True), django_app()


@pytest.mark.parametrize(
    ("app", "path", "driver", "by"),
    [
        (PLAIN, "/plain", "loop-free", None),
        (PLAIN, "/nowhere", "loop-free", None),
        (PLAIN, "/def", "gated", "the app awaits the next turn of the loop"),
        (PLAIN, "/def-dependency", "gated", "the app awaits the next turn of the loop"),
        (PLAIN, "/yield-dependency", "gated", "the app asks which task it runs in"),
        (PLAIN, "/stream", "gated", "the app asks which task it runs in"),
        (PLAIN, "/sleep", "gated", "the app uses the event loop (create_future)"),
        (LAYERED, "/plain", "gated", "the app asks which task it runs in"),
    ],
)
def test_what_is_shown_is_what_uvicorn_sends(app, path, driver, by):
    """Without being told which, `step` takes the driver that will do, says what forced it, and shows the truth."""
    story = step(app, request("GET", path, spec_version="2.3"))
    assert (story.driver, story.ending.how) == (driver, "returned")
    assert answer_of(story) == answer_of_uvicorn(app, path)
    assert (story.forced is None) == (driver == "loop-free")
    if by is not None:
        assert story.forced is not None
        assert story.forced.by == by
        assert story.forced.lines


def test_an_async_view_of_django_needs_a_loop():
    """Django gathers tasks around each request; of what the attempt without a loop leaves behind nobody hears."""
    story = step(DJANGO, request("GET", "/view", spec_version="2.3"))
    gc.collect()
    assert story.forced is not None
    assert (story.driver, story.ending.how) == ("gated", "returned")
    assert "uses the event loop" in story.forced.by
    assert answer_of(story) == answer_of_uvicorn(DJANGO, "/view")
    assert answer_of(story)[2] == b"django"


def test_a_stream_needs_no_loop_where_the_scope_speaks_of_2_4():
    """From spec 2.4 on `send` tells that the client has left, and Starlette watches in no second task."""
    story = step(PLAIN, request("GET", "/stream", spec_version="2.4"))
    assert (story.driver, story.sent) == ("loop-free", [start(), piece(b"a", True), piece(b"b", True), piece()])


def test_the_task_that_watches_for_a_disconnect_is_a_lane():
    """On a 2.3 scope the request waits in receive while a second task streams; both stand with their lines."""
    story = step(PLAIN, request("GET", "/stream", spec_version="2.3"))
    shown = next(step for step in story.steps if step.message == start())
    assert [lane.waits_for for lane in shown.lanes] == ["receive", "send"]
    assert [lane.lines[-1].function for lane in shown.lanes if lane.waits_for == "receive"] == [
        "StreamingResponse.listen_for_disconnect"
    ]


def test_the_thread_of_a_def_handler_is_a_lane():
    """A worker thread that the app has made is shown, and those that were there before are not."""
    story = step(PLAIN, request("GET", "/def"))
    assert [lane.name for lane in story.steps[0].lanes] == ["the request", "thread AnyIO worker thread"]


def test_each_step_says_where_the_conversation_stands():
    """State, next state and what may follow, from the table; the lines of the app alone, with their source."""
    app = says(start(204), piece())
    first, second = step(app, request()).steps
    after_start = "body body+ pathsend push zerocopysend zerocopysend+"
    assert first[:5] == (
        *("send", start(204), "awaiting_start", "awaiting_body"),
        tuple(f"http.response.{word}" for word in after_start.split()),
    )
    assert second[:5] == ("send", piece(), "awaiting_body", "complete", ())
    (lane,) = first.lanes
    (line,) = lane.lines
    assert (lane.name, lane.waits_for) == ("the request", "send")
    assert (line.file, line.source) == ("tests/instruments/messages.py", "await send(message)")
    assert line.function == "says.<locals>.app"


def test_a_message_out_of_turn_is_shown_and_refused():
    """The step has no next state and names the rule; the app gets the error, and it ends the story."""
    story = step(says(piece()), request())
    (only,) = story.steps
    assert (only.next_state, only.refusal.partition(":")[0]) == (None, "HS1")
    assert story.sent == []
    assert story.ending == Ending("raised", f"the app has raised AppProtocolError: {only.refusal}")


def test_the_frames_behind_an_async_generator_are_seen():
    """`request.stream()` is an async generator: the chain leads through it to the receive."""
    app = FastAPI()

    @app.post("/")
    async def read(request: Request):
        return [piece.decode() async for piece in request.stream()]

    story = step(app, request("POST", "/", body=b"x"))
    functions = [line.function for line in story.steps[0].lanes[0].lines]
    assert (story.driver, story.steps[0].kind) == ("loop-free", "receive")
    assert functions[-1] == "Request.stream"
    assert any(name.endswith("read") for name in functions)


def test_an_error_of_the_missing_loop_cannot_be_answered():
    """An app that catches everything is not believed: its 500 is thrown away, and the loop gives what it would say."""

    async def app(scope, receive, send):
        try:
            await asyncio.sleep(0.001)
            status = 200
        except BaseException:
            status = 500
        await send(start(status))
        await send(piece())

    assert step(app, request()).sent == [start(200), piece()]


def test_an_event_that_met_no_loop_is_free_for_the_next():
    """asyncio's events bind themselves to the first loop they see; the one that is none lets them go."""
    event, calls = asyncio.Event(), []

    async def app(scope, receive, send):
        if scope["type"] == "http":
            calls.append(scope)
            if len(calls) == 1:
                await event.wait()
            waiter = asyncio.ensure_future(event.wait())
            await asyncio.sleep(0)
            event.set()
            await waiter
            await says(start(), piece())(scope, receive, send)

    story = step(app, request())
    assert (story.sent, story.ending, len(calls)) == ([start(), piece()], Ending("returned"), 2)


@pytest.mark.parametrize("driver", ["loop-free", "gated"])
def test_both_drivers_show_the_same_messages(driver):
    """A driver that is asked for is taken, and nothing has forced it."""
    app = App()

    @app.get("/")
    async def hello(request):
        return PlainTextResponse("hello")

    story = step(app, request(), driver=driver)
    headers = [(b"content-length", b"5"), (b"content-type", b"text/plain; charset=utf-8")]
    assert [message["type"] for message in story.sent] == ["http.response.start", "http.response.body"]
    assert sorted(story.sent[0]["headers"]) == headers
    assert (story.driver, story.forced, story.ending) == (driver, None, Ending("returned"))


def test_loop_free_outright_does_not_start_again():
    """Who asks for loop-free is told what needs a loop, and is shown no step."""
    story = step(PLAIN, request("GET", "/sleep"), driver="loop-free")
    assert (story.driver, story.steps) == ("loop-free", ())
    assert story.ending == Ending("stuck", "without a loop this app cannot go on")
    assert story.forced is not None
    assert story.forced.by == "the app uses the event loop (create_future)"


def test_a_step_needs_no_loop_and_disturbs_none():
    """In a notebook a loop is running already; both drivers work beside it."""

    async def cell():
        here = asyncio.get_running_loop()
        stories = [step(says(start(), piece()), request(), driver=driver) for driver in ("loop-free", "gated")]
        assert asyncio.get_running_loop() is here
        return stories

    assert [story.sent for story in asyncio.run(cell())] == [[start(), piece()]] * 2
