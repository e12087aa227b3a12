from typing import Any

from flask import Flask, Response, request, url_for
from werkzeug.middleware.dispatcher import DispatcherMiddleware


class PlainTextResponse(Response):
    default_mimetype = "text/plain"


app, below = Flask(__name__), Flask(__name__)  # [1]
app.response_class = below.response_class = PlainTextResponse


@app.get("/str/<value>", endpoint="str")
@app.get("/int/<int:value>")  # [2]
@app.get("/float/<float:value>")
@app.get("/uuid/<uuid:value>")
@app.get("/path/<path:value>")
def show(value: Any) -> str:
    return f"{type(value).__name__} {value}"


@app.get("/str/new")
def new() -> str:
    return "the form"


@app.get("/search/")
def search() -> str:
    limit = request.args.get("limit", 10, type=int)  # [3]
    return f"tags {request.args.getlist('tag')}, limit {limit}"


@app.route("/verbs", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
def verb() -> str:
    return request.method


@app.get("/link")
def link() -> str:
    return url_for("str", value="why?")  # [5]


@below.get("/where")
def where() -> str:
    return f"{request.root_path!r} {request.path!r}"


app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/below": below})  # type: ignore[method-assign]  # [6]
