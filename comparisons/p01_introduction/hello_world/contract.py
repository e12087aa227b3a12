from typing import Any

from comparisons.contract import USUAL_STACKS, Contract, Differs, http, process, raw
from comparisons.outcome import ANY, ANY_BODY

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"


def headers(kind: str, length: int, **more: Any) -> dict[str, Any]:
    return {"content-type": kind, "content-length": str(length), **more}


def json_error(sentence: bytes, **more: Any) -> dict[str, Any]:
    body = b'{"detail":"%b"}' % sentence
    return {"headers": headers(JSON, len(body), **more), "body": body}


FLASK_404 = (
    b"<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>The requested URL was not "
    b"found on the server. If you entered the URL manually please check your spelling and try again.</p>\n"
)
DJANGO_404 = (
    b'\n<!doctype html>\n<html lang="en">\n<head>\n  <title>Not Found</title>\n</head>\n<body>\n  <h1>Not Found</h1><p>The '
    b"requested resource was not found on this server.</p>\n</body>\n</html>\n"
)

CONTRACT = Contract(
    question="How much of a hello world do you write, and who answers the rest?",
    leaves=["p1.setup", "p1.hello-world", "p1.features", "p1.flask-django"],
    beats={1: "the entry point that the server calls", 2: "find the handler", 3: "convert a value", 4: "answer"},
    stacks=[*USUAL_STACKS, "django_asgi", "django_wsgi"],
    steps=[
        http("GET", "/", leaf="p1.hello-world").answers(200, headers(JSON, 26), b'{"message":"Hello, world"}'),
        http("HEAD", "/", leaf="p1.hello-world").answers(200, headers(JSON, 26), b""),
        http("OPTIONS", "/", leaf="p1.flask-django").answers(
            405, headers(TEXT, 18, allow={"GET", "HEAD"}), b"Method Not Allowed"
        ),
        http("GET", "/missing", leaf="p1.flask-django").answers(404, headers(TEXT, 9), b"Not Found"),
        http("GET", "/double/21", leaf="p1.features").answers(200, headers(JSON, 13), b'{"double":42}'),
        http("GET", "/double/x", leaf="p1.features").answers(404, headers(TEXT, 9), b"Not Found"),
        http("GET", "/openapi.json", leaf="p1.features").answers(404, headers(TEXT, 9), b"Not Found"),
        raw(b"HELLO\r\n\r\n", title="not HTTP", leaf="p1.setup").answers(400),
        process(signal="SIGTERM", exits=0, logs=(), leaf="p1.setup"),
    ],
    differences=[
        Differs(
            "fastapi",
            "HEAD /",
            answers={"status": 405, "headers": headers(JSON, 31, allow="GET")},
            because="HEAD is not made from GET: a route answers the methods it names",
        ),
        Differs(
            "fastapi",
            {
                "OPTIONS /": json_error(b"Method Not Allowed", allow="GET"),
                "GET /missing": json_error(b"Not Found"),
            },
            because="an error is JSON, for programs",
        ),
        Differs(
            "fastapi",
            "GET /double/x",
            answers={
                "status": 422,
                "headers": headers(JSON, 149),
                "body": b'{"detail":[{"type":"int_parsing","loc":["path","number"],"msg":"Input should be a valid '
                b'integer, unable to parse string as an integer","input":"x"}]}',
            },
            because="the path matches whatever the value; the type hint is checked afterwards, and the error says where",
        ),
        Differs(
            "fastapi",
            "GET /openapi.json",
            answers={"status": 200, "headers": {"content-type": JSON, "content-length": ANY}, "body": ANY_BODY},
            because="the signatures are read once more, as a description of the API",
        ),
        Differs(
            "flask",
            {
                "GET /": {"headers": headers(JSON, 27), "body": b'{"message":"Hello, world"}\n'},
                "HEAD /": {"headers": headers(JSON, 27)},
                "GET /double/21": {"headers": headers(JSON, 14), "body": b'{"double":42}\n'},
            },
            because="JSON ends with a newline, for people with a terminal",
        ),
        Differs(
            "flask",
            "OPTIONS /",
            answers={"status": 200, "headers": headers(HTML, 0, allow={"GET", "HEAD", "OPTIONS"}), "body": b""},
            because="every route answers OPTIONS unasked",
        ),
        Differs(
            "flask",
            ["GET /missing", "GET /double/x", "GET /openapi.json"],
            answers={"headers": headers(HTML, 207), "body": FLASK_404},
            because="an error is a page, for people; a converter that does not fit is no match",
        ),
        Differs(
            ["django_asgi", "django_wsgi"],
            {
                "GET /": {"headers": headers(JSON, 27), "body": b'{"message": "Hello, world"}'},
                "HEAD /": {"headers": headers(JSON, 27)},
                "GET /double/21": {"headers": headers(JSON, 14), "body": b'{"double": 42}'},
            },
            because="it leaves json.dumps its spaces",
        ),
        Differs(
            ["django_asgi", "django_wsgi"],
            {
                "OPTIONS /": {"headers": headers(HTML, 0), "body": b""},
                "GET /missing": {"headers": headers(HTML, 179), "body": DJANGO_404},
                "GET /double/x": {"headers": headers(HTML, 179), "body": DJANGO_404},
                "GET /openapi.json": {"headers": headers(HTML, 179), "body": DJANGO_404},
            },
            because="an error is a page, for people; only the refusal of a method has none",
        ),
    ],
)
