from typing import Any
from urllib.parse import quote
from uuid import UUID

from rawasgi.tiny.app import App, HTTPException, Request, Response

app = App()  # [1]


@app.get("/str/{value}")
async def show(request: Request) -> Response:
    return described(str, request)


@app.get("/str/new")
async def new(request: Request) -> Response:
    return Response("the form")


@app.get("/int/{value}")
async def show_int(request: Request) -> Response:
    return described(int, request)


@app.get("/float/{value}")
async def show_float(request: Request) -> Response:
    return described(float, request)


@app.get("/uuid/{value}")
async def show_uuid(request: Request) -> Response:
    return described(UUID, request)


def described(kind: type[Any], request: Request) -> Response:
    try:
        value = kind(request.path_params["value"])  # [2]
    except ValueError as error:
        raise HTTPException(404, "Not Found") from error  # [4]
    return Response(f"{kind.__name__} {value}")


@app.get("/search/")
async def search(request: Request) -> Response:
    tags = [request.query["tag"]] if "tag" in request.query else []  # [3]
    try:
        limit = int(request.query.get("limit", "10"))
    except ValueError as error:
        raise HTTPException(400, "limit is no number") from error
    return Response(f"tags {tags}, limit {limit}")


@app.get("/verbs")
@app.post("/verbs")
@app.route("/verbs", "PUT")
@app.route("/verbs", "PATCH")
@app.route("/verbs", "DELETE")
async def verb(request: Request) -> Response:
    return Response(request.method)


@app.get("/link")
async def link(request: Request) -> Response:
    return Response("/str/" + quote("why?"))  # [5]


@app.get("/below/where")  # [6]
async def where(request: Request) -> Response:
    return Response(f"{request.scope['root_path']!r} {request.path!r}")
