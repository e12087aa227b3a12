"""A function in -> its plan, what it depends on before it, out.

bytes > server > app > middleware > routing > [handler] > response > bytes

    endpoint(user, db)                 ->   1 settings()
        user = current_user(db, token)      2 connect(settings)
            db = connect(settings)          3 current_user(2, token)
        db = connect(settings)              4 endpoint(3, 2)

It is made when a route is registered, so that what no request could satisfy is refused there: a cycle, a generator that
yields twice, a value that would be torn down before the one that uses it, a body where there is none. It is made again
when a router is included, since its prefix and its dependencies change, and for each set of overrides.

Spec:         none, because it ends before the first message: https://asgi.readthedocs.io/en/latest/specs/www.html
In FastAPI:   fastapi.dependencies.utils:get_dependant
In Starlette: none, because it has no dependencies
In Flask:     none, because it has no dependencies
Left out:     dependencies that run side by side
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any, Literal, NamedTuple, cast

from rawasgi.concurrency import name_of
from rawasgi.paths import PathTemplate
from rawasgi.requests import Request
from rawasgi.typed.annotations import is_model
from rawasgi.typed.making import make_field
from rawasgi.typed.params import Body, Depends, SecurityBase
from rawasgi.typed.plan import Answer, Argument, BodyPlan, Call, Description, Plan, SecurityUse, Step
from rawasgi.typed.signature import Parameter, Signature, SignatureError, read_signature, refusal, unwrapped
from rawasgi.typed.yields import second_yield
from rawasgi.websockets import WebSocket


class Draft(NamedTuple):
    """A function that was visited: what it is called with is known, how the body is shared out is not."""

    func: Callable[..., Any]
    signature: Signature
    depends: Depends | None
    scopes: tuple[str, ...]
    calls: dict[str, int]  # its parameters that other calls make


ORDER = ("dependency", "path", "query", "header", "cookie", "body", "form", "file")  # in which arguments are read
BODY = ("body", "form", "file")


class Planner:
    """Walks through a function and its dependencies, each before those who need it."""

    def __init__(self, in_path: Collection[str], overrides: Mapping[Any, Callable[..., Any]]) -> None:
        self.in_path = in_path
        self.overrides = overrides
        self.drafts: list[Draft] = []
        self.made: dict[Any, int] = {}  # what is called once: its number
        self.trail: list[Callable[..., Any]] = []
        self.signatures: dict[int, Signature] = {}  # by the id of a function, since not each has a hash
        self.scoped: dict[int, bool] = {}

    def signature(self, func: Callable[..., Any]) -> Signature:
        """Read once."""
        if id(func) not in self.signatures:
            self.signatures[id(func)] = read_signature(func, self.in_path)
        return self.signatures[id(func)]

    def uses_scopes(self, func: Callable[..., Any]) -> bool:
        """Whether the scopes between the endpoint and this dependency change what it does."""
        if id(func) not in self.scoped:
            self.scoped[id(func)] = False  # for a cycle, which is refused elsewhere
            signature = self.signature(func)
            self.scoped[id(func)] = (
                is_scheme(func)
                or bool(signature.of("scopes"))
                or any(
                    p.depends and (p.depends.scopes or self.uses_scopes(self.target(p.depends)))
                    for p in signature.parameters
                )
            )
        return self.scoped[id(func)]

    def target(self, depends: Depends) -> Any:
        """What is called for a dependency: perhaps what overrides it."""
        return self.overrides.get(identity(depends.dependency), depends.dependency)

    def need(self, depends: Depends, scopes: tuple[str, ...]) -> int:
        """The number of the call that makes the value of a dependency: an earlier one, or a new one."""
        func = self.target(depends)
        scopes = tuple(dict.fromkeys((*scopes, *depends.scopes)))
        self.check_cycle(func)
        told = tuple(sorted(scopes)) if depends.scopes or self.uses_scopes(func) else ()
        key = (
            identity(depends.dependency),
            told,
            depends.scope or ("request" if is_generator(self.signature(func)) else ""),
        )
        if depends.use_cache and key in self.made:
            return self.made[key]
        number = self.visit(func, depends, scopes)
        self.made.setdefault(key, number)
        return number

    def visit(self, func: Callable[..., Any], depends: Depends | None, scopes: tuple[str, ...], raw: Any = None) -> int:
        """Visit a function after what it depends on; its number."""
        signature = read_signature(func, self.in_path, raw=raw) if raw else self.signature(func)
        if depends is not None and is_generator(signature):
            check_yields(func)
        self.trail.append(func)
        calls = {}
        for parameter in signature.of("dependency"):
            needed = cast("Depends", parameter.depends)
            if depends and is_generator(signature) and depends.scope != "function" and needed.scope == "function":
                raise refusal(
                    func,
                    parameter.name,
                    "it ends when the response is out, and this ends before",
                    'give both the same scope: Depends(…, scope="function")',
                )
            calls[parameter.name] = self.need(needed, scopes)
        self.trail.pop()
        self.drafts.append(Draft(func, signature, depends, scopes, calls))
        return len(self.drafts) - 1

    def check_cycle(self, func: Callable[..., Any]) -> None:
        """Refuse a dependency that needs itself, and print the way round."""
        if func in self.trail:
            way = [name_of(each) for each in (*self.trail[self.trail.index(func) :], func)]
            raise SignatureError(
                f"{way[0]}(): its dependencies go round in a cycle: {' > '.join(way)}; let one of them do without"
            )


def identity(func: Any) -> Any:
    """What a dependency is known by: itself, so that two equal methods are one, or its id where it has no hash."""
    try:
        hash(func)
    except TypeError:
        return id(func)
    return func


def is_scheme(func: Any) -> bool:
    """Whether OpenAPI documents a dependency as a security scheme."""
    return isinstance(func, SecurityBase)


def is_generator(signature: Signature) -> bool:
    """Whether a call is continued later."""
    return signature.manner in ("generator", "async generator")


def check_yields(func: Callable[..., Any]) -> None:
    """Refuse a dependency that is sure to yield twice."""
    if (line := second_yield(unwrapped(func))) is not None:
        raise SignatureError(
            f"{name_of(func)}(): it yields a second time in line {line}: a dependency gives one value; make two of it"
        )


def make_plan(
    path: str,
    methods: Collection[str],
    endpoint: Callable[..., Any],
    dependencies: Sequence[Depends] = (),
    *,
    overrides: Mapping[Any, Callable[..., Any]] | None = None,
    answer: Answer | None = None,
    description: Description | None = None,
) -> Plan:
    """The plan of a route. No methods: a websocket. `SignatureError` for what no request could satisfy."""
    planner = Planner(PathTemplate(path).convertors, overrides or {})
    for depends in dependencies:
        if not callable(depends.dependency):
            raise SignatureError(f"{path}: `dependencies` has {depends!r}, and {depends.dependency!r} cannot be called")
        planner.need(depends, ())
    planner.visit(endpoint, None, (), raw=Request if methods else WebSocket)
    body = body_plan(planner.drafts, methods)
    calls = tuple(make_call(number, draft, body, planner.drafts[-1]) for number, draft in enumerate(planner.drafts))
    if body is not None:
        body = replace(body, fields=tuple(f for call in calls for f in call.fields if f.place in BODY))
    security = tuple(SecurityUse(call.func, call.scopes) for call in calls if is_scheme(call.func))
    return Plan(
        path, tuple(methods), calls, steps_of(calls), body, security, answer or Answer(), description or Description()
    )


def body_plan(drafts: Sequence[Draft], methods: Collection[str]) -> BodyPlan | None:
    """How the body is shared out among the parameters that want something of it; its fields come later."""
    refuse_misplaced(drafts, methods)
    wanted = [(draft.func, parameter) for draft in drafts for parameter in draft.signature.of(*BODY)]
    if not wanted:
        return None
    func, first = wanted[0]
    if not methods:
        raise refusal(func, first.name, "a handshake has no body", "receive it as a message, or declare it as Query()")
    if set(methods) <= {"GET", "HEAD"}:
        why = "it is taken from the body, and that of a GET has no meaning (RFC 9110, section 9.3.1)"
        raise refusal(func, first.name, why, "declare it as Query(), or answer another method")
    declared = [cast("Body", parameter.declared) for _, parameter in wanted]
    media_types = [each.media_type for each in declared if each.place != "body"]
    embed = len({parameter.name for _, parameter in wanted}) > 1 or bool(declared[0].options.get("embed"))
    if not media_types:
        return BodyPlan((), embed, form=False, media_type=declared[0].media_type)
    import_module("rawasgi.toolkit.forms")  # by name, and here: only forms need its parser, and it says what to install
    whole = "multipart/form-data" if "multipart/form-data" in media_types else media_types[0]
    return BodyPlan((), embed, form=True, media_type=whole)


# What is given by its type, and cannot be given here.
NOT_GIVEN = {
    True: {"websocket": "a request is no websocket"},
    False: {
        "request": "a handshake is no request: annotate HTTPConnection or WebSocket",
        "response": "a websocket is not answered with a response",
        "background": "a websocket has no end of a response after which a task could run",
    },
}


def refuse_misplaced(drafts: Sequence[Draft], methods: Collection[str]) -> None:
    """Refuse a websocket where there is a request, and the other way round."""
    for draft in drafts:
        for parameter in draft.signature.parameters:
            if why := NOT_GIVEN[bool(methods)].get(parameter.place):
                raise refusal(draft.func, parameter.name, why, "remove it")


def make_call(number: int, draft: Draft, body: BodyPlan | None, endpoint: Draft) -> Call:
    """A call, its arguments in the order in which they are read."""
    arguments = [make_argument(draft, parameter, body) for parameter in draft.signature.parameters]
    places = {parameter.name: parameter.place for parameter in draft.signature.parameters}
    arguments.sort(key=lambda a: ORDER.index(places[a.name]) if places[a.name] in ORDER else len(ORDER))
    ends: Literal["function", "request"] | None = None
    if draft is not endpoint and is_generator(draft.signature):
        ends = (draft.depends.scope if draft.depends else None) or "request"
    return Call(
        number,
        draft.func,
        draft.signature,
        tuple(arguments),
        where_to_call(draft, draft is endpoint),
        ends,
        draft.depends,
        draft.scopes,
    )


def make_argument(draft: Draft, parameter: Parameter, body: BodyPlan | None) -> Argument:
    """One argument."""
    if parameter.place == "dependency":
        return Argument(parameter.name, call=draft.calls[parameter.name])
    if parameter.declared is None:
        return Argument(parameter.name, given=parameter.place)
    shared = {"embed": body.embed, "form": body.form} if body else {}
    return Argument(parameter.name, field=make_field(draft.func, parameter, **shared))


def where_to_call(draft: Draft, is_endpoint: bool) -> Literal["loop", "thread"]:
    """A `def` may block, so it gets a thread, unless it says that it does not. A pydantic model never does."""
    func, manner = draft.func, draft.signature.manner
    if manner in ("coroutine", "async generator") or is_model(func) or getattr(unwrapped(func), "nonblocking", False):
        return "loop"
    return "loop" if is_endpoint and manner == "generator" else "thread"  # that one is iterated over while it is sent


def steps_of(calls: Sequence[Call]) -> tuple[Step, ...]:
    """Neighbours in one place are one step. A call with a limit waits for it on the loop, so it is a step of its own."""
    steps: list[Step] = []
    for call in calls:
        last = steps[-1] if steps else None
        limited = call.depends is not None and call.depends.max_concurrency is not None
        if last and last.where == call.where and not (limited or last.is_limited):
            steps[-1] = replace(last, calls=(*last.calls, call))
        else:
            steps.append(Step(call.where, (call,), any(earlier.ends for earlier in calls[: call.number]), limited))
    return tuple(steps)
