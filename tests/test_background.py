"""What background tasks run when: one line for each message and each task, in the order in which they happen."""

import asyncio

import pytest

from rawasgi.app import App
from rawasgi.concurrency import BackgroundTask, BackgroundTasks
from rawasgi.responses import PlainTextResponse, StreamingResponse
from rawasgi.routing import Route
from tests.drive import http

START, BODY, MORE = "http.response.start", "http.response.body", "http.response.body, more"


def served(log, response):
    """An app whose handler answers so."""

    async def handler(request):
        log.append("handler")
        return response

    return App(routes=[Route("/", handler)])


def happened(log, app, *, method="GET", gone_after=None, spec="2.5", cancel_in=None):
    """Ask once, and note each message among the lines of the tasks; what was raised is the last line."""

    async def receive():
        if spec < "2.4" and gone_after is not None:
            await gone.wait()
            return {"type": "http.disconnect"}
        return await asyncio.Event().wait()

    async def send(message):
        if gone_after is not None and sum(line.startswith("http.") for line in log) == gone_after:
            gone.set()
            if spec >= "2.4":
                raise OSError("the client has left")
            await asyncio.sleep(0)
            return
        log.append(message["type"] + (", more" if message.get("more_body") else ""))

    async def ask():
        task = asyncio.create_task(app(http(method, "/", spec=spec), receive, send))
        if cancel_in is not None:
            await cancel_in.wait()
            task.cancel()
        await task

    gone = asyncio.Event()
    try:
        asyncio.run(asyncio.wait_for(ask(), 5))
    except BaseException as error:
        log.append(repr(error))
    return log


def tasks(log, *, fails_at=None):
    """Three tasks, the second one on a thread; one of them may fail."""

    async def on_the_loop(number):
        await asyncio.sleep(0)
        log.append(f"task {number}")
        if number == fails_at:
            raise RuntimeError(f"task {number} failed")

    def on_a_thread(number):
        log.append(f"task {number}")
        if number == fails_at:
            raise RuntimeError(f"task {number} failed")

    made = BackgroundTasks([BackgroundTask(on_the_loop, 1)])
    made.add_task(on_a_thread, 2)
    made.add_task(on_the_loop, number=3)
    return made


def pieces(log):
    """A stream of two pieces, which notes its end."""

    async def generate():
        try:
            yield "a"
            yield "b"
        finally:
            log.append("stream closed")

    return generate()


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_tasks_run_one_after_the_other_behind_the_last_message(method):
    """In the order in which they were added, on the loop or on a thread; the client has its whole answer before."""
    log: list[str] = []
    app = served(log, PlainTextResponse("x", background=tasks(log)))
    assert happened(log, app, method=method) == ["handler", START, BODY, "task 1", "task 2", "task 3"]


def test_tasks_of_a_stream_run_behind_its_end():
    """After the last message, and after the stream has been closed."""
    log: list[str] = []
    app = served(log, StreamingResponse(pieces(log), background=tasks(log)))
    end = ["stream closed", BODY, "task 1", "task 2", "task 3"]
    assert happened(log, app) == ["handler", START, MORE, MORE, *end]


@pytest.mark.parametrize("fails_at", [1, 2, 3])
def test_a_task_that_fails_ends_the_row(fails_at):
    """The answer is out and stays what it is; the exception goes to the server, and is answered by nobody."""
    log: list[str] = []
    app = served(log, PlainTextResponse("x", background=tasks(log, fails_at=fails_at)))
    ran = [f"task {number}" for number in range(1, fails_at + 1)]
    assert happened(log, app) == ["handler", START, BODY, *ran, f"RuntimeError('task {fails_at} failed')"]


@pytest.mark.parametrize("gone_after", [0, 1])
def test_a_plain_answer_that_nobody_took_has_no_tasks(gone_after):
    """Spec 2.4: `send` raises, so the response was not sent, and what was to follow it does not."""
    log: list[str] = []
    app = served(log, PlainTextResponse("x", background=tasks(log)))
    sent = [START, BODY][:gone_after]
    assert happened(log, app, gone_after=gone_after) == ["handler", *sent, "OSError('the client has left')"]


@pytest.mark.parametrize("gone_after", [1, 2])
def test_a_stream_whose_reader_left_has_its_tasks(gone_after):
    """It is closed where it stands, and the tasks, which may have to tidy up, run; then the server hears of it."""
    log: list[str] = []
    app = served(log, StreamingResponse(pieces(log), background=tasks(log)))
    sent = [START, MORE, MORE][:gone_after]
    end = ["stream closed", "task 1", "task 2", "task 3", "OSError('the client has left')"]
    assert happened(log, app, gone_after=gone_after) == ["handler", *sent, *end]


def test_an_older_server_says_by_receive_that_a_reader_left():
    """Spec 2.3: the same tasks, and nothing is raised."""
    log: list[str] = []
    app = served(log, StreamingResponse(pieces(log), background=tasks(log)))
    end = ["stream closed", "task 1", "task 2", "task 3"]
    assert happened(log, app, gone_after=2, spec="2.3") == ["handler", START, MORE, *end]


def test_a_cancelled_row_ends_where_it_stands():
    """The server stops: the task that runs is cancelled, and those behind it are not begun."""
    log: list[str] = []
    begun = asyncio.Event()

    async def endless():
        log.append("begun")
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            log.append("stopped")

    row = BackgroundTasks([BackgroundTask(endless), BackgroundTask(log.append, "never")])
    app = served(log, PlainTextResponse("x", background=row))
    assert happened(log, app, cancel_in=begun) == ["handler", START, BODY, "begun", "stopped", "CancelledError()"]
