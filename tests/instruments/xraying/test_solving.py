"""Which dependencies FastAPI solves, in which order, where, and when they are torn down."""

from typing import Annotated

import pytest
from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI, HTTPException, Security, WebSocket
from fastapi.responses import PlainTextResponse, StreamingResponse
from fastapi.security import SecurityScopes
from starlette.applications import Starlette
from starlette.routing import Route

from rawasgi.instruments.conversation import handshake, request
from rawasgi.instruments.xraying.look import looked

BEFORE, AFTER, LAST = "before http.response.start", "after the response", "after the background tasks"


async def settings():
    return {}


async def session(settings: Annotated[dict[str, int], Depends(settings)]):
    yield "session"


def connection():
    yield "connection"


def clock():
    return 7


class Paging:
    def __init__(self, page: int = 1):
        self.page = page


class Check:
    def __call__(self):
        return True


Session = Annotated[str, Depends(session)]


def shown(app, exchange):
    """The dependencies, without their callables."""
    return [dependency[:-1] for dependency in looked(app, exchange, 2.0).dependencies]


def torn_down(app):
    """When each dependency with a second half had it."""
    return {each.name: each.torn_down for each in looked(app, request("GET", "/"), 2.0).dependencies if each.torn_down}


def serving(handler, **options):
    app = FastAPI(**options)
    app.get("/")(handler)
    return app


def test_every_dependency_is_named_in_the_order_in_which_it_is_solved():
    """What a dependency needs comes before it; the second time it comes out of the cache, unless it must not."""

    async def handler(
        session: Session,
        again: Session,
        clock_once: Annotated[int, Depends(clock)],
        clock_anew: Annotated[int, Depends(clock, use_cache=False)],
        paging: Annotated[Paging, Depends()],
        check: Annotated[bool, Depends(Check())],
        connection: Annotated[str, Depends(connection, scope="function")],
    ):
        return "hi"

    assert shown(serving(handler), request("GET", "/")) == [
        ("settings", "async def", 2, "session", False, False, "", ""),
        ("session", "async def yield", 1, "handler", False, False, "request", AFTER),
        ("settings", "async def", 2, "session", True, False, "", ""),
        ("session", "async def yield", 1, "handler", True, False, "request", ""),
        ("clock", "def", 1, "handler", False, True, "", ""),
        ("clock", "def", 1, "handler", False, True, "", ""),
        ("Paging", "class", 1, "handler", False, True, "", ""),
        ("Check", "callable", 1, "handler", False, True, "", ""),
        ("connection", "def yield", 1, "handler", False, True, "function", BEFORE),
    ]


def test_dependencies_of_the_app_and_of_included_routers_are_part_of_it():
    """The app's come first, then those of the routers from the outside, then the route's own."""
    inner, outer = APIRouter(dependencies=[Depends(clock)]), APIRouter()

    @inner.get("/", dependencies=[Depends(connection)])
    async def handler(session: Session):
        return "hi"

    outer.include_router(inner, prefix="/in", dependencies=[Depends(Paging)])
    app = FastAPI(dependencies=[Depends(settings)])
    app.include_router(outer, prefix="/out")
    names = [(each.name, each.is_cached) for each in looked(app, request("GET", "/out/in/")).dependencies]
    assert names == [
        ("settings", False),
        ("Paging", False),
        ("clock", False),
        ("connection", False),
        ("settings", True),
        ("session", False),
    ]


def test_an_override_is_shown_in_the_place_of_what_it_overrides():
    """Tests put another callable in the place of a dependency, and that is what is solved."""

    async def fake():
        return "fake"

    async def handler(session: Session):
        return session

    app = serving(handler)
    app.dependency_overrides[session] = fake
    assert shown(app, request("GET", "/")) == [("fake", "async def", 1, "handler", False, False, "", "")]


def test_scopes_of_security_are_part_of_what_is_cached():
    """The same callable is asked again for other scopes."""

    async def user(scopes: SecurityScopes):
        return scopes.scopes

    async def handler(
        reader: Annotated[list[str], Security(user, scopes=["read"])],
        writer: Annotated[list[str], Security(user, scopes=["write"])],
        again: Annotated[list[str], Security(user, scopes=["read"])],
    ):
        return [reader, writer, again]

    cached = [each.is_cached for each in looked(serving(handler), request("GET", "/")).dependencies]
    assert cached == [False, False, True]


def test_what_was_not_solved_is_not_shown():
    """A dependency that raises is the last one; one whose parameters do not fit is not called."""

    async def refuse():
        raise HTTPException(403)

    async def handler(a: Annotated[None, Depends(clock)], b: Annotated[None, Depends(refuse)], c: Session):
        return "hi"

    async def paged(paging: Annotated[Paging, Depends()], clock: Annotated[int, Depends(clock)]):
        return "hi"

    assert [each[0] for each in shown(serving(handler), request("GET", "/"))] == ["clock", "refuse"]
    assert [each[0] for each in shown(serving(paged), request("GET", "/?page=first"))] == ["clock"]


@pytest.mark.parametrize(("scope", "expected"), [("request", LAST), ("function", BEFORE), (None, LAST)])
@pytest.mark.parametrize("dependency", [session, connection])
def test_the_second_half_runs_after_the_background_tasks_or_before_the_response(dependency, scope, expected):
    """The scope decides, for a `def` as for an `async def`."""

    async def handler(value: Annotated[str, Depends(dependency, scope=scope)], background: BackgroundTasks):
        background.add_task(clock)
        return value

    assert torn_down(serving(handler)) == {dependency.__name__: expected}


def test_a_stream_is_over_before_what_it_needs_is_torn_down():
    """A dependency of a streaming handler lives until the last piece is sent."""

    async def handler(session: Session):
        async def pieces():
            yield session
            yield session

        return StreamingResponse(pieces())

    assert torn_down(serving(handler)) == {"session": AFTER}


def test_an_exception_tears_down_before_it_is_answered():
    """The exception passes through the dependency, and then becomes a response."""

    async def handler(session: Session):
        raise HTTPException(404)

    assert torn_down(serving(handler)) == {"session": BEFORE}


def test_a_websocket_has_dependencies_too():
    """They are torn down when the endpoint has ended."""
    app = FastAPI()

    @app.websocket("/")
    async def chat(websocket: WebSocket, session: Session, connection: Annotated[str, Depends(connection)]):
        await websocket.accept()
        await websocket.send_text(session)
        await websocket.close()

    assert shown(app, handshake("/")) == [
        ("settings", "async def", 2, "session", False, False, "", ""),
        ("session", "async def yield", 1, "chat", False, False, "request", "after the endpoint"),
        ("connection", "def yield", 1, "chat", False, True, "request", "after the endpoint"),
    ]


def test_other_frameworks_have_none():
    """Where there is no FastAPI there are no dependencies."""

    async def handler(request):
        return PlainTextResponse("hi")

    assert shown(Starlette(routes=[Route("/", handler)]), request("GET", "/")) == []
