from rawasgi import App, HTTPException, PlainTextResponse, Request

app = App()  # [1]
below = App()


@app.get("/str/{value}", name="str")
@app.get("/int/{value:int}")  # [2]
@app.get("/float/{value:float}")
@app.get("/uuid/{value:uuid}")
@app.get("/path/{value:path}")
async def show(request: Request) -> PlainTextResponse:
    value = request.path_params["value"]
    return PlainTextResponse(f"{type(value).__name__} {value}")


@app.get("/str/new")
async def new(request: Request) -> PlainTextResponse:
    return PlainTextResponse("the form")


@app.get("/search/")
async def search(request: Request) -> PlainTextResponse:
    try:
        limit = int(request.query_params.get("limit", "10"))  # [3]
    except ValueError as error:
        raise HTTPException(400, "limit is no number") from error
    return PlainTextResponse(f"tags {request.query_params.getlist('tag')}, limit {limit}")


@app.api_route("/verbs", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def verb(request: Request) -> PlainTextResponse:
    return PlainTextResponse(request.method)


@app.get("/link")
async def link(request: Request) -> PlainTextResponse:
    return PlainTextResponse(app.url_path_for("str", value="why?"))  # [5]


@below.get("/where")
async def where(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"{request.scope['root_path']!r} {request.scope['path']!r}")


app.mount("/below", below)  # [6]
