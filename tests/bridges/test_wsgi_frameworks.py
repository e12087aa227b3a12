"""Flask and Django inside ASGI, below a mount, as they answer by themselves."""

import subprocess
import sys

import flask
import pytest

from rawasgi.app import App
from rawasgi.bridges.wsgi_in_asgi import WSGIMiddleware
from rawasgi.instruments.conversation import converse, request
from rawasgi.routing import Mount
from tests.instruments.messages import start


def site():
    """A Flask application with a redirect, an upload, cookies and an error of its own."""
    app = flask.Flask("site")

    @app.get("/hello/<name>")
    def hello(name):
        return {
            "name": name,
            "root": flask.request.root_path,
            "url": flask.request.url,
            "a": flask.request.args.getlist("a"),
        }

    @app.post("/up")
    def up():
        return {"form": flask.request.form, "file": flask.request.files["file"].read().decode()}

    @app.get("/cookies")
    def cookies():
        response = flask.jsonify(flask.request.cookies)
        response.set_cookie("x", "1")
        response.set_cookie("y", "2")
        return response

    @app.get("/there")
    def there():
        return flask.redirect(flask.url_for("hello", name="é"))

    return app


FORM = (
    b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nhello\r\n--b--\r\n'
)


@pytest.mark.parametrize(
    "asked",
    [
        request("GET", "/old/hello/caf%C3%A9%2Fx?a=1&a=%20"),
        request("GET", "/old/hello/%FF"),
        request("POST", "/old/up", {"content-type": "multipart/form-data; boundary=b"}, [FORM[:50], FORM[50:]]),
        request("GET", "/old/cookies", [(b"cookie", b"a=1"), (b"cookie", b"b=2")]),
        request("GET", "/old/there"),
        request("DELETE", "/old/there"),
        request("HEAD", "/old/cookies"),
    ],
    ids=lambda asked: f"{asked.scope['method']} {asked.scope['path']}",
)
def test_a_flask_application_answers_below_a_mount_as_it_does_by_itself(asked):
    """Status, headers and body are those of Flask's own client, which calls the application without a bridge."""
    flask_app = site()
    sent = converse(App(routes=[Mount("/old", WSGIMiddleware(flask_app))]), asked)
    target = asked.scope["raw_path"].decode()[len("/old") :]
    if query := asked.scope["query_string"]:
        target += f"?{query.decode()}"
    headers = [(name.decode(), value.decode()) for name, value in asked.scope["headers"] if name != b"cookie"]
    cookies = "; ".join(value.decode() for name, value in asked.scope["headers"] if name == b"cookie")
    native = flask_app.test_client(use_cookies=False).open(
        target,
        base_url="http://testserver/old",
        method=asked.scope["method"],
        headers=[*headers, *([("cookie", cookies)] if cookies else [])],
        data=b"".join(message["body"] for message in asked.messages),
    )
    assert sent[0] == start(native.status_code, *((n.lower().encode(), v.encode()) for n, v in native.headers))
    assert b"".join(message["body"] for message in sent[1:]) == native.data


DJANGO = """
from comparisons.p01_introduction.hello_world.django_app import wsgi
from rawasgi import App, Mount, WSGIMiddleware
from rawasgi.instruments.conversation import converse, request
app = App(routes=[Mount("/old", WSGIMiddleware(wsgi))])
for path in ("/old/", "/old/double/21", "/old/nowhere"):
    sent = converse(app, request("GET", path, {"host": "localhost"}))
    print(sent[0]["status"], dict(sent[0]["headers"])[b"content-type"], sent[1]["body"][:40])
"""


def test_a_django_application_answers_below_a_mount():
    """In a process of its own, since Django has one set of settings for all."""
    ran = subprocess.run([sys.executable, "-c", DJANGO], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == [
        "200 b'application/json' b'{\"message\": \"Hello, world\"}'",
        "200 b'application/json' b'{\"double\": 42}'",
        "404 b'text/html; charset=utf-8' b'\\n<!doctype html>\\n<html lang=\"en\">\\n<head>'",
    ]
