"""tiny's app, driven message by message: what it sends is compared whole."""

import contextlib
import copy
from typing import Any

import pytest

from rawasgi.tiny.app import App, HTTPException, Response
from tests.tiny.driver import (
    CONNECT,
    DISCONNECT,
    SHUTDOWN,
    STARTUP,
    broken,
    converse,
    http,
    request,
    response,
    text,
    websocket,
)

LIFESPAN = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}}


@pytest.fixture
def app():
    """An app with a route of each kind."""
    app = App()

    @app.get("/hello")
    async def hello(request):
        return Response("héllo")

    @app.get("/items/{id}/{part}")
    async def item(request):
        return Response(request.path_params | request.query | {"state": request.state})

    @app.post("/items/{id}/{part}")
    async def replace(request):
        return Response(await request.body(), 201, {"X-Kind": request.headers["content-type"]})

    @app.post("/json")
    async def parsed(request):
        return Response({"got": await request.json()})

    @app.get("/stream")
    async def stream(request):
        async def pieces():
            for piece in (b"one", b"", b"two"):
                yield piece

        return Response(pieces(), headers={"content-type": "text/csv"})

    @app.get("/teapot")
    async def teapot(request):
        raise HTTPException(418, "short and stout", {"X-Tea": "green"})

    @app.get("/fails")
    async def fails(request):
        raise LookupError("lost")

    @app.websocket("/socket")
    async def socket(socket):
        await socket.accept()

    return app


def test_get_is_answered_with_two_messages(app):
    """A str becomes UTF-8 text with type and length."""
    assert converse(app, http("GET", "/hello"), request()) == text(200, "héllo")


def test_head_runs_the_get_handler_and_sends_no_body(app):
    """The headers are those of GET, the body is empty (RFC 9110 9.3.2)."""
    start, _ = text(200, "héllo")
    assert converse(app, http("HEAD", "/hello"), request()) == [start, {"type": "http.response.body", "body": b""}]


def test_parameters_query_and_state_reach_the_handler(app):
    """Path parameters are str, of the query the last value counts, blanks are kept, and data becomes JSON."""
    scope = http("GET", "/items/7 é/a{b}", query=b"q=%C3%A9+1&q=2&empty=", state={"db": 1})
    expected = b'{"id":"7 \\u00e9","part":"a{b}","q":"2","empty":"","state":{"db":1}}'
    assert converse(app, scope) == response(
        200, {"content-type": "application/json", "content-length": str(len(expected))}, expected
    )


def test_a_body_in_pieces_is_joined(app):
    """Empty pieces and absent keys are fine; bytes go back as they are, header names in lower case (HS6)."""
    scope = http("POST", "/items/1/2", headers=[(b"content-type", b"text/x")])
    pieces = [request(b"ab", True), request(b"", True), {"type": "http.request", "body": b"c"}]
    assert converse(app, scope, *pieces) == response(201, {"content-length": "3", "x-kind": "text/x"}, b"abc")
    assert converse(app, scope, {"type": "http.request"}) == response(
        201, {"content-length": "0", "x-kind": "text/x"}, b""
    )


def test_an_unread_body_costs_no_receive(app):
    """A handler that does not ask for the body never calls receive."""
    assert converse(app, http("GET", "/hello")) == text(200, "héllo")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_unknown_path_is_404(app, method):
    """No route, no 405: the path alone decides."""
    assert converse(app, http(method, "/nowhere")) == text(404, "Not Found")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [("POST", "/hello", "GET, HEAD"), ("PUT", "/items/1/2", "GET, HEAD, POST"), ("GET", "/json", "POST")],
)
def test_a_known_path_with_another_method_is_405(app, method, path, allow):
    """`Allow` lists the methods of all routes of that path (RFC 9110 15.5.6)."""
    assert converse(app, http(method, path)) == text(405, "Method Not Allowed", allow=allow)


@pytest.mark.parametrize("method", ["GET", "WEBSOCKET"])
def test_a_websocket_route_is_no_path_for_http(app, method):
    """HTTP never reaches a websocket's handler, whatever the method is called."""
    assert converse(app, http(method, "/socket")) == text(404, "Not Found")


