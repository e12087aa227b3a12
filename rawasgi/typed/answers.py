"""What an endpoint returned in -> the response out.

bytes > server > app > middleware > routing > handler > [response] > bytes

    a Response                     ->  itself
    a value, -> Item               ->  Item's fields and no others, as JSON
    a value, and nothing is said   ->  JSON, by `jsonable_encoder` where it is no JSON yet
    a generator                    ->  a stream of JSON Lines, of events with response_class=EventSourceResponse,
                                       of what it yields with any other response class

What a route says that it returns is checked, filtered and written by pydantic's Rust core, straight to bytes. A value
that is something else is the server's fault: `ResponseValidationError`.

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html#response-start-send-event
In FastAPI:   fastapi.routing:serialize_response
In Starlette: none, because a handler returns a Response
In Flask:     flask.app:Flask.make_response
Left out:     nothing
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, closing
from dataclasses import replace
from typing import Any

try:
    import pydantic
    from pydantic_core import PydanticSerializationError
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError("typed handlers need pydantic: pip install 'rawasgi[typed]'", name=missing.name) from None

from rawasgi.responses import BODILESS, JSONResponse, Response, StreamingResponse, to_json
from rawasgi.toolkit.events import ServerSentEvent, format_sse_event
from rawasgi.typed.encoders import jsonable_encoder
from rawasgi.typed.errors import ResponseValidationError
from rawasgi.typed.plan import SAID_OF_MODELS, Answer
from rawasgi.typed.signature import SignatureError

JSON = (b"content-type", b"application/json")


def plain_json(value: Any) -> bytes:
    """JSON of a value of which nothing is known."""
    try:
        return to_json(value)
    except TypeError:  # no JSON yet
        return to_json(jsonable_encoder(value))


class Writer:
    """Values of one type -> JSON: checked, filtered, written."""

    def __init__(self, kind: Any, answer: Answer, endpoint: str) -> None:
        try:
            self.adapter: pydantic.TypeAdapter[Any] = pydantic.TypeAdapter(kind)
        except Exception as error:  # a type without schema, an unknown name
            raise SignatureError(
                f"{endpoint}: pydantic cannot write {kind!r}: {' '.join(str(error).split())[:200]}; "
                "annotate what is returned, or say response_model=None"
            ) from None
        self.endpoint = endpoint
        said = {name: getattr(answer, name) for name in SAID_OF_MODELS}
        self.said = {name: value for name, value in said.items() if value is not None and value is not False}
        self.said["by_alias"] = answer.by_alias
        self.says_nothing = self.said == {"by_alias": True}
        self.validate = self.adapter.validator.validate_python
        self.write = self.adapter.serializer.to_json

    def to_json(self, value: Any) -> bytes:
        """Straight to bytes."""
        try:
            checked = self.validate(value, from_attributes=True)
        except pydantic.ValidationError as error:
            raise self.refusal(value, error) from None
        try:
            return self.write(checked, by_alias=True) if self.says_nothing else self.write(checked, **self.said)
        except PydanticSerializationError:  # half a surrogate pair has no UTF-8, and Rust does not escape it
            return to_json(self.adapter.dump_python(checked, mode="json", **self.said))

    def to_python(self, value: Any) -> Any:
        """To what a response class of your own renders."""
        try:
            checked = self.validate(value, from_attributes=True)
        except pydantic.ValidationError as error:
            raise self.refusal(value, error) from None
        return self.adapter.dump_python(checked, mode="json", **self.said)

    def refusal(self, value: Any, error: pydantic.ValidationError) -> ResponseValidationError:
        """What the server's log says of a value that is something else."""
        lines = [{**line, "loc": ("response", *line["loc"])} for line in error.errors(include_url=False)]
        return ResponseValidationError(errors=lines, body=value, endpoint=self.endpoint)


