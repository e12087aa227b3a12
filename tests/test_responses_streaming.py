"""Streams: piece by piece, and what happens when the client leaves, the server stops, or the iterator fails."""

import asyncio
import gc
import threading
from typing import Any

import pytest

from rawasgi.concurrency import BackgroundTask
from rawasgi.responses import StreamingResponse
from tests.drive import broken, converse, exchange, http, on_a_loop, websocket
from tests.test_responses import streamed

SPECS = pytest.mark.parametrize("spec", ["2.3", "2.4"])


async def numbered(log, count=3):
    """An async generator that says when it ends."""
    try:
        for number in range(count):
            yield b"%d" % number
    finally:
        log.append("closed")


def numbered_blocking(log, count=3):
    """The same as an ordinary generator; it says whether it ends on the loop."""
    try:
        for number in range(count):
            yield b"%d" % number
    finally:
        log.append("closed" if threading.current_thread() is not threading.main_thread() else "closed on the loop")


class Iterable:
    """Async iterable, but no generator: its iterator has no `aclose`."""

    def __init__(self, pieces):
        self.pieces = pieces

    def __aiter__(self):
        self.left = iter(self.pieces)
        return self

    async def __anext__(self):
        for piece in self.left:
            return piece
        raise StopAsyncIteration


@SPECS
@pytest.mark.parametrize("make", [numbered, numbered_blocking])
def test_pieces_come_in_order_and_the_iterator_is_closed_before_the_background_task(make, spec):
    """Each piece announces more, the end is empty, and nothing is left behind."""
    log: list[Any] = []
    response = StreamingResponse(make(log), 201, {"X-A": "1"}, "text/csv", BackgroundTask(log.append, "work"))
    headers = {"x-a": "1", "content-type": "text/csv; charset=utf-8"}
    assert converse(response, http(spec=spec)) == streamed(b"0", b"1", b"2", status=201, headers=headers)
    assert log == ["closed", "work"]


@SPECS
@pytest.mark.parametrize("content", [["é", b"b", memoryview(b"c")], Iterable(["é", b"b", b"c"]), ("é", b"b", b"c")])
def test_any_iterable_will_do_and_str_is_encoded(content, spec):
    """str, bytes and memoryview may be mixed; a list, a tuple, an async iterable without `aclose`."""
    assert converse(StreamingResponse(content), http(spec=spec)) == streamed("é".encode(), b"b", b"c")


def test_pieces_are_encoded_in_the_charset_of_the_class():
    """A subclass says which."""

    class Latin(StreamingResponse):
        charset = "latin-1"
        media_type = "text/plain"

    headers = {"content-type": "text/plain; charset=latin-1"}
    assert converse(Latin(["é"]), http()) == streamed(b"\xe9", headers=headers)


def test_an_empty_stream_is_a_start_and_an_end():
    """No piece, no `more_body`."""
    assert converse(StreamingResponse([]), http()) == streamed()


@SPECS
@pytest.mark.parametrize("make", [numbered, numbered_blocking])
def test_the_iterator_is_asked_for_a_piece_only_when_the_last_one_was_sent(make, spec):
    """Back pressure: while `send` waits, the iterator waits."""
    log: list[Any] = []
    asked: list[Any] = []

    async def pieces():
        async for piece in StreamingResponse(make(log)).body_iterator:
            asked.append(piece)
            yield piece

    async def main():
        sent: list[Any] = []

        async def send(message):
            await asyncio.sleep(0)
            sent.append(message)
            assert len(asked) <= len(sent)

        await StreamingResponse(pieces())(http(spec=spec), Client(spec, 0).receive, send)

    asyncio.run(main())
    assert asked == [b"0", b"1", b"2"]


async def endless(log):
    """Pieces until somebody stops it."""
    try:
        while True:
            yield b"more"
            await asyncio.sleep(0)
    finally:
        log.append("closed")


