"""The requests that every layer is asked, and the layers: table, options -> an app behind the layer, and exchanges."""

from typing import Any

from itsdangerous import TimestampSigner

from tests.wire.apps_behind_layers import backend, behind, on_error
from tests.wire.kits import Exchange, http, leaving, lifespan, websocket


def asked(path="/", *fields, method="GET", **more):
    """A request with header fields as text, `Origin: https://a.example`."""
    return http(method, path, headers=pairs(fields), **more)


def pairs(fields):
    """Header fields as the scope has them."""
    return [
        (name.lower().encode(), value.strip().encode()) for name, _, value in (line.partition(":") for line in fields)
    ]


def hosted(exchange, *hosts):
    """The same with other Host headers."""
    others = [pair for pair in exchange.scope["headers"] if pair[0] != b"host"]
    exchange.scope["headers"] = [*((b"host", host) for host in hosts), *others]
    return exchange


def talk(path="/talk", *fields, deniable=True, **more):
    """A websocket that the client ends, on a server with denial responses or without."""
    extensions = ["websocket.http.response"] if deniable else []
    return leaving(websocket(path, extensions=extensions, headers=[(b"host", b"example.org"), *pairs(fields)], **more))


A, B = "Origin: https://a.example", "Origin: https://b.example"
METHOD, HEADERS = "Access-Control-Request-Method", "Access-Control-Request-Headers"
NETWORK = "Access-Control-Request-Private-Network: true"
CORS = {
    "listed": behind(
        "CORSMiddleware",
        allow_origins=["https://a.example"],
        allow_methods=["GET", "PUT"],
        allow_headers=["X-One"],
        expose_headers=["X-A", "X-B"],
        max_age=5,
    ),
    "any": behind("CORSMiddleware", allow_origins=["*"], allow_methods=["*"], allow_headers=["*"]),
    "any with credentials": behind(
        "CORSMiddleware", allow_origins=["*"], allow_headers=["*"], allow_credentials=True, allow_private_network=True
    ),
    "pattern": behind("CORSMiddleware", allow_origin_regex=r"https://[ab]\.example", allow_credentials=True),
    "nothing": behind("CORSMiddleware"),
}
FOR_CORS = {
    **{f"{path} {who}": asked(path, *origin) for path in ("/", "/own-cors", "/teapot", "/boom", "/nowhere")
       for who, origin in {"from nowhere": (), "from a": (A,), "from b": (B,), "from null": ("Origin: null",)}.items()},
    "PUT from a": asked("/", A, method="PUT"),
    "OPTIONS that asks nothing": asked("/", A, method="OPTIONS"),
    "OPTIONS without Origin": asked("/", f"{METHOD}: GET", method="OPTIONS"),
    **{f"preflight {name}": asked("/", *fields, method="OPTIONS") for name, fields in {
        "from a": (A, f"{METHOD}: GET"),
        "from b": (B, f"{METHOD}: GET"),
        "from a subdomain": ("Origin: https://evil.a.example", f"{METHOD}: GET"),
        "PUT": (A, f"{METHOD}: PUT"),
        "QUERY": (A, f"{METHOD}: QUERY"),
        "put": (A, f"{METHOD}: put"),
        "with headers": (A, f"{METHOD}: GET", f"{HEADERS}: x-one, ACCEPT,content-type"),
        "with other headers": (A, f"{METHOD}: GET", f"{HEADERS}: x-one, x-two"),
        "with no headers": (A, f"{METHOD}: GET", f"{HEADERS}:"),
        "private network": (A, f"{METHOD}: GET", NETWORK),
        "all wrong": (B, f"{METHOD}: TRACE", f"{HEADERS}: x-two", NETWORK),
    }.items()},
    "a websocket": talk("/talk", B),
    "a lifespan": lifespan("startup", "shutdown"),
}  # fmt: skip

GZIP = {
    "gzip": behind("GZipMiddleware"),
    "from 0 bytes": behind("GZipMiddleware", minimum_size=0, compresslevel=1),
    "on threads": behind("GZipMiddleware", thread_minimum_size=1),
    "own types": behind("GZipMiddleware", exclude_content_types=("Text/CSS; charset=x", "application/*")),
}
ZIPPED = "/ /large /typed /strong /encoded /image /grpc /partial /no-content /not-modified /stream /raw/ /path-sent/ /trailing/ /boom /nowhere"
ZIPPED_OR_NOT = {
    **{f"{path} for {who}": asked(path, *fields) for path in ZIPPED.split()
       for who, fields in {"all": ("Accept-Encoding: deflate, gzip;q=0.5",), "plain": ()}.items()},
}  # fmt: skip
FOR_GZIP = {
    **ZIPPED_OR_NOT,
    **{f"{method} /large": asked("/large", "Accept-Encoding: gzip", method=method) for method in ("PUT", "HEAD")},
    **{f"Accept-Encoding {value}": asked("/large", f"Accept-Encoding: {value}")
       for value in ("gzip;q=0", "x-gzip", "GZIP", "*", "*;q=0, gzip", "gzip;q=2", "identity", "br;q=1,gzip;q=0.001")},
    "events": asked("/stream", "Accept-Encoding: gzip", query=b"type=text/event-stream"),
    "a websocket": talk("/talk", "Accept-Encoding: gzip"),
    "a lifespan": lifespan("startup", "shutdown"),
}  # fmt: skip

