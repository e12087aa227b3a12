"""A look in -> what all findings ask of it: which layers were passed, what was raised where, how to say so, out.

bytes > server > [app > middleware > routing > handler > response] > bytes

Spec:         none, because this is about words
In FastAPI:   none, because it leaves this to reviewers
In Starlette: none, because it leaves this to reviewers
In Flask:     none, because it leaves this to reviewers
Left out:     other languages
"""

from collections.abc import Iterator, Sequence
from typing import Any

from rawasgi.instruments.frames import Line, short
from rawasgi.instruments.layers import Layer
from rawasgi.instruments.xraying.sight import Look
from rawasgi.instruments.xraying.users import is_users
from rawasgi.messages.types import Message

BLOCKING = "comparisons/p02_understanding_asgi/blocking"
HTTP_SCOPE = "comparisons/p02_understanding_asgi/http_scope"
LIFESPAN = "comparisons/p02_understanding_asgi/lifespan"
WEBSOCKET = "comparisons/p02_understanding_asgi/websocket_scope"
OWN_LAYER = "comparisons/p02_understanding_asgi/custom_middleware"
ROUTES = "comparisons/p03_core_features/routes_and_parameters"
LAYERS = "comparisons/p05_middleware_and_errors/middleware"
ERRORS = "comparisons/p05_middleware_and_errors/error_handling"
FIRST_CHAPTER = "notebooks/01_one_callable_three_scopes.ipynb"
NOWHERE = ""


def passed(look: Look) -> tuple[Layer, ...]:
    """The layers that the exchange has entered, outermost first."""
    names: dict[int, str] = {}
    for event in look.events:
        if event.kind == "enter":
            names.setdefault(event.layer, event.name)
    found = [look.root]
    for depth in range(1, len(names)):
        inner = next((layer for layer in found[-1].inner if layer.name == names.get(depth)), None)
        if inner is None:
            break
        found.append(inner)
    return tuple(found)


def title(look: Look) -> str:
    """What was asked, by its route where one has served: "GET /items/{id}"."""
    routes = [layer.name for layer in passed(look) if layer.kind == "route"]
    scope = look.exchange.scope
    if routes or scope["type"] == "lifespan":
        return routes[-1] if routes else "LIFESPAN"
    return f"{scope.get('method', 'WS')} {scope['path']}"


def at(look: Look, line: Line | None = None) -> str:
    """Where a finding is: the request, and the function with its file and line."""
    return title(look) if line is None else f"{title(look)}: {place(line)}"


def place(line: Line) -> str:
    """`item (shop.py:12)`."""
    return f"{line.function} ({line.file}:{line.line})"


def spelled(line: Line) -> str:
    """The source of a line, without the comment behind it."""
    return f"`{line.source.partition('  # ')[0]}`"


def is_a(app: Any, module: str, name: str) -> bool:
    """Whether an app is of a class, without importing it: `is_a(app, "starlette.middleware.cors", "CORSMiddleware")`."""
    return any(cls.__module__ == module and cls.__name__ == name for cls in type(app).__mro__)


def is_cors(layer: Layer) -> bool:
    """Whether a layer is the one that allows other origins."""
    return is_a(layer.app, "starlette.middleware.cors", "CORSMiddleware")


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and what it came from, each once: a group is the context of an error that it holds, and so in a ring."""
    seen: list[BaseException] = []
    waiting = [error]
    while waiting:
        found = waiting.pop()
        if found is None or any(found is each for each in seen):
            continue
        seen.append(found)
        yield found
        waiting.append(found.__cause__ or found.__context__)
        waiting += reversed(found.exceptions) if isinstance(found, BaseExceptionGroup) else ()


def raised_at(error: BaseException | None) -> Line | None:
    """The user's innermost line in the traceback of an error, or of what it came from."""
    for cause in causes(error):
        trace, found = cause.__traceback__, None
        while trace is not None:
            code = trace.tb_frame.f_code
            if is_users(code):
                found = Line(short(code.co_filename), trace.tb_lineno, code.co_qualname, "")
            trace = trace.tb_next
        if found is not None:
            return found
    return None


def start_of(messages: Sequence[Message]) -> Message | None:
    """The start of a response."""
    return next((message for message in messages if message["type"] == "http.response.start"), None)


def is_whole(messages: Sequence[Message]) -> bool:
    """Whether a response was sent to its end."""
    return any(
        message["type"] == "http.response.pathsend"
        or (message["type"] in ("http.response.body", "http.response.zerocopysend") and not message.get("more_body"))
        for message in messages
    )


def headers_of(message: Message | None, name: bytes) -> list[bytes]:
    """The values of a header, in order."""
    return [value for key, value in (message or {}).get("headers", ()) if bytes(key).lower() == name]


def said(look: Look, depth: int, kind: str) -> list[Message]:
    """The messages that passed a boundary; `kind` is "send" or "receive"."""
    return [dict(e.message) for e in look.events if e.layer == depth and e.kind == kind and e.message is not None]


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def is_boundary(layer: Layer) -> bool:
    """Whether it is here that an exception which nobody expected is answered: in an app of ours, or in Starlette's layer."""
    return hasattr(layer.app, "unexpected_handler") or type(layer.app).__name__ == "ServerErrorMiddleware"


def handler_at(boundary: Layer) -> Any:
    """What is called there, besides; None where there is nothing."""
    return getattr(
        boundary.app, "unexpected_handler" if hasattr(boundary.app, "unexpected_handler") else "handler", None
    )
