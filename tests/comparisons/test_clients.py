"""The clients against a server of scripted bytes."""

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import pytest

from comparisons.contract import Pause, http, raw, ws
from comparisons.http_client import Browser
from comparisons.outcome import Close, Outcome
from comparisons.websocket_client import ACCEPT, converse
from comparisons.wire import DeadlineError, Wire


@contextmanager
def serving(*answers: Sequence[bytes], ends: bool = True, echo: bytes = b"") -> Iterator[tuple[int, list[bytes]]]:
    """Answer each connection with its pieces, as soon as a request head is there; give the port and what came in."""
    heard: list[bytes] = []

    def serve() -> None:
        for pieces in answers:
            connection, _ = listener.accept()
            seen = b""
            with connection, suppress(OSError):  # a client that cuts the line resets it, or shutdown finds none
                connection.settimeout(5)
                while b"\r\n\r\n" not in seen:
                    seen += connection.recv(65536)
                for piece in pieces:
                    connection.sendall(piece)
                if echo:  # the client's next bytes come first
                    seen += connection.recv(65536)
                    connection.sendall(echo)
                if ends:
                    connection.shutdown(socket.SHUT_WR)
                while more := connection.recv(65536):
                    seen += more
            heard.append(seen)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1], heard
        finally:
            thread.join(5)


def exchange(request, pieces):
    """One request and its answer."""
    with serving(pieces) as (port, heard):
        browser = Browser(port)
        outcome = browser.exchange(request, lambda: "")
        browser.close()
    return outcome, heard


ANSWER = b"HTTP/1.1 200 Fine\r\nB: 1\r\nA: 2\r\nB: 3\r\nContent-Length: 5\r\n\r\nhello"
SEEN = Outcome(
    status=200,
    headers=(("b", "1"), ("a", "2"), ("b", "3"), ("content-length", "5")),
    body=b"hello",
    chunks=(b"hello",),
    complete=True,
    reason="Fine",
    kept=True,
    informational=(),
)


