from typing import Any

from comparisons.contract import Contract, Differs, Whole, http, ws
from comparisons.outcome import Close

TEXT, CONTINUATION, FIN, MASKED = 0x1, 0x0, 0x80, 0x80
PLAIN = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"
NOT_UTF8 = "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"
FAILED = b"Failed to open a WebSocket connection:"
FORBIDDEN = (
    b"You don&#39;t have the permission to access the requested resource. It is either read-protected or not readable "
    b"by the server."
)
NOT_FOUND = (
    b"The requested URL was not found on the server. If you entered the URL manually please check your spelling and "
    b"try again."
)
BAD_REQUEST = b"The browser (or proxy) sent a request that this server could not understand."
SERVER_ERROR = (
    b"The server encountered an internal error and was unable to complete your request. Either the server is "
    b"overloaded or there is an error in the application."
)
HOME, ABROAD = {"origin": "http://localhost"}, {"origin": "http://elsewhere.example"}

ECHOES = (
    "text and binary",
    "a ping inside a message",
    "a subprotocol that fits",
    "no subprotocol fits",
    "the client closes without a code",
)
SUMS = ("JSON, then not JSON", "a bug", "text that is not UTF-8")
TICKS = ("the server speaks first", "the server alone speaks")


def frame(first: int, payload: bytes) -> bytes:
    """A client's frame, under a mask of zeros: its payload stays readable."""
    return bytes([first, MASKED | len(payload), 0, 0, 0, 0]) + payload


def at(*titles: str, **changes: Any) -> dict[str, dict[str, Any]]:
    return dict.fromkeys(titles, changes)


def empty(status: int) -> dict[str, Any]:
    return {"status": status, "headers": Whole({"content-length": "0"}), "body": b""}


def page(status: int, kind: str, body: bytes) -> dict[str, Any]:
    return {"status": status, "headers": Whole({"content-type": kind, "content-length": str(len(body))}), "body": body}


def flask_page(status: int, name: str, sentence: bytes) -> dict[str, Any]:
    head = f"<!doctype html>\n<html lang=en>\n<title>{status} {name}</title>\n<h1>{name}</h1>\n<p>".encode()
    return page(status, HTML, head + sentence + b"</p>\n")


