"""Each rule of the groups WR, WS and L in -> the calls that break it alone, and the nearest that do not, out."""

import asyncio

from tests.instruments.checking.scenes import (
    FAILED,
    SHUTDOWN,
    STARTED,
    STARTUP,
    STOPPED,
    Case,
    Left,
    Line,
    app_of,
    around,
    http,
    lifespan,
    played,
    socket,
)
from tests.instruments.messages import ACCEPT, CONNECT, asked, close, left, piece, said, sent, start

OK = (1, ACCEPT, close())
DENIED = {"type": "websocket.http.response.start", "status": 401, "headers": [(b"www-authenticate", b"Basic")]}
BODY = {"type": "websocket.http.response.body", "body": b"no"}
GONE = left(1001)


def heard(*messages, times=None, script=(), **scope):
    """A socket on which the app accepts, hears this, and is done."""
    return socket(1, ACCEPT, len(messages) if times is None else times, *script, said=messages, **scope)


def without(message, key):
    """A message without a key."""
    return {name: value for name, value in message.items() if name != key}


async def raises(scope, receive, send):
    """An app that fails."""
    raise ZeroDivisionError


async def goes_on(scope, receive, send):
    """An app that has no ear for its server."""
    for _ in range(5):
        try:
            await send(sent("a"))
        except OSError:
            pass


async def asks_again(scope, receive, send):
    """An app that was told, and waits for more."""
    task = asyncio.create_task(receive())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])


async def catches(scope, receive, send):
    """An app that cares for no exception at all."""
    try:
        await send(sent("a"))
    except Exception:
        pass


RECEIVED = [
    Case("WR1", socket(2, ACCEPT, close(), said=[CONNECT]), socket(*OK)),
    Case("WR1", socket(1, raises, connects=False, said=[said("a")]), socket(1, raises)),
    Case("WR1", heard({"type": "websocket.nonsense"}, script=[close()]), heard(said("a"), script=[close()])),
    Case("WR2", socket(2, ACCEPT, close(), said=[said("a")]), socket(1, ACCEPT, 1, close(), said=[said("a")])),
    Case("WR4", heard({"type": "websocket.receive"}, GONE), heard({"type": "websocket.receive", "text": ""}, GONE)),
    Case("WR4", heard({**said("a"), "bytes": b"a"}, GONE), heard({**said("a"), "bytes": None}, GONE)),
    Case("WR5", heard(said(b"a"), GONE), heard({"type": "websocket.receive", "bytes": b"a"}, GONE)),
    Case("WR8", heard(without(GONE, "code")), heard({"type": "websocket.disconnect", "code": 1005}), blame="server"),
    Case("WR8", heard(left("1001")), heard(left(1006)), blame="server"),
    Case("WR9", heard(left(1001, b"bye")), heard(left(1001, None))),
    Case("WR10", socket(*OK, 1, said=[CONNECT]), socket(*OK, 2, said=[said("a"), GONE])),
]

