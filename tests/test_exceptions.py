"""The two exceptions that an application raises on purpose."""

import pytest

from rawasgi.exceptions import HTTPException, WebSocketException


@pytest.mark.parametrize(
    ("made", "detail"),
    [
        (HTTPException(404), "Not Found"),
        (HTTPException(404, "no such item"), "no such item"),
        (HTTPException(404, ""), ""),
        (HTTPException(status_code=418, detail="tea", headers={"a": "b"}), "tea"),
        (HTTPException(599), ""),
        (HTTPException(422, detail={"field": ["too long"]}), {"field": ["too long"]}),  # mypy sees that it may
        (HTTPException(422, []), []),
    ],
)
def test_an_http_exception_has_a_detail(made, detail):
    """By default the phrase of its status; a status without a phrase has an empty one."""
    assert made.detail == detail
    assert (str(made), made.args) == (f"{made.status_code}: {detail}", (made.status_code, detail))
    assert repr(made) == f"HTTPException(status_code={made.status_code}, detail={detail!r})"
    assert made.headers == ({"a": "b"} if detail == "tea" else None)


def test_a_websocket_exception_has_a_code_and_a_reason():
    """Without a reason it is empty, as a close frame has it."""
    made, plain = WebSocketException(1008, "no token"), WebSocketException(code=1008)
    assert (made.code, made.reason, str(made), made.args) == (1008, "no token", "1008: no token", (1008, "no token"))
    assert repr(made) == "WebSocketException(code=1008, reason='no token')"
    assert (plain.code, plain.reason, str(plain)) == (1008, "", "1008: ")


def test_a_subclass_prints_its_own_name():
    """An application derives its own, and a log shows which."""

    class OutOfStock(HTTPException):
        """No more of it."""

    class Kicked(WebSocketException):
        """Out with you."""

    assert repr(OutOfStock(409)) == "OutOfStock(status_code=409, detail='Conflict')"
    assert repr(Kicked(4000)) == "Kicked(code=4000, reason='')"
