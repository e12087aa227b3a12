"""What the app raises, where the client raises it, and what is seen where it does not."""

import asyncio
import gc
import threading

import httpx2
import pytest

from rawasgi import BackgroundTask, TestClient
from rawasgi.instruments.conversation import Stuck
from rawasgi.messages.errors import AppProtocolError
from tests.instruments.echo import KITS, last_task
from tests.instruments.messages import piece, says, start

ERROR = LookupError("of the app")


def fails_after(*messages):
    """An app that sends these messages, and raises."""

    async def app(scope, receive, send):
        await says(*messages)(scope, receive, send)
        raise ERROR

    return app


@pytest.fixture(params=KITS)
def kit(request):
    """Each of the three frameworks."""
    return KITS[request.param]


@pytest.mark.parametrize(
    "messages",
    [[], [start()], [start(), piece(b"a", more=True)], [start(), piece(b"a")]],
    ids=["before the start", "after it", "within the body", "after the response"],
)
def test_what_the_app_raises_is_raised_by_the_request(messages):
    """The error itself, once: `settle` has nothing to add."""
    client = TestClient(fails_after(*messages))
    with pytest.raises(LookupError) as caught:
        client.get("/")
    assert caught.value is ERROR
    client.settle()
    client.close()


def test_without_raising_no_answer_is_a_500():
    """As a server answers for an app that did not."""
    client = TestClient(fails_after(), raise_server_exceptions=False)
    response = client.get("/")
    assert (response.status_code, response.content) == (500, b"")
    client.settle()
    client.close()


@pytest.mark.parametrize("messages", [[start()], [start(), piece(b"a", more=True)]])
def test_without_raising_a_torn_response_is_torn(messages):
    """The client has status and headers, and an error in place of the rest."""
    client = TestClient(fails_after(*messages), raise_server_exceptions=False)
    with pytest.raises(httpx2.RemoteProtocolError, match="a server would hang up here"):
        client.get("/")
    with client.stream("GET", "/") as response:
        assert response.status_code == 200
        with pytest.raises(httpx2.RemoteProtocolError):
            response.read()
    client.close()


def test_without_raising_a_whole_response_is_whole():
    """What the app raises behind it is not the client's business."""
    client = TestClient(fails_after(start(201), piece(b"a")), raise_server_exceptions=False)
    response = client.get("/")
    assert (response.status_code, response.content) == (201, b"a")
    client.settle()
    client.close()


@pytest.mark.parametrize("raises", [True, False])
def test_an_error_in_a_handler_is_a_500_that_is_raised_behind_it(kit, raises):
    """A framework answers, and raises the error again for its server."""

    async def endpoint(request):
        raise ERROR

    with TestClient(kit.App(routes=[kit.Route("/", endpoint)]), raise_server_exceptions=raises) as client:
        if raises:
            with pytest.raises(LookupError) as caught:
                client.get("/")
            assert caught.value is ERROR
        else:
            response = client.get("/")
            assert (response.status_code, response.text) == (500, "Internal Server Error")
        assert client.conversations[-1].sent[0]["status"] == 500


@pytest.mark.parametrize(
    ("messages", "rule"), [([], "HS16"), ([piece()], "HS1"), ([start(), start()], "HS2"), ([start()], "HS12")]
)
def test_a_broken_rule_is_an_error_of_the_app(messages, rule):
    """No answer at all is one as well."""
    client = TestClient(says(*messages))
    with pytest.raises(AppProtocolError) as caught:
        client.get("/")
    assert caught.value.rule_id == rule
    client.close()


@pytest.mark.parametrize("leave", [SystemExit, KeyboardInterrupt])
def test_an_app_that_ends_the_process_ends_its_call(leave):
    """`sys.exit` in a handler is raised where the request was made; the event loop goes on."""

    async def app(scope, receive, send):
        if scope["path"] == "/exit":
            raise leave(3)
        await says(start(), piece(b"x"))(scope, receive, send)

    client = TestClient(app)
    with pytest.raises(leave):
        client.get("/exit")
    assert client.get("/").content == b"x"
    client.close()


