"""URLs: in parts, with other parts, and out of a scope that a client may have lied into."""

import pytest
import starlette.datastructures

from rawasgi.datastructures import Headers
from rawasgi.messages.scopes import route_path
from rawasgi.urls import URL, Address, URLPath, parse_host, url_of_scope, without_authority
from tests.drive import http, websocket

WHOLE = "https://ann:secret@Example.org:8443/a%20b?x=1&x=2&y=#here"


def of(path="/", host=None, **more):
    """The URL of a request, as a string."""
    return str(URL(scope=http("GET", path, [] if host is None else [("host", host)], **more)))


def test_a_url_has_parts():
    """Each as it stands in the URL, but for the host, which has no case."""
    url = URL(WHOLE)
    assert (url.scheme, url.netloc, url.path) == ("https", "ann:secret@Example.org:8443", "/a%20b")
    assert (url.query, url.fragment) == ("x=1&x=2&y=", "here")
    assert (url.username, url.password, url.hostname, url.port) == ("ann", "secret", "example.org", 8443)
    assert url.components._asdict() == {
        "scheme": "https",
        "netloc": "ann:secret@Example.org:8443",
        "path": "/a%20b",
        "query": "x=1&x=2&y=",
        "fragment": "here",
    }
    bare = URL("/a")
    assert (bare.scheme, bare.netloc, bare.username, bare.password, bare.hostname, bare.port) == ("", "", *[None] * 4)


@pytest.mark.parametrize(
    ("scheme", "secure"), [("http", False), ("https", True), ("ws", False), ("wss", True), ("", False)]
)
def test_tls_shows_in_the_scheme(scheme, secure):
    """Of requests and of websockets."""
    assert URL(scheme=scheme, netloc="example.org", path="/").is_secure is secure


def test_a_url_is_made_from_one_source():
    """A string, a scope or components; nothing at all is the empty URL."""
    assert str(URL()) == ""
    assert (
        str(URL(scheme="https", hostname="example.org", port=1, path="/a", query="b=c"))
        == "https://example.org:1/a?b=c"
    )
    for wrong in ({"scope": http()}, {"scheme": "http"}):
        with pytest.raises(TypeError, match=r"^URL\(\) takes one of: a string, a scope, components$"):
            URL("/a", **wrong)
    with pytest.raises(TypeError, match=r"^URL\(\) takes one of"):
        URL(scope=http(), path="/")


@pytest.mark.parametrize(
    ("changes", "result"),
    [
        ({"scheme": "http"}, "http://ann:secret@Example.org:8443/a%20b?x=1&x=2&y=#here"),
        ({"path": "/c", "query": "", "fragment": ""}, "https://ann:secret@Example.org:8443/c"),
        ({"netloc": "h:1", "fragment": ""}, "https://h:1/a%20b?x=1&x=2&y="),
        ({"hostname": "h"}, "https://ann:secret@h:8443/a%20b?x=1&x=2&y=#here"),
        ({"hostname": "::1"}, "https://ann:secret@[::1]:8443/a%20b?x=1&x=2&y=#here"),
        ({"hostname": "[::1]", "port": None}, "https://ann:secret@[::1]/a%20b?x=1&x=2&y=#here"),
        ({"port": 1}, "https://ann:secret@example.org:1/a%20b?x=1&x=2&y=#here"),
        ({"password": None}, "https://ann@example.org:8443/a%20b?x=1&x=2&y=#here"),
        ({"username": None}, "https://example.org:8443/a%20b?x=1&x=2&y=#here"),
        ({"username": "bob", "password": "p"}, "https://bob:p@example.org:8443/a%20b?x=1&x=2&y=#here"),
        ({}, WHOLE),
    ],
)
def test_parts_are_replaced_and_the_others_stay(changes, result):
    """The original is not changed; the parts of the authority may be given singly."""
    url = URL(WHOLE)
    assert (str(url.replace(**changes)), str(url)) == (result, WHOLE)