HOSTS = {
    "listed": behind(
        "TrustedHostMiddleware", allowed_hosts=["example.com", "*.Example.org", "www.shop.example", "[::1]"]
    ),
    "without redirect": behind("TrustedHostMiddleware", allowed_hosts=["www.shop.example"], www_redirect=False),
    "any": behind("TrustedHostMiddleware"),
}
NAMED = (
    "example.com EXAMPLE.com example.com:8000 example.com:99999 example.org a.example.org a.b.example.org:1 xexample.org example.com. "
    "shop.example shop.example:8080 www.shop.example evil.example a/b [::1] [::1]:80 [v1.a] example.com@evil.example"
)
FOR_HOSTS = {
    **{f"host {host}": hosted(asked("/", query=b"a=b"), host.encode()) for host in NAMED.split()},
    "no host": hosted(asked("/")),
    "two hosts": hosted(asked("/"), b"evil.example", b"example.com"),
    **{f"a websocket of {host.decode()}, {word}": hosted(talk(deniable=word == "deniable"), host)
       for host in (b"example.com", b"evil.example", b"shop.example") for word in ("deniable", "not deniable")},
    "a lifespan": lifespan("startup", "shutdown"),
}  # fmt: skip

HTTPS = {"https": behind("HTTPSRedirectMiddleware")}
FOR_HTTPS = {
    **{f"{scheme} {host.decode()}": hosted(asked("/", query=b"a=%20", scheme=scheme), host)
       for scheme in ("http", "https")
       for host in (b"example.com", b"example.com:80", b"example.com:443", b"example.com:8000", b"[::1]:8000", b"[::1]:80", b"a/b")},
    "no host at all": hosted(asked("/", server=None)),
    "a path like a host": hosted(asked("//evil.example/", server=None)),
    **{f"{scheme} websocket, {word}": talk(scheme=scheme, deniable=word == "deniable")
       for scheme in ("ws", "wss") for word in ("deniable", "not deniable")},
    "a lifespan": lifespan("startup", "shutdown"),
}  # fmt: skip

PROXIES = {
    "one": behind("ProxyHeadersMiddleware"),
    "networks": behind("ProxyHeadersMiddleware", trusted_hosts="127.0.0.1, 10.0.0.0/8 ,2001:db8::/32,proxy"),
    "all": behind("ProxyHeadersMiddleware", trusted_hosts=["*"]),
}
FROM = "X-Forwarded-For: "
CHAINS = (
    "1.2.3.4", "1.2.3.4:80", "[2001:db9::1]:80", "2001:DB9::1", "6.6.6.6, 1.2.3.4, 10.0.0.2", "10.0.0.1,10.0.0.2", "", ",", "1.2.3.4,",
    "unknown", "1.2.3.4, unknown", "1.2.3.4:x", "1.2.3.4:99999", "[2001:db9::1", "[2001:db9::1]x", "fe80::1%eth0", "1.2.3.4, [2001:db8::9]:1",
)  # fmt: skip
FOR_PROXIES = {
    **{f"{peer} says {chain!r}": asked("/seen", FROM + chain, client=(peer, 5)) for chain in CHAINS for peer in ("127.0.0.1", "1.1.1.1")},
    **{f"{peer} says https": asked("/seen", FROM + "1.2.3.4", "X-Forwarded-Proto: https", client=client)
       for peer, client in {"nobody": None, "an empty name": ("", 0), "a name": ("proxy", 0), "IPv6": ("2001:DB8::7", 9)}.items()},
    **{f"proto {proto}": asked("/seen", *(f"X-Forwarded-Proto: {one}" for one in proto.split("|")), client=("127.0.0.1", 5))
       for proto in ("https", "http", " https ", "HTTPS", "https, http", "gopher", "wss", "ws", "http|https", "https|http", "https|x")},
    "in two headers": asked("/seen", FROM + "1.2.3.4", FROM + "10.0.0.3", client=("127.0.0.1", 5)),
    **{f"a websocket, {proto}": talk("/talk", FROM + "1.2.3.4", f"X-Forwarded-Proto: {proto}", client=("127.0.0.1", 5))
       for proto in ("https", "http", "wss", "ws", "x")},
    "a lifespan": lifespan("startup", "shutdown"),
}  # fmt: skip

