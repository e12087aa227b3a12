"""An app in -> a client that talks to it as httpx2 talks to a server, without a socket, out.

[bytes > server] > app > middleware > routing > handler > response > bytes

`TestClient` is an `httpx2.Client` whose transport is a `Conversation`: the app runs on an event loop of its own, on a
thread, and the client waits outside as a client does. Both directions stream: the app may answer before it has read the
body, and `client.stream` gives each piece when the app has sent it.

It does not spare you what a real client would see. A refused handshake is an HTTP response, 403, without code or reason.
A torn body is an error, and so is no answer. Background tasks are no part of the response: `settle` waits for them. A
client may leave: `extensions={"leaves_after": 2}` after the app's second message, or by closing a stream early.

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html
In FastAPI:   fastapi.testclient:TestClient
In Starlette: starlette.testclient:TestClient
In Flask:     flask.testing:FlaskClient
Left out:     other event loops, HTTP/2, early hints and pushes
"""

import asyncio
import json
import threading
import weakref
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

try:
    import httpx2
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError("TestClient needs httpx2: pip install 'rawasgi[testing]'", name=missing.name) from None

from rawasgi.instruments.conversation import Conversation, Exchange, from_client, handshake, lifespan, request
from rawasgi.messages.types import ASGIApp, Message, Scope
from rawasgi.websockets import WebSocketDisconnect

T = TypeVar("T")


class HandshakeRejected(Exception):
    """The app refused the websocket; `response` is what the client got instead: 403, or a denial of the app's own."""

    def __init__(self, response: httpx2.Response) -> None:
        super().__init__(f"the handshake was answered {response.status_code}")
        self.response = response


