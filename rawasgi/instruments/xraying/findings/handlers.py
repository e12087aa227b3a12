"""A look in -> the exception handlers that will not do what they look like out.

bytes > server > app > [middleware > routing > handler] > response > bytes

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#error-handling
In FastAPI:   fastapi.applications:FastAPI.build_middleware_stack, which hands the handlers out
In Starlette: starlette.applications:Starlette.build_middleware_stack, which hands the handlers out
In Flask:     flask.app:Flask.handle_user_exception
Left out:     handlers of Django's, which are views
"""

from collections.abc import Iterator, Mapping
from typing import Any

from rawasgi.instruments.layers import Layer, walk
from rawasgi.instruments.xraying.findings import words
from rawasgi.instruments.xraying.findings.words import at, handler_at, is_boundary, passed
from rawasgi.instruments.xraying.sight import Finding, Look
from rawasgi.instruments.xraying.users import code_of, head, is_users, name_of


def tables(look: Look) -> Iterator[tuple[Layer, Mapping[Any, Any]]]:
    """The apps with the handlers that were registered there."""
    for layer in {id(layer.app): layer for layer in walk(look.root)}.values():
        handlers = vars(layer.app).get("exception_handlers") if hasattr(layer.app, "__dict__") else None
        if layer.kind in ("app", "mount") and isinstance(handlers, Mapping):
            yield layer, handlers


def unreachable_handler(look: Look) -> Iterator[Finding]:
    """An exception handler that can never run."""
    for layer, handlers in tables(look):
        outer = [key for key in handlers if key in (500, Exception)]
        boundary = next((each for each in walk(layer) if is_boundary(each)), None)
        serves = handler_at(boundary) if boundary else None
        debug = bool(getattr(boundary.app, "debug", False)) if boundary else False
        for key in outer:
            if debug:
                yield never(
                    look, handlers[key], key, "debug is on, and then every unexpected exception gets a traceback"
                )
            elif handlers[key] is not serves and boundary is not None:
                other = key_name(next(each for each in outer if each is not key))
                yield never(look, handlers[key], key, f"{other} has a handler too, and both mean the same place")
    for key, handler in look.account.late:
        yield never(look, handler, key, "it was registered when the layers were built already, by the start-up")


def never(look: Look, handler: Any, key: Any, why: str) -> Finding:
    """The finding of a handler that never runs."""
    code = code_of(handler)
    return Finding(
        "unreachable_handler",
        at(look, head(code) if code is not None and is_users(code) else None),
        f"The handler {name_of(handler)} for {key_name(key)} can never run: {why}.",
        "What it was to answer is answered otherwise, and no test of the handler alone will tell.",
        "Keep one handler for it, and register it before the app starts, without debug.",
        words.ERRORS,
    )


def narrow_handler(look: Look) -> Iterator[Finding]:
    """A handler that looks as if it were for an error that it was not given."""
    apps = [layer.app for layer in passed(look)]
    for error in look.account.answered:
        for layer, handlers in tables(look):
            if not any(layer.app is app for app in apps):
                continue
            for key, handler in handlers.items():
                code = code_of(handler)
                if code is not None and is_users(code) and (why := passes_by(key, error)):
                    yield Finding(
                        "narrow_handler",
                        at(look, head(code)),
                        f"{type(error).__name__} was answered by the framework, past the handler for {key_name(key)}.",
                        why,
                        f"Register the handler for {type(error).__module__}.{type(error).__name__}.",
                        words.ERRORS,
                    )


def passes_by(key: Any, error: Exception) -> str:
    """Why a handler for `key` is not given `error`, where one may expect it; "" where nobody would."""
    kind = type(error)
    names = {f"{cls.__module__}.{cls.__name__}" for cls in kind.__mro__}
    is_http = "starlette.exceptions.HTTPException" in names or "rawasgi.exceptions.HTTPException" in names
    if is_http and isinstance(key, type) and issubclass(key, kind) and key is not kind:
        return f"{key.__module__}.{key.__name__} is a subclass of it: what the router raises (404, 405) is none."
    if is_http and key in (500, Exception) and getattr(error, "status_code", None) == 500:
        return "A handler for 500 or Exception is for what nobody expected; an HTTPException is expected."
    if "fastapi.exceptions.RequestValidationError" in names:
        if isinstance(key, type) and key.__name__ == "ValidationError" and key.__module__.startswith("pydantic"):
            return (
                "FastAPI raises an error of its own for a request that does not fit; pydantic's is none of its bases."
            )
        if key == 422:
            return "A status is looked up for an HTTPException alone, and a RequestValidationError is none."
    return ""


def debug_on(look: Look) -> Iterator[Finding]:
    """Tracebacks go to the client."""
    for layer in passed(look):
        if is_boundary(layer) and getattr(layer.app, "debug", False):
            yield Finding(
                "debug_on",
                at(look),
                f"{layer.name} runs with debug.",
                "An unexpected exception is answered with its traceback: your code and your paths, to anybody.",
                "Take `debug` from the environment, off unless it says so.",
                words.ERRORS,
            )
            return


def key_name(key: Any) -> str:
    """`500`, `Exception`, `fastapi.exceptions.HTTPException`."""
    if not isinstance(key, type):
        return str(key)
    return key.__name__ if key.__module__ == "builtins" else f"{key.__module__}.{key.__name__}"
