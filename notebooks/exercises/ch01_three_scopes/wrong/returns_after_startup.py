"""Says that it has started, and returns: what it would close at the end stays open."""

from rawasgi.messages.types import Receive, Scope, Send


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Echo what is said, by HTTP and by websocket; say yes to start-up and shutdown."""
    if scope["type"] == "lifespan":
        await live(receive, send)
    elif scope["type"] == "http":
        await echo_body(receive, send)
    elif scope["type"] == "websocket":
        await echo_messages(receive, send)
    else:
        raise NotImplementedError(f"no {scope['type']} here")


async def live(receive: Receive, send: Send) -> None:
    """Start up."""
    await receive()
    await send({"type": "lifespan.startup.complete"})


async def echo_body(receive: Receive, send: Send) -> None:
    """Read the body to its end, then answer with it; a torn one is not answered."""
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message.get("body", b"")
        more = message.get("more_body", False)
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def echo_messages(receive: Receive, send: Send) -> None:
    """Accept, then send back what comes, text as text and bytes as bytes, until the client leaves."""
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        if message.get("text") is not None:
            await send({"type": "websocket.send", "text": message["text"]})
        else:
            await send({"type": "websocket.send", "bytes": message["bytes"]})