class Portal:
    """An event loop on a thread of its own, and a door into it. Started at first use, ended by `close`."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self.thread: threading.Thread | None = None

    def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the loop, and wait for its result."""
        if self.loop is None:
            self.loop = asyncio.new_event_loop()
            self.thread = threading.Thread(target=self.loop.run_forever, name="TestClient", daemon=True)
            self.thread.start()
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()

    def close(self) -> None:
        """Cancel what still runs, and end loop and thread."""
        loop, self.loop = self.loop, None
        if loop is not None and self.thread is not None:
            asyncio.run_coroutine_threadsafe(cancel_all(), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            self.thread.join()
            loop.close()


async def cancel_all() -> None:
    """End every other task of the running loop, its asynchronous generators, and its default threads."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    loop = asyncio.get_running_loop()
    await loop.shutdown_asyncgens()
    await loop.shutdown_default_executor()


async def on_loop(something: Any) -> None:
    """Call a plain function on the loop's thread."""
    something()


class Body(httpx2.SyncByteStream):
    """The body of a response, while the app sends it. Closed before its end, it is a client that leaves."""

    def __init__(self, client: "TestClient", conversation: Conversation, silent: bool) -> None:
        self.client = client
        self.conversation = conversation
        self.silent = silent

    def __iter__(self) -> Iterator[bytes]:
        more = True
        while more:
            message = self.client.portal.call(self.conversation.next_sent())
            if message is None:
                self.client.raise_from(self.conversation)
                if self.conversation.gone:
                    raise httpx2.ReadError("the client left within the response")
                raise httpx2.RemoteProtocolError("the app ended within its response: a server would hang up here")
            if message["type"] == "http.response.body":
                more = message.get("more_body", False)
                if not self.silent and message.get("body"):
                    yield bytes(message["body"])
        self.client.raise_from(self.conversation)

    def close(self) -> None:
        """The client goes."""
        if not self.conversation.is_over:
            self.client.portal.call(on_loop(self.conversation.disconnect))


class AppTransport(httpx2.BaseTransport):
    """Where httpx2 expects a connection, there is the app."""

    def __init__(self, client: "TestClient") -> None:
        self.client = client

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Start a conversation, and give its response as soon as that has started."""
        return self.client.portal.call(self.answer(request))

    async def answer(self, sent: httpx2.Request) -> httpx2.Response:
        """Wait for `http.response.start`; the body comes later."""
        exchange = request(sent.method, target_of(sent))
        scope = self.client.scope_of(sent, exchange.scope)
        leaves_after = sent.extensions.get("leaves_after")
        conversation = Conversation(self.client.app, scope, body_of(sent), leaves_after=leaves_after)
        self.client.conversations.append(conversation)
        conversation.start()
        while (message := await conversation.next_sent()) is not None:
            if message["type"] == "http.response.start":
                body = Body(self.client, conversation, silent=sent.method == "HEAD")
                return httpx2.Response(message["status"], headers=[*message.get("headers", ())], stream=body)
        self.client.raise_from(conversation)
        if conversation.gone:
            raise httpx2.ReadError("the client left before the response had started")
        return httpx2.Response(500)  # as a server answers for an app that did not


def target_of(sent: httpx2.Request) -> str:
    """Path and query, as they would stand on the request line."""
    return sent.url.raw_path.decode("ascii")


async def body_of(sent: httpx2.Request) -> AsyncIterator[Message]:
    """The request's body as messages, taken from its iterator when the app asks: a blocking one costs a thread."""
    last, done = b"", object()
    if isinstance(sent.stream, httpx2.ByteStream):
        last = b"".join(sent.stream)
    elif isinstance(sent.stream, httpx2.SyncByteStream):
        pieces = iter(sent.stream)
        while (piece := await asyncio.to_thread(next, pieces, done)) is not done:
            yield {"type": "http.request", "body": piece, "more_body": True}
    yield {"type": "http.request", "body": last, "more_body": False}


class TestClient(httpx2.Client):
    """An httpx2 client for `app`. As a context manager it runs the app's lifespan around what you do.

    `raise_server_exceptions` raises in your test what the app raised; without it you see what a client would. All
    conversations are kept, the last one in `conversations[-1]`, with everything that was sent.
    """

    __test__ = False  # no test case, whatever its name says

    def __init__(
        self,
        app: ASGIApp,
        base_url: str = "http://testserver",
        raise_server_exceptions: bool = True,
        root_path: str = "",
        cookies: Any = None,
        headers: dict[str, str] | None = None,
        follow_redirects: bool = True,
        client: tuple[str, int] = ("testclient", 50000),
    ) -> None:
        self.app = app
        self.raise_server_exceptions = raise_server_exceptions
        self.root_path = root_path
        self.client = client
        self.app_state: dict[str, Any] | None = None
        self.conversations: list[Conversation] = []
        self.portal = Portal()
        self._finalizer = weakref.finalize(self, self.portal.close)
        super().__init__(
            base_url=base_url,
            headers={"user-agent": "testclient", **(headers or {})},
            cookies=cookies,
            follow_redirects=follow_redirects,
            transport=AppTransport(self),
        )

    def __enter__(self) -> Self:
        super().__enter__()
        self._lifespan = lifespan(self.app)
        self.app_state = self.portal.call(self._lifespan.__aenter__())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        try:
            if error is None:
                self.settle()
        finally:
            self.app_state = None
            try:
                self.portal.call(self._lifespan.__aexit__(None, None, None))
            finally:
                super().__exit__(kind, error, traceback)
                self.portal.close()

    def close(self) -> None:
        """End the client, the event loop and its thread; what the app still does is cancelled."""
        super().close()
        if self.app_state is None:
            self.portal.close()

    def settle(self) -> None:
        """Wait until the app has ended every call, background tasks and all; raise what it raised since."""
        for conversation in self.conversations:
            if conversation.task is not None and not conversation.task.done():
                self.portal.call(ended(conversation.task))
            self.raise_from(conversation)

    def raise_from(self, conversation: Conversation) -> None:
        """Raise what the app has raised, once, if this client is to."""
        task = conversation.task
        if self.raise_server_exceptions and task is not None and task.done() and not task.cancelled():
            error = task.exception()
            if error is not None and not (conversation.gone and isinstance(error, OSError)):
                conversation.task = None
                raise error

    def scope_of(self, sent: httpx2.Request, scope: Scope) -> Scope:
        """The scope, with what httpx2 has put into the request and what the lifespan has left."""
        url = sent.url
        about = {"scheme": url.scheme, "root_path": self.root_path, "client": self.client}
        where = {"server": (url.host, url.port or {"https": 443, "wss": 443}.get(url.scheme, 80))}
        headers = [(name.lower(), value) for name, value in sent.headers.raw]
        state = {} if self.app_state is None else {"state": self.app_state.copy()}
        return {**scope, **about, **where, "headers": headers, **state}

    def websocket_connect(
        self, url: str, subprotocols: Sequence[str] | None = None, **kwargs: Any
    ) -> "WebSocketTestSession":
        """Open a websocket: `with client.websocket_connect("/ws") as websocket`. Keywords are those of a request."""
        merged = self._merge_url(url)
        secure = merged.scheme in ("https", "wss")
        sent = self.build_request("GET", merged.copy_with(scheme="wss" if secure else "ws"), **kwargs)
        exchange = handshake(target_of(sent), subprotocols=subprotocols or ())
        offered = [(b"sec-websocket-protocol", ", ".join(subprotocols).encode())] if subprotocols else []
        scope = self.scope_of(sent, exchange.scope)
        scope["headers"] += [(b"connection", b"upgrade"), (b"upgrade", b"websocket"), *offered]
        scope["extensions"] = {"websocket.http.response": {}}
        return WebSocketTestSession(self, Exchange(scope, exchange.messages))


async def ended(task: "asyncio.Task[Any]") -> None:
    """Wait for a task, however it ends."""
    await asyncio.wait([task])


class WebSocketTestSession:
    """One websocket, seen from the client. Raises `HandshakeRejected` when it is entered, `WebSocketDisconnect` later."""

    def __init__(self, client: TestClient, exchange: Exchange) -> None:
        self.client = client
        self.conversation = Conversation(client.app, exchange.scope, exchange.messages)
        self.accepted_subprotocol: str | None = None
        self.extra_headers: list[tuple[bytes, bytes]] = []

    def __enter__(self) -> Self:
        self.client.conversations.append(self.conversation)
        self.client.portal.call(on_loop(self.conversation.start))
        answer = self._next()
        if answer["type"] != "websocket.accept":
            raise HandshakeRejected(self._rejection(answer))
        self.accepted_subprotocol = answer.get("subprotocol")
        self.extra_headers = [*answer.get("headers", ())]
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
        task = self.conversation.task
        if task is not None and not task.done():
            self.client.portal.call(ended(task))
        if error[0] is None:
            self.client.raise_from(self.conversation)

    def _next(self) -> Message:
        message = self.client.portal.call(self.conversation.next_sent())
        if message is None:
            self.client.raise_from(self.conversation)
            raise WebSocketDisconnect(1011 if self.conversation.app_side.state == "open" else 1006)
        return message

    def _rejection(self, answer: Message) -> httpx2.Response:
        """What came in place of the handshake: a bare 403 for a close, else the denial with its body."""
        if answer["type"] == "websocket.close":
            return httpx2.Response(403)
        body, more = b"", True
        while more:
            message = self._next()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        return httpx2.Response(answer["status"], headers=[*answer.get("headers", ())], content=body)

    def send(self, message: Message) -> None:
        """Deliver a message as it is."""
        self.client.portal.call(on_loop(lambda: self.conversation.deliver(message)))

    def send_text(self, data: str) -> None:
        """Send a text message."""
        self.send(from_client(data))

    def send_bytes(self, data: bytes) -> None:
        """Send a binary message."""
        self.send(from_client(data))

    def send_json(self, data: Any, mode: str = "text") -> None:
        """Send data as JSON, in `mode` "text" or "binary"."""
        text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
        self.send(from_client(text if mode == "text" else text.encode()))

    def receive(self) -> Message:
        """The next message of the app as it is; `WebSocketDisconnect` where it is a close."""
        message = self._next()
        if message["type"] == "websocket.close":
            raise WebSocketDisconnect(message.get("code", 1000), message.get("reason"))
        return message

    def receive_text(self) -> str:
        """The next message, which is text."""
        return str(self.receive()["text"])

    def receive_bytes(self) -> bytes:
        """The next message, which is binary."""
        return bytes(self.receive()["bytes"])

    def receive_json(self, mode: str = "text") -> Any:
        """The next message as JSON."""
        return json.loads(self.receive_text() if mode == "text" else self.receive_bytes())

    def close(self, code: int = 1000, reason: str | None = None) -> None:
        """Say goodbye, as a client does: the app hears it from `receive`."""
        if not (self.conversation.gone or self.conversation.is_over):
            self.client.portal.call(on_loop(lambda: self.conversation.disconnect(code, reason or "")))
