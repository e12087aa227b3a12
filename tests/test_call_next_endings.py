"""Function-style layers when something ends early: disconnects, exceptions, cancellation; and who reads the body."""

import asyncio
from typing import Any

import fastapi
import pytest
import starlette.responses

from rawasgi.app import App
from rawasgi.call_next import BaseHTTPMiddleware
from rawasgi.middleware import Middleware
from rawasgi.requests import Request
from rawasgi.responses import PlainTextResponse, StreamingResponse
from rawasgi.routing import Route
from tests.drive import broken, converse, http, on_a_loop
from tests.test_call_next_layers import (
    START,
    WHOLE,
    behind_a_timeout,
    body,
    from_a_child_task,
    from_a_task_group,
    from_its_own_task,
    pass_on,
    starlette_app,
)
from tests.test_middleware import Base, text


def around(below, *dispatches):
    """Layers around an ASGI app, outermost first."""
    for dispatch in reversed(dispatches):
        below = BaseHTTPMiddleware(below, dispatch)
    return below


def post(piece, more=False):
    return {"type": "http.request", "body": piece, "more_body": more}


# -- The body of the request -------------------------------------------------------------------------------------


async def read_by_hand(scope, receive, send):
    """A raw app that answers with the messages it received."""
    received = [await receive()]
    while received[-1].get("more_body"):
        received.append(await receive())
    await PlainTextResponse(repr(received))(scope, receive, send)


async def read_first(request, call_next):
    """A layer that reads the body before the app below does."""
    data = await request.body()
    response = await call_next(request)
    response.headers.append("x-length", str(len(data)))
    return response


@pytest.mark.parametrize("count", [1, 3])
def test_a_body_that_was_read_above_is_read_again_below(count):
    """In one message, whatever pieces it came in; by a raw app, by FastAPI, and by a handler of our own."""

    async def own(request):
        return PlainTextResponse(await request.body())

    async def theirs(request: fastapi.Request):
        return starlette.responses.PlainTextResponse(await request.body())

    theirs_app = fastapi.FastAPI()
    theirs_app.post("/")(theirs)
    inbox = post(b"one", True), post(b"two")
    expected = repr([post(b"onetwo")])
    lengths = [(b"x-length", b"6")] * count
    for app, answer in (
        (read_by_hand, expected),
        (App(routes=[Route("/", own, methods=["POST"])]), "onetwo"),
        (theirs_app, "onetwo"),
    ):
        start, whole = text(answer)
        sent = converse(around(app, *[read_first] * count), http("POST"), *inbox)
        assert sent == [{**start, "headers": start["headers"] + lengths}, whole]


def test_a_body_that_nobody_read_above_is_passed_piece_by_piece():
    """The messages are those of the server."""
    inbox = [post(b"one", True), post(b"two")]
    assert converse(around(read_by_hand, pass_on), http("POST"), *inbox) == text(repr(inbox))


def test_a_layer_may_give_another_request_down():
    """Its scope and its body are what the app below sees."""

    async def endpoint(request):
        return PlainTextResponse(f"{request.headers['x-a']} {await request.body()}")

    async def change(request, call_next):
        scope = {**request.scope, "headers": [(b"x-a", b"1")]}

        async def receive():
            return post(b"another")

        return await call_next(Request(scope, receive))

    app = around(App(routes=[Route("/", endpoint)]), change)
    assert converse(app, http(), post(b"first")) == text("1 b'another'")


# -- Disconnects -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 3])
@on_a_loop
async def test_a_disconnect_is_seen_below(count):
    """By `is_disconnected` in a handler of our own and in one of FastAPI, under any number of layers."""

    async def endpoint(request: fastapi.Request):
        await request.body()
        before = await request.is_disconnected()
        left.set()
        while not await request.is_disconnected():  # noqa: ASYNC110  # whoever asks, asks again
            await asyncio.sleep(0)
        log.append(before)
        return starlette.responses.PlainTextResponse("nobody reads this")

    async def receive():
        if inbox:
            return inbox.pop(0)
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        """It goes nowhere."""

    theirs = fastapi.FastAPI()
    theirs.add_api_route("/", endpoint)
    log: list[Any] = []
    for app in (App(routes=[Route("/", endpoint)]), theirs):
        left, inbox = asyncio.Event(), [post(b"")]
        async with asyncio.timeout(10):
            await around(app, *[pass_on] * count)(http(), receive, send)
    assert log == [False, False]


@pytest.mark.parametrize("spec", ["2.3", "2.4"])
@pytest.mark.parametrize("count", [1, 3])
@on_a_loop
async def test_a_stream_below_is_closed_when_the_client_leaves(count, spec):
    """Spec 2.3 by `receive`, 2.4 by OSError: our own stream is closed, and no task is left of either."""
    left = asyncio.Event()
    log: list[Any] = []

    async def pieces():
        try:
            while True:
                yield b"more"
                await asyncio.sleep(0)
        finally:
            log.append("closed")

    async def own(request):
        return StreamingResponse(pieces())

    async def theirs(request):
        return starlette.responses.StreamingResponse(pieces())

    async def receive():
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        await asyncio.sleep(0)
        if left.is_set() and spec == "2.4":
            raise OSError("gone")
        if message.get("body"):
            left.set()

    for app, path in ((App(routes=[Route("/own", own)]), "/own"), (starlette_app(theirs), "/theirs")):
        left = asyncio.Event()
        call = around(app, *[pass_on] * count)(http(path=path, spec=spec), receive, send)
        async with asyncio.timeout(10):
            if spec == "2.4":
                with pytest.raises((OSError, starlette.requests.ClientDisconnect)):
                    await call
            else:
                await call
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        if path == "/own":
            assert log == ["closed"]  # Starlette leaves its iterator to the garbage collector


