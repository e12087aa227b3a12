"""Forms: what is read, where it is refused, and that no file stays open."""

import asyncio
import json
from typing import Any

import pytest

from rawasgi.app import App
from rawasgi.call_next import BaseHTTPMiddleware
from rawasgi.concurrency import BackgroundTask
from rawasgi.middleware import Middleware
from rawasgi.requests import ClientDisconnect, Request
from rawasgi.responses import JSONResponse, PlainTextResponse, StreamingResponse
from rawasgi.routing import Route
from rawasgi.toolkit.formdata import SPOOL_SIZE, FormData, MalformedForm
from tests.drive import broken, converse, on_a_loop
from tests.instruments.messages import GONE, start
from tests.toolkit.forms import (
    MULTIPART,
    URLENCODED,
    WHOLE,
    Spools,
    field,
    file,
    multipart,
    pieces,
    post,
    reading,
)


@pytest.fixture
def spools(monkeypatch):
    """The temporary files of a test; all are closed at its end."""
    spools = Spools(monkeypatch)
    yield spools
    assert spools.are_closed


def piece(body):
    """A whole body, as a response sends it."""
    return {"type": "http.response.body", "body": body}


def answer(text, status=200):
    """A whole response in plain text."""
    length = str(len(text.encode())).encode()
    return [
        start(status, (b"content-length", length), (b"content-type", b"text/plain; charset=utf-8")),
        piece(text.encode()),
    ]


def refusal(why):
    """The 400 for a malformed form."""
    return answer(f"Malformed form: {why}", 400)


def read(body, content_type=MULTIPART, **limits):
    """What the app made of a body, as data."""
    start, body = converse(reading(**limits), post(content_type), *pieces(body))
    assert start["status"] == 200
    return json.loads(body["body"])


def test_a_whole_form(spools):
    """Fields and files in order, a name that comes twice, content that looks like a boundary and is none."""
    text = [["content-disposition", 'form-data; name="f"; filename="x.txt"'], ["content-type", "text/plain"]]
    content = "\r\n--xy\r\n--xyzzy\r\n"
    assert read(WHOLE) == [["a", "1"], ["f", "x.txt", len(content), text, content], ["a", "\r\n"]]
    assert len(spools.made) == 1


def test_every_cut_of_a_body_is_the_same_form(spools):
    """Cut in two at each place, and byte by byte."""
    cuts = [pieces(WHOLE[:place], WHOLE[place:]) for place in range(len(WHOLE) + 1)]
    cuts.append(pieces(*(WHOLE[place : place + 1] for place in range(len(WHOLE)))))
    whole = converse(reading(), post(), *pieces(WHOLE))
    assert [messages for messages in cuts if converse(reading(), post(), *messages) != whole] == []


def test_a_body_that_was_torn_is_refused_at_every_byte(spools):
    """Until the closing boundary is whole it is a 400; the line end behind it is optional."""
    app = reading()
    statuses = [converse(app, post(), *pieces(WHOLE[:length]))[0]["status"] for length in range(len(WHOLE) + 1)]
    assert statuses == [400] * (len(WHOLE) - 2) + [200] * 3
    assert converse(app, post(), *pieces(WHOLE[:-4])) == refusal("it ends before its closing boundary")


@on_a_loop
async def test_a_body_that_pauses_is_waited_for_and_one_that_is_left_is_dropped(spools):
    """At every byte: without a further message nothing is answered; with a disconnect, ClientDisconnect is raised."""
    for length in range(1, len(WHOLE)):
        inbox: asyncio.Queue[Any] = asyncio.Queue()
        inbox.put_nowait({"type": "http.request", "body": WHOLE[:length], "more_body": True})
        reader = asyncio.create_task(Request(post(), inbox.get).form().read())
        for _ in range(3):
            await asyncio.sleep(0)
        assert not reader.done()
        inbox.put_nowait(GONE)
        with pytest.raises(ClientDisconnect):
            await reader


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b"", []),
        (b"a=1&b=caf%C3%A9+au%20lait&a=2", [["a", "1"], ["b", "café au lait"], ["a", "2"]]),
        ("a=é".encode(), [["a", "é"]]),
        (b"a&b=&=c&&d=e=f&", [["a", ""], ["b", ""], ["", "c"], ["d", "e=f"]]),
        (b"a=%ff%zz%&b;c=1", [["a", "\ufffd%zz%"], ["b;c", "1"]]),
    ],
)
def test_an_urlencoded_form(body, fields):
    """Whole and byte by byte: pairs, blanks, escapes that are none."""
    assert read(body, URLENCODED) == fields
    by_byte = [body[place : place + 1] for place in range(len(body))] or [b""]
    assert json.loads(converse(reading(), post(URLENCODED), *pieces(*by_byte))[1]["body"]) == fields


