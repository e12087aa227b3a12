"""Frames are written as wsproto reads them, and read as it writes them."""

from typing import Any

import pytest
from wsproto import events as ws
from wsproto.connection import Connection, ConnectionType

from rawasgi.instruments.scoring.websocket import BYTES, CLOSE, TEXT, Frame, close, frame, next_frame, until_close
from tests.instruments.scoring.test_wire import said


def events(connection) -> list[Any]:
    """What has come, of whatever class."""
    return [*connection.events()]


@pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536])
def test_a_frame_is_read_by_wsproto(size):
    """Each of the three forms of a length."""
    server = Connection(ConnectionType.SERVER)
    server.receive_data(frame(BYTES, b"x" * size))
    assert [bytes(event.data) for event in events(server) if event.message_finished] == [b"x" * size]


@pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536])
def test_a_frame_of_wsproto_is_read(size):
    """And what follows it is left for the next."""
    server = Connection(ConnectionType.SERVER)
    wire, _ = said([server.send(ws.TextMessage("x" * size)), server.send(ws.CloseConnection(4001, "bye"))])
    with wire:
        assert next_frame(wire) == Frame(TEXT, b"x" * size, True)
        end = next_frame(wire)
        assert end is not None
        assert (end.kind, end.code, end.reason) == (CLOSE, 4001, "bye")
        assert next_frame(wire) is None


@pytest.mark.parametrize(("sent", "code"), [(close(3333, "späte"), 3333), (close(), 1005)])
def test_a_close_is_read_by_wsproto(sent, code):
    """With a code and a reason, and without either."""
    server = Connection(ConnectionType.SERVER)
    server.receive_data(sent)
    (event,) = events(server)
    assert (int(event.code), event.reason or "") == (code, "späte" if code == 3333 else "")


def test_a_close_is_waited_for():
    """Past other frames; None where the line ends without one, also within a frame."""
    server = Connection(ConnectionType.SERVER)
    hello = server.send(ws.TextMessage("hello"))
    wire, _ = said([hello + server.send(ws.CloseConnection(1000))])
    with wire:
        assert until_close(wire) == Frame(CLOSE, b"\x03\xe8", True)
    wire, _ = said([hello, hello[:3]])
    with wire:
        assert until_close(wire) is None


def test_text_that_is_none_is_refused_by_wsproto():
    """The rudeness arrives: "invalid frame payload data"."""
    server = Connection(ConnectionType.SERVER)
    server.receive_data(frame(TEXT, b"\xff\xfe"))
    assert [int(event.code) for event in events(server)] == [1007]