async def waiting(log):
    """One piece, then nothing for ever."""
    try:
        yield b"one"
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        log.append("cancelled")
        raise
    finally:
        log.append("closed")


async def tidying(log):
    """Like `waiting`; its tidying up awaits something."""
    try:
        yield b"one"
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0)
        log.append("closed")


class Client:
    """The other end: it takes `pieces` body messages, then leaves as servers of `spec` say it."""

    def __init__(self, spec, pieces):
        self.spec = spec
        self.pieces = pieces
        self.sent = []
        self.left = asyncio.Event()

    async def receive(self):
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        if self.spec == "2.4" and self.left.is_set():
            raise OSError("gone")
        self.sent.append(message)
        if len(self.sent) > self.pieces:
            self.left.set()
        await asyncio.sleep(0)


@pytest.mark.parametrize("make", [endless, waiting, tidying])
@on_a_loop
async def test_an_older_server_says_by_receive_that_the_client_left(make):
    """Spec 2.3: the iterator is stopped where it stands, then the background task runs, and nothing is raised."""
    log: list[Any] = []
    client = Client("2.3", 1)
    response = StreamingResponse(make(log), background=BackgroundTask(log.append, "work"))
    await response(http(spec="2.3"), client.receive, client.send)
    assert log[-2:] == ["closed", "work"]
    assert log[:-2] == (["cancelled"] if make is waiting else [])
    assert client.sent[:2] == streamed(b"one" if make is not endless else b"more")[:2]
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


@on_a_loop
async def test_a_newer_server_says_by_oserror_that_the_client_left():
    """Spec 2.4: the iterator is closed, the background task runs, and the OSError goes back to the server."""
    log: list[Any] = []
    client = Client("2.4", 2)
    response = StreamingResponse(endless(log), background=BackgroundTask(log.append, "work"))
    with pytest.raises(OSError, match="gone"):
        await response(http(spec="2.4"), client.receive, client.send)
    assert log == ["closed", "work"]
    assert client.sent == streamed(b"more", b"more")[:3]


@on_a_loop
async def test_a_newer_server_is_never_asked_by_receive():
    """Spec 2.4: `receive` belongs to whoever reads the body, and no task listens."""
    tasks: list[Any] = []

    async def pieces():
        tasks.append(asyncio.all_tasks())
        yield b"one"

    async def receive():
        raise AssertionError("receive was called")

    client = Client("2.4", 9)
    await StreamingResponse(pieces())(http(spec="2.4"), receive, client.send)
    assert client.sent == streamed(b"one")
    assert tasks == [{asyncio.current_task()}]


@on_a_loop
async def test_a_blocking_iterator_is_closed_when_the_client_leaves():
    """Also on a thread: its `finally` runs off the loop, before the background task."""
    log: list[Any] = []
    client = Client("2.3", 1)

    def pieces():
        try:
            while True:
                yield b"more"
        finally:
            log.append(threading.current_thread() is not threading.main_thread())

    response = StreamingResponse(pieces(), background=BackgroundTask(log.append, "work"))
    await response(http(spec="2.3"), client.receive, client.send)
    assert log == [True, "work"]


@on_a_loop
async def test_a_body_that_nobody_read_is_no_disconnect():
    """Spec 2.3: `http.request` messages are passed over, the stream goes on."""
    inbox = [{"type": "http.request", "body": b"x", "more_body": True}, {"type": "http.request", "body": b"y"}]
    log: list[Any] = []
    assert await exchange(StreamingResponse(numbered(log)), http(spec="2.3"), inbox) == streamed(b"0", b"1", b"2")


@on_a_loop
async def test_a_receive_that_fails_does_not_end_the_stream():
    """Spec 2.3: only a disconnect does; the stream is sent whole, and nothing is reported as lost."""
    complaints: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, about: complaints.append(about))
    client = Client("2.3", 99)

    async def receive():
        raise LookupError("lost")

    log: list[Any] = []
    await StreamingResponse(numbered(log))(http(spec="2.3"), receive, client.send)
    gc.collect()
    await asyncio.sleep(0)
    assert client.sent == streamed(b"0", b"1", b"2")
    assert complaints == []


