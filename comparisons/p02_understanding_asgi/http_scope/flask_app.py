import time
from collections.abc import Iterator

from flask import Flask, Response, make_response, request


class PlainTextResponse(Response):
    default_mimetype = "text/plain"


app = Flask(__name__)
app.response_class = PlainTextResponse


@app.route("/request/<path:rest>", methods=["GET", "HEAD", "OPTIONS"])
def describe(rest: str) -> str:  # [1]
    raw_path = request.environ["RAW_URI"].partition("?")[0].encode()
    line = f"{request.method} {request.environ['SERVER_PROTOCOL']} path {request.path!a} raw_path {raw_path}"
    q = request.args.getlist("q") or None
    x = [(name.lower(), value) for name, value in request.headers if name.startswith("X")]
    return f"{line}\nquery {request.query_string!r} q {q!a} x {x!a}"


@app.post("/body")
def body() -> str:
    print("reading", flush=True)
    size = len(request.get_data())  # [2]
    print("whole", flush=True)
    return f"{size} bytes"


@app.post("/json")
def json() -> str:
    return f"n is {request.get_json()['n']}"


@app.post("/early")
def early() -> tuple[str, int]:
    return "too large", 413  # [3]


@app.get("/cookies")
def cookies() -> Response:
    response = make_response("two cookies")
    response.set_cookie("a", "1")
    response.set_cookie("b", "2")
    return response


@app.get("/stream")
def stream() -> Iterator[str]:
    return pieces("fails" in request.args)


def pieces(fails: bool) -> Iterator[str]:  # [4]
    yield "one"
    if fails:
        raise RuntimeError("after the start")
    yield "two"


@app.get("/waits")
def waits() -> str:
    print("waiting", flush=True)
    time.sleep(0.2)
    print("finished", flush=True)
    return "for nobody"


@app.get("/ticks")
def ticks() -> Iterator[str]:
    print("waiting", flush=True)
    try:
        while True:
            yield "tick"
            time.sleep(0.01)
    finally:  # [5]
        print("client gone", flush=True)
