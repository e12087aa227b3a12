"""A file as a response: whole, in parts, by the server itself, and refused; every message of it."""

import errno
import os
import re
from typing import Any

import pytest

from rawasgi.instruments.conversation import converse, handshake, request
from rawasgi.toolkit.conditional import http_date
from rawasgi.toolkit.files import FileResponse, disposition
from tests.instruments.messages import piece, start

LETTERS = b"abcdefghijklmnopqrstuvwxyz"
THEN = 784_111_777
DATE = b"Sun, 06 Nov 1994 08:49:37 GMT"
ETAG = b'"ae1b981bc490a00-1a"'
TYPE = (b"content-type", b"text/plain; charset=utf-8")
BYTES = (b"accept-ranges", b"bytes")
VERSION = (b"last-modified", DATE), (b"etag", ETAG)
LENGTH = (b"content-length", b"26")
WHOLE = start(200, TYPE, BYTES, LENGTH, *VERSION)


@pytest.fixture
def letters(tmp_path):
    """A file of 26 letters, from 1994."""
    path = tmp_path / "letters.txt"
    path.write_bytes(LETTERS)
    os.utime(path, (THEN, THEN))
    return path


def asked(response, method="GET", extensions=None, spec_version="2.5", **headers):
    """What the response says to a request with these headers."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    exchange = request(method, "/", named, spec_version=spec_version, extensions=extensions or {})
    return converse(response, exchange)


@pytest.mark.parametrize("spec_version", ["2.0", "2.3", "2.4"])
def test_a_file_is_sent_with_its_type_length_and_version(letters, spec_version):
    """Start, the bytes, the end; type by the name, version by time and size."""
    assert asked(FileResponse(letters), spec_version=spec_version) == [WHOLE, piece(LETTERS, True), piece()]


def test_a_large_file_comes_in_pieces(letters):
    """`chunk_size` bytes at a time; the end is a message of its own."""

    class Slow(FileResponse):
        chunk_size = 10

    pieces = piece(LETTERS[:10], True), piece(LETTERS[10:20], True), piece(LETTERS[20:], True)
    assert asked(Slow(letters)) == [WHOLE, *pieces, piece()]


def test_an_empty_file_is_a_start_and_an_end(letters):
    """No piece without a byte."""
    letters.write_bytes(b"")
    os.utime(letters, (THEN, THEN))
    version = (b"last-modified", DATE), (b"etag", b'"ae1b981bc490a00-0"')
    offers: list[dict[str, Any]] = [{}, {"http.response.zerocopysend": {}}]
    for extensions in offers:
        sent = asked(FileResponse(letters), extensions=extensions)
        assert sent == [start(200, TYPE, BYTES, (b"content-length", b"0"), *version), piece()]


def test_head_is_the_start_alone(letters):
    """The headers of GET; a Range of HEAD is ignored (RFC 9110, 14.2)."""
    assert asked(FileResponse(letters), "HEAD") == [WHOLE, piece()]
    assert asked(FileResponse(letters), "HEAD", range="bytes=0-4") == [WHOLE, piece()]


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [
        ("bytes=0-4", 0, 4),
        ("bytes=24-", 24, 25),
        ("bytes=-3", 23, 25),
        ("bytes=0-1,2-3", 0, 3),
        ("bytes=0-1,90-", 0, 1),
    ],
)
def test_one_range_is_a_206_of_its_bytes(letters, header, first, last):
    """Content-Range says which; ranges that touch, or of which one is left, are one."""
    body = LETTERS[first : last + 1]
    about = (b"content-length", b"%d" % len(body)), *VERSION, (b"content-range", b"bytes %d-%d/26" % (first, last))
    assert asked(FileResponse(letters), range=header) == [
        start(206, TYPE, BYTES, *about),
        piece(body, True),
        piece(),
    ]


@pytest.mark.parametrize("extensions", [{}, {"http.response.pathsend": {}}])
def test_several_ranges_are_one_body_in_parts(letters, extensions):
    """multipart/byteranges, in the order they were asked for; the length is that of all of it."""
    sent = asked(FileResponse(letters), extensions=extensions, range="bytes=24-,0-1")
    headers = dict(sent[0]["headers"])
    boundary = re.fullmatch(rb"multipart/byteranges; boundary=([0-9a-f]{26})", headers[b"content-type"])
    assert boundary
    head = b"--%b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes %%b/26\r\n\r\n" % boundary[1]
    parts = [head % b"24-25", b"yz", b"\r\n" + head % b"0-1", b"ab", b"\r\n--%b--" % boundary[1]]
    length = (b"content-length", b"%d" % len(b"".join(parts)))
    assert sent == [
        start(206, (b"content-type", boundary[0]), BYTES, length, *VERSION),
        *(piece(part, True) for part in parts),
        piece(),
    ]


@pytest.mark.parametrize("header", ["lines=0-4", "bytes=" + "0-1," * 101, None])
def test_a_range_to_be_ignored_is_the_whole_file(letters, header):
    """Another unit, or more ranges than `max_ranges`."""
    headers = {} if header is None else {"range": header}
    assert asked(FileResponse(letters), **headers) == [WHOLE, piece(LETTERS, True), piece()]
    assert asked(FileResponse(letters, 404), range="bytes=0-4") == [
        {**WHOLE, "status": 404},
        piece(LETTERS, True),
        piece(),
    ]
    assert asked(FileResponse(letters), "POST", range="bytes=0-4") == [WHOLE, piece(LETTERS, True), piece()]


def test_a_malformed_range_is_a_400_that_says_why(letters):
    """And nothing of the file."""
    text = b"'x' is no range of bytes"
    assert asked(FileResponse(letters), range="bytes=x") == [
        start(400, (b"content-length", b"%d" % len(text)), TYPE),
        {"type": "http.response.body", "body": text},
    ]


def test_a_range_behind_the_end_is_a_416_that_says_the_size(letters):
    """RFC 9110, 15.5.17."""
    assert asked(FileResponse(letters), range="bytes=26-") == [
        start(416, (b"content-range", b"bytes */26"), (b"content-length", b"0"), TYPE),
        {"type": "http.response.body", "body": b""},
    ]


@pytest.mark.parametrize(
    ("if_range", "status"),
    [
        (ETAG.decode(), 206),
        (DATE.decode(), 206),
        ("W/" + ETAG.decode(), 200),
        ('"old"', 200),
        (http_date(THEN + 1), 200),
        ("x", 200),
    ],
)
def test_if_range_asks_for_a_part_of_the_same_version_or_all_of_another(letters, if_range, status):
    """A download is taken up again only where the bytes are those of its beginning."""
    body = {206: LETTERS[:2], 200: LETTERS}[status]
    sent = asked(FileResponse(letters), range="bytes=0-1", if_range=if_range)
    assert (sent[0]["status"], sent[1:]) == (status, [piece(body, True), piece()])


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("condition", [{"if_none_match": ETAG.decode()}, {"if_modified_since": DATE.decode()}])
def test_who_has_the_file_gets_a_304(letters, method, condition):
    """Of the headers those that tell about what the client has; a Range beside it does not matter."""
    response = FileResponse(letters, headers={"cache-control": "max-age=60", "x-other": "1"})
    assert asked(response, method, range="bytes=0-1", **condition) == [
        start(304, (b"cache-control", b"max-age=60"), (b"etag", ETAG)),
        {"type": "http.response.body", "body": b""},
    ]


def test_who_wants_another_version_gets_a_412(letters):
    """If-Match and If-Unmodified-Since: what was asked for is not there any more."""
    refusal = [start(412, (b"content-length", b"0")), {"type": "http.response.body", "body": b""}]
    assert asked(FileResponse(letters), if_match='"old"') == refusal
    assert asked(FileResponse(letters), if_unmodified_since=http_date(THEN - 1)) == refusal


def test_headers_that_were_given_come_first(letters):
    """An ETag of the app's own is the one that conditions are compared with."""
    response = FileResponse(letters, headers={"ETag": '"mine"', "Content-Type": "text/x-mine", "Accept-Ranges": "none"})
    sent = asked(response)
    assert sent[0]["headers"] == [
        (b"etag", b'"mine"'),
        (b"content-type", b"text/x-mine"),
        (b"accept-ranges", b"none"),
        LENGTH,
        VERSION[0],
    ]
    assert asked(response, if_none_match='"mine"')[0]["status"] == 304