@pytest.mark.parametrize("pieces", [[ANSWER], [bytes([byte]) for byte in ANSWER], [ANSWER, b"HTTP/1.1 200 "]])
def test_an_answer_is_read_whole_byte_by_byte_and_with_a_tail(pieces):
    """Status, reason, the order of headers and their duplicates, and the body are seen however they arrive."""
    outcome, heard = exchange(http("GET", "/"), pieces)
    assert outcome == SEEN
    assert heard == [b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"]


CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n"


@pytest.mark.parametrize(
    ("request_", "answer", "seen"),
    [
        (http("GET"), CHUNKED + b"0\r\n\r\n", {"chunks": (b"one", b"two"), "complete": True, "kept": True}),
        (http("GET"), CHUNKED, {"chunks": (b"one", b"two"), "complete": False, "kept": False}),
        (http("GET"), b"HTTP/1.1 200 OK\r\n\r\nhey", {"chunks": (b"hey",), "complete": True, "kept": False}),
        (http("GET"), b"HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n", {"body": b"", "complete": True, "kept": False}),
        (http("HEAD"), b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n", {"body": b"", "complete": True, "kept": True}),
        (raw(b"?\r\n\r\n", title="?"), b"", {"status": None, "complete": False, "kept": False}),
        (raw(b"?\r\n\r\n", title="?"), b"what?\r\n\r\n", {"status": None, "complete": False}),
        (http("GET"), b"HTTP/1.1 103 Hint\r\n\r\nHTTP/1.1 204 Done\r\n\r\n", {"informational": (103,), "status": 204}),
    ],
)
def test_every_end_of_an_answer_is_told_apart(request_, answer, seen):
    """Whole, torn, ended by the connection, without a body, none at all, and after an informational one."""
    outcome, _ = exchange(request_, [answer])
    assert {name: getattr(outcome, name) for name in seen} == seen


def test_a_body_in_pieces_pauses_between_them():
    """The bytes go out in order, framed once."""
    _, heard = exchange(http("POST", body=[b"a", Pause(0.01), b"bc"]), [b"HTTP/1.1 204 Done\r\n\r\n"])
    assert heard[0].endswith(b"transfer-encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n")


def test_the_next_request_reuses_only_a_connection_that_was_kept():
    """After a close there is nothing to reuse, and that is what is seen."""
    with serving([b"HTTP/1.1 204 Done\r\nconnection: close\r\n\r\n"]) as (port, _):
        browser = Browser(port)
        assert browser.exchange(http("GET"), lambda: "").status == 204
        assert browser.exchange(http("GET", reuse=True), lambda: "").status is None


def test_a_client_leaves_when_its_conditions_hold():
    """It has read one chunk and the line is in the log; the end of the answer it does not await."""
    with serving([CHUNKED], ends=False) as (port, _):
        browser = Browser(port)
        outcome = browser.exchange(http("GET").leaves_after(chunks=2, log="begun"), lambda: "it has begun")
    assert (outcome.chunks, outcome.complete) == ((b"one", b"two"), False)


def test_a_silent_server_meets_the_deadline():
    """A wait ends with one sentence."""
    with serving([], ends=False) as (port, _), Wire(port, seconds=0.05) as wire:
        wire.send([b"GET / HTTP/1.1\r\n\r\n"])
        with pytest.raises(DeadlineError, match="the server did not answer in time"):
            wire.receive()


HANDSHAKE = (
    b"HTTP/1.1 101 Switching\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: " + ACCEPT.encode() + b"\r\nX-App: 1\r\n\r\n"
)
FRAMES = b"\x81\x02hi" + b"\x02\x01a\x80\x01b" + b"\x88\x04\x0f\xa0go"  # text, binary in two fragments, close 4000


@pytest.mark.parametrize(
    "pieces", [[HANDSHAKE + FRAMES], [HANDSHAKE, FRAMES], [bytes([byte]) for byte in HANDSHAKE + FRAMES]]
)
def test_a_websocket_is_heard_however_its_bytes_arrive(pieces):
    """Messages are joined, the close has its code, its reason and its author; the handshake itself is left out."""
    with serving(pieces) as (port, _):
        outcome = converse(port, ws("/").receives("hi").receives(b"ab").closed(4000, "go"))
    assert outcome == Outcome(
        status=101,
        headers=(("x-app", "1"),),
        complete=True,
        messages=("hi", b"ab"),
        close=Close(4000, "go", "server"),
    )


def test_a_wrong_accept_key_is_seen():
    """RFC 6455 4.1: a client fails the connection; here the header stays, and so differs."""
    with serving([HANDSHAKE.replace(b"=", b"!")]) as (port, _):
        outcome = converse(port, ws("/").drops())
    assert outcome.headers == (("sec-websocket-accept", ACCEPT.replace("=", "!")), ("x-app", "1"))


@pytest.mark.parametrize("frames", [b"", b"\x81\x7f"])
def test_a_line_that_is_cut_is_1006(frames):
    """RFC 6455 7.1.5: no close frame was received, so the code is 1006."""
    with serving([HANDSHAKE + frames]) as (port, _):
        assert converse(port, ws("/").closed()).close == Close(1006, "", "server")


def test_a_frame_that_makes_no_sense_is_closed_by_the_client():
    """RFC 6455 7.4.1: 1002, and it is the client that ends the conversation."""
    with serving([HANDSHAKE + b"\xff\xff"]) as (port, _):
        assert converse(port, ws("/").closed()).close == Close(1002, "Invalid opcode 0xf", "client")


def test_a_refused_handshake_is_an_ordinary_response():
    """Nothing of it is hidden."""
    with serving([b"HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno"]) as (port, heard):
        outcome = converse(port, ws("/x", subprotocols=["a", "b"], headers={"origin": "y"}).rejected(403))
    assert (outcome.status, outcome.headers, outcome.body) == (403, (("content-length", "2"),), b"no")
    assert heard[0].startswith(b"GET /x HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\n")
    assert heard[0].endswith(b"sec-websocket-protocol: a, b\r\norigin: y\r\n\r\n")


@pytest.mark.parametrize(("code", "reason", "echo"), [(None, "", b"\x88\x00"), (3000, "bye", b"\x88\x05\x0b\xb8bye")])
def test_the_client_closes_with_a_code_or_without(code, reason, echo):
    """The echo of a close is the client's close; RFC 6455 7.1.5: without a code it reads as 1005."""
    step = ws("/").closes(code, reason)
    with serving([HANDSHAKE], echo=echo) as (port, heard):
        outcome = converse(port, step)
    assert outcome.close == step.expected.close
    assert heard[0].count(bytes([0x88, 0x80 | len(echo) - 2])) == 1
