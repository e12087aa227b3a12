"""(state, message) in -> the next state, or the rule that forbids it out.

Here stands everything that ASGI says about the *order* of messages, and nothing else: six tables, one for each
side of each scope type. A table is the documentation; whoever needs the order reads the same table: servers and
the application side to enforce it, errors to say what would have been right, `mermaid` to draw it.

How to read a row

    ("awaiting_body", "http.response.body+"): ("streaming_body", "HS14"),

In state `awaiting_body` the message `http.response.body` that announces more (`more_body` is true: hence the `+`)
leads to `streaming_body`; rule HS14 of `rules.md` says so. `REFUSED` in place of a state: the message breaks that rule.
`*` stands for every message that has no row of its own in this state. `return` is no message but the end of the
application's call. A table also has rows for what its side *hears*: `websocket.connect` moves the application
although the server says it. `allowed` lists only what a side may say itself.

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html
In FastAPI:   none, because it leaves the protocol to Starlette and to the server
In Starlette: starlette.websockets:WebSocketState, three words, and conditions in the methods
In Flask:     none, because WSGI fixes the order by the call itself: environ, start_response, iterable
Left out:     what a message must contain (its shape: `types`), and how fast it must come
"""

from collections.abc import Mapping
from typing import Any, Final

from rawasgi.messages.errors import AppProtocolError, PeerProtocolError
from rawasgi.messages.types import SENT_BY_SERVER

REFUSED: Final = None
RETURN: Final[Mapping[str, Any]] = {"type": "return"}

ANNOUNCES_MORE: Final = {
    "http.request": "more_body",
    "http.response.start": "trailers",
    "http.response.body": "more_body",
    "http.response.zerocopysend": "more_body",
    "http.response.trailers": "more_trailers",
    "websocket.http.response.body": "more_body",
}


def label(message: Mapping[str, Any]) -> str:
    """The name of a message in the tables: its type, and `+` where it announces that more will follow.

    `{"type": "http.response.body", "more_body": True}` is `http.response.body+`; a start that promises trailers is
    `http.response.start+`.
    """
    kind: str = message["type"]
    more = ANNOUNCES_MORE.get(kind)
    return f"{kind}+" if more and message.get(more) else kind


class Table:
    """The order of messages on one side of one scope type; immutable, shared by all conversations."""

    def __init__(
        self, protocol: str, side: str, start: str, rows: Mapping[tuple[str, str], tuple[str | None, str]]
    ) -> None:
        self.protocol = protocol
        self.side = side
        self.start = start
        self.rows = rows
        self.own_rows = {key: row for key, row in rows.items() if self.is_own(key[1])}

    @property
    def states(self) -> tuple[str, ...]:
        """Every state of the table, in the order of its rows."""
        return tuple(dict.fromkeys(state for state, _ in self.rows))

    def allowed(self, state: str) -> frozenset[str]:
        """What this side may say in `state`; `*` where everything is permitted (and ignored)."""
        return frozenset(
            said
            for (where, said), (next_state, _) in self.own_rows.items()
            if where == state and next_state and said != "return"
        )

    def is_own(self, said: str) -> bool:
        """Whether `said` is for this side to say: a row for what it only hears is no permission to send it."""
        return said == "*" or (said.rstrip("+") in SENT_BY_SERVER) == (self.side == "server")

    def __repr__(self) -> str:
        return f"<Table {self.protocol} {self.side}: {len(self.states)} states>"


