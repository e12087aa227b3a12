from rawasgi.tiny.app import App, HTTPException, Request, Response

app = App()  # [1]


@app.get("/")  # [2]
async def hello(request: Request) -> Response:
    return Response({"message": "Hello, world"})  # [4]


@app.get("/double/{number}")
async def double(request: Request) -> Response:
    number = request.path_params["number"]
    if not number.isdecimal():  # [3]
        raise HTTPException(404, "Not Found")
    return Response({"double": int(number) * 2})
