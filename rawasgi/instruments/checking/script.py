"""Paths in -> the conversations that a checker holds with an app, from start-up to shutdown, out.

[bytes > server] > app > middleware > routing > handler > response > bytes

Each path is asked without and with a body, whole and in pieces, by a client that stays, by one that leaves after each of
the app's messages, and by a server that gives up. Each websocket is spoken to, left politely and abruptly, and refused.

Spec:         https://asgi.readthedocs.io/en/latest/specs/www.html
In FastAPI:   none, because it leaves the protocol to Starlette and to the server
In Starlette: none, because it leaves the protocol to the server
In Flask:     none, because WSGI has one kind of conversation
Left out:     what an app does with data that make sense to it: name paths, give headers
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from rawasgi.instruments.apart import GRACE, Hanging
from rawasgi.instruments.checking.driven import extra_keys, lifespans, nonsense, torn_body, unknown_scope
from rawasgi.instruments.checking.driver import Driver, GivenUp
from rawasgi.instruments.conversation import Exchange, end, handshake, life, parting, request
from rawasgi.instruments.frames import Lane, suspended
from rawasgi.messages.types import Header, Message

MOST = 8  # messages of the app after which a client leaves
BODY = b'{"number": 1}'
PIECES = (BODY[:4], BODY[4:9], BODY[9:])
VERSIONS = (
    "2.5",
    "2.3",
)  # of the specification: in the first `send` raises once the client has left, in the second not
NOWHERE = "/rawasgi-nowhere"
DENIABLE: dict[str, Any] = {"extensions": {"websocket.http.response": {}}}


class Target(NamedTuple):
    """A path, and what is asked there: methods, or WS."""

    path: str
    methods: tuple[str, ...]


def ask_all(driver: Driver, targets: Sequence[Target], headers: Sequence[Header]) -> None:
    """All conversations. What cannot be asked any further is noted in `driver.complaints`."""
    try:
        driver.start()
        for target in targets:
            with complaining(driver):
                ask_target(driver, target, headers)
        with complaining(driver):
            ask_nowhere(driver, headers)
        driver.stop()
        ask_lifespan(driver)
    except GivenUp as given_up:
        driver.complaints.append(given_up)


@contextmanager
def complaining(driver: Driver) -> Iterator[None]:
    """Note what cannot be asked any further, and go on with something else, unless nothing else can be asked."""
    try:
        yield
    except GivenUp as given_up:
        if driver.is_stuck:
            raise
        driver.complaints.append(given_up)


def ask_target(driver: Driver, target: Target, headers: Sequence[Header]) -> None:
    """The conversations on one path."""
    for method in target.methods:
        if method == "WS":
            ask_websocket(driver, target.path, headers)
        else:
            ask_http(driver, method, target.path, headers)


def ask_nowhere(driver: Driver, headers: Sequence[Header]) -> None:
    """A websocket that no app has, and a protocol that none knows."""
    driver.leave(f"WS {NOWHERE}", handshake(NOWHERE, headers=headers, **DENIABLE))
    for fault in unknown_scope(driver):
        driver.note("a scope that nobody knows", fault, "scope")


def with_body(method: str, path: str, headers: Sequence[Header], pieces: Sequence[bytes]) -> Exchange:
    """A request with a body of JSON."""
    length = b"%d" % sum(map(len, pieces))
    given = [*headers, (b"content-type", b"application/json"), (b"content-length", length)]
    return request(method, path, given, pieces)


def ask_http(driver: Driver, method: str, path: str, headers: Sequence[Header]) -> None:
    """The conversations of one method on one path."""
    asked = f"{method} {path}"
    plain = driver.hold(asked, request(method, path, headers))
    torn = with_body(method, path, headers, PIECES)
    driver.hold(f"{asked}, with a body", with_body(method, path, headers, [BODY]))
    driver.hold(f"{asked}, with a body in {len(PIECES)} pieces", torn)
    gone: Message = {"type": "http.disconnect"}
    driver.leave(f"{asked}, left within the body", Exchange(torn.scope, (torn.messages[0], gone)))
    for version in VERSIONS:
        exchange = request(method, path, headers, spec_version=version)
        for count in range(min(len(plain.sent), MOST) + 1):
            driver.leave(f"{asked}, left after {count} messages, spec {version}", exchange, count)
    cancel(driver, f"{asked}, given up by the server", torn)
    for look in (nonsense, extra_keys, torn_body):
        for fault in look(driver, torn):
            driver.note(asked, fault)


def ask_websocket(driver: Driver, path: str, headers: Sequence[Header]) -> None:
    """The conversations on one websocket."""
    asked = f"WS {path}"
    more: dict[str, Any] = {"headers": headers, "subprotocols": ["rawasgi.b", "rawasgi.a"], **DENIABLE}
    driver.leave(asked, parting(handshake(path, **more)))
    plain = driver.leave(f"{asked}, with text", parting(handshake(path, "1", "{}", **more)))
    driver.leave(f"{asked}, with bytes", parting(handshake(path, b"1", b"\xff", **more)))
    without_code: Message = {"type": "websocket.disconnect", "code": 1005, "reason": None}
    driver.leave(f"{asked}, left without a code", handshake(path, without_code, **more))
    for version in VERSIONS:
        for count in range(min(len(plain.sent), MOST) + 1):
            exchange = handshake(path, "1", "{}", spec_version=version, **more)
            driver.leave(f"{asked}, lost after {count} messages, spec {version}", exchange, count)
    cancel(driver, f"{asked}, given up by the server", handshake(path, **more))
    for look in (nonsense, extra_keys):
        for fault in look(driver, parting(handshake(path, **more))):
            driver.note(asked, fault)


def ask_lifespan(driver: Driver) -> None:
    """The lifespan by itself, of a server that has a state to offer, and of one that has none."""
    asked = "LIFESPAN"
    driver.hold(asked, life())
    stateless = {key: value for key, value in life().scope.items() if key != "state"}
    driver.hold(f"{asked}, without a state", Exchange(stateless, life().messages))
    cancel(driver, f"{asked}, given up by the server", Exchange(life().scope, life().messages[:1]))
    for fault in lifespans(driver):
        driver.note(asked, fault)


def cancel(driver: Driver, asked: str, exchange: Exchange) -> None:
    """Cancel a call that waits: what a server does with those that are still there when it ends."""
    try:
        driver.wait(cancelled(driver, exchange))
    except Exception as error:
        raise GivenUp(asked, error) from error


async def cancelled(driver: Driver, exchange: Exchange) -> None:
    """Call the app until it waits for a message, or for one to be sent, and cancel the call. Raises `Hanging`."""
    waits = asyncio.Event()
    said = [*exchange.messages[:1]]

    async def receive() -> Message:
        if said:
            return {**said.pop()}
        waits.set()
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        if not message["type"].startswith("lifespan."):
            waits.set()
            await asyncio.Event().wait()

    async def call() -> None:
        await driver.app(driver.scope_of(exchange.scope), receive, send)

    task, parked = asyncio.create_task(call()), asyncio.create_task(waits.wait())
    await asyncio.wait([task, parked], timeout=driver.seconds, return_when=asyncio.FIRST_COMPLETED)
    await end(parked)
    task.cancel()
    await asyncio.wait([task], timeout=GRACE)
    if not task.done():
        lanes = (Lane("the call", suspended(task.get_coro())),)
        await end(task)
        driver.is_stuck = not task.done()
        raise Hanging("the app swallows its cancellation", lanes)
    if not task.cancelled():
        task.exception()  # it may well raise something else: asyncio need not complain that nobody has asked
