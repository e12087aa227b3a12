"""Apps for `rawasgi check`: a correct one, and one for each way not to be."""

import asyncio
import sys
import time

from tests.instruments.messages import ACCEPT, close, piece, start

STARTED, STOPPED = {"type": "lifespan.startup.complete"}, {"type": "lifespan.shutdown.complete"}
number = 7


async def refuses(scope, receive, send):
    """No websockets."""
    await receive()
    await send(close(1000))


def with_life(requests, sockets=refuses):
    """An app with a lifespan, and this for its requests."""

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                if message["type"] not in ("lifespan.startup", "lifespan.shutdown"):
                    raise ValueError(message["type"])
                await send(STARTED if message["type"] == "lifespan.startup" else STOPPED)
                if message["type"] == "lifespan.shutdown":
                    return
        elif scope["type"] in ("http", "websocket"):
            await (requests if scope["type"] == "http" else sockets)(scope, receive, send)
        else:
            raise ValueError(scope["type"])

    return app


async def body_of(receive):
    """The whole body; None where the client has left within it."""
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        if message["type"] != "http.request":
            raise ValueError(message["type"])
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def echo_text(scope, receive, send):
    """A websocket that says what it hears."""
    if scope["path"] != "/chat":
        await refuses(scope, receive, send)
        return
    if (await receive())["type"] != "websocket.connect":
        raise ValueError
    await send(ACCEPT)
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message.get("text") or "bytes"})


async def echo(scope, receive, send):
    """A page that has what it was sent, twice."""
    if (body := await body_of(receive)) is not None:
        silent = scope["method"] == "HEAD"
        await send(start(200, (b"content-length", b"%d" % (2 * len(body)))))
        await send(piece(b"" if silent else body, True))
        await send(piece(b"" if silent else body))


correct = with_life(echo, echo_text)


@with_life
async def upper_case(scope, receive, send):
    """A name of a header in upper case."""
    if await body_of(receive) is not None:
        await send(start(200, (b"X-Id\x1b", b"7")))
        await send(piece())


async def streams_on(scope, receive, send):
    """An app that streams on, whoever listens."""
    await body_of(receive)
    await send(start())
    for count in range(8):
        try:
            await send(piece(b"x", count < 7))
        except OSError:
            pass


async def waits_on(scope, receive, send):
    """An app that waits on, whoever is there."""
    await receive()
    await send(ACCEPT)
    await asyncio.Event().wait()


deaf = with_life(streams_on, waits_on)


@with_life
async def hasty(scope, receive, send):
    """An app that takes the first piece of a body for all of it."""
    message = await receive()
    if message["type"] == "http.request":
        await send(start())
        await send(piece(b"" if scope["method"] == "HEAD" else message["body"]))
    elif message["type"] != "http.disconnect":
        raise ValueError(message["type"])


@with_life
async def picky(scope, receive, send):
    """An app that knows all keys, and wants no others."""

    async def strict():
        message = await receive()
        if message.keys() - {"type", "body", "more_body"}:
            raise ValueError("what is that?")
        return message

    if await body_of(strict) is not None:
        await send(start())
        await send(piece())


@with_life
async def tolerant(scope, receive, send):
    """An app that reads on, whatever comes."""

    async def requests_only():
        while (message := await receive())["type"] not in ("http.request", "http.disconnect"):
            pass
        return message

    await echo(scope, requests_only, send)


async def polyglot(scope, receive, send):
    """An app that takes whatever comes."""
    if "unknown" not in scope["type"]:
        await correct(scope, receive, send)


@with_life
async def hangs(scope, receive, send):
    """An app that waits for ever."""
    await asyncio.Event().wait()


@with_life
async def blocks(scope, receive, send):
    """An app that does not give control back, for longer than a test waits."""
    time.sleep(8)  # noqa: ASYNC251  # it is the mistake


@with_life
async def swallows(scope, receive, send):
    """An app that cannot be cancelled, but for the fifth time."""
    for _ in range(5):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            pass


@with_life
async def keeps(scope, receive, send):
    """An app that cannot be cancelled at all."""
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            pass


@with_life
async def answers_and_keeps(scope, receive, send):
    """An app that answers, and cannot be cancelled while it does, but for the fifth time."""
    for _ in range(5):
        try:
            if await body_of(receive) is not None:
                await send(start())
                await send(piece())
        except asyncio.CancelledError:
            continue
        return


@with_life
async def leaves(scope, receive, send):
    """An app that ends the process."""
    sys.exit(3)


@with_life
async def prints(scope, receive, send):
    """An app that prints."""
    print("printed by the app")
    await echo(scope, receive, send)


async def starts_not(scope, receive, send):
    """An app whose start-up fails."""
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})


async def starts_for_ever(scope, receive, send):
    """An app whose start-up never ends."""
    await asyncio.Event().wait()


async def stops_for_ever(scope, receive, send):
    """An app whose shutdown never ends."""
    if scope["type"] == "lifespan":
        await receive()
        await send(STARTED)
        await receive()
        await asyncio.Event().wait()
    await correct(scope, receive, send)


def make():
    """A factory."""
    return correct


@with_life
async def tells(scope, receive, send):
    """An app that says when it hangs."""
    print("here")
    await asyncio.Event().wait()
