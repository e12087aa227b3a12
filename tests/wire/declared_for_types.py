"""Where a typed handler of rawasgi answers otherwise than FastAPI's: reason -> scene -> the lines that only one of them has."""

import json
import sys
from typing import NamedTuple


def part(name, value, filename=None, kind=None):
    """A part of a form."""
    file = "" if filename is None else f'; filename="{filename}"'
    content_type = f"content-type: {kind}\r\n" if kind else ""
    return f'--x\r\ncontent-disposition: form-data; name="{name}"{file}\r\n{content_type}\r\n{value}\r\n'


def parts(*each):
    """A form of parts."""
    return "".join((*each, "--x--\r\n")).encode()


EMPTY_PAIRS, MANY_PAIRS = "/query?" + "&" * 2_000, "/query?q=" + "a&b=" * 1_000
TORN = parts(part("note", "a note that is torn"))[:-6]


class Told(NamedTuple):
    """An answer, and what was raised beside it."""

    status: int
    body: bytes
    kind: str = "application/json"
    raised: str = ""


def instead(theirs, ours):
    """The lines in which two answers differ."""
    both = []
    for answer in (theirs, ours):
        lines = [
            f"http.response.start status={answer.status}",
            f"  content-length: {len(answer.body)}",
            f"  content-type: {answer.kind}",
            f"http.response.body body={answer.body!r}",
        ]
        both.append(lines + ([f"raised {answer.raised}"] if answer.raised else []))
    return (
        *(f"- {line}" for line in both[0] if line not in both[1]),
        *(f"+ {line}" for line in both[1] if line not in both[0]),
    )


def detail(what):
    """A body in the words of both."""
    return json.dumps({"detail": what}, separators=(",", ":")).encode()


def json_of(lines):
    """The same with letters that are not escaped."""
    return json.dumps({"detail": lines}, separators=(",", ":"), ensure_ascii=False).encode()


def no_json(why):
    """422 for a body that is no JSON."""
    line = {"type": "json_invalid", "loc": ["body", 0], "msg": "JSON decode error", "input": {}}
    return Told(422, detail([{**line, "ctx": {"error": why}}]))


def error(kind, loc, msg, value):
    """One line of a 422 body."""
    return {"type": kind, "loc": loc, "msg": msg, "input": value}


def boom(raised):
    """What FastAPI's own mistake looks like."""
    return Told(500, b"Internal Server Error", "text/plain; charset=utf-8", raised)


UNPARSED = Told(400, detail("There was an error parsing the body"))


def no_float(value):
    """What FastAPI raises where such a number is to be written: Python says since 3.12 which it was."""
    which = f": {value}" if sys.version_info >= (3, 12) else ""
    return boom(f"ValueError('Out of range float values are not JSON compliant{which}')")


TOO_MANY = Told(400, detail("The query string has more than 1000 parameters"))
NO_MODEL = "Input should be a valid dictionary or object to extract fields from"
NO_INT = error(
    "int_parsing", ["query", "skip"], "Input should be a valid integer, unable to parse string as an integer", "x"
)
LONE = {"name": "\ud800", "price": 1.0, "tags": []}
LONG = "Exceeds the limit (4300 digits) for integer string conversion: value has 5000 digits; "
TEXT = "text/plain; charset=utf-8"
JSON_POST = "POST /any application/json"


def surrogate(text, position):
    """What FastAPI raises where half a surrogate pair is to be written."""
    return boom(f"UnicodeEncodeError('utf-8', {text!r}, {position}, {position + 1}, 'surrogates not allowed')")


