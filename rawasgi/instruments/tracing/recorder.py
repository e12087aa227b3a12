"""An app and an exchange in -> a trace of it out.

bytes > server > [app > middleware > routing > handler > response] > bytes

One probe stands at each boundary: it hands the call on with a `receive` and a `send` of its own, which note what passes.
Messages are copied when they are seen and never changed, exceptions pass untouched.

Whether a layer runs in a copy of the context around it cannot be asked; so each probe plants a mark when its call
ends, in the context in which it runs, and the probe around it looks whether it can see it.

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#applications
In FastAPI:   none, because it traces requests as a whole: fastapi.telemetry
In Starlette: none, because it leaves this to debuggers
In Flask:     none, because it leaves this to debuggers
Left out:     messages that a layer makes and swallows without a boundary between
"""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

from rawasgi.instruments.apart import Exited, Hanging, hold
from rawasgi.instruments.conversation import Conversation, Exchange
from rawasgi.instruments.frames import Lane
from rawasgi.instruments.layers import Layer, probed
from rawasgi.instruments.tracing.elision import size
from rawasgi.instruments.tracing.events import Event
from rawasgi.instruments.tracing.trace import Trace
from rawasgi.messages.errors import AppProtocolError
from rawasgi.messages.types import ASGIApp, Message, Receive, Scope, Send
from rawasgi.responses import TrackedSend

STARTS = ("response.start", "start_response")  # also of a refused handshake, and of a WSGI app
GOODBYE = {"type": "websocket.disconnect", "code": 1000, "reason": ""}
DEEPEST = 5  # levels of containers that are copied: deeper, and in rings, they are kept as they are
UNSENT = "rawasgi.response"  # a whole response, handed to function-style middleware of rawasgi before it is sent


class Call:
    """One call of a layer, while it lasts."""

    def __init__(self, recorder: "Recorder", layer: Layer, scope: Mapping[str, Any], around: "Call | None") -> None:
        self.recorder = recorder
        self.name = layer.name
        self.depth: int = 0 if around is None else around.depth + 1
        self.scope: dict[str, Any] = {key: copied(value) for key, value in scope.items()}
        self.outer_scope: Mapping[str, Any] = {} if around is None else around.scope
        self.inner: list[Call] = []
        self.task = current_task()
        self.context = "same" if around is None or around.task is self.task else "copied"  # until there is proof
        if around is not None:
            around.inner.append(self)


INSIDE: ContextVar[Call | None] = ContextVar("the call of a layer that is being traced", default=None)
ENDED: ContextVar[tuple[Call, ...]] = ContextVar("calls of layers that have ended in this context", default=())


