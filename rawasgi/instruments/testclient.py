"""An app in -> a client that talks to it as httpx2 talks to a server, without a socket, out.

[bytes > server] > app > middleware > routing > handler > response > bytes

`TestClient` is an `httpx2.Client` whose transport is a `Conversation`: the app runs on an event loop of its own, on a
thread, and the client waits outside as a client does. Both directions stream: the app may answer before it has read the
body, and `client.stream` gives each piece when the app has sent it.

Every exchange is held to the specification: what an app must not do is an error where it does it, and what it
should not do is in `checker.findings`. A server would let much of it pass, or let the client pay for it.

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
import functools
import json
import weakref
from collections.abc import AsyncIterator, Iterator, Sequence
from types import TracebackType
from typing import Any, Self

try:
    import httpx2
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError("TestClient needs httpx2: pip install 'rawasgi[testing]'", name=missing.name) from None

from rawasgi.instruments.checking.checker import Checker
from rawasgi.instruments.conversation import (
    ClientLeft,
    Conversation,
    Exchange,
    end,
    from_client,
    handshake,
    lifespan,
    request,
)
from rawasgi.instruments.portal import Portal, on_loop
from rawasgi.instruments.virtual.clock import VirtualClock
from rawasgi.messages.types import ASGIApp, Message, Scope
from rawasgi.websockets import WebSocketDisconnect

PATIENCE = 5.0  # seconds that an app has to end once its client has gone

# RFC 6455 1.3: "the sample nonce"
KEY = {"sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==", "sec-websocket-version": "13"}


class HandshakeRejected(Exception):
    """The app refused the websocket; `response` is what the client got instead: 403, or a denial of the app's own."""

    def __init__(self, response: httpx2.Response) -> None:
        super().__init__(f"the handshake was answered {response.status_code}")
        self.response = response


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
                self.client.explain(self.conversation)
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
        said = body_of(sent, on_thread=isinstance(self.client.portal, Portal))
        conversation = Conversation(self.client.checker, scope, said, leaves_after=leaves_after)
        self.client.begin(conversation)
        while (message := await conversation.next_sent()) is not None:
            if message["type"] == "http.response.start":
                # RFC 9112 6.3: no body, whatever comes
                silent = sent.method == "HEAD" or message["status"] in (204, 304)
                body = Body(self.client, conversation, silent)
                return httpx2.Response(message["status"], headers=[*message.get("headers", ())], stream=body)
        self.client.explain(conversation)
        return httpx2.Response(500)  # as a server answers for an app that did not


def target_of(sent: httpx2.Request) -> str:
    """Path and query, as they would stand on the request line."""
    return sent.url.raw_path.decode("ascii")


async def body_of(sent: httpx2.Request, on_thread: bool) -> AsyncIterator[Message]:
    """The request's body as messages, taken from its iterator when the app asks: on a thread, for it may block."""
    last, done = b"", object()
    if isinstance(sent.stream, httpx2.ByteStream):
        last = b"".join(sent.stream)
    elif isinstance(sent.stream, httpx2.SyncByteStream):
        pieces = iter(sent.stream)
        take = functools.partial(next, pieces, done)
        while (piece := await asyncio.to_thread(take) if on_thread else take()) is not done:
            yield {"type": "http.request", "body": piece, "more_body": True}
    yield {"type": "http.request", "body": last, "more_body": False}


