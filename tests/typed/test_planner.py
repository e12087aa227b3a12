"""What a plan consists of, step by step; and what is refused when a route is registered."""

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, Protocol

import pytest
from pydantic import BaseModel

from rawasgi.app import App
from rawasgi.concurrency import BackgroundTasks
from rawasgi.requests import Request
from rawasgi.responses import Response
from rawasgi.typed.params import (
    Body,
    Depends,
    File,
    Form,
    Header,
    Path,
    Query,
    Security,
    SecurityBase,
    SecurityScopes,
    nonblocking,
)
from rawasgi.typed.planner import make_plan
from rawasgi.typed.signature import SignatureError
from rawasgi.websockets import WebSocket


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


class Left:
    def __init__(self, right: Annotated["Right", Depends()]): ...


class Right:
    def __init__(self, left: Annotated[Left, Depends()]): ...


def yields_twice():
    yield 1
    yield 2


async def yields_after_a_try():
    with open("x"):  # noqa: ASYNC230, PTH123  (it is never run)
        try:
            yield 1
        finally:
            pass
    value = yield 2
    del value


def ending_early():
    yield


def needing(value: Annotated[Any, Depends(ending_early, scope="function")]):
    yield


class Unknown(Protocol):
    """Nothing that pydantic could make."""


def cycle(x: Annotated[Left, Depends()]): ...
def body_on_get(item: Item): ...
def forward(x: "Nowhere"): ...  # type: ignore[name-defined]  # noqa: F821
def forward_inside(x: "list[Nowhere]" = Query()): ...  # type: ignore[name-defined]  # noqa: F821
def unknown(x: Annotated[Unknown, Query()]): ...
def unhashable(x: Annotated[list[int], Query()] = []): ...  # noqa: B006
def unhashable_in_query(x: list[int] = Query([])): ...
def twice(x: Annotated[int, Query()] = Query()): ...
def default_inside(x: Annotated[int, Query(3)]): ...
def given_and_read(x: Annotated[Request, Query()]): ...
def in_path_as_query(item_id: Annotated[int, Query()]): ...
def list_in_path(item_id: list[int]): ...
def mapping_in_query(x: Annotated[dict[str, int], Query()]): ...
def depends_on_nothing(x: Annotated[Any, Depends()]): ...
def depends_on_text(x: Any = Depends("text")): ...  # type: ignore[arg-type]
def takes_any(*args): ...
def takes_by_place(x, /): ...
def takes_websocket(x: WebSocket): ...
def on_twice(x: Annotated[Any, Depends(yields_twice)]): ...
def on_twice_after(x: Annotated[Any, Depends(yields_after_a_try)]): ...
def on_needing(x: Annotated[Any, Depends(needing)]): ...


REFUSED = [
    (cycle, "Left(): its dependencies go round in a cycle: Left > Right > Left; let one of them do without"),
    (
        body_on_get,
        (
            "body_on_get(): the parameter 'item': it is taken from the body, and that of a GET has no meaning "
            "(RFC 9110, section 9.3.1); declare it as Query(), or answer another method"
        ),
    ),
    (
        forward,
        (
            "forward(): the parameter 'x': the name 'Nowhere' in 'Nowhere' is not known in the module "
            "tests.typed.test_planner; define or import it there, outside of functions and of `if TYPE_CHECKING`"
        ),
    ),
    (
        forward_inside,
        (
            "forward_inside(): the parameter 'x': the name 'Nowhere' in 'list[Nowhere]' is not known in the module "
            "tests.typed.test_planner; define or import it there, outside of functions and of `if TYPE_CHECKING`"
        ),
    ),
    (unknown, "unknown(): the parameter 'x': pydantic cannot read "),
    (
        unhashable,
        (
            "unhashable(): the parameter 'x': its default [] is not hashable, and all requests would share it; "
            "write default_factory=lambda: [] into its declaration, or a tuple or None"
        ),
    ),
    (unhashable_in_query, "unhashable_in_query(): the parameter 'x': its default [] is not hashable"),
    (twice, "twice(): the parameter 'x': Query() in Annotated and Query() as default; keep one of them"),
    (default_inside, "default_inside(): the parameter 'x': Query(3) in Annotated has a default; write it behind `=`"),
    (given_and_read, "given_and_read(): the parameter 'x': a Request is given, not read; remove Query()"),
    (
        in_path_as_query,
        "in_path_as_query(): the parameter 'item_id': it is a part of the path and Query(); give one of the two another name",
    ),
    (
        list_in_path,
        (
            "list_in_path(): the parameter 'item_id': a part of the path cannot be list[int]; "
            "take it from the body, or as pydantic.Json"
        ),
    ),
    (mapping_in_query, "mapping_in_query(): the parameter 'x': a query parameter cannot be "),
    (depends_on_nothing, "depends_on_nothing(): the parameter 'x': typing.Any cannot be called; "),
    (depends_on_text, "depends_on_text(): the parameter 'x': 'text' cannot be called; write Depends(function)"),
    (
        takes_any,
        "takes_any(): the parameter 'args': nothing in a request has its name; name each parameter, without `/`",
    ),
    (takes_by_place, "takes_by_place(): the parameter 'x': nothing in a request has its name; "),
    (takes_websocket, "takes_websocket(): the parameter 'x': a request is no websocket; remove it"),
    (
        on_twice,
        f"yields_twice(): it yields a second time in line {yields_twice.__code__.co_firstlineno + 2}: a dependency",
    ),
    (on_twice_after, "yields_after_a_try(): it yields a second time in line "),
    (
        on_needing,
        (
            "needing(): the parameter 'value': it ends when the response is out, and this ends before; "
            'give both the same scope: Depends(…, scope="function")'
        ),
    ),
]


