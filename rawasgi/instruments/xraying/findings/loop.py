"""A look in -> what holds the loop, and what is started on it and forgotten, out.

bytes > server > app > middleware > routing > [handler] > response > bytes

Spec:         none, because it leaves the loop to the server
In FastAPI:   none, because it leaves this to reviewers
In Starlette: none, because it leaves this to reviewers
In Flask:     none, because a thread that waits holds up one request alone
Left out:     what only other requests would show
"""

from collections.abc import Iterator

from rawasgi.instruments.xraying.findings.words import BLOCKING, LAYERS, NOWHERE, at, place, spelled
from rawasgi.instruments.xraying.sight import Finding, Look


def blocking_call(look: Look) -> Iterator[Finding]:
    """A call that waits, on the loop's thread."""
    seen = {(held.lines[-1], held.by): None for held in look.held if held.by != "python" and held.lines}
    for line in dict.fromkeys(line for line, _ in seen):
        calls = [by for where, by in seen if where == line]
        yield Finding(
            "blocking_call",
            at(look, line),
            f"{spelled(line)} calls {calls[0]} on the loop.",
            "While it waits, the loop stands still: no other request is read, answered or accepted.",
            "Await a library that can be awaited, make the function a `def`, or call it by `asyncio.to_thread`.",
            BLOCKING,
        )


def loop_held(look: Look) -> Iterator[Finding]:
    """Python computes for long without an `await`."""
    for line in dict.fromkeys(held.lines[-1] for held in look.held if held.by == "python" and held.lines):
        yield Finding(
            "loop_held",
            at(look, line),
            f"{spelled(line)} is part of more than 0.1 s of computing without an `await` that waits.",
            "The loop does one thing at a time: all other requests wait until it is done.",
            "Let a process of its own compute (a pool, a queue); a thread keeps the loop alive, and computes no sooner.",
            BLOCKING,
        )


def task_left(look: Look) -> Iterator[Finding]:
    """A task outlives the call, and nobody will hear of its end."""
    for line in dict.fromkeys(look.account.left):
        yield Finding(
            "task_left",
            at(look, line),
            f"A task that runs {line.function}() goes on after the call has ended, and nobody holds or awaits it.",
            "The loop keeps no strong reference to a task: it may vanish half-way, its exception is seen by nobody,"
            " and a shutdown does not wait for it.",
            "Start it in a task group that the lifespan holds, or keep it in a set until `add_done_callback` takes it out.",
            NOWHERE,
        )


def context_lost(look: Look) -> Iterator[Finding]:
    """A context variable is set in a copy of the context, and read where the copy is gone."""
    for lost in look.account.lost:
        yield Finding(
            "context_lost",
            at(look, lost.read_at),
            f"The context variable {lost.name} is read here, and what {place(lost.set_at)} has set is not in it.",
            "A `def` runs on a thread, and what lies below a function-style middleware in a second task:"
            " each has a copy of the context, and what is set in a copy stays there.",
            "Set it in an `async def` dependency or in a middleware that is an ASGI app, or put the value into"
            " `request.state`.",
            LAYERS,
        )
