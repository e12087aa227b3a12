"""When the background task runs: one list of messages and work, for each kind of response and each way it can end."""

import asyncio
from typing import Any

import pytest

from rawasgi.app import App
from rawasgi.concurrency import BackgroundTask
from rawasgi.instruments.conversation import Conversation, request
from rawasgi.responses import PlainTextResponse, StreamingResponse
from rawasgi.routing import Route
from rawasgi.toolkit.events import EventSourceResponse
from rawasgi.toolkit.files import FileResponse
from rawasgi.toolkit.hints import TrailersResponse
from rawasgi.toolkit.jsonlines import JSONLinesResponse
from tests.drive import on_a_loop

START, BODY, END, LEFT = "http.response.start", "body, more", "body, end", "the client is gone"
WORK = "work"
BROKEN = "the iterator fails"


def pieces(log, fails):
    """Two pieces, the second of which may be an error; it says when it is closed."""

    async def iterate():
        try:
            yield "a"
            if fails:
                raise LookupError(BROKEN)
            yield "b"
        finally:
            log.append("closed")

    return iterate()


KINDS = {
    "plain": lambda log, fails, path, work: PlainTextResponse("a", background=work),
    "stream": lambda log, fails, path, work: StreamingResponse(pieces(log, fails), background=work),
    "events": lambda log, fails, path, work: EventSourceResponse(pieces(log, fails), background=work),
    "JSON lines": lambda log, fails, path, work: JSONLinesResponse(pieces(log, fails), background=work),
    "trailers": lambda log, fails, path, work: TrailersResponse(pieces(log, fails), {"x-a": str}, background=work),
    "file": lambda log, fails, path, work: FileResponse(path, background=work),
}
STREAMS = ["stream", "events", "JSON lines", "trailers"]


async def played(kind, path, spec_version, *, leaves_after=None, fails=False, headers=()):
    """Everything that happens in one request to an App, in order."""
    log: list[Any] = []

    async def handler(request):
        return KINDS[kind](log, fails, path, BackgroundTask(log.append, WORK))

    app = App(routes=[Route("/", handler)])

    async def noted(scope, receive, send):
        async def send_and_note(message):
            more = ", more" if message.get("more_body") else ", end"
            log.append("body" + more if message["type"] == "http.response.body" else message["type"])
            try:
                await send(message)
            except OSError:
                log.append(LEFT)
                raise
            await asyncio.sleep(0)  # a server that writes lets others run

        await app(scope, receive, send_and_note)

    exchange = request("GET", "/", headers, spec_version=spec_version)
    conversation = Conversation(noted, exchange.scope, exchange.messages, leaves_after=leaves_after)
    try:
        async with asyncio.timeout(5):
            await conversation.run()
    except OSError:
        log.append("OSError to the server")
    except LookupError as error:
        log.append(str(error))
    return log


SPECS = pytest.mark.parametrize("spec_version", ["2.3", "2.4"])


@SPECS
@pytest.mark.parametrize("kind", STREAMS)
@on_a_loop
async def test_behind_a_whole_stream(kind, spec_version, tmp_path):
    """The iterator is closed, the end is out: then the task."""
    assert await played(kind, tmp_path, spec_version) == [START, BODY, BODY, "closed", END, WORK]


@SPECS
@pytest.mark.parametrize(
    ("kind", "headers", "messages"),
    [
        ("plain", {}, [START, END]),
        ("file", {}, [START, BODY, END]),
        ("file", {"range": "bytes=0-0"}, [START, BODY, END]),
        ("file", {"range": "bytes=x"}, [START, END]),
        ("file", {"range": "bytes=99-"}, [START, END]),
        ("file", {"if-none-match": "*"}, [START, END]),
        ("file", {"if-match": '"x"'}, [START, END]),
    ],
)
@on_a_loop
async def test_behind_a_whole_answer(kind, headers, messages, spec_version, tmp_path):
    """Also behind 206, 304, 400, 412 and 416: the task belongs to the response, however it turned out."""
    path = tmp_path / "a.txt"
    path.write_text("a")
    assert await played(kind, path, spec_version, headers=headers) == [*messages, WORK]


@pytest.mark.parametrize("leaves_after", [1, 2])
@pytest.mark.parametrize("kind", STREAMS)
@on_a_loop
async def test_behind_a_stream_whose_client_left(kind, leaves_after, tmp_path):
    """The iterator is closed first. Spec 2.4 hands the OSError on, an older server hears nothing of it."""
    newer = await played(kind, tmp_path, "2.4", leaves_after=leaves_after)
    assert newer == [START, *[BODY] * leaves_after, LEFT, "closed", WORK, "OSError to the server"]
    older = await played(kind, tmp_path, "2.3", leaves_after=leaves_after)
    assert [line for line in older if line not in (BODY, END)] == [START, "closed", WORK]


@on_a_loop
async def test_behind_a_file_whose_client_left(tmp_path):
    """As behind any stream: it may have a temporary file to remove."""
    path = tmp_path / "a.txt"
    path.write_text("a")
    assert await played("file", path, "2.4", leaves_after=1) == [START, BODY, LEFT, WORK, "OSError to the server"]


@pytest.mark.parametrize("leaves_after", [0, 1])
@on_a_loop
async def test_not_behind_a_plain_answer_whose_client_left(leaves_after, tmp_path):
    """It has nothing to tidy up; as in Starlette."""
    sent = [START, END][: leaves_after + 1]
    assert await played("plain", tmp_path, "2.4", leaves_after=leaves_after) == [*sent, LEFT, "OSError to the server"]


@SPECS
@pytest.mark.parametrize("kind", STREAMS)
@on_a_loop
async def test_not_behind_a_stream_that_broke(kind, spec_version, tmp_path):
    """The error goes to the server, and no task runs: there was no response for it to follow."""
    assert await played(kind, tmp_path, spec_version, fails=True) == [START, BODY, "closed", BROKEN]
