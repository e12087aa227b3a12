"""What happens in which order: calls, answer, and what is torn down when, whatever goes wrong in between."""

import asyncio
import contextvars
import threading
from types import SimpleNamespace
from typing import Annotated, Any

import fastapi
import fastapi.responses
import pytest

import rawasgi
from rawasgi.app import App
from rawasgi.concurrency import BackgroundTasks
from rawasgi.instruments.conversation import converse, request
from rawasgi.requests import HTTPConnection, Request
from rawasgi.responses import Response
from rawasgi.typed.params import Depends, Security, SecurityScopes, nonblocking
from tests.drive import broken, exchange, http
from tests.typed.asking import answered, ask, missing
from tests.typed.ordering import ordered, plainly, played

# mypy: disable-error-code="name-defined, valid-type"

THEIRS = SimpleNamespace(
    App=lambda: fastapi.FastAPI(openapi_url=None),
    Depends=fastapi.Depends,
    BackgroundTasks=fastapi.BackgroundTasks,
    HTTPException=fastapi.HTTPException,
    StreamingResponse=fastapi.responses.StreamingResponse,
)


OPEN = ["open a", "open B", "open c", "open D", "endpoint"]


def test_the_order_of_a_request_is_defined():
    """Function scope before the start, the last first; then the answer, the tasks, and what is left, the last first."""
    end = ["close c", "close B", "start 200", "body", "task", "close D", "close a"]
    assert played(rawasgi) == OPEN + end == played(THEIRS)


def test_an_exception_is_heard_by_all_before_it_is_answered():
    """Each generator hears it at its yield: function scope first."""
    hears = [line for name in "cBDa" for line in (f"{name} hears ValueError('endpoint')", f"close {name}")]
    assert played(rawasgi, "endpoint") == [*OPEN, *hears, "start 500", "body", "raised ValueError"]


WAYS = [
    {"fail": fail, "swallows": swallows, "turns": turns}
    for fail in ("http", "endpoint", "task", "stream")
    for swallows, turns in (("", ""), ("c", ""), ("D", ""), ("", "B"), ("", "a"))
]


@pytest.mark.parametrize("way", WAYS, ids=[" ".join(way.values()) for way in WAYS])
def test_the_order_is_fastapis_whatever_goes_wrong(way):
    """An HTTPException, another exception, one in a task or a stream; swallowed, or turned into another."""
    assert plainly(played(rawasgi, **way)) == plainly(played(THEIRS, **way))


def test_who_swallows_an_exception_is_told():
    """Nothing is left to answer with; the other generators hear of it."""
    messages, error = broken(ordered(rawasgi, [], "endpoint", "c", ""), http("GET", "/"))
    assert messages[0]["status"] == 500
    assert str(error).startswith("a dependency has caught the exception of its request at `yield`, and did not raise")


def test_a_dependency_is_called_once_a_request():
    """Everybody gets the same value; `use_cache=False` asks for another."""
    made: list[int] = []

    async def number():
        made.append(len(made))
        return made[-1]

    async def doubled(number: Annotated[int, Depends(number)]):
        return number * 2

    app = App()

    @app.get("/")
    async def endpoint(
        a: Annotated[int, Depends(number)],
        b: Annotated[int, Depends(doubled)],
        c: Annotated[int, Depends(number, use_cache=False)],
    ):
        return [a, b, c]

    assert converse(app, request("GET", "/")) == answered([0, 0, 1])
    assert converse(app, request("GET", "/")) == answered([2, 4, 3])


class Counter:
    """A callable object, an async one, and a class, as dependencies."""

    def __init__(self, start: int = 5):
        self.start = start

    def __call__(self, step: int = 1):
        return self.start + step

    async def later(self, step: int = 1):
        return self.start - step

    async def steps(self, step: int = 1):
        yield self.start * step


def test_whatever_can_be_called_is_a_dependency():
    """A class, an object, bound methods, a partial, a lambda."""
    counter, app = Counter(10), App()

    @app.get("/")
    def endpoint(
        a: Annotated[Counter, Depends()],
        b: Annotated[int, Depends(counter)],
        c: Annotated[int, Depends(counter.later)],
        d: Annotated[int, Depends(counter.steps)],
        e: Any = Depends(lambda start: start),
    ):
        return [a.start, b, c, d, e]

    assert ask(app, "/?start=7&step=2") == (200, [7, 12, 8, 20, "7"])


def test_all_errors_of_a_request_are_told_at_once():
    """Those of dependencies first, in the order in which they are called; nobody is called who lacks something."""
    called: list[str] = []

    async def inner(a: int):
        called.append("inner")

    async def outer(inner: Annotated[None, Depends(inner)], b: int):
        called.append("outer")

    async def fine():
        called.append("fine")

    app = App()

    @app.get("/{c}")
    async def endpoint(c: int, e: str, outer: Annotated[None, Depends(outer)], fine: Annotated[None, Depends(fine)]):
        called.append("endpoint")

    status, body = ask(app, "/x?b=y")
    assert (status, [line["loc"] for line in body["detail"]]) == (
        422,
        [["query", "a"], ["query", "b"], ["path", "c"], ["query", "e"]],
    )
    assert called == ["fine"]