SENT = [
    Case("WS1", socket(1, BODY, ACCEPT, close()), socket(1, DENIED, BODY)),
    Case("WS1", socket(ACCEPT, *OK), socket(*OK)),
    Case("WS1", socket(close(), 1), socket(1, close()), level="derived"),
    Case("WS2", socket(1, ACCEPT, ACCEPT, close()), socket(*OK)),
    Case(
        "WS3",
        socket(1, {**ACCEPT, "subprotocol": b"chat"}, close()),
        socket(1, {**ACCEPT, "subprotocol": None}, close()),
    ),
    Case(
        "WS4",
        socket(1, {**ACCEPT, "subprotocol": "b"}, close(), subprotocols=["a"]),
        socket(1, {**ACCEPT, "subprotocol": "b"}, close(), subprotocols=["a", "b"]),
    ),
    Case("WS5", socket(1, {**ACCEPT, "headers": 1}, close()), socket(1, {**ACCEPT, "headers": []}, close())),
    Case(
        "WS5",
        socket(1, {**ACCEPT, "headers": [(b"X-Id", b"7")]}, close()),
        socket(1, {**ACCEPT, "headers": [(b"x-id", b"7")]}, close()),
    ),
    Case("WS5", socket(1, {**ACCEPT, "headers": [(b"x-id", b"7\n")]}, close()), socket(*OK), level="derived"),
    Case(
        "WS6",
        socket(1, {**ACCEPT, "headers": [(b"sec-websocket-protocol", b"a")]}, close(), subprotocols=["a"]),
        socket(1, {**ACCEPT, "subprotocol": "a"}, close(), subprotocols=["a"]),
    ),
    Case(
        "WS6",
        socket(1, {**ACCEPT, "headers": [(b"upgrade", b"websocket")]}, close()),
        socket(1, {**ACCEPT, "headers": [(b"set-cookie", b"a=b")]}, close()),
        level="derived",
    ),
    Case("WS7", socket(1, sent("a"), ACCEPT, close()), socket(1, ACCEPT, sent("a"), close())),
    Case("WS8", socket(1, ACCEPT, {"type": "websocket.send"}, close()), socket(1, ACCEPT, sent(""), close())),
    Case(
        "WS8",
        socket(1, ACCEPT, {**sent("a"), "bytes": b"a"}, close()),
        socket(1, ACCEPT, {"type": "websocket.send", "bytes": b"a", "text": None}, close()),
    ),
    Case("WS8", socket(1, ACCEPT, sent(b"a"), close()), socket(1, ACCEPT, sent("a"), close())),
    Case("WS9", socket(1, ACCEPT, close("1000")), socket(1, ACCEPT, {"type": "websocket.close"})),
    Case("WS9", socket(1, ACCEPT, close(1005)), socket(1, ACCEPT, close(1014)), level="derived"),
    Case("WS9", socket(1, ACCEPT, close(1004)), socket(1, ACCEPT, close(1003)), level="derived"),
    Case("WS9", socket(1, ACCEPT, close(2999)), socket(1, ACCEPT, close(4999)), level="derived"),
    Case("WS10", socket(1, ACCEPT, close(1000, b"bye")), socket(1, ACCEPT, close(1000, None))),
    Case("WS10", socket(1, ACCEPT, close(1000, "é" * 62)), socket(1, ACCEPT, close(1000, "é" * 61)), level="derived"),
    Case("WS11", socket(*OK, close()), socket(*OK)),
    Case("WS11", socket(*OK, sent("a")), socket(1, ACCEPT, sent("a"), close())),
    Case("WS14", heard(GONE, script=[asks_again]), heard(GONE), blame="application"),
    Case("WS14", heard(GONE, script=[goes_on]), heard(GONE, script=[sent("a")]), blame="application"),
    Case("WS15", socket(1), socket(1, raises)),
    Case("WS15", socket(1, ACCEPT), heard(GONE)),
    Case(
        "WS16",
        heard(GONE, ZeroDivisionError(), times=1, script=[catches]),
        heard(GONE, Left(), times=1, script=[catches]),
    ),
    Case("WS17", socket(1, DENIED, raises, extensions={}), socket(1, DENIED, raises)),
    Case("WS17", socket(1, ACCEPT, DENIED, close()), socket(1, DENIED, BODY)),
    Case(
        "WS18",
        socket(1, DENIED, DENIED, BODY),
        socket(1, DENIED, {**BODY, "more_body": True}, BODY),
        blame="application",
    ),
    Case(
        "WS18",
        socket(1, without(DENIED, "status"), BODY),
        socket(1, without(DENIED, "headers"), BODY),
        blame="application",
    ),
    Case(
        "WS18",
        socket(1, {**DENIED, "headers": [(b"A", b"b")]}, BODY),
        socket(1, DENIED, without(BODY, "body")),
        blame="application",
    ),
    Case("WS18", socket(1, DENIED, {**BODY, "body": "no"}), socket(1, DENIED, BODY), blame="application"),
    Case(
        "WS18",
        socket(1, {**DENIED, "headers": [(b"content-length", b"9")]}, BODY),
        socket(1, {**DENIED, "headers": [(b"content-length", b"2")]}, BODY),
        level="derived",
        blame="application",
    ),
    Case("WS18", socket(1, DENIED), socket(1, DENIED, 1, said=[GONE]), blame="application"),
]


