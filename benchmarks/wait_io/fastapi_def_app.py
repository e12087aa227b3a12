import time

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

app = FastAPI()


@app.get("/", response_class=PlainTextResponse)
def wait() -> str:
    time.sleep(0.1)
    return "waited"
