"""One text, several apps: the public names of rawasgi, Starlette and FastAPI, and what an app said, to be compared.

An app here is a function of `kit` and `log`: it takes every name from the kit and notes in the log what no message
shows. Names and arguments are the same in all kits, so the same text is an app of each.
"""

import asyncio
import copy
import difflib
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest.mock import patch

import fastapi
import fastapi.responses

import rawasgi
from tests.architecture.mirrors import MIRRORS, resolve

DEADLINE = 10.0  # seconds: an app that takes longer waits for a message that nobody sends

RAWASGI = rawasgi
STARLETTE = SimpleNamespace(
    **{name: resolve(pointer) for name, pointer in MIRRORS.items()},
    AuthenticationError=resolve("starlette.authentication:AuthenticationError"),  # it has no signature to compare
)


def fastapi_app(**options):
    """A FastAPI app without the pages that only FastAPI has."""
    return fastapi.FastAPI(openapi_url=None, **options)


FASTAPI = SimpleNamespace(
    **{**vars(STARLETTE), "App": fastapi_app, "HTTPException": fastapi.HTTPException, "Request": fastapi.Request}
)


class Exchange(NamedTuple):
    """A scope, the messages that the app will receive, and after how many of its own messages the client is gone."""

    scope: dict[str, Any]
    incoming: tuple[dict[str, Any], ...] = ()
    gone_after: int | None = None


class Outcome(NamedTuple):
    """What the app sent, what it raised, and what it noted."""

    sent: list[dict[str, Any]]
    raised: str
    log: list[Any]


def play(build, kit, exchange):
    """Build the app with a kit, call it once, and tell everything that came out.

    The clock stands still meanwhile, so that cookies expire in the same second.
    """
    log: list[Any] = []
    sent: list[dict[str, Any]] = []
    scope, incoming, gone_after = copy.deepcopy(exchange)
    inbox = list(incoming)

    async def receive():
        if not inbox:
            await asyncio.Event().wait()  # the client stays, and has no more to say
        return inbox.pop(0)

    async def send(message):
        if gone_after is not None and len(sent) >= gone_after:
            raise OSError("the client is gone")
        sent.append(told(message))

    async def call():
        async with asyncio.timeout(DEADLINE):
            try:
                await build(kit, log)(scope, receive, send)
            finally:
                if scope["type"] == "lifespan":
                    log.append({"state": scope.get("state")})

    with patch("time.time", return_value=1_000_000_000.0):
        try:
            asyncio.run(call())
        except Exception as error:
            return Outcome(sent, repr(error), log)
    return Outcome(sent, "", log)


def lines(outcome):
    """An outcome as text, nothing left out: a line for each message, header, note, and the exception."""
    shown = []
    for message in outcome.sent:
        rest = [f"{key}={shown_value(value)}" for key, value in message.items() if key not in ("type", "headers")]
        shown.append(" ".join([message["type"], *rest]))
        shown += [f"  {name.decode()}: {value.decode('latin-1')}" for name, value in message.get("headers", ())]
    return (
        shown + [f"noted {note!r}" for note in outcome.log] + ([f"raised {outcome.raised}"] if outcome.raised else [])
    )


def shown_value(value):
    """As Python writes it, but for an address."""
    return "<memory>" if isinstance(value, memoryview) else repr(value)


def told(message):
    """A message as it is compared: two things in it have no fixed text.

    Starlette joins Allow from a set, whose order differs from run to run; of a traceback, which names files and lines,
    the last line counts.
    """
    message = dict(message)
    if "headers" in message:
        pairs = [
            (name, b", ".join(sorted(value.split(b", "))) if name == b"allow" else value)
            for name, value in message["headers"]
        ]
        message["headers"] = pairs
    if "message" in message:
        message["message"] = message["message"].strip().rpartition("\n")[2]
    return message


def changes(theirs, ours):
    """The lines that only the peer has, with `-`, and those that only rawasgi has, with `+`."""
    return [line for line in difflib.ndiff(lines(theirs), lines(ours)) if line[:2] in ("- ", "+ ")]


def http(method, path, *pieces, query=b"", headers=(), gone_after=None, **more):
    """A request whose body arrives in these pieces."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "root_path": "",
        "headers": [(b"host", b"example.org"), *headers],
        "client": ("192.0.2.1", 50000),
        "server": ("127.0.0.1", 8000),
    }
    body = pieces or (b"",)
    messages = [{"type": "http.request", "body": piece, "more_body": True} for piece in body]
    messages[-1]["more_body"] = False
    return Exchange(scope | more, tuple(messages), gone_after)


def get(path, **more):
    """A GET request."""
    return http("GET", path, **more)


def leaving(exchange):
    """The same, from a client that leaves after its last message."""
    gone = "http.disconnect" if exchange.scope["type"] == "http" else "websocket.disconnect"
    code = {} if exchange.scope["type"] == "http" else {"code": 1001, "reason": "bye"}
    return exchange._replace(incoming=(*exchange.incoming, {"type": gone, **code}))


def websocket(path, *data, extensions=(), gone_after=None, **more):
    """A websocket on which the client says these texts and bytes."""
    scope = get(path).scope | {"type": "websocket", "scheme": "ws", "subprotocols": ["chat", "superchat"]}
    del scope["method"]
    scope["extensions"] = {name: {} for name in extensions}
    said = [{"type": "websocket.receive", "text" if isinstance(item, str) else "bytes": item} for item in data]
    return Exchange(scope | more, ({"type": "websocket.connect"}, *said), gone_after)


def lifespan(*phases, state=True):
    """A lifespan scope, with a place for state or without one, and `startup` and `shutdown` as they are named."""
    scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}} | ({"state": {}} if state else {})
    return Exchange(scope, tuple({"type": f"lifespan.{phase}"} for phase in phases))
