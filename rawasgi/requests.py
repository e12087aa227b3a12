"""A scope and `receive` in -> the request in words, and its body, out.

bytes > server > app > middleware > routing > [handler] > response > bytes

A `Request` costs nothing until somebody asks: headers, cookies, query and URL are read from the scope at first use,
the body from `receive`. The body is a stream that can be read once; `body()` keeps what it has read. `receive` is
asked by one reader at a time: when `is_disconnected` has to look ahead, it keeps its question open instead of
withdrawing it, and whoever reads next gets that answer first. So a handler that looks at nothing pays for one object of
three attributes, and `body()` takes the messages itself, without a generator for each.

Forms want a parser, which lies outside the core: `form` loads `rawasgi.toolkit.forms` when it is called, by name.

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html#request-receive-event
Grown from:   tiny/app.py:Request, because a body is asked for twice, and clients leave in between
In FastAPI:   starlette.requests:Request
In Starlette: starlette.requests:Request
In Flask:     flask.wrappers:Request, where the server has the body ready or blocks until it comes
Left out:     push promises
"""

import asyncio
import json
import math
from collections.abc import AsyncGenerator, Iterator, Mapping
from importlib import import_module
from typing import Any

from rawasgi.datastructures import Headers, QueryParams, State
from rawasgi.exceptions import HTTPException
from rawasgi.messages.scopes import left_by
from rawasgi.messages.types import Message, Receive, Scope, Send
from rawasgi.urls import URL, Address


class ClientDisconnect(Exception):
    """The client left before its request was read, or before its response was sent."""


class MalformedJSON(HTTPException, json.JSONDecodeError):
    """The body is no JSON: answered with 400 unless the handler catches it, by this name or as JSONDecodeError."""

    def __init__(self, why: str, body: bytes = b"", position: int = 0) -> None:
        json.JSONDecodeError.__init__(self, why, body.decode("utf-8", "replace"), position)
        HTTPException.__init__(self, 400, f"Malformed JSON: {why}")


def no_constant(name: str) -> None:
    """Python reads NaN and Infinity as numbers; JSON knows neither (RFC 8259, section 6)."""
    raise ValueError(f"{name} is no JSON number")


def finite(text: str) -> float:
    """Python reads 1e999 as infinity, which no JSON could carry back."""
    if math.isinf(number := float(text)):
        raise ValueError(f"{text} is too large a number")
    return number


# Made once: json.loads makes one a call for such options.
decoder = json.JSONDecoder(parse_constant=no_constant, parse_float=finite)


def parse_json(body: bytes) -> Any:
    """JSON text in UTF-8, -16 or -32; `MalformedJSON` for anything else, however deep or long."""
    try:
        return decoder.decode(body.decode(json.detect_encoding(body), "surrogatepass"))
    except json.JSONDecodeError as error:
        raise MalformedJSON(error.msg, body, error.pos) from None
    except (ValueError, RecursionError) as error:
        raise MalformedJSON(str(error) or "nested too deep", body) from None


