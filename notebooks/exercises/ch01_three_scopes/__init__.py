"""An app that should answer all three scopes -> whether it does, or the first thing that is wrong, out.

The checker plays the server on the tables of the protocol: where they refuse a message, its rule is named.

Left out: speed, and what the specification leaves open.
"""

import asyncio
from collections.abc import Callable

from notebooks.exercises.hints import giver
from notebooks.kit.talk import Talk, life
from rawasgi.instruments.conversation import Exchange, handshake, request
from rawasgi.messages.rules import rule
from rawasgi.messages.types import ASGIApp, Message

UNKNOWN = "any other scope"
SECONDS = 2.0  # an app that waits longer than this waits for nothing

HINTS = """
Three branches on scope["type"], and an else that raises. Begin with "lifespan": four lines, no loop.
A body is whole when a message has no more_body. A disconnect is a message too: it ends the loop, unanswered.
A websocket: await the connect, accept, then send back what comes while it is "websocket.receive". Of text and bytes \
one is there; the other may be absent, or None.
"""
hint = giver(HINTS.strip().splitlines())


class Verdict:
    """Which checks passed, and what is wrong with the first that did not."""

    def __init__(self, passed: list[str], failed: str = "", complaint: str = "", talk: Talk | None = None) -> None:
        self.passed = passed
        self.failed = failed
        self.complaint = complaint
        self.talk = talk

    def __bool__(self) -> bool:
        return not self.failed

    def __repr__(self) -> str:
        lines = [f"✓ {name}" for name in self.passed]
        if self.failed:
            lines.append(f"✗ {self.failed}: {self.complaint}")
            lines += ["", repr(self.talk)] if self.talk and self.talk.events else []
        else:
            lines.append("All of it. This app can be served.")
        return "\n".join(lines)


async def check(app: ASGIApp) -> Verdict:
    """Have one conversation after the other with `app`, and stop at the first that goes wrong."""
    passed: list[str] = []
    for name, exchange, judge in CHECKS:
        talk = Talk(app, exchange)
        await talk.hold(SECONDS)
        if complaint := broken_rule(talk) or judge(talk):
            return Verdict(passed, name, complaint, talk)
        passed.append(name)
    if complaint := await refuses_the_unknown(app):
        return Verdict(passed, UNKNOWN, complaint)
    return Verdict([*passed, UNKNOWN])


def broken_rule(talk: Talk) -> str:
    """The rule that the tables found broken, in its own words."""
    if talk.rule is None:
        return ""
    broken = rule(talk.rule)
    return f"rule {broken.id}, {broken.name}: {broken.sentence}"


def lives(talk: Talk) -> str:
    """Start-up and shutdown are both answered."""
    if talk.error:
        return f"the app {worded(talk.error)}. A server would go on without (L9); here, answer"
    answers = [{"type": "lifespan.startup.complete"}, {"type": "lifespan.shutdown.complete"}]
    return "" if talk.sent == answers else f"the app sent {types(talk)}, not one complete for each of the two"


def echoes(body: bytes) -> Callable[[Talk], str]:
    """The response is the whole body, as plain text with its length."""

    def judge(talk: Talk) -> str:
        if talk.error:
            return f"the app {worded(talk.error)}"
        start, *rest = talk.sent
        said = b"".join(message.get("body", b"") for message in rest)
        if said != body:
            return f"the body was {body!r} and the echo is {said!r}: read until more_body is False (HR10)"
        if start["status"] != 200:
            return f"the status is {start['status']}, not 200"
        headers = {bytes(name): bytes(value) for name, value in start.get("headers", ())}
        wanted = {b"content-type": b"text/plain", b"content-length": b"%d" % len(body)}
        missing = [name.decode() for name, value in wanted.items() if not headers.get(name, b"").startswith(value)]
        return f"the headers lack {' and '.join(missing)}" if missing else ""

    return judge


def leaves_torn(talk: Talk) -> str:
    """A body that ends in a disconnect is not answered."""
    said = [event for event in talk.events if event.who == "app" and event.message["type"] != "return"]
    return "the client left in the middle of the body, and the app took what it had for the whole" if said else ""


def talks_back(*said: str | bytes) -> Callable[[Talk], str]:
    """The socket is accepted, and every message comes back as it was."""

    def judge(talk: Talk) -> str:
        if talk.error:
            return f"the app {worded(talk.error)}"
        first, *rest = talk.sent
        if first["type"] != "websocket.accept":
            return f"the app sent {first['type']}, and did not accept"
        back = [message.get("text") if message.get("bytes") is None else message["bytes"] for message in rest]
        return "" if back == [*said] else f"{[*said]} went in, and {back} came back"

    return judge


async def refuses_the_unknown(app: ASGIApp) -> str:
    """A scope that nobody knows raises."""
    coos: list[Message] = [{"type": "pigeon.coo"}]

    async def receive() -> Message:
        return coos.pop() if coos else await asyncio.Future()

    async def send(message: Message) -> None:
        """Nobody listens."""

    calling = asyncio.ensure_future(app({"type": "pigeon", "asgi": {"version": "3.0"}}, receive, send))
    _, late = await asyncio.wait([calling], timeout=SECONDS)
    if not late:
        return "" if calling.exception() else 'the scope has the type "pigeon", and the app did not raise (G14)'
    calling.cancel()
    await asyncio.wait([calling])
    return 'the scope has the type "pigeon", and the app waits for more of it (G14)'


def worded(error: BaseException | None) -> str:
    """What the app did, for a sentence."""
    return f"raised {type(error).__name__}: {error}" if error else "went on"


def types(talk: Talk) -> str:
    """What was sent, by type."""
    return ", ".join(message["type"] for message in talk.sent) or "nothing"


LEFT = {"type": "websocket.disconnect", "code": 1001, "reason": ""}
TORN = ({"type": "http.request", "body": b"half", "more_body": True}, {"type": "http.disconnect"})

CHECKS: list[tuple[str, Exchange, Callable[[Talk], str]]] = [
    ("lifespan", life(), lives),
    ("http, one piece", request("POST", "/", body=b"hello"), echoes(b"hello")),
    ("http, no body", request("GET", "/"), echoes(b"")),
    ("http, three pieces", request("POST", "/", body=[b"one", b"", b"two"]), echoes(b"onetwo")),
    ("http, torn", Exchange(request("POST", "/").scope, TORN), leaves_torn),
    ("websocket, text and bytes", handshake("/", "hi", b"\xff", "", LEFT), talks_back("hi", b"\xff", "")),
    ("websocket, silence", handshake("/", LEFT), talks_back()),
]
