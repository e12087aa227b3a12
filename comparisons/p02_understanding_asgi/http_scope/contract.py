from typing import Any

from comparisons.contract import Contract, Differs, Pause, http, raw

PLAIN, PAGE, JSON = "text/plain; charset=utf-8", "text/html; charset=utf-8", "application/json"
SCOPE, CALLS = "p2.http-scope", "p2.server-app"
TAGS = [("X-Tag", "one"), ("x-note", "caf\xe9"), ("x-tag", "two"), ("x_tag", "three")]


def answer(status: int, body: bytes, kind: str = PLAIN, **more: Any) -> dict[str, Any]:
    return {"status": status, "headers": {"content-type": kind, "content-length": str(len(body))}, "body": body, **more}


def seen(
    path: str, raw_path: bytes, query: bytes = b"", q: Any = None, x: Any = (), method: str = "GET"
) -> dict[str, Any]:
    line = f"{method} HTTP/1.1 path {path!a} raw_path {raw_path!r}"
    return answer(200, f"{line}\nquery {query!r} q {q!a} x {[*x]!a}".encode())


FLASK_400 = (
    b"<!doctype html>\n<html lang=en>\n<title>400 Bad Request</title>\n<h1>Bad Request</h1>\n"
    b"<p>The browser (or proxy) sent a request that this server could not understand.</p>\n"
)
FLASK_500 = (
    b"<!doctype html>\n<html lang=en>\n<title>500 Internal Server Error</title>\n<h1>Internal Server Error</h1>\n"
    b"<p>The server encountered an internal error and was unable to complete your request. Either the server is "
    b"overloaded or there is an error in the application.</p>\n"
)
FASTAPI_422 = (
    b'{"detail":[{"type":"json_invalid","loc":["body",6],"msg":"JSON decode error","input":{},'
    b'"ctx":{"error":"Expecting value"}}]}'
)

