"""What passes each boundary of an app is noted, in order, as it was, and without changing it."""

import asyncio
import contextvars
import sys
import threading

import pytest

from rawasgi.instruments.apart import Exited, Hanging
from rawasgi.instruments.conversation import converse, handshake, life, request
from rawasgi.instruments.layers import probed
from rawasgi.instruments.tracing.recorder import Recorder, record
from rawasgi.instruments.tracing.trace import Trace
from tests.instruments.messages import ACCEPT, asked, close, notes, piece, sent, start
from tests.instruments.test_conversation import make_django
from tests.instruments.tracing.apps import echo, hangs, mounted, path, shop, short, stamped, timing

START, BODY, REQUEST = "http.response.start", "http.response.body", "http.request"


def test_every_message_at_every_boundary_in_order():
    """What comes in is seen outside first, what goes out is seen inside first."""
    trace = record(timing(echo), request("POST", "/", body=b"hi"))
    assert short(trace.events) == [
        (0, "enter", None),
        (1, "enter", None),
        (0, "receive", REQUEST),
        (1, "receive", REQUEST),
        (1, "send", START),
        (0, "send", START),
        (1, "send", BODY),
        (0, "send", BODY),
        (1, "return", None),
        (0, "return", None),
    ]
    assert [event.seq for event in trace.events] == [*range(1, 11)]
    assert [event.t for event in trace.events] == sorted(event.t for event in trace.events)
    assert (trace.target, trace.asked, trace.ending, trace.status) == ("timing", "POST /", "200, 2 bytes", 200)


def test_the_outermost_boundary_is_given_the_whole_scope_and_each_other_what_is_new():
    """A Mount changes `root_path` and adds more; an app that adds nothing has an empty difference."""
    trace = record(mounted(), request("GET", "/sub/hello"))
    entered = {event.name: dict(event.scope_diff) for event in trace.events if event.kind == "enter"}
    assert entered["Starlette"].items() >= request("GET", "/sub/hello").scope.items()
    below = entered["Mount /sub: Starlette"]
    assert below["root_path"] == "/sub"
    assert sorted(below) == ["app_root_path", "endpoint", "path_params", "root_path", "route", "router"]


STACK = [
    "FastAPI",
    "ServerErrorMiddleware",
    "ExceptionTelemetryMiddleware",
    "AppBodyLimitMiddleware",
    "stamp (function)",
]
BELOW = ["AsyncExitStackMiddleware", "APIRouter", "GET /items/{id}"]


def test_a_layer_that_runs_the_rest_in_a_second_task_is_seen():
    """Starlette's BaseHTTPMiddleware does, with a copy of the context; all below it stay together."""
    assert path(record(shop(), request("GET", "/items/7"))) == [
        *((name, "task 1", "same") for name in STACK),
        ("ExceptionMiddleware", "task 2", "copied"),
        *((name, "task 2", "same") for name in BELOW),
    ]


def test_a_layer_of_rawasgi_written_as_a_function_is_given_the_response_itself():
    """It is in the same task, and what it takes unsent is seen as that."""
    trace = record(stamped(), request())
    assert path(trace) == [
        (name, "task 1", "same") for name in ("App", "stamp (function)", "ExceptionMiddleware", "Router", "GET /")
    ]
    said = [(event.layer, event.message["type"]) for event in trace.events if event.kind == "send" and event.message]
    unsent = [(layer, "rawasgi.response") for layer in (4, 3, 2)]
    assert said == [*unsent, *((layer, kind) for kind in (START, BODY) for layer in (1, 0))]
    assert trace.error is None
    assert dict(converse(stamped(), request())[0]["headers"])[b"x-size"] == b"4"


def test_a_context_of_its_own_is_found_by_what_it_hides_not_by_its_task():
    """A task that is given the context of the one that makes it copies nothing."""

    def copies(app):
        async def layer(scope, receive, send):
            own = contextvars.copy_context()
            await asyncio.create_task(app({**scope, "context": own}, receive, send), context=own)

        return layer

    def shares(app):
        async def layer(scope, receive, send):
            await asyncio.create_task(app(scope, receive, send), context=scope["context"])

        return layer

    async def answer(scope, receive, send):
        await echo(scope, receive, send)

    assert path(record(copies(shares(answer)), request("POST", "/"))) == [
        ("copies", "task 1", "same"),
        ("shares", "task 2", "copied"),
        ("answer", "task 3", "same"),
    ]


