"""The pieces of a body in -> the fields and files of a form out.

bytes > server > app > middleware > routing > [handler] > response > bytes

`await request.form()` in a handler, or `async with request.form() as form`, which closes the files where it ends. In an
app they are closed at the latest when the request is over; with a `Request` that you made yourself, by its `close()`.

    a=1&b=caf%C3%A9                                      ->  [("a", "1"), ("b", "café")]

    --xyz                                                    multipart/form-data; boundary=xyz
    Content-Disposition: form-data; name="a"
                                                         ->  [("a", "1"),
    1
    --xyz
    Content-Disposition: form-data; name="f"; filename="x.txt"

    …                                                    ->   ("f", UploadFile(filename="x.txt", size=…))]
    --xyz--

The parser of python-multipart is fed each piece as it comes and calls back for each stretch it has understood. Nothing
is kept but fields (`max_part_size` bytes each) and the first MiB of each file. Parsers of forms were slow before: a
header with many backslashes (CVE-2024-24762), fields without an end (CVE-2024-47874). Here work grows with the bytes,
and memory has a limit. How long a body may be is said by `App(max_body_size=…)`, which counts what arrives: 413.

A body that ends before its closing boundary was torn: 400, never a file that is shorter than what was sent.

Spec:         https://www.rfc-editor.org/rfc/rfc7578#section-4  (and https://url.spec.whatwg.org/#urlencoded-parsing)
In FastAPI:   starlette.requests:Request.form
In Starlette: starlette.formparsers:MultiPartParser
In Flask:     werkzeug.formparser:MultiPartParser
Left out:     character sets other than UTF-8, part by part as a stream, `filename*` (RFC 7578 forbids it)
"""

from collections.abc import Generator
from contextlib import aclosing
from tempfile import SpooledTemporaryFile
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

try:
    from python_multipart.exceptions import FormParserError
    from python_multipart.multipart import MultipartParser, QuerystringParser, parse_options_header
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError("forms need python-multipart: pip install 'rawasgi[forms]'", name=missing.name) from None

from rawasgi.datastructures import Headers
from rawasgi.messages.types import Header
from rawasgi.requests import Request
from rawasgi.toolkit.formdata import SPOOL_SIZE, FormData, MalformedForm, UploadFile, close_files


class Limits(NamedTuple):
    """How many files and fields a form may have, and how many bytes a field."""

    max_files: float = 1000
    max_fields: float = 1000
    max_part_size: int = 1024 * 1024


class Form:
    """What `request.form()` gives: to be awaited, or entered with `async with`.

    It is the empty form where the Content-Type is that of no form. Raises `MalformedForm` (a 400) for a body that is
    torn or malformed or goes over a limit, and what the stream raises: `ClientDisconnect`, HTTPException 413.
    """

    def __init__(
        self, request: Request, max_files: float = 1000, max_fields: float = 1000, max_part_size: int = 1024 * 1024
    ) -> None:
        self.request = request
        self.limits = Limits(max_files, max_fields, max_part_size)
        self.data: FormData | None = None

    def __await__(self) -> Generator[Any, None, FormData]:
        return self.read().__await__()

    async def __aenter__(self) -> FormData:
        return await self.read()

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    async def read(self) -> FormData:
        """Read the body, once, and give the form."""
        if self.data is None:
            self.data = await read_form(self.request, self.limits)
        return self.data

    async def close(self) -> None:
        """Close the files of the form, if it was read."""
        if self.data is not None:
            await self.data.close()


async def read_form(request: Request, limits: Limits) -> FormData:
    """Feed the body to the parser of its Content-Type; whatever is raised, no file stays open."""
    media_type, options = parse_options_header(request.headers.get("content-type"))
    if media_type == b"application/x-www-form-urlencoded":
        reader: FormReader = UrlencodedReader(limits)
    elif media_type == b"multipart/form-data":
        reader = MultipartReader(limits, options.get(b"boundary", b""))
    else:
        return FormData()
    try:
        async with aclosing(request.stream()) as stream:
            async for piece in stream:
                await reader.feed(piece)
        return await reader.finish()
    except BaseException as error:
        await close_files(reader.files)
        if isinstance(error, FormParserError):
            raise MalformedForm(str(error)) from None
        raise


class FormReader:
    """The fields and files so far, and what the parser has called back for since the last piece was fed.

    The parser knows no `await`, so what belongs into a file waits in `unwritten` until the parser has returned.
    """

    parser: MultipartParser | QuerystringParser

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.items: list[tuple[str, str | UploadFile]] = []
        self.files: list[UploadFile] = []
        self.unwritten: list[tuple[UploadFile, bytes]] = []
        self.fields = 0

    async def feed(self, piece: bytes) -> None:
        """Parse a piece of the body, and write what belongs into files."""
        self.parser.write(piece)
        for file, data in self.unwritten:
            await file.write(data)
        self.unwritten.clear()

    async def finish(self) -> FormData:
        """The body has ended: the form, its files at their beginning."""
        self.parser.finalize()
        for file in self.files:
            await file.seek(0)
        return FormData(self.items)

    def count_field(self) -> None:
        """One more field, perhaps one too many."""
        self.fields += 1
        if self.fields > self.limits.max_fields:
            raise MalformedForm(f"it has more than {self.limits.max_fields} fields")

    def keep(self, kept: bytearray, data: bytes, others: int = 0) -> None:
        """Append to what a field has in memory; `others` counts what it has elsewhere."""
        if len(kept) + len(data) + others > self.limits.max_part_size:
            raise MalformedForm(f"a field has more than {self.limits.max_part_size} bytes")
        kept += data