def test_query_parameters_are_set_replaced_and_removed():
    """All values of a name go together, and numbers become text."""
    url = URL("/a?x=1&x=2&y=&z=%26")
    assert url.include_query_params(x=3, n="é") == "/a?y=&z=%26&x=3&n=%C3%A9"
    assert url.replace_query_params(n=1) == "/a?n=1"
    assert url.replace_query_params() == "/a"
    assert url.remove_query_params("x") == "/a?y=&z=%26"
    assert url.remove_query_params(["x", "y", "none"]) == "/a?z=%26"
    assert url == "/a?x=1&x=2&y=&z=%26"


def test_a_url_is_equal_to_its_text():
    """In a dict too; a repr never shows a password."""
    url = URL(WHOLE)
    assert (url == URL(WHOLE), url == WHOLE, url != "/", {WHOLE, url}) == (True, True, True, {url})
    assert repr(url) == "URL('https://ann:********@example.org:8443/a%20b?x=1&x=2&y=#here')"
    assert repr(URL("/a")) == "URL('/a')"


@pytest.mark.parametrize(
    ("host", "found"),
    [
        ("example.org", ("example.org", None)),
        ("EXAMPLE.org:8000", ("example.org", "8000")),
        ("127.0.0.1:1", ("127.0.0.1", "1")),
        ("[::1]", ("[::1]", None)),
        ("[FE80::a]:65535", ("[fe80::a]", "65535")),
        ("[::ffff:127.0.0.1]", ("[::ffff:127.0.0.1]", None)),
        ("a_b%20~!", ("a_b%20~!", None)),
        ("example.org:65536", None),
        ("example.org:123456", None),
        ("example.org:x", None),
        ("example.org:-1", None),
        ("example.org/path", None),
        ("user@example.org", None),
        ("example.org?", None),
        ("example.org#", None),
        ("a b", None),
        ("a\\b", None),
        ("a\n", None),
        ("é", None),
        ("::1", None),
        ("[::1", None),
        ("[]", None),
        ("[1:2]", None),
        ("[:::]", None),
        ("[1::2::3]", None),
        ("[::1]x", None),
        ("", None),
    ],
)
def test_a_host_is_read_or_passed_over(host, found):
    """What is no host, no IP address in its brackets or no port is None, whole and at once."""
    assert parse_host([(b"accept", b"x"), (b"host", host.encode("latin-1")), (b"host", b"second")]) == found


def test_there_may_be_no_host():
    """HTTP/1.0 knows requests without it."""
    assert parse_host([]) is None
    assert parse_host(Headers({"x-host": "a"}).raw) is None


@pytest.mark.parametrize(
    ("made", "result"),
    [
        (of("/a", "Example.org"), "http://example.org/a"),
        (of("/a", "example.org:80", scheme="https", query=b"b=%20&c=\xe9"), "https://example.org:80/a?b=%20&c=é"),
        (of("/a", "[::1]:8000"), "http://[::1]:8000/a"),
        (of("/a"), "http://127.0.0.1:8000/a"),
        (of("/a", "not/a/host"), "http://127.0.0.1:8000/a"),
        (of("/a", "evil.example:99999"), "http://127.0.0.1:8000/a"),
        (of("/a", "[:::]"), "http://127.0.0.1:8000/a"),
        (of("/a", server=("example.org", 80)), "http://example.org/a"),
        (of("/a", server=("example.org", 443), scheme="https"), "https://example.org/a"),
        (of("/a", server=("example.org", 443)), "http://example.org:443/a"),
        (of("/a", server=("::1", 8000)), "http://[::1]:8000/a"),
        (of("/a", server=["example.org", 8000]), "http://example.org:8000/a"),
        (of("/a", server=None), "/a"),
        (of("/a", server=None, query=b"b"), "/a?b"),
        (of("//evil.example/a", server=None), "/%2Fevil.example/a"),
        (of("//evil.example/a", "example.org"), "http://example.org//evil.example/a"),
        (of("/a?b#c\\d", "example.org"), "http://example.org/a%3Fb%23c%5Cd"),
        (of("/é", "example.org"), "http://example.org/é"),
    ],
)
def test_the_url_of_a_request_is_put_together(made, result):
    """From scheme, Host or server, path and query; a path stays a path, whatever it looks like."""
    assert made == result


def test_a_unix_socket_is_no_host():
    """Where `server` is the path of a socket there is no authority to name, and the URL is a path."""
    assert of("/a", server=("/run/app.sock", None)) == "/a"


