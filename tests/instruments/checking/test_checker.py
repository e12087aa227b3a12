"""The wrapper itself: it changes nothing, says what it saw in all its fields, and raises only where it is asked to."""

import asyncio
from typing import Any

import pytest

from rawasgi.instruments.checking.checker import MOST, Checker
from rawasgi.instruments.checking.finding import Finding
from rawasgi.instruments.conversation import converse, handshake, request
from rawasgi.messages.errors import AppProtocolError, PeerProtocolError
from tests.instruments.checking.scenes import Left, Line, findings_of, held, http, socket
from tests.instruments.messages import ACCEPT, GONE, asked, close, piece, said, says, start

SPEC = "https://asgi.readthedocs.io/en/latest/specs/"
UPPER = start(200, (b"X-Id", b"7"))


def test_a_finding_of_order_says_what_was_allowed():
    """The state and the messages are the words of the tables."""
    (finding,) = findings_of(http(1, start(), start(), piece()))
    assert finding == Finding(
        rule="HS2",
        level="must",
        blame="application",
        state="awaiting_body",
        seen="http.response.start",
        allowed=(
            "http.response.body",
            "http.response.body+",
            "http.response.pathsend",
            "http.response.push",
            "http.response.zerocopysend",
            "http.response.zerocopysend+",
        ),
        link=f"{SPEC}www.html#response-start-send-event",
    )
    assert str(finding) == "HS2 must, application: http.response.start, awaiting_body (start only once)"
    with pytest.raises(AttributeError):
        finding.rule = "HS1"


def test_a_finding_of_content_lists_what_can_be_listed():
    """The versions, the subprotocols that were offered; else the sentence of the rule says it."""
    found = findings_of(http(1, start(), piece(), http_version="4"), socket(1, {**ACCEPT, "subprotocol": "c"}, close()))
    assert [(each.rule, each.blame, each.state, each.seen, each.allowed) for each in found] == [
        ("H2", "server", "scope", "http_version is '4'", ("1.0", "1.1", "2", "3")),
        ("WS4", "application", "awaiting_answer", "subprotocol 'c'", ()),
    ]


@pytest.mark.parametrize(
    ("status", "broken"),
    [(103, ["HS4", "HS18"]), (200, []), (204, ["HS18"]), (205, []), (304, ["HS18"]), (True, ["HS3"]), ([204], ["HS3"])],
)
def test_a_status_without_a_body_is_one_of_those_that_the_core_knows(status, broken):
    """An informational one too, though no app may send it; what is no status at all has none."""
    assert [finding.rule for finding in findings_of(http(1, start(status), piece()))] == [
        rule for rule in broken if rule != "HS18"
    ]
    assert [finding.rule for finding in findings_of(http(1, start(status), piece(b"x")))] == broken


def test_nothing_is_changed_on_the_way():
    """The app has the very scope and messages of the server, the server those of the app, whatever is wrong with them."""
    heard: list[Any] = []
    scope, line, message = http().scope, Line([asked(b"a")]), {**UPPER}

    async def app(given, receive, send):
        heard.extend([given, await receive()])
        await send(message)
        await send("nonsense")

    first = line.said[0]
    asyncio.run(Checker(app)(scope, line.receive, line_taking_anything(line)))
    assert heard[0] is scope
    assert heard[1] is first
    assert line.sent[0] is message
    assert line.sent[1] == "nonsense"


def line_taking_anything(line):
    """A server that looks at nothing."""

    async def send(message):
        line.sent.append(message)

    return send


def test_what_can_be_read_once_is_there_for_both():
    """Headers, links, subprotocols that are iterators: the other side still finds them."""
    kept: list[Any] = []

    async def app(scope, receive, send):
        kept.append([*scope["headers"]])
        await send({**start(), "headers": ((name, b"b") for name in (b"a", b"c"))})
        await send(piece())

    line = Line([])
    scope = {**http().scope, "headers": iter([(b"host", b"a")])}
    checker = Checker(app)
    asyncio.run(checker(scope, line.receive, line.send))
    assert kept == [[(b"host", b"a")]]
    assert [*line.sent[0]["headers"]] == [(b"a", b"b"), (b"c", b"b")]
    assert checker.findings == []


@pytest.mark.parametrize("error", [LookupError("of the app"), Left("of the server"), asyncio.CancelledError()])
def test_what_is_raised_comes_through(error):
    """Of the app, or of the server through the app, the very exception; a call that is raised out of is not unfinished."""

    async def app(scope, receive, send):
        await send(start())
        raise error

    checker = Checker(app)
    line = Line([])
    with pytest.raises(type(error)) as caught:
        asyncio.run(checker(http().scope, line.receive, line.send))
    assert caught.value is error or isinstance(error, asyncio.CancelledError)
    assert checker.findings == []


