"""What a decorator, a router and an app say of a route in -> one answer and one description out.

bytes > server > app > middleware > [routing] > handler > response > bytes

    App(dependencies=[a]) · include_router(router, tags=["x"]) · APIRouter(dependencies=[b]) · @router.get(path, tags=["y"])
    ->  dependencies a, b; tags x, y

Lists are joined, the outermost first; of what can be said once, the innermost has the last word.

Spec:         none, because it ends before the first message: https://asgi.readthedocs.io/en/latest/specs/www.html
In FastAPI:   fastapi.routing:APIRouter.include_router
In Starlette: none, because its routes have no options of this kind
In Flask:     none, because its routes have no options of this kind
Left out:     callbacks and webhooks
"""

import inspect
import types
from collections.abc import AsyncIterable, Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, TypedDict, get_args, get_origin

from rawasgi.responses import BODILESS, Response
from rawasgi.toolkit.events import EventSourceResponse, ServerSentEvent
from rawasgi.typed.params import Depends
from rawasgi.typed.plan import SAID_OF_MODELS, Answer, Description
from rawasgi.typed.signature import Signature, SignatureError, returned_by


class GroupOptions(TypedDict, total=False):
    """What a router, or an app, may say of all its routes."""

    tags: Sequence[Any] | None
    dependencies: Sequence[Depends] | None
    default_response_class: type[Response]
    responses: Mapping[Any, dict[str, Any]] | None
    deprecated: bool | None
    include_in_schema: bool
    generate_unique_id_function: Callable[[Any], str]


class RouteOptions(TypedDict, total=False):
    """What a decorator may say of its route, in FastAPI's names and order."""

    response_model: Any
    status_code: int | None
    tags: Sequence[Any] | None
    dependencies: Sequence[Depends] | None
    summary: str | None
    description: str | None
    response_description: str
    responses: Mapping[Any, dict[str, Any]] | None
    deprecated: bool | None
    operation_id: str | None
    response_model_include: Any  # names of fields, as pydantic takes them
    response_model_exclude: Any
    response_model_by_alias: bool  # True, unless you say otherwise; the next three are False
    response_model_exclude_unset: bool
    response_model_exclude_defaults: bool
    response_model_exclude_none: bool
    include_in_schema: bool
    response_class: type[Response]
    openapi_extra: dict[str, Any] | None
    generate_unique_id_function: Callable[[Any], str]


class SocketOptions(TypedDict, total=False):
    """What a decorator may say of a websocket."""

    dependencies: Sequence[Depends] | None


STREAMS = (AsyncIterable, Iterable)


def check_options(options: Mapping[str, Any], known: type, what: str) -> None:
    """TypeError for an option that nobody knows."""
    for name in options:
        if name not in known.__annotations__:
            raise TypeError(f"{what} has no option {name!r}; it has {', '.join(known.__annotations__)}")


def group_of(said: Mapping[str, Any]) -> dict[str, Any]:
    """What concerns each route of a group, in the words of a route."""
    group = {name: value for name, value in said.items() if name in GroupOptions.__annotations__}
    if (default := group.pop("default_response_class", None)) is not None:
        group["response_class"] = default
    return group


def joined(outer: Mapping[str, Any], inner: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a group around those of a route, or of another group."""
    both = {**outer, **inner}
    for name in ("tags", "dependencies"):
        both[name] = [*(outer.get(name) or ()), *(inner.get(name) or ())]
    both["responses"] = {**(outer.get("responses") or {}), **(inner.get("responses") or {})}
    both["include_in_schema"] = outer.get("include_in_schema", True) and inner.get("include_in_schema", True)
    both["deprecated"] = inner.get("deprecated") or outer.get("deprecated")
    return both


def make_answer(options: Mapping[str, Any], signature: Signature, path: str) -> Answer:
    """What is made of the returned value: what the decorator says, or else the return annotation."""
    returns = None if signature.returns is inspect.Signature.empty else signature.returns
    if "response_model" not in options:
        returns = returned_by(signature) if returns is not None else None
    response_class = options.get("response_class")
    stream, item = stream_of(signature, returns, response_class)
    if "response_model" in options:
        model = options["response_model"]
    elif stream or (isinstance(returns, type) and not get_args(returns) and issubclass(returns, Response)):
        model = None
    else:
        model = None if returns is types.NoneType else returns
    status = options.get("status_code")
    status = None if status is None else int(status)
    if model is not None and (status in BODILESS or status == 205):
        raise SignatureError(
            f"{path}: {signature.name}() returns {model!r}, and status {status} has no body; "
            "choose another status, or say response_model=None"
        )
    said = {name: options[f"response_model_{name}"] for name in SAID_OF_MODELS if f"response_model_{name}" in options}
    return Answer(
        response_model=model, status_code=status, response_class=response_class, stream=stream, stream_item=item, **said
    )


def stream_of(
    signature: Signature, returns: Any, response_class: Any
) -> tuple[Literal["", "bytes", "json lines", "events"], Any]:
    """What kind of stream a generator is, and what its items are, where the return annotation says so."""
    if signature.manner not in ("generator", "async generator"):
        return "", None
    origin, arguments = get_origin(returns), get_args(returns)
    item = arguments[0] if arguments and isinstance(origin, type) and issubclass(origin, STREAMS) else None
    if response_class is None:
        return "json lines", item
    if issubclass(response_class, EventSourceResponse):
        is_event = isinstance(item, type) and issubclass(item, ServerSentEvent)
        return "events", None if is_event else item
    return "bytes", None


def make_description(options: Mapping[str, Any], endpoint: Any) -> Description:
    """What OpenAPI tells of the route; the docstring, up to a form feed, where the decorator says nothing."""
    written = options.get("description") or inspect.cleandoc(getattr(endpoint, "__doc__", None) or "")
    return Description(
        tags=tuple(options.get("tags") or ()),
        summary=options.get("summary"),
        description=written.split("\f")[0].strip(),
        response_description=options.get("response_description", "Successful Response"),
        responses=dict(options.get("responses") or {}),
        deprecated=options.get("deprecated"),
        operation_id=options.get("operation_id"),
        include_in_schema=options.get("include_in_schema", True),
        openapi_extra=options.get("openapi_extra"),
        generate_unique_id_function=options.get("generate_unique_id_function"),
    )
