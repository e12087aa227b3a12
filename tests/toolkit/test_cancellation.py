"""Every piece of the annexes, cancelled at each of its suspensions: nothing is left, and whatever has begun was ended."""

import asyncio
import gc
import logging
import tempfile
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import jinja2
import pytest

from rawasgi.app import App
from rawasgi.bridges.wsgi_in_asgi import WSGIMiddleware
from rawasgi.call_next import BaseHTTPMiddleware
from rawasgi.concurrency import BackgroundTask
from rawasgi.instruments.conversation import handshake, life, request
from rawasgi.middlewares.access_log import AccessLogMiddleware
from rawasgi.middlewares.gzip import GZipMiddleware
from rawasgi.middlewares.request_ids import request_id
from rawasgi.middlewares.timeout import TimeoutMiddleware
from rawasgi.middlewares.timing import TimingMiddleware
from rawasgi.requests import Request
from rawasgi.responses import PlainTextResponse, StreamingResponse
from rawasgi.routing import Mount
from rawasgi.toolkit.broadcast import Broadcast
from rawasgi.toolkit.conditional import conditional
from rawasgi.toolkit.endpoints import HTTPEndpoint, WebSocketEndpoint
from rawasgi.toolkit.events import EventSourceResponse
from rawasgi.toolkit.files import FileResponse
from rawasgi.toolkit.hints import TrailersResponse, send_early_hints
from rawasgi.toolkit.jsonlines import JSONLinesResponse
from rawasgi.toolkit.lifespans import with_mounts
from rawasgi.toolkit.static import StaticFiles
from rawasgi.toolkit.templates import Jinja2Templates
from rawasgi.typed.routing import APIRoute
from rawasgi.websockets import WebSocket
from tests.bridges.wsgi_apps import TEXT
from tests.drive import on_a_loop
from tests.instruments.messages import left
from tests.middlewares.stack import LAYERS
from tests.toolkit.bench import Bench, returning, routed, sending, within
from tests.toolkit.cancelling import cancelled_at_each_suspension, never, open_files
from tests.toolkit.forms import MULTIPART, field, file, multipart


class InPieces(FileResponse):
    """Four bytes at a time, so that there is something to be cancelled in."""

    chunk_size = 4


def film(bench):
    """A file of 12 bytes."""
    path = bench.folder / "film.bin"
    path.write_bytes(b"abcdefghijkl")
    return InPieces(path, background=BackgroundTask(bench.work))


def site(bench):
    """A folder with a page of its own, a page for what is missing, and a layer that is to be tidied up."""
    (bench.folder / "folder").mkdir(exist_ok=True)
    for name in ("page.html", "folder/index.html", "404.html"):
        (bench.folder / name).write_text("page")
    return within(bench, StaticFiles(directory=bench.folder, html=True))


def form_awaited(bench):
    """The handler leaves the closing to the end of the request."""

    async def read(request):
        form = await request.form()
        assert open_files(bench.folder)
        return PlainTextResponse(await form["f"].read(), background=BackgroundTask(bench.work))

    return routed(read)


def form_entered(bench):
    """Nobody but `async with` closes it."""

    async def read(scope, receive, send):
        async with bench.busy(), Request(scope, receive).form() as form:
            assert open_files(bench.folder)
            await PlainTextResponse(await form["f"].read())(scope, receive, send)

    return read


def hinting(bench):
    """A hint before a stream."""

    async def hint(request):
        await send_early_hints(request, ["</a.css>; rel=preload"])
        return StreamingResponse(bench.stream())

    return routed(hint)


def rendered(bench, request):
    """A template, and a background task."""
    templates = Jinja2Templates(env=jinja2.Environment(loader=jinja2.DictLoader({"a": "{{ request.url }}"})))
    return templates.TemplateResponse(request, "a", background=BackgroundTask(bench.work))


def unchanged(bench, request):
    """What the client has already."""
    response = PlainTextResponse("x", headers={"etag": '"a"'}, background=BackgroundTask(bench.work))
    return conditional(request, response)


