"""An app in -> the same app, which tells browsers what pages of other origins may do with it, out.

bytes > server > app > [middleware] > routing > handler > response > bytes

CORS protects nobody but the user of a browser, and is enforced by the browser alone: the app answers, and the headers
say whether the page may read the answer. Before a request that an HTML form could not send, the browser asks (the
preflight), and this layer answers without calling the app:

    OPTIONS /, Origin: https://shop.example, Access-Control-Request-Method: PUT
    ->  200, access-control-allow-origin: https://shop.example, access-control-allow-methods: PUT, vary: Origin, …
    or  400, `Disallowed CORS origin, method`: what was not allowed, for whoever looks for the mistake

A preflight carries no cookies and no Authorization, so CORS lies outside of whatever asks for them. And what lies
outside of CORS gets no headers: the answer to an unexpected exception is made outside of all layers of an App, and the
browser calls it a CORS error. Wrapped from outside, it has them too: `app = CORSMiddleware(App(...), ...)`.

Spec:         https://www.w3.org/TR/2020/SPSD-cors-20200602/ (retired; browsers follow the Fetch standard)
In FastAPI:   starlette.middleware.cors:CORSMiddleware
In Starlette: starlette.middleware.cors:CORSMiddleware
In Flask:     none, because an extension does it: Flask-CORS
Left out:     rules of its own for single paths; websockets, to which CORS does not apply: look at their Origin yourself
"""

import re
from collections.abc import Awaitable, Collection

from rawasgi.datastructures import Headers, MutableHeaders
from rawasgi.messages.types import ASGIApp, Message, Receive, Scope, Send
from rawasgi.responses import PlainTextResponse, Response

EVERY_METHOD = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY")
ALWAYS_ALLOWED = {"Accept", "Accept-Language", "Content-Language", "Content-Type"}
ASKED_BY_PREFLIGHTS = (
    *("Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"),
    "Access-Control-Request-Private-Network",
)
AN_ORIGIN = re.compile(r"[^/*]+://[^/*]*|null|\*")
UNFIT = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")  # for a header; what the client sent may have to be sent back


