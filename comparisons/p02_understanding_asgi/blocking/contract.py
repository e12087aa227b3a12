from typing import Any

from comparisons.contract import Contract, Differs, Request, http, raw

TEXT, PAGE, JSON = "text/plain; charset=utf-8", "text/html; charset=utf-8", "application/json"
CONCURRENCY, LOOPS, BLOCKING, ASYNC_DEF = "p1.concurrency", "p2.event-loops", "p2.blocking", "p2.async-def"

COMPUTES, BLOCKS, STREAMS = "GET /loop/computes", "GET /loop/blocks, client leaves", "GET /stream/loop"
BLOCKED, ONE_WAITS, FOUR_WAIT = "GET /ping while it blocks", "GET /ping while one waits", "GET /ping while four wait"
FOUR = [f"GET /waits, {number} of four" for number in (1, 2, 3, 4)]

FLASK_404 = (
    b"<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n"
    b"<p>The requested URL was not found on the server. If you entered the URL manually please check your spelling "
    b"and try again.</p>\n"
)


def answer(status: int, body: bytes, kind: str = TEXT, **more: Any) -> dict[str, Any]:
    return {"status": status, "headers": {"content-type": kind, "content-length": str(len(body))}, "body": body, **more}


def waits(seconds: float, title: str, leaf: str) -> Request:
    """A request that waits for a ping. Its client leaves at once: one client at a time speaks, the handlers go on."""
    step = http("GET", f"/waits/{seconds}", title=title, leaf=leaf)
    return step.leaves_after(log="waits").then(log="waits")


def ping(title: str, leaf: str) -> Request:
    return http("GET", "/ping", title=title, leaf=leaf).answers(**answer(200, b"pong"))


CONTRACT = Contract(
    question="What stops everybody, and what only you?",
    leaves=[CONCURRENCY, LOOPS, BLOCKING, ASYNC_DEF],
    beats={
        1: "a heart, beside the requests",
        2: "wait for another request",
        3: "work where the server calls you",
        4: "work on a thread",
        5: "work between two pieces of a stream",
    },
    provided={
        ("flask", 4): "gunicorn.workers.gthread:ThreadWorker",
        ("raw_wsgi", 4): "gunicorn.workers.gthread:ThreadWorker",
    },
    also_on=["gunicorn-sync"],
    steps=[
        http("GET", "/loop/computes", leaf=BLOCKING).answers(**answer(200, b"froze")).then(log=["computes", "froze"]),
        http("GET", "/loop/blocks", title=BLOCKS, leaf=LOOPS).leaves_after(log="blocks").then(log="blocks"),
        ping(BLOCKED, LOOPS).then(log=["froze", "pong"]),
        http("GET", "/stream/loop", leaf=BLOCKING)
        .answers(200, {"content-type": TEXT}, (b"one", b"froze"))
        .then(log=["blocks", "froze"]),
        http("GET", "/thread/computes", leaf=BLOCKING)
        .answers(**answer(200, b"steady"))
        .then(log=["computes", "steady"]),
        http("GET", "/thread/blocks", leaf=ASYNC_DEF).answers(**answer(200, b"steady")).then(log=["blocks", "steady"]),
        http("GET", "/stream/thread", leaf=ASYNC_DEF)
        .answers(200, {"content-type": TEXT}, (b"one", b"steady"))
        .then(log=["blocks", "steady"]),
        waits(1.0, "GET /waits, client leaves", LOOPS),
        ping(ONE_WAITS, LOOPS).then(log=["pong", "heard the ping"]),
        waits(1.0, FOUR[0], CONCURRENCY),  # the first gives up first: then a thread is free for the ping
        *(waits(4.0, title, CONCURRENCY) for title in FOUR[1:]),
        ping(FOUR_WAIT, CONCURRENCY).then(log=["pong", *["heard the ping"] * 4]),
        http("GET", "/nowhere").answers(**answer(404, b"Not Found")),
        http("HEAD", "/ping").answers(**{**answer(200, b"pong"), "body": b""}),
        raw(b"GET /ping HTTP/1.1\r\nhost: a\r\nhost b\r\n\r\n", title="a header without a colon").answers(400),
    ],
    differences=[
        Differs(
            ["flask", "raw_wsgi"],
            {
                COMPUTES: answer(200, b"steady", log=("computes", "steady")),
                BLOCKS: {"log": ("blocks", "steady")},
                BLOCKED: {"log": ("pong",)},
                STREAMS: {"chunks": (b"one", b"steady"), "body": b"onesteady", "log": ("blocks", "steady")},
            },
            because="no loop is there to stop: the call has a thread to itself, and the heart has another",
        ),
        Differs(
            ["flask@gunicorn", "raw_wsgi@gunicorn"],
            FOUR_WAIT,
            then={"log": ["heard nothing", "pong", *["heard the ping"] * 3]},
            because="a call that waits keeps its thread: four threads, four waits, and the ping is not taken in "
            "before one of them gives up",
        ),
        Differs(
            ["flask@gunicorn-sync", "raw_wsgi@gunicorn-sync"],
            ONE_WAITS,
            then={"log": ["heard nothing", "pong"]},
            because="the worker has one thread, and the call that waits for the ping keeps it from the ping",
        ),
        Differs(
            "@gunicorn-sync",
            [*FOUR, FOUR_WAIT],
            verdict="n/a",
            because="one call at a time runs: four never wait together",
        ),
        Differs(
            "fastapi",
            {
                "GET /nowhere": answer(404, b'{"detail":"Not Found"}', JSON),
                "HEAD /ping": {
                    **answer(405, b"", JSON),
                    "headers": {"content-type": JSON, "content-length": "31", "allow": "GET"},
                },
            },
            because="an error is JSON, and a route answers the methods it names: HEAD is not made from GET",
        ),
        Differs(
            "flask", "GET /nowhere", answers=answer(404, FLASK_404, PAGE), because="an error is a page, for people"
        ),
    ],
)
