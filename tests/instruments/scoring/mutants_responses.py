"""Mutants of tiny's server that tell the client something else than the app has said, or cannot be talked to."""

import logging

from rawasgi.instruments.scoring.questions import extensions
from rawasgi.tiny import server as tiny
from tests.instruments.scoring.mutants import HTTP, WS, Line, around, breaks, for_ever, on_the_wire, scoped

# --- nobody listens ---


def raising(patch, kind):
    """A late `send` raises what is no OSError."""

    def changed(send):
        async def changed_send(self, message):
            try:
                await send(self, message)
            except OSError:
                raise RuntimeError("gone") from None

        return changed_send

    around(patch, kind, "send", changed)


for question, rule_id in (("send_http", "HS22"), ("after_disconnect", "G19")):
    breaks(question, rule_id)(lambda patch: raising(patch, HTTP))


@breaks("send_http", "HS22")
def bare_os_error(patch):
    patch.setattr(tiny, "ClientGone", OSError)


@breaks("send_socket", "WS16")
def socket_raises(patch):
    raising(patch, WS)


@breaks("not_logged", "G18")
def own_exception_logged(patch):
    def logged(log):
        return lambda level, *given, **named: log(logging.ERROR, *given, **named)

    patch.setattr(tiny.log, "log", logged(tiny.log.log))


# --- the response ---


@breaks("framing", "HS21")
def last_piece_lost(patch):
    on_the_wire(patch, lambda data: data.replace(b"2\r\nlo\r\n", b""))


@breaks("framing", "HS21")
def chunks_for_all(patch):
    def change(data):
        return data.replace(b"Connection: close\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")

    on_the_wire(patch, change)


@breaks("transfer_encoding", "HS9")
def two_framings(patch):
    both = b"Transfer-Encoding: chunked\r\ncontent-length: 5\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    on_the_wire(patch, lambda data: data.replace(b"content-length: 5\r\n\r\n", both))


@breaks("order", "HS10")
def headers_backwards(patch):
    before = tiny.outgoing
    patch.setattr(tiny, "outgoing", lambda headers: before([*headers][::-1]))


@breaks("order", "HS10")
def cookies_joined(patch):
    on_the_wire(
        patch,
        lambda data: data.replace(b"set-cookie: a=1\r\n", b"").replace(b"set-cookie: b=2", b"set-cookie: b=2, a=1"),
    )


@breaks("silent", "HS18")
def body_to_head(patch):
    def changed(send):
        async def changed_send(self, message):
            await send(self, message)
            if self.scope["method"] == "HEAD" and message.get("body"):
                self.line.transport.write(message["body"])

        return changed_send

    around(patch, HTTP, "send", changed)


@breaks("length_of_204", "HS18")
def length_for_204(patch):
    on_the_wire(patch, lambda data: data.replace(b" 204 \r\n", b" 204 \r\ncontent-length: 0\r\n"))


def sending(patch, refuses, kind=HTTP, error=RuntimeError):
    """`send` raises where `refuses(call, message)` says so."""

    def changed(send):
        async def changed_send(self, message):
            if refuses(self, message):
                raise error("not so")
            await send(self, message)

        return changed_send

    around(patch, kind, "send", changed)


@breaks("after_the_end", "HS15")
def late_is_an_error(patch):
    sending(patch, lambda call, message: call.response.state == "complete")


@breaks("nonsense", "G12")
def anything_goes(patch):
    def changed(send):
        async def changed_send(self, message):
            try:
                await send(self, message)
            except Exception:
                pass

        return changed_send

    around(patch, HTTP, "send", changed)


@breaks("extra_keys", "G11")
def known_keys_only(patch):
    sending(patch, lambda call, message: any("unknown" in key for key in message))


@breaks("absent_keys", "HS5", "HS13")
def all_keys_needed(patch):
    needed = {"http.response.start": "headers", "http.response.body": "body"}
    sending(patch, lambda call, message: needed.get(message["type"], "type") not in message, error=KeyError)


@breaks("pressure", "HS19")
def no_brake(patch):
    patch.setattr(Line, "pause_writing", lambda self: None)


@breaks("raises_before", "G17")
def error_is_success(patch):
    on_the_wire(patch, lambda data: data.replace(b"HTTP/1.1 500", b"HTTP/1.1 200"))


@breaks("raises_before", "G17")
def error_hangs(patch):
    async def refuse(self, status, more=()):
        await for_ever()

    patch.setattr(Line, "refuse", refuse)


def finishing(patch):
    """Whatever was begun is ended as if it were whole."""

    async def refuse(self, status, more=()):
        self.transport.write(b"0\r\n\r\n")
        self.transport.close()

    patch.setattr(Line, "refuse", refuse)


breaks("raises_within", "G17")(finishing)
breaks("returns_within", "HS16")(finishing)


@breaks("returns_before", "HS16")
def silence_is_success(patch):
    error_is_success(patch)


# --- extensions ---


def announcing(patch):
    """Whatever there is, is announced."""
    scoped(patch, lambda scope: {**scope, "extensions": {name: {} for name in extensions.CHECKED}})


for question, rule_id in (("trailers", "G24"), ("pathsend", "G24"), ("zerocopysend", "G24"), ("early_hint", "G24")):
    breaks(question, rule_id)(announcing)
