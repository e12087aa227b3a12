"""A name for each request: in the answer, in the context, and in every line of the log."""

import asyncio
import logging
import re
from typing import Any

import pytest

from rawasgi.app import App
from rawasgi.call_next import BaseHTTPMiddleware
from rawasgi.concurrency import BackgroundTask, BackgroundTasks
from rawasgi.middlewares.request_ids import RequestIdFilter, RequestIdMiddleware, request_id
from rawasgi.responses import PlainTextResponse
from tests.drive import broken, converse, exchange, http, on_a_loop, websocket

log = logging.getLogger("tests.request_ids")


async def shown(scope, receive, send):
    """An app that answers with the name of its request."""
    await PlainTextResponse(request_id.get())(scope, receive, send)


def answer(*sent, app=shown, **options):
    """The ids in the response's header and in its body, for a request that sent these."""
    scope = http(headers=[("x-request-id", value) for value in sent])
    start, body = converse(RequestIdMiddleware(app, **options), scope)
    return [value.decode() for name, value in start["headers"] if name == b"x-request-id"], body["body"].decode()


@pytest.mark.parametrize("sent", ["a", "3f2b8c4e-9a0d-4c57-b1e6-a7d8c9f00112", "a" * 128, "a._~:/+=-Z"])
def test_an_id_that_is_fit_is_taken_over(sent):
    """It stands in the context and goes back."""
    assert answer(sent) == ([sent], sent)


@pytest.mark.parametrize(
    "sent", [[], [""], ["a" * 129], ["a b"], ["a\nb"], ["a\n"], ["é"], ["<b>"], ["a,b"], ["a", "b"], ["a", "a"]]
)
def test_another_is_replaced(sent):
    """None, too long, no line of a log, or one of several: a new id of 32 digits."""
    (given,), seen = answer(*sent)
    assert given == seen
    assert re.fullmatch(r"[0-9a-f]{32}", given)


def test_generator_validator_and_header_may_be_others():
    """The app's own header of that name gives way: a request has one name."""
    options: dict[str, Any] = {"generator": lambda: "made", "validator": str.isdigit}
    assert answer("12", **options) == (["12"], "12")
    assert answer("ab", **options) == (["made"], "made")
    own = PlainTextResponse("", headers={"x-request-id": "own", "x-other": "1"})
    assert answer("12", app=own) == (["12"], "")
    start, _ = converse(RequestIdMiddleware(shown, "X-Trace"), http(headers=[("x-trace", "t")]))
    assert (b"x-trace", b"t") in start["headers"]


@pytest.mark.parametrize("kind", ["websocket.accept", "websocket.http.response.start"])
def test_a_websocket_has_a_name_too(kind):
    """In the headers of the accept, or of the denial."""

    async def app(scope, receive, send):
        await send({"type": kind})

    scope = websocket(headers=[("x-request-id", "w")])
    assert converse(RequestIdMiddleware(app), scope) == [{"type": kind, "headers": [(b"x-request-id", b"w")]}]


@pytest.mark.parametrize("above", [[], [BaseHTTPMiddleware]], ids=["alone", "around a function-style layer"])
def test_the_name_is_known_wherever_the_request_is_worked_on(caplog, above):
    """Handler, thread, task, function-style layer and background task log lines with it, by a filter on the handler."""
    app = App()

    async def pass_on(request, call_next):
        log.info("layer")
        return await call_next(request)

    async def later():
        log.info("background")

    @app.get("/")
    def on_a_thread(request):
        log.info("thread")
        tasks = BackgroundTasks([BackgroundTask(later), BackgroundTask(log.info, "background, on a thread")])
        return PlainTextResponse("", background=tasks)

    @app.get("/loop")
    async def on_the_loop(request):
        log.info("handler")
        await asyncio.create_task(later())
        return PlainTextResponse("")

    for layer in above:
        app.add_middleware(layer, dispatch=pass_on)
    app.add_middleware(RequestIdMiddleware)
    caplog.handler.addFilter(RequestIdFilter())
    caplog.set_level(logging.INFO, log.name)
    log.info("before")
    converse(app, http(headers=[("x-request-id", "one")]))
    converse(app, http(path="/loop", headers=[("x-request-id", "two")]))
    log.info("after")
    layer_line = ["layer"] if above else []
    first = [*layer_line, "thread", "background", "background, on a thread"]
    second = [*layer_line, "handler", "background"]
    lines = [(record.request_id, record.message) for record in caplog.records]
    assert lines == [
        ("-", "before"),
        *(("one", line) for line in first),
        *(("two", line) for line in second),
        ("-", "after"),
    ]


@on_a_loop
async def test_requests_that_run_at_once_have_each_their_own():
    """A context belongs to a task, and a server gives each request one."""
    both = asyncio.Barrier(2)
    seen: list[Any] = []

    async def app(scope, receive, send):
        await both.wait()
        seen.append((scope["path"], request_id.get()))

    async def unused(*message): ...

    async with asyncio.TaskGroup() as server:
        for name in ("one", "two"):
            scope = http(path=f"/{name}", headers=[("x-request-id", name)])
            server.create_task(RequestIdMiddleware(app)(scope, unused, unused))
    assert sorted(seen) == [("/one", "one"), ("/two", "two")]


@on_a_loop
async def test_an_exception_keeps_the_name_for_whoever_logs_it():
    """The task ends with it; after an answer, or a cancellation, the context is as it was."""

    async def fails(scope, receive, send):
        raise LookupError("lost")

    scope = http(headers=[("x-request-id", "one")])
    await exchange(RequestIdMiddleware(shown), scope)
    assert request_id.get() == "-"
    with pytest.raises(LookupError):
        await exchange(RequestIdMiddleware(fails), scope)
    assert request_id.get() == "one"


def test_a_generator_of_unfit_ids_is_a_bug():
    """What cannot stand in a header raises where it would be put there, and nothing is sent."""
    sent, error = broken(RequestIdMiddleware(shown, generator=lambda: "a\nb"), http())
    assert (sent, type(error)) == ([], ValueError)