class HTTPConnection(Mapping[str, Any]):
    """What a request and a websocket have in common: their scope, as a mapping and in words."""

    # What was made at first use; a request that nobody asks owns none of them.
    _url: URL | None = None
    _base_url: URL | None = None
    _headers: Headers | None = None
    _query_params: QueryParams | None = None
    _cookies: dict[str, str] | None = None

    def __init__(self, scope: Scope, receive: Receive | None = None) -> None:
        self.scope = scope

    def __len__(self) -> int:
        return len(self.scope)

    def __iter__(self) -> Iterator[str]:
        return iter(self.scope)

    def __getitem__(self, key: str) -> Any:
        return self.scope[key]

    __eq__ = object.__eq__  # two requests are never equal, however alike their scopes
    __hash__ = object.__hash__

    @property
    def app(self) -> Any:
        """The `App` that this connection came through."""
        return self.scope["app"]

    @property
    def url(self) -> URL:
        """The URL that the client asked for."""
        if self._url is None:
            self._url = URL(scope=self.scope)
        return self._url

    @property
    def base_url(self) -> URL:
        """The URL of the outermost app, with a slash at its end."""
        if self._base_url is None:
            root = self.scope.get("app_root_path", self.scope.get("root_path", ""))
            path = root if root.endswith("/") else root + "/"
            self._base_url = URL(scope={**self.scope, "path": path, "query_string": b""})
        return self._base_url

    @property
    def headers(self) -> Headers:
        """The header fields, without case, in order."""
        if self._headers is None:
            self._headers = Headers(scope=self.scope)
        return self._headers

    @property
    def query_params(self) -> QueryParams:
        """The query string, decoded."""
        if self._query_params is None:
            self._query_params = QueryParams(self.scope.get("query_string") or b"")
        return self._query_params

    @property
    def path_params(self) -> dict[str, Any]:
        """What the route's template found in the path."""
        params: dict[str, Any] = self.scope.get("path_params", {})
        return params

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies of all Cookie headers; of a name that comes twice, the last."""
        if self._cookies is None:
            parse = import_module("rawasgi.toolkit.cookies").parse_cookies
            self._cookies = {
                name: value for each in self.headers.getlist("cookie") for name, value in parse(each).items()
            }
        return self._cookies

    @property
    def client(self) -> Address | None:
        """Who is at the other end of the socket: a proxy, perhaps."""
        address = self.scope.get("client")
        return None if address is None else Address(*address)

    @property
    def state(self) -> State:
        """`scope["state"]`: what the lifespan left there, and what middleware adds for this request."""
        return State(self.scope.setdefault("state", {}))

    # What three layers leave for those inside of them; RuntimeError, which names the layer, where it is not there.
    session: Any = property(lambda self: left_by("SessionMiddleware", self.scope, "session"))
    auth: Any = property(lambda self: left_by("AuthenticationMiddleware", self.scope, "auth"))
    user: Any = property(lambda self: left_by("AuthenticationMiddleware", self.scope, "user"))

    def url_for(self, name: str, /, **path_params: Any) -> URL:
        """The absolute URL of the route of that name; RuntimeError outside an App or Router."""
        finder = self.scope.get("router") or self.scope.get("app")
        if finder is None:
            raise RuntimeError("url_for needs routes: this scope has passed through no App and no Router")
        found: URL = finder.url_path_for(name, **path_params).make_absolute_url(self.base_url)
        return found


async def no_receive() -> Message:
    """The `receive` of a request that was made without one."""
    raise RuntimeError("this request was made without `receive`: its body cannot be read")


async def no_send(message: Message) -> None:
    """The `send` of a request that was made without one."""
    raise RuntimeError("this request was made without `send`")


class Request(HTTPConnection):
    """One HTTP request: `Request(scope, receive)` in any ASGI app, or the argument of a handler."""

    _replay: Receive | None = None
    _pending: asyncio.Future[Message] | None = None
    _heard: Message | None = None
    _body: bytes | None = None
    _form: Any = None
    _calls: tuple[Any, ...] = ()
    is_open = False  # whether something is left to be closed: most requests are over when they are answered
    _consumed = False
    _disconnected = False

    def __init__(self, scope: Scope, receive: Receive = no_receive, send: Send = no_send) -> None:
        self.scope = scope
        self._receive = receive
        self.send = send  # for what goes out beside the response, an early hint for example

    @property
    def method(self) -> str:
        """`GET`, `POST` …, upper case."""
        return str(self.scope["method"])

    @property
    def receive(self) -> Receive:
        """The messages that are still to come; a body that was read here is told once more."""
        if self._replay is None:
            self._replay = self.replay()
        return self._replay

    def replay(self) -> Receive:
        """A `receive` for an app that comes after you, and wants to hear what you have heard already."""
        replayed = False

        async def receive_again() -> Message:
            nonlocal replayed
            if self._consumed and not replayed:
                replayed = True
                return {"type": "http.request", "body": self._body or b"", "more_body": False}
            return await self._next_message()

        return receive_again

    async def _next_message(self) -> Message:
        """The next message; what `is_disconnected` has already heard, or asked for, comes first."""
        if self._heard is not None:
            message, self._heard = self._heard, None
            return message
        if self._pending is None:
            return await self._receive()
        pending, self._pending = self._pending, None
        return await pending

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """The body in pieces, as they come, and an empty one at the end.

        Raises `ClientDisconnect` where the client leaves before the end, RuntimeError when the stream was read before.
        """
        if self._body is not None:
            yield self._body
        elif piece := await self._next_piece():
            yield piece
        while not self._consumed:
            if piece := await self._next_piece():
                yield piece
        yield b""

    async def _next_piece(self) -> bytes:
        if self._consumed:
            raise RuntimeError("the body was streamed before and is gone; body() would have kept it")
        return bytes(self._piece_of(await self._next_message()))

    def _piece_of(self, message: Message) -> Any:
        if message["type"] == "http.disconnect":
            self._disconnected = True
            raise ClientDisconnect("the client left before its request was complete")
        self._consumed = not message.get("more_body", False)
        return message.get("body", b"")

    async def body(self) -> bytes:
        """The whole body, in bytes; it is kept, and may be asked for again. Raises what `stream` raises."""
        if self._body is None:
            pieces = [await self._next_piece()]
            while not self._consumed:
                message = await (self._next_message() if self._pending or self._heard else self._receive())
                pieces.append(self._piece_of(message))
            self._body = b"".join(pieces)
        return self._body

    async def json(self) -> Any:
        """The body as JSON; `MalformedJSON` (a 400, where nobody catches it) for one that is none."""
        return parse_json(await self.body())

    def form(self, *, max_files: float = 1000, max_fields: float = 1000, max_part_size: int = 1024 * 1024) -> Any:
        """The body as `FormData`: `await` it, or `async with` it. See `toolkit.forms.Form`, which says what it raises.

        It is read once; the limits of the first call hold. `max_part_size` is in bytes.
        """
        if self._form is None:
            self.is_open = True
            self._form = import_module("rawasgi.toolkit.forms").Form(self, max_files, max_fields, max_part_size)
        return self._form

    async def is_disconnected(self) -> bool:
        """Whether the server has told that the client left. It never waits, and loses no message.

        The last piece of a body is kept for whoever reads it. A longer body that nobody has read lies before the news.
        """
        if not self._disconnected:
            if self._pending is None:
                self.is_open = True
                self._pending = asyncio.ensure_future(self._receive())  # stays open until it is answered
            await asyncio.sleep(0)
            if self._pending.done():
                message = self._pending.result()
                self._disconnected = message["type"] == "http.disconnect"
                if not self._disconnected and not message.get("more_body", False):
                    self._heard, self._pending = message, None  # the next question is about the client alone
        return self._disconnected

    @property
    def is_drained(self) -> bool:
        """Whether the body was streamed to its end and is gone."""
        return self._consumed and self._body is None

    def ends_with(self, call: Any) -> None:
        """A call of an app below has to end when this request does: see `call_next`."""
        self.is_open = True
        self._calls = (*self._calls, call)

    async def end(self, error: BaseException | None = None) -> None:
        """The request is over, or broken off by `error`: let the calls below end, and close what is open."""
        self.is_open = False
        try:
            for call in self._calls:
                await call.finish(error)
        finally:
            await self.close()

    async def close(self) -> None:
        """Withdraw the question that `is_disconnected` has left open, and close a form's files."""
        if self._pending is not None and self._pending.cancel():
            self._pending = None
        if self._form is not None:
            await self._form.close()
