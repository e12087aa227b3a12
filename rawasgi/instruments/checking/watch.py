"""A call of the app in -> the same call, with every message held to the rules on its way, out.

bytes > [server > app > middleware > routing > handler > response] > bytes

`Watch` stands where the server stands: the app calls its `receive` and `send`, and it calls the server's. Both sides are
followed on the tables of `messages.states`; what a message holds is judged by `shapes`. What is particular to HTTP, to
websockets and to the lifespan is added by `http`, `websocket` and `lifespan`.

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#applications
In FastAPI:   none, because it leaves the protocol to Starlette and to the server
In Starlette: none, because its conditions are part of what it does
In Flask:     wsgiref.validate:validator
Left out:     protocols that nobody knows here: their calls are passed through
"""

import asyncio
import inspect
import threading
from collections.abc import Awaitable, Callable, Generator, Iterable, Iterator
from typing import Any, ClassVar, Literal

from rawasgi.instruments.checking.finding import Fault, Finding, found
from rawasgi.instruments.checking.headers import solid
from rawasgi.instruments.checking.lent import APP, OTHER_SIDE, Lent
from rawasgi.instruments.checking.serving import Loop, Serving
from rawasgi.instruments.checking.shapes import message_faults
from rawasgi.instruments.checking.values import readable_twice, told
from rawasgi.messages.errors import ProtocolError
from rawasgi.messages.scopes import Scope, spec_version
from rawasgi.messages.states import RETURN, TABLES, Side
from rawasgi.messages.types import MESSAGES, Message, Receive, Send

Party = Literal["application", "server"]
Keep = Callable[[Finding], None]
Faults = Generator[Fault, None, bool]


