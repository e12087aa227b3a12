"""Where rawasgi answers otherwise than Starlette: reason -> scene -> the lines only Starlette (-) and only rawasgi (+) has.

A line is one of `tests.wire.kits.lines`. A scene of test_against_starlette.py that is not named here has no difference.
"""

PLAIN_500 = (
    "- http.response.start status=500",
    "-   content-length: 21",
    "-   content-type: text/plain; charset=utf-8",
    "- http.response.body body=b'Internal Server Error'",
)
DENIAL_429 = (
    "- websocket.http.response.start status=429",
    "-   content-length: 9",
    "-   content-type: text/plain; charset=utf-8",
    "- websocket.http.response.body body=b'slow down'",
)
ALLOW_OF_ALL = ("-   allow: GET, HEAD", "+   allow: DELETE, GET, HEAD, PUT")
DIGITS = "1" * 5_000
NO_PLACE = "the lifespan yields state, but this server's lifespan scope has no `state`"
TOO_LONG = (
    "Exceeds the limit (4300 digits) for integer string conversion: value has 5000 digits; "
    "use sys.set_int_max_str_digits() to increase the limit"
)


def body(theirs, ours):
    """One body message, that of Starlette and that of rawasgi."""
    return f"- http.response.body body={theirs!r}", f"+ http.response.body body={ours!r}"


def one_message(theirs):
    """Starlette cuts this body into a first message and an empty last one; rawasgi sends it as the app below did."""
    return (
        f"- http.response.body body={theirs!r} more_body=True",
        "- http.response.body body=b'' more_body=False",
        f"+ http.response.body body={theirs!r}",
    )


def bad_json(status, theirs, why):
    """Starlette's answer of this status and body -> 400 and the fault."""
    text = f"Malformed JSON: {why}"
    start = (f"- http.response.start status={status}", "+ http.response.start status=400")
    lengths = (f"-   content-length: {len(theirs)}", f"+   content-length: {len(text)}")
    return *start, *lengths, *body(theirs, text.encode())


def closed(code, reason, theirs):
    """Starlette raises; rawasgi closes the websocket and says why."""
    return f"- raised {theirs}", f"+ websocket.close code={code} reason={reason!r}"


def error_names(theirs, ours):
    """What the application's mistake is called."""
    return f"- noted '{theirs}'", f"+ noted '{ours}'"


def seen_as_answer(error, *layers):
    """Starlette's layers see an exception, those of rawasgi a response, which they may change."""
    theirs = [f"- noted {[layer, 'sees', error]!r}" for layer in layers]
    return *theirs, *(line for layer in layers for line in (f"+   x-layer: {layer}", f"+ noted {[layer, 'out']!r}"))


