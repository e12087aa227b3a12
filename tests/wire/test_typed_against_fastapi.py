"""Typed handlers on rawasgi and on FastAPI: equal messages, and so equal 422 bodies, but for what is declared."""

import json
from types import SimpleNamespace
from typing import Any, NamedTuple

import fastapi
import pytest

from tests.wire.kits import FASTAPI, RAWASGI, changes, get, http, leaving, play, websocket
from tests.wire.typed_models import MODELS
from tests.wire.typed_routes import typed_shop

THEIRS = SimpleNamespace(**{**vars(FASTAPI), "UploadFile": fastapi.UploadFile})
JSON = (b"content-type", b"application/json")
FORM = (b"content-type", b"application/x-www-form-urlencoded")
PARTS = (b"content-type", b"multipart/form-data; boundary=x")


def asked(*targets):
    """A GET for each target."""
    return {f"GET {t[:80]}": get(t.partition("?")[0], query=t.partition("?")[2].encode()) for t in targets}


def headed(path, *headers):
    """A GET with headers."""
    return {f"GET {path} {headers}": get(path, headers=headers)}


def posted(path, *bodies, headers=(JSON,), method="POST"):
    """A POST for each body: bytes as they are, anything else as JSON."""
    made = {}
    for body in bodies:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        kinds = " ".join(value.decode() for _, value in headers)
        text = data.decode("latin-1") if len(data) < 60 else f"{data[:50].decode('latin-1')} … {len(data)}"
        made[f"{method} {path} {kinds} {text}"] = http(method, path, data, headers=headers)
    return made


def part(name, value, filename=None, kind=None):
    """A part of a form."""
    file = "" if filename is None else f'; filename="{filename}"'
    content_type = f"content-type: {kind}\r\n" if kind else ""
    return f'--x\r\ncontent-disposition: form-data; name="{name}"{file}\r\n{content_type}\r\n{value}\r\n'


def parts(*each):
    """A form of parts."""
    return "".join((*each, "--x--\r\n")).encode()


KINDS: dict[str, Any] = {
    "when": "2026-01-02T03:04:05Z",
    "day": "2026-01-02",
    "took": "PT3S",
    "money": "1.50",
    "raw": "é",
}
KINDS |= {"key": "00000000-0000-0000-0000-000000000001", "size": "s", "pair": [1, "a"], "seen": [1, 1, 2]}
EMPTY_PAIRS, MANY_PAIRS = "/query?" + "&" * 2_000, "/query?q=" + "a&b=" * 1_000
TORN = parts(part("note", "a note that is torn"))[:-6]
TREE = {"value": 1, "children": [{"value": "2", "children": [{"value": "x"}]}]}

