"""Values in -> an x-ray as one run might have given it, out."""

from rawasgi.instruments.frames import Lane, Line
from rawasgi.instruments.tracing.events import Event
from rawasgi.instruments.xraying.sight import Cost, Dependency, Finding, Stage, Xray

SHAPE = (  # name, kind, task, median, share
    ("FastAPI", "app", "1", 12e-6, 0.03),
    ("ServerErrorMiddleware", "middleware", "1", 5e-6, 0.01),
    ("CORSMiddleware", "middleware", "1", 15e-6, 0.04),
    ("stamp (function)", "middleware", "1", 160e-6, 0.42),
    ("ExceptionMiddleware", "middleware", "2", 9e-6, 0.02),
    ("AsyncExitStackMiddleware", "middleware", "2", 11e-6, 0.03),
    ("APIRouter", "router", "2", 35e-6, 0.09),
    ("GET /items/{id}", "route", "2", 140e-6, 0.36),
)
REQUEST = {"type": "http.request", "body": "0 bytes", "more_body": False}
TYPE = ["content-type", "application/json"]
START = {"type": "http.response.start", "status": 200, "headers": [TYPE]}
STAMPED = {**START, "headers": [TYPE, ["x-stamp", "7"]]}
BODY = {"type": "http.response.body", "body": "8 bytes", "more_body": False}


def stages(shape=SHAPE):
    """The boundaries of an ordinary FastAPI route below a function-style middleware."""
    return tuple(
        Stage(name, kind, f"Task-{task}", "main", "copied" if task == "2" and name == "ExceptionMiddleware" else "same",
              1, 2, Cost(median, median / 8, share))
        for name, kind, task, median, share in shape
    )  # fmt: skip


def events(shape=SHAPE):
    """What passes those boundaries: the call inwards, the request inwards, the answer outwards, the way back."""
    depths = [*range(len(shape))]
    inwards = [(depth, "enter", None) for depth in depths]
    heard = [(depth, "receive", REQUEST) for depth in depths]
    start = [(depth, "send", START if depth > 3 else STAMPED) for depth in reversed(depths)]
    body = [(depth, "send", BODY) for depth in reversed(depths)]
    back = [(depth, "return", None) for depth in reversed(depths)]
    return tuple(
        Event(seq, seq * 4e-5, depth, shape[depth][0], kind, message, f"Task-{shape[depth][2]}", "main", "same", {})
        for seq, (depth, kind, message) in enumerate([*inwards, *heard, *start, *body, *back])
    )


def line(file, number, function, source="await self.app(scope, receive, send)"):
    """One frame."""
    return Line(file, number, function, source)


LANES = (
    Lane(
        "the request",
        (
            line("fastapi/applications.py", 1160, "FastAPI.__call__"),
            line("starlette/applications.py", 113, "Starlette.__call__"),
            line("starlette/middleware/errors.py", 164, "ServerErrorMiddleware.__call__"),
            line("starlette/middleware/cors.py", 85, "CORSMiddleware.__call__"),
            line("starlette/middleware/base.py", 183, "BaseHTTPMiddleware.__call__", "response = await call_next()"),
        ),
    ),
    Lane(
        "task BaseHTTPMiddleware.__call__.<locals>.call_next.<locals>.coro",
        (
            line("starlette/middleware/base.py", 144, "BaseHTTPMiddleware.__call__.<locals>.coro"),
            line("starlette/middleware/exceptions.py", 63, "ExceptionMiddleware.__call__"),
            line("fastapi/middleware/asyncexitstack.py", 18, "AsyncExitStackMiddleware.__call__"),
            line("starlette/routing.py", 716, "Router.__call__"),
            line("fastapi/routing.py", 115, "request_response.<locals>.app", "await wrap(app, request)(…)"),
            line("shop.py", 21, "item", "await reply(scope, receive, send)"),
        ),
    ),
    Lane("thread AnyIO worker thread", (line("shop.py", 31, "clock", "return time.monotonic()"),)),
)


def dependency(name, how, depth=0, parent="item", **more):
    """A dependency, with the values that most have."""
    values = {"is_cached": False, "on_thread": False, "scope": "", "torn_down": "", "call": line, **more}
    return Dependency(name, how, depth, parent, **values)


DEPENDENCIES = (
    dependency("settings", "def", 1, "session", on_thread=True),
    dependency("session", "async def yield", scope="request", torn_down="after the background tasks"),
    dependency("settings", "def", 1, "clock", is_cached=True),
    dependency("clock", "def yield", on_thread=True, scope="function", torn_down="before http.response.start"),
    dependency("Page", "class"),
)
FINDINGS = (
    Finding(
        "second_task",
        "stamp (shop.py:9)",
        "The layer runs the app below in a second task.",
        "request.is_disconnected() below it is always False, and context variables set below are lost above.",
        "Write it as a plain ASGI middleware.",
        "comparisons/p05_middleware_and_errors/middleware",
    ),
    Finding(
        "idle_thread",
        "GET /items/{id}: clock (shop.py:31)",
        "A def that waits for nothing runs on a thread.",
        "It takes one of 40 threads, and a hop there and back costs more than it does.",
        "Write it as async def.",
        "",
    ),
)


def made(**more):
    """An x-ray of an ordinary route; `more` replaces what a test is about."""
    values = {
        "target": "shop:app",
        "asked": "GET /items/7",
        "ending": "200, 8 bytes",
        "stages": stages(),
        "at_start": LANES,
        "hops": 3,
        "events": events(),
        "dependencies": DEPENDENCIES,
        "findings": FINDINGS,
        "runs": 200,
        "unmeasured": "",
        **more,
    }
    return Xray(**values)


def huge(count=60):
    """An x-ray with more of everything than a screen holds."""
    shape = [(f"Layer{number}WithAVeryLongNameThatNobodyWouldChoose", "middleware", "1", 1e-5, 1 / count)
             for number in range(count)]  # fmt: skip
    return made(
        target="a_package_with_a_long_name.and_modules_below:application",
        ending="raised ValueError: " + "x" * 300,
        stages=stages(shape),
        events=events(shape),
        at_start=LANES * count,
        dependencies=tuple(dependency(f"dep{number}", "def", number) for number in range(count)),
        findings=FINDINGS * count,
    )
