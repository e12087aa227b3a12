"""JSON Lines: one value a line, and the iterator closed whatever happens."""

from typing import Any

import pytest

from rawasgi.concurrency import BackgroundTask
from rawasgi.instruments.conversation import converse, request
from rawasgi.toolkit.jsonlines import JSONLinesResponse
from tests.instruments.messages import piece, start

START = start(200, (b"content-type", b"application/jsonl"))


async def values(log, *items):
    """The items; it says when it ends."""
    try:
        for item in items:
            yield item
    finally:
        log.append("closed")


@pytest.mark.parametrize("spec_version", ["2.3", "2.4"])
def test_each_value_is_a_line(spec_version):
    """A line break inside a text is escaped, so that a line end is the end of a value."""
    log: list[Any] = []
    response = JSONLinesResponse(
        values(log, {"a": "x\ny"}, None, [1.5, "é"]), background=BackgroundTask(log.append, "work")
    )
    assert converse(response, request(spec_version=spec_version)) == [
        START,
        piece(b'{"a":"x\\ny"}\n', True),
        piece(b"null\n", True),
        piece('[1.5,"é"]\n'.encode(), True),
        piece(),
    ]
    assert log == ["closed", "work"]


def test_an_ordinary_iterable_will_do():
    """It runs on a thread; status, headers and type may be given."""
    sent = converse(JSONLinesResponse(iter([1]), 201, {"x-a": "b"}, "application/x-ndjson"), request())
    about = (b"x-a", b"b"), (b"content-type", b"application/x-ndjson")
    assert sent == [start(201, *about), piece(b"1\n", True), piece()]


def test_a_value_that_is_no_json_breaks_the_body_off():
    """After the lines before it; the iterator is closed."""
    log: list[Any] = []
    with pytest.raises(TypeError, match="not JSON serializable"):
        converse(JSONLinesResponse(values(log, 1, {1, 2})), request())
    assert log == ["closed"]
