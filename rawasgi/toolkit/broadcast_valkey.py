"""A message published in one worker in -> the same message in every worker out.

bytes > server > app > middleware > routing > [handler] > response > bytes

Each worker of a server is a process with clients of its own. Their common ground is a server with publish and
subscribe, Valkey or Redis. A worker listens there on one connection, to all channels of one prefix, and gives what it
hears to its own listeners: what nobody here listens to is passed over.

    publish("room", "hello") -> PUBLISH rawasgi:room hello -> PSUBSCRIBE rawasgi:* in each worker -> `deliver`

    @asynccontextmanager
    async def lifespan(app):
        async with ValkeyBroadcast("valkey://127.0.0.1") as app.state.broadcast:
            yield

A server that cannot be reached ends the start. One that goes away later is looked for until it is back, and a server
that has fallen silent is one that went away. Such a server remembers nothing, so two things are lost: what was published
while a worker was cut off from it, for the clients of that worker, and what `publish` was refused with ConnectionError.
Whoever must not miss a message asks for the state of things after an outage, or keeps them elsewhere.

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html#send-send-event
In FastAPI:   none, because it is left to packages
In Starlette: none, because it is left to packages
In Flask:     none, because it is left to packages
Left out:     a subscription for each channel, which is less to hear where workers and channels are many; streams
"""

import asyncio
import logging
import re
from typing import Any, Self

try:
    from valkey.asyncio import Valkey
    from valkey.exceptions import ValkeyError
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        "ValkeyBroadcast needs valkey: pip install 'rawasgi[broadcast]'", name=missing.name
    ) from None

from rawasgi.toolkit.broadcast import Broadcast, Policy

logger = logging.getLogger("rawasgi.broadcast")

PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0)  # seconds between tries to reach the server again; the last one stays


class ValkeyBroadcast(Broadcast):
    """A `Broadcast` across workers, by the server at `url`: `valkey://host:6379`, `redis://…`, `unix:///path`.

    All workers share a `prefix`, apps that share a server do not (the number of a database makes no difference here).
    `patience` (seconds) is how long the server may take to answer, and how long a silence has to be before it is asked
    whether it is still there. `is_connected` tells whether messages are heard now.
    """

    def __init__(
        self,
        url: str,
        max_queue: int = 100,
        policy: Policy = "close",
        prefix: str = "rawasgi:",
        patience: float = 5.0,
    ) -> None:
        super().__init__(max_queue, policy)
        self.prefix, self.patience = prefix, patience
        self.is_connected = False
        self.client = Valkey.from_url(url, socket_timeout=patience, socket_connect_timeout=patience)

    async def __aenter__(self) -> Self:
        try:
            heard = await self.connect()
        except BaseException:
            await self.client.aclose()
            raise
        self.listening = asyncio.create_task(self.listen(heard))
        return self

    async def __aexit__(self, *error: object) -> None:
        self.listening.cancel()
        try:
            await asyncio.gather(self.listening, return_exceptions=True)
        finally:
            await self.client.aclose()

    async def publish(self, channel: str, message: str) -> None:
        """Give a message to everybody who listens to the channel, in whichever worker: here too it comes back that way.

        ValueError for text that has no UTF-8; ConnectionError where the server is away and the message perhaps lost.
        """
        try:
            await self.client.publish(self.prefix + channel, message.encode())
        except (ValkeyError, OSError) as error:
            raise ConnectionError(f"the broadcast server did not take the message: {error}") from error

    async def connect(self) -> Any:
        """A subscription that the server has confirmed: from here on every message is heard."""
        heard = self.client.pubsub()
        try:
            await heard.psubscribe(re.sub(r"([][*?\\])", r"\\\1", self.prefix) + "*")
            if await heard.get_message(timeout=self.patience) is None:
                raise TimeoutError(f"the subscription was not confirmed within {self.patience} seconds")
        except BaseException as error:
            await heard.aclose()
            if isinstance(error, ValkeyError | OSError):
                raise ConnectionError(f"the broadcast server cannot be reached: {error}") from error
            raise
        self.is_connected = True
        logger.info("connected")
        return heard

    async def listen(self, heard: Any) -> None:
        """Deliver what is heard, and come back to a server that went away, until this task is cancelled."""
        tries = 0
        while True:
            try:
                heard = heard or await self.connect()
                tries = 0
                await self.hear(heard)
            except Exception as error:  # whatever it is: a worker that has stopped listening would tell nobody
                level = logging.WARNING if self.is_connected else logging.DEBUG  # an outage is told once
                logger.log(level, "messages are lost until the server is back: %s", error)
            finally:
                self.is_connected = False
                if heard is not None:
                    await heard.aclose()
            heard = None
            await asyncio.sleep(PAUSES[min(tries, len(PAUSES) - 1)])
            tries += 1

    async def hear(self, heard: Any) -> None:
        """Deliver each message; ask after a silence, and raise TimeoutError when that is not answered either."""
        asked = False
        while True:
            message = await heard.get_message(timeout=self.patience)
            if message is None and asked:
                raise TimeoutError(f"the server was silent for {2 * self.patience} seconds")
            if message is None:
                await heard.ping()
            elif message["type"] == "pmessage":
                channel = message["channel"].decode("utf-8", "replace").removeprefix(self.prefix)
                await self.deliver(channel, message["data"].decode("utf-8", "replace"))
            asked = message is None