CONTRACT = Contract(
    question="Who may close, when, and what does the other side learn?",
    leaves=["p1.real-time", "p2.wsgi", "p2.websocket-scope"],
    beats={
        1: "wait for the handshake",
        2: "answer it: accept, refuse, or respond",
        3: "hear a message",
        4: "say a message",
        5: "learn that the client has left",
        6: "close",
    },
    provided={
        ("tiny", 1): "rawasgi.tiny.app:WebSocket.accept",
        ("rawasgi", 1): "rawasgi.websockets:WebSocket.accept",
        ("fastapi", 1): "starlette.websockets:WebSocket.accept",
        ("flask", 1): "simple_websocket.ws:Server.handshake",
    },
    also_on=["uvicorn-wsproto"],
    steps=[
        ws("/echo", title="text and binary", leaf="p2.wsgi")
        .sends("héllo")
        .sends(b"\0\xff")
        .sends("")
        .receives("héllo")
        .receives(b"\0\xff")
        .receives("")
        .closes(3001, "bye")
        .then(log="left 3001 bye"),
        ws("/echo", title="a ping inside a message", leaf="p2.wsgi")
        .sends_raw(frame(TEXT, b"one "))
        .pings(b"still there?")
        .sends_raw(frame(CONTINUATION, b"who") + frame(FIN | CONTINUATION, b"le"))
        .receives("one whole")
        .closes(1000)
        .then(log="left 1000 no reason"),
        ws("/echo", title="a subprotocol that fits", leaf="p2.wsgi", subprotocols=["chat.v1", "chat.v2"])
        .accepted("chat.v2")
        .closes(1000)
        .then(log="left 1000 no reason"),
        ws("/echo", title="no subprotocol fits", leaf="p2.wsgi", subprotocols=["chat.v1"])
        .closes(1000)
        .then(log="left 1000 no reason"),
        ws("/echo", title="the client closes without a code", leaf="p2.websocket-scope")
        .closes(None)
        .then(log="left 1005 no reason"),
        ws("/echo", title="the line is cut", leaf="p2.websocket-scope").drops().then(log="left 1006 no reason"),
        ws("/sum", title="JSON, then not JSON", leaf="p2.websocket-scope")
        .sends("[1, 2]")
        .receives('{"sum":3}')
        .sends("[1,")
        .closed(1007, "not JSON"),
        ws("/sum", title="a bug", leaf="p2.websocket-scope").sends('[1, "two"]').closed(1011),
        ws("/sum", title="text that is not UTF-8", leaf="p2.websocket-scope")
        .sends_raw(frame(FIN | TEXT, b"\xff"))
        .closed(1007),
        ws("/ticks", title="the server speaks first", leaf="p1.real-time")
        .receives("tick 1")
        .receives("tick 2")
        .receives("tick 3")
        .closed(1000)
        .then(log="sent all ticks"),
        ws("/ticks", title="the server alone speaks", leaf="p1.real-time")
        .receives("tick 1")
        .closes(1000)
        .then(log="stopped at tick 2"),
        ws("/members", title="close after accept", leaf="p2.websocket-scope", headers=HOME)
        .accepted(headers={"x-room": "7"})
        .closed(4000, "the room is full"),
        ws("/members", title="close before accept", leaf="p2.websocket-scope", headers=ABROAD).rejected(
            403, {"content-length": "0"}, b""
        ),
        ws("/busy", title="a response instead", leaf="p2.websocket-scope").rejected(
            429, {"content-type": PLAIN, "content-length": "15", "retry-after": "60"}, b"Come back later"
        ),
        ws("/nowhere", title="an unknown path", leaf="p2.websocket-scope").rejected(403, {"content-length": "0"}, b""),
        http("GET", "/echo", title="GET without a handshake", leaf="p2.wsgi").answers(
            404, {"content-type": PLAIN, "content-length": "9"}, b"Not Found"
        ),
        ws("/echo", title="no key", leaf="p2.wsgi", headers={"sec-websocket-key": ""}).rejected(
            400, {"content-length": "0"}, b""
        ),
        ws("/echo", title="an old version", leaf="p2.wsgi", headers={"sec-websocket-version": "12"}).rejected(
            426, {"content-length": "0", "sec-websocket-version": "13"}, b""
        ),
    ],
    differences=[
        Differs(
            ["tiny@uvicorn", "tiny@uvicorn-wsproto", "tiny@tiny"],
            "text and binary",
            then={"log": "left 3001 no reason"},
            because="its WebSocketDisconnect carries the code alone",
        ),
        Differs(
            ["tiny", "flask"],
            "close after accept",
            answers={"headers": {"x-room": None}},
            because="to accept takes a subprotocol and no headers",
        ),
        Differs(
            "fastapi",
            "GET without a handshake",
            answers=page(404, "application/json", b'{"detail":"Not Found"}'),
            because="an error is JSON, for programs",
        ),
        Differs(
            "flask",
            {
                **at(*ECHOES, "JSON, then not JSON", "close after accept"),
                "the line is cut": {"log": "left 1005 no reason"},
                "a bug": {"close": Close(1002, "Invalid attempt to fragment control frame", "client")},
                "text that is not UTF-8": {"close": Close(1007, NOT_UTF8)},
            },
            verdict="outside the protocol",
            because="flask-sock takes gunicorn's socket out of the environ and speaks the frames itself, with a second "
            "thread for each client; a cut line is 1005 to it, and Flask's error page goes out between the frames",
        ),
        Differs(
            "flask",
            TICKS,
            answers={"headers": {"content-type": HTML}, "messages": (), "close": Close(1006)},
            then={"log": ()},
            verdict="not expressible",
            because="without the extension: a 101 has no body, so Werkzeug never starts the generator",
        ),
        Differs(
            "flask",
            {
                "close before accept": flask_page(403, "Forbidden", FORBIDDEN),
                "an unknown path": flask_page(404, "Not Found", NOT_FOUND),
                "GET without a handshake": flask_page(400, "Bad Request", BAD_REQUEST),
                **at("no key", "an old version", **flask_page(500, "Internal Server Error", SERVER_ERROR)),
            },
            because="a handshake is a GET, and an error is a page; nobody catches what wsproto says of a bad handshake",
        ),
        Differs(
            "raw_wsgi",
            {
                **at(*ECHOES, *SUMS, *TICKS, "close after accept", messages=(), close=Close(1006)),
                "the line is cut": {},
            },
            then={"log": "left: the input has ended"},
            verdict="not expressible",
            because="a 101 has no body, so gunicorn drops every frame; the GET had none either, so the input ends at once",
        ),
        Differs(
            ["@uvicorn", "@uvicorn-wsproto"],
            {"the line is cut": {"log": "left 1005 no reason"}, "a bug": {"close": Close(1006)}},
            because="a cut line is called 1005, the code for a close frame without one; an application that raises is cut off",
        ),
        Differs(
            "@uvicorn",
            {
                **at("close before accept", "an unknown path", headers={"content-type": PLAIN}),
                "no key": page(400, PLAIN, b"%b missing Sec-WebSocket-Key header.\n" % FAILED),
                "an old version": page(400, PLAIN, b"%b invalid Sec-WebSocket-Version header: 12.\n" % FAILED),
            },
            because="the websockets library says what is wrong, not which version is right, and gives an empty body a type",
        ),
        Differs(
            "@hypercorn",
            {
                **at(*ECHOES, log="left 1006 no reason"),
                "the server alone speaks": {"log": "sent all ticks"},
                "an old version": empty(400),
            },
            because="the code of the client's close frame is dropped; a send to a client that has left does nothing; "
            "the right version is not said",
        ),
        Differs(
            ["@hypercorn", "@uvicorn-wsproto"],
            "text that is not UTF-8",
            answers={"close": Close(1006)},
            because="wsproto reports a broken frame as a CloseConnection, which is taken for the client's: no close frame goes back",
        ),
        Differs(
            "@tiny",
            {
                "text that is not UTF-8": {"close": Close(1007, NOT_UTF8)},
                "the server alone speaks": {"messages": ("tick 1", "tick 2", "tick 3"), "log": "sent all ticks"},
            },
            because="frames are read only while the application waits in receive(); the reason is wsproto's",
        ),
    ],
)
