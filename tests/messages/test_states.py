"""The tables let every legal conversation pass and name the rule that any other one breaks."""

import re

import pytest

from rawasgi.messages.errors import AppProtocolError, PeerProtocolError
from rawasgi.messages.rules import rule
from rawasgi.messages.states import RETURN, TABLES, Side, label, mermaid
from rawasgi.messages.types import MESSAGES, SENT_BY_SERVER

# The groups of rules.md that a table may quote.
GROUPS = {
    "http": {"G", "HR", "HS", "X"},
    "websocket": {"G", "WR", "WS"},
    "lifespan": {"G", "L"},
}
FINAL = {"returned", "disconnected", "failed", "stopped"}

TABLE_NAMES = sorted(f"{protocol} {side}" for protocol, side in TABLES)


def table(name):
    """The table called "http app"."""
    return TABLES[tuple(name.split())]


def message(said):
    """The smallest message of a label: `http.response.body+` announces that more will follow."""
    more = {"more_body": True, "more_trailers": True, "trailers": True} if said.endswith("+") else {}
    return {"type": said.rstrip("+"), **more}


def own(side, said):
    return (said.rstrip("+") in SENT_BY_SERVER) == (side.table.side == "server")


def walk(name, words):
    """Say and hear `words` one after the other: "http.request http.response.start". Gives the side as it ends."""
    side = Side(table(name))
    for said in words.split():
        (side.says if own(side, said) else side.hears)(message(said))
    return side


@pytest.mark.parametrize("name", TABLE_NAMES)
def test_every_row_quotes_a_rule_of_its_protocol(name):
    """The rule of each row exists, and stands in a group that speaks of this protocol."""
    for row, (_, rule_id) in table(name).rows.items():
        assert rule(rule_id).id == rule_id
        assert rule_id.rstrip("0123456789") in GROUPS[table(name).protocol], row


@pytest.mark.parametrize("name", TABLE_NAMES)
def test_every_row_is_about_a_message(name):
    """What is said in a row is a message of this protocol, the end of the call, or anything else."""
    for _, said in table(name).rows:
        plain = said.rstrip("+")
        assert said in ("return", "*") or (plain in MESSAGES and plain.startswith(table(name).protocol)), said
        assert said in ("return", "*") or label(message(said)) == said, said


@pytest.mark.parametrize("name", TABLE_NAMES)
def test_every_state_is_reached_and_answers_everything(name):
    """From the start each state can be reached, has rows, and a `*` row for what it does not name."""
    known, reached, ahead = table(name), set(), [table(name).start]
    while ahead:
        state = ahead.pop()
        reached.add(state)
        ahead += {after for (before, _), (after, _) in known.rows.items() if before == state and after} - reached
    assert reached == set(known.states)
    assert {state for state in known.states if (state, "*") not in known.rows} == set()


@pytest.mark.parametrize("name", TABLE_NAMES)
def test_only_the_last_states_lead_nowhere(name):
    """A state without a way out is one in which the conversation is over."""
    rows = table(name).rows
    dead_ends = {
        s for s in table(name).states if not {n for (state, _), (n, _) in rows.items() if state == s} - {s, None}
    }
    assert dead_ends == FINAL & set(table(name).states) - ({"failed", "stopped"} if name == "lifespan app" else set())


@pytest.mark.parametrize("name", TABLE_NAMES)
def test_allowed_lists_what_the_side_itself_may_say(name):
    """In each state `allowed` names own messages only, and saying any one of them is legal."""
    for state in table(name).states:
        for said in table(name).allowed(state):
            side = Side(table(name))
            side.state = state
            assert said == "*" or own(side, said)
            side.says(message("http.response.body" if said == "*" else said))


@pytest.mark.parametrize(
    ("name", "state", "allowed"),
    [
        ("http app", "awaiting_start_after_debug", "early_hint start start+"),
        ("http app", "awaiting_trailers", "trailers trailers+"),
        ("http app", "complete", ""),
        ("websocket app", "awaiting_connect", ""),
        ("websocket app", "awaiting_answer", "accept close http.response.start"),
        ("websocket app", "open", "close send"),
        ("lifespan app", "starting", "startup.complete startup.failed"),
        ("http server", "request_complete", "http.disconnect"),
        ("websocket server", "closing", "websocket.disconnect websocket.receive"),
        ("lifespan server", "running", "lifespan.shutdown"),
    ],
)
def test_allowed_in_a_few_states(name, state, allowed):
    """What the tracer prints and the errors list, for states where it is not obvious."""
    prefix = {"http app": "http.response.", "websocket app": "websocket.", "lifespan app": "lifespan."}.get(name, "")
    assert sorted(table(name).allowed(state)) == [prefix + word for word in allowed.split()]


