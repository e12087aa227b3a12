import json
from typing import Any

from comparisons.contract import Contract, Differs, Request, http

PYDANTIC, VALIDATION = "p3.pydantic", "p3.validation"
JSON, PLAIN, PAGE = "application/json", "text/plain; charset=utf-8", "text/html; charset=utf-8"
CURL = "application/x-www-form-urlencoded"


def put(
    target: str, body: Any, title: str, leaf: str = VALIDATION, kind: str = JSON, malformed: bool = False
) -> Request:
    sent = body if isinstance(body, bytes) else compact(body).encode()
    return http("PUT", target, headers={"content-type": kind}, body=sent, title=title, leaf=leaf, malformed=malformed)


def compact(data: Any) -> str:
    return json.dumps(data, separators=(",", ":"))


def answer(status: int, text: str, kind: str = JSON, **headers: Any) -> dict[str, Any]:
    framed = {"content-type": kind, "content-length": str(len(text)), **headers}
    return {"status": status, "headers": framed, "body": text.encode()}


def invalid(*lines: dict[str, Any]) -> dict[str, Any]:
    return answer(422, compact({"detail": lines}))


def no_json(reason: str, position: int = 0) -> dict[str, Any]:
    return invalid(line("json_invalid", f"body.{position}", "JSON decode error", {}, error=reason))


def by_flask(status: int, data: Any) -> dict[str, Any]:
    content = data if status == 200 else {"detail": data}
    return answer(status, json.dumps(content, separators=(",", ":"), sort_keys=True) + "\n")


def page(status: int, name: str, sentence: str, **headers: Any) -> dict[str, Any]:
    head = f"<!doctype html>\n<html lang=en>\n<title>{status} {name}</title>\n<h1>{name}</h1>\n"
    return answer(status, f"{head}<p>{sentence}</p>\n", PAGE, **headers)


def line(kind: str, place: str, message: str, given: Any, **context: Any) -> dict[str, Any]:
    where = [int(part) if part.isdigit() else part for part in place.split(".") if part]
    return {"type": kind, "loc": where, "msg": message, "input": given, **({"ctx": context} if context else {})}


def times(prefix: str = "") -> dict[str, Any]:
    return line("greater_than_equal", f"{prefix}times", "Input should be greater than or equal to 1", "0", ge=1)


def item(prefix: str = "") -> list[dict[str, Any]]:
    return [
        line("missing", f"{prefix}name", "Field required", CHEAP),
        line("greater_than", f"{prefix}price", "Input should be greater than 0", -1, gt=0.0),
    ]


def no_texts(prefix: str = "") -> list[dict[str, Any]]:
    wrong = {"name": 7, "tags.1": 1}
    return [line("string_type", prefix + place, "Input should be a valid string", wrong[place]) for place in wrong]


OK = {"id": 7, "times": 2, "name": "tea", "price": 2.5, "tags": []}
TEA, CHEAP, NUMBERS = {"name": "tea", "price": 1}, {"price": -1}, {"name": 7, "price": True, "tags": ["a", 1]}
NO_NUMBER = "Input should be a valid integer, unable to parse string as an integer"
NO_OBJECT = "Input should be a valid dictionary or object to extract fields from"
NO_ITEM = "Input should be a valid dictionary or instance of Item"
NO_UTF8 = "'utf-8' codec can't decode byte 0xff in position 11: invalid start byte"
NO_METHOD = answer(405, "Method Not Allowed", PLAIN, allow="PUT")
UNREADABLE = answer(400, '{"detail":"There was an error parsing the body"}')
FLASK_404 = page(
    404,
    "Not Found",
    "The requested URL was not found on the server. If you entered the URL manually please check your spelling and try "
    "again.",
)
FLASK_400 = page(400, "Bad Request", "The browser (or proxy) sent a request that this server could not understand.")
FLASK_405 = page(
    405, "Method Not Allowed", "The method is not allowed for the requested URL.", allow={"PUT", "OPTIONS"}
)
FLASK_415 = page(
    415,
    "Unsupported Media Type",
    "Did not attempt to load JSON data because the request Content-Type was not &#39;application/json&#39;.",
)
FLASK_500 = page(
    500,
    "Internal Server Error",
    "The server encountered an internal error and was unable to complete your request. Either the server is overloaded "
    "or there is an error in the application.",
)

