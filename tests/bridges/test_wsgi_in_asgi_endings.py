"""A WSGI application whose client leaves, or whose request is cancelled: all is closed, and no thread is kept."""

import asyncio
import threading

import pytest

from rawasgi.bridges.wsgi_in_asgi import WSGIMiddleware
from rawasgi.concurrency import threads
from rawasgi.instruments.conversation import Conversation, converse, end, request
from tests.bridges.wsgi_apps import PLAIN, TEXT, Endless, Pieces, saying
from tests.drive import on_a_loop
from tests.instruments.messages import piece, start


@pytest.mark.parametrize("spec_version", ["2.3", "2.5"])
@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_client_that_leaves_stops_the_iterable(spec_version, after):
    """At its next piece, whether the server says so by `send` or only by `receive`; it is closed, and no thread is kept."""
    log: list[object] = []
    asked = request("GET", "/", spec_version=spec_version)
    endless = (b"%d" % number for number in range(1_000_000))
    app = WSGIMiddleware(lambda environ, begin: begin("200 OK", TEXT) and Endless(endless, log))

    def ask():
        return converse(app, asked, leaves_after=after)

    if spec_version == "2.5":
        with pytest.raises(OSError):
            ask()
    else:
        sent = ask()
        assert sent == [start(200, PLAIN), piece(b"0", True), piece(b"1", True)][:after]
    assert log[-1] == "closed"
    assert len(log) < 100_000
    threads.close()


@pytest.mark.parametrize("spec_version", ["2.3", "2.5"])
@on_a_loop
async def test_a_request_that_waits_for_a_thread_is_given_up_at_once(spec_version):
    """With all threads busy the application is never called: not after a cancellation, nor for a client that has left."""
    log: list[object] = []
    gate = threading.Event()
    threads.resize(1)
    try:
        busy = asyncio.get_running_loop().run_in_executor(threads.executor(), gate.wait)
        asked = request("GET", "/", spec_version=spec_version)
        conversation = Conversation(WSGIMiddleware(saying(b"x", log=log)), asked.scope, asked.messages)
        task = conversation.start()
        for _ in range(10):
            await asyncio.sleep(0)
        if spec_version == "2.3":
            conversation.disconnect()
            assert await task == []
        else:
            await end(task)
            assert task.cancelled()
        assert (log, conversation.sent) == ([], [])
    finally:
        gate.set()
        await busy
        threads.resize(40)


@on_a_loop
async def test_an_error_behind_a_whole_response_is_raised():
    """Also where the server says by then that the client has left, as older ones do: it was close() that failed."""
    heard = threading.Event()
    complete = asyncio.Event()

    class Failing(Pieces):
        def close(self):
            heard.wait(5)
            raise ZeroDivisionError("close")

    inbox = [{"type": "http.request"}]

    async def receive():
        if inbox:
            return inbox.pop()
        await complete.wait()
        asyncio.get_running_loop().call_later(0.01, heard.set)
        return {"type": "http.disconnect"}

    async def send(message):
        if message.get("more_body") is False:
            complete.set()

    app = WSGIMiddleware(lambda environ, begin: begin("200 OK", TEXT) and Failing(b"x", log=[]))
    with pytest.raises(ZeroDivisionError, match="close"):
        await app(request("GET", "/", spec_version="2.3").scope, receive, send)
    threads.close()
