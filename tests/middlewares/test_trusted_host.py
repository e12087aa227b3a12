"""Trusted hosts: the patterns. Answers are compared with Starlette's in tests/wire/."""

import pytest

from rawasgi.middlewares.trusted_host import TrustedHostMiddleware
from rawasgi.responses import PlainTextResponse
from tests.drive import converse, http
from tests.test_middleware import text

SHOWN = PlainTextResponse("in")


@pytest.mark.parametrize(
    "pattern",
    ["", "*.", "*example.com", "a.*.com", "**", "example.com:80", "https://example.com", "example.com/", "é.example"],
)
def test_a_pattern_that_matches_no_host_is_an_error(pattern):
    """It would turn everybody away, and nobody would see why."""
    with pytest.raises(ValueError) as raised:
        TrustedHostMiddleware(SHOWN, ["example.com", pattern])
    hint = "write example.com, *.example.com or *, no port"
    assert str(raised.value) == f"allowed_hosts: {pattern!r} matches no host: {hint}"


def test_a_string_is_no_list():
    """`"example.com"` would be a list of letters."""
    with pytest.raises(TypeError) as raised:
        TrustedHostMiddleware(SHOWN, "example.com")
    assert str(raised.value) == "allowed_hosts is a list of names: ['example.com']"


@pytest.mark.parametrize("allowed", [None, ["*"], ["a.example", "*"]])
def test_everybody_may_come_in(allowed):
    """Without a list, or with a star in it; also without a Host."""
    assert converse(TrustedHostMiddleware(SHOWN, allowed), http()) == text("in")


def test_nobody_may_come_in():
    """An empty list allows nothing."""
    assert converse(TrustedHostMiddleware(SHOWN, []), http()) == text("Invalid host header", 400)
