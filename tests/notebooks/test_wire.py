"""An app on tiny's server, and the client that a chapter sends there."""

import asyncio

from wsproto.events import RejectConnection

from notebooks.kit import Watch, served, source
from rawasgi.tiny import app as tiny
from rawasgi.tiny.app import App, Response

hello = App()


@hello.get("/")
async def page(request):
    return Response("hello")


@hello.websocket("/talk")
async def talk(websocket):
    await websocket.accept()
    await websocket.send("you said " + await websocket.receive())
    await websocket.close()


def test_every_call_is_noted_with_its_beginning_and_end():
    """A lifespan around all, a socket around two pages, and a picture of it."""

    async def visit():
        watch = Watch(hello)
        async with served(watch) as door:
            first, second = await door.connect(), await door.connect()
            await second.open_websocket("/talk")
            answers = [await first.get("/"), await first.get("/none"), await second.say("hi")]
            await second.close_websocket()
        return watch, answers

    watch, answers = asyncio.run(visit())
    assert answers == [200, 404, "you said hi"]
    assert watch.kinds == ["lifespan", "websocket", "http", "http"]
    assert repr(watch) == (
        "lifespan              ░░░░░░░░░░░░░░░░░░░░░░░░\n"
        "websocket /talk          ░░░░░░░░░░░░░░░░░░\n"
        "http      /                 ░░░░░░\n"
        "http      /none                   ░░░░░░"
    )
    assert watch._repr_svg_().count("<rect ") == 5


def test_what_the_server_has_to_say_is_kept_beside_the_page():
    """A failing app is answered for by the server, and its traceback is not printed."""

    async def fails(scope, receive, send):
        raise KeyError(scope["type"])

    async def visit():
        async with served(fails) as door:
            line, other = await door.connect(), await door.connect()
            answers = [await line.get("/"), type(await other.open_websocket("/"))]
        return answers, door.log

    answers, log = asyncio.run(visit())
    assert answers == [500, RejectConnection]
    assert log[-2:] == ["the app failed: KeyError('http')", "the app failed: KeyError('websocket')"]


def test_code_is_shown_from_its_file():
    """A method is shown as if it stood alone, under the name to find it by; a module as it is."""
    shown = source(tiny.Request.body)
    assert shown._repr_markdown_() == (
        "`rawasgi.tiny.app:Request.body`\n\n```python\nasync def body(self) -> bytes:\n"
        '    return b"".join([piece async for piece in self.stream()])\n```'
    )
    assert repr(source(tiny)).startswith('# rawasgi.tiny.app\n"""A scope in')
