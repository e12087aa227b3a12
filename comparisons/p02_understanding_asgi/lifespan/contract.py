from typing import Any

from comparisons.contract import Contract, Differs, http, process, raw

LEAF = "p2.lifespan"


def visit(number: int, motto: str = "ours") -> dict[str, Any]:
    body = f"visit {number}, motto {motto}".encode()
    headers = {"content-type": "text/plain; charset=utf-8", "content-length": str(len(body))}
    return {"status": 200, "headers": headers, "body": body}


CONTRACT = Contract(
    question="What happens before the first request and after the last?",
    leaves=[LEAF],
    beats={
        1: "set up, before the first request",
        2: "hand over what was set up",
        3: "use it in a request",
        4: "tear down, after the last response",
        5: "report a failure",
    },
    provided={
        ("tiny", 5): "rawasgi.tiny.app:App.live",
        ("rawasgi", 5): "rawasgi.concurrency:run_lifespan",
        ("fastapi", 5): "starlette.routing:Router.lifespan",
        ("flask", 5): "atexit:register",
        ("raw_wsgi", 5): "atexit:register",
    },
    steps=[
        http("GET", "/", title="the first request", leaf=LEAF).answers(**visit(1)),
        http("GET", "/", title="the second", leaf=LEAF).answers(**visit(2)),
        http("GET", "/replace", leaf=LEAF).answers(**visit(3, "mine")),
        http("GET", "/", title="after /replace", leaf=LEAF).answers(**visit(4)),
        raw(b"GET /\r\n\r\n", title="not HTTP").answers(400).then(log=()),
        http("GET", "/stop", title="GET /stop, SIGTERM in flight", leaf=LEAF).answers(**visit(5)),
        process(
            signal="SIGTERM", exits=0, logs=["set up", "still here", "tear down after / / /replace / /stop"], leaf=LEAF
        ),
        http("GET", "/spoil", leaf=LEAF).answers(**visit(1)),
        process(
            signal="SIGTERM",
            title="a tear-down that fails",
            exits=0,
            logs=["set up", "tear down after /spoil"],
            leaf=LEAF,
        ),
        process(signal=None, title="a set-up that fails", exits=3, logs=["set up"], leaf=LEAF).given(FAULT="set up"),
        http("GET", "/", title="an app without a lifespan", leaf=LEAF).given(FAULT="lifespan").answers(500),
        process(signal="SIGTERM", title="its end", exits=0, logs=[], leaf=LEAF).given(FAULT="lifespan"),
    ],
    differences=[
        Differs(
            ["flask", "raw_wsgi"],
            {
                "after /replace": visit(4, "mine"),
                "GET /stop, SIGTERM in flight": visit(5, "mine"),
            },
            because="nobody copies what the process holds: who replaces it does so for every request to come",
        ),
        Differs(
            ["flask", "raw_wsgi"],
            ["process SIGTERM", "a tear-down that fails", "a set-up that fails"],
            verdict="outside the protocol",
            because="WSGI has no call without a request: set-up is what the import does, tear-down is left to atexit, "
            "and both happen in gunicorn's worker, whose hooks for them stand in its own configuration",
        ),
        Differs(
            "@hypercorn",
            ["a tear-down that fails", "a set-up that fails"],
            answers={"exit": 1},
            because="a reported failure is raised and ends as a traceback; uvicorn and tiny "
            "log a tear-down that fails, and end as if it had not",
        ),
        Differs(
            ["tiny", "rawasgi", "fastapi", "flask", "raw_wsgi"],
            {"an app without a lifespan": visit(1), "its end": {"log": ["set up", "tear down after /"]}},
            because="nobody can leave it out: a framework for ASGI answers the scope whatever you write, and reports "
            "what your function raises; a server for WSGI never asks",
        ),
    ],
)