@pytest.mark.parametrize(("endpoint", "why"), REFUSED, ids=[endpoint.__name__ for endpoint, _ in REFUSED])
def test_what_no_request_could_satisfy_is_refused(endpoint, why):
    """With the function, the parameter and the remedy, when it is registered; nothing is registered."""
    app = App()
    with pytest.raises(SignatureError) as caught:
        app.get("/{item_id}", tags=["typed"])(endpoint)
    assert str(caught.value).startswith(why)
    assert app.routes == []


def test_a_cycle_that_an_override_makes_is_refused():
    """When the plan of the overridden route is made."""

    async def instead(user: Annotated[Any, Depends(user)]): ...

    with pytest.raises(SignatureError, match=r"its dependencies go round in a cycle: user > instead > user; "):
        make_plan("/", ["GET"], settings, [Depends(user)], overrides={connect: instead})


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (Request, "a handshake is no request: annotate HTTPConnection or WebSocket"),
        (Response, "a websocket is not answered with a response"),
        (BackgroundTasks, "a websocket has no end of a response after which a task could run"),
    ],
)
def test_a_websocket_is_no_request(kind, why):
    """What only a request has is refused."""

    async def endpoint(websocket: WebSocket, thing: kind): ...  # type: ignore[valid-type]

    with pytest.raises(SignatureError, match=rf"^endpoint\(\): the parameter 'thing': {why}; remove it$"):
        App().websocket("/")(endpoint)


def test_a_handshake_has_no_body():
    """A model is refused there."""

    async def endpoint(websocket: WebSocket, item: Item): ...

    with pytest.raises(SignatureError, match="a handshake has no body; receive it as a message"):
        App().websocket("/")(endpoint)


def test_a_websocket_lives_on_the_loop():
    """A `def` is refused."""

    def endpoint(websocket: WebSocket, n: int = 1): ...

    with pytest.raises(TypeError, match="endpoint must be `async def`: a websocket lives on the event loop"):
        App().websocket("/")(endpoint)


def test_a_dependency_of_a_route_must_be_callable():
    """`Depends()` alone has no annotation to look at."""
    with pytest.raises(SignatureError, match=r"/: `dependencies` has Depends\(None\), and None cannot be called"):
        App().get("/", dependencies=[Depends()])(settings)


@pytest.mark.parametrize(
    "call",
    [
        lambda: Path(3),
        lambda: Query(minimum=3),  # type: ignore[call-arg]
        lambda: Query(1, default_factory=int),
    ],
)
def test_a_declaration_that_says_nothing_sensible_is_refused(call: Callable[[], Any]):
    """Where it is written: a default in the path, an unknown option, two defaults."""
    with pytest.raises(TypeError):
        call()


@pytest.mark.parametrize("options", [{"scope": "app"}, {"max_concurrency": 0}, {"max_concurrency": True}])
def test_a_dependency_that_says_nothing_sensible_is_refused(options):
    """Another scope, or a limit that is none."""
    with pytest.raises(ValueError, match=r"^Depends: "):
        Depends(settings, **options)


def test_scopes_are_a_list():
    """The letters of a word are no scopes."""
    with pytest.raises(TypeError, match=r"`scopes` is a list of scopes, \['admin'\] for one"):
        Security(settings, scopes="admin")


async def stream() -> AsyncIterator[int]:
    yield 1


def test_an_endpoint_that_yields_is_started_on_the_loop():
    """A generator does nothing before it is iterated over; a `def` one is then iterated over on a thread."""

    def blocking():
        yield 1

    assert steps(make_plan("/", ["GET"], stream)) == [("loop", "stream")]
    assert steps(make_plan("/", ["GET"], blocking)) == [("loop", "blocking")]
