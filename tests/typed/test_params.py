"""Declarations: what they remember, what `inspect` shows of them, and that they need nothing."""

import inspect
import subprocess
import sys

import pytest

from rawasgi.typed.params import (
    REQUIRED,
    Body,
    BodyOptions,
    Cookie,
    Depends,
    File,
    Form,
    Header,
    HeaderOptions,
    Options,
    Path,
    Query,
    Security,
    SecurityScopes,
    nonblocking,
)


@pytest.mark.parametrize(
    ("kind", "place", "options"),
    [
        *((kind, kind.__name__.lower(), Options) for kind in (Path, Query, Cookie)),
        (Header, "header", HeaderOptions),
        *((kind, kind.__name__.lower(), BodyOptions) for kind in (Body, Form, File)),
    ],
)
def test_a_declaration_shows_the_options_that_it_has(kind, place, options):
    """What an editor shows is what a type checker knows; a form knows no `embed` in FastAPI either."""
    shown = {name for name in inspect.signature(kind).parameters if name != "default"}
    assert shown == options.__annotations__.keys() - ({"embed"} if kind in (Form, File) else set())
    assert kind.place == place


def test_a_declaration_remembers_what_was_said():
    """The default apart, the options as they were given; what is pydantic's apart from what is ours."""
    declared = Header("x", alias="y", gt=1, convert_underscores=False, include_in_schema=False)
    assert (declared.default, declared.include_in_schema) == ("x", False)
    assert declared.options == {"alias": "y", "gt": 1, "convert_underscores": False, "include_in_schema": False}
    assert declared.pydantic_options == {"alias": "y", "gt": 1}
    assert repr(declared) == "Header('x', alias='y', gt=1, convert_underscores=False, include_in_schema=False)"
    assert (Query().default, Query(...).default, repr(Query())) == (REQUIRED, REQUIRED, "Query()")
    assert [kind().media_type for kind in (Body, Form, File)] == [
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ]


def test_a_dependency_remembers_what_was_said():
    """And shows the function."""

    def connect(): ...

    declared = Depends(connect, use_cache=False, scope="function", max_concurrency=3)
    assert (declared.dependency, declared.use_cache, declared.scope, declared.max_concurrency, declared.scopes) == (
        *(connect, False, "function", 3),
        (),
    )
    assert (repr(declared), repr(Depends())) == ("Depends(connect)", "Depends(None)")
    assert (Security(connect, scopes=["a"]).scopes, repr(Security(connect))) == (("a",), "Security(connect)")
    assert (SecurityScopes(["a", "b"]).scope_str, SecurityScopes().scopes) == ("a b", [])


def test_a_function_says_that_it_does_not_block():
    """It stays the same function."""

    def quick(): ...

    assert nonblocking(quick) is quick


def test_declarations_need_no_package():
    """`from rawasgi import Query, Depends` loads nothing but the standard library; a typed handler names the extra."""
    code = """
import sys
sys.modules["pydantic"] = None
from rawasgi import App, Depends, Query
app = App()
@app.get("/raw")
async def raw(request): ...
try:
    @app.get("/typed")
    async def typed(q: str = Query()): ...
except ModuleNotFoundError as error:
    print(error)
print("pydantic_core" in sys.modules, len(app.routes))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "typed handlers need pydantic: pip install 'rawasgi[typed]'\nFalse 1\n"
