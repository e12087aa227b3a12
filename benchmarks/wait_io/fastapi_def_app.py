import time

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

app = FastAPI()


@app.get("/")
def wait() -> PlainTextResponse:
    time.sleep(0.1)
    return PlainTextResponse("waited")