LIMITS = {"8 bytes": behind("RequestBodyLimitMiddleware", max_body_size=8)}
FOR_LIMITS = {
    "within": http("POST", "/read", b"1234", b"5678"),
    "over": http("POST", "/read", b"1234", b"56789"),
    "announced": http("POST", "/read", headers=[(b"content-length", b"9")]),
    "announced, not read": http("GET", "/", headers=[(b"content-length", b"9")]),
    "announced as 0": http("POST", "/read", b"123456789", headers=[(b"content-length", b"0")]),
    "no number": http("POST", "/read", b"1", headers=[(b"content-length", b"x")]),
    "never read": http("GET", "/", b"123456789"),
    "a websocket": talk("/talk"),
    "a lifespan": lifespan("startup", "shutdown"),
}

AUTH = {
    "by default": behind("AuthenticationMiddleware", backend=backend),
    "own answer": behind("AuthenticationMiddleware", backend=backend, on_error=on_error),
}
GUARDED = "/login /guarded/one /guarded/two /guarded/hidden /guarded/sent /guarded/thread/one /guarded/thread/sent /guarded/thread/hidden"
WHO = {"nobody": (), **{word: (f"Authorization: {word}",) for word in ("ada", "ada read", "ada write read", "liar")}}
FOR_AUTH = {
    **{f"{path} for {who}": asked(path, *fields, query=b"a=b&c") for path in GUARDED.split() for who, fields in WHO.items()},
    **{f"a websocket for {who}, {word}": talk("/guarded/talk", *fields, deniable=word == "deniable")
       for who, fields in WHO.items() for word in ("deniable", "not deniable")},
    "a lifespan": lifespan("startup", "shutdown"),
}  # fmt: skip

MINUTES = 60
SESSIONS = {
    "by default": behind("SessionMiddleware", secret_key="secret"),
    "every option": behind(
        "SessionMiddleware",
        secret_key="secret",
        session_cookie="session",
        max_age=5 * MINUTES,
        path="/session",
        same_site="strict",
        https_only=True,
        domain="example.org",
        partitioned=True,
    ),
    "until the browser closes": behind("SessionMiddleware", secret_key="secret", max_age=None),
}  # fmt: skip
CHANGES = "look get set set-item in-place default pop pop-none clear delete deep no-json large show".split()


def signed(data, key="secret", age=0):
    """A Cookie header with a session that Starlette has signed."""

    class Earlier(TimestampSigner):
        def get_timestamp(self):
            return 1_000_000_000 - age

    return f"Cookie: a=1; session={Earlier(key).sign(data).decode()}"


N = b"eyJuIjogWzFdfQ=="  # {"n": [1]}
COOKIES = {
    "new": (),
    "kept": (signed(N),),
    "old": (signed(N, age=4 * MINUTES),),
    "expired": (signed(N, age=15 * 24 * 60 * MINUTES),),
    "forged": (signed(N, key="guess"),),
    "torn": ("Cookie: session=e30",),
    "not ascii": ("Cookie: session=\u00e9.\u00e9.\u00e9",),
    "quoted": (signed(N).replace("session=", 'session="') + '"',),
    "no json": (signed(b"AAAA"),),
    "no base64": (signed(b"a"),),
    "a list": (signed(b"WzFd"),),
    "from the future": (signed(N, age=-60),),
}
FOR_SESSIONS = {
    **{f"/{change}, {cookie}": asked(f"/session/{change}", *COOKIES[cookie]) for change in CHANGES for cookie in ("new", "kept")},
    **{f"/{change}, {cookie}": asked(f"/session/{change}", *fields) for change in ("show",) for cookie, fields in COOKIES.items()},
    "unasked": asked("/", signed(N)),
    **{f"a websocket, {cookie}, {said!r}": talk("/session/talk", *COOKIES[cookie], query_string=said)
       for cookie in ("new", "kept") for said in (b"", b"hi")},
    "a lifespan": lifespan("startup", "shutdown"),
}  # fmt: skip

TABLES: dict[str, tuple[dict[str, Any], dict[str, Exchange]]] = {
    "cors": (CORS, FOR_CORS),
    "gzip": ({"gzip": GZIP.pop("gzip")}, FOR_GZIP),
    "gzip with options": (GZIP, ZIPPED_OR_NOT),
    "trusted host": (HOSTS, FOR_HOSTS),
    "https redirect": (HTTPS, FOR_HTTPS),
    "proxy headers": (PROXIES, FOR_PROXIES),
    "body limit": (LIMITS, FOR_LIMITS),
    "authentication": (AUTH, FOR_AUTH),
    "sessions": (SESSIONS, FOR_SESSIONS),
}