class Side:
    """Where one side of one conversation stands. `says` enforces the table, `hears` follows the other side.

    Raises `AppProtocolError` or `PeerProtocolError`, by the side of the table, where a row refuses the message.
    """

    __slots__ = ("state", "table")

    def __init__(self, table: Table) -> None:
        self.table = table
        self.state = table.start

    def says(self, message: Mapping[str, Any]) -> str:
        """This side sends `message`: move, and give the new state."""
        said, rows = label(message), self.table.own_rows
        next_state, rule_id = rows.get((self.state, said)) or rows[self.state, "*"]
        if next_state is REFUSED:
            error = AppProtocolError if self.table.side == "app" else PeerProtocolError
            raise error(rule_id, self.state, said, self.table.allowed(self.state))
        self.state = next_state
        return next_state

    def hears(self, message: Mapping[str, Any]) -> str:
        """The other side sent `message`: move if that matters here, and give the state."""
        heard = self.table.rows.get((self.state, label(message)))
        if heard and heard[0]:
            self.state = heard[0]
        return self.state

    def __repr__(self) -> str:
        return f"<{self.table.protocol} {self.table.side}: {self.state}>"


# fmt: off
HTTP_APP: Final = Table("http", "app", start="awaiting_start", rows={
    # state                              message or call                  next state                         rule
    ("awaiting_start",                   "http.response.start"):          ("awaiting_body",                  "HS1"),
    ("awaiting_start",                   "http.response.start+"):         ("awaiting_body_then_trailers",    "HS11"),
    ("awaiting_start",                   "http.response.early_hint"):     ("awaiting_start",                 "X12"),
    ("awaiting_start",                   "http.response.debug"):          ("awaiting_start_after_debug",     "X14"),
    ("awaiting_start",                   "http.disconnect"):              ("peer_gone",                      "HS24"),
    ("awaiting_start",                   "http.response.push"):           (REFUSED,                          "X4"),
    ("awaiting_start",                   "http.response.zerocopysend"):   (REFUSED,                          "X7"),
    ("awaiting_start",                   "http.response.zerocopysend+"):  (REFUSED,                          "X7"),
    ("awaiting_start",                   "http.response.pathsend"):       (REFUSED,                          "X10"),
    ("awaiting_start",                   "return"):                       (REFUSED,                          "HS16"),
    ("awaiting_start",                   "*"):                            (REFUSED,                          "HS1"),

    ("awaiting_start_after_debug",       "http.response.start"):          ("awaiting_body",                  "HS1"),
    ("awaiting_start_after_debug",       "http.response.start+"):         ("awaiting_body_then_trailers",    "HS11"),
    ("awaiting_start_after_debug",       "http.response.early_hint"):     ("awaiting_start_after_debug",     "X12"),
    ("awaiting_start_after_debug",       "http.disconnect"):              ("peer_gone",                      "HS24"),
    ("awaiting_start_after_debug",       "http.response.debug"):          (REFUSED,                          "X14"),
    ("awaiting_start_after_debug",       "http.response.push"):           (REFUSED,                          "X4"),
    ("awaiting_start_after_debug",       "http.response.zerocopysend"):   (REFUSED,                          "X7"),
    ("awaiting_start_after_debug",       "http.response.zerocopysend+"):  (REFUSED,                          "X7"),
    ("awaiting_start_after_debug",       "http.response.pathsend"):       (REFUSED,                          "X10"),
    ("awaiting_start_after_debug",       "return"):                       (REFUSED,                          "HS16"),
    ("awaiting_start_after_debug",       "*"):                            (REFUSED,                          "HS1"),

    ("awaiting_body",                    "http.response.body+"):          ("streaming_body",                 "HS14"),
    ("awaiting_body",                    "http.response.body"):           ("complete",                       "HS12"),
    ("awaiting_body",                    "http.response.zerocopysend+"):  ("streaming_body",                 "X7"),
    ("awaiting_body",                    "http.response.zerocopysend"):   ("complete",                       "X7"),
    ("awaiting_body",                    "http.response.pathsend"):       ("complete",                       "X10"),
    ("awaiting_body",                    "http.response.push"):           ("awaiting_body",                  "X4"),
    ("awaiting_body",                    "http.disconnect"):              ("peer_gone",                      "HS24"),
    ("awaiting_body",                    "http.response.start"):          (REFUSED,                          "HS2"),
    ("awaiting_body",                    "http.response.start+"):         (REFUSED,                          "HS2"),
    ("awaiting_body",                    "http.response.trailers"):       (REFUSED,                          "X1"),
    ("awaiting_body",                    "http.response.trailers+"):      (REFUSED,                          "X1"),
    ("awaiting_body",                    "http.response.early_hint"):     (REFUSED,                          "X12"),
    ("awaiting_body",                    "http.response.debug"):          (REFUSED,                          "X14"),
    ("awaiting_body",                    "return"):                       (REFUSED,                          "HS12"),
    ("awaiting_body",                    "*"):                            (REFUSED,                          "HS12"),

    ("streaming_body",                   "http.response.body+"):          ("streaming_body",                 "HS14"),
    ("streaming_body",                   "http.response.body"):           ("complete",                       "HS15"),
    ("streaming_body",                   "http.response.zerocopysend+"):  ("streaming_body",                 "X7"),
    ("streaming_body",                   "http.response.zerocopysend"):   ("complete",                       "X7"),
    ("streaming_body",                   "http.response.push"):           ("streaming_body",                 "X4"),
    ("streaming_body",                   "http.disconnect"):              ("peer_gone",                      "HS24"),
    ("streaming_body",                   "http.response.start"):          (REFUSED,                          "HS2"),
    ("streaming_body",                   "http.response.start+"):         (REFUSED,                          "HS2"),
    ("streaming_body",                   "http.response.pathsend"):       (REFUSED,                          "X10"),
    ("streaming_body",                   "http.response.trailers"):       (REFUSED,                          "X1"),
    ("streaming_body",                   "http.response.trailers+"):      (REFUSED,                          "X1"),
    ("streaming_body",                   "http.response.early_hint"):     (REFUSED,                          "X12"),
    ("streaming_body",                   "http.response.debug"):          (REFUSED,                          "X14"),
    ("streaming_body",                   "return"):                       (REFUSED,                          "HS16"),
    ("streaming_body",                   "*"):                            (REFUSED,                          "HS14"),

    ("awaiting_body_then_trailers",      "http.response.body+"):          ("streaming_body_then_trailers",   "HS14"),
    ("awaiting_body_then_trailers",      "http.response.body"):           ("awaiting_trailers",              "HS23"),
    ("awaiting_body_then_trailers",      "http.response.zerocopysend+"):  ("streaming_body_then_trailers",   "X7"),
    ("awaiting_body_then_trailers",      "http.response.zerocopysend"):   ("awaiting_trailers",              "X7"),
    ("awaiting_body_then_trailers",      "http.response.pathsend"):       ("awaiting_trailers",              "X10"),
    ("awaiting_body_then_trailers",      "http.response.push"):           ("awaiting_body_then_trailers",    "X4"),
    ("awaiting_body_then_trailers",      "http.disconnect"):              ("peer_gone",                      "HS24"),
    ("awaiting_body_then_trailers",      "http.response.start"):          (REFUSED,                          "HS2"),
    ("awaiting_body_then_trailers",      "http.response.start+"):         (REFUSED,                          "HS2"),
    ("awaiting_body_then_trailers",      "http.response.early_hint"):     (REFUSED,                          "X12"),
    ("awaiting_body_then_trailers",      "http.response.debug"):          (REFUSED,                          "X14"),
    ("awaiting_body_then_trailers",      "return"):                       (REFUSED,                          "HS12"),
    ("awaiting_body_then_trailers",      "*"):                            (REFUSED,                          "HS12"),

    ("streaming_body_then_trailers",     "http.response.body+"):          ("streaming_body_then_trailers",   "HS14"),
    ("streaming_body_then_trailers",     "http.response.body"):           ("awaiting_trailers",              "HS23"),
    ("streaming_body_then_trailers",     "http.response.zerocopysend+"):  ("streaming_body_then_trailers",   "X7"),
    ("streaming_body_then_trailers",     "http.response.zerocopysend"):   ("awaiting_trailers",              "X7"),
    ("streaming_body_then_trailers",     "http.response.push"):           ("streaming_body_then_trailers",   "X4"),
    ("streaming_body_then_trailers",     "http.disconnect"):              ("peer_gone",                      "HS24"),
    ("streaming_body_then_trailers",     "http.response.pathsend"):       (REFUSED,                          "X10"),
    ("streaming_body_then_trailers",     "http.response.start"):          (REFUSED,                          "HS2"),
    ("streaming_body_then_trailers",     "http.response.start+"):         (REFUSED,                          "HS2"),
    ("streaming_body_then_trailers",     "http.response.early_hint"):     (REFUSED,                          "X12"),
    ("streaming_body_then_trailers",     "http.response.debug"):          (REFUSED,                          "X14"),
    ("streaming_body_then_trailers",     "return"):                       (REFUSED,                          "HS16"),
    ("streaming_body_then_trailers",     "*"):                            (REFUSED,                          "HS14"),

    ("awaiting_trailers",                "http.response.trailers+"):      ("awaiting_trailers",              "X2"),
    ("awaiting_trailers",                "http.response.trailers"):       ("complete",                       "X2"),
    ("awaiting_trailers",                "http.disconnect"):              ("peer_gone",                      "HS24"),
    ("awaiting_trailers",                "return"):                       (REFUSED,                          "HS23"),
    ("awaiting_trailers",                "*"):                            (REFUSED,                          "X1"),

    ("complete",                         "return"):                       ("returned",                       "HS16"),
    ("complete",                         "http.response.push"):           (REFUSED,                          "X4"),
    ("complete",                         "http.response.zerocopysend"):   (REFUSED,                          "X7"),
    ("complete",                         "http.response.zerocopysend+"):  (REFUSED,                          "X7"),
    ("complete",                         "http.response.pathsend"):       (REFUSED,                          "X10"),
    ("complete",                         "*"):                            (REFUSED,                          "HS15"),

    ("peer_gone",                        "return"):                       ("returned",                       "HS24"),
    ("peer_gone",                        "*"):                            ("peer_gone",                      "HS22"),

    ("returned",                         "*"):                            (REFUSED,                          "G26"),
})