def test_two_calls_of_one_layer_are_told_apart():
    """A layer that tries again: the first call's context is known too."""

    def twice(app):
        async def layer(scope, receive, send):
            await asyncio.create_task(app(scope, receive, lose))
            await app(scope, receive, send)

        async def lose(message):
            pass

        return layer

    async def answer(scope, receive, send):
        await send(start())
        await send(piece())

    assert [context for _, _, context in path(record(twice(answer), request()))] == ["same", "copied", "same"]


def test_a_message_is_noted_as_it_was_and_passes_as_it_is():
    """An app may use one dict for all its messages, and a layer outside may add a header to the list in place."""

    def adds(app):
        async def layer(scope, receive, send):
            async def send_with_header(message):
                if message["type"] == START:
                    message["headers"].append((b"x-a", b"1"))
                await send(message)

            await app(scope, receive, send_with_header)

        return layer

    async def reuses(scope, receive, send):
        message = start()
        await send(message)
        message.clear()
        message.update(piece(b"a"))
        await send(message)

    trace = record(adds(reuses), request())
    plain, marked = {**start(), "headers": []}, {**start(), "headers": [(b"x-a", b"1")]}
    assert [e.message for e in trace.events if e.kind == "send"] == [plain, marked, piece(b"a"), piece(b"a")]
    assert converse(adds(reuses), request()) == [marked, piece(b"a")]


def test_an_object_in_the_scope_does_not_notice_that_it_is_looked_at():
    """A session that is read is sent again: looking must not read it, though it is a dict."""

    class Session(dict[str, int]):
        def items(self):
            raise AssertionError("it was read")

        __iter__ = keys = values = __eq__ = items  # type: ignore[assignment]
        __hash__ = None

    def with_session(app):
        async def layer(scope, receive, send):
            await app({**scope, "session": Session(id=7)}, receive, send)

        return layer

    trace = record(with_session(timing(echo)), request("POST", "/"))
    assert trace.error is None
    assert [[*event.scope_diff] for event in trace.events if event.kind == "enter"][1:] == [["session"], []]


def test_websockets_and_the_lifespan_are_traced_too():
    """The client says goodbye after its last message; without it an app that listens on would never end."""
    trace = record(notes([], 1, ACCEPT, 1, sent("b"), 1), handshake("/ws?a=1", "a"))
    assert short(trace.events) == [
        (0, "enter", None),
        (0, "receive", "websocket.connect"),
        (0, "send", "websocket.accept"),
        (0, "receive", "websocket.receive"),
        (0, "send", "websocket.send"),
        (0, "receive", "websocket.disconnect"),
        (0, "return", None),
    ]
    assert (trace.asked, trace.ending) == ("WS /ws?a=1", "accepted, 1 message")
    assert record(notes([], 1, close(4000)), handshake()).ending == "closed with 4000"
    living = record(mounted(), life())
    assert (living.asked, living.ending) == ("LIFESPAN", "startup.complete, shutdown.complete")


def test_the_lifespan_around_a_request_is_no_part_of_its_trace():
    """It runs, and what it has left is in the scope."""
    seen = []

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            await receive()
            scope["state"]["db"] = 1
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
        else:
            seen.append(scope["state"])
            await echo(scope, receive, send)

    trace = record(app, request("POST", "/"))
    assert (seen, trace.events[0].scope_diff["state"]) == ([{"db": 1}], {"db": 1})
    assert {event.kind for event in trace.events} == {"enter", "receive", "send", "return"}


