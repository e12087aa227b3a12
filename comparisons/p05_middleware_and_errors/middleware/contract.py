from typing import Any

from comparisons.contract import Contract, Differs, http, raw, ws

PLAIN, PAGE, JSON = "text/plain; charset=utf-8", "text/html; charset=utf-8", "application/json"
BOTH = ("B", "A")
P2, ORDER, HOOKS, ERRORS = "p2.middleware", "p5.understanding", "p5.hooks", "p5.interaction"


def answer(status: int, body: bytes, kind: str = PLAIN, **headers: Any) -> dict[str, Any]:
    framed = {"content-type": kind, "content-length": str(len(body))}
    return {"status": status, "headers": {**framed, "x-layer": BOTH, **headers}, "body": body}


def log(lines: str) -> list[str]:
    return lines.split(", ")


def page(status: int, name: str, sentences: bytes) -> dict[str, Any]:
    head = f"<!doctype html>\n<html lang=en>\n<title>{status} {name}</title>\n<h1>{name}</h1>\n<p>".encode()
    return answer(status, head + sentences + b"</p>\n", PAGE)


FLASK_404 = (
    b"The requested URL was not found on the server. If you entered the URL manually please check your spelling and "
    b"try again."
)
FLASK_500 = (
    b"The server encountered an internal error and was unable to complete your request. Either the server is "
    b"overloaded or there is an error in the application."
)
BAD_REQUEST = b"The browser (or proxy) sent a request that this server could not understand."


CONTRACT = Contract(
    question="In which order do the layers run, and what passes through them?",
    leaves=[P2, ORDER, HOOKS, ERRORS],
    beats={
        1: "do something on the way in",
        2: "do something on the way out",
        3: "add a header to the response",
        4: "see an exception",
        5: "set a context variable",
        6: "put the layer around what is there",
    },
    steps=[
        http("GET", "/", leaf=ORDER).answers(**answer(200, b"set by B")).then(log(">A, >B, <B app, <A app")),
        http("GET", "/thread", leaf=P2).answers(**answer(200, b"set by B")).then(log(">A, >B, <B B, <A B")),
        http("HEAD", "/", leaf=HOOKS)
        .answers(**{**answer(200, b"set by B"), "body": b""})
        .then(log(">A, >B, <B app, <A app")),
        http("GET", "/missing", leaf=HOOKS).answers(**answer(404, b"Not Found")).then(log(">A, >B, <B B, <A B")),
        http("GET", "/crash", leaf=ERRORS).answers(500, kept=False).then(log(">A, >B, !B, !A")),
        http("GET", "/stream", leaf=ERRORS)
        .answers(200, {"content-type": PLAIN, "x-layer": BOTH}, (b"one", b"two"), complete=False)
        .then(log(">A, >B, <B B, <A B, one, two, !B, !A")),
        ws("/", leaf=P2).accepted(headers={"x-layer": BOTH}).closed(1000).then(log(">A, >B, <B B, <A B")),
        raw(b"GET / HTTP/1.1\r\nhost: a\r\ncontent-length: ten\r\n\r\n", title="a length of ten", leaf=HOOKS)
        .answers(400)
        .then(log=()),
    ],
    differences=[
        Differs(
            "fastapi",
            {
                "GET /": {"log": log(">A, >B, <B app, <A A")},
                "GET /thread": {"log": log(">A, >B, <B B, <A A")},
                "GET /missing": {"log": log(">A, >B, <B B, <A A")},
                "GET /stream": {"log": log(">A, >B, <B B, one, <A A, two, !B")},
            },
            because="call_next runs all that lies below in a second task: what is set there stays there, and the task runs "
            "ahead of its reader by one message",
        ),
        Differs(
            "fastapi",
            "GET /stream",
            answers={"complete": True},
            because="around an app that has failed, the function-style layer ends the body properly before it raises: the "
            "client takes half an answer for all of it",
        ),
        Differs(
            "fastapi",
            "GET /stream",
            answers={"headers": {"content-type": None}},
            because="its StreamingResponse has the type that one gives it, or none",
        ),
        Differs(
            "fastapi",
            "HEAD /",
            answers=answer(405, b"", JSON, allow="GET", **{"content-length": "31"}),
            then={"log": log(">A, >B, <B B, <A A")},
            because="HEAD is not made from GET",
        ),
        Differs(
            "fastapi",
            "GET /missing",
            answers=answer(404, b'{"detail":"Not Found"}', JSON),
            because="an error is JSON, for programs",
        ),
        Differs(
            "rawasgi",
            "GET /stream",
            then={"log": log(">A, >B, <B B, <A B, one, two, !B")},
            because="a function-style layer has returned when the body is sent: its except is left",
        ),
        Differs(
            ["rawasgi", "fastapi"],
            "websocket /",
            answers={"headers": {"x-layer": "B"}},
            then={"log": log(">B, <B B")},
            because="a function-style layer has a request and a response: a websocket walks past it",
        ),
        Differs(
            ["tiny", "rawasgi", "fastapi"],
            "GET /crash",
            answers={
                "headers": {"content-type": PLAIN, "content-length": "21"},
                "body": b"Internal Server Error",
                "kept": True,
            },
            because="its error boundary lies outside all layers: they see the exception, and their headers are missing",
        ),
        Differs(
            "flask",
            "GET /crash",
            answers={**page(500, "Internal Server Error", FLASK_500), "kept": True},
            then={"log": log(">A, >B, <B B, <A B, !B")},
            because="its error boundary lies inside all layers: they see a 500 and add their headers; teardown_request "
            "alone is told of the exception",
        ),
        Differs("flask", "GET /missing", answers=page(404, "Not Found", FLASK_404), because="an error is a page"),
        Differs(
            ["flask", "raw_wsgi"],
            "GET /thread",
            then={"log": log(">A, >B, <B app, <A app")},
            because="the whole request has one thread, so nothing is set in a copy of its context",
        ),
        Differs(
            ["flask", "raw_wsgi"],
            "GET /stream",
            then={"log": log(">A, >B, <B B, <A B, one, two")},
            because="the server asks for the body when all layers have returned; to hear of its end, wrap the iterable",
        ),
        Differs(
            "flask",
            "websocket /",
            answers={**page(400, "Bad Request", BAD_REQUEST), "messages": (), "close": None},
            then={"log": log(">A, >B, <B B, <A B")},
            verdict="not expressible",
            because="a handshake is a GET, and no route of Flask's takes it",
        ),
        Differs(
            "raw_wsgi",
            "websocket /",
            answers={**answer(200, b"set by B"), "messages": (), "close": None},
            then={"log": log(">A, >B, <B app, <A app")},
            verdict="not expressible",
            because="a handshake is a GET, and is answered as one",
        ),
    ],
)
