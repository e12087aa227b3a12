"""A client as one knows it: what httpx2 offers reaches the app, and what the app answers comes back."""

import json
from typing import Any
from unittest.mock import patch

import httpx2
import pytest
from starlette.testclient import TestClient as StarletteClient

from rawasgi import TestClient
from tests.instruments.echo import KITS, header_of, site
from tests.instruments.messages import notes, piece, says, start


@pytest.fixture(params=KITS)
def client(request):
    """A client for the small site, on each of the three frameworks."""
    with TestClient(site(KITS[request.param])) as client:
        yield client


REQUESTS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/echo", {}),
    ("GET", "/echo?a=1&a=2&b=%20+", {}),
    ("GET", "/echo", {"params": {"q": "x y", "n": [1, 2]}}),
    ("GET", "/a%20b/c%2Fd", {}),
    ("GET", "/a b/é", {}),
    ("GET", "/echo", {"headers": {"X-A": "b", "accept": "text/plain"}}),
    ("GET", "/echo", {"headers": [("x-a", "1"), ("x-a", "2")]}),
    ("GET", "/echo", {"auth": ("user", "secret")}),
    ("HEAD", "/echo", {}),
    ("HEAD", "/stream", {}),
    ("POST", "/echo", {"content": b"\x00\xff"}),
    ("POST", "/echo", {"content": "é"}),
    ("POST", "/echo", {"json": {"a": [1, None, "é"]}}),
    ("POST", "/echo", {"data": {"a": "1 2", "b": ["x", "y"]}}),
    ("POST", "/echo", {"content": [b"a", b"", b"bc"]}),
    ("PUT", "/echo", {"content": b"put"}),
    ("PATCH", "/echo", {"content": b"patch"}),
    ("DELETE", "/echo", {}),
    ("OPTIONS", "/echo", {}),
    ("GET", "/redirect/307", {}),
    ("GET", "/redirect/302", {"follow_redirects": False}),
    ("POST", "/redirect/303", {"content": b"lost on the way"}),
    ("POST", "/redirect/308", {"content": b"kept on the way"}),
    ("GET", "/set", {}),
    ("GET", "/drop", {}),
    ("GET", "/stream", {}),
    ("GET", "/empty", {}),
    ("GET", "/refuse", {}),
    ("GET", "/repeated", {}),
    ("GET", "/nowhere", {}),
    ("POST", "/set", {}),
    ("GET", "/echo/", {}),
    ("GET", "http://other.example:8080/echo", {}),
    ("GET", "https://testserver/echo", {}),
]


@pytest.mark.parametrize(("method", "url", "options"), REQUESTS, ids=[" ".join([m, u, *o]) for m, u, o in REQUESTS])
@pytest.mark.parametrize("framework", KITS)
def test_the_client_of_starlette_gets_the_same(framework, method, url, options):
    """Status, all headers, body and redirects are equal: what the app was sent is told in the body.

    The clock stands still meanwhile, so that cookies expire in the same second.
    """
    app = site(KITS[framework])
    with patch("time.time", return_value=1_000_000_000.0):
        with TestClient(app) as ours:
            mine = ours.request(method, url, **options)
        with StarletteClient(app) as theirs:
            other = theirs.request(method, url, **options)
    assert mine.status_code == other.status_code
    assert mine.headers.multi_items() == other.headers.multi_items()
    assert mine.content == other.content
    assert mine.url == other.url
    assert [step.status_code for step in mine.history] == [step.status_code for step in other.history]


def test_json_and_text_can_be_read(client):
    """`json`, `text`, `content` and `raise_for_status` are those of httpx2."""
    response = client.post("/echo", json={"a": 1})
    assert response.raise_for_status().json()["body"] == '{"a":1}'
    assert json.loads(response.text) == json.loads(response.content) == response.json()
    with pytest.raises(httpx2.HTTPStatusError, match="403 Forbidden"):
        client.get("/refuse").raise_for_status()


def test_cookies_are_kept_and_sent_where_they_belong(client):
    """What one response sets goes out with the next request of the same path; what it deletes does not."""
    assert client.get("/set").cookies == {"a": "1", "b": "2"}
    assert sorted(header_of(client.get("/echo"), "cookie").split("; ")) == ["a=1", "b=2"]
    client.get("/drop")
    assert header_of(client.get("/echo"), "cookie") == "b=2"
    assert dict(client.cookies) == {"b": "2"}


def test_a_client_can_start_with_cookies_and_headers():
    """They go out with each request; a user-agent of one's own takes the place of `testclient`."""
    app = site(KITS["rawasgi"])
    with TestClient(app, cookies={"a": "1"}, headers={"X-A": "b"}) as client:
        response = client.get("/echo")
    assert [header_of(response, name) for name in ("cookie", "x-a", "user-agent")] == ["a=1", "b", "testclient"]
    with TestClient(app, headers={"User-Agent": "me"}) as client:
        sent = client.get("/echo").json()["headers"]
    assert [value for name, value in sent if name == "user-agent"] == ["me"]


def test_redirects_are_followed_unless_one_says_otherwise(client):
    """For the client or for one request; the history has the steps."""
    response = client.get("/redirect/307")
    assert (response.status_code, response.json()["query_string"]) == (200, "from=307")
    assert [step.headers["location"] for step in response.history] == ["/echo?from=307"]
    assert client.get("/redirect/307", follow_redirects=False).status_code == 307
    with TestClient(client.app, follow_redirects=False) as other:
        stopped = other.get("/redirect/303")
        assert stopped.status_code == 303
        assert stopped.next_request is not None
        assert other.send(stopped.next_request).json()["query_string"] == "from=303"