SCENES = {
    **asked("/path/1/s", "/path/x/m?key=1", "/path/1/l?key=00000000-0000-0000-0000-000000000001", "/path/1.5/s"),
    **asked("/bounds/3", "/bounds/10?ratio=0", "/bounds/2?ratio=nan", "/bounds/99999999999999999999", "/rest/a/b%2Fc"),
    **asked("/query?q=a", "/query", "/query?q=&n=x&on=maybe&none=", "/query?q=a&q=b&words=x&words=y&id=1&id=z&id=2"),
    **asked("/query?q=%C3%A4+b%26&on=yes&none=5", "/query?q=%FF&words", "/query?=x&q", "/query?q=a&n=1_000&n=2"),
    **asked(
        "/constrained?code=ab&many=1", "/constrained?code=A&many=1&many=2&many=3&plain=4", "/constrained?many=x&many=y"
    ),
    **asked("/choices", "/choices?second=2", "/choices?second=2&first=1", "/json?value=[1,2]", "/json?value=[1,x]"),
    **asked(
        "/json?value={", "/json", "/filter", "/filter?limit=0&tags=a&tags=b&order=left&more=1&more=2", "/filter?limit=5"
    ),
    **asked("/loose?page=2&other=3&what=4", "/loose?page=x&other=y", "/loose-or-none", "/loose-or-none?page=3"),
    **asked(
        "/aliased?itemId=1&another=b", "/aliased?item_id=1", "/aliased?itemId=1&Other=a&another=b", "/heads", "/cookies"
    ),
    **headed(
        "/heads", (b"user-agent", b"me"), (b"x-list", b"1"), (b"x-list", b"2"), (b"odd_name", b"o"), (b"x-named", b"n")
    ),
    **headed("/heads", (b"x-list", b"a"), (b"user-agent", b"\xe4"), (b"user-agent", b"second")),
    **headed("/cookies", (b"cookie", b"session=a; visits=2")),
    **headed("/cookies", (b"cookie", b"session=a; visits=0; session=b")),
    **headed("/head-model", (b"x-token", b"t"), (b"accept-list", b"1"), (b"accept-list", b"2")),
    **headed("/head-model", (b"x_token", b"t"), (b"accept-list", b"x")),
    **headed("/jar", (b"cookie", b"session=1; other=2")),
    **headed("/jar"),
    **posted(
        "/item", {"name": "a", "price": 1}, {"name": 1, "price": "x"}, {"price": -1, "tags": 7}, [], 1, None, "a", b""
    ),
    **posted("/item", b"{", b'{"name": }', b"nothing", b"\xff", '{"name":"ä","price":2}'.encode("utf-16"), b"[1,"),
    **posted("/item", {"name": "a", "price": 1}, headers=((b"content-type", b"application/x+json; charset=utf-8"),)),
    **posted("/item", {"name": "a", "price": 1}, b"{", b"\xff\xfe", headers=((b"content-type", b"text/plain"),)),
    **posted("/item", {"name": "a", "price": 1}, headers=()),
    **posted("/item/7", {"name": "a", "price": 1}, {}, method="PUT"),
    **posted("/item/x", {"name": "a"}, b"{", method="PUT"),
    **posted(
        "/two", {"item": {"name": "a", "price": 1}, "maker": {"name": "ab"}, "importance": 1}, {}, [], b"", {"item": 1}
    ),
    **posted(
        "/two", {"item": {}, "maker": {"name": "a"}, "importance": 0}, {"item": None, "maker": "", "importance": ""}
    ),
    **posted("/two", b"text", headers=((b"content-type", b"text/plain"),)),
    **posted("/embedded", {"thing": {"name": "a", "price": 1}}, {"name": "a", "price": 1}, {"thing": None}, b""),
    **posted("/optional", b"", None, {}, {"name": "a", "price": 1}),
    **posted("/list", [], [{"name": "a", "price": 1}, {"name": 2}], {}, b""),
    **posted("/mapping", {"1": 2}, {"a": "b"}, []),
    **posted("/scalar", 1, "1", "x", 1.5, True, b""),
    **posted("/any", 1, None, b"", {"a": [1, {"b": None}]}),
    **posted("/raw", b"abc", headers=((b"content-type", b"application/octet-stream"),)),
    **posted("/raw", b"", "text"),
    **posted(
        "/model/Nested",
        {"item": {"name": "a", "price": 1}, "makers": {"x": {"name": "abcdef", "since": "2026-13-01"}}},
        {},
    ),
    **posted(
        "/model/Strict",
        {"number": "1", "text": 2, "more": 3},
        {"number": 1, "text": "a"},
        {"number": True, "text": "b"},
    ),
    **posted("/model/Aliased", {"itemId": 1, "Other": "o"}, {"item_id": 1}),
    **posted("/model/Checked", {"low": 2, "high": 1}, {"low": 1, "high": 3}, {"low": 2, "high": 3}),
    **posted(
        "/model/Pet",
        {"pet": {"kind": "cat", "lives": "x"}},
        {"pet": {"kind": "cow"}},
        {"pet": {}},
        {"pet": {"kind": "dog", "name": "a"}},
    ),
    **posted(
        "/model/Kinds", KINDS, {**KINDS, "when": "x", "money": "x", "key": "x", "size": "x", "pair": [1], "took": "x"}
    ),
    **posted("/model/Tree", TREE, {"value": 1, "children": [{"value": "2"}]}),
    **posted("/model/Generic", {"value": "1"}, {"value": 1.5, "either": "maybe"}, {"value": []}),
    **posted("/model/Point", {"x": "1"}, {"y": 1}, [1, 2]),
    **posted("/model/Typed", {"a": 1, "b": "b"}, {"a": "x"}, 1),
    **posted("/model/Out", {"name": "a"}, {"name": "a", "none": 3, "listed": [], "extra": 1}),
    **posted(
        "/form",
        b"user=ab&age=3&roles=a&roles=b",
        b"user=a&age=x",
        b"",
        b"user=&age=",
        b"user=%C3%A4%C3%B6",
        headers=(FORM,),
    ),
    **posted("/form", {"user": "ab"}),
    **posted("/login", b"user=a&age=1&roles=x&roles=y", b"user=&age=x&more=1", headers=(FORM,)),
    **posted("/upload", parts(part("file", "text", "a.txt", "text/plain"), part("note", "n")), headers=(PARTS,)),
    **posted("/upload", parts(part("file", "text")), parts(part("note", "n")), headers=(PARTS,)),
    **posted("/upload", b"file=a", headers=(FORM,)),
    **posted(
        "/uploads", parts(part("files", "1", "a"), part("files", "2", "b"), part("raw", "r", "c")), headers=(PARTS,)
    ),
    **posted(
        "/uploads", parts(part("files", "", "")), parts(part("files", "1"), part("raw", "field")), headers=(PARTS,)
    ),
    **asked(
        "/depends?q=a&skip=1",
        "/depends",
        "/guarded?n=1",
        "/called",
        "/opened",
        "/opened?fail=http",
        "/opened?limit=101",
    ),
    **headed("/guarded", (b"x-token", b"wrong")),
    **headed("/guarded", (b"x-token", b"secret")),
    **asked(
        "/out",
        "/filtered",
        "/included",
        "/excluded",
        "/unset",
        "/defaults",
        "/by-name",
        "/created",
        "/nothing",
        "/null",
    ),
    **asked("/text", "/html", "/plain", "/redirect", "/response", "/bytes", "/letters?word=abc", "/letters"),
    **asked(
        "/lines",
        "/items",
        "/numbers?count=2",
        "/numbers",
        "/events",
        "/told",
        "/item",
        "/nowhere",
        EMPTY_PAIRS,
    ),
    **asked(MANY_PAIRS),
    **posted(
        "/any", b"NaN", b'{"a": 1e999}', b"-Infinity", b"[" * 150 + b"]" * 150, b"[" * 300 + b"]" * 300, b'"\\ud800"'
    ),
    **posted("/any", b"[" * 100_000, b"1" * 5_000, b'{"a":1,"a":2}'),
    **posted("/item", b"[" * 150 + b"]" * 150, b"NaN", b'"\\ud800"', b'{"name": "\\ud800", "price": 1}'),
    **posted("/upload", b"--y", TORN, headers=(PARTS,)),
    **posted("/upload", b"", headers=((b"content-type", b"multipart/form-data"),)),
    "a websocket": leaving(websocket("/socket/red", "hi", query_string=b"n=3")),
    "a websocket with a wrong parameter": websocket("/socket/red", query_string=b"n=x"),
    "a websocket without its cookie": websocket("/guarded"),
    **asked("/opened?fail=boom", "/depends?skip=x", "/wrong"),
}


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
NO_FLOAT = boom("ValueError('Out of range float values are not JSON compliant')")
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
        f"{JSON_POST} NaN": instead(NO_FLOAT, no_json("NaN is no JSON number")),
        f"{JSON_POST} -Infinity": instead(NO_FLOAT, no_json("-Infinity is no JSON number")),
        f'{JSON_POST} {{"a": 1e999}}': instead(NO_FLOAT, no_json("1e999 is too large a number")),
        "POST /item application/json NaN": instead(NO_FLOAT, no_json("NaN is no JSON number")),
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
DECLARED = {scene: found for scenes in FROM_FASTAPI.values() for scene, found in scenes.items()}


class Log:
    """What the two apps note, which are built once: it goes where the scene that is played wants it."""

    def __init__(self):
        self.append = None
        self.apps = {}

    def built(self, kit, log):
        """The app of a kit, noting into `log`."""
        self.append = log.append
        if id(kit) not in self.apps:
            self.apps[id(kit)] = typed_shop(kit, self)
        return self.apps[id(kit)]


shop = Log().built


@pytest.mark.parametrize("scene", SCENES)
def test_the_messages_are_fastapis(scene):
    """Every message, header, note and exception is equal, or differs in exactly the lines that are declared."""
    found = changes(play(shop, THEIRS, SCENES[scene]), play(shop, RAWASGI, SCENES[scene]))
    assert sorted(found) == sorted(DECLARED.get(scene, ()))


def test_every_declaration_has_its_scene():
    """A difference is declared once, for a scene that is played; there are at most fifteen reasons, and twenty models."""
    assert [scene for scene in DECLARED if scene not in SCENES] == []
    assert len(DECLARED) == sum(map(len, FROM_FASTAPI.values()))
    assert len(FROM_FASTAPI) <= 15
    assert len(MODELS) == 20