START, BODY, MORE = "http.response.start", "http.response.body", "http.response.body+"
TRAILERS = "http.response.trailers"
ANSWER = f"{START} {BODY}"
DENIAL = "websocket.http.response"
OPENED = "websocket.connect websocket.accept"
STARTED = "lifespan.startup lifespan.startup.complete"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("http app", f"http.request {ANSWER} return"),
        ("http app", f"{ANSWER} return"),
        ("http app", f"http.request+ {START} http.request {MORE} {MORE} {BODY} return"),
        ("http app", f"{ANSWER} http.disconnect return"),
        ("http app", f"http.response.early_hint http.response.early_hint {ANSWER} return"),
        ("http app", f"http.response.debug {ANSWER} return"),
        ("http app", f"http.response.early_hint http.response.debug http.response.early_hint {ANSWER} return"),
        ("http app", f"{START} http.response.push {MORE} http.response.push {BODY} return"),
        ("http app", f"{START} http.response.pathsend return"),
        ("http app", f"{START}+ http.response.pathsend {TRAILERS} return"),
        ("http app", f"{START} http.response.zerocopysend+ {MORE} http.response.zerocopysend return"),
        ("http app", f"{START}+ http.response.zerocopysend {TRAILERS} return"),
        ("http app", f"{START}+ {BODY} {TRAILERS} return"),
        ("http app", f"{START}+ http.response.push {MORE} http.response.push {BODY} {TRAILERS}+ {TRAILERS} return"),
        ("http app", f"http.response.debug {START}+ {MORE} {MORE} {BODY} {TRAILERS} return"),
        ("http app", "http.request http.disconnect return"),
        ("http app", f"http.response.debug http.disconnect {ANSWER} return"),
        ("http app", f"http.disconnect {ANSWER} {START} return"),
        ("http app", f"{START} http.disconnect return"),
        ("http app", f"{START} {MORE} http.disconnect {MORE} return"),
        ("http app", f"{START}+ http.disconnect return"),
        ("http app", f"{START}+ {MORE} http.disconnect return"),
        ("http app", f"{START}+ {BODY} http.disconnect return"),
        ("websocket app", f"{OPENED} websocket.receive websocket.send websocket.close return"),
        ("websocket app", f"{OPENED} websocket.send websocket.disconnect return"),
        ("websocket app", f"{OPENED} websocket.close websocket.disconnect return"),
        ("websocket app", f"{OPENED} websocket.disconnect websocket.send return"),
        ("websocket app", "websocket.connect websocket.close return"),
        ("websocket app", "websocket.connect websocket.disconnect websocket.accept return"),
        ("websocket app", f"websocket.connect {DENIAL}.start {DENIAL}.body return"),
        ("websocket app", f"websocket.connect {DENIAL}.start {DENIAL}.body+ {DENIAL}.body+ {DENIAL}.body return"),
        ("websocket app", f"websocket.connect {DENIAL}.start websocket.disconnect return"),
        ("websocket app", f"websocket.connect {DENIAL}.start {DENIAL}.body+ websocket.disconnect return"),
        ("lifespan app", f"{STARTED} lifespan.shutdown lifespan.shutdown.complete return"),
        ("lifespan app", f"{STARTED} lifespan.shutdown lifespan.shutdown.failed return"),
        ("lifespan app", "lifespan.startup lifespan.startup.failed return"),
        ("lifespan app", "return"),
    ],
)
def test_a_legal_conversation_ends_in_returned(name, words):
    """Whatever the specification permits, the table lets pass, to the end of the call."""
    side = Side(table(name))
    for said in words.split():
        moved = side.says(RETURN) if said == "return" else (side.says if own(side, said) else side.hears)(message(said))
        assert moved == side.state
    assert side.state == "returned"


