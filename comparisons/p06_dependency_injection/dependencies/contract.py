from typing import Any

from comparisons.contract import Contract, Differs, http, raw

SYSTEM, SUB, ADVANCED = "p6.system", "p6.sub-dependencies", "p6.advanced"
PLAIN, PAGE, JSON = "text/plain; charset=utf-8", "text/html; charset=utf-8", "application/json"
ADA = {"name": "ada"}
OUT = "start, end"
EARLY, LATE, TORN = "POST /early/tea, no commit", "POST /late/tea, no commit", "GET /rows/40, leave"


def answer(status: int, text: str, kind: str = PLAIN, **headers: Any) -> dict[str, Any]:
    framed = {"content-type": kind, "content-length": str(len(text)), **headers}
    return {"status": status, "headers": framed, "body": text.encode()}


def log(lines: str) -> list[str]:
    return lines.split(", ")


def page(status: int, name: str, sentence: str) -> dict[str, Any]:
    head = f"<!doctype html>\n<html lang=en>\n<title>{status} {name}</title>\n<h1>{name}</h1>\n"
    return answer(status, f"{head}<p>{sentence}</p>\n", PAGE)


PAID, PAID_ELSEWHERE = answer(200, "ada pays 2, says the disk"), answer(200, "ada pays 2, says the memory")
NO_MILK = """{"detail":"no 'milk'"}"""
NOBODY = '{"detail":[{"type":"missing","loc":["header","name"],"msg":"Field required","input":null}]}'
NO_METHOD = '{"detail":"Method Not Allowed"}'
SAME = answer(200, "True, False")
FLASK_500 = page(
    500,
    "Internal Server Error",
    "The server encountered an internal error and was unable to complete your request. Either the server is overloaded "
    "or there is an error in the application.",
)
GUNICORN_500 = (
    "<html>\n  <head>\n    <title>Internal Server Error</title>\n  </head>\n  <body>\n"
    "    <h1><p>Internal Server Error</p></h1>\n    \n  </body>\n</html>\n"
)