@pytest.mark.parametrize(
    "path", ["/items/1", "/items//2", "/items/1/2/3", "/items/1/2/", "/hello/", "/Hello", "/hellos"]
)
def test_a_template_fits_whole_paths_only(app, path):
    """A parameter is one segment that is not empty, and nothing may stand before or behind the template."""
    assert converse(app, http("GET", path)) == text(404, "Not Found")


def test_a_template_is_no_regular_expression():
    """A dot in a path is a dot."""
    app = App()
    app.get("/a.b")(lambda request: None)
    assert converse(app, http("GET", "/aXb")) == text(404, "Not Found")


def test_a_stream_is_sent_piece_by_piece(app):
    """No length, one message a piece, and an empty one that ends it."""
    assert converse(app, http("GET", "/stream")) == response(
        200, {"content-type": "text/csv"}, b"one", b"", b"two", b""
    )


def test_head_of_a_stream_sends_no_piece(app):
    """An answer to HEAD carries no body byte, streamed or not (HS18)."""
    assert converse(app, http("HEAD", "/stream")) == response(200, {"content-type": "text/csv"}, b"")


def test_json_in_and_out(app):
    """A body that is JSON becomes data, and data becomes JSON."""
    answer = b'{"got":[1,null,"x"]}'
    about = {"content-type": "application/json", "content-length": str(len(answer))}
    assert converse(app, http("POST", "/json"), request(b'[1, null, "x"]')) == response(200, about, answer)


@pytest.mark.parametrize("body", [b"", b"{", b"[1,]", b"\xff\xfe\xfa", b"nul", b'"\xe9"', b"[" * 100_000])
def test_malformed_json_is_400(app, body):
    """Whatever is no JSON is the client's mistake: a text that ends too early, wrong UTF-8, or one nested too deep."""
    assert converse(app, http("POST", "/json"), request(body)) == text(400, "Malformed JSON")


def test_an_http_exception_is_an_answer(app):
    """It goes out with its headers, and is not raised further."""
    assert converse(app, http("GET", "/teapot")) == text(418, "short and stout", **{"x-tea": "green"})


def test_an_exception_becomes_a_500_and_goes_on(app):
    """The client gets a plain answer without details, the server the exception."""
    assert broken(app, http("GET", "/fails")) == (text(500, "Internal Server Error"), "LookupError('lost')")


def test_after_the_start_nothing_is_answered_twice():
    """A stream that breaks stays torn: no second start, no end, and the exception goes on to the server."""
    app = App()

    @app.get("/")
    async def torn(request):
        async def pieces():
            yield b"one"
            raise LookupError("lost")

        return Response(pieces())

    assert broken(app, http("GET", "/")) == (response(200, {}, b"one", b"")[:-1], "LookupError('lost')")


def test_a_client_that_leaves_raises_in_the_handler(app):
    """A body that ends with a disconnect is no body."""
    with pytest.raises(ConnectionError, match="before its body was complete"):
        converse(app, http("POST", "/items/1/2", headers=[(b"content-type", b"x")]), request(b"a", True), DISCONNECT)


def test_middleware_is_called_from_the_last_added_inward():
    """Each layer sees the messages of the layers inside it, and options reach its constructor."""
    app, order = App(), []

    @app.get("/")
    async def handler(request):
        order.append("handler")
        return Response(b"x")

    def mark(wrapped, name):
        async def layer(scope, receive, send):
            async def send_with_mark(message):
                if message["type"] == "http.response.start":
                    message = {**message, "headers": [*message["headers"], (b"x-layer", name.encode())]}
                await send(message)

            order.append(name)
            await wrapped(scope, receive, send_with_mark)
            order.append(f"{name} done")

        return layer

    app.add_middleware(mark, name="inner")
    app.add_middleware(mark, name="outer")
    start, body = converse(app, http("GET", "/"))
    assert start["headers"] == [(b"content-length", b"1"), (b"x-layer", b"inner"), (b"x-layer", b"outer")]
    assert body == {"type": "http.response.body", "body": b"x"}
    assert order == ["outer", "inner", "handler", "inner done", "outer done"]


