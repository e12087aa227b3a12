"""Exchanges on which asgion 0.6.1 errs, as it was run on them once: it passes over what is wrong, or refuses what is right.

Nothing here imports it: the table holds what it said, by the number of its rule. Its remarks ("info") are counted as
silence: every stream gets one.
"""

import pytest

from rawasgi.messages.rules import rule
from tests.instruments.checking.cases_http import DEBUG, FILE, LENGTH, PATH, PUSH, TYPED, X, answered, headed, raises
from tests.instruments.checking.cases_scope import asked, opened, secured
from tests.instruments.checking.cases_websocket import DENIED, heard
from tests.instruments.checking.scenes import findings_of, http, socket
from tests.instruments.messages import ACCEPT, GONE, close, left, piece, start
from tests.instruments.messages import asked as piece_of_request

PASSED_OVER = {
    "CR and LF in the value of a header": (headed((b"x", b"a\r\nset-cookie: b")), "HS8"),
    "NUL in the value of a header": (headed((b"x", b"a\x00")), "HS8"),
    "a name that is no token": (headed((b"x y", b"a")), "HS8"),
    "a pseudo header of a response": (headed((b":status", b"200")), "HS7"),
    "a pseudo header of a request": (asked(headers=[(b":path", b"/a")]), "H14"),
    "a push before the start": (answered(PUSH, start(), piece(X)), "X4"),
    "a file in place of a body, after a piece of one": (
        answered(TYPED, piece(b"123456789", True), PATH, piece()),
        "X10",
    ),
    "TLS on a plain connection": (secured("http"), "T1"),
    "a TLS version in words": (secured(tls_version="TLSv1.3"), "T3"),
    "a cipher suite that is none": (secured(cipher_suite=0x10000), "T4"),
    "a chain of certificates without a name": (secured(client_cert_name=None), "T6"),
    "a close code that nobody may send": (socket(1, ACCEPT, close(1005)), "WS9"),
    "a close code that is no number": (socket(1, ACCEPT, close(2999)), "WS9"),
    "a close reason too long for a frame": (socket(1, ACCEPT, close(1000, "é" * 62)), "WS10"),
    "a disconnect without a code": (heard({"type": "websocket.disconnect"}), "WR8"),
    "a subprotocol that was not offered": (
        socket(1, {**ACCEPT, "subprotocol": "b"}, close(), subprotocols=["a"]),
        "WS4",
    ),
    "a subprotocol as a header": (
        socket(1, {**ACCEPT, "headers": [(b"sec-websocket-protocol", b"a")]}, close(), subprotocols=["a"]),
        "WS6",
    ),
    "a response that ends after its start": (answered(start()), "HS12"),
    "a response that ends within its body": (answered(start(), piece(X, True)), "HS16"),
    "a websocket that ends without a word": (socket(1, ACCEPT), "WS15"),
    "a denial that ends after its start": (socket(1, DENIED), "WS18"),
    "a root path with a slash": (asked(root_path="/"), "H10"),
    "a path that is not below its root": (asked(root_path="/b"), "H10"),
}

REFUSED = {
    "HS-008: a scheme that is left to its default": http(1, start(), piece(X), without=["scheme"]),
    "HS-014: no raw path": http(1, start(), piece(X), without=["raw_path"]),
    "HS-015: a raw path that is None": asked(raw_path=None),
    "HS-018: a root path that is left to its default": http(1, start(), piece(X), without=["root_path"]),
    "HS-013: the path of OPTIONS *": asked(path="*", raw_path=b"*", method="OPTIONS"),
    "HE-001: a request that says nothing of its body": http(1, start(), piece(X), said=[{"type": "http.request"}]),
    "WS-002: an HTTP version that is left to its default": socket(1, ACCEPT, close(), without=["http_version"]),
    "WS-004: a websocket whose scheme is left to its default": socket(1, ACCEPT, close(), without=["scheme"]),
    "WS-011: a websocket without a query": socket(1, ACCEPT, close(), without=["query_string"]),
    "WS-012: a websocket whose query is None": opened(query_string=None),
    "WS-020: a websocket without subprotocols": socket(1, ACCEPT, close(), without=["subprotocols"]),
    "G-010: headers that are a view": answered({**start(), "headers": {b"a": b"b"}.items()}, piece(X)),
    "G-010: a file for zero copy": answered(start(), {"type": "http.response.zerocopysend", "file": FILE}),
    "G-010: objects for a debugger": answered(DEBUG, start(), piece(X), extensions={DEBUG["type"]: {}}),
    "HE-014: a message of an extension that was announced": answered(
        {"type": "http.response.acme"}, start(), piece(X), extensions={"http.response.acme": {}}
    ),
    "SEM-003: the length of a body that HEAD does not get": answered(start(200, LENGTH), piece(), method="HEAD"),
    "SEM-003: the length of a body that 304 does not repeat": headed(LENGTH, status=304, body=b""),
    "SEM-003: the length of a file that the server sends": answered(TYPED, PATH),
    "HF-001: an app that fails before its start": answered(raises),
    "HF-005: an answer that crosses the disconnect": http(2, start(), piece(X), said=[piece_of_request(), GONE]),
    "WF-005: a close that crosses the disconnect": heard(left(1001), script=[close()]),
}


@pytest.mark.parametrize("name", PASSED_OVER)
def test_what_it_passes_over_is_found(name):
    """The one thing that is wrong, by the number of its rule."""
    scene, rule_id = PASSED_OVER[name]
    assert [finding.rule for finding in findings_of(scene)] == [rule(rule_id).id]


@pytest.mark.parametrize("name", REFUSED)
def test_what_it_refuses_is_let_pass(name):
    """The specification allows it."""
    assert findings_of(REFUSED[name]) == []
