import asyncio

from rawasgi import App, PlainTextResponse, Request

app = App()


@app.get("/")
async def wait(request: Request) -> PlainTextResponse:
    await asyncio.sleep(0.1)
    return PlainTextResponse("waited")
