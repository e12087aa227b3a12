"""Where credentials stand in a request, and the 401 that asks for them."""

import pytest

from rawasgi.app import App
from rawasgi.exceptions import HTTPException
from rawasgi.requests import Request
from rawasgi.responses import JSONResponse
from rawasgi.typed.params import SecurityBase
from rawasgi.typed.security.http import HTTPBearer
from rawasgi.typed.security.schemes import Scheme, authorization, credentials, quoted, the_only
from tests.drive import converse, http
from tests.test_middleware import text


def asked(*values):
    """A request with these Authorization headers."""
    return Request(http(headers=[("authorization", value) for value in values]))


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("Bearer abc", ("Bearer", "abc")),
        ("bEARER   abc  ", ("bEARER", "abc")),
        ("Bearer a b", ("Bearer", "a b")),
        ("Bearer", ("Bearer", "")),
        ("Bearer ", ("Bearer", "")),
        ("Bearer\tabc", ("Bearer\tabc", "")),
        (" abc", ("", "abc")),
        ("", ("", "")),
    ],
)
def test_a_scheme_and_what_stands_behind_it(header, found):
    """Parted at the first space, without the spaces around the second part."""
    assert credentials(asked(header)) == found


def test_no_header_shows_nothing():
    """A missing header is the empty string."""
    assert (authorization(asked()), credentials(asked())) == ("", ("", ""))


def test_two_headers_are_refused():
    """Who believes the first and who believes the last would see two clients, so nobody is believed."""
    with pytest.raises(HTTPException) as refused:
        authorization(asked("Bearer a", "Bearer a"))
    assert repr(refused.value) == "HTTPException(status_code=400, detail='More than one Authorization header')"


def test_one_value_is_the_only_one():
    """None is the empty string; the name of the place is what the client is told."""
    assert (the_only([], "key"), the_only(["a"], "key")) == ("", "a")
    with pytest.raises(HTTPException, match=r"^400: More than one key$"):
        the_only(["a", "b"], "key")


@pytest.mark.parametrize(("plain", "written"), [("", '""'), ("a b", '"a b"'), ('a"b\\c', r'"a\"b\\c"')])
def test_a_quoted_string_escapes_its_quotes(plain, written):
    """A realm cannot end its own quotes and add a parameter."""
    assert quoted(plain) == written


@pytest.mark.parametrize("plain", ["a\r\nset-cookie: a=b", "a\tb", "é", "\x7f"])
def test_what_no_header_carries_is_refused_where_it_is_made(plain):
    """Line breaks, control characters and letters beyond ASCII."""
    with pytest.raises(ValueError, match=r"^a challenge holds printable ASCII alone, not "):
        quoted(plain)


def test_a_model_is_a_dict_of_its_own():
    """A description is printed where there is one; the model belongs to the scheme."""
    model = {"type": "http", "scheme": "x"}
    scheme = Scheme(model, None, "how to", True)
    assert scheme.model == {**model, "description": "how to"}
    assert (model, Scheme(model, "mine", None, False).model) == ({"type": "http", "scheme": "x"}, model)
    assert isinstance(scheme, SecurityBase)
    assert repr(scheme) == "<Scheme 'Scheme': {'type': 'http', 'scheme': 'x', 'description': 'how to'}>"


def test_a_subclass_may_answer_otherwise():
    """`make_not_authenticated_error` is the place for it, as in FastAPI."""

    class Old(HTTPBearer):
        def make_not_authenticated_error(self):
            return HTTPException(403, "Who are you?")

    app, bearer = App(), Old()

    @app.get("/")
    async def show(request):
        return JSONResponse(await bearer(request))

    assert converse(app, http()) == text("Who are you?", 403)
