"""The tables of what crosses the bridges hold every key that there is, and say what really happens."""

import io
from pathlib import Path
from typing import get_args, get_type_hints
from wsgiref.util import setup_testing_defaults

from rawasgi.bridges.crossings import (
    FROM_APP_MESSAGES,
    FROM_ASGI_MESSAGES,
    FROM_ENVIRON,
    FROM_SCOPE,
    Fate,
    lines,
    report_environ,
    report_scope,
)
from rawasgi.bridges.environ import environ_of, scope_of
from rawasgi.messages.scopes import HTTPScope
from rawasgi.messages.states import HTTP_APP, HTTP_SERVER
from tests.drive import http

TABLES = (FROM_SCOPE, FROM_ASGI_MESSAGES, FROM_ENVIRON, FROM_APP_MESSAGES)
PEP_3333 = (
    "REQUEST_METHOD SCRIPT_NAME PATH_INFO QUERY_STRING CONTENT_TYPE CONTENT_LENGTH SERVER_NAME SERVER_PORT SERVER_PROTOCOL "
    "wsgi.version wsgi.url_scheme wsgi.input wsgi.errors wsgi.multithread wsgi.multiprocess wsgi.run_once wsgi.file_wrapper"
).split()


def test_every_key_and_every_message_has_a_row():
    """All keys of an http scope, of PEP 3333 and of wsgiref's servers; all messages of http that an app hears and sends."""
    assert {*FROM_SCOPE} == {*get_type_hints(HTTPScope)}
    assert {*PEP_3333} <= {*FROM_ENVIRON}
    defaults: dict[str, object] = {}
    setup_testing_defaults(defaults)
    assert {*defaults} - {"HTTP_HOST"} <= {*FROM_ENVIRON}
    said = {label.rstrip("+") for table in (HTTP_APP, HTTP_SERVER) for _, label in table.rows}
    http_messages = {label for label in said if label.startswith("http.")}
    assert http_messages <= {*FROM_ASGI_MESSAGES} | {*FROM_APP_MESSAGES}
    assert {row.fate for table in TABLES for row in table.values()} == {*get_args(Fate)}


def test_what_the_tables_call_carried_arrives():
    """A scope across and back is the scope, in every key that both tables call carried."""
    headers = [("host", "example.org"), ("x-a", "1"), ("content-type", "text/plain")]
    scope = http("PUT", "/base/caf\xe9", headers, b"a=%20b", root_path="/base", scheme="https", http_version="1.0")
    scope["raw_path"] = b"/base/caf%C3%A9"
    back = scope_of(environ_of(scope, io.BytesIO(), 0), {})
    for key, row in FROM_SCOPE.items():
        if row.fate != "lost":
            assert back[key] == scope[key], row


def test_the_report_of_a_scope():
    """What a WSGI application will not see of this request, first; then what changes; then the rest."""
    headers = [("x_user", "root"), ("x-a", "1"), ("x-a", "2"), ("cookie", "a=1"), ("cookie", "b=2")]
    scope = http("GET", "/", headers, app=object(), state={})
    assert lines(report_scope(scope)) == [
        "lost     type: a WSGI application knows http alone: a websocket is refused with 403, the lifespan answered for it",
        "lost     asgi: wsgi.version is (1, 0), whatever the server speaks",
        'lost     app: WSGI has no name for it; it is in environ["rawasgi.scope"]',
        'lost     state: WSGI has no lifespan; it is in environ["rawasgi.scope"]',
        "lost     header x_user: a name with `_` would be taken for `x-user`, as HTTP_X_USER",
        "derived  path: PATH_INFO, without root_path, its UTF-8 bytes written as Latin-1",
        "derived  raw_path: PATH_INFO has its bytes decoded: %2F and / are one",
        "derived  headers: CONTENT_TYPE, CONTENT_LENGTH and HTTP_…, without order and case, each name once",
        "derived  header x-a: 2 fields are one, joined by a comma: HTTP_X_A",
        "derived  header cookie: 2 fields are one, joined by a semicolon: HTTP_COOKIE",
        "carried  http_version: SERVER_PROTOCOL, as HTTP/1.1",
        "carried  scheme: wsgi.url_scheme",
        "carried  query_string: QUERY_STRING, as Latin-1",
        "carried  root_path: SCRIPT_NAME, its UTF-8 bytes written as Latin-1",
        "carried  client: REMOTE_ADDR and REMOTE_PORT",
        "carried  server: SERVER_NAME and SERVER_PORT; `localhost` and the port of the scheme where there is no port",
        "carried  method: REQUEST_METHOD",
    ]


def test_the_report_of_an_environ():
    """What an ASGI application will not see, key by key; a server's own keys among them."""
    environ = {
        "REQUEST_METHOD": "GET",
        "wsgi.errors": None,
        "HTTP_X_A": "1",
        "HTTP_CONTENT_LENGTH": "5",
        "gunicorn.socket": 1,
    }
    assert lines(report_environ(environ)) == [
        'lost     wsgi.errors: ASGI has no place for errors; it is in extensions["rawasgi.environ"]',
        "lost     HTTP_CONTENT_LENGTH: CONTENT_LENGTH stands for that header, and no client may set it twice",
        'lost     gunicorn.socket: no part of WSGI; it is in extensions["rawasgi.environ"]',
        "carried  REQUEST_METHOD: method",
        "carried  HTTP_X_A: header x-a",
    ]


def test_the_tables_name_no_key_twice():
    """A row for each key: what the sources write is what the tables hold."""
    source = Path(__file__).parents[2].joinpath("rawasgi/bridges/crossings.py").read_text(encoding="utf-8")
    rows = [line for line in source.splitlines() if line.startswith('    ("')]
    assert len(rows) == sum(map(len, TABLES))
