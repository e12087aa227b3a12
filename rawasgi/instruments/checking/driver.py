"""An app in -> conversations with it, one after the other, each under a deadline, and what was found in each, out.

[bytes > server] > app > middleware > routing > handler > response > bytes

The app runs on a thread and an event loop of its own, as in `apart`; all its conversations share them, and one lifespan,
as they do on a server. Who asks is outside: whatever the app does, something can be said about it.

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#applications
In FastAPI:   none, because it leaves running to the server
In Starlette: starlette.testclient:TestClient, which waits as long as the app does
In Flask:     werkzeug.test:run_wsgi_app, which does too
Left out:     more than one conversation at a time
"""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import wait
from contextlib import suppress
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar

from rawasgi.instruments.apart import GRACE, Exited, Hanging, blocked, limited, started
from rawasgi.instruments.checking.checker import Checker
from rawasgi.instruments.checking.finding import Fault, Finding, found
from rawasgi.instruments.conversation import ClientLeft, Conversation, Exchange, end
from rawasgi.instruments.portal import Portal
from rawasgi.messages.errors import ProtocolError
from rawasgi.messages.states import TABLES
from rawasgi.messages.types import ASGIApp, Message, Scope

T = TypeVar("T")
CALL = "the app has not ended its call"


class GivenUp(Exception):
    """Nothing more can be asked of the app; `cause` says why, and `asked` what was asked last."""

    def __init__(self, asked: str, cause: Exception) -> None:
        super().__init__(f"{asked}: {cause}")
        self.asked = asked
        self.cause = cause


class Talk(NamedTuple):
    """One conversation: what was asked, what the app sent, and what it raised."""

    asked: str
    sent: tuple[Message, ...]
    error: Exception | None

    @property
    def ending(self) -> str:
        """How it ended, in a few words."""
        if isinstance(self.error, ProtocolError):
            return f"breaks {self.error.rule_id}"
        if isinstance(self.error, ClientLeft):
            return "ended by the server's OSError"
        if isinstance(self.error, (Hanging, Exited)):
            return str(self.error)
        if self.error is not None:
            return f"raises {type(self.error).__name__}"
        return ", ".join(dict.fromkeys(map(brief, self.sent))) or "nothing sent"


def brief(message: Message) -> str:
    """`http.response.start` of status 200 -> `200`; other messages by their type."""
    return str(message.get("status", message["type"]))


class Driver:
    """An app that is being asked. `checker` watches all of it; as a context manager it ends loop and thread."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self.app = app
        self.seconds = seconds
        self.checker = Checker(app)
        self.portal = Portal()
        self.talks: list[Talk] = []
        self.asked: dict[Finding, str] = {}  # in which conversation a finding was made first
        self.state: dict[str, Any] | None = None
        self.complaints: list[GivenUp] = []
        self.is_stuck = False  # there is something that cannot be ended, but with the process
        self.threads = {*threading.enumerate()}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, KeyboardInterrupt):
            return  # nobody wants to wait any more
        if self.state is not None and not self.is_stuck:
            with suppress(GivenUp):
                self.stop()
        if not self.is_stuck:
            self.portal.close()

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Await `work`, which has a deadline of its own. Raises `Hanging` where the loop itself does not come back."""
        future = self.portal.submit(work)
        patience = max(self.seconds, GRACE)
        while not wait([future], self.seconds).done:
            answers = threading.Event()
            if self.portal.loop is not None:
                self.portal.loop.call_soon_threadsafe(answers.set)
            if not answers.wait(patience):
                self.is_stuck = True
                raise blocked(self.portal.thread or threading.current_thread(), self.threads, self.seconds + patience)
        return future.result()

    def run(self, work: Coroutine[Any, Any, T], says: str = CALL) -> T:
        """Await `work`, for so many seconds. Raises `Hanging`, `Exited`, and what it raises."""
        return self.wait(self.ended(work, says))

    async def ended(self, work: Coroutine[Any, Any, T], says: str) -> T:
        """The same on the loop. A call that swallows its cancellation gets more of them."""
        before = asyncio.all_tasks()
        try:
            return await limited(work, self.seconds, says)
        except Hanging as hanging:
            calls = [task for task in asyncio.all_tasks() - before if is_call(task)]
            if not calls:
                raise
            await end(calls[0])
            self.is_stuck = not calls[0].done()
            raise Hanging(f"{hanging}, and it swallows its cancellation", hanging.lanes) from None

    def start(self) -> None:
        """Start the app up. Raises `GivenUp` where it cannot be."""
        self.around = started(self.checker, self.seconds)
        try:
            self.state = self.wait(self.around.__aenter__())
        except Exception as error:
            raise GivenUp("the start-up", error) from error
        finally:
            self.attribute("LIFESPAN")

    def stop(self) -> None:
        """Shut it down. Raises `GivenUp` where that fails."""
        self.state = None
        try:
            self.wait(self.around.__aexit__(None, None, None))
        except Exception as error:
            raise GivenUp("the shutdown", error) from error
        finally:
            self.attribute("LIFESPAN")

    def hold(self, asked: str, exchange: Exchange, *, leaves_after: int | None = None) -> Talk:
        """Hold one conversation. Raises `GivenUp` where the app hangs or exits."""
        talk = self.held(asked, exchange, leaves_after)
        if isinstance(talk.error, (Hanging, Exited)):
            raise GivenUp(asked, talk.error)
        return talk

    def leave(self, asked: str, exchange: Exchange, leaves_after: int | None = None) -> Talk:
        """The same with a client that leaves: a call that does not end has no ear for it."""
        talk = self.held(asked, exchange, leaves_after)
        if isinstance(talk.error, Hanging) and not self.is_stuck:
            rule_id = "HS24" if exchange.scope["type"] == "http" else "WS14"
            seen = f"the call goes on {self.seconds:g} s after the client has left"
            self.note(asked, Fault(rule_id, seen), "peer_gone")
        elif isinstance(talk.error, (Hanging, Exited)):
            raise GivenUp(asked, talk.error)
        return talk

    def scope_of(self, scope: Scope) -> Scope:
        """The scope of one call: a dict of its own, with a state of its own, which at the start of a lifespan is empty."""
        if scope["type"] == "lifespan":
            return {**scope, "state": {}} if "state" in scope else {**scope}
        return {**scope} if self.state is None else {**scope, "state": {**self.state}}

    def held(self, asked: str, exchange: Exchange, leaves_after: int | None) -> Talk:
        """Hold a conversation, whatever comes of it."""
        scope = self.scope_of(exchange.scope)
        conversation = Conversation(self.checker, scope, exchange.messages, leaves_after=leaves_after)
        error: Exception | None = None
        try:
            self.run(conversation.run())
        except Exception as raised:
            error = raised
        talk = Talk(asked, tuple(conversation.sent), error)
        self.talks.append(talk)
        self.attribute(asked)
        return talk

    def note(self, asked: str, fault: Fault, state: str = "") -> None:
        """Keep what only a client sees; the app is to blame for it."""
        kind = asked.partition(" ")[0]
        protocol = {"WS": "websocket", "LIFESPAN": "lifespan"}.get(kind, "http")
        self.checker.keep(found(fault, "application", state or TABLES[protocol, "app"].start))
        self.attribute(asked)

    def attribute(self, asked: str) -> None:
        """Remember of the findings that are new in which conversation they were made."""
        for finding in self.checker.findings[len(self.asked) :]:
            self.asked[finding] = asked


def is_call(task: "asyncio.Task[Any]") -> bool:
    """Whether it is the task in which `limited` awaits a call of the app."""
    return getattr(task.get_coro(), "__name__", "") == "outlived"
