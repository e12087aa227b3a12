"""An app and the messages it will receive in -> the messages it sends out: no server, no socket."""

import asyncio

from rawasgi.messages.states import HTTP_APP, TABLES, Side

NOTHING_MORE = "the app asks for a message that nobody will send"


def converse(app, scope, *incoming):
    """Call `app` once; what it sent, whole."""
    sent, error = drive(app, scope, incoming)
    if error:
        raise error
    return sent


def broken(app, scope, *incoming):
    """Call `app`, which raises: what it sent until then, and the exception as it prints."""
    sent, error = drive(app, scope, incoming)
    return sent, repr(error)


def drive(app, scope, incoming):
    """The messages in, the messages out and the exception, if any. The order of both is held to the tables."""
    inbox, sent = list(incoming), []
    side = Side(TABLES.get((scope["type"], "app"), HTTP_APP))

    async def receive():
        if not inbox:
            raise AssertionError(NOTHING_MORE)
        side.hears(inbox[0])
        return inbox.pop(0)

    async def send(message):
        side.says(message)
        sent.append(message)

    try:
        asyncio.run(app(scope, receive, send))
    except Exception as error:
        return sent, error
    return sent, None


def http(method, path, query=b"", headers=(), **more):
    """The scope of a request."""
    about = {"type": "http", "asgi": {"version": "3.0", "spec_version": "2.5"}, "http_version": "1.1"}
    where = {"path": path, "raw_path": path.encode(), "query_string": query, "root_path": ""}
    return about | where | {"method": method, "headers": list(headers)} | more


def websocket(path, **more):
    """The scope of a handshake, without the keys that have a default."""
    return {"type": "websocket", "asgi": {"version": "3.0"}, "path": path, "query_string": b"", "headers": []} | more


def request(body=b"", more_body=False):
    return {"type": "http.request", "body": body, "more_body": more_body}


def response(status, headers, *pieces):
    """A start and its body messages; all pieces but the last announce more."""
    head = [(name.encode(), value.encode()) for name, value in headers.items()]
    body = [{"type": "http.response.body", "body": piece, "more_body": True} for piece in pieces[:-1]]
    return [
        {"type": "http.response.start", "status": status, "headers": head},
        *body,
        {"type": "http.response.body", "body": pieces[-1]},
    ]


def text(status, words, **headers):
    """The answer that tiny makes of a str."""
    plain = {"content-type": "text/plain; charset=utf-8", "content-length": str(len(words.encode()))}
    return response(status, plain | headers, words.encode())


CONNECT = {"type": "websocket.connect"}
DISCONNECT = {"type": "http.disconnect"}
STARTUP = {"type": "lifespan.startup"}
SHUTDOWN = {"type": "lifespan.shutdown"}
