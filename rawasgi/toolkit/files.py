"""A path in -> the messages that send this file, or the parts of it that were asked for, out.

bytes > server > app > middleware > routing > handler > [response] > bytes

    FileResponse("film.mp4"), and the request says `range: bytes=0-499`
    ->  {"type": "http.response.start", "status": 206,
         "headers": [..., (b"content-range", b"bytes 0-499/10000"), (b"content-length", b"500"), (b"etag", b'"..."')]}
        {"type": "http.response.body", "body": b"...", "more_body": True}
        {"type": "http.response.body", "body": b"", "more_body": False}

The file is opened before the start is sent: what can go wrong goes wrong while another answer is still possible, and
length and version are those of the bytes that follow. A server that can send a file by itself is asked to, where it
offers `http.response.pathsend` or `http.response.zerocopysend`; else it is read piece by piece, on a thread, as fast as
the client takes it.

Spec:         https://www.rfc-editor.org/rfc/rfc9110#section-14
In FastAPI:   starlette.responses:FileResponse
In Starlette: starlette.responses:FileResponse
In Flask:     flask.helpers:send_file
Left out:     content encodings: a file `x.tar.gz` is application/x-tar here, as it is there
"""

import os
import stat
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, asynccontextmanager
from mimetypes import guess_type
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO
from urllib.parse import quote

from rawasgi.concurrency import BackgroundTask, run_in_threadpool
from rawasgi.datastructures import Headers, MutableHeaders
from rawasgi.messages.types import Scope, Send
from rawasgi.requests import no_receive
from rawasgi.responses import PlainTextResponse, Response, StreamingResponse, body_type
from rawasgi.toolkit.conditional import NotModifiedResponse, http_date, is_same_version, parse_http_date, precondition
from rawasgi.toolkit.ranges import MalformedRange, UnsatisfiableRange, parse_range

PATHSEND = "http.response.pathsend"
ZEROCOPYSEND = "http.response.zerocopysend"


class FileResponse(StreamingResponse):
    """A file as the body, whole or in parts; 304 and 412 where the request's conditions say so.

    `filename` names it for whoever saves it, by Content-Disposition. `media_type` follows from the name where it is not
    given. What it shares with other streams is what happens when the client leaves, and that the background task runs
    in any case. RuntimeError for what is no regular file, or cannot be opened: it is the app that named it.
    """

    chunk_size = 64 * 1024  # bytes of the file in one message
    max_ranges = 100

    def __init__(
        self,
        path: str | os.PathLike[str],
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        background: BackgroundTask | None = None,
        filename: str | None = None,
        stat_result: os.stat_result | None = None,
        content_disposition_type: str = "attachment",
    ) -> None:
        self.path, self.filename, self.stat_result = path, filename, stat_result
        self.status_code, self.background = status_code, background
        self.media_type = media_type or guess_type(filename or os.fspath(path))[0] or "application/octet-stream"
        self.init_headers(headers)
        self.headers.setdefault("accept-ranges", "bytes")
        if filename is not None:
            self.headers.setdefault("content-disposition", disposition(content_disposition_type, filename))
        if stat_result is not None:
            self.set_stat_headers(stat_result)

    def set_stat_headers(self, stat_result: os.stat_result) -> None:
        """Say length and version, as far as the headers do not say them already."""
        self.raw_headers = self.described(stat_result).raw

    def described(self, stat_result: os.stat_result) -> MutableHeaders:
        """The headers of this response for a file of that size and time, the headers that were given first."""
        headers = MutableHeaders(raw=list(self.raw_headers))
        headers.setdefault("content-length", str(stat_result.st_size))
        headers.setdefault("last-modified", http_date(stat_result.st_mtime))
        headers.setdefault("etag", f'"{stat_result.st_mtime_ns:x}-{stat_result.st_size:x}"')
        return headers

    async def stream_response(self, scope: Scope, send: Send) -> None:
        """Open the file, find out what the client needs of it, and send that."""
        async with opened(self.path) as (file, found):
            headers = self.described(self.stat_result or found)
            decided = self.decide(scope, headers)
            if isinstance(decided, Response):
                await decided(scope, no_receive, send)
            else:
                await self.send_file(file, decided, headers, scope, send)

    def decide(self, scope: Scope, headers: Headers) -> Response | list[range]:
        """What the request needs: a response in place of the file, some ranges of it, or (an empty list) all of it."""
        method = scope.get("method")
        if method not in ("GET", "HEAD") or self.status_code != 200:
            return []
        asked, size = Headers(raw=list(scope["headers"])), int(headers["content-length"])
        etag, modified = headers.get("etag"), parse_http_date(headers.get("last-modified"))
        status = precondition(method, asked, etag, modified)
        if status is not None:
            return NotModifiedResponse(headers) if status == 304 else Response(status_code=status)
        # "GET is the only method for which range handling is defined" (RFC 9110, 14.2)
        if method != "GET" or "range" not in asked:
            return []
        if "if-range" in asked and not is_same_version(asked["if-range"], etag, modified):
            return []
        try:
            return parse_range(asked["range"], size, self.max_ranges)
        except MalformedRange as error:
            return PlainTextResponse(str(error), 400)
        except UnsatisfiableRange:
            return PlainTextResponse(status_code=416, headers={"content-range": f"bytes */{size}"})

    async def send_file(
        self, file: BinaryIO, ranges: list[range], headers: MutableHeaders, scope: Scope, send: Send
    ) -> None:
        """Say start, then the file or these ranges of it; to HEAD the start alone."""
        size = int(headers["content-length"])
        parts: list[bytes | range] = [*ranges] or [range(size)]
        if len(ranges) == 1:
            headers["content-range"] = content_range(ranges[0], size)
        elif ranges:
            boundary = token_hex(13)
            parts = multipart(ranges, size, boundary, headers["content-type"])
            headers["content-type"] = f"multipart/byteranges; boundary={boundary}"
        if ranges:
            headers["content-length"] = str(sum(map(len, parts)))
        status = 206 if ranges else self.status_code
        await send({**self.start_message(scope), "status": status, "headers": headers.raw})
        if scope.get("method") == "HEAD" or self.is_bodiless:
            await send({"type": body_type(scope), "body": b"", "more_body": False})
        elif not ranges and offers(scope, PATHSEND):
            await send({"type": PATHSEND, "path": absolute(self.path)})
        else:
            await self.send_parts(file, parts, scope, send)

    async def send_parts(self, file: BinaryIO, parts: list[bytes | range], scope: Scope, send: Send) -> None:
        """Send what stands between the ranges as it is, and the ranges out of the file; then the end."""
        kind = body_type(scope)
        for part in filter(len, parts):
            if isinstance(part, bytes):
                await send({"type": kind, "body": part, "more_body": True})
            elif offers(scope, ZEROCOPYSEND):
                stretch = {"offset": part.start, "count": len(part)}
                await send({"type": ZEROCOPYSEND, "file": file, **stretch, "more_body": True})
            else:
                position = part.start
                while position < part.stop:
                    wanted = min(self.chunk_size, part.stop - position)
                    piece = await run_in_threadpool(read_at, file, position, wanted)
                    position += len(piece)
                    await send({"type": kind, "body": piece, "more_body": True})
        await send({"type": kind, "body": b"", "more_body": False})


