"""One message in -> what is wrong with it, whenever it may come, out.

bytes > [server > app > middleware > routing > handler > response] > bytes

Which keys a message has, and of what type, stands in `messages.types`; `RULES` only says which rule that is. What a
type cannot say (a status from 200 to 599, either `bytes` or `text`) is a few lines below.

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html
In FastAPI:   none, because it leaves the protocol to Starlette and to the server
In Starlette: starlette.websockets:WebSocket.send, whose conditions are about order alone
In Flask:     wsgiref.validate:check_headers
Left out:     when a message may come: `messages.states` says it
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePath
from typing import Any

from rawasgi.instruments.checking.finding import Fault, tail, within
from rawasgi.instruments.checking.headers import OF_RESPONSE, Numbers, header_faults, length_of, listed, values_of
from rawasgi.instruments.checking.values import FITS, Fits, key_faults, keys_of, plain_faults, quoted, told
from rawasgi.messages.types import MESSAGES, Message

# The rule that a key breaks by being absent or of another type than `messages.types` says.
RULES = {
    "http.request": {"body": "HR2", "more_body": "HR3"},
    "http.response.start": {"status": "HS3", "trailers": "HS11"},
    "http.response.body": {"body": "HS13", "more_body": "HS14"},
    "http.response.trailers": {"more_trailers": "X2"},
    "http.response.push": {"path": "X5", "headers": "X5"},
    "http.response.zerocopysend": {"file": "X8", "offset": "X8", "count": "X8", "more_body": "X8"},
    "http.response.pathsend": {"path": "X11"},
    "http.response.early_hint": {"links": "X13"},
    "http.response.debug": {"info": "X14"},
    "websocket.receive": {"bytes": "WR5", "text": "WR5"},
    "websocket.disconnect": {"code": "WR8", "reason": "WR9"},
    "websocket.accept": {"subprotocol": "WS3"},
    "websocket.send": {"bytes": "WS8", "text": "WS8"},
    "websocket.close": {"code": "WS9", "reason": "WS10"},
    "lifespan.startup.failed": {"message": "L7"},
    "lifespan.shutdown.failed": {"message": "L7"},
}
ABSENT = object()
DENIAL = "websocket.http.response."
WALKED = {"code", "offset", "count"}  # known keys whose numbers may still be too large
OTHERS_OF_HANDSHAKE = (b"sec-websocket-accept", b"sec-websocket-extensions", b"upgrade", b"connection")
LONGEST_REASON = 123  # bytes: RFC 6455 5.5, a control frame has at most 125, and two of them are the code


def planned(kind: str) -> list[tuple[str, bool, Fits, str]]:
    """The keys of a message to look at: name, whether it must be there, the test, the rule."""
    rules = RULES.get(kind, {})
    return [
        (key, is_required, test or (lambda value: True), rules[key])
        for key, is_required, test in keys_of(MESSAGES[kind])
        if key in rules
    ]


PLAN = {kind: planned(kind) for kind in MESSAGES}
KNOWN = {kind: frozenset(MESSAGES[kind].__annotations__) - WALKED for kind in MESSAGES}
ONLY_TYPE = frozenset({"type"})


def message_faults(message: Message) -> Iterator[Fault]:
    """All that is wrong with a message of any known type, and with what an unknown one holds."""
    kind: str = message["type"]
    extra = message.keys() - KNOWN.get(kind, ONLY_TYPE)
    if extra:
        yield from key_faults(message, kind)
        for key in sorted(filter(FITS[str], extra)):
            yield from plain_faults(message[key], f"{kind}: {key}")
    if kind.startswith(DENIAL):  # WS18: shaped as HS3 to HS18 say
        yield from within("WS18", shape_faults({**message, "type": kind.removeprefix("websocket.")}))
    elif kind in PLAN:
        yield from shape_faults(message)


def shape_faults(message: Message) -> Iterator[Fault]:
    """What is wrong with the keys that the type of the message has."""
    kind = message["type"]
    for key, is_required, test, rule_id in PLAN[kind]:
        value = message.get(key, ABSENT)
        if value is ABSENT:
            if is_required:
                yield Fault(rule_id, f"{kind} without {key}")
        elif not test(value):
            yield Fault(rule_id, f"{kind}: {key} is {told(value)}")
    look = LOOKS.get(kind)
    if look is not None:
        yield from look(message)


def start_faults(message: Message) -> Iterator[Fault]:
    """`http.response.start`."""
    status, headers = message.get("status"), message.get("headers", ())
    if FITS[int](status) and not 200 <= status <= 599:  # type: ignore[operator]
        yield Fault("HS4", f"status {status}", ("200 to 599",))
    yield from header_faults(headers, OF_RESPONSE, "http.response.start")
    if values_of(headers, b"transfer-encoding"):
        yield tail("HS9", "http.response.start: header b'transfer-encoding', which the server ignores")
    lengths = values_of(headers, b"content-length")
    if len(lengths) > 1:
        yield Fault("HS17", "content-length is given more than once")
    elif lengths and length_of(headers) is None:
        yield Fault("HS17", f"content-length is {quoted(lengths[0])}")
    if lengths and status == 204:
        yield Fault("HS18", "content-length with status 204")


def trailers_faults(message: Message) -> Iterator[Fault]:
    """`http.response.trailers`."""
    yield from within("X2", header_faults(message.get("headers", ()), OF_RESPONSE, message["type"]))


def push_faults(message: Message) -> Iterator[Fault]:
    """`http.response.push`."""
    if "headers" in message:
        numbers = Numbers("HS5", "HS6", "HS7", "")
        yield from within("X5", header_faults(message["headers"], numbers, message["type"]))


def zero_copy_faults(message: Message) -> Iterator[Fault]:
    """`http.response.zerocopysend`."""
    if "file" in message and not has_descriptor(message["file"]):
        yield Fault("X8", f"{message['type']}: {told(message['file'])} without a descriptor")
    for key in ("offset", "count"):
        if FITS[int](message.get(key)) and message[key] < 0:
            yield Fault("X8", f"{message['type']}: {key} is {message[key]}")


def has_descriptor(file: Any) -> bool:
    """Whether an open file of the operating system stands behind it: `io.BytesIO` has the method, and raises."""
    try:
        return FITS[int](file.fileno())
    except Exception:  # whatever a thing raises that is no file
        return False


def path_faults(message: Message) -> Iterator[Fault]:
    """`http.response.pathsend`."""
    path = message.get("path")
    if isinstance(path, str) and not PurePath(path).is_absolute():
        yield Fault("X11", f"{message['type']}: {quoted(path)} is not absolute")


def hint_faults(message: Message) -> Iterator[Fault]:
    """`http.response.early_hint`."""
    links = message.get("links", ())
    if isinstance(links, (bytes, str)) or not isinstance(links, Iterable):
        yield Fault("X13", f"{message['type']}: links is {told(links)}")
    elif odd := [link for link in links if not isinstance(link, bytes)]:
        yield Fault("X13", f"{message['type']}: {told(odd[0])} among the links")


def debug_faults(message: Message) -> Iterator[Fault]:
    """`http.response.debug`. What `info` holds goes on no wire, and may be anything."""
    info = message.get("info", {})
    if not isinstance(info, dict) or not all(isinstance(key, str) for key in info):
        yield Fault("X14", f"{message['type']}: info is {told(info)}, or has a key that is no str")


def one_payload(rule_id: str) -> Callable[[Message], Iterator[Fault]]:
    """The rule that a websocket message is either bytes or text."""

    def payload_faults(message: Message) -> Iterator[Fault]:
        there = [key for key in ("bytes", "text") if message.get(key) is not None]
        if len(there) != 1:
            yield Fault(rule_id, f"{message['type']} with {' and '.join(there) or 'neither bytes nor text'}")

    return payload_faults


def accept_faults(message: Message) -> Iterator[Fault]:
    """`websocket.accept`."""
    headers = message.get("headers", ())
    yield from within("WS5", header_faults(headers, OF_RESPONSE, message["type"]))
    if values_of(headers, b"sec-websocket-protocol"):
        yield Fault("WS6", f"{message['type']}: header b'sec-websocket-protocol'", ("subprotocol",))
    others = [name for name in OTHERS_OF_HANDSHAKE if values_of(headers, name)]
    if others:
        yield tail("WS6", f"{message['type']}: header {listed(others)}")


def close_faults(message: Message) -> Iterator[Fault]:
    """`websocket.close`."""
    code, reason = message.get("code", 1000), message.get("reason") or ""
    if FITS[int](code) and not may_be_sent(code):
        yield tail("WS9", f"{message['type']}: code {code}", ("1000 to 1003", "1007 to 1014", "3000 to 4999"))
    if isinstance(reason, str) and (size := len(reason.encode("utf-8", "surrogatepass"))) > LONGEST_REASON:
        yield tail("WS10", f"{message['type']}: reason of {size} bytes", (f"at most {LONGEST_REASON} bytes",))


def may_be_sent(code: int) -> bool:
    """Whether RFC 6455 7.4 lets an endpoint send this code: 1005, 1006 and 1015 are for those who tell of it."""
    return 1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999


LOOKS: dict[str, Callable[[Message], Iterator[Fault]]] = {
    "http.response.start": start_faults,
    "http.response.trailers": trailers_faults,
    "http.response.push": push_faults,
    "http.response.zerocopysend": zero_copy_faults,
    "http.response.pathsend": path_faults,
    "http.response.early_hint": hint_faults,
    "http.response.debug": debug_faults,
    "websocket.receive": one_payload("WR4"),
    "websocket.accept": accept_faults,
    "websocket.send": one_payload("WS8"),
    "websocket.close": close_faults,
}
