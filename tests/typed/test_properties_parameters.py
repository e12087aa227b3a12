"""Signatures as they come, and requests that fit them or not: the answer is FastAPI's, letter for letter."""

import asyncio
import enum
import inspect
import json
from datetime import date
from types import SimpleNamespace
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import urlencode

import fastapi
from hypothesis import Phase, event, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

import rawasgi
from tests.drive import exchange, http

THEIRS = SimpleNamespace(
    App=lambda: fastapi.FastAPI(openapi_url=None),
    **{name: getattr(fastapi, name) for name in "Query Header Cookie Form Body".split()},
)


class Size(enum.Enum):
    SMALL = "s"
    LARGE = "l"


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid")
    a: int
    b_c: list[int] = []
    d: str | None = Field(None, alias="dee")


class Loose(BaseModel):
    x_y: float = 1.5
    z: Size = Size.SMALL


SCALARS = (int, str, bool, float, date, Size, Literal["a", "7"], int | None, str | int, Annotated[int, Field(ge=3)])
LISTS = (list[int], set[str], tuple[int, str], list[Size] | None)
MODELS = (Model, Loose, Model | None)
OPTIONS: tuple[dict[str, Any], ...] = (
    {},
    {"alias": "x-y"},
    {"min_length": 2},
    {"title": "t"},
    {"validation_alias": "Other"},
)
TEXTS = ("", "7", "-1", "a", "s", "true", "2026-01-02", "1.5", "null", "[1]", "é", " 7 ", "x" * 30)
JSONS = st.recursive(
    st.sampled_from([None, 7, -1, 1.5, True, "7", "a", "s", "2026-01-02", "", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["a", "b_c", "dee", "p0", "p1", "x_y", "z", "x-y", "Other"]), inner, max_size=4
        )
    ),
    max_leaves=6,
)
NAMES = ("p0", "p1", "p2", "p_3", "p-3", "x-y", "Other", "other", "a", "b_c", "b-c", "dee", "x_y", "z", "more")


class Wanted(NamedTuple):
    """One parameter."""

    place: str
    kind: Any
    default: Any
    options: dict[str, Any]


@st.composite
def signatures(draw):
    """Up to four parameters that are read from the same request."""
    with_body = draw(st.sampled_from(["", "Form", "Body"]))
    places = ["Query", "Query", "Header", "Cookie", *([with_body] * 2 if with_body else [])]
    wanted = []
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.sampled_from(places))
        lists = () if place == "Cookie" else LISTS  # which are refused here, and never right there
        kind = draw(st.sampled_from((*SCALARS, *lists, *MODELS)))
        default = draw(st.sampled_from([..., ..., None, 7, "a"]))
        options = {} if kind in MODELS else draw(st.sampled_from(OPTIONS))
        if "min_length" in options and kind is not str:
            options = {}  # pydantic would refuse it when the parameter is read
        wanted.append(Wanted(place, kind, default, options))
    return with_body, wanted


PAIRS = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(TEXTS)), max_size=6)


def app_of(kit, wanted):
    """An app whose one handler has these parameters, and tells what it was given."""

    async def endpoint(**values):
        return {name: repr(value) for name, value in sorted(values.items())}

    names = ("p0", "p1", "p2", "p_3")
    parameters = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if each.default is ... else each.default,
            annotation=Annotated[each.kind, getattr(kit, each.place)(**each.options)],
        )
        for name, each in zip(names, wanted, strict=False)
    ]
    endpoint.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    app = kit.App()
    app.api_route("/", methods=["POST"])(endpoint)
    return app


def answered(kit, wanted, scope, body):
    """Status and body, or the kind of exception that registration or the call raised."""
    try:
        app = app_of(kit, wanted)
    except Exception:
        return "refused"
    try:
        start, *rest = asyncio.run(exchange(app, scope, [{"type": "http.request", "body": body, "more_body": False}]))
    except Exception as error:
        return type(error).__name__
    return start["status"], b"".join(message["body"] for message in rest)


@settings(max_examples=150, deadline=None, phases=[Phase.generate, Phase.shrink])
@given(signatures(), PAIRS, PAIRS, PAIRS, PAIRS, JSONS)
def test_a_request_is_read_as_by_fastapi(signature, query, headers, cookies, form, value):
    """The same values, or the same errors in the same order."""
    with_body, wanted = signature
    pairs = [(name.lower(), text) for name, text in headers]
    if cookies:
        pairs.append(("cookie", "; ".join(f"{name}={text}" for name, text in cookies)))
    body = b""
    if with_body == "Form":
        pairs.append(("content-type", "application/x-www-form-urlencoded"))
        body = urlencode(form).encode()
    elif with_body == "Body":
        pairs.append(("content-type", "application/json"))
        body = json.dumps(value).encode()
    scope = http("POST", "/", pairs, "&".join(f"{name}={text}" for name, text in query).encode())
    theirs, ours = answered(THEIRS, wanted, {**scope}, body), answered(rawasgi, wanted, {**scope}, body)
    event(str(theirs if isinstance(theirs, str) else theirs[0]))
    assert ours == theirs
