"""Events as they happen in -> a stream that a browser's EventSource reads out.

bytes > server > app > middleware > routing > handler > [response] > bytes

Server-sent events are one response that does not end. Each event is a few lines and a blank one:

    ServerSentEvent(data={"price": 7}, event="tick", id="41", retry=3000)
    ->  b'event: tick\\ndata: {"price":7}\\nid: 41\\nretry: 3000\\n\\n'

A browser that lost the connection asks again by itself, after `retry` milliseconds, and says in `Last-Event-ID` what it
had. While nothing happens a comment goes out now and then, so that no proxy takes the silence for the end, and so that
a server that tells only by `send` that the client has left gets to tell it.

Spec:         https://www.w3.org/TR/eventsource/#parsing-an-event-stream
In FastAPI:   fastapi.sse:EventSourceResponse
In Starlette: none, because one writes the lines into a stream: starlette.responses:StreamingResponse
In Flask:     none, because one writes the lines into a generator: flask.helpers:stream_with_context
Left out:     what was missed while the client was away: the app has to keep that
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rawasgi.concurrency import BackgroundTask
from rawasgi.requests import HTTPConnection
from rawasgi.responses import StreamingResponse, to_json

KEEPALIVE_COMMENT = b": ping\n\n"


def split_lines(text: str) -> list[str]:
    """Lines as the event stream format counts them: CRLF, LF and CR end one, and nothing else does."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def format_sse_event(
    *,
    data_str: str | None = None,
    event: str | None = None,
    id: str | None = None,  # noqa: A002  # the name of the field
    retry: int | None = None,
    comment: str | None = None,
) -> bytes:
    """One event in wire format, from data that is text already. Text of several lines becomes several `data:` lines."""
    lines = [] if comment is None else [f": {line}" for line in split_lines(comment)]
    if event is not None:
        lines.append(f"event: {event}")
    if data_str is not None:
        lines += [f"data: {line}" for line in split_lines(data_str)]
    if id is not None:
        lines.append(f"id: {id}")
    if retry is not None:
        lines.append(f"retry: {retry}")
    return "\n".join([*lines, "", ""]).encode("utf-8", "replace")


@dataclass(frozen=True, kw_only=True)
class ServerSentEvent:
    """One event. `data` goes out as JSON, a str in quotes too; `raw_data` is text that goes out as it is.

    `retry` is in milliseconds. ValueError for both kinds of data, for an `event` or `id` of more than one line (the rest
    would be read as fields of its own), for an `id` with NUL (the browser would ignore it), for a negative `retry`.
    """

    data: Any = None
    raw_data: str | None = None
    event: str | None = None
    id: str | None = None
    retry: int | None = None
    comment: str | None = None

    def __post_init__(self) -> None:
        if self.data is not None and self.raw_data is not None:
            raise ValueError("ServerSentEvent: an event has `data` or `raw_data`, not both")
        for name, value in (("event", self.event), ("id", self.id)):
            if value is not None and len(split_lines(value)) > 1:
                raise ValueError(f"ServerSentEvent: `{name}` must be one line: {value!r}")
        if self.id is not None and "\0" in self.id:
            raise ValueError(f"ServerSentEvent: `id` must not hold NUL: {self.id!r}")
        if self.retry is not None and (type(self.retry) is not int or self.retry < 0):
            raise ValueError(f"ServerSentEvent: `retry` is a number of milliseconds, not {self.retry!r}")

    def encode(self) -> bytes:
        """The event in wire format."""
        text = self.raw_data if self.data is None else to_json(self.data).decode()
        return format_sse_event(data_str=text, event=self.event, id=self.id, retry=self.retry, comment=self.comment)


def encode_event(item: Any) -> bytes:
    """A `ServerSentEvent` in wire format; bytes are in it already; anything else is the data of an event."""
    if isinstance(item, bytes):
        return item
    if not isinstance(item, ServerSentEvent):
        return format_sse_event(data_str=to_json(item).decode())
    return item.encode()


def last_event_id(connection: HTTPConnection) -> str | None:
    """What a browser that reconnects had seen last; None for one that is new. Its UTF-8 is read as such."""
    value = connection.headers.get("last-event-id")
    return None if value is None else value.encode("latin-1").decode("utf-8", "replace")


class EventSourceResponse(StreamingResponse):
    """Events out of an async iterable, or of an ordinary one on a thread: `ServerSentEvent`, bytes, or data for JSON.

    `ping` is the number of seconds of silence after which a comment goes out, None for never. The iterable runs in one
    task of its own from beginning to end, and is asked for the next event when the last one was sent.
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        content: AsyncIterable[Any] | Iterable[Any],
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        background: BackgroundTask | None = None,
        *,
        ping: float | None = 15.0,
    ) -> None:
        if ping is not None and not ping > 0:
            raise ValueError(f"EventSourceResponse: `ping` is a number of seconds above 0, or None, not {ping!r}")
        super().__init__(content, status_code, headers, media_type, background)
        self.body_iterator = with_pings(self.body_iterator, ping)
        self.headers.setdefault("cache-control", "no-cache")
        self.headers.setdefault("x-accel-buffering", "no")  # nginx would collect events until it has a page of them


async def with_pings(events: AsyncIterable[Any], seconds: float | None) -> AsyncGenerator[bytes, None]:
    """The events in wire format, and `: ping` whenever none has come for so long.

    The iterator cannot be asked with a timeout: it would be cancelled where it waits, and be over. So a task asks it,
    and this generator waits for the task.
    """
    encoded: asyncio.Queue[bytes | None] = asyncio.Queue()
    wanted = asyncio.Event()

    async def pump() -> None:
        iterator = aiter(events)
        try:
            async for event in iterator:
                encoded.put_nowait(encode_event(event))
                await wanted.wait()  # back pressure: no event is made before the last one was sent
                wanted.clear()
        finally:
            try:
                if close := getattr(iterator, "aclose", None):
                    await close()
            finally:
                encoded.put_nowait(None)

    pumping = asyncio.create_task(pump())
    try:
        while True:
            try:
                async with asyncio.timeout(seconds):
                    event = await encoded.get()
            except TimeoutError:
                yield KEEPALIVE_COMMENT
                continue
            if event is None:
                break
            yield event
            wanted.set()
    finally:
        await ended(pumping)


async def ended(task: "asyncio.Task[None]") -> None:
    """Cancel a task unless it is done, wait until it is, and raise what it raised. Who is cancelled here still waits."""
    asked_to_end = False
    stopped = task.cancel()
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            asked_to_end = True
            task.cancel()
    if asked_to_end:
        raise asyncio.CancelledError
    if not (stopped and task.cancelled()):
        task.result()
