"""An app in -> the same app with a client that takes its time, reading or talking, out.

bytes > [server] > app > middleware > routing > handler > response > bytes

    TestClient(SlowClient(app, reads=0.1)).get("/stream")       # each `send` of the app takes a tenth of a second
    TestClient(SlowClient(app, talks=0.1)).post("/", json=1)    # each `receive` does

What a full socket buffer is to a server is a `send` that does not return: an app that holds something while it sends,
a lock or a connection to a database, holds it as long as its slowest client likes.

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html#response-body-send-event
In FastAPI:   none, because it leaves the connection to the server
In Starlette: none, because its test client takes all at once
In Flask:     none, because werkzeug.test:run_wsgi_app takes all at once
Left out:     a rate in bytes: an app knows messages
"""

import asyncio
import math

from rawasgi.messages.types import ASGIApp, Message, Receive, Scope, Send


class SlowClient:
    """A client that takes `reads` seconds for each message of the app, and `talks` seconds before each of its own.

    Raises `ValueError` for less than no time. A lifespan has no client, and is left alone.
    """

    def __init__(self, app: ASGIApp, *, reads: float = 0.0, talks: float = 0.0) -> None:
        for name, seconds in (("reads", reads), ("talks", talks)):
            if not 0 <= seconds < math.inf:
                raise ValueError(f"{name} is in seconds, 0 or more, and not {seconds!r}")
        self.app = app
        self.reads = reads
        self.talks = talks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One call of the app."""

        async def receive_slowly() -> Message:
            await asyncio.sleep(self.talks)  # before, not after: a `receive` that is cancelled meanwhile loses nothing
            return await receive()

        async def send_slowly(message: Message) -> None:
            await asyncio.sleep(self.reads)
            await send(message)

        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        else:
            await self.app(scope, receive_slowly, send_slowly)
