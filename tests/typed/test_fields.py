"""What one field makes of a text, of none, or of a wrong one."""

from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AliasChoices, AliasPath, BaseModel, ConfigDict, Field, Json, Tag

from rawasgi.app import App
from rawasgi.typed.fields import read_texts, texts_in
from rawasgi.typed.making import make_field
from rawasgi.typed.openapi.document import get_openapi
from rawasgi.typed.params import Cookie, Form, Header, Query
from rawasgi.typed.signature import SignatureError, read_signature
from rawasgi.typed.sources import MISSING, Sources
from tests.drive import http
from tests.typed.asking import ask, missing


def field_of(annotation, default=None, has_default=False):
    """The field of one parameter."""

    def function(x): ...

    function.__annotations__["x"] = annotation
    if has_default:
        function.__defaults__ = (default,)
    return make_field(function, read_signature(function).parameters[0])


def read(field, query=b"", headers=()):
    """Its value, and what is wrong."""
    errors: list[dict[str, Any]] = []
    return field.read(Sources(http("GET", "/", headers, query)), errors), errors


def test_a_default_is_given_where_there_is_no_text():
    """As it is, made anew, or checked if that was asked for."""
    assert read(field_of(int, None, True)) == (None, [])
    made = field_of(Annotated[list[int], Query(default_factory=list)])
    assert read(made) == ([], [])
    assert read(made)[0] is not read(made)[0]
    assert read(field_of(Annotated[int, Query(validate_default=True)], "7", True)) == (7, [])
    value, errors = read(field_of(Annotated[int, Query(validate_default=True)], "x", True))
    assert (value, errors[0]["loc"], errors[0]["type"]) == (MISSING, ("query", "x"), "int_parsing")


@pytest.mark.parametrize(
    ("annotation", "query", "value"),
    [
        (int, b"x=1&x=2", 2),
        (list[int] | None, b"", MISSING),
        (Annotated[list[int], Query()], b"x=1&x=2", [1, 2]),
        (Annotated[set[int], Query()], b"x=1&x=1", {1}),
        (Annotated[tuple[int, str] | None, Query()], b"x=1&x=a", (1, "a")),
        (Annotated[Json[list[int]], Query()], b"x=[1]&x=[1,2]", [1, 2]),
        (Annotated[str, Query(validation_alias=AliasChoices("a", "b"))], b"b=2&a=1", "1"),
        (Annotated[str, Query(validation_alias=AliasChoices("a", "b"))], b"b=2", "2"),
        (Annotated[int, Field(multiple_of=3), Query(le=9)], b"x=6", 6),
    ],
)
def test_texts_become_values(annotation, query, value):
    """The last of a name, all of them for a sequence, JSON where that is said."""
    found, errors = read(field_of(annotation), query) if value is not MISSING else (MISSING, [])
    assert (found, errors) == (value, [])


class Model(BaseModel):
    model_config = ConfigDict(extra="allow", populate_by_name=True)
    page_size: int = Field(10, alias="pageSize")
    words: list[str] = []


def test_a_model_takes_what_its_fields_are_called_and_all_the_rest():
    """By alias or, where the model says so, by name; several of a name that it does not know are a list."""
    field = field_of(Annotated[Model, Query()])
    value, errors = read(field, b"pageSize=2&words=a&words=b&more=1&more=2&other=3")
    assert errors == []
    assert value.model_dump() == {"page_size": 2, "words": ["a", "b"], "more": ["1", "2"], "other": "3"}
    assert read(field, b"page_size=3")[0].page_size == 3
    assert read(field_of(Annotated[Model | None, Query()], None, True)) == (None, [])
    assert read(field_of(Annotated[Model | None, Query()], None, True), b"z=1")[0].model_extra == {"z": "1"}


class Heads(BaseModel):
    x_count: int
    odd_name: str = ""


def test_errors_of_a_header_model_name_the_headers():
    """As they are on the wire."""
    field = field_of(Annotated[Heads, Header()])
    assert read(field, headers=[("x-count", "1"), ("odd-name", "o")])[0] == Heads(x_count=1, odd_name="o")
    assert [line["loc"] for line in read(field, headers=[("x-count", "x")])[1]] == [("header", "x-count")]
    written = field_of(Annotated[Heads, Header(convert_underscores=False)])
    assert read(written, headers=[("x_count", "1")])[0] == Heads(x_count=1)


