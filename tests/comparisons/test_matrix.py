"""The matrix: what a reader sees of the results."""

from pathlib import Path

import pytest

from comparisons.contract import Contract, Differs, http, process, ws
from comparisons.discovery import Comparison
from comparisons.judge import judge
from comparisons.matrix import brief, console, markdown, matrix, rendered, what_differs
from comparisons.outcome import ANY, Close, Outcome
from comparisons.report import in_words, story, summary
from comparisons.runner import Run, RunResult
from comparisons.stacks import STACKS

CONTRACT = Contract(
    question="Is it so?",
    leaves=["sample"],
    beats={},
    stacks=["raw_asgi", "rawasgi", "fastapi", "flask", "raw_wsgi"],
    steps=[
        http("GET", "/").answers(200, {"content-type": "text/plain; charset=utf-8"}, b"hello"),
        http("GET", "/x").answers(404, {"content-type": "text/plain"}, b""),
    ],
    differences=[
        Differs(
            "fastapi",
            "GET /x",
            answers={"headers": {"content-type": "application/json"}, "body": b"{}"},
            because="JSON",
        ),
        Differs("flask", "GET /x", answers={"status": 405, "headers": {"allow": "GET"}}, because="methods first"),
        Differs("@hypercorn", "GET /", answers={"reason": ""}, because="it sends none"),
        Differs("raw_wsgi", "GET /", verdict="n/a", because="it cannot be asked"),
    ],
)
COMPARISON = Comparison("is_it_so", Path(), "nowhere", CONTRACT)

HELLO = Outcome(
    status=200, headers=(("content-type", "text/plain; charset=utf-8"),), body=b"hello", complete=True, reason="OK"
)
NOT_FOUND = Outcome(status=404, headers=(("content-type", "text/plain"),), body=b"", complete=True, reason="Not Found")
JSON = Outcome(status=404, headers=(("content-type", "application/json"),), body=b"{}", complete=True, reason="")
REFUSED = Outcome(
    status=405, headers=(("content-type", "text/plain"), ("allow", "GET")), body=b"", complete=True, reason=""
)


def result(stack, server, *seen):
    """The result of one run in which this was seen."""
    steps = [judge(CONTRACT, step, stack, server, each) for step, each in zip(CONTRACT.steps, seen, strict=True)]
    return RunResult(Run(COMPARISON, STACKS[stack], server), tuple(steps))


def text(results):
    """The matrix as a file shows it."""
    screen = console()
    with screen.capture() as captured:
        screen.print(rendered(matrix(COMPARISON, results)))
    return [line.rstrip() for line in captured.get().splitlines()]


WITHOUT_REASON = Outcome(**{**vars(HELLO), "reason": ""})
RESULTS = [
    result("raw_asgi", "uvicorn", HELLO, NOT_FOUND),
    result("rawasgi", "uvicorn", HELLO, NOT_FOUND),
    result("fastapi", "uvicorn", HELLO, JSON),
    result("flask", "gunicorn", HELLO, REFUSED),
]


def test_a_matrix_shows_only_what_differs():
    """Rows are exchanges, columns stacks; the reference has its own column; the reasons stand below."""
    lines = text(RESULTS)
    assert lines[0] == "is it so: Is it so?"
    assert lines[1].startswith("fastapi ")
    assert lines[2:] == [
        "         raw ASGI  rawasgi  FastAPI            Flask",
        "GET /    200       =        =                  =",
        "GET /x   404       =        json, 2 bytes [1]  405, allow: GET [2]",
        "verdict  same      same     different because  different because",
        "[1] FastAPI: because JSON",
        "[2] Flask: because methods first",
    ]


def test_without_the_reference_its_column_is_the_contract():
    """A selection of stacks is still compared with what the contract says."""
    assert text(RESULTS[2:3])[2:5] == [
        "         contract  FastAPI",
        "GET /    200       =",
        "GET /x   404       json, 2 bytes [1]",
    ]


def test_a_failure_stands_in_its_cell_and_below():
    """The verdict of the stack fails with it; servers with the same failure share a line."""
    broken = [result("rawasgi", server, HELLO, REFUSED) for server in ("uvicorn", "tiny")]
    lines = text(broken)
    assert [line for line in lines if "FAILS" in line] == [
        "GET /x   404       FAILS",
        "verdict            FAILS",
    ]
    assert lines[-2:] == [
        "is_it_so · rawasgi on uvicorn, tiny: GET /x: status: expected 404, seen 405",
        "is_it_so · rawasgi on uvicorn, tiny: GET /x: headers: expected {'allow': None}, seen {'allow': ('GET',)}",
    ]


def test_servers_that_disagree_are_told_apart():
    """One stack, two servers, two cells in one."""
    both = [result("rawasgi", "uvicorn", HELLO, NOT_FOUND), result("rawasgi", "tiny", HELLO, REFUSED)]
    assert "GET /x   404       = (uvicorn) / FAILS (tiny)" in text(both)


