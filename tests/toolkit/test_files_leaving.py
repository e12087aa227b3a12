"""A file whose reader leaves: nothing stays open, and the background task runs."""

import asyncio
import os
from typing import Any

import pytest

from rawasgi.concurrency import BackgroundTask
from rawasgi.instruments.conversation import ClientLeft, Conversation, converse, request
from rawasgi.toolkit import files
from rawasgi.toolkit.files import FileResponse, read_at
from tests.drive import on_a_loop
from tests.toolkit.cancelling import open_files

SPECS = pytest.mark.parametrize("spec_version", ["2.3", "2.4"])


class InPieces(FileResponse):
    """Four bytes at a time, so that there is something to leave from."""

    chunk_size = 4


@pytest.fixture
def film(tmp_path):
    """A file of 100 bytes."""
    path = tmp_path / "film.bin"
    path.write_bytes(bytes(range(100)))
    return path


@pytest.mark.parametrize("leaves_after", range(1, 6))
def test_a_newer_server_says_by_send_that_the_client_left(film, leaves_after):
    """Spec 2.4: the file is closed, then the background task runs, and the OSError goes back to the server."""
    log: list[Any] = []
    response = InPieces(film, background=BackgroundTask(lambda: log.append(open_files(film.parent))))
    with pytest.raises(ClientLeft):
        converse(response, request(spec_version="2.4"), leaves_after=leaves_after)
    assert log == [[]]
    assert open_files(film.parent) == []


@on_a_loop
async def test_an_older_server_says_by_receive_that_the_client_left(film):
    """Spec 2.3: the file is closed while `send` still waits, the background task runs, and nothing is raised."""
    log: list[Any] = []
    response = InPieces(film, background=BackgroundTask(lambda: log.append(open_files(film.parent))))
    exchange = request(spec_version="2.3")
    conversation = Conversation(response, exchange.scope, exchange.messages)

    async def slow_client(message):
        await conversation.send(message)
        if len(conversation.sent) == 3:
            assert open_files(film.parent) == [film]
            conversation.disconnect()
            await asyncio.Event().wait()  # what is sent now goes nowhere, and this server does not say so

    async with asyncio.timeout(5):
        await response(exchange.scope, conversation.receive, slow_client)
    assert log == [[]]
    assert asyncio.all_tasks() == {asyncio.current_task()}


@SPECS
@on_a_loop
async def test_the_file_is_read_as_fast_as_the_client_takes_it(film, spec_version, monkeypatch):
    """Back pressure: while `send` waits, nothing is read."""
    reads: list[Any] = []
    sent: list[Any] = []

    def read_and_note(file, position, count):
        reads.append(count)
        return read_at(file, position, count)

    monkeypatch.setattr(files, "read_at", read_and_note)

    async def send(message):
        for _ in range(5):
            await asyncio.sleep(0)
        sent.append(message)
        assert len(reads) < len(sent) + 1

    async def receive():
        return await asyncio.Event().wait()

    await InPieces(film)(request(spec_version=spec_version).scope, receive, send)
    assert (len(reads), len(sent)) == (25, 27)


@pytest.mark.parametrize("headers", [{}, {"range": "bytes=x"}, {"range": "bytes=200-"}, {"if-none-match": "*"}])
def test_a_temporary_file_is_gone_after_any_answer(film, headers):
    """`background` may remove it: it runs after a refusal and after a 304 too."""
    converse(FileResponse(film, background=BackgroundTask(os.remove, film)), request("GET", "/", headers))
    assert not film.exists()
