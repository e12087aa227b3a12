"""An app, a scope and an inbox in -> the messages that the app sent out: no server, no socket."""

import asyncio
import functools
from typing import Any

from rawasgi import VirtualClock


def on_a_loop(test):
    """Let a test be `async def`."""
    return functools.wraps(test)(lambda **arguments: asyncio.run(test(**arguments)))


def on_virtual_time(test):
    """The same, where time is a number: what would wait for an hour is over at once, and at the hour."""
    return functools.wraps(test)(lambda **arguments: run_virtually(test(**arguments)))


def run_virtually(coroutine):
    """`asyncio.run`, on virtual time."""
    with VirtualClock() as clock:
        return clock.run(coroutine)


def converse(app, scope, *inbox, run=asyncio.run):
    """Call `app` once, on a loop of its own; what it sent, whole. Raises what the app raises."""
    return run(exchange(app, scope, inbox))


def broken(app, scope, *inbox, run=asyncio.run):
    """Call `app`, which raises: what it sent until then, and the exception."""
    sent: list[Any] = []
    try:
        run(exchange(app, scope, inbox, sent))
    except Exception as error:
        return sent, error
    raise AssertionError(f"nothing was raised; sent was {sent}")


async def exchange(app, scope, inbox=(), sent=None):
    """The same on the running loop. After the inbox `receive` waits; a task that the app leaves behind fails."""
    waiting, sent = list(inbox), [] if sent is None else sent
    before = asyncio.all_tasks()

    async def receive():
        return waiting.pop(0) if waiting else await asyncio.Event().wait()  # the client stays, and says nothing

    async def send(message):
        sent.append(message)

    try:
        async with asyncio.timeout(10):
            await app(scope, receive, send)
    finally:
        for _ in range(3):
            await asyncio.sleep(0)  # a task that was cancelled needs a turn to end
        assert asyncio.all_tasks() <= before, "the app left a task behind"
    return sent


def http(method="GET", path="/", headers=(), query=b"", spec="2.5", **more):
    """The scope of a request; `headers` are pairs of str."""
    about = {"type": "http", "asgi": {"version": "3.0", "spec_version": spec}, "http_version": "1.1", "scheme": "http"}
    where = {"path": path, "raw_path": path.encode(), "query_string": query, "root_path": ""}
    pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    ends = {"client": ("127.0.0.1", 41522), "server": ("127.0.0.1", 8000)}
    return about | where | ends | {"method": method, "headers": pairs} | more


def websocket(path="/", headers=(), **more):
    """The scope of a handshake."""
    scope = http("GET", path, headers) | {"type": "websocket", "scheme": "ws", "subprotocols": []}
    return {key: value for key, value in scope.items() if key != "method"} | more
