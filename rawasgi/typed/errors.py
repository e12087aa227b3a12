"""What is wrong with a request in -> the answer that tells the client, all of it at once, out.

bytes > server > app > middleware > routing > [handler > response] > bytes

    POST /items {"name": 1}  ->  422 {"detail": [
        {"type": "string_type", "loc": ["body", "name"], "msg": "Input should be a valid string", "input": 1},
        {"type": "missing", "loc": ["body", "price"], "msg": "Field required", "input": {"name": 1}}]}

A typed route answers two exceptions itself unless the app has a handler for them: this one, and HTTPException, whose
detail it tells in JSON. A response that is not what it should be is the server's fault: 500, and the error in its log.

Spec:         https://www.rfc-editor.org/rfc/rfc9110#section-15.5.21
In FastAPI:   fastapi.exceptions:RequestValidationError
In Starlette: none, because it validates nothing
In Flask:     none, because it validates nothing
Left out:     the source line of the endpoint in the text
"""

from collections.abc import Callable, Sequence
from typing import Any

from rawasgi.exceptions import HTTPException, WebSocketException
from rawasgi.requests import Request
from rawasgi.responses import BODILESS, JSONResponse, Response
from rawasgi.typed.encoders import jsonable_encoder


class ValidationException(Exception):
    """Values that are not what they should be; `errors()` tells of each."""

    def __init__(self, errors: Sequence[Any], *, endpoint: str = "") -> None:
        self._errors = errors
        self.endpoint = endpoint

    def errors(self) -> Sequence[Any]:
        """A dict each: `type`, `loc`, `msg`, `input`, perhaps `ctx`."""
        return self._errors

    def __str__(self) -> str:
        count = f"{len(self._errors)} validation error{'s' * (len(self._errors) != 1)}"
        return "\n".join([f"{count} for {self.endpoint or 'an endpoint'}", *(f"  {error}" for error in self._errors)])


class RequestValidationError(ValidationException):
    """A request that its handler cannot be called with; `body` is its body as far as it was understood."""

    def __init__(self, errors: Sequence[Any], *, body: Any = None, endpoint: str = "") -> None:
        super().__init__(errors, endpoint=endpoint)
        self.body = body


class ResponseValidationError(ValidationException):
    """A returned value, `body`, that is not what the route says it returns."""

    def __init__(self, errors: Sequence[Any], *, body: Any = None, endpoint: str = "") -> None:
        super().__init__(errors, endpoint=endpoint)
        self.body = body


class WebSocketRequestValidationError(ValidationException, WebSocketException):
    """A handshake that its handler cannot be called with: refused with HTTP 403, for nothing was accepted yet."""

    def __init__(self, errors: Sequence[Any], *, endpoint: str = "") -> None:
        WebSocketException.__init__(self, 1008, "the handshake lacks something, or has something else")
        ValidationException.__init__(self, errors, endpoint=endpoint)


async def http_exception_handler(request: Request, exc: HTTPException) -> Response:
    """`{"detail": …}`, where a body may follow."""
    if exc.status_code in BODILESS:
        return Response(None, exc.status_code, exc.headers)
    return JSONResponse({"detail": exc.detail}, exc.status_code, exc.headers)


async def request_validation_exception_handler(request: Request, exc: RequestValidationError) -> Response:
    """422, with all errors; an input that is no UTF-8 is shown as well as it can be."""
    return JSONResponse({"detail": jsonable_encoder(exc.errors(), custom_encoder={bytes: readable})}, 422)


def readable(data: bytes) -> str:
    """Bytes as text, whatever they are."""
    return data.decode("utf-8", "replace")


DEFAULT: dict[type[Exception], Callable[..., Any]] = {
    RequestValidationError: request_validation_exception_handler,
    HTTPException: http_exception_handler,
}


def default_handler(error: Exception, app: Any) -> Callable[..., Any] | None:
    """Our handler for an exception; None where the app has one of its own, by status or class, or where we have none."""
    theirs: Any = getattr(app, "expected_handlers", {})
    if getattr(error, "status_code", None) in theirs:
        return None
    for cls in type(error).__mro__:
        if cls in theirs:
            return None
        if cls in DEFAULT:
            return DEFAULT[cls]
    return None