def test_a_servers_own_way_is_not_the_stacks():
    """The cell stays equal and points to the note; the verdict stays the same."""
    contract = Contract(**{**vars(CONTRACT), "steps": [http("GET", "/").answers(200, ANY, b"hello", reason="OK")]})
    step = judge(contract, contract.steps[0], "rawasgi", "hypercorn", WITHOUT_REASON)
    comparison = Comparison("is_it_so", Path(), "nowhere", contract)
    found = matrix(comparison, [RunResult(Run(comparison, STACKS["rawasgi"], "hypercorn"), (step,))])
    assert [row.cells for row in found.rows] == [("200", "= [3]"), ("", "same")]
    assert found.notes == ("[3] hypercorn: because it sends none",)


def test_markdown_has_no_versions():
    """A lesson changes only when an answer does."""
    assert markdown(matrix(COMPARISON, RESULTS)).splitlines() == [
        "|  | raw ASGI | rawasgi | FastAPI | Flask |",
        "|---|---|---|---|---|",
        "| GET / | 200 | = | = | = |",
        "| GET /x | 404 | = | json, 2 bytes [1] | 405, allow: GET [2] |",
        "| verdict | same | same | different because | different because |",
        "",
        "- [1] FastAPI: because JSON",
        "- [2] Flask: because methods first",
    ]


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (http("GET"), "anything"),
        (http("GET").answers(200), "200"),
        (http("GET").gets_no_answer(), "no answer"),
        (http("GET").answers(200, complete=False), "200 torn"),
        (http("GET").then(["a", "client gone"]), "logs a, client gone"),
        (ws("/").sends("x").receives("hi").receives(b"\0").closed(4000), "101 hi, b'\\x00' close 4000"),
        (process(signal="SIGTERM", exits=0), "exit 0"),
    ],
)
def test_an_expectation_in_a_few_words(step, words):
    """The reference column says what the contract demands."""
    assert brief(step.expected) == words


WANTED = Outcome(status=200, headers={"a": "1", "content-length": "5"}, body=b"hello", complete=True)


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        ({}, ""),
        ({"status": None, "complete": False}, "no answer, torn"),
        ({"headers": (("content-length", "5"),)}, "no a"),
        ({"headers": (("a", "1"), ("content-length", "6"))}, "content-length: 6"),
        ({"headers": (("a", "1"), ("content-length", "6")), "body": b"hello\n"}, "6 bytes"),
        ({"headers": (("a", "2" * 40), ("content-length", "5"))}, f"a: {'2' * 27}…"),
        ({"body": b""}, "no body"),
    ],
)
def test_a_difference_in_a_few_words(seen, words):
    """Only what differs; the length of another body goes without saying."""
    same = {"status": 200, "headers": (("a", "1"), ("content-length", "5")), "body": b"hello", "complete": True}
    assert what_differs(WANTED, Outcome(**{**same, **seen})) == words


@pytest.mark.parametrize(
    ("field", "wanted", "seen", "words"),
    [
        ("kept", True, False, "closes the connection"),
        ("reason", "OK", "", "reason ''"),
        ("messages", ("a",), (), "messages nothing"),
        ("close", Close(1000), Close(1011, "bug"), "close 1011 bug"),
        ("close", Close(1000), None, "close None"),
        ("log", ("a",), ("b", "c"), "logs b, c"),
        ("exit", 0, 3, "exit 3"),
    ],
)
def test_each_field_has_its_words(field, wanted, seen, words):
    """What an exchange of one field says."""
    assert what_differs(Outcome(**{field: wanted}), Outcome(**{field: seen})) == words


def test_the_story_tells_the_greatest_disagreement():
    """Three answers to one request, each with the reason that its contract declares."""
    assert story(RESULTS) == [
        "Every stack got the same requests on real servers. The one that FastAPI, rawasgi and Flask answer most",
        "differently is GET /x (is it so):",
        "  FastAPI  404  content-type: application/json  {}",
        "           because JSON",
        "  rawasgi  404  content-type: text/plain  (no body)",
        "  Flask    405  content-type: text/plain  allow: GET  (no body)",
        "           because methods first",
    ]
    assert story(RESULTS[:1]) == ["There is no exchange that FastAPI, rawasgi and Flask all took part in."]


def test_a_contract_that_holds_takes_one_line():
    """And so does one that does not."""
    assert summary(COMPARISON, RESULTS) == "✓ is it so: 2 exchanges × 4 stacks on 2 servers: held"
    broken = result("rawasgi", "tiny", HELLO, REFUSED)
    assert summary(COMPARISON, [broken]) == "✗ is it so: 2 exchanges × 1 stacks on 1 servers: 2 demands were not met"


def test_a_long_body_is_cut():
    """The story is for people."""
    assert in_words(Outcome(status=200, body=b"x" * 61)) == "200  " + "x" * 60 + "…"
