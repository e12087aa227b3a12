"""Responses are read as RFC 9112 frames them: whole, byte by byte, and with what follows."""

import socket
import threading

import pytest

from rawasgi.instruments.scoring.wire import Answer, NotHTTP, Silence, Wire

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n5;x=1\r\nhello\r\n1\r\n!\r\n0\r\nX-Sum:  7\r\n\r\n"
HINTED = b"HTTP/1.1 103 \r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
CASES = {
    "chunks": (
        CHUNKED,
        "GET",
        Answer(200, [(b"transfer-encoding", b"Chunked")], b"hello!", True, 2, [(b"x-sum", b"7")]),
    ),
    "torn chunks": (CHUNKED[:-4], "GET", Answer(200, [(b"transfer-encoding", b"Chunked")], b"hello!", False, 2)),
    "a torn chunk": (CHUNKED[:60], "GET", Answer(200, [(b"transfer-encoding", b"Chunked")], b"", False, 0)),
    "a length": (HINTED, "GET", Answer(200, [(b"content-length", b"2")], b"hi", True, before=[(103, [(b"link", b"</a>")])])),
    "a torn length": (HINTED[:-1], "GET", Answer(200, [(b"content-length", b"2")], b"h", False, before=[(103, [(b"link", b"</a>")])])),
    "the end": (b"HTTP/1.0 200 OK\r\nA:\tb\t\r\n\r\nhello", "GET", Answer(200, [(b"a", b"b")], b"hello", True)),
    "no body to HEAD": (b"HTTP/1.1 200 \r\nContent-Length: 9\r\n\r\n", "HEAD", Answer(200, [(b"content-length", b"9")], b"", True)),
    "no body with 304": (b"HTTP/1.1 304 \r\nContent-Length: 9\r\n\r\n", "GET", Answer(304, [(b"content-length", b"9")], b"", True)),
    "an upgrade": (b"HTTP/1.1 101 \r\n\r\n", "GET", Answer(101, [], b"", True)),
    "a torn head": (b"HTTP/1.1 200 OK\r\nContent-", "GET", None),
    "nothing": (b"", "GET", None),
}  # fmt: skip


def said(pieces, is_kept=False):
    """A wire on which a server says this."""
    listener = socket.create_server(("127.0.0.1", 0))
    wire = Wire(listener.getsockname()[1], 5.0)
    server, _ = listener.accept()
    listener.close()
    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def say():
        for piece in pieces:
            server.sendall(piece)
        if not is_kept:
            server.close()

    thread = threading.Thread(target=say)
    thread.start()
    thread.join()
    return wire, server


@pytest.mark.parametrize("is_whole", [True, False], ids=["whole", "byte by byte"])
@pytest.mark.parametrize("name", CASES)
def test_an_answer(name, is_whole):
    """Status, headers, body, whether it is whole, and what came before it."""
    data, method, answer = CASES[name]
    wire, _ = said([data] if is_whole else [bytes([byte]) for byte in data])
    with wire:
        assert wire.answer(method) == answer


def test_a_second_answer_follows():
    """What is behind an answer belongs to the next."""
    wire, _ = said([CHUNKED + HINTED])
    with wire:
        assert [wire.answer().body, wire.answer().body, wire.answer()] == [b"hello!", b"hi", None]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\0\1\2\r\n", "a status line that is b'\\x00\\x01\\x02'"),
        (b"HTTP/1.1 2xx OK\r\n", "a status line that is b'HTTP/1.1 2xx OK'"),
        (b"HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", "a header line without a colon: b'nonsense'"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n", "a content-length that is b'x'"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", "a chunk whose size is b'zz'"),
    ],
)
def test_what_is_no_http(data, says):
    """It is said which piece is none."""
    wire, _ = said([data])
    with wire, pytest.raises(NotHTTP) as wrong:
        wire.answer()
    assert str(wrong.value) == says


def test_silence():
    """Neither a byte nor the end: that is an error of its own, and is told from either."""
    wire, server = said([], is_kept=True)
    with wire, server:
        wire.seconds = 0.05
        assert wire.is_silent(0.01)
        assert not wire.ends(0.01)
        with pytest.raises(Silence):
            wire.answer()
        server.sendall(b"x")
        assert not wire.is_silent(1.0)


def test_a_reset_is_the_end():
    """The other side sees that no bytes are under way any more."""
    wire, server = said([], is_kept=True)
    with server:
        wire.reset()
        with pytest.raises(ConnectionResetError):
            server.recv(1)