CONTRACT = Contract(
    question="What does a client learn about its mistake?",
    leaves=[PYDANTIC, VALIDATION],
    beats={
        1: "say what is expected",
        2: "read the path",
        3: "read the query",
        4: "read the body",
        5: "tell what is wrong",
    },
    provided={
        ("rawasgi", 5): "rawasgi.typed.errors:request_validation_exception_handler",
        ("fastapi", 5): "fastapi.exception_handlers:request_validation_exception_handler",
    },
    stacks=["raw_asgi", "rawasgi", "fastapi", "flask"],
    steps=[
        put("/items/7?times=2", {"name": "tea", "price": "2.50", "colour": "green"}, "an item", PYDANTIC).answers(
            **answer(200, compact(OK))
        ),
        put("/items/7", NUMBERS, "numbers for texts", PYDANTIC).answers(**invalid(*no_texts("body."))),
        put("/items/7", None, "null", PYDANTIC).answers(
            **invalid(line("model_attributes_type", "body", NO_OBJECT, None))
        ),
        put("/items/seven?times=0", CHEAP, "path, query and body wrong").answers(
            **invalid(line("int_parsing", "path.item_id", NO_NUMBER, "seven"), times("query."), *item("body."))
        ),
        put("/items/7?times=0", CHEAP, "query and body wrong").answers(**invalid(times("query."), *item("body."))),
        put("/items/7", CHEAP, "body wrong").answers(**invalid(*item("body."))),
        put("/items/7?times=0", b'{"name": "tea"', "query wrong, JSON cut off", malformed=True).answers(
            **no_json("Expecting ',' delimiter", 14)
        ),
        put("/items/7", b'{"name": "t\xffa"}', "no UTF-8", malformed=True).answers(**no_json(NO_UTF8)),
        put("/items/7", b'{"name":"tea","price":NaN}', "NaN", malformed=True).answers(
            **no_json("NaN is no JSON number")
        ),
        put("/items/7", b"[" * 100_000, "100,000 brackets", malformed=True).answers(**no_json("nested too deep")),
        put("/items/7", TEA, "JSON as curl -d sends it", kind=CURL).answers(
            **invalid(line("model_attributes_type", "body", NO_OBJECT, compact(TEA)))
        ),
        put("/items/7", b"", "no body").answers(**invalid(line("missing", "body", "Field required", None))),
        http("HEAD", "/items/7", leaf=VALIDATION).answers(**{**NO_METHOD, "body": b""}),
        http("OPTIONS", "/items/7", leaf=VALIDATION).answers(**NO_METHOD),
    ],
    differences=[
        Differs(
            "fastapi",
            dict.fromkeys(["no UTF-8", "100,000 brackets"], UNREADABLE),
            because="only a JSONDecodeError is told with its place; whatever else the parser raises is this 400",
        ),
        Differs(
            "fastapi",
            "NaN",
            answers=answer(500, "Internal Server Error", PLAIN),
            because="Python's parser reads NaN, the model refuses it, and the answer that quotes it cannot be written as JSON",
        ),
        Differs(
            "fastapi",
            {
                "HEAD /items/7": {**answer(405, " " * 31, allow="PUT"), "body": b""},
                "OPTIONS /items/7": answer(405, '{"detail":"Method Not Allowed"}', allow="PUT"),
            },
            because="an error is JSON, for programs",
        ),
        Differs(
            "flask",
            {
                "an item": by_flask(200, OK),
                "numbers for texts": by_flask(422, no_texts()),
                "body wrong": by_flask(422, item()),
            },
            because="jsonify sorts the keys and ends the line; an error's place is the place in the model, for pydantic was "
            "told of nothing else",
        ),
        Differs(
            "flask",
            "null",
            answers=by_flask(422, [line("model_type", "", NO_ITEM, None, class_name="Item")]),
            because="a model takes a dict; FastAPI asks it to take any object that has its attributes",
        ),
        Differs(
            "flask",
            "path, query and body wrong",
            answers=FLASK_404,
            because="a part of the path that does not fit its converter is another page",
        ),
        Differs(
            "flask",
            dict.fromkeys(["query and body wrong", "query wrong, JSON cut off"], by_flask(422, [times()])),
            because="the first model that refuses is told of, alone: the rest of the function never runs",
        ),
        Differs(
            "flask",
            {"no UTF-8": FLASK_400, "no body": FLASK_400, "JSON as curl -d sends it": FLASK_415},
            because="get_json() refuses what is no JSON before any model sees it, with a page for people",
        ),
        Differs(
            "flask",
            "NaN",
            answers=by_flask(
                422, [line("greater_than", "price", "Input should be greater than 0", float("nan"), gt=0.0)]
            ),
            because="Python's parser reads NaN, and its writer writes it: the answer is no JSON either",
        ),
        Differs(
            "flask",
            "100,000 brackets",
            answers=FLASK_500,
            because="a RecursionError is no ValueError: nobody catches it",
        ),
        Differs(
            "flask",
            {
                "HEAD /items/7": {**FLASK_405, "body": b""},
                "OPTIONS /items/7": answer(200, "", PAGE, allow={"PUT", "OPTIONS"}),
            },
            because="every route answers OPTIONS unasked; an error is a page",
        ),
    ],
)
