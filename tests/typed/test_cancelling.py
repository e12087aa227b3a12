"""A typed request that is cancelled wherever it waits: what was opened is closed, and nothing is left running."""

import asyncio
from typing import Annotated, Any

import pytest

from rawasgi.app import App
from rawasgi.concurrency import BackgroundTasks
from rawasgi.responses import StreamingResponse
from rawasgi.toolkit.formdata import UploadFile
from rawasgi.typed.params import Depends, Form
from tests.drive import http, on_a_loop
from tests.toolkit.cancelling import cancelled_at_each_suspension, never


class Ledger:
    """Counts what is opened and closed; makes dependencies of every kind."""

    def __init__(self):
        self.opened = self.closed = 0

    async def here(self):
        self.opened += 1
        try:
            await asyncio.sleep(0)
            yield "here"
        finally:
            self.closed += 1

    def blocking(self):
        self.opened += 1
        try:
            yield "blocking"
        finally:
            self.closed += 1

    async def needing(self, blocking: Any = None):
        await asyncio.sleep(0)

    def on_a_thread(self):
        return 1


def served(ledger):
    """An app with a route that needs all of them, takes a file, and has work for afterwards."""
    app = App()
    limited = Depends(ledger.here, max_concurrency=1, use_cache=False)

    async def form(
        a: Annotated[int, Depends(ledger.on_a_thread)],
        b: Annotated[None, Depends(ledger.needing)],
        file: UploadFile,
        note: Annotated[str, Form()],
    ):
        return [file.filename, note]

    @app.post("/")
    async def endpoint(
        a: Annotated[str, Depends(ledger.here)],
        b: Annotated[str, Depends(ledger.blocking)],
        c: Annotated[str, Depends(ledger.here, scope="function", use_cache=False)],
        d: Annotated[str, Depends(ledger.blocking, scope="function", use_cache=False)],
        e: Annotated[str, limited],
        f: Annotated[str, Depends(form)],
        tasks: BackgroundTasks,
    ):
        tasks.add_task(asyncio.sleep, 0)
        await asyncio.sleep(0)
        return f

    @app.get("/")
    async def stream(a: Annotated[str, Depends(ledger.here)], b: Annotated[str, Depends(ledger.blocking)]):
        async def pieces():
            for _ in range(2):
                await asyncio.sleep(0)
                yield b"."

        return StreamingResponse(pieces())

    return app


FORM = (
    b'--x\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nfile\r\n'
    b'--x\r\ncontent-disposition: form-data; name="note"\r\n\r\nnote\r\n--x--\r\n'
)


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("again", [0, 1])
@on_a_loop
async def test_nothing_is_left_wherever_a_request_is_cancelled(method, again, tmp_path):
    """At each suspension, once or twice in a row: no task, no thread, no generator that is still open."""
    ledger = Ledger()
    app = served(ledger)

    async def call():
        before = ledger.opened - ledger.closed
        messages = [{"type": "http.request", "body": FORM, "more_body": False}]

        async def receive():
            return messages.pop(0) if messages else await never()

        async def send(message):
            await asyncio.sleep(0)

        try:
            await app(http(method, "/", [("content-type", "multipart/form-data; boundary=x")]), receive, send)
        finally:
            assert ledger.opened - ledger.closed == before == 0

    assert await cancelled_at_each_suspension(call, tmp_path, again=again) > 5
    assert ledger.opened == ledger.closed > 10
