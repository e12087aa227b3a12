import threading
import time
from collections.abc import Iterator

from flask import Flask, Response


class PlainTextResponse(Response):
    default_mimetype = "text/plain"


app = Flask(__name__)
app.response_class = PlainTextResponse
pulse, pinged = threading.Event(), threading.Event()


def heart() -> None:  # [1]
    while True:
        pulse.set()
        time.sleep(0.01)


threading.Thread(target=heart, daemon=True).start()


def say(word: str) -> str:
    print(f"{word}\n", end="", flush=True)  # in one piece: print writes its newline apart, and threads cut in
    return word


def work(kind: str) -> str:
    say(kind)
    pulse.clear()
    if kind == "computes":
        sum(number * number for number in range(1_000_000))
    else:
        pulse.wait(0.4)
    return say("steady" if pulse.is_set() else "froze")


@app.get("/ping")
def ping() -> str:
    said = say("pong")
    pinged.set()
    return said


@app.get("/waits/<float:seconds>")
def waits(seconds: float) -> str:
    say("waits")
    pinged.clear()
    return say("heard the ping" if pinged.wait(seconds) else "heard nothing")  # [2]


@app.get("/<any(loop, thread):where>/<kind>")
def loop_or_thread(where: str, kind: str) -> str:
    return work(kind)  # [3]


@app.get("/stream/<where>")
def stream(where: str) -> Iterator[str]:  # [5]
    yield "one"
    yield work("blocks")
