"""What is made of the value of an endpoint, straight to bytes; and what is refused, or the server's own fault."""

import datetime
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from rawasgi.app import App
from rawasgi.concurrency import BackgroundTasks
from rawasgi.instruments.conversation import converse, request
from rawasgi.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from rawasgi.toolkit.events import EventSourceResponse, ServerSentEvent
from rawasgi.typed.answers import plain_json
from rawasgi.typed.errors import ResponseValidationError
from rawasgi.typed.params import Depends
from rawasgi.typed.plan import Answer
from rawasgi.typed.routing import APIRoute
from tests.drive import broken, http
from tests.instruments.messages import piece, start
from tests.typed.asking import JSON, answered, ask


class Item(BaseModel):
    name: str = Field(alias="Name")
    secret: str = "s"


def answer_of(endpoint, **options):
    """What a route has read from a return annotation and its options."""
    return APIRoute("/", endpoint, **options).plan.answer


async def nothing(): ...
async def none() -> None: ...
async def item() -> Item:
    return Item(Name="n")


async def response() -> Response:
    return Response()


async def html() -> HTMLResponse:
    return HTMLResponse()


async def numbers() -> AsyncIterator[int]:
    yield 1


def events() -> Iterator[ServerSentEvent]:
    yield ServerSentEvent(data=1)


async def unnamed() -> "list[Item]":
    return []


async def either() -> Response | Item:
    return Response()


async def unknown() -> "Nowhere":  # type: ignore[name-defined]  # noqa: F821
    ...


@pytest.mark.parametrize(
    ("endpoint", "options", "found"),
    [
        (nothing, {}, Answer()),
        (none, {"status_code": 204}, Answer(status_code=204)),
        (item, {}, Answer(response_model=Item)),
        (item, {"response_model": None}, Answer()),
        (item, {"response_model": dict[str, str]}, Answer(response_model=dict[str, str])),
        (unnamed, {}, Answer(response_model=list[Item])),
        (response, {}, Answer()),
        (html, {}, Answer()),
        (either, {"response_model": None}, Answer()),
        (unknown, {"response_model": None}, Answer()),
        (numbers, {}, Answer(stream="json lines", stream_item=int)),
        (numbers, {"response_class": StreamingResponse}, Answer(stream="bytes", response_class=StreamingResponse)),
        (
            numbers,
            {"response_class": EventSourceResponse},
            Answer(stream="events", stream_item=int, response_class=EventSourceResponse),
        ),
        (events, {"response_class": EventSourceResponse}, Answer(stream="events", response_class=EventSourceResponse)),
        (item, {"response_model_exclude": {"secret"}}, Answer(response_model=Item, exclude={"secret"})),
    ],
)
def test_an_answer_is_read_from_annotation_and_options(endpoint, options, found):
    """The options have the last word; a Response is no model, a generator a stream."""
    assert answer_of(endpoint, **options) == found


@pytest.mark.parametrize(
    ("endpoint", "options", "why"),
    [
        (either, {}, "GET HEAD /: pydantic cannot write rawasgi.responses.Response | tests.typed.test_answers.Item: "),
        (unknown, {}, "unknown(): its return annotation: the name 'Nowhere' in 'Nowhere' is not known in the module "),
        (
            item,
            {"status_code": 204},
            (
                "/: item() returns <class 'tests.typed.test_answers.Item'>, and status 204 has no body; "
                "choose another status, or say response_model=None"
            ),
        ),
    ],
)
def test_what_could_not_be_written_is_refused(endpoint, options, why):
    """When the route is made, with the remedy."""
    with pytest.raises(TypeError) as caught:
        answer_of(endpoint, **options)
    assert str(caught.value).startswith(why)


def answering(value, **options):
    """An app that returns this."""
    app = App()

    @app.get("/", **options)
    async def endpoint(tasks: BackgroundTasks):
        return value

    return app


