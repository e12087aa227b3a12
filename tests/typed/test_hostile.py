"""What nobody means well by: deep and huge JSON, 10^5 parameters, wrong encodings. A 4xx, soon."""

import time
from typing import Annotated, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from rawasgi.app import App
from rawasgi.exceptions import HTTPException
from rawasgi.instruments.conversation import converse, request
from rawasgi.toolkit.formdata import UploadFile
from rawasgi.typed.bodies import read_json
from rawasgi.typed.errors import RequestValidationError
from rawasgi.typed.params import Body, Cookie, File, Form, Header, Query
from rawasgi.typed.sources import last_values, query_pairs
from tests.growth import assert_linear
from tests.typed.asking import JSON, ask

SECONDS = 2.0  # far more than any of these needs, and far less than a hang
FORM = (b"content-type", b"application/x-www-form-urlencoded")
PARTS = (b"content-type", b"multipart/form-data; boundary=x")


class Item(BaseModel):
    name: str
    size: float = 1
    inner: "Item | None" = None


class Filter(BaseModel):
    model_config = {"extra": "forbid"}
    words: list[str] = []


app = App(max_body_size=4 * 1024 * 1024)


@app.post("/item")
async def item(item: Item) -> Item:
    return item


@app.post("/any")
async def anything(value: Annotated[Any, Body()] = None):
    return type(value).__name__


@app.get("/query")
async def query(q: str = "", n: int = 0, many: Annotated[list[int] | None, Query()] = None):
    return [q, n, many]


@app.get("/filter")
async def by_filter(f: Annotated[Filter, Query()]):
    return f


@app.get("/heads")
async def heads(x_a: Annotated[list[int] | None, Header()] = None, session: Annotated[str, Cookie()] = ""):
    return [x_a, session]


@app.post("/form")
async def form(a: Annotated[str, Form()], f: UploadFile | None = None, raw: Annotated[bytes, File()] = b""):
    return [a, f and f.filename, len(raw)]


HOSTILE = {
    "deep lists": (422, "/item", b"[" * 1_000_000, JSON),
    "deep lists that end": (422, "/item", b"[" * 100_000 + b"]" * 100_000, JSON),
    "deep objects": (422, "/any", b'{"a":' * 100_000, JSON),
    "deep objects that are no model": (422, "/item", b'{"a":' * 190 + b"1" + b"}" * 190, JSON),
    "a deep model": (422, "/item", b'{"name":"a","inner":' * 150 + b"1" + b"}" * 150, JSON),
    "deep in UTF-16": (422, "/item", ("[" * 900 + "]" * 900).encode("utf-16"), JSON),
    "deep with a lone surrogate": (422, "/item", b'["\\ud800",' * 900 + b"1" + b"]" * 900, JSON),
    "a long number": (422, "/item", b"1" * 1_000_000, JSON),
    "a long fraction": (422, "/item", b"0." + b"1" * 1_000_000, JSON),
    "many keys": (422, "/item", b"{" + b",".join(b'"%d":1' % n for n in range(100_000)) + b"}", JSON),
    "many errors": (422, "/item", b'{"name": 1, "size": "x", "inner": 7}', JSON),
    "a long string": (422, "/item", b'"' + b"a" * 1_000_000 + b'"', JSON),
    "too large": (413, "/item", b"1" * (4 * 1024 * 1024 + 1), JSON),
    "an odd encoding": (422, "/item", '{"name":"ä"}'.encode("latin-1"), JSON),
    "NUL": (422, "/item", b"\0\0\0\0", JSON),
    "a form of many fields": (400, "/form", b"a=1&" * 100_000, FORM),
    "a form of no fields": (422, "/form", b"&" * 100_000, FORM),
    "a torn form": (400, "/form", b"--x\r\ncontent-disposition: form-data; name=a\r\n\r\n1", PARTS),
    "a field where a file is wanted": (422, "/form", b"a=1&f=x", FORM),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_body_is_the_clients_fault(name):
    """4xx, in bounded time."""
    status, path, body, kind = HOSTILE[name]
    begun = time.perf_counter()
    assert ask(app, path, method="POST", body=body, headers=[kind])[0] == status
    assert time.perf_counter() - begun < SECONDS


@pytest.mark.parametrize(
    ("status", "target"),
    [
        (400, "/query?" + "a=1&" * 100_000),
        (400, "/query?" + "many=1&" * 100_000),
        (400, "/filter?" + "a=1&" * 1_001),
        (422, "/filter?" + "&".join(f"a{number}=1" for number in range(1_000))),
        (422, "/query?n=" + "9" * 100_000),
        (422, "/query?n=%FF%FE&many=%00"),
        (200, "/query?q=" + "%" * 100_000),
        (200, "/query?%ZZ=%&q=%E4"),
    ],
)
def test_a_hostile_query_is_the_clients_fault(status, target):
    """10^5 parameters, long numbers, escapes that are none."""
    begun = time.perf_counter()
    assert ask(app, target)[0] == status
    assert time.perf_counter() - begun < SECONDS


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=60),
    st.sampled_from([JSON, FORM, PARTS, (b"content-type", b"\xff/\0;;")]),
    st.sampled_from("item any form".split()),
)
def test_no_body_is_a_500(body, kind, path):
    """Whatever the bytes, whatever the type they claim."""
    start = converse(app, request("POST", f"/{path}", [kind], body))[0]
    assert start["status"] in (200, 400, 422)


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=60), st.lists(st.tuples(st.sampled_from([b"x-a", b"cookie", b"X-A"]), st.binary(max_size=20)))
)
def test_no_query_and_no_header_is_a_500(query, headers):
    """Bytes that no server would let through are no reason either."""
    for path in ("/query", "/filter", "/heads"):
        start = converse(app, request("GET", path, headers, query_string=query))[0]
        assert start["status"] in (200, 422)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(["a", "b", "=", "&", "%41", "+", "%", ";", "ä"]), max_size=20).map("".join))
def test_one_look_finds_what_the_parser_finds(text):
    """The short way through a query string gives the same as the long one."""
    assert last_values(text.encode("latin-1")) == dict(query_pairs(text.encode("latin-1")))


@pytest.mark.parametrize("piece", [b'{"a":[1,2]},', b"1e9,", b"1234567,", b'"\\u00e4",'])
def test_reading_json_is_linear(piece):
    """Eight times the bytes, at most about eight times the work."""
    assert_linear(read_json, lambda size: b"[" + piece * (size // len(piece)) + b"0]")


def test_reading_many_parameters_is_linear():
    """A model that takes whatever comes groups it in one pass."""

    def read(number):
        return ask(app, "/filter?" + "&".join(f"a{n}=1" for n in range(number)))[0]

    assert_linear(read, lambda size: size // 100)


def test_too_many_parameters_are_told():
    """HTTPException 400, whoever asks."""
    with pytest.raises(HTTPException, match="400: The query string has more than 1000 parameters"):
        query_pairs(b"a&" * 1_001)


@pytest.mark.parametrize("number", [b"1e309", b"-1E+400", b"9" * 400 + b".0", b"[1,{}]"])
def test_a_number_that_is_too_large_is_no_json(number):
    """What Python reads as infinity is refused; a large int is an int."""
    if number == b"[1,{}]":
        assert read_json(number) == [1, {}]
    else:
        with pytest.raises(RequestValidationError):
            read_json(number)
