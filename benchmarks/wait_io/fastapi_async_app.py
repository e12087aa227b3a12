import asyncio

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

app = FastAPI()


@app.get("/", response_class=PlainTextResponse)
async def wait() -> str:
    await asyncio.sleep(0.1)
    return "waited"