def test_a_scope_may_lack_what_has_a_default():
    """Scheme, query string and server are optional; a websocket brings its own scheme."""
    assert url_of_scope({"type": "http", "path": "/a", "headers": [(b"host", b"h")]}) == "http://h/a"
    assert url_of_scope({"type": "http", "path": "/a", "headers": []}) == "/a"
    assert URL(scope=websocket("/a", [("host", "h")])) == "ws://h/a"


@pytest.mark.parametrize("host", ["[:::]", "[1:2]", "[v1.a:b]", "[1::2::3]", "[::1]:0", "a:b", "%00", "."])
def test_every_part_of_a_client_s_url_can_be_read(host):
    """A Host that no URL can hold raises nothing later either: reading a part is no risk."""
    url = URL(scope=http("GET", "/a", [("host", host)]))
    assert (url.path, url.scheme, url.username) == ("/a", "http", None)
    assert url.hostname is not None
    assert url.port is None or 0 <= url.port < 65_536


@pytest.mark.parametrize("path", ["/a", "/a/b c", "/é/", "//x", "/a%20b", "/", "/a;b=c", "/a:b@c"])
@pytest.mark.parametrize("host", ["example.org", "example.org:8000", "[::1]:1"])
@pytest.mark.parametrize("query", [b"", b"a=b&c", b"%zz"])
def test_honest_requests_have_starlettes_url(path, host, query):
    """The same text for the same scope."""
    scope = http("GET", path, [("host", host)], query)
    assert str(URL(scope=scope)) == str(starlette.datastructures.URL(scope=scope))


@pytest.mark.parametrize(
    ("path", "root", "rest"),
    [
        ("/a/b", "", "/a/b"),
        ("/a/b", "/a", "/b"),
        ("/a", "/a", ""),
        ("/a/", "/a", "/"),
        ("/ab", "/a", "/ab"),
        ("/b", "/a", "/b"),
        ("/a/b/c", "/a/b", "/c"),
    ],
)
def test_routers_look_at_the_path_below_root_path(path, root, rest):
    """Only where it is a prefix of whole segments: some servers leave it out of `path`."""
    assert route_path({"path": path, "root_path": root}) == rest
    assert route_path({"path": rest}) == rest


def test_no_path_becomes_an_authority():
    """`//host` and `/\\host` lead a browser elsewhere, so a path never begins like that."""
    assert [without_authority(path) for path in ("/a", "//a", "///a", "/a//b")] == ["/a", "/%2Fa", "/%2F/a", "/a//b"]
    assert (URLPath("//evil.example"), URLPath("/\\evil.example")) == ("/%2Fevil.example", "/%5Cevil.example")


def test_a_path_knows_where_it_leads():
    """As a str it is the path; protocol and host are beside it."""
    plain, made = URLPath("/a"), URLPath("/a", "websocket", "example.org")
    assert (plain, plain.protocol, plain.host) == ("/a", "", "")
    assert (made, made.protocol, made.host) == ("/a", "websocket", "example.org")


@pytest.mark.parametrize(
    ("made", "base", "result"),
    [
        (URLPath("/a"), "https://h:1/", "https://h:1/a"),
        (URLPath("/a", "http"), "https://h/", "https://h/a"),
        (URLPath("/a", "http"), "ws://h/", "http://h/a"),
        (URLPath("/a", "websocket"), "http://h/", "ws://h/a"),
        (URLPath("/a", "websocket"), "https://h/base/", "wss://h/base/a"),
        (URLPath("/a", "http", "other"), URL("http://h:1/base"), "http://other/base/a"),
        (URLPath("/a", "http"), "/", "/a"),
        (URLPath("/a", "websocket"), "/base/", "/base/a"),
    ],
)
def test_a_path_becomes_a_whole_url(made, base, result):
    """Below the path of the base, with the scheme of its own kind; where no host is known it stays a path."""
    assert str(made.make_absolute_url(base)) == result


def test_an_address_has_names():
    """And is the pair that the scope holds."""
    assert Address("127.0.0.1", 80) == ("127.0.0.1", 80)
    assert Address("127.0.0.1", 80)._asdict() == {"host": "127.0.0.1", "port": 80}
