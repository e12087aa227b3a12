from collections.abc import Callable, Iterable
from hmac import compare_digest
from typing import Any

from flask import Flask, Response, request

app = Flask(__name__)


@app.after_request
def log(response: Response) -> Response:  # [1]
    print(f"{request.method} {request.path} {response.status_code}")
    return response


@app.before_request
def guard() -> Response | None:  # [2]
    if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
        return Response("ask me", headers={"Access-Control-Allow-Headers": "authorization"}, mimetype="text/plain")
    credentials = request.headers.get("Authorization", "").encode()
    if request.path == "/private" and not compare_digest(credentials, b"Bearer sesame"):
        return Response("who are you?", 401, {"WWW-Authenticate": "Bearer"}, mimetype="text/plain")
    return None


@app.before_request
def audit() -> None:
    print(f"{len(request.get_data())} bytes")  # [4]


class MethodOverride:  # [3]
    def __init__(self, wsgi_app: Callable[..., Iterable[bytes]]) -> None:
        self.wsgi_app = wsgi_app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        method = environ.get("HTTP_X_HTTP_METHOD_OVERRIDE")
        if environ["REQUEST_METHOD"] == "POST" and method in ("PUT", "PATCH", "DELETE"):
            environ = {**environ, "REQUEST_METHOD": method}
        return self.wsgi_app(environ, start_response)


app.wsgi_app = MethodOverride(app.wsgi_app)  # type: ignore[method-assign]  # [5]


@app.get("/private")
def private() -> Response:
    return Response("the secret", mimetype="text/plain")


@app.route("/items", methods=["POST", "DELETE"])
def items() -> Response:
    return Response(f"{request.method} {request.get_data().decode()}", mimetype="text/plain")
