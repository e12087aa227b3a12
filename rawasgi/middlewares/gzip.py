"""A response in -> the same response, smaller on its way, for clients that can read it so, out.

bytes > server > app > [middleware] > routing > handler > response > bytes

What is compressed is known when the first piece of the body is there: `http.response.start` waits for it, nothing else
waits for anything. Each piece of a stream is flushed: zlib would rather keep it until it can say more with fewer bytes,
and the reader of a slow stream would see nothing.

    {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9000"), (b"etag", b'"a"')]}
    ->  headers (b"content-length", b"72"), (b"etag", b'W/"a"'), (b"vary", b"Accept-Encoding"), (b"content-encoding", b"gzip")

Left as they are: what is compressed already, by header or by type; event streams; parts (206), which are counted in
bytes of the original; what has no body (1xx, 204, 304); files that the server sends itself (`http.response.pathsend`).

Spec:         https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3
In FastAPI:   starlette.middleware.gzip:GZipMiddleware
In Starlette: starlette.middleware.gzip:GZipMiddleware
In Flask:     none, because the proxy does it, or an extension
Left out:     brotli and zstd, which the standard library of all our Pythons does not have; `http.response.zerocopysend`
"""

import re
import zlib
from typing import Any

from rawasgi.concurrency import run_in_threadpool
from rawasgi.datastructures import Headers, MutableHeaders
from rawasgi.messages.types import ASGIApp, Message, Receive, Scope, Send

# What would not get smaller; and streams of events, whose readers wait for each of them.
DEFAULT_EXCLUDED_CONTENT_TYPES = (
    *("application/grpc", "application/gzip", "application/x-gzip", "application/zip", "audio/*", "font/woff"),
    *("font/woff2", "image/avif", "image/gif", "image/jpeg", "image/png", "image/webp", "text/event-stream", "video/*"),
)
QUALITY = re.compile(r"(0(\.[0-9]{0,3})?|1(\.0{0,3})?)")  # RFC 9110, 12.4.2
GZIP = 16 + zlib.MAX_WBITS  # zlib's way to ask for the gzip format


