"""Stacks next to each other: what is equal, what differs, what has no call."""

import asyncio

from notebooks.kit import beside, life, listen, listen_to_wsgi
from rawasgi.instruments.conversation import request
from rawasgi.tiny.app import Response


async def asgi(scope, receive, send):
    message = await receive()
    await Response(message["body"], headers={"x": "1"})(scope, receive, send)


async def other(scope, receive, send):
    await receive()
    await Response(b"two", headers={"x": "1"})(scope, receive, send)


class Items(list[bytes]):
    closed = 0

    def close(self):
        self.closed += 1


def wsgi(environ, start_response):
    start_response("200 OK", [("X", "1")])
    said = [environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["QUERY_STRING"], environ["HTTP_X_Y"]]
    return Items([environ["wsgi.input"].read(), repr(said).encode()])


def test_equal_is_equal_and_the_rest_is_said():
    """The first column is the reference; a call with a result stands beside messages, part by part."""
    asked = request("POST", "/a?b=c", headers={"x-y": "z"}, body=b"one")
    table = beside(
        ASGI=asyncio.run(listen(asgi, asked)), other=asyncio.run(listen(other, asked)), WSGI=listen_to_wsgi(wsgi, asked)
    )
    assert [table.names, *table.rows] == [
        ["ASGI", "other", "WSGI"],
        ["http.request b'one'", "=", "environ b'one'"],
        ["http.response.start 200 content-length: 3, x: 1", "=", "start_response 200 x: 1"],
        ["http.response.body b'one'", "http.response.body b'two'", "item b'one'"],
        ["-", "-", "item b\"['POST', '/a', 'b=c', 'z']\""],
        ["return", "=", "close"],
    ]
    assert repr(table).splitlines()[1] == f"{table.rows[0][0]:49}{'=':27}environ b'one'"
    assert "<td" in table._repr_html_()


def test_an_iterable_is_closed_once():
    """PEP 3333: the server calls close() when it has all items."""
    items = Items([b"x"])

    def app(environ, start_response):
        start_response("204 No Content", [])
        return items

    assert [event.message["type"] for event in listen_to_wsgi(app, request()).events] == [
        *("environ", "start_response", "item", "close")
    ]
    assert items.closed == 1


def test_what_is_no_request_is_no_call():
    """WSGI has one call, for one request: a lifespan cannot be said to it."""
    assert listen_to_wsgi(wsgi, life()).events == ()