class TestClient(httpx2.Client):
    """An httpx2 client for `app`. As a context manager it runs the app's lifespan around what you do.

    `raise_server_exceptions` raises in your test what the app raised, and `AppProtocolError` for what it must not do;
    without it you see what a client would. With a `clock` the app runs on virtual time, and on your thread, while you wait
    for an answer: an hour that it sleeps takes microseconds. All conversations are kept, the last one in `conversations[-1]`, with
    everything that was sent; `checker.findings` is what the specification has against any of it.
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
        *,
        clock: VirtualClock | None = None,
    ) -> None:
        self.app = app
        self.checker = Checker(app, strict=raise_server_exceptions)
        self.raise_server_exceptions = raise_server_exceptions
        self.root_path = root_path
        self.client = client
        self.app_state: dict[str, Any] | None = None
        self.conversations: list[Conversation] = []
        self.portal = Portal() if clock is None else clock
        self._told: set[Conversation] = set()
        if isinstance(self.portal, Portal):
            weakref.finalize(self, self.portal.close)
        sent_always = httpx2.Headers(headers)
        sent_always.setdefault("user-agent", "testclient")
        super().__init__(
            base_url=base_url,
            headers=sent_always,
            cookies=cookies,
            follow_redirects=follow_redirects,
            transport=AppTransport(self),
        )

    def __enter__(self) -> Self:
        super().__enter__()
        self._lifespan = lifespan(self.checker)
        known = len(self.checker.findings)
        try:
            self.app_state = self.portal.call(self._lifespan.__aenter__())
            if self.raise_server_exceptions:  # an app that raises has no lifespan, yet this was no answer
                self.checker.insist(known)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        try:
            if error is None:
                self.portal.call(on_loop(self.leave))
                self.settle()
        finally:
            self.app_state = None
            self.portal.call(self.hang_up())
            try:
                self.portal.call(self._lifespan.__aexit__(None, None, None))
            finally:
                super().__exit__(kind, error, traceback)
                self._end_loop()

    def close(self) -> None:
        """End the client, the event loop and its thread; what the app still does is cancelled."""
        super().close()
        if self.app_state is None:
            self._end_loop()

    def _end_loop(self) -> None:
        if isinstance(self.portal, Portal):  # a clock ends with the block that it was made for
            self.portal.close()

    def begin(self, conversation: Conversation) -> None:
        """Call the app, on its loop."""
        self.conversations.append(conversation)
        self.portal.keep(conversation.start())

    def leave(self) -> None:
        """Hang up wherever an answer, or a websocket, is still open."""
        for conversation in self.conversations:
            if not conversation.is_over:
                conversation.disconnect()

    async def hang_up(self) -> None:
        """End what has not ended by itself: the shutdown comes when the connections are closed (L10)."""
        for conversation in self.conversations:
            if conversation.task is not None:
                await end(conversation.task)

    def settle(self, seconds: float = PATIENCE) -> None:
        """Wait until the app has ended every call, background tasks and all; raise what it raised since, or `Stuck`."""
        for conversation in self.conversations:
            self.portal.call(conversation.ended(seconds))
            self.raise_from(conversation)

    def raise_from(self, conversation: Conversation) -> None:
        """Raise what the app has raised, once, if this client is to."""
        task = conversation.task
        if self.raise_server_exceptions and task is not None and task.done() and not task.cancelled():
            error = task.exception()
            if error is not None and conversation not in self._told and not is_farewell(error):
                self._told.add(conversation)
                raise error

    def explain(self, conversation: Conversation) -> None:
        """No more comes from the app: raise why, if there is a reason."""
        if conversation.failure is not None:
            raise conversation.failure
        self.raise_from(conversation)
        if conversation.gone:
            raise httpx2.ReadError("the client left before the response was whole")

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
        headers = httpx2.Headers({"connection": "upgrade", "upgrade": "websocket", **KEY})
        if subprotocols:
            headers["sec-websocket-protocol"] = ", ".join(subprotocols)
        headers.update(kwargs.pop("headers", None))
        auth = kwargs.pop("auth", httpx2.USE_CLIENT_DEFAULT)
        sent = self.build_request("GET", merged.copy_with(scheme="wss" if secure else "ws"), headers=headers, **kwargs)
        sent = next(self._build_request_auth(sent, auth).sync_auth_flow(sent))
        exchange = handshake(target_of(sent), subprotocols=subprotocols or ())
        scope = self.scope_of(sent, exchange.scope)
        scope["extensions"] = {"websocket.http.response": {}}
        return WebSocketTestSession(self, Exchange(scope, exchange.messages))


def is_farewell(error: BaseException) -> bool:
    """Whether an app says by it that the client has left: Starlette and rawasgi have a word of their own for it."""
    translated = type(error).__name__ == "ClientDisconnect" and isinstance(error.__context__, ClientLeft)
    return translated or isinstance(error, ClientLeft)


class WebSocketTestSession:
    """One websocket, seen from the client. Raises `HandshakeRejected` when it is entered, `WebSocketDisconnect` later."""

    def __init__(self, client: TestClient, exchange: Exchange) -> None:
        self.client = client
        self.conversation = Conversation(client.checker, exchange.scope, exchange.messages)
        self.accepted_subprotocol: str | None = None
        self.extra_headers: list[tuple[bytes, bytes]] = []
        self._goodbye: tuple[int, str] | None = None  # code and reason of whoever closed first

    def __enter__(self) -> Self:
        self.client.portal.call(on_loop(lambda: self.client.begin(self.conversation)))
        answer = self.client.portal.call(self.conversation.next_sent())
        if answer is None:
            self.client.raise_from(self.conversation)
            raise HandshakeRejected(httpx2.Response(500))  # as a server answers for an app that did not
        if answer["type"] != "websocket.accept":
            raise HandshakeRejected(self._rejection(answer))
        self.accepted_subprotocol = answer.get("subprotocol")
        self.extra_headers = [*answer.get("headers", ())]
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
        if error[0] is None:
            self.client.portal.call(self.conversation.ended(PATIENCE))
            self.client.raise_from(self.conversation)

    def _next(self) -> Message:
        message = self.client.portal.call(self.conversation.next_sent())
        if message is None:
            self.client.raise_from(self.conversation)
            raise WebSocketDisconnect(*(self._goodbye or (1011, "")))
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
            self._goodbye = message.get("code", 1000), message.get("reason") or ""
            raise WebSocketDisconnect(*self._goodbye)
        return message

    def _receive_data(self, key: str) -> Any:
        message = self.receive()
        if message.get(key) is None:
            raise ValueError(f"the app has sent no {key}, but {message}")
        return message[key]

    def receive_text(self) -> str:
        """The next message, which is text."""
        return str(self._receive_data("text"))

    def receive_bytes(self) -> bytes:
        """The next message, which is binary."""
        return bytes(self._receive_data("bytes"))

    def receive_json(self, mode: str = "text") -> Any:
        """The next message as JSON."""
        return json.loads(self.receive_text() if mode == "text" else self.receive_bytes())

    def close(self, code: int = 1000, reason: str | None = None) -> None:
        """Say goodbye, as a client does: the app hears it from `receive`."""
        if not (self.conversation.gone or self.conversation.is_over):
            self._goodbye = code, reason or ""
            self.client.portal.call(on_loop(lambda: self.conversation.disconnect(code, reason or "")))
