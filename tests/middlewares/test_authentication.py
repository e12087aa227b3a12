"""Who asks, and what they may do: what tests/wire/ does not compare with Starlette's."""

import functools
import threading

import pytest

from rawasgi.app import App
from rawasgi.middlewares.authentication import (
    AuthCredentials,
    AuthenticationBackend,
    AuthenticationMiddleware,
    BaseUser,
    SimpleUser,
    UnauthenticatedUser,
    requires,
)
from rawasgi.requests import HTTPConnection
from rawasgi.responses import PlainTextResponse
from rawasgi.routing import Route
from tests.drive import broken, converse, exchange, http, on_a_loop
from tests.middlewares.stack import Named
from tests.test_middleware import text

ADA = [("authorization", "ada read")]


def behind(handler):
    """An app with this handler, behind the layer."""
    return AuthenticationMiddleware(App(routes=[Route("/", handler)]), Named())


def test_the_request_may_have_any_name():
    """It is known by what it is; a method and a partial have one too."""

    class Pages:
        @requires("read")
        async def page(self, asked):
            return PlainTextResponse(asked.user.display_name)

    @requires(["read"])
    async def greet(greeting, req):
        return PlainTextResponse(f"{greeting} {req.user.identity}")

    assert converse(behind(Pages().page), http(headers=ADA)) == text("ada")
    assert converse(behind(functools.partial(greet, "hello")), http(headers=ADA)) == text("hello ada")
    assert converse(behind(Pages().page), http()) == text("Forbidden", 403)


@on_a_loop
async def test_a_blocking_handler_stays_on_its_thread():
    """The decorator leaves a `def` a `def`."""

    @requires("read")
    def page(request):
        return PlainTextResponse(str(threading.current_thread() is threading.main_thread()))

    assert (await exchange(behind(page), http(headers=ADA)))[1]["body"] == b"False"


def test_a_decorated_handler_is_registered_as_it_is():
    """`@app.get` looks at the signature of the function below."""
    app = App()

    @app.get("/")
    @requires("read")
    async def page(request):
        """A page."""
        return PlainTextResponse("in")

    assert (page.__name__, page.__doc__) == ("page", "A page.")
    assert converse(AuthenticationMiddleware(app, Named()), http(headers=ADA)) == text("in")


def test_without_the_layer_the_error_names_it():
    """Nobody is let in because nobody was asked."""

    @requires("read")
    async def page(request):
        return PlainTextResponse("in")

    _, error = broken(App(routes=[Route("/", page)]), http(headers=ADA))
    assert str(error) == "nobody has put 'auth' into the scope: put AuthenticationMiddleware around the app"


def test_a_function_that_sees_no_request_cannot_be_guarded():
    """At decoration where it takes nothing, at the call where it is given something else."""

    def nothing(): ...

    @requires("read")
    def something(a):
        raise AssertionError("called")

    with pytest.raises(TypeError) as raised:
        requires("read")(nothing)
    assert str(raised.value) == "nothing takes no argument, so @requires would see no request and no websocket"
    with pytest.raises(TypeError) as raised:
        something(1)
    assert str(raised.value) == "something was called without a request or websocket: @requires sees nobody"


def test_an_exception_of_the_backend_goes_on():
    """Only AuthenticationError is the client's fault."""

    class Broken(AuthenticationBackend):
        async def authenticate(self, conn):
            raise LookupError("no database")

    sent, error = broken(AuthenticationMiddleware(PlainTextResponse("in"), Broken()), http())
    assert (sent, repr(error)) == ([], "LookupError('no database')")


def test_users_and_credentials():
    """Three questions, and a list of words that is one's own."""
    questions = ("is_authenticated", "display_name", "identity")
    assert [getattr(SimpleUser("ada"), question) for question in questions] == [True, "ada", "ada"]
    assert [getattr(UnauthenticatedUser(), question) for question in questions] == [False, "", ""]
    words = ["read"]
    assert (AuthCredentials(words).scopes, AuthCredentials().scopes) == (["read"], [])
    assert AuthCredentials(words).scopes is not words


@on_a_loop
async def test_what_a_subclass_has_to_say():
    """The error names the class that does not."""

    class Mine(BaseUser): ...

    for question in ("is_authenticated", "display_name", "identity"):
        with pytest.raises(NotImplementedError, match=r"^Mine must "):
            getattr(Mine(), question)
    with pytest.raises(NotImplementedError, match=r"^AuthenticationBackend must say who asks$"):
        await AuthenticationBackend().authenticate(HTTPConnection(http()))
