from typing import Any

from comparisons.contract import Contract, Differs, Whole, http

PLAIN, PAGE, JSON = "text/plain; charset=utf-8", "text/html; charset=utf-8", "application/json"
ROUTES, PATH, QUERY = "p3.routes", "p3.path-parameters", "p3.query-parameters"
VERBS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}
NUMBER = "9" * 5000
UUID = "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"


def answer(status: int, text: str, kind: str = PLAIN, **headers: Any) -> dict[str, Any]:
    body = text.encode()
    framed = {"content-type": kind, "content-length": str(len(body)), **headers}
    return {"status": status, "headers": framed, "body": body}


def unreadable(place: str, given: str, kind: str = "int_parsing", message: str = "") -> dict[str, Any]:
    said = message or "Input should be a valid integer, unable to parse string as an integer"
    where = ",".join(f'"{name}"' for name in place.split("."))
    return answer(422, f'{{"detail":[{{"type":"{kind}","loc":[{where}],"msg":"{said}","input":"{given}"}}]}}', JSON)


def moved(location: str) -> dict[str, Any]:
    return {"status": 307, "headers": Whole({"content-length": "0", "location": location}), "body": b""}


TOO_LONG = "Unable to parse input string as an integer, exceeded maximum size"
NOT_FOUND = answer(404, "Not Found")
FLASK_404 = answer(
    404,
    "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>The requested URL was not found "
    "on the server. If you entered the URL manually please check your spelling and try again.</p>\n",
    PAGE,
)
FLASK_MOVED = (
    "<!doctype html>\n<html lang=en>\n<title>Redirecting...</title>\n<h1>Redirecting...</h1>\n<p>You should be redirected "
    'automatically to the target URL: <a href="{0}">{0}</a>. If not, click the link.\n'
).format("http://localhost/search/?tag=a")
GUNICORN_414 = (
    "<html>\n  <head>\n    <title>URI Too Long</title>\n  </head>\n  <body>\n    <h1><p>URI Too Long</p></h1>\n"
    "    Request Line is too large (5018 &gt; 4094)\n  </body>\n</html>\n"
)