# -- Exceptions --------------------------------------------------------------------------------------------------


async def raises_at_once(scope, receive, send):
    raise Base("lost")


async def raises_after_start(scope, receive, send):
    await send(START)
    raise Base("lost")


async def raises_after_a_piece(scope, receive, send):
    await send(START)
    await asyncio.create_task(send(WHOLE[1]))
    raise Base("lost")


async def raises_at_the_end(scope, receive, send):
    await from_its_own_task(scope, receive, send)
    raise Base("lost")


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(
    ("app", "sent"),
    [
        (raises_at_once, []),
        (raises_after_start, WHOLE[:1]),
        (raises_after_a_piece, WHOLE[:2]),
        (raises_at_the_end, WHOLE),
    ],
)
def test_an_exception_below_goes_on_after_what_was_sent(app, sent, count):
    """It is the very exception, once, and nothing is said in its place."""
    got, error = broken(around(app, *[pass_on] * count), http())
    assert (got, repr(error)) == (sent, "Base('lost')")


def test_a_layer_may_answer_for_an_exception_below():
    """`call_next` raises what the app raised before it answered."""

    async def rescue(request, call_next):
        try:
            return await call_next(request)
        except Base as error:
            return PlainTextResponse(f"rescued from {error!r}")

    assert converse(around(raises_at_once, pass_on, rescue, pass_on), http()) == text("rescued from Base('lost')")


@pytest.mark.parametrize("app", [from_its_own_task, from_a_child_task, from_a_task_group, behind_a_timeout])
def test_an_exception_above_ends_the_app_below(app):
    """After `call_next`: the app is broken off where it waits, tidies up, and the layer's exception goes on."""
    log: list[Any] = []

    async def below(scope, receive, send):
        try:
            await app(scope, receive, send)
        finally:
            await asyncio.sleep(0)
            log.append("ended")

    async def fail(request, call_next):
        await call_next(request)
        raise Base("above")

    sent, error = broken(around(below, pass_on, fail, pass_on), http())
    assert (sent, repr(error), log) == ([], "Base('above')", ["ended"])


def test_an_exception_above_reaches_a_handler_that_has_answered():
    """What stands in its `finally` runs."""
    log: list[Any] = []

    async def endpoint(request):
        try:
            return PlainTextResponse("dropped")
        finally:
            log.append("ended")

    async def fail(request, call_next):
        await call_next(request)
        raise Base("above")

    app = App(routes=[Route("/", endpoint)], middleware=[Middleware(BaseHTTPMiddleware, fail)])
    sent, error = broken(app, http())
    assert (sent, repr(error)) == (text("Internal Server Error", 500), "Base('above')")
    assert log == ["ended"]


@pytest.mark.parametrize("count", [1, 3])
def test_an_exception_in_a_replaced_body_goes_on(count):
    """The app below, which waits in the middle of its answer, ends with it."""
    log: list[Any] = []

    async def below(scope, receive, send):
        try:
            await from_its_own_task(scope, receive, send)
        finally:
            log.append("ended")

    async def spoil(request, call_next):
        response = await call_next(request)

        async def pieces():
            yield b"one"
            raise Base("in the stream")

        response.body_iterator = pieces()
        return response

    sent, error = broken(around(below, *[pass_on] * (count - 1), spoil), http())
    assert (sent, repr(error), log) == ([START, body(b"one", True)], "Base('in the stream')", ["ended"])


@pytest.mark.parametrize("count", [1, 3])
def test_a_send_that_fails_is_heard_by_the_app_below(count):
    """OSError out of the server's `send` is raised at the `send` of the app, as without layers."""
    log: list[Any] = []

    async def below(scope, receive, send):
        for message in WHOLE:
            try:
                await send(message)
            except OSError as error:
                log.append((message["type"], str(error)))
                raise

    async def main(scope, receive, send):
        async def failing(message):
            if message.get("body") == b"two":
                raise OSError("gone")
            await send(message)

        await around(below, *[pass_on] * count)(scope, receive, failing)

    sent, error = broken(main, http())
    assert (sent, repr(error)) == (WHOLE[:2], "OSError('gone')")
    assert log == [("http.response.body", "gone")]


@pytest.mark.parametrize("count", [0, 1, 3])
@pytest.mark.parametrize("child", [False, True])
def test_an_app_below_may_expect_that_its_send_fails(child, count):
    """Also one that sends from a child task: where it catches the OSError, nothing is raised, as without layers."""
    log: list[Any] = []

    async def talk(send):
        try:
            await send(START)
            await send(body(b"one"))
        except OSError as error:
            log.append(str(error))

    async def below(scope, receive, send):
        await (asyncio.create_task(talk(send)) if child else talk(send))
        log.append("ended")

    async def main(scope, receive, send):
        async def failing(message):
            if message != START:
                raise OSError("gone")
            await send(message)

        await around(below, *[pass_on] * count)(scope, receive, failing)

    assert converse(main, http()) == [START]
    assert log == ["gone", "ended"]
