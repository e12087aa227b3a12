"""A plan in -> what a request will do, in words, out.

bytes > server > app > middleware > routing > [handler > response] > bytes

    GET, HEAD /items/{item_id}

      body  none is read

         1  thread  connect()                      def, yields
                      x_dsn        header x-dsn           str
         2  loop    show()                         async def
                      db           what connect() made
                      item_id      path                   int
                      q            query                  str, or ''

    answer  JSON of dict[str, int], or a Response as it is
      ends  when response and background tasks are out: connect() on a thread

Calls with one number are one step: what stands there together on a thread shares one hop.

Spec:         none, because it is for people
In FastAPI:   none, because its plan is a tree: fastapi.dependencies.models:Dependant
In Starlette: none, because a handler has one parameter
In Flask:     none, because a view has no plan
Left out:     layers around the route: `rawasgi xray` shows them
"""

from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

from rawasgi.typed.plan import Argument, Call, Plan
from rawasgi.typed.routing import TypedRoute

GIVEN = {
    "request": "the request",
    "websocket": "the websocket",
    "connection": "the request or websocket",
    "response": "a response, for status and headers",
    "background": "tasks for after the response",
    "scopes": "the scopes asked of it",
}
MANNERS = {
    "coroutine": "async def",
    "function": "def",
    "async generator": "async def, yields",
    "generator": "def, yields",
}
STREAMS = {
    "bytes": "a stream of what it yields",
    "json lines": "a stream of JSON Lines",
    "events": "a stream of events",
}
ENDS = {"function": "before the response starts", "request": "when response and background tasks are out"}


def explain(app: Any, path: str, method: str | None = None) -> str:
    """The plans of the typed routes of an app that have this path as it is written, or that match it.

    KeyError where there is none; it lists those that there are.
    """
    routes = [route for route in app.routes if isinstance(route, TypedRoute)]
    exact = [route for route in routes if route.path == path] or [
        r for r in routes if r.template.match(path) is not None
    ]
    found = [route for route in exact if method is None or method.upper() in (route.methods or ())]
    if not found:
        known = ", ".join(f"{route.path}" for route in routes) or "none"
        raise KeyError(f"no typed route has the path {path!r}{f' and {method}' if method else ''}; there are: {known}")
    plans = [route.plan_for({"app": app}) for route in found]
    return "\n\n".join("\n".join(lines(plan)) for plan in plans)


def lines(plan: Plan) -> Iterator[str]:
    """One plan, line by line."""
    yield f"{', '.join(plan.methods) or 'WEBSOCKET'} {plan.path}"
    yield ""
    yield f"  body  {body_text(plan)}"
    yield ""
    for number, step in enumerate(plan.steps, 1):
        for place, call in enumerate(step.calls):
            head = f"{number:6}  {step.where:6}" if place == 0 else " " * 14
            yield f"{head}  {call.name + '()':30} {', '.join(notes(call))}".rstrip()
            for argument in call.arguments:
                yield f"{'':18}{argument.name:12} {argument_text(plan, argument)}"
    yield ""
    if plan.methods:
        yield f"answer  {answer_text(plan)}"
    for scope, when in ENDS.items():
        ending = [call for call in reversed(plan.calls) if call.ends == scope]
        if ending:
            yield f"  ends  {when}: {', '.join(f'{call.name}() on {thread_or_loop(call)}' for call in ending)}"


def body_text(plan: Plan) -> str:
    """How the body is read."""
    if plan.body is None:
        return "none is read"
    if plan.body.form:
        return f"read as a form, {plan.body.media_type}"
    return f"read as JSON, {'an object with a key for each' if plan.body.embed else 'the whole of it'}"


def notes(call: Call) -> Iterator[str]:
    """What is peculiar to a call."""
    yield MANNERS[call.signature.manner]
    if call.where == "loop" and call.signature.manner == "function":
        yield "said not to block"
    if call.depends and not call.depends.use_cache:
        yield "called anew each time"
    if call.depends and call.depends.max_concurrency:
        yield f"at most {call.depends.max_concurrency} at once"
    if call.scopes:
        yield f"scopes {' '.join(call.scopes)}"


def argument_text(plan: Plan, argument: Argument) -> str:
    """Where an argument comes from, and what it has to be."""
    if argument.call is not None:
        return f"what {plan.calls[argument.call].name}() made"
    if argument.field is None:
        return GIVEN[argument.given]
    parameter = argument.field.parameter
    name = "" if argument.field.alias == argument.name else f" {argument.field.alias}"
    default = "" if parameter.required else f", or {default_text(parameter)}"
    return f"{parameter.place + name:22} {type_text(parameter.annotation)}{default}"


def default_text(parameter: Any) -> str:
    """The default, or the call that makes it."""
    factory = parameter.declared.options.get("default_factory")
    return repr(parameter.default) if factory is None else f"{getattr(factory, '__name__', factory)}()"


def type_text(annotation: Any) -> str:
    """`int`, `list[str]`, `Item | None`."""
    if get_origin(annotation) is Annotated:
        return type_text(get_args(annotation)[0])
    return annotation.__name__ if type(annotation) is type else str(annotation).replace("typing.", "")


def answer_text(plan: Plan) -> str:
    """What is made of the returned value."""
    answer = plan.answer
    status = f", status {answer.status_code}" if answer.status_code else ""
    if answer.stream:
        return STREAMS[answer.stream] + status
    kind = f" of {type_text(answer.response_model)}" if answer.response_model is not None else ""
    return (
        f"{answer.response_class.__name__ if answer.response_class else 'JSON'}{kind}, or a Response as it is{status}"
    )


def thread_or_loop(call: Call) -> str:
    """Where a generator is continued."""
    return "a thread" if call.where == "thread" else "the loop"