@pytest.mark.parametrize(
    ("name", "words", "state"),
    [
        ("http server", "http.request", "request_complete"),
        ("http server", "http.request+ http.request+ http.request http.disconnect", "disconnected"),
        ("http server", "http.disconnect http.disconnect", "disconnected"),
        ("http server", "http.request+ http.disconnect", "disconnected"),
        ("http server", f"{ANSWER} http.request", "request_complete"),
        ("websocket server", f"{OPENED} websocket.receive websocket.send websocket.disconnect", "disconnected"),
        ("websocket server", f"{OPENED} websocket.close websocket.receive websocket.disconnect", "disconnected"),
        ("websocket server", "websocket.connect websocket.disconnect", "disconnected"),
        ("websocket server", "websocket.connect websocket.close websocket.disconnect", "disconnected"),
        ("websocket server", f"websocket.connect {DENIAL}.start {DENIAL}.body+", "awaiting_answer"),
        ("websocket server", f"websocket.connect {DENIAL}.start {DENIAL}.body websocket.disconnect", "disconnected"),
        ("lifespan server", f"{STARTED} lifespan.shutdown lifespan.shutdown.complete", "stopped"),
        ("lifespan server", f"{STARTED} lifespan.shutdown lifespan.shutdown.failed", "stopped"),
        ("lifespan server", "lifespan.startup lifespan.startup.failed", "failed"),
    ],
)
def test_a_legal_server_is_followed(name, words, state):
    """What a server may deliver moves its table, and what it hears moves it where that matters."""
    assert walk(name, words).state == state


