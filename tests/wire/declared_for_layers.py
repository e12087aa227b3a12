"""Where a layer of rawasgi answers otherwise than Starlette's (uvicorn's): reason -> (table, request) -> the lines that only
the peer (-) and only rawasgi (+) has. A table is one of `tests.wire.layer_scenes`, or one of its layers, `table: layer`."""

CLOSED = "+ websocket.close code=1000 reason=''"
NO_HOST = (
    "-   content-length: 19",
    "-   content-type: text/plain; charset=utf-8",
    "- websocket.http.response.body body=b'Invalid host header'",
)


def instead(length, body, ours):
    """Another body of a response to /seen: the peer's, and ours."""
    return (
        *((f"-   content-length: {length}", f"+   content-length: {len(ours)}") if length != len(ours) else ()),
        f"- http.response.body body={body[:20]!r}",
        f"+ http.response.body body={ours[:20]!r}",
    )


def chain(peer, said, theirs):
    """uvicorn takes `theirs` for a host; for rawasgi the client is the proxy itself."""
    seen = f'["http",["{theirs}",0]]'.encode()
    return {f"{peer} says {said!r}": instead(len(seen), seen, f'["http",["{peer}",5]]'.encode())}


def broken_session(error):
    """Starlette raises; rawasgi shows an empty session."""
    return (
        "- http.response.start status=500",
        "+ http.response.start status=200",
        "-   content-length: 21",
        "+   content-length: 2",
        "-   content-type: text/plain; charset=utf-8",
        "- http.response.body body=b'Internal Server Erro'",
        f"- raised {error}",
        "+   content-type: application/json",
        "+   vary: Cookie",
        "+ http.response.body body=b'{}'",
    )


NO_HOSTS = {
    "unknown": "unknown",
    "1.2.3.4, unknown": "unknown",
    "1.2.3.4:x": "1.2.3.4:x",
    "[2001:db9::1": "[2001:db9::1",
    "[2001:db9::1]x": "[2001:db9::1]x",
    "fe80::1%eth0": "fe80::1%eth0",
}
LEFTMOST = NO_HOSTS | {"1.2.3.4,": "1.2.3.4", "1.2.3.4, unknown": "1.2.3.4"}
TO_IDENTITY = (
    "-   content-encoding: gzip",
    "-   content-length: (smaller)",
    "+   content-length: 1200",
    "- http.response.body body=b'gzip of a long text '",
    "+ http.response.body body=b'a long text a long t'",
)
TO_GZIP = tuple({"-": "+", "+": "-"}[line[0]] + line[1:] for line in TO_IDENTITY)
WEAK = ('-   etag: "a"', '+   etag: W/"a"')
NOT_EMPTY = (
    "-   content-encoding: gzip",
    "-   content-length: (smaller)",
    "-   vary: Accept-Encoding",
    "- http.response.body body=b'gzip of '",
    "+ http.response.body body=b''",
)


def denial(status, *lines):
    """Starlette sends a denial response; rawasgi closes, which every server knows."""
    return (CLOSED, f"- websocket.http.response.start status={status}", *lines)


def kept_by_a_websocket(cookie, flags):
    """The headers of the accept that only rawasgi sends."""
    return f"+   set-cookie: session={cookie}; {flags}", "+   vary: Cookie"


NEW = "eyJzYWlkIjogImhpIn0=.O5rKAA.GmTCFw39LdaX_xoKqC9DNK0ld3o"  # {"said": "hi"}
MORE = "eyJuIjogWzFdLCAic2FpZCI6ICJoaSJ9.O5rKAA.e1IFJhMoNPLzYdNV-VVlNafbUTU"  # {"n": [1], "said": "hi"}
FLAGS = {
    "sessions: by default": "path=/; Max-Age=1209600; httponly; samesite=lax",
    "sessions: every option": "path=/session; Max-Age=300; httponly; samesite=strict; secure; domain=example.org; partitioned",
    "sessions: until the browser closes": "path=/; httponly; samesite=lax",
}