def test_a_307_carries_the_body_along(client):
    """The redirected request has the method and the body of the first."""
    told = client.post("/redirect/307", content=b"again").json()
    assert (told["method"], told["body"]) == ("POST", "again")


def test_files_are_sent_as_multipart(client):
    """With boundary and length as httpx2 writes them, and the whole content."""
    told = client.post("/echo", files={"file": ("a.txt", b"in the file", "text/plain")}, data={"x": "y"}).json()
    headers = dict(told["headers"])
    kind, _, boundary = headers["content-type"].partition("; boundary=")
    assert (kind, int(headers["content-length"])) == ("multipart/form-data", len(told["body"]))
    assert told["body"] == "\r\n".join(
        [
            f'--{boundary}\r\nContent-Disposition: form-data; name="x"\r\n\r\ny',
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.txt"',
            f"Content-Type: text/plain\r\n\r\nin the file\r\n--{boundary}--\r\n",
        ]
    )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {"scheme": "http", "server": ["testserver", 80], "client": ["testclient", 50000], "root_path": ""}),
        (
            {"base_url": "https://shop.example/api/", "client": ("10.0.0.1", 1)},
            {"scheme": "https", "server": ["shop.example", 443], "client": ["10.0.0.1", 1], "path": "/api/echo"},
        ),
        ({"base_url": "http://shop.example:8000", "root_path": "/v1"}, {"server": ["shop.example", 8000]}),
    ],
)
def test_the_client_says_where_it_is_and_whom_it_calls(options, expected):
    """`base_url`, `root_path` and `client` stand in the scope; the path begins with that of the base URL."""
    seen = []

    async def app(scope, receive, send):
        seen.append({**scope, "server": [*scope["server"]], "client": [*scope["client"]]})
        await says(start(), piece())(scope, receive, send)

    with TestClient(app, **options) as client:
        assert client.get("/echo").status_code == 200
    scope = seen[-1]
    assert {name: scope[name] for name in expected} == expected
    assert scope["root_path"] == options.get("root_path", "")
    assert scope["asgi"] == {"version": "3.0", "spec_version": "2.5"}


def test_each_request_has_a_scope_of_its_own():
    """What one request's app writes into it, the next does not find."""
    found = []

    async def app(scope, receive, send):
        found.append(scope.get("mine"))
        scope["mine"] = True
        scope["headers"].append((b"mine", b""))
        await says(start(200, *scope["headers"]), piece())(scope, receive, send)

    client = TestClient(app)
    assert [client.get("/").headers.get_list("mine") for _ in range(2)] == [[""], [""]]
    assert found == [None, None]
    client.close()


@pytest.mark.parametrize(
    ("method", "status", "body"),
    [("GET", 200, b"body"), ("HEAD", 200, b""), ("GET", 204, b""), ("GET", 304, b""), ("GET", 404, b"body")],
)
def test_where_no_body_can_be_none_is_given(method, status, body):
    """HEAD, 204 and 304 end with their headers (RFC 9112 6.3), whatever the app has sent."""
    client = TestClient(says(start(status, (b"x-a", b"1")), piece(b"bo", more=True), piece(b"dy")))
    response = client.request(method, "/")
    assert (response.status_code, response.headers["x-a"], response.content) == (status, "1", body)
    assert client.conversations[-1].sent[1:] == [piece(b"bo", more=True), piece(b"dy")]
    client.close()


def test_a_hint_before_the_response_is_not_the_response():
    """The first message that starts one decides; httpx2 knows no interim answers."""
    hint = {"type": "http.response.early_hint", "links": [b"</a.css>"]}
    client = TestClient(says(hint, start(201), piece(b"x")), raise_server_exceptions=False)  # it announces no hints
    assert client.get("/").status_code == 201
    assert client.conversations[-1].sent == [hint, start(201), piece(b"x")]
    client.close()


def test_an_app_may_send_one_dict_again_and_again():
    """Each piece is the one that was sent, though the client reads it later."""

    async def app(scope, receive, send):
        await send(start())
        message = piece(more=True)
        for body in (b"a", b"b", b"c"):
            message["body"] = body
            await send(message)
        await send(piece())

    client = TestClient(app)
    assert client.get("/").content == b"abc"
    client.close()


def test_bytes_that_are_not_bytes_are_read():
    """A body may be a bytearray or a memoryview; a start may have no headers, and a last message no body."""
    last = {"type": "http.response.body"}
    app = says(
        {"type": "http.response.start", "status": 200}, piece(bytearray(b"a"), True), piece(memoryview(b"b"), True)
    )

    async def ends(scope, receive, send):
        await app(scope, receive, send)
        await send(last)

    client = TestClient(ends, raise_server_exceptions=False)  # the specification knows bytes alone: HS13
    assert client.get("/").content == b"ab"
    client.close()


def test_all_conversations_are_kept():
    """A redirect is two; what was said and heard on either side can be looked up afterwards."""
    with TestClient(site(KITS["rawasgi"])) as client:
        client.get("/redirect/307")
        first, second = client.conversations
    assert [first.sent[0]["status"], second.sent[0]["status"]] == [307, 200]
    assert second.scope["query_string"] == b"from=307"
    assert repr(second) == "<Conversation http: app returned, server request_complete>"


def test_an_app_that_hears_everything():
    """The body comes in one message, and the disconnect after the response."""
    heard: list[Any] = []
    client = TestClient(notes(heard, 1, start(), piece(), 1))
    client.post("/", content=b"abc")
    client.settle()
    assert heard == [{"type": "http.request", "body": b"abc", "more_body": False}, {"type": "http.disconnect"}]
    client.close()
