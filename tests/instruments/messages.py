"""Values in -> the messages of both sides out, in short."""

CONNECT = {"type": "websocket.connect"}
ACCEPT = {"type": "websocket.accept"}
GONE = {"type": "http.disconnect"}


def start(status=200, *headers):
    """The start of a response; `headers` are pairs of bytes."""
    return {"type": "http.response.start", "status": status, "headers": [*headers]}


def piece(body=b"", more=False):
    """A piece of a response."""
    return {"type": "http.response.body", "body": body, "more_body": more}


def asked(body=b"", more=False):
    """A piece of a request."""
    return {"type": "http.request", "body": body, "more_body": more}


def said(text):
    """A text message from the client."""
    return {"type": "websocket.receive", "text": text}


def sent(text):
    """A text message to the client."""
    return {"type": "websocket.send", "text": text}


def close(code=1000, reason=""):
    """The app closes."""
    return {"type": "websocket.close", "code": code, "reason": reason}


def left(code=1006, reason=""):
    """A websocket has ended."""
    return {"type": "websocket.disconnect", "code": code, "reason": reason}


def says(*messages):
    """An app that sends these messages, and returns."""

    async def app(scope, receive, send):
        for message in messages:
            await send(message)

    return app


def notes(heard, *script):
    """An app that plays a script: a message is sent, a number is so many calls of `receive`, noted in `heard`."""

    async def app(scope, receive, send):
        for line in script:
            if isinstance(line, int):
                for _ in range(line):
                    heard.append(await receive())
            else:
                await send(line)

    return app


def without_lifespan(app):
    """The app, which knows requests and websockets alone."""

    async def requests_only(scope, receive, send):
        if scope["type"] == "lifespan":
            raise ValueError("no lifespan here")
        await app(scope, receive, send)

    return requests_only
