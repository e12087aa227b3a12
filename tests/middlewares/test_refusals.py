"""A client is turned away: a request by the response, a websocket by what its server can say."""

from rawasgi.middlewares.refusals import refuse
from rawasgi.responses import PlainTextResponse
from tests.drive import converse, http, websocket
from tests.test_middleware import text

CONNECT = {"type": "websocket.connect"}


async def no(scope, receive, send):
    """An app that refuses everybody."""
    await refuse(PlainTextResponse("no", 400), scope, receive, send)


def test_a_request_gets_the_response():
    """As it is."""
    assert converse(no, http()) == text("no", 400)


def test_a_websocket_gets_the_response_where_its_server_knows_denials():
    """After `websocket.connect` was received."""
    start, body = text("no", 400)
    scope = websocket(extensions={"websocket.http.response": {}})
    assert converse(no, scope, CONNECT) == [
        {**start, "type": "websocket.http.response.start"},
        {**body, "type": "websocket.http.response.body"},
    ]


def test_another_websocket_is_closed():
    """Which the client sees as HTTP 403."""
    assert converse(no, websocket(), CONNECT) == [{"type": "websocket.close", "code": 1000, "reason": ""}]