def make_finish(answer: Answer, endpoint: str) -> Callable[[Any, Any], Any]:
    """A function of a run and the value of its endpoint that gives the response."""
    kind = answer.stream_item if answer.stream else answer.response_model
    writer = None if kind is None else Writer(kind, answer, endpoint)
    if answer.stream:
        return Streamer(answer, writer).finish
    if answer.status_code in (*BODILESS, 205):
        writer = None
    return Finisher(answer, writer).finish


class Finisher:
    """A value -> a response."""

    def __init__(self, answer: Answer, writer: Writer | None) -> None:
        self.response_class, self.status_code = answer.response_class, answer.status_code
        self.writer = writer
        self.write = plain_json if writer is None else writer.to_json

    def finish(self, run: Any, value: Any) -> Response:
        """Make it, with the status, headers and background tasks that the run has gathered."""
        if isinstance(value, Response):
            value.background = value.background or run.background
            return value
        said = run.response
        status = self.status_code if said is None else said.status_code or self.status_code
        if self.response_class is None and status != 205:
            response: Response = Written(self.write(value), status, run.background)
        elif self.response_class is None:  # the one status whose content is forbidden, and its Content-Length is not
            response = Response(None, 205, background=run.background)
        else:
            content = jsonable_encoder(value) if self.writer is None else self.writer.to_python(value)
            response = make_response(self.response_class, content, status, run.background)
        if said is not None:
            response.raw_headers += said.raw_headers
        return response


class Written(JSONResponse):
    """JSON that is bytes already. Without a status it is 200."""

    status_code = 200

    def __init__(self, body: bytes, status_code: int | None, background: Any) -> None:
        self.body = body
        self.background = background
        if status_code is not None:
            self.status_code = status_code
        is_bodiless = status_code is not None and status_code in BODILESS
        self.raw_headers = [JSON] if is_bodiless else [(b"content-length", b"%d" % len(body)), JSON]


def make_response(response_class: Any, content: Any, status: int | None, background: Any) -> Response:
    """A response of this class; without a status, with that of its class."""
    options = {"background": background} if status is None else {"background": background, "status_code": status}
    response: Response = response_class(content, **options)
    return response


class Streamer:
    """A generator -> a response that is written while it runs."""

    def __init__(self, answer: Answer, writer: Writer | None) -> None:
        self.answer = answer
        self.write = plain_json if writer is None else writer.to_json
        self.encode = {"bytes": None, "json lines": self.line, "events": self.event}[answer.stream]

    def finish(self, run: Any, value: Any) -> Response:
        """Make it."""
        said = 0 if run.response is None else run.response.status_code
        content = value if self.encode is None else encoded(value, self.encode)
        kind = StreamingResponse if self.answer.stream == "json lines" else self.answer.response_class
        response = make_response(kind, content, said or self.answer.status_code, run.background)
        if self.answer.stream == "json lines":
            response.raw_headers.append((b"content-type", b"application/jsonl"))
        if run.response is not None:
            response.raw_headers += run.response.raw_headers
        return response

    def line(self, item: Any) -> bytes:
        """One item, and the end of its line."""
        return self.write(item) + b"\n"

    def event(self, item: Any) -> Any:
        """One item as the data of an event; an event goes as it is, its data as any value does."""
        if not isinstance(item, ServerSentEvent):
            return format_sse_event(data_str=self.write(item).decode())
        if item.data is None:
            return item
        return replace(item, data=None, raw_data=plain_json(item.data).decode())


def encoded(items: Any, encode: Callable[[Any], Any]) -> Any:
    """Each item encoded where it is made: on the loop, or on a thread."""
    return encoded_here(items, encode) if isinstance(items, AsyncIterator) else encoded_blocking(items, encode)


async def encoded_here(items: Any, encode: Callable[[Any], Any]) -> AsyncIterator[Any]:
    """The same for an async generator, which is closed whatever happens."""
    async with aclosing(items):
        async for item in items:
            yield encode(item)


def encoded_blocking(items: Any, encode: Callable[[Any], Any]) -> Iterator[Any]:
    """The same for a generator."""
    with closing(items):
        for item in items:
            yield encode(item)
