"""Typed handlers on rawasgi and on FastAPI: equal messages, and so equal 422 bodies, but for what is declared."""

import json
from types import SimpleNamespace
from typing import Any

import fastapi
import pytest

from tests.wire.declared_for_types import EMPTY_PAIRS, FROM_FASTAPI, MANY_PAIRS, TORN, part, parts
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


KINDS: dict[str, Any] = {
    "when": "2026-01-02T03:04:05Z",
    "day": "2026-01-02",
    "took": "PT3S",
    "money": "1.50",
    "raw": "é",
}
KINDS |= {"key": "00000000-0000-0000-0000-000000000001", "size": "s", "pair": [1, "a"], "seen": [1, 1, 2]}
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
    **{
        name: step
        for path in ("/shape", "/shape/tagged", "/shape/maybe")
        for name, step in posted(
            path,
            b"kind=circle&radius=2&names=a",
            b"radius=2",
            b"kind=box&sides=1&sides=2&names=a",
            b"sides=1",
            b"kind=box&sides=x&sides=2",
            b"kind=circle&radius=x&more=1",
            b"kind=star&radius=1",
            b"radius=&names=",
            b"nothing=known",
            b"",
            headers=(FORM,),
        ).items()
    },
    **posted("/shape/file", parts(part("radius", "2"), part("names", "a")), parts(), headers=(PARTS,)),
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