HTTP_SERVER: Final = Table("http", "server", start="awaiting_request", rows={
    # state                              message                          next state                         rule
    ("awaiting_request",                 "http.request+"):                ("streaming_request",              "HR3"),
    ("awaiting_request",                 "http.request"):                 ("request_complete",               "HR4"),
    ("awaiting_request",                 "http.disconnect"):              ("disconnected",                   "HR7"),
    ("awaiting_request",                 "*"):                            (REFUSED,                          "HR1"),

    ("streaming_request",                "http.request+"):                ("streaming_request",              "HR3"),
    ("streaming_request",                "http.request"):                 ("request_complete",               "HR4"),
    ("streaming_request",                "http.disconnect"):              ("disconnected",                   "HR7"),
    ("streaming_request",                "*"):                            (REFUSED,                          "HR1"),

    ("request_complete",                 "http.disconnect"):              ("disconnected",                   "HR7"),
    ("request_complete",                 "http.request"):                 (REFUSED,                          "HR4"),
    ("request_complete",                 "http.request+"):                (REFUSED,                          "HR4"),
    ("request_complete",                 "*"):                            (REFUSED,                          "HR1"),

    ("disconnected",                     "http.disconnect"):              ("disconnected",                   "HR8"),
    ("disconnected",                     "*"):                            (REFUSED,                          "HR8"),
})