@pytest.mark.parametrize("content_type", ["text/plain", "multipart/mixed; boundary=xyz", "", "application/json; a"])
def test_another_content_type_is_an_empty_form(content_type):
    """As in Starlette: the body is left unread."""
    assert read(WHOLE, content_type) == []


@pytest.mark.parametrize(
    ("sent", "filename"),
    [
        (b"../../etc/passwd", "../../etc/passwd"),
        (b"/etc/passwd", "/etc/passwd"),
        (b"a\\..\\b", "a\\..\\b"),
        (b"C:\\\\dir\\\\x.txt", "x.txt"),
        ("é.png".encode(), "é.png"),
        ("é.png".encode("latin-1"), "é.png"),
        (b'a\\"b%22%0D%0A', 'a"b%22%0D%0A'),
        (b"a;b", "a;b"),
        (b"\x00", "\x00"),
        (b"", ""),
    ],
)
def test_a_filename_is_what_the_client_says(sent, filename, spools):
    """Dots and slashes stay, escapes too; python-multipart takes the folder off a name that begins with a drive."""
    assert read(multipart(file(b"f", sent)))[0][1] == filename


def test_an_extended_filename_makes_no_file():
    """RFC 7578, 4.2: `filename*` "MUST NOT be used": with it alone a part is a field, beside another it is nothing."""
    disposition = b"Content-Disposition: form-data; name=f; filename*=UTF-8''evil.txt"
    assert read(multipart((disposition, b"1"))) == [["f", "1"]]
    assert read(multipart((disposition + b"; filename=a.txt", b"1")))[0][1] == "a.txt"


PART = multipart(field(b"a", b"1"), field(b"b", b"2"))


@pytest.mark.parametrize(
    ("body", "content_type", "why"),
    [
        (PART, "multipart/form-data", "its Content-Type names no boundary"),
        (PART, "multipart/form-data; boundary=", "its Content-Type names no boundary"),
        (PART, f"multipart/form-data; boundary={'x' * 257}", "Boundary length 257 exceeds maximum of 256"),
        (b"", MULTIPART, "it ends before its closing boundary"),
        (b"a=1", MULTIPART, "Expected boundary character 45, got 97 at index 2"),
        (multipart((b"Content-Type: a/b", b"")), MULTIPART, "a part has no name in its Content-Disposition"),
        (multipart((b"no header", b"")), MULTIPART, "Found invalid character 32 in header at 9"),
        (multipart((b"A: 1\r\n" * 9, b"")), MULTIPART, "Maximum header count exceeded"),
        (multipart((b"A: " + b"1" * 5000, b"")), MULTIPART, "Maximum header size exceeded"),
    ],
)
def test_what_is_no_form_is_refused(body, content_type, why, spools):
    """With 400 and the reason, after files were opened too."""
    assert converse(reading(), post(content_type), *pieces(body)) == refusal(why)
    if content_type == MULTIPART and body.startswith(b"--xyz"):
        torn = multipart(file(b"f", b"x", b"y"), end=b"") + body
        answered = converse(reading(), post(), *pieces(torn))
        assert answered[0]["status"] == 400
        assert len(spools.made) == 1


@pytest.mark.parametrize(
    ("content_type", "body", "limits", "why"),
    [
        (MULTIPART, PART, {"max_fields": 1}, "it has more than 1 fields"),
        (MULTIPART, multipart(file(b"f", b"x"), file(b"f", b"x")), {"max_files": 1}, "it has more than 1 files"),
        (MULTIPART, multipart(field(b"a", b"12345")), {"max_part_size": 4}, "a field has more than 4 bytes"),
        (URLENCODED, b"a=1&b=2", {"max_fields": 1}, "it has more than 1 fields"),
        (URLENCODED, b"ab=123", {"max_part_size": 4}, "a field has more than 4 bytes"),
        (URLENCODED, b"abcde=", {"max_part_size": 4}, "a field has more than 4 bytes"),
    ],
)
def test_a_form_over_a_limit_is_refused_and_one_at_it_is_not(content_type, body, limits, why, spools):
    """Files, fields, bytes of a field; a file has no such limit."""
    assert converse(reading(**limits), post(content_type), *pieces(body)) == refusal(why)
    ((limit, value),) = limits.items()
    assert read(body, content_type, **{limit: value + 1}) != []
    assert read(multipart(file(b"f", b"x", b"12345")), max_part_size=4, max_fields=0)[0][2] == 5


def test_a_refusal_comes_with_the_byte_that_goes_too_far(spools):
    """The rest of the body is not waited for."""
    for content_type, body in ((MULTIPART, multipart(field(b"a", b"12345"), end=b"")), (URLENCODED, b"a=12345")):
        first = pieces(body, b"")[0]
        assert converse(reading(max_part_size=4), post(content_type), first)[0]["status"] == 400