CONTRACT = Contract(
    question="Which handler is called, and with what?",
    leaves=[ROUTES, PATH, QUERY],
    beats={
        1: "find the route",
        2: "convert a part of the path",
        3: "read the query",
        4: "answer what fits no route",
        5: "write the URL of a route",
        6: "put an app below a path",
    },
    provided={
        ("rawasgi", 4): "rawasgi.routing:Router.search",
        ("fastapi", 4): "starlette.routing:Router",
        ("flask", 4): "werkzeug.routing:MapAdapter.match",
    },
    steps=[
        http("GET", "/str/new", leaf=ROUTES).answers(**answer(200, "str new")),
        http("DELETE", "/verbs", leaf=ROUTES).answers(**answer(200, "DELETE")),
        http("OPTIONS", "/verbs", leaf=ROUTES).answers(**answer(405, "Method Not Allowed", allow=VERBS)),
        http("GET", "/search?tag=a", leaf=ROUTES).answers(**NOT_FOUND),
        http("GET", "/int/7/", leaf=ROUTES).answers(**NOT_FOUND),
        http("GET", "/link", leaf=ROUTES).answers(**answer(200, "/str/why%3F")),
        http("GET", "/below/where", leaf=ROUTES).answers(**answer(200, "'/below' '/below/where'")),
        http("GET", "/int/7", leaf=PATH).answers(**answer(200, "int 7")),
        http("GET", "/int/seven", leaf=PATH).answers(**NOT_FOUND),
        http("GET", "/int/-7", leaf=PATH).answers(**NOT_FOUND),
        http("GET", f"/int/{NUMBER}", title="GET /int/, 5000 digits", leaf=PATH).answers(**NOT_FOUND),
        http("GET", "/float/1.50", leaf=PATH).answers(**answer(200, "float 1.5")),
        http("GET", f"/uuid/{UUID}", title="GET /uuid/, a UUID", leaf=PATH).answers(**answer(200, f"UUID {UUID}")),
        http("GET", "/str/a%2Fb", leaf=PATH).answers(**NOT_FOUND),
        http("GET", "/path/caf%C3%A9%2Fb/c", leaf=PATH).answers(**answer(200, "str caf\xe9/b/c")),
        http("GET", "/search/?tag=a&tag=&tag=%C3%A9+b", leaf=QUERY).answers(
            **answer(200, "tags ['a', '', '\xe9 b'], limit 10")
        ),
        http("GET", "/search/?limit=1&limit=2", leaf=QUERY).answers(**answer(200, "tags [], limit 2")),
        http("GET", "/search/?limit=few", leaf=QUERY).answers(**answer(400, "limit is no number")),
        http("GET", "/search/?tag=%FF&%zz&=", malformed=True, leaf=QUERY).answers(
            **answer(200, "tags ['\ufffd'], limit 10")
        ),
    ],
    differences=[
        Differs(
            "tiny",
            {
                "GET /below/where": answer(200, "'' '/below/where'"),
                "GET /path/caf%C3%A9%2Fb/c": NOT_FOUND,
                "GET /search/?tag=a&tag=&tag=%C3%A9+b": answer(200, "tags ['\xe9 b'], limit 10"),
            },
            because="it has no mounts, no parameter beyond one segment, and a dict for the query",
        ),
        Differs(
            ["tiny", "fastapi"],
            "GET /int/-7",
            answers=answer(200, "int -7"),
            because="the segment is any text, and becomes whatever number Python sees in it",
        ),
        Differs(
            ["rawasgi", "fastapi"],
            {
                "GET /search?tag=a": moved("http://localhost/search/?tag=a"),
                "GET /int/7/": moved("http://localhost/int/7"),
            },
            because="a path that fits with a slash more, or one less, is sent there; 307 keeps the method",
        ),
        Differs(
            "fastapi",
            "GET /link",
            answers=answer(200, "/str/why?"),
            because="the value is put into the path as it is: quote it yourself, or its ? begins a query",
        ),
        Differs(
            "fastapi",
            {
                "GET /int/seven": unreadable("path.value", "seven"),
                "GET /int/, 5000 digits": unreadable("path.value", NUMBER, "int_parsing_size", TOO_LONG),
                "GET /search/?limit=few": unreadable("query.limit", "few"),
            },
            because="a value that does not fit its type hint is a mistake of the client's, and the answer says where",
        ),
        Differs(
            "fastapi",
            {
                "OPTIONS /verbs": answer(405, '{"detail":"Method Not Allowed"}', JSON, allow=VERBS - {"HEAD"}),
                "GET /str/a%2Fb": answer(404, '{"detail":"Not Found"}', JSON),
            },
            because="an error is JSON, for programs, and HEAD is not made from GET",
        ),
        Differs(
            "flask",
            "GET /str/new",
            answers=answer(200, "the form"),
            because="the most exact rule wins; elsewhere it is the first one that was registered",
        ),
        Differs(
            "flask",
            "OPTIONS /verbs",
            answers=answer(200, "", allow=VERBS | {"OPTIONS"}),
            because="every route answers OPTIONS unasked",
        ),
        Differs(
            "flask",
            "GET /search?tag=a",
            answers=answer(308, FLASK_MOVED, PAGE, location="http://localhost/search/?tag=a"),
            because="a missing slash is added, for good (308); one too many is an error",
        ),
        Differs(
            "flask",
            dict.fromkeys(["GET /int/7/", "GET /int/seven", "GET /int/-7", "GET /str/a%2Fb"], FLASK_404),
            because="an error is a page, for people",
        ),
        Differs(
            "flask",
            {
                "GET /search/?limit=1&limit=2": answer(200, "tags [], limit 1"),
                "GET /search/?limit=few": answer(200, "tags [], limit 10"),
            },
            because="args.get(type=int) takes the first value, and the default where that does not fit: nobody hears of it",
        ),
        Differs(
            "flask",
            "GET /search/?tag=%FF&%zz&=",
            answers=answer(200, "tags ['%FF'], limit 10"),
            because="an escape in the query that is no UTF-8 stays as it is",
        ),
        Differs(
            ["flask", "raw_wsgi"],
            "GET /below/where",
            answers=answer(200, "'/below' '/where'"),
            because="WSGI moves the prefix from PATH_INFO to SCRIPT_NAME; ASGI leaves path whole and lets root_path grow",
        ),
        Differs(
            "@gunicorn",
            "GET /int/, 5000 digits",
            answers=answer(414, GUNICORN_414, "text/html"),
            because="no request line is longer than 4094 bytes there; the other servers leave the path to the app",
        ),
    ],
)