@asynccontextmanager
async def opened(path: str | os.PathLike[str]) -> AsyncIterator[tuple[BinaryIO, os.stat_result]]:
    """An open regular file, and what the system says of it; RuntimeError where there is none."""
    with ExitStack() as held:  # it is filled on the thread: a wait that is cancelled would lose the file

        def open_on_thread() -> tuple[BinaryIO, os.stat_result]:
            try:
                file = held.enter_context(open(path, "rb", buffering=0, opener=without_waiting))
            except (OSError, ValueError) as error:  # ValueError: a name with NUL
                raise RuntimeError(f"FileResponse: {os.fspath(path)!r} cannot be opened: {error}") from error
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise RuntimeError(f"FileResponse: {os.fspath(path)!r} is no regular file")
            return file, found

        yield await run_in_threadpool(open_on_thread)
        # Closed on the loop: a file that was only read has nothing left to write, and no cancellation comes between.


def without_waiting(path: str, flags: int) -> int:
    """Open as `open` does, but not for ever: a named pipe would wait for its writer."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def read_at(file: BinaryIO, position: int, count: int) -> bytes:
    """At most `count` bytes from there on, and at least one."""
    file.seek(position)
    piece = file.read(count)
    if not piece:
        raise RuntimeError(f"FileResponse: {file.name!r} has become shorter than was promised to the client")
    return piece


def absolute(path: str | os.PathLike[str]) -> str:
    """The path as a server in another folder would find it (X11)."""
    return str(Path(path).absolute())


def offers(scope: Scope, extension: str) -> bool:
    """Whether the server of this request can do that."""
    return scope["type"] == "http" and extension in (scope.get("extensions") or {})


def content_range(positions: range, size: int) -> str:
    """`bytes 0-499/10000`: both ends are part of it."""
    return f"bytes {positions.start}-{positions.stop - 1}/{size}"


def multipart(ranges: list[range], size: int, boundary: str, content_type: str) -> list[bytes | range]:
    """Each range below a head of its own, as one body (RFC 9110, 14.6)."""
    parts: list[bytes | range] = []
    for positions in ranges:
        line_end = "\r\n" if parts else ""
        head = (
            f"--{boundary}\r\nContent-Type: {content_type}\r\nContent-Range: {content_range(positions, size)}\r\n\r\n"
        )
        parts += [(line_end + head).encode("latin-1"), positions]
    return [*parts, f"\r\n--{boundary}--".encode("latin-1")]


def disposition(kind: str, filename: str) -> str:
    """`attachment; filename="a.txt"`; with other than plain letters `filename*=utf-8''...` (RFC 6266, 4.1)."""
    escaped = quote(filename, errors="replace")
    return f'{kind}; filename="{filename}"' if escaped == filename else f"{kind}; filename*=utf-8''{escaped}"
