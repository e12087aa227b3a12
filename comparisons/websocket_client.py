"""A `Dialogue` of a contract in -> the `Outcome` on the wire, out.

[bytes] > server > app > response > bytes

The handshake is an ordinary request, so its refusal is seen whole; wsproto reads and writes the frames after it.

Spec:        https://www.rfc-editor.org/rfc/rfc6455
Left out:    extensions: none is offered, so none is answered
"""

import time
from collections import deque
from dataclasses import replace

from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Event, Message, Ping, Pong, TextMessage
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import RemoteProtocolError

from comparisons.contract import Dialogue, Move
from comparisons.http_client import AnswerReader
from comparisons.outcome import Close, Outcome, compared_headers
from comparisons.wire import Wire

# RFC 6455 1.3: the key of its own example, and what a server must answer to it.
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
HANDSHAKE = {("upgrade", "websocket"), ("sec-websocket-accept", ACCEPT)}
"""Answered headers that are the handshake itself; with any other value they stay, and differ."""


def converse(port: int, dialogue: Dialogue) -> Outcome:
    """Play the dialogue against the server."""
    with Wire(port) as wire:
        wire.send([handshake(dialogue)])
        reader = AnswerReader(wire, "GET", upgrade=True)
        reader.read()
        if reader.answer.status != 101:
            return replace(reader.read_all().outcome(), messages=(), close=None)
        headers = compared_headers(reader.answer.headers)
        opened = tuple(pair for pair in headers if (pair[0], pair[1].lower()) not in _lowered(HANDSHAKE))
        conversation = Conversation(wire, reader.leftover())
        for move in dialogue.moves:
            conversation.make(move)
        return replace(conversation.outcome(), headers=opened)


def handshake(dialogue: Dialogue) -> bytes:
    """Write the opening request."""
    offered = [("sec-websocket-protocol", ", ".join(dialogue.subprotocols))] if dialogue.subprotocols else []
    pairs = [
        ("host", "localhost"),
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", KEY),
        *offered,
    ]
    own = {name.lower() for name, _ in dialogue.headers}
    pairs = [pair for pair in pairs if pair[0] not in own] + [pair for pair in dialogue.headers if pair[1]]
    lines = [f"GET {dialogue.path} HTTP/1.1", *(f"{name}: {value}" for name, value in pairs), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def _lowered(pairs: set[tuple[str, str]]) -> set[tuple[str, str]]:
    return {(name, value.lower()) for name, value in pairs}


class Conversation:
    """An open websocket, played move by move."""

    def __init__(self, wire: Wire, leftover: bytes) -> None:
        self._wire = wire
        self._frames = Connection(ConnectionType.CLIENT)
        self._events: deque[Event] = deque()
        self._parts: list[str | bytes] = []
        self._messages: list[str | bytes] = []
        self._pongs: list[bytes] = []
        self._close: Close | None = None
        if leftover:  # frames that came in one packet with the handshake
            self._parse(leftover)

    def make(self, move: Move) -> None:
        """Do what the move says; once the server has closed, nothing is left to do."""
        if self._close is not None:
            return
        if move.act == "sends":
            self._send(TextMessage(move.data) if isinstance(move.data, str) else BytesMessage(move.data))
        elif move.act == "sends_raw":
            self._wire.send([_bytes(move.data)])
        elif move.act == "receives":
            wanted = len(self._messages) + 1
            while len(self._messages) < wanted and self._read():
                pass
        elif move.act == "pings":
            self._send(Ping(_bytes(move.data)))
            while _bytes(move.data) not in self._pongs and self._read():
                pass
        elif move.act == "pauses":
            time.sleep(move.seconds)  # the silence is the exchange
        elif move.act == "drops":
            self._wire.cut()
        else:
            self._end(move)

    def outcome(self) -> Outcome:
        """Give what was seen so far."""
        return Outcome(status=101, complete=True, messages=tuple(self._messages), close=self._close)

    def _end(self, move: Move) -> None:
        if move.act == "closes":
            # No code means a close frame without a payload; wsproto writes one, though it does not say so.
            self._send(CloseConnection(code=move.code, reason=str(move.data)))  # type: ignore[arg-type]
        while self._close is None and self._read():
            pass

    def _send(self, event: Event) -> None:
        self._wire.send([self._frames.send(event)])

    def _read(self) -> bool:
        """Take one event from the server; False at the end."""
        while not self._events:
            data = self._wire.receive()
            if not data or not self._parse(data):
                self._close = Close(CloseReason.ABNORMAL_CLOSURE.value)
                return False
        self._take(self._events.popleft())
        return self._close is None

    def _parse(self, data: bytes) -> bool:
        try:
            self._frames.receive_data(data)
            self._events.extend(self._frames.events())
        except RemoteProtocolError:
            return False
        return True

    def _take(self, event: Event) -> None:
        if isinstance(event, Message):
            self._parts.append(event.data if isinstance(event, TextMessage) else bytes(event.data))
            if event.message_finished:
                empty = "" if isinstance(event, TextMessage) else b""
                self._messages.append(empty.join(self._parts))  # type: ignore[arg-type]
                self._parts.clear()
        elif isinstance(event, Ping):
            self._send(event.response())
        elif isinstance(event, Pong):
            self._pongs.append(bytes(event.payload))
        elif isinstance(event, CloseConnection):
            ours = self._frames.state is not ConnectionState.REMOTE_CLOSING
            if not ours:
                self._send(event.response())
            self._close = Close(int(event.code), event.reason or "", "client" if ours else "server")


def _bytes(data: str | bytes) -> bytes:
    return data.encode() if isinstance(data, str) else data
