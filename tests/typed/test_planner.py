"""What a plan consists of, step by step; and what is refused when a route is registered."""

import dataclasses
from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from rawasgi.requests import Request
from rawasgi.typed.params import (
    Body,
    Depends,
    File,
    Form,
    Header,
    Security,
    SecurityBase,
    SecurityScopes,
    nonblocking,
)
from rawasgi.typed.planner import make_plan


def steps(plan):
    """A plan as (where, names of the calls) for each step."""
    return [(step.where, *(call.name for call in step.calls)) for step in plan.steps]


class Item(BaseModel):
    name: str


def settings(): ...
async def connect(settings: Annotated[Any, Depends(settings)]): ...
async def user(db: Annotated[Any, Depends(connect)], token: Annotated[str, Header()]): ...


def test_a_call_comes_after_those_whose_values_it_takes_and_once():
    """Two ask for the connection: it is made once, before both."""

    async def endpoint(user: Annotated[Any, Depends(user)], db: Annotated[Any, Depends(connect)], q: int = 1): ...

    plan = make_plan("/", ["GET"], endpoint)
    assert steps(plan) == [("thread", "settings"), ("loop", "connect", "user", "endpoint")]
    assert [(a.name, a.call, a.field and a.field.place) for a in plan.endpoint.arguments] == [
        ("user", 2, None),
        ("db", 1, None),
        ("q", None, "query"),
    ]
    assert (plan.endpoint.made, [name for name, *_ in plan.endpoint.query]) == ((("user", 2), ("db", 1)), ["q"])
    assert [(call.asks, [name for name, _ in call.sought]) for call in plan.calls] == [
        (False, []),
        (False, []),
        (True, ["token"]),
        (True, []),
    ]


def test_a_dependency_without_cache_is_called_for_itself():
    """Each `use_cache=False` is a call of its own; what it depends on is not."""

    def endpoint(
        a: Annotated[Any, Depends(connect)],
        b: Annotated[Any, Depends(connect, use_cache=False)],
        c: Annotated[Any, Depends(connect)],
    ): ...

    plan = make_plan("/", ["GET"], endpoint)
    assert steps(plan) == [("thread", "settings"), ("loop", "connect", "connect"), ("thread", "endpoint")]
    assert [argument.call for argument in plan.endpoint.arguments] == [1, 2, 1]


@dataclasses.dataclass
class Checker:
    """A dependency without a hash."""

    word: str

    def __call__(self): ...


class Pages:
    def count(self): ...


def test_a_dependency_is_known_by_what_it_is():
    """Two looks at one method are one dependency; an object without a hash is known by itself."""
    checker, other, pages = Checker("a"), Checker("a"), Pages()

    def endpoint(
        a: Annotated[Any, Depends(checker)],
        b: Annotated[Any, Depends(checker)],
        c: Annotated[Any, Depends(other)],
        d: Annotated[Any, Depends(pages.count)],
        e: Annotated[Any, Depends(pages.count)],
    ): ...

    plan = make_plan("/", ["GET"], endpoint)
    assert [argument.call for argument in plan.endpoint.arguments] == [0, 0, 1, 2, 2]


def test_a_wide_net_of_dependencies_is_planned_in_no_time():
    """Sixty levels, each of which asks twice for the one below: each is visited once."""

    async def level(): ...

    below = level
    for _ in range(60):

        async def above(a: Any = Depends(below), b: Any = Depends(below)): ...

        below = above
    assert len(make_plan("/", ["GET"], below).calls) == 61


def test_neighbours_on_a_thread_are_one_step():
    """Three levels of `def`, and the endpoint: one hop."""

    def one(): ...
    def two(one: Annotated[Any, Depends(one)]): ...
    def three(two: Annotated[Any, Depends(two)]): ...
    def endpoint(three: Annotated[Any, Depends(three)]): ...

    assert steps(make_plan("/", ["GET"], endpoint)) == [("thread", "one", "two", "three", "endpoint")]


def test_what_does_not_block_stays_on_the_loop():
    """A `def` that says so, a class and a callable that say so, and every pydantic model."""

    @nonblocking
    def quick(): ...

    @nonblocking
    class Quick: ...

    @nonblocking
    def endpoint(a: Annotated[Any, Depends(quick)], b: Annotated[Quick, Depends()], c: Annotated[Item, Depends()]): ...

    assert steps(make_plan("/", ["GET"], endpoint)) == [("loop", "quick", "Quick", "Item", "endpoint")]


def test_dependencies_of_a_route_come_first():
    """In the order in which they are listed."""
    plan = make_plan("/", ["GET"], settings, [Depends(user), Depends(connect)])
    assert steps(plan) == [("thread", "settings"), ("loop", "connect", "user"), ("thread", "settings")]


