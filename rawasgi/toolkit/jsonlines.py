"""Values in -> a stream of JSON, one value a line, out.

bytes > server > app > middleware > routing > handler > [response] > bytes

    JSONLinesResponse([{"a": 1}, [2]])  ->  b'{"a":1}\\n', b'[2]\\n'

A long list as one JSON text is complete only at its last byte. A line is complete when its line end has come: whoever
reads can begin with the first, and nobody has to hold them all.

Spec:         none, because no standard body has one; this is newline-delimited RFC 8259: https://www.rfc-editor.org/rfc/rfc8259
In FastAPI:   none, because its routes do it for generators, without a class: fastapi.routing:get_request_handler
In Starlette: none, because one writes the lines into a stream: starlette.responses:StreamingResponse
In Flask:     none, because one writes the lines into a generator: flask.helpers:stream_with_context
Left out:     reading them
"""

from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Mapping
from typing import Any

from rawasgi.concurrency import BackgroundTask
from rawasgi.responses import StreamingResponse, to_json


class JSONLinesResponse(StreamingResponse):
    """Values out of an async iterable, or of an ordinary one on a thread, each as a line of JSON in UTF-8.

    A value that JSON cannot say is an error in the middle of the body: the server breaks it off, and the client sees that.
    """

    media_type = "application/jsonl"

    def __init__(
        self,
        content: AsyncIterable[Any] | Iterable[Any],
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        background: BackgroundTask | None = None,
    ) -> None:
        super().__init__(content, status_code, headers, media_type, background)
        self.body_iterator = json_lines(self.body_iterator)


async def json_lines(values: AsyncIterable[Any]) -> AsyncGenerator[bytes, None]:
    """Each value as a line; whatever happens, the iterator of the values is closed."""
    iterator = aiter(values)
    try:
        async for value in iterator:
            yield to_json(value) + b"\n"
    finally:
        if close := getattr(iterator, "aclose", None):
            await close()
