"""A look in -> which layers stand in the wrong place, or keep what is not theirs, out.

bytes > server > app > [middleware] > routing > handler > response > bytes

Spec:         https://asgi.readthedocs.io/en/latest/specs/main.html#middleware
In FastAPI:   none, because it leaves this to reviewers
In Starlette: starlette.applications:Starlette.add_middleware, which puts a layer where it is told to
In Flask:     none, because this is about ASGI
Left out:     layers that only another request would pass
"""

from collections.abc import Iterator

from rawasgi.instruments.apart import Hanging, hold, looped
from rawasgi.instruments.conversation import Conversation, Exchange, request
from rawasgi.instruments.layers import Layer
from rawasgi.instruments.xraying.findings import words
from rawasgi.instruments.xraying.findings.words import (
    at,
    handler_at,
    headers_of,
    is_a,
    is_boundary,
    is_cors,
    listed,
    passed,
    said,
    start_of,
)
from rawasgi.instruments.xraying.sight import Finding, Look
from rawasgi.instruments.xraying.users import code_of
from rawasgi.messages.types import Message

ALLOW_ORIGIN = b"access-control-allow-origin"
FRAMEWORKS = ("starlette.", "fastapi.", "rawasgi.")
SECONDS = 5.0  # for a preflight, which has nothing to wait for


def is_function_style(layer: Layer) -> bool:
    """Whether a layer runs what lies below it in a second task; rawasgi's does not."""
    return is_a(layer.app, "starlette.middleware.base", "BaseHTTPMiddleware")


def blind_disconnect(look: Look) -> Iterator[Finding]:
    """A handler asks whether the client is still there, below a layer that keeps it from knowing."""
    around = [layer for layer in passed(look) if is_function_style(layer)]
    dispatches = [code_of(getattr(layer.app, "dispatch_func", None)) for layer in around]
    own = {code.co_qualname for code in dispatches if code is not None}  # these have the `receive` of the server
    lines = [line for line in look.account.asked if line.function not in own]
    if around and lines:
        yield Finding(
            "blind_disconnect",
            at(look, lines[0]),
            f"`request.is_disconnected()` is asked below {listed([layer.name for layer in around])}.",
            "A function with `call_next` takes a turn of the loop to pass a message on, and the question does not wait:"
            " the answer is False, also when the client has long gone.",
            "Write the middleware as an ASGI app, or watch `receive` in a task of its own.",
            words.HTTP_SCOPE,
        )


def preflight_refused(look: Look) -> Iterator[Finding]:
    """CORSMiddleware would allow a preflight, and a layer around it answers otherwise."""
    layers = passed(look)
    cors = next((layer for layer in layers if is_cors(layer)), None)
    outside = [layer.name for layer in layers[: layers.index(cors)] if is_somebodys(layer)] if cors else []
    origin = allowed_origin(cors) if cors and outside else None
    if cors is None or origin is None:
        return
    method = str(look.exchange.scope.get("method", "GET"))
    headers = {"origin": origin, "access-control-request-method": method}
    preflight = request("OPTIONS", look.exchange.scope.get("raw_path", b"/").decode("ascii"), headers)
    alone, whole = answer(cors, preflight, alone=True), answer(look.root, preflight, alone=False)
    if is_allowed(alone) and not is_allowed(whole):
        status = whole["status"] if whole else "nothing"
        yield Finding(
            "preflight_refused",
            at(look),
            f"A preflight of {origin} is answered with {status} by {listed(outside)}; {cors.name}, which lies within,"
            " would allow it.",
            "A preflight carries no credentials: a layer that asks for them has to come after it."
            " The browser never sends the request itself.",
            f"Add {cors.name} last: the layer that is added last is the outermost.",
            words.OWN_LAYER,
        )


def is_allowed(start: Message | None) -> bool:
    """Whether a browser takes this answer to a preflight for a yes."""
    return start is not None and start["status"] < 300 and bool(headers_of(start, ALLOW_ORIGIN))


def is_somebodys(layer: Layer) -> bool:
    """Whether a layer is not one of those that a framework always puts there; function-style ones are the user's."""
    if layer.kind != "middleware":
        return False
    return is_function_style(layer) or not type(layer.app).__module__.startswith(FRAMEWORKS)


def allowed_origin(cors: Layer) -> str | None:
    """An origin that the layer allows; None where only a pattern does."""
    if getattr(cors.app, "allow_all_origins", False):
        return "https://example.com"
    return next(iter(getattr(cors.app, "allow_origins", ())), None)


def answer(layer: Layer, exchange: Exchange, *, alone: bool) -> Message | None:
    """The start of what a layer answers; `alone`, nothing is started, for it answers itself."""
    conversation = Conversation(layer.app, {**exchange.scope}, exchange.messages)
    try:
        if alone:
            looped(conversation.run, SECONDS)
        else:
            hold(lambda: conversation, SECONDS)
    except Exception:
        pass  # what it said before counts
    return start_of(conversation.sent)


