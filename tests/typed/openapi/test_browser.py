"""The pages in a real browser, from a real server: the programs run under the policy, and show the operations."""

import asyncio
import re
import tempfile
from typing import Any

import pytest

from rawasgi.app import App
from rawasgi.routing import Mount
from rawasgi.typed.openapi.docs import add_docs
from tests.require import needed
from tests.typed.openapi.served import DEADLINE, served

DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Shop </script><script>document.title = 'broken'</script>", "version": "1.2"},
    "paths": {
        "/items/{item_id}": {
            "get": {
                "summary": "Read <b>one</b> item",
                "operationId": "read_item",
                "parameters": [{"name": "item_id", "in": "path", "required": True, "schema": {"type": "integer"}}],
                "responses": {"200": {"description": "An item"}},
            }
        },
        "/orders": {
            "post": {"summary": "Place an order", "operationId": "order", "responses": {"201": {"description": "It"}}}
        },
    },
}


async def opened(chromium, url, picture):
    """What Chromium makes of a page when it has nothing more to do, and what it complained about."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = await asyncio.create_subprocess_exec(
            chromium,
            *("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1240,1000", "--enable-logging=stderr"),
            *(
                f"--user-data-dir={profile}",
                "--virtual-time-budget=20000",
                "--dump-dom",
                f"--screenshot={picture}",
                url,
            ),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            dom, said = await asyncio.wait_for(browser.communicate(), DEADLINE)
        finally:
            if browser.returncode is None:
                browser.kill()
                await browser.wait()
        return dom.decode(), re.findall(r"CONSOLE[^\]]*\] (.*)", said.decode())


def shop(below):
    """An app whose document stands above; it may lie below a path of another app."""
    app: Any = App()
    add_docs(app, title="Shop")
    app.openapi = lambda: DOCUMENT
    return App(routes=[Mount(below, app=app)])


@pytest.mark.parametrize("page", ["docs", "redoc"])
@pytest.mark.parametrize("below", ["", "/v1"])
def test_the_page_lists_the_operations(tmp_path, page, below):
    """Each path and summary is there as text, nothing of them became an element, and only a logo was kept from loading.

    Below a root path the same holds, so every link is right there.
    """
    chromium, picture = needed("chromium"), tmp_path / "page.png"

    async def look():
        async with served(shop(below)) as address:
            return await opened(chromium, f"{address}{below}/{page}", picture)

    dom, complaints = asyncio.run(look())
    text = re.sub(r"<[^>]*>|\u200b", "", dom.partition("<body")[2])
    for shown in ("/items/{item_id}", "/orders", "Read &lt;b&gt;one&lt;/b&gt; item", "Place an order"):
        assert shown in text
    assert "<title>Shop - " in dom
    # ReDoc wants its makers' logo from their server, and does without it.
    expected = {"docs": 0, "redoc": 1}[page]
    assert len(complaints) == expected, complaints
    assert all("redoc/logo-mini.svg" in complaint and "img-src" in complaint for complaint in complaints)
    png = picture.read_bytes()
    assert png.startswith(b"\x89PNG\r\n")
    assert len(png) > 20_000  # a white page of this size has 6,000 bytes
