"""One lifespan in -> what either side does wrong with it, beyond order and form, out.

bytes > [server > app > middleware > routing > handler > response] > bytes

Spec:         https://asgi.readthedocs.io/en/latest/specs/lifespan.html
In FastAPI:   none, because it leaves the protocol to Starlette and to the server
In Starlette: none, because its router only answers
In Flask:     none, because WSGI has no lifespan
Left out:     an app that hangs after its shutdown: nobody else can tell it from one that works
"""

from rawasgi.instruments.checking.finding import Fault
from rawasgi.instruments.checking.values import quoted
from rawasgi.instruments.checking.watch import Faults, Watch
from rawasgi.messages.types import Message


class LifespanWatch(Watch):
    """The call for the time of one event loop."""

    protocol = "lifespan"
    foreign = "L15"
    over = ()

    @property
    def is_open(self) -> bool:
        """There is no client."""
        return False

    def sent_faults(self, message: Message) -> Faults:
        """What is wrong with a message of the app."""
        is_in_turn = yield from super().sent_faults(message)
        if is_in_turn and message["type"] == "lifespan.startup.complete":
            self.serving.started(self)
            state = self.scope.get("state")
            odd = [key for key in state if not isinstance(key, str)] if isinstance(state, dict) else []
            if odd:
                yield Fault("L14", f"state has the key {quoted(odd[0])}")
        return is_in_turn

    def heard_faults(self, message: Message, stood: str) -> Faults:
        """What is wrong with a message of the server."""
        is_in_turn = yield from super().heard_faults(message, stood)
        if is_in_turn and message["type"] == "lifespan.shutdown" and (count := self.serving.open_beside(self)):
            yield Fault("L10", f"lifespan.shutdown while {count} connections are open")
        return is_in_turn