WEBSOCKET_APP: Final = Table("websocket", "app", start="awaiting_connect", rows={
    # state                              message or call                  next state                         rule
    ("awaiting_connect",                 "websocket.connect"):            ("awaiting_answer",                "WR1"),
    ("awaiting_connect",                 "*"):                            (REFUSED,                          "WS1"),

    ("awaiting_answer",                  "websocket.accept"):             ("open",                           "WS2"),
    ("awaiting_answer",                  "websocket.close"):              ("closed",                         "WS12"),
    ("awaiting_answer",                  "websocket.http.response.start"): ("denial_awaiting_body",          "WS17"),
    ("awaiting_answer",                  "websocket.disconnect"):         ("peer_gone",                      "WS14"),
    ("awaiting_answer",                  "websocket.send"):               (REFUSED,                          "WS7"),
    ("awaiting_answer",                  "return"):                       (REFUSED,                          "WS15"),
    ("awaiting_answer",                  "*"):                            (REFUSED,                          "WS1"),

    ("open",                             "websocket.send"):               ("open",                           "WS7"),
    ("open",                             "websocket.close"):              ("closed",                         "WS13"),
    ("open",                             "websocket.disconnect"):         ("peer_gone",                      "WS14"),
    ("open",                             "websocket.accept"):             (REFUSED,                          "WS2"),
    ("open",                             "return"):                       (REFUSED,                          "WS15"),
    ("open",                             "*"):                            (REFUSED,                          "WS17"),

    ("denial_awaiting_body",             "websocket.http.response.body+"): ("denial_streaming_body",         "WS18"),
    ("denial_awaiting_body",             "websocket.http.response.body"): ("closed",                         "WS18"),
    ("denial_awaiting_body",             "websocket.disconnect"):         ("peer_gone",                      "WS14"),
    ("denial_awaiting_body",             "return"):                       (REFUSED,                          "WS18"),
    ("denial_awaiting_body",             "*"):                            (REFUSED,                          "WS18"),

    ("denial_streaming_body",            "websocket.http.response.body+"): ("denial_streaming_body",         "WS18"),
    ("denial_streaming_body",            "websocket.http.response.body"): ("closed",                         "WS18"),
    ("denial_streaming_body",            "websocket.disconnect"):         ("peer_gone",                      "WS14"),
    ("denial_streaming_body",            "return"):                       (REFUSED,                          "WS18"),
    ("denial_streaming_body",            "*"):                            (REFUSED,                          "WS18"),

    ("closed",                           "return"):                       ("returned",                       "WS14"),
    ("closed",                           "*"):                            (REFUSED,                          "WS11"),

    ("peer_gone",                        "return"):                       ("returned",                       "WS14"),
    ("peer_gone",                        "*"):                            ("peer_gone",                      "WS16"),

    ("returned",                         "*"):                            (REFUSED,                          "G26"),
})