def test_who_calls_itself_is_told_so():
    """An app that waits for its own client would wait for ever."""

    async def app(scope, receive, send):
        client.get("/again")

    client = TestClient(app)
    with pytest.raises(RuntimeError, match="the app cannot wait for its own TestClient"):
        client.get("/")
    client.close()


def test_a_background_task_is_no_part_of_the_response(kit):
    """The client has its answer while the task waits; `settle` waits for the task."""
    log, go = [], threading.Event()

    async def later():
        await asyncio.to_thread(go.wait)
        log.append("background")

    async def endpoint(request):
        return kit.PlainTextResponse("done", background=BackgroundTask(later))

    with TestClient(kit.App(routes=[kit.Route("/", endpoint)])) as client:
        log.append(client.get("/").text)
        assert not last_task(client).done()
        go.set()
        client.settle()
        log.append("settled")
    assert log == ["done", "background", "settled"]


@pytest.mark.parametrize("raises", [True, False])
def test_what_a_background_task_raises_comes_out_of_settle(kit, raises):
    """The response was whole; the error is told afterwards, once."""
    go = threading.Event()

    async def later():
        await asyncio.to_thread(go.wait)
        raise ERROR

    async def endpoint(request):
        return kit.PlainTextResponse("done", background=BackgroundTask(later))

    with TestClient(kit.App(routes=[kit.Route("/", endpoint)]), raise_server_exceptions=raises) as client:
        assert client.get("/").text == "done"
        go.set()
        if raises:
            with pytest.raises(LookupError) as caught:
                client.settle()
            assert caught.value is ERROR
        client.settle()


def test_the_end_of_the_block_settles():
    """Who does not ask is told at the end of the `with`, and the client is closed all the same."""
    go = threading.Event()

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            return
        await says(start(), piece())(scope, receive, send)
        await asyncio.to_thread(go.wait)
        raise ERROR

    client = TestClient(app)
    with pytest.raises(LookupError), client:  # noqa: PT012
        client.get("/")
        go.set()
    assert client.portal.loop is None
    assert client.is_closed


def test_an_error_of_the_block_is_not_covered_by_one_of_the_app():
    """What the test itself raises comes first."""

    async def app(scope, receive, send):
        if scope["type"] == "http":
            await fails_after(start(), piece())(scope, receive, send)

    with pytest.raises(ArithmeticError, match="of the test"), TestClient(app) as client:  # noqa: PT012
        with pytest.raises(LookupError):
            client.get("/")
        raise ArithmeticError("of the test")


def test_settle_does_not_wait_for_ever():
    """`Stuck` names what the app has sent, and where it stands."""

    async def app(scope, receive, send):
        await says(start(), piece())(scope, receive, send)
        await asyncio.Event().wait()

    client = TestClient(app)
    client.get("/")
    with pytest.raises(Stuck, match=r"not ended in 0\.05 s; .*'http\.response\.body'.*app complete"):
        client.settle(0.05)
    client.close()


def test_an_error_because_the_client_left_is_none_of_the_test():
    """`ClientLeft` goes through the app to the server; any other OSError on the way is the app's own."""

    async def app(scope, receive, send):
        try:
            await says(start(), piece(b"a", more=True), piece(b"b"))(scope, receive, send)
        except OSError:
            if scope["path"] == "/other":
                raise FileNotFoundError("of the app") from None
            raise

    client = TestClient(app)
    with pytest.raises(httpx2.ReadError):
        client.get("/", extensions={"leaves_after": 1})
    client.settle()
    with pytest.raises(FileNotFoundError, match="of the app"):
        client.get("/other", extensions={"leaves_after": 1})
    client.close()


def test_nothing_is_logged_about_an_error_that_nobody_fetched(caplog):
    """A client that does not raise keeps the error in the conversation, and asyncio has nothing to complain about."""

    async def app(scope, receive, send):
        raise LookupError("of the app")

    client = TestClient(app, raise_server_exceptions=False)
    client.get("/")
    client.close()
    del client
    gc.collect()
    assert caplog.record_tuples == []


def test_an_error_that_was_raised_is_still_there():
    """The conversation has it, and the messages until then."""
    client = TestClient(fails_after(start()))
    with pytest.raises(LookupError):
        client.get("/")
    (conversation,) = client.conversations
    assert (conversation.sent, last_task(client).exception()) == ([start()], ERROR)
    client.close()
