"""A plan and a request in -> the response, and everything torn down after it, out.

bytes > server > app > middleware > routing > [handler > response] > bytes

The order is the same for every request:

    1  the body is read, if a parameter is in it
    2  the calls of the plan, one after the other; what is wrong with the request is gathered on the way
    3  422 with all of it, or the endpoint
    4  its value becomes a response
    5  generators of scope "function" are continued, the last first
    6  http.response.start … the last body · background tasks
    7  generators of scope "request" are continued, the last first

What can be known beforehand, the plan knows: a request asks no argument of which kind it is, and makes no object for what
no parameter wants. The one loop of `Run.go` has the common calls in it, without a function for each.

An exception from 2, 3 or 4 is raised in the generators, at their `yield`, those of 5 before those of 7; one from 6 in
those of 7. They may raise another in its place; who swallows it leaves the request without a response, which is an error.

Spec:         none, because it lies between the messages: https://asgi.readthedocs.io/en/latest/specs/www.html
In FastAPI:   fastapi.dependencies.utils:solve_dependencies, which walks the tree for each request
In Starlette: starlette.routing:request_response
In Flask:     flask.app:Flask.dispatch_request
Left out:     nothing
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from typing import Any, TypeVar

from rawasgi.concurrency import BackgroundTasks
from rawasgi.messages.types import Scope
from rawasgi.requests import HTTPConnection
from rawasgi.responses import Response
from rawasgi.typed.bodies import read_body, read_form
from rawasgi.typed.errors import RequestValidationError, WebSocketRequestValidationError
from rawasgi.typed.fields import Error, read_texts
from rawasgi.typed.lanes import enter, hold, leave, semaphore_of
from rawasgi.typed.params import SecurityScopes
from rawasgi.typed.plan import Call, Plan, Step
from rawasgi.typed.sources import MISSING, Sources

T = TypeVar("T")


class Exits:
    """What is torn down, by scope. It is made where a plan tears down anything."""

    def __init__(self) -> None:
        self.function, self.request = AsyncExitStack(), AsyncExitStack()

    def of(self, call: Call) -> AsyncExitStack:
        """The stack of a call."""
        return self.function if call.ends == "function" else self.request

    async def around(self, answer: Callable[[], Awaitable[T]], respond: Callable[[T], Awaitable[None]]) -> None:
        """`answer`, then what ends with the function, then `respond`, then what ends with the request."""
        answered = done = False
        async with self.request:
            async with self.function:
                response = await answer()
                answered = True
            if not answered:
                raise RuntimeError(SWALLOWED)
            await respond(response)
            done = True
        if not done:
            raise RuntimeError(SWALLOWED)


SWALLOWED = (
    "a dependency has caught the exception of its request at `yield`, and did not raise: nothing is left to answer"
)


class Run(Sources):
    """One request on its way through a plan. `connection` may be none where the plan does not ask for it."""

    response: Response | None = None  # what a parameter of that type is: its status and headers are taken over
    background: BackgroundTasks | None = None

    def __init__(
        self, plan: Plan, scope: Scope, connection: HTTPConnection | None = None, exits: Exits | None = None
    ) -> None:
        self.plan, self.scope, self.connection, self.exits = plan, scope, connection, exits
        self.values: list[Any] = []  # what the calls have made so far
        self.errors: list[Error] = []

    async def go(self) -> Any:
        """Read the body, if a parameter is in it, and take all steps; what came out of the last."""
        if (body := self.plan.body) is not None:
            request: Any = self.connection
            self.body = await read_form(body, request) if body.form else read_body(await request.body(), self.scope)
        values, errors = self.values, self.errors
        for step in self.plan.steps:
            if step.is_limited:
                await self.take_limited(step)
            elif step.where == "thread":
                await (hold if step.holding else enter)(self.take_blocking, step)
            else:
                for call in step.calls:
                    if call.asks or errors:
                        arguments = self.arguments(call)
                    else:  # all that it takes is there already
                        arguments = {}
                        for name, number in call.made:
                            arguments[name] = values[number]
                    if arguments is None:
                        continue
                    value = call.func(**arguments) if call.ends is None else self.open_here(call, arguments)
                    if call.is_awaited:
                        value = await value
                    values.append(value if call.finish is None else call.finish(self, value))
        return values[-1]

    async def take_limited(self, step: Step) -> None:
        """Wait, here on the loop, until fewer requests have the value; a generator has it until it is torn down."""
        call = step.calls[0]
        async with AsyncExitStack() as own:
            await (self.stack(call) if call.ends else own).enter_async_context(semaphore_of(call.depends))
            if step.where == "thread":
                await (hold if step.holding else enter)(self.take_blocking, step)
            elif (arguments := self.arguments(call)) is not None:
                value = call.func(**arguments) if call.ends is None else self.open_here(call, arguments)
                self.keep(call, await value if call.is_awaited else value)

    def keep(self, call: Call, value: Any) -> None:
        """Keep what a call made; what the endpoint returned becomes a response first."""
        self.values.append(value if call.finish is None else call.finish(self, value))

    def take_blocking(self, step: Step) -> None:
        """Make the calls of a step, on a thread, where everything blocks."""
        for call in step.calls:
            if (arguments := self.arguments(call)) is not None:
                self.keep(call, call.func(**arguments) if call.ends is None else self.open_blocking(call, arguments))

    def arguments(self, call: Call) -> dict[str, Any] | None:
        """The arguments of a call; None where one of them is missing, and with it what the call would have made."""
        arguments: dict[str, Any] = {}
        errors = self.errors
        for name, number in call.made:
            arguments[name] = self.values[number]
        if call.path:
            read_texts(call.path, self.scope["path_params"], errors, arguments)
        if call.query:
            read_texts(call.query, self.query, errors, arguments)
        for name, field in call.sought:
            arguments[name] = field.read(self, errors)
        for name, what in call.given:
            arguments[name] = self.given(what, call)
        if errors:
            if call is self.plan.endpoint:
                raise self.invalid()
            if any(value is MISSING for value in arguments.values()):
                self.values.append(MISSING)
                return None
        return arguments

    def given(self, what: str, call: Call) -> Any:
        """What a parameter is given by its type."""
        if what == "response":
            if self.response is None:
                self.response = Response()
                self.response.raw_headers.clear()
                self.response.status_code = 0  # until somebody says another
            return self.response
        if what == "background":
            self.background = self.background or BackgroundTasks()
            return self.background
        return SecurityScopes(list(call.scopes)) if what == "scopes" else self.connection

    async def open_here(self, call: Call, arguments: dict[str, Any]) -> Any:
        """Run a generator to its `yield`, on the loop, and leave the rest to its stack."""
        stack = self.stack(call)
        if call.signature.manner == "async generator":
            opened = asynccontextmanager(call.func)(**arguments)
            with naming(call):
                value = await opened.__aenter__()
            stack.push_async_exit(partial(close_here, call, opened.__aexit__))
        else:
            blocking = contextmanager(call.func)(**arguments)
            with naming(call):
                value = blocking.__enter__()
            stack.push(partial(close_blocking, call, blocking.__exit__))
        return value

    def open_blocking(self, call: Call, arguments: dict[str, Any]) -> Any:
        """Run a generator to its `yield`, on a thread, and leave the rest to its stack, and to a thread again."""
        opened = contextmanager(call.func)(**arguments)
        with naming(call):
            value = opened.__enter__()
        self.stack(call).push_async_exit(partial(leave, close_blocking, call, opened.__exit__))
        return value

    def stack(self, call: Call) -> AsyncExitStack:
        """Where a generator is torn down."""
        if self.exits is None:
            raise RuntimeError(f"{call.name}() has to be torn down, and nobody has said where: run the route as an app")
        return self.exits.of(call)

    def invalid(self) -> Exception:
        """All that is wrong with the request."""
        endpoint = f"{' '.join(self.plan.methods) or 'WS'} {self.plan.path}"
        if not self.plan.methods:
            return WebSocketRequestValidationError(self.errors, endpoint=endpoint)
        body = None if self.body is MISSING else self.body
        return RequestValidationError(self.errors, body=body, endpoint=endpoint)


async def close_here(call: Call, close: Any, *error: Any) -> bool:
    """Run the rest of an async generator; whether it has swallowed the exception."""
    with naming(call):
        return bool(await close(*error))


def close_blocking(call: Call, close: Any, *error: Any) -> bool:
    """Run the rest of a generator; whether it has swallowed the exception."""
    with naming(call):
        return bool(close(*error))


@contextmanager
def naming(call: Call) -> Iterator[None]:
    """What contextlib says of a generator that yields not once is said of the dependency."""
    try:
        yield
    except RuntimeError as error:
        if str(error).startswith("generator didn't yield"):
            raise RuntimeError(f"the dependency {call.name}() ended without a `yield`: it gives one value") from None
        if str(error).startswith("generator didn't stop"):
            raise RuntimeError(f"the dependency {call.name}() yielded a second time: make two of it") from None
        raise
