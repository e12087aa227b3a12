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
from typing import Any

from rawasgi.typed.plan import Argument, Call, Plan
from rawasgi.typed.reached import chosen, reached
from rawasgi.typed.routing import TypedRoute
from rawasgi.typed.table import GIVEN, MANNERS, Row, made_by, read_from, table, type_text

STREAMS = {
    "bytes": "a stream of what it yields",
    "json lines": "a stream of JSON Lines",
    "events": "a stream of events",
}


def explain(app: Any, path: str, method: str | None = None) -> str:
    """The plans of the typed routes of an app, and of apps mounted in it, that have this path as it is written, or take it.

    KeyError where there is none; it lists those that there are.
    """
    known = [each for each in reached(app, path) if isinstance(each.route, TypedRoute)]
    found = chosen(known, path, method)
    if not found:
        paths = ", ".join(each.path for each in known) or "none"
        raise KeyError(f"no typed route has the path {path!r}{f' and {method}' if method else ''}; there are: {paths}")
    return "\n\n".join("\n".join(lines(each.route.plan_for({"app": each.app}), each.path)) for each in found)


def lines(plan: Plan, path: str) -> Iterator[str]:
    """One plan, line by line, with the path as a client writes it."""
    title = f"{', '.join(plan.methods) or 'WEBSOCKET'} {path}"
    return table(title, body_text(plan), [*rows(plan)], answer_text(plan) if plan.methods else None)


def rows(plan: Plan) -> Iterator[Row]:
    """The calls, step by step."""
    for number, step in enumerate(plan.steps, 1):
        for place, call in enumerate(step.calls):
            arguments = ((argument.name, argument_text(plan, argument)) for argument in call.arguments)
            yield Row(0 if place else number, call.where, call.name, notes(call), arguments, call.ends)


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
        return made_by(plan.calls[argument.call].name)
    if argument.field is None:
        return GIVEN[argument.given]
    parameter = argument.field.parameter
    default = None if parameter.required else default_text(parameter)
    return read_from(parameter.place, argument.name, argument.field.alias, parameter.annotation, default)


def default_text(parameter: Any) -> str:
    """The default, or the call that makes it."""
    factory = parameter.declared.options.get("default_factory")
    return repr(parameter.default) if factory is None else f"{getattr(factory, '__name__', factory)}()"


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
