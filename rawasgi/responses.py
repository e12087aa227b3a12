"""A value in -> the messages that answer a request out.

bytes > server > app > middleware > routing > handler > [response] > bytes

A response is an ASGI app: called with scope, receive and send it says `http.response.start`, then its body, then runs
its background task. That is why a handler may return one, a middleware may answer with one, and a route may be one.

    JSONResponse({"a": 1})  ->  {"type": "http.response.start", "status": 200,
                                 "headers": [(b"content-length", b"7"), (b"content-type", b"application/json")]}
                                {"type": "http.response.body", "body": b'{"a":1}'}

What is always the same is made once: the Content-Type of each media type, and the encoder of JSON, which `json.dumps`
makes anew for such options: a third of the time that a small answer takes to encode. A `TrackedSend` steps aside once it
has seen a start, so that the pieces of a stream pass without a call in between.

To HEAD it says the same start, and no body byte (RFC 9110, section 9.3.2). On a websocket scope it is a denial.

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html#response-start-send-event
Grown from:   tiny/app.py:Response, because headers repeat, streams are left by their readers, and work may follow
In FastAPI:   starlette.responses:Response
In Starlette: starlette.responses:Response
In Flask:     werkzeug.wrappers:Response, an iterable that the server pulls
Left out:     files, server-sent events, templates, conditional requests
"""

import asyncio
import json
from collections.abc import AsyncIterable, Awaitable, Iterable, Mapping
from datetime import datetime
from importlib import import_module
from typing import Any, Literal, cast
from urllib.parse import quote

from rawasgi.concurrency import BackgroundTask, iterate_in_threadpool
from rawasgi.datastructures import MutableHeaders, encoded
from rawasgi.messages.scopes import spec_version
from rawasgi.messages.types import ASGIApp, Header, Message, Receive, Scope, Send
from rawasgi.requests import no_send
from rawasgi.urls import URL

# NaN is no JSON, so it is an error here.
encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
try:  # what the encoder makes anew for each text, but for the dict in which it looks for circles
    make: Any = vars(json.encoder)["c_make_encoder"]
    json_pieces = make(None, encoder.default, json.encoder.encode_basestring, None, ":", ",", False, False, False)
except (KeyError, TypeError):  # not CPython, or not as we know it
    json_pieces = encoder.iterencode


def to_json(content: Any) -> bytes:
    """JSON without spaces, in UTF-8. ValueError for NaN and Infinity, TypeError for what JSON cannot say."""
    try:
        return "".join(json_pieces(content, 0)).encode()
    except RecursionError:  # a circle, or nested too deep: the encoder that looks for circles knows which
        return encoder.encode(content).encode()
    except UnicodeEncodeError:  # half a surrogate pair, as JSON text may carry it, has no UTF-8: leave it escaped
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode()


BODILESS = frozenset((*range(200), 204, 304))  # statuses that forbid a body (RFC 9110, section 6.4.1)


class ContentTypes(dict[str, Header]):
    """Media type -> header, encoded once: `text/plain` is `text/plain; charset=utf-8`."""

    def __init__(self, charset: str) -> None:
        self.charset = charset

    def __missing__(self, media_type: str) -> Header:
        says_it = "charset=" in media_type.lower() or not media_type.startswith("text/")
        header = b"content-type", (media_type if says_it else f"{media_type}; charset={self.charset}").encode("latin-1")
        if len(self) < 64:  # they may be anybody's words
            self[media_type] = header
        return header


