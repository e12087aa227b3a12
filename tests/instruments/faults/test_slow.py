"""A client that takes its time: how long `send` and `receive` take, on a clock that a test holds in its hand."""

import asyncio
from typing import Any

import pytest

from rawasgi import SlowClient, TestClient
from rawasgi.instruments.conversation import Conversation, request
from tests.drive import on_a_loop
from tests.instruments.messages import asked, notes, piece, says, start


def with_pauses(monkeypatch):
    """The pauses that are made, in seconds; none takes any time."""
    pauses: list[float] = []
    real = asyncio.sleep

    async def sleep(seconds):
        pauses.append(seconds)
        await real(0)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return pauses


@pytest.mark.parametrize(("given", "made"), [({"reads": 7.0}, [0.0, 7.0, 7.0]), ({"talks": 7.0}, [7.0, 0.0, 0.0])])
def test_each_message_takes_its_time(monkeypatch, given, made):
    """A slow reader lets `send` wait, a slow sender `receive`; nothing is lost or changed."""
    heard: list[Any] = []
    conversation = Conversation(SlowClient(notes(heard, 1, start(), piece(b"a")), **given), *request(body=b"all"))
    pauses = with_pauses(monkeypatch)
    assert asyncio.run(conversation.run()) == [start(), piece(b"a")]
    assert (heard, pauses) == ([asked(b"all")], made)


@on_a_loop
async def test_a_lifespan_has_no_client():
    """It is called as it is."""
    ends: Any = (object(), object())

    async def app(scope, receive, send):
        assert (receive, send) == ends

    await SlowClient(app, reads=7.0, talks=7.0)({"type": "lifespan"}, *ends)


def test_under_the_test_client():
    """The same answer, later."""

    async def app(scope, receive, send):
        await says(start(), piece(b"a", True), piece(b"b"))(scope, receive, send)

    assert TestClient(SlowClient(app, reads=0.001, talks=0.001)).get("/").content == b"ab"


@pytest.mark.parametrize(
    ("name", "value"), [("reads", -1), ("talks", -0.1), ("reads", float("nan")), ("talks", float("inf"))]
)
def test_less_than_no_time(name, value):
    """ValueError, with what would be right."""
    with pytest.raises(ValueError) as raised:
        SlowClient(says(), **{name: value})
    assert str(raised.value) == f"{name} is in seconds, 0 or more, and not {value!r}"
