"""A question in -> every exchange that answers it, as plain data, out.

A contract is the only place for expected results and for differences. It knows no server and opens no socket:
the runner reads it, the judge compares, the matrix shows.

    http("GET", "/").answers(200, {"content-length": "5"}, b"hello")
    raw(b"GET /\\r\\n\\r\\n").answers(400)
    ws("/chat").sends("hi").receives("hi").closes(1000)
    process(signal="SIGTERM", exits=0, logs=("bye",))

Left out: conditions and loops. A step that depends on the step before is another contract.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self, TypeAlias

from comparisons.outcome import ANY, Anything, Close, Headers, HeaderValue, Outcome

Verdict: TypeAlias = Literal["same", "different because", "outside the protocol", "not expressible", "n/a"]
Body: TypeAlias = "bytes | Sequence[bytes | Pause]"

USUAL_STACKS = ("raw_asgi", "tiny", "rawasgi", "fastapi", "flask", "raw_wsgi")
"""The stacks that every comparison has, the reference first."""


@dataclass(frozen=True)
class Pause:
    """Seconds in which the client sends nothing."""

    seconds: float


@dataclass(frozen=True)
class Leave:
    """The client cuts the connection once all of this has happened."""

    seconds: float = 0.0  # passed since the rest happened
    chunks: int = 0  # pieces of the body have arrived
    log: str = ""  # this line was printed


@dataclass(frozen=True, kw_only=True)
class Step:
    """One exchange: what the client does, and what must be seen."""

    title: str
    leaf: str = ""
    malformed: bool = False
    expected: Outcome = field(default_factory=Outcome)
    environment: Mapping[str, str] = field(default_factory=dict)

    def given(self, **environment: str) -> Self:
        """Demand a server process that was started with these variables; one that was not is ended first."""
        return replace(self, environment=environment)

    def then(self, log: str | Sequence[str]) -> Self:
        """Demand the lines that the application prints on standard output because of this step, all of them."""
        lines = (log,) if isinstance(log, str) else tuple(log)
        return replace(self, expected=replace(self.expected, log=lines))


@dataclass(frozen=True, kw_only=True)
class Request(Step):
    """One HTTP request, written as it stands: nothing is completed, corrected or refused by the client."""

    method: str
    pieces: tuple[bytes | Pause, ...]
    reuse: bool = False
    leave: Leave | None = None

    def answers(
        self,
        status: int,
        headers: Headers | Anything = ANY,
        body: bytes | tuple[bytes, ...] | Anything = ANY,
        *,
        complete: bool = True,
        **more: Any,
    ) -> Self:
        """Demand this response; `body` as a tuple demands these chunks; `more` holds reason, kept, informational."""
        chunks = body if isinstance(body, tuple) else ANY
        whole = b"".join(body) if isinstance(body, tuple) else body
        outcome = Outcome(status=status, headers=headers, body=whole, chunks=chunks, complete=complete, **more)
        return replace(self, expected=replace(outcome, log=self.expected.log))

    def gets_no_answer(self) -> Self:
        """Demand that the server ends the connection without a byte."""
        return replace(self, expected=replace(self.expected, status=None))

    def leaves_after(self, seconds: float = 0.0, *, chunks: int = 0, log: str = "") -> Self:
        """Cut the connection after so many pieces of the body, this line in the log, and then so many seconds."""
        return replace(self, leave=Leave(seconds, chunks, log))


@dataclass(frozen=True)
class Move:
    """One act of the client on an open websocket."""

    act: Literal["sends", "sends_raw", "receives", "pings", "pauses", "closes", "waits_for_close", "drops"]
    data: str | bytes = b""
    code: int | None = 1000
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Dialogue(Step):
    """One websocket: the handshake, then the client's moves in their order."""

    path: str
    headers: tuple[tuple[str, str], ...] = ()
    subprotocols: tuple[str, ...] = ()
    moves: tuple[Move, ...] = ()

    def accepted(self, subprotocol: str | None = None, headers: Headers | None = None) -> Self:
        """Demand a handshake with these headers and this subprotocol (without this call: with neither)."""
        chosen = {} if subprotocol is None else {"sec-websocket-protocol": subprotocol}
        pairs = headers.items() if isinstance(headers, Mapping) else headers or ()
        return replace(self, expected=replace(self.expected, headers={**chosen, **dict(pairs)}))

    def rejected(self, status: int, headers: Headers | Anything = ANY, body: bytes | Anything = ANY) -> Self:
        """Demand an ordinary response instead of the handshake."""
        outcome = Outcome(status=status, headers=headers, body=body, complete=True, log=self.expected.log)
        return replace(self, expected=outcome)

    def sends(self, data: str | bytes) -> Self:
        """Send one text or binary message."""
        return self._moves(Move("sends", data))

    def sends_raw(self, data: bytes) -> Self:
        """Send bytes that are no frame of our making: fragments, missing masks, bad UTF-8."""
        return replace(self._moves(Move("sends_raw", data)), malformed=True)

    def receives(self, data: str | bytes) -> Self:
        """Demand this message next."""
        messages = self.expected.messages
        received = messages if isinstance(messages, tuple) else ()
        return replace(self._moves(Move("receives")), expected=replace(self.expected, messages=(*received, data)))

    def pings(self, data: bytes = b"") -> Self:
        """Send a ping and wait for its pong."""
        return self._moves(Move("pings", data))

    def pauses(self, seconds: float) -> Self:
        """Stay silent."""
        return self._moves(Move("pauses", seconds=seconds))

    def closes(self, code: int | None = 1000, reason: str = "") -> Self:
        """Send a close frame; demand the same code in return (None: a frame without a code, which reads as 1005)."""
        answered = Close(1005 if code is None else code, reason, "client")
        return replace(self._moves(Move("closes", reason, code)), expected=replace(self.expected, close=answered))

    def closed(self, code: int = 1000, reason: str = "") -> Self:
        """Demand that the server closes (1006: cuts the line without a close frame)."""
        return replace(self._moves(Move("waits_for_close")), expected=replace(self.expected, close=Close(code, reason)))

    def drops(self) -> Self:
        """Cut the connection without a close frame."""
        return self._moves(Move("drops"))

    def _moves(self, move: Move) -> Self:
        return replace(self, moves=(*self.moves, move))


