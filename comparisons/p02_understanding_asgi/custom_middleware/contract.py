from typing import Any

from comparisons.contract import Contract, Differs, Pause, Whole, http, raw, ws

PLAIN, PAGE = "text/plain; charset=utf-8", "text/html; charset=utf-8"
CUSTOM, CREATING = "p2.custom-middleware", "p5.creating"
KEY = {"authorization": "Bearer sesame"}
PREFLIGHT = {"origin": "http://elsewhere.example", "access-control-request-method": "GET"}
BAD_REQUEST = (
    b"<!doctype html>\n<html lang=en>\n<title>400 Bad Request</title>\n<h1>Bad Request</h1>\n"
    b"<p>The browser (or proxy) sent a request that this server could not understand.</p>\n"
)


def answer(status: int, body: bytes, kind: str = PLAIN, **headers: str) -> dict[str, Any]:
    framed = {"content-type": kind, "content-length": str(len(body)), **headers}
    return {"status": status, "headers": framed, "body": body}


REFUSED = answer(401, b"who are you?", **{"www-authenticate": "Bearer"})
NO_SOCKET: dict[str, Any] = {"messages": (), "close": None}

CONTRACT = Contract(
    question="What does a middleware of your own look like in each stack?",
    leaves=[CUSTOM, CREATING],
    beats={
        1: "log the answer",
        2: "refuse in the app's place",
        3: "change the request",
        4: "read the body, and leave it to the handler",
        5: "put the layers in order",
    },
    steps=[
        http("GET", "/private", leaf=CUSTOM).answers(**REFUSED).then("GET /private 401"),
        http("GET", "/private", headers=KEY, title="GET /private, key", leaf=CUSTOM)
        .answers(**answer(200, b"the secret"))
        .then(["0 bytes", "GET /private 200"]),
        http(
            "GET",
            "/private",
            headers={"authorization": "Bearer s\xe9same"},
            title="GET /private, key not ASCII",
            malformed=True,
            leaf=CREATING,
        )
        .answers(**REFUSED)
        .then("GET /private 401"),
        http("GET", "/%70rivate", leaf=CREATING).answers(**REFUSED).then("GET /private 401"),
        http("OPTIONS", "/private", leaf=CREATING).answers(**REFUSED).then("OPTIONS /private 401"),
        http("OPTIONS", "/private", headers=PREFLIGHT, title="OPTIONS /private, preflight", leaf=CREATING)
        .answers(**answer(200, b"ask me", **{"access-control-allow-headers": "authorization"}))
        .then("OPTIONS /private 200"),
        http("POST", "/items", body=[b"01234", Pause(0.02), b"56789"], title="POST /items, 2 chunks", leaf=CUSTOM)
        .answers(**answer(200, b"POST 0123456789"))
        .then(["10 bytes", "POST /items 200"]),
        http(
            "POST",
            "/items",
            headers={"x-http-method-override": "DELETE"},
            body=b"all",
            title="POST /items as DELETE",
            leaf=CUSTOM,
        )
        .answers(**answer(200, b"DELETE all"))
        .then(["3 bytes", "POST /items 200"]),
        http(
            "POST",
            "/items",
            headers={"x-http-method-override": "CONNECT"},
            body=b"tea",
            title="POST /items as CONNECT",
            leaf=CREATING,
        )
        .answers(**answer(200, b"POST tea"))
        .then(["3 bytes", "POST /items 200"]),
        raw(b"GET /private HTTP/1.1\r\nauthorization Bearer\r\n\r\n", title="no header", leaf=CREATING)
        .answers(400)
        .then(()),
        ws("/private", title="websocket, no key", leaf=CREATING)
        .rejected(403)
        .then("websocket /private websocket.close"),
        ws("/private", title="websocket, key", headers=KEY, leaf=CREATING)
        .closed(1000)
        .then(["0 bytes", "websocket /private websocket.accept", "websocket /private websocket.close"]),
    ],
    differences=[
        Differs(
            ["rawasgi", "fastapi"],
            {"websocket, no key": {"status": 101, "headers": Whole()}, "websocket, key": {}},
            then={"log": ()},
            because="@app.middleware is for http alone: a websocket passes neither the log nor the guard, key or no key; "
            "a layer that is a class sees both",
        ),
        Differs(
            "flask",
            "POST /items as DELETE",
            then={"log": ["3 bytes", "DELETE /items 200"]},
            because="a hook runs inside wsgi_app, and sees what the wrapper around wsgi_app has made of the request",
        ),
        Differs(
            ["flask", "raw_wsgi"],
            "websocket, no key",
            answers={**REFUSED, **NO_SOCKET},
            then={"log": "GET /private 401"},
            because="a handshake is a GET, and is guarded like one",
        ),
        Differs(
            "flask",
            "websocket, key",
            answers={**answer(400, BAD_REQUEST, PAGE), **NO_SOCKET},
            then={"log": ["0 bytes", "GET /private 400"]},
            verdict="not expressible",
            because="a handshake is a GET, and no route of Flask's takes it",
        ),
        Differs(
            "raw_wsgi",
            "websocket, key",
            answers={**answer(200, b"the secret"), **NO_SOCKET},
            then={"log": ["0 bytes", "GET /private 200"]},
            verdict="not expressible",
            because="a handshake is a GET, and is answered as one",
        ),
    ],
)