def cors_missing_on_500(look: Look) -> Iterator[Finding]:
    """The answer to an unexpected exception is made outside of CORSMiddleware."""
    layers = passed(look)
    cors = next((layer for layer in layers if is_cors(layer)), None)
    if cors is None:
        return
    outside = layers[: layers.index(cors)]
    boundary = next((layer for layer in outside if is_boundary(layer)), None)
    start = start_of(look.sent)
    was_seen = look.error is not None and start is not None and start["status"] >= 500
    if boundary is None or (was_seen and headers_of(start, ALLOW_ORIGIN)):
        return
    handler = handler_at(boundary)
    if was_seen or handler is not None:
        yield Finding(
            "cors_missing_on_500",
            at(look),
            f"An unexpected exception is answered by {boundary.name}, which lies around {cors.name}.",
            "That answer has no CORS headers: the browser hides it, and reports a bug of yours as a CORS error.",
            f"Put {cors.name} around the whole app instead: `app = CORSMiddleware(app, …)`.",
            words.ERRORS,
        )


def any_origin_with_credentials(look: Look) -> Iterator[Finding]:
    """CORSMiddleware allows every origin, with cookies."""
    for layer in passed(look):
        allows = [getattr(layer.app, name, False) for name in ("allow_all_origins", "allow_credentials")]
        if is_cors(layer) and all(allows):
            yield Finding(
                "any_origin_with_credentials",
                at(look),
                f"{layer.name} allows every origin, and credentials with it.",
                "Where a cookie is sent the layer names the origin that asks: any page that a visitor opens may read"
                " your answers as that visitor.",
                "List the origins, or leave `allow_credentials` out.",
                words.NOWHERE,
            )


def body_swallowed(look: Look) -> Iterator[Finding]:
    """A layer has read the body, and what lies below finds nothing."""
    depths = sorted({event.layer for event in look.events})
    for depth in depths[:-1]:
        heard, below = said(look, depth, "receive"), said(look, depth + 1, "receive")
        asked = [message for message in below if message["type"] == "http.disconnect" or not message.get("more_body")]
        if length(heard) and not length(below) and (asked or waits(look)):
            layer = passed(look)[depth]
            yield Finding(
                "body_swallowed",
                at(look),
                f"{layer.name} has read the body ({length(heard)} bytes), and what lies below it"
                f" {'gets none' if asked else 'waits for it'}.",
                "`receive` gives each message once: who asks again waits for the client to leave.",
                "Pass on a `receive` that gives the messages once more, or read by `await request.body()`.",
                words.OWN_LAYER,
            )
            return


def length(messages: list[Message]) -> int:
    """The bytes of a body."""
    return sum(len(message.get("body", b"")) for message in messages if message["type"] == "http.request")


def waits(look: Look) -> bool:
    """Whether the run hangs where it receives."""
    lanes = look.error.lanes if isinstance(look.error, Hanging) else ()
    return any(lane.lines and "receive" in lane.lines[-1].source for lane in lanes)


def buffered_stream(look: Look) -> Iterator[Finding]:
    """A layer has gathered a stream, and sends it in one piece."""
    depths = sorted({event.layer for event in look.events})
    for depth in depths[:-1]:
        outer, inner = (
            [e for e in look.events if e.layer == each and e.kind == "send" and e.message and e.message.get("body")]
            for each in (depth, depth + 1)
        )
        if len(outer) == 1 < len(inner) and inner[-1].seq < outer[0].seq:
            yield Finding(
                "buffered_stream",
                at(look),
                f"{passed(look)[depth].name} is given {len(inner)} pieces of the body, and sends them as one at the end.",
                "A stream arrives when it is over: events come late, and memory holds all of it.",
                "Pass every message on as it comes; a layer that compresses flushes after each.",
                words.LAYERS,
            )


def lifespan_cut(look: Look) -> Iterator[Finding]:
    """A layer keeps the lifespan from the app that has one."""
    if look.exchange.scope["type"] != "lifespan" or look.sent:
        return
    chain = [look.root]
    while len(chain[-1].inner) == 1 and chain[-1].inner[0].kind in ("app", "middleware", "router"):
        chain.append(chain[-1].inner[0])
    hearts = [index for index, layer in enumerate(chain) if layer.kind in ("app", "router")]
    entered = {event.layer for event in look.events if event.kind == "enter"}
    if hearts and entered and hearts[-1] > max(entered):
        layer = chain[max(entered)]
        how = f"raises {type(look.error).__name__}" if look.error is not None else "returns"
        yield Finding(
            "lifespan_cut",
            at(look, words.raised_at(look.error)),
            f"{layer.name} {how} when it is given a lifespan scope, and {chain[hearts[-1]].name} below it gets none.",
            "A server takes that for an app without a lifespan, and serves: nothing of the start-up has run.",
            'Begin with `if scope["type"] != "http": await self.app(scope, receive, send); return`.',
            words.LIFESPAN,
        )
