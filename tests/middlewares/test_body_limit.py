"""A body that is too long: 413, whatever the app makes of it."""

import fastapi
import pytest
import starlette.applications
import starlette.responses
import starlette.routing

from rawasgi.app import App
from rawasgi.exceptions import HTTPException
from rawasgi.middlewares.body_limit import RequestBodyLimitMiddleware, limit_body
from rawasgi.responses import JSONResponse, PlainTextResponse
from tests.drive import broken, converse, http, on_a_loop
from tests.test_middleware import text

TOO_LONG = text("Content Too Large", 413)
PIECES = [{"type": "http.request", "body": b"1234", "more_body": True}, {"type": "http.request", "body": b"56789"}]
POST = http("POST", "/")


def limited(app):
    """Eight bytes and no more."""
    return RequestBodyLimitMiddleware(app, 8)


def own():
    """An App, with an answer of its own to 413."""
    app = App()

    @app.post("/")
    async def read(request):
        return PlainTextResponse(await request.body())

    @app.exception_handler(413)
    async def too_long(request, error):
        return JSONResponse({"detail": error.detail}, 413)

    return app


def starlettes():
    """Starlette's, which does not know our HTTPException and would call it a bug."""

    async def read(request):
        return starlette.responses.PlainTextResponse(await request.body())

    return starlette.applications.Starlette(routes=[starlette.routing.Route("/", read, methods=["POST"])])


def fastapis():
    """FastAPI's, which reads the body before the handler is called, and answers 400 to any exception there."""
    app = fastapi.FastAPI(openapi_url=None)

    @app.post("/")
    async def read(item: dict[str, int]):
        return item

    return app


@pytest.mark.parametrize("app", [starlettes(), fastapis()], ids=["starlette", "fastapi"])
def test_an_app_of_another_family_answers_413_too(app):
    """What it says instead, 500 or 400, is not sent; announced or counted."""
    assert converse(limited(app), POST, *PIECES) == TOO_LONG
    announced = http("POST", "/", [("content-length", "9"), ("content-type", "application/json")])
    assert converse(limited(app), announced, *PIECES) == TOO_LONG


def test_an_app_that_knows_what_happened_answers_in_its_own_way():
    """Its 413 is let through."""
    assert converse(limited(own()), POST, *PIECES) == converse(
        JSONResponse({"detail": "Content Too Large"}, 413), http()
    )


def test_an_answer_that_has_begun_is_kept():
    """The exception goes on to the server, which tears what was begun."""
    start = {"type": "http.response.start", "status": 200}

    async def app(scope, receive, send):
        await send(start)
        while True:
            await receive()

    sent, error = broken(limited(app), POST, *PIECES)
    assert (sent, repr(error)) == ([start], "HTTPException(status_code=413, detail='Content Too Large')")


def test_an_exception_of_another_kind_is_answered_and_goes_on():
    """The client hears 413, the server's log hears the rest."""

    async def app(scope, receive, send):
        try:
            while True:
                await receive()
        except HTTPException as error:
            raise LookupError("lost") from error

    sent, error = broken(limited(app), POST, *PIECES)
    assert (sent, repr(error)) == (TOO_LONG, "LookupError('lost')")


def test_exceptions_of_an_app_within_the_limit_are_its_own():
    """An HTTPException too: the layer answers for the body alone."""

    async def app(scope, receive, send):
        raise HTTPException(413, "too many pages")

    sent, error = broken(limited(app), POST)
    assert (sent, repr(error)) == ([], "HTTPException(status_code=413, detail='too many pages')")


def test_a_limit_is_a_number_of_bytes():
    """Zero is one: no body at all."""
    assert converse(RequestBodyLimitMiddleware(own(), 0), POST, {"type": "http.request"}) == text("")
    with pytest.raises(ValueError) as raised:
        RequestBodyLimitMiddleware(own(), -1)
    assert str(raised.value) == "max_body_size is a number of bytes, not -1"


@on_a_loop
async def test_limit_body_is_a_receive_around_a_receive():
    """Messages without a body pass untouched."""

    async def receive():
        return {"type": "http.disconnect"}

    guarded = limit_body(receive, 0, http())
    assert [await guarded(), await guarded()] == [{"type": "http.disconnect"}] * 2