FROM_STARLETTE: dict[str, dict[tuple[str, str], tuple[str, ...]]] = {
    "a quality of 0 is a refusal, one that is no quality is none (RFC 9110, 12.4.2)": {
        ("gzip", "Accept-Encoding gzip;q=0"): TO_IDENTITY,
        ("gzip", "Accept-Encoding gzip;q=2"): TO_IDENTITY,
    },
    "codings have no case, and `*` is any of them (RFC 9110, 8.4.1 and 12.5.3)": {
        ("gzip", "Accept-Encoding GZIP"): TO_GZIP,
        ("gzip", "Accept-Encoding *"): TO_GZIP,
    },
    "other bytes have no strong validator in common (RFC 9110, 8.8.1)": {
        ("gzip", "/strong for all"): WEAK,
        ("gzip with options", "/strong for all"): WEAK,
    },
    "HEAD sends no body, so nobody knows how long it would be": {
        ("gzip", "HEAD /large"): (
            "-   content-length: (smaller)",
            "- http.response.body body=b'gzip of a long text '",
            "+ http.response.body body=b''",
        ),
    },
    "what has no body is not compressed (RFC 9110, 6.4.1)": {
        ("gzip with options: from 0 bytes", "/no-content for all"): NOT_EMPTY,
        ("gzip with options: from 0 bytes", "/not-modified for all"): NOT_EMPTY,
        ("gzip with options: from 0 bytes", "/no-content for plain"): ("-   vary: Accept-Encoding",),
        ("gzip with options: from 0 bytes", "/not-modified for plain"): ("-   vary: Accept-Encoding",),
    },
    "there is no such port, so this is no host": {
        ("trusted host: listed", "host example.com:99999"): (
            "- http.response.start status=200",
            "+ http.response.start status=400",
            "-   content-length: 5",
            "+   content-length: 19",
            "+   content-type: text/plain; charset=utf-8",
            "- http.response.body body=b'small'",
            "+ http.response.body body=b'Invalid host header'",
        ),
    },
    "this server has no denial responses": {
        ("trusted host: listed", "a websocket of evil.example, not deniable"): denial(400, *NO_HOST),
        ("trusted host: listed", "a websocket of shop.example, not deniable"): denial(
            307,
            "-   content-length: 0",
            "-   location: ws://www.shop.example/talk",
            "- websocket.http.response.body body=b''",
        ),
        **{
            ("trusted host: without redirect", f"a websocket of {host}, not deniable"): denial(400, *NO_HOST)
            for host in ("example.com", "evil.example", "shop.example")
        },
        ("https redirect", "ws websocket, not deniable"): denial(
            307,
            "-   content-length: 0",
            "-   location: wss://example.org/talk",
            "- websocket.http.response.body body=b''",
        ),
    },
    "an IPv6 address has brackets in a URL (RFC 3986, 3.2.2)": {
        ("https redirect", "http [::1]:80"): ("-   location: https://::1/?a=%20", "+   location: https://[::1]/?a=%20"),
    },
    "what is no address is no client, and nothing left of it is believed": {
        **{
            (f"proxy headers: {layer}", request): lines
            for layer in ("one", "networks")
            for said, theirs in NO_HOSTS.items()
            for request, lines in chain("127.0.0.1", said, theirs).items()
        },
        **{
            ("proxy headers: all", request): lines
            for peer in ("127.0.0.1", "1.1.1.1")
            for said, theirs in LEFTMOST.items()
            for request, lines in chain(peer, said, theirs).items()
        },
    },
    "a request has a scheme of requests: wss is said of its https": {
        ("proxy headers", "proto wss"): instead(23, b'["wss",["127.0.0.1",5]]', b'["https",["127.0.0.1",5]]'),
        ("proxy headers", "proto ws"): instead(22, b'["ws",["127.0.0.1",5]]', b'["http",["127.0.0.1",5]]'),
    },
    "a body that nobody reads is refused by nobody": {
        ("body limit", "announced, not read"): (
            "- http.response.start status=413",
            "+ http.response.start status=200",
            "-   content-length: 17",
            "+   content-length: 5",
            "-   content-type: text/plain; charset=utf-8",
            "- http.response.body body=b'Content Too Large'",
            "+ http.response.body body=b'small'",
        ),
    },
    "a close names its reason, the empty one": {
        ("authentication", f"a websocket for liar, {server}"): ("- websocket.close code=1000", CLOSED)
        for server in ("deniable", "not deniable")
    },
    "a change deep in the session is a change": {
        (where, "/deep, kept"): (
            f"+   set-cookie: session=eyJuIjogWzEsIDJdfQ==.O5rKAA.b9GHp8ftK8mfrbCWwdn4eM4s13s; {flags}",
        )
        for where, flags in FLAGS.items()
    },
    "a cookie that holds no session is an empty one": {
        ("sessions", "/show, no json"): broken_session("JSONDecodeError('Expecting value: line 1 column 1 (char 0)')"),
        ("sessions", "/show, no base64"): broken_session(
            "Error('Invalid base64-encoded string: number of data characters (1) cannot be 1 more than a multiple of 4')"
        ),
        ("sessions", "/show, a list"): broken_session(
            "TypeError('cannot convert dictionary update sequence element #0 to a sequence')"
        ),
    },
    "a websocket keeps its session when it is accepted": {
        **{(where, "a websocket, new, b'hi'"): kept_by_a_websocket(NEW, flags) for where, flags in FLAGS.items()},
        **{(where, "a websocket, kept, b'hi'"): kept_by_a_websocket(MORE, flags) for where, flags in FLAGS.items()},
        **{("sessions", f"a websocket, {cookie}, b''"): ("+   vary: Cookie",) for cookie in ("new", "kept")},
    },
}
