"""The page in a real browser: it opens from a disk, and every part of it is drawn."""

import re
import subprocess
import tempfile

import pytest

from rawasgi.instruments.xraying.page import page
from tests.instruments.xraying.made import SHAPE, made
from tests.require import needed


@pytest.fixture
def opened(tmp_path):
    """A function that gives what Chromium makes of the page, with a profile that is gone afterwards."""

    def chromium(*options):
        browser, file = needed("chromium"), tmp_path / "xray.html"
        file.write_text(page(made()), encoding="utf-8")
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            command = [browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1240,1600"]
            command += [f"--user-data-dir={profile}", *options, file.as_uri()]
            return subprocess.run(command, capture_output=True, text=True, check=True, timeout=50).stdout

    return chromium


def test_chromium_reads_what_was_written(opened):
    """Both pictures, each layer and each finding are in the document; the parser had nothing to mend."""
    dom = opened("--dump-dom")
    assert dom.count("<svg ") == 2
    assert dom.count('<rect x="') == page(made()).count('<rect x="')
    assert [name for name, *_ in SHAPE if name not in dom] == []
    assert re.findall(r"<h2>(.*?)</h2>", dom)[-1] == "Findings"


def test_chromium_draws_it(opened, tmp_path):
    """The picture is not blank: it has more than one colour in it."""
    picture = tmp_path / "xray.png"
    opened(f"--screenshot={picture}")
    png = picture.read_bytes()
    assert png.startswith(b"\x89PNG\r\n")
    assert len(png) > 50_000  # a white page of this size has 8,000 bytes
