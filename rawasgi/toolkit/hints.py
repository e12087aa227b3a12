"""What a client can use before, or only after, the response in -> early hints and trailers out.

bytes > server > app > middleware > routing > [handler > response] > bytes

Two extensions, each sent only to a server that says it can. Before the start: a 103, so that the client fetches the
style sheet while the handler still thinks. After the body: fields that nobody knew at the start, a checksum for example.

    {"type": "http.response.early_hint", "links": [b"</style.css>; rel=preload; as=style"]}
    {"type": "http.response.start", "status": 200, "headers": [(b"trailer", b"content-digest")], "trailers": True}
    {"type": "http.response.body", "body": b"...", "more_body": False}
    {"type": "http.response.trailers", "headers": [(b"content-digest", b"sha-256=:...:")], "more_trailers": False}

Spec:         https://asgi.readthedocs.io/en/latest/extensions.html#http-trailers
In FastAPI:   none, because it leaves the extensions to who sends messages by hand
In Starlette: none, because it leaves the extensions to who sends messages by hand
In Flask:     none, because WSGI has one response and nothing around it
Left out:     server push, which browsers have given up
"""

from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from typing import Any

from rawasgi.concurrency import BackgroundTask
from rawasgi.datastructures import encoded
from rawasgi.messages.types import Message, Scope, Send
from rawasgi.requests import Request
from rawasgi.responses import StreamingResponse

EARLY_HINT = "http.response.early_hint"
TRAILERS = "http.response.trailers"


async def send_early_hints(request: Request, links: Iterable[str]) -> bool:
    """Tell the client what it will need, as values of Link: `</style.css>; rel=preload; as=style`.

    Gives whether the server could pass it on; where it cannot, nothing is sent, and nothing is lost. It has to come
    before the response. ValueError for a link with a line break or NUL.
    """
    message = {"type": EARLY_HINT, "links": [encoded("link", link)[1] for link in links]}
    if EARLY_HINT not in (request.scope.get("extensions") or {}):
        return False
    await request.send(message)
    return True


class TrailersResponse(StreamingResponse):
    """A stream with fields behind its body. `trailers` holds a function for each name, called when the body is out.

    They go out where the server can send them and the client has said `te: trailers`; a client that has not will not
    look, so nothing may depend on them (RFC 9110, 6.5.1).
    """

    def __init__(
        self,
        content: AsyncIterable[Any] | Iterable[Any],
        trailers: Mapping[str, Callable[[], str]],
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        background: BackgroundTask | None = None,
    ) -> None:
        super().__init__(content, status_code, headers, media_type, background)
        self.trailers = dict(trailers)

    def promises(self, scope: Scope) -> bool:
        """Whether trailers will follow: who promises them must send them (X1)."""
        wishes = b",".join(value for name, value in scope["headers"] if name == b"te").lower().split(b",")
        is_asked = b"trailers" in [wish.partition(b";")[0].strip() for wish in wishes]
        has_body = not self.is_bodiless and scope.get("method") != "HEAD"
        return has_body and is_asked and bool(self.trailers) and TRAILERS in (scope.get("extensions") or {})

    def start_message(self, scope: Scope) -> Message:
        """The start, with the names of the fields that will follow."""
        start = super().start_message(scope)
        if self.promises(scope):
            start["headers"].append(encoded("trailer", ", ".join(self.trailers)))
            start["trailers"] = True
        return start

    async def stream_response(self, scope: Scope, send: Send) -> None:
        """Say the body, then what came out at its end."""
        await super().stream_response(scope, send)
        if self.promises(scope):
            fields = [encoded(name, value()) for name, value in self.trailers.items()]
            await send({"type": TRAILERS, "headers": fields, "more_trailers": False})