def resource(bench):
    """A method on the loop, and one on a thread."""

    class Resource(HTTPEndpoint):
        async def get(self, request):
            await asyncio.sleep(0)
            return StreamingResponse(bench.stream())

        def post(self, request):
            return StreamingResponse(bench.blocking())

    return Resource


def endpoint(bench):
    """A conversation of two messages."""

    class Talk(WebSocketEndpoint):
        encoding = "text"

        async def on_connect(self, websocket):
            await websocket.accept()
            bench.begun += 1

        async def on_receive(self, websocket, data):
            await websocket.send_text(data)

        async def on_disconnect(self, websocket, close_code):
            try:
                await asyncio.sleep(0)
            finally:
                bench.ended += 1

    return Talk


def route_of_ones_own(bench):
    """A route class that waits around its handler."""

    class Slow(APIRoute):
        def get_route_handler(self):
            handle = super().get_route_handler()

            async def slow(request):
                async with bench.busy():
                    return await handle(request)

            return slow

    return App(routes=[Slow("/", lambda request: StreamingResponse(bench.blocking()))])


def relaying(bench, *, is_slow=False):
    """A room in which everybody hears what they say themselves; a slow client never reads its second message."""

    async def talk(scope, receive, send):
        broadcast = Broadcast(1)
        told = 0

        async def send_slowly(message):
            nonlocal told
            told += 1
            await (never() if is_slow and told > 2 else send(message))

        async def hear(text):
            async with bench.busy(turns=5):
                await broadcast.publish("room", text)

        socket = WebSocket(scope, receive, send_slowly)
        try:
            await socket.accept()
            await broadcast.relay(socket, "room", hear, patience=0)
        finally:
            assert broadcast.subscribers == {}

    return talk


async def slowly(request, call_next):
    """A layer that waits before and after."""
    await asyncio.sleep(0)
    response = await call_next(request)
    await asyncio.sleep(0)
    return response


def in_a_row(app_of):
    """Three function-style layers around an app."""

    def layered(bench):
        app = app_of(bench)
        for _ in range(3):
            app = BaseHTTPMiddleware(app, slowly)
        return app

    return layered


def logged(bench):
    """The layer that writes a line at the end, however it ends."""
    logger = logging.Logger("lines", logging.INFO)

    def count(record):
        bench.ended += 1
        return False

    async def counted(scope, receive, send):
        bench.begun += 1
        await AccessLogMiddleware(bench.app, logger)(scope, receive, send)

    logger.addFilter(count)
    return counted


def wsgi(bench):
    """An application whose request lies on disk, and whose iterable has to be closed."""

    def application(environ, start_response):
        assert environ["wsgi.input"].read() == b"x" * 20
        assert open_files(bench.folder)
        start_response("200 OK", TEXT)
        return bench.blocking()

    return WSGIMiddleware(application, spool_size=4)


def mounting(bench):
    """An app with a lifespan, and two others mounted, one of which knows no lifespan."""

    @asynccontextmanager
    async def living(app):
        async with bench.busy():
            yield

    mounts = [Mount("/a", App(lifespan=living)), Mount("/b", bench.app)]
    app = App(routes=mounts, lifespan=with_mounts(living))

    async def unchanged_after(scope, receive, send):
        try:
            await app(scope, receive, send)
        finally:
            assert all(mount.app is mount.base_app for mount in mounts)

    return unchanged_after


GET = request()
PARTS = {"range": "bytes=0-4,8-9"}
FORM = multipart(file(b"f", b"x", b"x" * 20), file(b"g", b"y", b"y" * 20), field(b"a", b"1"))
UPLOAD = request("POST", "/", {"content-type": MULTIPART}, [FORM[:100], FORM[100:]])
TALK = handshake("/", "one", "two", "three", left(1001))
BEHIND_LAYERS = request(headers={"host": "example.org", "accept-encoding": "gzip"}, scheme="https")