WEBSOCKET_SERVER: Final = Table("websocket", "server", start="awaiting_connect", rows={
    # state                              message                          next state                         rule
    ("awaiting_connect",                 "websocket.connect"):            ("awaiting_answer",                "WR1"),
    ("awaiting_connect",                 "*"):                            (REFUSED,                          "WR1"),

    ("awaiting_answer",                  "websocket.accept"):             ("open",                           "WS2"),
    ("awaiting_answer",                  "websocket.close"):              ("closing",                        "WS12"),
    ("awaiting_answer",                  "websocket.http.response.body"): ("closing",                        "WS18"),
    ("awaiting_answer",                  "websocket.disconnect"):         ("disconnected",                   "WR10"),
    ("awaiting_answer",                  "websocket.receive"):            (REFUSED,                          "WR2"),
    ("awaiting_answer",                  "*"):                            (REFUSED,                          "WR1"),

    ("open",                             "websocket.receive"):            ("open",                           "WR4"),
    ("open",                             "websocket.disconnect"):         ("disconnected",                   "WR10"),
    ("open",                             "websocket.close"):              ("closing",                        "WS13"),
    ("open",                             "*"):                            (REFUSED,                          "WR1"),

    ("closing",                          "websocket.receive"):            ("closing",                        "WR4"),
    ("closing",                          "websocket.disconnect"):         ("disconnected",                   "WR10"),
    ("closing",                          "*"):                            (REFUSED,                          "WR10"),

    ("disconnected",                     "*"):                            (REFUSED,                          "WR10"),
})