class Watch:
    """One call of the app. `keep` takes each finding; with `strict` what must not be is raised where it is seen."""

    protocol: ClassVar[str]
    foreign: ClassVar[str] = "G7"  # the rule that a message of another protocol breaks
    over: ClassVar[tuple[str, ...]]  # states of the app in which its client waits for nothing more
    late: ClassVar[str] = ""  # the rule for what `send` does once nobody listens

    def __init__(self, scope: Scope, receive: Receive, send: Send, serving: Serving, keep: Keep, strict: bool) -> None:
        self.scope = scope
        self.server_receive: Callable[..., Awaitable[Message]] = receive
        self.server_send: Callable[..., Awaitable[None]] = send
        self.serving = serving
        self.keep = keep
        self.strict = strict
        self.app = Side(TABLES[self.protocol, "app"])
        self.server = Side(TABLES[self.protocol, "server"])
        self.loop = running_loop()
        self.thread = threading.get_ident()
        extensions = scope.get("extensions")
        self.extensions: dict[str, Any] = extensions if isinstance(extensions, dict) else {}
        self.state = scope.get("state")
        self.stood = ""
        self.error: ProtocolError | None = None  # the first that was raised, in case somebody swallows it
        self.is_disordered = False  # a message came out of turn: how the call ends only follows from it
        self.unawaited = {"receive": 0, "send": 0}
        self.in_flight = {"receive": 0, "send": 0}
        self.lent = Lent(scope)

    def begin(self) -> None:
        """The app is about to be called."""
        self.report("server", self.serving.begin(self))

    @property
    def word(self) -> str:
        """The state of the app's side."""
        return self.app.state

    @property
    def is_open(self) -> bool:
        """Whether the client may still wait for something."""
        return self.app.state not in self.over

    def report(self, side: Party, faults: Iterable[Fault], state: str | None = None) -> None:
        """Make findings of faults; `side` is who did what was seen, `state` where that side stood."""
        worst: ProtocolError | None = None
        for fault in faults:
            stood = state or (self.app if side == "application" else self.server).state
            finding = found(fault, side, stood)
            self.keep(finding)
            if finding.level == "must" and worst is None:
                worst = finding.error()
        if self.strict and worst is not None:
            self.error = self.error or worst
            raise worst

    # --- what the app calls ---

    def receive(self, *given: Any, **named: Any) -> Awaitable[Message]:
        """The app's `receive`. What it is called with that does not belong there, the server is called with too."""
        if given or named:
            self.report("application", [Fault("G15", "receive() with arguments")])
            return self.server_receive(*given, **named)
        self.unawaited["receive"] += 1
        return self.received()

    def send(self, *given: Any, **named: Any) -> Awaitable[None]:
        """The app's `send`."""
        if len(given) != 1 or named:
            self.report("application", [Fault("G15", "send() with something else than one positional message")])
        if len(given) + len(named) != 1:
            return self.server_send(*given, **named)
        self.unawaited["send"] += 1
        return self.sent(*given, *named.values(), *named)

    async def received(self) -> Message:
        """Let the server deliver, and look at what it does."""
        self.enter("receive")
        stood = self.app.state
        try:
            self.report("application", self.receive_faults())
            message: Message = await self.awaitable("receive", self.server_receive())
        finally:
            self.in_flight["receive"] -= 1
            self.lent.look(OTHER_SIDE)
        state = self.server.state
        self.report("server", [*self.heard_faults(message, stood)], state)
        return message

    async def sent(self, message: Message, name: str = "") -> None:
        """Look at what the app sends, and let the server have it; by the `name` that the app gave it, if it did."""
        self.enter("send")
        try:
            message = legible(message)
            if self.app.state == "peer_gone" and self.loop is not None:
                await asyncio.sleep(0)  # another task of the app, which was told, may be about to cancel this one
            state, server_state = self.app.state, self.server.state
            faults = [*self.sent_faults(message)]
            try:
                self.report("application", faults, state)
            except ProtocolError:
                self.app.state, self.server.state = state, server_state  # it never came to the server
                raise
            try:
                given = self.server_send(**{name: message}) if name else self.server_send(message)
                await self.awaitable("send", given)
            except Exception as error:
                self.report("server", [] if faults else self.refusal_faults(error, state))
                if isinstance(error, OSError):
                    self.app.hears({"type": f"{self.protocol}.disconnect"})
                raise
        finally:
            self.in_flight["send"] -= 1
            self.lent.look(OTHER_SIDE)

    def enter(self, what: str) -> None:
        """The app awaits `receive` or `send`."""
        self.unawaited[what] -= 1
        self.in_flight[what] += 1
        self.lent.look(APP)
        faults = []
        if threading.get_ident() != self.thread:
            faults.append(Fault("G28", f"{what}() on another thread than the event loop's"))
        if self.in_flight[what] > 1:
            faults.append(Fault("G27", f"a second {what}() while one is awaited"))
        if self.stood and what == "receive":  # of a late send the table says so
            faults.append(Fault("G26", "receive() after the application returned"))
        if faults:
            self.report("application", faults)

    def awaitable(self, what: str, given: Any) -> Any:
        """What the server's `receive` or `send` gave, which is to be awaited."""
        if not inspect.isawaitable(given):
            self.report("server", [Fault("G15", f"{what}() gives {told(given)}, which cannot be awaited")])
        return given

    # --- what is judged ---

    def sent_faults(self, message: Message) -> Faults:
        """What is wrong with a message of the app."""
        return self.faults(message, self.app, self.server)

    def heard_faults(self, message: Message, stood: str) -> Faults:
        """What is wrong with a message of the server; `stood` is where the app was when it asked for it."""
        return self.faults(message, self.server, self.app)

    def receive_faults(self) -> Iterable[Fault]:
        """What is wrong with asking for a message now."""
        return ()

    def faults(self, message: Message, speaker: Side, listener: Side) -> Faults:
        """What is wrong with a message of either side: its form, its content, its time. True where it was in turn."""
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            yield Fault("G6", f"a message that is {told(message)}{' without a type' * isinstance(message, dict)}")
            return False
        kind: str = message["type"]
        yield from message_faults(message)
        if kind not in MESSAGES and self.is_announced(kind):
            return False  # when it may come, the extension says
        if not kind.startswith(f"{self.protocol}."):
            yield Fault(self.foreign, kind)
            return False
        try:
            speaker.says(message)
        except ProtocolError as broken:
            self.is_disordered = True
            yield Fault(broken.rule_id, broken.seen, broken.allowed)
            return False
        listener.hears(message)
        return True

    def is_announced(self, kind: str) -> bool:
        """Whether a message belongs to an extension that the server announces."""
        return any(kind == name or kind.startswith(f"{name}.") for name in self.extensions)

    def refusal_faults(self, error: Exception, stood: str) -> Iterator[Fault]:
        """What is wrong with an exception of the server's `send`, for a message in which nothing is wrong."""
        if not self.late:
            return
        if isinstance(error, OSError):
            if type(error) is OSError and self.version >= (2, 4):
                yield Fault(self.late, "send() raises OSError itself", ("a subclass of OSError",))
        elif stood == "peer_gone":
            yield Fault(self.late, f"send() raises {type(error).__name__}", ("a subclass of OSError", "nothing"))

    @property
    def version(self) -> tuple[int, ...]:
        """The spec version of the scope; 2.0 where it cannot be read."""
        try:
            return spec_version(self.scope)
        except (AttributeError, TypeError, ValueError):
            return (2, 0)

    def returned(self, value: object) -> None:
        """The app's call has ended by itself."""
        faults = []
        self.stood = state = self.app.state
        if value is not None:
            faults.append(Fault("G26", f"the application returns {told(value)}"))
        for what, count in self.unawaited.items():
            if count:
                faults.append(Fault("G15", f"{what}() is called and not awaited"))
        if not self.is_disordered:
            try:
                self.app.says(RETURN)
            except ProtocolError as broken:
                faults.append(Fault(broken.rule_id, broken.seen, broken.allowed))
        self.report("application", faults, state)

    def end(self) -> None:
        """The app's call has ended, whatever way."""
        self.lent.look(APP)
        self.stood = self.stood or self.app.state
        self.app.state = "returned"
        self.serving.end(self, self.state)
        self.report("application", self.lent.faults(), self.stood)


def running_loop() -> Loop:
    """The event loop, where there is one."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def legible(message: Any) -> Any:
    """The message, or a copy of it where a list of headers or links could be read only once."""
    if not isinstance(message, dict):
        return message
    for key, readable in (("headers", solid), ("links", readable_twice)):
        if key in message and (values := readable(message[key])) is not message[key]:
            message = {**message, key: values}
    return message
