"""Server-sent events: the format, the pings, and the one task that makes them."""

import asyncio
import contextvars
from typing import Any

import pytest
from fastapi.sse import format_sse_event as format_of_fastapi
from hypothesis import given, settings
from hypothesis import strategies as st

from rawasgi.app import App
from rawasgi.concurrency import BackgroundTask
from rawasgi.instruments.conversation import ClientLeft, Conversation, converse, request
from rawasgi.responses import PlainTextResponse
from rawasgi.routing import Route
from rawasgi.toolkit.events import EventSourceResponse, ServerSentEvent, encode_event, format_sse_event, last_event_id
from tests.drive import on_a_loop, on_virtual_time
from tests.instruments.messages import piece, start
from tests.toolkit.cancelling import never

HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
)
PING = piece(b": ping\n\n", True)
SPECS = pytest.mark.parametrize("spec_version", ["2.3", "2.4"])


@pytest.mark.parametrize(
    ("item", "wire"),
    [
        (ServerSentEvent(data={"a": [1, "é"]}), 'data: {"a":[1,"é"]}\n\n'),
        (ServerSentEvent(data="two\nlines"), 'data: "two\\nlines"\n\n'),
        (ServerSentEvent(data=0), "data: 0\n\n"),
        (
            ServerSentEvent(raw_data="one\r\ntwo\rthree\nfour\n"),
            "data: one\ndata: two\ndata: three\ndata: four\ndata: \n\n",
        ),
        (ServerSentEvent(raw_data=""), "data: \n\n"),
        (ServerSentEvent(raw_data="\u2028"), "data: \u2028\n\n"),
        (ServerSentEvent(comment="a\nb"), ": a\n: b\n\n"),
        (
            ServerSentEvent(raw_data="x", event="tick", id="7", retry=0, comment="c"),
            ": c\nevent: tick\ndata: x\nid: 7\nretry: 0\n\n",
        ),
        (ServerSentEvent(), "\n"),
        ({"a": 1}, 'data: {"a":1}\n\n'),
        ("text", 'data: "text"\n\n'),
        (None, "data: null\n\n"),
        (b": as it is\n\n", ": as it is\n\n"),
    ],
)
def test_an_item_in_wire_format(item, wire):
    """An event with its fields, bytes as they are, anything else as JSON."""
    assert encode_event(item) == wire.encode()


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"data": 1, "raw_data": "1"}, "an event has `data` or `raw_data`, not both"),
        ({"event": "a\nb"}, "`event` must be one line: 'a\\nb'"),
        ({"id": "a\rdata: forged"}, "`id` must be one line: 'a\\rdata: forged'"),
        ({"id": "a\0"}, "`id` must not hold NUL: 'a\\x00'"),
        ({"retry": -1}, "`retry` is a number of milliseconds, not -1"),
        ({"retry": True}, "`retry` is a number of milliseconds, not True"),
        ({"retry": 1.5}, "`retry` is a number of milliseconds, not 1.5"),
    ],
)
def test_an_event_that_would_be_read_as_another_is_refused(fields, why):
    """Where it is made, so that the traceback names the line."""
    with pytest.raises(ValueError) as caught:
        ServerSentEvent(**fields)
    assert str(caught.value) == f"ServerSentEvent: {why}"


TEXT = st.none() | st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(["a\r\nb", "\r\n\r", "\n\n"])


@settings(derandomize=True, deadline=None, max_examples=100)
@given(TEXT, TEXT, TEXT, TEXT, st.none() | st.integers(0, 9999))
def test_the_format_is_fastapis(data_str, event, id_, comment, retry):
    """Byte for byte, whatever the text."""
    fields = {"data_str": data_str, "event": event, "id": id_, "comment": comment, "retry": retry}
    assert format_sse_event(**fields) == format_of_fastapi(**fields)


async def ticks(log, count=2):
    """Some events; it says how it ended."""
    try:
        for number in range(count):
            yield ServerSentEvent(data=number, id=str(number))
    finally:
        log.append("closed")


@SPECS
def test_a_stream_of_events(spec_version):
    """Start, the events, the end; the generator is closed before the background task runs."""
    log: list[Any] = []
    response = EventSourceResponse(ticks(log), background=BackgroundTask(log.append, "work"))
    assert converse(response, request(spec_version=spec_version)) == [
        start(200, *HEADERS),
        piece(b"data: 0\nid: 0\n\n", True),
        piece(b"data: 1\nid: 1\n\n", True),
        piece(),
    ]
    assert log == ["closed", "work"]


def test_an_ordinary_iterable_will_do_and_headers_may_be_changed():
    """It runs on a thread; the two headers are only defaults."""
    response = EventSourceResponse([1], 201, {"Cache-Control": "no-store"}, "text/event-stream; x=1")
    assert converse(response, request()) == [
        start(
            201,
            (b"cache-control", b"no-store"),
            (b"content-type", b"text/event-stream; x=1; charset=utf-8"),
            HEADERS[2],
        ),
        piece(b"data: 1\n\n", True),
        piece(),
    ]
    assert converse(EventSourceResponse([1]), request("HEAD")) == [start(200, *HEADERS), piece()]


@SPECS
@on_virtual_time
async def test_silence_is_filled_with_comments(spec_version):
    """After each quarter of a minute, without touching the generator: its next event comes whole."""

    async def quiet():
        yield 1
        await asyncio.sleep(40)
        yield 2

    exchange = request(spec_version=spec_version)
    came = []
    async with Conversation(EventSourceResponse(quiet()), exchange.scope, exchange.messages) as talk:
        while (message := await talk.next_sent()) is not None:
            came.append((asyncio.get_running_loop().time(), message))
    assert came == [
        (0, start(200, *HEADERS)),
        (0, piece(b"data: 1\n\n", True)),
        (15, PING),
        (30, PING),
        (40, piece(b"data: 2\n\n", True)),
        (40, piece()),
    ]