def test_a_plan_knows_what_ends_when():
    """Only generators end; with the request, unless they say with the function."""

    def blocking():
        yield

    async def here():
        yield

    def endpoint(
        a: Annotated[Any, Depends(blocking)], b: Annotated[Any, Depends(here, scope="function")], c: int = 1
    ): ...

    plan = make_plan("/", ["GET"], endpoint)
    assert [(call.name, call.ends) for call in plan.calls] == [
        ("blocking", "request"),
        ("here", "function"),
        ("endpoint", None),
    ]
    assert [step.holding for step in plan.steps] == [False, True, True]
    assert (plan.ends, make_plan("/", ["GET"], settings).ends) == (True, False)


def test_a_call_with_a_limit_is_a_step_of_its_own():
    """It is waited for on the loop, before a thread is taken."""
    limited = Depends(settings, max_concurrency=2)

    def before(): ...
    def endpoint(
        a: Annotated[Any, Depends(before)], b: Annotated[Any, limited], c: Annotated[Any, Depends(before)]
    ): ...

    assert steps(make_plan("/", ["GET"], endpoint)) == [
        ("thread", "before"),
        ("thread", "settings"),
        ("thread", "endpoint"),
    ]


async def form(a: Annotated[str, Form()], f: Annotated[bytes, File()]): ...
async def form_in_parts(a: Annotated[str, Form(media_type="multipart/form-data")]): ...
async def just_form(a: Annotated[str, Form()]): ...
async def embedded(item: Annotated[Item, Body(embed=True)]): ...
async def two(item: Item, other: Item): ...
async def one(item: Item): ...
async def typed_body(item: Annotated[Item, Body(media_type="application/vnd.item+json")]): ...
async def several(db: Annotated[Any, Depends(one)], item: Item): ...
async def of_both(db: Annotated[Any, Depends(one)], other: Item): ...


@pytest.mark.parametrize(
    ("endpoint", "body"),
    [
        (connect, None),
        (one, (["item"], False, False, "application/json")),
        (typed_body, (["item"], False, False, "application/vnd.item+json")),
        (embedded, (["item"], True, False, "application/json")),
        (two, (["item", "other"], True, False, "application/json")),
        (several, (["item", "item"], False, False, "application/json")),
        (of_both, (["item", "other"], True, False, "application/json")),
        (just_form, (["a"], False, True, "application/x-www-form-urlencoded")),
        (form_in_parts, (["a"], False, True, "multipart/form-data")),
        (form, (["a", "f"], True, True, "multipart/form-data")),
    ],
)
def test_a_body_is_read_where_a_parameter_is_in_it(endpoint, body):
    """Whole, or as one object; of several functions that take the same, each takes the whole."""
    found = make_plan("/", ["POST"], endpoint).body
    assert (found and ([field.name for field in found.fields], found.embed, found.form, found.media_type)) == body


class Scheme(SecurityBase):
    model: Any = None
    scheme_name = "scheme"

    async def __call__(self, request: Request): ...


scheme = Scheme()


async def scoped(scopes: SecurityScopes, token: Annotated[str, Depends(scheme)]): ...
async def inner(user: Annotated[Any, Security(scoped, scopes=["b", "a"])]): ...


def test_scopes_are_those_between_the_endpoint_and_the_dependency():
    """Outermost first, each once; for other scopes the same dependency is called again."""

    async def endpoint(
        first: Annotated[Any, Security(inner, scopes=["a"])], again: Annotated[Any, Security(scoped, scopes=["c"])]
    ): ...

    plan = make_plan("/", ["GET"], endpoint)
    assert [(call.name, call.scopes) for call in plan.calls] == [
        ("Scheme", ("a", "b")),
        ("scoped", ("a", "b")),
        ("inner", ("a",)),
        ("Scheme", ("c",)),
        ("scoped", ("c",)),
        ("endpoint", ()),
    ]
    assert [(use.scheme, use.scopes) for use in plan.security] == [(scheme, ("a", "b")), (scheme, ("c",))]


def test_what_overrides_a_dependency_takes_its_place():
    """It is known by what it stands for: called once, with the scope that was declared."""

    async def instead(x: int): ...
    async def endpoint(a: Annotated[Any, Depends(connect)], user: Annotated[Any, Depends(user)]): ...

    plan = make_plan("/", ["GET"], endpoint, overrides={connect: instead})
    assert steps(plan) == [("loop", "instead", "user", "endpoint")]


async def stream() -> AsyncIterator[int]:
    yield 1


def test_an_endpoint_that_yields_is_started_on_the_loop():
    """A generator does nothing before it is iterated over; a `def` one is then iterated over on a thread."""

    def blocking():
        yield 1

    assert steps(make_plan("/", ["GET"], stream)) == [("loop", "stream")]
    assert steps(make_plan("/", ["GET"], blocking)) == [("loop", "blocking")]
