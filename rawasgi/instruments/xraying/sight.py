"""One recorded run in -> what is seen of it, as plain values, out.

bytes > server > [app > middleware > routing > handler > response] > bytes

The words that the x-ray is made of. A `Look` is the raw material: who ran when, what held the loop, which dependencies
were solved. An `Xray` is what is shown of it.

Spec:         none, because the specification says what an app sends, not how it comes to it
In FastAPI:   none, because it shows its routes, not its runs
In Starlette: none, because it leaves this to debuggers
In Flask:     none, because a toolbar that shows a request is an extension there
Left out:     values: no body, header or variable of the app is kept here beyond what its messages say
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import CodeType
from typing import Any, NamedTuple

from rawasgi.instruments.conversation import Exchange
from rawasgi.instruments.frames import Lane, Line
from rawasgi.instruments.layers import Layer
from rawasgi.instruments.tracing.events import Event
from rawasgi.messages.types import ASGIApp, Message


class Stretch(NamedTuple):
    """A function of the user's ran. A generator has a stretch for its opening, and one for its teardown.

    `since` and `until` are the numbers of the last trace event before it began and before it ended.
    """

    function: str
    line: Line
    since: int
    until: int
    thread: str
    on_loop: bool


class Held(NamedTuple):
    """The loop's thread was held: `by` a call ("time.sleep", "socket.recv"), or by computing ("python")."""

    by: str
    seconds: float
    lines: tuple[Line, ...]


class Dependency(NamedTuple):
    """A dependency, in the order in which FastAPI solves them."""

    name: str
    how: str  # "async def" | "def" | "async def yield" | "def yield" | "class" | "callable"
    depth: int
    parent: str
    is_cached: bool
    on_thread: bool
    scope: str  # "" | "function" | "request"
    torn_down: str  # "" | "before http.response.start" | "after the response" | "after the background tasks"
    call: Callable[..., Any]


@dataclass
class Part:
    """A stretch as the witness counts it: from tick to tick, and the numbers of the events of the trace before them."""

    began: int
    since: int
    ended: int = 0
    until: int = 0


@dataclass
class Ran:
    """A call of a function of the user's; a generator has two parts. What a thread did there is looked at closely."""

    code: CodeType
    thread: str
    on_loop: bool
    task: str
    parts: list[Part]
    cpu: float = 0.0  # seconds that a thread computed in it
    may_wait: bool = False  # it did something on a thread that may wait
    resumed: int = 0  # how often it went on after it had waited, or given a value
    pools: list[str] = field(default_factory=list)  # "Queue.get": what it took there from a stock that may be empty


class Lost(NamedTuple):
    """A context variable that was set on one line, and had another value on the line that read it."""

    name: str
    set_at: Line
    read_at: Line


class Account(NamedTuple):
    """What the witness tells beyond its stretches."""

    ran: tuple[Ran, ...] = ()
    lost: tuple[Lost, ...] = ()
    asked: tuple[Line, ...] = ()  # the lines that asked a request of Starlette whether the client is still there
    answered: tuple[Exception, ...] = ()  # what the framework's own handlers were given
    left: tuple[Line, ...] = ()  # functions of tasks that outlive the call, and that nobody waits for
    late: tuple[tuple[Any, Any], ...] = ()  # exception handlers that came when the app had started
    endpoint: Callable[..., Any] | None = None  # of the FastAPI route that served


class Cost(NamedTuple):
    """A layer's own time per request: seconds, half the interquartile range of them, and the share of the whole."""

    median: float
    spread: float
    share: float


class Stage(NamedTuple):
    """One boundary that the request went through."""

    name: str
    kind: str
    task: str
    thread: str
    context: str
    received: int
    sent: int
    cost: Cost | None


class Finding(NamedTuple):
    """Something that will hurt: what is seen and where, why that hurts, what to do, and where to read on."""

    kind: str
    where: str
    says: str
    because: str
    remedy: str
    see: str  # a folder or a notebook of the repository, or ""


@dataclass(frozen=True)
class Look:
    """The raw material of the findings: one recorded run of one exchange."""

    app: ASGIApp
    root: Layer
    exchange: Exchange
    events: tuple[Event, ...]
    sent: tuple[Message, ...]
    stretches: tuple[Stretch, ...]
    held: tuple[Held, ...]
    dependencies: tuple[Dependency, ...]
    error: BaseException | None
    account: Account = field(default_factory=Account)


@dataclass(frozen=True)
class Xray:
    """What is shown: the stages outermost first, the lanes at the start of the response, and the findings.

    `hanging` is where the tasks and threads of the app stood when its time was up, and `unmeasured` is why it was not
    asked again for its costs; both are empty where all went well.
    """

    target: str
    asked: str
    ending: str
    stages: tuple[Stage, ...]
    at_start: tuple[Lane, ...]
    hops: int
    events: tuple[Event, ...]
    dependencies: tuple[Dependency, ...]
    findings: tuple[Finding, ...]
    runs: int
    hanging: tuple[Lane, ...] = ()
    unmeasured: str = ""