class Recorder:
    """What has happened so far. `sent` is what the app has said to the server; `on_event` hears of each event at once.

    Scopes of other types than `wanted` pass unseen: a request is traced without the lifespan around it.
    """

    def __init__(
        self, wanted: Sequence[str] = ("http", "websocket"), on_event: Callable[[Event], object] | None = None
    ) -> None:
        self.events: list[Event] = []
        self.sent: list[Message] = []
        self.wanted = wanted
        self.on_event = on_event
        self.began: float | None = None  # when the first event was noted
        self.calls: dict[int, Call] = {}  # seq -> the call in which it happened
        self.tasks: dict[Any, str] = {}
        self.exit: SystemExit | None = None

    def probe(self, layer: Layer) -> ASGIApp:
        """What stands before a layer."""

        async def probe(scope: Scope, receive: Receive, send: Send) -> None:
            await self.see(layer, scope, receive, send)

        return probe

    async def see(self, layer: Layer, scope: Scope, receive: Receive, send: Send) -> None:
        """Call a layer, and note all that passes."""
        if scope["type"] not in self.wanted:
            await layer.app(scope, receive, send)
            return
        around = INSIDE.get()
        call = Call(self, layer, scope, around if around is not None and around.recorder is self else None)
        INSIDE.set(call)
        self.note(call, "enter", None, scope_diff(call.outer_scope, call.scope))

        async def receive_and_note() -> Message:
            message = await receive()
            self.note(call, "receive", seen_message(message))
            return message

        async def send_and_note(message: Message) -> None:
            self.note_sent(call, message)
            await send(message)

        # rawasgi's own layers ask whether their `send` remembers, and then hand a response over without sending it
        noting: Send = SeenSend(self, call, send) if isinstance(send, TrackedSend) else send_and_note
        try:
            await layer.app(scope, receive_and_note, noting)
        except BaseException as error:
            self.note(call, "raise", {"type": type(error).__name__, "message": str(error)})
            self.exit = error if isinstance(error, SystemExit) else self.exit
            raise
        else:
            self.note(call, "return", None)
        finally:
            visible = ENDED.get()
            for inner in call.inner:
                inner.context = "same" if any(inner is each for each in visible) else "copied"
            INSIDE.set(around)
            ENDED.set((*visible, call))

    def note_sent(self, call: Call, message: Message) -> None:
        """A message goes out."""
        seen = seen_message(message)
        if call.depth == 0:
            self.sent.append(seen)
        self.note(call, "send", seen)

    def note(self, call: Call, kind: str, message: Any, diff: Mapping[str, Any] | None = None) -> None:
        """One more event."""
        now = time.perf_counter()
        self.began = now if self.began is None else self.began
        seq, t = len(self.events) + 1, now - self.began
        thread = threading.current_thread().name
        task = self.name_of(current_task())
        event = Event(seq, t, call.depth, call.name, kind, message, task, thread, call.context, diff or {})
        self.events.append(event)
        self.calls[seq] = call
        if self.on_event is not None:
            self.on_event(event)

    def name_of(self, task: Any) -> str:
        """`task 2`, counted from the first that was seen here; a task to which somebody gave a name keeps it."""
        if task is None:
            return ""
        if task not in self.tasks:
            name = str(task.get_name())
            is_counted = name.startswith("Task-") or "." in name  # asyncio counts, anyio names the function
            self.tasks[task] = f"task {len(self.tasks) + 1}" if is_counted else name
        return self.tasks[task]

    def told(self) -> tuple[Event, ...]:
        """The events, with what has become known of each layer's context since."""
        return tuple(replace(event, context=self.calls[event.seq].context) for event in [*self.events])


class SeenSend(TrackedSend):
    """The `send` that a layer of rawasgi is given: it notes what passes, and is otherwise the one it stands before."""

    def __init__(self, recorder: Recorder, call: Call, behind: TrackedSend) -> None:
        self.recorder = recorder
        self.call = call
        self.behind = behind

    @property
    def started(self) -> bool:  # type: ignore[override]
        """Whether the response has started, as the `send` behind this one sees it."""
        return self.behind.started

    def __call__(self, message: Message) -> Awaitable[None]:
        """Note a message, and hand it on."""
        self.recorder.note_sent(self.call, message)
        return self.behind(message)

    async def respond(self, response: Any, scope: Scope, receive: Receive) -> None:
        """Hand a response over unsent where somebody waits for it; else send it through here."""
        if takes_unsent(self.behind):
            status = getattr(response, "status_code", None)
            self.recorder.note(self.call, "send", {"type": UNSENT, "status": status})
            await self.behind.respond(response, scope, receive)
        else:
            await super().respond(response, scope, receive)


def takes_unsent(send: TrackedSend) -> bool:
    """Whether the first `send` that is not our own takes a whole response."""
    while isinstance(send, SeenSend):
        send = send.behind
    return type(send).respond is not TrackedSend.respond


def seen_message(message: Any) -> dict[str, Any]:
    """A message as it is now; what is no message at all is shown by its type."""
    if isinstance(message, Mapping):
        return {**{str(key): copied(value) for key, value in message.items()}, "type": str(message.get("type", ""))}
    return {"type": type(message).__name__}


def copied(value: Any, depth: int = 0) -> Any:
    """Plain containers as they are now. Anything else may notice that it is looked at, as a session does."""
    if depth < DEEPEST and type(value) is dict:
        return {key: copied(each, depth + 1) for key, each in value.items()}
    if depth < DEEPEST and type(value) in (list, tuple):
        return type(value)([copied(each, depth + 1) for each in value])
    return bytes(value) if isinstance(value, bytearray | memoryview) else value


def scope_diff(outer: Mapping[str, Any], inner: Mapping[str, Any]) -> dict[str, Any]:
    """What the inner scope has that the outer one has not, or has otherwise."""
    return {key: value for key, value in inner.items() if key not in outer or not is_same(outer[key], value)}