def test_with_a_stat_result_the_headers_are_known_at_once(letters):
    """Length and version can be read before anything is sent."""
    response = FileResponse(letters, stat_result=letters.stat())
    assert response.headers.raw == WHOLE["headers"]
    assert asked(response) == [WHOLE, piece(LETTERS, True), piece()]


def test_a_response_may_be_sent_again_after_the_file_has_changed(letters):
    """It opens the file each time, and keeps nothing of the last one."""
    response = FileResponse(letters)
    asked(response)
    letters.write_bytes(b"new")
    os.utime(letters, (THEN, THEN))
    version = (b"last-modified", DATE), (b"etag", b'"ae1b981bc490a00-3"')
    assert asked(response) == [
        start(200, TYPE, BYTES, (b"content-length", b"3"), *version),
        piece(b"new", True),
        piece(),
    ]


@pytest.mark.parametrize(
    ("filename", "kind", "header"),
    [
        ("a.txt", "attachment", 'attachment; filename="a.txt"'),
        ("a.txt", "inline", 'inline; filename="a.txt"'),
        ("two words.txt", "attachment", "attachment; filename*=utf-8''two%20words.txt"),
        ("na\xefve \u20ac.txt", "attachment", "attachment; filename*=utf-8''na%C3%AFve%20%E2%82%AC.txt"),
        ('"; filename="x', "attachment", "attachment; filename*=utf-8''%22%3B%20filename%3D%22x"),
        ("a\r\nset-cookie: b", "attachment", "attachment; filename*=utf-8''a%0D%0Aset-cookie%3A%20b"),
        ("\udcff", "attachment", "attachment; filename*=utf-8''%3F"),
    ],
)
def test_the_name_to_save_it_by(letters, filename, kind, header):
    """RFC 6266: plain letters in quotes, anything else in UTF-8 and escaped, so that no name can add a parameter."""
    response = FileResponse(letters, filename=filename, content_disposition_type=kind)
    assert response.headers["content-disposition"] == disposition(kind, filename) == header


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("a.html", "text/html; charset=utf-8"),
        ("a.PNG", "image/png"),
        ("a", "application/octet-stream"),
        ("a.json", "application/json"),
    ],
)
def test_the_media_type_follows_from_the_name(name, media_type):
    """By the `mimetypes` module: of `filename`, where it is given, else of the path."""
    assert FileResponse(name).headers["content-type"] == media_type
    assert FileResponse("x.css", filename=name).headers["content-type"] == media_type
    assert FileResponse(name, media_type="text/x").headers["content-type"] == "text/x; charset=utf-8"