FROM_FASTAPI = {
    "what is no UTF-8, nested too deep or too long a number is malformed JSON like any other": {
        "POST /item application/json \xff": instead(
            UNPARSED, no_json("'utf-8' codec can't decode byte 0xff in position 0: invalid start byte")
        ),
        f"{JSON_POST} {'[' * 50} … 100000": instead(UNPARSED, no_json("nested too deep")),
        f"{JSON_POST} {'1' * 50} … 5000": instead(
            UNPARSED, no_json(LONG + "use sys.set_int_max_str_digits() to increase the limit")
        ),
    },
    "NaN, Infinity and what is too large for a float are no JSON": {
        f"{JSON_POST} NaN": instead(no_float("nan"), no_json("NaN is no JSON number")),
        f"{JSON_POST} -Infinity": instead(no_float("-inf"), no_json("-Infinity is no JSON number")),
        f'{JSON_POST} {{"a": 1e999}}': instead(no_float("inf"), no_json("1e999 is too large a number")),
        "POST /item application/json NaN": instead(no_float("nan"), no_json("NaN is no JSON number")),
    },
    "JSON may be 200 levels deep": {
        f"{JSON_POST} {'[' * 50} … 600": instead(Told(200, b"[" * 300 + b"]" * 300), no_json("nested too deep")),
    },
    "what is no UTF-8 is answered: half a surrogate pair escaped, other bytes as U+FFFD": {
        "POST /item text/plain \xff\xfe": instead(
            boom("UnicodeDecodeError('utf-8', b'\\xff\\xfe', 0, 1, 'invalid start byte')"),
            Told(422, json_of([error("model_attributes_type", ["body"], NO_MODEL, "\ufffd\ufffd")])),
        ),
        f'{JSON_POST} "\\ud800"': instead(surrogate('"\ud800"', 1), Told(200, b'"\\ud800"')),
        'POST /item application/json "\\ud800"': instead(
            surrogate(
                f'{{"detail":[{{"type":"model_attributes_type","loc":["body"],"msg":"{NO_MODEL}","input":"\ud800"}}]}}',
                143,
            ),
            Told(422, detail([error("model_attributes_type", ["body"], NO_MODEL, "\ud800")])),
        ),
        'POST /item application/json {"name": "\\ud800", "price": 1}': instead(
            surrogate('{"name":"\ud800","price":1.0,"tags":[]}', 9),
            Told(200, json.dumps(LONE, separators=(",", ":")).encode()),
        ),
    },
    "a query string has at most 1,000 parameters": {
        f"GET {EMPTY_PAIRS[:80]}": instead(
            Told(422, detail([error("missing", ["query", "q"], "Field required", None)])), TOO_MANY
        ),
        f"GET {MANY_PAIRS[:80]}": instead(Told(200, b'["a",7,false,null,null,[]]'), TOO_MANY),
    },
    "a form that is torn or malformed is told in our own words; FastAPI takes a torn one for whole": {
        f"POST /upload multipart/form-data; boundary=x {TORN[:50].decode()} … {len(TORN)}": instead(
            Told(422, detail([error("missing", ["body", "file"], "Field required", None)])),
            Told(400, detail("Malformed form: it ends before its closing boundary")),
        ),
        "POST /upload multipart/form-data; boundary=x --y": instead(
            Told(400, detail("Invalid multipart data.")),
            Told(400, detail("Malformed form: Expected boundary character 120, got 121 at index 4")),
        ),
        "POST /upload multipart/form-data ": instead(
            Told(400, detail("Missing boundary in multipart.")),
            Told(400, detail("Malformed form: its Content-Type names no boundary")),
        ),
    },
    "JSON of a stream has no spaces, as any other JSON": {
        "GET /lines": (
            """- http.response.body body=b'{"a": 1, "b": [1, "\\\\u00e4"]}\\n' more_body=True""",
            """+ http.response.body body=b'{"a":1,"b":[1,"\\xc3\\xa4"]}\\n' more_body=True""",
            """- http.response.body body=b'{"name": "a", "price": 1.0, "tags": []}\\n' more_body=True""",
            """+ http.response.body body=b'{"name":"a","price":1.0,"tags":[]}\\n' more_body=True""",
        ),
    },
    "an error outside of a typed handler is text": {
        "GET /item": instead(Told(405, detail("Method Not Allowed")), Told(405, b"Method Not Allowed", TEXT)),
        "GET /nowhere": instead(Told(404, detail("Not Found")), Told(404, b"Not Found", TEXT)),
    },
    "what is wrong with a dependency is told once, however many ask for it": {
        "GET /depends?skip=x": instead(Told(422, detail([NO_INT] * 3)), Told(422, detail([NO_INT] * 2))),
    },
    "the reason of a refused handshake is text, and the client sees HTTP 403": {
        f"a websocket {name}": (
            f"- websocket.close code=1008 reason={[line]!r}",
            "+ websocket.close code=1008 reason='the handshake lacks something, or has something else'",
        )
        for name, line in {
            "with a wrong parameter": {**NO_INT, "loc": ["query", "n"]},
            "without its cookie": error("missing", ["cookie", "session"], "Field required", None),
        }.items()
    },
}
