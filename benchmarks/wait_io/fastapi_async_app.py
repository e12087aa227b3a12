import asyncio

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

app = FastAPI()


@app.get("/")
async def wait() -> PlainTextResponse:
    await asyncio.sleep(0.1)
    return PlainTextResponse("waited")
