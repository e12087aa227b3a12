"""A message for a channel in -> the same message for everybody who listens to it out.

bytes > server > app > middleware > routing > [handler] > response > bytes

    broadcast = Broadcast(max_queue=100, policy="close")

    @app.websocket("/rooms/{room}")
    async def talk(websocket):
        room = websocket.path_params["room"]
        await websocket.accept()
        await broadcast.relay(websocket, room, hear=lambda text: broadcast.publish(room, text))

To send to one client after the other would make all of them as slow as the slowest: a client that does not read stops
`send`, once the buffers between are full. Here `publish` waits for no client. It puts the message into the queue of each
listener, and each has a task that empties its own. A queue that is full is a client that cannot keep up:

    close        it is told to come again: close code 1013, "try again later", since it did nothing that breaks a policy
                 (1008). It reconnects, asks for the state of things, and has missed nothing in between without knowing.
    drop_oldest  it gets the latest, with gaps: positions, prices, progress
    drop_newest  it gets what came first, with gaps

This works within one process. With several workers, each knows its own clients alone: see `toolkit.broadcast_valkey`.

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html#send-send-event
In FastAPI:   none, because its guide keeps a list of websockets and sends to one after the other
In Starlette: none, because it is left to packages
In Flask:     none, because WSGI has no word for websockets
Left out:     history for those who come later, acknowledgements, bytes
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Literal, Self, get_args

from rawasgi.exceptions import WebSocketException
from rawasgi.messages import status
from rawasgi.websockets import WebSocket, WebSocketDisconnect

Policy = Literal["close", "drop_oldest", "drop_newest"]


class SlowClient(WebSocketException):
    """The queue of a listener was full under the policy "close"; in a handler it closes the websocket with 1013."""

    def __init__(self) -> None:
        super().__init__(status.WS_1013_TRY_AGAIN_LATER, "you read too slowly")


class Subscriber:
    """The messages of one channel for one listener: `async for message in subscriber`. `dropped` counts the gaps.

    Raises `SlowClient`, instead of the next message, when the queue was full under the policy "close".
    """

    def __init__(self, max_queue: int, policy: Policy) -> None:
        self.max_queue, self.policy = max_queue, policy
        self.waiting: deque[str] = deque()
        self.dropped = 0
        self.news = asyncio.Event()
        self.overflowed = asyncio.Event()

    def offer(self, message: str) -> None:
        """Put a message into the queue, or do what the policy says where there is no room."""
        if self.overflowed.is_set():
            return
        if len(self.waiting) >= self.max_queue:
            self.dropped += 1
            if self.policy == "drop_newest":
                return
            if self.policy == "close":
                self.waiting.clear()  # a gap in the middle would be worse than an end
                self.overflowed.set()
            else:
                self.waiting.popleft()
        self.waiting.append(message)
        self.news.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        while not self.waiting:
            self.news.clear()
            await self.news.wait()
        if self.overflowed.is_set():
            raise SlowClient
        return self.waiting.popleft()

    async def overflow(self) -> None:
        """Wait until the queue was full, and raise `SlowClient`: for whoever is stuck in a `send`."""
        await self.overflowed.wait()
        raise SlowClient

    def __repr__(self) -> str:
        state = "overflowed" if self.overflowed.is_set() else f"{len(self.waiting)} of {self.max_queue} waiting"
        return f"<Subscriber, {state}, {self.dropped} dropped>"


async def hear_nothing(text: str) -> None:
    """What the clients of `relay` say is passed over."""


class Broadcast:
    """Channels by name, and who listens to them. At most `max_queue` messages wait for a listener; then, the policy.

    `async with broadcast:` in the lifespan starts what a broadcast may need to have running; this one needs nothing.
    """

    def __init__(self, max_queue: int = 100, policy: Policy = "close") -> None:
        if max_queue < 1:
            raise ValueError(f"max_queue is a number of messages from 1 on, not {max_queue}")
        if policy not in get_args(Policy):
            raise ValueError(f"policy is one of {', '.join(get_args(Policy))}, not {policy!r}")
        self.max_queue, self.policy = max_queue, policy
        self.subscribers: dict[str, dict[Subscriber, None]] = {}  # in the order in which they came

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        return

    async def publish(self, channel: str, message: str) -> None:
        """Give a message to everybody who listens to the channel now.

        ValueError for text that has no UTF-8: it would break every client that it was sent to.
        """
        message.encode()
        await self.deliver(channel, message)

    async def deliver(self, channel: str, message: str) -> None:
        """Offer a message to the listeners of this process."""
        for subscriber in self.subscribers.get(channel, ()):
            subscriber.offer(message)
        await asyncio.sleep(0)  # their turn: a burst that never waits would fill the queues of those who keep up

    @contextmanager
    def subscribe(self, channel: str) -> Iterator[Subscriber]:
        """`with broadcast.subscribe("news") as messages:` what is published from here on, to the end of the block.

        It is no `async with`, for it waits for nothing: no message is missed between the two.
        """
        subscriber = Subscriber(self.max_queue, self.policy)
        self.subscribers.setdefault(channel, {})[subscriber] = None
        try:
            yield subscriber
        finally:
            del self.subscribers[channel][subscriber]
            if not self.subscribers[channel]:
                del self.subscribers[channel]

    async def relay(
        self,
        websocket: WebSocket,
        channel: str,
        hear: Callable[[str], Awaitable[None]] = hear_nothing,
        patience: float = 5.0,
    ) -> None:
        """Send each message of the channel to an accepted websocket, and give `hear` each text that it says.

        Returns when the client has left, or was closed because it is too slow. Such a client may not even read its
        close: after `patience` seconds nobody waits for it any longer. Raises what `hear` raises.
        """
        with self.subscribe(channel) as messages:
            try:
                await first_of(send_each(messages, websocket), hear_each(websocket, hear), messages.overflow())
            except WebSocketDisconnect:
                return
            except SlowClient as slow:
                try:
                    async with asyncio.timeout(patience):
                        await websocket.close(slow.code, slow.reason)
                except (TimeoutError, WebSocketDisconnect):
                    return  # the server drops the connection when the handler has returned

    def __repr__(self) -> str:
        listeners = sum(map(len, self.subscribers.values()))
        return f"<{type(self).__name__}, {listeners} listeners to {len(self.subscribers)} channels, {self.policy}>"


async def send_each(messages: Subscriber, websocket: WebSocket) -> None:
    """Empty a queue into a websocket, at the speed of its client."""
    async for message in messages:
        await websocket.send_text(message)


async def hear_each(websocket: WebSocket, hear: Callable[[str], Awaitable[None]]) -> None:
    """Hear what the client says, until it leaves: that it has left is heard by nobody who only sends."""
    async for text in websocket.iter_text():
        await hear(text)


async def first_of(*coroutines: Coroutine[Any, Any, None]) -> None:
    """Run all of them until the first has ended, end the others, and raise what the first one raised."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)  # cancelled here, it ends when the last of them has
    for task in done:
        task.result()