def test_cookies_and_headers_are_texts():
    """The first header, the last cookie; all headers for a list."""
    headers = [("x", "1"), ("cookie", "x=a; x=b"), ("x", "2")]
    assert read(field_of(Annotated[str, Header()]), headers=headers) == ("1", [])
    assert read(field_of(Annotated[list[int], Header()]), headers=headers) == ([1, 2], [])
    assert read(field_of(Annotated[str, Cookie()]), headers=headers) == ("b", [])


def test_an_alias_that_leads_into_a_value_is_refused():
    """One text has no inside."""
    with pytest.raises(SignatureError, match="an AliasPath leads into what one text cannot hold; use AliasChoices"):
        field_of(Annotated[str, Query(validation_alias=AliasPath("a", 0))])


class Circle(BaseModel):
    radius: int


class Box(BaseModel):
    sides: list[int]


def test_a_union_of_form_models_is_flat():
    """Pydantic chooses among models; what stands in between would be asked first, and know nothing of forms."""
    inner = Annotated[Circle | Box, Field(title="shape")]
    with pytest.raises(SignatureError) as caught:
        field_of(Annotated[inner | None, Form()])
    assert str(caught.value).startswith("function(): the parameter 'x': a form cannot be a union in a union: ")
    assert str(caught.value).endswith("; write it as one, with None and the discriminator outside")
    with pytest.raises(SignatureError, match="a query parameter cannot be "):
        field_of(Annotated[Circle | Box, Query()])


def test_a_union_of_form_models_may_have_neighbours_and_tags():
    """Each model reads its own fields of the one form; the document has all of them, and requires none."""
    app = App()

    @app.post("/shape")
    def shape(
        data: Annotated[Annotated[Circle, Tag("round")] | Annotated[Box, Tag("square")], Form()],
        note: Annotated[str, Form()],
    ) -> Any:
        return [data, note]

    form = (b"content-type", b"application/x-www-form-urlencoded")
    assert ask(app, "/shape", method="POST", body=b"sides=1&note=a", headers=[form]) == (200, [{"sides": [1]}, "a"])
    status, told = ask(app, "/shape", method="POST", body=b"note=a", headers=[form])
    lines = [{**missing("body", *loc), "input": {"note": "a"}} for loc in (("round", "radius"), ("square", "sides"))]
    assert (status, told) == (422, {"detail": lines})
    schema = get_openapi(title="", version="", routes=app.routes)["components"]["schemas"]["Body_shape_shape_post"]
    assert (sorted(schema["properties"]), schema["required"]) == (["note", "radius", "sides"], ["note"])


def page(
    a: int, b: str = "b", c: Annotated[int, Query(ge=2)] = 1, d: Annotated[int, Query(le=2, validate_default=True)] = 3
): ...
def tagged(a: int, tags: Annotated[list[int], Query()], b: str = "b"): ...


PAGE, TAGGED = ([make_field(func, each) for each in read_signature(func).parameters] for func in (page, tagged))


@given(
    st.lists(st.sampled_from(["a=1", "a=x", "a", "b=%C3%A4", "b=", "c=1", "c=2", "d=3", "e=5", "+=+"])).map("&".join)
)
def test_one_loop_reads_what_each_field_reads(query):
    """The same values, and the same lines about what is missing or wrong, in the same order."""
    errors: list[dict[str, Any]] = []
    arguments: dict[str, Any] = {}
    told: list[dict[str, Any]] = []
    sources = Sources(http("GET", "/", (), query.encode()))
    read_texts(texts_in("query", PAGE), sources.query, errors, arguments)
    assert arguments == {field.name: field.read(sources, told) for field in PAGE}
    assert errors == told


def test_a_field_that_is_more_than_one_text_is_sought_and_its_neighbours_with_it():
    """One loop for some and another for the rest would tell their errors in another order."""
    assert [name for name, *_ in texts_in("query", PAGE)] == ["a", "b", "c", "d"]
    assert texts_in("query", TAGGED) == texts_in("path", PAGE) == ()
