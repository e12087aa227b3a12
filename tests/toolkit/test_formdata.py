"""Files of a form: in memory or on disk, closed whatever happens."""

import asyncio
import io
import tempfile
import threading

import pytest
from starlette import datastructures

from rawasgi.concurrency import threads
from rawasgi.datastructures import Headers
from rawasgi.toolkit.formdata import SPOOL_SIZE, FormData, UploadFile, close_files
from tests.drive import on_a_loop


class Witness(io.BytesIO):
    """A file that notes on which thread it was used; one of another kind than the two that lie in memory."""

    def __init__(self):
        super().__init__()
        self.name = "on disk"
        self.seen = []

    def note(self, word):
        self.seen.append((word, threading.current_thread() is threading.main_thread()))

    def write(self, data):
        self.note("write")
        return super().write(data)

    def read(self, size=-1):
        self.note("read")
        return super().read(size)

    def seek(self, offset, whence=0):
        self.note("seek")
        return super().seek(offset, whence)

    def close(self):
        self.note("close")
        super().close()


@on_a_loop
async def test_a_file_on_disk_is_used_on_a_thread():
    """Each call is one hop; a second close is nothing but a second look."""
    witness = Witness()
    upload = UploadFile(witness, size=0, filename="x", headers=Headers({"Content-Type": "a/b"}))
    await upload.write(b"abc")
    await upload.seek(1)
    assert (await upload.read(1), await upload.read(), upload.size) == (b"b", b"c", 3)
    assert (upload.in_memory, upload.content_type) == (False, "a/b")
    await upload.close()
    assert witness.seen == [
        *(("write", False), ("seek", False), ("read", False), ("read", False), ("close", False), ("close", True))
    ]
    with pytest.raises(ValueError, match="closed file"):
        await upload.read()


@on_a_loop
async def test_a_file_in_memory_needs_no_thread():
    """Until it holds more than a MiB; then it lies on disk, and its place in it is kept."""
    threads.close()
    upload = UploadFile(tempfile.SpooledTemporaryFile(SPOOL_SIZE), size=0)  # noqa: SIM115  (upload.close does it)
    await upload.write(b"x" * SPOOL_SIZE)
    await upload.seek(1)
    assert (len(await upload.read()), upload.in_memory) == (SPOOL_SIZE - 1, True)
    assert repr(threads) == "<ThreadPool of 40, closed>"
    await upload.write(b"y")
    await upload.seek(SPOOL_SIZE - 1)
    assert (await upload.read(), upload.in_memory, upload.size) == (b"xy", False, SPOOL_SIZE + 1)
    await upload.close()
    threads.close()


def test_an_upload_says_what_it_is():
    """As Starlette's does; without headers there is no content type."""
    for kind in (UploadFile, datastructures.UploadFile):
        upload = kind(io.BytesIO(), filename="a\nb", size=1)
        assert repr(upload).startswith(r"UploadFile(filename='a\nb', size=1, headers=Headers(")
        assert (upload.content_type, len(upload.headers)) == (None, 0)


@on_a_loop
async def test_a_form_closes_every_file_also_where_one_fails():
    """A disk that is full is told when the last bytes are written out; the other files are closed all the same."""

    class Full(Witness):
        def close(self):
            super().close()
            if len(self.seen) == 1:
                raise OSError("no space left")

    files = [UploadFile(kind()) for kind in (Witness, Full, Witness)]
    form = FormData([("a", files[0]), ("b", "text"), ("c", files[1]), ("a", files[2])])
    with pytest.raises(OSError, match="no space left"):
        await form.close()
    assert [file.file.closed for file in files] == [True] * 3
    await form.close()


@on_a_loop
async def test_files_are_closed_though_no_thread_is_free():
    """A task that is cancelled while it waits for a thread closes them itself."""
    threads.resize(1)
    free = threading.Event()
    try:
        busy = asyncio.create_task(asyncio.to_thread(free.wait))
        blocked = threads.executor().submit(free.wait)
        upload = UploadFile(Witness())
        closing = asyncio.create_task(close_files([upload]))
        for _ in range(3):
            await asyncio.sleep(0)
        assert not upload.file.closed
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        assert upload.file.closed
    finally:
        free.set()
        await busy
        blocked.result()
        threads.resize(40)
