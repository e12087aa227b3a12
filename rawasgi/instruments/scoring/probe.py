"""A script in a request's header in -> an app that plays it, and notes all that it sees, out.

bytes > [server > app] > middleware > routing > handler > response > bytes

This module is served by the server that is asked. A step of a script is

    {"type": ...}              send this message              "receive"     take a message
    0.2                        wait so many seconds           "read"        take the whole body
    ("drip", message, 40, .1)  send it again and again        "listen"      take messages until a disconnect
    ("flood", message, 500)    the same without a wait        "raise"       raise an exception
    ("share", {...})           put this into the state        "strictly"    from here on raise what send raises

What a step raises is noted, and the next step is played. Around the app lies the `Checker`: what it finds against the
server is noted too.

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#applications
In FastAPI:   none, because it leaves the connection to the server
In Starlette: none, because it leaves the connection to the server
In Flask:     none, because it leaves the connection to the server
Left out:     apps in the form of ASGI 2
"""

import ast
import asyncio
import os
import sys
import zlib
from collections.abc import Awaitable
from contextvars import ContextVar
from typing import Any

from rawasgi.instruments.checking.checker import Checker
from rawasgi.instruments.checking.finding import Finding
from rawasgi.instruments.scoring.notes import Pen, script_in
from rawasgi.messages.types import Message, Receive, Scope, Send

NOTES, LIFESPAN = "RAWASGI_PROBE_NOTES", "RAWASGI_PROBE_LIFESPAN"  # variables of the environment
TARGET = "rawasgi.instruments.scoring.probe:app"
asked: ContextVar[str] = ContextVar("asked", default="")


class Deliberate(Exception):
    """Raised because the script says so."""


class Player:
    """One call, in which a script is played."""

    def __init__(self, pen: Pen, call: str, scope: Scope, receive: Receive, send: Send) -> None:
        self.pen = pen
        self.call = call
        self.scope = scope
        self.receive = receive
        self.send = send
        self.is_strict = False

    async def play(self, steps: list[Any]) -> None:
        """Play the steps, one after the other."""
        for step in steps:
            if isinstance(step, dict):
                await self.say(step)
            elif isinstance(step, (int, float)):
                await asyncio.sleep(step)
            else:
                word, *given = step if isinstance(step, tuple) else (step,)
                await getattr(self, f"play_{word}")(*given)

    async def noted(self, kind: str, work: Awaitable[Any]) -> Any:
        """Await something, and note what came of it."""
        try:
            value = await work
        except Exception as error:
            self.pen.note(self.call, kind, str(error), error)
            if self.is_strict:
                raise
            return error
        self.pen.note(self.call, kind, value)
        return value

    async def say(self, message: Message) -> Any:
        """Send a message. A file is named by its path, since a literal holds none."""
        if "file" not in message:
            return await self.noted("sent", self.send(message))
        with open(message["file"], "rb") as file:  # noqa: ASYNC230, PTH123  # a small file, and the app has nothing else to do
            return await self.noted("sent", self.send({**message, "file": file}))

    async def play_receive(self) -> Any:
        """Take one message."""
        return await self.noted("received", self.receive())

    async def play_listen(self) -> None:
        """Take messages until the client has left."""
        while isinstance(message := await self.play_receive(), dict) and not message["type"].endswith(".disconnect"):
            pass

    async def play_read(self) -> None:
        """Take the whole body; note how long it is, its checksum, and the message with which it ended."""
        size = checksum = 0
        while True:
            message = await self.receive()
            body = message.get("body", b"")
            size, checksum = size + len(body), zlib.crc32(body, checksum)
            if not message.get("more_body"):
                self.pen.note(self.call, "read", [message["type"], size, checksum])
                return

    async def play_drip(self, message: Message, count: int, pause: float) -> None:
        """Send it until that raises; note how it went the last time."""
        for _ in range(count - 1):
            try:
                await self.send(message)
            except Exception as error:
                self.pen.note(self.call, "sent", str(error), error)
                if self.is_strict:
                    raise
                return
            await asyncio.sleep(pause)
        await self.say(message)

    async def play_flood(self, message: Message, count: int) -> None:
        """Send it as fast as the server takes it."""
        await self.play_drip(message, count, 0)

    async def play_raise(self) -> None:
        """Raise an exception."""
        raise Deliberate(f"call {self.call} raises, as it was asked to")

    async def play_strictly(self) -> None:
        """Raise what comes from now on."""
        self.is_strict = True

    async def play_share(self, more: dict[str, Any]) -> None:
        """Put something into the state."""
        if "state" in self.scope:
            self.scope["state"].update(more)


class Probe(Checker):
    """The app around which a server is asked."""

    def __init__(self, pen: Pen, lifespan: list[Any]) -> None:
        super().__init__(self.play)
        self.pen = pen
        self.lifespan = lifespan

    def keep(self, finding: Finding) -> None:
        """Note what is found against the server: the app breaks rules because it is asked to."""
        if finding.blame == "server" and finding not in self.known:
            self.pen.note(asked.get(), "finding", [finding.rule, finding.level, finding.seen])
        super().keep(finding)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One call."""
        try:
            asked.set("lifespan" if scope["type"] == "lifespan" else script_in(scope["headers"])[0])
        except Exception as error:
            print(f"rawasgi: this scope cannot be read: {error!r}", file=sys.stderr)
        await super().__call__(scope, receive, send)

    async def play(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Play the script that the request brings."""
        call, steps = ("lifespan", self.lifespan) if scope["type"] == "lifespan" else script_in(scope["headers"])
        self.pen.note(call, "scope", {key: value for key, value in scope.items() if key != "app"})
        try:
            await Player(self.pen, call, scope, receive, send).play(steps)
        except BaseException as error:
            self.pen.note(call, "ended", str(error), error)
            raise
        self.pen.note(call, "ended", None)


if NOTES in os.environ:  # a server imports this, and so does who asks it
    app = Probe(Pen(os.environ[NOTES]), ast.literal_eval(os.environ[LIFESPAN]))
