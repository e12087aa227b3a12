"""The shop in FastAPI -> an x-ray of its one route, for the demo and for the first page, out."""

import re
from pathlib import Path

from comparisons import shop
from rawasgi.instruments.conversation import request
from rawasgi.instruments.xraying.exposure import Picture, xray

APP = "comparisons.shop:app"
PATH = "/items/7"
COMMAND = f"rawasgi xray {APP} GET {PATH}"

BLOCK = re.compile(r"(<!-- xray -->\n).*?(<!-- /xray -->)", re.DOTALL)
FIGURE = re.compile(r" *<?[\d.]+ ± <?[\d.]+ \S+ +\d+ %[ █]*| *too noisy to tell *")
"""What differs from run to run."""


def picture() -> Picture:
    """X-ray the route, in this process."""
    return xray(shop.app, request("GET", PATH), target=APP)


def steady(text: str) -> str:
    """The text without its figures of time."""
    return "\n".join(FIGURE.sub(" ", line).rstrip() for line in text.splitlines())


def stale(page: Path) -> str | None:
    """The text that a page should have, with a fresh x-ray between its markers; None where only figures differ."""
    text = page.read_text("utf-8")
    shown = f"```\n$ python -m {COMMAND}\n{picture()}\n```\n"
    should = BLOCK.sub(lambda found: f"{found[1]}{shown}{found[2]}", text)
    return None if steady(text) == steady(should) else should
