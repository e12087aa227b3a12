"""What the driver without a loop must not get wrong: contexts, generators, and who asks for the loop."""

import asyncio
from contextvars import ContextVar

import pytest

from rawasgi.instruments.conversation import request
from rawasgi.instruments.stepping.loop_free import LoopNeeded, attempt, notices
from rawasgi.instruments.stepping.steps import Step
from tests.instruments.messages import piece, says, start

WHERE = ContextVar("WHERE", default="nowhere")


def lived(answer):
    """An app with a lifespan that sets a variable; `answer` is what it does with a request."""

    async def app(scope, receive, send):
        if scope["type"] == "http":
            await answer(scope, receive, send)
            return
        WHERE.set("lifespan")
        for word in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{word}.complete"})

    return app


def steps_of(app):
    """The messages that the app would send, each before it is sent."""
    steps: list[Step] = []
    attempt(app, request(), steps)
    return [step.message for step in steps]


def test_each_call_has_a_context_of_its_own():
    """A server runs lifespan and request as two tasks: what one sets, the other does not see, and neither do we."""

    async def answer(scope, receive, send):
        await says(start(200, (b"where", WHERE.get().encode())), piece())(scope, receive, send)

    assert steps_of(lived(answer)) == [start(200, (b"where", b"nowhere")), piece()]
    assert WHERE.get() == "nowhere"


def test_a_variable_set_in_a_step_is_there_in_the_next():
    """One call, one context, however often it is suspended."""

    async def answer(scope, receive, send):
        WHERE.set("here")
        await send(start())
        await send(piece(WHERE.get().encode()))

    assert steps_of(lived(answer)) == [start(), piece(b"here")]


async def pieces():
    yield b"a"
    yield b"b"


async def leaves_a_generator(scope, receive, send):
    async for _ in pieces():
        break
    await says(start(), piece())(scope, receive, send)


async def asks_for_its_task(scope, receive, send):
    asyncio.current_task()
    await says(start(), piece())(scope, receive, send)


async def makes_a_task(scope, receive, send):
    try:
        asyncio.get_running_loop().create_task(pieces())
    except BaseException:
        await says(start(500), piece())(scope, receive, send)


@pytest.mark.parametrize(
    ("app", "by"),
    [
        (leaves_a_generator, "the app leaves an asynchronous generator for the loop to close"),
        (asks_for_its_task, "the app asks which task it runs in"),
        (makes_a_task, "the app uses the event loop (create_task)"),
    ],
)
def test_who_needs_a_loop_is_found_out_whatever_the_app_makes_of_it(app, by):
    """Nothing of such a request may be shown, and what it needs is said."""
    with pytest.raises(LoopNeeded) as needed:
        steps_of(lived(app))
    assert needed.value.forced.by == by


def test_this_python_says_who_asks_for_the_current_task():
    """Where it does not, nothing is driven without a loop."""
    assert notices()


def test_the_thread_is_as_it_was():
    """No loop is left in place, and a real one starts."""
    steps_of(lived(says(start(), piece())))
    assert asyncio.run(asyncio.sleep(0, "ran")) == "ran"
