from comparisons.contract import Contract, Differs, Pause, http, process, raw, refused, unanswered, ws

TEXT = {"content-type": "text/plain"}

CONTRACT = Contract(
    question="Does the contract language say what is on the wire?",
    leaves=["sample"],
    beats={1: "the app"},
    stacks=["raw_asgi", "raw_wsgi"],
    also_on=["uvicorn-wsproto", "gunicorn-sync"],
    steps=[
        http("GET", "/", leaf="sample").answers(200, TEXT, b"GET /", kept=True, reason="OK"),
        http("GET", "/again", reuse=True).answers(200, [("content-type", "text/plain")], b"GET /again"),
        http("POST", "/", body=[b"ab", Pause(0.02), b"cd"]).answers(200, TEXT, b"POST / abcd"),
        http("POST", "/100", headers={"expect": "100-continue"}, body=b"later").answers(
            200, TEXT, b"POST /100 later", informational=(100,)
        ),
        http("GET", "/chunks").answers(200, TEXT, (b"one", b"two")),
        http("GET", "/torn").answers(200, TEXT, b"one", complete=False),
        http("GET", "/slow").leaves_after(log="begins").then(log=["begins", "client gone"]),
        raw(b"GE", Pause(0.02), b"T / HTTP/1.1\r\nhost: a\r\n\r\n", title="in two parts", malformed=False).answers(
            200, TEXT, b"GET /"
        ),
        raw(b"NONSENSE\r\n\r\n", title="nonsense").answers(400),
        ws("/echo", subprotocols=["chat"])
        .accepted("chat")
        .sends("hi")
        .receives("hi")
        .sends(b"\0")
        .receives(b"\0")
        .pings(b"?")
        .closes(3001, "bye")
        .then(log="closed 3001"),
        ws("/close").closed(4000, "go"),
        ws("/reject").rejected(403),
        ws("/echo", title="a line that is cut").drops().then(log="closed 1006"),
        process(signal="SIGTERM", exits=0),
        http("GET", "/mood", title="started in a mood").given(MOOD="calm").answers(200, TEXT, b"GET /mood calm"),
        http("GET", "/mood", title="started without one").answers(200, TEXT, b"GET /mood"),
        process(signal="SIGTERM", title="another end", exits=0, logs=[]).given(MOOD="calm"),
    ],
    differences=[
        Differs(["@hypercorn", "@tiny"], "GET /", answers={"reason": ""}, because="it sends no reason phrase"),
        Differs("@gunicorn-sync", "GET /", answers={"kept": False}, because="a sync worker keeps no connection"),
        Differs("@gunicorn-sync", "GET /again", answers=unanswered(), because="there is nothing to reuse"),
        Differs(
            "@hypercorn",
            "websocket /echo",
            then={"log": "closed 1006"},
            because="it reports every end that the client began as a cut line",
        ),
        Differs(
            ["@uvicorn", "@uvicorn-wsproto"],
            "a line that is cut",
            then={"log": "closed 1005"},
            because="it does not tell a cut line from a close without a code",
        ),
        Differs(
            "raw_wsgi",
            {
                "websocket /echo": refused(404, {"content-length": "0"}, b"") | {"log": ()},
                "websocket /close": refused(404, {"content-length": "0"}, b""),
                "websocket /reject": {"status": 404},
                "a line that is cut": refused(404, {"content-length": "0"}, b"") | {"log": ()},
            },
            because="WSGI has one answer to one request",
            verdict="not expressible",
        ),
        Differs("raw_wsgi", "GET /slow", then={"log": ["begins", "finished"]}, because="no message says so"),
    ],
)