def test_a_dependency_that_refuses_is_heard_before_the_endpoint_is_validated():
    """401 before 422: whoever may not ask is not told what was wrong."""

    async def guard():
        raise rawasgi.HTTPException(401)

    app = App()

    @app.get("/", dependencies=[Depends(guard)])
    async def endpoint(n: int): ...

    assert ask(app, "/?n=x") == (401, {"detail": "Unauthorized"})


def test_what_is_given_by_its_type():
    """The request, the scopes, a response whose status and headers are taken over, tasks that run in the end."""
    log: list[str] = []

    def shared(response: Response, tasks: BackgroundTasks, connection: HTTPConnection):
        response.headers["x-a"] = "1"
        response.set_cookie("c", "2")
        tasks.add_task(log.append, connection.scope["path"])
        return response

    def scoped(scopes: SecurityScopes):
        return scopes.scope_str

    app = App()

    @app.get("/here")
    def endpoint(
        request: Request,
        response: Response,
        first: Annotated[Response, Depends(shared)],
        scopes: Annotated[str, Security(scoped, scopes=["a", "b"])],
    ):
        response.status_code = 202
        return [request.method, first is response, scopes]

    headers = (b"x-a", b"1"), (b"set-cookie", b"c=2; Path=/; SameSite=lax")
    assert converse(app, request("GET", "/here")) == answered(["GET", True, "a b"], 202, *headers)
    assert log == ["/here"]


def test_tasks_go_along_with_a_response_of_ones_own():
    """Unless it has one itself."""
    log: list[str] = []
    app = App()

    @app.get("/")
    async def endpoint(tasks: BackgroundTasks, own: bool = False):
        tasks.add_task(log.append, "given")
        return Response("x", background=rawasgi.BackgroundTask(log.append, "own") if own else None)

    ask(app, "/")
    ask(app, "/?own=1")
    assert log == ["given", "own"]


def test_one_hop_has_one_thread_and_one_context():
    """Neighbours on a thread see what the one before has set; what does not block runs where the loop runs."""
    seen: dict[str, Any] = {}
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="")

    def one():
        seen["one"] = threading.current_thread().name
        variable.set("set")

    def two(one: Annotated[None, Depends(one)]):
        seen["two"] = threading.current_thread().name

    @nonblocking
    def three():
        seen["three"] = threading.current_thread().name

    app = App()

    @app.get("/")
    def endpoint(three: Annotated[None, Depends(three)], two: Annotated[None, Depends(two)]):
        seen["endpoint"] = threading.current_thread().name
        return variable.get()

    assert ask(app, "/") == (200, "set")
    assert seen["one"] == seen["two"] == seen["endpoint"] != seen["three"] == threading.current_thread().name


def test_a_dependency_gives_one_value():
    """Who yields none, or a second one behind a branch, is named."""

    def none(empty: bool = True):
        if not empty:
            yield

    async def second(empty: bool = True):
        yield
        if empty:
            yield

    app = App()

    @app.get("/none")
    def without(value: Annotated[None, Depends(none)]): ...

    @app.get("/second")
    def twice(value: Annotated[None, Depends(second)]): ...

    assert (
        str(broken(app, http("GET", "/none"))[1]) == "the dependency none() ended without a `yield`: it gives one value"
    )
    assert (
        str(broken(app, http("GET", "/second"))[1]) == "the dependency second() yielded a second time: make two of it"
    )


def test_overrides_are_obeyed_and_forgotten():
    """By the function that was declared, with dependencies of their own; the plan without them is kept."""

    async def real(n: int): ...
    async def more(q: str):
        return q

    async def instead(more: Annotated[str, Depends(more)]):
        return f"instead {more}"

    app = App()

    @app.get("/")
    async def endpoint(value: Annotated[Any, Depends(real)]):
        return value

    assert ask(app, "/?n=1") == (200, None)
    app.dependency_overrides[real] = instead
    assert ask(app, "/?q=x") == (200, "instead x")
    app.dependency_overrides = {real: lambda: "other"}
    assert ask(app, "/") == (200, "other")
    app.dependency_overrides.clear()
    assert ask(app, "/") == (422, {"detail": [missing("query", "n")]})


def test_cancelling_tears_down():
    """A request that is cancelled in its endpoint closes what was opened, on the loop and on threads."""
    log: list[str] = []
    begun = asyncio.Event()

    async def here():
        try:
            yield
        finally:
            await asyncio.sleep(0)
            log.append("here")

    def blocking():
        try:
            yield
        finally:
            log.append("blocking")

    app = App()

    @app.get("/")
    async def endpoint(a: Annotated[None, Depends(here)], b: Annotated[None, Depends(blocking)]):
        log.append("endpoint")
        begun.set()
        await asyncio.Event().wait()

    async def cancelled():
        task = asyncio.create_task(exchange(app, http("GET", "/"), []))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert log == ["endpoint", "blocking", "here"]