CONTRACT = Contract(
    question="Who calls a dependency, how often, and when is it over?",
    leaves=[SYSTEM, SUB, ADVANCED],
    beats={
        1: "make a value that has to be closed",
        2: "make another one of it",
        3: "have it once a request",
        4: "close it",
        5: "answer an exception of those who use it",
        6: "replace what it is made of",
    },
    stacks=["raw_asgi", "rawasgi", "fastapi", "flask"],
    steps=[
        http("POST", "/early/tea", headers=ADA, leaf=SUB)
        .answers(**PAID)
        .then(log(f"open, commit, {OUT}, mail, close")),
        http("POST", "/late/tea", headers=ADA, leaf=SUB).answers(**PAID).then(log(f"open, {OUT}, mail, commit, close")),
        http("POST", "/early/tea?fails=true", headers=ADA, title=EARLY, leaf=SUB)
        .answers(500)
        .then(log("open, close, raised")),
        http("POST", "/late/tea?fails=true", headers=ADA, title=LATE, leaf=SUB)
        .answers(**PAID)
        .then(log(f"open, {OUT}, mail, close, raised")),
        http("POST", "/early/milk", headers=ADA, leaf=SUB)
        .answers(**answer(404, NO_MILK, JSON))
        .then(log(f"open, undo, close, {OUT}")),
        http("POST", "/late/milk", headers=ADA, leaf=SUB)
        .answers(**answer(404, NO_MILK, JSON))
        .then(log(f"open, undo, close, {OUT}")),
        http("POST", "/early/tea", title="POST /early/tea, nobody", leaf=SYSTEM)
        .answers(**answer(422, NOBODY, JSON))
        .then(log(f"open, undo, close, {OUT}")),
        http("GET", "/rows/3", leaf=SYSTEM)
        .answers(200, {"content-type": PLAIN}, (b"open ", b"open ", b"open "))
        .then(log(f"open, {OUT}, close")),
        http("GET", "/rows/40", title=TORN, leaf=SYSTEM)
        .answers(200, {"content-type": PLAIN}, complete=False)
        .leaves_after(chunks=1)
        .then(log(f"open, {OUT}, close")),
        http("OPTIONS", "/early/tea", leaf=SYSTEM)
        .answers(**answer(405, "Method Not Allowed", allow="POST"))
        .then(log(OUT)),
        raw(b"POST /early/tea HTTP/9\r\n\r\n", title="not HTTP", leaf=SYSTEM).answers(400).then(log=()),
        http("GET", "/same", leaf=ADVANCED).answers(**SAME).then(log(f"open, open, {OUT}, close, close")),
        http("HEAD", "/same", leaf=ADVANCED)
        .answers(**{**SAME, "body": b""})
        .then(log(f"open, open, {OUT}, close, close")),
        http("PUT", "/database", leaf=ADVANCED).answers(**answer(200, "replaced")).then(log(OUT)),
        http("POST", "/early/tea", headers=ADA, title="POST /early/tea, replaced", leaf=ADVANCED)
        .answers(**PAID_ELSEWHERE)
        .then(log(f"open, commit, {OUT}, mail, close")),
    ],
    differences=[
        Differs(
            ["rawasgi", "fastapi"],
            EARLY,
            answers=answer(500, "Internal Server Error"),
            then={"log": log(f"open, close, {OUT}, raised")},
            because="it answers what nobody expected before it raises; the bare app leaves that to the server",
        ),
        Differs(
            [f"{stack}@{server}" for stack in ("rawasgi", "fastapi") for server in ("uvicorn", "hypercorn")],
            TORN,
            then={"log": log("open, start, close")},
            because="a StreamingResponse listens for the disconnect, and cancels; the bare app sends on, to nobody",
        ),
        Differs(
            "@tiny",
            TORN,
            then={"log": log("open, start, close, raised")},
            because="send raises an OSError there once the client has left, as specification 2.4 has it",
        ),
        Differs(
            "fastapi",
            {
                "OPTIONS /early/tea": answer(405, NO_METHOD, JSON, allow="POST"),
                "HEAD /same": {**answer(405, NO_METHOD, JSON, allow="GET"), "body": b"", "log": log(OUT)},
            },
            because="an error is JSON, for programs, and HEAD is not made from GET",
        ),
        Differs(
            "flask",
            {
                "POST /early/tea": {"log": log("open, commit, start, close, end, mail")},
                "POST /late/tea": {"log": log("open, start, commit, close, end, mail")},
                "POST /early/tea, replaced": {"log": log("open, commit, start, close, end, mail")},
            },
            because="the context of g ends when the view has made its response: after start_response, before the body",
        ),
        Differs(
            "flask",
            ["GET /same", "HEAD /same"],
            then={"log": log("open, open, close, start, close, end")},
            because="what is not in g is closed by the view that opened it, and g when that has made its response",
        ),
        Differs(
            "flask",
            EARLY,
            answers=FLASK_500,
            then={"log": log("open, start, close, end")},
            because="it answers and logs what nobody expected, and raises nothing to the server",
        ),
        Differs(
            "flask",
            LATE,
            answers={"status": 500, "headers": {"content-type": "text/html", "content-length": "141"}},
            then={
                "body": GUNICORN_500.encode(),
                "log": log("open, start, close, raised"),
            },
            because="not a byte is out when the teardown fails: gunicorn answers in place of the app",
        ),
        Differs(
            "flask",
            "POST /early/milk",
            answers=answer(404, NO_MILK + "\n", JSON),
            then={"log": log("open, undo, start, close, end")},
            because="the exception goes through the transaction of the view, to an error handler: the connection hears of none",
        ),
        Differs(
            "flask",
            "POST /late/milk",
            answers=answer(404, NO_MILK + "\n", JSON),
            then={"log": log("open, start, commit, close, end")},
            because="an exception that has a handler is over before the teardown, which hears of none, and commits",
        ),
        Differs(
            "flask",
            "POST /early/tea, nobody",
            answers=page(422, "Unprocessable Entity", "name is missing"),
            then={"log": log("open, undo, start, close, end")},
            because="abort() is an exception with a page for people",
        ),
        Differs(
            "flask",
            {
                "GET /rows/3": {
                    "body": b"closed closed closed ",
                    "log": log("open, start, close, end"),
                },
                TORN: {"log": log("open, start, close")},
            },
            because="stream_with_context begins the context anew for the stream: g is there, what is in it was closed",
        ),
        Differs(
            "flask",
            "OPTIONS /early/tea",
            answers=answer(200, "", allow={"POST", "OPTIONS"}),
            because="every route answers OPTIONS unasked",
        ),
    ],
)
