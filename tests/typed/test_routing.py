"""Custom route classes: one place to change a request, a response, or an exception of every handler of a router."""

from typing import Annotated, Any

import fastapi
import fastapi.responses
import fastapi.routing
import pytest

from rawasgi.app import App
from rawasgi.exceptions import HTTPException
from rawasgi.instruments.conversation import Exchange, converse, request
from rawasgi.middleware import Middleware
from rawasgi.requests import Request
from rawasgi.responses import PlainTextResponse
from rawasgi.toolkit.formdata import UploadFile
from rawasgi.toolkit.routers import APIRouter
from rawasgi.typed.params import Depends, Header
from rawasgi.typed.routing import APIRoute
from tests.instruments.messages import start
from tests.toolkit.test_routers import Naming
from tests.typed.asking import answered, ask

JSON = (b"content-type", b"application/json")
TEXT = (b"content-type", b"text/plain; charset=utf-8")


class Reversed(Request):
    """A request whose body reads backwards."""

    async def body(self):
        return (await super().body())[::-1]


class Custom(APIRoute):
    """Exchanges the request, marks the response, and answers one exception."""

    def get_route_handler(self):
        handle = super().get_route_handler()

        async def custom(request):
            try:
                response = await handle(Reversed(request.scope, request.receive))
            except ZeroDivisionError as error:
                raise HTTPException(422, str(error)) from error
            response.headers["x-route"] = self.path
            return response

        return custom


async def read(request):
    """Answer with the body."""
    return PlainTextResponse(await request.body())


def divide(request):
    """Fail, on a thread."""
    raise ZeroDivisionError("by zero")


class Callable:
    """A handler that is an object."""

    async def __call__(self, request):
        return PlainTextResponse("called")


def served():
    """An app that includes such a router below a prefix."""
    router = APIRouter(route_class=Custom)
    router.post("/read")(read)
    router.get("/divide")(divide)
    router.get("/object")(Callable())
    app = App()
    app.include_router(router, prefix="/api")
    return app


@pytest.mark.parametrize(
    ("method", "path", "answer"),
    [
        ("POST", "/api/read", [start(200, (b"content-length", b"3"), TEXT, (b"x-route", b"/read")), b"cba"]),
        ("GET", "/api/object", [start(200, (b"content-length", b"6"), TEXT, (b"x-route", b"/object")), b"called"]),
        ("GET", "/api/divide", [start(422, (b"content-length", b"20"), JSON), b'{"detail":"by zero"}']),
    ],
)
def test_a_route_class_has_every_handler_in_its_hands(method, path, answer):
    """The request is its own, the response is marked, the exception is another: functions and objects alike."""
    body = {"type": "http.response.body", "body": answer[1]}
    assert converse(served(), request(method, path, body=b"abc")) == [answer[0], body]


def marking(base: Any) -> Any:
    """A route class of either family, in one text."""

    class Marking(base):  # type: ignore[misc]
        def get_route_handler(self):
            handle = super().get_route_handler()

            async def mark(request):
                response = await handle(request)
                response.headers["x-route"] = "marked"
                return response

            return mark

    return Marking


def test_the_same_class_serves_fastapi():
    """The text of `get_route_handler` is the same there, and what a client sees is equal."""
    ours, theirs = (
        APIRouter(route_class=marking(APIRoute)),
        fastapi.APIRouter(route_class=marking(fastapi.routing.APIRoute)),
    )

    @ours.get("/")
    async def fine(request):
        return PlainTextResponse("fine")

    @theirs.get("/")
    async def also_fine():
        return fastapi.responses.PlainTextResponse("fine")

    app, peer = App(), fastapi.FastAPI()
    app.include_router(ours)
    peer.include_router(theirs)
    assert converse(app, request("GET", "/")) == converse(peer, request("GET", "/"))


def test_layers_of_a_route_are_around_its_class():
    """What the class answers passes the layers."""
    route = Custom("/", read, methods=["PUT"], middleware=[Middleware(Naming, b"layer")])
    headers = ((b"content-length", b"2"), TEXT, (b"x-route", b"/"), (b"x-layer", b"layer"))
    assert converse(App(routes=[route]), request("PUT", "/", body=b"ab")) == [
        start(200, *headers),
        {"type": "http.response.body", "body": b"ba"},
    ]


def test_the_files_of_an_exchanged_request_are_closed():
    """A route class gives the handler a request of its own; what that has opened ends with the request."""
    files: list[Any] = []

    async def upload(file: UploadFile):
        files.append(file.file)
        return file.filename

    route = Custom("/", upload, methods=["POST"])
    part = b'--x\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nb\r\n--x--\r\n'
    kind = [(b"content-type", b"multipart/form-data; boundary=x")]
    answer = converse(App(routes=[route]), request("POST", "/", kind, part))
    assert answer[1] == {"type": "http.response.body", "body": b'"a"'}
    assert [file.closed for file in files] == [True]


def test_a_route_class_may_need_what_is_torn_down():
    """Its dependencies end when the response is out, and it works without an app around it."""
    log: list[str] = []

    async def opened():
        log.append("open")
        yield
        log.append("close")

    async def endpoint(value: Annotated[None, Depends(opened)], n: int = 1):
        return n

    headers = ((b"content-length", b"1"), JSON, (b"x-route", b"/"))
    assert converse(Custom("/", endpoint), request("GET", "/")) == [
        start(200, *headers),
        {"type": "http.response.body", "body": b"1"},
    ]
    assert log == ["open", "close"]


def test_a_handler_of_exceptions_has_a_request_though_no_parameter_is_one():
    """It is made for it."""

    class Own(HTTPException):
        """One that has its handler by its base class, and another by the app."""

    app = App()

    @app.get("/{number}")
    async def fail(number: int):
        raise Own(404, "none")

    @app.exception_handler(Own)
    async def tell(request: Request, error: Own) -> PlainTextResponse:
        return PlainTextResponse(f"{request.url.path} {error.detail}", 404)

    assert ask(app, "/7") == (404, b"/7 none")
    app = App()
    app.get("/{number}")(fail)
    assert ask(app, "/7") == (404, {"detail": "none"})


def test_headers_that_can_be_iterated_over_once_are_read_twice():
    """For the type of the body, and for a parameter: the specification allows any iterable."""
    app = App()

    @app.post("/")
    async def show(body: dict[str, int], x_id: Annotated[int, Header()]) -> dict[str, int]:
        return {**body, "x": x_id}

    asked, messages = request("POST", "/", [JSON, (b"x-id", b"7")], b'{"a":1}')
    exchange = Exchange({**asked, "headers": iter(asked["headers"])}, messages)
    assert converse(app, exchange) == answered({"a": 1, "x": 7})