PATHSEND, ZEROCOPYSEND = "http.response.pathsend", "http.response.zerocopysend"


def test_a_server_that_can_is_given_the_path(letters, monkeypatch):
    """`pathsend`, absolute, in place of the whole body; a range goes the usual way, and HEAD sends nothing."""
    monkeypatch.chdir(letters.parent)
    sends = {"type": PATHSEND, "path": str(letters)}
    offered: dict[str, Any] = {PATHSEND: {}, ZEROCOPYSEND: {}}
    assert asked(FileResponse("letters.txt"), extensions=offered) == [WHOLE, sends]
    assert asked(FileResponse("letters.txt"), "HEAD", extensions=offered) == [WHOLE, piece()]
    assert asked(FileResponse(letters), extensions={PATHSEND: {}}, range="bytes=0-1")[1:] == [
        piece(b"ab", True),
        piece(),
    ]


def test_a_server_that_can_is_given_the_open_file(letters):
    """`zerocopysend`, with what stands between the parts as usual bodies; the file is closed afterwards."""
    seen: list[Any] = []
    files: list[Any] = []

    async def app(scope, receive, send):
        async def send_and_read(message):
            file = message.get("file")
            if file is not None:
                files.append(file)
                seen.append(os.pread(file.fileno(), message["count"], message["offset"]))
                message = {**message, "file": "open"}
            await send(message)

        await FileResponse(letters)(scope, receive, send_and_read)

    def stretch(offset, count):
        return {"type": ZEROCOPYSEND, "file": "open", "offset": offset, "count": count, "more_body": True}

    assert asked(app, extensions={ZEROCOPYSEND: {}}) == [WHOLE, stretch(0, 26), piece()]
    assert asked(app, extensions={ZEROCOPYSEND: {}}, range="bytes=5-7")[1:] == [stretch(5, 3), piece()]
    parts = asked(app, extensions={ZEROCOPYSEND: {}}, range="bytes=5-7,-1")[1:]
    assert [part if "file" in part else "body" for part in parts] == [
        "body",
        stretch(5, 3),
        "body",
        stretch(25, 1),
        "body",
        "body",
    ]
    assert seen == [LETTERS, b"fgh", b"fgh", b"z"]
    assert all(file.closed for file in files)


def test_a_websocket_may_be_refused_with_a_file(letters):
    """The same messages under their other names; neither ranges nor pathsend are asked about."""
    exchange = handshake("/", headers={"range": "bytes=0-1"}, extensions={"websocket.http.response": {}, PATHSEND: {}})
    denial = [WHOLE | {"status": 403}, piece(LETTERS, True), piece()]
    expected = [message | {"type": "websocket." + message["type"]} for message in denial]
    assert converse(FileResponse(letters, 403), exchange) == expected


def test_what_is_no_file_is_the_apps_mistake(letters, tmp_path):
    """A RuntimeError that names it, before anything was sent, and without a wait for the other end of a pipe."""
    os.mkfifo(tmp_path / "pipe")
    for name, why in {
        "missing": f"cannot be opened: [Errno {errno.ENOENT}] No such file or directory: '{tmp_path}/missing'",
        "": f"cannot be opened: [Errno {errno.EISDIR}] Is a directory: '{tmp_path}'",
        "nul\0": "cannot be opened: embedded null byte",
        "pipe": "is no regular file",
    }.items():
        path = tmp_path / name
        with pytest.raises(RuntimeError) as caught:
            asked(FileResponse(path))
        assert str(caught.value) == f"FileResponse: {os.fspath(path)!r} {why}"


def test_a_file_that_shrinks_while_it_is_sent_breaks_the_body_off(letters):
    """The length was promised: the server must not let the client take the rest for the whole."""
    sent: list[Any] = []

    async def app(scope, receive, send):
        async def send_and_cut(message):
            sent.append(message)
            os.truncate(letters, 10)
            await send(message)

        await FileResponse(letters)(scope, receive, send_and_cut)

    with pytest.raises(RuntimeError, match="has become shorter than was promised to the client"):
        asked(app)
    assert sent == [WHOLE, piece(LETTERS[:10], True)]