def is_same(one: Any, other: Any) -> bool:
    """Whether two values are the same, as far as that can be asked without harm."""
    try:
        return one is other or (type(one) is type(other) and bool(one == other))
    except Exception:
        return False


def current_task() -> Any:
    """The task that runs, if any does."""
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None


def asked_of(scope: Scope) -> str:
    """`GET /items/7?q=1`, `WS /chat`, `LIFESPAN`."""
    if scope["type"] == "lifespan":
        return "LIFESPAN"
    path = scope.get("raw_path", b"").decode("ascii", "replace") or scope["path"]
    query = scope.get("query_string", b"").decode("ascii", "replace")
    return f"{scope.get('method', 'WS')} {path}{'?' if query else ''}{query}"


def ending_of(sent: Sequence[Message], error: BaseException | None) -> str:
    """`200, 31 bytes`, `accepted, 2 messages, closed with 1000`, and what was raised after it."""
    types = [message["type"] for message in sent]
    said: list[str] = []
    if (status := status_of(sent)) is not None:
        bodies = [message["body"] for message in sent if isinstance(message.get("body"), bytes)]
        said += [str(status), size(b"".join(bodies))]
    if "websocket.accept" in types:
        count = types.count("websocket.send")
        said += ["accepted", f"{count} message{'' if count == 1 else 's'}"]
    said += [f"closed with {m.get('code', 1000)}" for m in sent if m["type"] == "websocket.close"]
    said += [each.removeprefix("lifespan.") for each in types if each.startswith("lifespan.")]
    if isinstance(error, Hanging):
        said.append(f"hangs: {error}")
    elif isinstance(error, AppProtocolError):
        said.append(f"broke a rule: {str(error).partition(chr(10))[0]}")
    elif error is not None:
        said.append(f"raised {type(error).__name__}: {str(error).partition(chr(10))[0]}")
    return ", ".join(said) or "nothing was sent"


def status_of(sent: Sequence[Message]) -> Any:
    """The status of the response, once it has started: 200, or "200 OK" of a WSGI app."""
    return next((message.get("status") for message in sent if message["type"].endswith(STARTS)), None)


def record(
    app: ASGIApp,
    exchange: Exchange,
    *,
    seconds: float = 5.0,
    on_event: Callable[[Event], object] | None = None,
    target: str = "",
) -> Trace:
    """Ask an app once, on a thread and a loop of its own, with its lifespan around it: all that passed its boundaries.

    What the app raises is in the trace, as is `Hanging` where it takes longer than `seconds`; nothing is raised here.
    """
    recorder = Recorder((exchange.scope["type"],), on_event)
    messages = [*exchange.messages]
    if exchange.scope["type"] == "websocket" and messages[-1:] != [GOODBYE]:
        messages.append(GOODBYE)  # else an app that listens on would wait for ever
    error: Exception | None = None
    with probed(app, recorder.probe) as watched:
        try:
            hold(lambda: Conversation(watched, exchange.scope, messages), seconds)
        except Exception as raised:
            error = raised
    return trace_of(recorder, exchange.scope, error, target)


def trace(app: ASGIApp, exchange: Exchange, *, seconds: float = 5.0) -> Trace:
    """Ask an app once: `trace(app, request("GET", "/")).text()`. The app is left as it was, and raises nothing here."""
    return record(app, exchange, seconds=seconds)


def trace_of(recorder: Recorder, scope: Scope, error: BaseException | None, target: str) -> Trace:
    """What a recorder has seen, as a trace."""
    if error is not None and recorder.exit is not None:  # in a task it has stopped the loop, and all else followed
        error = Exited(recorder.exit.code)
    events, sent = recorder.told(), [*recorder.sent]
    lanes: tuple[Lane, ...] = ()
    if isinstance(error, Hanging):
        lanes = error.lanes
        while events and events[-1].kind == "raise":  # by our cancelling it
            events = events[:-1]
    target = target or (events[0].name if events else "")
    status = status_of(sent)
    number = int(str(status)[:3]) if str(status)[:3].isdigit() else None
    return Trace(target, asked_of(scope), ending_of(sent, error), events, lanes, status=number, error=error)
