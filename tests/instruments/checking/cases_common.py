"""Each rule of group G in -> the calls that break it alone, and the nearest that do not, out."""

import asyncio
import math
import types

from tests.instruments.checking.scenes import Case, Line, app_of, http, socket
from tests.instruments.messages import ACCEPT, GONE, asked, close, piece, start

OK = (1, start(), piece(b"x"))
WHOLE = (start(), piece(b"x"))
VERSIONS = {"version": "3.0", "spec_version": "2.5"}


def started(**more):
    """A start with something unknown in it."""
    return {**start(), **more}


def shared():
    """A scope for two calls."""
    return http(*OK)


async def awaited_twice(scope, receive, send):
    """Two calls of `receive` in flight."""
    tasks = [asyncio.create_task(receive()) for _ in range(2)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def awaited_beside(scope, receive, send):
    """A `receive` in flight while a message is sent, as when an app listens for the disconnect."""
    task = asyncio.create_task(receive())
    await asyncio.sleep(0)
    await send(start())
    await send(piece(b"x"))
    task.cancel()
    await asyncio.wait([task])


async def not_awaited(scope, receive, send):
    """`send` is called, and what it gives is thrown away."""
    send(piece()).close()


async def awaited_in_a_task(scope, receive, send):
    """What `send` gives is awaited by somebody else."""
    await asyncio.create_task(send(start()))


async def by_name(scope, receive, send):
    """`send` with the message as a keyword."""
    await send(message=start())


async def in_a_thread(scope, receive, send):
    """`send` runs on a loop of another thread."""
    await asyncio.to_thread(asyncio.run, send(piece(b"x")))


async def from_a_thread(scope, receive, send):
    """A thread asks the server's loop to send."""
    loop = asyncio.get_running_loop()
    await asyncio.to_thread(lambda: asyncio.run_coroutine_threadsafe(send(piece(b"x")), loop).result())


async def writes(scope, receive, send):
    """What a careless middleware does."""
    scope["user"] = "alice"


async def writes_headers(scope, receive, send):
    """The same, one level down."""
    scope["headers"].append((b"x-user", b"alice"))


async def copies(scope, receive, send):
    """What it should do."""
    scope = {**scope, "user": "alice", "headers": [*scope["headers"], (b"x-user", b"alice")]}


async def puts_into_the_state(scope, receive, send):
    """The state is there to be written into."""
    scope["state"]["user"] = "alice"


def around_it(when):
    """A middleware around the app, which changes the scope `when` it has handed it on, or before."""

    async def scene(checker):
        checker.app = app_of(OK)
        scope, line = http().scope, Line([asked()])

        async def send(message):
            if when == "after":
                scope["user"] = "alice"

        scope["user"] = "nobody"
        await checker(scope, line.receive, send)

    return scene


def late(what):
    """An app that has left a task behind, which goes on with `what` it does after the return."""

    async def scene(checker):
        go, tasks = asyncio.Event(), []

        async def app(scope, receive, send):
            for message in WHOLE:
                await send(message)
            if what == "cancelled":
                task = asyncio.create_task(receive())
                await asyncio.sleep(0)
                task.cancel()
                return
            tasks.append(asyncio.create_task(go_on(receive, send)))

        async def go_on(receive, send):
            await go.wait()
            await (receive() if what == "receive" else send(piece(b"y")))

        checker.app = app
        line = Line([GONE])
        await checker(http().scope, line.receive, line.send)
        go.set()
        for task in tasks:
            await task

    return scene


def called(app, raises=TypeError, receive=None, send=None):
    """An app of a certain kind, or a server of a certain kind."""

    async def scene(checker):
        checker.app = app
        line = Line([asked()])
        try:
            await checker(http().scope, receive or line.receive, send or line.send)
        except raises:
            pass

    return scene


class Wrapper:
    """A scope that is no dict."""

    @staticmethod
    async def scene(checker):
        checker.app = app_of(WHOLE)
        line = Line([asked()])
        await checker(types.MappingProxyType(http().scope), line.receive, line.send)


def of_two_calls(scope, receive):
    """An app of ASGI 2, halfway."""


def not_async(scope, receive, send):
    """An app that cannot be awaited."""


def gives_a_future(scope, receive, send):
    """An app that can, though it is no `async def`."""
    return asyncio.ensure_future(app_of(OK)(scope, receive, send))


TWICE = shared()
ITSELF: list[object] = []
ITSELF += [ITSELF, ITSELF]
AGAIN: list[object] = [1]
for _ in range(50):
    AGAIN = [AGAIN, AGAIN]  # what lies in it twice, lies not in itself
HUGE, NOT_FINITE = 2**63, math.nan
VENDOR = {"type": "acme.push", "what": 1}

CASES = [
    Case("G1", Wrapper.scene, http(*OK)),
    Case("G2", http(without=["type"]), http(*OK)),
    Case("G2", http(type=b"http"), http(*OK)),
    Case("G3", http(*OK, without=["asgi"]), http(*OK, asgi={})),
    Case("G3", http(*OK, asgi={"version": 3}), http(*OK, asgi={"version": "2.0"})),
    Case("G4", http(*OK, asgi={"version": "3.0", "spec_version": "3.0"}), http(*OK, asgi={**VERSIONS})),
    Case("G4", http(*OK, asgi={"version": "3.0", "spec_version": 2.5}), http(*OK, asgi={"version": "3.0"})),
    Case("G4", http(*OK, asgi={"version": "3.0", "spec_version": "1.0"}), http(*OK, asgi={"spec_version": "2.0"})),
    Case("G5", http(*OK, asgi={**VERSIONS, 1: 2}), http(*OK, asgi={**VERSIONS, "more": 2}), blame="server"),
    Case(
        "G5",
        http(1, started(more={1: 2}), piece(b"x")),
        http(1, started(more={"1": 2}), piece(b"x")),
        blame="application",
    ),
    Case("G6", http(1, [("type", "http.response.start")], *WHOLE), http(*OK), blame="application"),
    Case("G6", http(1, {"status": 200}, *WHOLE), http(*OK), blame="application"),
    Case("G6", http(*OK, said=[{"body": b""}]), http(*OK), blame="server"),
    Case("G7", http(1, ACCEPT, *WHOLE), http(1, VENDOR, *WHOLE, extensions={"acme.push": {}}), blame="application"),
    Case("G7", http(*OK, said=[{"type": "websocket.connect"}]), http(*OK), blame="server"),
    Case("G7", socket(1, ACCEPT, start(), close()), socket(1, ACCEPT, close()), blame="application"),
    Case(
        "G8",
        http(1, started(more={1, 2}), piece(b"x")),
        http(1, started(more=[1, (2, None, b"", {"a": True})]), piece(b"x")),
        blame="application",
    ),
    Case(
        "G8",
        http(*OK, said=[{**asked(), "more": object()}]),
        http(*OK, said=[{**asked(), "more": 1.5}]),
        blame="server",
    ),
    Case(
        "G8",
        http(1, started(more=ITSELF), piece(b"x")),
        http(1, started(more=AGAIN), piece(b"x")),
        blame="application",
    ),
    Case(
        "G9",
        http(1, started(more=[NOT_FINITE]), piece(b"x")),
        http(1, started(more=[1e308]), piece(b"x")),
        blame="application",
    ),
    Case(
        "G10",
        http(1, started(more=HUGE), piece(b"x")),
        http(1, started(more=HUGE - 1), piece(b"x")),
        blame="application",
    ),
    Case(
        "G10",
        socket(1, ACCEPT, 1, said=[{"type": "websocket.disconnect", "code": -HUGE - 1}]),
        socket(1, ACCEPT, 1, said=[{"type": "websocket.disconnect", "code": 1000}]),
        blame="server",
    ),
    Case("G15", http(1, by_name, piece(b"x")), http(*OK), blame="application"),
    Case("G15", called(of_two_calls), called(gives_a_future), blame="application"),
    Case("G15", called(not_async), called(app_of(OK)), blame="application"),
    Case("G15", http(1, not_awaited, *WHOLE), http(1, awaited_in_a_task, piece(b"x")), blame="application"),
    Case("G15", called(app_of(OK), receive=lambda: asked()), called(app_of(OK)), blame="server"),
    Case("G15", called(app_of(WHOLE), send=lambda message: None), called(app_of(WHOLE)), blame="server"),
    Case("G16", [TWICE, TWICE], [http(*OK), http(*OK)]),
    Case("G20", http(writes, *OK), http(copies, *OK)),
    Case("G20", http(*OK, writes), http(*OK, puts_into_the_state, state={})),
    Case("G20", http(writes_headers, *OK), http(*OK)),
    Case("G21", around_it("after"), around_it("before")),
    Case("G22", http(*OK, extensions=[]), http(*OK, extensions={})),
    Case("G22", http(*OK, extensions={"acme.push": True}), http(*OK, extensions={"acme.push": {}})),
    Case(
        "G23",
        http(1, {"type": "http.response.early_hint", "links": []}, *WHOLE, extensions={}),
        http(1, {"type": "http.response.early_hint", "links": []}, *WHOLE),
    ),
    Case("G26", late("send"), late("cancelled")),
    Case("G26", late("receive"), late("cancelled")),
    Case("G26", http(*OK, returns=0), http(*OK)),
    Case("G27", http(*OK, awaited_twice, said=[asked()]), http(1, awaited_beside, said=[asked()])),
    Case("G28", http(1, start(), in_a_thread), http(1, start(), from_a_thread)),
]
