"""All layers at once, around one app, on a real server, through a socket."""

import gzip
import json
import logging

from h11 import CLIENT, Connection, Data, EndOfMessage, Request, Response

from rawasgi.app import App
from rawasgi.middlewares.request_ids import RequestIdFilter, RequestIdMiddleware
from tests.middlewares.stack import behind_all, everything
from tests.tiny.served import on_loop
from tests.wire.test_on_servers import client_of, on_uvicorn

FROM_A_PROXY = [
    ("host", "example.org"),
    ("x-forwarded-for", "6.6.6.6, 192.0.2.7"),
    ("x-forwarded-proto", "https"),
    ("x-request-id", "request-1"),
    ("origin", "https://shop.example"),
    ("accept-encoding", "gzip"),
    ("authorization", "ada read"),
]


async def ask(client, target, headers=FROM_A_PROXY, method="GET"):
    """Status, headers but for date and server, and the pieces of the body as they were framed."""
    parser = Connection(CLIENT)
    await client.send(parser.send(Request(method=method, target=target, headers=headers)) + parser.send(EndOfMessage()))
    status, fields, pieces = 0, [], []
    while True:
        event = parser.next_event()
        if isinstance(event, Response):
            status, fields = event.status_code, [(n.decode(), v.decode()) for n, v in event.headers]
        elif isinstance(event, Data):
            pieces.append(bytes(event.data))
        elif isinstance(event, EndOfMessage):
            return status, {name: value for name, value in fields if name not in ("date", "server")}, pieces
        else:
            parser.receive_data(await client.read())


COMMON = {
    "x-request-id": "request-1",
    "access-control-allow-origin": "https://shop.example",
    "access-control-allow-credentials": "true",
}


@on_loop
async def test_every_layer_has_its_say_on_a_real_server():
    """Proxy, host, CORS, gzip, session, user, limit and request id: one connection, one request after the other."""
    app = behind_all(everything())
    async with on_uvicorn(app, http="h11", ws="wsproto", proxy_headers=False) as port, client_of(port) as client:
        status, headers, pieces = await ask(client, "/")
        cookie = headers.pop("set-cookie").partition(";")[0]
        body = b"".join(pieces)
        assert (status, headers) == (
            200,
            COMMON
            | {"content-type": "application/json", "content-length": str(len(body)), "content-encoding": "gzip"}
            | {"vary": "Cookie, Accept-Encoding, Origin"},
        )
        seen = [1, ["ada", ["read"], "request-1"], "https://example.org/", ["192.0.2.7", 0]]
        assert json.loads(gzip.decompress(body)) == seen

        _, _, pieces = await ask(client, "/", [*FROM_A_PROXY, ("cookie", cookie)])
        assert json.loads(gzip.decompress(b"".join(pieces))) == [2, *seen[1:]]

        assert (await ask(client, "/thread", [*FROM_A_PROXY[:4]]))[::2] == (200, [b"request-1"])
        assert (await ask(client, "/guarded", FROM_A_PROXY))[::2] == (200, [b"in"])
        assert (await ask(client, "/guarded", FROM_A_PROXY[:-1]))[::2] == (403, [b"Forbidden"])
        assert (await ask(client, "/", [("host", "evil.example"), *FROM_A_PROXY[1:3]]))[::2] == (
            400,
            [b"Invalid host header"],
        )

        status, headers, _ = await ask(client, "/", FROM_A_PROXY[:1])
        assert (status, headers["location"]) == (307, "https://example.org/")

        preflight = [*FROM_A_PROXY, ("access-control-request-method", "PUT")]
        assert (await ask(client, "/", preflight, "OPTIONS"))[::2] == (400, [b"Disallowed CORS method"])

        status, headers, pieces = await ask(client, "/stream")
        assert (status, headers["transfer-encoding"], gzip.decompress(b"".join(pieces))) == (
            200,
            "chunked",
            b"one two three",
        )
        assert len(pieces) >= 4  # three pieces and an end: none was kept for the next


@on_loop
async def test_the_servers_own_line_names_the_request(caplog):
    """uvicorn logs a traceback in the context of the request, where the id still stands."""

    app = App()

    @app.get("/")
    async def fails(request):
        raise LookupError("lost")

    caplog.handler.addFilter(RequestIdFilter())
    caplog.set_level(logging.ERROR, "uvicorn.error")
    async with on_uvicorn(RequestIdMiddleware(app), http="h11", ws="none") as port, client_of(port) as client:
        assert (await ask(client, "/"))[0] == 500
    assert [(record.message, record.request_id) for record in caplog.records] == [
        ("Exception in ASGI application\n", "request-1")
    ]