class GZipMiddleware:
    """Compresses bodies of at least `minimum_size` bytes, and streams of any size, for clients that accept gzip.

    `compresslevel` is zlib's, 1 to 9; ValueError for another. A piece of `thread_minimum_size` bytes or more is
    compressed on a thread, so that the event loop goes on. `exclude_content_types` are left alone: `image/png`, `video/*`.
    """

    def __init__(
        self,
        app: ASGIApp,
        minimum_size: int = 500,
        compresslevel: int = 9,
        thread_minimum_size: int = 128 * 1024,
        *,
        exclude_content_types: tuple[str, ...] = DEFAULT_EXCLUDED_CONTENT_TYPES,
    ) -> None:
        if compresslevel not in range(10):
            raise ValueError(f"compresslevel is 0 to 9, not {compresslevel}")
        self.app = app
        self.minimum_size = minimum_size
        self.compresslevel = compresslevel
        self.thread_minimum_size = thread_minimum_size
        self.exclude_content_types = {essence(content_type) for content_type in exclude_content_types}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the app, and compress what it answers to a request."""
        if scope["type"] == "http":
            send = Compression(self, scope, send).send_smaller
        await self.app(scope, receive, send)

    def excludes(self, content_type: str) -> bool:
        """Whether bodies of this type are left alone."""
        media_type = essence(content_type)
        known_as = {media_type, media_type.partition("/")[0] + "/*"}
        if media_type.startswith("application/grpc+"):
            known_as.add("application/grpc")
        return bool(known_as & self.exclude_content_types)


def essence(content_type: str) -> str:
    """`Text/HTML; charset=utf-8` -> `text/html`."""
    return content_type.partition(";")[0].strip().lower()


def accepts_gzip(headers: Headers) -> bool:
    """Whether the client can read gzip: it names it, or `*`, and not with the quality 0, which is a refusal."""
    qualities: dict[str, float] = {}
    for piece in ",".join(headers.getlist("accept-encoding")).split(","):
        coding, _, parameter = piece.partition(";")
        name, _, quality = parameter.partition("=")
        is_weighted = name.strip().lower() == "q"
        fits = QUALITY.fullmatch(quality.strip()) if is_weighted else None
        qualities[coding.strip().lower()] = float(fits[0]) if fits else float(not parameter.strip())
    named = [qualities[name] for name in ("gzip", "x-gzip") if name in qualities]
    return max(named, default=qualities.get("*", 0.0)) > 0


class Compression:
    """One response on its way: `awaiting_start`, `undecided` until its body begins, then `compressing` or `passing`."""

    def __init__(self, layer: GZipMiddleware, scope: Scope, send: Send) -> None:
        self.layer = layer
        self.send = send
        self.accepted = accepts_gzip(Headers(raw=[*scope["headers"]]))
        self.is_head = scope["method"] == "HEAD"
        self.state = "awaiting_start"
        self.start: Message = {}
        self.headers = MutableHeaders()
        self.compressor: Any = None  # made for the first piece: it takes 256 KiB

    async def send_smaller(self, message: Message) -> None:
        """Hold the start back until the body begins, and send the body as was decided then."""
        kind = message["type"]
        if kind == "http.response.start":
            self.start = {**message, "headers": [*message.get("headers", ())]}
            self.headers = MutableHeaders(raw=self.start["headers"])
            self.state = "undecided" if self.may_compress() else "passing"
            if self.is_head and self.state == "undecided":
                self.promise()
            if self.state == "passing":
                await self.send(self.start)
        elif self.state == "undecided" and kind == "http.response.body":
            await self.begin(message)
        elif self.state == "undecided" and kind in ("http.response.pathsend", "http.response.zerocopysend"):
            self.state = "passing"
            await self.send(self.start)
            await self.send(message)
        elif self.state == "compressing" and kind == "http.response.body":
            await self.send({**message, "body": await self.compressed(message)})
        else:
            await self.send(message)

    def may_compress(self) -> bool:
        """Whether there is, or can be, a body that gains by it."""
        status = self.start["status"]
        without_body = status < 200 or status in (204, 304)
        is_encoded = "content-encoding" in self.headers
        excluded = self.layer.excludes(self.headers.get("content-type", ""))
        return not (without_body or is_encoded or excluded or status == 206)

    async def begin(self, message: Message) -> None:
        """Decide by the first piece: a whole body that is small goes as it is."""
        body, more = message.get("body", b""), message.get("more_body", False)
        if len(body) < self.layer.minimum_size and not more:
            self.state = "passing"
        else:
            self.headers.add_vary_header("Accept-Encoding")
            self.state = "compressing" if self.accepted else "passing"
        if self.state == "compressing":
            body = await self.compressed(message)
            message = {**message, "body": body}
            self.declare(None if more or self.start.get("trailers", False) else len(body))
        await self.send(self.start)
        await self.send(message)

    def promise(self) -> None:
        """The headers of a HEAD: those that GET would have, but for the length of what is not made."""
        self.state = "passing"
        length = self.headers.get("content-length", "")
        if length.isdecimal() and int(length[:18]) < self.layer.minimum_size:
            return
        self.headers.add_vary_header("Accept-Encoding")
        if self.accepted:
            self.declare(None)

    def declare(self, length: int | None) -> None:
        """Say in the headers that the body is compressed, and how long it is now, where that is known."""
        self.headers["content-encoding"] = "gzip"
        etag = self.headers.get("etag", "")
        if etag.startswith('"'):
            # RFC 9110, 8.8.1: a strong validator changes with every byte; the same page has two forms now.
            self.headers["etag"] = f"W/{etag}"
        if length is None:
            del self.headers["content-length"]
        else:
            self.headers["content-length"] = str(length)

    async def compressed(self, message: Message) -> bytes:
        """This piece of the body, and all of it: nothing is kept for the next."""
        body, more = message.get("body", b""), message.get("more_body", False)
        if len(body) >= self.layer.thread_minimum_size:
            return await run_in_threadpool(self.compress, body, more)
        return self.compress(body, more)

    def compress(self, body: bytes, more: bool) -> bytes:
        """Compress and flush; the last flush writes the checksum."""
        if self.compressor is None:
            self.compressor = zlib.compressobj(self.layer.compresslevel, zlib.DEFLATED, GZIP)
        flush = zlib.Z_SYNC_FLUSH if more else zlib.Z_FINISH
        return b"".join((self.compressor.compress(body), self.compressor.flush(flush)))
