"""A row of background tasks: one after the other, on the loop or on a thread, as far as none fails or is cancelled."""

import asyncio

import pytest

from rawasgi.app import App
from rawasgi.concurrency import BackgroundTask, BackgroundTasks
from rawasgi.responses import PlainTextResponse
from rawasgi.routing import Route
from tests.drive import http

START, BODY = "http.response.start", "http.response.body"


def served(log, response):
    """An app whose handler answers so."""

    async def handler(request):
        log.append("handler")
        return response

    return App(routes=[Route("/", handler)])


def happened(log, app, *, method="GET", cancel_in=None):
    """Ask once, and note each message among the lines of the tasks; what was raised is the last line."""

    async def receive():
        return await asyncio.Event().wait()

    async def send(message):
        log.append(message["type"])

    async def ask():
        task = asyncio.create_task(app(http(method), receive, send))
        if cancel_in is not None:
            await cancel_in.wait()
            task.cancel()
        await task

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


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_tasks_run_one_after_the_other_behind_the_last_message(method):
    """In the order in which they were added, on the loop or on a thread; the client has its whole answer before."""
    log: list[str] = []
    app = served(log, PlainTextResponse("x", background=tasks(log)))
    assert happened(log, app, method=method) == ["handler", START, BODY, "task 1", "task 2", "task 3"]


@pytest.mark.parametrize("fails_at", [1, 2, 3])
def test_a_task_that_fails_ends_the_row(fails_at):
    """The answer is out and stays what it is; the exception goes to the server, and is answered by nobody."""
    log: list[str] = []
    app = served(log, PlainTextResponse("x", background=tasks(log, fails_at=fails_at)))
    ran = [f"task {number}" for number in range(1, fails_at + 1)]
    assert happened(log, app) == ["handler", START, BODY, *ran, f"RuntimeError('task {fails_at} failed')"]


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
