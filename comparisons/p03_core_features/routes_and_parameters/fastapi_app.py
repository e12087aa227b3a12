from typing import Annotated
from uuid import UUID

from fastapi import FastAPI, Query, Request
from fastapi.responses import PlainTextResponse

app = FastAPI(default_response_class=PlainTextResponse)  # [1]
below = FastAPI(default_response_class=PlainTextResponse)


@app.get("/str/{value}", name="str")
@app.get("/path/{value:path}")
async def show(value: str) -> str:
    return f"str {value}"


@app.get("/str/new")
async def new() -> str:
    return "the form"


@app.get("/int/{value}")
async def show_int(value: int) -> str:  # [2]
    return f"int {value}"


@app.get("/float/{value}")
async def show_float(value: float) -> str:
    return f"float {value}"


@app.get("/uuid/{value}")
async def show_uuid(value: UUID) -> str:
    return f"UUID {value}"


@app.get("/search/")
async def search(tag: Annotated[list[str], Query()] = [], limit: int = 10) -> str:  # [3]  # noqa: B006
    return f"tags {tag}, limit {limit}"


@app.api_route("/verbs", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def verb(request: Request) -> str:
    return request.method


@app.get("/link")
async def link() -> str:
    return app.url_path_for("str", value="why?")  # [5]


@below.get("/where")
async def where(request: Request) -> str:
    return f"{request.scope['root_path']!r} {request.scope['path']!r}"


app.mount("/below", below)  # [6]
