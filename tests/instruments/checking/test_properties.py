"""Whatever the tables allow, with contents that are in order, is without a finding; whatever they refuse has one."""

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rawasgi.instruments.checking.checker import Checker
from rawasgi.instruments.checking.finding import Finding
from rawasgi.messages.scopes import HTTPScope, TLSExtension, WebSocketScope
from rawasgi.messages.states import TABLES
from rawasgi.messages.types import MESSAGES
from tests.instruments.checking.cases_http import DEBUG, HINT, PATH, PUSH, ZERO
from tests.instruments.checking.cases_websocket import BODY, DENIED
from tests.instruments.checking.scenes import FULL, Line, findings_of, http, socket
from tests.instruments.messages import ACCEPT, GONE, asked, close, left, piece, sent, start

HEADERS = [(b"content-type", b"video/mp4"), (b"trailer", b"etag")]
CONTENTS = {
    "http.response.start": {**start(), "headers": HEADERS},
    "http.response.start+": {**start(), "headers": HEADERS, "trailers": True},
    "http.response.body": piece(b"x"),
    "http.response.body+": piece(b"x", True),
    "http.response.early_hint": HINT,
    "http.response.debug": DEBUG,
    "http.response.push": PUSH,
    "http.response.zerocopysend": ZERO,
    "http.response.zerocopysend+": {**ZERO, "more_body": True},
    "http.response.pathsend": PATH,
    "http.response.trailers": {"type": "http.response.trailers", "headers": [(b"etag", b"7")]},
    "http.response.trailers+": {"type": "http.response.trailers", "more_trailers": True},
    "websocket.accept": ACCEPT,
    "websocket.send": sent("a"),
    "websocket.close": close(),
    "websocket.http.response.start": DENIED,
    "websocket.http.response.body": BODY,
    "websocket.http.response.body+": {**BODY, "more_body": True},
}
EXTENSIONS = {**FULL, "http.response.debug": {}}


@st.composite
def walks(draw, protocol):
    """A way through the table of an app: the labels of what it sends, and whether the client leaves at the end."""
    table: Any = TABLES[protocol, "app"]
    state = table.start if protocol == "http" else table.rows[table.start, "websocket.connect"][0]
    said = []
    for _ in range(draw(st.integers(0, 12))):
        ways = [label for label in sorted(table.allowed(state)) if label != "*"]
        if not ways:
            break
        label = draw(st.sampled_from(ways))
        if label == "http.response.pathsend" and draw(st.booleans()):
            continue  # it ends most walks early
        said.append(label)
        state = table.rows[state, label][0]
    may_return = table.rows.get((state, "return"), (None,))[0] is not None
    return said, state, not may_return


def scene_of(protocol, said, leaves, *refused):
    """The scene of a walk, and of what is sent after it."""
    messages = [CONTENTS[label] for label in (*said, *refused)]
    if protocol == "http":
        if {"http.response.pathsend"} & {*said}:  # the application gives the length of a file
            messages = [
                {**message, "headers": [*HEADERS, (b"content-length", b"9")]} if "status" in message else message
                for message in messages
            ]
        incoming = [asked(b"a", True), asked(b"b"), *([GONE] if leaves else [])]
        return http(2, *messages, int(leaves), said=incoming, extensions=EXTENSIONS)
    return socket(1, *messages, int(leaves), said=[left(1001)] if leaves else [], extensions=EXTENSIONS)


NONSENSE: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=4)
    | st.binary(max_size=4)
    | st.builds(object),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=2)
    ),
    max_leaves=6,
)
KEYS = sorted({key for described in MESSAGES.values() for key in described.__annotations__} - {"type"})
HEADER_LISTS = st.lists(
    st.tuples(st.sampled_from([b"content-length", b"transfer-encoding", b"trailer", b"X", b":a"]) | NONSENSE, NONSENSE)
)
GARBAGE: Any = NONSENSE | st.fixed_dictionaries(
    {"type": st.sampled_from([*MESSAGES, "acme"]) | NONSENSE},
    optional={key: NONSENSE | HEADER_LISTS if key == "headers" else NONSENSE for key in KEYS},
)
SCOPE_KEYS = {key for described in (HTTPScope, WebSocketScope) for key in described.__annotations__} - {"type"}
BAD_SCOPES: Any = st.fixed_dictionaries(
    {"type": st.sampled_from(["http", "websocket", "lifespan"])},
    optional={
        **dict.fromkeys(SCOPE_KEYS, NONSENSE),
        "headers": HEADER_LISTS | NONSENSE,
        "extensions": st.dictionaries(
            st.sampled_from(["tls", "acme"]),
            NONSENSE | st.fixed_dictionaries({}, optional=dict.fromkeys(TLSExtension.__annotations__, NONSENSE)),
        )
        | NONSENSE,
    },
)


@given(scope=BAD_SCOPES, said=st.lists(GARBAGE, max_size=3), script=st.lists(GARBAGE, max_size=4))
@settings(max_examples=300)
def test_whatever_either_side_says_the_checker_only_notes_it(scope, said, script):
    """It raises nothing of its own, and both sides have had all that there was."""
    had: list[Any] = []

    async def app(scope, receive, send):
        for _ in said:
            had.append(await receive())
        for message in script:
            await send(message)

    async def send(message):
        had.append(message)

    line = Line(said)
    checker = Checker(app)
    asyncio.run(checker(scope, line.receive, send))
    assert all(mine is theirs for mine, theirs in zip(had[: len(said)], said, strict=True))
    assert len(had) == len(said) + len(script)
    assert all(str(finding) and finding.plain() for finding in checker.findings)


@given(walk=walks("http"))
@settings(max_examples=150)
def test_an_answer_that_the_table_allows_is_without_finding(walk):
    """To the end of the call; who has not finished, finishes because the client leaves."""
    said, _, leaves = walk
    assert findings_of(scene_of("http", said, leaves)) == []


@given(walk=walks("websocket"))
def test_a_websocket_that_the_table_allows_is_without_finding(walk):
    """The same."""
    said, _, leaves = walk
    assert findings_of(scene_of("websocket", said, leaves)) == []


@given(walk=walks("http"), label=st.sampled_from(sorted(label for label in CONTENTS if label.startswith("http."))))
@settings(max_examples=150)
def test_a_message_that_the_table_refuses_is_the_finding(walk, label):
    """With the rule and the state of the table, and all that it would have allowed."""
    said, state, _ = walk
    table = TABLES["http", "app"]
    next_state, rule_id = table.rows.get((state, label)) or table.rows[state, "*"]
    if next_state is not None:
        return
    found = findings_of(scene_of("http", said, True, label))
    assert isinstance(found[0], Finding)
    assert [(each.rule, each.state, each.seen, each.allowed) for each in found] == [
        (rule_id, state, label, tuple(sorted(table.allowed(state))))
    ]
