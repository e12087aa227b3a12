"""The same request to every stack of a comparison, as lanes of one run."""

import re

import pytest

from comparisons.cli import main
from comparisons.contract import http, raw, ws
from comparisons.discovery import find
from comparisons.tracing import exchange_of, exchanges
from rawasgi.instruments.conversation import Exchange, handshake, request

STACKS = ("raw ASGI", "tiny", "rawasgi", "FastAPI", "Flask", "raw WSGI")


@pytest.mark.parametrize("name", ["middleware", "error_handling"])
def test_every_stack_is_a_lane_in_one_numbering(name, capfd):
    """Each is asked the same, opens its lane, answers, and ends; below stands how."""
    assert main(["trace", name]) == 0
    shown = capfd.readouterr().out
    legend = re.findall(r"(?m)^   \d  (.+), \d+ layers?$", shown)
    rows = re.findall(r"(?m)^ *(\d+) +\d+\.\d\d  (.*)$", shown)
    assert tuple(legend) == STACKS
    assert [int(number) for number, _ in rows] == [*range(1, len(rows) + 1)]
    begins = [row.split("  ", 1)[1].strip() for _, row in rows if re.search(r"─▶ +(GET|POST) /", row)]
    assert len(begins) == len(STACKS)
    endings = re.findall(rf"(?m)^({'|'.join(STACKS)}) +(\d+)(?: \w+)*, (\d+) bytes$", shown)
    assert [stack for stack, _, _ in endings] == [*STACKS]
    assert len({status for _, status, _ in endings}) == 1


def test_with_layers_each_stack_has_its_own_lanes_and_the_numbers_go_on(capfd):
    """All boundaries, stack after stack."""
    assert main(["trace", "middleware", "--exchange", "GET /missing", "--layers"]) == 0
    shown = capfd.readouterr().out
    heads = re.findall(r"(?m)^(.+) · GET /missing · 404", shown)
    numbers = [int(number) for number in re.findall(r"(?m)^ *(\d+) +\d+\.\d\d  ", shown)]
    assert tuple(heads) == STACKS
    assert numbers == [*range(1, len(numbers) + 1)]
    assert "ServerErrorMiddleware" in shown


def test_wsgi_is_told_where_it_has_no_word(capfd):
    """A websocket is asked of the ASGI stacks alone."""
    assert main(["trace", "websocket_scope"]) == 0
    shown = capfd.readouterr().out
    assert re.findall(r"(?m)^(Flask|raw WSGI) +(.*)$", shown) == [
        ("Flask", "WSGI has no message for this"),
        ("raw WSGI", "WSGI has no message for this"),
    ]


def test_an_exchange_that_cannot_be_asked_is_named_with_those_that_can(capfd):
    """Exit status 2."""
    assert main(["trace", "middleware", "--exchange", "GET /nothing"]) == 2
    complaint = capfd.readouterr().err
    assert complaint.startswith("comparisons: middleware cannot trace 'GET /nothing'. It can: GET /, ")


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (http("GET", "/a?b=1"), request("GET", "/a?b=1", {"host": "localhost"})),
        (
            http("POST", "/", body=b"hi", headers={"X-A": "1"}),
            request("POST", "/", {"host": "localhost", "x-a": "1", "content-length": "2"}, [b"hi"]),
        ),
        (ws("/ws", subprotocols=["a"]).sends("hi").receives("HI").closes(), handshake("/ws", "hi", subprotocols=["a"])),
        (http("GET", "/", malformed=True), None),
        (http("GET", "/").leaves_after(1), None),
        (http("POST", "/", body=[b"a", b"b"]), None),
        (raw(b"GET /\r\n\r\n", title="bad", malformed=False), None),
        (ws("/ws").sends_raw(b"x"), None),
    ],
)
def test_a_step_that_is_about_messages_becomes_an_exchange(step, expected: Exchange | None):
    """One that is about bytes, or a client that leaves, does not."""
    assert exchange_of(step) == expected


def test_every_comparison_has_something_to_trace():
    """Without a server, by its contract alone."""
    assert [name for name, comparison in find().items() if not exchanges(comparison)] == []
