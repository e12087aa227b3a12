"""An error of the protocol says whose fault it is, which rule was broken and what would have been right."""

import copy
import pickle

import pytest

from rawasgi.messages.errors import AppProtocolError, PeerProtocolError, ProtocolError
from rawasgi.messages.rules import UnknownRule, rule
from rawasgi.messages.states import HTTP_APP, HTTP_SERVER, Side


def test_the_application_is_blamed_in_three_lines():
    """Culprit, message and state; what was allowed; the rule by name, with its link."""
    with pytest.raises(AppProtocolError) as caught:
        Side(HTTP_APP).says({"type": "http.response.body"})
    assert str(caught.value) == (
        "HS1: the application sent http.response.body while the conversation was awaiting_start.\n"
        "  allowed now: http.response.debug, http.response.early_hint, http.response.start, http.response.start+\n"
        '  the rule:    "start first" https://asgi.readthedocs.io/en/latest/specs/www.html#response-start-send-event'
    )


def test_the_server_is_blamed_in_the_same_form():
    """The other class differs in the culprit alone, and says `nothing` where nothing was allowed."""
    error = PeerProtocolError("HR8", "disconnected", "http.request")
    assert str(error) == (
        "HR8: the server sent http.request while the conversation was disconnected.\n"
        "  allowed now: nothing\n"
        f'  the rule:    "disconnect is the last" {rule("HR8").link}'
    )


def test_the_parts_can_be_read():
    """Rule, state, message, the allowed ones in alphabetical order, and the link."""
    side = Side(HTTP_SERVER)
    with pytest.raises(PeerProtocolError) as caught:
        side.says({"type": "lifespan.startup"})
    error = caught.value
    assert (error.rule_id, error.state, error.seen) == ("HR1", "awaiting_request", "lifespan.startup")
    assert error.allowed == ("http.disconnect", "http.request", "http.request+")
    assert error.link == rule("HR1").link


def test_the_state_shows_in_the_repr():
    """A log that prints only the repr still says what came when."""
    error = AppProtocolError("HS2", "awaiting_body", "http.response.start", ["http.response.body"])
    assert repr(error) == "<AppProtocolError HS2: http.response.start in awaiting_body>"


def test_both_are_protocol_errors_and_neither_is_the_other():
    """Whoever does not care who is to blame catches the one base class."""
    assert issubclass(AppProtocolError, ProtocolError)
    assert issubclass(PeerProtocolError, ProtocolError)
    assert not issubclass(AppProtocolError, PeerProtocolError)
    assert not issubclass(PeerProtocolError, AppProtocolError)


def test_the_rule_is_looked_up_only_when_somebody_reads():
    """An unknown number is an error of the reader's moment: raising itself reads no page."""
    error = AppProtocolError("HS99", "awaiting_start", "http.response.body")
    with pytest.raises(UnknownRule, match="no rule 'HS99'"):
        str(error)


@pytest.mark.parametrize("copied", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
def test_a_copy_says_the_same(copied):
    """An error that crosses a process or a trace keeps all its parts."""
    error = AppProtocolError("HS2", "awaiting_body", "http.response.start", ["http.response.body"])
    assert str(copied(error)) == str(error)
