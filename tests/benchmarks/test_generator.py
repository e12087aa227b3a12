"""The generator: what it asks, when it asks, and what it makes of each answer."""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial

import pytest

from benchmarks.load.generator import Connection, Generator, Order, schedule

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nwaited"
ORDER = Order(
    port=0,
    request="GET / HTTP/1.1\r\nhost: localhost\r\n\r\n",
    body="waited",
    clients=3,
    seconds=0.2,
    warm_up=0.1,
    spread=0.02,
)

ENDED = (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError)
"""The generator has hung up, or the test is over."""


def generate(serve, order=ORDER):
    """Run one window against `serve(reader, writer)`, which is called for each connection."""

    async def run():
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        try:
            return await Generator(replace(order, port=server.sockets[0].getsockname()[1])).run()
        finally:
            server.close()  # it is not waited for: a connection that was never answered is still open

    return asyncio.run(run())


def answering(*pieces, wait=0.01, times=None):
    """A server that answers each request of a connection, at most `times` of them, after a wait, in pieces."""

    async def serve(reader, writer):
        try:
            served = 0
            while served != times and await reader.readuntil(b"\r\n\r\n"):
                served += 1
                await asyncio.sleep(wait)
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
        except ENDED:
            pass
        finally:
            writer.close()

    return serve


@pytest.mark.parametrize("pieces", [(ANSWER,), tuple(bytes([byte]) for byte in ANSWER)], ids=["whole", "by the byte"])
def test_each_client_asks_again_when_it_is_answered(pieces):
    """A closed loop: 3 clients and a wait of 10 ms allow 60 answers in 0.2 s, and no client is left alone."""
    seen = generate(answering(*pieces))
    assert (seen.failed, seen.wrong, seen.waited, seen.late) == (0, [], [], [])
    assert 3 < seen.answered <= 63
    assert seen.answered <= len(seen.latencies) <= seen.answered + 3  # and what was in flight when the window closed
    assert seen.total >= len(seen.latencies)
    assert min(seen.latencies) >= 0.01
    assert 0 < seen.cpu < 5


def test_what_is_never_answered_counts_with_the_time_it_has_waited():
    """3 requests, begun in the first 20 ms, wait until the deadline: warm-up, window and as long again."""
    seen = generate(answering(wait=60))
    assert (seen.answered, seen.latencies, seen.failed) == (0, [], 0)
    assert [waited > 0.4 for waited in seen.waited] == [True] * 3


def test_an_answer_behind_the_deadline_is_passed_over():
    """The task that waited for it has been cancelled: an error in the loop would stand among the words of the run."""

    class Deaf(asyncio.Transport):
        def write(self, data):
            """Send it nowhere."""

    async def late():
        connection = Connection()
        connection.connection_made(Deaf())
        answer = connection.ask(b"")
        answer.cancel()
        connection.data_received(ANSWER)
        return answer.cancelled(), connection.asked

    assert asyncio.run(late()) == (True, False)


def test_an_arrival_that_finds_no_free_connection_is_wanted_all_the_same():
    """An open loop on one connection, whose first request is never answered: all others count as unanswered too."""
    order = replace(ORDER, clients=1, rate=100.0)
    moments = list(schedule(100.0, 0, 0.3, 0))
    seen = generate(answering(wait=60), order)
    assert len(seen.waited) == len(moments)
    assert max(seen.waited) - min(seen.waited) == pytest.approx(moments[-1] - moments[0], abs=0.01)


def test_another_answer_is_wrong():
    """Status and body are compared with those of the proof."""
    seen = generate(answering(b"HTTP/1.1 500 Oh\r\ncontent-length: 2\r\n\r\nno"))
    assert set(seen.wrong) == {"500 with 2 bytes"}
    assert (seen.answered, seen.latencies, seen.failed) == (0, [], 0)


def test_a_connection_that_ends_instead_of_an_answer_is_a_failure():
    """No answer at all, and half of one; a client that failed keeps still for a moment."""
    for pieces in ((), (ANSWER[:-1],)):
        seen = generate(answering(*pieces, times=1))
        assert (seen.answered, seen.wrong) == (0, [])
        assert 3 <= seen.failed <= 3 * (ORDER.warm_up + ORDER.seconds) / 0.1 + 3


def test_a_server_that_is_not_there_is_a_failure():
    """A refused connection is counted, and the window ends as any other."""
    with_nobody = asyncio.run(refused())
    assert with_nobody.failed >= 3
    assert (with_nobody.answered, with_nobody.waited) == (0, [])


