"""A layer adds headers to a copy."""

from rawasgi.middlewares.answers import with_headers
from tests.instruments.messages import ACCEPT, start


def test_what_is_changed_stands_in_the_copy_alone():
    """The message itself may be sent again by who made it."""
    message = start(200, (b"a", b"1"))
    copy, headers = with_headers(message)
    headers["b"] = "2"
    assert copy == start(200, (b"a", b"1"), (b"b", b"2"))
    assert message == start(200, (b"a", b"1"))


def test_a_message_without_headers_has_none_yet():
    """`websocket.accept` need not have any."""
    copy, headers = with_headers(ACCEPT)
    headers["b"] = "2"
    assert copy == {**ACCEPT, "headers": [(b"b", b"2")]}