@SPECS
@pytest.mark.parametrize("make", [waiting, tidying])
@on_a_loop
async def test_a_cancellation_from_outside_is_not_swallowed(make, spec):
    """The server stops: the iterator is closed, the task ends as cancelled, and there is no background work."""
    log: list[Any] = []
    client = Client(spec, 99)
    response = StreamingResponse(make(log), background=BackgroundTask(log.append, "work"))
    task = asyncio.create_task(response(http(spec=spec), client.receive, client.send))
    for _ in range(5):
        await asyncio.sleep(0)
    assert client.sent == streamed(b"one")[:2]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert log[-1] == "closed"
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


@on_a_loop
async def test_a_cancellation_and_a_disconnect_in_one_turn_is_a_cancellation():
    """Spec 2.3: whoever else wants this task to end gets it ended."""
    log: list[Any] = []
    client = Client("2.3", 99)
    response = StreamingResponse(waiting(log), background=BackgroundTask(log.append, "work"))
    task = asyncio.create_task(response(http(spec="2.3"), client.receive, client.send))
    for _ in range(5):
        await asyncio.sleep(0)
    client.left.set()
    for _ in range(2):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert log == ["cancelled", "closed"]


@SPECS
@on_a_loop
async def test_a_timeout_around_a_stream_is_a_timeout(spec):
    """`asyncio.timeout` finds its own cancellation again."""
    log: list[Any] = []
    client = Client(spec, 99)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await StreamingResponse(waiting(log))(http(spec=spec), client.receive, client.send)
    assert log == ["cancelled", "closed"]


@SPECS
@pytest.mark.parametrize("blocking", [False, True])
def test_an_exception_in_the_iterator_goes_on(blocking, spec):
    """After the pieces before it, without an end: the server must tear the body. No background work."""
    log: list[Any] = []

    async def pieces():
        yield b"one"
        raise LookupError("lost")

    def blocking_pieces():
        yield b"one"
        raise LookupError("lost")

    content = blocking_pieces() if blocking else pieces()
    response = StreamingResponse(content, background=BackgroundTask(log.append, "work"))
    sent, error = broken(response, http(spec=spec))
    assert (sent, repr(error), log) == (streamed(b"one")[:2], "LookupError('lost')", [])


@SPECS
def test_an_oserror_of_the_iterator_goes_on_too(spec):
    """It looks like a client that left; it is raised all the same."""

    async def pieces():
        yield b"one"
        raise OSError("disk")

    sent, error = broken(StreamingResponse(pieces()), http(spec=spec))
    assert (sent, repr(error)) == (streamed(b"one")[:2], "OSError('disk')")


def test_a_denial_does_not_listen():
    """On a websocket `receive` belongs to the websocket, whatever the version."""
    response = StreamingResponse([b"no"], 403)
    scope = websocket(asgi={"version": "3.0", "spec_version": "2.3"})
    assert converse(response, scope) == streamed(b"no", status=403, prefix="websocket.http")


@on_a_loop
async def test_an_iterator_that_turns_the_disconnect_into_an_error_leaves_no_cancellation_behind():
    """Spec 2.3: the error goes on, and the task is as free as before: nobody's request to end it is left over."""

    async def stubborn():
        try:
            yield b"one"
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise LookupError("lost") from None

    client = Client("2.3", 99)

    async def call():
        with pytest.raises(LookupError):
            await StreamingResponse(stubborn())(http(spec="2.3"), client.receive, client.send)
        return [task.cancelling() for task in [asyncio.current_task()] if task]

    task = asyncio.create_task(call())
    for _ in range(5):
        await asyncio.sleep(0)
    client.left.set()
    assert await task == [0]
