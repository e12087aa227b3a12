"""Mutants of tiny's server that get a websocket wrong."""

import wsproto
from wsproto import events as ws

from rawasgi.tiny import server as tiny
from tests.instruments.scoring.mutants import WS, Line, around, breaks, for_ever, on_the_wire, receiving


@breaks("handshake", "WR3")
def accepted_at_once(patch):
    def changed(receive):
        async def changed_receive(self):
            message = await receive(self)
            if message["type"] == "websocket.connect":
                await self.line.say(self.wire, ws.AcceptConnection("chat.v1", [], [(b"x-own", b"1")]))
            return message

        return changed_receive

    around(patch, WS, "receive", changed)
    patch.setitem(tiny.WIRE_EVENTS, "websocket.accept", lambda message: ws.Ping())


@breaks("handshake", "W6", "WS3", "WS5")
def bare_handshake(patch):
    patch.setitem(tiny.WIRE_EVENTS, "websocket.accept", lambda message: ws.AcceptConnection())
    patch.setattr(
        wsproto.events.Request, "subprotocols", property(lambda self: [], lambda self, value: None), raising=False
    )


@breaks("handshake", "WS1")
def no_handshake(patch):
    patch.setitem(tiny.WIRE_EVENTS, "websocket.accept", lambda message: ws.RejectConnection(status_code=400))


@breaks("refused", "WS12")
def refused_otherwise(patch):
    on_the_wire(patch, lambda data: data.replace(b"HTTP/1.1 403", b"HTTP/1.1 400"))


@breaks("denied", "WS18")
def denied_otherwise(patch):
    on_the_wire(patch, lambda data: data.replace(b"pot", b"pan"))


@breaks("messages", "WR7")
def no_pong(patch):
    on_the_wire(patch, lambda data: b"" if data[:1] == b"\x8a" else data)


@breaks("messages", "WR6")
def fragments_apart(patch):
    def changed(translate):
        async def changed_translate(self, event):
            if isinstance(event, ws.TextMessage):
                return self.hear("websocket.receive", text=event.data)
            return await translate(self, event)

        return changed_translate

    around(patch, WS, "translate", changed)


@breaks("messages", "WS8")
def bytes_as_text(patch):
    on_the_wire(patch, lambda data: b"\x81" + data[1:] if data[:1] == b"\x82" else data)


@breaks("not_text", "WR6")
def any_bytes_are_text(patch):
    def changed(feed):
        def changed_feed(self, parser):
            self.unread[:] = self.unread.replace(b"\xff\xfe", b"??")
            feed(self, parser)

        return changed_feed

    around(patch, Line, "feed", changed)


@breaks("app_closes", "WS13")
def always_1001(patch):
    patch.setitem(tiny.WIRE_EVENTS, "websocket.close", lambda message: ws.CloseConnection(1001))


def disconnects(patch, change):
    """The app's disconnect is changed so."""
    receiving(
        patch, lambda call, message: change(message) if message["type"] == "websocket.disconnect" else message, WS
    )


@breaks("told_after_close", "WR10")
def not_told_after_close(patch):
    disconnects(patch, lambda message: None)


@breaks("client_closes", "WR8", "WR9")
def code_and_reason_lost(patch):
    disconnects(patch, lambda message: {**message, "code": 1006, "reason": ""})


@breaks("client_closes_without", "WR8")
def one_thousand(patch):
    disconnects(patch, lambda message: {**message, "code": 1000})


@breaks("line_lost", "WR8")
def as_if_closed(patch):
    disconnects(patch, lambda message: {**message, "code": 1005})


for question in ("client_closes", "client_closes_without", "line_lost"):
    breaks(question, "WR10")(not_told_after_close)


@breaks("app_ends", "WS14")
def stays_open(patch):
    around(patch, WS, "run", lambda run: staying(run))


def staying(run):
    """A call whose end nobody notices."""

    async def changed_run(self):
        app = self.line.app

        async def endless(*given):
            try:
                await app(*given)
            except Exception:
                pass
            await for_ever()

        self.line.app = endless
        await run(self)

    return changed_run


breaks("unanswered", "WS14")(stays_open)
