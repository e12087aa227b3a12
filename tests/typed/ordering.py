"""An app that notes everything, in the words of rawasgi and of FastAPI, and fails where it is told to."""

import asyncio
import re
from typing import Annotated

from tests.drive import exchange, http

# mypy: disable-error-code="name-defined, valid-type"


def opener(kit, log, swallows, turns):
    """What makes dependencies: those in capitals block, and one may swallow an exception or turn it into another."""

    def heard(name, error):
        log.append(f"{name} hears {error!r}")
        if turns == name:
            raise kit.HTTPException(410, name) from error
        if swallows != name:
            raise error

    def opened(name, scope):
        async def here():
            log.append(f"open {name}")
            try:
                yield name
            except Exception as error:
                heard(name, error)
            finally:
                log.append(f"close {name}")

        def blocking():
            log.append(f"open {name}")
            try:
                yield name
            except Exception as error:
                heard(name, error)
            finally:
                log.append(f"close {name}")

        return kit.Depends(here if name.islower() else blocking, scope=scope)

    return opened


def ordered(kit, log, fail, swallows, turns):
    """The app."""
    opened = opener(kit, log, swallows, turns)

    def task():
        log.append("task")
        if fail == "task":
            raise ValueError(fail)

    async def pieces():
        yield b"1"
        raise ValueError(fail)

    app = kit.App()

    @app.get("/")
    async def endpoint(
        tasks: kit.BackgroundTasks,
        a: Annotated[str, opened("a", "request")],
        b: Annotated[str, opened("B", "function")],
        c: Annotated[str, opened("c", "function")],
        d: Annotated[str, opened("D", "request")],
    ):
        log.append("endpoint")
        tasks.add_task(task)
        if fail == "http":
            raise kit.HTTPException(418, fail)
        if fail == "endpoint":
            raise ValueError(fail)
        return kit.StreamingResponse(pieces()) if fail == "stream" else "done"

    return app


def noted(app, log):
    """Ask an app once; the messages that it sends are noted. What was raised in the end."""

    async def noting(scope, receive, send):
        async def send_with_note(message):
            log.append(f"{message['type']} {message.get('status', '')}".strip())
            await send(message)

        await app(scope, receive, send_with_note)

    try:
        asyncio.run(exchange(noting, http("GET", "/"), [{"type": "http.request", "body": b"", "more_body": False}]))
    except Exception as error:
        return error
    return None


def played(kit, fail="", swallows="", turns=""):
    """What was noted, the messages among it, and what was raised in the end."""
    log: list[str] = []
    if (error := noted(ordered(kit, log, fail, swallows, turns), log)) is not None:
        log.append(f"raised {type(error).__name__}")
    return [line.removeprefix("http.response.") for line in log]


def plainly(log):
    """The same without the names of what is raised where an exception was swallowed, or came too late to be answered."""
    nothing_left = re.compile(r"hears (UnboundLocal|Runtime)Error.*")
    return [nothing_left.sub("hears that nothing is left", line).partition("raised")[0] or "raised" for line in log]