def extended(extension, exchange=GET):
    """The same request on a server that has an extension."""
    return exchange._replace(scope=exchange.scope | {"extensions": {f"http.response.{extension}": {}}})


# A name -> how it is made on a bench, and what is asked of it.
PIECES: dict[str, Any] = {
    "events": (sending(EventSourceResponse), GET),
    "events of a thread": (lambda bench: EventSourceResponse(bench.blocking()), GET),
    "JSON lines": (sending(JSONLinesResponse), GET),
    "trailers": (
        sending(TrailersResponse, trailers={"x-a": str}),
        extended("trailers", request(headers={"te": "trailers"})),
    ),
    "a file": (film, GET),
    "a file for HEAD": (film, request("HEAD")),
    "parts of a file": (film, request(headers=PARTS)),
    "no part of a file": (film, request(headers={"range": "bytes=x"})),
    "the path of a file": (film, extended("pathsend")),
    "parts of an open file": (film, extended("zerocopysend", request(headers=PARTS))),
    **{f"a site, {path}": (site, request("GET", path)) for path in ("/page.html", "/folder", "/folder/", "/missing")},
    "a form, awaited": (form_awaited, UPLOAD),
    "a form, entered": (form_entered, UPLOAD),
    "an early hint": (hinting, extended("early_hint")),
    "a template": (returning(rendered), extended("debug")),
    "a condition": (returning(unchanged), request(headers={"if-none-match": '"a"'})),
    "an endpoint": (resource, GET),
    "an endpoint on a thread": (resource, request("POST")),
    "an endpoint for websockets": (endpoint, TALK),
    "a route of one's own": (route_of_ones_own, GET),
    "a relay": (relaying, TALK),
    "a relay to a slow client": (partial(relaying, is_slow=True), TALK),
    "mounted lifespans": (mounting, life()),
    "WSGI": (wsgi, request("POST", "/", body=[b"x" * 5] * 4)),
    "a row of functions around our stream": (
        in_a_row(returning(lambda bench, _: StreamingResponse(bench.stream()))),
        GET,
    ),
    "a row of functions around another's": (in_a_row(lambda bench: bench.app), GET),
    "a row of functions around another's tasks": (in_a_row(lambda bench: bench.crew), GET),
    **{f"layer: {name}": (lambda bench, wrap=wrap: wrap(bench.app), BEHIND_LAYERS) for name, wrap in LAYERS.items()},
    "layer: access log": (logged, GET),
    "layer: timing": (lambda bench: TimingMiddleware(bench.app), GET),
    "layer: gzip on a thread": (lambda bench: GZipMiddleware(bench.app, thread_minimum_size=1), BEHIND_LAYERS),
    "layer: a timeout that passes": (lambda bench: TimeoutMiddleware(bench.waiting, 1e-9), GET),
}


@pytest.mark.parametrize("spec_version", ["2.3", "2.5"])
@pytest.mark.parametrize("name", PIECES)
@on_a_loop
async def test_cancelled_at_any_await_a_piece_leaves_nothing(name, spec_version, tmp_path, monkeypatch):
    """No task, no open file, no busy thread, no variable of the context; once, and once more one or two awaits later."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for module in ("forms", "formdata"):
        monkeypatch.setattr(f"rawasgi.toolkit.{module}.SPOOL_SIZE", 10)
    make, (scope, messages) = PIECES[name]
    about = {"version": "3.0", "spec_version": spec_version}

    async def call(bench):
        inbox = list(messages)

        async def receive():
            await asyncio.sleep(0)
            return inbox.pop(0) if inbox else await never()

        async def send(message):
            await asyncio.sleep(0)

        try:
            await make(bench)({**scope, "asgi": about}, receive, send)
        finally:
            assert request_id.get() == "-"

    for again in (0, 1, 2):
        bench = Bench(tmp_path)
        assert await cancelled_at_each_suspension(partial(call, bench), tmp_path, again=again) > 3
        assert bench.begun == bench.ended > 0
    gc.collect()  # what was never awaited or closed warns when it is collected, and warnings are errors