@pytest.mark.parametrize(
    ("name", "words", "state", "seen", "rule_id"),
    [
        ("http app", "", "awaiting_start", BODY, "HS1"),
        ("http app", "http.request", "awaiting_start", MORE, "HS1"),
        ("http app", "", "awaiting_start", TRAILERS, "HS1"),
        ("http app", "", "awaiting_start", "http.response.push", "X4"),
        ("http app", "", "awaiting_start", "http.response.pathsend", "X10"),
        ("http app", "http.response.debug", "awaiting_start_after_debug", "http.response.zerocopysend+", "X7"),
        ("http app", "", "awaiting_start", "websocket.accept", "HS1"),
        ("http app", "http.request", "awaiting_start", "return", "HS16"),
        ("http app", "http.response.debug", "awaiting_start_after_debug", "http.response.debug", "X14"),
        ("http app", "http.response.debug", "awaiting_start_after_debug", BODY, "HS1"),
        ("http app", "http.response.debug", "awaiting_start_after_debug", "return", "HS16"),
        ("http app", START, "awaiting_body", START, "HS2"),
        ("http app", START, "awaiting_body", f"{START}+", "HS2"),
        ("http app", START, "awaiting_body", "return", "HS12"),
        ("http app", START, "awaiting_body", TRAILERS, "X1"),
        ("http app", START, "awaiting_body", "http.response.early_hint", "X12"),
        ("http app", START, "awaiting_body", "http.response.debug", "X14"),
        ("http app", START, "awaiting_body", "http.response.nonsense", "HS12"),
        ("http app", f"{START} {MORE}", "streaming_body", START, "HS2"),
        ("http app", f"{START} {MORE}", "streaming_body", "http.response.pathsend", "X10"),
        ("http app", f"{START} {MORE}", "streaming_body", TRAILERS, "X1"),
        ("http app", f"{START} {MORE}", "streaming_body", "http.response.early_hint", "X12"),
        ("http app", f"{START} {MORE}", "streaming_body", "return", "HS16"),
        ("http app", f"{START}+", "awaiting_body_then_trailers", f"{START}+", "HS2"),
        ("http app", f"{START}+", "awaiting_body_then_trailers", "return", "HS12"),
        ("http app", f"{START}+ {MORE}", "streaming_body_then_trailers", "http.response.pathsend", "X10"),
        ("http app", f"{START}+ {MORE}", "streaming_body_then_trailers", START, "HS2"),
        ("http app", f"{START}+ {MORE}", "streaming_body_then_trailers", "http.response.early_hint", "X12"),
        ("http app", f"{START}+", "awaiting_body_then_trailers", "http.response.debug", "X14"),
        ("http app", f"{START}+ {MORE}", "streaming_body_then_trailers", "return", "HS16"),
        ("http app", f"{START}+ {BODY}", "awaiting_trailers", BODY, "X1"),
        ("http app", f"{START}+ {BODY}", "awaiting_trailers", "return", "HS23"),
        ("http app", ANSWER, "complete", BODY, "HS15"),
        ("http app", ANSWER, "complete", START, "HS15"),
        ("http app", ANSWER, "complete", TRAILERS, "HS15"),
        ("http app", ANSWER, "complete", "http.response.push", "X4"),
        ("http app", ANSWER, "complete", "http.response.zerocopysend", "X7"),
        ("http app", f"{START} http.response.pathsend", "complete", BODY, "HS15"),
        ("http app", f"{START} http.response.pathsend", "complete", "http.response.pathsend", "X10"),
        ("http app", f"{START}+ {BODY} {TRAILERS}", "complete", TRAILERS, "HS15"),
        ("http app", f"{ANSWER} return", "returned", BODY, "G26"),
        ("http app", f"{ANSWER} return", "returned", "return", "G26"),
        ("http server", "", "awaiting_request", "websocket.connect", "HR1"),
        ("http server", "http.request", "request_complete", "http.request", "HR4"),
        ("http server", "http.request", "request_complete", "http.request+", "HR4"),
        ("http server", "http.disconnect", "disconnected", "http.request", "HR8"),
        ("websocket app", "", "awaiting_connect", "websocket.accept", "WS1"),
        ("websocket app", "websocket.connect", "awaiting_answer", "websocket.send", "WS7"),
        ("websocket app", "websocket.connect", "awaiting_answer", "return", "WS15"),
        ("websocket app", "websocket.connect", "awaiting_answer", f"{DENIAL}.body", "WS1"),
        ("websocket app", OPENED, "open", "websocket.accept", "WS2"),
        ("websocket app", OPENED, "open", f"{DENIAL}.start", "WS17"),
        ("websocket app", OPENED, "open", "return", "WS15"),
        ("websocket app", f"websocket.connect {DENIAL}.start", "denial_awaiting_body", "websocket.accept", "WS18"),
        ("websocket app", f"websocket.connect {DENIAL}.start", "denial_awaiting_body", "return", "WS18"),
        (
            "websocket app",
            f"websocket.connect {DENIAL}.start {DENIAL}.body+",
            "denial_streaming_body",
            "return",
            "WS18",
        ),
        ("websocket app", f"{OPENED} websocket.close", "closed", "websocket.send", "WS11"),
        ("websocket app", f"{OPENED} websocket.close", "closed", "websocket.close", "WS11"),
        ("websocket app", f"{OPENED} websocket.close return", "returned", "websocket.send", "G26"),
        ("websocket server", "", "awaiting_connect", "websocket.receive", "WR1"),
        ("websocket server", "websocket.connect", "awaiting_answer", "websocket.connect", "WR1"),
        ("websocket server", "websocket.connect", "awaiting_answer", "websocket.receive", "WR2"),
        ("websocket server", f"{OPENED} websocket.disconnect", "disconnected", "websocket.receive", "WR10"),
        ("websocket server", f"{OPENED} websocket.disconnect", "disconnected", "websocket.disconnect", "WR10"),
        ("lifespan app", "", "awaiting_startup", "lifespan.startup.complete", "L6"),
        ("lifespan app", "lifespan.startup", "starting", "return", "L6"),
        ("lifespan app", "lifespan.startup", "starting", "lifespan.shutdown.complete", "L6"),
        ("lifespan app", STARTED, "running", "lifespan.startup.complete", "L6"),
        ("lifespan app", STARTED, "running", "lifespan.shutdown.complete", "L11"),
        ("lifespan app", STARTED, "running", "return", "L13"),
        ("lifespan app", f"{STARTED} lifespan.shutdown", "stopping", "return", "L11"),
        (
            "lifespan app",
            f"{STARTED} lifespan.shutdown lifespan.shutdown.failed",
            "stopped",
            "lifespan.shutdown.failed",
            "L11",
        ),
        ("lifespan app", "lifespan.startup lifespan.startup.failed", "failed", "lifespan.startup.complete", "L6"),
        ("lifespan server", "", "awaiting_startup", "lifespan.shutdown", "L4"),
        ("lifespan server", "lifespan.startup", "starting", "lifespan.startup", "L4"),
        ("lifespan server", "lifespan.startup", "starting", "lifespan.shutdown", "L10"),
        ("lifespan server", STARTED, "running", "lifespan.startup", "L4"),
        ("lifespan server", f"{STARTED} lifespan.shutdown", "stopping", "lifespan.shutdown", "L10"),
        ("lifespan server", "lifespan.startup lifespan.startup.failed", "failed", "lifespan.shutdown", "L10"),
    ],
)
def test_an_illegal_message_names_rule_state_and_what_was_allowed(name, words, state, seen, rule_id):
    """The error blames the side of the table, and carries the rule, the state, the message and the right ones."""
    side = Side(table(name))
    for said in words.split():
        side.says(RETURN) if said == "return" else (side.says if own(side, said) else side.hears)(message(said))
    with pytest.raises(AppProtocolError if name.endswith("app") else PeerProtocolError) as caught:
        side.says(RETURN if seen == "return" else message(seen))
    error = caught.value
    assert (error.rule_id, error.state, error.seen) == (rule_id, state, seen)
    assert error.allowed == tuple(sorted(table(name).allowed(state)))
    assert side.state == state, "a refused message moves nothing"


