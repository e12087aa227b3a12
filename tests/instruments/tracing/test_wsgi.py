"""WSGI apps are traced in the same format."""

import sys
import threading
from typing import Any

import pytest
from flask import Flask
from flask import request as flask_request

from rawasgi.instruments.apart import Exited, Hanging
from rawasgi.instruments.conversation import request
from rawasgi.instruments.tracing.wsgi import environ_from, trace_wsgi
from tests.instruments.tracing.apps import short

OK = ("200 OK", [("content-type", "text/plain")])


def make_flask():
    """Flask with a layer around its heart, which adds to the environ."""
    app: Any = Flask("shop")

    @app.post("/up")
    def up():
        return flask_request.get_data().upper() + flask_request.environ["shop.more"]

    inner = app.wsgi_app
    app.wsgi_app = lambda environ, start_response: inner({**environ, "shop.more": b"!"}, start_response)
    return app


def test_flask_has_layers_and_the_same_kinds_at_each():
    """The app, the layer around its heart, and its heart, which sees what the layer has added."""
    app = make_flask()
    trace = trace_wsgi(app, request("POST", "/up", {"cookie": "a=1"}, b"hi"), target="shop:app")
    assert short(trace.events) == [
        *((layer, "environ", None) for layer in (0, 1, 2)),
        *((layer, "start_response", "start_response") for layer in (2, 1, 0)),
        *((layer, "item", "item") for layer in (2, 1, 0)),
        *((layer, "close", None) for layer in (2, 1, 0)),
    ]
    assert [event.name for event in trace.events[:3]] == ["Flask", "make_flask", "Flask.wsgi_app"]
    assert dict(trace.events[2].scope_diff) == {"shop.more": b"!"}
    assert (trace.asked, trace.ending, trace.status) == ("POST /up", "200 OK, 3 bytes", 200)
    assert trace.plain().events[0].scope_diff["HTTP_COOKIE"] == "…"
    assert "a=1" not in trace.lines()
    again = trace_wsgi(app, request("POST", "/up", body=b"hi"))
    assert short(again.events) == short(trace.events)


def generator(environ, start_response):
    """It calls `start_response` only when its first item is asked for."""
    start_response(*OK)
    yield b"a"
    yield b"b"


class Closing:
    """An iterable with a close, which raises."""

    def __iter__(self):
        return iter([b"a"])

    def close(self):
        raise LookupError("closing")


def closing(environ, start_response):
    start_response(*OK)
    return Closing()


def silent(environ, start_response):
    return []


def twice(environ, start_response):
    start_response(*OK)
    start_response(*OK)


def early(environ, start_response):
    yield b"early"
    start_response(*OK)


def breaks(environ, start_response):
    start_response(*OK)
    yield b"a"
    raise LookupError("mine")


def exits(environ, start_response):
    sys.exit(3)


@pytest.mark.parametrize(
    ("app", "kinds", "ending"),
    [
        (generator, "environ start_response item item close", "200 OK, 2 bytes"),
        (closing, "environ start_response item close", "200 OK, 1 byte, raised LookupError: closing"),
        (silent, "environ close", "raised RuntimeError: the app has never called start_response"),
        (twice, "environ start_response start_response raise", "200 OK, 0 bytes, raised RuntimeError: start_response"),
        (early, "environ item close", "raised RuntimeError: the app has given an item before"),
        (breaks, "environ start_response item raise close", "200 OK, 1 byte, raised LookupError: mine"),
        (exits, "environ raise", "raised Exited: the app has called sys.exit(3)"),
    ],
    ids=lambda given: getattr(given, "__name__", ""),
)
def test_an_app_by_hand(app, kinds, ending):
    """It is closed in any case, and what it does wrong is said."""
    trace = trace_wsgi(app, request())
    assert " ".join(event.kind for event in trace.events) == kinds
    assert trace.ending.startswith(ending)


def test_an_app_that_exits_and_one_that_hangs():
    """As with ASGI apps; a thread that blocks shows its lines."""
    locks: list[Any] = []

    def hangs(environ, start_response):
        lock = threading.Event()
        locks.append(lock)
        lock.wait()
        return [b""]

    assert isinstance(trace_wsgi(exits, request()).error, Exited)
    trace = trace_wsgi(hangs, request(), seconds=0.1)
    locks[0].set()
    assert isinstance(trace.error, Hanging)
    assert "test_an_app_that_exits_and_one_that_hangs.<locals>.hangs" in [
        line.function for line in trace.lanes[0].lines
    ]


def test_the_environ_of_a_request():
    """PATH_INFO is decoded, RAW_URI is not; the rest is that of the bridge, with nothing that only a bridge has."""
    headers = [(b"x-a", b"1"), (b"x-a", b"2"), (b"content-type", b"a/b"), (b"content-length", b"2")]
    environ = environ_from(request("POST", "/caf%C3%A9?q=1", headers, [b"h", b"i"]))
    assert environ["wsgi.input"].read() == b"hi"
    text = {name: value for name, value in environ.items() if isinstance(value, str)}
    assert text == {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/cafÃ©",
        "QUERY_STRING": "q=1",
        "RAW_URI": "/caf%C3%A9?q=1",
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "testclient",
        "REMOTE_PORT": "50000",
        "wsgi.url_scheme": "http",
        "HTTP_HOST": "testserver",
        "HTTP_X_A": "1,2",
        "CONTENT_TYPE": "a/b",
        "CONTENT_LENGTH": "2",
    }
    assert {key for key in environ if not isinstance(environ[key], str)} == {
        *("wsgi.version", "wsgi.input", "wsgi.input_terminated", "wsgi.errors"),
        *("wsgi.multithread", "wsgi.multiprocess", "wsgi.run_once"),
    }
