"""A server as a process of its own, with one mistake in how it starts, lives or ends.

It is started as `python -m tests.instruments.scoring.careless MISTAKE module:app PORT`.
"""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import time
from typing import Any

from rawasgi.tiny import server as tiny
from rawasgi.tiny.__main__ import load


def serves_anyway() -> None:
    """A failed start-up is no reason not to serve."""
    ask = tiny.Lifespan.ask

    async def always_complete(self: Any, kind: str) -> str:
        return (await ask(self, kind)).replace("failed", "complete")

    tiny.Lifespan.ask = always_complete  # type: ignore[method-assign]


def says_nothing() -> None:
    """What the app says of its failure is kept from everybody."""
    tiny.log.setLevel(logging.CRITICAL)


def insists() -> None:
    """An app without a lifespan is not served."""
    ask = tiny.Lifespan.ask

    async def or_nothing(self: Any, kind: str) -> str:
        return (await ask(self, kind)).replace("returned", "lifespan.startup.failed")

    tiny.Lifespan.ask = or_nothing  # type: ignore[method-assign]


def tells_nobody() -> None:
    """The app is not told of the shutdown."""
    ask = tiny.Lifespan.ask

    async def start_only(self: Any, kind: str) -> str:
        return await ask(self, kind) if kind == "lifespan.startup" else "lifespan.shutdown.complete"

    tiny.Lifespan.ask = start_only  # type: ignore[method-assign]


def hurries() -> None:
    """The app is told, and not waited for."""
    ask = tiny.Lifespan.ask

    async def in_a_hurry(self: Any, kind: str) -> str:
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(ask(self, kind), 0.05 if kind == "lifespan.shutdown" else None)
        os._exit(0)

    tiny.Lifespan.ask = in_a_hurry  # type: ignore[method-assign]


def stays() -> None:
    """It outlives its lifespan."""
    serve = tiny.serve

    async def for_ever(app: Any, bound: socket.socket, stop: asyncio.Event) -> bool:
        await serve(app, bound, stop)
        await asyncio.Event().wait()
        return True

    tiny.serve = for_ever


def dies() -> None:
    """The tenth request is its last."""
    count = iter(range(9))
    run = tiny.HTTPCall.run

    async def counted(self: Any) -> None:
        if next(count, None) is None:
            print("out of memory, said the probe", flush=True)
            os._exit(7)
        await run(self)

    tiny.HTTPCall.run = counted  # type: ignore[method-assign]


def never_answers() -> None:
    """It listens, and that is all."""
    with socket.create_server(("127.0.0.1", int(sys.argv[3]))):
        time.sleep(60)


def never_listens() -> None:
    """It lives, and that is all."""
    time.sleep(60)


def never_ends() -> None:
    """It has a child, and neither listens to SIGTERM."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.fork()
    time.sleep(60)


def starts_not() -> None:
    """It ends at once."""
    sys.exit("no port for you")


async def main() -> None:
    """Serve until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    listener = socket.create_server(("127.0.0.1", int(sys.argv[3])), backlog=100)
    with listener:
        await tiny.serve(load(sys.argv[2]), listener, stop)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    globals()[sys.argv[1]]()
    asyncio.run(main())