@pytest.mark.parametrize(
    ("name", "words", "foreign"),
    [
        ("http app", START, "http.disconnect"),
        ("websocket app", "", "websocket.connect"),
        ("websocket app", OPENED, "websocket.disconnect"),
        ("lifespan app", "", "lifespan.startup"),
        ("lifespan app", STARTED, "lifespan.shutdown"),
        ("websocket server", "websocket.connect", "websocket.accept"),
        ("lifespan server", "lifespan.startup", "lifespan.startup.complete"),
    ],
)
def test_a_side_cannot_say_the_words_of_the_other(name, words, foreign):
    """Rows for what a side hears are no permission to send it: an app cannot send http.disconnect."""
    side = walk(name, words)
    before = side.state
    with pytest.raises(AppProtocolError if name.endswith("app") else PeerProtocolError) as caught:
        side.says(message(foreign))
    assert (caught.value.seen, caught.value.state, side.state) == (foreign, before, before)


def test_what_a_side_hears_moves_it_only_where_the_table_says_so():
    """A request, or a disconnect after the end, leaves the application's state alone."""
    side = Side(table("http app"))
    assert side.hears({"type": "http.request"}) == "awaiting_start"
    side.says(message(START))
    side.says(message(BODY))
    assert side.hears({"type": "http.disconnect"}) == "complete"


def test_the_state_shows_in_the_repr():
    """A side says what it is and where it stands, a table how large it is."""
    side = walk("http app", f"{START}+ {MORE}")
    assert repr(side) == "<http app: streaming_body_then_trailers>"
    assert repr(Side(table("lifespan server"))) == "<lifespan server: awaiting_startup>"
    assert repr(table("http server")) == "<Table http server: 4 states>"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"type": "http.response.start"}, "http.response.start"),
        ({"type": "http.response.start", "trailers": True}, "http.response.start+"),
        ({"type": "http.response.body", "more_body": True}, "http.response.body+"),
        ({"type": "http.response.body", "more_body": False}, "http.response.body"),
        ({"type": "http.response.trailers", "more_trailers": True}, "http.response.trailers+"),
        ({"type": "http.response.pathsend", "more_body": True}, "http.response.pathsend"),
        ({"type": "websocket.http.response.body", "more_body": True}, "websocket.http.response.body+"),
        ({"type": "http.response.start", "more_body": True}, "http.response.start"),
    ],
)
def test_a_label_is_the_type_and_a_plus_where_more_follows(said, expected):
    """The plus comes from the one key that announces more in this message, and from no other."""
    assert label(said) == expected


@pytest.mark.parametrize("name", TABLE_NAMES)
def test_mermaid_draws_each_legal_row_once(name):
    """The diagram begins at the start state and holds the legal moves with their rules, no refusal."""
    header, start, *moves = mermaid(table(name)).splitlines()
    assert (header, start) == ("stateDiagram-v2", f"    [*] --> {table(name).start}")
    legal = [(before, said, after, rule_id) for (before, said), (after, rule_id) in table(name).rows.items() if after]
    parts = [re.findall(r"^    (\S+) --> (\S+): (\S+) \((\S+)\)$", move) for move in moves]
    drawn = [(before, said, after, rule_id) for ((before, after, said, rule_id),) in parts]
    assert drawn == legal
    assert len(set(drawn)) == len(drawn)