def test_the_whole_body_has_the_limit_of_the_app(spools):
    """What arrives is counted, whatever Content-Length says: 413 with the first byte too many, and the file is closed."""
    scope = post()
    scope["headers"].append((b"content-length", b"1"))
    app = reading(max_body_size=len(WHOLE) - 1)
    assert converse(app, scope, *pieces(WHOLE[:-20], WHOLE[-20:])) == answer("Content Too Large", 413)
    assert converse(reading(max_body_size=len(WHOLE)), scope, *pieces(WHOLE))[0]["status"] == 200
    assert len(spools.made) == 2


def test_a_large_file_goes_to_disk_and_is_read_from_there(spools):
    """The first MiB lies in memory; with the byte more everything is on disk, the order kept."""
    for extra, rolled in ((0, False), (1, True)):
        content = b"ab" * (SPOOL_SIZE // 2) + b"c" * extra
        body = multipart(file(b"f", b"x", content))
        cut = [body[place : place + 65_536] for place in range(0, len(body), 65_536)]
        app = App(routes=[Route("/", whole, methods=["POST"])])
        assert converse(app, post(), *pieces(*cut)) == answer(f"{not rolled} {len(content)} {content[-3:]!r}")
    assert all(spool.closed for spool in spools.made)


async def whole(request):
    """Read a file in two ways."""
    async with request.form() as form:
        upload = form["f"]
        content = await upload.read()
        await upload.seek(upload.size - 3)
        assert content[-3:] == await upload.read(5)
        return PlainTextResponse(f"{upload.in_memory} {len(content)} {content[-3:]!r}")


@pytest.mark.parametrize("ending", ["returns", "raises", "streams", "in the background"])
def test_files_are_open_until_the_request_is_over_and_then_closed(ending, spools):
    """For a handler, for a streamed response, for a background task; under function-style middleware too."""
    seen = []

    def look(form):
        seen.append(form["f"].file.closed)

    async def handler(request):
        form = await request.form()
        if ending == "raises":
            raise ValueError("after the form was read")
        if ending == "streams":

            async def stream():
                look(form)
                yield (await form["f"].read())

            return StreamingResponse(stream())
        response = PlainTextResponse("done")
        response.background = BackgroundTask(look, form) if ending == "in the background" else None
        look(form) if ending == "returns" else None
        return response

    async def pass_on(request, call_next):
        return await call_next(request)

    for layers in ([], [Middleware(BaseHTTPMiddleware, dispatch=pass_on)]):
        app = App(routes=[Route("/", handler, methods=["POST"])], middleware=layers)
        if ending == "raises":
            assert repr(broken(app, post(), *pieces(WHOLE))[1]) == "ValueError('after the form was read')"
        else:
            converse(app, post(), *pieces(WHOLE))
        assert spools.are_closed
    assert (seen, len(spools.made)) == ([] if ending == "raises" else [False, False], 2)


def test_a_form_that_middleware_has_read_is_closed(spools):
    """What a layer reads is closed when the layer ends; below it the body is empty, as it is in Starlette."""

    async def reads(request, call_next):
        form = await request.form()
        assert not form["f"].file.closed
        return await call_next(request)

    app = App(routes=reading().routes, middleware=[Middleware(BaseHTTPMiddleware, dispatch=reads)])
    assert converse(app, post(), *pieces(WHOLE)) == refusal("it ends before its closing boundary")


@on_a_loop
async def test_outside_an_app_a_form_is_closed_by_its_reader(spools):
    """`async with` closes the files, `request.close()` does; a second reading is the same form."""
    for how in ("async with", "close"):
        inbox: asyncio.Queue[Any] = asyncio.Queue()
        inbox.put_nowait(pieces(WHOLE)[0])
        request = Request(post(), inbox.get)
        await request.close()  # nothing was read: nothing to close
        if how == "async with":
            async with request.form() as form:
                assert not spools.are_closed
        else:
            form = await request.form()
            assert not spools.are_closed
            await request.close()
        assert spools.are_closed
        assert await request.form(max_fields=0) is form


@on_a_loop
async def test_a_body_that_was_read_before_is_a_form_too():
    """`body()` keeps it; `stream()` does not, and says so."""

    async def receive():
        return pieces(b"a=1")[0]

    request = Request(post(URLENCODED), receive)
    assert (await request.body(), await request.form()) == (b"a=1", FormData([("a", "1")]))
    request = Request(post(URLENCODED), receive)
    async for _ in request.stream():
        pass
    with pytest.raises(RuntimeError, match="the body was streamed before and is gone"):
        await request.form()


def test_a_handler_may_answer_for_a_malformed_form(spools):
    """It is an exception with a name, and a 400 only where nobody catches it."""

    async def handler(request):
        try:
            await request.form()
        except MalformedForm as error:
            return JSONResponse({"why": error.detail}, 422)

    app = App(routes=[Route("/", handler, methods=["POST"])])
    assert converse(app, post(), *pieces(WHOLE[:100]))[1] == piece(
        b'{"why":"Malformed form: it ends before its closing boundary"}'
    )