class CORSMiddleware:
    """Answers preflights, and adds the CORS headers to the responses of the app.

    `allow_origins` is exact (`https://shop.example`, `null`) or holds `*`; `allow_origin_regex` must match an origin as
    a whole. `*` in `allow_methods` and `allow_headers` is everything. With `allow_credentials`, `*` would mean nothing
    to a browser, so the origin itself is named: any page may then act as the user. `max_age` is in seconds.

    ValueError for an origin that no browser could send, TypeError for a string in place of a list.
    """

    def __init__(
        self,
        app: ASGIApp,
        allow_origins: Collection[str] = (),
        allow_methods: Collection[str] = ("GET",),
        allow_headers: Collection[str] = (),
        allow_credentials: bool = False,
        allow_origin_regex: str | None = None,
        allow_private_network: bool = False,
        expose_headers: Collection[str] = (),
        max_age: int = 600,
    ) -> None:
        lists = {"allow_origins": allow_origins, "allow_methods": allow_methods, "allow_headers": allow_headers}
        for name, value in {**lists, "expose_headers": expose_headers}.items():
            if isinstance(value, str):
                raise TypeError(f"{name} is a list: [{value!r}]")
        for origin in allow_origins:
            if not AN_ORIGIN.fullmatch(origin):
                raise ValueError(
                    f"no browser sends the origin {origin!r}: it is a scheme and a host, perhaps a port, without path "
                    "or slash at the end; for a pattern there is allow_origin_regex"
                )
        self.app = app
        self.allow_origins = set(allow_origins)
        self.allow_methods = EVERY_METHOD if "*" in allow_methods else tuple(allow_methods)
        self.allow_every_header = "*" in allow_headers
        self.allow_headers = sorted(ALWAYS_ALLOWED | set(allow_headers))
        self.headers_in_lower_case = {name.lower() for name in self.allow_headers}
        self.allow_credentials = allow_credentials
        self.allow_origin_regex = None if allow_origin_regex is None else re.compile(allow_origin_regex)
        self.allow_private_network = allow_private_network
        self.expose_headers = tuple(expose_headers)
        self.max_age = max_age

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a preflight; let anything else pass, and add to its response."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        asked = Headers(raw=[*scope["headers"]])
        origin = asked.get("origin")
        if origin is not None and scope["method"] == "OPTIONS" and "access-control-request-method" in asked:
            await self.preflight_response(asked)(scope, receive, send)
            return

        def send_with_cors(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ())]}
                self.add_headers(MutableHeaders(raw=message["headers"]), origin)
            return send(message)

        await self.app(scope, receive, send_with_cors)

    def is_allowed_origin(self, origin: str) -> bool:
        """Whether pages of this origin may read the answer."""
        if UNFIT.search(origin):
            return False
        by_pattern = self.allow_origin_regex is not None and self.allow_origin_regex.fullmatch(origin) is not None
        return "*" in self.allow_origins or by_pattern or origin in self.allow_origins

    def named(self, origin: str) -> str | None:
        """The value of Access-Control-Allow-Origin; None where the origin is not allowed."""
        if "*" in self.allow_origins and not self.allow_credentials:
            return "*"
        return origin if self.is_allowed_origin(origin) else None

    def add_headers(self, headers: MutableHeaders, origin: str | None) -> None:
        """What a response to an ordinary request says; to one without Origin it says only that others get more."""
        if origin is not None:
            if (allowed := self.named(origin)) is not None:
                headers["access-control-allow-origin"] = allowed
            if self.allow_credentials:
                headers["access-control-allow-credentials"] = "true"
            if self.expose_headers:
                headers["access-control-expose-headers"] = ", ".join(self.expose_headers)
        # Always, or a cache would give one origin the answer that was made for another, or for none.
        headers.add_vary_header("Origin")

    def preflight_response(self, request_headers: Headers) -> Response:
        """200 `OK`, or 400 with what is not allowed; the headers say what would be."""
        wanted = request_headers.get("access-control-request-headers")
        network = "access-control-request-private-network" in request_headers
        allowed = self.named(request_headers["origin"])
        answer = {"vary": ", ".join(ASKED_BY_PREFLIGHTS)}
        if allowed is not None:
            answer["access-control-allow-origin"] = allowed
        answer["access-control-allow-methods"] = ", ".join(self.allow_methods)
        answer["access-control-max-age"] = str(self.max_age)
        if not self.allow_every_header:
            answer["access-control-allow-headers"] = ", ".join(self.allow_headers)
        elif wanted is not None and not UNFIT.search(wanted):
            answer["access-control-allow-headers"] = wanted  # with credentials a `*` would be a header of that name
        if self.allow_credentials:
            answer["access-control-allow-credentials"] = "true"
        if network and self.allow_private_network:
            answer["access-control-allow-private-network"] = "true"
        refused = {
            "origin": allowed is None,
            "method": request_headers["access-control-request-method"] not in self.allow_methods,
            "headers": wanted is not None and not self.allows_headers(wanted),
            "private-network": network and not self.allow_private_network,
        }
        if any(refused.values()):
            # The browser reads the headers alone; the status and the text are for whoever reads its console.
            reasons = ", ".join(reason for reason, is_refused in refused.items() if is_refused)
            return PlainTextResponse(f"Disallowed CORS {reasons}", 400, answer)
        return PlainTextResponse("OK", 200, answer)

    def allows_headers(self, wanted: str) -> bool:
        """Whether a page may send all of these headers: `X-One, x-two`."""
        if self.allow_every_header:
            return not UNFIT.search(wanted)
        return all(name.strip().lower() in self.headers_in_lower_case for name in wanted.split(","))
