from typing import Any

from comparisons.contract import Contract, Differs, http, raw

HTTP, HANDLERS = "p5.http-exceptions", "p5.handlers"
PLAIN, RETRY = "text/plain; charset=utf-8", {"retry-after": "60"}
BOTH, OUTSIDE = ("inside", "outside"), "outside"
NOT_A_NUMBER = (
    b'{"detail":[{"type":"int_parsing","loc":["query","among"],'
    b'"msg":"Input should be a valid integer, unable to parse string as an integer","input":"x"}]}'
)


def answer(status: int, text: str, layers: str | tuple[str, ...] = BOTH, **more: str | set[str]) -> dict[str, Any]:
    headers = {"content-type": PLAIN, "content-length": str(len(text)), "x-layer": layers, **more}
    return {"status": status, "headers": headers, "body": text.encode()}


def body(text: str, **headers: str | set[str]) -> dict[str, Any]:
    return {"body": text.encode(), "headers": {"content-length": str(len(text)), **headers}}


def hears(error: str) -> list[str]:
    return [f"inside hears {error}", f"outside hears {error}"]


NO_WATER = answer(503, "503 no water", **RETRY)
METHODS = {"GET", "HEAD"}

CONTRACT = Contract(
    question="How does an exception become a response, and which handler takes which?",
    leaves=[HTTP, HANDLERS],
    beats={
        1: "raise what the client is to see",
        2: "answer it",
        3: "answer every exception of a class",
        4: "a layer of your own: does it hear of the exception?",
        5: "answer what nobody expected",
        6: "fail after the start",
        7: "fail after the end",
    },
    provided={("tiny", 2): "rawasgi.tiny.app:App.call_handler", ("tiny", 5): "rawasgi.tiny.app:App.guard"},
    steps=[
        http("GET", "/share?among=2", leaf=HTTP).answers(**answer(200, "3 for each")),
        http("GET", "/tea", leaf=HTTP).answers(**NO_WATER).then(log=()),
        http("HEAD", "/tea", leaf=HTTP).answers(**{**NO_WATER, "body": b""}),
        http("POST", "/tea", leaf=HTTP).answers(**answer(405, "405 Method Not Allowed", allow=METHODS)),
        http("GET", "/nowhere", leaf=HTTP).answers(**answer(404, "404 Not Found")),
        http("GET", "/share?among=x", leaf=HTTP).answers(**answer(422, "422 among: not a number")),
        raw(b"GET /tea HTTP/9\r\n\r\n", title="not HTTP", leaf=HTTP).answers(400),
        http("GET", "/coffee", leaf=HANDLERS).answers(**answer(409, "sorry, no coffee")),
        http("GET", "/share?among=0", leaf=HANDLERS)
        .answers(**answer(500, "our fault", OUTSIDE), kept=True)
        .then(log=["inside hears ZeroDivisionError", "handler for Exception", "outside hears ZeroDivisionError"]),
        http("GET", "/tea", reuse=True, title="the next on that connection", leaf=HANDLERS).gets_no_answer(),
        http("GET", "/torn", leaf=HANDLERS)
        .answers(200, {"x-layer": BOTH}, b"one", complete=False)
        .then(log=hears("RuntimeError")),
        http("GET", "/short", leaf=HANDLERS)
        .answers(200, {"content-length": "10", "x-layer": BOTH}, b"one", complete=False)
        .then(log=hears("RuntimeError")),
        http("GET", "/later", leaf=HANDLERS)
        .answers(**answer(200, "thanks"), kept=True)
        .then(log=hears("RuntimeError")),
        http("GET", "/tea", reuse=True, title="the next after /later", leaf=HANDLERS).gets_no_answer(),
    ],
    differences=[
        Differs(
            "tiny",
            {
                "GET /tea": body("no water"),
                "HEAD /tea": {"headers": {"content-length": "8"}},
                "POST /tea": body("Method Not Allowed"),
                "GET /nowhere": body("Not Found"),
                "GET /share?among=x": body("among: not a number"),
                "GET /share?among=0": {**body("Internal Server Error"), "log": hears("ZeroDivisionError")},
            },
            because="it has no table of handlers: its own two answers are all there is, beyond what a layer catches",
        ),
        Differs(
            "fastapi",
            "GET /share?among=x",
            answers={
                "headers": {"content-type": "application/json", "content-length": str(len(NOT_A_NUMBER))},
                "body": NOT_A_NUMBER,
            },
            because="a RequestValidationError is no HTTPException: it has a handler of its own",
        ),
        Differs(
            ["rawasgi", "fastapi"],
            ["GET /torn", "GET /short", "GET /later"],
            then={"log": ["inside hears RuntimeError", "handler for Exception", "outside hears RuntimeError"]},
            because="its handler for Exception is called whatever was sent; the response that it makes is dropped",
        ),
        Differs(
            "flask",
            {
                "POST /tea": body("405 The method is not allowed for the requested URL.", allow={*METHODS, "OPTIONS"}),
                "GET /nowhere": body(
                    "404 The requested URL was not found on the server. If you entered the URL manually please check your "
                    "spelling and try again."
                ),
            },
            because="every HTTP error of Werkzeug's is a class, with a sentence of its own",
        ),
        Differs(
            "flask",
            "GET /share?among=0",
            answers={"headers": {"x-layer": BOTH}},
            then={"log": ()},
            because="after_request runs for every response, the 500 too; the exception is logged, and no layer hears of it",
        ),
        Differs(
            "flask",
            ["GET /torn", "GET /short"],
            answers={"headers": {"content-type": PLAIN}},
            because="a response without a type is given one",
        ),
        Differs(
            ["flask", "raw_wsgi"],
            ["GET /torn", "GET /short", "GET /later"],
            then={"log": "outside hears RuntimeError"},
            because="a layer that only sees the response made has returned before its body is asked for: it takes one "
            "around the iteration to hear",
        ),
        Differs(
            "raw_wsgi",
            "GET /share?among=0",
            then={"log": "handler for Exception"},
            because="an answer is what the app returns: it answers or raises, never both",
        ),
        Differs(
            ["flask", "raw_wsgi"],
            "the next on that connection",
            answers={"status": 503},
            because="the server heard of no exception",
        ),
        Differs(
            "@hypercorn",
            ["the next on that connection", "the next after /later"],
            answers={"status": 503},
            because="it logs what the app raises after a whole response, and goes on; uvicorn, tiny and gunicorn have "
            "promised to keep the connection, and hang up",
        ),
    ],
)
