"""A request in -> the same request with a name, in every line that is logged for it, out.

bytes > server > app > [middleware] > routing > handler > response > bytes

The name is the client's, where it sent one that is fit for a log, or a new one. It goes back in the same header, and
stands in the context variable `request_id` for whatever runs on behalf of the request: the handler, a `def` handler on
its thread, a background task, a task that the handler starts. There is no second task in rawasgi's layers, so the
variable needs no help to get there.

    {"type": "http.response.start", "status": 200, "headers": []}
    ->  the same with (b"x-request-id", b"3f2b8c4e9a0d4c57b1e6a7d8c9f00112")

    handler.addFilter(RequestIdFilter())                                # on a handler: it sees the lines of all loggers
    handler.setFormatter(logging.Formatter("%(request_id)s %(message)s"))

Spec:         none, because the header is a habit; for one with a grammar see https://www.w3.org/TR/trace-context/
In FastAPI:   none, because one writes it, or takes a package
In Starlette: none, because one writes it
In Flask:     none, because one keeps it on flask.globals:g
Left out:     traces and spans, which have a standard of their own
"""

import logging
import re
import uuid
from collections.abc import Awaitable, Callable
from contextvars import ContextVar

from rawasgi.datastructures import MutableHeaders, encoded
from rawasgi.messages.types import ASGIApp, Message, Receive, Scope, Send

request_id: ContextVar[str] = ContextVar("request_id", default="-")
"""The name of the request that this code runs for; `-` outside of any."""

ANSWERS = ("http.response.start", "websocket.accept", "websocket.http.response.start")
FIT_FOR_A_LOG = re.compile(r"[A-Za-z0-9._~:/+=-]{1,128}")


def new_id() -> str:
    """32 hexadecimal digits, at random."""
    return uuid.uuid4().hex


def is_fit(value: str) -> bool:
    """Whether an id may be taken over: up to 128 letters, digits and `._~:/+=-`, so that it can forge no line of a log."""
    return FIT_FOR_A_LOG.fullmatch(value) is not None


class RequestIdMiddleware:
    """Names every request and websocket. `validator` says which ids of clients are taken, `generator` makes others.

    An id that comes twice is nobody's, and a new one is made. Put it outermost, so that other layers can log the name.
    """

    def __init__(
        self,
        app: ASGIApp,
        header_name: str = "X-Request-ID",
        generator: Callable[[], str] = new_id,
        validator: Callable[[str], bool] = is_fit,
    ) -> None:
        self.app = app
        self.header = encoded(header_name, "")[0]
        self.generator = generator
        self.validator = validator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Set the variable around the app, and add the header to its answer."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        given = [value.decode("latin-1") for name, value in scope["headers"] if name == self.header]
        chosen = given[0] if len(given) == 1 and self.validator(given[0]) else self.generator()

        def send_with_id(message: Message) -> Awaitable[None]:
            if message["type"] in ANSWERS:
                message = {**message, "headers": [*message.get("headers", ())]}
                MutableHeaders(raw=message["headers"])[self.header.decode("latin-1")] = chosen
            return send(message)

        token = request_id.set(chosen)
        try:
            await self.app(scope, receive, send_with_id)
        except Exception:
            raise  # with the variable as it is: the server logs the traceback in this context, and names the request
        except BaseException:
            request_id.reset(token)
            raise
        request_id.reset(token)


class RequestIdFilter(logging.Filter):
    """Lets every record pass, and gives it the attribute `request_id`."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Note on the record which request it was made for."""
        record.request_id = request_id.get()
        return True
