"""What no request could satisfy: refused when a route is registered, with function, parameter and remedy."""

from collections.abc import Callable
from typing import Annotated, Any, Protocol

import pytest
from pydantic import BaseModel

from rawasgi.app import App
from rawasgi.concurrency import BackgroundTasks
from rawasgi.requests import Request
from rawasgi.responses import Response
from rawasgi.typed.params import (
    Cookie,
    Depends,
    Header,
    Path,
    Query,
    Security,
)
from rawasgi.typed.planner import make_plan
from rawasgi.typed.signature import SignatureError
from rawasgi.websockets import WebSocket


class Item(BaseModel):
    name: str


def settings(): ...
async def connect(settings: Annotated[Any, Depends(settings)]): ...
async def user(db: Annotated[Any, Depends(connect)], token: Annotated[str, Header()]): ...


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
def list_in_cookie(x: Annotated[list[int], Cookie()]): ...
def mapping_in_header(x: Annotated[dict[str, int], Header()]): ...
def depends_on_nothing(x: Annotated[Any, Depends()]): ...
def depends_on_text(x: Any = Depends("text")): ...  # type: ignore[arg-type]
def bad_pattern(x: Annotated[str, Query(pattern="(")]): ...
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
            "tests.typed.test_refusals; define or import it there, outside of functions and of `if TYPE_CHECKING`"
        ),
    ),
    (
        forward_inside,
        (
            "forward_inside(): the parameter 'x': the name 'Nowhere' in 'list[Nowhere]' is not known in the module "
            "tests.typed.test_refusals; define or import it there, outside of functions and of `if TYPE_CHECKING`"
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
    (list_in_cookie, "list_in_cookie(): the parameter 'x': a cookie cannot be "),
    (mapping_in_header, "mapping_in_header(): the parameter 'x': a header cannot be "),
    (depends_on_nothing, "depends_on_nothing(): the parameter 'x': typing.Any cannot be called; "),
    (depends_on_text, "depends_on_text(): the parameter 'x': 'text' cannot be called; write Depends(function)"),
    (
        takes_any,
        "takes_any(): the parameter 'args': nothing in a request has its name; name each parameter, without `/`",
    ),
    (bad_pattern, "bad_pattern(): the parameter 'x': pydantic cannot read "),
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