def test_an_exception_passes_untouched_and_is_in_the_trace():
    """Each boundary that it crosses has its `raise`; what was sent before is there too."""
    error = LookupError("mine\nand more")

    async def app(scope, receive, send):
        await send(start(500))
        raise error

    trace = record(timing(app), request())
    assert trace.error is error
    assert trace.ending == "500, 0 bytes, raised LookupError: mine"
    raised = {"type": "LookupError", "message": "mine\nand more"}
    assert [(e.layer, e.message) for e in trace.events if e.kind == "raise"] == [(1, raised), (0, raised)]


def test_an_app_that_hangs_is_left_with_the_lines_where_it_stands():
    """Every layer's line is there, through the probes between them; our own cancelling is no event of the app's."""
    trace = record(timing(hangs), request(), seconds=0.1)
    assert isinstance(trace.error, Hanging)
    assert trace.ending == "hangs: the app has not ended its call in 0.1 s"
    assert short(trace.events)[-1] == (1, "receive", REQUEST)
    assert [line.function for line in trace.lanes[0].lines] == ["timing.<locals>.asgi", "hangs", "Event.wait"]


def test_an_app_that_waits_for_the_client_stands_at_its_own_receive():
    """What our `receive` awaits in its turn is no line of the app's."""

    async def listens(scope, receive, send):
        if scope["type"] == "http":
            while True:
                await receive()

    trace = record(timing(listens), request(), seconds=0.1)
    assert [line.function.rpartition(".")[2] for line in trace.lanes[0].lines] == ["asgi", "listens"]


@pytest.mark.parametrize("make", [timing, lambda app: shop_with(app)], ids=["by hand", "in a second task"])
def test_an_app_that_calls_sys_exit_is_named_as_that(make):
    """Whatever follows from it: in a task it stops the event loop."""

    async def exits(scope, receive, send):
        sys.exit(3)

    trace = record(make(exits), request("GET", "/exits/"))
    assert isinstance(trace.error, Exited)
    assert str(trace.error) == "the app has called sys.exit(3)"


def shop_with(app):
    made = shop()
    made.mount("/exits", app)
    return made


def test_somebody_may_hear_of_each_event_at_once():
    """`on_event` is called in the place where it happens."""
    heard = []
    trace = record(echo, request("POST", "/"), on_event=lambda event: heard.append((event.kind, threading.get_ident())))
    assert [kind for kind, _ in heard] == [event.kind for event in trace.events]
    assert {thread for _, thread in heard} != {threading.get_ident()}


@pytest.mark.parametrize(
    ("nonsense", "words"),
    [
        (None, "NoneType"),
        ({}, ""),
        ({"type": 7}, "7"),
        ({"type": START, "headers": 3, "status": "x"}, f"{START} headers 3, x"),
    ],
)
def test_nonsense_is_noted_and_handed_on(nonsense, words):
    """What an app should not send is the server's to refuse, and no trouble of ours."""

    async def app(scope, receive, send):
        await send(nonsense)

    trace = record(app, request())
    assert trace.error is not None
    assert [event.kind for event in trace.events][:2] == ["enter", "send"]
    assert words in trace.text()
    assert Trace.from_lines(trace.lines()).text() == trace.text()


def test_a_foreign_app_is_one_layer():
    """Django's ASGIHandler: what is inside it speaks no ASGI."""
    trace = record(make_django(), request("POST", "/up", body=b"hi"))
    assert path(trace) == [("ASGIHandler", "task 1", "same")]
    assert trace.ending == "201, 2 bytes"


def test_two_recorders_at_the_same_time_do_not_mix():
    """An app that is probed twice is seen by both."""
    first, second = Recorder(), Recorder()
    with probed(echo, first.probe) as once, probed(once, second.probe) as twice:
        converse(twice, request("POST", "/"))
    assert short(first.events) == short(second.events) == short(record(echo, request("POST", "/")).events)
    assert first.sent == second.sent


def test_receive_may_be_called_as_often_as_one_likes():
    """After the response comes the disconnect, and it is seen."""
    trace = record(notes([], 1, start(), piece(), 1), request("POST", "/", body=b"a"))
    assert [e.message for e in trace.events if e.kind == "receive"] == [asked(b"a"), {"type": "http.disconnect"}]