def test_an_exception_in_middleware_becomes_a_500():
    """The error boundary lies outside the onion."""
    app = App()

    def failing(wrapped):
        async def layer(scope, receive, send):
            raise LookupError("lost")

        return layer

    app.add_middleware(failing)
    assert broken(app, http("GET", "/")) == (text(500, "Internal Server Error"), "LookupError('lost')")


@pytest.mark.parametrize(
    ("content", "headers", "expected"),
    [
        (b"x", {}, {"content-length": "1"}),
        ("x", {"Content-Type": "text/html"}, {"content-type": "text/html", "content-length": "1"}),
        (
            {},
            {"content-type": "application/problem+json"},
            {"content-type": "application/problem+json", "content-length": "2"},
        ),
        (None, {}, {"content-type": "application/json", "content-length": "4"}),
    ],
)
def test_your_headers_win(content, headers, expected):
    """A header of yours replaces the one that the content brings, in whatever case you write it."""
    start, _ = converse(Response(content, headers=headers), http("GET", "/"))
    assert start["headers"] == [(name.encode(), value.encode()) for name, value in expected.items()]


def test_a_response_without_content_has_no_length():
    """204 and 304 carry no content-length (HS18, RFC 9110 8.6)."""
    assert converse(Response(status_code=204), http("DELETE", "/")) == response(204, {}, b"")
    assert converse(Response(status_code=304), http("GET", "/")) == response(304, {}, b"")


def test_the_lifespan_is_entered_and_left():
    """Startup and shutdown are each answered once, and what the manager yields lands in the server's state."""
    steps = []

    @contextlib.asynccontextmanager
    async def lifespan(app):
        steps.append(app)
        yield {"db": steps}
        steps.append("left")

    app = App(lifespan)
    state: dict[str, Any] = {}
    sent = converse(app, LIFESPAN | {"state": state}, STARTUP, SHUTDOWN)
    assert sent == [{"type": "lifespan.startup.complete"}, {"type": "lifespan.shutdown.complete"}]
    assert steps == [app, "left"]
    assert state == {"db": steps}


@pytest.mark.parametrize("scope", [LIFESPAN, LIFESPAN | {"state": {}}])
def test_without_a_lifespan_it_is_answered_too(scope):
    """An app of no resources still says that it has started and stopped, on servers with and without state."""
    sent = converse(App(), copy.deepcopy(scope), STARTUP, SHUTDOWN)
    assert sent == [{"type": "lifespan.startup.complete"}, {"type": "lifespan.shutdown.complete"}]


@pytest.mark.parametrize("phase", ["startup", "shutdown"])
def test_a_failing_lifespan_is_reported_and_raised(phase):
    """The failed message carries the traceback, and nothing follows it."""

    @contextlib.asynccontextmanager
    async def lifespan(app):
        if phase == "startup":
            raise LookupError("no database")
        yield
        raise LookupError("no database")

    (*before, failed), error = broken(App(lifespan), LIFESPAN, STARTUP, SHUTDOWN)
    assert error == "LookupError('no database')"
    assert before == ([] if phase == "startup" else [{"type": "lifespan.startup.complete"}])
    assert failed["type"] == f"lifespan.{phase}.failed"
    assert failed["message"].startswith("Traceback (most recent call last):\n")
    assert failed["message"].endswith("LookupError: no database\n")


def test_an_unknown_scope_type_is_refused(app):
    """A protocol of tomorrow is an exception, before any message (G14)."""
    error = """RuntimeError("rawasgi.tiny knows no scope type 'telnet'")"""
    assert broken(app, {"type": "telnet"}) == ([], error)


@pytest.mark.parametrize(
    ("scope", "incoming"),
    [
        (http("GET", "/items/1/2", state={"db": 1}), request()),
        (http("GET", "/nowhere"), request()),
        (websocket("/socket"), CONNECT),
    ],
)
def test_the_scope_is_the_server_s_and_is_not_written_into(app, scope, incoming):
    """Key for key the dict is the same after the call (G20)."""
    before = copy.deepcopy(scope)
    converse(app, scope, incoming)
    assert scope == before