async def refused():
    """Run a window on a port that has just been closed."""
    server = await asyncio.start_server(answering(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return await Generator(replace(ORDER, port=port)).run()


@pytest.mark.parametrize("announced", [True, False])
def test_a_server_may_hang_up_after_an_answer(announced):
    """With `Connection: close` or without a word: the client takes another connection, and nothing has failed."""
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n" if announced else b"HTTP/1.1 200 OK\r\n"
    seen = generate(answering(head + b"content-length: 6\r\n\r\nwaited", times=1))
    assert (seen.failed, seen.wrong) == (0, [])
    assert seen.answered > 3
    assert seen.again <= seen.total  # unannounced, the next request may be on its way already


def test_a_request_that_is_lost_with_its_connection_is_asked_again():
    """RFC 9110 9.2.2 allows it for GET; it is counted, for a server that drops its work should not look well."""

    async def serve(reader, writer):
        with suppress(*ENDED):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(ANSWER)
            await reader.readuntil(b"\r\n\r\n")
        writer.close()

    seen = generate(serve, replace(ORDER, clients=1))
    assert seen.again > 3
    assert (seen.failed, seen.wrong, seen.waited) == (0, [], [])


def slots(count, wait):
    """A server that answers so many requests at once, each after a wait."""
    free = asyncio.Semaphore(count)

    async def serve(reader, writer):
        with suppress(*ENDED):
            while await reader.readuntil(b"\r\n\r\n"):
                async with free:
                    await asyncio.sleep(wait)
                writer.write(ANSWER)
        writer.close()

    return serve


@contextmanager
def elsewhere(serve):
    """Serve on a loop and a thread of their own, which go on while the generator stands still; gives the port."""
    ready: Future[tuple[int, Callable[[], object]]] = Future()

    async def live():
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            leaving = asyncio.Event()
            leave = partial(asyncio.get_running_loop().call_soon_threadsafe, leaving.set)
            ready.set_result((server.sockets[0].getsockname()[1], leave))
            await leaving.wait()

    thread = threading.Thread(target=asyncio.run, args=[live()])
    thread.start()
    port, leave = ready.result()
    try:
        yield port
    finally:
        leave()
        thread.join()


@pytest.mark.parametrize(("falls_asleep", "least"), [(0.15, 0.49), (0.7, 0.55)], ids=["the opening", "the close"])
def test_what_came_while_the_generator_stood_still_is_counted_for_the_time_it_took(falls_asleep, least):
    """2 slots of 20 ms allow 100 answers a second: 20 that were found late, in a window of half a second, would be 140."""
    order = replace(ORDER, clients=20, warm_up=0.3, seconds=0.5)

    async def run(port):
        generator = Generator(replace(order, port=port))
        asyncio.get_running_loop().call_later(falls_asleep, time.sleep, 0.2)
        return await generator.run()

    with elsewhere(slots(2, wait=0.02)) as port:
        seen = asyncio.run(run(port))
    assert seen.seconds >= least
    assert 0 < seen.answered <= 100 * seen.seconds + 2 * 2
    assert len(seen.latencies) <= seen.answered + order.clients


def freezing(starts, ends):
    """A server that answers at once, but nothing between two moments of its own time."""

    async def serve(reader, writer):
        loop = asyncio.get_running_loop()
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                born.setdefault("at", loop.time())
                now = loop.time() - born["at"]
                if starts <= now < ends:
                    await asyncio.sleep(ends - now)
                writer.write(ANSWER)
                await asyncio.sleep(0.005)
        except ENDED:
            pass
        finally:
            writer.close()

    born: dict[str, float] = {}
    return serve


def test_the_open_loop_sees_a_stall_that_the_closed_loop_hides():
    """A server stands still for 0.4 s: one polite client loses one request, a schedule of 100 a second about 40."""
    order = replace(ORDER, clients=1, seconds=0.8)
    closed = generate(freezing(0.3, 0.7), order)
    opened = generate(freezing(0.3, 0.7), replace(order, clients=50, rate=100.0))
    slow = [sum(latency > 0.1 for latency in seen.latencies) for seen in (closed, opened)]
    assert slow[0] <= 2
    assert slow[1] > 15
    assert max(opened.late) < 0.3  # the generator itself did not stand still


def test_a_request_that_is_begun_late_counts_from_its_moment():
    """The generator itself stands still for 0.3 s: what it owed meanwhile is late, and its latency says so."""

    async def serve(reader, writer):
        if not stalled:
            stalled.append(True)
            time.sleep(0.3)  # noqa: ASYNC251 - server and generator share this loop
        await answering(ANSWER)(reader, writer)

    stalled: list[bool] = []
    seen = generate(serve, replace(ORDER, clients=50, rate=100.0, warm_up=0.0, seconds=0.6))
    assert max(seen.late) > 0.2
    assert sum(latency > 0.1 for latency in seen.latencies) > 10


def test_a_schedule_is_the_same_for_the_same_seed():
    """Poisson arrivals: in order, inside the window, as many as the rate says on average."""
    moments = list(schedule(1000.0, 5.0, 15.0, seed=1))
    assert moments == list(schedule(1000.0, 5.0, 15.0, seed=1))
    assert moments != list(schedule(1000.0, 5.0, 15.0, seed=2))
    assert moments == sorted(moments)
    assert moments[0] >= 5.0
    assert moments[-1] < 15.0
    assert len(moments) == pytest.approx(10_000, rel=0.05)
