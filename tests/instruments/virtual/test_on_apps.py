"""Apps under a client on virtual time: what takes hours is over at once, and what would hang is told."""

import asyncio
import re
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from fastapi import Depends, FastAPI

from rawasgi import (
    App,
    Deadlock,
    EventSourceResponse,
    PlainTextResponse,
    ServerSentEvent,
    TestClient,
    TimeoutMiddleware,
    VirtualClock,
    WebSocketDisconnect,
)
from rawasgi.instruments.virtual.doors import RefusedOnVirtualTime
from rawasgi.instruments.virtual.loop import Runaway

DAY = 86_400
README = Path(__file__).parents[3] / "README.md"


@pytest.fixture
def clock():
    """A clock that is closed after the test."""
    with VirtualClock() as clock:
        yield clock


def test_a_day_of_server_sent_events(clock):
    """One event at its end, and a comment for every quarter of a minute until then."""
    app = App()

    @app.get("/events")
    async def events(request):
        async def one():
            await asyncio.sleep(DAY - 1)
            yield ServerSentEvent(data="good night")

        return EventSourceResponse(one())

    with TestClient(app, clock=clock) as client:
        response = client.get("/events")
    assert response.text == ": ping\n\n" * (DAY // 15 - 1) + 'data: "good night"\n\n'
    assert clock.time() == DAY - 1


def test_a_stream_is_read_while_its_time_passes(clock):
    """Each piece at its time, and none before it is asked for; who leaves is heard of."""
    app, left = App(), []

    @app.get("/events")
    async def events(request):
        async def ticks():
            try:
                while True:
                    await asyncio.sleep(3600)
                    yield asyncio.get_running_loop().time()
            finally:
                left.append(clock.time())

        return EventSourceResponse(ticks(), ping=None)

    with TestClient(app, clock=clock) as client:
        with client.stream("GET", "/events") as response:
            lines = response.iter_lines()
            assert clock.time() == 0
            assert [(next(lines), next(lines), clock.time()) for _ in range(3)] == [
                ("data: 3600.0", "", 3600),
                ("data: 7200.0", "", 7200),
                ("data: 10800.0", "", 10800),
            ]
        client.settle(4000)
    assert left == [14400]  # when it sends again, which says that nobody is there


def test_a_deadline_of_a_minute_passes_at_a_minute(clock):
    """TimeoutMiddleware: a response that would take an hour is a 504 after 60 s, one in 59 s is in time."""
    app = App()
    app.add_middleware(TimeoutMiddleware, timeout=60)

    @app.get("/{seconds:int}")
    async def wait(request):
        await asyncio.sleep(request.path_params["seconds"])
        return PlainTextResponse("done")

    with TestClient(app, clock=clock) as client:
        late, times = client.get("/3600"), [clock.time()]
        soon, times = client.get("/59"), [*times, clock.time()]
    assert (late.status_code, late.text, soon.status_code, soon.text) == (504, "Gateway Timeout", 200, "done")
    assert times == [60, 119]


async def connection():
    """A dependency that takes a minute to get, and ten seconds to give back."""
    await asyncio.sleep(60)
    yield "connected"
    await asyncio.sleep(10)


def fastapi_app() -> FastAPI:
    """With a dependency that waits, and with what runs on a thread: a handler, a dependency."""
    app = FastAPI()

    @app.get("/async")
    async def through(state: str = Depends(connection)) -> str:
        return state

    def setting():
        yield "set"

    @app.get("/def")
    def on_a_thread(state: str = Depends(setting)) -> str:
        return state

    @app.get("/never")
    async def never() -> None:
        await asyncio.Event().wait()

    return app


def test_a_dependency_of_fastapi_waits_in_no_time(clock):
    """Before the handler, and after the response."""
    with TestClient(fastapi_app(), clock=clock) as client:
        assert client.get("/async").json() == "connected"
        client.settle(60)
        assert clock.time() == 70


def test_a_def_handler_is_refused(clock):
    """Where it would have gone to a thread; a client sees a 500, as for any error of the app."""
    with TestClient(fastapi_app(), clock=clock) as client:
        with pytest.raises(RefusedOnVirtualTime, match="the start of the thread 'AnyIO worker thread': "):
            client.get("/def")
        client.raise_server_exceptions = False
        assert client.get("/def").status_code == 500


def test_a_def_handler_runs_inline_when_asked():
    """It and its dependency, again and again, in no time."""
    with VirtualClock(threads="inline") as clock, TestClient(fastapi_app(), clock=clock) as client:
        assert [client.get("/def").json() for _ in range(3)] == ["set"] * 3
        assert clock.time() == 0


def test_a_handler_that_waits_for_ever_is_a_deadlock_of_its_client(clock):
    """Told to the client that waits, with the handler's line; the client may go on, and the app shuts down."""
    app, shut_down, nobody_comes = App(), [], asyncio.Event()

    @asynccontextmanager
    async def lifespan(app):
        yield
        shut_down.append(clock.time())

    app.router.lifespan_context = lifespan

    @app.get("/never")
    async def never(request):
        await asyncio.sleep(5)
        await nobody_comes.wait()
        return PlainTextResponse("too late")

    @app.get("/fine")
    async def fine(request):
        return PlainTextResponse("fine")

    with TestClient(app, clock=clock) as client:
        with pytest.raises(Deadlock) as raised:
            client.get("/never")
        assert client.get("/fine").text == "fine"
        nobody_comes.set()
    assert [line.split("  ")[-1].split(": ")[-1] for line in str(raised.value).splitlines()[1:]] == [
        "await receive()",
        "await self._news.wait()",
        "await nobody_comes.wait()",
    ]
    assert shut_down == [5]


def test_an_app_that_ticks_beside_a_client_that_waits_is_a_runaway():
    """Time goes on, and the answer does not come."""
    with VirtualClock(max_jumps=100) as clock, pytest.raises(Runaway), TestClient(ticking, clock=clock) as client:
        client.get("/")


async def ticking(scope, receive, send):
    """Never answer."""
    while True:  # noqa: ASYNC110  # that is the point
        await asyncio.sleep(1)


def test_a_websocket_on_virtual_time(clock):
    """A game with a minute for each move: who does not move has lost."""
    app = App()

    @app.websocket("/game")
    async def game(websocket):
        await websocket.accept()
        while True:
            try:
                async with asyncio.timeout(60):
                    move = await websocket.receive_text()
            except TimeoutError:
                await websocket.close(4000, f"too late at {clock.time():g} s")
                return
            await websocket.send_text(f"{move}?")

    with TestClient(app, clock=clock) as client, client.websocket_connect("/game") as websocket:
        websocket.send_text("e4")
        assert websocket.receive_text() == "e4?"
        clock.run(asyncio.sleep(59))
        websocket.send_text("Nf3")
        assert websocket.receive_text() == "Nf3?"
        with pytest.raises(WebSocketDisconnect) as closed:
            websocket.receive_text()
    assert (closed.value.code, closed.value.reason) == (4000, "too late at 119 s")


def test_a_body_that_comes_in_pieces_needs_no_thread(clock):
    """An iterator of the test's own is asked on the loop."""
    app = App()

    @app.post("/")
    async def length(request):
        return PlainTextResponse(str(len(await request.body())))

    with TestClient(app, clock=clock) as client:
        assert client.post("/", content=iter([b"ab", b"c"])).text == "3"


def test_two_clients_share_a_clock(clock):
    """Each has an app; an hour of the one is an hour of the other; and the clock outlives both."""
    times = []

    def app_that_counts():
        app = App()

        @app.get("/")
        async def count(request):
            await asyncio.sleep(3600)
            times.append(clock.time())
            return PlainTextResponse("counted")

        return app

    with TestClient(app_that_counts(), clock=clock) as one, TestClient(app_that_counts(), clock=clock) as other:
        one.get("/")
        other.get("/")
    TestClient(app_that_counts(), clock=clock).get("/")
    clock.run(asyncio.sleep(1))
    assert (times, clock.time()) == ([3600, 7200, 10800], 10801)


def test_the_example_of_the_first_page_prints_what_stands_there(tmp_path):
    """The file as it is there, and in the block below it the output."""
    name, code, output = re.findall(
        r"```python\n# (report\.py)\n(.*?)```\n\n```\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL
    )[0]
    file = tmp_path / name
    file.write_text(f"# {name}\n{code}", encoding="utf-8")
    ran = subprocess.run([sys.executable, file.name], cwd=tmp_path, capture_output=True, encoding="utf-8")
    assert (ran.stdout, ran.stderr) == (output, "")