FROM_STARLETTE = {
    "layers around a mount or a router are around its 404 and its 405 too: they see an answer, not an exception": {
        "parts GET /below/nowhere": seen_as_answer("HTTPException(status_code=404, detail='Not Found')", "mount"),
        "parts GET /router/nowhere": seen_as_answer(
            "HTTPException(status_code=404, detail='Not Found')", "inner", "outer", "mount"
        ),
        "parts POST /below/fine": seen_as_answer(
            "HTTPException(status_code=405, detail='Method Not Allowed')", "mount"
        ),
    },
    "HEAD is answered with the headers of GET and no body byte (RFC 9110, 9.3.2)": {
        "parts HEAD /own/fine": body(b"/own/fine [] http://example.org/below/fine", b""),
        "parts HEAD /below/fine": body(b"/below/fine [] http://example.org/below/fine", b""),
        "answers HEAD /plain": body("héllo".encode(), b""),
        "answers HEAD /stream": [f"- http.response.body body=b'{number};' more_body=True" for number in range(3)],
        "places HEAD /items/7": body(b'["item",{"id":7},"","Route"]', b""),
        "places HEAD /nowhere": body(b"Not Found", b""),
        "errors HEAD /teapot": body(b"short and stout", b""),
        "no_handlers HEAD /boom": body(b"Internal Server Error", b""),
        "functions HEAD /fine": (
            '- http.response.body body=b\'{"body":""}\' more_body=True',
            "- http.response.body body=b'' more_body=False",
            "+ http.response.body body=b''",
        ),
        "functions HEAD /stream": (
            "- http.response.body body=b'one' more_body=True",
            "- http.response.body body=b'two' more_body=True",
            "- noted 'one'",
            "- noted 'two'",
        ),
    },
    "Allow names the methods of all routes whose path fits (RFC 9110, 10.2.1), Starlette's those of the first": {
        "places POST /items/7": ALLOW_OF_ALL,
        "places OPTIONS /items/7": ALLOW_OF_ALL,
        "places get /items/7": ALLOW_OF_ALL,
    },
    "a body that is no JSON is the client's fault: 400 and not 500; NaN is no JSON": {
        "JSON, torn": (
            *bad_json(500, b"Internal Server Error", "Expecting property name enclosed in double quotes"),
            "- raised JSONDecodeError('Expecting property name enclosed in double quotes: line 1 column 2 (char 1)')",
        ),
        "JSON, not utf-8": (
            *bad_json(
                500,
                b"Internal Server Error",
                "'utf-8' codec can't decode byte 0xff in position 1: invalid start byte",
            ),
            "- raised UnicodeDecodeError('utf-8', b'\"\\xff\"', 1, 2, 'invalid start byte')",
        ),
        "JSON, nan": bad_json(200, b"nan", "NaN is no JSON number"),
    },
    "a number that Python does not read matches no int; the next route gets its chance": {
        "an int of 5,000 digits": (
            *PLAIN_500,
            f"- raised ValueError({TOO_LONG!r})",
            "+ http.response.start status=200",
            f"+   x-url: http://example.org/items/{DIGITS}",
            "+   content-length: 5031",
            "+   content-type: application/json",
            f'+ http.response.body body=b\'["word",{{"word":"{DIGITS}"}},"","Route"]\'',
        ),
    },
    "a host has no case, so `url` shows it in lower case": {
        "asked of a host with a port": [
            f'{sign} http.response.body body=b\'{{"method":"GET","url":"http://{host}:8080/seen/x",'
            f'"base_url":"http://{host}:8080/","secure":false,"headers":[["host","EXAMPLE.org:8080"]],"accepted":[],'
            '"query":[],"last":null,"client":["192.0.2.1",50000],"params":{"rest":"x"},"keys":"/seen/x"}\''
            for sign, host in (("-", "EXAMPLE.org"), ("+", "example.org"))
        ],
        "host ACME.example.com:99": (
            "-   x-url: http://ACME.example.com:99/",
            "+   x-url: http://acme.example.com:99/",
        ),
    },
    "a body is a byte string: the specification knows no memoryview": {
        "answers GET /memoryview": ("- http.response.body body=<memory>", "+ http.response.body body=b'seen'"),
    },
    "nobody is there: no answer is made, and the exception that goes on is the server's own": {
        "a stream whose reader left": ("- raised ClientDisconnect()", "+ raised OSError('the client is gone')"),
        "a client that left in its body": (*PLAIN_500, "- raised ClientDisconnect()"),
        "sockets /uncaught": ("- raised WebSocketDisconnect(1001, 'bye')",),
        "a websocket whose client vanished": ("- raised WebSocketDisconnect()",),
    },
    "a background task runs for a reader who left as well: it may have to tidy up": {
        "background of a stream whose reader left": (
            "- raised ClientDisconnect()",
            "+ noted 'after'",
            "+ raised OSError('the client is gone')",
        ),
    },
    "an exception after the start goes on as it is": {
        "errors GET /tear": (
            "- raised RuntimeError('Caught handled exception, but response already started.')",
            "+ raised Odd('too late')",
        ),
    },
    "an error says which name was asked for, and which function gave no response": {
        "places GET /no-link": (
            '- raised NoMatchFound(\'No route exists for name "item" and params "other".\')',
            "+ raised NoMatchFound(\"no route is named 'item' with the parameters ['other']\")",
        ),
        "errors GET /nothing": (
            "-   content-length: 58",
            "+   content-length: 78",
            "- http.response.body body=b'unexpected: TypeError(\"\\'NoneType\\' object is not callable\")'",
            "- raised TypeError(\"'NoneType' object is not callable\")",
            "+ http.response.body body=b\"unexpected: TypeError('nothing() returned None: a handler returns a Response')\"",
            "+ raised TypeError('nothing() returned None: a handler returns a Response')",
        ),
        "a body for /streamed_twice": (
            "- raised RuntimeError('Stream consumed')",
            "+ raised RuntimeError('the body was streamed before and is gone; body() would have kept it')",
        ),
        "a life with state, and no place for it": (
            "- lifespan.startup.failed message='RuntimeError: The server does not support \"state\" in the lifespan scope.'",
            "- raised RuntimeError('The server does not support \"state\" in the lifespan scope.')",
            f'+ lifespan.startup.failed message="RuntimeError: {NO_PLACE}"',
            f'+ raised RuntimeError("{NO_PLACE}")',
        ),
    },
    "a body that nobody reads is refused by nobody": {
        "a declared body over the limit that nobody reads": (
            "- http.response.start status=413",
            "+ http.response.start status=200",
            "-   content-length: 17",
            "+   content-length: 12",
            *body(b"Content Too Large", b"did not look"),
        ),
    },
    "a function-style layer has the response unsent, in one task: nothing is cut up, and nothing runs ahead": {
        "functions GET /fine": one_message(b'{"body":""}'),
        "functions GET /teapot": one_message(b'{"body":""}'),
        "functions GET /caught": one_message(b"caught boom"),
        "functions GET /refused": one_message(b"Forbidden"),
        "functions GET /nowhere": one_message(b"Not Found"),
        "functions GET /raw/": one_message(b"b"),
        "functions GET /stream": ("- noted 'one'", "+ noted 'one'"),
        "functions around a body": one_message(b'{"body":"abcd"}'),
    },
    "a response that was replaced is never sent, so its background task does not run": {
        "functions GET /replaced": (*one_message(b"another"), "- noted 'background'"),
    },
    "a function-style layer sees the context variables that were set below": {
        "contexts GET /": (
            "- http.response.body body=b'' more_body=False",
            "+ http.response.body body=b''",
            "- noted ['unread', 'nowhere']",
            "+ noted ['unread', 'set in the handler']",
        ),
        "contexts around a body": (
            *one_message(b"abcd"),
            "- noted ['abcd', 'nowhere']",
            "+ noted ['abcd', 'set in the handler']",
        ),
    },
    "a message of the wrong kind closes the websocket with the code that RFC 6455 has for it": {
        "sockets /echo b'a'": closed(1003, "a text message was expected", "KeyError('text')"),
        "sockets /hear b'a'": closed(1003, "a text message was expected", "KeyError('text')"),
        "sockets /echo_json b'{}'": closed(1003, "a text message was expected", "KeyError('text')"),
        "sockets /echo_bytes 'a'": closed(1003, "a binary message was expected", "KeyError('bytes')"),
        "sockets /echo_json '{'": closed(
            1007,
            "Malformed JSON: Expecting property name enclosed in double quotes",
            "JSONDecodeError('Expecting property name enclosed in double quotes: line 1 column 2 (char 1)')",
        ),
    },
    "after websocket.disconnect neither side is connected": {
        "sockets /echo 'a' 'é'": (
            "- noted ['CONNECTED', 'DISCONNECTED']",
            "+ noted ['DISCONNECTED', 'DISCONNECTED']",
        ),
    },
    "a denial response needs the server's extension, and a websocket that was not accepted": {
        "sockets /http_error": (*DENIAL_429, "+ websocket.close code=1000 reason=''"),
        "sockets /http_error_when_open": (
            *DENIAL_429,
            "+ raised HTTPException(status_code=429, detail='slow down')",
        ),
        "sockets /http_error_when_open, deniable": (
            *DENIAL_429,
            "+ raised HTTPException(status_code=429, detail='slow down')",
        ),
        **{
            f"sockets {path}": (
                '- raised RuntimeError("The server doesn\'t support the Websocket Denial Response extension.")',
                "+ raised RuntimeError('this server has no `websocket.http.response` extension: close() instead')",
            )
            for path in ("/deny", "/deny_with_stream")
        },
    },
    "who speaks out of turn is told so by name": {
        "out of turn: send_first": error_names("RuntimeError", "AppProtocolError"),
        "out of turn: accept_twice": error_names("RuntimeError", "AppProtocolError"),
        "out of turn: send_after_close": error_names("WebSocketDisconnected", "AppProtocolError"),
        "out of turn: receive_first": error_names("WebSocketDisconnected", "RuntimeError"),
        "out of turn: receive_after_end": error_names("WebSocketDisconnected", "RuntimeError"),
    },
}