@pytest.mark.parametrize("ping", [0, -1, float("nan")])
def test_a_ping_without_time_is_refused(ping):
    """None stands for never."""
    with pytest.raises(ValueError, match=r"`ping` is a number of seconds above 0, or None"):
        EventSourceResponse([], ping=ping)
    assert converse(EventSourceResponse([], ping=None), request()) == [start(200, *HEADERS), piece()]


@SPECS
@on_a_loop
async def test_no_event_is_made_before_the_last_one_was_sent(spec_version):
    """Back pressure: while `send` waits, so does the generator."""
    made: list[Any] = []
    sent: list[Any] = []

    async def numbers():
        for number in range(3):
            made.append(number)
            yield number

    async def send(message):
        for _ in range(5):
            await asyncio.sleep(0)
        sent.append(message)
        assert len(made) <= len(sent)

    await EventSourceResponse(numbers())(request(spec_version=spec_version).scope, never, send)
    assert (made, len(sent)) == ([0, 1, 2], 5)


async def silent(log):
    """One event, then nothing for ever; its clean-up takes a moment."""
    try:
        yield 1
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0)
        log.append("closed")


def test_a_client_that_left_is_noticed_by_the_next_ping():
    """Spec 2.4: `send` tells it, the generator is closed where it waits, and the background task runs."""
    log: list[Any] = []
    response = EventSourceResponse(silent(log), ping=0.001, background=BackgroundTask(log.append, "work"))
    with pytest.raises(ClientLeft):
        converse(response, request(spec_version="2.4"), leaves_after=2)
    assert log == ["closed", "work"]


def test_a_client_that_left_is_noticed_without_a_ping_by_an_older_server():
    """Spec 2.3: `receive` tells it."""
    log: list[Any] = []
    response = EventSourceResponse(silent(log), ping=None, background=BackgroundTask(log.append, "work"))
    assert converse(response, request(spec_version="2.3"), leaves_after=2) == [
        start(200, *HEADERS),
        piece(b"data: 1\n\n", True),
    ]
    assert log == ["closed", "work"]


@on_a_loop
async def test_the_generator_runs_in_one_task_and_sees_the_callers_context():
    """So that a timeout or a task group may last over several events."""
    user: contextvars.ContextVar[str] = contextvars.ContextVar("user")
    user.set("ada")
    tasks = set()

    async def long_lived():
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(0))
            for _ in range(3):
                tasks.add(asyncio.current_task())
                yield user.get()

    sent: list[Any] = []

    async def send(message):
        await asyncio.sleep(0)
        sent.append(message)

    await EventSourceResponse(long_lived())(request(spec_version="2.4").scope, never, send)
    assert sent == [start(200, *HEADERS), *[piece(b'data: "ada"\n\n', True)] * 3, piece()]
    assert (len(tasks), asyncio.all_tasks()) == (1, {asyncio.current_task()})


@pytest.mark.parametrize(
    "error", [LookupError("lost"), TimeoutError("late"), asyncio.CancelledError("of its own")], ids=repr
)
def test_an_exception_in_the_generator_goes_on(error):
    """After the events before it, and without an end: the server must tear the body."""

    async def failing():
        yield 1
        raise error

    sent: list[Any] = []

    async def app(scope, receive, send):
        async def send_and_note(message):
            sent.append(message)
            await send(message)

        try:
            await EventSourceResponse(failing())(scope, receive, send_and_note)
        except BaseException as raised:
            raise RuntimeError(type(raised).__name__, str(raised)) from None

    with pytest.raises(RuntimeError) as caught:
        converse(app, request())
    assert caught.value.args == (type(error).__name__, str(error))
    assert sent == [start(200, *HEADERS), piece(b"data: 1\n\n", True)]


def test_what_json_cannot_say_goes_on_as_an_error_and_closes_the_generator():
    """NaN is no JSON."""
    log: list[Any] = []

    async def numbers():
        try:
            yield float("nan")
        finally:
            log.append("closed")

    with pytest.raises(ValueError, match="Out of range float values are not JSON compliant"):
        converse(EventSourceResponse(numbers()), request())
    assert log == ["closed"]


@on_a_loop
async def test_a_second_cancellation_reaches_the_clean_up_too():
    """A generator that waits for ever in its `finally` cannot hold the request: who is cancelled again passes it on."""
    log: list[Any] = []

    async def stubborn():
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            log.append("tidying")
            try:
                await asyncio.Event().wait()
            finally:
                log.append("ended")

    async def send(message):
        await asyncio.sleep(0)

    response = EventSourceResponse(stubborn())
    task = asyncio.create_task(response(request(spec_version="2.4").scope, never, send))
    for _ in range(2):
        for _ in range(10):
            await asyncio.sleep(0)
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (log, asyncio.all_tasks()) == (["tidying", "ended"], {asyncio.current_task()})


@pytest.mark.parametrize(
    ("headers", "seen"),
    [
        ([], "None"),
        ([(b"last-event-id", b"41")], "'41'"),
        ([(b"last-event-id", "é".encode())], "'é'"),
        ([(b"last-event-id", b"\xff")], "'\ufffd'"),
        ([(b"last-event-id", b"")], "''"),
    ],
)
def test_a_browser_that_comes_back_says_what_it_had(headers, seen):
    """In UTF-8, which a header otherwise is not."""

    async def resumed(request):
        return PlainTextResponse(repr(last_event_id(request)))

    sent = converse(App(routes=[Route("/", resumed)]), request("GET", "/", headers))
    assert sent[1] == {"type": "http.response.body", "body": seen.encode()}
