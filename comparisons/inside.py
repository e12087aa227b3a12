"""The FastAPI app of a comparison -> an x-ray of one of its routes, for the demo and for the first page, out.

The route is a `def` below a function-style middleware: a second task, a hop to a thread, and reasons to ask why.
"""

import importlib
import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from rawasgi.instruments.conversation import request
from rawasgi.instruments.xraying.exposure import Picture, xray

APP = "comparisons.p05_middleware_and_errors.middleware.fastapi_app"
PATH = "/thread"
COMMAND = f"rawasgi xray {APP}:app GET {PATH}"
LINES = 26
"""How much of the demo's screen it may take."""

BLOCK = re.compile(r"(<!-- xray -->\n).*?(<!-- /xray -->)", re.DOTALL)
FIGURE = re.compile(r" *<?[\d.]+ ± <?[\d.]+ \S+ +\d+ %[ █]*| *too noisy to tell *")
"""What differs from run to run."""


def picture() -> Picture:
    """X-ray the route, in this process; what the app prints is its own affair."""
    app = importlib.import_module(APP).app
    with redirect_stdout(StringIO()):
        return xray(app, request("GET", PATH), target=f"{APP}:app")


def steady(text: str) -> str:
    """The text without its figures of time."""
    return "\n".join(FIGURE.sub(" ", line).rstrip() for line in text.splitlines())


def stale(page: Path) -> str | None:
    """The text that a page should have, with a fresh x-ray between its markers; None where only figures differ."""
    text = page.read_text("utf-8")
    shown = f"```\n$ python -m {COMMAND}\n{picture()}\n```\n"
    should = BLOCK.sub(lambda found: f"{found[1]}{shown}{found[2]}", text)
    return None if steady(text) == steady(should) else should