CONTRACT = Contract(
    question="What of a request reaches the app, and who learns that the client has gone?",
    leaves=[SCOPE, CALLS],
    beats={
        1: "read the head",
        2: "read the body",
        3: "answer in one piece",
        4: "answer in several",
        5: "learn that the client has gone",
    },
    steps=[
        http("GET", "/request/caf%C3%A9?q=1&q=%C3%A9", leaf=SCOPE).answers(
            **seen("/request/caf\xe9", b"/request/caf%C3%A9", b"q=1&q=%C3%A9", ["1", "\xe9"])
        ),
        http("GET", "/request/1", headers=TAGS, title="GET, repeated headers", leaf=SCOPE).answers(
            **seen("/request/1", b"/request/1", x=[(name.lower(), value) for name, value in TAGS])
        ),
        http("HEAD", "/request/1", leaf=SCOPE).answers(
            **{**seen("/request/1", b"/request/1", method="HEAD"), "body": b""}
        ),
        http("GET", "/request/a%2Fb", leaf=SCOPE).answers(**seen("/request/a/b", b"/request/a%2Fb")),
        http("GET", "/request/%00%FF%zz?q=%FF", malformed=True, leaf=SCOPE).answers(
            **seen("/request/\0\ufffd%zz", b"/request/%00%FF%zz", b"q=%FF", ["\ufffd"])
        ),
        http(
            "POST",
            "/body",
            headers={"expect": "100-continue"},
            body=[b"01234", Pause(0.02), b"567", Pause(0.02), b"89"],
            title="POST /body, 3 chunks",
            leaf=SCOPE,
        )
        .answers(**answer(200, b"10 bytes"), informational=(100,))
        .then(log=["reading", "whole"]),
        raw(
            b"POST /early HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 9999999\r\n\r\n",
            title="POST /early, body kept back",
            leaf=CALLS,
            malformed=False,
        ).answers(**answer(413, b"too large"), informational=()),
        raw(  # head and body in one piece: what is still on its way when the answer is complete makes Hypercorn hang up
            b"POST /early HTTP/1.1\r\nhost: a\r\ncontent-length: 18\r\n\r\nGET / HTTP/1.1\r\n\r\n",
            title="POST /early, body unread",
            leaf=CALLS,
            malformed=False,
        ).answers(**answer(413, b"too large"), kept=True),
        http("OPTIONS", "/request/2", reuse=True, title="OPTIONS, same connection", leaf=CALLS).answers(
            **seen("/request/2", b"/request/2", method="OPTIONS")
        ),
        http("POST", "/json", headers={"content-type": JSON}, body=b'{"n": ', malformed=True, leaf=SCOPE).answers(
            **answer(400, b"Malformed JSON")
        ),
        http(
            "POST", "/json", headers={"content-type": JSON}, body=b"{}", title="POST /json, KeyError", leaf=CALLS
        ).answers(500, kept=False),
        http("GET", "/cookies", leaf=SCOPE).answers(
            200,
            {"content-type": PLAIN, "content-length": "11", "set-cookie": ("a=1; Path=/", "b=2; Path=/")},
            b"two cookies",
        ),
        http("GET", "/stream", leaf=SCOPE).answers(200, {"content-type": PLAIN}, (b"one", b"two"), kept=True),
        raw(b"GET /stream HTTP/1.0\r\n\r\n", title="GET /stream, HTTP/1.0", malformed=False, leaf=CALLS).answers(
            200, {"content-type": PLAIN}, b"onetwo", kept=False
        ),
        http("GET", "/stream?fails=yes", leaf=CALLS).answers(200, {"content-type": PLAIN}, b"one", complete=False),
        http("GET", "/waits", title="GET /waits, client leaves", leaf=SCOPE)
        .leaves_after(log="waiting")
        .then(log=["waiting", "client gone"]),
        http("GET", "/ticks", title="GET /ticks, client leaves", leaf=SCOPE)
        .leaves_after(chunks=1)
        .then(log=["waiting", "client gone"]),
        http(
            "POST",
            "/body",
            headers={"content-length": "10"},
            body=b"012",
            title="POST /body, client leaves",
            leaf=SCOPE,
            malformed=True,
        )
        .leaves_after(log="reading")
        .then(log=["reading", "torn"]),
        raw(
            b"POST /body HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\n012\r\nten\r\n",
            title="POST /body, bad chunk",
            leaf=CALLS,
        )
        .answers(400)
        .then(log=["reading", "torn"]),
        raw(
            b"POST /body HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\ncontent-length: 10\r\n\r\n0123456789",
            title="POST /body, two lengths",
            leaf=CALLS,
        )
        .answers(400)
        .then(log=()),
        raw(b"GET /request/1 HTTP/1.1\r\n\r\n", title="GET without host", leaf=CALLS).answers(400),
    ],
    differences=[
        Differs(
            "tiny",
            {
                "GET /request/caf%C3%A9?q=1&q=%C3%A9": seen(
                    "/request/caf\xe9", b"/request/caf%C3%A9", b"q=1&q=%C3%A9", ["\xe9"]
                ),
                "GET /cookies": {"headers": {"set-cookie": "b=2; Path=/"}},
                "GET /request/a%2Fb": answer(404, b"Not Found"),
            },
            because="of two values with one name a dict keeps the last; a parameter is one segment of the path, and in "
            "the path that the server has decoded %2F has become a slash",
        ),
        Differs(
            ["@hypercorn", "@gunicorn"],
            "POST /early, body kept back",
            answers={"informational": (100,)},
            because="it says 100 before the app has asked for the body, so the client sends it in vain",
        ),
        Differs(
            "rawasgi",
            "POST /json",
            answers=answer(400, b"Malformed JSON: Expecting value"),
            because="request.json() raises the 400 itself, and says what is wrong",
        ),
        Differs(
            "fastapi",
            "POST /json",
            answers=answer(422, FASTAPI_422, JSON),
            because="the body is read and checked before the handler is called",
        ),
        Differs(
            ["tiny", "rawasgi", "fastapi"],
            "POST /json, KeyError",
            answers=answer(500, b"Internal Server Error", kept=True),
            because="its error boundary answers, so the server need not, which would hang up",
        ),
        Differs(
            "flask",
            {
                "POST /json": answer(400, FLASK_400, PAGE),
                "POST /json, KeyError": answer(500, FLASK_500, PAGE, kept=True),
            },
            because="it answers errors itself, with a page for people",
        ),
        Differs(
            "flask",
            "GET /request/%00%FF%zz?q=%FF",
            answers=seen("/request/\0\ufffd%zz", b"/request/%00%FF%zz", b"q=%FF", ["%FF"]),
            because="an escape in the query that is no UTF-8 stays as it is; in the path it does not",
        ),
        Differs(
            ["flask", "raw_wsgi"],
            "GET, repeated headers",
            answers=seen("/request/1", b"/request/1", x=[("x-tag", "one,two"), ("x-note", "caf\xe9")]),
            because="environ is a dict: the server has joined what was repeated, and dropped x_tag, which would have "
            "the same key HTTP_X_TAG",
        ),
        Differs(
            "raw_wsgi",
            {
                "GET /request/a%2Fb": seen("/request/a/b", b"/request/a/b"),
                "GET /request/%00%FF%zz?q=%FF": seen(
                    "/request/\0\ufffd%zz", b"/request/%00%FF%25zz", b"q=%FF", ["\ufffd"]
                ),
            },
            verdict="not expressible",
            because="PATH_INFO comes decoded; quoting it again does not give back what was sent",
        ),
        Differs(
            "flask",
            ["GET /request/a%2Fb", "GET /request/%00%FF%zz?q=%FF"],
            verdict="outside the protocol",
            because="the path as it was sent stands in RAW_URI, a key of gunicorn's own",
        ),
        Differs(
            ["flask", "raw_wsgi"],
            "GET /waits, client leaves",
            then={"log": ["waiting", "finished"]},
            verdict="not expressible",
            because="no call and no key says so: the server finds out when it writes, as in /ticks",
        ),
        Differs(
            ["flask", "raw_wsgi"],
            {
                "POST /body, client leaves": {"log": ("reading", "whole")},
                "POST /body, bad chunk": {"log": ("reading",)},
            },
            because="wsgi.input is a file: at the end of a torn body it just ends, and the app takes 3 of 10 bytes for all",
        ),
        Differs(
            "flask",
            "POST /body, bad chunk",
            answers={"status": 500},
            because="what wsgi.input raises is gunicorn's own error, and the app's error handling takes it for a bug",
        ),
        Differs(
            "@gunicorn",
            "GET without host",
            answers=seen("/request/1", b"/request/1"),
            because="it forgives what RFC 9112 3.2 wants refused",
        ),
    ],
)
