"""Sessions: what tests/wire/ does not compare with Starlette's."""

import logging
from typing import Any

import pytest
import starlette.applications
import starlette.middleware.sessions
import starlette.responses
import starlette.routing

from rawasgi.app import App
from rawasgi.instruments.testclient import TestClient
from rawasgi.middlewares.sessions import Session, SessionMiddleware
from rawasgi.responses import JSONResponse
from tests.drive import broken, converse, http, websocket


def app():
    """Pages that change the session, and a websocket that shows it."""
    made = App()

    @made.get("/set/{value}")
    async def put(request):
        request.session["value"] = request.path_params["value"]
        return JSONResponse(request.session)

    @made.get("/add")
    def add(request):
        request.session.setdefault("list", []).append(len(request.session["list"]))
        return JSONResponse(request.session)

    @made.get("/clear")
    async def clear(request):
        request.session.clear()
        return JSONResponse(request.session)

    @made.get("/")
    async def show(request):
        return JSONResponse(request.session)

    @made.websocket("/talk")
    async def talk(websocket):
        websocket.session["talked"] = True
        await websocket.accept()
        await websocket.send_json(websocket.session)
        await websocket.close()

    made.add_middleware(SessionMiddleware, secret_key="secret")
    return made


def test_a_browser_keeps_its_session():
    """Set, changed in depth, changed on a thread, seen by a websocket, and cleared, which removes the cookie."""
    with TestClient(app()) as client:
        assert client.get("/").json() == {}
        assert "session" not in client.cookies
        assert client.get("/set/1").json() == {"value": "1"}
        assert client.get("/add").json() == {"value": "1", "list": [0]}
        assert client.get("/add").json() == {"value": "1", "list": [0, 1]}
        with client.websocket_connect("/talk") as talk:
            assert talk.receive_json() == {"value": "1", "list": [0, 1], "talked": True}
        assert client.get("/").json() == {"value": "1", "list": [0, 1]}
        assert client.get("/clear").json() == {}
        assert "session" not in client.cookies


def test_the_cookie_of_an_accept_is_a_cookie():
    """A change before `accept` goes out with it; later there is no header to carry it."""
    accept, _, _ = converse(app(), websocket("/talk"), {"type": "websocket.connect"})
    ((name, value),) = [pair for pair in accept["headers"] if pair[0] == b"set-cookie"]
    assert (name, value.split(b"=")[0]) == (b"set-cookie", b"session")


def test_sessions_of_starlette_are_read_and_written():
    """The same key and form: an app may move from one to the other without a login."""

    async def show(request):
        request.session["starlette"] = True
        return starlette.responses.JSONResponse(request.session)

    theirs: Any = starlette.applications.Starlette(routes=[starlette.routing.Route("/", show)])
    theirs.add_middleware(starlette.middleware.sessions.SessionMiddleware, secret_key="secret")
    with TestClient(app()) as ours, TestClient(theirs) as other:
        ours.get("/set/1")
        other.cookies = ours.cookies
        assert other.get("/").json() == {"value": "1", "starlette": True}
        ours.cookies = other.cookies
        assert ours.get("/").json() == {"value": "1", "starlette": True}


@pytest.mark.parametrize("middleware", [SessionMiddleware, starlette.middleware.sessions.SessionMiddleware])
def test_either_layer_serves_either_app(middleware):
    """Ours around Starlette's request, and Starlette's around ours: looking at the session is noted in both."""

    async def theirs(scope, receive, send):
        request = starlette.requests.Request(scope)
        await starlette.responses.JSONResponse(request.session)(scope, receive, send)

    inner = App()

    @inner.get("/")
    async def ours(request):
        return JSONResponse(request.session)

    for app in (theirs, inner):
        start, body = converse(middleware(app, "secret"), http())
        assert (body["body"], (b"vary", b"Cookie") in start["headers"]) == (b"{}", True)


def test_a_cookie_that_browsers_drop_is_sent_and_logged(caplog):
    """4,096 bytes are all that a browser must keep."""
    caplog.set_level(logging.WARNING, "rawasgi.sessions")
    start, _ = converse(app(), http(path="/set/" + "x" * 3000))
    size = len(dict(start["headers"])[b"set-cookie"])
    assert caplog.messages == [f"a session of {size} bytes: browsers drop cookies over 4096"]


def test_what_json_cannot_say_raises_before_anything_is_sent():
    """Outside of an App the server answers 500; here the exception is seen."""

    async def raw(scope, receive, send):
        scope["session"]["now"] = object()
        await send({"type": "http.response.start", "status": 200})

    sent, error = broken(SessionMiddleware(raw, "secret"), http())
    assert (sent, repr(error)) == ([], "TypeError('Object of type object is not JSON serializable')")


@pytest.mark.parametrize(
    ("change", "accessed", "modified"),
    [
        (lambda session: session.get("a"), False, False),
        (lambda session: session.mark_accessed(), True, False),
        (lambda session: session.mark_modified(), True, True),
        (lambda session: session.__setitem__("a", 1), True, True),
        (lambda session: session.update(a=1), True, True),
        (lambda session: session.__ior__({"a": 1}), True, True),
    ],
)
def test_a_session_notes_assignments(change, accessed, modified):
    """All else that changes it is found by comparing; that somebody looks at it, `request.session` notes."""
    session = Session(a=1)
    change(session)
    assert (session.accessed, session.modified, session) == (accessed, modified, {"a": 1})


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"secret_key": ""}, "secret_key is empty: anybody could sign a session"),
        ({"session_cookie": "a b"}, "session_cookie: no cookie can have the name 'a b'"),
        ({"session_cookie": ""}, "session_cookie: no cookie can have the name ''"),
        ({"same_site": "Lax"}, "same_site is lax, strict or none, not 'Lax'"),
        ({"path": "/;a"}, "path must not hold a semicolon or a control character: '/;a'"),
        ({"domain": "a\n"}, "domain must not hold a semicolon or a control character: 'a\\n'"),
    ],
)
def test_options_that_no_cookie_can_have(options, error):
    """They are an error where they are written, not in the answer to a request."""
    with pytest.raises(ValueError) as raised:
        SessionMiddleware(app(), **{"secret_key": "secret", **options})
    assert str(raised.value) == error