@dataclass(frozen=True, kw_only=True)
class Process(Step):
    """The server process itself: a signal (or none: it ends by itself), its exit status, its log from the start."""

    signal: str | None


def http(
    method: str,
    target: str = "/",
    *,
    headers: Headers = (),
    body: Body = b"",
    title: str = "",
    leaf: str = "",
    reuse: bool = False,
    malformed: bool = False,
) -> Request:
    """Write a request; a body in pieces is chunked unless `headers` give its length.

    `Host: localhost` comes first unless given. `reuse` sends it on the connection that the step before left open.
    """
    pairs = [*(headers.items() if isinstance(headers, Mapping) else headers)]
    names = {name.lower() for name, _ in pairs}
    if "host" not in names:
        pairs.insert(0, ("host", "localhost"))
    framed = bool(names & {"content-length", "transfer-encoding"})
    if isinstance(body, bytes):
        pieces: tuple[bytes | Pause, ...] = (body,) if body else ()
        extra = [] if framed or not body else [("content-length", str(len(body)))]
    elif framed:
        pieces, extra = tuple(body), []
    else:
        pieces, extra = (*map(_chunk, body), b"0\r\n\r\n"), [("transfer-encoding", "chunked")]
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in [*pairs, *extra]), "", ""]
    head = "\r\n".join(lines).encode("latin-1")
    return Request(
        title=title or f"{method} {target}",
        leaf=leaf,
        malformed=malformed,
        method=method,
        pieces=(head, *pieces),
        reuse=reuse,
    )


def _chunk(piece: bytes | Pause) -> bytes | Pause:
    return piece if isinstance(piece, Pause) else b"%x\r\n%b\r\n" % (len(piece), piece)


