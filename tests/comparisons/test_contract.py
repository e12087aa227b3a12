"""The contract language as data."""

import pytest

from comparisons.contract import Contract, Differs, Leave, Move, Pause, Request, http, process, raw, refused, ws
from comparisons.outcome import ANY, Close, Outcome


@pytest.mark.parametrize(
    ("request_", "pieces"),
    [
        (http("GET"), (b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n",)),
        (http("GET", "/?a=1", headers={"Host": "x"}), (b"GET /?a=1 HTTP/1.1\r\nHost: x\r\n\r\n",)),
        (http("GET", headers=[("host", "a"), ("host", "b")]), (b"GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",)),
        (
            http("POST", body=b"hey"),
            (b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 3\r\n\r\n", b"hey"),
        ),
        (
            http("POST", body=b"hey", headers={"content-length": "x"}),
            (b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: x\r\n\r\n", b"hey"),
        ),
        (
            http("POST", body=[b"hey", Pause(0.1), b"0123456789abcdef"]),
            (
                b"POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n",
                b"3\r\nhey\r\n",
                Pause(0.1),
                b"10\r\n0123456789abcdef\r\n",
                b"0\r\n\r\n",
            ),
        ),
        (
            http("POST", body=[b"a", Pause(0.1), b"b"], headers={"content-length": "2"}),
            (b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n", b"a", Pause(0.1), b"b"),
        ),
        (raw(b"GE", Pause(0.1), b"T", title="torn"), (b"GE", Pause(0.1), b"T")),
    ],
)
def test_a_request_is_the_bytes_that_go_out(request_, pieces):
    """Host and framing are added only where they are not given; nothing given is corrected."""
    assert request_.pieces == pieces


def test_an_answer_is_an_outcome():
    """A body demands itself, a tuple of bodies its chunks as well."""
    assert http("GET").answers(200, {}, b"ab", reason="OK").expected == Outcome(
        status=200, headers={}, body=b"ab", complete=True, reason="OK"
    )
    assert http("GET").answers(200, ANY, (b"a", b"b"), complete=False).expected == Outcome(
        status=200, body=b"ab", chunks=(b"a", b"b"), complete=False
    )


def test_a_request_may_leave_and_log():
    """Leaving and logging add to the step, in any order."""
    step = http("GET", "/slow").leaves_after(0.1, chunks=2, log="begun").then(log="gone")
    assert (step.leave, step.expected) == (Leave(0.1, 2, "begun"), Outcome(log=("gone",)))
    assert http("GET").then(log="x").answers(200).expected == Outcome(status=200, complete=True, log=("x",))
    assert http("GET").gets_no_answer().expected == Outcome(status=None)


def test_a_dialogue_is_a_handshake_moves_and_an_outcome():
    """Each verb adds a move and what it demands."""
    step = ws("/", subprotocols=["a"]).accepted("a", {"x": "1"}).sends("hi").receives("hi").receives(b"\0").pings(b"?")
    step = step.pauses(0.1).closes(3000, "bye")
    assert step.moves == (
        Move("sends", "hi"),
        Move("receives"),
        Move("receives"),
        Move("pings", b"?"),
        Move("pauses", seconds=0.1),
        Move("closes", "bye", 3000),
    )
    assert step.expected == Outcome(
        status=101,
        headers={"sec-websocket-protocol": "a", "x": "1"},
        complete=True,
        messages=("hi", b"\0"),
        close=Close(3000, "bye", "client"),
    )


def test_a_dialogue_may_be_closed_by_the_server_or_refused():
    """The server's close has its code and reason; a refusal is an ordinary response."""
    assert ws("/").closed(4000, "go").expected.close == Close(4000, "go", "server")
    assert ws("/").closes(None).expected.close == Close(1005, "", "client")
    assert ws("/").rejected(403, {}, b"no").expected == Outcome(status=403, headers={}, body=b"no", complete=True)
    assert refused(404, {"a": "b"}, b"no") == {
        "status": 404,
        "headers": {"a": "b"},
        "body": b"no",
        "messages": (),
        "close": None,
    }


def test_only_the_malformed_counts_as_malformed():
    """Raw bytes are malformed unless said otherwise, a request only if it says so."""
    steps = [raw(b"", title=""), raw(b"", title="", malformed=False), http("GET"), http("GET", malformed=True)]
    assert [step.malformed for step in [*steps, ws("/").sends_raw(b"\0"), ws("/")]] == [
        True,
        False,
        False,
        True,
        True,
        False,
    ]


def test_a_process_step_has_a_signal_a_status_and_a_log():
    """Without a signal the process must end by itself."""
    assert process(signal=None, exits=3, logs=["no"]).expected == Outcome(exit=3, log=("no",))
    assert process(signal="SIGTERM").title == "process SIGTERM"


def test_a_difference_covers_one_exchange_several_or_each_with_its_own_change():
    """What is common to all is laid under what is each one's own."""
    assert Differs("flask", "a", answers={"status": 404}, then={"log": ()}, because="…").changes == {
        "a": {"status": 404, "log": ()}
    }
    assert Differs(["flask", "@tiny"], ["a", "b"], answers={"status": 404}, because="…").changes == {
        "a": {"status": 404},
        "b": {"status": 404},
    }
    assert Differs("flask", {"a": {"status": 1}, "b": {}}, answers={"body": b""}, because="…").changes == {
        "a": {"body": b"", "status": 1},
        "b": {"body": b""},
    }


def test_a_contract_is_plain_data():
    """Contracts with the same content are equal."""
    made = [Contract(question="?", leaves=["x"], beats={1: "one"}, steps=[http("GET")]) for _ in range(2)]
    assert made[0] == made[1]
    assert isinstance(made[0].steps[0], Request)
