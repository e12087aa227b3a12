"""Frames in -> bytes out, and back: the client's side of a websocket, polite or not.

[bytes] > server > app > middleware > routing > handler > response > bytes

Written out here because libraries refuse to be rude: no code in a close frame, text that is no UTF-8, half a message.

Spec:         https://www.rfc-editor.org/rfc/rfc6455#section-5.2
In FastAPI:   none, because it leaves the connection to the server
In Starlette: none, because it leaves the connection to the server
In Flask:     none, because WSGI has no websockets
Left out:     extensions: none is offered, so none is answered
"""

from typing import NamedTuple

from rawasgi.instruments.scoring.wire import Wire

CONTINUATION, TEXT, BYTES, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
# RFC 6455 1.3: "the sample nonce", and what a server must make of it.
KEY, ACCEPT = "dGhlIHNhbXBsZSBub25jZQ==", b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
HANDSHAKE = (
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", KEY),
)


class Frame(NamedTuple):
    """One frame from the server."""

    kind: int
    payload: bytes
    is_last: bool

    @property
    def code(self) -> int | None:
        """The code of a close frame; None where it has none."""
        return int.from_bytes(self.payload[:2], "big") if len(self.payload) >= 2 else None

    @property
    def reason(self) -> str:
        """The reason of a close frame."""
        return self.payload[2:].decode("utf-8", "replace")


def frame(kind: int, payload: bytes = b"", *, is_last: bool = True) -> bytes:
    """A frame as a client sends it: masked, with a mask that changes nothing."""
    size = len(payload)
    if size < 126:
        length = bytes([0x80 | size])
    elif size < 65536:
        length = bytes([0x80 | 126]) + size.to_bytes(2, "big")
    else:
        length = bytes([0x80 | 127]) + size.to_bytes(8, "big")
    return bytes([0x80 * is_last | kind]) + length + b"\0\0\0\0" + payload


def close(code: int | None = None, reason: str = "") -> bytes:
    """A close frame; without a code it is empty."""
    return frame(CLOSE, b"" if code is None else code.to_bytes(2, "big") + reason.encode())


def next_frame(wire: Wire) -> Frame | None:
    """The next frame; None where the connection ends before it is whole. Raises `Silence`."""
    head = wire.take(2)
    if head is None:
        return None
    size: int | None = head[1] & 0x7F
    if size in (126, 127):
        extended = wire.take(2 if size == 126 else 8)
        size = None if extended is None else int.from_bytes(extended, "big")
    payload = None if size is None else wire.take(size)
    return None if payload is None else Frame(head[0] & 0x0F, payload, bool(head[0] & 0x80))


def until_close(wire: Wire) -> Frame | None:
    """The close frame of the server; None where the line is cut without one. Raises `Silence`."""
    while (came := next_frame(wire)) is not None and came.kind != CLOSE:
        pass
    return came
