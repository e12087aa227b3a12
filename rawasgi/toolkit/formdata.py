"""A form that was parsed in -> its fields and files, by name and in order, out.

bytes > server > app > middleware > routing > [handler] > response > bytes

A field is a `str`, a file an `UploadFile`: its first MiB lies in memory, a larger one on disk, in a temporary file that
has no name and is gone when it is closed. What lies on disk is read and written on a thread.

    filename  what the client says, unchanged: "a.png", "../../etc/passwd", "C:x", "" or a line break as %0D%0A

Never make a path of it. RFC 7578, section 4.2: "do not use the file name blindly, check and possibly change".

Spec:         https://www.rfc-editor.org/rfc/rfc7578#section-4.2
In FastAPI:   fastapi.datastructures:UploadFile
In Starlette: starlette.datastructures:UploadFile
In Flask:     werkzeug.datastructures:FileStorage, whose `save` takes a path and blocks
Left out:     a way to give the temporary file a name and keep it
"""

from collections.abc import Iterable
from contextlib import ExitStack
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from rawasgi.concurrency import run_in_threadpool
from rawasgi.datastructures import Headers, ImmutableMultiDict
from rawasgi.exceptions import HTTPException

SPOOL_SIZE = 1024 * 1024  # bytes of a file that stay in memory


class MalformedForm(HTTPException):
    """The body is no form, or more of one than was allowed: answered with 400 unless the handler catches it."""

    def __init__(self, why: str) -> None:
        super().__init__(400, f"Malformed form: {why}")


class UploadFile:
    """A file that a client has sent: `size` in bytes, `filename` as the client says, and the part's `headers`.

    `read`, `write` and `seek` are those of `file`, on a thread once the file lies on disk. ValueError after `close`.
    """

    def __init__(
        self, file: IO[bytes], *, size: int | None = None, filename: str | None = None, headers: Headers | None = None
    ) -> None:
        self.file, self.size, self.filename = file, size, filename
        self.headers = Headers() if headers is None else headers

    @property
    def content_type(self) -> str | None:
        """What the client says the file is: believe it no more than the name."""
        return self.headers.get("content-type")

    @property
    def in_memory(self) -> bool:
        """Whether the file has no place on disk yet, so that no thread is needed for it."""
        return isinstance(self.file, BytesIO | SpooledTemporaryFile) and getattr(self.file, "name", None) is None

    async def write(self, data: bytes) -> None:
        """Write where the file stands."""
        if self.size is not None:
            self.size += len(data)
        if self.in_memory and self.file.tell() + len(data) <= SPOOL_SIZE:
            self.file.write(data)
        else:
            await run_in_threadpool(self.file.write, data)

    async def read(self, size: int = -1) -> bytes:
        """At most `size` bytes from where the file stands; all that follow, by default."""
        return self.file.read(size) if self.in_memory else await run_in_threadpool(self.file.read, size)

    async def seek(self, offset: int) -> None:
        """Go to a byte, counted from the beginning."""
        if self.in_memory:
            self.file.seek(offset)
        else:
            await run_in_threadpool(self.file.seek, offset)

    async def close(self) -> None:
        """Give the file up; a second time is nothing."""
        await close_files([self])

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> dict[str, Any]:
        """For a typed handler: what pydantic calls, in its own words, which are plain data."""
        return {"type": "function-plain", "function": {"type": "no-info", "function": cls.expected}}

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any) -> dict[str, Any]:
        """For OpenAPI: bytes of any kind."""
        return {"type": "string", "contentMediaType": "application/octet-stream"}

    @staticmethod
    def expected(value: Any) -> "UploadFile":
        """The value, if it is a file; ValueError for a field."""
        if not isinstance(value, UploadFile):
            raise ValueError(f"Expected UploadFile, received: {type(value)}")
        return value

    def __repr__(self) -> str:
        return f"UploadFile(filename={self.filename!r}, size={self.size!r}, headers={self.headers!r})"


class FormData(ImmutableMultiDict[str, UploadFile | str]):
    """The fields and files of a form, in order; `getlist(name)` gives all that share a name."""

    async def close(self) -> None:
        """Close every file."""
        await close_files([value for _, value in self.multi_items() if isinstance(value, UploadFile)])


async def close_files(files: Iterable[UploadFile]) -> None:
    """Close all of them, in one hop to a thread if one of them lies on disk, whatever is raised or cancelled here."""
    files = list(files)
    try:
        if not all(file.in_memory for file in files):
            await run_in_threadpool(close_at_once, files)
    finally:
        close_at_once(files)  # for files in memory; and for a task that was cancelled while it waited for a thread


def close_at_once(files: Iterable[UploadFile]) -> None:
    """Close all of them, and raise afterwards what one of them may have raised."""
    with ExitStack() as stack:
        for file in files:
            stack.callback(file.file.close)
