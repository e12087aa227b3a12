"""The page of a trace is one file, which a browser shows as it should."""

import re
import subprocess
import tempfile
from pathlib import Path

import pytest

from rawasgi.instruments.conversation import request
from rawasgi.instruments.tracing.recorder import record
from tests.instruments.tracing.apps import echo, shop, timing
from tests.require import needed

HEADLESS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1200,900"]


def opened(page: str, folder: Path, *options: str) -> str:
    """What Chromium makes of a page, with a profile that is gone afterwards."""
    browser = needed("chromium")
    file = folder / "trace.html"
    file.write_text(page, encoding="utf-8")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [browser, *HEADLESS, f"--user-data-dir={profile}", *options, file.as_uri()]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=50).stdout


def test_chromium_shows_every_event_with_its_arrow(tmp_path):
    """A row an event, the arrow in the column of its layer, and all of a message behind its words."""
    trace = record(shop(), request("GET", "/items/7"))
    dom = opened(trace.html(), tmp_path, "--dump-dom")
    legend, lanes = re.findall(r"<tbody>(.*?)</tbody>", dom, re.DOTALL)
    rows = re.findall(r'<tr><td class="number">(\d+)</td>(.*?)</tr>', lanes, re.DOTALL)
    assert [int(number) for number, _ in rows] == [event.seq for event in trace.events]
    arrows = [
        [i for i, cell in enumerate(re.findall(r'<td class="cell.*?</td>', row)) if "title" in cell] for _, row in rows
    ]
    assert arrows == [[event.layer] for event in trace.events]
    assert dom.count("<details>") == len([e for e in trace.events if e.message or e.scope_diff])
    assert '<tr class="copied"><td class="number">5</td><td>ExceptionMiddleware</td><td>task 2</td>' in legend


def test_chromium_draws_it(tmp_path):
    """The picture is not blank: it has more than one colour in it."""
    picture = tmp_path / "trace.png"
    opened(record(timing(echo), request("POST", "/")).html(), tmp_path, f"--screenshot={picture}")
    png = picture.read_bytes()
    assert png.startswith(b"\x89PNG\r\n")
    assert len(png) > 10_000  # a white page of this size has 5,000 bytes


def test_the_page_fetches_nothing_and_runs_nothing():
    """No address, no script, no font."""
    page = record(shop(), request("GET", "/items/7")).html()
    assert re.findall(r"<script|<link|<img|src=|href=|url\(|@import", page) == []


@pytest.mark.parametrize("evil", ["<script>alert(1)</script>", "</pre></details><b>", "\"' onclick=x"])
def test_what_an_app_says_is_escaped(evil):
    """In names, headers, errors and paths."""

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-evil", evil.encode())], "a": evil})
        raise LookupError(evil)

    page = record(app, request("GET", "/", state={evil: evil}), target=evil).html()
    assert evil not in page