async def puts_odd_keys(scope, receive, send):
    """What no server could hand on as an attribute."""
    scope["state"][1] = 2


async def puts_keys(scope, receive, send):
    """What it could."""
    scope["state"]["1"] = 2


async def another_loop(checker):
    """A request on a loop of its own."""
    line, scene = Line([asked()]), http(1, start(), piece())
    checker.app = app_of(scene.script)
    await asyncio.to_thread(lambda: asyncio.run(checker(scene.scope, line.receive, line.send)))


async def request_is_open(checker):
    """A request that has not been answered when the lifespan is over."""
    go = asyncio.Event()

    async def wait(scope, receive, send):
        await go.wait()

    task = asyncio.create_task(played(checker, http(1, wait, start(), piece())))
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_later(0.01, go.set)
    del task


WHOLE = (1, STARTED, 1, STOPPED)
REQUEST = http(1, start(), piece())
STATELESS = {"without": ["state"]}

LIFESPAN = [
    Case("L1", lifespan(1, type="Lifespan"), lifespan(*WHOLE)),
    Case("L2", lifespan(*WHOLE, state={"a": 1}), lifespan(*WHOLE, state={})),
    Case("L2", lifespan(*WHOLE, state=[]), lifespan(*WHOLE, **STATELESS)),
    Case("L3", around(lifespan(*WHOLE, **STATELESS), **STATELESS), [lifespan(*WHOLE), lifespan(*WHOLE)]),
    Case("L3", around(another_loop, **STATELESS), around(REQUEST, **STATELESS)),
    Case("L4", lifespan(1, raises, said=[SHUTDOWN]), lifespan(1, raises)),
    Case("L4", lifespan(2, STARTED, 1, STOPPED, said=[STARTUP, STARTUP, SHUTDOWN]), lifespan(*WHOLE)),
    Case("L5", around(REQUEST, until=None, **STATELESS), around(REQUEST, **STATELESS)),
    Case("L6", lifespan(1, STARTED, STARTED, 1, STOPPED), lifespan(*WHOLE)),
    Case("L6", lifespan(STARTED), lifespan(raises)),
    Case("L6", lifespan(1), lifespan(1, raises)),
    Case("L6", lifespan(1, FAILED, STARTED), lifespan(1, FAILED)),
    Case("L7", lifespan(1, {**FAILED, "message": None}), lifespan(1, {**FAILED, "message": "no database"})),
    Case("L10", lifespan(2, raises), lifespan(*WHOLE)),
    Case("L10", [lifespan(*WHOLE, **STATELESS), REQUEST], [REQUEST, lifespan(*WHOLE, **STATELESS)]),
    Case("L10", around(request_is_open, **STATELESS), around(REQUEST, **STATELESS)),
    Case("L11", lifespan(1, STARTED, STOPPED, 1, STOPPED), lifespan(*WHOLE)),
    Case("L11", lifespan(*WHOLE, STOPPED), lifespan(1, STARTED, 1, {"type": "lifespan.shutdown.failed"})),
    Case("L11", lifespan(1, STARTED, 1), lifespan(1, STARTED, 1, raises)),
    Case("L13", lifespan(1, STARTED), lifespan(1, STARTED, raises)),
    Case("L14", lifespan(1, puts_odd_keys, *WHOLE[1:]), lifespan(1, puts_keys, *WHOLE[1:]), blame="application"),
    Case("L15", lifespan(1, start(), *WHOLE[1:]), lifespan(*WHOLE), blame="application"),
    Case("L15", lifespan(1, *WHOLE, said=[asked(), STARTUP, SHUTDOWN]), lifespan(*WHOLE), blame="server"),
]

CASES = [*RECEIVED, *SENT, *LIFESPAN]
