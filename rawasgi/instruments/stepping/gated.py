"""An app and an exchange in -> its steps out, on a real event loop where each message waits for the reader.

bytes > [server > app] > middleware > routing > handler > response > bytes

Every `receive` and `send` is a gate: the task that comes there is parked until the reader lets it pass. The rest of the
loop goes on: other tasks, timers, threads. Each task and each thread that the app has made is a lane of the step.

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#applications
In FastAPI:   none, because it leaves driving to the server
In Starlette: starlette.testclient:TestClient, which lets every message pass
In Flask:     werkzeug.test:run_wsgi_app
Left out:     stopping the clock: a timeout of the app goes on while the reader reads
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from rawasgi.instruments.apart import outlived, started
from rawasgi.instruments.conversation import Conversation, Exchange, end
from rawasgi.instruments.frames import Lane, suspended, task_lanes, thread_lanes
from rawasgi.instruments.stepping.steps import Answer, Ending, Kind, Step, ending_of, heard_by, is_stuck, step_of
from rawasgi.messages.types import ASGIApp, Message

Ask = Callable[[Step], Future[Answer]]
SILENT = "the app waits for a message, and the client has no more to say"


class Gate:
    """A task that has called `receive` or `send`, and waits to be let through."""

    def __init__(self, kind: Kind, message: Message | None) -> None:
        self.kind = kind
        self.message = message
        self.task = asyncio.current_task()
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def open(self) -> None:
        """Let the task pass, if it still waits."""
        if not self.opened.done():
            self.opened.set_result(None)


class GatedConversation(Conversation):
    """A conversation with a gate before each message.

    `gates` holds who waits, in the order they came; `listening` counts who has passed, and hears nothing.
    """

    def __init__(self, app: ASGIApp, exchange: Exchange) -> None:
        super().__init__(app, exchange.scope, exchange.messages)
        self.gates: list[Gate] = []
        self.listening = 0

    async def run(self) -> list[Message]:
        """Call the app to its end; `sys.exit` is an end like another."""
        return await outlived(super().run())

    async def receive(self) -> Message:
        """Wait at the gate, then for a message."""
        await self.pass_gate("receive", None)
        self.listening += 1
        try:
            return await super().receive()
        finally:
            self.listening -= 1

    async def send(self, message: Message) -> None:
        """Wait at the gate, then let the message out."""
        await self.pass_gate("send", message)
        await super().send(message)

    async def pass_gate(self, kind: Kind, message: Message | None) -> None:
        """Stand in the line until the reader says next."""
        gate = Gate(kind, message)
        self.gates.append(gate)
        self._news.set()
        try:
            await gate.opened
        finally:
            self.gates.remove(gate)

    async def next_gate(self, task: asyncio.Task[Any], seconds: float) -> Gate | None:
        """Who waits at a gate longest; None where the app has ended, or comes to none in time."""
        try:
            async with asyncio.timeout(seconds):
                while not task.done():
                    for _ in range(3):
                        await asyncio.sleep(0)  # the one who was let through, and who waits for that one, go on
                    waiting = [gate for gate in self.gates if not gate.opened.done()]
                    if waiting or task.done():
                        return waiting[0] if waiting else None
                    await self.something_new()
        except TimeoutError:
            pass  # the reader is told, and may wait on
        return None


class Stage:
    """One exchange on a loop: what all steps need to know."""

    def __init__(self, ask: Ask, seconds: float, known: set[threading.Thread]) -> None:
        self.ask = ask
        self.seconds = seconds
        self.known = known | {threading.current_thread()}

    async def play(self, app: ASGIApp, exchange: Exchange) -> Ending:
        """Run lifespan, the exchange, and lifespan's end. Raises what these raise."""
        if exchange.scope["type"] == "lifespan":
            return await self.answered(app, exchange)
        async with started(app, self.seconds) as state:
            return await self.answered(app, Exchange({**exchange.scope, "state": {**state}}, exchange.messages))

    async def answered(self, app: ASGIApp, exchange: Exchange) -> Ending:
        """The exchange: one gate after the other, each opened by the reader."""
        conversation = GatedConversation(app, exchange)
        own = asyncio.all_tasks()  # the driver, and the lifespan, which sleeps until the shutdown
        task = conversation.start()
        while True:
            gate = await conversation.next_gate(task, self.seconds)
            if task.done():
                return ended(task, conversation)
            kind: Kind = gate.kind if gate else "silent" if conversation.listening else "waiting"
            lanes = self.lanes(task, own, conversation.gates)
            answer = await asyncio.wrap_future(
                self.ask(step_of(conversation, kind, gate.message if gate else None, lanes))
            )
            stuck = kind == "silent" and answer == "next" and is_stuck(conversation)
            if answer == "quit" or stuck:
                await end(task)
                return Ending("stuck", SILENT, lanes) if stuck else Ending("quit")
            if answer == "disconnect" or kind == "silent":
                conversation.disconnect()
            if gate:
                gate.open()

    def lanes(self, request: asyncio.Task[Any], own: set[asyncio.Task[Any]], gates: list[Gate]) -> tuple[Lane, ...]:
        """The request, the tasks it has made, the threads."""
        parked = {gate.task: gate.kind for gate in gates}
        first = Lane("the request", suspended(request.get_coro()), parked.get(request, ""))
        others = [
            lane._replace(waits_for=parked.get(task, ""))
            for task, lane in task_lanes(asyncio.get_running_loop(), {*own, request})
        ]
        return (first, *others, *thread_lanes(self.known))


def ended(task: asyncio.Task[Any], conversation: Conversation) -> Ending:
    """How the app's call has ended."""
    if task.cancelled():
        return Ending("raised", "the app has cancelled its own task")
    error = task.exception()
    return ending_of(error) if error else Ending("returned", heard=heard_by(conversation))


async def play(app: ASGIApp, exchange: Exchange, ask: Ask, seconds: float, known: set[threading.Thread]) -> Ending:
    """Ask the app once; `known` are the threads that were there before. Raises nothing of the app's."""
    try:
        return await Stage(ask, seconds, known).play(app, exchange)
    except Exception as error:
        return ending_of(error)