class Response:
    """An answer whose body is known: `content` is str, bytes or None.

    `headers` may name Content-Type and Content-Length themselves; otherwise they follow from `media_type` (to which
    `text/…` adds the charset) and from the body. `background` runs when the response is out.
    """

    media_type: str | None = None
    charset = "utf-8"
    content_types = ContentTypes(charset)
    body: bytes | memoryview | None = None
    _headers: MutableHeaders | None = None  # made at first use
    starts_at_once = True  # the first thing it does is to send its start: what fails later can be answered by nobody

    def __init_subclass__(cls) -> None:
        if {"__call__", "stream_response"} & vars(cls).keys():  # what it does first is not known
            cls.starts_at_once = vars(cls).get("starts_at_once", False)
        if "charset" in vars(cls):
            cls.content_types = ContentTypes(cls.charset)

    def __init__(
        self,
        content: Any = None,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        background: BackgroundTask | None = None,
    ) -> None:
        self.status_code = status_code
        self.background = background
        if media_type:
            self.media_type = media_type
        self.body = self.render(content)
        self.init_headers(headers)

    def render(self, content: Any) -> bytes | memoryview:
        """The content as bytes. Subclasses override this."""
        if isinstance(content, str):
            return content.encode(self.charset)
        return content if isinstance(content, bytes) else bytes(memoryview(b"" if content is None else content))

    def init_headers(self, headers: Mapping[str, str] | None = None) -> None:
        """Encode the headers once, and add the two that follow from the body."""
        own: list[Header] = []
        if self.body is not None and self.status_code not in BODILESS:
            own.append((b"content-length", b"%d" % len(self.body)))
        if self.media_type is not None:
            own.append(self.content_types[self.media_type])
        if headers:
            given = [encoded(name, value) for name, value in headers.items()]
            names = {name for name, _ in given}
            own = [*given, *(pair for pair in own if pair[0] not in names)]
        self.raw_headers = own

    @property
    def is_bodiless(self) -> bool:
        """Whether the status forbids a body."""
        return self.status_code in BODILESS

    @property
    def headers(self) -> MutableHeaders:
        """The headers, to be read and changed before the response is sent."""
        headers = self._headers
        if headers is None or headers.raw is not self.raw_headers:
            headers = self._headers = MutableHeaders(raw=self.raw_headers)
        return headers

    def set_cookie(
        self,
        key: str,
        value: str = "",
        max_age: int | None = None,
        expires: datetime | str | int | None = None,
        path: str | None = "/",
        domain: str | None = None,
        secure: bool = False,
        httponly: bool = False,
        samesite: Literal["lax", "strict", "none"] | None = "lax",
        partitioned: bool = False,
    ) -> None:
        """Add one Set-Cookie header. `max_age` and an `expires` number are seconds from now.

        Raises ValueError for another `samesite`, for a name or value that no cookie can have, and for an `expires`
        without time zone. Source: RFC 6265, section 4.1.
        """
        attributes = {"max-age": max_age, "path": path, "domain": domain, "samesite": samesite}
        attributes |= {"secure": secure, "httponly": httponly}
        write = import_module("rawasgi.toolkit.cookies").write_cookie
        self.raw_headers.append(encoded("set-cookie", write(key, value, expires, attributes, partitioned)))

    def delete_cookie(
        self,
        key: str,
        path: str = "/",
        domain: str | None = None,
        secure: bool = False,
        httponly: bool = False,
        samesite: Literal["lax", "strict", "none"] | None = "lax",
        partitioned: bool = False,
    ) -> None:
        """Let the browser forget a cookie. `path` and `domain` must be those it was set with."""
        self.set_cookie(key, "", 0, 0, path, domain, secure, httponly, samesite, partitioned)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Say the messages of this response, then run its background task."""
        start, body = MESSAGES[scope["type"]]
        # The headers of the message are a copy: a layer may add to them, and this response may be sent again.
        await send({"type": start, "status": self.status_code, "headers": [*self.raw_headers]})
        is_silent = self.status_code in BODILESS or scope.get("method") == "HEAD"
        await send({"type": body, "body": b"" if is_silent else self.body})
        if self.background is not None:
            await self.background()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.status_code}>"


# How a response starts and goes on: on a websocket it is a denial.
MESSAGES = {"http": ("http.response.start", "http.response.body")}
MESSAGES["websocket"] = ("websocket.http.response.start", "websocket.http.response.body")


def body_type(scope: Scope) -> str:
    """`http.response.body`, or its twin for a denied websocket."""
    return MESSAGES[scope["type"]][1]


class HTMLResponse(Response):
    """HTML, in UTF-8."""

    media_type = "text/html"


class PlainTextResponse(Response):
    """Text, in UTF-8."""

    media_type = "text/plain"


class JSONResponse(Response):
    """JSON without spaces, in UTF-8. NaN and Infinity are a ValueError: JSON has no such numbers."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """The content as JSON."""
        return to_json(content)


class RedirectResponse(Response):
    """Go there: 307 keeps method and body, 303 makes it a GET, 308 and 301 are for ever."""

    def __init__(
        self,
        url: str | URL,
        status_code: int = 307,
        headers: Mapping[str, str] | None = None,
        background: BackgroundTask | None = None,
    ) -> None:
        super().__init__(b"", status_code, headers, background=background)
        self.headers["location"] = quote(str(url), safe=":/%#?=@[]!$&'()*+,;")


class StreamingResponse(Response):
    """A body that comes piece by piece, from an async iterable or (on a thread) from an ordinary one.

    It goes as fast as the client reads, since `send` waits. When the client leaves, the iterator is closed where it
    stands, so that its `finally` blocks run, and then the background task, which may have to tidy up. Servers from spec
    2.4 on say it by an OSError out of `send`, which goes back to them, so a stream that waits and sends nothing does not
    hear of it; for older ones a second task listens for `http.disconnect`, and the response just ends.
    """

    starts_at_once = True

    def __init__(
        self,
        content: AsyncIterable[Any] | Iterable[Any],
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        background: BackgroundTask | None = None,
    ) -> None:
        source: Any = content
        self.body_iterator: AsyncIterable[Any] = (
            source if hasattr(source, "__aiter__") else iterate_in_threadpool(source)
        )
        self.status_code, self.background = status_code, background
        self.media_type = media_type or self.media_type
        self.init_headers(headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the pieces until they end or the client leaves, then run the background task."""
        try:
            if scope["type"] == "websocket" or spec_version(scope) >= (2, 4):
                await self.stream_response(scope, send)
            else:
                await self.stream_and_listen(scope, receive, send)
        except OSError:
            if self.background is not None:
                await self.background()
            raise
        if self.background is not None:
            await self.background()

    def start_message(self, scope: Scope) -> Message:
        """The start, with headers of its own."""
        return {"type": MESSAGES[scope["type"]][0], "status": self.status_code, "headers": [*self.raw_headers]}

    async def stream_response(self, scope: Scope, send: Send) -> None:
        """Say start, pieces and end; whatever happens, close the iterator."""
        kind = body_type(scope)
        iterator: Any = self.body_iterator
        try:
            await send(self.start_message(scope))
            if type(send) is TrackedSend:
                send = send.send  # it knows by now that the response has started
            iterator = aiter(iterator)
            if not (self.is_bodiless or scope.get("method") == "HEAD"):
                async for piece in iterator:
                    if isinstance(piece, str):
                        piece = piece.encode(self.charset)
                    await send({"type": kind, "body": piece, "more_body": True})
            await send({"type": kind, "body": b"", "more_body": False})
        finally:
            if close := getattr(iterator, "aclose", None):
                await close()

    async def stream_and_listen(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The same where only `receive` tells that the client left: stop the stream from outside, as a timeout does."""
        streaming = cast("asyncio.Task[None]", asyncio.current_task())
        over = left = False

        def stop(listening: "asyncio.Task[None]") -> None:
            nonlocal left
            if not (over or listening.cancelled() or listening.exception()):
                left = streaming.cancel()

        listening = asyncio.create_task(until_disconnect(receive))
        listening.add_done_callback(stop)
        try:
            await self.stream_response(scope, send)
        except asyncio.CancelledError:
            if not left:
                raise  # it was somebody else who wants this task to end
        finally:
            over = True
            listening.cancel()
            wanted_elsewhere = left and streaming.uncancel() > 0
        if wanted_elsewhere:
            raise asyncio.CancelledError


async def until_disconnect(receive: Receive) -> None:
    """Wait for `http.disconnect`."""
    while (await receive())["type"] != "http.disconnect":
        pass


UNCOMMITTED = ("http.response.early_hint", "http.response.debug")  # what may go before the start of a response


class TrackedSend:
    """A `send` that remembers whether the response has started: then an exception can no longer be answered.

    It is no coroutine function but hands on the awaitable of the `send` it wraps, which costs a call and no coroutine.
    """

    __slots__ = ("send", "started")

    def __init__(self, send: Send, started: bool = False) -> None:
        self.send = send
        self.started = started

    def __call__(self, message: Message) -> Awaitable[None]:
        """Note a message that commits the response, and send it."""
        if message["type"] not in UNCOMMITTED:
            self.started = True
        return self.send(message)

    def send_response(self, response: ASGIApp, scope: Scope, receive: Receive) -> Awaitable[None]:
        """Send a whole response. Function-style middleware overrides this, and takes the response unsent."""
        commits = getattr(response, "starts_at_once", False)  # then nothing is left to be noted
        self.started |= commits
        return response(scope, receive, self.send if commits else self)


def tracking(send: Send) -> TrackedSend:
    """The `send` itself where it remembers already."""
    return send if isinstance(send, TrackedSend) else TrackedSend(send)


UNSENT, STARTED = TrackedSend(no_send), TrackedSend(no_send, started=True)