LIFESPAN_APP: Final = Table("lifespan", "app", start="awaiting_startup", rows={
    # state                              message or call                  next state                         rule
    ("awaiting_startup",                 "lifespan.startup"):             ("starting",                       "L4"),
    ("awaiting_startup",                 "return"):                       ("returned",                       "L9"),
    ("awaiting_startup",                 "*"):                            (REFUSED,                          "L6"),

    ("starting",                         "lifespan.startup.complete"):    ("running",                        "L6"),
    ("starting",                         "lifespan.startup.failed"):      ("failed",                         "L6"),
    ("starting",                         "return"):                       (REFUSED,                          "L6"),
    ("starting",                         "*"):                            (REFUSED,                          "L6"),

    ("running",                          "lifespan.shutdown"):            ("stopping",                       "L10"),
    ("running",                          "lifespan.startup.complete"):    (REFUSED,                          "L6"),
    ("running",                          "lifespan.startup.failed"):      (REFUSED,                          "L6"),
    ("running",                          "return"):                       (REFUSED,                          "L13"),
    ("running",                          "*"):                            (REFUSED,                          "L11"),

    ("stopping",                         "lifespan.shutdown.complete"):   ("stopped",                        "L11"),
    ("stopping",                         "lifespan.shutdown.failed"):     ("stopped",                        "L11"),
    ("stopping",                         "return"):                       (REFUSED,                          "L11"),
    ("stopping",                         "*"):                            (REFUSED,                          "L11"),

    ("failed",                           "return"):                       ("returned",                       "L6"),
    ("failed",                           "*"):                            (REFUSED,                          "L6"),

    ("stopped",                          "return"):                       ("returned",                       "L13"),
    ("stopped",                          "*"):                            (REFUSED,                          "L11"),

    ("returned",                         "*"):                            (REFUSED,                          "G26"),
})

LIFESPAN_SERVER: Final = Table("lifespan", "server", start="awaiting_startup", rows={
    # state                              message                          next state                         rule
    ("awaiting_startup",                 "lifespan.startup"):             ("starting",                       "L4"),
    ("awaiting_startup",                 "*"):                            (REFUSED,                          "L4"),

    ("starting",                         "lifespan.startup.complete"):    ("running",                        "L6"),
    ("starting",                         "lifespan.startup.failed"):      ("failed",                         "L8"),
    ("starting",                         "lifespan.startup"):             (REFUSED,                          "L4"),
    ("starting",                         "*"):                            (REFUSED,                          "L10"),

    ("running",                          "lifespan.shutdown"):            ("stopping",                       "L10"),
    ("running",                          "lifespan.startup"):             (REFUSED,                          "L4"),
    ("running",                          "*"):                            (REFUSED,                          "L10"),

    ("stopping",                         "lifespan.shutdown.complete"):   ("stopped",                        "L12"),
    ("stopping",                         "lifespan.shutdown.failed"):     ("stopped",                        "L12"),
    ("stopping",                         "*"):                            (REFUSED,                          "L10"),

    ("failed",                           "*"):                            (REFUSED,                          "L10"),
    ("stopped",                          "*"):                            (REFUSED,                          "L10"),
})
# fmt: on

TABLES: Final = {
    (table.protocol, table.side): table
    for table in (HTTP_APP, HTTP_SERVER, WEBSOCKET_APP, WEBSOCKET_SERVER, LIFESPAN_APP, LIFESPAN_SERVER)
}


def mermaid(table: Table) -> str:
    """The table as a Mermaid state diagram: the legal moves, each with its rule."""
    lines = ["stateDiagram-v2", f"    [*] --> {table.start}"]
    for (state, said), (next_state, rule_id) in table.rows.items():
        if next_state:
            lines.append(f"    {state} --> {next_state}: {said} ({rule_id})")
    return "\n".join(lines)
