"""The client holds the app to the specification: what must not be is an error of the test."""

import asyncio

import httpx2
import pytest

from rawasgi import TestClient
from rawasgi.messages.errors import AppProtocolError
from tests.instruments.echo import KITS
from tests.instruments.messages import ACCEPT, close, notes, piece, says, start

UPPER = start(200, (b"X-Id", b"7"))


@pytest.mark.parametrize(
    ("messages", "rule"),
    [
        ([UPPER, piece()], "HS6"),
        ([start("200"), piece()], "HS3"),
        ([start(), piece("text")], "HS13"),
        ([start(), piece(b"", 1), piece()], "HS14"),
        ([start(200, (b":status", b"200")), piece()], "HS7"),
    ],
)
def test_what_a_message_must_not_hold_is_an_error_where_it_is_sent(messages, rule):
    """`AppProtocolError` with the number of the rule, out of the request."""
    client = TestClient(says(*messages))
    with pytest.raises(AppProtocolError) as caught:
        client.get("/")
    assert caught.value.rule_id == rule
    assert client.checker.findings[0].rule == rule
    client.close()


def test_the_error_says_what_the_rule_asks_for():
    """Three lines: what was seen, what is allowed, and where that stands."""
    client = TestClient(says(UPPER, piece()))
    with pytest.raises(AppProtocolError) as caught:
        client.get("/")
    link = "https://asgi.readthedocs.io/en/latest/specs/www.html#response-start-send-event"
    assert str(caught.value).splitlines() == [
        "HS6: the application sent http.response.start: header b'X-Id' while the conversation was awaiting_start.",
        "  allowed now: header names are in lower case",
        f'  the rule:    "header names lower-case" {link}',
    ]
    client.close()


def test_an_error_that_the_app_swallows_is_raised_when_its_call_has_ended():
    """Nobody else would notice."""

    async def app(scope, receive, send):
        try:
            await send(UPPER)
        except RuntimeError:
            await says(start(), piece(b"x"))(scope, receive, send)

    client = TestClient(app)

    def ask():
        client.get("/")
        client.settle()

    with pytest.raises(AppProtocolError, match="HS6"):
        ask()
    client.close()


def test_without_raising_the_client_sees_what_a_server_lets_pass():
    """The finding is there for who asks for it."""
    client = TestClient(says(UPPER, piece(b"x")), raise_server_exceptions=False)
    response = client.get("/")
    assert (response.status_code, response.headers["x-id"], response.content) == (200, "7", b"x")
    assert [(finding.rule, finding.level) for finding in client.checker.findings] == [("HS6", "must")]
    client.close()


@pytest.mark.parametrize("kit", KITS.values(), ids=KITS)
def test_what_an_app_should_not_do_is_only_noted(kit):
    """Starlette and FastAPI write into the server's scope, and leave it to the server to drop a body for HEAD."""

    async def endpoint(request):
        return kit.PlainTextResponse("x")

    with TestClient(kit.App(routes=[kit.Route("/", endpoint)])) as client:
        assert client.get("/").text == "x"
        assert client.head("/").text == ""
        rules = {finding.rule for finding in client.checker.findings}
    assert rules == (set() if kit is KITS["rawasgi"] else {"G20", "HS18"})


def test_a_websocket_is_held_to_it_too():
    """What must not be in a close is raised when the session is left."""
    client = TestClient(notes([], 1, ACCEPT, close("1000")))
    with pytest.raises(AppProtocolError, match="WS9"), client.websocket_connect("/"):
        pass
    client.close()


def test_a_lifespan_is_held_to_it_too():
    """The start fails with the rule."""
    failed = {"type": "lifespan.startup.failed", "message": 1}
    with pytest.raises(AppProtocolError, match="L7"), TestClient(notes([], 1, failed)):
        pass


def test_an_error_of_the_test_itself_is_not_covered_by_one_of_the_rules():
    """What still runs is ended first: the shutdown comes when the connections are closed."""

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            await notes([], 1, {"type": "lifespan.startup.complete"}, 1, {"type": "lifespan.shutdown.complete"})(
                scope, receive, send
            )
        else:
            await send(start())
            await asyncio.Event().wait()

    with pytest.raises(ArithmeticError), TestClient(app) as client, client.stream("GET", "/") as response:  # noqa: PT012
        assert response.status_code == 200
        raise ArithmeticError
    assert client.checker.findings == []


def test_a_client_that_leaves_is_no_error():
    """The server's exception goes through the app, and back."""
    client = TestClient(says(start(), piece(b"a", True), piece(b"b")))
    with pytest.raises(httpx2.ReadError):
        client.get("/", extensions={"leaves_after": 1})
    client.settle()
    assert client.checker.findings == []
    client.close()