def raw(*pieces: bytes | Pause, title: str, leaf: str = "", method: str = "GET", malformed: bool = True) -> Request:
    """Send these bytes as they are; `method` says how the answer is to be read (HEAD: without a body)."""
    return Request(title=title, leaf=leaf, malformed=malformed, method=method, pieces=pieces)


def ws(
    path: str, *, subprotocols: Sequence[str] = (), headers: Headers = (), title: str = "", leaf: str = ""
) -> Dialogue:
    """Open a websocket; until `rejected` says otherwise the handshake must succeed, with no headers of the app."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return Dialogue(
        title=title or f"websocket {path}",
        leaf=leaf,
        path=path,
        headers=tuple((name, str(value)) for name, value in pairs),
        subprotocols=tuple(subprotocols),
        expected=Outcome(status=101, headers={}, complete=True),
    )


def process(
    *,
    signal: str | None,
    exits: int | Anything = ANY,
    logs: Sequence[str] | Anything = ANY,
    title: str = "",
    leaf: str = "",
) -> Process:
    """Signal the server and wait for its end; `logs` is all that the app has printed since the process started.

    Dying by the very signal that was sent, after a clean shutdown, is exit status 0: uvicorn ends so.
    """
    outcome = Outcome(exit=exits, log=logs if logs is ANY else tuple(logs))
    title = title or f"process {signal or 'ends by itself'}"
    return Process(title=title, leaf=leaf, expected=outcome, signal=signal)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What stacks or servers do otherwise at some steps, and why. It must be there: one that is not fails."""

    where: tuple[str, ...]
    changes: Mapping[str, Mapping[str, Any]]  # exchange -> the fields of its outcome that change
    because: str
    verdict: Verdict = "different because"


class Whole(dict[str, HeaderValue]):
    """The headers of a difference that has none in common with the reference."""


def refused(status: int, headers: Mapping[str, HeaderValue], body: bytes) -> dict[str, Any]:
    """Change an open websocket into an ordinary response."""
    return {"status": status, "headers": Whole(headers), "body": body, "messages": (), "close": None}


def unanswered() -> dict[str, Any]:
    """Change a response into a connection that ends without one."""
    return {"status": None, "headers": Whole(), "body": b"", "complete": False}


def Differs(  # noqa: N802 - it reads as the declaration that it is
    where: str | Sequence[str],
    step: str | Sequence[str] | Mapping[str, Mapping[str, Any]],
    *,
    because: str,
    answers: Mapping[str, Any] | None = None,
    then: Mapping[str, Any] | None = None,
    verdict: Verdict = "different because",
) -> Difference:
    """Declare a difference.

    `where`: "flask" (a stack), "@hypercorn" (a server under every stack), "flask@gunicorn-sync" (both).
    `step`: one exchange, several with the same changes, or a mapping where each has its own.
    `answers`, `then`: the fields of `Outcome` that change. `headers` patch the reference's: a value replaces, None
    removes; `Whole({...})` replaces them all.
    """
    common = {**(answers or {}), **(then or {})}
    steps = (step,) if isinstance(step, str) else step
    own = steps if isinstance(steps, Mapping) else {title: {} for title in steps}
    return Difference(
        where=(where,) if isinstance(where, str) else tuple(where),
        changes={title: {**common, **changes} for title, changes in own.items()},
        because=because,
        verdict=verdict,
    )


@dataclass(frozen=True, kw_only=True)
class Contract:
    """One feature in every stack: the question, the exchanges, and every difference with its reason."""

    question: str
    leaves: Sequence[str]
    beats: Mapping[int, str]
    steps: Sequence[Step]
    differences: Sequence[Difference] = ()
    provided: Mapping[tuple[str, int], str] = field(default_factory=dict)  # (stack, beat) -> "module:qualname"
    stacks: Sequence[str] = USUAL_STACKS
    also_on: Sequence[str] = ()  # servers beyond the usual ones