@pytest.mark.parametrize("scope", [{"type": "acme", "asgi": {"version": "3.0"}}, {"asgi": {}}, 7])
def test_a_protocol_that_nobody_knows_is_passed_through(scope):
    """The app is called with the server's own `receive` and `send`."""
    called = []

    async def app(*given):
        called.append(given)

    line = Line([])
    asyncio.run(Checker(app)(scope, line.receive, line.send))
    assert called == [(scope, line.receive, line.send)]


def test_each_thing_is_noted_once():
    """However often it comes; and of too many no more are kept."""
    checker = Checker(says(UPPER, piece()))
    for _ in range(3):
        converse(checker, request())
    assert [finding.rule for finding in checker.findings] == ["HS6"]
    for number in range(MOST + 10):
        checker.keep(Finding("HS6", "must", "application", "awaiting_start", str(number), (), SPEC))
    assert len(checker.findings) == MOST
    assert repr(checker) == f"<Checker: {MOST} findings>"


@pytest.mark.parametrize(
    ("scene", "rule", "error"),
    [
        (http(1, UPPER, piece()), "HS6", AppProtocolError),
        (http(1, start(), start()), "HS2", AppProtocolError),
        (http(1, start(), piece(), said=[start()]), "HR1", PeerProtocolError),
        (http(1, start(), piece(), path=b"/"), "H5", PeerProtocolError),
        (socket(2, ACCEPT, close(), said=[said("a")]), "WR2", PeerProtocolError),
    ],
)
def test_strict_raises_what_must_not_be(scene, rule, error):
    """Out of `send`, out of `receive`, out of the call, with the number of the rule; and it is noted as well."""
    checker = Checker(says(), strict=True)
    with pytest.raises(error) as caught:
        asyncio.run(held(checker, scene))
    assert caught.value.rule_id == rule
    assert [finding.rule for finding in checker.findings] == [rule]


@pytest.mark.parametrize("scene", [http(1, start(), piece(b"x"), method="HEAD"), http(headers=[(b"A", b"b")])])
def test_strict_does_not_raise_what_should_not_be(scene):
    """It is noted."""
    checker = Checker(says(), strict=True)
    asyncio.run(held(checker, scene))
    assert {finding.level for finding in checker.findings} <= {"should", "derived"} != set()
    assert checker.findings


def test_a_message_that_strict_refuses_was_not_sent():
    """The server does not have it, and the app may send another in its place."""

    async def app(scope, receive, send):
        with pytest.raises(AppProtocolError):
            await send(UPPER)
        await send(start())
        await send(piece(b"x"))

    checker, line = Checker(app, strict=True), Line([])
    with pytest.raises(AppProtocolError, match="HS6"):
        asyncio.run(checker(http().scope, line.receive, line.send))
    assert line.sent == [start(), piece(b"x")]


def test_checkers_may_be_nested():
    """Each watches its own boundary."""
    inner = Checker(says(start(200, (b"X-Id", b"7")), piece()))

    async def lowers(scope, receive, send):
        async def send_in_lower_case(message):
            headers = [(name.lower(), value) for name, value in message.get("headers", ())]
            await send({**message, "headers": headers} if "headers" in message else message)

        await inner({**scope}, receive, send_in_lower_case)

    outer = Checker(lowers)
    converse(outer, request())
    assert [finding.rule for finding in inner.findings] == ["HS6"]
    assert outer.findings == []


def test_no_event_loop_is_needed():
    """An instrument may drive the app by hand."""
    line = Line([asked()])
    checker = Checker(says(start(), piece()))
    with pytest.raises(StopIteration):
        checker(http().scope, line.receive, line.send).send(None)
    assert checker.findings == []


def test_who_is_told_in_another_task_may_send_until_it_is_cancelled():
    """A stream with a listener beside it, as Starlette has: the listener hears of it first."""

    async def app(scope, receive, send):
        async def listen():
            while (await receive())["type"] != "http.disconnect":
                pass
            stream.cancel()

        async def pour():
            await send(start())
            for _ in range(20):
                await send(piece(b"x", True))

        stream = asyncio.create_task(pour())
        await asyncio.wait([stream, asyncio.create_task(listen())])

    checker, line = Checker(app), Line([asked(), GONE])
    asyncio.run(checker(http().scope, line.receive, line.send))
    assert checker.findings == []


def test_a_conversation_needs_no_checker():
    """Nothing of it is in an app that has none."""
    messages = converse(says(UPPER, piece()), request())
    assert messages == [UPPER, piece()]
    assert converse(Checker(says(UPPER, piece())), request()) == messages
    assert converse(Checker(says(close())), handshake()) == [close()]