class UrlencodedReader(FormReader):
    """`application/x-www-form-urlencoded`: pairs with `&` between them, `+` for a space, `%` and two digits for a byte.

    Bytes above 127 that are not escaped, as many clients send them, are UTF-8 too: so the URL standard reads them.
    """

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits)
        self.name, self.value = bytearray(), bytearray()
        self.parser = QuerystringParser(
            {"on_field_name": self.on_name, "on_field_data": self.on_value, "on_field_end": self.on_end}
        )

    def on_name(self, data: bytes, start: int, end: int) -> None:
        """A stretch of a name."""
        self.keep(self.name, data[start:end])

    def on_value(self, data: bytes, start: int, end: int) -> None:
        """A stretch of a value."""
        self.keep(self.value, data[start:end], others=len(self.name))

    def on_end(self) -> None:
        """The end of a pair."""
        self.count_field()
        self.items.append((unescape(self.name), unescape(self.value)))
        self.name, self.value = bytearray(), bytearray()


def unescape(text: bytearray) -> str:
    """`caf%C3%A9+au+lait` -> `café au lait`; what is no UTF-8 becomes U+FFFD."""
    return unquote_to_bytes(bytes(text).replace(b"+", b" ")).decode("utf-8", "replace")


class MultipartReader(FormReader):
    """`multipart/form-data`: parts between boundaries, each with headers of its own; a part with a filename is a file.

    A part has at most 8 headers of at most 4 KiB, a boundary at most 256 bytes: the limits of python-multipart.
    """

    def __init__(self, limits: Limits, boundary: bytes) -> None:
        super().__init__(limits)
        if not boundary:
            raise MalformedForm("its Content-Type names no boundary")
        self.ended = False
        self.header_name, self.header_value = bytearray(), bytearray()
        self.headers: list[Header] = []
        self.name, self.value = "", bytearray()
        self.file: UploadFile | None = None
        callbacks: Any = {name: getattr(self, name) for name in MULTIPART_CALLBACKS}
        try:
            self.parser = MultipartParser(boundary, callbacks)
        except FormParserError as error:
            raise MalformedForm(str(error)) from None

    async def finish(self) -> FormData:
        """The same; a body that ends before its closing boundary was torn."""
        if not self.ended:
            raise MalformedForm("it ends before its closing boundary")
        return await super().finish()

    def on_part_begin(self) -> None:
        """A boundary: forget the part before it."""
        self.headers, self.value, self.file = [], bytearray(), None

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        """A stretch of a header's name."""
        self.header_name += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        """A stretch of a header's value."""
        self.header_value += data[start:end]

    def on_header_end(self) -> None:
        """The end of a header."""
        self.headers.append((bytes(self.header_name).lower(), bytes(self.header_value)))
        self.header_name, self.header_value = bytearray(), bytearray()

    def on_headers_finished(self) -> None:
        """Content-Disposition says whether this is a field or a file."""
        headers = Headers(raw=self.headers)
        _, options = parse_options_header(headers.get("content-disposition"))
        if b"name" not in options:
            raise MalformedForm("a part has no name in its Content-Disposition")
        self.name = decoded(options[b"name"])
        if b"filename" not in options:
            self.count_field()
            return
        if len(self.files) >= self.limits.max_files:
            raise MalformedForm(f"it has more than {self.limits.max_files} files")
        spool: SpooledTemporaryFile[bytes] = SpooledTemporaryFile(SPOOL_SIZE)  # noqa: SIM115  (the form closes it)
        self.file = UploadFile(spool, size=0, filename=decoded(options[b"filename"]), headers=headers)
        self.files.append(self.file)

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        """A stretch of what the part holds."""
        if self.file is None:
            self.keep(self.value, data[start:end])
        else:
            self.unwritten.append((self.file, data[start:end]))

    def on_part_end(self) -> None:
        """The next boundary: the part is whole."""
        self.items.append((self.name, decoded(self.value) if self.file is None else self.file))

    def on_end(self) -> None:
        """The closing boundary; what follows it is passed over (RFC 2046, section 5.1.1)."""
        self.ended = True


MULTIPART_CALLBACKS = (
    *("on_part_begin", "on_part_data", "on_part_end", "on_header_field", "on_header_value", "on_header_end"),
    *("on_headers_finished", "on_end"),
)


def decoded(text: bytes | bytearray) -> str:
    """UTF-8, and where it is none the bytes one by one, so that nothing is lost."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1")
