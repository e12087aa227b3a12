"""The bridges on real servers, once each: gunicorn and wsgiref with ASGI apps, uvicorn with a WSGI application."""

import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from wsgiref.simple_server import WSGIRequestHandler, make_server

from rawasgi.bridges.asgi_in_wsgi import ASGIMiddleware
from tests.bridges import served


@contextmanager
def running(*command):
    """A server in a process of its own, on a socket that is bound before it starts; ended by SIGTERM."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        words = [word.replace("{fd}", str(listening.fileno())) for word in command]
        process = subprocess.Popen(
            [sys.executable, "-m", *words],
            pass_fds=[listening.fileno()],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        output: list[str] = []
        try:
            yield listening.getsockname()[1], output
        finally:
            process.send_signal(signal.SIGTERM)
            output += process.communicate(timeout=20)[0].decode().splitlines()


def ask(port, method, path, body=None, headers=()):
    """One request on a connection of its own: status, the headers that an app sets, body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        content = response.read()
    finally:
        connection.close()
    by_server = ("date", "server", "connection", "transfer-encoding")
    told = [(name.lower(), value) for name, value in response.getheaders() if name.lower() not in by_server]
    return response.status, told, content


TEXT = ("content-type", "text/plain; charset=utf-8")


def test_gunicorn_serves_asgi_apps_of_three_families():
    """The lifespan in the worker, at its first call and at its end; bodies with a length and in chunks; streams; HEAD."""
    options = ["-b", "fd://{fd}", "--no-control-socket", "-k", "gthread", "--threads", "4"]
    with running("gunicorn", *options, "tests.bridges.served:behind_wsgi") as (port, output):
        for family in ("rawasgi", "starlette", "fastapi"):
            for body in (b"body", iter([b"bo", b"dy"])):
                status, headers, content = ask(port, "POST", f"/{family}/caf%C3%A9%2F?a=1", body)
                assert status == 200
                assert headers == [("content-length", str(len(content))), ("content-type", "application/json")]
                assert json.loads(content) == {
                    "path": f"/{family}/café/",
                    "raw_path": f"/{family}/caf%C3%A9%2F",
                    "root_path": f"/{family}",
                    "query": "a=1",
                    "body": "body",
                    "pool": f"{family} is open",
                }
            assert ask(port, "GET", f"/{family}/stream") == (200, [TEXT], b"0123456789" * 1000)
            assert ask(port, "HEAD", f"/{family}/stream") == (200, [TEXT], b"")
    lives = [line for line in output if line.endswith(("is open", "is closed"))]
    assert lives[:3] == [f"{family} is open" for family in ("rawasgi", "starlette", "fastapi")]
    assert sorted(lives[3:]) == sorted(f"{family} is closed" for family in ("rawasgi", "starlette", "fastapi"))


class Quiet(WSGIRequestHandler):
    """A handler that writes no log."""

    def log_message(self, *words):
        """Say nothing."""


def test_wsgiref_serves_an_asgi_app():
    """The standard library's server, which closes every iterable, in this process."""
    with (
        ASGIMiddleware(served.family("rawasgi")) as app,
        make_server("127.0.0.1", 0, app, handler_class=Quiet) as server,
    ):
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            assert ask(server.server_port, "GET", "/stream") == (200, [TEXT], b"0123456789" * 1000)
            assert json.loads(ask(server.server_port, "POST", "/x", b"body")[2])["body"] == "body"
            assert ask(server.server_port, "POST", "/x", b"", {"Content-Length": "x"})[0] == 400
        finally:
            server.shutdown()
            thread.join()


def test_uvicorn_serves_a_flask_application_below_a_mount():
    """Threads for the calls, a body in chunks, two cookies, a stream, and an error page of Flask's own."""
    with running("uvicorn", "--fd", "{fd}", "tests.bridges.served:in_front_of_wsgi") as (port, _):
        assert ask(port, "POST", "/old/up?a=%FF", iter([b"bo", b"dy"])) == (
            200,
            [
                ("content-type", "text/html; charset=utf-8"),
                ("content-length", "21"),
                ("set-cookie", "x=1; Path=/old"),
                ("set-cookie", "y=2; Path=/old"),
            ],
            b"body /old /up a=%FF 4",
        )
        assert ask(port, "GET", "/old/stream") == (
            200,
            [("content-type", "text/html; charset=utf-8")],
            b"0123456789" * 1000,
        )
        assert ask(port, "GET", "/old/nowhere")[0] == 404
        assert ask(port, "GET", "/new") == (200, [("content-length", "3"), TEXT], b"new")
