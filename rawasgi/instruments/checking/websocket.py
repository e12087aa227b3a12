"""One websocket in -> what either side does wrong with it, beyond order and form, out.

bytes > [server > app > middleware > routing > handler > response] > bytes

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html#websocket
In FastAPI:   none, because it leaves the protocol to Starlette and to the server
In Starlette: starlette.websockets:WebSocket, whose conditions are about order alone
In Flask:     none, because WSGI has no websockets
Left out:     frames: they are below the messages
"""

from collections.abc import Iterable
from typing import Any

from rawasgi.instruments.checking.answer import Answer
from rawasgi.instruments.checking.finding import Fault, tail, within
from rawasgi.instruments.checking.http import TIDY
from rawasgi.instruments.checking.shapes import DENIAL
from rawasgi.instruments.checking.values import quoted
from rawasgi.instruments.checking.watch import Faults, Watch
from rawasgi.messages.types import Message

REFUSALS = ("websocket.close", f"{DENIAL}start")


class WebSocketWatch(Watch):
    """The call for one websocket."""

    protocol = "websocket"
    over = ("closed", "peer_gone", "returned")
    late = "WS16"

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.answer = Answer("GET")  # a handshake is one
        self.unheard = 0

    def receive_faults(self) -> Iterable[Fault]:
        """Who was told that the socket has ended has nothing more to wait for."""
        if self.server.state == "disconnected":
            yield Fault("WS14", "receive() after websocket.disconnect")

    def sent_faults(self, message: Message) -> Faults:
        """What is wrong with a message of the app."""
        said = message.get("type") if isinstance(message, dict) else None
        if self.app.state == "awaiting_connect" and said in REFUSALS:
            yield tail("WS1", f"{said} before the connect was received")
            self.app.hears({"type": "websocket.connect"})  # who refuses was asked: Starlette need not hear it
        was_gone = self.app.state == "peer_gone"
        is_in_turn = yield from super().sent_faults(message)
        kind = message["type"] if is_in_turn else ""
        if kind.startswith(DENIAL) and "websocket.http.response" not in self.extensions:
            yield Fault("WS17", f"{kind}, which the server does not announce")
        if was_gone:
            self.unheard += 1
            if self.unheard == TIDY + 1:
                yield Fault("WS14", f"{self.unheard} messages to a client that has left, and more")
        elif kind == "websocket.accept":
            chosen, offered = message.get("subprotocol"), self.scope.get("subprotocols", ())
            if isinstance(chosen, str) and isinstance(offered, Iterable) and chosen not in offered:
                yield Fault("WS4", f"subprotocol {quoted(chosen)}", tuple(map(str, offered)))
        elif kind == f"{DENIAL}start":
            self.answer.start(message)
        elif kind == f"{DENIAL}body":
            yield from within("WS18", self.answer.body(message))
        return is_in_turn
