"""What holds, and what does not."""

from typing import Any

import pytest

from comparisons.contract import Contract, Difference, Differs, Whole, http
from comparisons.judge import expected, judge, plain
from comparisons.outcome import ANY, Outcome

GET = http("GET").answers(200, {"content-type": "text/plain", "content-length": "5"}, b"hello")
SEEN = Outcome(
    status=200, headers=(("content-type", "text/plain"), ("content-length", "5")), body=b"hello", complete=True
)
MISSING = Outcome(status=404, headers=(("content-length", "0"),), body=b"", complete=True)


def judged(seen: Outcome, *differences: Difference, stack: str = "flask", server: str = "gunicorn") -> Any:
    contract = Contract(question="?", leaves=[], beats={}, steps=[GET], differences=differences)
    return judge(contract, GET, stack, server, seen)


def test_what_the_contract_says_holds():
    """An equal outcome is the same."""
    result = judged(SEEN)
    assert (result.failures, result.verdict, result.differences) == ((), "same", ())


def test_an_undeclared_difference_fails():
    """Each field says what was expected and what was seen; of the headers only those that differ."""
    assert judged(MISSING).failures == (
        "status: expected 200, seen 404",
        (
            "headers: expected {'content-length': '5', 'content-type': 'text/plain'}, "
            "seen {'content-length': ('0',), 'content-type': None}"
        ),
        "body: expected b'hello', seen b''",
    )


NOT_FOUND = {"status": 404, "headers": {"content-type": None, "content-length": "0"}, "body": b""}


@pytest.mark.parametrize("where", ["flask", "@gunicorn", "flask@gunicorn", ("raw_asgi", "flask")])
def test_a_declared_difference_holds(where):
    """A difference may belong to a stack, to a server, or to both together."""
    result = judged(MISSING, Differs(where, "GET /", answers=NOT_FOUND, because="so it is"))
    assert result.failures == ()


@pytest.mark.parametrize("where", ["fastapi", "@uvicorn", "flask@gunicorn-sync", "fastapi@gunicorn"])
def test_a_difference_of_another_place_declares_nothing(where):
    """It neither excuses nor must it be there."""
    difference = Differs(where, "GET /", answers=NOT_FOUND, because="so it is")
    assert len(judged(MISSING, difference).failures) == 3
    assert judged(SEEN, difference).failures == ()


def test_a_declared_difference_that_is_no_longer_there_fails():
    """Whoever repairs a difference must take its declaration away."""
    result = judged(SEEN, Differs("flask", "GET /", answers={"status": 404}, because="it was so"))
    assert result.failures == (
        "status: expected 404, seen 200",
        "a declared difference is no longer there: it was so",
    )


def test_a_difference_that_allows_everything_must_still_be_needed():
    """ANY in a difference is no way to be silent."""
    difference = Differs("flask", "GET /", answers={"body": ANY}, because="it was so")
    assert judged(SEEN, difference).failures == ("a declared difference is no longer there: it was so",)


def test_differences_lie_over_one_another_from_the_general_to_the_special():
    """Stack, then server, then the stack on that server; each must be needed."""
    differences = [
        Differs("flask@gunicorn", "GET /", answers={"status": 404}, because="both"),
        Differs("@gunicorn", "GET /", answers={"headers": {"content-length": "0"}}, because="server"),
        Differs("flask", "GET /", answers={"headers": {"content-type": None}, "body": b""}, because="stack"),
    ]
    assert judged(MISSING, *differences).failures == ()
    assert judged(MISSING, *differences[1:]).failures == ("status: expected 200, seen 404",)


def test_a_difference_of_stack_and_server_belongs_to_the_stack_that_it_names():
    """The same sentence may be a stack's way, and a server's way under every other stack."""
    both = Differs(["flask", "@gunicorn"], "GET /", answers=NOT_FOUND, because="so it is")
    assert (judged(MISSING, both).of_stack, judged(MISSING, both).of_server) == ((both,), ())
    assert (judged(MISSING, both, stack="raw_wsgi").of_stack, judged(MISSING, both, stack="raw_wsgi").verdict) == (
        (),
        "same",
    )


def test_headers_of_a_difference_are_a_patch_unless_whole():
    """A patch replaces, adds and removes; Whole forgets the reference."""
    patch = Differs("flask", "GET /", answers={"headers": {"content-type": None, "x": "1"}}, because="…")
    whole = Differs("flask", "GET /", answers={"headers": Whole({"x": "1"})}, because="…")
    assert expected(GET, [patch]).headers == {"content-length": "5", "x": "1"}
    assert expected(GET, [whole]).headers == {"x": "1"}


def test_the_strongest_verdict_of_the_stack_counts():
    """A server's own way is not the stack's verdict; a verdict may stand without a change."""
    differences = [
        Differs("flask", "GET /", answers={"status": 404}, because="…"),
        Differs("flask", "GET /", verdict="outside the protocol", because="an extension"),
        Differs("@gunicorn", "GET /", answers=NOT_FOUND | {"status": 404}, verdict="not expressible", because="…"),
    ]
    assert judged(MISSING, *differences).verdict == "outside the protocol"


def test_what_was_seen_becomes_json():
    """Bytes are written as latin-1 text; what was not looked at is left out."""
    assert plain(MISSING) == {"status": 404, "headers": [["content-length", "0"]], "body": "", "complete": True}
    assert plain(None) == {}
