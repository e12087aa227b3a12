"""A look in -> what is wrong with what the app has said out.

bytes > server > app > middleware > routing > handler > [response] > bytes

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html#response-start-send-event
In FastAPI:   none, because it leaves the protocol to Starlette and to the server
In Starlette: none, because it leaves the protocol to the server
In Flask:     wsgiref.validate:validator, for WSGI
Left out:     whether a header is a good idea
"""

from collections.abc import Iterator

from rawasgi.instruments.apart import Hanging
from rawasgi.instruments.conversation import ClientLeft
from rawasgi.instruments.xraying.findings import words
from rawasgi.instruments.xraying.findings.words import at, causes, headers_of, is_whole, raised_at, said, start_of
from rawasgi.instruments.xraying.sight import Finding, Look
from rawasgi.messages.errors import AppProtocolError
from rawasgi.messages.rules import rule
from rawasgi.messages.types import Message

ONCE = (b"content-type", b"content-length", b"location", b"etag", b"last-modified", b"access-control-allow-origin")
WITHOUT_BODY = (204, 304)


def breaks_protocol(look: Look) -> Iterator[Finding]:
    """The app has said what it may not say there, or has ended too early."""
    broken = next((error for error in causes(look.error) if isinstance(error, AppProtocolError)), None)
    if broken is not None:
        yield Finding(
            "breaks_protocol",
            at(look, raised_at(look.error)),
            f"The app said {broken.seen} while the conversation was {broken.state}"
            f" ({broken.rule_id}: {rule(broken.rule_id).name}).",
            "Each server makes something else of it: an error, a torn connection, or a client that waits.",
            f"Say {words.listed(broken.allowed) or 'nothing more'} there.",
            words.FIRST_CHAPTER,
        )


def torn_response(look: Look) -> Iterator[Finding]:
    """The app has failed in the middle of its response."""
    if failed(look) and is_behind(look, end=False):
        yield Finding(
            "torn_response",
            at(look, raised_at(look.error)),
            f"{named(look.error)} was raised after the response had started.",
            "The status is out: the client sees 200 and a body that breaks off, and no exception handler can answer.",
            "Do what may fail before the first piece is sent, or tell of the failure inside the body.",
            words.ERRORS,
        )


def half_taken_for_whole(look: Look) -> Iterator[Finding]:
    """An inner layer broke off, and one around it has ended the body all the same."""
    depths = sorted({event.layer for event in look.events})
    torn = [
        depth for depth in depths if start_of(said(look, depth, "send")) and not is_whole(said(look, depth, "send"))
    ]
    if torn and is_whole(look.sent) and any(e.kind == "raise" and e.layer == torn[-1] for e in look.events):
        around = next(event.name for event in look.events if event.layer == torn[0] - 1)
        yield Finding(
            "half_taken_for_whole",
            at(look, raised_at(look.error)),
            f"The app failed in the middle of its response, and {around} ended the body as if it were whole.",
            "The client cannot tell half an answer from all of it; a cache will keep the half.",
            f"Write {around} as an ASGI app that passes messages on, instead of a function with `call_next`.",
            words.LAYERS,
        )


def late_error(look: Look) -> Iterator[Finding]:
    """Something has failed after the client had its whole response."""
    start = start_of(look.sent)
    if start and start["status"] < 500 and failed(look) and is_behind(look, end=True):  # a 500 is raised on as well
        yield Finding(
            "late_error",
            at(look, raised_at(look.error)),
            f"{named(look.error)} was raised after the response was complete.",
            "The client has its success already: what failed (a commit, a background task) only stands in the log.",
            'Do what has to succeed before you return, or in a dependency with `scope="function"`.',
            words.ERRORS,
        )


def length_differs(look: Look) -> Iterator[Finding]:
    """The body is not as long as its header says."""
    start = start_of(look.sent)
    declared = headers_of(start, b"content-length")
    if start is None or not declared or not is_whole(look.sent) or look.exchange.scope.get("method") == "HEAD":
        return
    length = sum(len(message.get("body", b"")) for message in look.sent if message["type"] == "http.response.body")
    other_ways = any(message["type"] not in ("http.response.start", "http.response.body") for message in look.sent)
    if declared[-1] != b"%d" % length and start["status"] not in WITHOUT_BODY and not other_ways:
        yield Finding(
            "length_differs",
            at(look),
            f"content-length says {declared[-1].decode('latin-1')}, and the body has {length} bytes.",
            "The server refuses to send it, or the client waits for the rest and takes the next response for it.",
            "A layer that changes the body has to change content-length too, or to take it out.",
            words.OWN_LAYER,
        )


def header_twice(look: Look) -> Iterator[Finding]:
    """A header that has one value was sent with two."""
    start = start_of(look.sent)
    for name in ONCE:
        values = headers_of(start, name)
        if len(values) > 1:
            yield Finding(
                "header_twice",
                at(look),
                f"{name.decode()} is sent {len(values)} times: {words.listed([v.decode('latin-1') for v in values])}.",
                "Clients take the first, the last, or none: a browser refuses two access-control-allow-origin.",
                "Let one layer set it; replace a header that may be there already instead of appending.",
                words.OWN_LAYER,
            )


def close_code_lost(look: Look) -> Iterator[Finding]:
    """A websocket was closed with a code before it was accepted."""
    first: Message = look.sent[0] if look.sent else {"type": ""}
    code, reason = first.get("code") or 1000, first.get("reason") or ""
    if first["type"] == "websocket.close" and (code >= 3000 or reason):
        yield Finding(
            "close_code_lost",
            at(look),
            f"The handshake was closed with {code}{f' ({reason})' if reason else ''} before it was accepted.",
            "There is no websocket yet that could carry a code: the client sees HTTP 403, and in a browser 1006.",
            "Accept first and close then, or refuse with a response of your own (`websocket.http.response.start`).",
            words.WEBSOCKET,
        )


def startup_unreported(look: Look) -> Iterator[Finding]:
    """A start-up has failed, and nobody told the server."""
    heard = any(message["type"] == "lifespan.startup" for message in said(look, 0, "receive"))
    if look.exchange.scope["type"] == "lifespan" and heard and not look.sent and failed(look):
        yield Finding(
            "startup_unreported",
            at(look, raised_at(look.error)),
            f"The start-up raised {named(look.error)}, and lifespan.startup.failed was not sent.",
            "A server takes an exception without a report for an app that has no lifespan, and serves without it.",
            "Catch it, send lifespan.startup.failed with a message, and return.",
            words.LIFESPAN,
        )


def failed(look: Look) -> bool:
    """Whether the app has raised something of its own."""
    return look.error is not None and not any(
        isinstance(error, Hanging | ClientLeft | AppProtocolError) for error in causes(look.error)
    )


def is_behind(look: Look, *, end: bool) -> bool:
    """Whether the first exception came after the start of the response, or after its end: else it may be answered."""
    raised = next((event.seq for event in look.events if event.kind == "raise"), 0)
    edge = [event for event in look.events if event.kind == "send" and event.layer == 0 and event.seq < raised]
    messages = [dict(event.message or {}) for event in edge]
    return is_whole(messages) if end else start_of(messages) is not None and not is_whole(look.sent)


def named(error: BaseException | None) -> str:
    """`ValueError("no stock")`."""
    return f"{type(error).__name__}({str(error).partition(chr(10))[0]!r})"