@pytest.mark.parametrize(
    ("value", "options", "messages"),
    [
        ({"a": [1, "ä", None]}, {}, answered({"a": [1, "ä", None]})),
        ("text", {}, answered("text")),
        (None, {}, answered(None)),
        (datetime.date(2026, 1, 2), {}, answered("2026-01-02")),
        (Item(Name="n"), {}, answered({"Name": "n", "secret": "s"})),
        ({"Name": "n", "more": 1}, {"response_model": Item}, answered({"Name": "n", "secret": "s"})),
        (Item(Name="\ud800"), {"response_model": Item}, [
            start(200, (b"content-length", b"30"), JSON),
            {"type": "http.response.body", "body": b'{"Name":"\\ud800","secret":"s"}'},
        ]),
        (None, {"status_code": 204}, [start(204, JSON), {"type": "http.response.body", "body": b""}]),
        ("x", {"status_code": 205}, [start(205, (b"content-length", b"0")), {"type": "http.response.body", "body": b""}]),
        (JSONResponse([1], 202), {"response_model": Item}, answered([1], 202)),
    ],
)  # fmt: skip
def test_a_value_becomes_a_response(value, options, messages):
    """JSON of what nobody said anything of, of a model, of nothing; a Response as it is."""
    assert converse(answering(value, **options), request("GET", "/")) == messages


def test_head_is_answered_without_a_body():
    """The same headers."""
    assert converse(answering([1]), request("HEAD", "/")) == [
        start(200, (b"content-length", b"3"), JSON),
        {"type": "http.response.body", "body": b""},
    ]


def test_a_value_that_is_something_else_is_the_servers_fault():
    """500 to the client, and to the log what was wrong with what."""
    messages, error = broken(answering({"name": 1}, response_model=Item), http("GET", "/"))
    assert messages[0]["status"] == 500
    assert isinstance(error, ResponseValidationError)
    assert error.body == {"name": 1}
    assert str(error).startswith("1 validation error for GET HEAD /\n  {'type': 'missing', 'loc': ('response', 'Name')")


def test_nan_is_no_json():
    """ValueError, as from any JSON response here."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        plain_json({"a": [float("nan")]})


def streaming(endpoint, **options):
    """The body messages of a generator."""
    app = App()
    app.get("/", **options)(endpoint)
    return converse(app, request("GET", "/"))


async def things(tasks: BackgroundTasks) -> AsyncIterator[Item]:
    yield Item(Name="a")
    yield {"Name": "b", "more": 1}  # type: ignore[misc]


def blocking(tasks: BackgroundTasks):
    yield {"a": datetime.date(2026, 1, 2)}
    yield ServerSentEvent(data=Item(Name="c"), id="1")


def test_a_generator_is_a_stream_of_json_lines():
    """Each item checked and filtered as it comes, on the loop or on a thread."""
    lines = [b'{"Name":"a","secret":"s"}\n', b'{"Name":"b","secret":"s"}\n']
    jsonl = start(200, (b"content-type", b"application/jsonl"))
    assert streaming(things) == [jsonl, *(piece(line, True) for line in lines), piece()]


def test_a_generator_is_a_stream_of_events():
    """An item is the data of one; an event goes as it is, with its data as JSON of anything."""
    headers = [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"cache-control", b"no-cache"),
        (b"x-accel-buffering", b"no"),
    ]
    events = [b'data: {"a":"2026-01-02"}\n\n', b'data: {"Name":"c","secret":"s"}\nid: 1\n\n']
    expected = [start(200, *headers), *(piece(event, True) for event in events), piece()]
    assert streaming(blocking, response_class=EventSourceResponse) == expected


def test_what_a_stream_needs_is_there_until_its_end():
    """A dependency is torn down after the last item; a client that leaves ends both."""
    log: list[str] = []

    async def opened():
        try:
            yield "open"
        finally:
            log.append("closed")

    app = App()

    @app.get("/")
    async def endpoint(value: Annotated[Any, Depends(opened)]):
        try:
            for number in range(100):
                log.append(f"{value} {number}")
                yield number
        finally:
            log.append("stopped")

    with pytest.raises(OSError, match="left"):
        converse(app, request("GET", "/"), leaves_after=2)
    assert log == ["open 0", "open 1", "stopped", "closed"]
    assert ask(app, "/")[0] == 200
    assert log[-2:] == ["stopped", "closed"]
