from rawasgi import App, JSONResponse, Request

app = App()  # [1]


@app.get("/")  # [2]
async def hello(request: Request) -> JSONResponse:
    return JSONResponse({"message": "Hello, world"})  # [4]


@app.get("/double/{number:int}")  # [3]
async def double(request: Request) -> JSONResponse:
    return JSONResponse({"double": request.path_params["number"] * 2})
