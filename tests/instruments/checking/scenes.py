"""A scope, what a server says and what an app does in -> what the checker finds out. No side is held to anything."""

import asyncio
import inspect
from typing import Any, NamedTuple

from rawasgi.instruments.checking.checker import Checker
from rawasgi.instruments.conversation import handshake, life, request

FULL: dict[str, dict[str, object]] = {
    "http.response.trailers": {},
    "http.response.push": {},
    "http.response.zerocopysend": {},
    "http.response.pathsend": {},
    "http.response.early_hint": {},
    "websocket.http.response": {},
}
ENDS = {"http": "http.disconnect", "websocket": "websocket.disconnect"}


class Scene(NamedTuple):
    """One call. `script` is what the app does: it sends a message, receives so many times, or awaits a function."""

    scope: Any
    said: tuple[Any, ...]
    script: tuple[Any, ...]
    returns: Any = None


class Left(OSError):
    """What a server raises out of `send`, as it should."""


class Line:
    """One call on the server's side: it says what it is told to, and then nothing; it takes everything."""

    def __init__(self, said):
        self.said = [*said]
        self.sent = []

    async def receive(self):
        if not self.said:
            await asyncio.Event().wait()
        message = self.said.pop(0)
        return message(self) if inspect.isfunction(message) else message

    async def send(self, message):
        self.sent.append(message)
        if self.said and isinstance(self.said[0], BaseException) and message.get("type") != "http.response.start":
            raise self.said.pop(0)


def app_of(script, returns=None):
    """The app that plays a script."""

    async def app(scope, receive, send):
        for line in script:
            if isinstance(line, int):
                for _ in range(line):
                    await receive()
            elif inspect.iscoroutinefunction(line):
                await line(scope, receive, send)
            else:
                await send(line)
        return returns

    return app


async def held(checker, scene):
    """Hold one call."""
    line = Line(scene.said)
    checker.app = app_of(scene.script, scene.returns)
    await checker(scene.scope, line.receive, line.send)


async def played(checker, scene):
    """The same, whatever the server or the app of the scene raises."""
    try:
        await held(checker, scene)
    except (ZeroDivisionError, OSError, RuntimeError):
        pass


def findings_of(*scenes):
    """The findings of some calls, one after the other on one loop."""
    checker = Checker(app_of(()))

    async def hold():
        for scene in scenes:
            if inspect.iscoroutinefunction(scene):
                await scene(checker)
            else:
                await played(checker, scene)

    asyncio.run(hold())
    return checker.findings


def kept_of(exchange, scope, without):
    """The scope of an exchange, with some keys otherwise and without some others."""
    return {key: value for key, value in {**exchange.scope, **scope}.items() if key not in without}


def http(*script, said=None, returns=None, without=(), **scope):
    """A request."""
    exchange = request("GET", "/a")
    kept = kept_of(exchange, {"extensions": {**FULL}, **scope}, without)
    return Scene(kept, exchange.messages if said is None else tuple(said), script, returns)


def socket(*script, said=(), returns=None, without=(), connects=True, **scope):
    """A websocket; what is said comes after the connect."""
    exchange = handshake("/a")
    kept = kept_of(exchange, {"extensions": {**FULL}, **scope}, without)
    return Scene(kept, (*exchange.messages[: int(connects)], *said), script, returns)


def lifespan(*script, said=None, returns=None, without=(), **scope):
    """A lifespan."""
    exchange = life()
    kept = kept_of(exchange, scope, without)
    return Scene(kept, exchange.messages if said is None else tuple(said), script, returns)


STARTUP, SHUTDOWN = {"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}
STARTED, STOPPED = {"type": "lifespan.startup.complete"}, {"type": "lifespan.shutdown.complete"}
FAILED = {"type": "lifespan.startup.failed"}


def around(*inside, until=STARTED, puts=None, **scope):
    """Calls while a lifespan runs, which `puts` something into its state. A function is given that state first."""
    given = lifespan(**scope).scope

    async def hold(checker):
        is_up, is_over = asyncio.Event(), asyncio.Event()
        line = Line([STARTUP])

        async def receive():
            if line.said:
                return await line.receive()
            is_up.set()
            await is_over.wait()
            return SHUTDOWN

        async def wait(scope, receive, send):
            is_up.set()
            await is_over.wait()

        async def fill(scope, receive, send):
            scope.get("state", {}).update(puts or {})

        script = (1, fill, STARTED, 1, STOPPED) if until is STARTED else (1, wait, STARTED, 1, STOPPED)
        checker.app = app_of(script)
        task = asyncio.create_task(checker(given, receive, line.send))
        await is_up.wait()
        for scene in inside:
            if inspect.iscoroutinefunction(scene):
                await scene(checker)
            else:
                await played(checker, scene if isinstance(scene, Scene) else scene(given.get("state")))
        is_over.set()
        await task

    return hold


class Case(NamedTuple):
    """A rule, calls in which it alone is broken, and the nearest calls in which nothing is. Level and blame where they
    are not the only ones that the rule names."""

    rule: str
    broken: Any
    legal: Any
    level: str = ""
    blame: str = ""


def scenes(one_or_more):
    """One scene, or several in a row."""
    return [one_or_more] if isinstance(one_or_more, Scene) or callable(one_or_more) else [*one_or_more]
